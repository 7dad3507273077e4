/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native engine (RFC 9293). In-order bytes are handed on from the packet. What arrives beyond a hole waits; the
 * hole is given up, and told as a gap, when the receiver's acknowledgments show that it has the bytes (a mark is set
 * at what is acknowledged; REORDER_NS or REORDER_PACKETS later all holes before the mark are given up, because until
 * then a segment may be in the capture behind its own acknowledgment), when a bound is reached, or at the close.
 *
 * Where segments overlap, the bytes that came first are handed on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "reassemble/engine.h"
#include "reassemble/tail.h"

#define REORDER_NS (100 * NS_PER_MS)  /* merged taps and multi-queue cards reorder by some milliseconds */
#define REORDER_PACKETS 64	      /* of the conversation, both sides */
#define SEGMENTS_MAX 1024	      /* that wait in one direction: bounds the walk over them */
#define WINDOW_MAX (INT64_C(1) << 30) /* the largest window there is (RFC 7323, section 2.3) */
#define TAILS_SHARE 4		      /* tails of all streams take a quarter of the bound at most */

static struct stream_pair *pair_of(struct direction *d)
{
	return (struct stream_pair *)(void *)((char *)(d - d->side) - offsetof(struct stream_pair, dir));
}

static enum side side_of(const struct direction *d)
{
	return (enum side)d->side;
}

/* The list of directions in which something waits, and the sum of what they hold. */

static void queue_leave(struct reassembler *r, struct direction *d)
{
	*(d->older ? &d->older->younger : &r->oldest) = d->younger;
	*(d->younger ? &d->younger->older : &r->youngest) = d->older;
	d->older = d->younger = NULL;
}

static void queue_join(struct reassembler *r, struct direction *d)
{
	d->older = r->youngest;
	*(r->youngest ? &r->youngest->younger : &r->oldest) = d;
	r->youngest = d;
}

/* To be called after each change of d->waiting, with what it held before. */
static void account(struct reassembler *r, struct direction *d, size_t held_before)
{
	r->waiting_bytes += d->waiting.held_bytes - held_before;
	if (held_before && !d->waiting.first) {
		queue_leave(r, d);
		d->mark_ns = UNSET;
	} else if (!held_before && d->waiting.first) {
		queue_join(r, d);
	}
}

static void forget_waiting(struct reassembler *r, struct direction *d)
{
	size_t before = d->waiting.held_bytes;

	waiting_clear(&d->waiting);
	account(r, d, before);
}

static void forget_tail(struct reassembler *r, struct direction *d)
{
	r->tail_bytes -= tail_held_bytes(d->tail);
	tail_free(d->tail);
	d->tail = NULL;
}

static void keep_tail(
	struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n, const struct frame_ref *ref)
{
	size_t before = tail_held_bytes(d->tail), most = r->held_max / TAILS_SHARE;

	tail_add(&d->tail, d->next, bytes, n, ref, most > r->tail_bytes ? most - r->tail_bytes : 0);
	r->tail_bytes += tail_held_bytes(d->tail) - before;
}

/* Telling. State is brought up to date first: the taker may say that it wants no more. */

static void tell_data(
	struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t n, const struct frame_ref *ref)
{
	keep_tail(r, d, bytes, n, ref);
	d->next += n;
	d->guessed = false;
	r->taker.data(pair_of(d)->flow, side_of(d), bytes, n, ref);
}

static void tell_gap(struct reassembler *r, struct direction *d, int64_t missing, const struct frame_ref *ref)
{
	d->next += missing;
	d->guessed = false;
	if (d->highest < d->next)
		d->highest = d->next;
	r->taker.gap(pair_of(d)->flow, side_of(d), (uint64_t)missing, ref);
}

static void tell_end(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	if (d->ended)
		return;
	d->ended = true;
	forget_waiting(r, d);
	forget_tail(r, d);
	r->taker.end(pair_of(d)->flow, side_of(d), ref);
}

static void hand_on(struct reassembler *r, struct direction *d, const uint8_t *bytes, uint32_t here, uint32_t wire,
	const struct frame_ref *ref)
{
	if (here)
		tell_data(r, d, bytes, here, ref);
	if (wire > here && !d->ignored)
		tell_gap(r, d, wire - here, ref);
}

