/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of MAC and source address, found through a small cache, as packets come in trains. */
#include "track/link_track.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/nd_message.h"
#include "track/tracker.h"

#define TOLD_EVERY_NS (60 * NS_PER_S)
#define CACHE_BITS 10 /* 1,024 pairs */

struct pair_key {
	struct mac mac;
	uint16_t vlan;
	struct addr ip;
};

struct pair {
	struct pair_key key;
	uint64_t pkts;
	int64_t first_ns, last_ns; /* time stamps of the frames */
	uint64_t first_frame, last_frame;
	uint16_t first_source, last_source;
	uint8_t ttl, ttl_min, ttl_max;
	uint32_t ttl_count;
	bool claimed, router, told;
};

/* A pair that was asked for lately; another that stands in its place is told by the mark, without a look at it. */
struct cached {
	struct pair *pair;
	uint32_t mark;
};

struct link_track {
	struct record_sink sink;
	struct table pairs;
	size_t held_bytes;
	struct cached cache[1 << CACHE_BITS];
	int64_t now_ns, due_ns; /* due_ns: INT64_MAX when there is nothing new */
};

struct link_track *link_track_new(const struct record_sink *sink)
{
	struct link_track *l = xcalloc(1, sizeof(*l));

	l->sink = *sink;
	l->now_ns = INT64_MIN;
	l->due_ns = INT64_MAX;
	table_init(&l->pairs, sizeof(struct pair_key), sizeof(struct pair), LINKS_MAX);
	l->pairs.held_bytes = &l->held_bytes;
	return l;
}

void link_track_free(struct link_track *l)
{
	if (!l)
		return;
	table_free(&l->pairs);
	free(l);
}

size_t link_track_held_bytes(const struct link_track *l)
{
	return l->held_bytes;
}

/* There is something to tell at the next full minute. */
static void note_news(struct link_track *l)
{
	if (l->due_ns == INT64_MAX)
		l->due_ns = l->now_ns - l->now_ns % TOLD_EVERY_NS + TOLD_EVERY_NS;
}

static void tell(struct link_track *l, struct pair *e)
{
	struct record r;
	struct link *k = &r.link;

	record_init(&r, RECORD_LINK);
	r.ts_ns = e->first_ns;
	r.emitted_ns = l->now_ns;
	r.source = e->first_source;
	r.frame = e->first_frame;
	k->mac = e->key.mac;
	k->ip = e->key.ip;
	k->vlan = e->key.vlan;
	k->pkts = e->pkts;
	k->ttl = e->ttl;
	k->ttl_min = e->ttl_min;
	k->ttl_max = e->ttl_max;
	k->claimed = e->claimed;
	k->router = e->router;
	k->first = (struct frame_ref){ e->first_frame, 0, e->first_source };
	k->last = (struct frame_ref){ e->last_frame, e->last_ns - e->first_ns, e->last_source };
	l->sink.take(l->sink.arg, &r);
	e->told = true;
}

static uint32_t mark_of(const struct pair_key *key)
{
	uint32_t a, b;

	memcpy(&a, key->mac.b + 2, 4);
	memcpy(&b, key->ip.b + 12, 4);
	return (a ^ b * 0x9e3779b1u ^ key->vlan) * 0x85ebca6bu;
}

static bool is_zero4(const struct addr *a)
{
	return addr_is_v4(a) && !a->b[12] && !a->b[13] && !a->b[14] && !a->b[15];
}

static struct pair *pair_of(struct link_track *l, const struct pair_key *key)
{
	uint32_t mark = mark_of(key);
	struct cached *slot = &l->cache[mark >> (32 - CACHE_BITS)];
	struct pair *e = slot->pair;

	if (e && slot->mark == mark && memcmp(&e->key, key, sizeof(*key)) == 0)
		return e;
	e = table_find(&l->pairs, key);
	if (!e) {
		if (l->pairs.count == LINKS_MAX) {
			tell(l, table_value(table_next(&l->pairs, NULL)));
			memset(l->cache, 0, sizeof(l->cache));
		}
		e = table_add(&l->pairs, key);
		e->key = *key;
		note_news(l);
	}
	*slot = (struct cached){ e, mark };
	return e;
}

static struct pair_key key_of(const struct packet *p, const struct mac *mac, const struct addr *ip)
{
	return (struct pair_key){ .mac = *mac, .vlan = p->vlan_count ? p->vlans[0] : 0, .ip = *ip };
}

/* Seen in that frame, at absolute time. What is told late may be older than what is known. */
static void see(struct pair *e, const struct frame_ref *ref)
{
	if (!e->first_frame) {
		e->first_ns = ref->at_ns;
		e->first_frame = ref->frame;
		e->first_source = ref->source;
	}
	if (ref->at_ns < e->last_ns)
		return;
	e->last_ns = ref->at_ns;
	e->last_frame = ref->frame;
	e->last_source = ref->source;
}

