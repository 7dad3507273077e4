/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain-health-check: a source that connects to a TLS service at a fixed period and closes without a byte. Harmless by
 * itself; not when the server handles one connection at a time (accept-loop-blocked).
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define CHECKS_MIN 2	 /* with two the period is one gap; three and more must agree */
#define PERIOD_MIN_S 0.5
#define PERIOD_TOLERANCE 0.1
#define SHOWN_MAX 16

struct checks {
	uint64_t silent;
	uint32_t before; /* connections of the pair */
	int64_t first_ns, last_ns;
	struct samples gaps;
	struct evidence shown[SHOWN_MAX];
	uint32_t streams[SHOWN_MAX];
	int shown_count;
	uint16_t frame_source;
};

void checks_drop(struct diagnosis_context *x, struct checks *c)
{
	if (!c)
		return;
	samples_free(&c->gaps);
	parties_give(x, c, sizeof(*c));
}

/* No byte of the client; what the server says to its FIN (a TLS alert) does not count. */
static bool is_silent(const struct conn *c)
{
	const struct frame_ref *said = &c->side[SIDE_RESP].first_data, *fin = &c->side[SIDE_ORIG].fin;
	bool unasked = said->frame && !(fin->frame && !conn_was_before(c, SIDE_RESP, said->at_ns, fin->at_ns));

	return c->handshake_ack.frame && !c->side[SIDE_ORIG].bytes && !unasked && !c->one_sided &&
		c->end_reason != CONN_END_OPEN;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct checks *c;

	(void)state;
	if (!x->now.pair || !is_silent(&r->conn))
		return;
	c = x->now.pair->checks;
	if (!c) {
		c = x->now.pair->checks = parties_make(x, sizeof(*c));
		c->before = x->now.pair->total - 1;
	}
	if (c->silent++)
		samples_add(&c->gaps, when_s(r->ts_ns - c->last_ns));
	else {
		c->first_ns = r->ts_ns;
		c->frame_source = r->source;
	}
	c->last_ns = r->ts_ns;
	if (c->shown_count < SHOWN_MAX && r->source == c->frame_source) {
		c->streams[c->shown_count] = r->conn.stream;
		c->shown[c->shown_count++] =
			(struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
	}
}

static bool is_regular(const struct peers *p)
{
	const struct checks *c = p->checks;
	double period = samples_median(&c->gaps);

	if (c->silent < CHECKS_MIN || period < PERIOD_MIN_S || p->total - c->before > 2 * c->silent)
		return false;
	return c->gaps.max - c->gaps.min <= PERIOD_TOLERANCE * period * 2;
}

static void tell(struct diagnosis_context *x, const struct peers_key *k, const struct checks *c)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, "plain-health-check", &subject);
	char source[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], period[WHEN_TEXT_SIZE];

	addr_text(&k->client, source);
	subject_service_text(&k->server, k->port, service);
	when_duration(samples_median(&c->gaps), period);
	f->count = c->silent;
	f->first_ts_ns = c->first_ns;
	f->last_ts_ns = c->last_ns;
	finding_text(f, "source", source);
	finding_number(f, "period_s", samples_median(&c->gaps));
	finding_title(f, "%s connects to %s every %s and closes without a byte: a health check", source, service, period);
	finding_detail(f, "%llu connections of %s carry no data in either direction. Harmless by itself.",
		(unsigned long long)c->silent, source);
	for (int i = 0; i < c->shown_count; i++)
		finding_evidence(f, c->shown[i].source, c->shown[i].frame, c->shown[i].ts_ns, "SYN of a silent connection");
	finding_filter_streams(f, 6, c->streams, c->shown_count);
	f->filter_source = c->frame_source;
	if (c->silent == CHECKS_MIN)
		f->confidence = 0.6;
}

static bool speaks_tls(const struct diagnosis_context *x, const struct peers_key *k)
{
	const struct service_state *s = context_service(x, &k->server, k->port, 6);

	return s && s->tls;
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->pairs, NULL); e; e = table_next(&x->pairs, e)) {
		const struct peers *p = table_value(e);

		if (p->checks && speaks_tls(x, table_key(e)) && is_regular(p))
			tell(x, table_key(e), p->checks);
	}
}

const struct rule rule_health_check = {
	.codes = { "plain-health-check" },
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_UNASKED,
	.record = on_record,
	.finish = on_finish,
};
