/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and conversations as what they say beside themselves. */
#include "track/outlet.h"

#include "base/seldom.h"
#include "track/icmp_track.h"
#include "track/nd_message.h"

SELDOM void outlet_beside(const struct outlet *o, const struct packet *p, const struct tracked *t)
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

void outlet_flow(const struct outlet *o, struct flow *f)
{
	struct flow_link counted;

	for (enum side side = SIDE_ORIG; side <= SIDE_RESP; side++)
		if (flow_take_link(f, side, &counted))
			o->link(o->arg, &counted, flow_emitted_ns(f));
}
