/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rst-timer: three or more resets after equal delays are a timer, not chance. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/timers.h"

#define RESETS_MIN 3
#define TOLERANCE 0.02
#define DELAY_MIN_S 0.5
#define DELAY_RTTS 5.0 /* shorter delays are the path's, not a timer's */

static bool are_equal(const struct claim_group *g, double median)
{
	for (int i = 0; i < g->count; i++)
		if (fabs(g->claims[i]->delay_s - median) > TOLERANCE * median)
			return false;
	return true;
}

static double rtt_of(const struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);

	return s && s->rtt_s.n ? samples_median(&s->rtt_s) : 0;
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, double median)
{
	struct subject subject = { .client = g->client, .server = g->server, .port = g->port, .proto = 6 };
	struct finding *f = finding_open(x, "rst-timer", &subject);
	const char *known = timer_known_as(median);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];

	subject_service_text(&g->server, g->port, service);
	when_duration(median, delay);
	f->count = g->total;
	f->first_ts_ns = g->claims[0]->ts_ns;
	f->last_ts_ns = g->claims[g->count - 1]->ended_ns;
	finding_number(f, "timer_s", median);
	finding_text(f, "known_as", known);
	finding_title(f, "The resets of %s come after equal delays: a timer of %s", service, delay);
	finding_detail(f, "%d resets, all within %.0f %% of %s.", g->count, TOLERANCE * 100, delay);
	for (int i = 0; i < g->count; i++) {
		const struct claim *c = g->claims[i];
		const struct evidence *e = &c->evidence[c->evidence_count - 1];

		if (c->evidence_count)
			finding_evidence(f, e->source, e->frame, e->ts_ns, "RST after %.3f s", c->delay_s);
	}
	finding_filter_frames(f);
	if (known)
		finding_cause(f, 0.5, known, "the delay matches within 2 %%");
	finding_next(f, "Look for a timeout of %s in the configuration of the server and of the devices before it", delay);
}

static void each_group(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	double median = group_delay_median(g), floor = DELAY_RTTS * rtt_of(x, g);

	(void)arg;
	if (g->count < RESETS_MIN || median < DELAY_MIN_S || median < floor || group_delay_min(g) < 0)
		return;
	if (are_equal(g, median))
		tell(x, g, median);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (int i = 0; i < catalogue_count(); i++)
		if (strncmp(catalogue_code(i), "rst-", 4) == 0 && strcmp(catalogue_code(i), "rst-on-close") != 0)
			claim_groups(x, catalogue_code(i), GROUP_BY_SERVICE, each_group, NULL);
}

const struct rule rule_rst_timer = {
	.codes = { "rst-timer" },
	.finish = on_finish,
};
