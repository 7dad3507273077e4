/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accept-loop-blocked: clients of one service wait for their handshake exactly while one silent connection to it is
 * open, and are all answered (or freed) when it ends, unless the capture ends first. A server that handles one
 * handshake at a time, and a connection that says nothing: often a plain TCP health check.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define EVENTS_MAX 2000	     /* per service; the oldest are forgotten */
#define WAIT_MIN_S 1.0	     /* a handshake that takes longer was waiting for something */
#define RELEASE_S 0.75	     /* after the blocker's end the queue is served one by one, each in milliseconds */
#define BLOCKED_MIN 2	     /* waits that end with the same silence */
#define SETTLE_NS (20 * NS_PER_MS) /* an answer may be under way when the first of them asks */
#define SHOWN_MAX 20
#define BLOCKERS_MAX 4

/* One connection to the service, as far as this rule needs it. */
struct visit {
	struct addr client;
	uint32_t stream;
	uint16_t source;
	bool silent;	   /* no byte of the client before `until` */
	bool waited;	   /* ClientHello (or request) unanswered for WAIT_MIN_S */
	int64_t from_ns;   /* silent: SYN-ACK seen; waiting: ClientHello */
	int64_t until_ns;  /* end of the silence; first answer, or the client's giving up */
	struct evidence from, until;
};

struct visits {
	struct visit *list;
	struct moments answered; /* when clients that did not wait were answered */
	uint32_t count, room;
	uint64_t total;
};

void visits_drop(struct diagnosis_context *x, struct visits *v)
{
	if (!v)
		return;
	free(v->list);
	moments_free(&v->answered);
	parties_give(x, v, sizeof(*v));
}

static struct visit *new_visit(struct visits *v)
{
	if (v->count == EVENTS_MAX) {
		memmove(v->list, v->list + EVENTS_MAX / 2, EVENTS_MAX / 2 * sizeof(*v->list));
		v->count = EVENTS_MAX / 2;
	}
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 8;
		v->list = xrealloc(v->list, v->room * sizeof(*v->list));
	}
	memset(&v->list[v->count], 0, sizeof(*v->list));
	return &v->list[v->count++];
}

static struct evidence evidence_of(const struct record *r, const struct frame_ref *ref, const char *what)
{
	struct evidence e = { .source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns };

	text_copy(e.what, sizeof(e.what), what);
	return e;
}

/* When the client's silence ended: its first byte, FIN or RST, or the end of what was seen. */
static struct frame_ref end_of_silence(const struct record *r)
{
	const struct conn *c = &r->conn;
	const struct conn_side *o = &c->side[SIDE_ORIG];
	struct frame_ref end = { 0 };

	if (o->first_data.frame)
		end = o->first_data;
	if (o->fin.frame && (!end.frame || o->fin.at_ns < end.at_ns))
		end = o->fin;
	for (uint32_t i = 0; i < c->rst_count && i < RSTS_MAX; i++)
		if (!end.frame || c->rsts[i].ref.at_ns < end.at_ns)
			end = c->rsts[i].ref;
	if (!end.frame) {
		end.at_ns = r->emitted_ns - r->ts_ns;
		end.source = r->source;
	}
	return end;
}

/* The client's first data, and the server's first answer to it; false when the server spoke first. */
static bool first_exchange(const struct conn *c, struct frame_ref *ask, struct frame_ref *answer)
{
	*ask = c->side[SIDE_ORIG].first_data;
	*answer = c->side[SIDE_RESP].first_data;
	return ask->frame && (!answer->frame || answer->at_ns >= ask->at_ns);
}

static void note_wait(struct visits *v, struct diagnosis_context *x, const struct record *r, const struct frame_ref *ask,
	struct frame_ref answer)
{
	const struct conn_side *o = &r->conn.side[SIDE_ORIG];
	struct visit *visit;

