/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation's birth and death. */
#include "track/flow_begin.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "track/flow_queue.h"

#define PORT_SYSTEM 1024     /* below: given to services (RFC 6335, section 6) */
#define PORT_EPHEMERAL 32768 /* Linux takes its own ports from here up, others from 49152 */

/* Services above the system ports whose answers are often seen first. */
static bool known_service(uint16_t port)
{
	static const uint16_t ports[] = { 1194, 1433, 1521, 1701, 1723, 1812, 2049, 3128, 3268, 3306, 3389, 3478, 4500,
		4789, 5060, 5222, 5353, 5432, 5671, 5672, 5900, 6379, 6443, 8080, 8443, 9100, 9092, 10051, 27017,
		51820 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* How much a port looks like a server's. */
static int service_rank(uint16_t port)
{
	if (port < PORT_SYSTEM)
		return 3;
	if (known_service(port))
		return 2;
	return port < PORT_EPHEMERAL ? 1 : 0;
}

/* Whether the sender of the first packet opened the conversation. */
static bool sender_opened(const struct packet *p)
{
	int from, to;

	if (p->kind == PACKET_TCP && (p->tcp.flags & TCP_SYN))
		return !(p->tcp.flags & TCP_ACK);
	if (p->kind == PACKET_IP || addr_is_multicast(&p->dst))
		return true;
	from = service_rank(p->sport);
	to = service_rank(p->dport);
	if (from != to)
		return from < to;
	/* Two ports of one class: a datagram's first sender asks; of a running TCP connection the lower port serves. */
	return p->kind == PACKET_UDP || p->sport >= p->dport;
}

struct former former_of_flow(struct flow *f, bool same_stream)
{
	struct former o = { .same_stream = same_stream,
		.stream = f->stream,
		.generation = f->generation,
		.sources = f->sources,
		.ended_ns = f->last_ns,
		.closer = flow_closer(f) };

	steady_last_told(f, &o.ws);
	return o;
}

struct former former_of_tombstone(const struct tombstone *s, bool same_stream)
{
	return (struct former){ .same_stream = same_stream,
		.quoted = s->quoted,
		.stream = s->stream,
		.generation = s->generation,
		.sources = s->sources,
		.ended_ns = s->ended_ns,
		.closer = s->closer,
		.ws = s->ws };
}

struct stream_count *flow_count_of(struct tracker *t, uint16_t source)
{
	if (source >= t->stream_room) {
		uint32_t room = source + 8u;

		t->streams = xrealloc(t->streams, room * sizeof(*t->streams));
		memset(t->streams + t->stream_room, 0, (room - t->stream_room) * sizeof(*t->streams));
		t->stream_room = room;
	}
	return &t->streams[source];
}

static uint32_t number_in(struct tracker *t, const struct flow_key *key, uint16_t source)
{
	struct stream_count *n = flow_count_of(t, source);

	if (key->proto != 6 && key->proto != 17)
		return 0;
	if (t->births)
		return stream_births_add(t->births, key, source);
	return key->proto == 6 ? n->tcp++ : n->udp++;
}

uint32_t next_stream(struct tracker *t, const struct flow_key *key, uint16_t source)
{
	flow_count_of(t, source)->udp_begun += key->proto == 17;
	return number_in(t, key, source);
}

void flow_seen_in(struct tracker *t, struct flow *f, uint16_t source)
{
	f->sources |= UINT64_C(1) << (source & 63);
	number_in(t, &f->key, source);
}

static void inherit(struct tracker *t, struct flow *f, const struct former *o, uint16_t source)
{
	struct cold *c = cold_of(f);

	if (!o || !o->same_stream) {
		f->stream = next_stream(t, &f->key, source);
		f->sources = UINT64_C(1) << (source & 63);
	}
	if (!o)
		return;
	f->generation = o->generation + 1;
	c->ws = o->ws;
	if (o->same_stream) {
		f->stream = o->stream;
		f->sources = o->sources;
		c->same_stream = !o->quoted;
	}
	if (o->quoted || f->key.proto != 6 || f->midstream)
		return;
	c->port_reused = true;
	c->reused_after_ns = t->now_ns - o->ended_ns;
	if (o->closer < 2)
		c->reused_closer = (o->closer == 0) == f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
}

static void cold_init(struct cold *c)
{
	for (int s = 0; s < 2; s++) {
		c->start[s].window_scale = -1;
		c->start[s].first_data_acked_ns = UNSET;
	}
	c->answer_ns = c->rtt_server_ns = c->rtt_client_ns = c->reused_after_ns = UNSET;
	c->think_min_ns = c->think_max_ns = c->last_syn_ns = c->last_syn_ack_ns = UNSET;
	c->reused_closer = c->idle_after_side = SIDE_NONE;
	c->answered = SYN_ANSWER_NONE;
}

/* "vxlan 4242 10.0.0.1-10.0.0.2, gre 10.1.1.1-10.1.1.2" */
static char *tunnel_path(const struct packet *p)
{
	char a[ADDR_TEXT_SIZE], b[ADDR_TEXT_SIZE];
	struct text out = { 0 };

	for (int i = 0; i < p->tunnel_count && i < TUNNEL_DEPTH_MAX; i++) {
		const struct tunnel_level *l = &p->tunnels[i];

		text_printf(&out, "%s%s", i ? ", " : "", l->kind ? l->kind : "?");
		if (l->id)
			text_printf(&out, " %u", l->id);
		if (addr_is_set(&l->src))
			text_printf(&out, " %s-%s", addr_text(&l->src, a), addr_text(&l->dst, b));
	}
	return out.s;
}

static size_t text_held(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

struct flow *flow_begin(struct tracker *t, const struct flow_key *key, uint32_t tag, const struct packet *p,
	bool src_is_low, const struct former *former)
{
	uint32_t number = pool_take(&t->flows);
	struct flow *f = pool_at(&t->flows, number);
	struct cold *c = cold_of(f);

	f->key = *key;
	f->index = number;
	f->tag = tag;
	f->tracker = t;
	f->ts_ns = p->ts_ns;
	f->begun_ns = f->last_ns = t->now_ns;
	f->next_part_ns = when_later(t->now_ns, PART_NS);
	f->orig_is_low = src_is_low == sender_opened(p);
	f->midstream = p->kind == PACKET_TCP && !(p->tcp.flags & TCP_SYN);
	f->last_side = f->talker = f->first_fin = f->first_rst = SIDE_NONE;
	f->source = (uint16_t)~p->frame->source; /* so it is looked at which ones it was seen in */
	f->half[0].window_min = f->half[1].window_min = UINT32_MAX;
	cold_init(c);
	f->begun = short_ref(p->frame->number, p->frame->source, 0);
	c->vlan = p->vlan_count ? p->vlans[0] : 0;
	if (p->tunnel_count) {
		c->tunnel = tunnel_path(p);
		t->text_bytes += text_held(c->tunnel);
	}
	inherit(t, f, former, p->frame->source);
	slots_add(&t->table, tag, number << 1);
	queue_add(t, f, p->kind == PACKET_TCP ? LIST_TCP : LIST_OTHER);
	return f;
}

void flow_delete(struct tracker *t, struct flow *f)
{
	struct cold *c = cold_of(f);

	key_frames_free(f);
	t->text_bytes -= text_held(c->tunnel);
	free(c->tunnel);
	flow_free_rare(f);
	flow_key_void(&f->key); /* a packet that was announced may lead here */
	pool_give(&t->flows, f->index);
}
