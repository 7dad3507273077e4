/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole capture over time, in stretches of a minute: frames and bytes per second, and of all TCP conversations the
 * round trips and the segments sent again. Silent minutes are left out, and round trips and repeats where there are none.
 */
#ifndef PCAPDX_TRACK_SERIES_TRACK_H
#define PCAPDX_TRACK_SERIES_TRACK_H

#include <stdint.h>

#include "record/record.h"

/* What packets add. In this order compilers add no two fields at once, which would wait for both to be in the cache. */
struct series_count {
	uint64_t packets;
	uint64_t rtts;
	uint64_t bytes;
	uint64_t rtt_sum_ns;
	uint64_t resent;
	int64_t rtt_max_ns;
};

struct series_track {		  /* zeroed to begin with */
	int64_t begin_ns, end_ns; /* of the stretch at hand */
	uint32_t used;		  /* buckets up to the last packet; 0: no stretch */
	struct series_count counts[SERIES_VALUES];
};

static inline void series_count_add(struct series_count *sum, const struct series_count *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
	sum->resent += more->resent;
	if (!more->rtts)
		return;
	sum->rtts += more->rtts;
	sum->rtt_sum_ns += more->rtt_sum_ns;
	sum->rtt_max_ns = more->rtt_max_ns > sum->rtt_max_ns ? more->rtt_max_ns : sum->rtt_max_ns;
}

static inline void series_count_rtt(struct series_count *sum, int64_t rtt_ns)
{
	sum->rtts++;
	sum->rtt_sum_ns += (uint64_t)rtt_ns;
	sum->rtt_max_ns = rtt_ns > sum->rtt_max_ns ? rtt_ns : sum->rtt_max_ns;
}

/* What one second brings is summed up before it is added. */
struct series_second {
	struct series_count sum;
	int64_t at_ns, end_ns; /* some time in it, and its end */
};

/* A second with that time in it, of which nothing was counted yet. */
void series_second_begin(struct series_second *s, int64_t at_ns);
void series_track_add(struct series_track *s, int64_t at_ns, const struct series_count *more);
/* When the stretch at hand is to be told; INT64_MAX: there is none. */
int64_t series_track_due_ns(const struct series_track *s);
void series_track_clock(struct series_track *s, const struct record_sink *sink, int64_t clock_ns);
void series_track_finish(struct series_track *s, const struct record_sink *sink, int64_t clock_ns);

#endif
