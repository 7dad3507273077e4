/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bucket per second of the capture's clock, 60 in a record. */
#include "track/series_track.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

#define BUCKET_NS NS_PER_S
#define STRETCH_NS (SERIES_VALUES * BUCKET_NS)

static double bytes_of(const struct series_count *n)
{
	return (double)n->bytes;
}

static double packets_of(const struct series_count *n)
{
	return (double)n->packets;
}

static double resent_of(const struct series_count *n)
{
	return (double)n->resent;
}

static double rtt_of(const struct series_count *n)
{
	return n->rtts ? (double)n->rtt_sum_ns / 1e9 / (double)n->rtts : 0;
}

static double rtt_max_of(const struct series_count *n)
{
	return when_s(n->rtt_max_ns);
}

static void tell(const struct series_track *s, const struct record_sink *sink, const char *name,
	double (*value_of)(const struct series_count *n), int64_t emitted_ns)
{
	struct record r;

	record_init(&r, RECORD_SERIES);
	r.ts_ns = s->begin_ns;
	r.emitted_ns = emitted_ns;
	text_copy(r.series.name, sizeof(r.series.name), name);
	r.series.bucket_ns = BUCKET_NS;
	r.series.value_count = s->used;
	for (uint32_t i = 0; i < s->used; i++)
		r.series.values[i] = value_of(&s->counts[i]);
	sink->take(sink->arg, &r);
}

void series_track_finish(struct series_track *s, const struct record_sink *sink, int64_t clock_ns)
{
	struct series_count all = { 0 };

	if (!s->used)
		return;
	for (uint32_t i = 0; i < s->used; i++)
		series_count_add(&all, &s->counts[i]);
	tell(s, sink, "bytes", bytes_of, clock_ns);
	tell(s, sink, "packets", packets_of, clock_ns);
	if (all.rtts) {
		tell(s, sink, "rtt", rtt_of, clock_ns);
		tell(s, sink, "rtt_max", rtt_max_of, clock_ns);
	}
	if (all.resent)
		tell(s, sink, "resent", resent_of, clock_ns);
	memset(s, 0, sizeof(*s));
}

int64_t series_track_due_ns(const struct series_track *s)
{
	return s->used ? s->end_ns : INT64_MAX;
}

void series_track_clock(struct series_track *s, const struct record_sink *sink, int64_t clock_ns)
{
	if (clock_ns >= series_track_due_ns(s))
		series_track_finish(s, sink, s->end_ns);
}

static int64_t floor_to(int64_t ns, int64_t step)
{
	return ns - (ns % step + step) % step;
}

void series_second_begin(struct series_second *s, int64_t at_ns)
{
	int64_t begin = floor_to(at_ns, BUCKET_NS);

	s->sum = (struct series_count){ 0 };
	s->at_ns = at_ns;
	s->end_ns = begin > INT64_MAX - BUCKET_NS ? INT64_MAX : begin + BUCKET_NS;
}

void series_track_add(struct series_track *s, int64_t at_ns, const struct series_count *more)
{
	uint32_t bucket;

	if (!s->used) {
		s->begin_ns = floor_to(at_ns, BUCKET_NS);
		s->end_ns = floor_to(at_ns, STRETCH_NS) + STRETCH_NS;
	}
	bucket = (uint32_t)((at_ns - s->begin_ns) / BUCKET_NS);
	assert(at_ns >= s->begin_ns && bucket < SERIES_VALUES);
	if (bucket >= s->used)
		s->used = bucket + 1;
	series_count_add(&s->counts[bucket], more);
}
