/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded list of points in time, and how densely they lie. */
#include "diagnose/moments.h"

#include <stdlib.h>

#include "base/fetch.h"
#include "base/text.h"

#define ROOM_FIRST 4

void moments_add(struct moments *m, int64_t ns, size_t *held_bytes)
{
	if (m->n == MOMENTS_MAX) {
		m->lost++;
		return;
	}
	if (m->n == m->room) {
		uint32_t room = m->room ? m->room * 2 : ROOM_FIRST;

		*held_bytes += (room - m->room) * sizeof(*m->v);
		m->room = room;
		m->v = xrealloc(m->v, room * sizeof(*m->v));
	}
	m->v[m->n++] = ns;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void moments_sort(struct moments *m)
{
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), by_time);
}

uint32_t moments_peak(const struct moments *m, int64_t window_ns, int64_t *at_ns)
{
	uint32_t oldest = 0, peak = 0;

	*at_ns = 0;
	for (uint32_t i = 0; i < m->n; i++) {
		while (m->v[i] - m->v[oldest] >= window_ns)
			oldest++;
		if (i - oldest + 1 > peak) {
			peak = i - oldest + 1;
			*at_ns = m->v[i];
		}
	}
	return peak;
}

/* The first index whose moment is not before ns. */
static uint32_t lower_bound(const struct moments *m, int64_t ns)
{
	uint32_t low = 0, high = m->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (m->v[mid] < ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t moments_between(const struct moments *m, int64_t from_ns, int64_t to_ns)
{
	uint32_t from = lower_bound(m, from_ns), to = lower_bound(m, to_ns);

	return to > from ? to - from : 0;
}

void moments_fetch(const struct moments *m)
{
	if (m->n < m->room)
		fetch_line(&m->v[m->n]);
}

void moments_free(struct moments *m)
{
	free(m->v);
	*m = (struct moments){ 0 };
}
