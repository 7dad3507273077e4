/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of bytes that were handed on, to be compared with later segments in the same place: of a
 * stream's first segments the bytes themselves (requests, handshakes, banners: what is worth to be forged), of the
 * last TAIL_PIECES segments a sum, which tells of segments that cover them wholly or begin where they began. Copying
 * all bytes would cost several times what reassembly costs.
 */
#ifndef PCAPDX_REASSEMBLE_TAIL_H
#define PCAPDX_REASSEMBLE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/byte_sum.h"
#include "base/pool.h"
#include "record/record.h"
#include "record/short_ref.h"

struct incoming;

#define TAIL_HEAD_MAX 512  /* first bytes of a stream that are kept, */
#define TAIL_HEAD_PIECES 4 /* from so many segments at most */
#define TAIL_PIECES 4

/* A segment that was handed on; two fill a cache line. */
struct piece {
	uint64_t frame;
	int64_t at_ns;
	uint32_t start; /* its place in the stream, the lower half */
	uint32_t len;
	uint32_t sum;	 /* of its bytes, mixed */
	uint16_t prefix; /* of its first ones; without meaning when it is short */
	uint16_t source;
};

/* What is asked of it with each segment. A zeroed tail with a zeroed head is an empty one. */
struct tail {
	uint8_t count;	/* of segments in the ring; beyond TAIL_PIECES only the place in it counts */
	bool head_full; /* nothing is added to it any more */
};

struct tail_ring {
	struct piece pieces[TAIL_PIECES]; /* place is count modulo TAIL_PIECES */
};

/* A stream's first bytes. They are out of a pool, and behind them is who brought all but the first segment. */
struct tail_head {
	struct short_ref first; /* who brought the first segment */
	int32_t start;
	uint32_t number : 31; /* in its pool; 0: nothing yet */
	uint32_t large : 1;   /* which pool */
	uint16_t ends[TAIL_HEAD_PIECES]; /* of segments, from `start` on; 0: there are no more */
};

/* Of all streams: room for few bytes, as most requests are, and for TAIL_HEAD_MAX. */
struct tail_heads {
	struct pool small, large;
};

#define TAIL_COUNT_MAX (2 * TAIL_PIECES - 1)

/* Who means to mislead can make other bytes of the same sum, as he can wait until TAIL_PIECES segments have passed:
 * what is found are mistakes, and forgeries in a hurry. */
static inline uint32_t tail_sum(const uint8_t *bytes, uint32_t n, const struct kept_sum *kept)
{
	return kept->known ? kept->mixed : byte_sum_mixed(byte_sum(bytes, n));
}

/* Adds n bytes at offset `at`, which is never lower than the end of what was added before, once head_full. Each field
 * by itself: a struct put together beside it and copied waits for all stores before it. */
static inline void tail_add_piece(struct tail *t, struct tail_ring *ring, int64_t at, const uint8_t *bytes, uint32_t n,
	const struct frame_ref *ref, const struct kept_sum *sum)
{
	struct piece *p = &ring->pieces[t->count % TAIL_PIECES];

	t->count = t->count < TAIL_COUNT_MAX ? (uint8_t)(t->count + 1) : TAIL_PIECES;
	p->frame = ref->frame;
	p->at_ns = ref->at_ns;
	p->start = (uint32_t)at;
	p->len = n;
	p->source = ref->source;
	p->sum = tail_sum(bytes, n, sum);
	p->prefix = sum->known ? sum->prefix : byte_sum_prefix(bytes, n);
}

void tail_heads_init(struct tail_heads *heads);
void tail_heads_free(struct tail_heads *heads);
static inline size_t tail_heads_bytes(const struct tail_heads *heads)
{
	return pool_bytes(&heads->small) + pool_bytes(&heads->large);
}

/* The same before that: adds what fits into the head, with which all heads take `most` bytes at most. Gives how many
 * it took; the rest belongs into the ring. */
uint32_t tail_add_head(struct tail *t, struct tail_head *h, struct tail_heads *heads, int64_t at, const uint8_t *bytes,
	uint32_t n, const struct frame_ref *ref, size_t most);
/* `missing` bytes will never come. */
void tail_pass(struct tail *t, int64_t missing);
/* Whether some byte of `in` is another than the one that was handed on; *old is then who brought that one. */
bool tail_head_differs(
	const struct tail_head *h, const struct tail_heads *heads, const struct incoming *in, struct frame_ref *old);
bool tail_ring_differs(
	const struct tail *t, const struct tail_ring *ring, const struct incoming *in, struct frame_ref *old);
/* The frame of the segment that was added last to the head, {0}: none; and to the ring, which is not empty. */
struct frame_ref tail_head_last(const struct tail_head *h, const struct tail_heads *heads);
struct frame_ref tail_ring_last(const struct tail *t, const struct tail_ring *ring);
void tail_clear(struct tail *t, struct tail_head *h, struct tail_heads *heads);

#endif
