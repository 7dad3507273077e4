/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet checksums (RFC 1071) of TCP, UDP, ICMP and ICMPv6, and the value that Linux leaves for the network card to
 * complete: the folded sum of the pseudo-header, not inverted. Windows leaves the same without the length when the
 * card also cuts the segment.
 */
#include "decode/layers.h"

/* Sums of 16-bit words in the machine's order, as wide as it goes; the order does not matter until the end, and what
 * is carried out of the top comes in again at the bottom. */
static uint64_t sum_word(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static uint64_t sum_bytes(const uint8_t *b, size_t n)
{
	uint64_t sum = 0, word;
	uint8_t tail[8] = { 0 };

	for (; n >= 8; b += 8, n -= 8) {
		memcpy(&word, b, 8);
		sum = sum_word(sum, word);
	}
	if (n) {
		memcpy(tail, b, n);
		memcpy(&word, tail, 8);
		sum = sum_word(sum, word);
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t in_host_order(uint64_t sum)
{
	uint16_t folded = fold(sum);
	uint8_t b[2];

	memcpy(b, &folded, 2);
	return be16(b);
}

/* Sum of addresses, protocol and length, in host order. */
static uint32_t pseudo_sum(const struct packet *p, uint32_t length)
{
	uint64_t addresses = 0;
	uint32_t v4[2];

	if (addr_is_v4(&p->src)) {
		memcpy(&v4[0], p->src.b + 12, 4);
		memcpy(&v4[1], p->dst.b + 12, 4);
		addresses = (uint64_t)v4[0] + v4[1];
	} else {
		addresses = sum_word(sum_bytes(p->src.b, 16), sum_bytes(p->dst.b, 16));
	}
	return in_host_order(addresses) + (uint32_t)p->proto + (length >> 16) + (length & 0xffff);
}

/* What the segment's checksum `stored` says; `segment_len` is its length on the wire. */
static enum checksum_state judge(const struct packet *p, uint16_t stored, uint32_t segment_len)
{
	uint32_t pseudo = pseudo_sum(p, segment_len);
	bool whole = (size_t)(p->payload + p->payload_len - p->transport) == segment_len; /* options can be cut, too */

	if (whole && fold(pseudo + in_host_order(sum_bytes(p->transport, segment_len))) == 0xffff)
		return CHECKSUM_GOOD;
	if (stored == 0 || stored == fold(pseudo) || stored == fold(pseudo_sum(p, 0)))
		return CHECKSUM_PARTIAL;
	return whole ? CHECKSUM_BAD : CHECKSUM_UNKNOWN;
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
	uint32_t pseudo = addr_is_v4(&p->src) ? 0 : pseudo_sum(p, p->payload_wire);

	if (p->payload_len < p->payload_wire)
		return CHECKSUM_UNKNOWN;
	if (fold(pseudo + in_host_order(sum_bytes(p->payload, p->payload_len))) == 0xffff)
		return CHECKSUM_GOOD;
	return CHECKSUM_BAD;
}

enum checksum_state packet_checksum_of(const struct packet *p)
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

enum checksum_state packet_checksum(struct packet *p)
{
	p->checksum = (uint8_t)packet_checksum_of(p);
	return p->checksum;
}
