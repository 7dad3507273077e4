/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Throughput of the whole capture: frames and bytes per second, in stretches of a minute. Silent minutes are left out.
 */
#ifndef PCAPDX_TRACK_SERIES_TRACK_H
#define PCAPDX_TRACK_SERIES_TRACK_H

#include <stdint.h>

#include "record/record.h"

struct packet;

struct series_track {		  /* zeroed to begin with */
	int64_t begin_ns, end_ns; /* of the stretch at hand */
	uint32_t used;		  /* buckets up to the last packet; 0: no stretch */
	double bytes[SERIES_VALUES], packets[SERIES_VALUES];
};

void series_track_packet(struct series_track *s, const struct record_sink *sink, const struct packet *p);
void series_track_finish(struct series_track *s, const struct record_sink *sink, int64_t clock_ns);

#endif
