/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rst-timer: three or more resets after equal delays are a timer, not chance. The pause before a rst-after-idle is the
 * client's, and the RST comes at once: it tells of no timer.
 */
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
#define EQUAL_SHARE 0.8 /* of the resets: one that came early by another cause does not hide the timer */
#define DELAY_MIN_S 0.5
#define DELAY_RTTS 5.0 /* shorter delays are the path's, not a timer's */

static bool is_equal(const struct claim *c, double median)
{
	return fabs(c->delay_s - median) <= TOLERANCE * median;
}

static int count_equal(const struct claim_group *g, double median)
{
	int n = 0;

	for (int i = 0; i < g->count; i++)
		n += is_equal(g->claims[i], median);
	return n;
}

static unsigned kinds_of(const char *code)
{
	if (strcmp(code, "rst-after-client-hello") == 0 || strcmp(code, "rst-in-handshake") == 0)
		return TIMER_HANDSHAKE | TIMER_ANSWER;
	return TIMER_ANSWER | TIMER_IDLE;
}

static double rtt_of(const struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);

	return s && s->rtt_s.n ? samples_median(&s->rtt_s) : 0;
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, double median, int equal)
{
	struct subject subject = { .client = g->client, .server = g->server, .port = g->port, .proto = 6 };
	struct finding *f = finding_open(x, "rst-timer", &subject);
	const char *known = timer_known_as(median, kinds_of(g->code));
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];

	subject_service_text(&g->server, g->port, service);
	when_duration(median, delay);
	f->count = (uint64_t)equal;
	f->of = g->total;
	f->first_ts_ns = g->claims[0]->ts_ns;
	f->last_ts_ns = g->claims[g->count - 1]->ended_ns;
	finding_number(f, "timer_s", median);
	finding_text(f, "known_as", known);
	finding_title(f, "The resets of %s come after equal delays: a timer of %s", service, delay);
	finding_detail(f, "%d of %d resets come within %.0f %% of %s.", equal, g->count, TOLERANCE * 100, delay);
	for (int i = 0; i < g->count; i++) {
		const struct claim *c = g->claims[i];
		const struct evidence *e = &c->evidence[c->evidence_count - 1];

		if (c->evidence_count && is_equal(c, median))
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
	int equal;

	(void)arg;
	equal = count_equal(g, median);
	if (equal >= RESETS_MIN && equal >= EQUAL_SHARE * g->count && median >= DELAY_MIN_S && median >= floor)
		tell(x, g, median, equal);
}

static bool tells_delays(const char *code)
{
	return strncmp(code, "rst-", 4) == 0 && strcmp(code, "rst-on-close") != 0 && strcmp(code, "rst-after-idle") != 0;
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (int i = 0; i < catalogue_count(); i++)
		if (tells_delays(catalogue_code(i)))
			claim_groups(x, catalogue_code(i), GROUP_BY_SERVICE, each_group, NULL);
}

const struct rule rule_rst_timer = {
	.codes = { "rst-timer" },
	.finish = on_finish,
};
