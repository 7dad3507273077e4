/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ftp-passive-churn: passive mode opens a connection from the client for every file. Data connections are paired with
 * their control connection by the address and port that its replies announced (RFC 959, RFC 2428).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define ANNOUNCED_MAX 20000
#define CONTROLS_MAX 2000
#define STREAMS_MAX 2000
#define SESSIONS_MIN 20 /* control connections of one pair that are churn themselves */
#define BLOCKED_MIN 50 /* transfers that make churn the reason of a block */

struct announced_key {
	struct addr client, server;
	uint16_t port;
};

struct control_key {
	struct addr client, server; /* of the control connection */
	uint16_t port;
};

struct control {
	struct moments transfers; /* when each data connection was opened */
	struct moments sockets;	  /* the same and the control connections themselves */
	uint32_t sessions;	  /* control connections */
	uint64_t announced;
	struct evidence last_announced;
	char command[8];	  /* PASV or EPSV */
	uint32_t streams[STREAMS_MAX];
	int stream_count;
	uint16_t source;
	struct evidence first_announced, first_data, last_data;
};

struct state {
	struct table announced; /* struct announced_key -> struct control_key */
	struct table controls;	/* struct control_key -> struct control */
};

static void drop(void *owner, void *value)
{
	(void)owner;
	moments_free(&((struct control *)value)->transfers);
	moments_free(&((struct control *)value)->sockets);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->announced, sizeof(struct announced_key), sizeof(struct control_key), ANNOUNCED_MAX);
	table_init(&s->controls, sizeof(struct control_key), sizeof(struct control), CONTROLS_MAX);
	s->controls.drop = drop;
}

static void on_announcement(struct state *s, const struct record *r)
{
	struct announced_key k;
	struct control_key c;
	struct control *control;

	if (r->ftp.mode != 'P' || !r->ftp.data_port)
		return;
	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->ftp.data_addr;
	k.port = r->ftp.data_port;
	memset(&c, 0, sizeof(c));
	c.client = r->orig_h;
	c.server = r->resp_h;
	c.port = r->resp_p;
	memcpy(table_add(&s->announced, &k), &c, sizeof(c));
	control = table_add(&s->controls, &c);
	if (!control->first_announced.frame)
		control->first_announced = (struct evidence){ .source = r->ftp.response.source,
			.frame = r->ftp.response.frame, .ts_ns = r->ts_ns + r->ftp.response.at_ns };
	control->announced++;
	control->last_announced = (struct evidence){ .source = r->ftp.response.source,
		.frame = r->ftp.response.frame, .ts_ns = r->ts_ns + r->ftp.response.at_ns };
	text_copy(control->command, sizeof(control->command), r->ftp.command);
}

/* A control connection is a socket too: some programs make one for each file. */
static void on_control(struct state *s, struct diagnosis_context *x, const struct record *r)
{
	struct control_key k;
	struct control *c;

	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	c = table_find(&s->controls, &k);
	if (!c || !r->conn.syn_ack.frame)
		return;
	c->sessions++;
	moments_add(&c->sockets, r->ts_ns, &x->held_bytes);
}

