/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that is per conversation, for one thread: track -> reassemble -> dissectors -> record. Conversations of
 * the same two hosts belong into one lane, and ICMP errors to the conversation that they quote; lanes know nothing of
 * each other.
 */
#ifndef PCAPDX_LANE_H
#define PCAPDX_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct flow_key;
struct frame;
struct keylog;
struct lane;
struct options;
struct outlet;
struct packet;
struct stream_births;

/* What the call to the outlet at hand is about: orders calls of several lanes into the order of one. */
struct moment {
	int64_t at_ns;
	uint64_t order; /* of the frame; 0: a conversation that was due, which goes before frames of that time, */
	uint64_t frame; /* in order of source and first frame */
	uint16_t source;
};

/* `memory_bytes` bounds what the lane holds, with what it is charged for. The outlet is borrowed. */
struct lane *lane_new(const struct options *o, const struct keylog *keys, const struct outlet *out, size_t memory_bytes);
void lane_free(struct lane *l);
/* From now on calls go there. */
void lane_to(struct lane *l, const struct outlet *out);

/* Ends what is due until then. Comes before the packet of that time. */
void lane_clock(struct lane *l, int64_t clock_ns);
/* A packet that the tracker wants, after lane_expect. */
void lane_packet(struct lane *l, struct packet *p);
/* See tracker_count_stream. */
void lane_count_stream(struct lane *l, const struct flow_key *key, uint16_t source);
/* Gets ready for up to EXPECTED_MAX packets that lane_packet will get next: see tracker_expect. */
void lane_expect(struct lane *l, struct packet *const *packets, int n);
/* Memory that others hold; counts against the bound. */
void lane_charge(struct lane *l, size_t elsewhere);

const struct moment *lane_moment(const struct lane *l);
void lane_number_later(struct lane *l, struct stream_births *b);
void lane_numbered(struct lane *l, const struct stream_births *b);

/* See tracker_ending. Passing over a conversation tells its links. */
void lane_ending(struct lane *l);
bool lane_next_end(const struct lane *l, uint16_t *source, uint64_t *frame);
void lane_pass_next(struct lane *l);
void lane_ending_rewind(struct lane *l);
void lane_end_next(struct lane *l);

/* Adds what this lane has counted of a source to its record. */
void lane_counters(const struct lane *l, uint16_t source, struct capture *out);
/* Adds what was let go for memory. */
void lane_let_go(const struct lane *l, struct capture *out);

#endif
