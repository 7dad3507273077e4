/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame of the evidence made anonymous in place: MACs, addresses in IPv4, IPv6 and ARP, and quoted ones in ICMP
 * errors. Behind the transport header everything becomes zeros; what is not understood becomes zeros too.
 */
#include <string.h>

#include "anonymize.h"

#include <stdbool.h>

enum { ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IPV6 = 0x86dd, ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58 };
enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_SLL = 113, LINK_RAW4 = 228, LINK_RAW6 = 229, LINK_SLL2 = 276 };

#define VLAN_DEPTH 4

struct span {
	uint8_t *p;
	size_t n;
};

static void wipe(struct span s, size_t keep)
{
	if (s.n > keep)
		memset(s.p + keep, 0, s.n - keep);
}

static struct span skip(struct span s, size_t n)
{
	n = n < s.n ? n : s.n;
	return (struct span){ s.p + n, s.n - n };
}

static void map_mac_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct mac m;

	if (s.n < at + 6)
		return;
	memcpy(m.b, s.p + at, 6);
	anonymize_mac(a, &m);
	memcpy(s.p + at, m.b, 6);
}

static void map_v4_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct addr addr;

	if (s.n < at + 4)
		return;
	addr = addr_v4(s.p + at);
	anonymize_addr(a, &addr);
	memcpy(s.p + at, addr.b + 12, 4);
}

static void map_v6_at(const struct anonymizer *a, struct span s, size_t at)
{
	struct addr addr;

	if (s.n < at + 16)
		return;
	addr = addr_v6(s.p + at);
	anonymize_addr(a, &addr);
	memcpy(s.p + at, addr.b, 16);
}

static void map_ip(const struct anonymizer *a, struct span s, int depth);

static bool is_icmp_error(uint8_t proto, uint8_t type)
{
	if (proto == PROTO_ICMPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void map_transport(const struct anonymizer *a, struct span s, uint8_t proto, int depth)
{
	if (proto == PROTO_TCP && s.n >= 13) {
		wipe(s, (size_t)(s.p[12] >> 4) * 4);
	} else if (proto == PROTO_UDP) {
		wipe(s, 8);
	} else if ((proto == PROTO_ICMP || proto == PROTO_ICMPV6) && s.n >= 1) {
		if (is_icmp_error(proto, s.p[0]) && depth == 0)
			map_ip(a, skip(s, 8), depth + 1);
		else
			wipe(s, 8);
	} else {
		wipe(s, 0);
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

static void map_ipv4(const struct anonymizer *a, struct span s, int depth)
{
	size_t header = (size_t)(s.p[0] & 0x0f) * 4;
	bool fragment;

	if (s.n < 20 || header < 20 || header > s.n) {
		wipe(s, 0);
		return;
	}
	fragment = ((s.p[6] & 0x1f) | s.p[7]) != 0;
	map_v4_at(a, s, 12);
	map_v4_at(a, s, 16);
	memset(s.p + 20, 1, header - 20); /* options may carry addresses: no-operation instead */
	sum_header(s.p, header);
	if (fragment)
		wipe(s, header);
	else
		map_transport(a, skip(s, header), s.p[9], depth);
}

static void map_ipv6(const struct anonymizer *a, struct span s, int depth)
{
	if (s.n < 40) {
		wipe(s, 0);
		return;
	}
	map_v6_at(a, s, 8);
	map_v6_at(a, s, 24);
	map_transport(a, skip(s, 40), s.p[6], depth); /* extension headers become zeros with what follows */
}

static void map_ip(const struct anonymizer *a, struct span s, int depth)
{
	uint8_t version = s.n ? s.p[0] >> 4 : 0;

	if (version == 4)
		map_ipv4(a, s, depth);
	else if (version == 6)
		map_ipv6(a, s, depth);
	else
		wipe(s, 0);
}

static void map_arp(const struct anonymizer *a, struct span s)
{
	if (s.n < 28) {
		wipe(s, 0);
		return;
	}
	map_mac_at(a, s, 8);
	map_v4_at(a, s, 14);
	map_mac_at(a, s, 18);
	map_v4_at(a, s, 24);
	wipe(s, 28);
}

static void map_by_type(const struct anonymizer *a, struct span s, unsigned type)
{
	for (int i = 0; i < VLAN_DEPTH && (type == ETHER_VLAN || type == ETHER_QINQ) && s.n >= 4; i++) {
		type = (unsigned)s.p[2] << 8 | s.p[3];
		s = skip(s, 4);
	}
	if (type == ETHER_IPV4 || type == ETHER_IPV6)
		map_ip(a, s, 0);
	else if (type == ETHER_ARP)
		map_arp(a, s);
	else
		wipe(s, 0);
}

void anonymize_frame(const struct anonymizer *a, uint8_t *bytes, uint32_t captured, uint32_t link_type)
{
	struct span s = { bytes, captured };

	if (link_type == LINK_ETHERNET && captured >= 14) {
		map_mac_at(a, s, 0);
		map_mac_at(a, s, 6);
		map_by_type(a, skip(s, 14), (unsigned)bytes[12] << 8 | bytes[13]);
	} else if (link_type == LINK_SLL && captured >= 16) {
		map_mac_at(a, s, 6);
		map_by_type(a, skip(s, 16), (unsigned)bytes[14] << 8 | bytes[15]);
	} else if (link_type == LINK_SLL2 && captured >= 20) {
		map_mac_at(a, s, 12);
		map_by_type(a, skip(s, 20), (unsigned)bytes[0] << 8 | bytes[1]);
	} else if (link_type == LINK_RAW || link_type == LINK_RAW4 || link_type == LINK_RAW6) {
		map_ip(a, s, 0);
	} else {
		wipe(s, 0);
	}
}
