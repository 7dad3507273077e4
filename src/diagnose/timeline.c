/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series records, put together on one axis of time. They come in order; sources that overlap are added up. */
#include "diagnose/timeline.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/result.h"

/* Less has nothing to show over time that the numbers of a finding do not say. */
#define BUCKETS_LEAST 5
#define BYTES_LEAST 100000.0
#define RTT_LEAST_S 0.005 /* round trips within a room are not worth a picture */

static void halve(struct timeline *t)
{
	for (uint32_t i = 0; i < TIMELINE_BUCKETS / 2; i++) {
		for (int m = 0; m < MEASURES; m++) {
			double a = t->values[m][2 * i], b = t->values[m][2 * i + 1];

			t->values[m][i] = m == MEASURE_RTT_MAX ? (a > b ? a : b) : a + b;
		}
		t->rtt_seconds[i] = t->rtt_seconds[2 * i] + t->rtt_seconds[2 * i + 1];
	}
	for (int m = 0; m < MEASURES; m++)
		memset(t->values[m] + TIMELINE_BUCKETS / 2, 0, TIMELINE_BUCKETS / 2 * sizeof(double));
	memset(t->rtt_seconds + TIMELINE_BUCKETS / 2, 0, TIMELINE_BUCKETS / 2 * sizeof(double));
	t->bucket_ns *= 2;
	t->used = (t->used + 1) / 2;
}

/* The bucket of that time; -1: before the beginning, or centuries later. */
static int bucket_at(struct timeline *t, int64_t at_ns)
{
	int64_t i;

	if (at_ns < t->begin_ns || at_ns - t->begin_ns > INT64_MAX / 4)
		return -1;
	while ((i = (at_ns - t->begin_ns) / t->bucket_ns) >= TIMELINE_BUCKETS)
		halve(t);
	if ((uint32_t)i >= t->used)
		t->used = (uint32_t)i + 1;
	return (int)i;
}

static int measure_of(const char *name)
{
	static const char *const names[MEASURES] = { "bytes", "rtt", "rtt_max", "resent" };

	for (int m = 0; m < MEASURES; m++)
		if (strcmp(names[m], name) == 0)
			return m;
	return -1;
}

static void add(struct timeline *t, int measure, int bucket, double value)
{
	double *v = &t->values[measure][bucket];

	if (measure == MEASURE_RTT_MAX) {
		*v = value > *v ? value : *v;
		return;
	}
	*v += value;
	t->rtt_seconds[bucket] += measure == MEASURE_RTT;
}

void timeline_record(struct timeline *t, const struct record *r)
{
	const struct series *s = &r->series;
	int measure = measure_of(s->name);

	if (measure < 0 || s->bucket_ns <= 0)
		return;
	if (!t->bucket_ns) {
		t->begin_ns = r->ts_ns;
		t->bucket_ns = s->bucket_ns;
	}
	for (uint32_t i = 0; i < s->value_count && i < SERIES_VALUES; i++) {
		int bucket = bucket_at(t, r->ts_ns + (int64_t)i * s->bucket_ns);

		if (bucket >= 0 && s->values[i] > 0)
			add(t, measure, bucket, s->values[i]);
	}
}

static double middle_s(const struct timeline *t, const struct result *r, uint32_t bucket)
{
	double at = when_s(t->begin_ns + (int64_t)bucket * t->bucket_ns + t->bucket_ns / 2 - r->summary.first_ts_ns);

	return at > 0 ? at : 0;
}

static double most_of(const struct timeline *t, int measure)
{
	double most = 0;

	for (uint32_t i = 0; i < t->used; i++)
		most = t->values[measure][i] > most ? t->values[measure][i] : most;
	return most;
}

static double sum_of(const struct timeline *t, int measure)
{
	double sum = 0;

	for (uint32_t i = 0; i < t->used; i++)
		sum += t->values[measure][i];
	return sum;
}

static void plot_throughput(const struct timeline *t, struct result *r)
{
	double most = most_of(t, MEASURE_BYTES) * 8 / when_s(t->bucket_ns), unit = most < 1e6 ? 1e3 : 1e6;
	struct plot *p = result_plot(r, "throughput", "Throughput of everything captured", "time since the start (s)",
		most < 1e6 ? "kbit/s" : "Mbit/s");

	p->x_is_time = true;
	plot_line(p, "on the wire");
	for (uint32_t i = 0; i < t->used; i++)
		plot_point(p->lines, middle_s(t, r, i), t->values[MEASURE_BYTES][i] * 8 / when_s(t->bucket_ns) / unit);
	p->says = xprintf("At most %.3g %s; %.3g in the mean.", most / unit, p->y_label,
		sum_of(t, MEASURE_BYTES) * 8 / (when_s(t->bucket_ns) * t->used) / unit);
}

static void plot_rtt(const struct timeline *t, struct result *r)
{
	struct plot *p = result_plot(r, "rtt", "Round trips of TCP data", "time since the start (s)", "milliseconds");
	char greatest[WHEN_TEXT_SIZE];

	p->x_is_time = true;
	plot_line(p, "mean");
	plot_line(p, "greatest");
	for (uint32_t i = 0; i < t->used; i++) {
		if (t->rtt_seconds[i] <= 0)
			continue;
		plot_point(&p->lines[0], middle_s(t, r, i), t->values[MEASURE_RTT][i] / t->rtt_seconds[i] * 1e3);
		plot_point(&p->lines[1], middle_s(t, r, i), t->values[MEASURE_RTT_MAX][i] * 1e3);
	}
	p->says = xprintf("From a segment to the ACK that covers it, as seen where the capture was taken (a delayed ACK "
			  "counts in): %s at most.", when_duration(most_of(t, MEASURE_RTT_MAX), greatest));
}

static void plot_resent(const struct timeline *t, struct result *r)
{
	struct plot *p = result_plot(r, "loss", "TCP segments sent again", "time since the start (s)", "segments");
	char width[WHEN_TEXT_SIZE];

	p->x_is_time = p->bars = true;
	plot_line(p, "sent again");
	for (uint32_t i = 0; i < t->used; i++)
		plot_point(p->lines, middle_s(t, r, i), t->values[MEASURE_RESENT][i]);
	p->says = xprintf("%.0f segments were lost or taken for lost and sent again; %.0f at most in %s.",
		sum_of(t, MEASURE_RESENT), most_of(t, MEASURE_RESENT), when_duration(when_s(t->bucket_ns), width));
}

void timeline_plots(const struct timeline *t, struct result *r)
{
	if (t->used < BUCKETS_LEAST || !r->summary.has_packets)
		return;
	if (most_of(t, MEASURE_RTT_MAX) >= RTT_LEAST_S)
		plot_rtt(t, r);
	if (most_of(t, MEASURE_RESENT) > 0)
		plot_resent(t, r);
	if (sum_of(t, MEASURE_BYTES) >= BYTES_LEAST)
		plot_throughput(t, r);
}
