/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a TCP connection begins (RFC 9293, section 3.5), and what became of its SYN. */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tracker_impl.h"

/*
 * Whether a packet begins a new conversation on a tuple in use. Wireshark 4.0 counts a new stream for a SYN whose
 * sequence number is not the first one of that direction, and for nothing else. A SYN-ACK with another one after the
 * close is a new conversation whose SYN was not captured; it keeps the stream's number.
 */
enum flow_start handshake_start(const struct flow *f, enum side side, const struct packet *p)
{
	const struct half *own = &f->half[side];

	if (!(p->tcp.flags & TCP_SYN) || !(own->flags & HALF_BASE_SET) || p->tcp.seq == own->base_seq)
		return START_SAME;
	if (!(p->tcp.flags & TCP_ACK))
		return START_NEW;
	return f->state == FLOW_CLOSED && p->tcp.ack != f->half[side_other(side)].base_seq + 1 ? START_AGAIN
											       : START_SAME;
}

/* Tells what answered the SYN. A SYN-ACK overrules all, a RST or ICMP error an ACK of something old. */
void handshake_answered(struct passing *w, enum syn_answer how)
{
	static const uint8_t rank[] = { [SYN_ANSWER_NONE] = 0,
		[SYN_ANSWER_UNSEEN] = 0,
		[SYN_ANSWER_ACK] = 1,
		[SYN_ANSWER_ICMP] = 2,
		[SYN_ANSWER_RST] = 2,
		[SYN_ANSWER_SYN_ACK] = 3 };
	struct cold *c = w->c;

	if (rank[how] <= rank[c->answered])
		return;
	c->answered = (uint8_t)how;
	c->answer = passing_ref(w);
	c->answer_ns = c->last_syn_ns == UNSET ? UNSET : w->now_ns - c->last_syn_ns;
}

static void note_options(struct passing *w)
{
	const struct tcp_header *t = &w->p->tcp;
	struct side_start *o = &w->c->start[w->side];

	w->own->mss = t->mss;
	o->window_scale = t->window_scale;
	o->sack_permitted = t->sack_permitted;
	o->timestamps = t->has_timestamps;
	o->fast_open = t->fast_open;
	o->syn_data = w->len;
	o->syn_ttl = w->p->ttl;
	if (t->window_scale >= 0) {
		w->own->scale = (uint8_t)(t->window_scale > 14 ? 14 : t->window_scale);
		w->own->flags |= HALF_SCALE;
	}
}

static SELDOM void on_syn(struct passing *w)
{
	struct cold *c = w->c;

	if (w->side == SIDE_ORIG) {
		if (c->syns == 0) {
			c->syn_at_ns = w->at_ns;
			c->syn_frame = w->p->frame->number;
			if (c->syn_acks) {
				late_seen(w, c->syn_ack);
				c->rtt_server_ns = 0;
			}
		} else if (c->syns < SYN_TIMES_MAX) {
			flow_rare(w->f)->syn_at_ns[c->syns] = w->at_ns;
			flow_rare(w->f)->syn_frames[c->syns] = w->p->frame->number;
		}
		c->syns++;
		c->last_syn_ns = w->now_ns;
	}
	note_options(w);
}

/* The first one, behind the ACK of it; false: that is about another one. */
static bool late_syn_ack(struct passing *w)
{
	struct cold *c = w->c;

	if (!(w->own->flags & HALF_ACKED_SET) || seq_diff(w->own->acked, w->p->tcp.seq + 1) < 0)
		return false;
	late_seen(w, c->handshake_ack);
	c->rtt_client_ns = 0; /* no more than the lag */
	w->f->handshake_done = true;
	return true;
}

static SELDOM void on_syn_ack(struct passing *w)
{
	struct cold *c = w->c;
	bool again = c->syn_acks > 0;

	c->syn_acks++;
	if (c->handshake_ack.frame && (again || !late_syn_ack(w)))
		c->syn_acks_after_ack++;
	c->ignored_data += c->early_data;
	c->early_data = 0;
	note_options(w);
	c->last_syn_ack_ns = w->now_ns;
	if (!again) {
		c->syn_ack = passing_ref(w);
		if (c->last_syn_ns != UNSET)
			c->rtt_server_ns = w->now_ns - c->last_syn_ns;
	}
	handshake_answered(w, SYN_ANSWER_SYN_ACK);
}

/* The first sequence number counts from here; an old one is forgotten. */
static void set_base(struct passing *w)
{
	struct half *own = w->own;

	if ((own->flags & HALF_BASE_SET) && own->base_seq == w->p->tcp.seq) {
		loss_begun_late(w);
		return;
	}
	own->base_seq = w->p->tcp.seq;
	own->next_seq = own->acked = w->p->tcp.seq + 1;
	own->flags |= HALF_BASE_SET | HALF_NEXT_SET;
}

/* An ACK of an earlier connection's numbers, in answer to a SYN (RFC 9293, section 3.5.2; RFC 5961, section 4). */
bool handshake_is_old_ack(const struct passing *w)
{
	return w->side == SIDE_RESP && !w->peer->bytes && (w->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK &&
	       w->p->tcp.ack != w->peer->base_seq + 1 && w->c->syns && !w->c->syn_acks;
}

static SELDOM void on_early_ack(struct passing *w)
{
	struct cold *c = w->c;

	if (handshake_is_old_ack(w)) {
		c->old_acks++;
		handshake_answered(w, SYN_ANSWER_ACK);
	}
	if (w->side != SIDE_ORIG || c->handshake_ack.frame)
		return;
	if (!c->syn_acks) {
		c->handshake_ack = passing_ref(w); /* if the SYN-ACK still comes */
	} else if (seq_diff(w->p->tcp.ack, w->peer->base_seq + 1) >= 0) {
		c->handshake_ack = passing_ref(w);
		w->f->handshake_done = true;
		c->rtt_client_ns = w->now_ns - c->last_syn_ack_ns;
	}
}

void handshake_packet(struct passing *w)
{
	if (w->flags & TCP_SYN) {
		set_base(w);
		if (w->flags & TCP_ACK)
			on_syn_ack(w);
		else
			on_syn(w);
		w->own->flags |= HALF_SYN;
	} else if ((w->flags & TCP_ACK) && !w->f->handshake_done && !w->f->midstream) {
		on_early_ack(w);
	}
	/* Data that the server may be ignoring: it has acknowledged nothing beyond the SYN and sent nothing. */
	if (w->side == SIDE_ORIG && w->len && !w->peer->bytes && (w->peer->flags & HALF_SYN) &&
		(!(w->own->flags & HALF_ACKED_SET) || seq_diff(w->own->acked, w->own->base_seq + 1) <= 0))
		w->c->early_data++;
}