	if (!answer.frame && o->fin.frame)
		answer = o->fin;
	else if (!answer.frame)
		answer.at_ns = r->emitted_ns - r->ts_ns;
	if (when_s(answer.at_ns - ask->at_ns) < WAIT_MIN_S) {
		moments_add(&v->answered, r->ts_ns + answer.at_ns, &x->held_bytes);
		return;
	}
	visit = new_visit(v);
	visit->waited = true;
	visit->from_ns = r->ts_ns + ask->at_ns;
	visit->until_ns = r->ts_ns + answer.at_ns;
	visit->from = evidence_of(r, ask, conn_speaks(&r->conn, "tls") ? "ClientHello of a waiting client" :
									     "request of a waiting client");
	visit->until = evidence_of(r, &answer, "its answer, or the client's giving up");
	visit->client = r->orig_h;
	visit->stream = r->conn.stream;
	visit->source = r->source;
}

static void note_silence(struct visits *v, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct frame_ref end = end_of_silence(r);
	struct visit *visit;

	if (when_s(end.at_ns - c->handshake_ack.at_ns) < WAIT_MIN_S)
		return;
	visit = new_visit(v);
	visit->silent = true;
	visit->from_ns = r->ts_ns + c->handshake_ack.at_ns;
	visit->until_ns = r->ts_ns + end.at_ns;
	visit->from = evidence_of(r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN of the silent connection");
	visit->until = evidence_of(r, &end, "end of the silence");
	visit->client = r->orig_h;
	visit->stream = r->conn.stream;
	visit->source = r->source;
}

/* A connection that was served and is kept open: a server that serves one at a time waits for its next request. */
static void note_idle(struct visits *v, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct visit *visit;

	if (when_s(c->idle_max_ns) < WAIT_MIN_S || !c->turns || c->idle_after_side != SIDE_ORIG || !c->idle_before.frame)
		return;
	visit = new_visit(v);
	visit->silent = true;
	visit->from_ns = r->ts_ns + c->idle_before.at_ns;
	visit->until_ns = r->ts_ns + c->idle_after.at_ns;
	visit->from = evidence_of(r, &c->idle_before, "from here on the connection says nothing");
	visit->until = evidence_of(r, &c->idle_after, "end of the silence");
	visit->client = r->orig_h;
	visit->stream = r->conn.stream;
	visit->source = r->source;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct frame_ref ask, answer;
	struct visits *v;

	(void)state;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || r->conn.one_sided ||
		!r->conn.handshake_ack.frame)
		return;
	v = x->now.service->visits;
	if (!v)
		v = x->now.service->visits = parties_make(x, sizeof(*v));
	v->total++;
	note_silence(v, r);
	note_idle(v, r);
	if (first_exchange(&r->conn, &ask, &answer))
		note_wait(v, x, r, &ask, answer);
}

/* The wait began inside the silence and ended with it. */
static bool was_blocked_by(const struct visit *wait, const struct visit *silence)
{
	double after = when_s(wait->until_ns - silence->until_ns);

	return wait->waited && wait != silence && wait->from_ns >= silence->from_ns &&
		wait->from_ns < silence->until_ns && after >= 0 && after <= RELEASE_S;
}

/* The clients that one silence blocked; none when another one was answered while the first of them was waiting. */
static int count_blocked(const struct visits *v, const struct visit *silence)
{
	int64_t first_ns = silence->until_ns;
	int n = 0;

	for (uint32_t i = 0; i < v->count; i++)
		if (was_blocked_by(&v->list[i], silence)) {
			first_ns = v->list[i].from_ns < first_ns ? v->list[i].from_ns : first_ns;
			n++;
		}
	return moments_between(&v->answered, first_ns + SETTLE_NS, silence->until_ns) ? 0 : n;
}

struct verdict {
	struct addr blocker;
	struct addr others[BLOCKERS_MAX]; /* that blocked the service too */
	int other_count;
	bool tls;
	int silences, blocked;
	int open; /* of the blocked ones: they still wait when the capture ends */
	double wait_max_s, hold_s;
	uint32_t streams[SHOWN_MAX * 8];
	int stream_count;
};

