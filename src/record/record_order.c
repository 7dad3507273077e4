/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nearly every record is alone at its instant and costs one copy, or none; company is kept in a heap. */
#include "record/record_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

#define RUN_MAX 32
#define RUN_BYTES (64u << 10) /* for their bytes, those of the one held and of the one being made included */

struct held {
	uint64_t number; /* in which it came */
	struct record *record; /* of record_size bytes; owned */
};

struct record_order {
	struct run_sink sink;
	const struct record *run[RUN_MAX]; /* in order, not handed over yet: in `bytes`, or owned */
	struct record *owned[RUN_MAX];
	int run_count, owned_count;
	struct record *one;  /* the first of its instant, in `bytes`; NULL: none */
	struct record *next; /* where the next one goes: a whole record has room there */
	bool promised;	     /* somebody makes a record there */
	int64_t at_ns;
	struct held *heap; /* the first in order on top */
	size_t count, room;
	uint64_t number;
	size_t held_bytes, held_max;
	_Alignas(max_align_t) unsigned char bytes[RUN_BYTES]; /* records one behind the other */
};

static struct record *place(struct record_order *o, size_t at)
{
	return (struct record *)(void *)(o->bytes + at);
}

struct record_order *record_order_new(const struct run_sink *sink, size_t held_max)
{
	struct record_order *o = xcalloc(1, sizeof(*o));

	o->sink = *sink;
	o->held_max = held_max;
	o->next = place(o, 0);
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

static size_t lines_of(const struct record *r)
{
	return (record_size(r) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
}

/* Nothing of the run is in use any more: the one that is held goes to the front. */
static void rewind_places(struct record_order *o)
{
	if (o->promised)
		return;
	if (o->one)
		o->one = memmove(o->bytes, o->one, record_size(o->one));
	o->next = place(o, o->one ? lines_of(o->one) : 0);
}

void record_order_hand_over(struct record_order *o)
{
	if (o->run_count)
		o->sink.take(o->sink.arg, o->run, o->run_count);
	while (o->owned_count)
		free(o->owned[--o->owned_count]);
	o->run_count = 0;
	rewind_places(o);
}

static void emit(struct record_order *o, const struct record *r)
{
	o->run[o->run_count++] = r;
	if (o->run_count == RUN_MAX)
		record_order_hand_over(o);
}

static void emit_first(struct record_order *o)
{
	struct record *first = pop(o);

	o->owned[o->owned_count++] = first;
	emit(o, first);
}

/* What is held of that instant is all of it. */
static void settle(struct record_order *o)
{
	const struct record *one = o->one;

	o->one = NULL;
	if (one)
		emit(o, one);
	while (o->count)
		emit_first(o);
}

void record_order_flush(struct record_order *o)
{
	settle(o);
	record_order_hand_over(o);
}

void record_order_free(struct record_order *o)
{
	if (!o)
		return;
	while (o->count)
		free(pop(o));
	while (o->owned_count)
		free(o->owned[--o->owned_count]);
	free(o->heap);
	free(o);
}

void record_order_clock(struct record_order *o, int64_t clock_ns)
{
	if (clock_ns > o->at_ns)
		settle(o);
}

static bool is_before(const struct record *r, uint16_t source, uint64_t frame)
{
	return r->source != source ? r->source < source : r->frame < frame;
}

void record_order_passed(struct record_order *o, uint16_t source, uint64_t frame)
{
	if (o->one && is_before(o->one, source, frame))
		settle(o);
	while (o->count && is_before(o->heap[0].record, source, frame))
		emit_first(o);
}

struct record *record_order_room(struct record_order *o)
{
	o->promised = true;
	return o->next;
}

static bool is_full(const struct record_order *o)
{
	return (size_t)((unsigned char *)o->next - o->bytes) + sizeof(struct record) > RUN_BYTES;
}

/* The only one of its instant so far. */
static void hold(struct record_order *o, const struct record *r)
{
	if (r != o->next)
		record_copy(o->next, r);
	o->one = o->next;
	o->next = place(o, (size_t)((unsigned char *)o->next - o->bytes) + lines_of(o->one));
	if (is_full(o))
		record_order_hand_over(o);
}

void record_order_take(struct record_order *o, const struct record *r)
{
	bool promised = o->promised && r != o->next; /* to another one, which is still being made */

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
