/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own judgement of loss. A gap that is filled later was a loss when the filling segment was sent after the one
 * that showed the gap, and a reordering when it was sent before: the sender's IP ids tell (where they count upwards),
 * then its time stamps, then the time that went by, as a repair takes a round trip. A segment that was here before
 * and comes again repairs a loss too, unless the receiver had it: acknowledged, in a SACK block, reported by D-SACK
 * (RFC 2883), or acknowledged by an echo of the first copy's time stamp (RFC 3522).
 */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tcp_steps.h"

#define HOLES_APART (HOLES_MAX / 2) /* a whole direction may be seen late: it must not take the place of others */
#define JUMP_MAX (1 << 26) /* a larger gap is no gap but another numbering */
#define ID_SURE 4
#define REORDER_NS (3 * NS_PER_MS) /* without a known round trip */

bool loss_has_holes(const struct flow *f, enum side s)
{
	const struct repair *r = f->repair[s];

	for (uint32_t i = 0; r && i < r->hole_count; i++)
		if (!r->holes[i].acked)
			return true;
	return false;
}

static void hole_remove(struct repair *r, uint32_t i)
{
	for (r->hole_count--; i < r->hole_count; i++)
		r->holes[i] = r->holes[i + 1];
}

/* Room for one more: the oldest whose bytes the receiver has, else the oldest. */
static struct hole *hole_add(struct repair *r)
{
	uint32_t i = 0;

	if (r->hole_count == HOLES_MAX) {
		while (i < HOLES_MAX && !r->holes[i].acked)
			i++;
		hole_remove(r, i < HOLES_MAX ? i : 0);
	}
	return &r->holes[r->hole_count++];
}

static SELDOM void open_hole(struct passing *w)
{
	struct half *own = w->own;
	uint32_t size = w->seq - own->next_seq;

	if (size < 2 || size > JUMP_MAX || (own->flags & HALF_FIN))
		return; /* one byte may be a FIN, or a probe */
	*hole_add(flow_repair(w->f, w->side)) = (struct hole){ .left = own->next_seq,
		.right = w->seq,
		.since_ns = w->now_ns,
		.ts_value = w->p->tcp.ts_value,
		.ip_id = w->p->ip_id,
		.has_ip_id = w->p->has_ip_id,
		.has_ts = w->p->tcp.has_timestamps };
}

void loss_note_missing(struct passing *w, uint32_t left, uint32_t right)
{
	enum side s = side_other(w->side);
	struct repair *r = w->f->repair[s];

	flow_make_odd(w->f, s)->missing_bytes += right - left;
	history_again(w->f, s, 'G');
	if (!r)
		return;
	for (uint32_t i = 0; i < r->hole_count; i++)
		if (r->holes[i].acked && r->holes[i].right == left && r->hole_count >= HOLES_APART) {
			r->holes[i].right = right;
			return;
		}
	*hole_add(r) = (struct hole){
		.left = left, .right = right, .since_ns = w->now_ns, .acked = true, .acked_by = passing_ref(w), .acked_to = right };
}

/* The first ACK of what a side sent before it was seen is not known. Who answers has the question, so it is no later
 * than the answer. */
SELDOM void loss_begun_late(struct passing *w)
{
	struct half *own = w->own;
	bool answered = w->side == SIDE_ORIG && (w->peer->flags & HALF_DATA);
	struct repair *r;

	if (own->pkts != 1 || !(own->flags & HALF_NEXT_SET) || seq_diff(own->next_seq, w->end) < 2)
		return;
	r = flow_repair(w->f, w->side);
	*hole_add(r) = (struct hole){.left = w->end,
		.right = own->next_seq,
		.since_ns = w->now_ns,
		.acked = true,
		.acked_by = answered ? w->peer->last_data : w->peer->last,
		.acked_to = own->next_seq};
}

static int64_t round_trip(const struct cold *c)
{
	int64_t rtt = 0;

	rtt += c->rtt_server_ns != UNSET ? c->rtt_server_ns : 0;
	rtt += c->rtt_client_ns != UNSET ? c->rtt_client_ns : 0;
	return rtt;
}

/* Was the segment that fills the hole sent before the one that showed it? */
static bool is_late_original(const struct passing *w, const struct hole *h)
{
	const struct packet *p = w->p;
	int64_t patience = round_trip(w->c) * 7 / 10;
	int32_t ts;

	if (w->own->id_rising >= ID_SURE && h->has_ip_id && p->has_ip_id && p->ip_id && h->ip_id)
		return (int16_t)(p->ip_id - h->ip_id) < 0;
	ts = seq_diff(p->tcp.ts_value, h->ts_value);
	if (h->has_ts && p->tcp.has_timestamps && ts != 0)
		return ts < 0;
	return w->now_ns - h->since_ns < (patience > REORDER_NS ? patience : REORDER_NS);
}

