/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several lanes found and said about a round, made into what one lane would have found and said. For the thread
 * that owns the round, while no lane is at work on it.
 */
#ifndef PCAPDX_ROUND_SAY_H
#define PCAPDX_ROUND_SAY_H

#include <stdint.h>

struct outlet;
struct round;

struct stream_counter {
	uint32_t tcp, udp;
};

struct stream_counters { /* by source; zeroed to begin with */
	struct stream_counter *list;
	uint32_t room;
};

void stream_counters_free(struct stream_counters *all);
/* Numbers all streams that began in the round, in the order of their frames. */
void round_number_streams(struct round *r, struct stream_counters *all);
/* Says everything in the order of the capture's clock, then of the frames, and clears the round. */
void round_say(struct round *r, const struct outlet *out);

#endif
