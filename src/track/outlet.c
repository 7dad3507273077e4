/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and conversations as what they say beside themselves. */
#include "track/outlet.h"

#include "capture/capture.h"
#include "decode/packet.h"
#include "track/icmp_track.h"
#include "track/nd_message.h"
#include "track/series_track.h"
#include "track/tracker.h"

struct series_count outlet_count(const struct packet *p, const struct tracked *t)
{
	struct series_count n = { .packets = 1, .bytes = p->frame->on_wire, .resent = t->resent };

	if (t->rtt_ns > 0) {
		n.rtts = 1;
		n.rtt_sum_ns = (uint64_t)t->rtt_ns;
		n.rtt_max_ns = t->rtt_ns;
	}
	return n;
}

void outlet_packet(const struct outlet *o, const struct packet *p, const struct tracked *t)
{
	struct record_sink records = { o->record, o->arg };
	struct nd_message message;
	struct series_count n = outlet_count(p, t);

	o->count(o->arg, p->clock_ns, &n);
	if (p->verdict == PACKET_BAD)
		return;
	if (t->left)
		o->link(o->arg, t->left, p->clock_ns);
	if (!t->flow || t->new_link || p->kind == PACKET_ICMP)
		o->packet(o->arg, p);
	if (p->kind == PACKET_ICMP)
		icmp_track_packet(&records, p, t->flow, nd_read(p, &message) ? &message : NULL);
}

void outlet_flow(const struct outlet *o, struct flow *f)
{
	struct flow_link counted;

	for (enum side side = SIDE_ORIG; side <= SIDE_RESP; side++)
		if (flow_take_link(f, side, &counted))
			o->link(o->arg, &counted, flow_emitted_ns(f));
}
