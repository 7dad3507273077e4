/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that segments of healthy conversations go through, here so that they become one piece of code in
 * tcp_track.c. What happens seldom is called: tcp_window.c, tcp_turns.c.
 */
#ifndef PCAPDX_TRACK_TCP_STEPS_H
#define PCAPDX_TRACK_TCP_STEPS_H

#include "base/seldom.h"
#include "base/seq.h"
#include "track/tracker_impl.h"

#define IDLE_STALL_NS (200 * NS_PER_MS)	     /* a sender that pauses within its own run of data */
#define PAUSE_NS (5 * NS_PER_S)		     /* a stateful device may forget a connection in it */
#define DELAYED_ACK_MIN_NS (25 * NS_PER_MS)  /* delayed ACKs come after 40 ms (Linux) to 200 ms (Windows, BSD); */
#define DELAYED_ACK_MAX_NS (250 * NS_PER_MS) /* RFC 1122 allows 500 */
#define WAIT_MIN_NS NS_PER_MS		     /* a shorter wait for the window is none */
#define USUAL_MSS 1460
#define ID_STEP_MAX 2048 /* IP ids of one sender that counts: at most so far apart */
#define ID_SCORE_MAX 16

static inline void packet_counted(struct passing *w)
{
	const struct packet *p = w->p;

	w->own->pkts++;
	w->own->ip_bytes += p->ip_len;
	if (p->verdict == PACKET_CUT || p->payload_len < p->payload_wire)
		w->f->cut_frames = true;
}

/* The packet comes from where those before it came from, and breaks no silence. */
static inline bool flow_is_calm(const struct passing *w)
{
	int64_t gap = w->now_ns - w->f->last_ns;

	return w->p->origin == w->own->origin && gap <= w->f->idle_max_ns && gap < PAUSE_NS && !w->f->idle_watch;
}

/* flow_count for such a packet. */
static inline void flow_count_calm(struct passing *w)
{
	packet_counted(w);
	if (!w->p->has_macs)
		w->own->linked++;
}

/* Learns whether the sender's IP ids count upwards. */
static inline void loss_id(struct passing *w)
{
	struct half *own = w->own;
	int16_t step = (int16_t)(w->p->ip_id - own->last_ip_id);

	if (!w->p->has_ip_id || own->pkts <= 1)
		return;
	if (step > 0 && step < ID_STEP_MAX)
		own->id_rising = (int8_t)(own->id_rising < ID_SCORE_MAX ? own->id_rising + 1 : ID_SCORE_MAX);
	else if (step >= 0 || step < -ID_STEP_MAX)
		own->id_rising = (int8_t)(own->id_rising > 2 ? own->id_rising - 2 : 0);
}

/* Windows of packets without SYN. */
static inline int window_shift(const struct half *own, const struct half *peer)
{
	return own->flags & peer->flags & HALF_SCALE ? own->scale : 0;
}

/* The window of a packet with ACK and without SYN. */
static inline uint32_t window_of(const struct passing *w)
{
	return (uint32_t)w->p->tcp.window << window_shift(w->own, w->peer);
}

static inline void window_announced(struct half *own, uint32_t window)
{
	own->window_min = window < own->window_min ? window : own->window_min;
	own->window_max = window > own->window_max ? window : own->window_max;
	own->window = window;
}

/* This side's packet, as to small data of the peer: only an ACK of just that may be a delayed one. */
static inline void window_small_acked(struct passing *w)
{
	if ((w->peer->flags & (HALF_SMALL | HALF_SMALL_ACKED)) != HALF_SMALL)
		return;
	if (w->len || w->p->tcp.ack != w->peer->small_end || w->now_ns - w->peer->last_data_ns < DELAYED_ACK_MIN_NS)
		w->peer->flags &= ~(uint32_t)HALF_SMALL;
	else
		window_small_answered(w);
}

/* A small write goes out while nothing else is under way: the next one has to wait for its ACK. */
static OFTEN void small_data(struct passing *w)
{
	struct half *own = w->own;
	uint32_t mss = w->peer->mss ? w->peer->mss : USUAL_MSS;
	bool acked = (own->flags & HALF_SMALL_ACKED) != 0;

	own->flags &= ~(uint32_t)(HALF_SMALL | HALF_SMALL_ACKED);
	if (acked && window_small_released(w))
		return;
	if (!(own->flags & HALF_ACKED_SET) || own->acked != w->seq || w->len + 40 >= mss)
		return;
	own->flags |= HALF_SMALL;
	own->small_end = w->end;
}

