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
	struct conn_side *o = w->peer_out;
	int64_t rtt = w->now_ns - peer->timed_ns;

	if (!(peer->flags & HALF_TIMED) || seq_before(w->p->tcp.ack, peer->timed_end))
		return;
	rtt_cancel(peer);
	o->rtt_min_ns = o->rtt_min_ns == UNSET || rtt < o->rtt_min_ns ? rtt : o->rtt_min_ns;
	o->rtt_max_ns = rtt > o->rtt_max_ns ? rtt : o->rtt_max_ns;
	w->c->rtt_sum_ns[side_other(w->side)] += rtt;
	o->rtt_samples++;
}
