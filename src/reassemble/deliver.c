/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The delivering half of the native engine. In-order bytes are handed on from the packet. What arrives beyond a hole
 * waits; the hole is given up, and told as a gap, when the receiver's acknowledgments show that it has the bytes (a
 * mark is set at what is acknowledged; REORDER_NS or REORDER_PACKETS later all holes before the mark are given up,
 * because until then a segment may be in the capture behind its own acknowledgment), when a bound is reached, or at
 * the close. Where segments overlap, the bytes that came first are handed on.
 *
 * What acknowledges bytes of the other side that were not captured yet was sent after them: it waits for them, as long
 * as for a hole, so that who listens hears both sides in the order in which they spoke.
 */
#include "reassemble/deliver.h"

#include <stdlib.h>

#include "base/when.h"
#include "reassemble/tail.h"

#define REORDER_NS (100 * NS_PER_MS) /* merged taps and multi-queue cards reorder by some milliseconds */
#define REORDER_PACKETS 64	     /* of the conversation, both sides */
/* Of a side that was not seen at all: most likely it is not in the capture. */
#define UNSEEN_NS (20 * NS_PER_MS)
#define UNSEEN_PACKETS 8
#define SEGMENTS_MAX 1024	     /* that wait in one direction: bounds the walk over them */
#define PASSED_MAX (1u << 30) /* bytes that are counted before it is told, */
#define RECORDS_MAX (1u << 15) /* and records */
#define TAILS_SHARE 4		     /* tails of all streams take a quarter of the bound at most */

static const struct waiting nothing;

static enum side side_of(const struct direction *d)
{
	return (enum side)d->side;
}

/* What waits: made when something begins to, given back when nothing does any more. */

static struct held *hold(struct reassembler *r, struct direction *d)
{
	struct held *h = direction_held(d);

	if (h)
		return h;
	h = direction_far(d)->held = pool_new(&r->helds);
	d->waits = true;
	h->of = d;
	h->fin = h->mark_ns = UNSET;
	h->older = r->youngest;
	*(r->youngest ? &r->youngest->younger : &r->oldest) = h;
	r->youngest = h;
	return h;
}

static void release(struct reassembler *r, struct held *h)
{
	*(h->older ? &h->older->younger : &r->oldest) = h->younger;
	*(h->younger ? &h->younger->older : &r->youngest) = h->older;
	h->of->waits = false;
	pool_delete(&r->helds, h);
}

/* To be called after each change of what waits, with what it took before. */
static void account(struct reassembler *r, struct held *h, size_t bytes_before)
{
	r->waiting_bytes += h->waiting.held_bytes - bytes_before;
	if (!h->waiting.first)
		release(r, h);
}

static void forget_waiting(struct reassembler *r, struct direction *d)
{
	struct held *h = direction_held(d);
	size_t before;

	if (!h)
		return;
	before = h->waiting.held_bytes;
	waiting_clear(&h->waiting);
	account(r, h, before);
}

static void keep_tail(struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n,
	const struct frame_ref *ref, const struct kept_sum *sum)
{
	if (!d->tail.head_full && tail_add_head(&d->tail, direction_head(d), &r->heads, d->next, bytes, n, ref,
					  r->held_max / TAILS_SHARE) == n)
		return;
	tail_add_piece(&d->tail, direction_ring(d), d->next, bytes, n, ref, sum);
}

static struct frame_ref last_of(const struct reassembler *r, const struct direction *d)
{
	if (d->tail.count)
		return tail_ring_last(&d->tail, direction_ring(d));
	return tail_head_last(direction_head(d), &r->heads);
}

/* Telling. State is brought up to date first: the taker may say that it wants no more. */

/* Something was only counted, or is wanted so. */
static bool counts(const struct direction *d)
{
	return d->passed || d->quiet || d->shape;
}

static void tell_counted(struct reassembler *r, struct direction *d)
{
	struct passed what = {d->passed, d->records, d->quiet};
	struct frame_ref last;

	d->passed = d->quiet = 0;
	d->records = d->shape = 0;
	if (!what.bytes)
		return;
	last = last_of(r, d);
	r->taker.passed(r->flow, side_of(d), &what, &last);
}

