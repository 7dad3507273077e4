/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations in the order of their last activity, and tombstones in the order of their making. */
#ifndef PCAPDX_TRACK_FLOW_QUEUE_H
#define PCAPDX_TRACK_FLOW_QUEUE_H

#include "track/tracker_impl.h"

void queue_add(struct tracker *t, struct flow *f, enum flow_list list);
void queue_remove(struct tracker *t, struct flow *f);
/* To the end of its list. */
void queue_move(struct tracker *t, struct flow *f);
/* The conversation had a packet. It moves to the end of its list, but at most once a second: the order is exact to
 * that, and most packets touch no neighbour. Closed ones are few and move always. */
static inline void queue_touch(struct tracker *t, struct flow *f)
{
	if (f->list == LIST_CLOSED || t->now_ns - f->queued_ns >= TOUCH_NS)
		queue_move(t, f);
}

/* When the next packet has to look at that, or at its part. */
static inline void queue_due(struct flow *f)
{
	int64_t moves_ns = f->list == LIST_CLOSED ? INT64_MIN : when_later(f->queued_ns, TOUCH_NS);

	f->due_ns = moves_ns < f->next_part_ns ? moves_ns : f->next_part_ns;
}

struct flow *queue_oldest(const struct tracker *t, enum flow_list list); /* NULL: empty */
struct flow *queue_next(const struct tracker *t, const struct flow *f);

/* Leaves a tombstone in the table in place of the flow's entry. */
void tombstone_leave(struct tracker *t, struct flow *f, bool closed);
/* A tombstone for a tuple without a conversation. */
struct tombstone *tombstone_add(struct tracker *t, const struct flow_key *key, uint32_t tag);
void tombstone_remove(struct tracker *t, struct tombstone *s);
struct tombstone *tombstone_oldest(const struct tracker *t); /* NULL: none */
struct tombstone *tombstone_next(const struct tracker *t, const struct tombstone *s);

#endif