/* Time that the stream stood still, each moment once. */
static void add_stall(struct passing *w, struct repair *r, int64_t since_ns, uint64_t from_frame)
{
	int64_t lasted;

	if (since_ns < r->stalled_until_ns)
		since_ns = r->stalled_until_ns;
	lasted = w->now_ns - since_ns;
	if (lasted <= 0)
		return;
	r->stalled_until_ns = w->now_ns;
	flow_make_odd(w->f, w->side)->loss.stalled_ns += lasted;
	stall_add(w, w->side, STALL_LOSS, lasted, from_frame);
}

static void judge_fill(struct passing *w, struct repair *r, const struct hole *h, uint32_t bytes)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);
	struct tcp_loss *l = &o->loss;

	if (is_late_original(w, h)) {
		l->reordered++;
	} else {
		l->lost++;
		l->retransmitted++;
		w->resent = true;
		o->resent_bytes += bytes;
		add_stall(w, r, h->since_ns, w->own->last_data.frame);
		turns_resent(w);
	}
}

/* Takes [left, right) out of hole i; true when the hole is gone. */
static bool cut_hole(struct repair *r, uint32_t i, uint32_t left, uint32_t right)
{
	struct hole *h = &r->holes[i];
	bool at_left = left == h->left, at_right = right == h->right;

	if (at_left && at_right) {
		hole_remove(r, i);
		return true;
	}
	if (at_left) {
		h->left = right;
	} else if (at_right || r->hole_count == HOLES_MAX) {
		h->right = left;
	} else {
		struct hole rest = *h;

		h->right = left;
		rest.left = right;
		r->holes[r->hole_count++] = rest;
	}
	return false;
}

/* The ACK was captured before these bytes: they are not missing after all. */
static void came_late(struct passing *w, uint32_t bytes)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);

	o->missing_bytes -= bytes < o->missing_bytes ? bytes : o->missing_bytes;
}

static void hole_came_late(struct passing *w, struct repair *r, const struct hole *h, uint32_t right)
{
	came_late(w, right - (seq_before(w->seq, h->left) ? h->left : w->seq));
	if (seq_diff(right, h->acked_to) <= 0)
		late_seen(w, h->acked_by);
	r->filled_by = h->acked_by;
}

/* The part of the segment that was missing; judged once. */
static SELDOM uint32_t fill_holes(struct passing *w, struct repair *r)
{
	uint32_t filled = 0, i = 0;
	bool judged = false;

	if (r)
		r->filled_by.both = 0;
	while (r && i < r->hole_count) {
		struct hole h = r->holes[i];
		uint32_t left = seq_before(w->seq, h.left) ? h.left : w->seq;
		uint32_t right = seq_after(w->end, h.right) ? h.right : w->end;

		if (!seq_before(left, right)) {
			i++;
			continue;
		}
		if (h.acked)
			hole_came_late(w, r, &h, right);
		else if (!judged)
			judge_fill(w, r, &h, right - left);
		judged |= !h.acked;
		filled += right - left;
		if (!cut_hole(r, i, left, right))
			i++;
	}
	return filled;
}

static void note_original(struct passing *w, struct resend *e)
{
	uint32_t n;
	const struct sent *ring = flow_sent(w->f, w->side, &n);

	e->first_at_ns = w->at_ns;
	for (uint32_t i = 0; i < n; i++)
		if (sent_frame(&ring[i]) && ring[i].seq == w->seq) {
			e->first_at_ns = sent_at_ns(&ring[i]);
			e->frames[e->sent++] = sent_frame(&ring[i]);
			return;
		}
}

/* The entry of the segment: its own, a free one, one that is acknowledged, or the one sent last longest ago. */
static struct resend *resend_entry(struct passing *w, struct repair *r)
{
	struct resend *best = &r->resends[0];

	for (int i = 0; i < RESENDS_MAX; i++)
		if (r->resends[i].sent && r->resends[i].seq == w->seq && !r->resends[i].acked)
			return &r->resends[i];
	for (int i = 1; best->sent && i < RESENDS_MAX; i++) {
		struct resend *e = &r->resends[i];

		if (!e->sent || (e->acked && !best->acked) || (e->acked == best->acked && e->last_ns < best->last_ns))
			best = e;
	}
	*best = (struct resend){ .seq = w->seq, .len = w->len };
	note_original(w, best);
	if (!best->sent)
		best->sent = 1; /* sent before, though too long ago to say in which frame */
	return best;
}

static struct resend *note_resend(struct passing *w, struct repair *r)
{
	struct resend *e = resend_entry(w, r);
	uint32_t known = 0;

	while (known < 8 && e->frames[known])
		known++;
	if (known < 8)
		e->frames[known] = w->p->frame->number;
	e->sent++;
	e->end = w->end;
	e->len = w->len;
	e->ts_value = w->p->tcp.ts_value;
	e->has_ts = w->p->tcp.has_timestamps;
	e->last_at_ns = w->at_ns;
	e->last_ns = w->now_ns;
	e->df = w->p->df;
	return e;
}

