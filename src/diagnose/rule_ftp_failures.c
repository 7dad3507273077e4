/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ftp-login-failed: 530 to a login, and none that works afterwards. ftp-data-failed: 425 or 426, or the announced data
 * port never connects, or is never tried and the transfer gets no reply, or the server refuses to agree on a port
 * (RFC 959, section 4.2).
 */
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/ftp_refusals.h"
#include "diagnose/ftp_words.h"

#define SERVERS_MAX 2000
#define ANNOUNCED_MAX 20000
#define TRANSFER_WAIT_NS (5 * NS_PER_S) /* a server opens or awaits the data connection at once */

struct failure_key {
	struct addr client, server;
	uint16_t port;
	uint8_t login, pad;
};

struct announced_key {
	struct addr listener;
	uint16_t port;
};

struct announced {
	struct failure_key control;
	struct evidence reply, transfer; /* transfer: a command that waits for this port, not answered; frame 0: none */
	bool active;	  /* the client listens (PORT) */
	bool seen;	  /* somebody tried to connect, with whatever result */
	bool failed, replied; /* the connection; 425 or 426 to the transfer */
};

struct state {
	struct table failures;	/* struct failure_key -> struct ftp_failure */
	struct table announced; /* struct announced_key -> struct announced */
	struct table pending;	/* struct failure_key -> struct announced_key: the port that was announced last */
	struct ftp_refusals refusals;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->failures, sizeof(struct failure_key), sizeof(struct ftp_failure), SERVERS_MAX);
	s->failures.drop = tally_drop;
	table_init(&s->announced, sizeof(struct announced_key), sizeof(struct announced), ANNOUNCED_MAX);
	table_init(&s->pending, sizeof(struct failure_key), sizeof(struct announced_key), SERVERS_MAX);
	ftp_refusals_init(&s->refusals);
}

static struct failure_key control_of(const struct record *r, bool login)
{
	struct failure_key k;

	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.login = login;
	return k;
}

/* The port that was announced last on that control connection, or NULL. */
static struct announced *announced_last(struct state *s, const struct record *r)
{
	struct failure_key control = control_of(r, false);
	const struct announced_key *k = table_find(&s->pending, &control);

	return k ? table_find(&s->announced, k) : NULL;
}

static void note_announced(struct state *s, const struct record *r)
{
	struct announced_key k;
	struct announced *a;

	memset(&k, 0, sizeof(k));
	k.listener = r->ftp.data_addr;
	k.port = r->ftp.data_port;
	a = table_find(&s->announced, &k);
	if (a && a == announced_last(s, r) && ftp_is_transfer(&r->ftp))
		return; /* it only repeats for which port it is */
	a = table_add(&s->announced, &k);
	memset(a, 0, sizeof(*a));
	a->control = control_of(r, false);
	a->active = r->ftp.mode == 'A';
	*(struct announced_key *)table_add(&s->pending, &a->control) = k;
	a->reply = (struct evidence){ .source = r->ftp.response.source, .frame = r->ftp.response.frame,
		.ts_ns = r->ts_ns + r->ftp.response.at_ns, .what = "the data port is announced" };
}

/* 530 is also the answer to whatever comes before the login. */
static bool is_login(const struct ftp *f)
{
	return strcasecmp(f->command, "PASS") == 0 || strcasecmp(f->command, "USER") == 0 ||
	       strcasecmp(f->command, "ACCT") == 0;
}

static void count_failure(struct ftp_failure *f, const struct announced *a, int64_t ts_ns)
{
	tally_count(&f->tally, ts_ns);
	if (a)
		*(a->active ? &f->active : &f->passive) += 1;
}

/* A transfer that gets no reply: nobody came to the port. */
static void note_transfer(struct state *s, const struct record *r)
{
	struct announced *a = announced_last(s, r);

	if (!a || r->ftp.code || !r->ftp.request.frame ||
		r->emitted_ns - r->ts_ns - r->ftp.request.at_ns < TRANSFER_WAIT_NS)
		return;
	a->transfer = (struct evidence){ .source = r->ftp.request.source, .frame = r->ftp.request.frame,
		.ts_ns = r->ts_ns + r->ftp.request.at_ns, .what = "transfer asked for, no reply" };
}

