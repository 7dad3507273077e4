/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syn-flood: many handshakes to one service, from many sources, that are never completed. port-scan: one source tries
 * many ports. Both are told once and take the single refused or unanswered connections over.
 */
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define FLOOD_MIN 100	       /* half-open connections */
#define FLOOD_SOURCES_MIN 20
#define FLOOD_PER_S_MIN 20.0   /* people and programs that retry stay far below */
#define SCAN_PORTS_MIN 20
#define SCAN_FAILED_SHARE 0.5  /* of the ports tried that refuse or say nothing */
#define SERVICES_MAX 4000
#define SOURCES_MAX 20000
#define PORTS_MAX 65536


struct flood {
	struct table sources; /* struct addr -> uint32_t: half-open connections */
	uint64_t syns, half_open;
	int64_t first_ns, last_ns;
	uint32_t streams[128];
	int stream_count;
	uint16_t source;
	struct evidence shown[8];
	int shown_count;
};


struct scan {
	struct table ports; /* struct port_key -> uint8_t: failed */
	uint32_t failed;
	int64_t first_ns, last_ns;
	uint32_t streams[128];
	int stream_count;
	uint16_t source;
	struct evidence shown[8];
	int shown_count;
	struct addr target;
	bool several;
};

struct port_key {
	struct addr target;
	uint16_t port;
};

struct state {
	struct table floods; /* struct service_key -> struct flood */
	struct table scans;  /* struct addr -> struct scan */
};

static void drop_flood(void *value)
{
	table_free(&((struct flood *)value)->sources);
}

static void drop_scan(void *value)
{
	table_free(&((struct scan *)value)->ports);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->floods, sizeof(struct service_key), sizeof(struct flood), SERVICES_MAX);
	table_init(&s->scans, sizeof(struct addr), sizeof(struct scan), SERVICES_MAX);
	s->floods.drop = drop_flood;
	s->scans.drop = drop_scan;
}

static void keep(uint32_t *streams, int *n, int max, uint16_t *source, const struct record *r)
{
	if (!*n)
		*source = r->source;
	if (r->source == *source && *n < max)
		streams[(*n)++] = r->conn.stream;
}

static void show(struct evidence *shown, int *n, const struct record *r)
{
	if (*n < 8)
		shown[(*n)++] = (struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
}

static void note_half_open(struct state *s, const struct record *r)
{
	struct service_key k;
	struct flood *f;

	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.proto = 6;
	f = table_add(&s->floods, &k);
	if (!f->half_open++) {
		table_init(&f->sources, sizeof(struct addr), sizeof(uint32_t), SOURCES_MAX);
		f->first_ns = r->ts_ns;
	}
	++*(uint32_t *)table_add(&f->sources, &r->orig_h);
	f->syns += r->conn.syns;
	if (r->ts_ns < f->first_ns)
		f->first_ns = r->ts_ns;
	if (r->ts_ns > f->last_ns)
		f->last_ns = r->ts_ns;
	keep(f->streams, &f->stream_count, 128, &f->source, r);
	show(f->shown, &f->shown_count, r);
}

static void note_port(struct state *s, const struct record *r, bool failed)
{
	struct scan *scan = failed ? table_add(&s->scans, &r->orig_h) : table_find(&s->scans, &r->orig_h);
	struct port_key k;

	if (!scan)
		return;
	memset(&k, 0, sizeof(k));
	k.target = r->resp_h;
	k.port = r->resp_p;
	if (!scan->ports.max) {
		table_init(&scan->ports, sizeof(k), 1, PORTS_MAX);
		scan->first_ns = r->ts_ns;
		scan->target = r->resp_h;
	}
	scan->several |= !addr_equal(&scan->target, &r->resp_h);
	scan->failed += failed;
	*(uint8_t *)table_add(&scan->ports, &k) = failed;
	if (r->ts_ns < scan->first_ns)
		scan->first_ns = r->ts_ns;
	if (r->ts_ns > scan->last_ns)
		scan->last_ns = r->ts_ns;
	keep(scan->streams, &scan->stream_count, 128, &scan->source, r);
	show(scan->shown, &scan->shown_count, r);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;
	bool unanswered, spoke;

	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || c->end_reason == CONN_END_PART || !c->syns)
		return;
	spoke = c->side[SIDE_ORIG].bytes || c->side[SIDE_RESP].bytes || c->first_fin != SIDE_NONE;
	unanswered = !c->handshake_ack.frame && (c->answered == SYN_ANSWER_NONE || c->answered == SYN_ANSWER_SYN_ACK);
	if (unanswered && !spoke)
		note_half_open(state, r);
	note_port(state, r, !spoke && (unanswered || c->answered == SYN_ANSWER_RST || c->answered == SYN_ANSWER_ICMP));
}

