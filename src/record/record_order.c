/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nearly every record is alone at its instant and costs one copy; company is kept in a heap. */
#include "record/record_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct held {
	uint64_t number; /* in which it came */
	struct record *record; /* of record_size bytes; owned */
};

struct record_order {
	struct record_sink sink;
	struct record places[2];
	struct record *one;  /* the first of its instant, in one of them; NULL: none */
	struct record *spare; /* the other */
	bool promised;	     /* somebody makes a record in `spare` */
	int64_t at_ns;
	struct held *heap; /* the first in order on top */
	size_t count, room;
	uint64_t number;
	size_t held_bytes, held_max;
};

struct record_order *record_order_new(const struct record_sink *sink, size_t held_max)
{
	struct record_order *o = xcalloc(1, sizeof(*o));

	o->sink = *sink;
	o->held_max = held_max;
	o->spare = &o->places[0];
	return o;
}

static int kind_rank(const struct record *r)
{
	return r->kind == RECORD_CONN ? RECORD_KINDS : r->kind;
}

static bool before(const struct held *a, const struct held *b)
{
	const struct record *x = a->record, *y = b->record;

	if (x->source != y->source)
		return x->source < y->source;
	if (x->frame != y->frame)
		return x->frame < y->frame;
	if (kind_rank(x) != kind_rank(y))
		return kind_rank(x) < kind_rank(y);
	return a->number < b->number;
}

static void push(struct record_order *o, const struct record *r)
{
	struct held new_one = { .number = o->number++ };
	size_t size = record_size(r), at = o->count;

	new_one.record = record_keep(r);
	if (o->count == o->room) {
		o->room = o->room ? o->room * 2 : 64;
		o->heap = xrealloc(o->heap, o->room * sizeof(*o->heap));
	}
	for (o->count++; at && before(&new_one, &o->heap[(at - 1) / 2]); at = (at - 1) / 2)
		o->heap[at] = o->heap[(at - 1) / 2];
	o->heap[at] = new_one;
	o->held_bytes += size;
}

static struct record *pop(struct record_order *o)
{
	struct record *first = o->heap[0].record;
	struct held last = o->heap[--o->count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < o->count) {
		child += child + 1 < o->count && before(&o->heap[child + 1], &o->heap[child]);
		if (!before(&o->heap[child], &last))
			break;
		o->heap[at] = o->heap[child];
		at = child;
	}
	if (o->count)
		o->heap[at] = last;
	o->held_bytes -= record_size(first);
	return first;
}

static void emit_first(struct record_order *o)
{
	struct record *first = pop(o);

	o->sink.take(o->sink.arg, first);
	free(first);
}

void record_order_flush(struct record_order *o)
{
	if (o->one)
		o->sink.take(o->sink.arg, o->one);
	o->one = NULL;
	while (o->count)
		emit_first(o);
}

void record_order_free(struct record_order *o)
{
	if (!o)
		return;
	while (o->count)
		free(pop(o));
	free(o->heap);
	free(o);
}

void record_order_clock(struct record_order *o, int64_t clock_ns)
{
	if (clock_ns > o->at_ns)
		record_order_flush(o);
}

static bool is_before(const struct record *r, uint16_t source, uint64_t frame)
{
	return r->source != source ? r->source < source : r->frame < frame;
}

void record_order_passed(struct record_order *o, uint16_t source, uint64_t frame)
{
	if (o->one && is_before(o->one, source, frame))
		record_order_flush(o);
	while (o->count && is_before(o->heap[0].record, source, frame))
		emit_first(o);
}

struct record *record_order_room(struct record_order *o)
{
	o->promised = true;
	return o->spare;
}

/* The only one of its instant so far. */
static void hold(struct record_order *o, const struct record *r)
{
	if (r != o->spare)
		record_copy(o->spare, r);
	o->one = o->spare;
	o->spare = &o->places[o->one == &o->places[0]];
}

void record_order_take(struct record_order *o, const struct record *r)
{
	bool promised = o->promised && r != o->spare; /* to another one, which is still being made */

	record_order_clock(o, r->emitted_ns);
	o->promised = promised;
	if (!o->one && !o->count) {
		o->at_ns = r->emitted_ns;
		if (!promised) {
			hold(o, r);
			return;
		}
	}
	if (o->one)
		push(o, o->one);
	o->one = NULL;
	push(o, r);
	while (o->held_bytes > o->held_max)
		emit_first(o);
}

size_t record_order_bytes(const struct record_order *o)
{
	return sizeof(*o) + o->held_bytes + o->room * sizeof(*o->heap);
}
