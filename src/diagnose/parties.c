/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, services and pairs: found once for a record, counted once, shared by all rules. */
#include "diagnose/parties.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"

#define HOSTS_MAX 50000
#define SERVICES_MAX 100000
#define PAIRS_MAX 25000
#define OPENED_MAX 1000000 /* connections kept of a pair */
#define OPENED_ROOM 4	   /* when there is a second one */

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
}

static void drop_service(void *value)
{
	struct service_state *s = value;

	samples_free(&s->rtt_s);
	visits_drop(s->x, s->visits);
	slow_drop(s->x, s->slow);
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

/* --- finding them --- */

/* A lone SYN and its refusal leave nothing: a flood would drive all others out. */
static bool makes_pair(const struct record *r)
{
	const struct conn *c = &r->conn;

	return r->proto == 6 && c->end_reason != CONN_END_PART &&
	       (c->handshake_ack.frame || (c->syns && c->syn_ack.frame) || c->side[SIDE_ORIG].data_segments ||
		       c->side[SIDE_RESP].data_segments);
}

/* All places are asked for before the first is waited for. */
struct wanted {
	struct service_key service;
	struct peers_key pair;
	uint32_t orig_tag, resp_tag, service_tag, pair_tag;
	bool has_service, has_pair;
};

static void fetch(const struct diagnosis_context *x, const struct record *r, struct wanted *w)
{
	w->orig_tag = table_tag(&x->hosts, &r->orig_h);
	table_fetch_slot(&x->hosts, w->orig_tag);
	w->resp_tag = table_tag(&x->hosts, &r->resp_h);
	table_fetch_slot(&x->hosts, w->resp_tag);
	w->has_service = r->conn.end_reason != CONN_END_PART;
	if (w->has_service) {
		w->service = service_key(&r->resp_h, r->resp_p, r->proto);
		w->service_tag = table_tag(&x->services, &w->service);
		table_fetch_slot(&x->services, w->service_tag);
	}
	w->has_pair = makes_pair(r);
	if (w->has_pair) {
		w->pair = peers_key(&r->orig_h, &r->resp_h, r->resp_p);
		w->pair_tag = table_tag(&x->pairs, &w->pair);
		table_fetch_slot(&x->pairs, w->pair_tag);
		table_fetch_entry(&x->pairs, w->pair_tag);
	}
	table_fetch_entry(&x->hosts, w->orig_tag);
	table_fetch_entry(&x->hosts, w->resp_tag);
	if (w->has_service)
		table_fetch_entry(&x->services, w->service_tag);
}

static struct host *host_add(struct diagnosis_context *x, const struct addr *a, uint32_t tag)
{
	struct host *h = table_add_tagged(&x->hosts, a, tag);

	h->x = x;
	return h;
}

void parties_find(struct diagnosis_context *x, const struct record *r)
{
	struct wanted w;
	uint64_t evicted;

	fetch(x, r, &w);
	x->now = (struct parties){ 0 };
	x->now.orig = host_add(x, &r->orig_h, w.orig_tag);
	evicted = x->hosts.evicted;
	x->now.resp = host_add(x, &r->resp_h, w.resp_tag);
	if (x->hosts.evicted != evicted) /* the first one may have been the oldest */
		x->now.orig = host_add(x, &r->orig_h, w.orig_tag);
	if (w.has_service) {
		x->now.service = table_add_tagged(&x->services, &w.service, w.service_tag);
		x->now.service->x = x;
	}
	if (w.has_pair) {
		x->now.pair = table_add_tagged(&x->pairs, &w.pair, w.pair_tag);
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

const struct peers *peers_find(const struct diagnosis_context *x, const struct addr *client, const struct addr *server,
	uint16_t port)
{
	struct peers_key k = peers_key(client, server, port);

	return table_find(&x->pairs, &k);
}

const struct host *host_find(const struct diagnosis_context *x, const struct addr *a)
{
	return table_find(&x->hosts, a);
}

/* --- counting --- */

static struct opened *new_opened(struct peers *p)
{
	if (!p->room) {
		p->opened = &p->first;
		p->room = 1;
	} else if (p->n == p->room) {
		uint32_t room = p->room == 1 ? OPENED_ROOM : p->room * 2;
		struct opened *more = xrealloc(p->opened == &p->first ? NULL : p->opened, room * sizeof(*more));

		if (p->opened == &p->first)
			more[0] = p->first;
		p->x->held_bytes += (room - (p->room == 1 ? 0 : p->room)) * sizeof(*more);
		p->opened = more;
		p->room = room;
	}
	return &p->opened[p->n++];
}

static void learn_opened(struct peers *p, const struct record *r)
{
	const struct conn *c = &r->conn;
	bool answered = c->syns && c->syn_ack.frame, http = answered && strcmp(c->service, "http") == 0;
	int64_t seen = r->ts_ns + c->side[SIDE_RESP].last_packet.at_ns;
	bool single = http && c->turns == 1 && c->first_fin != SIDE_NONE;

	if (http) {
		p->http++;
		p->requests += c->turns;
	}
	if (answered) {
		p->client_closes |= c->first_fin == SIDE_ORIG;
		p->ttl = c->side[SIDE_RESP].syn_ttl;
		p->last_answer_ns = seen > p->last_answer_ns ? seen : p->last_answer_ns;
	}
	if (p->n == OPENED_MAX || (!answered && !c->handshake_ack.frame))
		return;
	p->answered += answered;
	p->single += single;
	*new_opened(p) = (struct opened){ .ts_ns = r->ts_ns, .frame = r->frame, .stream = c->stream, .port = r->orig_p,
		.source = r->source, .answered = answered, .completed = c->handshake_ack.frame != 0, .single = single };
}

/* Path MTU discovery drops the first large segments by design. */
static bool discovers_mtu(const struct conn *c)
{
	for (uint32_t i = 0; i < c->icmp_count && i < ICMPS_MAX; i++)
		if (c->icmps[i].v6 ? c->icmps[i].type == 2 : c->icmps[i].type == 3 && c->icmps[i].code == 4)
			return true;
	return false;
}

bool peers_tell_loss(const struct conn *c, enum side side)
{
	return c->side[side].data_segments && !c->side[side].missing_bytes && !c->one_sided && !discovers_mtu(c);
}

static void learn_pair(struct peers *p, const struct record *r)
{
	const struct conn *c = &r->conn;

	learn_opened(p, r);
	p->client_mac = c->side[SIDE_ORIG].mac;
	p->client_spoke |= c->handshake_ack.frame && (c->side[SIDE_ORIG].bytes || c->one_sided);
	for (int side = 0; side < 2; side++)
		if (peers_tell_loss(c, (enum side)side)) {
			p->sent[side].segments += c->side[side].data_segments;
			p->sent[side].conversations++;
		}
	if (!c->turns || c->pending == SIDE_ORIG || c->rst_count)
		return;
	if (r->ts_ns > p->last_ok_ns)
		p->last_ok_ns = r->ts_ns;
	if (!p->first_ok_ns || r->ts_ns < p->first_ok_ns)
		p->first_ok_ns = r->ts_ns;
}

static struct hop *hop_of(struct service_state *s, const struct mac *mac)
{
	if (!s->hop.healthy || mac_equal(&s->hop.mac, mac))
		return &s->hop;
	for (int i = 0; i < s->hop_count; i++)
		if (mac_equal(&s->hops[i].mac, mac))
			return &s->hops[i];
	if (s->hop_count == HOPS_MAX)
		return NULL;
	s->hops = xrealloc(s->hops, (size_t)(s->hop_count + 1) * sizeof(*s->hops));
	s->hops[s->hop_count] = (struct hop){ 0 };
	return &s->hops[s->hop_count++];
}

static void learn_service(struct service_state *s, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct hop *hop;

	s->total++;
	s->established += c->handshake_ack.frame != 0;
	s->answered += c->side[SIDE_RESP].bytes > 0;
	s->tls += strcmp(c->service, "tls") == 0;
	s->http += strcmp(c->service, "http") == 0;
	if (c->rtt_server_ns >= 0)
		samples_add(&s->rtt_s, (double)c->rtt_server_ns / 1e9);
	if (c->service[0])
		memcpy(s->service, c->service, sizeof(s->service));
	if (c->side[SIDE_RESP].ttl)
		s->ttl = c->side[SIDE_RESP].ttl;
	if (mac_is_set(&c->side[SIDE_RESP].mac))
		s->mac = c->side[SIDE_RESP].mac;
	s->last_ns = r->ts_ns;
	if (r->proto != 6 || !c->side[SIDE_RESP].bytes || c->rst_count)
		return;
	hop = hop_of(s, &c->side[SIDE_RESP].mac);
	if (hop) {
		hop->mac = c->side[SIDE_RESP].mac;
		hop->healthy++;
	}
}

static void learn_ttl(struct host *h, const struct record *r)
{
	const struct conn_side *side = &r->conn.side[SIDE_RESP];
	const struct frame_ref *shown = &r->conn.syn_ack;

	if (r->proto != 6 || !r->conn.handshake_ack.frame || !side->ttl)
		return;
	h->ttl_varies |= side->ttl_min != side->ttl_max || (h->ttl && h->ttl != side->ttl);
	h->ttl = side->ttl;
	if (!h->ttl_shown.frame)
		h->ttl_shown = (struct frame_ref){ shown->frame, r->ts_ns + shown->at_ns, shown->source };
}

void host_settle(struct host *h)
{
	if (!h->frames)
		return;
	*(uint64_t *)table_add(&h->x->frames_of, &h->from) += h->frames;
	*(uint64_t *)table_add(&h->x->frames_of, &h->to) += h->frames;
	h->frames = 0;
}

/* Nearly always a host's frames go between the same two machines. */
static void learn_frames(struct host *h, const struct conn_side *o)
{
	if (!o->pkts || !mac_is_set(&o->mac) || !mac_is_set(&o->to_mac) || mac_is_group(&o->to_mac))
		return;
	if (h->frames && !(mac_equal(&h->from, &o->mac) && mac_equal(&h->to, &o->to_mac)))
		host_settle(h);
	h->from = o->mac;
	h->to = o->to_mac;
	h->frames += o->pkts;
	h->x->unicast_frames += o->pkts;
}

static void learn_hosts(const struct parties *now, const struct record *r)
{
	now->orig->sends = true;
	if (r->proto == 6 && r->ts_ns > now->orig->connected_ns)
		now->orig->connected_ns = r->ts_ns;
	learn_frames(now->orig, &r->conn.side[SIDE_ORIG]);
	learn_frames(now->resp, &r->conn.side[SIDE_RESP]);
}

void parties_learn(struct diagnosis_context *x, const struct record *r)
{
	learn_ttl(x->now.resp, r);
	if (r->conn.end_reason == CONN_END_PART)
		return;
	learn_hosts(&x->now, r);
	learn_service(x->now.service, r);
	if (x->now.pair)
		learn_pair(x->now.pair, r);
}

void parties_settle(struct diagnosis_context *x)
{
	for (struct table_entry *e = table_next(&x->hosts, NULL); e; e = table_next(&x->hosts, e))
		host_settle(table_value(e));
}
