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

struct tail;

/* Adds n bytes at offset `at`, which is never lower than the end of what was added before. Grows by at most `budget`
 * bytes of memory. *t is NULL at first. */
void tail_add(struct tail **t, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref, size_t budget);
size_t tail_held_bytes(const struct tail *t); /* 0 for NULL */
/* Whether some byte of `in` is another than the one that was handed on; *old is then who brought that one. */
bool tail_differs(const struct tail *t, const struct incoming *in, struct frame_ref *old);
void tail_free(struct tail *t);

#endif
