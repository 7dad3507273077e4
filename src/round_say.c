/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A round that all lanes went through: its streams get their numbers, and what was said of it is said in one order. */
#include "round_say.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "round.h"
#include "track/outlet.h"

void stream_counters_free(struct stream_counters *all)
{
	free(all->list);
}

/* --- stream numbers --- */

static struct stream_counter *counter_of(struct stream_counters *all, uint16_t source)
{
	if (source >= all->room) {
		uint32_t room = source + 8u;

		all->list = xrealloc(all->list, room * sizeof(*all->list));
		memset(all->list + all->room, 0, (room - all->room) * sizeof(*all->list));
		all->room = room;
	}
	return &all->list[source];
}

static struct stream_birth *next_birth(struct round *r, int lane)
{
	struct round_lane *l = &r->lanes[lane];

	return l->named < l->births.count ? &l->births.list[l->named] : NULL;
}

void round_number_streams(struct round *r, struct stream_counters *all)
{
	for (;;) {
		struct stream_birth *first = NULL, *b;
		struct stream_counter *n;
		int lane = 0;

		for (int i = 0; i < r->lane_count; i++) {
			b = next_birth(r, i);
			if (b && (!first || b->moment < first->moment)) {
				first = b;
				lane = i;
			}
		}
		if (!first)
			return;
		r->lanes[lane].named++;
		n = counter_of(all, first->source);
		first->number = first->key.proto == 6 ? n->tcp++ : n->udp++;
	}
}

/* --- what the lanes said, in one order --- */

static struct event_queue *earliest_event(struct round *r, int *lane)
{
	struct event_queue *first = NULL;

	for (int i = r->lane_count; i >= 0; i--) {
		struct event_queue *q = &r->lanes[i].said;

		if (q->next == q->count)
			continue;
		if (!first || moment_before(&q->list[q->next].moment, &first->list[first->next].moment)) {
			first = q;
			*lane = i;
		}
	}
	return first;
}

/* Throughput of the seconds that are over at that time. */
static void say_counts(const struct outlet *out, struct round *r, int64_t at_ns)
{
	for (;;) {
		struct event_queue *first = NULL;
		const struct event_count *n;

		for (int i = 0; i <= r->lane_count; i++) {
			struct event_queue *q = &r->lanes[i].said;

			if (q->count_next < q->count_count &&
				(!first || q->counts[q->count_next].second_ns <
						   first->counts[first->count_next].second_ns))
				first = q;
		}
		if (!first || first->counts[first->count_next].second_ns + NS_PER_S > at_ns)
			return;
		n = &first->counts[first->count_next++];
		series_count_add(outlet_count(out, n->second_ns), &n->sum);
	}
}

static void say_record(const struct outlet *out, const struct round *r, int lane, const void *bytes, size_t size)
{
	struct record record;

	memcpy(&record, bytes, size);
	memset((char *)&record + size, 0, sizeof(record) - size);
	if (record.kind == RECORD_CONN && record.conn.stream & STREAM_LATER)
		record.conn.stream = r->lanes[lane].births.list[record.conn.stream & ~STREAM_LATER].number;
	out->record(out->arg, &record);
}

static void say(const struct outlet *out, const struct round *r, int lane, const struct event_queue *q, const struct event *e)
{
	const void *bytes = event_bytes(q, e);
	const struct packet *p;

	switch (e->kind) {
	case EVENT_RECORD:
		say_record(out, r, lane, bytes, e->size);
		break;
	case EVENT_LINK:
		out->link(out->arg, bytes, e->moment.at_ns);
		break;
	case EVENT_PACKET:
		memcpy(&p, bytes, sizeof(struct packet *));
		out->packet(out->arg, p);
		break;
	case EVENT_ANNOUNCE:
		out->announce(out->arg, bytes, e->moment.at_ns);
		break;
	case EVENT_RECEIVER:
		out->receiver(out->arg, bytes, e->moment.at_ns);
		break;
	}
}

void round_say(struct round *r, const struct outlet *out)
{
	struct event_queue *q;
	int lane = 0;

	while ((q = earliest_event(r, &lane)) != NULL) {
		say_counts(out, r, q->list[q->next].moment.at_ns);
		say(out, r, lane, q, &q->list[q->next]);
		q->next++;
	}
	say_counts(out, r, INT64_MAX);
	round_clear(r);
}
