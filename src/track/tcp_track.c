/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP segment of a conversation, step by step. */
#include "base/seldom.h"
#include "track/tcp_steps.h"
#include "track/tcp_usual.h"

#define MINIMAL_IP_LEN 46 /* of an Ethernet frame without VLAN tag */

static SELDOM void count_flags(struct passing *w)
{
	struct cold *c = w->c;

	w->f->keep = true;
	if ((w->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		c->flag_syn++;
	else if (w->flags & TCP_SYN)
		c->flag_syn_ack++;
	if (w->flags & TCP_FIN)
		c->flag_fin++;
	if (w->flags & TCP_RST)
		c->flag_rst++;
}

/* Of a conversation that was running already: what was under way when the capture began is not missing in it. */
static void skip_under_way(struct passing *w)
{
	struct half *own = w->own;

	if (w->f->midstream && own->pkts == 1 && (own->flags & HALF_NEXT_SET) &&
		seq_after(w->p->tcp.seq, own->next_seq))
		own->next_seq = w->p->tcp.seq;
}

/* Numbers of a direction that begins without SYN, as Wireshark counts them: its first byte is number 1. */
static SELDOM void begin_numbers(struct passing *w)
{
	struct half *own = w->own, *peer = w->peer;
	const struct tcp_header *t = &w->p->tcp;

	if (w->flags & TCP_RST)
		return;
	if (!(own->flags & HALF_BASE_SET) && !(w->flags & TCP_SYN)) {
		own->base_seq = t->seq - 1;
		own->next_seq = t->seq;
		own->flags |= HALF_BASE_SET | HALF_NEXT_SET;
	}
	skip_under_way(w);
	if (!(peer->flags & HALF_BASE_SET) && (w->flags & TCP_ACK)) {
		peer->base_seq = t->ack - 1;
		peer->next_seq = t->ack;
		peer->flags |= HALF_BASE_SET | HALF_NEXT_SET;
	}
}

/* What the packet acknowledges. */
static void on_ack(struct passing *w)
{
	window_packet(w);
	damage_acked(w);
	loss_acked(w);
	data_acked(w);
	first_acks(w);
	move_ack(w);
}

__attribute__((noinline)) void on_new_data(struct passing *w)
{
	struct half *own = w->own;

	window_data(w);
	rtt_data(w);
	remember_sent(w);
	turns_data(w);
	if (w->len >= own->pending_len) {
		own->pending_len = w->len;
		own->pending_end = w->end;
	}
	data_noted(w);
}

static SELDOM void on_probe(struct passing *w)
{
	w->f->keep = true;
	w->own->flags |= HALF_STOOD;
	if (w->peer->flags & HALF_ZERO)
		return;
	flow_make_odd(w->f, w->side)->keep_alives++;
	w->own->flags |= HALF_KEEP_ALIVE;
}

/* Brings bytes that were acknowledged, as a whole, before they were captured. */
static bool is_late(const struct passing *w)
{
	const struct repair *r = w->f->repair[w->side];

	return r && r->filled_by.frame && (w->own->flags & HALF_ACKED_SET) && seq_diff(w->own->acked, w->end) >= 0;
}

static void on_payload(struct passing *w)
{
	enum segment_kind kind;

	damage_repaired(w);
	kind = loss_segment(w);
	w->own->data_segments++;
	if (kind == SEGMENT_RESENT)
		history_again(w->f, w->side, 'T');
	else
		history_add(w->f, w->side, 'D');
	if (kind == SEGMENT_RESENT)
		w->f->keep = true;
	else if (kind == SEGMENT_FILL && is_late(w))
		late_data(w, w->f->repair[w->side]->filled_by);
	else
		on_new_data(w);
}

/* The peer's keep-alive is answered by any packet. */
static SELDOM void answer_keep_alive(struct passing *w)
{
	w->peer->flags &= ~(uint32_t)HALF_KEEP_ALIVE;
	if (!(w->flags & TCP_RST))
		flow_make_odd(w->f, side_other(w->side))->keep_alives_answered++;
}

static void on_segment(struct passing *w)
{
	bool probe;

	handshake_packet(w);
	if (!w->f->handshake_done && handshake_is_old_ack(w))
		return;
	if (!(w->own->flags & w->peer->flags & HALF_BASE_SET) || w->f->midstream)
		begin_numbers(w);
	loss_id(w);
	probe = loss_is_probe(w);
	if (w->flags & TCP_ACK)
		on_ack(w);
	if (probe)
		on_probe(w);
	else if (w->len)
		on_payload(w);
	else
		loss_gap(w);
	if (w->flags & TCP_FIN)
		close_fin(w);
	close_after(w);
}

/* Whether reassembly learns something from the segment: bytes, an end, or an ACK that closes or shows a gap. */
static bool is_food(const struct passing *w)
{
	if (w->len || (w->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return true;
	return w->f->repair[side_other(w->side)] != NULL;
}

static SELDOM bool is_zeros(const uint8_t *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (b[i])
			return false;
	return true;
}

/* Some drivers count the padding of a minimal Ethernet frame into the IP length of a segment without data: a few zeros
 * that the receiver never acknowledges. Data of that size is pushed, and a probe is one byte. */
static bool is_padding(const struct packet *p)
{
	if (p->ip_len > MINIMAL_IP_LEN || (p->tcp.flags & TCP_PSH) || p->payload_wire < 2 ||
		p->payload_len < p->payload_wire)
		return false;
	return is_zeros(p->payload, p->payload_len);
}

static SELDOM void note_copy(struct passing *w)
{
	struct repair *r;

	duplicate_noted(w);
	w->own->doubled_data += w->len > 0;
	if (!w->len)
		return;
	r = flow_repair(w->f, w->side);
	r->copies[r->copy_count++ % COPIES_MAX] = (struct copied){ w->seq, w->end, passing_ref(w) };
}

/* Whether the headers are those of the middle of a conversation. */
static inline bool is_usual(const struct packet *p)
{
	const struct tcp_header *t = &p->tcp;

	return (t->flags & ~(TCP_PSH | TCP_ECE | TCP_CWR)) == TCP_ACK && !t->sack_count && !t->mptcp && t->window &&
	       t->window_scale < 0 && !p->fault && (!p->payload_wire || p->ip_len > MINIMAL_IP_LEN);
}

/* Next in line, it acknowledges what was seen, and says something new; data ends within the window. */
static inline bool is_in_line(const struct passing *w)
{
	const struct half *own = w->own, *peer = w->peer;
	const struct tcp_header *t = &w->p->tcp;

	if (t->seq != own->next_seq || seq_after(t->ack, peer->next_seq))
		return false;
	if (!w->len)
		return seq_after(t->ack, own->last_ack);
	return !seq_before(t->ack, own->last_ack) &&
	       (!(peer->flags & HALF_EDGE) || seq_before(w->end, peer->last_ack + peer->window));
}

/* Whether all that the long way looks for is absent: then only what it does with every segment remains to be done. */
static inline bool is_plain(const struct passing *w)
{
	return (w->own->flags & (w->len ? HALF_STEADY_DATA : HALF_STEADY_ACK)) && is_usual(w->p) && is_in_line(w) &&
	       sum_is_right(w->own, w->p) && flow_is_calm(w);
}

static inline void short_way(struct passing *w)
{
	struct half *own = w->own;

	own->flags |= HALF_AHEAD;
	flow_count_calm(w);
	loss_id(w);
	window_announced(own, window_of(w));
	data_acked(w);
	move_ack(w);
	if (!w->len)
		return;
	own->bytes += w->len;
	own->next_seq = w->end;
	own->data_segments++;
	on_new_data(w);
}

/* False: reassembly learns nothing from it. */
static __attribute__((noinline)) bool long_way(struct passing *w)
{
	flow_count(w);
	if (w->peer->flags & HALF_KEEP_ALIVE)
		answer_keep_alive(w);
	if (w->p->tcp.mptcp)
		w->c->start[w->side].mptcp = true;
	history_packet(w);
	if (damage_packet(w)) {
		w->own->flags |= HALF_STOOD;
		return false;
	}
	if (w->flags & TCP_RST)
		close_rst(w);
	else
		on_segment(w);
	return is_food(w);
}

static void segment_of(struct passing *w)
{
	w->flags = w->p->tcp.flags;
	if (w->len && is_padding(w->p))
		w->len = 0;
	w->seq = w->p->tcp.seq + ((w->flags & TCP_SYN) != 0);
	w->end = w->seq + w->len;
}

/* What Wireshark would say of it. */
static void count_classes(struct passing *w)
{
	uint32_t class = ws_analyse(flow_ws(w->f), (int)w->side ^ !w->f->orig_is_low, w->p);

	if (class)
		ws_count(class, &flow_rare(w->f)->analysis);
}

void tcp_track(struct passing *w, struct tracked *out)
{
	enum flow_untold untold;
	bool plain;

	segment_of(w);
	if (w->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		count_flags(w);
	plain = is_plain(w);
	untold = plain ? UNTOLD_NOTHING : usual_next(w);
	if (duplicate_in_flow(w, plain || untold)) {
		count_classes(w);
		note_copy(w);
		steady_settle(w->f);
		out->duplicate = true;
		return;
	}
	if (plain) {
		short_way(w);
		out->feed = w->len > 0;
	} else if (untold) {
		out->feed = usual_way(w, untold);
	} else {
		count_classes(w);
		out->feed = long_way(w);
	}
	key_frame_packet(w);
	w->f->last_side = (uint8_t)w->side;
	w->f->last_ns = w->now_ns;
	if (!(w->flags & TCP_RST))
		packet_remember(w);
	if (!plain)
		steady_settle(w->f);
	out->resent = w->resent;
	out->rtt_ns = w->rtt_ns;
}
