/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443), with the packet that an error quotes. The quote is read as far as it goes:
 * routers send 8 bytes behind the IP header or all of it, and may append extensions (RFC 4884), which are not read.
 * Where the quoted packet carries a tunnel, the packet inside is read as well, by the same functions as in a frame.
 */
#include "decode/layers.h"

static bool is_error4(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool is_error6(uint8_t type)
{
	return type >= 1 && type <= 4;
}

static bool has_id4(uint8_t type)
{
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static void quoted_transport(struct quoted_packet *q, struct reader *r)
{
	uint16_t sport, dport;

	if (q->proto != IP_TCP && q->proto != IP_UDP && q->proto != IP_SCTP)
		return;
	sport = rd_u16(r);
	dport = rd_u16(r);
	if (!rd_ok(r))
		return;
	q->sport = sport;
	q->dport = dport;
	if (q->proto == IP_TCP)
		q->seq = rd_u32(r);
	rd_skip(r, q->proto == IP_TCP ? 12 : 4);
	q->whole = rd_ok(r);
}

static void quoted_v4(struct quoted_packet *q, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 20);
	size_t header_len = h ? (size_t)(h[0] & 0x0f) * 4 : 0;

	if (header_len < 20)
		return;
	q->src = addr_v4(h + 12);
	q->dst = addr_v4(h + 16);
	q->ip_id = be16(h + 4);
	q->ttl = h[8];
	q->proto = h[9];
	rd_skip(r, header_len - 20);
	if ((be16(h + 6) & 0x1fff) == 0)
		quoted_transport(q, r);
}

static void quoted_v6(struct quoted_packet *q, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 40);

	if (!h)
		return;
	q->src = addr_v6(h + 8);
	q->dst = addr_v6(h + 24);
	q->ttl = h[7];
	q->proto = ip6_skip_extensions(r, h[6]);
	quoted_transport(q, r);
}

static void quoted_any(struct quoted_packet *q, struct reader r)
{
	uint8_t version = rd_left(&r) ? r.p[0] >> 4 : 0;

	if (version == 4)
		quoted_v4(q, &r);
	else if (version == 6)
		quoted_v6(q, &r);
}

void icmp_quoted_payload(struct decoder *d, struct packet *p, struct reader *r)
{
	struct quoted_packet q = { .src = p->src, .dst = p->dst, .ttl = p->ttl, .ip_id = p->ip_id, .proto = p->proto };
	struct reader transport = *r;

	quoted_transport(&q, &transport);
	if (p->tunnel_count)
		*d->quoted = q;
	if (p->proto == IP_UDP) {
		p->sport = q.sport;
		p->dport = q.dport;
		if (rd_bytes(r, 8))
			tunnel_udp(d, p, r);
	} else {
		tunnel_ip(d, p, r);
	}
}

static bool may_carry(const struct quoted_packet *q)
{
	return q->proto && q->proto != IP_TCP && q->proto != IP_ICMP && q->proto != IP_ICMPV6;
}

/* The inside of a quoted tunnel. A quote within a quote is not looked at: it would be an error about an error. */
static void quoted_inner(struct decoder *d, struct icmp_header *i, struct reader quote)
{
	struct quoted_packet inner = { .proto = 0 };
	struct packet p;

	if (!may_carry(&i->quoted))
		return;
	memset(&p, 0, sizeof(p));
	d->quoted = &inner;
	ip_any(d, &p, &quote);
	d->quoted = NULL;
	if (p.verdict != PACKET_BAD && addr_is_set(&inner.src))
		i->inner = inner;
}

static void icmp4_rest(struct decoder *d, struct icmp_header *i, const uint8_t *rest, const struct reader *quote)
{
	if (i->type == 3 && i->code == 4)
		i->mtu = be16(rest + 2);
	if (has_id4(i->type)) {
		i->id = be16(rest);
		i->sequence = be16(rest + 2);
	}
	if (!is_error4(i->type))
		return;
	quoted_any(&i->quoted, *quote);
	quoted_inner(d, i, *quote);
}

static void icmp6_rest(struct decoder *d, struct icmp_header *i, const uint8_t *rest, const struct reader *quote)
{
	if (i->type == 2)
		i->mtu = be32(rest) > UINT16_MAX ? UINT16_MAX : be16(rest + 2);
	if (i->type == 128 || i->type == 129) {
		i->id = be16(rest);
		i->sequence = be16(rest + 2);
	}
	if (!is_error6(i->type))
		return;
	quoted_any(&i->quoted, *quote);
	quoted_inner(d, i, *quote);
}

void icmp_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	struct reader message = *r;
	const uint8_t *h = rd_bytes(r, 4), *rest;

	if (!h) {
		packet_fail(p, r, FAULT_ICMP);
		return;
	}
	p->kind = PACKET_ICMP;
	p->transport = h;
	memset(&p->icmp, 0, sizeof(p->icmp));
	p->icmp.type = h[0];
	p->icmp.code = h[1];
	packet_payload(p, &message);
	rest = rd_bytes(r, 4);
	if (!rest) {
		if (r->state == READER_BAD)
			p->fault = FAULT_ICMP;
	} else if (p->proto == IP_ICMP) {
		icmp4_rest(d, &p->icmp, rest, r);
	} else {
		icmp6_rest(d, &p->icmp, rest, r);
	}
}
