/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands on to those who look at something other than a conversation, and keeps their time. */
#include "track/surroundings.h"

#include <stdlib.h>

#include "base/seldom.h"
#include "base/text.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/arp_track.h"
#include "track/link_track.h"
#include "track/nd_message.h"
#include "track/series_track.h"

struct surroundings {
	struct record_sink sink;
	struct link_track *links;
	struct arp_track *arps;
	struct series_track series;
	int64_t now_ns, wakes_ns; /* before wakes_ns nobody has anything to tell */
};

struct surroundings *surroundings_new(const struct record_sink *sink)
{
	struct surroundings *s = xcalloc(1, sizeof(*s));

	s->sink = *sink;
	s->links = link_track_new(sink);
	s->arps = arp_track_new(sink);
	s->now_ns = s->wakes_ns = INT64_MIN;
	return s;
}

void surroundings_free(struct surroundings *s)
{
	if (!s)
		return;
	link_track_free(s->links);
	arp_track_free(s->arps);
	free(s);
}

static int64_t due_ns(const struct surroundings *s)
{
	int64_t arps = arp_track_due_ns(s->arps), links = link_track_due_ns(s->links);
	int64_t series = series_track_due_ns(&s->series), first = arps < links ? arps : links;

	return first < series ? first : series;
}

/* Before 1970 minutes end earlier than they do. */
static int64_t next_wake_ns(const struct surroundings *s, int64_t clock_ns)
{
	int64_t due = due_ns(s), minute = link_track_minute_ns(s->links);

	return clock_ns < 0 ? INT64_MIN : due < minute ? due : minute;
}

static SELDOM void wake(struct surroundings *s, int64_t clock_ns)
{
	for (int64_t at = due_ns(s); at <= clock_ns; at = due_ns(s)) {
		arp_track_clock(s->arps, at);
		link_track_clock(s->links, at);
		series_track_clock(&s->series, &s->sink, at);
	}
	link_track_clock(s->links, clock_ns);
	s->wakes_ns = next_wake_ns(s, clock_ns);
}

void surroundings_clock(struct surroundings *s, int64_t clock_ns)
{
	if (clock_ns <= s->now_ns)
		return;
	s->now_ns = clock_ns;
	if (clock_ns >= s->wakes_ns)
		wake(s, clock_ns);
}

void surroundings_packet(struct surroundings *s, const struct packet *p)
{
	struct nd_message message;
	const struct nd_message *nd = p->kind == PACKET_ICMP && nd_read(p, &message) ? &message : NULL;

	link_track_packet(s->links, p, nd, s->now_ns);
	if (p->kind != PACKET_ARP && !nd)
		return;
	arp_track_packet(s->arps, p, nd);
	s->wakes_ns = INT64_MIN;
}

void surroundings_link(struct surroundings *s, const struct flow_link *counted)
{
	link_track_add(s->links, counted, s->now_ns);
}

void surroundings_count(struct surroundings *s, int64_t at_ns, const struct series_count *more)
{
	series_track_add(&s->series, at_ns, more);
	s->wakes_ns = INT64_MIN;
}

void surroundings_receiver(struct surroundings *s, const struct mac *m)
{
	arp_track_receiver(s->arps, m);
}

void surroundings_finish(struct surroundings *s)
{
	arp_track_finish(s->arps, s->now_ns);
	link_track_finish(s->links, s->now_ns);
	series_track_finish(&s->series, &s->sink, s->now_ns);
}

size_t surroundings_held_bytes(const struct surroundings *s)
{
	return link_track_held_bytes(s->links) + arp_track_held_bytes(s->arps);
}
