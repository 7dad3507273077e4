/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, services and pairs: what a conversation that is over adds to their entries. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"

#define OPENED_MAX 1000000 /* connections kept of a pair */
#define OPENED_ROOM 4	   /* when there is a second one */

static struct opened *new_opened(struct diagnosis_context *x, struct peers *p)
{
	if (!p->room) {
		p->opened = &p->first;
		p->room = 1;
	} else if (p->n == p->room) {
		uint32_t room = p->room == 1 ? OPENED_ROOM : p->room * 2;
		struct opened *more = xrealloc(p->opened == &p->first ? NULL : p->opened, room * sizeof(*more));

		if (p->opened == &p->first)
			more[0] = p->first;
		x->held_bytes += (room - (p->room == 1 ? 0 : p->room)) * sizeof(*more);
		p->opened = more;
		p->room = room;
	}
	return &p->opened[p->n++];
}

static void learn_opened(struct diagnosis_context *x, struct peers *p, const struct record *r)
{
	const struct conn *c = &r->conn;
	bool answered = c->syns && c->syn_ack.frame, http = answered && conn_speaks(c, "http");
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
	*new_opened(x, p) = (struct opened){.ts_ns = r->ts_ns,
		.frame = r->frame & FRAME_MASK,
		.stream = c->stream,
		.port = r->orig_p,
		.source = r->source,
		.answered = answered,
		.completed = c->handshake_ack.frame != 0,
		.single = single};
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

static void learn_pair(struct diagnosis_context *x, struct peers *p, const struct record *r)
{
	const struct conn *c = &r->conn;

	p->total++;
	learn_opened(x, p, r);
	p->client_mac = c->side[SIDE_ORIG].mac;
	p->client_spoke |= c->handshake_ack.frame && (c->side[SIDE_ORIG].bytes || c->one_sided);
	for (int side = 0; side < 2; side++)
		if (peers_tell_loss(c, (enum side)side)) {
			p->sent_segments[side] += c->side[side].data_segments;
			p->sent_conversations[side]++;
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
	s->hops[s->hop_count] = (struct hop){0};
	return &s->hops[s->hop_count++];
}

static void learn_service(struct service_state *s, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct hop *hop;

	s->total++;
	s->established += c->handshake_ack.frame != 0;
	s->answered += c->side[SIDE_RESP].bytes > 0;
	s->tls += conn_speaks(c, "tls");
	s->http += conn_speaks(c, "http");
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
		h->ttl_shown = short_ref(shown->frame, shown->source, r->ts_ns + shown->at_ns);
}

void host_settle(struct diagnosis_context *x, struct host *h)
{
	if (!h->frames)
		return;
	*(uint64_t *)table_add(&x->frames_of, &h->from) += h->frames;
	*(uint64_t *)table_add(&x->frames_of, &h->to) += h->frames;
	h->frames = 0;
}

/* Nearly always a host's frames go between the same two machines. */
static void learn_frames(struct diagnosis_context *x, struct host *h, const struct conn_side *o)
{
	if (!o->pkts || !mac_is_set(&o->mac) || !mac_is_set(&o->to_mac) || mac_is_group(&o->to_mac))
		return;
	if (h->frames && !(mac_equal(&h->from, &o->mac) && mac_equal(&h->to, &o->to_mac)))
		host_settle(x, h);
	h->from = o->mac;
	h->to = o->to_mac;
	h->frames += o->pkts;
	x->unicast_frames += o->pkts;
}

static void learn_hosts(struct diagnosis_context *x, const struct record *r)
{
	const struct parties *now = &x->now;

	now->orig->sends = true;
	if (r->proto == 6 && r->ts_ns > now->orig->connected_ns)
		now->orig->connected_ns = r->ts_ns;
	learn_frames(x, now->orig, &r->conn.side[SIDE_ORIG]);
	learn_frames(x, now->resp, &r->conn.side[SIDE_RESP]);
}

void parties_learn(struct diagnosis_context *x, const struct record *r)
{
	learn_ttl(x->now.resp, r);
	if (r->conn.end_reason == CONN_END_PART)
		return;
	learn_hosts(x, r);
	learn_service(x->now.service, r);
	if (x->now.pair)
		learn_pair(x, x->now.pair, r);
}

void parties_settle(struct diagnosis_context *x)
{
	for (struct table_entry *e = table_next(&x->hosts, NULL); e; e = table_next(&x->hosts, e))
		host_settle(x, table_value(e));
}