/* Beyond what the receiver's window allows, or while it is closed: the receiver threw the first copy away. */
static bool window_was_closed(const struct passing *w)
{
	const struct half *peer = w->peer;

	if (peer->flags & HALF_ZERO)
		return true;
	return (peer->flags & HALF_WINDOW) && (peer->flags & HALF_SCALE) && (peer->flags & HALF_ACK_SENT) &&
	       seq_after(w->end, peer->last_ack + peer->window);
}

/* Acknowledged is less than the first byte: somebody made these packets without counting. */
static bool numbers_are_void(const struct half *h)
{
	return (h->flags & HALF_ACKED_SET) && seq_diff(h->acked, h->base_seq) <= 0;
}

static SELDOM void on_resent(struct passing *w, uint32_t bytes)
{
	struct repair *r = flow_repair(w->f, w->side);
	struct side_odd *o;
	struct tcp_loss *l;
	struct resend *e;
	int64_t since;

	if (numbers_are_void(w->own))
		return;
	o = flow_make_odd(w->f, w->side);
	l = &o->loss;
	l->retransmitted++;
	w->resent = true;
	o->resent_bytes += bytes;
	rtt_cancel(w->own);
	if ((w->own->flags & HALF_ACKED_SET) && seq_diff(w->end, w->own->acked) <= 0) {
		l->spurious++;
		return;
	}
	if (loss_was_sacked(r, w->seq, w->end)) {
		l->spurious++;
		return;
	}
	e = note_resend(w, r);
	turns_resent(w);
	if (window_was_closed(w))
		return;
	l->lost++;
	e->counted++;
	since = e->sent > 2 || e->frames[1] ? w->now_ns - (w->at_ns - e->first_at_ns) : half_last_ns(w->f, w->own);
	add_stall(w, r, since, w->own->last_data.frame);
}

void loss_forget_tail(struct flow *f, enum side s)
{
	struct side_odd *o = cold_of(f)->odd[s];

	if (!o)
		return;
	o->gap_tail = 0;
	o->gap_first = (struct short_ref){ 0 };
}

/* Segments beyond a gap that may never fill. */
static SELDOM void note_tail(struct passing *w)
{
	struct side_odd *o;
	const struct repair *r = w->f->repair[w->side];
	bool beyond = false, open = false;

	for (uint32_t i = 0; i < r->hole_count; i++)
		if (!r->holes[i].acked) {
			open = true;
			beyond |= seq_diff(w->seq, r->holes[i].right) >= 0;
		}
	if (!open) {
		loss_forget_tail(w->f, w->side);
	} else if (beyond) {
		o = flow_make_odd(w->f, w->side);
		if (o->gap_tail++ == 0)
			o->gap_first = passing_ref(w);
	}
}

/* A keep-alive (RFC 9293, section 3.8.4) repeats the last acknowledged byte, or nothing at its place. A probe of a
 * closed window looks the same, or is one byte that the window does not allow. */
bool loss_is_probe(const struct passing *w)
{
	const struct half *own = w->own;

	if (w->len > 1 || !(own->flags & HALF_NEXT_SET) || (w->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return false;
	if (w->seq == own->next_seq - 1 && (own->flags & HALF_ACKED_SET) && own->acked == own->next_seq)
		return true;
	return w->len == 1 && (w->peer->flags & HALF_ZERO) && seq_diff(w->seq, own->next_seq) <= 0 &&
	       w->seq == own->acked;
}

void loss_gap(struct passing *w)
{
	struct half *own = w->own;

	if (!(own->flags & HALF_NEXT_SET) || !seq_after(w->seq, own->next_seq))
		return;
	open_hole(w);
	own->next_seq = w->seq;
}

SELDOM void loss_fin(struct passing *w)
{
	struct repair *r = w->f->repair[w->side];

	for (uint32_t i = 0; r && i < r->hole_count; i++)
		if (r->holes[i].acked && seq_diff(w->end, r->holes[i].left) >= 0 && seq_before(w->end, r->holes[i].right)) {
			came_late(w, 1);
			late_seen(w, r->holes[i].acked_by);
			cut_hole(r, i, w->end, w->end + 1);
			return;
		}
}

enum segment_kind loss_segment(struct passing *w)
{
	struct half *own = w->own;
	struct repair *r = w->f->repair[w->side];
	enum segment_kind kind = SEGMENT_NEW;
	uint32_t fresh = w->len, filled, old;
	int32_t ahead;

	if (!(own->flags & HALF_NEXT_SET))
		own->next_seq = w->seq;
	own->flags |= HALF_NEXT_SET;
	ahead = seq_diff(w->seq, own->next_seq);
	if (ahead > 0) {
		open_hole(w);
	} else if (ahead < 0) {
		filled = fill_holes(w, r);
		old = seq_after(w->end, own->next_seq) ? (uint32_t)-ahead : w->len;
		fresh = w->len - old + filled;
		kind = filled ? SEGMENT_FILL : SEGMENT_RESENT;
		if (!filled)
			on_resent(w, old);
	}
	own->bytes += fresh;
	if (seq_after(w->end, own->next_seq))
		own->next_seq = w->end;
	if (w->f->repair[w->side])
		note_tail(w);
	return kind;
}
