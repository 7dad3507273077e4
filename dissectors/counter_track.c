/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order and loss of numbered datagrams. */
#include "dissectors/counter_track.h"

#include <string.h>

static bool is_seen(const struct counter_track *t, uint64_t n)
{
	return t->seen[n % COUNTER_WINDOW / 64] >> (n % 64) & 1;
}

static void set_seen(struct counter_track *t, uint64_t n, bool seen)
{
	uint64_t bit = UINT64_C(1) << (n % 64), *word = &t->seen[n % COUNTER_WINDOW / 64];

	*word = seen ? *word | bit : *word & ~bit;
}

enum counter_place counter_place(const struct counter_track *t, uint64_t n)
{
	if (!t->packets || n > t->highest)
		return COUNTER_NEXT;
	if (n < t->lowest || t->highest - n >= COUNTER_WINDOW)
		return COUNTER_OLD;
	return is_seen(t, n) ? COUNTER_DOUBLED : COUNTER_LATE;
}

static void advance(struct counter_track *t, uint64_t n)
{
	uint64_t step = n - t->highest;

	if (!t->packets) {
		t->lowest = n;
		memset(t->seen, 0, sizeof(t->seen));
	} else if (step >= COUNTER_WINDOW) {
		memset(t->seen, 0, sizeof(t->seen));
		t->missing += step - 1;
	} else {
		for (uint64_t i = t->highest + 1; i < n; i++)
			set_seen(t, i, false);
		t->missing += step - 1;
	}
	t->highest = n;
	set_seen(t, n, true);
}

enum counter_place counter_add(struct counter_track *t, uint64_t n)
{
	enum counter_place place = counter_place(t, n);

	switch (place) {
	case COUNTER_NEXT:
		advance(t, n);
		break;
	case COUNTER_LATE:
		t->reordered++;
		if (t->missing)
			t->missing--;
		set_seen(t, n, true);
		break;
	case COUNTER_DOUBLED:
		t->doubled++;
		break;
	case COUNTER_OLD:
		t->reordered++;
		break;
	}
	t->packets++;
	return place;
}
