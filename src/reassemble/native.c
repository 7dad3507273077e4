/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judging half of the native engine (RFC 9293): what of a segment belongs to the stream, and where it ends. */
#include <string.h>

#include "base/seldom.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "reassemble/deliver.h"
#include "reassemble/engine.h"

#define PADDING_MAX 6		      /* IP and TCP headers take 40 of the 46 bytes that a frame has at least */
#define WINDOW_MAX (INT64_C(1) << 30) /* the largest window there is (RFC 7323, section 2.3) */

/* One byte (or none) before what was sent last: sent to be answered, its value means nothing (RFC 9293, 3.8.4). */
static bool is_keep_alive(struct direction *d, const struct incoming *in)
{
	const struct direction *peer = direction_peer(d);

	if (in->wire != 1)
		return false;
	if (d->guessed && !d->ahead) /* the other side has acknowledged that byte already */
		return peer->has_acked && direction_offset(d, peer->ack_sent) == incoming_end(in);
	return incoming_end(in) == direction_highest(d);
}

static void begin_at(struct direction *d, int64_t at)
{
	d->next = at;
	d->ahead = false;
}

/* A start that was guessed from a bare ACK is moved: back for bytes before it, on by one when it was a keep-alive. */
static void correct_guess(struct direction *d, const struct incoming *in)
{
	if (in->start < d->next) {
		int64_t highest = direction_highest(d);

		d->next = in->start;
		direction_reaches(d, highest);
	} else if (in->start == d->next + 1 && !d->waits) {
		begin_at(d, in->start);
	}
}

static void take_payload(struct reassembler *r, struct direction *d, struct incoming *in)
{
	int64_t fin = direction_fin(d);

	if (in->start - d->next >= WINDOW_MAX || d->next - incoming_end(in) >= WINDOW_MAX)
		return;
	if (is_keep_alive(d, in)) {
		if (d->guessed && !d->ahead)
			begin_at(d, incoming_end(in));
		return;
	}
	if (d->guessed)
		correct_guess(d, in);
	if (fin != UNSET)
		incoming_limit(in, fin > in->start ? (uint32_t)(fin - in->start) : 0);
	if (!in->wire)
		return;
	if (in->start < direction_highest(d))
		deliver_difference(r, d, in);
	deliver_bytes(r, d, in);
}

/* A FIN before data that was seen contradicts itself, and one beyond any window cannot be. */
static void take_fin(struct reassembler *r, struct direction *d, int64_t at, const struct incoming *in)
{
	int64_t fin = direction_fin(d);

	if (at >= direction_highest(d) && at - d->next < WINDOW_MAX && (fin == UNSET || at < fin))
		deliver_end(r, d, at, in);
}

/* A RST ends the stream when it is in line: nowhere before what the receiver has, nor behind what was sent. */
static void take_rst(struct reassembler *r, struct direction *d, int64_t at, const struct incoming *in)
{
	const struct direction *peer = direction_peer(d);
	int64_t low = d->next;

	if (peer->has_acked && direction_offset(d, peer->ack_sent) < low)
		low = direction_offset(d, peer->ack_sent);
	if (at >= low && at <= direction_highest(d))
		deliver_end(r, d, direction_highest(d), in);
}

static void start(struct direction *d, uint32_t seq, bool guessed)
{
	d->started = true;
	d->guessed = guessed;
	d->start_seq = seq;
	begin_at(d, 0);
	if (!guessed)
		direction_peer(d)->has_acked = false; /* that was about other sequence numbers */
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
	if (d->started && (d->next != 0 || d->waits))
		return false;
	start(d, first, false);
	return true;
}

static void take_ack(struct direction *d, const struct packet *p)
{
	const struct direction *peer;

	if ((p->tcp.flags & (TCP_ACK | TCP_RST)) != TCP_ACK || (d->has_acked && p->tcp.ack == d->ack_sent))
		return;
	peer = direction_peer(d);
	if (peer->started && direction_offset(peer, p->tcp.ack) - peer->next >= WINDOW_MAX)
		return;
	if (!d->has_acked || (int32_t)(p->tcp.ack - d->ack_sent) > 0) {
		d->ack_sent = p->tcp.ack;
		if (d->has_acked && !peer->started)
			d->acks_unseen = true;
	}
	if (!d->has_acked)
		d->has_acked = true;
}

/*
 * A segment with a wrong checksum was not accepted by its receiver. But a host that leaves checksums to its card
 * shows wrong ones in its own captures throughout: only who has sent right ones can send a wrong one.
 */
