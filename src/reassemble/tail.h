/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of bytes that were handed on, to be compared with later segments in the same place: of a
 * stream's first segments the bytes themselves (requests, handshakes, banners: what is worth to be forged), of the
 * last TAIL_PIECES segments a hash, which tells of segments that cover them wholly or begin where they began. Copying
 * all bytes would cost several times what reassembly costs.
 */
#ifndef PCAPDX_REASSEMBLE_TAIL_H
#define PCAPDX_REASSEMBLE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct incoming;

#define TAIL_HEAD_MAX 1024 /* first bytes of a stream that are kept, */
#define TAIL_HEAD_PIECES 4 /* from so many segments at most */
#define TAIL_PIECES 4

struct head;

struct piece {
	int64_t start;
	uint64_t hash;
	struct frame_ref ref;
	uint32_t len;
	uint32_t prefix; /* hash of its first bytes; without meaning when it is short */
};

struct tail {
	struct head *head; /* owned; NULL: nothing yet */
	uint32_t count;	   /* of segments in the ring, also those overwritten */
	bool head_full;	   /* nothing is added to it any more */
	struct piece pieces[TAIL_PIECES]; /* place is count modulo TAIL_PIECES */
};

uint64_t tail_seed(void); /* of the hashes: one for all tails of a run */

/* Adds n bytes at offset `at`, which is never lower than the end of what was added before. May allocate up to `budget`
 * bytes; gives how many it did. A zeroed tail is an empty one. */
size_t tail_add(struct tail *t, uint64_t seed, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref,
	size_t budget);
/* Whether some byte of `in` is another than the one that was handed on; *old is then who brought that one. */
bool tail_differs(const struct tail *t, uint64_t seed, const struct incoming *in, struct frame_ref *old);
size_t tail_clear(struct tail *t); /* gives how many bytes it held */

#endif
