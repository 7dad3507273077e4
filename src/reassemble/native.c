/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judging half of the native engine (RFC 9293): what of a segment belongs to the stream, and where it ends. */
#include <string.h>

#include "capture/capture.h"
#include "decode/packet.h"
#include "reassemble/deliver.h"
#include "reassemble/engine.h"

#define WINDOW_MAX (INT64_C(1) << 30) /* the largest window there is (RFC 7323, section 2.3) */

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
		deliver_difference(r, d, in);
	deliver_bytes(r, d, in);
}

/* A FIN before data that was seen contradicts itself, and one beyond any window cannot be. */
static void take_fin(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref)
{
	if (at >= d->highest && at - d->next < WINDOW_MAX && (d->fin == UNSET || at < d->fin))
		deliver_end(r, d, at, ref);
}

/* A RST ends the stream when it is in line: nowhere before what the receiver has, nor behind what was sent. */
static void take_rst(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref)
{
	int64_t low = d->next;

	if (d->acked && direction_offset(d, d->ack_seq) < low)
		low = direction_offset(d, d->ack_seq);
	if (at >= low && at <= d->highest)
		deliver_end(r, d, d->highest, ref);
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
	deliver_settle(r, peer, p, &ref);
	if (find_start(d, p) && !d->ended && !d->ignored)
		take_segment(r, d, p, &ref);
	deliver_settle(r, d, p, &ref);
}

void native_ignore(struct reassembler *r, struct stream_pair *pair, enum side s)
{
	deliver_nothing(r, &pair->dir[s]);
}

void native_close(struct reassembler *r, struct stream_pair *pair, const struct frame_ref *ref)
{
	deliver_close(r, &pair->dir[SIDE_ORIG], ref);
	deliver_close(r, &pair->dir[SIDE_RESP], ref);
}
