/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syn-flood: many handshakes to one service that are never completed, from many sources, or from few that leave each one
 * alone. Told once; it takes the single unanswered connections over.
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/attempts.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"

#define FLOOD_MIN 100	       /* half-open connections */
#define FLOOD_SOURCES_MIN 20
#define FLOOD_PER_S_MIN 20.0   /* people and programs that retry stay far below */
#define FEW_SOURCES_MIN 500    /* half-open connections where the sources are fewer: no pool of clients is as large */
#define FEW_SOURCES_PER_S 100.0
#define LONE_SHARE 0.8	       /* of them never repeated: a kernel that connects repeats its SYN */
#define SOURCES_MAX 20000

struct flood {
	struct table sources; /* struct addr -> uint32_t: half-open connections */
	uint64_t lone;
	struct attempts seen;
};

void flood_drop(struct diagnosis_context *x, struct flood *f)
{
	if (!f)
		return;
	table_free(&f->sources);
	attempts_free(&f->seen);
	parties_give(x, f, sizeof(*f));
}

static struct flood *flood_make(struct diagnosis_context *x)
{
	struct flood *f = parties_make(x, sizeof(*f));

	table_init(&f->sources, sizeof(struct addr), sizeof(uint32_t), SOURCES_MAX);
	f->sources.held_bytes = &x->held_bytes;
	return f;
}

static bool is_half_open(const struct record *r)
{
	const struct conn *c = &r->conn;

	return c->syns && !c->handshake_ack.frame && !c->side[SIDE_ORIG].bytes && !c->side[SIDE_RESP].bytes &&
	       c->first_fin == SIDE_NONE && !c->one_sided &&
	       (c->answered == SYN_ANSWER_NONE || c->answered == SYN_ANSWER_SYN_ACK);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct flood *f;

	(void)state;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || !is_half_open(r))
		return;
	if (!x->now.service->flood)
		x->now.service->flood = flood_make(x);
	f = x->now.service->flood;
	++*(uint32_t *)table_add(&f->sources, &r->orig_h);
	f->lone += r->conn.syns == 1;
	attempts_add(&f->seen, r, &x->held_bytes);
}

static bool is_flood(const struct flood *f)
{
	double per_s = attempts_per_s(&f->seen, f->seen.count);

	if (f->sources.count >= FLOOD_SOURCES_MIN)
		return f->seen.count >= FLOOD_MIN && per_s >= FLOOD_PER_S_MIN;
	return f->seen.count >= FEW_SOURCES_MIN && per_s >= FEW_SOURCES_PER_S &&
	       (double)f->lone >= LONE_SHARE * (double)f->seen.count;
}

static void own_by_service(struct diagnosis_context *x, const struct service_key *k, const char *code)
{
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		if (c->resp_p == k->port && addr_equal(&c->resp, &k->server) &&
		    (strcmp(c->code, "tcp-no-answer") == 0 || strcmp(c->code, "tcp-half-open") == 0))
			claim_own(c, code);
}

static void explain(struct finding *f, const struct flood *s, const struct service_state *service)
{
	f->responsible = RESPONSIBLE_CLIENT;
	if (s->sources.count >= FLOOD_SOURCES_MIN)
		finding_cause(f, 0.85, "an attack with forged sources", "nobody at these addresses acknowledges the SYN-ACK");
	else
		finding_cause(f, 0.75, "an attack or a load test from few machines that never completes a handshake",
			"a kernel that wants to connect would acknowledge the SYN-ACK or repeat its SYN");
	if (service && service->established)
		finding_detail(f, "Meanwhile %llu other connection%s to it %s set up: the server stands it.",
			(unsigned long long)service->established, service->established == 1 ? "" : "s",
			service->established == 1 ? "was" : "were");
	finding_next(f, "On the server: sysctl net.ipv4.tcp_syncookies; nstat -az TcpExtSyncookiesSent");
	finding_next(f, "Have the flood filtered upstream; compare the sources' TTLs to find where it enters");
}

static void tell(struct diagnosis_context *x, const struct service_key *k, const struct flood *s)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	double per_s = attempts_per_s(&s->seen, s->seen.packets);
	char service[SERVICE_TEXT_SIZE];
	struct finding *f;

	if (!is_flood(s))
		return;
	f = finding_open(x, "syn-flood", &subject);
	subject_service_text(&k->server, k->port, service);
	finding_integer(f, "sources", s->sources.count);
	finding_integer(f, "ports", 1);
	finding_number(f, "per_s", per_s);
	finding_integer(f, "syns", (int64_t)s->seen.packets);
	finding_title(f, "SYN flood on %s: %llu SYNs from %u source%s, %.0f a second", service,
		(unsigned long long)s->seen.packets, s->sources.count, s->sources.count == 1 ? "" : "s", per_s);
	finding_detail(f, "None of these handshakes is completed.");
	attempts_tell(&s->seen, f);
	explain(f, s, context_service(x, &k->server, k->port, 6));
	own_by_service(x, k, "syn-flood");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct flood *f = ((const struct service_state *)table_value(e))->flood;

		if (f)
			tell(x, table_key(e), f);
	}
}

const struct rule rule_flood = {
	.codes = { "syn-flood" },
	.spec = "RFC 4987",
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_UNOPENED,
	.record = on_record,
	.finish = on_finish,
};
