/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bucket per second of the capture's clock, 60 in a record. */
#include "track/series_track.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/tracker.h"

#define BUCKET_NS NS_PER_S
#define STRETCH_NS (SERIES_VALUES * BUCKET_NS)

static void tell(const struct series_track *s, const struct record_sink *sink, const char *name, const double *values,
	int64_t emitted_ns)
{
	struct record r;

	record_init(&r, RECORD_SERIES);
	r.ts_ns = s->begin_ns;
	r.emitted_ns = emitted_ns;
	text_copy(r.series.name, sizeof(r.series.name), name);
	r.series.bucket_ns = BUCKET_NS;
	r.series.value_count = s->used;
	memcpy(r.series.values, values, s->used * sizeof(*values));
	sink->take(sink->arg, &r);
}

static void tell_rtt(struct series_track *s, const struct record_sink *sink, int64_t clock_ns)
{
	for (uint32_t i = 0; i < s->used; i++)
		if (s->rtts[i] > 0)
			s->rtt_sum_s[i] /= s->rtts[i];
	tell(s, sink, "rtt", s->rtt_sum_s, clock_ns);
	tell(s, sink, "rtt_max", s->rtt_max_s, clock_ns);
}

void series_track_finish(struct series_track *s, const struct record_sink *sink, int64_t clock_ns)
{
	if (!s->used)
		return;
	tell(s, sink, "bytes", s->bytes, clock_ns);
	tell(s, sink, "packets", s->packets, clock_ns);
	if (s->has_rtt)
		tell_rtt(s, sink, clock_ns);
	if (s->has_resent)
		tell(s, sink, "resent", s->resent, clock_ns);
	memset(s, 0, sizeof(*s));
}

static void add_tcp(struct series_track *s, uint32_t bucket, const struct tracked *tracked)
{
	double rtt_s = when_s(tracked->rtt_ns);

	if (tracked->resent) {
		s->has_resent = true;
		s->resent[bucket]++;
	}
	if (tracked->rtt_ns <= 0)
		return;
	s->has_rtt = true;
	s->rtts[bucket]++;
	s->rtt_sum_s[bucket] += rtt_s;
	s->rtt_max_s[bucket] = rtt_s > s->rtt_max_s[bucket] ? rtt_s : s->rtt_max_s[bucket];
}

void series_track_packet(
	struct series_track *s, const struct record_sink *sink, const struct packet *p, const struct tracked *tracked)
{
	int64_t at_ns = p->clock_ns;
	uint32_t bucket;

	if (s->used && at_ns >= s->end_ns)
		series_track_finish(s, sink, s->end_ns);
	if (!s->used) {
		s->begin_ns = at_ns - at_ns % BUCKET_NS;
		s->end_ns = at_ns - at_ns % STRETCH_NS + STRETCH_NS;
	}
	bucket = (uint32_t)((at_ns - s->begin_ns) / BUCKET_NS);
	if (at_ns < s->begin_ns || bucket >= SERIES_VALUES)
		bucket = 0; /* before 1970 */
	if (bucket >= s->used)
		s->used = bucket + 1;
	s->packets[bucket]++;
	s->bytes[bucket] += p->frame->on_wire;
	add_tcp(s, bucket, tracked);
}
