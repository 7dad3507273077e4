/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP header (RFC 9293) and its options (RFC 7323, RFC 2018, RFC 7413, RFC 8684). */
#include "decode/fields.h"

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

void tcp_options(struct packet *p, struct reader *r)
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
	tcp_fields(p, h);
	if (header_len > 20) {
		options = rd_sub(r, header_len - 20);
		if (!tcp_only_timestamps(&p->tcp, options.p, (size_t)(options.end - options.p)))
			tcp_options(p, &options);
	}
	p->payload = rd_ok(r) ? r->p : r->end;
	p->payload_len = (uint32_t)rd_left(r);
	p->payload_wire = (uint32_t)(wire - header_len);
}
