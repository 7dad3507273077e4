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
 * What segments of an undisturbed stream touch of one direction. Offsets count bytes of the stream; `next` belongs to
 * sequence number start_seq + next.
 */
struct direction {
	int64_t next; /* the byte that is due */
	uint32_t start_seq;
	uint32_t ack_sent; /* highest acknowledgment number that it sent: about the other direction */
	uint32_t quiet;	   /* coming bytes that are only counted, */
	uint32_t passed;   /* and how many were, not told yet, */
	uint16_t records;  /* with so many records begun */
	uint16_t shape;	   /* of records behind the quiet bytes that are only counted; 0: none are */
	struct tail tail;
	/* Written only where they change: bits that were just written cannot be read with others before they are in the
	 * cache. */
	union {
		struct {
			bool guessed : 1; /* start_seq, from a packet that is no SYN; and nothing was handed on yet */
			bool ended : 1;	  /* end was told */
			bool ignored : 1; /* nobody listens, and nothing is kept */
			bool waits : 1;	  /* something is in `held` */
			bool ahead : 1;	  /* bytes behind `next` were seen, see `highest` */
		};
		uint8_t disturbed; /* not 0: some of them is set */
	};
	bool side : 1;	    /* enum side: index in the pair */
	bool started : 1;   /* start_seq is known */
	bool unheard : 1;   /* nobody wants its bytes; gaps and the end are told all the same */
	bool has_acked : 1; /* ack_sent is known */
	bool acks_unseen : 1; /* its acknowledgments moved while nothing was seen of the other side */
	bool hasty : 1;	    /* it waited for bytes of the other side in vain: it does so no more */
	bool good_sums : 1; /* has sent a segment with a right checksum */
	bool padded : 1;    /* its short segments carry padding as data, so what differs means nothing */
};

/* Of a direction that is not in order. */
struct far {
	struct held *held; /* where the direction waits */
	int64_t highest;   /* end of the furthest data seen, where the direction is ahead */
};

/* A segment in order touches the first cache line and one of a ring, the first ones the two first lines. What is behind
 * them holds anything until it is needed. */
struct stream_pair {
	_Alignas(64) struct direction dir[2];
	struct tail_head head[2];
	struct tail_ring ring[2];
	struct far far[2];
	struct nids_pair *nids;
	uint32_t number; /* in the pool */
};

_Static_assert(offsetof(struct stream_pair, head) == 64, "what each segment touches is in one cache line");
_Static_assert(offsetof(struct stream_pair, ring) == 128, "what the first segments touch is in another one");

struct reassembler {
	enum engine_kind engine;
	struct stream_taker taker; /* of the native engine: the user's, or the second engine's */
	void *flow;		   /* of the packet at hand: what is handed to the taker */
	struct nids_engine *nids;  /* NULL with the native engine alone */
	size_t held_max, held_stream_max;
	struct pool pairs; /* of struct stream_pair */
	struct pool helds; /* of struct held */
	struct tail_heads heads;
	size_t waiting_bytes;
	uint64_t let_go; /* directions whose waiting bytes were dropped to keep the bound */
	struct held *oldest, *youngest;
};

/* The native engine: a packet of that direction. True: both have ended. */
bool native_packet(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p);
/* Whether the receiver can have accepted the segment: its checksum is right, or left to the card. */
bool native_takes(struct direction *d, const struct packet *p);
bool native_is_padding(const struct packet *p); /* its payload is no payload */
void native_ignore(struct reassembler *r, struct stream_pair *pair, enum side s);
void native_close(struct reassembler *r, struct stream_pair *pair, const struct frame_ref *ref);

static inline struct direction *direction_peer(struct direction *d)
{
	return d->side ? d - 1 : d + 1;
}

static inline struct stream_pair *direction_pair(const struct direction *d)
{
	return (struct stream_pair *)(void *)(d - d->side);
}

static inline struct tail_head *direction_head(const struct direction *d)
{
	return &direction_pair(d)->head[d->side];
}

static inline struct tail_ring *direction_ring(const struct direction *d)
{
	return &direction_pair(d)->ring[d->side];
}

static inline struct far *direction_far(const struct direction *d)
{
	return &direction_pair(d)->far[d->side];
}

/* What waits; NULL: nothing. */
static inline struct held *direction_held(const struct direction *d)
{
	return d->waits ? direction_far(d)->held : NULL;
}

/* Where the stream ends; UNSET: not known, or told already. */
static inline int64_t direction_fin(const struct direction *d)
{
	return d->waits ? direction_far(d)->held->fin : UNSET;
}

/* End of the furthest data seen. */
static inline int64_t direction_highest(const struct direction *d)
{
	return d->ahead ? direction_far(d)->highest : d->next;
}

/* Data was seen up to `end`, which is not before `next`. */
static inline void direction_reaches(struct direction *d, int64_t end)
{
	d->ahead = end > d->next;
	direction_far(d)->highest = end;
}

static inline int64_t direction_offset(const struct direction *d, uint32_t seq)
{
	return d->next + (int32_t)(seq - (d->start_seq + (uint32_t)d->next));
}

/*
 * Whether a segment with that acknowledgment was sent after bytes of the other side that were not handed on yet. Taps
 * and queues of a card that are out of step show it before them.
 */
static inline bool direction_is_early(struct direction *d, uint32_t ack)
{
	const struct direction *peer = direction_peer(d);

	if (!peer->started)
		return d->acks_unseen && !d->hasty;
	return (int32_t)(ack - (peer->start_seq + (uint32_t)peer->next)) > 0 && !peer->ended && !peer->ignored &&
	       !d->hasty && !d->unheard;
}

#endif
