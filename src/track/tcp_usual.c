/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tcp_usual.h. */
#include "track/tcp_usual.h"

#include "base/seldom.h"
#include "base/seq.h"
#include "track/tcp_steps.h"

#define ODD_FLAGS (TCP_PSH | TCP_ECE | TCP_CWR) /* that mean nothing here */
#define SCALE_LIMIT 14				/* windows that are shifted further are not (RFC 7323, section 2.3) */

/* Whether such a SYN begins it that Wireshark says nothing of, nor of what may follow. */
static bool is_first_syn(const struct passing *w)
{
	const struct packet *p = w->p;

	return (w->flags & ~ODD_FLAGS) == TCP_SYN && w->side == SIDE_ORIG && !w->own->pkts && !w->peer->pkts &&
	       !w->c->ws.begun && !p->tcp.ack && !p->payload_wire && !p->fault && !p->tcp.mptcp &&
	       p->tcp.window_scale <= SCALE_LIMIT;
}

static bool is_first_syn_ack(const struct passing *w)
{
	const struct packet *p = w->p;

	return (w->flags & ~ODD_FLAGS) == (TCP_SYN | TCP_ACK) && w->side == SIDE_RESP && p->tcp.ack &&
	       p->tcp.ack == w->peer->next_seq && !p->payload_wire && !p->fault && !p->tcp.mptcp &&
	       !p->tcp.sack_count && p->tcp.window_scale <= SCALE_LIMIT;
}

/* In line, a FIN, too; numbers that Wireshark takes for unknown ones are not. */
static bool is_next(const struct passing *w)
{
	const struct half *own = w->own, *peer = w->peer;
	const struct packet *p = w->p;
	const struct tcp_header *t = &p->tcp;
	uint32_t last_ack = own->flags & HALF_ACK_SENT ? own->last_ack : t->ack - 1;

	if ((w->flags & ~(ODD_FLAGS | TCP_FIN)) != TCP_ACK || !t->window || t->window_scale >= 0 || t->mptcp ||
		t->sack_count || p->fault || w->len != p->payload_wire)
		return false;
	if ((own->flags & HALF_FIN) && (w->len || (w->flags & TCP_FIN)))
		return false;
	if (t->seq != own->next_seq || !t->seq || !peer->next_seq || seq_after(t->ack, peer->next_seq))
		return false;
	if (!w->len)
		return w->flags & TCP_FIN ? !seq_before(t->ack, last_ack) : seq_after(t->ack, last_ack);
	return !seq_before(t->ack, last_ack) && peer->last_ack && seq_before(w->end, peer->last_ack + peer->window);
}

static bool is_handshake_ack(const struct passing *w)
{
	return w->side == SIDE_ORIG && !(w->flags & TCP_FIN) && w->p->tcp.ack == w->peer->next_seq &&
	       w->at_ns != w->c->syn_at_ns && is_next(w);
}

enum flow_untold usual_next(const struct passing *w)
{
	enum flow_untold next = UNTOLD_NOTHING;

	if (!sum_is_right(w->own, w->p) && w->p->checksum != CHECKSUM_PARTIAL)
		return UNTOLD_NOTHING;
	if (w->f->untold == UNTOLD_ACK)
		return is_next(w) ? UNTOLD_ACK : UNTOLD_NOTHING;
	if (w->f->untold == UNTOLD_SYN_ACK && is_handshake_ack(w))
		next = UNTOLD_ACK;
	else if (w->f->untold == UNTOLD_SYN && is_first_syn_ack(w))
		next = UNTOLD_SYN_ACK;
	else if (w->f->untold == UNTOLD_NOTHING && (w->flags & TCP_SYN) && is_first_syn(w))
		next = UNTOLD_SYN;
	return next;
}

static void note_sum(struct passing *w)
{
	if (!(w->own->flags & HALF_PARTIAL_SUM))
		w->own->flags |= w->p->checksum == CHECKSUM_GOOD ? HALF_GOOD_SUM : HALF_PARTIAL_SUM;
}

/* SYN or SYN-ACK. */
static void usual_syn(struct passing *w)
{
	handshake_packet(w);
	loss_id(w);
	if (!(w->flags & TCP_ACK)) {
		w->c->syn_window = w->p->tcp.window;
		return;
	}
	w->own->window = w->p->tcp.window;
	w->own->flags |= HALF_WINDOW;
	begin_acks(w);
}

static void usual_data(struct passing *w)
{
	struct half *own = w->own;

	own->bytes += w->len;
	own->next_seq = w->end;
	own->data_segments++;
	history_add(w->f, w->side, 'D');
	on_new_data(w);
}

static void usual_segment(struct passing *w)
{
	if (!w->f->handshake_done || (w->len && !w->peer->bytes))
		handshake_packet(w);
	loss_id(w);
	window_announced(w->own, window_of(w));
	w->own->flags |= HALF_WINDOW;
	data_acked(w);
	first_acks(w);
	move_ack(w);
	if (w->len)
		usual_data(w);
	if (w->flags & TCP_FIN)
		close_fin(w);
	if (w->peer->flags & HALF_FIN)
		close_after(w);
}

static void usual_counts(struct passing *w)
{
	if (flow_is_calm(w) && half_ttl_count(w->own))
		flow_count_calm(w);
	else
		flow_count(w);
	if (w->flags & (TCP_SYN | TCP_FIN))
		history_packet(w);
	else if (!w->len)
		history_add(w->f, w->side, 'A');
}

bool usual_way(struct passing *w, enum flow_untold next)
{
	w->f->untold = (uint8_t)next;
	usual_counts(w);
	note_sum(w);
	if (w->flags & TCP_SYN)
		usual_syn(w);
	else
		usual_segment(w);
	return w->len || (w->flags & (TCP_SYN | TCP_FIN));
}
