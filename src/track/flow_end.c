/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock, and the end of conversations: those that are due, those that the memory bound drives out, the rest. */
#include <stdlib.h>

#include "base/fetch.h"
#include "base/ranked.h"
#include "base/seldom.h"
#include "base/text.h"
#include "track/flow_begin.h"
#include "track/flow_end.h"
#include "track/flow_queue.h"

#define NEVER_DUE INT64_MAX /* also the latest time that a hostile clock can show */
/* What one more conversation may need at once. */
#define RESERVE (sizeof(struct whole_flow) + sizeof(struct lasting) + 2 * sizeof(struct repair))
#define TOMBSTONE_SHARE 8 /* tombstones may take this fraction of the memory bound */

static void count_copies(struct tracker *t, const struct flow *f)
{
	struct tcp_loss loss[2];

	if (!f->half[0].doubled && !f->half[1].doubled)
		return;
	loss[0] = flow_odd(f, SIDE_ORIG)->loss;
	loss[1] = flow_odd(f, SIDE_RESP)->loss;
	duplicates_settle(f, loss);
	for (int s = 0; s < 2; s++) {
		struct frame_ref copy = long_ref(flow_odd(f, (enum side)s)->copy);
		struct stream_count *n;

		if (!f->half[s].doubled)
			continue;
		n = flow_count_of(t, copy.source);
		n->network_duplicates += f->half[s].doubled - loss[s].duplicated_by_capture;
		n->duplicates += loss[s].duplicated_by_capture;
		if (loss[s].duplicated_by_capture && (!n->duplicates_frame || copy.frame < n->duplicates_frame))
			n->duplicates_frame = copy.frame;
	}
}

/* Those that end next (NULL: none), long after their last packet. */
struct nexts {
	const struct flow *one, *other;
};

static void expect_next(const struct tracker *t, const struct nexts *n)
{
	if (!n->one)
		return;
	slots_fetch(&t->table, n->one->tag);
	key_frames_fetch(n->one);
}

/* The one after that is fetched in parts, between which there is something to do. */
#define END_PARTS 3
#define END_PART ((sizeof(struct whole_flow) / CACHE_LINE + END_PARTS - 1) / END_PARTS * CACHE_LINE)

static inline void expect_other(const struct nexts *n, size_t part)
{
	size_t at = part * END_PART;
	size_t size = sizeof(struct whole_flow) - at < END_PART ? sizeof(struct whole_flow) - at : END_PART;

	if (n->other)
		fetch_lines((const char *)n->other + at, size);
}

static void tell_end(struct tracker *t, struct flow *f, enum conn_end reason, int64_t emitted_ns, const struct nexts *next)
{
	expect_next(t, next);
	expect_other(next, 0);
	f->emitted_ns = emitted_ns;
	if (f->state == FLOW_CLOSED && f->end_reason != CONN_END_OPEN)
		reason = f->end_reason;
	t->owner.ended(t->owner.arg, f, reason);
	expect_other(next, 1);
	count_copies(t, f);
}

void flow_end(struct tracker *t, struct flow *f, enum conn_end reason, int64_t emitted_ns)
{
	struct nexts next = { queue_next(t, f), NULL }; /* they end in the order in which they rest */

	if (next.one)
		next.other = queue_next(t, next.one);
	tell_end(t, f, reason, emitted_ns, &next);
	queue_remove(t, f);
	tombstone_leave(t, f, f->state == FLOW_CLOSED);
	expect_other(&next, 2);
	flow_delete(t, f);
}

void tracker_closed(struct tracker *t, struct flow *f, enum conn_end reason)
{
	f->end_reason = (uint8_t)reason;
	if (f->state == FLOW_CLOSED)
		return;
	f->state = FLOW_CLOSED;
	queue_remove(t, f);
	queue_add(t, f, LIST_CLOSED);
}

void tracker_reopened(struct tracker *t, struct flow *f)
{
	f->end_reason = CONN_END_OPEN;
	if (f->state != FLOW_CLOSED)
		return;
	f->state = FLOW_LIVE;
	queue_remove(t, f);
	queue_add(t, f, LIST_TCP);
}

/* Conversations that are due at the same instant, in the order of their first frames. */
struct due {
	struct ranked *flows;
	size_t count, room;
};

static void due_add(struct due *d, struct flow *f)
{
	struct short_ref begun = f->begun;

	if (d->count == d->room) {
		d->room = d->room ? d->room * 2 : 16;
		d->flows = xrealloc(d->flows, d->room * sizeof(*d->flows));
	}
	d->flows[d->count++] = (struct ranked){ (uint64_t)begun.source << FRAME_BITS | begun.frame, f };
}

static void due_from(struct tracker *t, struct due *d, enum flow_list list, int64_t queued_ns)
{
	for (struct flow *f = queue_oldest(t, list); f && f->queued_ns == queued_ns; f = queue_next(t, f))
		due_add(d, f);
}

static int64_t due_at(const struct flow *f)
{
	if (!f || f->queued_ns > NEVER_DUE - IDLE_END_NS - LINGER_NS)
		return NEVER_DUE;
	return f->queued_ns + (f->list == LIST_CLOSED ? LINGER_NS : IDLE_END_NS);
}

