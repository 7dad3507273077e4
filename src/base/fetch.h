/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads memory that will be needed soon: first it is listed, then read in a loop of nothing else, so the processor has
 * as much on its way as it can. Loads, not prefetches: those are given up when the page's address is not at hand, which
 * is the usual case here. All lines of an object: a store to one that was not read blocks the stores behind it.
 */
#ifndef PCAPDX_BASE_FETCH_H
#define PCAPDX_BASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64
#define FETCH_MAX 128 /* cache lines */

struct fetch_list {
	int count;
	const char *at[FETCH_MAX];
};

/* At once, an object that begins a cache line: where there are many lines in a row, no list is needed. */
static inline void fetch_now(const void *at, size_t size)
{
	const volatile char *p = at;

	for (size_t i = 0; i < size; i += CACHE_LINE)
		(void)p[i];
}

/* The rest is left as it is: to clear it takes longer than all else here. */
static inline void fetch_begin(struct fetch_list *l)
{
	l->count = 0;
}

static inline void fetch_all(struct fetch_list *l)
{
	for (int i = 0; i < l->count; i++)
		(void)*(const volatile char *)l->at[i];
	l->count = 0;
}

static inline void fetch_room(struct fetch_list *l, size_t lines)
{
	if ((size_t)l->count + lines > FETCH_MAX)
		fetch_all(l);
}

/* An object that begins a cache line; of at most FETCH_MAX lines. */
static inline void fetch_lines(struct fetch_list *l, const void *at, size_t size)
{
	fetch_room(l, (size + CACHE_LINE - 1) / CACHE_LINE);
	for (size_t i = 0; i < size; i += CACHE_LINE)
		l->at[l->count++] = (const char *)at + i;
}

/* One that begins anywhere; of at most CACHE_LINE bytes. */
static inline void fetch_small(struct fetch_list *l, const void *at, size_t size)
{
	const char *last = (const char *)at + size - 1;

	fetch_room(l, 2);
	l->at[l->count++] = at;
	if (((uintptr_t)last ^ (uintptr_t)at) / CACHE_LINE)
		l->at[l->count++] = last;
}

#endif
