/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of fragmented datagrams, summed up by sender, receiver and protocol: one `fragmented` record each.
 * Bounded: past FRAGMENT_PAIRS_MAX the fragments of further pairs are only counted as left out.
 */
#ifndef PCAPDX_DECODE_FRAGMENT_PAIRS_H
#define PCAPDX_DECODE_FRAGMENT_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "record/record.h"

#define FRAGMENT_PAIRS_MAX 4096

struct packet;

struct fragment_pair {
	struct addr src, dst;
	uint8_t proto;
	uint8_t zero[3];
};

struct fragment_pairs {
	struct table pairs;  /* struct fragment_pair -> what is told of it */
	size_t held_bytes;
	uint64_t left_out;   /* datagrams of pairs beyond the bound */
};

/* Why no more fragments of a datagram are waited for. */
enum fragment_end {
	FRAGMENT_END_LOST,	 /* they never came */
	FRAGMENT_END_LET_GO,	 /* for memory */
	FRAGMENT_END_UNFINISHED, /* the capture ends */
};

void fragment_pairs_init(struct fragment_pairs *all);
void fragment_pairs_free(struct fragment_pairs *all);

/* A fragment that is no copy; `begins`: the first one of its datagram in the capture. */
void fragment_pair_arrived(
	struct fragment_pairs *all, const struct fragment_pair *key, const struct packet *p, uint32_t offset, bool begins);
/* The packet's fragment made a datagram of `len` bytes of payload whole. */
void fragment_pair_joined(
	struct fragment_pairs *all, const struct fragment_pair *key, const struct packet *p, uint32_t len);
/* `d` has absolute times. */
void fragment_pair_ended(struct fragment_pairs *all, const struct fragment_pair *key, const struct lost_datagram *d,
	enum fragment_end how);

/* Emits the records, in the order of their first fragments. */
void fragment_pairs_tell(const struct fragment_pairs *all, int64_t clock_ns, const struct record_sink *sink);

#endif
