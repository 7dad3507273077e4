/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a tunnel's conversation, whatever its protocol. */
#include "dissectors/tunnel_life.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void tunnel_begin(struct tunnel_life *t, enum tunnel_protocol protocol)
{
	struct record empty;

	if (t->begun)
		return;
	record_init(&empty, RECORD_TUNNEL);
	t->sum = empty.tunnel;
	t->sum.protocol = (uint8_t)protocol;
	t->data_side = SIDE_NONE;
	t->begun = true;
}

void tunnel_name_session(struct tunnel_life *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->sum.session, sizeof(t->sum.session), format, args);
	va_end(args);
}

static void emit(struct tunnel_life *t, struct session *s, struct tunnel *what, const struct frame_ref *ref)
{
	t->heard = true;
	if (t->events >= TUNNEL_EVENTS_MAX) {
		t->sum.events_left_out++;
		return;
	}
	t->events++;
	what->ref = session_ref(s, ref);
	session_tell(s, RECORD_TUNNEL, what);
}

/* An event carries the names that are known by then, none of the counters. */
static void start_event(
	struct tunnel_life *t, struct tunnel *what, enum tunnel_event event, enum side side, const char *step)
{
	struct record empty;

	record_init(&empty, RECORD_TUNNEL);
	*what = empty.tunnel;
	what->protocol = t->sum.protocol;
	what->event = (uint8_t)event;
	what->side = (uint8_t)side;
	memcpy(what->names, t->sum.names, sizeof(what->names));
	memcpy(what->session, t->sum.session, sizeof(what->session));
	text_copy(what->step, sizeof(what->step), step);
	if (side < SIDE_NONE)
		what->attempt = ++t->attempts[side][event];
}

static void count_event(struct tunnel *sum, enum tunnel_event event, enum side side)
{
	if (side >= SIDE_NONE)
		return;
	if (event == TUNNEL_RESTART)
		sum->restarts[side]++;
	else if (event == TUNNEL_REKEY)
		sum->rekeys[side]++;
}

void tunnel_event(struct tunnel_life *t, struct session *s, enum tunnel_event event, enum side side,
	const struct frame_ref *ref, const char *step, const char *reason)
{
	struct tunnel what;

	start_event(t, &what, event, side, step);
	if (reason)
		text_copy(what.reason, sizeof(what.reason), reason);
	count_event(&t->sum, event, side);
	emit(t, s, &what, ref);
}

void tunnel_bad_record(struct tunnel_life *t, struct session *s, enum tunnel_event event, enum side side,
	const struct frame_ref *ref, const char *step, uint32_t length)
{
	struct tunnel what;

	start_event(t, &what, event, side, step);
	what.length = length;
	emit(t, s, &what, ref);
}

static void run_add(struct tunnel_run *run, const struct frame_ref *ref)
{
	if (!run->count++)
		run->first = *ref;
	run->last = *ref;
}

void tunnel_hello(
	struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref, const char *step)
{
	t->sum.hellos[side]++;
	run_add(&t->hello[side], ref);
	t->sum.hello_last_ns[side] = session_ref(s, ref).at_ns;
	tunnel_event(t, s, TUNNEL_HELLO, side, ref, step, NULL);
}

static void keep_worst(struct tunnel_run *worst, const struct tunnel_run *run)
{
	if (run->count && run->count >= worst->count)
		*worst = *run;
}

void tunnel_answer(
	struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref, const char *step)
{
	struct tunnel_run *run = &t->hello[side_other(side)];

	t->sum.answers[side]++;
	/* The last one is answered; those before it were in vain. */
	if (run->count > 1) {
		run->count--;
		keep_worst(&t->hello_worst[side_other(side)], run);
	}
	run->count = 0;
	tunnel_event(t, s, TUNNEL_ANSWER, side, ref, step, NULL);
}

void tunnel_answered_unseen(struct tunnel_life *t, enum side side)
{
	t->hello[side].count = 0;
}

