/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pairs of MAC and source address. What is seen of them waits until a few of them can be looked up together, or until
 * somebody asks: their memory is far away and comes for all at once.
 */
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
#define QUEUE_MAX 32
#define FETCH_AHEAD 4 /* how many pairs ahead an entry is asked for */

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

/* Packets of a pair. */
struct sighting {
	struct pair_key key;
	uint32_t tag; /* of the key, in the table */
	uint32_t pkts;
	struct frame_ref last; /* absolute time */
	uint8_t ttl, ttl_min, ttl_max; /* ttl 0: says nothing */
};

struct link_track {
	struct record_sink sink;
	struct table pairs;
	size_t held_bytes;
	struct sighting queue[QUEUE_MAX];
	int queued;
	int64_t now_ns, due_ns; /* due_ns: INT64_MAX when there is nothing new */
	int64_t minute_ns;	/* the next full minute: a division is slow */
};

static void set_clock(struct link_track *l, int64_t clock_ns)
{
	bool same_minute = clock_ns >= 0 && clock_ns < l->minute_ns && l->now_ns >= 0 && clock_ns >= l->now_ns;

	l->now_ns = clock_ns;
	if (clock_ns > INT64_MAX - TOLD_EVERY_NS)
		l->minute_ns = INT64_MAX;
	else if (!same_minute)
		l->minute_ns = clock_ns - clock_ns % TOLD_EVERY_NS + TOLD_EVERY_NS;
}

struct link_track *link_track_new(const struct record_sink *sink)
{
	struct link_track *l = xcalloc(1, sizeof(*l));

	l->sink = *sink;
	set_clock(l, INT64_MIN);
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
		l->due_ns = l->minute_ns;
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

static bool is_zero4(const struct addr *a)
{
	return addr_is_v4(a) && !a->b[12] && !a->b[13] && !a->b[14] && !a->b[15];
}

static struct pair *pair_of(struct link_track *l, const struct pair_key *key, uint32_t tag, struct pair *expected)
{
	struct pair *e = table_find_expected(&l->pairs, key, tag, expected);

	if (e)
		return e;
	if (l->pairs.count == LINKS_MAX)
		tell(l, table_value(table_next(&l->pairs, NULL)));
	e = table_add_tagged(&l->pairs, key, tag);
	e->key = *key;
	note_news(l);
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

static void take(struct link_track *l, const struct sighting *n, struct pair *expected)
{
	struct pair *e = pair_of(l, &n->key, n->tag, expected);

	see(e, &n->last);
	e->pkts += n->pkts;
	if (n->ttl) {
		vote_ttl(e, n->ttl, n->pkts);
		widen_ttl(e, n->ttl_min, n->ttl_max);
	}
}

static void take_queued(struct link_track *l)
{
	struct pair *expected[QUEUE_MAX];

	for (int i = 0; i < l->queued + FETCH_AHEAD; i++) {
		if (i < l->queued)
			expected[i] = table_fetch_entry(&l->pairs, l->queue[i].tag);
		if (i >= FETCH_AHEAD)
			take(l, &l->queue[i - FETCH_AHEAD], expected[i - FETCH_AHEAD]);
	}
	l->queued = 0;
}

/* The place of the next one in the queue, to be filled; sighting_queued follows. */
static struct sighting *next_sighting(struct link_track *l, const struct pair_key *key)
{
	struct sighting *n;

	if (l->queued == QUEUE_MAX)
		take_queued(l);
	n = &l->queue[l->queued++];
	n->key = *key;
	n->tag = table_tag(&l->pairs, key);
	table_fetch_slot(&l->pairs, n->tag);
	return n;
}

/* A pair that may have to go for it is told at its time. */
static void sighting_queued(struct link_track *l)
{
	if (l->pairs.count + (uint32_t)l->queued > LINKS_MAX)
		take_queued(l);
}

static void claim(
	struct link_track *l, const struct packet *p, const struct mac *mac, const struct addr *ip, bool router)
{
	struct frame_ref ref = { p->frame->number, p->ts_ns, p->frame->source };
	struct pair_key key;
	struct pair *e;

	if (!mac_is_set(mac) || mac_is_group(mac) || !addr_is_set(ip) || addr_is_multicast(ip))
		return;
	key = key_of(p, mac, ip);
	take_queued(l);
	e = pair_of(l, &key, table_tag(&l->pairs, &key), NULL);
	see(e, &ref);
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

void link_track_add(struct link_track *l, const struct flow_link *counted)
{
	struct pair_key key = { .mac = counted->mac, .vlan = counted->vlan, .ip = counted->ip };
	struct sighting *n;

	if (mac_is_group(&key.mac) || !addr_is_set(&key.ip) || is_zero4(&key.ip))
		return;
	n = next_sighting(l, &key);
	n->pkts = counted->pkts;
	n->last = counted->last;
	n->ttl = counted->ttl;
	n->ttl_min = counted->ttl_min;
	n->ttl_max = counted->ttl_max;
	sighting_queued(l);
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

/* A RST or an ICMP message may come from a device on the way that took the address for it. */
static bool speaks_for_itself(const struct packet *p)
{
	return p->kind != PACKET_ICMP && !(p->kind == PACKET_TCP && (p->tcp.flags & TCP_RST));
}

void link_track_packet(struct link_track *l, const struct packet *p, const struct nd_message *nd)
{
	struct pair_key key;
	struct sighting *n;

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
	n = next_sighting(l, &key);
	n->pkts = 1;
	n->last = (struct frame_ref){ p->frame->number, p->ts_ns, p->frame->source };
	n->ttl = n->ttl_min = n->ttl_max = speaks_for_itself(p) ? p->ttl : 0;
	sighting_queued(l);
}

static void tell_all(struct link_track *l, bool again)
{
	for (struct table_entry *e = table_next(&l->pairs, NULL); e; e = table_next(&l->pairs, e)) {
		struct pair *pair = table_value(e);

		if (again || !pair->told)
			tell(l, pair);
	}
}

/* What waits may be news. */
int64_t link_track_due_ns(const struct link_track *l)
{
	return l->queued && l->due_ns == INT64_MAX ? l->minute_ns : l->due_ns;
}

void link_track_clock(struct link_track *l, int64_t clock_ns)
{
	if (l->queued && clock_ns >= l->minute_ns)
		take_queued(l);
	if (clock_ns >= l->due_ns) {
		set_clock(l, l->due_ns);
		l->due_ns = INT64_MAX;
		tell_all(l, false);
	}
	set_clock(l, clock_ns);
}

void link_track_finish(struct link_track *l, int64_t clock_ns)
{
	take_queued(l);
	set_clock(l, clock_ns);
	tell_all(l, true);
}
