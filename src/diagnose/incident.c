/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings into diagnoses: one incident, one cause. The leading finding is the gravest one about a subject; others
 * about the same service, pair or path join it and weigh in on who is responsible.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"
#include "diagnose/findings.h"
#include "diagnose/path.h"

#define JOINED_WEIGHT 0.5

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

static bool about_port_use(const char *code)
{
	static const char *const codes[] = {"connection-limit-block", "ftp-passive-churn", "time-wait-accumulation",
		"port-exhaustion", "port-reuse-collision", "no-keep-alive", "ftp-data-failed", NULL};

	return is_one_of(code, codes);
}

static bool about_capture(const char *code)
{
	return strncmp(code, "capture-", 8) == 0 && strcmp(code, "capture-lost-packets") != 0;
}

static bool shares_host(const struct subject *a, const struct subject *b)
{
	const struct addr *of_a[] = {&a->client, &a->server, &a->host};
	const struct addr *of_b[] = {&b->client, &b->server, &b->host};

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			if (addr_is_set(of_a[i]) && addr_equal(of_a[i], of_b[k]))
				return true;
	return false;
}

static bool same_service(const struct subject *a, const struct subject *b)
{
	return addr_is_set(&a->server) && addr_equal(&a->server, &b->server) && a->port == b->port;
}

static bool same_mac(const struct subject *a, const struct subject *b)
{
	return mac_is_set(&a->mac) && mac_equal(&a->mac, &b->mac);
}

static bool clients_conflict(const struct subject *a, const struct subject *b)
{
	return addr_is_set(&a->client) && addr_is_set(&b->client) && !addr_equal(&a->client, &b->client);
}

/* Codes that explain or follow from others about the same server, whatever the port. */
static bool goes_along(const char *code)
{
	static const char *const codes[] = {
		"https-redirect", "client-retries", "gateway-in-failing-path", "rst-timer", "plain-health-check", NULL};

	return is_one_of(code, codes);
}

/* The same thing happens to one client with many services: one incident. */
static bool same_trouble(const struct finding *lead, const struct finding *f)
{
	return strcmp(lead->code, f->code) == 0 && addr_is_set(&lead->subject.client) &&
		addr_equal(&lead->subject.client, &f->subject.client) && !addr_is_set(&lead->subject.host);
}

static bool belongs(const struct finding *lead, const struct finding *f)
{
	if (same_trouble(lead, f))
		return true;
	if (about_capture(f->code) != about_capture(lead->code))
		return false;
	if (about_port_use(lead->code) && about_port_use(f->code))
		return shares_host(&lead->subject, &f->subject);
	if (strncmp(lead->code, "tunnel-", 7) == 0 && strncmp(f->code, "tunnel-", 7) == 0)
		return shares_host(&lead->subject, &f->subject);
	if (same_service(&lead->subject, &f->subject))
		return !clients_conflict(&lead->subject, &f->subject) || goes_along(f->code);
	if (goes_along(f->code) && addr_is_set(&f->subject.server))
		return addr_equal(&lead->subject.server, &f->subject.server);
	return same_mac(&lead->subject, &f->subject);
}

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

/* Causes of findings that join weigh less than the leading finding's own, but for the device in the path. */
static void merge_text(struct diagnosis *d, const struct finding *f)
{
	bool own = f == d->findings[0] || strcmp(f->code, "gateway-in-failing-path") == 0;

	if (strcmp(f->code, d->findings[0]->code) == 0 && f != d->findings[0])
		return;
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

static char *summarise(const struct diagnosis *d)
{
	struct text t = {0};

	text_add(&t, d->findings[0]->detail ? d->findings[0]->detail : d->findings[0]->title);
	for (int i = 1; i < d->finding_count; i++)
		if (strcmp(d->findings[i]->code, d->findings[0]->code) != 0)
			text_printf(&t, " %s.", d->findings[i]->title);
	if (same_code(d) > 1)
		text_printf(&t, " The same happens with %d more services.", same_code(d) - 1);
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
		return xprintf("%s; the same with %d more services", d->findings[0]->title, same_code(d) - 1);
	return xstrdup(d->findings[0]->title);
}

static void fill(struct diagnosis *d, const struct result *r)
{
	const struct finding *lead = d->findings[0];

	d->title = title_of(d);
	d->summary = summarise(d);
	d->subject = lead->subject;
	d->severity = lead->severity;
	d->confidence = lead->confidence;
	d->responsible = who(d);
	d->weight = lead->count;
	for (int i = 0; i < d->finding_count; i++)
		merge_text(d, d->findings[i]);
	if (lead->typical)
		d->path = path_text(r, lead->typical);
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
		for (int k = 0; k < r->finding_count; k++)
			if (!r->findings[k]->part_of_incident && belongs(lead, r->findings[k]))
				take(d, r->findings[k]);
		fill(d, r);
	}
}