static void see_packet(struct pair *e, const struct packet *p)
{
	struct frame_ref ref = { p->frame->number, p->ts_ns, p->frame->source };

	see(e, &ref);
}

static void claim(
	struct link_track *l, const struct packet *p, const struct mac *mac, const struct addr *ip, bool router)
{
	struct pair_key key;
	struct pair *e;

	if (!mac_is_set(mac) || mac_is_group(mac) || !addr_is_set(ip) || addr_is_multicast(ip))
		return;
	key = key_of(p, mac, ip);
	e = pair_of(l, &key);
	see_packet(e, p);
	if (!e->claimed || (router && !e->router)) {
		e->told = false;
		note_news(l);
	}
	e->claimed = true;
	e->router |= router;
}

static void note_nd(struct link_track *l, const struct packet *p, const struct nd_message *nd)
{
	const struct mac *mac = mac_is_set(&nd->mac) ? &nd->mac : &p->mac_src;

	if (nd->type == ND_ADVERTISEMENT)
		claim(l, p, mac, &nd->target, nd->router);
	else
		claim(l, p, mac, &p->src, nd->router);
}

/* Boyer and Moore's vote, n votes at once: with few exceptions it ends at the most frequent value. */
static void vote_ttl(struct pair *e, uint8_t ttl, uint32_t n)
{
	if (ttl == e->ttl) {
		e->ttl_count += n;
	} else if (e->ttl_count < n) {
		e->ttl = ttl;
		e->ttl_count = n - e->ttl_count;
	} else {
		e->ttl_count -= n;
	}
}

static void widen_ttl(struct pair *e, uint8_t low, uint8_t high)
{
	e->ttl_min = !e->ttl_min || low < e->ttl_min ? low : e->ttl_min;
	e->ttl_max = high > e->ttl_max ? high : e->ttl_max;
}

void link_track_add(struct link_track *l, const struct flow_link *counted)
{
	struct pair_key key = { .mac = counted->mac, .vlan = counted->vlan, .ip = counted->ip };
	struct pair *e;

	if (mac_is_group(&key.mac) || !addr_is_set(&key.ip) || is_zero4(&key.ip))
		return;
	e = pair_of(l, &key);
	see(e, &counted->last);
	e->pkts += counted->pkts;
	if (counted->ttl) {
		vote_ttl(e, counted->ttl, counted->pkts);
		widen_ttl(e, counted->ttl_min, counted->ttl_max);
	}
}

static bool carries_ethernet(const struct tunnel_level *l)
{
	return strcmp(l->kind, "vxlan") == 0 || strcmp(l->kind, "geneve") == 0 || strcmp(l->kind, "erspan") == 0;
}

/* Whether MACs and addresses are of one packet: inside a tunnel, only where it carries Ethernet. */
static bool macs_fit(const struct packet *p)
{
	bool fit = true;

	for (int i = 0; i < p->tunnel_count && i < TUNNEL_DEPTH_MAX; i++)
		if (addr_is_set(&p->tunnels[i].src))
			fit = carries_ethernet(&p->tunnels[i]);
	return fit;
}

void link_track_packet(struct link_track *l, const struct packet *p, const struct nd_message *nd)
{
	struct pair_key key;
	struct pair *e;

	if (!p->has_macs || !macs_fit(p))
		return;
	if (p->kind == PACKET_ARP) {
		if (!is_zero4(&p->arp.sender_ip))
			claim(l, p, &p->arp.sender_mac, &p->arp.sender_ip, false);
		return;
	}
	if (nd)
		note_nd(l, p, nd);
	if (p->kind == PACKET_OTHER || !addr_is_set(&p->src) || is_zero4(&p->src) || mac_is_group(&p->mac_src))
		return;
	key = key_of(p, &p->mac_src, &p->src);
	e = pair_of(l, &key);
	see_packet(e, p);
	e->pkts++;
	/* A RST or an ICMP message may come from a device on the way that took the address for it. */
	if (p->ttl && p->kind != PACKET_ICMP && !(p->kind == PACKET_TCP && (p->tcp.flags & TCP_RST))) {
		vote_ttl(e, p->ttl, 1);
		widen_ttl(e, p->ttl, p->ttl);
	}
}

static void tell_all(struct link_track *l, bool again)
{
	for (struct table_entry *e = table_next(&l->pairs, NULL); e; e = table_next(&l->pairs, e)) {
		struct pair *pair = table_value(e);

		if (again || !pair->told)
			tell(l, pair);
	}
}

int64_t link_track_due_ns(const struct link_track *l)
{
	return l->due_ns;
}

void link_track_clock(struct link_track *l, int64_t clock_ns)
{
	if (clock_ns >= l->due_ns) {
		l->now_ns = l->due_ns;
		l->due_ns = INT64_MAX;
		tell_all(l, false);
	}
	l->now_ns = clock_ns;
}

void link_track_finish(struct link_track *l, int64_t clock_ns)
{
	l->now_ns = clock_ns;
	tell_all(l, true);
}
