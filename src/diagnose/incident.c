/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings into diagnoses: one incident, one cause. The leading finding is the gravest one about a subject; others
 * about the same service, pair or path join it and weigh in on who is responsible.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"
#include "diagnose/findings.h"
#include "diagnose/path.h"

#define JOINED_WEIGHT 0.5
#define UPSTREAM_LIKELIHOOD 0.85

static void take(struct diagnosis *d, struct finding *f)
{
	d->findings = xrealloc(d->findings, (size_t)(d->finding_count + 1) * sizeof(struct finding *));
	d->findings[d->finding_count++] = f;
	f->part_of_incident = true;
}

static void add_line(char ***lines, int *count, const char *line)
{
	for (int i = 0; i < *count; i++)
		if (strcmp((*lines)[i], line) == 0)
			return;
	*lines = xrealloc(*lines, (size_t)(*count + 1) * sizeof(**lines));
	(*lines)[(*count)++] = xstrdup(line);
}

static void add_cause(struct diagnosis *d, const struct cause *c)
{
	int at = d->cause_count;

	for (int i = 0; i < d->cause_count; i++)
		if (strcmp(d->causes[i].cause, c->cause) == 0)
			return;
	d->causes = xrealloc(d->causes, (size_t)(d->cause_count + 1) * sizeof(*d->causes));
	for (; at > 0 && d->causes[at - 1].likelihood < c->likelihood; at--)
		d->causes[at] = d->causes[at - 1];
	d->causes[at] = (struct cause){xstrdup(c->cause), xstrdup(c->because), c->likelihood};
	d->cause_count++;
}

/* What the server itself waits for is the likeliest cause of its silence. */
static void add_upstream(struct diagnosis *d, const struct finding *f)
{
	char cause[128], client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE];

	snprintf(cause, sizeof(cause), "%s itself gets nowhere with %s", addr_text(&f->subject.client, client),
		subject_service_text(&f->subject.server, f->subject.port, service));
	add_cause(d, &(struct cause){ cause, f->title, UPSTREAM_LIKELIHOOD });
}

/* Causes of findings that join weigh less than the leading finding's own, but for the device in the path. */
static void merge_text(struct diagnosis *d, const struct finding *f)
{
	bool own = f == d->findings[0] || strcmp(f->code, "gateway-in-failing-path") == 0;

	if (strcmp(f->code, d->findings[0]->code) == 0 && f != d->findings[0])
		return;
	if (finding_is_upstream(d->findings[0], f))
		add_upstream(d, f);
	for (int i = 0; i < f->cause_count && (own || i == 0); i++) {
		struct cause c = f->causes[i];

		c.likelihood *= own ? 1 : JOINED_WEIGHT;
		add_cause(d, &c);
	}
	for (int i = 0; i < f->against_count; i++)
		add_line(&d->against, &d->against_count, f->against[i]);
	for (int i = 0; i < f->next_count; i++)
		add_line(&d->next, &d->next_count, f->next[i]);
}

static int same_code(const struct diagnosis *d)
{
	int n = 0;

	for (int i = 0; i < d->finding_count; i++)
		n += strcmp(d->findings[i]->code, d->findings[0]->code) == 0;
	return n;
}

/* What the findings of the same code differ in. */
static const char *alike_word(const struct diagnosis *d)
{
	const struct subject *lead = &d->findings[0]->subject;
	bool clients = addr_is_set(&lead->client) && addr_is_set(&lead->server);

	for (int i = 1; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];

		if (strcmp(f->code, d->findings[0]->code) == 0)
			clients &= !addr_equal(&f->subject.client, &lead->client) && f->subject.port == lead->port &&
				   addr_equal(&f->subject.server, &lead->server);
	}
	return clients ? "client" : "service";
}

static char *summarise(const struct diagnosis *d)
{
	struct text t = {0};

	text_add(&t, d->findings[0]->detail ? d->findings[0]->detail : d->findings[0]->title);
	for (int i = 1; i < d->finding_count; i++)
		if (strcmp(d->findings[i]->code, d->findings[0]->code) != 0)
			text_printf(&t, " %s.", d->findings[i]->title);
	if (same_code(d) > 1)
		text_printf(&t, " The same happens with %d more %s%s.", same_code(d) - 1, alike_word(d),
			same_code(d) == 2 ? "" : "s");
	return t.s;
}

static enum responsible who(const struct diagnosis *d)
{
	for (int i = 0; i < d->finding_count; i++)
		if (d->findings[i]->responsible == RESPONSIBLE_MIDDLEBOX)
			return RESPONSIBLE_MIDDLEBOX;
	for (int i = 0; i < d->finding_count; i++)
		if (d->findings[i]->responsible != RESPONSIBLE_UNKNOWN)
			return d->findings[i]->responsible;
	return RESPONSIBLE_UNKNOWN;
}

