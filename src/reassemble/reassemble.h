/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP segments into ordered bytes per direction. One interface, two engines: native (ours) and nids (libnids).
 *
 * In-order bytes are handed on from the packet itself, without a copy. Out-of-order bytes wait, bounded per stream and
 * in all; when the receiver acknowledges past a hole that never fills, or the bound is reached, the hole is told as a
 * gap and the stream goes on behind it. Each byte is delivered at most once.
 */
#ifndef PCAPDX_REASSEMBLE_REASSEMBLE_H
#define PCAPDX_REASSEMBLE_REASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "record/record.h"

struct packet;
struct stream_pair; /* both directions of one conversation */
struct reassembler; /* all streams of one pipeline, and their common bound */

/* Bytes that were only counted: of so many records beyond those that were begun before, the last of which lacks `left`
 * bytes. */
struct passed {
	uint32_t bytes, records, left;
};

/* Where ordered bytes go. `ref.at_ns` is the absolute time of the frame that carried them. */
struct stream_taker {
	/* Bytes of side s, in order, borrowed for the call. */
	void (*data)(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref);
	/* `missing` bytes of side s will never come; `ref` is the frame that made it certain. */
	void (*gap)(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref);
	/* No more bytes of side s: FIN in order, or the end of the conversation. Told once per side. */
	void (*end)(void *flow, enum side s, const struct frame_ref *ref);
	/* A segment overlaps earlier bytes with different ones. May be NULL. */
	void (*differ)(void *flow, enum side s, const struct frame_ref *old, const struct frame_ref *new_one);
	/* What came of side s of that which reassemble_quiet was called for, the last of it in frame `ref`; told before
	 * anything else but differ. May be NULL. */
	void (*passed)(void *flow, enum side s, const struct passed *what, const struct frame_ref *ref);
	/* Whether these n bytes, which begin where a record does, belong to records of that shape: then how many begin
	 * among them, and how many bytes of the last one are still to come. Knows no conversation. May be NULL. */
	bool (*skim)(uint16_t shape, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left);
};

/*
 * libnids keeps its state in global variables: of the engines other than ENGINE_NATIVE one at a time may exist in a
 * process, used by one thread. What it cannot follow by itself is listed in nids_engine.h.
 *
 * `held_max`: bytes that may wait in all streams together; `held_stream_max` in one direction.
 */
struct reassembler *reassembler_new(
	enum engine_kind engine, const struct stream_taker *taker, size_t held_max, size_t held_stream_max);
void reassembler_free(struct reassembler *r);

/*
 * Feeds one TCP packet of a conversation. *pair is NULL at first and belongs to the reassembler, which makes it when
 * there is something to remember; `flow` is handed to the taker. `s` is the side that sent the packet. The caller has
 * already decided that the packet belongs to this conversation (a reused port comes with a new *pair). The taker is
 * called for this conversation only, so `flow` need not outlive the call. The taker may call reassemble_ignore.
 */
void reassemble_packet(
	struct reassembler *r, struct stream_pair **pair, void *flow, enum side s, const struct packet *p);

/* Inside `data`: of the next n bytes of the side, and of records of that shape behind them (0: none), only the number is
 * wanted, see `passed`. A wish, void as soon as anything else is told; libnids' engine tells everything. */
void reassemble_quiet(struct reassembler *r, struct stream_pair *pair, enum side s, uint32_t n, uint16_t shape);
/* Inside `data`: no byte of either side is wanted any more, only gaps and the end. A wish. */
void reassemble_unheard(struct reassembler *r, struct stream_pair *pair);

/* Nothing of this direction is of interest any more (its dissector is done): segments are no longer kept. */
void reassemble_ignore(struct reassembler *r, struct stream_pair **pair, enum side s);

/* The conversation is over: what still waits is delivered with its gaps, `end` is told, the pair is freed. */
void reassemble_close(struct reassembler *r, struct stream_pair **pair, void *flow, const struct frame_ref *ref);

/* A segment comes soon (pair NULL: there is nothing yet): asks for what it needs, and later for what is behind that. */
void reassemble_fetch(const struct stream_pair *pair);
void reassemble_fetch_far(const struct stream_pair *pair, enum side s, bool has_payload);
/* The same before reassemble_close. */
void reassemble_fetch_all(const struct stream_pair *pair);

/* Whether the next bytes of that side are only counted, as far as can be told without them. */
bool reassemble_is_quiet(const struct stream_pair *pair, enum side s);

size_t reassembler_held_bytes(const struct reassembler *r);
/* Directions of which what waited was dropped because held_max was reached. */
uint64_t reassembler_let_go(const struct reassembler *r);
/* With REASSEMBLE_BOTH: streams on which the two engines would show an application different bytes. */
uint64_t reassembler_disagreements(const struct reassembler *r);

#endif
