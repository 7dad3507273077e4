/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection for tests of reassembly: segments in, a text of what was told out. */
#ifndef PCAPDX_TESTS_REASSEMBLE_RIG_H
#define PCAPDX_TESTS_REASSEMBLE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "options.h"
#include "reassemble/reassemble.h"

struct rig {
	struct reassembler *r;
	struct stream_pair *pair;
	struct text log;      /* a line for each thing told, "A" for SIDE_ORIG, "B" for SIDE_RESP */
	struct text bytes[2]; /* what was delivered, a gap as so many '?' */
	uint32_t isn[2];      /* added to each seq and ack */
	uint64_t frame;	      /* number of the last frame */
	int64_t now_ns;
	uint8_t checksum; /* of the next packets */
	uint32_t ip_len;
	uint32_t gaps[2], ends[2], differences;
	uint64_t gap_bytes[2];
	uint32_t quiet; /* asked for with each data that is told */
	uint16_t shape; /* of records that are only counted too */
};

/* One segment. `wire` 0: as many bytes as are here. */
struct rig_segment {
	enum side side;
	uint8_t flags;
	uint32_t seq, ack; /* relative to the first SYN (0); the first byte of data is 1 */
	const void *bytes;
	uint32_t here, wire;
};

void rig_open(struct rig *g, enum engine_kind engine, size_t held_max, size_t held_stream_max);
void rig_feed(struct rig *g, const struct rig_segment *s);
void rig_handshake(struct rig *g);
/* Text from A (or B) with ACK set; time goes on by 1 ms. */
void rig_say(struct rig *g, enum side side, uint32_t seq, uint32_t ack, const char *text);
void rig_close(struct rig *g); /* closes the connection; the log stays */
void rig_free(struct rig *g);

#endif
