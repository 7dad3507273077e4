/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads memory that will be needed soon. Loads, not prefetches: those are given up when the page's address is not at
 * hand, which is the usual case here. Loads that do not depend on each other wait together.
 */
#ifndef PCAPDX_BASE_FETCH_H
#define PCAPDX_BASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64

/* size: at least 1. The last line too: a store to memory that was not read before blocks the stores behind it. */
static inline void fetch(const void *at, size_t size)
{
	const volatile char *p = at, *last = p + size - 1;

	for (; p < last; p += CACHE_LINE)
		(void)*p;
	(void)*last;
}

#define FETCH_MAX 128

/* Places that are read in a loop of nothing else: so the processor has as many on their way as it can. */
struct fetch_list {
	const char *at[FETCH_MAX];
	int count;
};

/* size: 1 to CACHE_LINE. Takes up to two places. */
static inline void fetch_later(struct fetch_list *l, const void *at, size_t size)
{
	const char *last = (const char *)at + size - 1;

	l->at[l->count++] = at;
	if (((uintptr_t)last ^ (uintptr_t)at) / CACHE_LINE)
		l->at[l->count++] = last;
}

static inline void fetch_all(const struct fetch_list *l)
{
	for (int i = 0; i < l->count; i++)
		(void)*(const volatile char *)l->at[i];
}

#endif
