/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands each packet to those who look at something other than its conversation. */
#include "track/surroundings.h"

#include <stdlib.h>

#include "base/text.h"
#include "decode/packet.h"
#include "track/arp_track.h"
#include "track/icmp_track.h"
#include "track/link_track.h"
#include "track/nd_message.h"
#include "track/series_track.h"
#include "track/tracker.h"

struct surroundings {
	struct record_sink sink;
	struct link_track *links;
	struct arp_track *arps;
	struct series_track series;
	int64_t now_ns;
};

struct surroundings *surroundings_new(const struct record_sink *sink)
{
	struct surroundings *s = xcalloc(1, sizeof(*s));

	s->sink = *sink;
	s->links = link_track_new(sink);
	s->arps = arp_track_new(sink);
	s->now_ns = INT64_MIN;
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

void surroundings_packet(struct surroundings *s, const struct packet *p, const struct tracked *tracked)
{
	struct nd_message message;
	const struct nd_message *nd = p->kind == PACKET_ICMP && nd_read(p, &message) ? &message : NULL;

	if (p->clock_ns > s->now_ns)
		s->now_ns = p->clock_ns;
	series_track_packet(&s->series, &s->sink, p, tracked);
	link_track_clock(s->links, p->clock_ns);
	if (p->verdict == PACKET_BAD)
		return;
	if (tracked->left)
		link_track_add(s->links, tracked->left);
	if (!tracked->flow || tracked->new_link || p->kind == PACKET_ICMP)
		link_track_packet(s->links, p, nd);
	arp_track_packet(s->arps, p, nd);
	if (p->kind == PACKET_ICMP)
		icmp_track_packet(&s->sink, p, tracked->flow, nd);
}

void surroundings_flow(struct surroundings *s, struct flow *f)
{
	struct flow_link counted;

	for (enum side side = SIDE_ORIG; side <= SIDE_RESP; side++)
		if (flow_take_link(f, side, &counted))
			link_track_add(s->links, &counted);
}

void surroundings_clock(struct surroundings *s, int64_t clock_ns)
{
	if (clock_ns <= s->now_ns)
		return;
	s->now_ns = clock_ns;
	link_track_clock(s->links, clock_ns);
	arp_track_clock(s->arps, clock_ns);
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
