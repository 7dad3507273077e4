/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plots that follow from the tables of connections and TLS sessions: what became of them over time, how long the stages
 * of handshakes took, how long resets waited. Only where the table is whole: one that kept the failed ones before the
 * others would show a trouble that is not there.
 */
#include "report/report_plots.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/samples.h"
#include "base/text.h"
#include "base/when.h"
#include "report/report_words.h"

#define CONNECTIONS_LEAST 5 /* fewer are read more easily in the table */
#define RESETS_LEAST 3	    /* of equal delay make a timer; fewer say nothing together */
#define BUCKETS_MAX 80
#define DELAY_LEAST_S 0.05 /* resets at once have no delay worth a picture */
#define STAGE_LEAST_S 0.005 /* nor have handshakes within a room */

enum stage { /* of a handshake */
	STAGE_TCP,
	STAGE_TLS_ANSWER,
	STAGE_TLS_REST,
	STAGES,
};

struct bucket {
	double fine, failed;
	struct samples stages[STAGES]; /* seconds */
};

struct buckets {
	struct result *result;
	double width_s;
	int count;
	struct bucket *v;
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

static struct bucket *bucket_of(struct buckets *b, const struct record *r)
{
	double at = when_s(r->ts_ns - b->result->summary.first_ts_ns) / b->width_s;
	int i = at > 0 ? (int)at : 0;

	return &b->v[i < b->count ? i : b->count - 1];
}

static void add_stage(struct bucket *b, enum stage stage, const struct tls *t, enum tls_stage from, enum tls_stage to)
{
	if (t->at[from].frame && t->at[to].frame && t->at[to].at_ns >= t->at[from].at_ns)
		samples_add(&b->stages[stage], when_s(t->at[to].at_ns - t->at[from].at_ns));
}

/* Application data comes when there is some: the Finished messages, where they can be seen, end the handshake. */
static enum tls_stage last_of_handshake(const struct tls *t)
{
	bool client = t->at[TLS_CLIENT_FINISHED].frame, server = t->at[TLS_SERVER_FINISHED].frame;