static OFTEN void full_window(struct passing *w)
{
	struct half *own = w->own, *peer = w->peer;
	uint32_t room, mss = own->largest_len ? own->largest_len : 1;
	uint32_t needed = HALF_WINDOW | HALF_ACK_SENT | HALF_SYN;

	own->flags &= ~(uint32_t)(HALF_FULL | HALF_BLOCKED);
	if ((peer->flags & needed) != needed || !(own->flags & HALF_SYN) || !peer->window)
		return;
	room = peer->last_ack + peer->window - w->end;
	if (room < mss)
		window_is_full(w, room, mss);
}

/* The sender waited for the window, for a repair, or for nothing that we can see. */
static inline bool has_waited(const struct passing *w)
{
	int64_t waited = w->now_ns - w->own->last_data_ns;

	return waited >= WAIT_MIN_NS && (waited >= IDLE_STALL_NS || (w->own->flags & (HALF_FULL | HALF_BLOCKED)));
}

/* New data of this side; called before last_data and talker are brought up to date. */
static OFTEN void window_data(struct passing *w)
{
	struct half *own = w->own;
	uint32_t in_flight = (own->flags & HALF_ACKED_SET) ? own->next_seq - own->acked : 0;

	if (in_flight > own->highest_in_flight && in_flight < UINT32_C(1) << 30)
		own->highest_in_flight = in_flight;
	if (has_waited(w))
		window_waited(w);
	small_data(w);
	full_window(w);
}

/* Round trips as seen from the capture: from a segment to the ACK that covers it, one at a time (RFC 6298, section 3).
 * New data of this side goes out: time it when nothing is being timed. */
static OFTEN void rtt_data(struct passing *w)
{
	struct half *own = w->own;

	if (own->flags & HALF_TIMED)
		return;
	own->flags |= HALF_TIMED;
	own->timed_end = w->end;
	own->timed_ns = w->now_ns;
}

/* The timed segment was sent again: its ACK would be ambiguous. */
static inline void rtt_cancel(struct half *h)
{
	h->flags &= ~(uint32_t)HALF_TIMED;
}