/* What was only counted, of both sides, because what one says may change what is wanted of the other. */
static void tell_passed(struct reassembler *r, struct direction *d)
{
	struct direction *peer = direction_peer(d);

	if (counts(d))
		tell_counted(r, d);
	if (counts(peer))
		tell_counted(r, peer);
}

/* Counts bytes that are wanted no more than that; false: they are. */
static bool count_only(const struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n)
{
	uint32_t records = 0, left = d->quiet - n;

	if (n > d->quiet && (!d->shape || d->passed >= PASSED_MAX || d->records >= RECORDS_MAX ||
				    !r->taker.skim(d->shape, bytes + d->quiet, n - d->quiet, &records, &left) ||
				    records >= RECORDS_MAX))
		return false;
	d->quiet = left;
	d->passed += n;
	d->records = (uint16_t)(d->records + records);
	return true;
}

static bool is_counted(const struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n)
{
	return d->unheard || count_only(r, d, bytes, n);
}

static void advance(struct direction *d, int64_t n)
{
	d->next += n;
	if (d->ahead)
		d->ahead = direction_far(d)->highest > d->next;
}

static void tell_data(struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n,
	const struct frame_ref *ref, const struct kept_sum *sum, bool counted)
{
	if (!counted)
		tell_passed(r, d);
	keep_tail(r, d, bytes, n, ref, sum);
	advance(d, n);
	if (d->guessed)
		d->guessed = false;
	if (!counted)
		r->taker.data(r->flow, side_of(d), bytes, n, ref);
}

static void tell_gap(struct reassembler *r, struct direction *d, int64_t missing, const struct frame_ref *ref)
{
	tell_passed(r, d);
	tail_pass(&d->tail, missing);
	advance(d, missing);
	d->guessed = false;
	r->taker.gap(r->flow, side_of(d), (uint64_t)missing, ref);
}

static void tell_end(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	if (d->ended)
		return;
	d->ended = true;
	tell_passed(r, d);
	forget_waiting(r, d);
	tail_clear(&d->tail, direction_head(d), &r->heads);
	r->taker.end(r->flow, side_of(d), ref);
}

static void hand_on(struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t here, uint32_t wire,
	const struct frame_ref *ref)
{
	static const struct kept_sum unknown;

	if (here)
		tell_data(r, d, bytes, here, ref, &unknown, is_counted(r, d, bytes, here));
	if (wire > here && !d->ignored)
		tell_gap(r, d, wire - here, ref);
}

/* Nothing before it is missing: it waits for the other side. */
static bool is_held_back(const struct direction *d)
{
	return d->waits && direction_held(d)->waiting.first->start <= d->next;
}

static bool is_due(struct direction *d)
{
	const struct segment *s = is_held_back(d) ? direction_held(d)->waiting.first : NULL;

	return s && !(s->early && direction_is_early(d, s->ack));
}

/* Hands on what waited for the byte that is now due. */
static void drain(struct reassembler *r, struct direction *d)
{
	while (is_due(d)) {
		struct held *h = direction_held(d);
		size_t before = h->waiting.held_bytes;
		struct segment *s = waiting_take(&h->waiting);

		if (s->early)
			h->mark_ns = UNSET; /* the next one waits for other bytes */
		account(r, h, before);
		if (s->wire)
			hand_on(r, d, s->bytes, s->here, s->wire, &s->ref);
		else
			tell_end(r, d, &s->ref);
		free(s);
	}
}

void deliver_due(struct reassembler *r, struct direction *d)
{
	while (is_due(d) || is_due(direction_peer(d))) {
		drain(r, d);
		drain(r, direction_peer(d));
	}
}

/* Gives the first hole up, or waits for the other side no more. */
static void skip_hole(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	if (is_held_back(d))
		d->hasty = true;
	else
		tell_gap(r, d, direction_held(d)->waiting.first->start - d->next, ref);
	drain(r, d);
}

/* Whether the receiver has acknowledged past the first hole, as far as `ack` tells; for the other side's bytes nothing
 * waits longer than for its own. */
static bool is_passed(const struct direction *d, uint32_t ack)
{
	return is_held_back(d) || (d->waits && direction_held(d)->waiting.first->start <= direction_offset(d, ack));
}

