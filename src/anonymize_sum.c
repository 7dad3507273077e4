/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checksums of TCP, UDP and ICMP messages before and after they are rewritten (RFC 1071, RFC 8200 section 8.1). */
#include "anonymize_impl.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58 };

static uint32_t add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return n % 2 ? sum + ((uint32_t)p[n - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Where the checksum stands; -1: the protocol has none that is known here. */
static int place_of(uint8_t proto)
{
	return proto == TCP ? 16 : proto == UDP ? 6 : proto == ICMP || proto == ICMPV6 ? 2 : -1;
}

static uint32_t pseudo_header(const uint8_t *ip, struct span transport, uint8_t proto)
{
	bool v4 = ip[0] >> 4 == 4;

	if (proto == ICMP)
		return 0;
	return add(0, ip + (v4 ? 12 : 8), v4 ? 8 : 32) + proto + (uint32_t)transport.n;
}

enum sum_was transport_sum_was(const uint8_t *ip, struct span t, uint8_t proto)
{
	int at = place_of(proto);
	uint32_t pseudo;

	if (at < 0 || t.n < (size_t)at + 2 || t.n > 0xffff || (proto == UDP && !span_u16(t, 6)))
		return SUM_NONE;
	pseudo = pseudo_header(ip, t, proto);
	if (fold(pseudo + add(0, t.p, t.n)) == 0xffff)
		return SUM_RIGHT;
	return fold(pseudo) == span_u16(t, (size_t)at) ? SUM_PARTIAL : SUM_WRONG;
}

void transport_sum(const uint8_t *ip, struct span t, uint8_t proto, enum sum_was was)
{
	int at = place_of(proto);
	uint16_t sum;

	if (at < 0 || t.n < (size_t)at + 2)
		return;
	t.p[at] = t.p[at + 1] = 0;
	if (was == SUM_NONE)
		return;
	sum = fold(pseudo_header(ip, t, proto) + (was == SUM_PARTIAL ? 0 : add(0, t.p, t.n)));
	if (was != SUM_PARTIAL)
		sum = (uint16_t)~sum;
	if (was == SUM_WRONG)
		sum ^= 1;
	if (proto == UDP && !sum)
		sum = 0xffff;
	t.p[at] = (uint8_t)(sum >> 8);
	t.p[at + 1] = (uint8_t)sum;
}
