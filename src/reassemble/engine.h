/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engines share: the reassembler, the pair of streams, one direction. Private to src/reassemble/. */
#ifndef PCAPDX_REASSEMBLE_ENGINE_H
#define PCAPDX_REASSEMBLE_ENGINE_H

#include <stddef.h>

#include "base/pool.h"
#include "reassemble/reassemble.h"
#include "reassemble/tail.h"
#include "reassemble/waiting.h"

struct nids_engine;
struct nids_pair;

/* Of a direction in which something waits; there is none when nothing does. */
struct held {
	struct waiting waiting;
	int64_t fin;	      /* where the stream ends; UNSET: not known */
	int64_t mark_ns;      /* capture's clock when the mark was set; UNSET: no mark */
	uint32_t mark_seq;    /* acknowledged when the mark was set */
	uint8_t mark_packets; /* packets since the mark was set */
	struct direction *of;
	struct held *older, *younger; /* in the order in which they began to wait */
};

/*
 * One direction of a connection. Offsets count bytes of the stream; `next` belongs to sequence number
 * start_seq + next. A segment in order touches the first cache line of its own direction and one of the tail.
 */
struct direction {
	_Alignas(64) int64_t next; /* the byte that is due */
	int64_t highest;	   /* end of the furthest data seen */
	struct held *held;	   /* NULL: nothing waits */
	uint32_t start_seq;
	uint32_t ack_sent;  /* highest acknowledgment number that it sent: about the other direction */
	uint32_t quiet;	    /* coming bytes that are only counted, */
	uint32_t passed;    /* and how many were, not told yet */
	uint8_t side;	    /* enum side: index in the pair */
	bool started : 1;   /* start_seq is known */
	bool guessed : 1;   /* ... from a packet that is no SYN, and nothing was handed on yet */
	bool ended : 1;	    /* end was told */
	bool ignored : 1;   /* nobody listens, and nothing is kept */
	bool unheard : 1;   /* nobody wants its bytes; gaps and the end are told all the same */
	bool has_acked : 1; /* ack_sent is known */
	bool good_sums : 1; /* has sent a segment with a right checksum */
	bool padded : 1;    /* its short segments carry padding as data, so what differs means nothing */
	struct tail tail;
};

_Static_assert(offsetof(struct direction, tail.pieces) == 64, "what each segment touches is in one cache line");

struct stream_pair {
	struct direction dir[2];
	void *flow; /* what the native engine hands to its taker */
	struct nids_pair *nids;
	uint32_t number; /* in the pool */
};

struct reassembler {
	enum engine_kind engine;
	struct stream_taker taker; /* of the native engine: the user's, or the second engine's */
	struct nids_engine *nids;  /* NULL with the native engine alone */
	size_t held_max, held_stream_max;
	struct pool pairs; /* of struct stream_pair */
	struct pool helds; /* of struct held */
	size_t waiting_bytes, tail_bytes;
	uint64_t let_go; /* directions whose waiting bytes were dropped to keep the bound */
	struct held *oldest, *youngest;
};

/* The native engine; the pair exists. */
void native_packet(struct reassembler *r, struct stream_pair *pair, enum side s, const struct packet *p);
/* Whether the receiver can have accepted the segment: its checksum is right, or left to the card. */
bool native_takes(struct direction *d, const struct packet *p);
bool native_is_padding(const struct packet *p); /* its payload is no payload */
void native_ignore(struct reassembler *r, struct stream_pair *pair, enum side s);
void native_close(struct reassembler *r, struct stream_pair *pair, const struct frame_ref *ref);

static inline struct direction *direction_peer(struct direction *d)
{
	return d->side == SIDE_ORIG ? d + 1 : d - 1;
}

/* Where the stream ends; UNSET: not known, or told already. */
static inline int64_t direction_fin(const struct direction *d)
{
	return d->held ? d->held->fin : UNSET;
}

static inline int64_t direction_offset(const struct direction *d, uint32_t seq)
{
	return d->next + (int32_t)(seq - (d->start_seq + (uint32_t)d->next));
}

#endif
