/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of claims: each failed conversation once, under the code of the rule that took it. Rules read it back in
 * groups when the capture ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/claims.h"
#include "diagnose/context.h"

#define CLAIMS_SHARE 8		  /* of the memory bound; claims beyond it are counted */
#define TYPICAL_MAX 400	  /* conversations kept whole, for ladder diagrams */
#define TYPICAL_PER_SERVICE 1

struct stored {
	struct claim claim; /* first: a struct claim * is a struct stored * */
	struct record *typical;
};

void claim_evidence(struct claim *c, const struct record *r, const struct frame_ref *ref, const char *format, ...)
{
	struct evidence *e;
	va_list args;

	if (!ref->frame || c->evidence_count == CLAIM_EVIDENCE_MAX)
		return;
	e = &c->evidence[c->evidence_count++];
	e->source = ref->source;
	e->frame = ref->frame;
	e->ts_ns = r->ts_ns + ref->at_ns;
	va_start(args, format);
	vsnprintf(e->what, sizeof(e->what), format, args);
	va_end(args);
}

void claim_fill(struct claim *c, const struct record *r)
{
	const struct conn *conn = &r->conn;

	c->orig = r->orig_h;
	c->resp = r->resp_h;
	c->orig_p = r->orig_p;
	c->resp_p = r->resp_p;
	c->proto = r->proto;
	c->source = r->source;
	c->stream = conn->stream;
	c->ts_ns = r->ts_ns;
	c->ended_ns = r->ts_ns + (conn->duration_ns > 0 ? conn->duration_ns : 0);
	c->delay_s = -1;
	memcpy(c->service, conn->service, sizeof(c->service));
	c->resp_mac = conn->side[SIDE_RESP].mac;
	c->orig_mac = conn->side[SIDE_ORIG].mac;
	c->resp_ttl = conn->side[SIDE_RESP].ttl;
}

static bool same_service(const struct claim *a, const struct claim *b)
{
	return a->code == b->code && a->resp_p == b->resp_p && addr_equal(&a->resp, &b->resp);
}

static bool wants_typical(const struct diagnosis_context *x, const struct claim *c)
{
	int kept = 0;

	if (x->typical_count >= TYPICAL_MAX)
		return false;
	for (uint32_t i = x->claim_count; i > 0 && x->claim_count - i < 2000; i--)
		if (same_service(x->claims[i - 1], c) && ((struct stored *)x->claims[i - 1])->typical)
			kept++;
	return kept < TYPICAL_PER_SERVICE;
}

void claim_store(struct diagnosis_context *x, const struct claim *c, const struct record *r)
{
	struct stored *s;

	if (x->claim_count >= x->options->memory_bytes / CLAIMS_SHARE / sizeof(struct stored)) {
		x->claims_lost++;
		return;
	}
	if (x->claim_count == x->claim_room) {
		x->claim_room = x->claim_room ? x->claim_room * 2 : 64;
		x->claims = xrealloc(x->claims, x->claim_room * sizeof(struct claim *));
	}
	s = xmalloc(sizeof(*s));
	s->typical = NULL;
	memcpy(&s->claim, c, offsetof(struct claim, evidence) + (size_t)c->evidence_count * sizeof(c->evidence[0]));
	s->claim.place = x->claim_count;
	x->held_bytes += sizeof(*s);
	if (wants_typical(x, c)) {
		s->typical = record_keep(r);
		x->typical_count++;
		x->held_bytes += record_size(r);
	}
	x->claims[x->claim_count++] = &s->claim;
}

void claims_free(struct diagnosis_context *x)
{
	for (uint32_t i = 0; i < x->claim_count; i++) {
		free(((struct stored *)x->claims[i])->typical);
		free(x->claims[i]);
	}
	free(x->claims);
}

void claim_own(struct claim *c, const char *code)
{
	c->owner = code;
}

struct claim *claim_next(struct diagnosis_context *x, struct claim *after, const char *code)
{
	uint32_t i = after ? after->place + 1 : 0;