/* Hands on what waited for the byte that is now due. */
static void drain(struct reassembler *r, struct direction *d)
{
	while (d->waiting.first && d->waiting.first->start <= d->next) {
		size_t before = d->waiting.held_bytes;
		struct segment *s = waiting_take(&d->waiting);

		account(r, d, before);
		if (s->wire)
			hand_on(r, d, s->bytes, s->here, s->wire, &s->ref);
		else
			tell_end(r, d, &s->ref);
		free(s);
	}
}

/* Gives the first hole up. */
static void skip_hole(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	tell_gap(r, d, d->waiting.first->start - d->next, ref);
	drain(r, d);
}

/* Whether the receiver has acknowledged past the first hole, as far as `ack` tells. */
static bool is_passed(const struct direction *d, uint32_t ack)
{
	return d->waiting.first && d->waiting.first->start <= direction_offset(d, ack);
}

/* Gives up the holes that were acknowledged past long enough ago. */
static void settle(struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref)
{
	if (!d->waiting.first || !d->acked)
		return;
	if (d->mark_ns != UNSET) {
		if (++d->mark_packets < REORDER_PACKETS && p->clock_ns - d->mark_ns < REORDER_NS)
			return;
		while (is_passed(d, d->mark_seq))
			skip_hole(r, d, ref);
		d->mark_ns = UNSET;
	}
	if (is_passed(d, d->ack_seq)) {
		d->mark_ns = p->clock_ns;
		d->mark_seq = d->ack_seq;
		d->mark_packets = 0;
	}
}

static bool fits_stream(const struct reassembler *r, const struct direction *d, size_t cost)
{
	return d->waiting.held_bytes + cost <= r->held_stream_max && d->waiting.count < SEGMENTS_MAX;
}

static bool fits_all(const struct reassembler *r, size_t cost)
{
	return r->waiting_bytes + cost <= r->held_max - r->held_max / TAILS_SHARE;
}

/* The stream whose hole is open longest lets go what waits, without a word now: what is behind it will show a gap. */
static void let_go_oldest(struct reassembler *r)
{
	struct direction *d = r->oldest;

	d->fin = UNSET;
	forget_waiting(r, d);
}

/*
 * Keeps the bounds before `in` waits too: gives up d's own holes before it when d holds too much, and lets others go
 * when all together do. Only d's taker hears of it: the owner of another stream is not at hand.
 */
static void make_room(struct reassembler *r, struct direction *d, const struct incoming *in, size_t cost)
{
	while (!fits_stream(r, d, cost) || !fits_all(r, cost)) {
		struct frame_ref ref;

		if (fits_stream(r, d, cost) && r->oldest && r->oldest != d) {
			let_go_oldest(r);
			continue;
		}
		if (!d->waiting.first || d->waiting.first->start > in->start)
			return;
		ref = d->waiting.first->ref;
		skip_hole(r, d, &ref);
	}
}

static void skip_delivered(const struct direction *d, struct incoming *in)
{
	int64_t old = d->next - in->start;

	if (old > 0)
		incoming_skip(in, old < in->wire ? (uint32_t)old : in->wire);
}

/* `in` starts at the byte that is due; what already waits goes before its bytes. */
static void hand_on_from_packet(struct reassembler *r, struct direction *d, struct incoming *in)
{
	while (in->wire && !d->ended && !d->ignored) {
		struct incoming piece = *in;

		if (d->waiting.first && d->waiting.first->start < incoming_end(in))
			incoming_limit(&piece, (uint32_t)(d->waiting.first->start - in->start));
		hand_on(r, d, piece.bytes, piece.here, piece.wire, &piece.ref);
		drain(r, d);
		skip_delivered(d, in);
	}
}

static void keep_for_later(struct reassembler *r, struct direction *d, const struct incoming *in)
{
	size_t before = d->waiting.held_bytes;

	waiting_add(&d->waiting, in);
	account(r, d, before);
}

static void tell_difference(struct reassembler *r, struct direction *d, const struct incoming *in)
{
	struct frame_ref old;

	if (r->taker.differ && !d->padded &&
		(tail_differs(d->tail, in, &old) || waiting_differs(&d->waiting, in, &old)))
		r->taker.differ(pair_of(d)->flow, side_of(d), &old, &in->ref);
}

