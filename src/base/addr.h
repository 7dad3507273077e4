/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network and link addresses as values. */
#ifndef PCAPDX_BASE_ADDR_H
#define PCAPDX_BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). All zero: unset. */
struct addr {
	uint8_t b[16];
};

/* A 48-bit MAC address. All zero: unset. */
struct mac {
	uint8_t b[6];
};

#define ADDR_TEXT_SIZE 46
#define MAC_TEXT_SIZE 18

static inline struct addr addr_v4(const uint8_t bytes[4])
{
	struct addr a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	memcpy(a.b + 12, bytes, 4);
	return a;
}

static inline struct addr addr_v6(const uint8_t bytes[16])
{
	struct addr a;

	memcpy(a.b, bytes, 16);
	return a;
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, "\0\0\0\0\0\0\0\0", 8) == 0 && memcmp(a->b + 8, "\0\0\xff\xff", 4) == 0;
}

static inline bool addr_is_set(const struct addr *a)
{
	uint64_t half[2];

	memcpy(half, a->b, sizeof(half));
	return half[0] | half[1];
}

int addr_compare(const struct addr *a, const struct addr *b); /* as memcmp */
bool addr_is_multicast(const struct addr *a);		      /* IPv4 class D, limited broadcast, or ff00::/8 */

/* Text of an address in `out`, which is returned. */
const char *addr_text(const struct addr *a, char out[ADDR_TEXT_SIZE]);
const char *mac_text(const struct mac *m, char out[MAC_TEXT_SIZE]);

/* Reads an address from text; false where it is none. */
bool addr_parse(const char *text, struct addr *out);
bool mac_parse(const char *text, struct mac *out);

/* As one number, for sets and sums: put together in registers, because bytes stored one way and read in another wait. */
static inline uint64_t mac_number(const struct mac *m)
{
	uint32_t four;
	uint16_t two;

	memcpy(&four, m->b, 4);
	memcpy(&two, m->b + 4, 2);
	return (uint64_t)two << 32 | four;
}

static inline bool mac_is_set(const struct mac *m)
{
	return mac_number(m);
}

static inline bool mac_equal(const struct mac *a, const struct mac *b)
{
	return mac_number(a) == mac_number(b);
}

/* Multicast or broadcast. */
static inline bool mac_is_group(const struct mac *m)
{
	return m->b[0] & 1;
}

#endif