/* An incident's later findings weigh in: the gateway in the path is named in its title. */
static char *title_of(const struct diagnosis *d)
{
	for (int i = 1; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];
		const struct fact *vendor = finding_fact(f, "vendor");

		if (strcmp(f->code, "gateway-in-failing-path") == 0 && vendor && vendor->type == FACT_TEXT)
			return xprintf("%s; the next hop is %s", d->findings[0]->title, vendor->text);
	}
	if (same_code(d) > 1)
		return xprintf("%s; the same with %d more %s%s", d->findings[0]->title, same_code(d) - 1, alike_word(d),
			same_code(d) == 2 ? "" : "s");
	return xstrdup(d->findings[0]->title);
}

/* The gravest finding opened the incident; one that explains it leads it. */
static bool promote(struct diagnosis *d)
{
	const struct finding *lead = d->findings[0];

	for (int i = 1; i < d->finding_count; i++) {
		struct finding *f = d->findings[i];

		if (f->severity < SEVERITY_WARNING || !finding_explains(f, d->findings[0]))
			continue;
		memmove(&d->findings[1], &d->findings[0], (size_t)i * sizeof(struct finding *));
		d->findings[0] = f;
	}
	return d->findings[0] != lead;
}

static enum severity gravest_of(const struct diagnosis *d)
{
	enum severity s = SEVERITY_NOTE;

	for (int i = 0; i < d->finding_count; i++)
		s = d->findings[i]->severity > s ? d->findings[i]->severity : s;
	return s;
}

static void fill(struct diagnosis *d, const struct result *r)
{
	const struct finding *lead = d->findings[0];

	d->title = title_of(d);
	d->summary = summarise(d);
	d->subject = lead->subject;
	d->severity = gravest_of(d);
	d->confidence = lead->confidence;
	d->responsible = who(d);
	d->weight = lead->count;
	for (int i = 0; i < d->finding_count; i++)
		merge_text(d, d->findings[i]);
	for (int i = 0; i < d->finding_count && !d->path; i++)
		if (d->findings[i]->typical)
			d->path = path_text(r, d->findings[i]->typical);
}

static struct diagnosis *open_diagnosis(struct result *r)
{
	struct diagnosis *d = xcalloc(1, sizeof(*d));
	char *id;

	if (r->diagnosis_count == r->diagnosis_room) {
		r->diagnosis_room = r->diagnosis_room ? r->diagnosis_room * 2 : 8;
		r->diagnoses = xrealloc(r->diagnoses, (size_t)r->diagnosis_room * sizeof(struct diagnosis *));
	}
	r->diagnoses[r->diagnosis_count++] = d;
	id = xprintf("D%d", r->diagnosis_count);
	text_copy(d->id, sizeof(d->id), id);
	free(id);
	return d;
}

static bool holds(const struct diagnosis *d, const struct finding *f)
{
	for (int i = 0; i < d->finding_count; i++)
		if (d->findings[i] == f)
			return true;
	return false;
}

/* A graver finding is nearer, and leads another incident or is part of one. */
static bool has_nearer(const struct diagnosis *d, const struct result *r, const struct finding *f)
{
	for (int i = 0; i < r->finding_count && r->findings[i] != f; i++) {
		const struct finding *g = r->findings[i];

		if (g->severity >= SEVERITY_WARNING && finding_is_nearer(f, g, d->findings[0]) && !holds(d, g) &&
			finding_belongs(r, g, f))
			return true;
	}
	return false;
}

static bool is_wanted(const struct diagnosis *d, const struct result *r, const struct finding *f)
{
	if (finding_belongs(r, d->findings[0], f))
		return !has_nearer(d, r, f);
	for (int i = 1; i < d->finding_count; i++)
		if (finding_follows(f, d->findings[i]))
			return true;
	return false;
}

static void gather(struct diagnosis *d, struct result *r)
{
	for (int i = 0; i < r->finding_count; i++)
		if (!r->findings[i]->part_of_incident && is_wanted(d, r, r->findings[i]))
			take(d, r->findings[i]);
}

void incidents_make(struct diagnosis_context *x)
{
	struct result *r = x->result;

	for (int i = 0; i < r->finding_count; i++) {
		struct finding *lead = r->findings[i];
		struct diagnosis *d;

		if (lead->part_of_incident || lead->severity < SEVERITY_WARNING)
			continue;
		d = open_diagnosis(r);
		take(d, lead);
		gather(d, r);
		if (promote(d))
			gather(d, r); /* what belongs to the new lead */
		fill(d, r);
	}
}
