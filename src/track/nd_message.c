/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbor Discovery (RFC 4861, section 4). A message whose options are cut is used as far as it goes. */
#include "track/nd_message.h"

#include "base/reader.h"
#include "decode/packet.h"

#define OPTION_SOURCE_MAC 1
#define OPTION_TARGET_MAC 2
#define OPTION_PREFIX 3

static void read_mac(struct nd_message *m, struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 6);

	if (b)
		for (int i = 0; i < 6; i++)
			m->mac.b[i] = b[i];
}

static void read_prefix(struct nd_message *m, struct reader *r)
{
	uint8_t len = rd_u8(r);
	const uint8_t *b;

	rd_skip(r, 13);
	b = rd_bytes(r, 16);
	if (b && !addr_is_set(&m->prefix)) {
		m->prefix = addr_v6(b);
		m->prefix_len = len;
	}
}

static void read_options(struct nd_message *m, struct reader *r)
{
	while (rd_left(r)) {
		uint8_t type = rd_u8(r), len = rd_u8(r);
		struct reader body;

		if (!len)
			return;
		body = rd_sub(r, (size_t)len * 8 - 2);
		if (type == OPTION_SOURCE_MAC || type == OPTION_TARGET_MAC)
			read_mac(m, &body);
		else if (type == OPTION_PREFIX)
			read_prefix(m, &body);
	}
}

static bool read_router(struct nd_message *m, struct reader *r)
{
	m->router = true;
	rd_skip(r, 2);
	m->lifetime_s = rd_u16(r);
	rd_skip(r, 8);
	return rd_ok(r);
}

static bool read_neighbor(struct nd_message *m, struct reader *r)
{
	uint8_t flags = rd_u8(r);
	const uint8_t *target;

	rd_skip(r, 3);
	target = rd_bytes(r, 16);
	if (!target)
		return false;
	m->target = addr_v6(target);
	m->router = m->type == ND_ADVERTISEMENT && (flags & 0x80);
	return true;
}

bool nd_read(const struct packet *p, struct nd_message *out)
{
	struct reader r = rd_make(p->payload, p->payload_len, p->payload_wire);
	bool whole;

	if (p->kind != PACKET_ICMP || addr_is_v4(&p->src) || p->icmp.type < ND_ROUTER_ADVERTISEMENT ||
		p->icmp.type > ND_ADVERTISEMENT)
		return false;
	*out = (struct nd_message){ .type = p->icmp.type };
	rd_skip(&r, 4);
	whole = p->icmp.type == ND_ROUTER_ADVERTISEMENT ? read_router(out, &r) : read_neighbor(out, &r);
	if (whole)
		read_options(out, &r);
	return whole;
}
