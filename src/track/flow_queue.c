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

static uint32_t bury(struct tracker *t, const struct tombstone *what)
{
	uint32_t number = pool_take(&t->tombstones);
	struct tombstone *s = grave_at(t, number);

	*s = *what;
	s->older = t->graves.newest;
	if (s->older)
		grave_at(t, s->older)->newer = number;
	else
		t->graves.oldest = number;
	t->graves.newest = number;
	return number;
}

struct tombstone *tombstone_add(struct tracker *t, const struct flow_key *key, uint32_t tag)
{
	struct tombstone s = { .key = *key, .tag = tag, .closer = 2, .ended_ns = t->now_ns };
	uint32_t number = bury(t, &s);

	flow_table_add(&t->table, tag, number << 1 | 1);
	return grave_at(t, number);
}

void tombstone_leave(struct tracker *t, const struct flow *f, bool closed)
{
	const struct half *low = &f->half[f->orig_is_low ? SIDE_ORIG : SIDE_RESP];
	const struct half *high = &f->half[f->orig_is_low ? SIDE_RESP : SIDE_ORIG];
	struct tombstone s = { .key = f->key,
		.tag = f->tag,
		.stream = f->stream,
		.generation = f->generation,
		.base_seq = { low->base_seq, high->base_seq },
		.base_set = { (low->flags & HALF_BASE_SET) != 0, (high->flags & HALF_BASE_SET) != 0 },
		.closed = closed,
		.closer = 2,
		.sources = f->sources,
		.ended_ns = f->last_ns,
		.ws = cold_of(f)->ws };

	if (cold_of(f)->first_fin != SIDE_NONE)
		s.closer = (cold_of(f)->first_fin == SIDE_ORIG) == f->orig_is_low ? 0 : 1;
	flow_table_renumber(&t->table, f->tag, f->index << 1, bury(t, &s) << 1 | 1);
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
	flow_table_remove(&t->table, s->tag, number << 1 | 1);
	pool_give(&t->tombstones, number);
}
