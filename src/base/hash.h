/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hashes. For buckets: XXH3 with 136 bytes of secret that are drawn anew each run. It is no cryptographic function,
 * but who writes a capture sees neither the secret nor any hash, and without them keys that fall together cannot be
 * computed beforehand. For results that must repeat: SipHash-2-4 with a fixed key.
 */
#ifndef PCAPDX_BASE_HASH_H
#define PCAPDX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

void hash_init(void);				     /* draws the run's secret; before the first hash_seeded */
uint64_t hash_seeded(const void *data, size_t size); /* for buckets */
uint64_t hash_fixed(const void *data, size_t size);  /* for identifiers and for spreading over threads */

extern uint64_t hash_words[2]; /* of the run's secret */

#ifdef __SIZEOF_INT128__
/* One step of wyhash. */
static inline void hash_multiply(uint64_t *a, uint64_t *b)
{
	__extension__ typedef unsigned __int128 twice;
	twice product = (twice)(*a ^ hash_words[0]) * (*b ^ hash_words[1]);

	*a = (uint64_t)product;
	*b = (uint64_t)(product >> 64);
}
#endif

/* For buckets, of a key of two words: wyhash's steps for them. One product alone spreads ports or addresses that count
 * upwards badly for some secrets. */
static inline uint64_t hash_seeded_pair(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	hash_multiply(&a, &b);
	hash_multiply(&a, &b);
	return a ^ b;
#else
	uint64_t both[2] = { a, b };

	return hash_seeded(both, sizeof(both));
#endif
}

static inline uint64_t hash_word(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

#define HASH_SHORT_MIN 16
#define HASH_SHORT_MAX 64

/* For buckets, of keys of one size between HASH_SHORT_MIN and HASH_SHORT_MAX: wyhash over two words at a time takes a
 * third of what XXH3 takes for them. */
static inline uint64_t hash_seeded_short(const void *data, size_t size)
{
#ifdef __SIZEOF_INT128__
	const unsigned char *at = data, *last = at + size - HASH_SHORT_MIN;
	uint64_t h = 0;

	for (; at < last; at += HASH_SHORT_MIN) {
		uint64_t a = hash_word(at), b = hash_word(at + sizeof(b)) ^ h;

		hash_multiply(&a, &b);
		h = a ^ b;
	}
	return hash_seeded_pair(hash_word(last), hash_word(last + sizeof(h)) ^ h);
#else
	return hash_seeded(data, size);
#endif
}

#endif