static void take_new_bytes(struct reassembler *r, struct direction *d, struct incoming *in)
{
	size_t cost = waiting_cost(&d->waiting, in);

	if (in->start > d->next)
		make_room(r, d, in, cost);
	skip_delivered(d, in);
	if (!in->wire || d->ended || d->ignored)
		return;
	if (d->highest < incoming_end(in))
		d->highest = incoming_end(in);
	if (in->start > d->next && fits_stream(r, d, cost) && fits_all(r, cost)) {
		keep_for_later(r, d, in);
		return;
	}
	if (in->start > d->next)
		tell_gap(r, d, in->start - d->next, &in->ref);
	hand_on_from_packet(r, d, in);
}

/* One byte (or none) before what was sent last: sent to be answered, its value means nothing (RFC 9293, 3.8.4). */
static bool is_keep_alive(const struct direction *d, const struct incoming *in)
{
	if (in->wire != 1)
		return false;
	if (d->guessed && d->highest == d->next) /* the other side has acknowledged that byte already */
		return d->acked && direction_offset(d, d->ack_seq) == incoming_end(in);
	return incoming_end(in) == d->highest;
}

/* A start that was guessed from a bare ACK is moved: back for bytes before it, on by one when it was a keep-alive. */
static void correct_guess(struct direction *d, const struct incoming *in)
{
	if (in->start < d->next)
		d->next = in->start;
	else if (in->start == d->next + 1 && !d->waiting.first)
		d->next = d->highest = in->start;
}

static void take_payload(struct reassembler *r, struct direction *d, struct incoming *in)
{
	if (in->start - d->next >= WINDOW_MAX || d->next - incoming_end(in) >= WINDOW_MAX)
		return;
	if (is_keep_alive(d, in)) {
		if (d->guessed && d->highest == d->next)
			d->next = d->highest = incoming_end(in);
		return;
	}
	if (d->guessed)
		correct_guess(d, in);
	if (d->fin != UNSET)
		incoming_limit(in, d->fin > in->start ? (uint32_t)(d->fin - in->start) : 0);
	if (!in->wire)
		return;
	if (in->start < d->highest)
		tell_difference(r, d, in);
	take_new_bytes(r, d, in);
}

static void mark_end(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref)
{
	size_t before = d->waiting.held_bytes;

	if (d->ended || d->ignored)
		return;
	waiting_drop_end(&d->waiting);
	d->fin = at;
	waiting_add_end(&d->waiting, at, ref);
	account(r, d, before);
	drain(r, d);
}

/* A FIN before data that was seen contradicts itself, and one beyond any window cannot be. */
static void take_fin(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref)
{
	if (at >= d->highest && at - d->next < WINDOW_MAX && (d->fin == UNSET || at < d->fin))
		mark_end(r, d, at, ref);
}

/* A RST ends the stream when it is in line: nowhere before what the receiver has, nor behind what was sent. */
static void take_rst(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref)
{
	int64_t low = d->next;

	if (d->acked && direction_offset(d, d->ack_seq) < low)
		low = direction_offset(d, d->ack_seq);
	if (at >= low && at <= d->highest)
		mark_end(r, d, d->highest, ref);
}

static void start(struct direction *d, uint32_t seq, bool guessed)
{
	d->started = true;
	d->guessed = guessed;
	d->start_seq = seq;
	d->next = d->highest = 0;
	if (!guessed)
		d->acked = false; /* that was about other sequence numbers */
}

/* Whether the packet belongs to the stream; finds the stream's start. */
static bool find_start(struct direction *d, const struct packet *p)
{
	uint32_t first = p->tcp.seq + 1;

	if (!(p->tcp.flags & TCP_SYN)) {
		if (!d->started && !(p->tcp.flags & TCP_RST))
			start(d, p->tcp.seq, true);
		return d->started;
	}
	if (d->started && direction_offset(d, first) == 0 && !d->guessed)
		return true; /* the same SYN again */
	if (d->started && (d->next != 0 || d->waiting.first))
		return false;
	start(d, first, false);
	return true;
}

