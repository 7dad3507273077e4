/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last bytes of one direction that were handed on, kept a while to be compared with segments that overlap them:
 * at most TAIL_KEPT_MAX bytes out of the last TAIL_PIECES segments. Grows with what is put in.
 */
#ifndef PCAPDX_REASSEMBLE_TAIL_H
#define PCAPDX_REASSEMBLE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct incoming;

#define TAIL_KEPT_MAX 8192 /* once as many are there, the older half is forgotten */
#define TAIL_PIECES 8

struct tail;

/* Adds n bytes at offset `at`; what is kept is one stretch, so older bytes are forgotten when they do not join.
 * Grows by at most `budget` bytes of memory. *t is NULL at first. */
void tail_add(struct tail **t, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref, size_t budget);
size_t tail_held_bytes(const struct tail *t); /* 0 for NULL */
/* Whether some byte of `in` is another than the one kept of its place; *old is then who brought that one. */
bool tail_differs(const struct tail *t, const struct incoming *in, struct frame_ref *old);
void tail_free(struct tail *t);

#endif