/* Up to where the receiver has acknowledged, as far as is known. */
static uint32_t acked_up_to(struct direction *d)
{
	const struct direction *peer = direction_peer(d);

	return peer->has_acked ? peer->ack_sent : d->start_seq + (uint32_t)d->next;
}

/* Whether that was long enough since the mark was set. */
static bool waited_long(const struct direction *peer, const struct held *h, const struct packet *p)
{
	int64_t waited = p->clock_ns - h->mark_ns;

	if (peer->started)
		return h->mark_packets >= REORDER_PACKETS || waited >= REORDER_NS;
	return h->mark_packets >= UNSEEN_PACKETS || waited >= UNSEEN_NS;
}

void deliver_settle(struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref)
{
	const struct direction *peer = direction_peer(d);
	struct held *h = direction_held(d);

	if (!h || !(peer->has_acked || is_held_back(d)))
		return;
	if (h->mark_ns != UNSET) {
		uint32_t up_to = h->mark_seq;

		h->mark_packets++;
		if (!waited_long(peer, h, p))
			return;
		h->mark_ns = UNSET;
		while (is_passed(d, up_to))
			skip_hole(r, d, ref);
	}
	if (is_passed(d, acked_up_to(d))) {
		h = direction_held(d);
		h->mark_ns = p->clock_ns;
		h->mark_seq = acked_up_to(d);
		h->mark_packets = 0;
	}
}

static bool fits_stream(const struct reassembler *r, const struct direction *d, size_t cost)
{
	const struct held *h = direction_held(d);

	if (!h)
		return cost <= r->held_stream_max;
	return h->waiting.held_bytes + cost <= r->held_stream_max && h->waiting.count < SEGMENTS_MAX;
}

static bool fits_all(const struct reassembler *r, size_t cost)
{
	return r->waiting_bytes + cost <= r->held_max - r->held_max / TAILS_SHARE;
}

/* The stream whose hole is open longest lets go what waits, without a word now: what is behind it will show a gap. */
static void let_go_oldest(struct reassembler *r)
{
	forget_waiting(r, r->oldest->of);
	r->let_go++;
}

/*
 * Keeps the bounds before `in` waits too: gives up d's own holes before it when d holds too much, and lets others go
 * when all together do. Only d's taker hears of it: the owner of another stream is not at hand.
 */
static void make_room(struct reassembler *r, struct direction *d, const struct incoming *in, size_t cost)
{
	while (!fits_stream(r, d, cost) || !fits_all(r, cost)) {
		struct held *h = direction_held(d);
		struct frame_ref ref;

		if (fits_stream(r, d, cost) && r->oldest && r->oldest != h) {
			let_go_oldest(r);
			continue;
		}
		if (!h || h->waiting.first->start > in->start)
			return;
		ref = h->waiting.first->ref;
		skip_hole(r, d, &ref);
	}
}

static void skip_delivered(const struct direction *d, struct incoming *in)
{
	int64_t old = d->next - in->start;

	if (old > 0)
		incoming_skip(in, old < in->wire ? (uint32_t)old : in->wire);
}

/* `in` starts at the byte that is due, and nothing is held back; what already waits goes before its bytes. It is left
 * with those behind what then waits for the other side. */
static void hand_on_from_packet(struct reassembler *r, struct direction *d, struct incoming *in)
{
	while (in->wire && !d->ended && !d->ignored && !is_held_back(d)) {
		const struct held *h = direction_held(d);
		struct incoming piece = *in;

		if (h && h->waiting.first->start < incoming_end(in))
			incoming_limit(&piece, (uint32_t)(h->waiting.first->start - in->start));
		hand_on(r, d, piece.bytes, piece.here, piece.wire, &piece.ref);
		drain(r, d);
		skip_delivered(d, in);
	}
}

static void keep_for_later(struct reassembler *r, struct direction *d, const struct incoming *in)
{
	struct held *h = hold(r, d);
	size_t before = h->waiting.held_bytes;

	waiting_add(&h->waiting, in);
	account(r, h, before);
}