/* The one that is due then; NULL: there are more, or none. */
static struct flow *only_due(const struct tracker *t, int64_t at_ns)
{
	struct flow *closed = queue_oldest(t, LIST_CLOSED), *other = queue_oldest(t, LIST_OTHER), *next;

	if (!closed || due_at(closed) != at_ns || (other && due_at(other) == at_ns))
		return NULL;
	next = queue_next(t, closed);
	return next && next->queued_ns == closed->queued_ns ? NULL : closed;
}

static void end_due(struct tracker *t, int64_t at_ns)
{
	struct flow *only = only_due(t, at_ns);
	struct due d = { 0 };

	if (only) {
		flow_end(t, only, CONN_END_OPEN, at_ns);
		return;
	}
	due_from(t, &d, LIST_CLOSED, at_ns - LINGER_NS);
	due_from(t, &d, LIST_OTHER, at_ns - IDLE_END_NS);
	ranked_sort(d.flows, d.count);
	for (size_t i = 0; i < d.count; i++)
		flow_end(t, d.flows[i].thing, CONN_END_OPEN, at_ns);
	free(d.flows);
}

static SELDOM void end_all_due(struct tracker *t, int64_t clock_ns)
{
	for (;;) {
		int64_t closed = due_at(queue_oldest(t, LIST_CLOSED)), other = due_at(queue_oldest(t, LIST_OTHER));
		int64_t next = closed < other ? closed : other;

		t->looks_again_ns = next;
		if (next > clock_ns || next == NEVER_DUE)
			return;
		end_due(t, next);
	}
}

void tracker_clock(struct tracker *t, int64_t clock_ns)
{
	if (clock_ns <= t->now_ns)
		return;
	t->now_ns = clock_ns;
	if (clock_ns >= t->looks_again_ns)
		end_all_due(t, clock_ns);
}

void tracker_ending(struct tracker *t)
{
	struct due d = { 0 };

	for (enum flow_list list = LIST_TCP; list < LISTS; list++)
		for (struct flow *f = queue_oldest(t, list); f; f = queue_next(t, f))
			due_add(&d, f);
	ranked_sort(d.flows, d.count);
	free(t->ending);
	t->ending = d.flows;
	t->ending_count = d.count;
	t->ended_count = 0;
}

bool tracker_next_end(const struct tracker *t, uint16_t *source, uint64_t *frame)
{
	if (t->ended_count == t->ending_count)
		return false;
	flow_first_frame(t->ending[t->ended_count].thing, source, frame);
	return true;
}

struct flow *tracker_pass_next(struct tracker *t)
{
	struct flow *f = t->ending[t->ended_count++].thing;

	f->emitted_ns = t->now_ns;
	return f;
}

void tracker_ending_rewind(struct tracker *t)
{
	t->ended_count = 0;
}

struct flow *tracker_ending_ahead(const struct tracker *t, size_t further)
{
	size_t i = t->ended_count + further;

	return i < t->ending_count ? t->ending[i].thing : NULL;
}

/* How many conversations ahead memory is asked for, and what its pointers lead to. */
#define ENDS_AHEAD 4
#define PARTS_AHEAD 2

/* No packet will look for it any more, so it stays in its list and in the table. */
void tracker_end_next(struct tracker *t)
{
	struct flow *f = tracker_ending_ahead(t, 0), *near = tracker_ending_ahead(t, PARTS_AHEAD);
	struct nexts next = { NULL, tracker_ending_ahead(t, ENDS_AHEAD) };

	if (near) {
		key_frames_fetch(near);
		flow_fetch_rare(near);
	}
	t->ended_count++;
	tell_end(t, f, CONN_END_OPEN, t->now_ns, &next);
	expect_other(&next, 2);
}

void tracker_finish(struct tracker *t)
{
	tracker_ending(t);
	while (t->ended_count < t->ending_count)
		tracker_end_next(t);
}

static struct flow *longest_idle(struct tracker *t)
{
	struct flow *best = NULL;

	for (enum flow_list list = LIST_TCP; list < LISTS; list++) {
		struct flow *f = queue_oldest(t, list);

		if (f && (!best || f->queued_ns < best->queued_ns))
			best = f;
	}
	return best;
}

static bool over(const struct tracker *t)
{
	return tracker_held_bytes(t) + t->elsewhere + RESERVE > t->memory_bytes;
}

/* Those that go next were made long ago, too. */
static void expect_next_grave(const struct tracker *t)
{
	const struct tombstone *s = tombstone_oldest(t), *after = s ? tombstone_next(t, s) : NULL;

	if (s)
		slots_fetch(&t->table, s->tag);
	if (after)
		fetch(after, offsetof(struct tombstone, ws));
}

void flow_make_room(struct tracker *t)
{
	struct tombstone *s;
	struct flow *f;

	while (pool_bytes(&t->tombstones) > t->memory_bytes / TOMBSTONE_SHARE && (s = tombstone_oldest(t)) != NULL) {
		tombstone_remove(t, s);
		expect_next_grave(t);
	}
	for (int i = 0; i < 4 && over(t); i++) {
		s = tombstone_oldest(t);
		if (s) {
			tombstone_remove(t, s);
			continue;
		}
		f = longest_idle(t);
		if (!f)
			return;
		t->evicted += f->state != FLOW_CLOSED;
		flow_end(t, f, CONN_END_EVICTED, t->now_ns);
	}
}
