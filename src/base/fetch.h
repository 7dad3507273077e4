/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads memory that will be needed soon. Loads, not prefetches: those are given up when the page's address is not at
 * hand, which is the usual case here. Loads that do not depend on each other wait together.
 */
#ifndef PCAPDX_BASE_FETCH_H
#define PCAPDX_BASE_FETCH_H

#include <stddef.h>

#define CACHE_LINE 64

static inline void fetch(const void *at, size_t size)
{
	const volatile char *p = at;

	for (size_t i = 0; i < size; i += CACHE_LINE)
		(void)p[i];
}

#endif
