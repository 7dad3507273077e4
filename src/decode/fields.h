/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fixed parts of IPv4's and TCP's headers say: for those who go layer by layer, and for plain.c. */
#ifndef PCAPDX_DECODE_FIELDS_H
#define PCAPDX_DECODE_FIELDS_H

#include "decode/layers.h"

#define IPV4_DF 0x4000
#define IPV4_MF 0x2000
#define IPV4_OFFSET 0x1fff /* in units of 8 bytes */

/* `h`: 20 bytes of an IPv4 header. */
static inline void ip4_fields(struct packet *p, const uint8_t *h)
{
	p->src = addr_v4(h + 12);
	p->dst = addr_v4(h + 16);
	p->tos = h[1];
	p->ip_id = be16(h + 4);
	p->has_ip_id = true;
	p->df = (be16(h + 6) & IPV4_DF) != 0;
	p->ttl = h[8];
	p->proto = h[9];
}

static inline void tcp_no_options(struct tcp_header *t)
{
	t->mss = 0;
	t->window_scale = -1;
	t->sack_permitted = t->has_timestamps = t->fast_open = t->mptcp = false;
	t->ts_value = t->ts_echo = 0;
	t->mptcp_kinds = 0;
	t->sack_count = 0;
}

/* `h`: 20 bytes of a TCP header. */
static inline void tcp_fields(struct packet *p, const uint8_t *h)
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
	tcp_no_options(t);
}

/* What nearly every segment carries: two NOPs and the timestamps. */
static inline bool tcp_only_timestamps(struct tcp_header *t, const uint8_t *options, size_t len)
{
	if (len != 12 || be32(options) != 0x0101080a)
		return false;
	t->has_timestamps = true;
	t->ts_value = be32(options + 4);
	t->ts_echo = be32(options + 8);
	return true;
}

#endif
