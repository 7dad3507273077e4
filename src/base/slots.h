/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where is the thing of a key? Open addressing with linear probing over 8-byte slots: 32 bits of a seeded hash as tag,
 * and a number that means something to the owner (never 0). A probe walks along one cache line and reads a thing only
 * when its tag fits. Grows by doubling; the tags suffice to do that.
 */
#ifndef PCAPDX_BASE_SLOTS_H
#define PCAPDX_BASE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot {
	uint32_t tag, number; /* number 0: empty */
};

struct slots {
	struct slot *slot;
	uint32_t mask; /* slots - 1; a power of two */
	uint32_t count;
};

void slots_init(struct slots *s, uint32_t first); /* a power of two */
void slots_free(struct slots *s);
void slots_add(struct slots *s, uint32_t tag, uint32_t number);
void slots_remove(struct slots *s, uint32_t tag, uint32_t number); /* it must be there */
/* Gives the thing another number. */
void slots_renumber(struct slots *s, uint32_t tag, uint32_t from, uint32_t to);

static inline size_t slots_bytes(const struct slots *s)
{
	return ((size_t)s->mask + 1) * sizeof(*s->slot);
}

void slots_fetch(const struct slots *s, uint32_t tag); /* it is looked for soon */

/* Walks the entries of one tag: start with *at = tag; 0 when there are no more. */
static inline uint32_t slots_next(const struct slots *s, uint32_t tag, uint32_t *at)
{
	for (;; (*at)++) {
		const struct slot *o = &s->slot[*at & s->mask];

		if (!o->number)
			return 0;
		if (o->tag == tag) {
			(*at)++;
			return o->number;
		}
	}
}

/* The number of the first entry of a tag, 0: none. It stands at its place or beside it nearly always, which of the two
 * cannot be foreseen. */
static inline uint32_t slots_first(const struct slots *s, uint32_t tag)
{
	const struct slot *a = &s->slot[tag & s->mask], *b = &s->slot[(tag + 1) & s->mask];
	uint32_t here = a->number & -(uint32_t)(a->tag == tag);
	uint32_t found = here | (b->number & -(uint32_t)((b->tag == tag) & !here)), at = tag;

	return __builtin_expect(found != 0, 1) ? found : slots_next(s, tag, &at);
}

#endif