/* This side's ACK may cover the peer's timed segment. */
static inline void rtt_acked(struct passing *w)
{
	struct half *peer = w->peer;
	struct rtts *r = flow_rtts(w->f, side_other(w->side));
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

static inline void largest_acked(struct half *h, uint32_t ack)
{
	if (!h->pending_len || seq_before(ack, h->pending_end))
		return;
	if (h->pending_len > h->largest_acked_len)
		h->largest_acked_len = h->pending_len;
	h->pending_len = 0;
}

static inline int64_t turns_above(int64_t time_ns, int64_t rtt_ns)
{
	if (rtt_ns != UNSET)
		time_ns -= rtt_ns;
	return time_ns > 0 ? time_ns : 0;
}

/* When the ask was complete, so far. */
static inline int64_t turns_asked_ns(const struct flow *f)
{
	return f->ask_resent ? cold_of(f)->ask_resent_ns : f->half[SIDE_ORIG].last_data_ns;
}

/* Data of orig. */
static OFTEN void turns_ask(struct passing *w)
{
	struct flow *f = w->f;
	struct cold *c = w->c;

	if (f->talker != SIDE_ORIG) {
		if (w->peer->flags & HALF_DATA)
			c->client_ns += turns_above(w->now_ns - w->peer->last_data_ns, c->rtt_client_ns);
		if (c->last_turn.ask.frame && !f->first_turn_done)
			turns_first_done(f);
		c->last_turn.ask = passing_ref(w);
		c->last_turn.answer = (struct short_ref){0};
		c->ask_bytes = 0;
		f->ask_open = true;
	}
	c->last_turn.acked = (struct short_ref){0};
	c->ask_bytes += w->len;
	f->ask_unacked = true;
	f->ask_resent = false;
}

/* The ask has its answer, after that time. */
static OFTEN void turns_answered(struct flow *f, struct short_ref answer, int64_t think)
{
	struct cold *c = cold_of(f);

	f->ask_open = false;
	c->last_turn.answer = answer;
	if (c->thinks_skip)
		c->thinks_skip--;
	else if (c->turns) /* the first is the least, too */
		turns_keep_think(f, think);
	c->turns++;
	c->think_min_ns = c->think_min_ns == UNSET || think < c->think_min_ns ? think : c->think_min_ns;
	c->think_max_ns = think > c->think_max_ns ? think : c->think_max_ns;
	c->server_ns += turns_above(think, c->rtt_server_ns);
}

/* Data of resp. */
static OFTEN void turns_answer(struct passing *w)
{
	if (w->f->ask_open)
		turns_answered(w->f, passing_ref(w), w->now_ns - turns_asked_ns(w->f));
}

/* New data of one side; called before data_noted. */
static OFTEN void turns_data(struct passing *w)
{
	w->f->keep |= w->f->talker != w->side;
	if (w->side == SIDE_ORIG)
		turns_ask(w);
	else
		turns_answer(w);
	w->f->talker = (uint8_t)w->side;
}

/* An ACK of resp: does it cover the whole ask? */
static inline void turns_acked(struct passing *w)
{
	if (w->side != SIDE_RESP || !w->f->ask_unacked)
		return;
	if (seq_before(w->p->tcp.ack, w->peer->next_seq - ((w->peer->flags & HALF_FIN) ? 1 : 0)))
		return;
	w->f->ask_unacked = false;
	w->f->keep = true;
	w->c->last_turn.acked = passing_ref(w);
}

static inline void first_data_acked(struct passing *w)
{
	struct half *peer = w->peer;
	struct side_start *start = &w->c->start[side_other(w->side)];

	if (!seq_after(w->p->tcp.ack, peer->base_seq + start->first_data_len))
		return;
	peer->flags |= HALF_FIRST_ACKED;
	start->first_data_acked_ns = w->at_ns;
}

/* The peer's data that the packet acknowledges. */
static OFTEN void data_acked(struct passing *w)
{
	window_small_acked(w);
	rtt_acked(w);
	turns_acked(w);
	largest_acked(w->peer, w->p->tcp.ack);
}

static inline void move_ack(struct passing *w)
{
	uint32_t ack = w->p->tcp.ack;

	if (seq_after(ack, w->own->last_ack)) {
		w->own->last_ack = ack;
		w->own->flags |= HALF_ACK_MOVED;
	}
	if (seq_after(ack, w->peer->acked))
		w->peer->acked = ack;
}

static inline void begin_acks(struct passing *w)
{
	uint32_t ack = w->p->tcp.ack;

	if (!(w->own->flags & HALF_ACK_SENT))
		w->own->last_ack = ack;
	if (!(w->peer->flags & HALF_ACKED_SET))
		w->peer->acked = ack;
	w->own->flags |= HALF_ACK_SENT;
	w->peer->flags |= HALF_ACKED_SET;
}

/* What only the first acknowledgements tell. */
static inline void first_acks(struct passing *w)
{
	if ((w->peer->flags & (HALF_DATA | HALF_FIRST_ACKED)) == HALF_DATA)
		first_data_acked(w);
	if (!(w->own->flags & HALF_ACK_SENT) || !(w->peer->flags & HALF_ACKED_SET))
		begin_acks(w);
}

/* New data of this side: one piece for all ways. */
void on_new_data(struct passing *w);

static inline bool sum_is_right(const struct half *h, const struct packet *p)
{
	return p->checksum == CHECKSUM_GOOD || (h->flags & HALF_PARTIAL_SUM);
}

static OFTEN void remember_sent(struct passing *w)
{
	uint32_t at = w->own->data_segments - 1; /* this one is counted already */
	struct sent *place = w->f->lasting || at >= SENT_FIRST ? &flow_lasting(w->f)->sent[w->side][at % SENT_MAX]
							       : &w->c->sent[w->side][at];

	sent_keep(place, w->p->frame->number, w->at_ns, w->seq);
}

/* A packet of any protocol with new data. */
static OFTEN void data_noted(struct passing *w)
{
	struct half *own = w->own;

	if (!(own->flags & HALF_DATA)) {
		own->flags |= HALF_DATA;
		w->c->start[w->side].first_data = passing_ref(w);
		w->c->start[w->side].first_data_len = w->len;
	}
	if (w->len > own->largest_len)
		own->largest_len = w->len;
	own->last_data = passing_ref(w);
	own->last_data_ns = w->now_ns;
}

/* What all packets but RST leave for the next one. */
static inline void packet_remember(struct passing *w)
{
	struct half *own = w->own;

	own->last = passing_ref(w);
	if (w->f->ts_ns + w->at_ns == w->now_ns) {
		own->flags &= ~(uint32_t)HALF_LATE;
	} else {
		own->flags |= HALF_LATE;
		own->late_ns = w->now_ns;
	}
	own->last_len = w->len;
	own->last_flags = w->flags;
	own->last_ip_id = w->p->ip_id;
}

#endif
