/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of a diagnosis: names of its values, plots, and freeing it. */
#include "diagnose/result.h"

#include <stdlib.h>

#include "base/text.h"

const char *severity_name(enum severity s)
{
	static const char *const names[] = {"ok", "note", "warning", "error"};

	return names[s];
}

const char *responsible_name(enum responsible r)
{
	static const char *const names[] = {"unknown", "client", "server", "path", "middlebox", "capture"};

	return names[r];
}

const char *outcome_name(enum outcome o)
{
	static const char *const names[OUTCOMES] = {
		"ok", "refused", "no-answer", "rejected", "reset", "timeout", "failed", "open", "partial"};

	return names[o];
}

struct plot *result_plot(struct result *r, const char *id, const char *title, const char *x_label, const char *y_label)
{
	struct plot *p = xcalloc(1, sizeof(*p));

	if (r->plot_count == r->plot_room) {
		r->plot_room = r->plot_room ? r->plot_room * 2 : 8;
		r->plots = xrealloc(r->plots, (size_t)r->plot_room * sizeof(*r->plots));
	}
	p->id = id;
	p->title = title;
	p->x_label = x_label;
	p->y_label = y_label;
	r->plots[r->plot_count++] = p;
	return p;
}

struct plot_line *plot_line(struct plot *p, const char *label)
{
	struct plot_line *l;

	p->lines = xrealloc(p->lines, (size_t)(p->line_count + 1) * sizeof(*p->lines));
	l = &p->lines[p->line_count++];
	*l = (struct plot_line){0};
	text_copy(l->label, sizeof(l->label), label);
	return l;
}

void plot_point(struct plot_line *l, double x, double y)
{
	if ((l->count & (l->count - 1)) == 0) { /* grow at each power of two */
		size_t room = l->count ? (size_t)l->count * 2 : 1;

		l->x = xrealloc(l->x, room * sizeof(*l->x));
		l->y = xrealloc(l->y, room * sizeof(*l->y));
	}
	l->x[l->count] = x;
	l->y[l->count++] = y;
}

static void free_lines(char **lines, int count)
{
	for (int i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

static void free_diagnosis(struct diagnosis *d)
{
	for (int i = 0; i < d->cause_count; i++) {
		free(d->causes[i].cause);
		free(d->causes[i].because);
	}
	free(d->causes);
	free_lines(d->against, d->against_count);
	free_lines(d->next, d->next_count);
	free(d->findings);
	free(d->title);
	free(d->summary);
	free(d->path);
	free(d);
}

static void free_plot(struct plot *p)
{
	for (int i = 0; i < p->line_count; i++) {
		free(p->lines[i].x);
		free(p->lines[i].y);
	}
	free(p->lines);
	free(p->says);
	free(p);
}

void result_free(struct result *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->finding_count; i++)
		finding_free(r->findings[i]);
	for (int i = 0; i < r->diagnosis_count; i++)
		free_diagnosis(r->diagnoses[i]);
	for (int i = 0; i < r->plot_count; i++)
		free_plot(r->plots[i]);
	for (int i = 0; i < r->connection_count; i++)
		free(r->connections[i].record);
	for (int i = 0; i < r->tls_count; i++)
		free(r->tls[i].record);
	free(r->findings);
	free(r->diagnoses);
	free(r->plots);
	free(r->connections);
	free(r->tls);
	free(r->summary.sources);
	free(r->headline);
	free(r->weak);
	free(r->gateways);
	free(r->hosts);
	free(r->services);
	free(r->time_wait);
	free(r->names);
	free(r);
}
