/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reassembler and its pairs of streams: who owns them, and what they hold. */
#include "reassemble/reassemble.h"

#include <assert.h>
#include <stdlib.h>

#include "base/fetch.h"
#include "base/text.h"
#include "decode/packet.h"
#include "reassemble/engine.h"
#include "reassemble/nids_engine.h"

struct reassembler *reassembler_new(
	enum engine_kind engine, const struct stream_taker *taker, size_t held_max, size_t held_stream_max)
{
	struct reassembler *r = xcalloc(1, sizeof(*r));

	r->engine = engine;
	r->taker = *taker;
	r->held_max = held_max;
	r->held_stream_max = held_stream_max;
	r->tail_seed = tail_seed();
	pool_init_objects(&r->pairs, sizeof(struct stream_pair));
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
	free(r);
}

static struct stream_pair *pair_new(struct reassembler *r)
{
	struct stream_pair *pair = pool_new(&r->pairs);

	for (int s = SIDE_ORIG; s <= SIDE_RESP; s++) {
		pair->dir[s].side = (uint8_t)s;
		pair->dir[s].mark_ns = pair->dir[s].fin = UNSET;
	}
	return pair;
}

void reassemble_packet(
	struct reassembler *r, struct stream_pair **pair, void *flow, enum side s, const struct packet *p)
{
	if (p->kind != PACKET_TCP || p->verdict != PACKET_OK)
		return;
	if (!*pair)
		*pair = pair_new(r);
	(*pair)->flow = flow;
	if (r->nids)
		nids_packet(r->nids, *pair, flow, s, p);
	else
		native_packet(r, *pair, s, p);
}

void reassemble_expect(const struct stream_pair *pair, enum side s, bool later)
{
	if (!pair)
		return;
	if (later) {
		fetch(&pair->dir[s].tail.pieces[pair->dir[s].tail.count % TAIL_PIECES], sizeof(struct piece));
		return;
	}
	fetch(&pair->dir[s], offsetof(struct direction, tail.pieces));
	fetch(&pair->dir[side_other(s)], CACHE_LINE);
}

void reassemble_ignore(struct reassembler *r, struct stream_pair **pair, enum side s)
{
	if (!*pair)
		*pair = pair_new(r);
	native_ignore(r, *pair, s);
}

void reassemble_close(struct reassembler *r, struct stream_pair **pair, void *flow, const struct frame_ref *ref)
{
	if (!*pair)
		return;
	(*pair)->flow = flow;
	if (r->nids)
		nids_close(r->nids, *pair, flow, ref);
	else
		native_close(r, *pair, ref);
	pool_delete(&r->pairs, *pair);
	*pair = NULL;
}

size_t reassembler_held_bytes(const struct reassembler *r)
{
	return pool_bytes(&r->pairs) + r->waiting_bytes + r->tail_bytes + (r->nids ? nids_engine_held_bytes(r->nids) : 0);
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