	if (client && server)
		return t->at[TLS_CLIENT_FINISHED].at_ns > t->at[TLS_SERVER_FINISHED].at_ns ? TLS_CLIENT_FINISHED
											   : TLS_SERVER_FINISHED;
	return TLS_ESTABLISHED;
}

static void fill(struct buckets *all)
{
	const struct result *r = all->result;

	for (int i = 0; i < r->connection_count; i++) {
		const struct connection_row *row = &r->connections[i];
		struct bucket *b = bucket_of(all, row->record);

		if (words_failed(row))
			b->failed++;
		else
			b->fine++;
		if (row->record->conn.rtt_server_ns >= 0)
			samples_add(&b->stages[STAGE_TCP], when_s(row->record->conn.rtt_server_ns));
	}
	for (int i = 0; i < r->tls_count; i++) {
		const struct record *record = r->tls[i].record;
		struct bucket *b = bucket_of(all, record);

		add_stage(b, STAGE_TLS_ANSWER, &record->tls, TLS_CLIENT_HELLO, TLS_SERVER_HELLO);
		add_stage(b, STAGE_TLS_REST, &record->tls, TLS_SERVER_HELLO, last_of_handshake(&record->tls));
	}
}

static double middle_s(const struct buckets *b, int i)
{
	return (i + 0.5) * b->width_s;
}

static void plot_outcomes(struct buckets *b)
{
	struct plot *p = result_plot(b->result, "connections-over-time", "Connections over time",
		"time since the start (s)", "new connections");
	char width[WHEN_TEXT_SIZE];
	double fine = 0, failed = 0;

	p->x_is_time = p->bars = true;
	for (int i = 0; i < b->count; i++) {
		fine += b->v[i].fine;
		failed += b->v[i].failed;
	}
	plot_line(p, "fine or still open");
	if (failed > 0)
		plot_line(p, "failed");
	for (int i = 0; i < b->count; i++) {
		plot_point(&p->lines[0], middle_s(b, i), b->v[i].fine);
		if (failed > 0)
			plot_point(&p->lines[1], middle_s(b, i), b->v[i].failed);
	}
	p->says = xprintf("%.0f connections by their start: %.0f fine or still open, %.0f failed. One bar is %s.",
		fine + failed, fine, failed, when_duration(b->width_s, width));
}

static int times_of(const struct buckets *b, enum stage stage, double *slowest, double *highest)
{
	int n = 0;

	*slowest = *highest = 0;
	for (int i = 0; i < b->count; i++) {
		const struct samples *s = &b->v[i].stages[stage];

		n += (int)s->n;
		*slowest = s->n && s->max > *slowest ? s->max : *slowest;
		*highest = s->n && samples_median(s) > *highest ? samples_median(s) : *highest;
	}
	return n;
}

static void plot_stage(struct buckets *b, struct plot *p, enum stage stage, const char *name)
{
	struct plot_line *l = plot_line(p, name);

	for (int i = 0; i < b->count; i++)
		if (b->v[i].stages[stage].n)
			plot_point(l, middle_s(b, i), samples_median(&b->v[i].stages[stage]) * 1e3);
}

/* In one picture: where the time of connecting goes, and when that changed. */
static void plot_stages(struct buckets *b)
{
	static const char *const names[STAGES] = {
		"TCP: SYN to SYN-ACK", "TLS: ClientHello to ServerHello", "TLS: ServerHello to the end of the handshake"};
	struct text says = {0};
	struct plot *p = NULL;
	double slowest[STAGES], highest, most = 0;
	int n[STAGES];

	for (int s = 0; s < STAGES; s++) {
		n[s] = times_of(b, (enum stage)s, &slowest[s], &highest);
		if (n[s] >= CONNECTIONS_LEAST && highest > most)
			most = highest;
	}
	if (most < STAGE_LEAST_S)
		return;
	p = result_plot(b->result, "handshake-stages", "Stages of the handshakes", "time since the start (s)",
		"milliseconds (median)");
	p->x_is_time = true;
	text_add(&says, "As seen where the capture was taken; the slowest took");
	for (int s = 0; s < STAGES; s++) {
		char duration[WHEN_TEXT_SIZE];

		if (n[s] < CONNECTIONS_LEAST)
			continue;
		plot_stage(b, p, (enum stage)s, names[s]);
		text_printf(&says, "%s %s (%s)", p->line_count > 1 ? "," : "", when_duration(slowest[s], duration), names[s]);
	}
	text_add_char(&says, '.');
	p->says = says.s;
}

/* From the peer's last packet to the first RST, in seconds; negative: not reset, or not known. */
static double reset_delay(const struct connection_row *row)
{
	const struct conn *c = &row->record->conn;

	return row->outcome == OUTCOME_RESET && c->rst_count ? when_s(c->rsts[0].after_peer_ns) : -1;
}

static void draw_resets(struct result *r, const struct samples *delays)
{
	struct plot *p = result_plot(r, "rst-delay", "How long resets waited",
		"seconds since the last packet of the other side", "resets");
	double counts[BUCKETS_MAX + 1] = {0}, width_s = readable_width(delays->max);
	char from[WHEN_TEXT_SIZE], middle[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

	for (int i = 0; i < r->connection_count; i++) {
		double delay = reset_delay(&r->connections[i]);

		if (delay >= 0)
			counts[(int)(delay / width_s)]++;
	}
	p->bars = true;
	plot_line(p, "reset conversations");
	for (int i = 0; i <= (int)(delays->max / width_s); i++)
		plot_point(p->lines, (i + 0.5) * width_s, counts[i]);
	p->says = xprintf("%" PRIu64 " conversations were reset %s to %s after the other side's last packet, %s in the "
			  "median. Equal delays point to a timer.",
		delays->seen, when_duration(delays->min, from), when_duration(delays->max, to),
		when_duration(samples_median(delays), middle));
}

static void plot_resets(struct result *r)
{
	struct samples delays = {0};

	for (int i = 0; i < r->connection_count; i++)
		if (reset_delay(&r->connections[i]) >= 0)
			samples_add(&delays, reset_delay(&r->connections[i]));
	if (delays.seen >= RESETS_LEAST && delays.max >= DELAY_LEAST_S)
		draw_resets(r, &delays);
	samples_free(&delays);
}

static bool there_already(const struct result *r)
{
	for (int i = 0; i < r->plot_count; i++)
		if (strcmp(r->plots[i]->id, "connections-over-time") == 0)
			return true;
	return false;
}

static void buckets_free(struct buckets *b)
{
	for (int i = 0; i < b->count; i++)
		for (int s = 0; s < STAGES; s++)
			samples_free(&b->v[i].stages[s]);
	free(b->v);
}

/* What became of the connections comes first, then what the diagnosis brought along. */
static void first_to_last(struct result *r, int before)
{
	struct plot *moved[64];

	if (!before || before > (int)(sizeof(moved) / sizeof(*moved)))
		return;
	memcpy(moved, r->plots, (size_t)before * sizeof(*moved));
	memmove(r->plots, r->plots + before, (size_t)(r->plot_count - before) * sizeof(*moved));
	memcpy(r->plots + r->plot_count - before, moved, (size_t)before * sizeof(*moved));
}

void report_plots_add(struct result *r)
{
	double span_s = when_s(r->summary.last_ts_ns - r->summary.first_ts_ns);
	struct buckets b = {.result = r};
	int before = r->plot_count;

	if (r->connections_left_out || span_s <= 0 || there_already(r))
		return;
	if (r->connection_count >= CONNECTIONS_LEAST) {
		b.width_s = readable_width(span_s);
		b.count = (int)(span_s / b.width_s) + 1;
		b.v = xcalloc((size_t)b.count, sizeof(*b.v));
		fill(&b);
		plot_outcomes(&b);
		plot_stages(&b);
		buckets_free(&b);
	}
	plot_resets(r);
	first_to_last(r, before);
}
