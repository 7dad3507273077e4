/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directions that are out of step: two taps, a mirror port or the queues of a card show the segments of one side later
 * than those of the other. Then the acknowledgment of a segment is captured before the segment itself. Who spoke first
 * is told by the acknowledgment numbers (RFC 9293, section 3.4), which are right, whatever the order in the capture.
 */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tcp_steps.h"

#define LATE_MAX_NS (100 * NS_PER_MS) /* taps and cards; what comes later was sent again (RTO of Linux: 200 ms) */

SELDOM void late_seen(struct passing *w, struct short_ref acked_by)
{
	int64_t late = w->at_ns - acked_by.at_ns;
	struct side_odd *o;

	if (late < 0 || late > LATE_MAX_NS)
		return;
	o = flow_make_odd(w->f, w->side);
	if (late >= o->late_ns)
		o->late_ns = late ? late : 1; /* of the same instant: the order in the capture is wrong all the same */
}

SELDOM void late_fin(struct passing *w)
{
	const struct repair *r = w->f->repair[w->side];

	if (r && r->one_acked_by.frame && r->one_acked == w->end + 1)
		late_seen(w, r->one_acked_by);
}

/* A RST tells by its ACK, if it has one, else by what is known of the lag. */
SELDOM void late_fin_rst(struct passing *w)
{
	struct trouble *t = w->c->trouble;
	uint32_t end = w->end + 1 - w->own->base_seq;

	for (uint32_t i = 0; i < t->rst_count && i < RSTS_MAX; i++) {
		struct rst_seen *rst = &t->rsts[i];
		bool acks = rst->side != w->side && (rst->flags & TCP_ACK) && rst->ack && seq_diff(rst->ack, end) >= 0;

		if (acks)
			late_seen(w, shortened(&rst->ref));
		if (acks || (rst->side != w->side && rst->ref.at_ns > w->at_ns - flow_odd(w->f, w->side)->late_ns))
			rst->after_peer_fin = true;
	}
}

SELDOM void late_peer_fin(struct passing *w)
{
	struct repair *r = w->f->repair[side_other(w->side)];

	if (!(w->flags & TCP_ACK))
		return;
	r->has_peer_fin = true;
	r->peer_fin_ack = w->p->tcp.ack;
}

/* The other side went on with data after it had this: its turn was over. */
static bool is_over(const struct passing *w, struct short_ref acked_by)
{
	return (w->peer->flags & HALF_DATA) && w->peer->last_data.at_ns >= acked_by.at_ns;
}

/* An ask whose answer was captured before it. */
static void ask_answered(struct passing *w, struct short_ref acked_by)
{
	struct cold *c = w->c;

	if (w->f->first_turn_done + c->turns && c->last_turn.answer.frame && c->last_turn.answer.at_ns >= acked_by.at_ns) {
		c->ask_bytes += w->len; /* more of the same ask */
		return;
	}
	turns_ask(w);
	turns_answered(w->f, w->peer->last_data, 0);
	w->f->ask_unacked = false;
	c->last_turn.acked = acked_by;
}

/* An answer behind the next ask, which was counted with the one that it answers. */
static void answer_asked_on(struct passing *w, struct short_ref acked_by)
{
	struct flow *f = w->f;
	struct cold *c = w->c;
	int64_t think = w->at_ns - c->last_turn.ask.at_ns;
	uint32_t asked = w->peer->last_len;

	if (!f->ask_open || c->last_turn.ask.at_ns >= acked_by.at_ns)
		return;
	turns_answered(f, passing_ref(w), think > 0 ? think : 0);
	if (!f->first_turn_done)
		turns_first_done(f);
	c->last_turn = (struct turn_kept){ .ask = w->peer->last_data };
	c->ask_bytes = asked;
	f->ask_open = f->ask_unacked = true;
}

static void late_turn(struct passing *w, struct short_ref acked_by)
{
	if (!is_over(w, acked_by)) {
		turns_data(w);
		if (w->side == SIDE_ORIG) {
			w->f->ask_unacked = false;
			w->c->last_turn.acked = acked_by;
		}
	} else if (w->side == SIDE_ORIG) {
		ask_answered(w, acked_by);
	} else {
		answer_asked_on(w, acked_by);
	}
}

SELDOM void late_data(struct passing *w, struct short_ref acked_by)
{
	struct half *own = w->own;
	struct side_start *start = &w->c->start[w->side];

	w->f->keep = true;
	remember_sent(w);
	late_turn(w, acked_by);
	if (w->len > own->largest_acked_len)
		own->largest_acked_len = w->len;
	data_noted(w);
	if (!(own->flags & HALF_FIRST_ACKED) && seq_after(own->acked, own->base_seq + start->first_data_len)) {
		own->flags |= HALF_FIRST_ACKED;
		start->first_data_acked_ns = acked_by.at_ns;
	}
}
