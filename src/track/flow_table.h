/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where is the conversation of a key? Open addressing with linear probing over 8-byte entries: the upper half of a
 * seeded hash as tag, and a number that means something to the owner (never 0). A probe walks along one cache line
 * and reads a conversation only when its tag fits. Grows by doubling; the tags suffice to do that.
 */
#ifndef PCAPDX_TRACK_FLOW_TABLE_H
#define PCAPDX_TRACK_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow_slot {
	uint32_t tag, number; /* number 0: empty */
};

struct flow_table {
	struct flow_slot *slots;
	uint32_t mask; /* slots - 1; a power of two */
	uint32_t count;
};

void flow_table_init(struct flow_table *t);
void flow_table_free(struct flow_table *t);
void flow_table_add(struct flow_table *t, uint32_t tag, uint32_t number);
void flow_table_remove(struct flow_table *t, uint32_t tag, uint32_t number);
/* Gives the entry another number. */
void flow_table_renumber(struct flow_table *t, uint32_t tag, uint32_t from, uint32_t to);
size_t flow_table_bytes(const struct flow_table *t);

/* Walks the entries of one tag: start with *at = tag; 0 when there are no more. */
static inline uint32_t flow_table_next(const struct flow_table *t, uint32_t tag, uint32_t *at)
{
	for (;; (*at)++) {
		const struct flow_slot *s = &t->slots[*at & t->mask];

		if (!s->number)
			return 0;
		if (s->tag == tag) {
			(*at)++;
			return s->number;
		}
	}
}

#endif
