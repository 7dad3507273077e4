/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of each source beside conversations: packets by kind, faults, frames captured twice. */
#ifndef PCAPDX_SOURCE_COUNTERS_H
#define PCAPDX_SOURCE_COUNTERS_H

#include <stdint.h>

#include "decode/packet.h"

struct source_count {
	uint64_t kinds[PACKET_FRAGMENT + 1];
	uint64_t faults[FAULT_KINDS], first_fault, unknown_link;
	uint64_t duplicates, duplicates_frame;
};

struct source_counters { /* zeroed to begin with */
	struct source_count *list;
	uint16_t count;
};

void source_counters_free(struct source_counters *all);
void source_counters_reach(struct source_counters *all, uint16_t source);

/* Stays where it is until a source beyond it is asked for. */
static inline struct source_count *source_count_of(struct source_counters *all, uint16_t source)
{
	if (source >= all->count)
		source_counters_reach(all, source);
	return &all->list[source];
}

void source_count_odd(struct source_count *n, const struct frame *f, const struct packet *p);

static inline void source_count_packet(struct source_count *n, const struct frame *f, const struct packet *p)
{
	n->kinds[p->kind]++;
	if (!p->plain && (p->verdict != PACKET_OK || p->fault || p->kind == PACKET_OTHER))
		source_count_odd(n, f, p);
}

/* Fills what it knows of that source's record. */
void source_counters_tell(const struct source_counters *all, uint16_t source, struct capture *out);

#endif
