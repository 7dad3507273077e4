/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, services and pairs: the tables, and finding the entries of a record. */
#include "diagnose/parties.h"

#include <stdlib.h>
#include <string.h>

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

static void drop_host(void *value)
{
	struct host *h = value;

	host_settle(h);
	closes_drop(h->x, h->closes);
	h->closes = NULL;
}

static void drop_service(void *value)
{
	struct service_state *s = value;

	samples_free(&s->rtt_s);
	visits_drop(s->x, s->visits);
	s->visits = NULL;
	slow_drop(s->x, s->slow);
	s->slow = NULL;
	late_drop(s->x, s->late);
	flood_drop(s->x, s->flood);
	free(s->hops);
}

static void drop_pair(void *value)
{
	struct peers *p = value;

	if (p->opened != &p->first) {
		p->x->held_bytes -= p->room * sizeof(*p->opened);
		free(p->opened);
	}
	checks_drop(p->x, p->checks);
	silence_drop(p->x, p->silence);
}

void parties_init(struct diagnosis_context *x)
{
	table_init(&x->hosts, sizeof(struct addr), sizeof(struct host), HOSTS_MAX);
	x->hosts.drop = drop_host;
	table_init(&x->services, sizeof(struct service_key), sizeof(struct service_state), SERVICES_MAX);
	x->services.drop = drop_service;
	table_init(&x->pairs, sizeof(struct peers_key), sizeof(struct peers), PAIRS_MAX);
	x->pairs.drop = drop_pair;
	x->hosts.held_bytes = x->services.held_bytes = x->pairs.held_bytes = &x->held_bytes;
}

void parties_free(struct diagnosis_context *x)
{
	table_free(&x->hosts);
	table_free(&x->services);
	table_free(&x->pairs);
}

struct service_key service_key(const struct addr *server, uint16_t port, uint8_t proto)
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
	e->orig = e->resp = NULL;
	e->service = NULL;
	e->pair = NULL;
	e->orig_tag = table_tag(&x->hosts, &r->orig_h);
	table_fetch_slot(&x->hosts, e->orig_tag);
	e->resp_tag = table_tag(&x->hosts, &r->resp_h);
	table_fetch_slot(&x->hosts, e->resp_tag);
	e->has_service = r->conn.end_reason != CONN_END_PART;
	if (e->has_service) {
		e->service_key = service_key(&r->resp_h, r->resp_p, r->proto);
		e->service_tag = table_tag(&x->services, &e->service_key);
		table_fetch_slot(&x->services, e->service_tag);
	}
	e->has_pair = makes_pair(r);
	if (e->has_pair) {
		e->pair_key = peers_key(&r->orig_h, &r->resp_h, r->resp_p);
		e->pair_tag = table_tag(&x->pairs, &e->pair_key);
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

void parties_fetch_kept(const struct parties_ahead *e, bool lists)
{
	if (e->orig && e->orig->closes)
		closes_fetch(e->orig->closes, lists);
	if (e->resp && e->resp->closes)
		closes_fetch(e->resp->closes, lists);
	if (!e->service)
		return;
	if (e->service->slow)
		slow_fetch(e->service->slow, lists);
	if (e->service->visits)
		visits_fetch(e->service->visits, lists);
	if (lists)
		samples_fetch(&e->service->rtt_s);
}

static struct host *host_add(struct diagnosis_context *x, const struct addr *a, uint32_t tag, struct host *expected)
{
	struct host *h = table_add_expected(&x->hosts, a, tag, expected);

	h->x = x;
	return h;
}

static void find_hosts(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e)
{
	uint64_t evicted;

	x->now.orig = host_add(x, &r->orig_h, e->orig_tag, e->orig);
	evicted = x->hosts.evicted;
	x->now.resp = host_add(x, &r->resp_h, e->resp_tag, e->resp);
	if (x->hosts.evicted != evicted) /* the first one may have been the oldest */
		x->now.orig = host_add(x, &r->orig_h, e->orig_tag, e->orig);
}

void parties_find(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e)
{
	x->now = (struct parties){0};
	find_hosts(x, r, e);
	if (e->has_service) {
		x->now.service = table_add_expected(&x->services, &e->service_key, e->service_tag, e->service);
		x->now.service->x = x;
	}
	if (e->has_pair) {
		x->now.pair = table_add_expected(&x->pairs, &e->pair_key, e->pair_tag, e->pair);
		x->now.pair->x = x;
	}
}

struct peers *peers_add(struct diagnosis_context *x, const struct record *r)
{
	struct peers_key k = peers_key(&r->orig_h, &r->resp_h, r->resp_p);
	struct peers *p = table_add(&x->pairs, &k);

	p->x = x;
	return p;
}

const struct peers *peers_find(
	const struct diagnosis_context *x, const struct addr *client, const struct addr *server, uint16_t port)
{
	struct peers_key k = peers_key(client, server, port);

	return table_find(&x->pairs, &k);
}

const struct host *host_find(const struct diagnosis_context *x, const struct addr *a)
{
	return table_find(&x->hosts, a);
}
