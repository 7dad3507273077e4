/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all kinds of records are made of. */
#ifndef PCAPDX_RECORD_RECORD_PARTS_H
#define PCAPDX_RECORD_RECORD_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define UNSET INT64_C(-1)
#define PROXIED_HOST_SIZE 264 /* of what a proxy is asked for, host:port; SOCKS names have up to 255 bytes (RFC 1928) */

enum side {
	SIDE_ORIG,
	SIDE_RESP,
	SIDE_NONE,
};

static inline enum side side_other(enum side s)
{
	return s == SIDE_ORIG ? SIDE_RESP : SIDE_ORIG;
}

/* A frame as evidence. `frame` is 1-based in its source; 0: none. */
struct frame_ref {
	uint64_t frame;
	int64_t at_ns; /* offset from ts_ns of the record */
	uint16_t source;
	uint16_t zero[3]; /* no byte is left to chance: structs with it are packed (base/packed.h) */
};

#endif
