/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reassembler and its pairs of streams: who owns them, and what they hold. */
#include "reassemble/reassemble.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"
#include "decode/packet.h"
#include "reassemble/engine.h"
#include "reassemble/nids_engine.h"

/* In place of a pair of which both directions have ended: later packets of it have nothing to add. */
static struct stream_pair over;

struct reassembler *reassembler_new(
	enum engine_kind engine, const struct stream_taker *taker, size_t held_max, size_t held_stream_max)
{
	struct reassembler *r = xcalloc(1, sizeof(*r));

	r->engine = engine;
	r->taker = *taker;
	r->held_max = held_max;
	r->held_stream_max = held_stream_max;
	pool_init(&r->pairs, sizeof(struct stream_pair));
	pool_init_objects(&r->helds, sizeof(struct held));
	tail_heads_init(&r->heads);
	if (engine != ENGINE_NATIVE)
		r->nids = nids_engine_new(r);
	return r;
}

void reassembler_free(struct reassembler *r)
{
	if (!r)
		return;
	assert(r->pairs.used == 0); /* every pair was closed */
	nids_engine_free(r->nids);
	pool_free(&r->pairs);
	pool_free(&r->helds);
	tail_heads_free(&r->heads);
	free(r);
}

static struct stream_pair *pair_new(struct reassembler *r)
{
	uint32_t number = pool_take_raw(&r->pairs);
	struct stream_pair *pair = pool_at(&r->pairs, number);

	memset(pair, 0, offsetof(struct stream_pair, ring));
	pair->nids = NULL;
	pair->number = number;
	pair->dir[SIDE_RESP].side = true;
	return pair;
}

void reassemble_packet(
	struct reassembler *r, struct stream_pair **pair, void *flow, enum side s, const struct packet *p)
{
	struct stream_pair *own = *pair;

	if (p->kind != PACKET_TCP || p->verdict != PACKET_OK || own == &over)
		return;
	if (!own)
		own = *pair = pair_new(r);
	r->flow = flow;
	if (r->nids) {
		nids_packet(r->nids, own, flow, s, p);
		return;
	}
	if (native_packet(r, &own->dir[s], &own->ring[s], p)) {
		pool_give(&r->pairs, own->number);
		*pair = &over;
	}
}

void reassemble_quiet(struct reassembler *r, struct stream_pair *pair, enum side s, uint32_t n, uint16_t shape)
{
	if (r->nids || !r->taker.passed)
		return;
	pair->dir[s].quiet = n;
	pair->dir[s].shape = r->taker.skim ? shape : 0;
}

bool reassemble_is_quiet(const struct stream_pair *pair, enum side s)
{
	return pair && (pair->dir[s].quiet | pair->dir[s].shape);
}

void reassemble_unheard(struct reassembler *r, struct stream_pair *pair)
{
	if (!r->nids)
		pair->dir[SIDE_ORIG].unheard = pair->dir[SIDE_RESP].unheard = true;
}

void reassemble_fetch(const struct stream_pair *pair)
{
	if (pair)
		fetch_line(pair);
}

void reassemble_fetch_far(const struct stream_pair *pair, enum side s, bool has_payload)
{
	const struct tail *tail;

	if (!pair)
		return;
	tail = &pair->dir[s].tail;
	if (tail->head_full)
		fetch_either(has_payload, &pair->ring[s].pieces[tail->count % TAIL_PIECES], pair);
	else
		fetch_line(pair->head);
}

void reassemble_fetch_all(const struct stream_pair *pair)
{
	if (pair)
		fetch(pair, offsetof(struct stream_pair, far));
}

void reassemble_ignore(struct reassembler *r, struct stream_pair **pair, enum side s)
{
	if (*pair == &over)
		return;
	if (!*pair)
		*pair = pair_new(r);
	native_ignore(r, *pair, s);
}

void reassemble_close(struct reassembler *r, struct stream_pair **pair, void *flow, const struct frame_ref *ref)
{
	struct stream_pair *own = *pair;

	if (own && own != &over) {
		r->flow = flow;
		if (r->nids)
			nids_close(r->nids, own, flow, ref);
		else
			native_close(r, own, ref);
		pool_give(&r->pairs, own->number);
	}
	*pair = NULL;
}

size_t reassembler_held_bytes(const struct reassembler *r)
{
	return pool_bytes(&r->pairs) + pool_bytes(&r->helds) + r->waiting_bytes + tail_heads_bytes(&r->heads) +
	       (r->nids ? nids_engine_held_bytes(r->nids) : 0);
}

uint64_t reassembler_let_go(const struct reassembler *r)
{
	return r->let_go;
}

uint64_t reassembler_disagreements(const struct reassembler *r)
{
	return r->engine == ENGINE_BOTH ? nids_engine_score(r->nids)->differ : 0;
}

const struct nids_score *reassembler_nids_score(const struct reassembler *r)
{
	return r->nids ? nids_engine_score(r->nids) : NULL;
}
