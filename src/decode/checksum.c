/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet checksums (RFC 1071) of TCP, UDP, ICMP and ICMPv6, and the value that Linux leaves for the network card to
 * complete: the folded sum of the pseudo-header, not inverted. Windows leaves the same without the length when the
 * card also cuts the segment.
 */
#include <arpa/inet.h>

#include "decode/layers.h"

/*
 * Sums of 16-bit words in the machine's order, as wide as it goes; the order does not matter until the end, and what is
 * carried out of the top comes in again at the bottom.
 */
static inline uint64_t sum_word(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static inline uint64_t load64(const uint8_t *b)
{
	uint64_t word;

	memcpy(&word, b, 8);
	return word;
}

/* The last bytes, fewer than eight; padded with zeros. */
static inline uint64_t sum_tail(const uint8_t *b, size_t n)
{
	uint64_t sum = 0;
	uint32_t four;
	uint16_t two;
	uint8_t one[2] = { 0 };

	if (n & 4) {
		memcpy(&four, b, 4);
		sum += four;
		b += 4;
	}
	if (n & 2) {
		memcpy(&two, b, 2);
		sum += two;
		b += 2;
	}
	if (n & 1) {
		one[0] = *b;
		memcpy(&two, one, 2);
		sum += two;
	}
	return sum;
}

/* Carries are counted apart: compilers need fewer instructions for that, and no addition waits for the carry before. */
static inline void sum_add(uint64_t *sum, uint64_t *carried, uint64_t word)
{
	*sum += word;
	*carried += *sum < word;
}

static uint64_t sum_bytes(const uint8_t *b, size_t n)
{
	uint64_t sum = 0, carried = 0;

	for (; n >= 32; b += 32, n -= 32) {
		sum_add(&sum, &carried, load64(b));
		sum_add(&sum, &carried, load64(b + 8));
		sum_add(&sum, &carried, load64(b + 16));
		sum_add(&sum, &carried, load64(b + 24));
	}
	for (; n >= 8; b += 8, n -= 8)
		sum_add(&sum, &carried, load64(b));
	return sum_word(sum_word(sum, carried), sum_tail(b, n));
}

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

/* Of addresses, protocol and length. */
static inline uint64_t pseudo_sum(const struct packet *p, uint32_t length)
{
	uint64_t rest = (uint64_t)htonl(length) + htonl(p->proto);
	uint32_t v4[2];

	if (addr_is_v4(&p->src)) {
		memcpy(&v4[0], p->src.b + 12, 4);
		memcpy(&v4[1], p->dst.b + 12, 4);
		return rest + v4[0] + v4[1];
	}
	return sum_word(rest, sum_word(sum_bytes(p->src.b, 16), sum_bytes(p->dst.b, 16)));
}

/* A checksum `stored` that does not fit the bytes, or whose bytes are not all here. */
static enum checksum_state judge_misfit(const struct packet *p, uint16_t stored, uint32_t segment_len, bool whole)
{
	if (stored == 0 || stored == in_host_order(pseudo_sum(p, segment_len)) ||
		stored == in_host_order(pseudo_sum(p, 0)))
		return CHECKSUM_PARTIAL;
	return whole ? CHECKSUM_BAD : CHECKSUM_UNKNOWN;
}

/* What the segment's checksum `stored` says; `segment_len` is its length on the wire. */
static inline enum checksum_state judge(const struct packet *p, uint16_t stored, uint32_t segment_len)
{
	bool whole = (size_t)(p->payload + p->payload_len - p->transport) == segment_len; /* options can be cut, too */

	if (whole && fold(sum_word(pseudo_sum(p, segment_len), sum_bytes(p->transport, segment_len))) == 0xffff)
		return CHECKSUM_GOOD;
	return judge_misfit(p, stored, segment_len, whole);
}

static enum checksum_state judge_udp(const struct packet *p)
{
	uint16_t stored = be16(p->transport + 6);

	if (stored == 0 && addr_is_v4(&p->src))
		return CHECKSUM_UNKNOWN;
	return judge(p, stored, 8 + p->payload_wire);
}

/* The payload of ICMP is its message. No card completes these. */
static enum checksum_state judge_icmp(const struct packet *p)
{
	uint64_t pseudo = addr_is_v4(&p->src) ? 0 : pseudo_sum(p, p->payload_wire);

	if (p->payload_len < p->payload_wire)
		return CHECKSUM_UNKNOWN;
	if (fold(sum_word(pseudo, sum_bytes(p->payload, p->payload_len))) == 0xffff)
		return CHECKSUM_GOOD;
	return CHECKSUM_BAD;
}

static inline enum checksum_state judgement(const struct packet *p)
{
	if (p->checksum != CHECKSUM_UNKNOWN)
		return p->checksum;
	if (p->verdict != PACKET_OK || p->source_routed)
		return CHECKSUM_UNKNOWN;
	if (p->kind == PACKET_TCP)
		return judge(p, be16(p->transport + 16), p->tcp.header_len + p->payload_wire);
	if (p->kind == PACKET_UDP)
		return judge_udp(p);
	return p->kind == PACKET_ICMP ? judge_icmp(p) : CHECKSUM_UNKNOWN;
}

enum checksum_state packet_checksum_of(const struct packet *p)
{
	return judgement(p);
}

enum checksum_state packet_checksum(struct packet *p)
{
	p->checksum = (uint8_t)judgement(p);
	return p->checksum;
}
