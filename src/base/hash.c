/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 from libsodium. */
#include "base/hash.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_shorthash_BYTES == 8, "SipHash-2-4 gives 64 bits");

static unsigned char run_key[crypto_shorthash_KEYBYTES];
static const unsigned char fixed_key[crypto_shorthash_KEYBYTES] = "pcapdx identity";

void hash_init(void)
{
	crypto_shorthash_keygen(run_key);
}

static uint64_t siphash(const void *data, size_t size, const unsigned char *key)
{
	unsigned char out[8];
	uint64_t h;

	crypto_shorthash(out, data, size, key);
	memcpy(&h, out, sizeof(h));
	return h;
}

uint64_t hash_seeded(const void *data, size_t size)
{
	return siphash(data, size, run_key);
}

uint64_t hash_fixed(const void *data, size_t size)
{
	return siphash(data, size, fixed_key);
}
