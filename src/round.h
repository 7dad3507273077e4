/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stretch of the capture on its way to the lanes: decoded packets with the bytes that are theirs, who is to take
 * which of them, and what the lanes said about it. Filled by one thread, then worked on by all lanes, then emptied by
 * the first.
 */
#ifndef PCAPDX_ROUND_H
#define PCAPDX_ROUND_H

#include "decode/packet.h"
#include "capture/capture.h"
#include "events.h"
#include "track/stream_births.h"

#define ROUND_PACKETS 1024
#define ROUND_BYTES ((size_t)2 << 20) /* of payload: what a second-level cache holds */

struct round_slot {
	struct packet packet;
	struct frame frame;
	uint8_t *own; /* bytes of a packet that is larger than the room left; NULL: they are in the round's */
};

/* A packet of a lane, or only the tunnel around one, which wants a stream number. */
struct round_item {
	uint32_t slot;
	int32_t tunnel; /* level; -1: the packet */
};

struct round_lane {
	struct round_item *items; /* owned, as the rest */
	size_t item_count, item_room;
	struct event_queue said;
	struct stream_births births;
	size_t named; /* births that have their number */
};

struct round {
	struct round_slot *slots;
	uint32_t count;
	uint8_t *bytes;
	size_t used, room;
	int64_t clock_ns; /* up to which lanes go */
	bool any;	  /* something was put in */
	struct round_lane *lanes; /* the last one is of packets that no lane wants */
	int lane_count;
};

void round_init(struct round *r, int lanes);
void round_free(struct round *r);
bool round_is_full(const struct round *r);
/* The next free slot, to decode into. */
struct packet *round_slot(struct round *r);
/* Keeps what was decoded into it: copies the frame's head and the packet's bytes. Gives the slot. */
uint32_t round_keep(struct round *r, const struct frame *f);
void round_item(struct round *r, int lane, uint32_t slot, int tunnel);
void round_clear(struct round *r);
size_t round_held_bytes(const struct round *r);

#endif
