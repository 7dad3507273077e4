/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ACK, its SACK blocks (RFC 2018), D-SACK (RFC 2883) and time stamps say about the peer's segments. */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tracker_impl.h"

#define FEW_SEGMENTS 8 /* of whom only these may be worth a key frame while nothing was seen of the other side */
#define ANSWER_NS NS_PER_S /* a copy is reported within a round trip; later it is a keep-alive that is answered */

bool loss_was_sacked(const struct repair *r, uint32_t seq, uint32_t end)
{
	for (uint32_t i = 0; i < r->sack_count; i++)
		if (seq_diff(seq, r->sack_left[i]) >= 0 && seq_diff(end, r->sack_right[i]) <= 0)
			return true;
	return false;
}

/* The first block reports a duplicate when it lies below the ACK or inside the second block. */
static bool is_dsack(const struct tcp_header *t)
{
	if (!t->sack_count)
		return false;
	if (seq_diff(t->sack_right[0], t->ack) <= 0)
		return true;
	return t->sack_count > 1 && seq_diff(t->sack_left[0], t->sack_left[1]) >= 0 &&
	       seq_diff(t->sack_right[0], t->sack_right[1]) <= 0;
}

static void was_spurious(struct passing *w, struct resend *e)
{
	struct tcp_loss *l;

	if (!e->counted)
		return;
	l = &flow_make_odd(w->f, side_other(w->side))->loss;
	e->counted--;
	l->lost--;
	l->spurious++;
}

static const struct copied *copy_of(const struct passing *w, const struct repair *r, uint32_t left, uint32_t right)
{
	for (uint32_t i = 0; i < r->copy_count && i < COPIES_MAX; i++)
		if (seq_before(left, r->copies[i].end) && seq_after(right, r->copies[i].seq) &&
			w->at_ns - r->copies[i].ref.at_ns < ANSWER_NS)
			return &r->copies[i];
	return NULL;
}

/* The packet that carried these bytes first; NULL: too long ago, or not in the capture. */
static const struct sent *sending_of(const struct passing *w, uint32_t left, uint32_t right)
{
	uint32_t n;
	const struct sent *ring = flow_sent(w->f, side_other(w->side), &n);

	for (uint32_t i = 0; i < n; i++)
		if (sent_frame(&ring[i]) && seq_diff(ring[i].seq, left) >= 0 && seq_before(ring[i].seq, right) &&
			w->at_ns - sent_at_ns(&ring[i]) < ANSWER_NS)
			return &ring[i];
	return NULL;
}

/*
 * Bytes that were sent once, and reached the receiver twice. The copy is in the capture, or it was made behind the
 * place of the capture: then only a sender that never repeats itself is beyond doubt. One byte is a keep-alive, which
 * is reported like a copy.
 */
static void on_doubled(struct passing *w, const struct repair *r, uint32_t left, uint32_t right)
{
	const struct side_odd *known = flow_odd(w->f, side_other(w->side));
	const struct copied *copy = copy_of(w, r, left, right);
	const struct sent *first = sending_of(w, left, right);
	struct side_odd *o;

	if (right - left < 2 || (!copy && (!first || known->loss.retransmitted || known->missing_bytes)))
		return;
	o = flow_make_odd(w->f, side_other(w->side));
	if (o->loss.duplicated_by_network++)
		return;
	if (first)
		o->doubled = short_ref(sent_frame(first), (uint16_t)w->f->begun.source, sent_at_ns(first));
	if (copy)
		o->doubled_copy = copy->ref;
	o->doubled_answer = passing_ref(w);
	w->f->keep = true;
}

/* The receiver got these bytes twice: a segment was sent again in vain, or the network doubled it. */
static void on_dsack(struct passing *w, uint32_t left, uint32_t right)
{
	struct repair *r = w->f->repair[side_other(w->side)];

	for (int i = 0; r && i < RESENDS_MAX; i++) {
		struct resend *e = &r->resends[i];

		if (e->sent && seq_before(left, e->end) && seq_after(right, e->seq)) {
			was_spurious(w, e);
			return;
		}
	}
	on_doubled(w, r, left, right);
}

