/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of numbers for medians and percentiles; the same input always keeps the same values. */
#ifndef PCAPDX_BASE_SAMPLES_H
#define PCAPDX_BASE_SAMPLES_H

#include <stdint.h>

#define SAMPLES_MAX 512 /* past it every second, fourth, ... value is kept: even over the whole time */

struct samples {
	double *v;
	uint32_t n, room, stride, skip;
	uint64_t seen; /* all values, also those not kept */
	double min, max, sum;
};

void samples_add(struct samples *s, double value);
double samples_median(const struct samples *s);		 /* 0 when empty */
double samples_percentile(const struct samples *s, double p); /* p in 0..100; nearest rank */
void samples_free(struct samples *s);
void samples_fetch(const struct samples *s); /* the place of the next one is needed soon */

#endif
