/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Round trips as seen from the capture: from a segment to the ACK that covers it, one at a time (RFC 6298, section 3).
 */
#include "base/seq.h"
#include "track/tracker_impl.h"

/* New data of this side goes out: time it when nothing is being timed. */
void rtt_data(struct passing *w)
{
	struct half *own = w->own;

	if (own->flags & HALF_TIMED)
		return;
	own->flags |= HALF_TIMED;
	own->timed_end = w->end;
	own->timed_ns = w->now_ns;
}

/* The timed segment was sent again: its ACK would be ambiguous. */
void rtt_cancel(struct half *h)
{
	h->flags &= ~(uint32_t)HALF_TIMED;
}

/* This side's ACK may cover the peer's timed segment. */
void rtt_acked(struct passing *w)
{
	struct half *peer = w->peer;
	struct rtts *r = &w->c->rtt[side_other(w->side)];
	int64_t rtt;

	if (!(peer->flags & HALF_TIMED) || seq_before(w->p->tcp.ack, peer->timed_end))
		return;
	rtt_cancel(peer);
	rtt = w->now_ns - peer->timed_ns;
	r->min_ns = !r->samples || rtt < r->min_ns ? rtt : r->min_ns;
	r->max_ns = rtt > r->max_ns ? rtt : r->max_ns;
	r->sum_ns += rtt;
	r->samples++;
	w->rtt_ns = rtt;
}
