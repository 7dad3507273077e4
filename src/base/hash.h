/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 (libsodium) with a key that is drawn anew each run, or with a fixed one where a result must repeat. */
#ifndef PCAPDX_BASE_HASH_H
#define PCAPDX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

void hash_init(void);				     /* draws the run's key; before the first hash_seeded */
uint64_t hash_seeded(const void *data, size_t size); /* for buckets: nobody outside can choose collisions */
uint64_t hash_fixed(const void *data, size_t size);  /* for identifiers and for spreading over threads */

#endif