bool native_takes(struct direction *d, const struct packet *p)
{
	if (p->checksum == CHECKSUM_GOOD && !d->good_sums)
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
	static const uint8_t zeros[PADDING_MAX];
	bool whole = p->payload_len == p->payload_wire || p->fault == FAULT_IP_LENGTH;

	return p->tcp.flags == TCP_ACK && (p->ip_len == 42 || p->ip_len == 46) && p->payload_wire &&
	       p->payload_wire <= sizeof(zeros) && whole &&
	       (!p->payload_len || memcmp(p->payload, zeros, p->payload_len) == 0);
}

static inline bool is_early(struct direction *d, const struct packet *p)
{
	return (p->tcp.flags & (TCP_ACK | TCP_RST)) == TCP_ACK && direction_is_early(d, p->tcp.ack);
}

static void take_segment(
	struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref)
{
	uint32_t seq = p->tcp.seq + ((p->tcp.flags & TCP_SYN) != 0);
	struct incoming in = {.start = direction_offset(d, seq),
		.bytes = p->payload,
		.here = p->payload_len,
		.wire = p->payload_wire,
		.ack = p->tcp.ack,
		.early = is_early(d, p),
		.ref = *ref};
	int64_t end = incoming_end(&in);

	if (in.wire < in.here)
		in.here = in.wire;
	if (native_is_padding(p))
		d->padded = true;
	else if (in.wire)
		take_payload(r, d, &in);
	if (p->tcp.flags & TCP_RST)
		take_rst(r, d, end, &in);
	else if (p->tcp.flags & TCP_FIN)
		take_fin(r, d, end, &in);
}

/* The ordinary segment: whole, the next one of its stream, and nothing that has to be judged; but it may be padding. */
static inline bool is_next(const struct direction *d, const struct packet *p)
{
	return d->started && !d->disturbed && p->tcp.seq == d->start_seq + (uint32_t)d->next &&
	       !(p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST)) && p->payload_len == p->payload_wire;
}

static struct frame_ref ref_of(const struct packet *p)
{
	return (struct frame_ref){p->frame->number, p->ts_ns, p->frame->source};
}

static void settle_peer(struct reassembler *r, struct direction *d, const struct packet *p)
{
	struct frame_ref ref = ref_of(p);

	deliver_settle(r, direction_peer(d), p, &ref);
}

/* One that is not the next of its stream, or ends it. Apart, since the next one needs few registers. True: now both
 * directions have ended. */
static __attribute__((noinline)) bool judge_segment(struct reassembler *r, struct direction *d, const struct packet *p)
{
	struct frame_ref ref = ref_of(p);

	if (find_start(d, p) && !d->ended && !d->ignored)
		take_segment(r, d, p, &ref);
	if (d->waits)
		deliver_settle(r, d, p, &ref);
	return d->ended && direction_peer(d)->ended;
}

static __attribute__((noinline)) bool next_segment(
	struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	if (native_is_padding(p))
		return judge_segment(r, d, p);
	deliver_next(r, d, ring, p);
	return false;
}

/* What most segments need calls nothing, so it saves no registers. */
static inline bool take_packet(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	if (!is_next(d, p))
		return judge_segment(r, d, p);
	if (!p->payload_len || (p->payload_len > PADDING_MAX && deliver_passed_over(d, ring, p)))
		return false;
	return next_segment(r, d, ring, p);
}

/* Something waits somewhere, or what p brings has to. */
static SELDOM bool settle_and_take(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	settle_peer(r, d, p);
	if (is_early(d, p))
		judge_segment(r, d, p);
	else
		take_packet(r, d, ring, p);
	deliver_due(r, d);
	return d->ended && direction_peer(d)->ended;
}

bool native_packet(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	if (!native_takes(d, p))
		return false;
	take_ack(d, p);
	if (r->oldest || is_early(d, p)) /* else nothing waits anywhere */
		return settle_and_take(r, d, ring, p);
	return take_packet(r, d, ring, p);
}

void native_ignore(struct reassembler *r, struct stream_pair *pair, enum side s)
{
	deliver_nothing(r, &pair->dir[s]);
}

void native_close(struct reassembler *r, struct stream_pair *pair, const struct frame_ref *ref)
{
	for (enum side s = SIDE_ORIG; s <= SIDE_RESP; s++)
		deliver_held_back(r, &pair->dir[s], ref);
	for (enum side s = SIDE_ORIG; s <= SIDE_RESP; s++)
		deliver_close(r, &pair->dir[s], ref);
}
