/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "1:" and base64 of SHA-1 over seed, addresses, protocol and ports, the lower end first. */
#include "record/community_id.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static unsigned char *put(unsigned char *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static unsigned char *put_addr(unsigned char *at, const struct addr *a)
{
	return addr_is_v4(a) ? put(at, a->b + 12, 4) : put(at, a->b, 16);
}

static unsigned char *put_port(unsigned char *at, uint16_t port)
{
	*at++ = (unsigned char)(port >> 8);
	*at++ = (unsigned char)port;
	return at;
}

void community_id(const struct addr *src, uint16_t sport, const struct addr *dst, uint16_t dport, uint8_t proto,
	char out[COMMUNITY_ID_SIZE])
{
	unsigned char bytes[48], digest[20], *at = bytes;
	int order = addr_compare(src, dst);
	bool src_first = order < 0 || (order == 0 && sport < dport);

	at = put_port(at, 0); /* the seed */
	at = put_addr(at, src_first ? src : dst);
	at = put_addr(at, src_first ? dst : src);
	*at++ = proto;
	*at++ = 0;
	if (proto == 6 || proto == 17 || proto == 132) {
		at = put_port(at, src_first ? sport : dport);
		at = put_port(at, src_first ? dport : sport);
	}
	memcpy(out, "1:", 2);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, (size_t)(at - bytes), digest) < 0)
		memset(digest, 0, sizeof(digest));
	sodium_bin2base64(out + 2, COMMUNITY_ID_SIZE - 2, digest, sizeof(digest), sodium_base64_VARIANT_ORIGINAL);
}
