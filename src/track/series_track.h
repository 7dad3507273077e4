/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole capture over time, in stretches of a minute: frames and bytes per second, and of all TCP conversations the
 * round trips and the segments sent again. Silent minutes are left out, and round trips and repeats where there are none.
 */
#ifndef PCAPDX_TRACK_SERIES_TRACK_H
#define PCAPDX_TRACK_SERIES_TRACK_H

#include <stdint.h>

#include "record/record.h"

struct packet;
struct tracked;

struct series_track {		  /* zeroed to begin with */
	int64_t begin_ns, end_ns; /* of the stretch at hand */
	uint32_t used;		  /* buckets up to the last packet; 0: no stretch */
	bool has_rtt, has_resent;
	double bytes[SERIES_VALUES], packets[SERIES_VALUES], resent[SERIES_VALUES];
	double rtts[SERIES_VALUES], rtt_sum_s[SERIES_VALUES], rtt_max_s[SERIES_VALUES];
};

void series_track_packet(
	struct series_track *s, const struct record_sink *sink, const struct packet *p, const struct tracked *tracked);
void series_track_finish(struct series_track *s, const struct record_sink *sink, int64_t clock_ns);

#endif
