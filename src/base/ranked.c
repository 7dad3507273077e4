/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass per byte of the ranks, the lowest first, leaving out bytes in which all are equal. */
#include "base/ranked.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DIGITS 256

static unsigned digit(const struct ranked *r, unsigned shift)
{
	return (unsigned)(r->rank >> shift) % DIGITS;
}

static uint64_t differing_bits(const struct ranked *list, size_t n)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= list[i].rank ^ list[0].rank;
	return differ;
}

static void deal(const struct ranked *from, struct ranked *to, size_t n, unsigned shift)
{
	size_t place[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		place[digit(&from[i], shift) + 1]++;
	for (unsigned d = 1; d < DIGITS; d++)
		place[d] += place[d - 1];
	for (size_t i = 0; i < n; i++)
		to[place[digit(&from[i], shift)]++] = from[i];
}

void ranked_sort(struct ranked *list, size_t n)
{
	uint64_t differ = differing_bits(list, n);
	struct ranked *other, *from = list, *to;

	if (!differ)
		return;
	to = other = xmalloc(n * sizeof(*other));
	for (unsigned shift = 0; shift < 64; shift += 8) {
		struct ranked *done = to;

		if (!(differ >> shift & (DIGITS - 1)))
			continue;
		deal(from, to, n, shift);
		to = from;
		from = done;
	}
	if (from != list)
		memcpy(list, from, n * sizeof(*list));
	free(other);
}