static double rate(uint64_t n, int64_t from_ns, int64_t to_ns)
{
	double s = when_s(to_ns - from_ns);

	return (double)n / (s > 1 ? s : 1);
}

static void own_by_service(struct diagnosis_context *x, const struct service_key *k, const char *code)
{
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		if (c->resp_p == k->port && addr_equal(&c->resp, &k->server) &&
			(strcmp(c->code, "tcp-no-answer") == 0 || strcmp(c->code, "tcp-half-open") == 0))
			claim_own(c, code);
}

static void tell_flood(struct diagnosis_context *x, const struct service_key *k, const struct flood *s)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	double per_s = rate(s->syns, s->first_ns, s->last_ns);
	char service[SERVICE_TEXT_SIZE];
	struct finding *f;

	if (s->half_open < FLOOD_MIN || s->sources.count < FLOOD_SOURCES_MIN || per_s < FLOOD_PER_S_MIN)
		return;
	f = finding_open(x, "syn-flood", &subject);
	subject_service_text(&k->server, k->port, service);
	f->count = s->half_open;
	f->first_ts_ns = s->first_ns;
	f->last_ts_ns = s->last_ns;
	finding_integer(f, "sources", s->sources.count);
	finding_number(f, "per_s", per_s);
	finding_integer(f, "syns", (int64_t)s->syns);
	finding_title(f, "SYN flood on %s: %llu SYNs from %u sources, %.0f a second", service, (unsigned long long)s->syns,
		s->sources.count, per_s);
	finding_detail(f, "None of these handshakes is completed.");
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.85, "an attack with forged sources", "nobody at these addresses acknowledges the SYN-ACK");
	for (int i = 0; i < s->shown_count; i++)
		finding_evidence(f, s->shown[i].source, s->shown[i].frame, s->shown[i].ts_ns, "SYN, never completed");
	finding_filter_streams(f, 6, s->streams, s->stream_count);
	f->filter_source = s->source;
	finding_next(f, "On the server: sysctl net.ipv4.tcp_syncookies; nstat -az TcpExtSyncookiesSent");
	finding_next(f, "Have the flood filtered upstream; compare the sources' TTLs to find where it enters");
	own_by_service(x, k, "syn-flood");
}

static bool is_failed_connect(const struct claim *c)
{
	return strcmp(c->code, "tcp-no-answer") == 0 || strcmp(c->code, "tcp-refused") == 0 ||
		strcmp(c->code, "icmp-rejected") == 0 || strcmp(c->code, "rst-on-close") == 0 ||
		strcmp(c->code, "tcp-half-open") == 0;
}

static void tell_scan(struct diagnosis_context *x, const struct addr *source, const struct scan *s)
{
	struct subject subject = { .client = *source, .proto = 6 };
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];
	double seconds = when_s(s->last_ns - s->first_ns);
	struct finding *f;

	if (s->ports.count < SCAN_PORTS_MIN || s->failed < SCAN_FAILED_SHARE * s->ports.count)
		return;
	if (!s->several)
		subject.server = s->target;
	f = finding_open(x, "port-scan", &subject);
	addr_text(source, from);
	addr_text(&s->target, to);
	f->count = s->ports.count;
	f->first_ts_ns = s->first_ns;
	f->last_ts_ns = s->last_ns;
	finding_text(f, "source", from);
	finding_integer(f, "ports", s->ports.count);
	finding_number(f, "per_s", rate(s->ports.count, s->first_ns, s->last_ns));
	finding_title(f, "%s tries %u ports of %s within %.1f s", from, s->ports.count, s->several ? "several hosts" : to,
		seconds);
	finding_detail(f, "%u attempts are refused or get no answer.", s->failed);
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.9, "a port scan", "the ports have nothing in common but the source");
	for (int i = 0; i < s->shown_count; i++)
		finding_evidence(f, s->shown[i].source, s->shown[i].frame, s->shown[i].ts_ns, "SYN of the scan");
	finding_filter_streams(f, 6, s->streams, s->stream_count);
	f->filter_source = s->source;
	finding_next(f, "Who is %s: an inventory or security scanner of yours, or an intruder?", from);
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		if (addr_equal(&c->orig, source) && is_failed_connect(c))
			claim_own(c, "port-scan");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->floods, NULL); e; e = table_next(&s->floods, e))
		tell_flood(x, table_key(e), table_value(e));
	for (struct table_entry *e = table_next(&s->scans, NULL); e; e = table_next(&s->scans, e))
		tell_scan(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->floods);
	table_free(&((struct state *)state)->scans);
}

const struct rule rule_flood = {
	.codes = { "syn-flood", "port-scan" },
	.spec = "RFC 4987",
	.state_size = sizeof(struct state),
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
