/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --evidence: a pcapng of only the packets that findings rest on, each with the findings' words as its comment. Files
 * are read a second time; of stdin and live captures the last packets are kept in a bounded ring.
 */
#ifndef PCAPDX_EVIDENCE_H
#define PCAPDX_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

struct anonymizer;
struct batch;
struct evidence_ring;
struct options;
struct result;

/* Whether the input can be read only once. */
bool evidence_needs_ring(const struct options *o);
struct evidence_ring *evidence_ring_new(size_t max_bytes);
void evidence_ring_add(struct evidence_ring *r, const struct batch *b);
void evidence_ring_free(struct evidence_ring *r);

/* Writes o->evidence_path. `ring` may be NULL, `a` too (then nothing is rewritten). -1 and a sentence on failure. */
int evidence_write(const struct result *r, const struct options *o, const struct evidence_ring *ring,
	const struct anonymizer *a, char *error, size_t error_size);

#endif
