/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client-retries: the same client repeats the same failing conversation: how often, how long apart, and how it ended.
 * A note beside the cause, in the same incident.
 */
#include <stddef.h>
#include <string.h>

#include "base/samples.h"
#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define ATTEMPTS_MIN 3 /* twice may be chance */
#define PAIRS_MAX 20000

struct pair_key {
	struct addr client, server;
	uint16_t port;
};

struct pair {
	int64_t first_ok_ns, last_ok_ns; /* 0: none */
	bool through_proxy;
};

struct state {
	struct table pairs; /* struct pair_key -> struct pair: conversations that worked */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
}

static struct pair *pair_of(struct state *s, const struct addr *client, const struct addr *server, uint16_t port, bool add)
{
	struct pair_key k;

	memset(&k, 0, sizeof(k));
	k.client = *client;
	k.server = *server;
	k.port = port;
	return add ? table_add(&s->pairs, &k) : table_find(&s->pairs, &k);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct pair *p;

	(void)x;
	if (r->kind == RECORD_HTTP && r->http.proxy)
		pair_of(s, &r->orig_h, &r->resp_h, r->resp_p, true)->through_proxy = true;
	if (r->kind != RECORD_CONN || r->proto != 6 || !r->conn.turns || r->conn.pending == SIDE_ORIG || r->conn.rst_count ||
		r->conn.end_reason == CONN_END_PART)
		return;
	p = pair_of(s, &r->orig_h, &r->resp_h, r->resp_p, true);
	if (r->ts_ns > p->last_ok_ns)
		p->last_ok_ns = r->ts_ns;
	if (!p->first_ok_ns || r->ts_ns < p->first_ok_ns)
		p->first_ok_ns = r->ts_ns;
}

static bool can_be_retried(const char *code)
{
	return strcmp(code, "rst-on-close") != 0 && strcmp(code, "tcp-half-open") != 0 &&
		catalogue_severity(code) >= SEVERITY_WARNING;
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, const struct samples *gaps,
	const struct pair *p, int64_t last_ns)
{
	struct subject subject = { .client = g->client, .server = g->server, .port = g->port, .proto = 6 };
	struct finding *f = finding_open(x, "client-retries", &subject);
	bool in_between = p && p->last_ok_ns > g->claims[0]->ts_ns && p->first_ok_ns < last_ns;
	bool succeeded = p && (p->last_ok_ns > last_ns || in_between);
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], gap[WHEN_TEXT_SIZE];
	uint32_t streams[128];
	int n = 0;

	if (finding_fact(f, "attempts"))
		return;
	addr_text(&g->client, client);
	subject_service_text(&g->server, g->port, service);
	when_duration(samples_median(gaps), gap);
	f->count = g->total;
	f->first_ts_ns = g->claims[0]->ts_ns;
	f->last_ts_ns = last_ns;
	finding_integer(f, "attempts", g->count);
	finding_number(f, "gap_median_s", samples_median(gaps));
	finding_bool(f, "succeeded", succeeded);
	finding_bool(f, "through_proxy", p && p->through_proxy);
	finding_title(f, "%s tries %s %d times, %s apart%s", client, service, g->count, gap,
		in_between ? "; others in between succeed" : succeeded ? ", and succeeds in the end" : ", and never succeeds");
	f->filter_source = g->claims[0]->source;
	for (int i = 0; i < g->count; i++) {
		const struct claim *c = g->claims[i];

		if (c->evidence_count)
			finding_evidence(f, c->evidence[0].source, c->evidence[0].frame, c->evidence[0].ts_ns, "attempt %d", i + 1);
		if (c->source == f->filter_source && n < 128)
			streams[n++] = c->stream;
	}
	finding_filter_streams(f, 6, streams, n);
}

static void each_group(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct state *s = arg;
	struct samples gaps = { 0 };
	int64_t last = g->claims[0]->ts_ns;

	if (g->count < ATTEMPTS_MIN || g->claims[0]->proto != 6)
		return;
	for (int i = 1; i < g->count; i++) {
		samples_add(&gaps, when_s(g->claims[i]->ts_ns > last ? g->claims[i]->ts_ns - last : 0));
		last = g->claims[i]->ts_ns > last ? g->claims[i]->ts_ns : last;
	}
	tell(x, g, &gaps, pair_of(s, &g->client, &g->server, g->port, false), last);
	samples_free(&gaps);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	for (int i = 0; i < catalogue_count(); i++)
		if (can_be_retried(catalogue_code(i)))
			claim_groups(x, catalogue_code(i), GROUP_BY_CLIENT_SERVICE, each_group, state);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pairs);
}

const struct rule rule_retries = {
	.codes = { "client-retries" },
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_HTTP,
	.expects = { { EXPECT_PAIR, offsetof(struct state, pairs) } },
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
