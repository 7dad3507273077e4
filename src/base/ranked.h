/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorts things by a number. The number stands beside the pointer, so no thing is read; and for a million of them it is
 * a few passes over the array instead of twenty (a radix sort: Knuth, The Art of Computer Programming, 5.2.5).
 */
#ifndef PCAPDX_BASE_RANKED_H
#define PCAPDX_BASE_RANKED_H

#include <stddef.h>
#include <stdint.h>

struct ranked {
	uint64_t rank;
	void *thing;
};

/* Lowest first; those of one rank stay in their order. */
void ranked_sort(struct ranked *list, size_t n);

#endif
