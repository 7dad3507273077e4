/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing and backward-shift deletion, so there are no graves to walk over. */
#include "base/slots.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

static struct slot *empty_slots(uint32_t n)
{
	struct slot *slot = xmalloc_huge(n * sizeof(*slot));

	memset(slot, 0, n * sizeof(*slot));
	return slot;
}

void slots_init(struct slots *s, uint32_t first)
{
	*s = (struct slots){ .slot = empty_slots(first), .mask = first - 1 };
}

void slots_free(struct slots *s)
{
	free(s->slot);
	*s = (struct slots){ 0 };
}

static void place(struct slots *s, struct slot entry)
{
	uint32_t at = entry.tag & s->mask;

	while (s->slot[at].number)
		at = (at + 1) & s->mask;
	s->slot[at] = entry;
}

static void grow(struct slots *s)
{
	struct slots bigger = { .mask = s->mask * 2 + 1, .count = s->count };

	bigger.slot = empty_slots(bigger.mask + 1);
	for (size_t i = 0; i <= s->mask; i++)
		if (s->slot[i].number)
			place(&bigger, s->slot[i]);
	free(s->slot);
	*s = bigger;
}

void slots_add(struct slots *s, uint32_t tag, uint32_t number)
{
	assert(number != 0);
	if (s->count >= s->mask / 4 * 3)
		grow(s);
	place(s, (struct slot){ tag, number });
	s->count++;
}

static uint32_t find(const struct slots *s, uint32_t tag, uint32_t number)
{
	uint32_t at = tag & s->mask;

	while (s->slot[at].number != number) {
		assert(s->slot[at].number != 0);
		at = (at + 1) & s->mask;
	}
	return at;
}

void slots_renumber(struct slots *s, uint32_t tag, uint32_t from, uint32_t to)
{
	s->slot[find(s, tag, from)].number = to;
}

void slots_fetch(const struct slots *s, uint32_t tag)
{
	fetch_line(&s->slot[tag & s->mask]);
}

/* Whether an entry that belongs at `home` may stand at `at` when `hole` becomes free: not if it probed past it. */
static bool stays(uint32_t home, uint32_t hole, uint32_t at)
{
	return hole <= at ? (hole < home && home <= at) : (hole < home || home <= at);
}

void slots_remove(struct slots *s, uint32_t tag, uint32_t number)
{
	uint32_t hole = find(s, tag, number), at = hole;

	for (;;) {
		at = (at + 1) & s->mask;
		if (!s->slot[at].number)
			break;
		if (stays(s->slot[at].tag & s->mask, hole, at))
			continue;
		s->slot[hole] = s->slot[at];
		hole = at;
	}
	s->slot[hole] = (struct slot){ 0 };
	s->count--;
}
