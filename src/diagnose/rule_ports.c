/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-exhaustion: one source has used all of its ephemeral ports towards one service, then opens nothing for the rest
 * of TIME_WAIT, and comes back with the same ports. no-keep-alive: one request per connection, many a minute.
 */
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
#include "diagnose/streams.h"

#define PAIRS_MAX 20000
#define OPENED_MAX 70000
#define OPENED_FIRST 2 /* most pairs have few connections */
#define SINGLE_STREAMS_MAX 128
#define PORTS_MIN 100	     /* distinct ports that came back */
#define FULL_SHARE 0.9	     /* of the range from the lowest to the highest port in use */
#define QUIET_MIN_S 5.0	     /* without a new connection, right after the range was used up */
#define QUIET_FACTOR 20.0    /* longer than the usual gap between connections */
#define REQUESTS_MIN 20      /* connections with one request within a minute */

struct pair_key {
	struct addr client, server;
	uint16_t port;
};

struct opened {
	int64_t ts_ns;
	uint64_t frame;
	uint32_t stream;
	uint16_t port, source;
};

struct pair {
	struct opened *list;
	uint32_t n, room;
	struct moments single; /* connections with exactly one request */
	uint64_t requests, http;
	uint8_t closer_is_client;
	struct frame_ref first_single; /* absolute */
	struct streams single_streams;
	uint16_t single_source;
};

struct state {
	struct table pairs; /* struct pair_key -> struct pair */
};

static void drop(void *value)
{
	struct pair *p = value;

	free(p->list);
	moments_free(&p->single);
	streams_free(&p->single_streams);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
	s->pairs.drop = drop;
}

static void note_opened(struct pair *p, struct diagnosis_context *x, const struct record *r)
{
	if (p->n == OPENED_MAX)
		return;
	if (p->n == p->room) {
		uint32_t room = p->room ? p->room * 2 : OPENED_FIRST;

		x->held_bytes += (room - p->room) * sizeof(*p->list);
		p->room = room;
		p->list = xrealloc(p->list, room * sizeof(*p->list));
	}
	p->list[p->n++] = (struct opened){ r->ts_ns, r->frame, r->conn.stream, r->orig_p, r->source };
}

static void note_single(struct pair *p, struct diagnosis_context *x, const struct record *r)
{
	if (strcmp(r->conn.service, "http") != 0)
		return;
	p->http++;
	p->requests += r->conn.turns;
	if (r->conn.turns != 1 || r->conn.first_fin == SIDE_NONE)
		return;
	if (!p->single.n) {
		p->first_single = (struct frame_ref){ r->frame, r->ts_ns, r->source };
		p->single_source = r->source;
	}
	if (r->source == p->single_source)
		streams_add(&p->single_streams, r->conn.stream, SINGLE_STREAMS_MAX, &x->held_bytes);
	moments_add(&p->single, r->ts_ns, &x->held_bytes);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct pair_key k;
	struct pair *p;

	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || !r->conn.syns ||
		!r->conn.syn_ack.frame)
		return;
	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	p = table_add(&s->pairs, &k);
	p->closer_is_client |= r->conn.first_fin == SIDE_ORIG;
	note_opened(p, x, r);
	note_single(p, x, r);
}

