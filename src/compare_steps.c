/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Item by item: the values of the failing talks beside those of the working ones. */
#include <stdlib.h>
#include <string.h>

#include "base/samples.h"
#include "base/text.h"
#include "base/when.h"
#include "compare.h"

/* Times differ between any two connections; below these nobody would notice. */
#define TIME_FACTOR 2.0
#define TIME_LEAST_S 0.050
#define LISTED_MAX 8 /* of a set's members that only one side has */

const char *compare_step_name(enum compare_step s)
{
	static const char *const names[STEPS] = {"options of the SYN", "answer to the SYN", "path", "TLS offer",
		"TLS answer", "request", "answer", "end", "timing", "what explains nothing"};

	return names[s];
}

struct values {
	char *v[COMPARED_MAX];
	int count;
};

static void values_read(struct values *out, const struct compare_item *item, const struct talk **talks, int count)
{
	out->count = 0;
	for (int i = 0; i < count && i < COMPARED_MAX; i++) {
		struct text t = {0};

		item->say(talks[i], &t);
		if (t.len)
			out->v[out->count++] = t.s;
		else
			text_free(&t);
	}
}

static void values_free(struct values *values)
{
	for (int i = 0; i < values->count; i++)
		free(values->v[i]);
}

static int times_in(const struct values *values, const char *value)
{
	int n = 0;

	for (int i = 0; i < values->count; i++)
		n += strcmp(values->v[i], value) == 0;
	return n;
}

/* The most frequent value that does not occur in `without`; the first of equals. */
static const char *typical(const struct values *values, const struct values *without)
{
	const char *best = NULL;
	int most = 0;

	for (int i = 0; i < values->count; i++) {
		int n = without && times_in(without, values->v[i]) ? 0 : times_in(values, values->v[i]);

		if (n > most) {
			most = n;
			best = values->v[i];
		}
	}
	return best;
}

/* Whether a list "a, b, c" has that member. */
static bool has_member(const char *list, const char *member, size_t n)
{
	while (*list) {
		size_t m = strcspn(list, ",");

		if (m == n && memcmp(list, member, n) == 0)
			return true;
		list += m + strspn(list + m, ", ");
	}
	return false;
}

/* Members of `list` that `other` does not have. */
static char *only_in(const char *list, const char *other)
{
	struct text t = {0};
	int count = 0;

	while (*list) {
		size_t n = strcspn(list, ",");

		if (!has_member(other, list, n) && count++ < LISTED_MAX) {
			text_add(&t, t.len ? ", " : "also ");
			text_add_bytes(&t, list, n);
		}
		list += n + strspn(list + n, ", ");
	}
	if (count > LISTED_MAX)
		text_printf(&t, " and %d more", count - LISTED_MAX);
	if (!count)
		text_add(&t, "nothing beyond the other's");
	return t.s;
}

static void add_difference(struct comparison *c, struct difference d)
{
	c->differences = xrealloc(c->differences, (size_t)(c->difference_count + 1) * sizeof(d));
	c->differences[c->difference_count++] = d;
}

static enum compare_step step_of(const struct comparison *c, const struct compare_item *item)
{
	return compare_tls_explains(c->bad[0], item) ? item->step : STEP_NOTHING;
}

static void compare_values(
	struct comparison *c, const struct compare_item *item, const struct values *good, const struct values *bad)
{
	struct difference d = {.item = item, .step = step_of(c, item), .bad_of = bad->count};
	const char *good_value, *bad_value;

	for (int i = 0; i < bad->count; i++)
		d.bad_with += !times_in(good, bad->v[i]);
	if (d.bad_with * 2 <= d.bad_of)
		return;
	good_value = typical(good, NULL);
	bad_value = typical(bad, good);
	d.good = item->is_set ? only_in(good_value, bad_value) : xstrdup(good_value);
	d.bad = item->is_set ? only_in(bad_value, good_value) : xstrdup(bad_value);
	add_difference(c, d);
}

static void compare_item_text(struct comparison *c, const struct compare_item *item)
{
	struct values good, bad;

	values_read(&good, item, c->good, c->good_count);
	values_read(&bad, item, c->bad, c->bad_count);
	if (good.count && bad.count) {
		c->compared[item->step] = true;
		compare_values(c, item, &good, &bad);
	}
	values_free(&good);
	values_free(&bad);
}

static bool median_of(const struct compare_item *item, const struct talk **talks, int count, double *out)
{
	struct samples s = {0};

	for (int i = 0; i < count && i < COMPARED_MAX; i++) {
		int64_t ns = item->measure(talks[i]);

		if (ns >= 0)
			samples_add(&s, when_s(ns));
	}
	*out = samples_median(&s);
	count = (int)s.n;
	samples_free(&s);
	return count > 0;
}

static void compare_item_time(struct comparison *c, const struct compare_item *item)
{
	char good_text[WHEN_TEXT_SIZE], bad_text[WHEN_TEXT_SIZE];
	double good, bad, more, less;

	if (!median_of(item, c->good, c->good_count, &good) || !median_of(item, c->bad, c->bad_count, &bad))
		return;
	c->compared[item->step] = true;
	more = good > bad ? good : bad;
	less = good > bad ? bad : good;
	if (more > less * TIME_FACTOR && more - less > TIME_LEAST_S)
		add_difference(c, (struct difference){.item = item,
					  .step = step_of(c, item),
					  .good = xstrdup(when_duration(good, good_text)),
					  .bad = xstrdup(when_duration(bad, bad_text))});
}

static bool differs(const struct comparison *c, const char *name)
{
	for (int i = 0; i < c->difference_count; i++)
		if (strcmp(c->differences[i].item->name, name) == 0)
			return true;
	return false;
}

static void compare_item_of(struct comparison *c, const struct compare_item *item)
{
	if ((item->of_server && c->match > MATCH_SERVER) || (item->unless && differs(c, item->unless)))
		return;
	if (item->measure)
		compare_item_time(c, item);
	else
		compare_item_text(c, item);
}

void compare_steps(struct comparison *c)
{
	static const struct compare_item *const tables[] = {compare_tcp_items, compare_tls_items, compare_data_items};

	for (int step = 0; step < STEPS; step++)
		for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
			for (const struct compare_item *item = tables[i]; item->name; item++)
				if ((int)step_of(c, item) == step)
					compare_item_of(c, item);
}