void tunnel_established(struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref)
{
	if (t->sum.established)
		return;
	t->sum.established = true;
	t->sum.established_ns = session_ref(s, ref).at_ns;
	tunnel_event(t, s, TUNNEL_ESTABLISHED, side, ref, "", NULL);
}

static int64_t run_length(const struct tunnel_run *run)
{
	return run->count ? run->last.at_ns - run->first.at_ns : -1;
}

static void take_turn(struct tunnel_life *t, enum side side, const struct frame_ref *ref)
{
	t->heard = true;
	if (t->data_side != side)
		t->alone[side].count = 0;
	t->data_side = side;
	t->data_ns[side] = ref->at_ns;
	if (++t->sum.data_pkts[side] == 1)
		t->sum.first_data_ns[side] = ref->at_ns; /* absolute until the end */
}

void tunnel_data(struct tunnel_life *t, enum side side, const struct frame_ref *ref, size_t bytes)
{
	struct tunnel_run *run = &t->alone[side];

	take_turn(t, side, ref);
	t->sum.data_bytes[side] += bytes;
	run_add(run, ref);
	if (run_length(run) >= run_length(&t->alone_worst[side]))
		t->alone_worst[side] = *run;
}

void tunnel_keepalive(struct tunnel_life *t, enum side side, const struct frame_ref *ref)
{
	take_turn(t, side, ref);
	t->sum.keepalives[side]++;
}

void tunnel_number(
	struct tunnel_life *t, enum side side, const struct frame_ref *ref, struct counter_track *numbers, uint64_t n)
{
	if (counter_add(numbers, n) == COUNTER_LATE && !t->late[side].frame)
		t->late[side] = *ref;
}

void tunnel_pending(struct tunnel_life *t, enum side side, const struct frame_ref *ref, const char *step)
{
	t->heard = true;
	if (t->sum.side != side || strcmp(t->sum.step, step) != 0)
		t->pending.count = 0;
	t->sum.side = (uint8_t)side;
	text_copy(t->sum.step, sizeof(t->sum.step), step);
	run_add(&t->pending, ref);
}

void tunnel_progress(struct tunnel_life *t)
{
	t->pending.count = 0;
	t->sum.side = SIDE_NONE;
	t->sum.step[0] = '\0';
}

static void sum_side(struct tunnel_life *t, const struct session *s, enum side i)
{
	const struct tunnel_run *hello = &t->hello_worst[i], *alone = &t->alone_worst[i];
	struct tunnel *sum = &t->sum;
	struct frame_ref at = {.frame = 1};

	keep_worst(&t->hello_worst[i], &t->hello[i]);
	if (hello->count) {
		sum->unanswered[i] = hello->count;
		sum->unanswered_first[i] = session_ref(s, &hello->first);
		sum->unanswered_last[i] = session_ref(s, &hello->last);
		sum->unanswered_open[i] = t->hello[i].count == hello->count;
	}
	sum->late[i] = session_ref(s, &t->late[i]);
	if (sum->data_pkts[i]) {
		at.at_ns = sum->first_data_ns[i];
		sum->first_data_ns[i] = session_ref(s, &at).at_ns;
		at.at_ns = t->data_ns[i];
		sum->last_data_ns[i] = session_ref(s, &at).at_ns;
		sum->alone_pkts[i] = alone->count;
		sum->alone_first[i] = session_ref(s, &alone->first);
		sum->alone_last[i] = session_ref(s, &alone->last);
		sum->alone_open[i] = t->data_side == i && t->alone[i].first.at_ns == alone->first.at_ns;
	}
}

void tunnel_finish(struct tunnel_life *t, struct session *s)
{
	if (!t->heard)
		return;
	t->sum.event = TUNNEL_SUMMARY;
	for (int i = 0; i < 2; i++)
		sum_side(t, s, (enum side)i);
	if (t->pending.count) {
		t->sum.attempt = t->pending.count;
		t->sum.ref = session_ref(s, &t->pending.first);
		t->sum.last = session_ref(s, &t->pending.last);
	}
	session_tell(s, RECORD_TUNNEL, &t->sum);
}