static void take_ack(struct direction *d, const struct packet *p)
{
	if ((p->tcp.flags & (TCP_ACK | TCP_RST)) != TCP_ACK)
		return;
	if (d->started && direction_offset(d, p->tcp.ack) - d->next >= WINDOW_MAX)
		return;
	if (!d->acked || (int32_t)(p->tcp.ack - d->ack_seq) > 0)
		d->ack_seq = p->tcp.ack;
	d->acked = true;
}

/*
 * A segment with a wrong checksum was not accepted by its receiver. But a host that leaves checksums to its card
 * shows wrong ones in its own captures throughout: only who has sent right ones can send a wrong one.
 */
bool native_takes(struct direction *d, const struct packet *p)
{
	if (p->checksum == CHECKSUM_GOOD)
		d->good_sums = true;
	return p->checksum != CHECKSUM_BAD || !d->good_sums;
}

/*
 * Some capture tools count the padding of short Ethernet frames (60 bytes, 56 behind a VLAN tag) into the length of
 * the IP packet: a bare ACK then seems to carry a few zeros (or bytes that are not there), over which the next data
 * is sent.
 */
bool native_is_padding(const struct packet *p)
{
	static const uint8_t zeros[6];
	bool whole = p->payload_len == p->payload_wire || p->fault == FAULT_IP_LENGTH;

	return p->tcp.flags == TCP_ACK && (p->ip_len == 42 || p->ip_len == 46) && p->payload_wire &&
	       p->payload_wire <= sizeof(zeros) && whole &&
	       (!p->payload_len || memcmp(p->payload, zeros, p->payload_len) == 0);
}

static void take_segment(
	struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref)
{
	uint32_t seq = p->tcp.seq + ((p->tcp.flags & TCP_SYN) != 0);
	struct incoming in = {direction_offset(d, seq), p->payload, p->payload_len, p->payload_wire, *ref};
	int64_t end = incoming_end(&in);

	if (in.wire < in.here)
		in.here = in.wire;
	if (native_is_padding(p))
		d->padded = true;
	else if (in.wire)
		take_payload(r, d, &in);
	if (p->tcp.flags & TCP_RST)
		take_rst(r, d, end, ref);
	else if (p->tcp.flags & TCP_FIN)
		take_fin(r, d, end, ref);
}

void native_packet(struct reassembler *r, struct stream_pair *pair, enum side s, const struct packet *p)
{
	struct direction *d = &pair->dir[s], *peer = &pair->dir[side_other(s)];
	struct frame_ref ref = {p->frame->number, p->ts_ns, p->frame->source};

	if (!native_takes(d, p))
		return;
	take_ack(peer, p);
	settle(r, peer, p, &ref);
	if (find_start(d, p) && !d->ended && !d->ignored)
		take_segment(r, d, p, &ref);
	settle(r, d, p, &ref);
}

void native_ignore(struct reassembler *r, struct stream_pair *pair, enum side s)
{
	struct direction *d = &pair->dir[s];

	d->ignored = true;
	forget_waiting(r, d);
	forget_tail(r, d);
}

/* Bytes that were acknowledged but not captured, or let go, at the end of what is there. Where no data was seen at
 * all, the acknowledgment may be about another conversation, or the direction is not captured. */
static int64_t missing_at_end(const struct direction *d)
{
	int64_t missing = d->highest - d->next, acked;

	if (d->highest == 0 || d->ended || d->ignored)
		return 0;
	acked = d->acked ? direction_offset(d, d->ack_seq) - d->next : 0;
	return acked > missing && acked > 1 ? acked : missing; /* 1: a FIN that was not captured */
}

static void close_direction(struct reassembler *r, struct direction *d, const struct frame_ref *ref)
{
	int64_t missing;

	while (d->waiting.first)
		skip_hole(r, d, ref);
	missing = missing_at_end(d);
	if (missing)
		tell_gap(r, d, missing, ref);
	tell_end(r, d, ref);
}

void native_close(struct reassembler *r, struct stream_pair *pair, const struct frame_ref *ref)
{
	close_direction(r, &pair->dir[SIDE_ORIG], ref);
	close_direction(r, &pair->dir[SIDE_RESP], ref);
}
