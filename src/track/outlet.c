/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and conversations as what they say beside themselves. */
#include "track/outlet.h"

#include "base/seldom.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/icmp_track.h"
#include "track/nd_message.h"
#include "track/tracker.h"

static inline void count(struct series_count *sum, const struct packet *p, const struct tracked *t)
{
	sum->packets++;
	sum->bytes += p->frame->on_wire;
	sum->resent += t->resent;
	if (t->rtt_ns <= 0)
		return;
	sum->rtts++;
	sum->rtt_sum_ns += (uint64_t)t->rtt_ns;
	sum->rtt_max_ns = t->rtt_ns > sum->rtt_max_ns ? t->rtt_ns : sum->rtt_max_ns;
}

/* What a packet says beside its conversation. */
static SELDOM void tell_beside(const struct outlet *o, const struct packet *p, const struct tracked *t)
{
	struct record_sink records = { o->record, o->arg };
	struct nd_message message;

	if (t->left)
		o->link(o->arg, t->left, p->clock_ns);
	if (!t->flow || t->new_link || p->kind == PACKET_ICMP)
		o->packet(o->arg, p);
	if (p->kind == PACKET_ICMP)
		icmp_track_packet(&records, p, t->flow, nd_read(p, &message) ? &message : NULL);
}

void outlet_packet(const struct outlet *o, const struct packet *p, const struct tracked *t)
{
	count(outlet_count(o, p->clock_ns), p, t);
	if ((!t->flow || t->new_link || p->kind == PACKET_ICMP) && p->verdict != PACKET_BAD)
		tell_beside(o, p, t);
}

void outlet_flow(const struct outlet *o, struct flow *f)
{
	struct flow_link counted;

	for (enum side side = SIDE_ORIG; side <= SIDE_RESP; side++)
		if (flow_take_link(f, side, &counted))
			o->link(o->arg, &counted, flow_emitted_ns(f));
}
