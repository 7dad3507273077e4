/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks for memory that will be needed soon. What it takes to come from far away, 150 ns, is as long as half a packet
 * takes: asked for some packets ahead, it is there in time. All lines of an object, also those that are only written:
 * a store to a line that is not there blocks the stores behind it.
 */
#ifndef PCAPDX_BASE_FETCH_H
#define PCAPDX_BASE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64

static inline void fetch_line(const void *at)
{
	__builtin_prefetch(at);
	/* gcc 12 takes a function that only prefetches for one without effect, and leaves out the calls of it. */
	__asm__ volatile("");
}

/* One of two lines, without a branch: for choices that cannot be foreseen. */
static inline void fetch_either(bool first, const void *at, const void *other)
{
	uintptr_t wanted = -(uintptr_t)first;

	fetch_line((const void *)(((uintptr_t)at & wanted) | ((uintptr_t)other & ~wanted)));
}

/* An object that begins a cache line, of a size that the compiler knows. */
static inline __attribute__((always_inline)) void fetch_lines(const void *at, size_t size)
{
#pragma GCC unroll 8
	for (size_t i = 0; i < size; i += CACHE_LINE)
		fetch_line((const char *)at + i);
}

/* An object of up to a line that begins anywhere, in two of them or not: asking twice for one is cheaper than a guess. */
static inline void fetch_small(const void *at, size_t size)
{
	fetch_line(at);
	fetch_line((const char *)at + size - 1);
}

/* An object that begins anywhere; size is not 0. */
static inline void fetch(const void *at, size_t size)
{
	const char *line = (const char *)at - (uintptr_t)at % CACHE_LINE, *end = (const char *)at + size;

	for (; line < end; line += CACHE_LINE)
		fetch_line(line);
}

#endif
