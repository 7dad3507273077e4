/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 (RFC 791) and the fixed part of IPv6 (RFC 8200), and what both hand their payload to. */
#include "decode/fields.h"
#include "decode/fragment.h"

#define OPTION_LSRR 131
#define OPTION_SSRR 137

/*
 * The packet's own length `wanted` after its header against what the frame has. Longer than the frame: a tool cut the
 * frame and did not say so; the rest is taken as lost, so that sequence numbers still add up.
 */
static void cover_length(struct packet *p, struct reader *r, size_t wanted)
{
	if (wanted > rd_wire(r))
		p->fault = FAULT_IP_LENGTH;
	rd_trim(r, wanted);
}

/* Source routes: the address in the header is only the next stop (RFC 791, section 3.1). */
static void ip4_options(struct packet *p, struct reader *options)
{
	while (rd_left(options)) {
		uint8_t kind = rd_u8(options), length;
		struct reader body;

		if (kind == 0)
			return;
		if (kind == 1)
			continue;
		length = rd_u8(options);
		if (length < 2)
			return;
		body = rd_sub(options, length - 2u);
		if (kind == OPTION_LSRR || kind == OPTION_SSRR)
			p->source_routed = rd_u8(&body) <= length;
	}
}

static bool ip4_header_rest(struct packet *p, struct reader *r, const uint8_t *h)
{
	size_t header_len = (size_t)(h[0] & 0x0f) * 4;
	struct reader options;

	if (h[0] >> 4 != 4) {
		packet_bad(p, FAULT_IP_VERSION);
		return false;
	}
	if (header_len < 20) {
		packet_bad(p, FAULT_IP_HEADER);
		return false;
	}
	if (header_len == 20)
		return true;
	options = rd_sub(r, header_len - 20);
	if (!rd_ok(r)) {
		packet_fail(p, r, FAULT_IP_HEADER);
		return false;
	}
	ip4_options(p, &options);
	return true;
}

/* Sets p->ip_len and takes padding away. A total length of 0 is segmentation offload or BIG TCP. */
static bool ip4_length(struct packet *p, struct reader *r, size_t header_len, uint16_t total)
{
	if (total == 0) {
		p->ip_len_zero = true;
		p->ip_len = (uint32_t)(header_len + rd_wire(r));
		return true;
	}
	if (total < header_len) {
		packet_bad(p, FAULT_IP_LENGTH);
		return false;
	}
	p->ip_len = total;
	cover_length(p, r, total - header_len);
	return true;
}

void ip4_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 20);
	uint16_t frag;

	if (!h) {
		packet_fail(p, r, FAULT_IP_HEADER);
		return;
	}
	if (!ip4_header_rest(p, r, h))
		return;
	frag = be16(h + 6);
	p->kind = PACKET_IP;
	ip4_fields(p, h);
	if (!ip4_length(p, r, (size_t)(h[0] & 0x0f) * 4, be16(h + 2)))
		return;
	if (frag & (IPV4_MF | IPV4_OFFSET)) {
		struct fragment_seen seen = { p->ip_id, (frag & IPV4_OFFSET) * 8u, frag & IPV4_MF, p->proto };

		if (!ip_fragment(d, p, r, &seen))
			return;
	}
	ip_payload(d, p, r);
}

/* A payload length of 0 with something behind it: a jumbogram (RFC 2675), or offload. */
static void ip6_length(struct packet *p, struct reader *r, uint16_t payload, uint8_t next)
{
	if (payload == 0 && next != IP_NO_NEXT && rd_wire(r)) {
		p->ip_len_zero = true;
		p->ip_len = (uint32_t)(40 + rd_wire(r));
		return;
	}
	p->ip_len = 40u + payload;
	cover_length(p, r, payload);
}

void ip6_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 40);

	if (!h) {
		packet_fail(p, r, FAULT_IP_HEADER);
		return;
	}
	if (h[0] >> 4 != 6) {
		packet_bad(p, FAULT_IP_VERSION);
		return;
	}
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	p->kind = PACKET_IP;
	p->tos = (uint8_t)(h[0] << 4 | h[1] >> 4);
	p->df = true;
	p->ttl = h[7];
	ip6_length(p, r, be16(h + 4), h[6]);
	if (ip6_extensions(d, p, r, h[6]))
		ip_payload(d, p, r);
}

void ip_any(struct decoder *d, struct packet *p, struct reader *r)
{
	uint8_t version = rd_left(r) ? r->p[0] >> 4 : 0;

	if (version == 4) {
		p->ether_type = ETHER_IPV4;
		ip4_decode(d, p, r);
	} else if (version == 6) {
		p->ether_type = ETHER_IPV6;
		ip6_decode(d, p, r);
	} else {
		rd_skip(r, 1);
		packet_fail(p, r, FAULT_IP_VERSION);
	}
}

/*
 * A first fragment that the capture cut: its datagram will never be readable further than this, so its headers are read
 * here and now, whether the rest comes or a filter on ports left it out. fragment_take makes nothing of the rest.
 */
static void note_head(struct decoder *d, struct packet *p, struct reader body, struct fragment_seen *seen)
{
	uint8_t verdict = p->verdict, fault = p->fault;

	fragment_take(d, p, &body, seen);
	p->verdict = verdict; /* a size that cannot be is no fault of what is here */
	p->fault = fault;
}

bool ip_fragment(struct decoder *d, struct packet *p, struct reader *r, struct fragment_seen *seen)
{
	p->is_fragment = true;
	p->more_fragments = seen->more;
	p->fragment_offset = (uint16_t)seen->offset;
	if (d->quoted)
		return seen->offset == 0;
	if (fragment_is_head(seen, r)) {
		note_head(d, p, *r, seen);
		return true;
	}
	if (fragment_take(d, p, r, seen)) {
		p->proto = seen->next;
		p->more_fragments = false;
		p->fragment_offset = 0;
		return true;
	}
	if (p->verdict == PACKET_BAD)
		return false;
	p->kind = PACKET_FRAGMENT;
	packet_payload(p, r);
	if (seen->offset == 0 && p->payload_len >= 4 && (p->proto == IP_TCP || p->proto == IP_UDP)) {
		p->sport = be16(p->payload);
		p->dport = be16(p->payload + 2);
	}
	return false;
}

static void sctp_ports(struct packet *p, const struct reader *r)
{
	if (rd_left(r) < 12)
		return;
	p->sport = be16(r->p);
	p->dport = be16(r->p + 2);
}

static void ip_other(struct decoder *d, struct packet *p, struct reader *r)
{
	if (p->proto == IP_AH) {
		p->proto = ip_skip_ah(r);
		if (!rd_ok(r))
			packet_fail(p, r, FAULT_IP_EXTENSION);
		else if (p->proto != IP_AH) /* one is enough: no chain of them to walk */
			ip_payload(d, p, r);
		return;
	}
	if (p->proto == IP_SCTP)
		sctp_ports(p, r);
	packet_payload(p, r);
	tunnel_ip(d, p, r);
}

void ip_payload(struct decoder *d, struct packet *p, struct reader *r)
{
	bool v4 = addr_is_v4(&p->src);

	if (d->quoted)
		icmp_quoted_payload(d, p, r);
	else if (p->proto == IP_TCP)
		tcp_decode(d, p, r);
	else if (p->proto == IP_UDP)
		udp_decode(d, p, r);
	else if (p->proto == (v4 ? IP_ICMP : IP_ICMPV6))
		icmp_decode(d, p, r);
	else
		ip_other(d, p, r);
}
