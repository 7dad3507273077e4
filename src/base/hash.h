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

void hash_init(void);				     /* draws the run's secret; before the first hash_seeded */
uint64_t hash_seeded(const void *data, size_t size); /* for buckets */
uint64_t hash_fixed(const void *data, size_t size);  /* for identifiers and for spreading over threads */

#endif
