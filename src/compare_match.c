/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which failing talks belong together, and which working ones are closest to them. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compare.h"

#define GROUPS_MAX 10 /* shown; the largest */

static bool same_code(const struct talk *a, const struct talk *b)
{
	return a->code == b->code || (a->code && b->code && strcmp(a->code, b->code) == 0);
}

static bool same_server(const struct talk *a, const struct talk *b)
{
	return addr_equal(&a->conn->resp_h, &b->conn->resp_h) && a->conn->resp_p == b->conn->resp_p;
}

static bool same_group(const struct talk *a, const struct talk *b)
{
	return same_code(a, b) && same_server(a, b) && a->conn->proto == b->conn->proto;
}

static bool same_name(const struct talk *a, const struct talk *b)
{
	return *talk_name(a) && strcasecmp(talk_name(a), talk_name(b)) == 0;
}

static enum compare_match match_of(const struct talk *bad, const struct talk *good)
{
	const struct record *a = bad->conn, *b = good->conn;

	if (a->proto != b->proto)
		return MATCH_NONE;
	if (a->resp_p == b->resp_p && same_name(bad, good))
		return MATCH_SERVICE;
	if (same_server(bad, good))
		return MATCH_SERVER;
	if (a->resp_p == b->resp_p)
		return MATCH_PORT;
	if (a->conn.service[0] && strcmp(a->conn.service, b->conn.service) == 0)
		return MATCH_KIND;
	return MATCH_NONE;
}

static bool works(const struct talk *t)
{
	return t->outcome == OUTCOME_OK;
}

static void add_talk(const struct talk ***v, int *count, const struct talk *t)
{
	if (*count < COMPARED_MAX)
		(*v)[*count] = t;
	++*count;
}

static void choose_working(struct comparison *c, const struct talks *good)
{
	c->match = MATCH_NONE;
	for (int i = 0; i < good->count; i++) {
		enum compare_match m = works(&good->v[i]) ? match_of(c->bad[0], &good->v[i]) : MATCH_NONE;

		if (m < c->match)
			c->match = m;
	}
	c->good = xcalloc(COMPARED_MAX, sizeof(*c->good));
	for (int i = 0; i < good->count && c->match != MATCH_NONE; i++)
		if (works(&good->v[i]) && match_of(c->bad[0], &good->v[i]) == c->match)
			add_talk(&c->good, &c->good_count, &good->v[i]);
}

static struct comparison *group_of(struct comparisons *out, const struct talk *t)
{
	struct comparison *c;

	for (int i = 0; i < out->count; i++)
		if (same_group(out->v[i].bad[0], t))
			return &out->v[i];
	out->v = xrealloc(out->v, (size_t)(out->count + 1) * sizeof(*out->v));
	c = &out->v[out->count++];
	*c = (struct comparison){.bad = xcalloc(COMPARED_MAX, sizeof(*c->bad))};
	return c;
}

static void free_one(struct comparison *c)
{
	for (int i = 0; i < c->difference_count; i++) {
		free(c->differences[i].good);
		free(c->differences[i].bad);
	}
	free(c->differences);
	free(c->bad);
	free(c->good);
}

/* Largest first; insertion keeps the order of first appearance among equals. */
static void order_groups(struct comparisons *out)
{
	for (int i = 1; i < out->count; i++) {
		struct comparison c = out->v[i];
		int at = i;

		for (; at > 0 && out->v[at - 1].bad_count < c.bad_count; at--)
			out->v[at] = out->v[at - 1];
		out->v[at] = c;
	}
}

void compare_talks(const struct talks *good, const struct talks *bad, struct comparisons *out)
{
	*out = (struct comparisons){.good = good, .bad = bad};
	for (int i = 0; i < good->count; i++)
		out->working += works(&good->v[i]);
	for (int i = 0; i < bad->count; i++)
		out->failing += talk_failed(&bad->v[i]);
	for (int i = 0; i < bad->count; i++) {
		const struct talk *t = &bad->v[i];
		struct comparison *c;

		if (out->failing ? !talk_failed(t) : !works(t))
			continue;
		c = group_of(out, t);
		add_talk(&c->bad, &c->bad_count, t);
	}
	order_groups(out);
	for (; out->count > GROUPS_MAX; out->count--, out->left_out++)
		free_one(&out->v[out->count - 1]);
	for (int i = 0; i < out->count; i++) {
		choose_working(&out->v[i], good);
		if (out->v[i].good_count)
			compare_steps(&out->v[i]);
	}
}

void comparisons_free(struct comparisons *c)
{
	for (int i = 0; i < c->count; i++)
		free_one(&c->v[i]);
	free(c->v);
	*c = (struct comparisons){0};
}
