/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation's birth and death: who opened it, its number, what it inherits of an earlier one, its memory. */
#ifndef PCAPDX_TRACK_FLOW_BEGIN_H
#define PCAPDX_TRACK_FLOW_BEGIN_H

#include "track/tracker_impl.h"

/* What an earlier conversation of the same tuple leaves to the next. */
struct former {
	bool same_stream; /* the new one has its stream number */
	bool quoted; /* there was none, but it has a stream number */
	uint32_t stream, generation;
	uint64_t sources;
	int64_t ended_ns;
	uint8_t closer; /* 0 low end, 1 high end, 2 none */
	struct ws_analysis ws;
};

struct former former_of_flow(struct flow *f, bool same_stream);
struct former former_of_tombstone(const struct tombstone *s, bool same_stream);

/*
 * A new conversation in the table and its list. `src_is_low`: the packet's sender is the low end of the key. `former`:
 * NULL if there was none of the tuple in this capture.
 */
struct flow *flow_begin(struct tracker *t, const struct flow_key *key, uint32_t tag, const struct packet *p,
	bool src_is_low, const struct former *former);
/* The next of Wireshark's numbers for the key's protocol in that source. */
uint32_t next_stream(struct tracker *t, const struct flow_key *key, uint16_t source);
/* Gives all memory back; the table's entry must be gone or be another's. */
void flow_delete(struct tracker *t, struct flow *f);
/* The counters of a source; valid until the next source is seen. */
struct stream_count *flow_count_of(struct tracker *t, uint16_t source);
/* Counts the conversation in a source where it was not seen before, as Wireshark would on that file alone. */
void flow_seen_in(struct tracker *t, struct flow *f, uint16_t source);

#endif
