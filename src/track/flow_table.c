/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing and backward-shift deletion, so there are no graves to walk over. */
#include "track/flow_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/text.h"

#define SLOTS_FIRST (UINT32_C(1) << 14) /* 128 KiB: small captures should not pay for large ones */

void flow_table_init(struct flow_table *t)
{
	*t = (struct flow_table){ .slots = xcalloc(SLOTS_FIRST, sizeof(*t->slots)), .mask = SLOTS_FIRST - 1 };
}

void flow_table_free(struct flow_table *t)
{
	free(t->slots);
	*t = (struct flow_table){ 0 };
}

size_t flow_table_bytes(const struct flow_table *t)
{
	return ((size_t)t->mask + 1) * sizeof(*t->slots);
}

static void place(struct flow_table *t, struct flow_slot entry)
{
	uint32_t at = entry.tag & t->mask;

	while (t->slots[at].number)
		at = (at + 1) & t->mask;
	t->slots[at] = entry;
}

static void grow(struct flow_table *t)
{
	struct flow_table bigger = { .mask = t->mask * 2 + 1, .count = t->count };

	bigger.slots = xcalloc((size_t)bigger.mask + 1, sizeof(*bigger.slots));
	for (size_t i = 0; i <= t->mask; i++)
		if (t->slots[i].number)
			place(&bigger, t->slots[i]);
	free(t->slots);
	*t = bigger;
}

void flow_table_add(struct flow_table *t, uint32_t tag, uint32_t number)
{
	assert(number != 0);
	if (t->count >= t->mask / 4 * 3)
		grow(t);
	place(t, (struct flow_slot){ tag, number });
	t->count++;
}

static uint32_t find(const struct flow_table *t, uint32_t tag, uint32_t number)
{
	uint32_t at = tag & t->mask;

	while (t->slots[at].number != number || t->slots[at].tag != tag) {
		assert(t->slots[at].number != 0);
		at = (at + 1) & t->mask;
	}
	return at;
}

void flow_table_renumber(struct flow_table *t, uint32_t tag, uint32_t from, uint32_t to)
{
	t->slots[find(t, tag, from)].number = to;
}

/* Whether an entry that belongs at `home` may stand at `at` when `hole` becomes free: not if it probed past it. */
static bool stays(uint32_t home, uint32_t hole, uint32_t at)
{
	return hole <= at ? (hole < home && home <= at) : (hole < home || home <= at);
}

void flow_table_remove(struct flow_table *t, uint32_t tag, uint32_t number)
{
	uint32_t hole = find(t, tag, number), at = hole;

	for (;;) {
		at = (at + 1) & t->mask;
		if (!t->slots[at].number)
			break;
		if (stays(t->slots[at].tag & t->mask, hole, at))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole] = (struct flow_slot){ 0 };
	t->count--;
}