void deliver_difference(struct reassembler *r, struct direction *d, const struct incoming *in)
{
	const struct held *h = direction_held(d);
	struct frame_ref old;

	if (r->taker.differ && !d->padded &&
		(tail_head_differs(direction_head(d), &r->heads, in, &old) ||
			tail_ring_differs(&d->tail, direction_ring(d), in, &old) ||
			(h && waiting_differs(&h->waiting, in, &old))))
		r->taker.differ(r->flow, side_of(d), &old, &in->ref);
}

/* Apart, with a reference of its own: that of the short way stays in registers. */
static __attribute__((noinline)) void tell_next(
	struct reassembler *r, struct direction *d, const struct packet *p, bool counted)
{
	const struct frame_ref ref = {p->frame->number, p->ts_ns, p->frame->source};

	tell_data(r, d, p->payload, p->payload_len, &ref, &p->payload_sum, counted);
}

void deliver_next(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	const struct frame_ref ref = {p->frame->number, p->ts_ns, p->frame->source};
	bool counted = is_counted(r, d, p->payload, p->payload_len);

	if (counted && d->tail.head_full) { /* the middle of a body, or of what nobody knows */
		tail_add_piece(&d->tail, ring, d->next, p->payload, p->payload_len, &ref, &p->payload_sum);
		d->next += p->payload_len;
		return;
	}
	tell_next(r, d, p, counted);
}

static bool has_to_wait(struct direction *d, const struct incoming *in)
{
	return in->start > d->next || is_held_back(d) || (in->early && direction_is_early(d, in->ack));
}

void deliver_bytes(struct reassembler *r, struct direction *d, struct incoming *in)
{
	size_t cost = 0;

	if (has_to_wait(d, in)) {
		cost = waiting_cost(d->waits ? &direction_held(d)->waiting : &nothing, in);
		make_room(r, d, in, cost);
	}
	skip_delivered(d, in);
	if (!in->wire || d->ended || d->ignored)
		return;
	if (direction_highest(d) < incoming_end(in))
		direction_reaches(d, incoming_end(in));
	if (has_to_wait(d, in) && fits_stream(r, d, cost) && fits_all(r, cost)) {
		keep_for_later(r, d, in);
		return;
	}
	if (is_held_back(d)) {
		skip_hole(r, d, &in->ref);
		skip_delivered(d, in);
	}
	if (in->start > d->next)
		tell_gap(r, d, in->start - d->next, &in->ref);
	hand_on_from_packet(r, d, in);
	if (in->wire && is_held_back(d))
		deliver_bytes(r, d, in); /* not once more: it waits now, or nothing is waited for any more */
}

void deliver_end(struct reassembler *r, struct direction *d, int64_t at, const struct incoming *in)
{
	struct incoming end = {.start = at, .ack = in->ack, .early = in->early, .ref = in->ref};
	struct held *h;
	size_t before;

	if (d->ended || d->ignored)
		return;
	if (!d->waits && !has_to_wait(d, &end)) {
		tell_end(r, d, &in->ref);
		return;
	}
	h = hold(r, d);
	before = h->waiting.held_bytes;
	waiting_drop_end(&h->waiting);
	h->fin = at;
	waiting_add_end(&h->waiting, &end);
	account(r, h, before);
	drain(r, d);
}

/* Bytes that were acknowledged but not captured, or let go, at the end of what is there. Where no data was seen at
 * all, the acknowledgment may be about another conversation, or the direction is not captured. */
static int64_t missing_at_end(struct direction *d)
{
	const struct direction *peer = direction_peer(d);
	int64_t missing = direction_highest(d) - d->next, acked;

	if (direction_highest(d) == 0 || d->ended || d->ignored)
		return 0;
	acked = peer->has_acked ? direction_offset(d, peer->ack_sent) - d->next : 0;
	return acked > missing && acked > 1 ? acked : missing; /* 1: a FIN that was not captured */
}

void deliver_held_back(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	while (is_held_back(d))
		skip_hole(r, d, ref);
}

void deliver_close(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	int64_t missing;

	while (d->waits)
		skip_hole(r, d, ref);
	missing = missing_at_end(d);
	if (missing)
		tell_gap(r, d, missing, ref);
	tell_end(r, d, ref);
}

void deliver_nothing(struct reassembler *r, struct direction *d)
{
	d->ignored = true;
	forget_waiting(r, d);
	tail_clear(&d->tail, direction_head(d), &r->heads);
}
