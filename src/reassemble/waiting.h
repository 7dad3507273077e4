/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments of one direction that wait behind a hole, sorted by place in the stream, without overlaps: bytes that came
 * first win. Places are 64-bit offsets, so sequence numbers have been unwrapped before.
 */
#ifndef PCAPDX_REASSEMBLE_WAITING_H
#define PCAPDX_REASSEMBLE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

/* Bytes on their way in: `wire` bytes of the stream from `start`, of which the first `here` were captured. */
struct incoming {
	int64_t start;
	const uint8_t *bytes;
	uint32_t here, wire;
	uint32_t ack; /* of its segment, */
	bool early;   /* which acknowledges bytes that were not seen yet: it was sent after them */
	struct frame_ref ref;
};

static inline int64_t incoming_end(const struct incoming *in)
{
	return in->start + in->wire;
}

void incoming_skip(struct incoming *in, uint32_t n);	 /* forgets the first n (<= wire) bytes */
void incoming_limit(struct incoming *in, uint32_t wire); /* forgets all but the first `wire` bytes */

struct segment {
	struct segment *next;
	int64_t start;
	uint32_t here, wire; /* wire 0: the stream ends here */
	uint32_t ack;	     /* as in struct incoming */
	bool early;
	struct frame_ref ref;
	uint8_t bytes[];
};

struct waiting {
	struct segment *first, *last;
	uint32_t count;
	size_t held_bytes; /* allocated for all of them */
};

/* Bytes that waiting_add would allocate at most. */
size_t waiting_cost(const struct waiting *w, const struct incoming *in);
void waiting_add(struct waiting *w, const struct incoming *in); /* keeps what is not there yet */
/* The stream ends where `in` does. */
void waiting_add_end(struct waiting *w, const struct incoming *in);
void waiting_drop_end(struct waiting *w); /* forgets a mark set by waiting_add_end */
/* Unlinks the first; the caller frees it. NULL: none. */
struct segment *waiting_take(struct waiting *w);
/* Whether some byte of `in` is another than the one that waits in its place; *old is then who brought that one. */
bool waiting_differs(const struct waiting *w, const struct incoming *in, struct frame_ref *old);
void waiting_clear(struct waiting *w);

#endif
