/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surrogate packets: bare IPv4 and TCP headers around some bytes of a stream, as libnids wants to see them, whatever
 * the real packet looked like. No options beyond the handshake's window scale, no urgent pointer, always valid sums.
 */
#ifndef PCAPDX_REASSEMBLE_SURROGATE_H
#define PCAPDX_REASSEMBLE_SURROGATE_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define SURROGATE_HEADERS 40
#define SURROGATE_OPTIONS 4
#define SURROGATE_PAYLOAD_MAX (65535 - SURROGATE_HEADERS - SURROGATE_OPTIONS)

struct surrogate {
	uint64_t generation; /* which connection: each has addresses of its own, so a reused port is another one */
	enum side side;	     /* who sends */
	uint8_t flags;
	uint32_t seq, ack;
	const uint8_t *bytes; /* NULL: zeros */
	uint32_t n;	      /* at most SURROGATE_PAYLOAD_MAX */
};

/* Writes the packet, gives its length. `out` has room for 65535 bytes. */
uint32_t surrogate_build(const struct surrogate *s, uint8_t *out);

#endif
