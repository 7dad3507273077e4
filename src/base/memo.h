/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that are worked out again and again from the same bytes: those of the last bytes are remembered, each at the
 * place that the hash of its bytes gives. All bytes are compared, so an answer is never another one's, and it makes no
 * difference but time whether there is one.
 */
#ifndef PCAPDX_BASE_MEMO_H
#define PCAPDX_BASE_MEMO_H

#include <stddef.h>
#include <stdint.h>

#define MEMO_PLACES 64
#define MEMO_BYTES_MAX (8u << 10) /* longer ones are not remembered */

struct memo {
	struct memo_entry *at[MEMO_PLACES]; /* owned; NULL: free */
};

/* The answer to these bytes, until the next one is kept; NULL: it has to be worked out. */
const void *memo_find(const struct memo *m, const void *bytes, size_t n);
void memo_keep(struct memo *m, const void *bytes, size_t n, const void *answer, size_t size);
void memo_free(struct memo *m); /* a zeroed one is fine */

#endif