	for (; i < x->claim_count; i++) {
		struct claim *c = x->claims[i];

		if (!c->owner && (!code || strcmp(c->code, code) == 0))
			return c;
	}
	return NULL;
}

struct record *claim_typical(const struct claim *c)
{
	const struct record *kept = ((const struct stored *)c)->typical;

	return kept ? record_keep(kept) : NULL;
}

struct group_key {
	struct addr client, server;
	uint16_t port, pad;
};

static struct group_key key_of(const struct claim *c, enum claim_grouping by)
{
	struct group_key k = {0};

	if (by == GROUP_BY_PAIR || by == GROUP_BY_CLIENT || by == GROUP_BY_CLIENT_SERVICE)
		k.client = c->orig;
	if (by == GROUP_BY_SERVICE || by == GROUP_BY_PAIR || by == GROUP_BY_CLIENT_SERVICE || by == GROUP_BY_SERVER)
		k.server = c->resp;
	if (by == GROUP_BY_SERVICE || by == GROUP_BY_CLIENT_SERVICE)
		k.port = c->resp_p;
	return k;
}

struct gathered {
	struct claim **claims;
	int count, room;
};

static void gather(struct gathered *g, struct claim *c)
{
	if (g->count == g->room) {
		g->room = g->room ? g->room * 2 : 4;
		g->claims = xrealloc(g->claims, (size_t)g->room * sizeof(struct claim *));
	}
	g->claims[g->count++] = c;
}

static void drop_gathered(void *owner, void *value)
{
	(void)owner;
	free(((struct gathered *)value)->claims);
}

static struct claim_group group_from(const struct gathered *g)
{
	const struct claim *first = g->claims[0];
	struct claim_group out = {.code = first->code,
		.claims = g->claims,
		.count = g->count,
		.total = (uint64_t)g->count,
		.client = first->orig,
		.server = first->resp,
		.port = first->resp_p};
	static const struct addr unset;

	for (int i = 0; i < g->count; i++) {
		const struct stored *s = (const struct stored *)g->claims[i];

		if (!addr_equal(&g->claims[i]->orig, &first->orig))
			out.client = unset;
		if (!addr_equal(&g->claims[i]->resp, &first->resp))
			out.server = unset;
		if (g->claims[i]->resp_p != first->resp_p)
			out.port = 0;
		if (s->typical && !out.typical)
			out.typical = s->typical;
	}
	return out;
}

void claim_groups(struct diagnosis_context *x, const char *code, enum claim_grouping by,
	void (*each)(void *arg, struct diagnosis_context *x, const struct claim_group *g), void *arg)
{
	struct table groups;

	table_init(&groups, sizeof(struct group_key), sizeof(struct gathered), UINT32_MAX);
	groups.drop = drop_gathered;
	for (struct claim *c = claim_next(x, NULL, code); c; c = claim_next(x, c, code)) {
		struct group_key k = key_of(c, by);

		gather(table_add(&groups, &k), c);
	}
	for (struct table_entry *e = table_next(&groups, NULL); e; e = table_next(&groups, e)) {
		struct claim_group g = group_from(table_value(e));

		each(arg, x, &g);
	}
	table_free(&groups);
}

static struct samples delays_of(const struct claim_group *g)
{
	struct samples s = {0};

	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->delay_s >= 0)
			samples_add(&s, g->claims[i]->delay_s);
	return s;
}

double group_delay_median(const struct claim_group *g)
{
	struct samples s = delays_of(g);
	double median = samples_median(&s);

	samples_free(&s);
	return median;
}

double group_delay_min(const struct claim_group *g)
{
	struct samples s = delays_of(g);
	double min = s.min;

	samples_free(&s);
	return min;
}

double group_delay_max(const struct claim_group *g)
{
	struct samples s = delays_of(g);
	double max = s.max;

	samples_free(&s);
	return max;
}
