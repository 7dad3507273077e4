/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payload of datagrams and segments: which protocol it is, and the binary ones among them (DNS, DHCP). */
#include "anonymize_impl.h"

#define NAME_JUMPS 128 /* labels of one name */

enum { PORT_DNS = 53, PORT_MDNS = 5353, PORT_LLMNR = 5355, PORT_BOOTPS = 67, PORT_BOOTPC = 68, PORT_DHCP6 = 547 };
enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_AAAA = 28, DNS_SRV = 33, DNS_OPT = 41 };

static bool one_is(unsigned a, unsigned b, unsigned port)
{
	return a == port || b == port;
}

/* Type, three zeros, then indices drawn by chance: "WireGuard: Next Generation Kernel Network Tunnel", section 5.4. */
static bool is_wireguard(struct span s)
{
	static const size_t lengths[] = { 0, 148, 92, 64 };

	if (s.n < 32 || s.p[0] < 1 || s.p[0] > 4 || s.p[1] | s.p[2] | s.p[3])
		return false;
	return s.p[0] == 4 ? s.n % 16 == 0 : s.n == lengths[s.p[0]];
}

void map_payload(const struct anonymizer *a, struct span s, bool tcp, unsigned from, unsigned to)
{
	if (!s.n)
		return;
	if (one_is(from, to, PORT_DNS) || (!tcp && (one_is(from, to, PORT_MDNS) || one_is(from, to, PORT_LLMNR))))
		map_dns(a, tcp ? span_skip(s, 2) : s);
	else if (!tcp && one_is(from, to, PORT_BOOTPS))
		map_dhcp(a, s);
	else if (!tcp)
		span_wipe(s, is_wireguard(s) ? 12 : 0);
	else if (!map_tls(a, s) && !map_lines(a, s))
		span_wipe(s, 0);
}

/* A name at the start of `s`: its labels are mapped. Gives its length; 0: there is none. */
static size_t map_name(const struct anonymizer *a, struct span s)
{
	size_t at = 0;

	for (int i = 0; i < NAME_JUMPS && at < s.n; i++) {
		uint8_t n = s.p[at];

		if (n >= 0xc0)
			return at + 2 <= s.n ? at + 2 : 0;
		if (n > 63 || at + 1 + n > s.n)
			return 0;
		if (!n)
			return at + 1;
		anonymize_words(a, s.p + at + 1, n);
		at += 1u + n;
	}
	return 0;
}

/* The data of a record: addresses and names are mapped, all else becomes zeros. */
static void map_rdata(const struct anonymizer *a, struct span s, unsigned type)
{
	size_t skip = type == DNS_MX ? 2 : type == DNS_SRV ? 6 : 0, used;

	if (type == DNS_A && s.n == 4)
		map_v4_at(a, s, 0);
	else if (type == DNS_AAAA && s.n == 16)
		map_v6_at(a, s, 0);
	else if (type == DNS_NS || type == DNS_CNAME || type == DNS_PTR || type == DNS_MX || type == DNS_SRV) {
		used = map_name(a, span_skip(s, skip));
		span_wipe(s, skip + used);
	} else if (type == DNS_SOA) {
		used = map_name(a, s);
		used += map_name(a, span_skip(s, used));
		span_wipe(span_first(s, s.n > 20 ? s.n - 20 : 0), used);
	} else {
		span_wipe(s, 0);
	}
}

void map_dns(const struct anonymizer *a, struct span s)
{
	unsigned questions = span_u16(s, 4), records = span_u16(s, 6) + span_u16(s, 8) + span_u16(s, 10);
	struct span rest = span_skip(s, 12);
	size_t used;

	for (; questions && rest.n; questions--) {
		used = map_name(a, rest);
		if (!used || rest.n < used + 4)
			break;
		rest = span_skip(rest, used + 4);
	}
	for (; !questions && records && rest.n; records--) {
		size_t length;

		used = map_name(a, rest);
		if (!used || rest.n < used + 10)
			break;
		length = span_u16(rest, used + 8);
		map_rdata(a, span_first(span_skip(rest, used + 10), length), span_u16(rest, used));
		rest = span_skip(rest, used + 10 + length);
	}
	span_wipe(rest, 0);
}

/* RFC 2131: addresses and the MAC are mapped; of the options only what leases are made of stays. */
void map_dhcp(const struct anonymizer *a, struct span s)
{
	if (s.n < 240) {
		span_wipe(s, 0);
		return;
	}
	for (size_t at = 12; at <= 24; at += 4)
		if (s.p[at] | s.p[at + 1] | s.p[at + 2] | s.p[at + 3])
			map_v4_at(a, s, at);
	map_mac_at(a, s, 28);
	span_wipe(span_first(s, 236), 34);
	s = span_skip(s, 240);
	while (s.n >= 2 && s.p[0] != 255) {
		size_t n = s.p[0] ? 2u + s.p[1] : 1;
		struct span option = span_first(s, n);
		uint8_t code = s.p[0];

		if (code == 1 || code == 3 || code == 6 || code == 50 || code == 54)
			for (size_t at = 2; code != 1 && at + 4 <= option.n; at += 4)
				map_v4_at(a, option, at);
		else if (code && code != 51 && code != 53 && code != 55 && code != 57 && code != 58 && code != 59)
			span_wipe(option, 2);
		s = span_skip(s, n);
	}
	span_wipe(s, 1);
}
