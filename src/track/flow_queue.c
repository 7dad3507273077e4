/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked lists by number, so a conversation needs eight bytes for them. */
#include "track/flow_queue.h"

#include <string.h>

static struct flow *flow_at(const struct tracker *t, uint32_t number)
{
	return number ? pool_at(&t->flows, number) : NULL;
}

static struct tombstone *grave_at(const struct tracker *t, uint32_t number)
{
	return number ? pool_at(&t->tombstones, number) : NULL;
}

struct flow *queue_oldest(const struct tracker *t, enum flow_list list)
{
	return flow_at(t, t->lists[list].oldest);
}

struct flow *queue_next(const struct tracker *t, const struct flow *f)
{
	return flow_at(t, f->newer);
}

void queue_add(struct tracker *t, struct flow *f, enum flow_list list)
{
	struct flow_queue *q = &t->lists[list];

	f->list = (uint8_t)list;
	f->queued_ns = t->now_ns;
	queue_due(f);
	f->older = q->newest;
	f->newer = 0;
	if (q->newest) {
		flow_at(t, q->newest)->newer = f->index;
	} else {
		q->oldest = f->index;
		t->looks_again_ns = INT64_MIN;
	}
	q->newest = f->index;
}

void queue_remove(struct tracker *t, struct flow *f)
{
	struct flow_queue *q = &t->lists[f->list];

	if (f->older)
		flow_at(t, f->older)->newer = f->newer;
	else
		q->oldest = f->newer;
	if (f->newer)
		flow_at(t, f->newer)->older = f->older;
	else
		q->newest = f->older;
}

void queue_move(struct tracker *t, struct flow *f)
{
	enum flow_list list = f->list;

	queue_remove(t, f);
	queue_add(t, f, list);
}

struct tombstone *tombstone_oldest(const struct tracker *t)
{
	return grave_at(t, t->graves.oldest);
}

struct tombstone *tombstone_next(const struct tracker *t, const struct tombstone *s)
{
	return grave_at(t, s->newer);
}

/* A new one, without a place in the table. Its fields are set where they stand. */
static struct tombstone *bury(struct tracker *t, const struct flow_key *key, uint32_t tag, uint32_t *number)
{
	struct tombstone *s;

	*number = pool_take(&t->tombstones);
	s = grave_at(t, *number);
	s->key = *key;
	s->tag = tag;
	s->closer = 2;
	s->older = t->graves.newest;
	if (s->older)
		grave_at(t, s->older)->newer = *number;
	else
		t->graves.oldest = *number;
	t->graves.newest = *number;
	return s;
}

struct tombstone *tombstone_add(struct tracker *t, const struct flow_key *key, uint32_t tag)
{
	uint32_t number;
	struct tombstone *s = bury(t, key, tag, &number);

	s->ended_ns = t->now_ns;
	slots_add(&t->table, tag, number << 1 | 1);
	return s;
}

void tombstone_leave(struct tracker *t, struct flow *f, bool closed)
{
	uint32_t number;
	struct tombstone *s = bury(t, &f->key, f->tag, &number);

	s->stream = f->stream;
	s->generation = f->generation;
	for (int end = 0; end < 2; end++) {
		const struct half *h = &f->half[(end == 0) == f->orig_is_low ? SIDE_ORIG : SIDE_RESP];

		s->base_seq[end] = h->base_seq;
		s->base_set[end] = (h->flags & HALF_BASE_SET) != 0;
	}
	s->closed = closed;
	s->closer = flow_closer(f);
	s->sources = f->sources;
	s->ended_ns = f->last_ns;
	steady_last_told(f, &s->ws);
	slots_renumber(&t->table, f->tag, f->index << 1, number << 1 | 1);
}

void tombstone_remove(struct tracker *t, struct tombstone *s)
{
	uint32_t number = s->older ? grave_at(t, s->older)->newer : t->graves.oldest;

	if (s->older)
		grave_at(t, s->older)->newer = s->newer;
	else
		t->graves.oldest = s->newer;
	if (s->newer)
		grave_at(t, s->newer)->older = s->older;
	else
		t->graves.newest = s->older;
	slots_remove(&t->table, s->tag, number << 1 | 1);
	pool_give(&t->tombstones, number);
}
