/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame of the evidence made anonymous in place: MACs, addresses in IPv4, IPv6, ARP and neighbour discovery, those
 * inside tunnels (VXLAN, GRE, IP in IP, MPLS, PPPoE) and those quoted in ICMP errors. What is not understood becomes
 * zeros; nothing changes its length.
 */
#include "anonymize_impl.h"

enum { ETHER_TEB = 0x6558, ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IPV6 = 0x86dd, ETHER_VLAN = 0x8100 };
enum { ETHER_QINQ = 0x88a8, ETHER_MPLS = 0x8847, ETHER_PPPOE = 0x8864 };
enum { PROTO_HOP = 0, PROTO_ICMP = 1, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_ROUTING = 43 };
enum { PROTO_FRAGMENT = 44, PROTO_GRE = 47, PROTO_ICMPV6 = 58, PROTO_DSTOPTS = 60 };
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101, LINK_LOOP = 108, LINK_SLL = 113, LINK_RAW4 = 228 };
enum { LINK_RAW6 = 229, LINK_SLL2 = 276 };
enum { ND_RS = 133, ND_RA, ND_NS, ND_NA, ND_REDIRECT };

#define VLAN_DEPTH 4
#define TUNNEL_DEPTH 8
#define VXLAN_PORT 4789

/* What a header says of what follows it. */
struct inner {
	const uint8_t *ip; /* the header, for the pseudo header of checksums */
	int depth;
	bool whole;	   /* the message is all there: not a fragment, not cut, not quoted */
	bool quoted;
};

void map_mac_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct mac m;

	if (s.n < at + 6)
		return;
	memcpy(m.b, s.p + at, 6);
	anonymize_mac(a, &m);
	memcpy(s.p + at, m.b, 6);
}

void map_v4_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct addr addr;

	if (s.n < at + 4)
		return;
	addr = addr_v4(s.p + at);
	anonymize_addr(a, &addr);
	memcpy(s.p + at, addr.b + 12, 4);
}

void map_v6_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct addr addr;

	if (s.n < at + 16)
		return;
	addr = addr_v6(s.p + at);
	anonymize_addr(a, &addr);
	memcpy(s.p + at, addr.b, 16);
}

static void map_ip(const struct anonymizer *a, struct span s, struct inner in);

