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

static inline uint64_t flow_key_part(const struct addr *a, size_t word)
{
	uint64_t v;

	memcpy(&v, a->b + 8 * word, sizeof(v));
	return v;
}

/* By address, as memcmp has it, then by port. */
static inline bool flow_key_is_low(const struct addr *src, uint16_t sport, const struct addr *dst, uint16_t dport)
{
	uint64_t x = flow_key_part(src, 0), y = flow_key_part(dst, 0);

	if (__builtin_expect(x == y, true)) { /* of IPv4 always */
		x = flow_key_part(src, 1);
		y = flow_key_part(dst, 1);
		if (__builtin_expect(x == y, false))
			return sport <= dport;
	}
	return be64toh(x) < be64toh(y);
}

/* The lower words of two, and the higher ones, without a branch: which it is cannot be predicted. */
static inline void flow_key_ends(struct flow_key *key, const struct addr *src, const struct addr *dst, size_t word,
	uint64_t swapped)
{
	uint64_t from = flow_key_part(src, word), differs = (from ^ flow_key_part(dst, word));
	uint64_t low = from ^ (differs & swapped), high = low ^ differs;

	memcpy(key->low.b + 8 * word, &low, sizeof(low));
	memcpy(key->high.b + 8 * word, &high, sizeof(high));
}

/* True: src is the lower end. */
static inline bool flow_key_make(struct flow_key *key, const struct addr *src, uint16_t sport, const struct addr *dst,
	uint16_t dport, uint8_t proto)
{
	bool src_is_low = flow_key_is_low(src, sport, dst, dport);
	uint64_t swapped = (uint64_t)src_is_low - 1;
	uint16_t differs = sport ^ dport;

	flow_key_ends(key, src, dst, 0, swapped);
	flow_key_ends(key, src, dst, 1, swapped);
	key->low_port = (uint16_t)(sport ^ (differs & swapped));
	key->high_port = key->low_port ^ differs;
	key->proto = proto;
	memset(key->zero, 0, sizeof(key->zero));
	return src_is_low;
}

#endif
