/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of numbers: when full, every second one is dropped and the stride doubles. */
#include "base/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

#define FIRST_ROOM 4 /* most sets that somebody keeps for each of many hold a few */

static void thin_out(struct samples *s)
{
	for (uint32_t i = 0; i < s->n / 2; i++)
		s->v[i] = s->v[2 * i];
	s->n /= 2;
	s->stride *= 2;
}

static void grow(struct samples *s)
{
	s->room = s->room ? s->room * 2 : FIRST_ROOM;
	s->v = xrealloc(s->v, s->room * sizeof(*s->v));
}

void samples_add(struct samples *s, double value)
{
	if (!s->seen) {
		s->stride = 1;
		s->min = s->max = value;
	}
	s->min = value < s->min ? value : s->min;
	s->max = value > s->max ? value : s->max;
	s->sum += value;
	s->seen++;
	if (s->skip) {
		s->skip--;
		return;
	}
	if (s->n == SAMPLES_MAX)
		thin_out(s);
	if (s->n == s->room)
		grow(s);
	s->v[s->n++] = value;
	s->skip = s->stride - 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort_copy(const struct samples *s, double sorted[SAMPLES_MAX])
{
	memcpy(sorted, s->v, s->n * sizeof(*sorted));
	qsort(sorted, s->n, sizeof(*sorted), by_value);
}

/* Of n sorted values, one at least. */
static double at_rank(const double *sorted, uint32_t n, double p)
{
	uint32_t rank = (uint32_t)(p / 100.0 * n);

	return sorted[rank < n ? rank : n - 1];
}

double samples_percentile(const struct samples *s, double p)
{
	double sorted[SAMPLES_MAX];

	if (!s->n)
		return 0;
	sort_copy(s, sorted);
	return at_rank(sorted, s->n, p);
}

double samples_median(const struct samples *s)
{
	double sorted[SAMPLES_MAX];

	if (!s->n)
		return 0;
	sort_copy(s, sorted);
	if (s->n % 2)
		return at_rank(sorted, s->n, 50);
	return (at_rank(sorted, s->n, 50 - 50.0 / s->n) + at_rank(sorted, s->n, 50)) / 2;
}

void samples_fetch(const struct samples *s)
{
	if (s->n < s->room)
		fetch_line(&s->v[s->n]);
}

void samples_free(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ 0 };
}
