/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 extension headers (RFC 8200, section 4) and the authentication header (RFC 4302). */
#include "decode/fragment.h"
#include "decode/layers.h"

#define EXTENSIONS_MAX 16 /* more are an attack; real packets have up to four */

uint8_t ip_skip_ah(struct reader *r)
{
	uint8_t next = rd_u8(r), words = rd_u8(r);

	rd_skip(r, words * 4u + 6u);
	return next;
}

/* Hop-by-hop, routing, destination: length in 8 bytes beyond the first eight. */
static uint8_t skip_options(struct reader *r, uint8_t *segments_left)
{
	uint8_t next = rd_u8(r), units = rd_u8(r);

	rd_skip(r, 1); /* routing type */
	*segments_left = rd_u8(r);
	rd_skip(r, units * 8u + 4u);
	return next;
}

static bool is_extension(uint8_t next)
{
	return next == IP_HOP_BY_HOP || next == IP_ROUTING || next == IP_DESTINATION || next == IP_AH ||
	       next == IP_FRAGMENT;
}

/* The fragment header: an atomic fragment (RFC 6946) is whole by itself. */
static bool ip6_fragment_header(struct decoder *d, struct packet *p, struct reader *r, uint8_t *next)
{
	const uint8_t *h = rd_bytes(r, 8);
	struct fragment_seen seen;

	if (!h)
		return false;
	*next = p->proto = h[0];
	seen.next = h[0];
	seen.offset = be16(h + 2) & 0xfff8u;
	seen.more = h[3] & 1;
	seen.id = be32(h + 4);
	if (seen.offset == 0 && !seen.more)
		return true;
	if (!ip_fragment(d, p, r, &seen))
		return false;
	*next = p->proto;
	return true;
}

bool ip6_extensions(struct decoder *d, struct packet *p, struct reader *r, uint8_t next)
{
	for (int i = 0; is_extension(next); i++) {
		uint8_t kind = next, segments_left = 0;

		p->proto = kind;
		if (i == EXTENSIONS_MAX) {
			packet_bad(p, FAULT_IP_EXTENSION);
			return false;
		}
		if (kind == IP_FRAGMENT) {
			if (!ip6_fragment_header(d, p, r, &next) && rd_ok(r))
				return false;
		} else if (kind == IP_AH) {
			next = ip_skip_ah(r);
		} else {
			next = skip_options(r, &segments_left);
		}
		if (!rd_ok(r)) {
			packet_fail(p, r, FAULT_IP_EXTENSION);
			return false;
		}
		if (kind == IP_ROUTING && segments_left)
			p->source_routed = true;
	}
	p->proto = next;
	return true;
}

uint8_t ip6_skip_extensions(struct reader *r, uint8_t next)
{
	for (int i = 0; i < EXTENSIONS_MAX && rd_ok(r) && is_extension(next); i++) {
		uint8_t ignored;

		if (next == IP_FRAGMENT) {
			const uint8_t *h = rd_bytes(r, 8);

			if (!h || be16(h + 2) & 0xfff8u)
				return IP_FRAGMENT;
			next = h[0];
		} else if (next == IP_AH) {
			next = ip_skip_ah(r);
		} else {
			next = skip_options(r, &ignored);
		}
	}
	return next;
}
