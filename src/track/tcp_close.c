/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a TCP connection ends: FINs, RSTs, and what tells the sender of a RST apart from the peer. */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tracker_impl.h"

/* The peer's FIN, which is before it in the capture, acknowledges this one: it was sent after it. */
static bool is_acked_by_fin(const struct passing *w)
{
	const struct repair *r = w->f->repair[w->side];

	return r && r->has_peer_fin && (w->peer->flags & HALF_FIN) && r->peer_fin_ack == w->end + 1;
}

SELDOM void close_fin(struct passing *w)
{
	struct half *own = w->own, *peer = w->peer;
	uint32_t end = w->end + 1;

	if (own->flags & HALF_FIN)
		return;
	own->flags |= HALF_FIN;
	loss_fin(w);
	w->c->start[w->side].fin = passing_ref(w);
	if (w->f->repair[w->side])
		late_fin(w);
	if (w->f->first_rst == side_other(w->side))
		late_fin_rst(w);
	if (!(peer->flags & HALF_FIN) && w->f->repair[side_other(w->side)])
		late_peer_fin(w);
	if (w->f->first_fin == SIDE_NONE || is_acked_by_fin(w))
		w->f->first_fin = (uint8_t)w->side;
	else if ((peer->flags & HALF_FIN) && seq_before(w->p->tcp.ack, peer->next_seq))
		w->c->simultaneous_close = true;
	if (!(own->flags & HALF_NEXT_SET) || seq_after(end, own->next_seq)) {
		own->next_seq = end;
		own->flags |= HALF_NEXT_SET;
	}
	if ((own->flags & HALF_FIN) && (peer->flags & HALF_FIN))
		tracker_closed(w->t, w->f, CONN_END_FIN);
}

/*
 * Whether the RST says that its sender threw data away: the peer's last packet carried data that came after the close
 * or that was never acknowledged.
 */
static bool is_unread(const struct passing *w)
{
	const struct half *own = w->own, *peer = w->peer;

	if (!peer->bytes || w->f->last_side == w->side || peer->last.frame != peer->last_data.frame)
		return false;
	return (own->flags & HALF_FIN) || !(peer->flags & HALF_ACKED_SET) || seq_before(peer->acked, peer->next_seq);
}

static bool acks_syn(const struct passing *w)
{
	return w->side == SIDE_RESP && w->c->syns && !w->c->syn_acks && (w->flags & TCP_ACK) &&
	       w->p->tcp.ack == w->peer->base_seq + 1;
}

static struct rst_seen describe(const struct passing *w)
{
	const struct packet *p = w->p;
	const struct half *own = w->own, *peer = w->peer;
	struct rst_seen r = { .ref = long_ref(passing_ref(w)),
		.after_peer_ns = UNSET,
		.after_own_ns = UNSET,
		.seq_delta = UNSET_DELTA,
		.ip_id_delta = UNSET_DELTA,
		.window = p->tcp.window,
		.ip_id = p->ip_id,
		.side = (uint8_t)w->side,
		.ttl = p->ttl,
		.flags = w->flags,
		.has_timestamps = p->tcp.has_timestamps,
		.after_fin = (own->flags & HALF_FIN) != 0,
		.after_peer_fin = (peer->flags & HALF_FIN) != 0,
		.reserved_bits = p->tcp.reserved != 0 };

	if (p->has_macs)
		r.mac = p->mac_src;
	if (peer->last.frame)
		r.after_peer_ns = w->now_ns - half_last_ns(w->f, peer);
	if (own->last.frame) {
		r.after_own_ns = w->now_ns - half_last_ns(w->f, own);
		if (p->has_ip_id)
			r.ip_id_delta = (int16_t)(p->ip_id - own->last_ip_id);
	}
	if (own->flags & HALF_NEXT_SET)
		r.seq_delta = seq_diff(p->tcp.seq, own->next_seq);
	if ((w->flags & TCP_ACK) && (peer->flags & HALF_BASE_SET))
		r.ack = p->tcp.ack - peer->base_seq;
	r.acks_syn = acks_syn(w);
	r.unread = is_unread(w);
	return r;
}

SELDOM void close_rst(struct passing *w)
{
	struct trouble *t = flow_trouble(w->f);

	if (t->rst_count < RSTS_MAX)
		t->rsts[t->rst_count] = describe(w);
	t->rst_count++;
	w->own->flags |= HALF_RST_SEEN;
	if (w->f->first_rst == SIDE_NONE)
		w->f->first_rst = (uint8_t)w->side;
	if (acks_syn(w))
		handshake_answered(w, SYN_ANSWER_RST);
	/* Both FINs came before: that was the end, the RST is an echo. */
	if (w->f->state != FLOW_CLOSED)
		tracker_closed(w->t, w->f, CONN_END_RST);
}

/* A sender that goes on with data or SYN-ACK has not sent the RST, or it was not heeded. */
static SELDOM void note_going_on(struct passing *w)
{
	struct trouble *t = w->c->trouble;
	bool goes_on = w->len > 0 || (w->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);

	if (!goes_on)
		return;
	for (uint32_t i = 0; i < t->rst_count && i < RSTS_MAX; i++)
		if (t->rsts[i].side == w->side)
			t->rsts[i].data_continues = true;
	if (w->f->end_reason == CONN_END_RST)
		tracker_reopened(w->t, w->f);
}

void close_after(struct passing *w)
{
	if (w->own->flags & HALF_RST_SEEN)
		note_going_on(w);
	if ((w->peer->flags & HALF_FIN) && (w->flags & TCP_ACK) && seq_diff(w->p->tcp.ack, w->peer->next_seq) >= 0)
		w->peer->flags |= HALF_FIN_ACKED;
}
