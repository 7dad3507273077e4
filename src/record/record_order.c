/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nearly every record is alone at its instant, or comes behind those that it belongs behind: these stand in line and cost
 * one copy, or none. Those that come too early for that are kept in a heap, of which all belong behind the line.
 */
#include "record/record_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

#define RUN_MAX 32
#define RUN_BYTES (64u << 10) /* for their bytes, those of the one being made included */

struct held {
	uint64_t number; /* in which it came */
	struct record *record; /* of record_size bytes; owned */
};

struct record_order {
	struct run_sink sink;
	/* In order, in `bytes` or owned: run_count that are not handed over yet, then line_count of the instant at hand. */
	const struct record *run[RUN_MAX];
	struct record *owned[RUN_MAX];
	int run_count, line_count, owned_count;
	struct record *next; /* where the next one goes: a whole record has room there */
	bool promised;	     /* somebody makes a record there */
	int64_t at_ns;
	struct held *heap; /* the first in order on top */
	size_t count, room;
	uint64_t number;
	size_t held_bytes, held_max; /* in line, or in the heap */
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

static int compare(const struct record *x, const struct record *y)
{
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return kind_rank(x) - kind_rank(y);
}

static bool before(const struct held *a, const struct held *b)
{
	int order = compare(a->record, b->record);

	return order ? order < 0 : a->number < b->number;
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

/* Nothing of the run is in use any more: those in line go to the front. */
static void rewind_places(struct record_order *o)
{
	size_t at = 0;

	if (o->promised)
		return;
	for (int i = 0; i < o->line_count; i++) {
		o->run[i] = memmove(o->bytes + at, o->run[i], record_size(o->run[i]));
		at += lines_of(o->run[i]);
	}
	o->next = place(o, at);
}

void record_order_hand_over(struct record_order *o)
{
	if (o->run_count)
		o->sink.take(o->sink.arg, o->run, o->run_count);
	while (o->owned_count)
		free(o->owned[--o->owned_count]);
	for (int i = 0; i < o->line_count && o->run_count; i++)
		o->run[i] = o->run[o->run_count + i];
	o->run_count = 0;
	rewind_places(o);
}

static void emit_first(struct record_order *o)
{
	struct record *first;

	if (o->line_count) {
		o->held_bytes -= record_size(o->run[o->run_count++]);
		o->line_count--;
		return;
	}
	first = pop(o);
	o->owned[o->owned_count++] = first;
	o->run[o->run_count++] = first;
	if (o->run_count == RUN_MAX)
		record_order_hand_over(o);
}

/* What is held of that instant is all of it. */
static void settle(struct record_order *o)
{
	while (o->line_count || o->count)
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
	while (o->line_count && is_before(o->run[o->run_count], source, frame))
		emit_first(o);
	while (!o->line_count && o->count && is_before(o->heap[0].record, source, frame))
		emit_first(o);
}

struct record *record_order_room(struct record_order *o)
{
	o->promised = true;
	return o->next;
}

static bool is_full(const struct record_order *o)
{
	return o->run_count + o->line_count == RUN_MAX ||
	       (size_t)((unsigned char *)o->next - o->bytes) + sizeof(struct record) > RUN_BYTES;
}

static void leave_line(struct record_order *o)
{
	int n = o->line_count;

	o->line_count = 0;
	for (int i = 0; i < n; i++) {
		o->held_bytes -= record_size(o->run[o->run_count + i]);
		push(o, o->run[o->run_count + i]);
	}
}

/* Room for another one, in the run and behind it. */
static void make_room(struct record_order *o)
{
	if (is_full(o))
		record_order_hand_over(o);
	if (!is_full(o))
		return;
	leave_line(o);
	rewind_places(o);
}

static void stand_in_line(struct record_order *o, const struct record *r)
{
	if (r != o->next)
		record_copy(o->next, r);
	o->run[o->run_count + o->line_count++] = o->next;
	o->held_bytes += record_size(o->next);
	o->next = place(o, (size_t)((unsigned char *)o->next - o->bytes) + lines_of(o->next));
	make_room(o);
}

static bool is_behind_line(const struct record_order *o, const struct record *r)
{
	return !o->line_count || compare(o->run[o->run_count + o->line_count - 1], r) <= 0;
}

static bool is_before_heap(const struct record_order *o, const struct record *r)
{
	return !o->count || compare(r, o->heap[0].record) < 0;
}

void record_order_take(struct record_order *o, const struct record *r)
{
	bool promised = o->promised && r != o->next; /* to another one, which is still being made */
	bool alone, behind;

	record_order_clock(o, r->emitted_ns);
	o->promised = promised;
	alone = !o->line_count && !o->count;
	if (alone)
		o->at_ns = r->emitted_ns;
	behind = is_behind_line(o, r);
	if (!promised && behind && is_before_heap(o, r)) {
		stand_in_line(o, r);
	} else {
		if (!behind)
			leave_line(o);
		push(o, r);
	}
	while (!alone && o->held_bytes > o->held_max)
		emit_first(o);
}

size_t record_order_bytes(const struct record_order *o)
{
	return sizeof(*o) + (o->count ? o->held_bytes : 0) + o->room * sizeof(*o->heap);
}