static void show(struct finding *f, const struct evidence *e)
{
	finding_evidence(f, e->source, e->frame, e->ts_ns, "%s", e->what);
}

static void add_silence(struct verdict *d, struct finding *f, const struct visits *v, const struct visit *silence)
{
	d->silences++;
	d->hold_s = fmax(d->hold_s, when_s(silence->until_ns - silence->from_ns));
	if (d->stream_count < SHOWN_MAX * 8)
		d->streams[d->stream_count++] = silence->stream;
	show(f, &silence->from);
	show(f, &silence->until);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct visit *w = &v->list[i];

		if (!was_blocked_by(w, silence))
			continue;
		d->blocked++;
		d->open += !w->until.frame;
		d->wait_max_s = fmax(d->wait_max_s, when_s(w->until_ns - w->from_ns));
		if (d->stream_count < SHOWN_MAX * 8)
			d->streams[d->stream_count++] = w->stream;
		show(f, &w->from);
		show(f, &w->until);
		f->first_ts_ns = f->first_ts_ns ? f->first_ts_ns : w->from_ns;
		f->last_ts_ns = w->until_ns;
	}
}

static void note_blocker(struct verdict *d, const struct addr *client)
{
	if (addr_equal(client, &d->blocker) || d->other_count == BLOCKERS_MAX)
		return;
	for (int i = 0; i < d->other_count; i++)
		if (addr_equal(client, &d->others[i]))
			return;
	d->others[d->other_count++] = *client;
}

static void own_claims(struct diagnosis_context *x, const struct service_key *k, const struct verdict *d)
{
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		for (int i = 0; i < d->stream_count; i++)
			if (c->stream == d->streams[i] && c->resp_p == k->port && addr_equal(&c->resp, &k->server))
				claim_own(c, "accept-loop-blocked");
}

/* What becomes of the waits; the capture may end before it shows that. */
static void outcome_text(const struct verdict *d, char *out, size_t size)
{
	int ended = d->blocked - d->open;

	if (!d->open)
		snprintf(out, size, "all are answered when the silence ends");
	else if (!ended)
		snprintf(out, size, "the capture ends before any of them is answered");
	else
		snprintf(out, size, "%d wait%s with the silence; %d %s still open when the capture ends", ended,
			ended == 1 ? " ends" : "s end", d->open, d->open == 1 ? "is" : "are");
}

static void name_causes(struct finding *f, const struct verdict *d)
{
	static const char loop[] = "the server accepts and handshakes in a single loop that blocks on a silent connection";
	bool all_open = d->open == d->blocked;

	if (all_open)
		finding_cause(f, 0.65, loop, "%d waits begin inside the silence, and nobody is answered in it", d->blocked);
	else if (d->open)
		finding_cause(f, 0.75, loop, "%d waits begin inside the silence, and nobody is answered in it; %d end%s with it",
			d->blocked, d->blocked - d->open, d->blocked - d->open == 1 ? "s" : "");
	else
		finding_cause(f, 0.9, loop, "%d waits begin inside the silence and end with it", d->blocked);
	if (d->open)
		finding_against(f, "whether %s answered when the silence ends is not in this capture",
			all_open ? "they are" : d->open == 1 ? "the other one is" : "the others are");
	finding_cause(f, all_open ? 0.3 : d->open ? 0.2 : 0.1, "something else on the server stops for the same time",
		"one silent connection may be a coincidence");
}

