/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headline: what is wrong in one sentence, or that nothing is. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"

static enum severity gravest(const struct result *r)
{
	enum severity s = SEVERITY_OK;

	for (int i = 0; i < r->finding_count; i++)
		if (!r->findings[i]->cleared && r->findings[i]->severity > s)
			s = r->findings[i]->severity;
	return s;
}

static char *all_is_well(const struct result *r)
{
	const struct summary *s = &r->summary;

	if (!s->packets)
		return xstrdup("No packets in this capture");
	return xprintf("No problem found: %" PRIu64 " packet%s, %" PRIu64 " TCP and %" PRIu64 " UDP conversation%s",
		s->packets, s->packets == 1 ? "" : "s", s->tcp_total, s->udp_total, s->udp_total == 1 ? "" : "s");
}

static char *what_is_wrong(const struct result *r)
{
	int more = r->diagnosis_count - 1;

	if (more <= 0)
		return xstrdup(r->diagnoses[0]->title);
	return xprintf("%s (and %d more incident%s)", r->diagnoses[0]->title, more, more == 1 ? "" : "s");
}

/* Notes on the capture itself that limit what can be said. */
static char *what_cannot_be_told(const struct result *r)
{
	static const char *const limits[] = {"capture-one-sided", "capture-lost-packets", "capture-snaplen",
		"capture-cut-short", "capture-filtered", "capture-state-limited", "capture-clock-jump"};
	struct text t = {0};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		for (int k = 0; k < r->finding_count; k++)
			if (strcmp(r->findings[k]->code, limits[i]) == 0)
				text_printf(&t, "%s%s", t.len ? "; " : "", r->findings[k]->title);
	return t.s;
}

void verdict_make(struct diagnosis_context *x)
{
	struct result *r = x->result;

	r->severity = gravest(r);
	r->headline = r->diagnosis_count ? what_is_wrong(r) : all_is_well(r);
	r->weak = what_cannot_be_told(r);
}
