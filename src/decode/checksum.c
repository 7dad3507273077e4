/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet checksums (RFC 1071) of TCP, UDP, ICMP and ICMPv6, and the value that Linux leaves for the network card to
 * complete: the folded sum of the pseudo-header, not inverted. Windows leaves the same without the length when the
 * card also cuts the segment.
 */
#include <arpa/inet.h>

#include "base/byte_sum.h"
#include "base/seldom.h"
#include "decode/layers.h"

static inline uint16_t fold(uint64_t sum)
{
	uint32_t half = (uint32_t)sum, high = (uint32_t)(sum >> 32);
	uint16_t quarter;

	half += high;
	half += half < high;
	high = half >> 16;
	quarter = (uint16_t)(half + high);
	return (uint16_t)(quarter + (quarter < high));
}

static uint16_t in_host_order(uint64_t sum)
{
	return ntohs(fold(sum));
}

/* Whether it folds to 0xffff: in one's complement a sum of any width is what it leaves when divided by that. */
static inline bool is_complete(uint64_t sum)
{
	return sum && sum % 0xffff == 0;
}

static inline uint64_t pseudo_sum_rest(const struct packet *p, uint32_t length)
{
	return (uint64_t)htonl(length) + htonl(p->proto);
}

static inline uint64_t pseudo_sum_v4(const struct packet *p, uint32_t length)
{
	uint32_t src, dst;

	memcpy(&src, p->src.b + 12, 4);
	memcpy(&dst, p->dst.b + 12, 4);
	return pseudo_sum_rest(p, length) + src + dst;
}

/* Of addresses, protocol and length. */
static inline __attribute__((always_inline)) uint64_t pseudo_sum(const struct packet *p, uint32_t length)
{
	uint64_t rest = pseudo_sum_rest(p, length);

	if (addr_is_v4(&p->src))
		return pseudo_sum_v4(p, length);
	return carry_add(rest, carry_add(byte_sum_ones(p->src.b, 16), byte_sum_ones(p->dst.b, 16)));
}

/* A checksum `stored` that does not fit the bytes, or whose bytes are not all here. */
static SELDOM enum checksum_state judge_misfit(
	const struct packet *p, uint16_t stored, uint32_t segment_len, bool whole)
{
	if (stored == 0 || stored == in_host_order(pseudo_sum(p, segment_len)) ||
		stored == in_host_order(pseudo_sum(p, 0)))
		return CHECKSUM_PARTIAL;
	return whole ? CHECKSUM_BAD : CHECKSUM_UNKNOWN;
}

/* Adds a header of TCP or UDP: a multiple of 4 bytes. */
static inline uint64_t add_header(uint64_t sum, const uint8_t *b, size_t n)
{
	uint32_t last = 0;

	for (; n >= 8; b += 8, n -= 8)
		sum = carry_add(sum, byte_sum_load(b));
	if (n)
		memcpy(&last, b, sizeof(last));
	return carry_add(sum, last);
}

/* Whether all of the segment is here; options can be cut, too. */
static inline bool is_whole(const struct packet *p, uint32_t segment_len)
{
	return (size_t)(p->payload + p->payload_len - p->transport) == segment_len;
}

static inline enum checksum_state judge_whole(const struct packet *p, uint16_t stored, uint32_t segment_len,
	struct byte_sum own, struct kept_sum *payload)
{
	uint64_t sum = carry_add(own.sum, own.carried);

	*payload = (struct kept_sum){ byte_sum_mixed(own), byte_sum_prefix(p->payload, p->payload_len), true };
	sum = add_header(sum, p->transport, (size_t)(p->payload - p->transport));
	if (is_complete(carry_add(sum, pseudo_sum(p, segment_len))))
		return CHECKSUM_GOOD;
	return judge_misfit(p, stored, segment_len, true);
}

static __attribute__((noinline)) enum checksum_state judge_long(
	const struct packet *p, uint16_t stored, uint32_t segment_len, struct kept_sum *payload)
{
	return judge_whole(p, stored, segment_len, byte_sum_long(p->payload, p->payload_len), payload);
}

/* What the segment's checksum `stored` says; `segment_len` is its length on the wire. Nothing but the last step is
 * called, so short segments need no stack. */
