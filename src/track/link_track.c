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

/* With its key and what the table needs it takes less than two lines. */
struct pair {
	uint64_t pkts;
	int64_t first_ns, last_ns; /* time stamps of the frames */
	uint64_t first_frame, last_frame;
	uint16_t first_source, last_source;
	uint32_t ttl_count;
	uint8_t ttl, ttl_min, ttl_max;
	bool claimed, router, told;
};

struct sighting {
	struct flow_link seen;
	uint32_t tag; /* of its key, in the table */
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
	table_init(&l->pairs, sizeof(struct link_key), sizeof(struct pair), LINKS_MAX);
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
	const struct link_key *key = table_key_of(&l->pairs, e);
	struct record r;
	struct link *k = &r.link;

	record_init(&r, RECORD_LINK);
	r.ts_ns = e->first_ns;
	r.emitted_ns = l->now_ns;
	r.source = e->first_source;
	r.frame = e->first_frame;
	k->mac = key->mac;
	k->ip = key->ip;
	k->vlan = key->vlan;
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

static struct pair *pair_of(struct link_track *l, const struct link_key *key, uint32_t tag, struct pair *expected)
{
	struct pair *e = table_find_expected(&l->pairs, key, tag, expected);

	if (e)
		return e;
	if (l->pairs.count == LINKS_MAX)
		tell(l, table_value(table_next(&l->pairs, NULL)));
	e = table_add_tagged(&l->pairs, key, tag);
	note_news(l);
	return e;
}

static struct link_key key_of(const struct packet *p, const struct mac *mac, const struct addr *ip)
{
	return (struct link_key){ .mac = *mac, .vlan = p->vlan_count ? p->vlans[0] : 0, .ip = *ip };
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
	const struct flow_link *seen = &n->seen;
	struct pair *e = pair_of(l, &seen->key, n->tag, expected);

	see(e, &seen->last);
	e->pkts += seen->pkts;
	if (seen->ttl) {
		vote_ttl(e, seen->ttl, seen->pkts);
		widen_ttl(e, seen->ttl_min, seen->ttl_max);
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

/* A pair that may have to go for it is told at its time. */
static void note(struct link_track *l, const struct flow_link *seen, int64_t clock_ns)
{
	struct sighting *n;

	l->now_ns = clock_ns;
	if (l->queued == QUEUE_MAX)
		take_queued(l);
	n = &l->queue[l->queued++];
	n->seen = *seen;
	n->tag = table_tag(&l->pairs, &seen->key);
	table_fetch_slot(&l->pairs, n->tag);
	if (l->pairs.count + (uint32_t)l->queued > LINKS_MAX)
		take_queued(l);
}

static void claim(
	struct link_track *l, const struct packet *p, const struct mac *mac, const struct addr *ip, bool router)
{
	struct frame_ref ref = { p->frame->number, p->ts_ns, p->frame->source };
	struct link_key key;
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

static bool is_named(const struct link_key *k)
{
	return !mac_is_group(&k->mac) && addr_is_set(&k->ip) && !is_zero4(&k->ip);
}

void link_track_add(struct link_track *l, const struct flow_link *counted, int64_t clock_ns)
{
	if (is_named(&counted->key))
		note(l, counted, clock_ns);
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

void link_track_packet(struct link_track *l, const struct packet *p, const struct nd_message *nd, int64_t clock_ns)
{
	struct flow_link seen;

	if (!p->has_macs || !macs_fit(p))
		return;
	l->now_ns = clock_ns;
	if (p->kind == PACKET_ARP) {
		if (!is_zero4(&p->arp.sender_ip))
			claim(l, p, &p->arp.sender_mac, &p->arp.sender_ip, false);
		return;
	}
	if (nd)
		note_nd(l, p, nd);
	seen.key = key_of(p, &p->mac_src, &p->src);
	if (p->kind == PACKET_OTHER || !is_named(&seen.key))
		return;
	seen.pkts = 1;
	seen.last = (struct frame_ref){p->frame->number, p->ts_ns, p->frame->source};
	seen.ttl = seen.ttl_min = seen.ttl_max = speaks_for_itself(p) ? p->ttl : 0;
	note(l, &seen, clock_ns);
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

int64_t link_track_minute_ns(const struct link_track *l)
{
	return l->minute_ns;
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