static int by_time(const void *a, const void *b)
{
	const struct opened *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* The ports in use before the longest pause, and whether they fill their range. */
struct usage {
	uint32_t ports, lowest, highest;
	uint32_t before; /* index of the last connection before the pause */
	double quiet_s;
	bool reused; /* what comes after the pause uses the same ports */
};

static uint32_t longest_pause(const struct pair *p, double *quiet_s)
{
	uint32_t at = 0;
	int64_t longest = 0;

	for (uint32_t i = 1; i < p->n; i++)
		if (p->list[i].ts_ns - p->list[i - 1].ts_ns > longest) {
			longest = p->list[i].ts_ns - p->list[i - 1].ts_ns;
			at = i - 1;
		}
	*quiet_s = when_s(longest);
	return at;
}

static struct usage usage_of(const struct pair *p)
{
	struct usage u = { .lowest = UINT32_MAX };
	uint8_t *seen = xcalloc(65536, 1);

	u.before = longest_pause(p, &u.quiet_s);
	for (uint32_t i = 0; i <= u.before; i++) {
		uint16_t port = p->list[i].port;

		u.ports += !seen[port];
		seen[port] = 1;
		u.lowest = port < u.lowest ? port : u.lowest;
		u.highest = port > u.highest ? port : u.highest;
	}
	u.reused = u.before + 1 < p->n && seen[p->list[u.before + 1].port];
	free(seen);
	return u;
}

static bool is_exhausted(const struct pair *p, const struct usage *u)
{
	double usual = when_s(p->list[u->before].ts_ns - p->list[0].ts_ns) / (u->before ? u->before : 1);

	return u->ports >= PORTS_MIN && u->ports >= FULL_SHARE * (u->highest - u->lowest + 1) && u->reused &&
		u->quiet_s >= QUIET_MIN_S && u->quiet_s >= QUIET_FACTOR * usual;
}

static void tell_exhausted(struct diagnosis_context *x, const struct pair_key *k, const struct pair *p,
	const struct usage *u)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, "port-exhaustion", &subject);
	const struct opened *last = &p->list[u->before], *next = &p->list[u->before + 1];
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], range[32], quiet[WHEN_TEXT_SIZE];
	uint32_t streams[2] = { last->stream, next->stream };

	addr_text(&k->client, client);
	subject_service_text(&k->server, k->port, service);
	snprintf(range, sizeof(range), "%u-%u", u->lowest, u->highest);
	when_duration(u->quiet_s, quiet);
	f->count = p->n;
	f->first_ts_ns = last->ts_ns;
	f->last_ts_ns = next->ts_ns;
	finding_integer(f, "ports", u->ports);
	finding_text(f, "range", range);
	finding_number(f, "budget_per_s", u->ports / x->options->time_wait_s);
	finding_number(f, "quiet_s", u->quiet_s);
	finding_title(f, "%s runs out of ports towards %s: all %u of %s used, then nothing for %s", client, service, u->ports,
		range, quiet);
	finding_detail(f, "After the last free port no SYN goes out at all until TIME_WAIT frees the first ones; then the same "
			  "ports come back. The budget is %.1f new connections a second.",
		u->ports / x->options->time_wait_s);
	f->responsible = RESPONSIBLE_CLIENT;
	f->confidence = 0.9;
	finding_cause(f, 0.85, "the client opens and closes a connection per request and holds each port in TIME_WAIT",
		p->closer_is_client ? "the client closes first" : "every port of the range was used");
	finding_evidence(f, last->source, last->frame, last->ts_ns, "last connection before the pause, port %u", last->port);
	finding_evidence(f, next->source, next->frame, next->ts_ns, "first one after it, port %u again", next->port);
	finding_filter_streams(f, 6, streams, 2);
	f->filter_source = last->source;
	finding_next(f, "On %s: sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse; ss -tan state time-wait | wc -l", client);
	finding_next(f, "Keep connections open (HTTP keep-alive, a pool); the program's log says EADDRNOTAVAIL (99)");
}

static bool has_port_trouble(struct diagnosis_context *x, const struct pair_key *k)
{
	static const char *const codes[] = { "time-wait-accumulation", "port-exhaustion", "port-reuse-collision" };
	struct finding *f;

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (f = NULL; (f = finding_next_of(x, f, codes[i]));)
			if (addr_equal(&f->subject.host, &k->client) || addr_equal(&f->subject.host, &k->server) ||
				addr_equal(&f->subject.client, &k->client))
				return true;
	return false;
}

static void tell_single(struct diagnosis_context *x, const struct pair_key *k, struct pair *p)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6,
		.service = "http" };
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE];
	struct finding *f;
	int64_t at;

	moments_sort(&p->single);
	if (2 * p->single.n < p->http || moments_peak(&p->single, 60 * NS_PER_S, &at) < REQUESTS_MIN)
		return;
	f = finding_open(x, "no-keep-alive", &subject);
	addr_text(&k->client, client);
	subject_service_text(&k->server, k->port, service);
	f->count = p->single.n;
	f->of = p->http;
	if (has_port_trouble(x, k))
		f->severity = SEVERITY_WARNING;
	f->responsible = RESPONSIBLE_CLIENT;
	f->first_ts_ns = p->single.v[0];
	f->last_ts_ns = p->single.v[p->single.n - 1];
	finding_integer(f, "connections", p->single.n);
	finding_integer(f, "requests", (int64_t)p->requests);
	finding_title(f, "%s opens a connection per request to %s (%u connections)", client, service, p->single.n);
	finding_detail(f, "Each costs a handshake and leaves a socket in TIME_WAIT.");
	finding_evidence(f, p->first_single.source, p->first_single.frame, p->first_single.at_ns,
		"first connection with a single request");
	finding_filter_streams(f, 6, p->single_streams.v, p->single_streams.n);
	f->filter_source = p->single_source;
	finding_next(f, "Use HTTP keep-alive or a connection pool in the client; check 'Connection: close' on both sides");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e)) {
		struct pair *p = table_value(e);
		struct usage u;

		if (p->n < PORTS_MIN)
			continue;
		qsort(p->list, p->n, sizeof(*p->list), by_time);
		u = usage_of(p);
		if (is_exhausted(p, &u))
			tell_exhausted(x, table_key(e), p, &u);
	}
	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		if (((struct pair *)table_value(e))->single.n >= REQUESTS_MIN)
			tell_single(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pairs);
}

const struct rule rule_ports = {
	.codes = { "port-exhaustion", "no-keep-alive" },
	.spec = "RFC 6056; Linux ip_local_port_range; RFC 9112, section 9.3",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.expects = { { EXPECT_PAIR, offsetof(struct state, pairs) } },
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
