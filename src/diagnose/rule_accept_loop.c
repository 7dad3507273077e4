/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accept-loop-blocked: clients of one service wait for their handshake exactly while one silent connection to it is
 * open, and are answered when it ends, unless they have given up or the capture ends first. A server that handles one
 * handshake at a time, and a connection that says nothing: often a plain TCP health check.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/accept_visits.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define BLOCKED_MIN 2	     /* waits that end with the same silence */
#define SHOWN_MAX 20
#define BLOCKERS_MAX 4

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)state;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || r->conn.one_sided ||
		!r->conn.handshake_ack.frame)
		return;
	visits_note(&x->now.service->visits, x, r);
}

struct verdict {
	struct addr blocker;
	struct addr others[BLOCKERS_MAX]; /* that blocked the service too */
	int other_count;
	bool tls;
	int silences, blocked;
	int ends[WAIT_ENDS]; /* how many of the blocked ones ended so */
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

		if (!visit_was_blocked_by(w, silence))
			continue;
		d->blocked++;
		d->ends[w->end]++;
		d->wait_max_s = fmax(d->wait_max_s, when_s(w->wait_ns));
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

/* The server's answer tells that the silence held a wait back; without one, it may have ended for another reason. */
static int count_unanswered(const struct verdict *d)
{
	return d->ends[WAIT_GIVEN_UP] + d->ends[WAIT_OPEN];
}

/* What becomes of the waits; the capture may end before it shows that. */
static void outcome_text(const struct verdict *d, struct text *out)
{
	int answered = d->ends[WAIT_ANSWERED], late = d->ends[WAIT_TOO_LATE], open = d->ends[WAIT_OPEN];

	if (answered == d->blocked)
		text_add(out, "all are answered when the silence ends");
	else if (open == d->blocked)
		text_add(out, "the capture ends before any of them is answered");
	else if (answered)
		text_printf(out, "%d %s answered when the silence ends", answered, answered == 1 ? "is" : "are");
	else
		text_add(out, "none of them is answered in time");
	if (late)
		text_printf(out, "; %d only after %s had given up", late, late == 1 ? "it" : "they");
	if (d->ends[WAIT_GIVEN_UP])
		text_printf(out, "; %d end%s without an answer", d->ends[WAIT_GIVEN_UP],
			d->ends[WAIT_GIVEN_UP] == 1 ? "s" : "");
	if (open && open != d->blocked)
		text_printf(out, "; %d %s still open when the capture ends", open, open == 1 ? "is" : "are");
}

static void name_causes(struct finding *f, const struct verdict *d)
{
	static const char loop[] =
		"the server accepts and handshakes in a single loop that blocks on a silent connection";
	int unanswered = count_unanswered(d), open = d->ends[WAIT_OPEN];
	bool none = unanswered == d->blocked;

	if (none)
		finding_cause(
			f, 0.65, loop, "%d waits begin inside the silence, and nobody is answered in it", d->blocked);
	else if (unanswered)
		finding_cause(f, 0.75, loop,
			"%d waits begin inside the silence, and nobody is answered in it; %d end%s with it", d->blocked,
			d->blocked - unanswered, d->blocked - unanswered == 1 ? "s" : "");
	else
		finding_cause(f, 0.9, loop, "%d waits begin inside the silence and end with it", d->blocked);
	if (open)
		finding_against(f, "whether %s answered when the silence ends is not in this capture",
			open == d->blocked ? "they are" : open == 1 ? "the other one is" : "the others are");
	if (d->ends[WAIT_GIVEN_UP])
		finding_against(
			f, "a server that hangs for another reason does not answer clients that give up, either");
	finding_cause(f, none ? 0.3 : unanswered ? 0.2 : 0.1, "something else on the server stops for the same time",
		"one silent connection may be a coincidence");
}

static double confidence(const struct verdict *d)
{
	int unanswered = count_unanswered(d);

	if (unanswered)
		return unanswered == d->blocked ? 0.65 : 0.75;
	return d->silences > 1 ? 0.95 : 0.85;
}

static void write_texts(struct finding *f, const struct verdict *d, const char *service, const char *blocker)
{
	char longest[WHEN_TEXT_SIZE], hold[WHEN_TEXT_SIZE];
	struct text outcome = { 0 };

	outcome_text(d, &outcome);
	when_duration(d->wait_max_s, longest);
	when_duration(d->hold_s, hold);
	finding_title(f, "%s handles one connection at a time: %s says nothing for %s and blocks %d connection%s",
		service, blocker, hold, d->blocked, d->blocked == 1 ? "" : "s");
	finding_detail(f,
		"%d connection%s stay%s silent for up to %s; meanwhile the %s of other clients are acknowledged and "
		"not answered, for up to %s, and %s.",
		d->silences, d->silences == 1 ? "" : "s", d->silences == 1 ? "s" : "", hold,
		d->tls ? "ClientHellos" : "requests", longest, text_str(&outcome));
	text_free(&outcome);
	for (int i = 0; i < d->other_count; i++) {
		char other[ADDR_TEXT_SIZE];

		finding_detail(f, "%s blocks it in the same way.", addr_text(&d->others[i], other));
	}
	f->responsible = RESPONSIBLE_SERVER;
	f->confidence = confidence(d);
	name_causes(f, d);
	finding_next(
		f, "Server: do the handshake in a thread or without blocking, with a timeout before the first byte");
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
		if (v->list[i].silent && visits_count_blocked(v, &v->list[i]) >= BLOCKED_MIN) {
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
		int n = v->list[i].silent ? visits_count_blocked(v, &v->list[i]) : 0;

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
		struct visits *v = &((struct service_state *)table_value(e))->visits;
		const struct visit *worst;

		if (!v->count)
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
	.heard_if = SHOWS_OPENED,
	.record = on_record,
	.finish = on_finish,
};
