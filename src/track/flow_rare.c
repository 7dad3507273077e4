/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only some conversations need comes from pools, and goes back to them. */
#include "track/flow_rare.h"

#include "base/fetch.h"
#include "base/seldom.h"
#include "base/text.h"
#include "track/tracker_impl.h"

_Static_assert(sizeof(struct near_labels) <= CACHE_LINE, "a line");

const struct side_odd side_odd_none = {.zero_window_open_ns = UNSET};

void rare_pools_init(struct rare_pools *p)
{
	pool_init_objects(&p->troubles, sizeof(struct trouble));
	pool_init_objects(&p->rares, sizeof(struct rare));
	pool_init_objects(&p->stalls, sizeof(struct stalls));
	pool_init_objects(&p->odds, sizeof(struct side_odd));
	pool_init_objects(&p->repairs, sizeof(struct repair));
	pool_init_objects(&p->lastings, sizeof(struct lasting));
	pool_init_objects(&p->key_markeds, sizeof(struct key_marked));
	pool_init(&p->labels, sizeof(struct label));
	pool_init(&p->near_labels, CACHE_LINE);
}

void rare_pools_free(struct rare_pools *p)
{
	pool_free(&p->troubles);
	pool_free(&p->rares);
	pool_free(&p->stalls);
	pool_free(&p->odds);
	pool_free(&p->repairs);
	pool_free(&p->lastings);
	pool_free(&p->key_markeds);
	pool_free(&p->labels);
	pool_free(&p->near_labels);
}

size_t rare_pools_bytes(const struct rare_pools *p)
{
	return pool_bytes(&p->troubles) + pool_bytes(&p->rares) + pool_bytes(&p->stalls) + pool_bytes(&p->odds) +
	       pool_bytes(&p->repairs) + pool_bytes(&p->lastings) +
	       pool_bytes(&p->key_markeds) + pool_bytes(&p->labels) + pool_bytes(&p->near_labels);
}

void flow_free_rare(struct flow *f)
{
	struct rare_pools *p = &f->tracker->rare;
	struct cold *c = cold_of(f);

	pool_delete(&p->troubles, c->trouble);
	pool_delete(&p->rares, c->rare);
	pool_delete(&p->stalls, f->stalls);
	pool_delete(&p->lastings, f->lasting);
	pool_delete(&p->key_markeds, f->key_marked);
	for (int s = 0; s < 2; s++) {
		pool_delete(&p->odds, c->odd[s]);
		pool_delete(&p->repairs, f->repair[s]);
	}
}

void flow_fetch_rare(const struct flow *f)
{
	const struct cold *c = cold_of(f);

	if (f->lasting)
		fetch(f->lasting, sizeof(*f->lasting));
	if (f->key_marked)
		fetch(f->key_marked, sizeof(*f->key_marked));
	if (f->stalls)
		fetch(f->stalls, sizeof(*f->stalls));
	for (int s = 0; s < 2; s++)
		if (c->odd[s])
			fetch(c->odd[s], sizeof(*c->odd[s]));
}

struct trouble *flow_trouble(struct flow *f)
{
	struct cold *c = cold_of(f);

	if (!c->trouble)
		c->trouble = pool_new(&f->tracker->rare.troubles);
	return c->trouble;
}

struct rare *flow_rare(struct flow *f)
{
	struct cold *c = cold_of(f);

	if (!c->rare)
		c->rare = pool_new(&f->tracker->rare.rares);
	return c->rare;
}

struct stalls *flow_stalls(struct flow *f)
{
	if (!f->stalls)
		f->stalls = pool_new(&f->tracker->rare.stalls);
	return f->stalls;
}

struct side_odd *flow_make_odd(struct flow *f, enum side s)
{
	struct cold *c = cold_of(f);

	if (!c->odd[s]) {
		c->odd[s] = pool_new(&f->tracker->rare.odds);
		*c->odd[s] = side_odd_none;
	}
	return c->odd[s];
}

struct repair *flow_repair(struct flow *f, enum side s)
{
	if (!f->repair[s]) {
		f->repair[s] = pool_new(&f->tracker->rare.repairs);
		f->half[s].flags |= HALF_REPAIR;
	}
	return f->repair[s];
}

/* Where a segment was kept before has its place in the ring too. */
SELDOM struct lasting *flow_make_lasting(struct flow *f)
{
	struct cold *c = cold_of(f);

	f->lasting = pool_new(&f->tracker->rare.lastings);
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < SENT_FIRST; i++)
			f->lasting->sent[s][i] = c->sent[s][i];
	return f->lasting;
}

struct key_marked *flow_key_marked(struct flow *f)
{
	if (!f->key_marked)
		f->key_marked = pool_new(&f->tracker->rare.key_markeds);
	return f->key_marked;
}
