/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What series records tell over the whole capture, and the plots of it: throughput, round trips, repeats. */
#ifndef PCAPDX_DIAGNOSE_TIMELINE_H
#define PCAPDX_DIAGNOSE_TIMELINE_H

#include <stdint.h>

struct record;
struct result;

#define TIMELINE_BUCKETS 2000 /* past that many, two neighbours become one, again and again */

enum timeline_measure {
	MEASURE_BYTES,
	MEASURE_RTT,
	MEASURE_RTT_MAX,
	MEASURE_RESENT,
	MEASURES,
};

struct timeline { /* zeroed to begin with; some 80 KB */
	int64_t begin_ns, bucket_ns; /* bucket_ns 0: nothing seen */
	uint32_t used;
	double values[MEASURES][TIMELINE_BUCKETS];
	double rtt_seconds[TIMELINE_BUCKETS]; /* seconds with a round trip: of how many "rtt" is the sum */
};

void timeline_record(struct timeline *t, const struct record *r); /* a series record */
/* Adds to r->plots what has something to say. */
void timeline_plots(const struct timeline *t, struct result *r);

#endif
