/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Into a tunnel and, where its inside is nothing that we follow, back out. */
#include "decode/tunnel.h"

#include "decode/layers.h"

/* A packet without its list of tunnels, which only grows on the way in. */
struct outer {
	uint8_t bytes[offsetof(struct packet, tunnels)];
};

static void outer_save(struct outer *o, const struct packet *p)
{
	memcpy(o->bytes, p, sizeof(o->bytes));
}

static void outer_restore(const struct outer *o, struct packet *p)
{
	memcpy((void *)p, o->bytes, sizeof(o->bytes));
}

/* Notes the level and empties what the inner packet will fill. */
static void enter(struct packet *p, const struct inside *in)
{
	struct tunnel_level *level = &p->tunnels[p->tunnel_count++];

	*level = (struct tunnel_level){ in->kind, in->id, p->src, p->dst, p->sport, p->dport };
	packet_clear_network(p);
	p->kind = PACKET_OTHER;
	p->fault = FAULT_NONE;
}

static void decode_inside(struct decoder *d, struct packet *p, uint16_t type, struct reader *r)
{
	if (type == ETHER_TEB)
		link_ethernet(d, p, r);
	else if (type == ETHER_PPP)
		link_ppp(d, p, r);
	else if (type == INSIDE_WIFI)
		link_wifi(d, p, r);
	else if (type == INSIDE_WIFI_CAPWAP)
		link_wifi_in_capwap(d, p, r);
	else
		link_ether_type(d, p, type, r);
}

void tunnel_follow(struct decoder *d, struct packet *p, struct reader *r, const struct inside *in)
{
	struct outer outside;

	if (p->tunnel_count == TUNNEL_DEPTH_MAX) {
		p->kind = addr_is_set(&p->src) ? PACKET_IP : PACKET_OTHER;
		packet_bad(p, FAULT_TUNNEL);
		return;
	}
	outer_save(&outside, p);
	enter(p, in);
	decode_inside(d, p, in->ether_type, r);
	if (p->verdict == PACKET_BAD && (!in->guess || p->fault == FAULT_TUNNEL))
		return;
	if (p->verdict == PACKET_BAD || p->kind == PACKET_OTHER)
		outer_restore(&outside, p);
}

uint16_t ip_version_type(const struct reader *r)
{
	uint8_t version = rd_left(r) ? r->p[0] >> 4 : 0;

	return version == 4 ? ETHER_IPV4 : version == 6 ? ETHER_IPV6 : 0;
}
