/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded list of points in time, and how densely they lie. */
#ifndef PCAPDX_DIAGNOSE_MOMENTS_H
#define PCAPDX_DIAGNOSE_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#define MOMENTS_MAX 1000000

struct moments {
	int64_t *v;
	uint32_t n, room;
	uint64_t lost; /* beyond MOMENTS_MAX */
};

void moments_add(struct moments *m, int64_t ns, size_t *held_bytes);
void moments_sort(struct moments *m);
/* Of a sorted list: the greatest number within any window of that length; *at_ns is when it was reached. */
uint32_t moments_peak(const struct moments *m, int64_t window_ns, int64_t *at_ns);
/* Of a sorted list: how many lie in [from, to). */
uint32_t moments_between(const struct moments *m, int64_t from_ns, int64_t to_ns);
void moments_fetch(const struct moments *m); /* the place of the next one is needed soon */
void moments_free(struct moments *m);

#endif
