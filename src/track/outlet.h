/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where those who look at conversations put what is not theirs alone: records, and what packets and conversations say
 * about links and throughput (surroundings.h). All calls come in the order of the capture's clock, so they can also be
 * kept and made later by somebody else: see crew.h. Everything handed over is borrowed for the call.
 */
#ifndef PCAPDX_TRACK_OUTLET_H
#define PCAPDX_TRACK_OUTLET_H

#include "capture/capture.h"
#include "decode/packet.h"
#include "record/record.h"
#include "track/series_track.h"
#include "track/tracker.h"

struct announced;

struct outlet {
	void (*record)(void *arg, const struct record *r); /* at r->emitted_ns */
	struct record *(*room)(void *arg); /* where one for `record` is best made, at once; NULL: anywhere */
	/* Packets that were counted with a conversation. */
	void (*link)(void *arg, const struct flow_link *counted, int64_t clock_ns);
	void (*packet)(void *arg, const struct packet *p); /* one that no conversation counts */
	/* Throughput is added to `counted`, the owner's; this begins another second there, the one of that time. */
	struct series_second *counted;
	void (*second)(void *arg, int64_t at_ns);
	/* A conversation to come between other hosts (dissectors/session.h). */
	void (*announce)(void *arg, const struct announced *a, int64_t clock_ns);
	/* A frame was sent to that MAC; repetitions may be left out. */
	void (*receiver)(void *arg, const struct mac *m, int64_t clock_ns);
	void *arg;
};

/* Where throughput at that time, or at any in its second, is added. */
static inline struct series_count *outlet_count(const struct outlet *o, int64_t at_ns)
{
	if (at_ns >= o->counted->end_ns)
		o->second(o->arg, at_ns);
	return &o->counted->sum;
}

/* What a packet says beside its conversation; a part of outlet_packet. */
void outlet_beside(const struct outlet *o, const struct packet *p, const struct tracked *t);

/* A packet that is no duplicate, after tracker_packet. */
static inline void outlet_packet(const struct outlet *o, const struct packet *p, const struct tracked *t)
{
	struct series_count *sum = outlet_count(o, p->clock_ns);

	sum->packets++;
	sum->bytes += p->frame->on_wire;
	sum->resent += t->resent;
	if (t->rtt_ns > 0)
		series_count_rtt(sum, t->rtt_ns);
	if ((!t->flow || t->new_link || p->kind == PACKET_ICMP) && p->verdict != PACKET_BAD)
		outlet_beside(o, p, t);
}

/* A conversation ended, or a part of it is due: what was counted with it goes to its links. Before its record. */
void outlet_flow(const struct outlet *o, struct flow *f);

#endif