static void on_connection(struct state *s, struct diagnosis_context *x, const struct record *r)
{
	struct announced_key k;
	struct control_key *c;
	struct control *control;

	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	c = table_find(&s->announced, &k);
	if (!c || !r->conn.syn_ack.frame)
		return;
	control = table_add(&s->controls, c);
	if (!control->transfers.n) {
		control->source = r->source;
		control->first_data = (struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
	}
	control->last_data = (struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
	if (r->source == control->source && control->stream_count < STREAMS_MAX)
		control->streams[control->stream_count++] = r->conn.stream;
	moments_add(&control->transfers, r->ts_ns, &x->held_bytes);
	moments_add(&control->sockets, r->ts_ns, &x->held_bytes);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;

	if (r->kind == RECORD_FTP)
		on_announcement(s, r);
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || !s->announced.count)
		return;
	if (conn_speaks(&r->conn, "ftp"))
		on_control(s, x, r);
	else
		on_connection(s, x, r);
}

/* The limit that cut this pair off in this capture, or 0. */
static uint32_t limit_seen(struct diagnosis_context *x, const struct control_key *k)
{
	struct finding *f = NULL;

	while ((f = finding_next_of(x, f, "connection-limit-block")))
		if (addr_equal(&f->subject.client, &k->client) && addr_equal(&f->subject.server, &k->server))
			return (uint32_t)finding_fact_number(f, "at_count") - 1;
	return 0;
}

static void write_texts(struct finding *f, const struct diagnosis_context *x, const struct control *c,
	const char *control, uint32_t limit, bool blocked, uint32_t per_minute)
{
	double safe = limit * 60.0 / x->options->limit_window_s;

	finding_title(f, "Passive FTP opens a connection per file: %u transfers of %s, up to %u a minute", c->transfers.n,
		control, per_minute);
	finding_detail(f, "Each %s is followed by a new connection from the client, which stays in TIME_WAIT or in a "
			  "firewall's table after it is closed.", c->command[0] ? c->command : "PASV");
	finding_detail(f, "A limit of %u connections (%s) that counts each for %.0f s allows %.0f files a minute.", limit,
		blocked ? "seen in this capture" : "assumed, --limit", x->options->limit_window_s, safe);
	if (c->sessions >= SESSIONS_MIN)
		finding_detail(f, "%u control connections come on top: a new login for every few files.", c->sessions);
	if (c->announced > c->transfers.n && !blocked)
		finding_detail(f, "%llu announced ports were never connected to, the last one at the end: a limit on the way to here "
				  "would look like that.", (unsigned long long)(c->announced - c->transfers.n));
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.9, "one data connection per file, faster than a firewall forgets them",
		"%u data connections announced by this control connection", c->transfers.n);
	finding_next(f, "Use active mode (PORT): the connections then come from the server (lftp: set ftp:passive-mode no)");
	finding_next(f, "Pace the transfer to %.0f files a minute, or send fewer and larger files (an archive)", safe);
	finding_next(f, "Or have the firewall's limit raised for this pair, or its time-out for closed connections lowered");
}

static void tell(struct diagnosis_context *x, const struct control_key *k, const struct control *c, uint32_t limit,
	bool blocked, uint32_t per_minute)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6,
		.service = "ftp" };
	struct finding *f = finding_open(x, "ftp-passive-churn", &subject);
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], *control;

	control = xprintf("%s -> %s", addr_text(&k->client, client), subject_service_text(&k->server, k->port, service));
	f->count = c->transfers.n;
	f->first_ts_ns = c->transfers.v[0];
	f->last_ts_ns = c->transfers.v[c->transfers.n - 1];
	finding_text(f, "control", control);
	finding_integer(f, "transfers", c->transfers.n);
	finding_integer(f, "per_minute", per_minute);
	finding_number(f, "safe_per_minute", limit * 60.0 / x->options->limit_window_s);
	finding_text(f, "mode", "passive");
	write_texts(f, x, c, control, limit, blocked, per_minute);
	finding_evidence(f, c->first_announced.source, c->first_announced.frame, c->first_announced.ts_ns,
		"first data port announced (%s)", c->command);
	finding_evidence(f, c->first_data.source, c->first_data.frame, c->first_data.ts_ns, "first data connection");
	finding_evidence(f, c->last_data.source, c->last_data.frame, c->last_data.ts_ns, "last data connection");
	finding_filter_streams(f, 6, c->streams, c->stream_count);
	f->filter_source = c->source;
	finding_filter_also(f, c->first_announced.source, c->first_announced.frame);
	free(control);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;
	int64_t at, life_ns = (int64_t)(x->options->time_wait_s * 1e9);

	for (struct table_entry *e = table_next(&s->controls, NULL); e; e = table_next(&s->controls, e)) {
		struct control *c = table_value(e);
		uint32_t limit = limit_seen(x, table_key(e));
		uint32_t per_minute;

		moments_sort(&c->transfers);
		moments_sort(&c->sockets);
		per_minute = moments_peak(&c->transfers, 60 * NS_PER_S, &at);
		if (limit ? c->transfers.n >= BLOCKED_MIN :
			    moments_peak(c->sessions >= SESSIONS_MIN ? &c->sockets : &c->transfers, life_ns, &at) >=
				    x->options->limit)
			tell(x, table_key(e), c, limit ? limit : x->options->limit, limit != 0, per_minute);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->announced);
	table_free(&((struct state *)state)->controls);
}

const struct rule rule_ftp_churn = {
	.codes = { "ftp-passive-churn" },
	.spec = "RFC 959, section 5.1.2; RFC 2428",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_FTP,
	.heard_if = SHOWS_FTP,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