static void note_reply(struct state *s, const struct record *r)
{
	bool login = r->ftp.code == 530 && is_login(&r->ftp);
	struct failure_key k = control_of(r, true);
	struct announced *a;
	struct ftp_failure *f;

	if (r->ftp.code == 230) {
		f = table_find(&s->failures, &k);
		if (f)
			f->logins++;
		return;
	}
	if (!login && ((r->ftp.code != 425 && r->ftp.code != 426) || strcasecmp(r->ftp.command, "ABOR") == 0))
		return;
	k.login = login;
	f = table_add(&s->failures, &k);
	if (!f->code) {
		f->code = r->ftp.code;
		text_copy(f->user, sizeof(f->user), r->ftp.user);
		text_copy(f->message, sizeof(f->message), r->ftp.message);
	}
	a = login ? NULL : announced_last(s, r);
	if (!a || !a->failed || a->replied) /* else its connection was counted */
		count_failure(f, a, r->ts_ns + r->ftp.response.at_ns);
	if (a)
		a->replied = true;
	tally_show(&f->tally, r, &r->ftp.request, "%s", r->ftp.command);
	tally_show(&f->tally, r, &r->ftp.response, "%u %.60s", r->ftp.code, r->ftp.message);
}

/* A data connection to an announced port that was not set up. */
static void note_connection(struct state *s, const struct record *r)
{
	struct announced_key k;
	struct announced *a;
	struct ftp_failure *f;

	if (!s->announced.count)
		return;
	memset(&k, 0, sizeof(k));
	k.listener = r->resp_h;
	k.port = r->resp_p;
	a = table_find(&s->announced, &k);
	if (!a)
		return;
	a->seen = true;
	if (r->conn.answered == SYN_ANSWER_SYN_ACK || !r->conn.syns)
		return;
	f = table_add(&s->failures, &a->control);
	if (!f->tally.count)
		text_copy(f->message, sizeof(f->message), "the announced data port does not connect");
	f->refused |= r->conn.answered == SYN_ANSWER_RST;
	f->rejected |= r->conn.answered == SYN_ANSWER_ICMP;
	f->unanswered |= r->conn.answered == SYN_ANSWER_NONE;
	if (!a->replied || a->failed) /* else the reply was counted */
		count_failure(f, a, r->ts_ns);
	a->failed = true;
	tally_keep(&f->tally, &a->reply);
	tally_show(&f->tally, r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN to the announced port, no connection");
}

static void note_refusal(void *state, const struct ftp_refusal *refusal)
{
	struct state *s = state;
	struct failure_key k = { .client = refusal->client, .server = refusal->server, .port = refusal->port };
	struct ftp_failure *f = table_add(&s->failures, &k);

	if (!f->code) {
		f->code = refusal->code;
		text_copy(f->message, sizeof(f->message), refusal->message);
	}
	if (!f->refusals++)
		f->first_refusal = *refusal;
	if (refusal->ts_ns >= f->last_refusal.ts_ns)
		f->last_refusal = *refusal;
	tally_count(&f->tally, refusal->ts_ns);
	tally_keep(&f->tally, &refusal->asked);
	tally_keep(&f->tally, &refusal->refused);
}

static void on_ftp(struct state *s, const struct record *r)
{
	if (ftp_refusals_take(&s->refusals, r, note_refusal, s))
		return;
	if (r->ftp.mode && r->ftp.data_port)
		note_announced(s, r);
	note_reply(s, r);
	if (ftp_is_transfer(&r->ftp))
		note_transfer(s, r);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;

	(void)x;
	if (r->kind == RECORD_FTP) {
		on_ftp(s, r);
	} else if (r->kind == RECORD_CONN && r->proto == 6 && r->conn.end_reason != CONN_END_PART) {
		if (r->conn.one_sided || r->conn.side[SIDE_ORIG].missing_bytes || r->conn.side[SIDE_RESP].missing_bytes)
			ftp_refusals_forget(&s->refusals, r);
		note_connection(s, r);
	}
}

static void tell(struct diagnosis_context *x, const struct failure_key *k, const struct ftp_failure *v)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6, .service = "ftp" };
	struct finding *f = finding_open(x, k->login ? "ftp-login-failed" : "ftp-data-failed", &subject);

	tally_tell(&v->tally, f);
	if (v->code)
		finding_integer(f, "code", v->code);
	else
		finding_null(f, "code");
	if (k->login)
		ftp_words_login(f, v);
	else
		ftp_words_data(f, v);
}

