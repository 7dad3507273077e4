/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of numbers: when full, every second one is dropped and the stride doubles. */
#include "base/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

static void thin_out(struct samples *s)
{
	for (uint32_t i = 0; i < s->n / 2; i++)
		s->v[i] = s->v[2 * i];
	s->n /= 2;
	s->stride *= 2;
}

void samples_add(struct samples *s, double value)
{
	if (!s->v) {
		s->v = xmalloc(SAMPLES_MAX * sizeof(*s->v));
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
	s->v[s->n++] = value;
	s->skip = s->stride - 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_percentile(const struct samples *s, double p)
{
	double sorted[SAMPLES_MAX];
	uint32_t rank;

	if (!s->n)
		return 0;
	memcpy(sorted, s->v, s->n * sizeof(*sorted));
	qsort(sorted, s->n, sizeof(*sorted), by_value);
	rank = (uint32_t)(p / 100.0 * s->n);
	return sorted[rank < s->n ? rank : s->n - 1];
}

void samples_fetch(const struct samples *s)
{
	if (s->v)
		fetch_line(&s->v[s->n]);
}

double samples_median(const struct samples *s)
{
	double low, high;

	if (s->n % 2)
		return samples_percentile(s, 50);
	low = samples_percentile(s, 50 - 50.0 / (s->n ? s->n : 1));
	high = samples_percentile(s, 50);
	return (low + high) / 2;
}

void samples_free(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ 0 };
}
