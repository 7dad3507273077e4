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
static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)state;
	peers_add(x, r)->through_proxy = true;
}

static bool can_be_retried(const char *code)
{
	return strcmp(code, "rst-on-close") != 0 && strcmp(code, "tcp-half-open") != 0 &&
		catalogue_severity(code) >= SEVERITY_WARNING;
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, const struct samples *gaps,
	const struct peers *p, int64_t last_ns)
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
	struct samples gaps = { 0 };
	int64_t last = g->claims[0]->ts_ns;

	(void)arg;
	if (g->count < ATTEMPTS_MIN || g->claims[0]->proto != 6)
		return;
	for (int i = 1; i < g->count; i++) {
		samples_add(&gaps, when_s(g->claims[i]->ts_ns > last ? g->claims[i]->ts_ns - last : 0));
		last = g->claims[i]->ts_ns > last ? g->claims[i]->ts_ns : last;
	}
	tell(x, g, &gaps, peers_find(x, &g->client, &g->server, g->port), last);
	samples_free(&gaps);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (int i = 0; i < catalogue_count(); i++)
		if (can_be_retried(catalogue_code(i)))
			claim_groups(x, catalogue_code(i), GROUP_BY_CLIENT_SERVICE, each_group, NULL);
}

const struct rule rule_retries = {
	.codes = { "client-retries" },
	.kinds = 1u << RECORD_HTTP,
	.heard_if = SHOWS_PROXY,
	.record = on_record,
	.finish = on_finish,
};
