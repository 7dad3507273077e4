/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message that arrives in pieces, in any order and more than once (DTLS fragments, QUIC CRYPTO frames). */
#ifndef PCAPDX_DISSECTORS_PIECES_H
#define PCAPDX_DISSECTORS_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIECES_MAX (64 * 1024) /* bytes of one message */

struct pieces {
	uint8_t *bytes, *have; /* have: one bit per byte */
	size_t room;
	size_t whole; /* so many bytes from the beginning are there */
};

/* false: beyond PIECES_MAX, nothing was kept. */
bool pieces_add(struct pieces *p, size_t offset, const uint8_t *bytes, size_t n);
void pieces_free(struct pieces *p);

#endif
