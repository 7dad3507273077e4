/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plots that follow from the table of connections: what became of them over time, and how long handshakes took. Only
 * where the table is whole: one that kept the failed ones before the others would show a trouble that is not there.
 */
#include "report/report_plots.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "report/report_words.h"

#define CONNECTIONS_LEAST 5 /* fewer are read more easily in the table */
#define BUCKETS_MAX 80

struct bucket {
	double fine, failed;
	double *rtt_ms; /* of `rtts` connections */
	int rtts, rtt_room;
};

struct timeline {
	struct result *result;
	double width_s;
	int count;
	struct bucket *buckets;
};

static double readable_width(double span_s)
{
	static const double widths[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800,
		3600, 7200, 21600, 86400};
	size_t last = sizeof(widths) / sizeof(widths[0]) - 1;

	for (size_t i = 0; i < last; i++)
		if (span_s / widths[i] < BUCKETS_MAX)
			return widths[i];
	return span_s / BUCKETS_MAX > widths[last] ? span_s / (BUCKETS_MAX - 1) : widths[last];
}

static struct bucket *bucket_of(struct timeline *t, const struct record *r)
{
	double at = when_s(r->ts_ns - t->result->summary.first_ts_ns) / t->width_s;
	int i = at > 0 ? (int)at : 0;

	return &t->buckets[i < t->count ? i : t->count - 1];
}

static void add_rtt(struct bucket *b, double ms)
{
	if (b->rtts == b->rtt_room) {
		b->rtt_room = b->rtt_room ? b->rtt_room * 2 : 4;
		b->rtt_ms = xrealloc(b->rtt_ms, (size_t)b->rtt_room * sizeof(*b->rtt_ms));
	}
	b->rtt_ms[b->rtts++] = ms;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void fill(struct timeline *t)
{
	for (int i = 0; i < t->result->connection_count; i++) {
		const struct connection_row *row = &t->result->connections[i];
		struct bucket *b = bucket_of(t, row->record);

		if (words_failed(row))
			b->failed++;
		else
			b->fine++;
		if (row->record->conn.rtt_server_ns >= 0)
			add_rtt(b, (double)row->record->conn.rtt_server_ns / 1e6);
	}
	for (int i = 0; i < t->count; i++)
		if (t->buckets[i].rtts)
			qsort(t->buckets[i].rtt_ms, (size_t)t->buckets[i].rtts, sizeof(double), by_value);
}

static double middle(const struct timeline *t, int i)
{
	return (i + 0.5) * t->width_s;
}

static void plot_outcomes(struct timeline *t)
{
	struct plot *p = result_plot(t->result, "connections-over-time", "Connections over time",
		"time since the start (s)", "new connections");
	char width[WHEN_TEXT_SIZE];
	double fine = 0, failed = 0;

	p->x_is_time = p->bars = true;
	plot_line(p, "fine or still open");
	plot_line(p, "failed");
	for (int i = 0; i < t->count; i++) {
		plot_point(&p->lines[0], middle(t, i), t->buckets[i].fine);
		plot_point(&p->lines[1], middle(t, i), t->buckets[i].failed);
		fine += t->buckets[i].fine;
		failed += t->buckets[i].failed;
	}
	p->says = xprintf("%.0f connections by their start: %.0f fine or still open, %.0f failed. One bar is %s.",
		fine + failed, fine, failed, when_duration(t->width_s, width));
}

static void plot_handshakes(struct timeline *t)
{
	struct plot *p = result_plot(t->result, "handshakes-over-time", "Round trip of TCP handshakes",
		"time since the start (s)", "milliseconds");
	double slowest = 0;
	char duration[WHEN_TEXT_SIZE];

	p->x_is_time = true;
	plot_line(p, "median");
	plot_line(p, "slowest");
	for (int i = 0; i < t->count; i++) {
		const struct bucket *b = &t->buckets[i];

		if (!b->rtts)
			continue;
		plot_point(&p->lines[0], middle(t, i), b->rtt_ms[(b->rtts - 1) / 2]);
		plot_point(&p->lines[1], middle(t, i), b->rtt_ms[b->rtts - 1]);
		slowest = b->rtt_ms[b->rtts - 1] > slowest ? b->rtt_ms[b->rtts - 1] : slowest;
	}
	p->says = xprintf("From SYN to SYN-ACK, as seen where the capture was taken; the slowest took %s.",
		when_duration(slowest / 1e3, duration));
}

static int timed(const struct timeline *t)
{
	int n = 0;

	for (int i = 0; i < t->count; i++)
		n += t->buckets[i].rtts;
	return n;
}

static bool there_already(const struct result *r)
{
	for (int i = 0; i < r->plot_count; i++)
		if (strcmp(r->plots[i]->id, "connections-over-time") == 0)
			return true;
	return false;
}

void report_plots_add(struct result *r)
{
	double span_s = when_s(r->summary.last_ts_ns - r->summary.first_ts_ns);
	struct timeline t = {.result = r};

	if (r->connection_count < CONNECTIONS_LEAST || r->connections_left_out || span_s <= 0 || there_already(r))
		return;
	t.width_s = readable_width(span_s);
	t.count = (int)(span_s / t.width_s) + 1;
	t.buckets = xcalloc((size_t)t.count, sizeof(*t.buckets));
	fill(&t);
	plot_outcomes(&t);
	if (timed(&t) >= CONNECTIONS_LEAST)
		plot_handshakes(&t);
	for (int i = 0; i < t.count; i++)
		free(t.buckets[i].rtt_ms);
	free(t.buckets);
}
