/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/accept_visits.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"
#include "base/when.h"

#define EVENTS_MAX 2000	     /* per service; the oldest are forgotten */
#define WAIT_MIN_S 1.0	     /* a handshake that takes longer was waiting for something */
#define RELEASE_S 0.75	     /* after the blocker's end the queue is served one by one, each in milliseconds */
#define SETTLE_NS (20 * NS_PER_MS) /* an answer may be under way when the first of them asks */

static struct visit *new_visit(struct visits *v, const struct record *r)
{
	struct visit *visit;

	if (v->count == EVENTS_MAX) {
		memmove(v->list, v->list + EVENTS_MAX / 2, EVENTS_MAX / 2 * sizeof(*v->list));
		v->count = EVENTS_MAX / 2;
	}
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 8;
		v->list = xrealloc(v->list, v->room * sizeof(*v->list));
	}
	visit = &v->list[v->count++];
	*visit = (struct visit){ .client = r->orig_h, .stream = r->conn.stream, .source = r->source };
	return visit;
}

static struct evidence evidence_of(const struct record *r, const struct frame_ref *ref, const char *what)
{
	struct evidence e = { .source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns };

	text_copy(e.what, sizeof(e.what), what);
	return e;
}

static void take_earlier(struct frame_ref *first, const struct frame_ref *other)
{
	if (other->frame && (!first->frame || other->at_ns < first->at_ns))
		*first = *other;
}

static struct frame_ref first_reset(const struct conn *c)
{
	struct frame_ref first = { 0 };

	for (uint32_t i = 0; i < c->rst_count && i < RSTS_MAX; i++)
		take_earlier(&first, &c->rsts[i].ref);
	return first;
}

/* Where no frame shows an end: that of what was seen. */
static struct frame_ref end_of_record(const struct record *r)
{
	return (struct frame_ref){ .at_ns = r->emitted_ns - r->ts_ns, .source = r->source };
}

/* When the client's silence ended: its first byte, FIN or RST, or the end of what was seen. */
static struct frame_ref end_of_silence(const struct record *r)
{
	struct frame_ref end = r->conn.side[SIDE_ORIG].first_data, reset = first_reset(&r->conn);

	take_earlier(&end, &r->conn.side[SIDE_ORIG].fin);
	take_earlier(&end, &reset);
	return end.frame ? end : end_of_record(r);
}

/* When a client that asked was gone, or sent away. One that closes right behind its request may wait all the same. */
static struct frame_ref end_of_waiting(const struct conn *c, const struct frame_ref *ask)
{
	struct frame_ref end = first_reset(c);

	take_earlier(&end, &c->side[SIDE_RESP].fin);
	if (when_s(c->side[SIDE_ORIG].fin.at_ns - ask->at_ns) >= WAIT_MIN_S)
		take_earlier(&end, &c->side[SIDE_ORIG].fin);
	return end;
}

static enum wait_end wait_end(const struct frame_ref *answer, const struct frame_ref *gone)
{
	if (!answer->frame)
		return gone->frame ? WAIT_GIVEN_UP : WAIT_OPEN;
	return gone->frame && gone->at_ns < answer->at_ns ? WAIT_TOO_LATE : WAIT_ANSWERED;
}

static void note_wait(struct visits *v, struct diagnosis_context *x, const struct record *r)
{
	static const char *const ends[WAIT_ENDS] = { [WAIT_ANSWERED] = "its answer",
		[WAIT_TOO_LATE] = "its answer, when it had given up", [WAIT_GIVEN_UP] = "its end, without an answer",
		[WAIT_OPEN] = "" };
	const struct conn *c = &r->conn;
	struct frame_ref ask = c->side[SIDE_ORIG].first_data, answer = c->side[SIDE_RESP].first_data;
	struct frame_ref gone = end_of_waiting(c, &ask), until;
	enum wait_end end = wait_end(&answer, &gone);
	struct visit *visit;

	if (!ask.frame || (answer.frame && conn_was_before(c, SIDE_RESP, answer.at_ns, ask.at_ns)))
		return; /* it asked nothing, or the server spoke first */
	until = answer.frame ? answer : gone.frame ? gone : end_of_record(r);
	if (when_s(until.at_ns - ask.at_ns) < WAIT_MIN_S) {
		if (end == WAIT_ANSWERED)
			moments_add(&v->answered, r->ts_ns + answer.at_ns, &x->held_bytes);
		return;
	}
	visit = new_visit(v, r);
	visit->waited = true;
	visit->end = (uint8_t)end;
	visit->from_ns = r->ts_ns + ask.at_ns;
	visit->until_ns = r->ts_ns + until.at_ns;
	visit->wait_ns = (end == WAIT_TOO_LATE ? gone.at_ns : until.at_ns) - ask.at_ns;
	visit->from = evidence_of(r, &ask, conn_speaks(c, "tls") ? "ClientHello of a waiting client" :
								   "request of a waiting client");
	visit->until = evidence_of(r, &until, ends[end]);
}

static void note_silence(struct visits *v, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct frame_ref end = end_of_silence(r);
	struct visit *visit;

	if (when_s(end.at_ns - c->handshake_ack.at_ns) < WAIT_MIN_S)
		return;
	visit = new_visit(v, r);
	visit->silent = true;
	visit->from_ns = r->ts_ns + c->handshake_ack.at_ns;
	visit->until_ns = r->ts_ns + end.at_ns;
	visit->from = evidence_of(r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN of the silent connection");
	visit->until = evidence_of(r, &end, "end of the silence");
}

/* A connection that was served and is kept open: a server that serves one at a time waits for its next request. */
static void note_idle(struct visits *v, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct visit *visit;

	if (when_s(c->idle_max_ns) < WAIT_MIN_S || !c->turns || c->idle_after_side != SIDE_ORIG || !c->idle_before.frame)
		return;
	visit = new_visit(v, r);
	visit->silent = true;
	visit->from_ns = r->ts_ns + c->idle_before.at_ns;
	visit->until_ns = r->ts_ns + c->idle_after.at_ns;
	visit->from = evidence_of(r, &c->idle_before, "from here on the connection says nothing");
	visit->until = evidence_of(r, &c->idle_after, "end of the silence");
}

void visits_note(struct visits *v, struct diagnosis_context *x, const struct record *r)
{
	v->total++;
	note_silence(v, r);
	note_idle(v, r);
	note_wait(v, x, r);
}

bool visit_was_blocked_by(const struct visit *wait, const struct visit *silence)
{
	double after = when_s(wait->until_ns - silence->until_ns);

	return wait->waited && wait != silence && wait->from_ns >= silence->from_ns &&
		wait->from_ns < silence->until_ns && after >= 0 && after <= RELEASE_S;
}

int visits_count_blocked(const struct visits *v, const struct visit *silence)
{
	int64_t first_ns = silence->until_ns;
	int n = 0;

	for (uint32_t i = 0; i < v->count; i++)
		if (visit_was_blocked_by(&v->list[i], silence)) {
			first_ns = v->list[i].from_ns < first_ns ? v->list[i].from_ns : first_ns;
			n++;
		}
	return moments_between(&v->answered, first_ns + SETTLE_NS, silence->until_ns) ? 0 : n;
}
