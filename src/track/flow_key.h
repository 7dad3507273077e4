/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports, lower end first, so both directions have one key. Tunnels and VLANs are left out: so does
 * Wireshark, whose stream numbers we share. Compared as bytes. */
#ifndef PCAPDX_TRACK_FLOW_KEY_H
#define PCAPDX_TRACK_FLOW_KEY_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"

struct flow_key {
	struct addr low, high;
	uint16_t low_port, high_port;
	uint8_t proto, zero[3];
};

_Static_assert(sizeof(struct flow_key) == 5 * 8, "compared in words");

static inline uint64_t flow_key_differs(const struct flow_key *a, const struct flow_key *b, size_t word)
{
	uint64_t x, y;

	memcpy(&x, (const char *)a + 8 * word, sizeof(x));
	memcpy(&y, (const char *)b + 8 * word, sizeof(y));
	return x ^ y;
}

/* In words: a call of memcmp costs more than the comparison. */
static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return !(flow_key_differs(a, b, 0) | flow_key_differs(a, b, 1) | flow_key_differs(a, b, 2) |
		 flow_key_differs(a, b, 3) | flow_key_differs(a, b, 4));
}

/* No packet has it from now on. */
static inline void flow_key_void(struct flow_key *key)
{
	key->zero[0] = 1;
}

static inline uint64_t flow_key_part(const uint8_t *b)
{
	uint64_t v;

	memcpy(&v, b, sizeof(v));
	return be64toh(v);
}

/* By address, as memcmp has it, then by port. */
static inline bool flow_key_is_low(const struct addr *src, uint16_t sport, const struct addr *dst, uint16_t dport)
{
	uint64_t x = flow_key_part(src->b), y = flow_key_part(dst->b);

	if (x == y) {
		x = flow_key_part(src->b + 8);
		y = flow_key_part(dst->b + 8);
	}
	return x == y ? sport <= dport : x < y;
}

/* True: src is the lower end. */
static inline bool flow_key_make(struct flow_key *key, const struct addr *src, uint16_t sport, const struct addr *dst,
	uint16_t dport, uint8_t proto)
{
	bool src_is_low = flow_key_is_low(src, sport, dst, dport);

	key->low = src_is_low ? *src : *dst;
	key->high = src_is_low ? *dst : *src;
	key->low_port = src_is_low ? sport : dport;
	key->high_port = src_is_low ? dport : sport;
	key->proto = proto;
	memset(key->zero, 0, sizeof(key->zero));
	return src_is_low;
}

#endif
