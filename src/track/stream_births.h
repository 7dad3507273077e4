/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wireshark numbers streams in the order of their first packets, over all conversations of a capture. A tracker that
 * sees only some of them notes here what wants a number, and gets the numbers later: until then a stream has its place
 * in the list, marked with STREAM_LATER.
 */
#ifndef PCAPDX_TRACK_STREAM_BIRTHS_H
#define PCAPDX_TRACK_STREAM_BIRTHS_H

#include <stdint.h>

#include "track/flow_key.h"

#define STREAM_LATER (UINT32_C(1) << 31)

struct stream_birth {
	struct flow_key key;
	uint64_t moment; /* orders births over all trackers */
	uint32_t number; /* filled in later */
	uint16_t source;
};

struct stream_births { /* zeroed to begin with */
	struct stream_birth *list; /* owned */
	uint32_t count, room;
	uint64_t moment; /* of the packet at hand; set by the owner */
};

uint32_t stream_births_add(struct stream_births *b, const struct flow_key *key, uint16_t source);
void stream_births_free(struct stream_births *b);

#endif
