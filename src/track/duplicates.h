/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames without a conversation (ICMP, ARP) that the capture holds twice. See duplicates.c. */
#ifndef PCAPDX_TRACK_DUPLICATES_H
#define PCAPDX_TRACK_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

struct packet;

#define RECENT_FRAMES 256

struct recent_frames { /* zeroed to begin with */
	uint64_t prints[RECENT_FRAMES]; /* fingerprints, by their hash */
};

/* Whether the packet is a copy. Remembers it otherwise. */
bool duplicate_elsewhere(struct recent_frames *r, const struct packet *p);

#endif
