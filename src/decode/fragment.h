/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 and IPv6 fragments joined into datagrams, the way Linux does it since 4.20:
 *
 * - A fragment that lies within bytes that are already here is a duplicate and is left out; it is a fault (but the
 *   datagram goes on) when its bytes differ.
 * - One that overlaps in part, for IPv6 (RFC 5722) and IPv4 alike, is a fault and discards the whole datagram.
 * - So does an end that moves, and more than FRAGMENT_RUNS_MAX separate stretches.
 * - A datagram whose rest does not come within 30 s of its first fragment is given up (RFC 8200, section 4.5).
 *
 * Time is the capture's clock. What is held is bounded; past it the oldest datagrams go. A later fragment that the
 * capture cut keeps its place: the datagram can be joined, and is then cut itself. A datagram that was joined is remembered
 * for a second, so that the second copies of a doubled capture do not wait for a rest that never comes.
 */
#ifndef PCAPDX_DECODE_FRAGMENT_H
#define PCAPDX_DECODE_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder;
struct fragments;
struct packet;
struct reader;
struct record_sink;

struct fragment_seen {
	uint32_t id;
	uint32_t offset; /* in bytes */
	bool more;
	uint8_t next;	 /* its protocol; when the datagram is joined, the first fragment's */
};

/* Datagrams, counted by what became of them. */
struct fragment_counts {
	uint64_t lost;	   /* the rest never came */
	uint64_t let_go;   /* given up to keep the bound */
	uint64_t left_out; /* of pairs of hosts beyond their bound: joined, but told in no record */
};

struct fragments *fragments_new(size_t held_max);
void fragments_free(struct fragments *set);
struct fragment_counts fragments_counts(const struct fragments *set);
/* Memory beyond what held_max bounds. */
size_t fragments_beside_bytes(const struct fragments *set);
/*
 * The capture ends, at that time of its clock: emits the `fragmented` records (record.h). What came a second ago and
 * is not whole counts as lost, for the fragments of a datagram travel together.
 */
void fragments_finish(struct fragments *set, int64_t clock_ns, const struct record_sink *sink);

/* A first fragment whose bytes are not all here: it is read as it is, see below. */
bool fragment_is_head(const struct fragment_seen *seen, const struct reader *r);

/*
 * Takes the fragment whose payload *r reads. True when its datagram is whole: *r then reads the joined payload, which
 * stays until the next frame is decoded. Sets verdict and fault of a fragment that cannot be. A datagram whose head was
 * cut is followed, and never given out: its head was read when it came.
 */
bool fragment_take(struct decoder *d, struct packet *p, struct reader *r, struct fragment_seen *seen);

#endif