static inline enum checksum_state judge(
	const struct packet *p, uint16_t stored, uint32_t segment_len, struct kept_sum *payload)
{
	if (!is_whole(p, segment_len))
		return judge_misfit(p, stored, segment_len, false);
	if (p->payload_len >= BYTE_SUM_LONG)
		return judge_long(p, stored, segment_len, payload);
	return judge_whole(p, stored, segment_len, byte_sum_short(p->payload, p->payload_len), payload);
}

/* Of a plain segment. */
static inline uint64_t plain_head_sum(const struct packet *p, uint32_t segment_len)
{
	const uint8_t *tcp = p->transport;
	uint64_t sum = carry_add(pseudo_sum_v4(p, segment_len), byte_sum_load(tcp));

	sum = carry_add(sum, byte_sum_load(tcp + 8));
	return add_header(sum, tcp + 16, p->tcp.header_len - 16u);
}

static inline enum checksum_state judge_plain_whole(
	const struct packet *p, struct byte_sum own, struct kept_sum *payload)
{
	uint32_t segment_len = p->tcp.header_len + p->payload_len;

	*payload = (struct kept_sum){ byte_sum_mixed(own), byte_sum_prefix(p->payload, p->payload_len), true };
	if (is_complete(carry_add(carry_add(own.sum, own.carried), plain_head_sum(p, segment_len))))
		return CHECKSUM_GOOD;
	return judge_misfit(p, be16(p->transport + 16), segment_len, true);
}

static __attribute__((noinline)) enum checksum_state judge_plain_long(const struct packet *p, struct kept_sum *payload)
{
	return judge_plain_whole(p, byte_sum_long(p->payload, p->payload_len), payload);
}

/* The same as judge_tcp. */
static inline enum checksum_state judge_plain(const struct packet *p, struct kept_sum *payload)
{
	if (p->payload_len >= BYTE_SUM_LONG)
		return judge_plain_long(p, payload);
	return judge_plain_whole(p, byte_sum_short(p->payload, p->payload_len), payload);
}

static enum checksum_state judge_udp(const struct packet *p)
{
	uint16_t stored = be16(p->transport + 6);
	struct kept_sum payload;

	if (stored == 0 && addr_is_v4(&p->src))
		return CHECKSUM_UNKNOWN;
	return judge(p, stored, 8 + p->payload_wire, &payload);
}

/* The payload of ICMP is its message. No card completes these. */
static enum checksum_state judge_icmp(const struct packet *p)
{
	uint64_t pseudo = addr_is_v4(&p->src) ? 0 : pseudo_sum(p, p->payload_wire);

	if (p->payload_len < p->payload_wire)
		return CHECKSUM_UNKNOWN;
	if (is_complete(carry_add(pseudo, byte_sum_ones(p->payload, p->payload_len))))
		return CHECKSUM_GOOD;
	return CHECKSUM_BAD;
}

static inline enum checksum_state judge_tcp(const struct packet *p, struct kept_sum *payload)
{
	return judge(p, be16(p->transport + 16), p->tcp.header_len + p->payload_wire, payload);
}

static __attribute__((noinline)) enum checksum_state judgement(const struct packet *p, struct kept_sum *payload)
{
	if (p->checksum != CHECKSUM_UNKNOWN)
		return p->checksum;
	if (p->verdict != PACKET_OK || p->source_routed)
		return CHECKSUM_UNKNOWN;
	if (p->kind == PACKET_TCP)
		return judge_tcp(p, payload);
	if (p->kind == PACKET_UDP)
		return judge_udp(p);
	return p->kind == PACKET_ICMP ? judge_icmp(p) : CHECKSUM_UNKNOWN;
}

enum checksum_state packet_checksum_of(const struct packet *p)
{
	struct kept_sum payload;

	return judgement(p, &payload);
}

enum checksum_state packet_checksum(struct packet *p)
{
	if (p->plain && p->checksum == CHECKSUM_UNKNOWN)
		p->checksum = (uint8_t)judge_plain(p, &p->payload_sum);
	else
		p->checksum = (uint8_t)judgement(p, &p->payload_sum);
	return p->checksum;
}
