/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for memory that will be needed soon, so that it comes while other work goes on. Only a hint. */
#ifndef PCAPDX_BASE_FETCH_H
#define PCAPDX_BASE_FETCH_H

#include <stddef.h>

#define CACHE_LINE 64

static inline void fetch(const void *at, size_t size)
{
	const char *p = at;

	for (size_t i = 0; i < size; i += CACHE_LINE)
		__builtin_prefetch(p + i);
}

#endif