static void write_texts(struct finding *f, const struct verdict *d, const char *service, const char *blocker)
{
	char longest[WHEN_TEXT_SIZE], hold[WHEN_TEXT_SIZE], outcome[120];

	outcome_text(d, outcome, sizeof(outcome));
	when_duration(d->wait_max_s, longest);
	when_duration(d->hold_s, hold);
	finding_title(f, "%s handles one connection at a time: %s says nothing for %s and blocks %d connection%s", service,
		blocker, hold, d->blocked, d->blocked == 1 ? "" : "s");
	finding_detail(f, "%d connection%s stay%s silent for up to %s; meanwhile the %s of other clients are acknowledged and "
			  "not answered, for up to %s, and %s.",
		d->silences, d->silences == 1 ? "" : "s", d->silences == 1 ? "s" : "", hold,
		d->tls ? "ClientHellos" : "requests", longest, outcome);
	for (int i = 0; i < d->other_count; i++) {
		char other[ADDR_TEXT_SIZE];

		finding_detail(f, "%s blocks it in the same way.", addr_text(&d->others[i], other));
	}
	f->responsible = RESPONSIBLE_SERVER;
	f->confidence = d->open == d->blocked ? 0.65 : d->open ? 0.75 : d->silences > 1 ? 0.95 : 0.85;
	name_causes(f, d);
	finding_next(f, "Server: do the handshake in a thread or without blocking, with a timeout before the first byte");
	finding_next(f, "Until then: let %s speak TLS in its check, close at once, or check another port", blocker);
}

static void raise_health_check(struct diagnosis_context *x, const struct service_key *k, const struct addr *blocker)
{
	struct finding *f = NULL;

	while ((f = finding_next_of(x, f, "plain-health-check")))
		if (addr_equal(&f->subject.server, &k->server) && f->subject.port == k->port &&
			addr_equal(&f->subject.client, blocker))
			f->severity = SEVERITY_WARNING;
}

static void tell(struct diagnosis_context *x, const struct service_key *k, const struct visits *v,
	const struct addr *blocker)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	struct verdict d = { .blocker = *blocker };
	char service[SERVICE_TEXT_SIZE], who[ADDR_TEXT_SIZE];
	struct finding *f = finding_open(x, "accept-loop-blocked", &subject);

	for (uint32_t i = 0; i < v->count; i++)
		if (v->list[i].silent && count_blocked(v, &v->list[i]) >= BLOCKED_MIN) {
			add_silence(&d, f, v, &v->list[i]);
			note_blocker(&d, &v->list[i].client);
		}
	d.tls = context_service(x, &k->server, k->port, 6) && context_service(x, &k->server, k->port, 6)->tls;
	subject_service_text(&k->server, k->port, service);
	addr_text(blocker, who);
	f->count = (uint64_t)d.blocked;
	f->of = v->total;
	finding_text(f, "blocker", who);
	finding_integer(f, "blocked", d.blocked);
	finding_number(f, "wait_max_s", d.wait_max_s);
	finding_number(f, "hold_max_s", d.hold_s);
	write_texts(f, &d, service, who);
	f->filter_source = v->list[0].source;
	finding_filter_streams(f, 6, d.streams, d.stream_count);
	own_claims(x, k, &d);
	raise_health_check(x, k, blocker);
}

static const struct visit *worst_silence(const struct visits *v)
{
	const struct visit *worst = NULL;
	int most = BLOCKED_MIN - 1;

	for (uint32_t i = 0; i < v->count; i++) {
		int n = v->list[i].silent ? count_blocked(v, &v->list[i]) : 0;

		if (n > most) {
			most = n;
			worst = &v->list[i];
		}
	}
	return worst;
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		struct visits *v = ((struct service_state *)table_value(e))->visits;
		const struct visit *worst;

		if (!v || !v->count)
			continue;
		moments_sort(&v->answered);
		worst = worst_silence(v);

		if (worst)
			tell(x, table_key(e), v, &worst->client);
	}
}

const struct rule rule_accept_loop = {
	.codes = { "accept-loop-blocked" },
	.spec = "accept(2), SSL_accept(3): both block",
	.kinds = 1u << RECORD_CONN,
	.record = on_record,
	.finish = on_finish,
};
