/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XXH3 for buckets (inlined: it is for keys of some bytes), SipHash-2-4 from libsodium for what is fixed. */
#include "base/hash.h"

#include <sodium.h>
#include <string.h>

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xxhash.h>
#pragma GCC diagnostic pop

_Static_assert(crypto_shorthash_BYTES == 8, "SipHash-2-4 gives 64 bits");

static unsigned char run_secret[XXH3_SECRET_SIZE_MIN];
uint64_t hash_words[2];
static const unsigned char fixed_key[crypto_shorthash_KEYBYTES] = "pcapdx identity";

void hash_init(void)
{
	randombytes_buf(run_secret, sizeof(run_secret));
	randombytes_buf(hash_words, sizeof(hash_words));
}

uint64_t hash_seeded(const void *data, size_t size)
{
	return XXH3_64bits_withSecret(data, size, run_secret, sizeof(run_secret));
}

uint64_t hash_fixed(const void *data, size_t size)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, data, size, fixed_key);
	memcpy(&h, out, sizeof(h));
	return h;
}
