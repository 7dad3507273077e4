/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, services and pairs: the tables, and finding the entries of a record. */
#include "diagnose/parties.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "diagnose/context.h"

#define HOSTS_MAX 50000
#define SERVICES_MAX 100000
#define PAIRS_MAX 25000

void *parties_make(struct diagnosis_context *x, size_t size)
{
	x->budget.held += size;
	x->held_bytes += size;
	return xcalloc(1, size);
}

void parties_give(struct diagnosis_context *x, void *made, size_t size)
{
	x->budget.held -= size;
	x->held_bytes -= size;
	free(made);
}

static void drop_host(void *owner, void *value)
{
	struct diagnosis_context *x = owner;
	struct host *h = value;

	host_settle(x, h);
	closes_drop(x, h->closes);
	h->closes = NULL;
}

static void drop_service(void *owner, void *value)
{
	struct diagnosis_context *x = owner;
	struct service_state *s = value;

	samples_free(&s->rtt_s);
	moments_free(&s->visits.answered);
	free(s->visits.list);
	slow_drop(x, s->slow);
	s->slow = NULL;
	late_drop(x, s->late);
	flood_drop(x, s->flood);
	free(s->hops);
}

static void drop_pair(void *owner, void *value)
{
	struct diagnosis_context *x = owner;
	struct peers *p = value;

	if (p->opened != &p->first) {
		x->held_bytes -= p->room * sizeof(*p->opened);
		free(p->opened);
	}
	checks_drop(x, p->checks);
	silence_drop(x, p->silence);
}

static void own(struct diagnosis_context *x, struct table *t, void (*drop)(void *owner, void *value))
{
	t->drop = drop;
	t->owner = x;
	t->held_bytes = &x->held_bytes;
}

void parties_init(struct diagnosis_context *x)
{
	table_init(&x->hosts, sizeof(struct addr), sizeof(struct host), HOSTS_MAX);
	own(x, &x->hosts, drop_host);
	pool_init(&x->closes, close_chunk_size());
	table_init(&x->services, sizeof(struct service_key), sizeof(struct service_state), SERVICES_MAX);
	own(x, &x->services, drop_service);
	table_init(&x->pairs, sizeof(struct peers_key), sizeof(struct peers), PAIRS_MAX);
	own(x, &x->pairs, drop_pair);
}

void parties_free(struct diagnosis_context *x)
{
	table_free(&x->hosts);
	pool_free(&x->closes);
	table_free(&x->services);
	table_free(&x->pairs);
}

/* Keys of services and pairs are hashed by what their addresses have been hashed to. */
static inline uint64_t hash_addr(const struct addr *a)
{
	return hash_seeded_pair(hash_word(a->b), hash_word(a->b + sizeof(uint64_t)));
}

static inline uint32_t service_tag(uint64_t server, uint16_t port, uint8_t proto)
{
	return (uint32_t)hash_seeded_pair(server, (uint64_t)proto << 16 | port);
}

static inline uint32_t pair_tag(uint64_t client, uint64_t server, uint16_t port)
{
	return (uint32_t)hash_seeded_pair(client, server ^ port);
}

static struct service_key service_key(const struct addr *server, uint16_t port, uint8_t proto)
{
	struct service_key k;

	memset(&k, 0, sizeof(k));
	k.server = *server;
	k.port = port;
	k.proto = proto;
	return k;
}

static struct peers_key peers_key(const struct addr *client, const struct addr *server, uint16_t port)
{
	struct peers_key k;

	memset(&k, 0, sizeof(k));
	k.client = *client;
	k.server = *server;
	k.port = port;
	return k;
}

/* A lone SYN and its refusal leave nothing: a flood would drive all others out. */
static bool makes_pair(const struct record *r)
{
	const struct conn *c = &r->conn;

	return r->proto == 6 && c->end_reason != CONN_END_PART &&
	       (c->handshake_ack.frame || (c->syns && c->syn_ack.frame) || c->side[SIDE_ORIG].data_segments ||
		       c->side[SIDE_RESP].data_segments);
}

