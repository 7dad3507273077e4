/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums by direction; times stay absolute until they are told. */
#include "decode/fragment_pairs.h"

#include "capture/capture.h"
#include "decode/packet.h"

struct sums {
	int64_t first_ns;
	uint64_t first_frame;
	uint16_t first_source;
	struct fragmented told;
};

void fragment_pairs_init(struct fragment_pairs *all)
{
	*all = (struct fragment_pairs){ 0 };
	table_init(&all->pairs, sizeof(struct fragment_pair), sizeof(struct sums), FRAGMENT_PAIRS_MAX);
}

void fragment_pairs_free(struct fragment_pairs *all)
{
	table_free(&all->pairs);
}

static struct frame_ref ref_of(const struct packet *p)
{
	return (struct frame_ref){ p->frame->number, p->ts_ns, p->frame->source };
}

static struct sums *sums_for(struct fragment_pairs *all, const struct fragment_pair *key, const struct packet *p)
{
	struct sums *s = table_find(&all->pairs, key);

	if (s || all->pairs.count == FRAGMENT_PAIRS_MAX)
		return s;
	s = table_add(&all->pairs, key);
	s->first_ns = p->ts_ns;
	s->first_frame = p->frame->number;
	s->first_source = p->frame->source;
	return s;
}

void fragment_pair_arrived(
	struct fragment_pairs *all, const struct fragment_pair *key, const struct packet *p, uint32_t offset, bool begins)
{
	struct sums *s = sums_for(all, key, p);

	if (!s) {
		all->left_out += begins;
		return;
	}
	s->told.pkts++;
	s->told.first_pkts += offset == 0;
	s->told.later_pkts += offset != 0;
	if (p->ip_len > s->told.max_len)
		s->told.max_len = p->ip_len;
}

void fragment_pair_joined(
	struct fragment_pairs *all, const struct fragment_pair *key, const struct packet *p, uint32_t len)
{
	struct sums *s = table_find(&all->pairs, key);

	if (!s)
		return;
	s->told.joined_last = ref_of(p);
	if (!s->told.joined++)
		s->told.joined_first = s->told.joined_last;
	if (len > s->told.joined_max_len)
		s->told.joined_max_len = len;
}

static void note_lost(struct fragmented *f, const struct lost_datagram *d)
{
	uint64_t *const counters[] = {
		[FRAGMENTS_FIRST] = &f->lost_first_only,
		[FRAGMENTS_REST] = &f->lost_rest_only,
		[FRAGMENTS_HOLES] = &f->lost_holes,
	};

	++*counters[d->here];
	if (f->lost_count < LOST_DATAGRAMS_MAX)
		f->lost[f->lost_count++] = *d;
}

void fragment_pair_ended(struct fragment_pairs *all, const struct fragment_pair *key, const struct lost_datagram *d,
	enum fragment_end how)
{
	struct sums *s = table_find(&all->pairs, key);

	if (!s)
		return;
	switch (how) {
	case FRAGMENT_END_LOST:
		note_lost(&s->told, d);
		break;
	case FRAGMENT_END_LET_GO:
		s->told.let_go++;
		break;
	case FRAGMENT_END_UNFINISHED:
		s->told.unfinished++;
		break;
	}
}

static void tell(const struct fragment_pair *key, const struct sums *s, int64_t clock_ns, const struct record_sink *sink)
{
	struct record r;
	struct fragmented *f = &r.fragmented;

	record_init(&r, RECORD_FRAGMENTED);
	r.ts_ns = s->first_ns;
	r.emitted_ns = clock_ns;
	r.orig_h = key->src;
	r.resp_h = key->dst;
	r.proto = key->proto;
	r.source = s->first_source;
	r.frame = s->first_frame;
	*f = s->told;
	for (uint32_t i = 0; i < f->lost_count; i++) {
		f->lost[i].first.at_ns -= r.ts_ns;
		f->lost[i].last.at_ns -= r.ts_ns;
	}
	if (f->joined) {
		f->joined_first.at_ns -= r.ts_ns;
		f->joined_last.at_ns -= r.ts_ns;
	}
	sink->take(sink->arg, &r);
}

void fragment_pairs_tell(const struct fragment_pairs *all, int64_t clock_ns, const struct record_sink *sink)
{
	for (struct table_entry *e = table_next(&all->pairs, NULL); e; e = table_next(&all->pairs, e))
		tell(table_key(e), table_value(e), clock_ns, sink);
}
