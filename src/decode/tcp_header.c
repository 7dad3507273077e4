/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP header (RFC 9293) and its options (RFC 7323, RFC 2018, RFC 7413, RFC 8684). */
#include "decode/layers.h"

#define SCALE_MAX 14 /* larger ones count as this (RFC 7323, section 2.3) */
#define EXPERIMENT_FAST_OPEN 0xf989

enum tcp_option {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WINDOW_SCALE = 3,
	OPT_SACK_PERMITTED = 4,
	OPT_SACK = 5,
	OPT_TIMESTAMPS = 8,
	OPT_MPTCP = 30,
	OPT_FAST_OPEN = 34,
	OPT_EXPERIMENT_1 = 253,
	OPT_EXPERIMENT_2 = 254,
};

static void sack_blocks(struct tcp_header *t, struct reader *o)
{
	while (rd_left(o) >= 8 && t->sack_count < SACK_BLOCKS_MAX) {
		t->sack_left[t->sack_count] = rd_u32(o);
		t->sack_right[t->sack_count++] = rd_u32(o);
	}
}

static void tcp_option(struct tcp_header *t, uint8_t kind, struct reader *o)
{
	uint8_t scale;

	switch (kind) {
	case OPT_MSS:
		t->mss = rd_u16(o);
		break;
	case OPT_WINDOW_SCALE:
		scale = rd_u8(o);
		if (rd_ok(o))
			t->window_scale = scale > SCALE_MAX ? SCALE_MAX : (int8_t)scale;
		break;
	case OPT_SACK_PERMITTED:
		t->sack_permitted = true;
		break;
	case OPT_SACK:
		sack_blocks(t, o);
		break;
	case OPT_TIMESTAMPS:
		t->ts_value = rd_u32(o);
		t->ts_echo = rd_u32(o);
		t->has_timestamps = rd_ok(o);
		break;
	case OPT_MPTCP:
		t->mptcp = true;
		t->mptcp_kinds |= (uint16_t)(1u << (rd_u8(o) >> 4));
		break;
	case OPT_FAST_OPEN:
		t->fast_open = true;
		break;
	case OPT_EXPERIMENT_1:
	case OPT_EXPERIMENT_2:
		t->fast_open |= rd_u16(o) == EXPERIMENT_FAST_OPEN;
		break;
	}
}

/* A length that was wrong further out is the more telling fault. */
static void option_fault(struct packet *p)
{
	if (!p->fault)
		p->fault = FAULT_TCP_OPTION;
}

/* Options up to the first that is broken; one that the capture cut off is no fault. */
static void tcp_options(struct packet *p, struct reader *r)
{
	while (rd_left(r)) {
		uint8_t kind = rd_u8(r), length;
		struct reader option;

		if (kind == OPT_END)
			return;
		if (kind == OPT_NOP)
			continue;
		length = rd_u8(r);
		if (rd_ok(r) && length < 2) {
			option_fault(p);
			return;
		}
		option = rd_sub(r, length - 2u);
		if (rd_ok(r))
			tcp_option(&p->tcp, kind, &option);
	}
	if (r->state == READER_BAD)
		option_fault(p);
}

static void clear_options(struct tcp_header *t)
{
	t->mss = 0;
	t->window_scale = -1;
	t->sack_permitted = t->has_timestamps = t->fast_open = t->mptcp = false;
	t->ts_value = t->ts_echo = 0;
	t->mptcp_kinds = 0;
	t->sack_count = 0;
}

/* What nearly every segment carries: two NOPs and the timestamps. */
static bool only_timestamps(struct tcp_header *t, const struct reader *o)
{
	if (o->end - o->p != 12 || be32(o->p) != 0x0101080a)
		return false;
	t->has_timestamps = true;
	t->ts_value = be32(o->p + 4);
	t->ts_echo = be32(o->p + 8);
	return true;
}

static void set_header(struct packet *p, const uint8_t *h)
{
	struct tcp_header *t = &p->tcp;

	p->kind = PACKET_TCP;
	p->transport = h;
	p->sport = be16(h);
	p->dport = be16(h + 2);
	t->seq = be32(h + 4);
	t->ack = be32(h + 8);
	t->header_len = (uint8_t)((h[12] >> 4) * 4);
	t->reserved = h[12] & 0x0f;
	t->flags = h[13];
	t->window = be16(h + 14);
	t->urgent = be16(h + 18);
	clear_options(t);
}

void tcp_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	size_t wire = rd_wire(r), header_len;
	const uint8_t *h = rd_bytes(r, 20);
	struct reader options;

	(void)d;
	if (!h) {
		packet_fail(p, r, FAULT_TCP_HEADER);
		return;
	}
	header_len = (size_t)(h[12] >> 4) * 4;
	if (header_len < 20 || header_len > wire) {
		packet_bad(p, FAULT_TCP_HEADER);
		return;
	}
	set_header(p, h);
	if (header_len > 20) {
		options = rd_sub(r, header_len - 20);
		if (!only_timestamps(&p->tcp, &options))
			tcp_options(p, &options);
	}
	p->payload = rd_ok(r) ? r->p : r->end;
	p->payload_len = (uint32_t)rd_left(r);
	p->payload_wire = (uint32_t)(wire - header_len);
}