void parties_expect(const struct diagnosis_context *x, const struct record *r, struct parties_ahead *e)
{
	uint64_t orig = hash_addr(&r->orig_h), resp = hash_addr(&r->resp_h);

	e->orig = e->resp = NULL;
	e->service = NULL;
	e->pair = NULL;
	e->orig_tag = (uint32_t)orig;
	table_fetch_slot(&x->hosts, e->orig_tag);
	e->resp_tag = (uint32_t)resp;
	table_fetch_slot(&x->hosts, e->resp_tag);
	e->has_service = r->conn.end_reason != CONN_END_PART;
	if (e->has_service) {
		e->service_key = service_key(&r->resp_h, r->resp_p, r->proto);
		e->service_tag = service_tag(resp, r->resp_p, r->proto);
		table_fetch_slot(&x->services, e->service_tag);
	}
	e->has_pair = makes_pair(r);
	if (e->has_pair) {
		e->pair_key = peers_key(&r->orig_h, &r->resp_h, r->resp_p);
		e->pair_tag = pair_tag(orig, resp, r->resp_p);
		table_fetch_slot(&x->pairs, e->pair_tag);
	}
}

void parties_fetch(const struct diagnosis_context *x, struct parties_ahead *e)
{
	e->orig = table_fetch_entry(&x->hosts, e->orig_tag);
	e->resp = table_fetch_entry(&x->hosts, e->resp_tag);
	e->service = e->has_service ? table_fetch_entry(&x->services, e->service_tag) : NULL;
	e->pair = e->has_pair ? table_fetch_entry(&x->pairs, e->pair_tag) : NULL;
}

void parties_fetch_kept(const struct diagnosis_context *x, const struct parties_ahead *e, bool lists)
{
	if (e->orig && e->orig->closes)
		closes_fetch(x, e->orig->closes, lists);
	if (e->resp && e->resp->closes)
		closes_fetch(x, e->resp->closes, lists);
	if (!e->service)
		return;
	if (e->service->slow)
		slow_fetch(e->service->slow, lists);
	if (lists) {
		moments_fetch(&e->service->visits.answered);
		samples_fetch(&e->service->rtt_s);
	}
}

static void find_hosts(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e)
{
	uint64_t evicted;

	x->now.orig = table_add_expected(&x->hosts, &r->orig_h, e->orig_tag, e->orig);
	evicted = x->hosts.evicted;
	x->now.resp = table_add_expected(&x->hosts, &r->resp_h, e->resp_tag, e->resp);
	if (x->hosts.evicted != evicted) /* the first one may have been the oldest */
		x->now.orig = table_add_expected(&x->hosts, &r->orig_h, e->orig_tag, e->orig);
}

void parties_find(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e)
{
	x->now = (struct parties){0};
	find_hosts(x, r, e);
	if (e->has_service)
		x->now.service = table_add_expected(&x->services, &e->service_key, e->service_tag, e->service);
	if (e->has_pair)
		x->now.pair = table_add_expected(&x->pairs, &e->pair_key, e->pair_tag, e->pair);
}

struct peers *peers_add(struct diagnosis_context *x, const struct record *r)
{
	struct peers_key k = peers_key(&r->orig_h, &r->resp_h, r->resp_p);

	return table_add_tagged(&x->pairs, &k, pair_tag(hash_addr(&r->orig_h), hash_addr(&r->resp_h), r->resp_p));
}

const struct peers *peers_find(
	const struct diagnosis_context *x, const struct addr *client, const struct addr *server, uint16_t port)
{
	struct peers_key k = peers_key(client, server, port);

	return table_find_tagged(&x->pairs, &k, pair_tag(hash_addr(client), hash_addr(server), port));
}

const struct service_state *context_service(
	const struct diagnosis_context *x, const struct addr *server, uint16_t port, uint8_t proto)
{
	struct service_key k = service_key(server, port, proto);

	return table_find_tagged(&x->services, &k, service_tag(hash_addr(server), port, proto));
}

const struct host *host_find(const struct diagnosis_context *x, const struct addr *a)
{
	return table_find_tagged(&x->hosts, a, (uint32_t)hash_addr(a));
}