static void keep_sacks(struct repair *r, const struct tcp_header *t, bool dsack)
{
	r->sack_count = 0;
	for (uint32_t i = dsack; i < t->sack_count && i < SACK_BLOCKS_MAX; i++) {
		r->sack_left[r->sack_count] = t->sack_left[i];
		r->sack_right[r->sack_count++] = t->sack_right[i];
	}
}

/* The first ACK that covers a segment sent twice: an echo older than the second copy means that the first arrived. */
static void resend_acked(struct passing *w, struct resend *e)
{
	const struct tcp_header *t = &w->p->tcp;

	if (!e->sent || e->acked || !seq_after(t->ack, e->seq))
		return;
	e->acked = true;
	if (e->has_ts && t->has_timestamps && t->ts_echo && seq_before(t->ts_echo, e->ts_value))
		was_spurious(w, e);
}

/* The ACK that says so for the first time, or again after the bytes came late. */
static void show_missing(struct passing *w)
{
	struct side_odd *o = flow_make_odd(w->f, side_other(w->side));

	if (!o->missing_bytes)
		o->missing_first = passing_ref(w);
}

static void holes_acked(struct passing *w, struct repair *r)
{
	for (uint32_t i = 0; i < r->hole_count; i++) {
		struct hole *h = &r->holes[i];

		if (h->acked || seq_before(w->p->tcp.ack, h->right))
			continue;
		h->acked = true;
		h->acked_by = passing_ref(w);
		h->acked_to = h->right;
		show_missing(w);
		flow_make_odd(w->f, side_other(w->side))->missing_bytes += h->right - h->left;
		history_again(w->f, side_other(w->side), 'G');
	}
	if (!loss_has_holes(w->f, side_other(w->side)))
		loss_forget_tail(w->f, side_other(w->side));
}

/* One byte that was not seen yet: a FIN that is captured late, perhaps. */
static void note_one(struct passing *w)
{
	struct repair *r = flow_repair(w->f, side_other(w->side));

	r->one_acked = w->p->tcp.ack;
	r->one_acked_by = passing_ref(w);
}

/* An ACK beyond all that was seen of the peer: the capture missed something. */
static SELDOM void beyond_seen(struct passing *w)
{
	struct half *peer = w->peer;
	uint32_t ack = w->p->tcp.ack, missing = ack - peer->next_seq;

	if (missing > UINT32_C(1) << 30)
		return;
	/* One byte may be a FIN or a probe; of a side that is not in the capture nothing is missing in particular. */
	if (peer->pkts && missing > 1) {
		flow_repair(w->f, side_other(w->side));
		show_missing(w);
		loss_note_missing(w, peer->next_seq, ack);
	} else if (peer->pkts) {
		note_one(w);
	}
	if (peer->pkts && missing > 1 && w->side == SIDE_RESP && w->f->talker == SIDE_RESP)
		w->f->talker = SIDE_ORIG; /* what it asked is not in the capture, or comes late */
	w->f->keep |= w->len && (peer->pkts || w->own->data_segments < FEW_SEGMENTS);
	peer->next_seq = ack;
}

/* Of an ACK for a direction that something happened to. */
static SELDOM void repair_acked(struct passing *w, struct repair *r)
{
	const struct tcp_header *t = &w->p->tcp;
	bool dsack = is_dsack(t);

	if (dsack)
		on_dsack(w, t->sack_left[0], t->sack_right[0]);
	keep_sacks(r, t, dsack);
	for (int i = 0; i < RESENDS_MAX; i++)
		resend_acked(w, &r->resends[i]);
	if (r->hole_count)
		holes_acked(w, r);
}

void loss_acked(struct passing *w)
{
	const struct tcp_header *t = &w->p->tcp;
	struct half *peer = w->peer;
	struct repair *r = w->f->repair[side_other(w->side)];

	if ((peer->flags & HALF_NEXT_SET) && seq_after(t->ack, peer->next_seq))
		beyond_seen(w);
	if (t->sack_count && !r)
		r = flow_repair(w->f, side_other(w->side));
	if (r)
		repair_acked(w, r);
}