/* The data connections that fail are told here, not as connections of their own. */
static void own_connections(const struct state *s, struct diagnosis_context *x)
{
	static const char *const kinds[] = { "tcp-no-answer", "tcp-refused", "icmp-rejected" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		for (struct claim *c = NULL; (c = claim_next(x, c, kinds[i]));) {
			struct announced_key k;

			memset(&k, 0, sizeof(k));
			k.listener = c->resp;
			k.port = c->resp_p;
			if (table_find(&s->announced, &k))
				claim_own(c, "ftp-data-failed");
		}
	}
}

/* The control connection is silent because the server waits for the other one. */
static void own_silence(struct diagnosis_context *x, const struct failure_key *control)
{
	for (struct claim *c = NULL; (c = claim_next(x, c, "no-reply"));)
		if (addr_equal(&c->orig, &control->client) && addr_equal(&c->resp, &control->server) &&
			c->resp_p == control->port)
			claim_own(c, "ftp-data-failed");
}

/* Ports to which nobody ever came although a transfer waited for it. */
static void note_never_tried(struct state *s, struct diagnosis_context *x)
{
	for (struct table_entry *e = table_next(&s->announced, NULL); e; e = table_next(&s->announced, e)) {
		const struct announced *a = table_value(e);
		struct ftp_failure *f;

		if (a->replied && !a->seen && (f = table_find(&s->failures, &a->control)))
			f->unseen = true;
		if (!a->transfer.frame || a->seen)
			continue;
		own_silence(x, &a->control);
		f = table_add(&s->failures, &a->control);
		if (!f->tally.count)
			text_copy(f->message, sizeof(f->message),
				a->active ? "the server does not get through to the client's port"
					  : "the client does not get through to the announced port");
		count_failure(f, a, a->transfer.ts_ns);
		f->unseen = true;
		tally_keep(&f->tally, &a->reply);
		tally_keep(&f->tally, &a->transfer);
	}
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;
	struct finding *f;

	ftp_refusals_finish(&s->refusals, note_refusal, s);
	note_never_tried(s, x);
	own_connections(s, x);

	for (struct table_entry *e = table_next(&s->failures, NULL); e; e = table_next(&s->failures, e)) {
		const struct failure_key *k = table_key(e);
		struct ftp_failure *v = table_value(e);
		bool limited = false;

		for (f = NULL; !k->login && (f = finding_next_of(x, f, "connection-limit-block"));)
			limited |= addr_equal(&f->subject.client, &k->client);
		v->fell_back = v->refusals && ftp_refusal_fell_back(&s->refusals, &v->last_refusal);
		if (!(k->login && v->logins >= v->tally.count) && !limited)
			tell(x, k, v);
	}
}

static void on_free(void *state)
{
	ftp_refusals_free(&((struct state *)state)->refusals);
	table_free(&((struct state *)state)->failures);
	table_free(&((struct state *)state)->announced);
	table_free(&((struct state *)state)->pending);
}

const struct rule rule_ftp_failures = {
	.codes = { "ftp-login-failed", "ftp-data-failed" },
	.spec = "RFC 959, section 4.2",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_FTP,
	.heard_if = SHOWS_FTP,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