static bool is_icmp_error(uint8_t proto, uint8_t type)
{
	if (proto == PROTO_ICMPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Options of neighbour discovery (RFC 4861): link-layer addresses, prefixes, the MTU; others become zeros. */
static void map_nd_options(const struct anonymizer *a, struct span s)
{
	while (s.n >= 8 && s.p[1]) {
		struct span option = span_first(s, (size_t)s.p[1] * 8);

		if (option.p[0] == 1 || option.p[0] == 2)
			map_mac_at(a, option, 2);
		else if (option.p[0] == 3)
			map_v6_at(a, option, 16);
		else if (option.p[0] != 5)
			span_wipe(option, 2);
		s = span_skip(s, option.n);
	}
	span_wipe(s, 0);
}

static void map_nd(const struct anonymizer *a, struct span s)
{
	size_t fixed = s.p[0] == ND_RS ? 8 : s.p[0] == ND_RA ? 16 : s.p[0] == ND_REDIRECT ? 40 : 24;

	if (s.p[0] >= ND_NS)
		map_v6_at(a, s, 8);
	if (s.p[0] == ND_REDIRECT)
		map_v6_at(a, s, 24);
	map_nd_options(a, span_skip(s, fixed));
}

static void map_icmp(const struct anonymizer *a, struct span s, uint8_t proto, struct inner in)
{
	if (is_icmp_error(proto, s.p[0]) && !in.quoted) {
		if (proto == PROTO_ICMP && s.p[0] == 5)
			map_v4_at(a, s, 4);
		in.quoted = true;
		in.depth++;
		map_ip(a, span_skip(s, 8), in);
	} else if (proto == PROTO_ICMPV6 && s.p[0] >= ND_RS && s.p[0] <= ND_REDIRECT) {
		map_nd(a, s);
	} else {
		span_wipe(s, 8);
	}
}

/* RFC 2784, RFC 2890: with or without checksum, key and sequence number. */
static void map_gre(const struct anonymizer *a, struct span s, int depth)
{
	size_t header;

	if (s.n < 4 || s.p[1] & 7) {
		span_wipe(s, 0);
		return;
	}
	header = 4 + (s.p[0] & 0x80 ? 4u : 0u) + (s.p[0] & 0x20 ? 4u : 0u) + (s.p[0] & 0x10 ? 4u : 0u);
	map_by_type(a, span_skip(s, header), span_u16(s, 2), depth + 1);
}

static void map_udp(const struct anonymizer *a, struct span s, int depth)
{
	struct span payload = span_skip(s, 8);

	if (span_u16(s, 2) == VXLAN_PORT && payload.n >= 8)
		map_ethernet(a, span_skip(payload, 8), depth + 1);
	else
		map_payload(a, payload, false, span_u16(s, 0), span_u16(s, 2));
}

static void map_tcp(const struct anonymizer *a, struct span s)
{
	size_t header = (size_t)(s.p[12] >> 4) * 4;

	map_payload(a, span_skip(s, header), true, span_u16(s, 0), span_u16(s, 2));
}

static void map_message(const struct anonymizer *a, struct span s, uint8_t proto, struct inner in)
{
	if (proto == PROTO_TCP && s.n >= 20 && !in.quoted)
		map_tcp(a, s);
	else if (proto == PROTO_UDP && s.n >= 8 && !in.quoted)
		map_udp(a, s, in.depth);
	else if (proto == PROTO_TCP || proto == PROTO_UDP)
		span_wipe(s, proto == PROTO_UDP ? 8 : s.n >= 13 ? (size_t)(s.p[12] >> 4) * 4 : 8);
	else if ((proto == PROTO_ICMP || proto == PROTO_ICMPV6) && s.n >= 8)
		map_icmp(a, s, proto, in);
	else
		span_wipe(s, 0);
}

static void map_transport(const struct anonymizer *a, struct span s, uint8_t proto, struct inner in,
	const struct span *before)
{
	if (in.depth > TUNNEL_DEPTH) {
		span_wipe(s, 0);
	} else if (proto == PROTO_IPIP || proto == PROTO_IPV6) {
		in.depth++;
		map_ip(a, s, in);
	} else if (proto == PROTO_GRE) {
		map_gre(a, s, in.depth);
	} else {
		enum sum_was was = in.whole ? transport_sum_was(before->p, s, proto) : SUM_NONE;

		map_message(a, s, proto, in);
		transport_sum(in.ip, s, proto, was);
	}
}

/* The header's own sum is made right again (RFC 1071). */
static void sum_header(uint8_t *h, size_t n)
{
	uint32_t sum = 0;

	h[10] = h[11] = 0;
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)h[i] << 8 | h[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
}

static void map_ipv4(const struct anonymizer *a, struct span s, struct inner in)
{
	size_t header = (size_t)(s.p[0] & 0x0f) * 4, total = span_u16(s, 2);
	uint8_t old[20];
	const struct span before = { old, sizeof(old) };

	if (s.n < 20 || header < 20 || header > s.n) {
		span_wipe(s, 0);
		return;
	}
	memcpy(old, s.p, sizeof(old));
	if (total >= header && total < s.n) { /* padding of the link */
		span_wipe(s, total);
		s.n = total;
	}
	map_v4_at(a, s, 12);
	map_v4_at(a, s, 16);
	memset(s.p + 20, 1, header - 20); /* options may carry addresses: no-operation instead */
	sum_header(s.p, header);
	in.ip = s.p;
	in.whole = !in.quoted && total == s.n && !(span_u16(s, 6) & 0x3fff);
	if (span_u16(s, 6) & 0x1fff)
		span_wipe(s, header);
	else
		map_transport(a, span_skip(s, header), s.p[9], in, &before);
}

/* Walks extension headers; their contents become zeros, but for the fragment header. Gives the transport's protocol and
 * moves *s to it; *first: whether its header is here. */
static uint8_t map_extensions(struct span *s, uint8_t next, struct inner *in, bool *first)
{
	*first = true;
	while (s->n >= 8 && (next == PROTO_HOP || next == PROTO_ROUTING || next == PROTO_DSTOPTS || next == PROTO_FRAGMENT)) {
		size_t n = next == PROTO_FRAGMENT ? 8 : ((size_t)s->p[1] + 1) * 8;

		if (next != PROTO_FRAGMENT) {
			span_wipe(span_first(*s, n), 2);
		} else {
			in->whole = false;
			*first = !(span_u16(*s, 2) & 0xfff8);
		}
		next = s->p[0];
		*s = span_skip(*s, n);
	}
	return next;
}

static void map_ipv6(const struct anonymizer *a, struct span s, struct inner in)
{
	uint8_t old[40], proto;
	const struct span before = { old, sizeof(old) };
	struct span rest;
	bool first;

	if (s.n < 40) {
		span_wipe(s, 0);
		return;
	}
	memcpy(old, s.p, sizeof(old));
	rest = span_skip(s, 40);
	in.whole = !in.quoted && span_u16(s, 4) <= rest.n;
	if (span_u16(s, 4) && span_u16(s, 4) < rest.n) {
		span_wipe(rest, span_u16(s, 4));
		rest.n = span_u16(s, 4);
	}
	map_v6_at(a, s, 8);
	map_v6_at(a, s, 24);
	in.ip = s.p;
	proto = map_extensions(&rest, s.p[6], &in, &first);
	if (first)
		map_transport(a, rest, proto, in, &before);
	else
		span_wipe(rest, 0);
}

static void map_ip(const struct anonymizer *a, struct span s, struct inner in)
{
	uint8_t version = s.n ? s.p[0] >> 4 : 0;

	if (version == 4)
		map_ipv4(a, s, in);
	else if (version == 6)
		map_ipv6(a, s, in);
	else
		span_wipe(s, 0);
}

static void map_arp(const struct anonymizer *a, struct span s)
{
	if (s.n < 28 || span_u16(s, 0) != 1 || span_u16(s, 2) != ETHER_IPV4) {
		span_wipe(s, 0);
		return;
	}
	map_mac_at(a, s, 8);
	map_v4_at(a, s, 14);
	map_mac_at(a, s, 18);
	map_v4_at(a, s, 24);
	span_wipe(s, 28);
}

static struct span below_mpls(struct span s)
{
	bool bottom = false;

	while (s.n >= 4 && !bottom) {
		bottom = s.p[2] & 1;
		s = span_skip(s, 4);
	}
	return s;
}

void map_by_type(const struct anonymizer *a, struct span s, unsigned type, int depth)
{
	for (int i = 0; i < VLAN_DEPTH && (type == ETHER_VLAN || type == ETHER_QINQ) && s.n >= 4; i++) {
		type = span_u16(s, 2);
		s = span_skip(s, 4);
	}
	if (depth > TUNNEL_DEPTH)
		span_wipe(s, 0);
	else if (type == ETHER_IPV4 || type == ETHER_IPV6)
		map_ip(a, s, (struct inner){ .depth = depth });
	else if (type == ETHER_MPLS)
		map_ip(a, below_mpls(s), (struct inner){ .depth = depth + 1 });
	else if (type == ETHER_PPPOE && (span_u16(s, 6) == 0x0021 || span_u16(s, 6) == 0x0057))
		map_ip(a, span_skip(s, 8), (struct inner){ .depth = depth + 1 });
	else if (type == ETHER_TEB)
		map_ethernet(a, s, depth);
	else if (type == ETHER_ARP)
		map_arp(a, s);
	else
		span_wipe(s, 0);
}

void map_ethernet(const struct anonymizer *a, struct span s, int depth)
{
	if (s.n < 14) {
		span_wipe(s, 0);
		return;
	}
	map_mac_at(a, s, 0);
	map_mac_at(a, s, 6);
	map_by_type(a, span_skip(s, 14), span_u16(s, 12), depth);
}

void anonymize_frame(const struct anonymizer *a, uint8_t *bytes, uint32_t captured, uint32_t link_type)
{
	struct span s = { bytes, captured };

	if (link_type == LINK_ETHERNET) {
		map_ethernet(a, s, 0);
	} else if (link_type == LINK_SLL && captured >= 16) {
		map_mac_at(a, s, 6);
		map_by_type(a, span_skip(s, 16), span_u16(s, 14), 0);
	} else if (link_type == LINK_SLL2 && captured >= 20) {
		map_mac_at(a, s, 12);
		map_by_type(a, span_skip(s, 20), span_u16(s, 0), 0);
	} else if (link_type == LINK_RAW || link_type == LINK_RAW4 || link_type == LINK_RAW6) {
		map_ip(a, s, (struct inner){ 0 });
	} else if ((link_type == LINK_NULL || link_type == LINK_LOOP) && captured >= 4) {
		map_ip(a, span_skip(s, 4), (struct inner){ 0 });
	} else {
		span_wipe(s, 0);
	}
}
