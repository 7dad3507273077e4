/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that the capture holds twice: a mirror port that copies both ends of a path, or all interfaces at once. The
 * copy has the same IP id, the same transport header and the same payload, within 50 ms; TTL, VLAN, MACs and
 * interface may differ. Where the sender's IP ids say nothing (constant, or IPv6), a sender may well repeat itself:
 * then the copy must be very near in time and either have another TTL, VLAN, MAC or interface (the same packet at
 * another place), be of a conversation that was seen to be doubled before, or make no sense as a repetition.
 *
 * A fingerprint is 40 bits of content, 8 bits of place and 16 bits of time in ms.
 */
#include "track/duplicates.h"

#include <string.h>

#include "base/seldom.h"
#include "track/tracker_impl.h"

#define DOUBLED_NEAR_NS (2 * NS_PER_MS) /* copies without a meaningful IP id; others: RECENT_MS */

#define CONTENT_MASK (~UINT64_C(0) << 24)

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *b, uint32_t n)
{
	uint64_t v = 0;

	if (n >= 16) {
		memcpy(&v, b, 8);
		h = mix(h, v);
		memcpy(&v, b + n - 8, 8);
		return mix(h, v);
	}
	if (n >= 8) {
		memcpy(&v, b, 8);
		h = mix(h, v);
		b += 8;
		n -= 8;
	}
	v = 0;
	if (n)
		memcpy(&v, b, n);
	return mix(h, v);
}

/* Odd numbers without a pattern. Products of them do not wait for each other as a chain of mix() does. */
#define ODD_A UINT64_C(0x9e3779b97f4a7c15)
#define ODD_B UINT64_C(0xc2b2ae3d27d4eb4f)
#define ODD_C UINT64_C(0x165667b19e3779f9)
#define ODD_D UINT64_C(0xd6e8feb86659fd93)
#define ODD_E UINT64_C(0xa0761d6478bd642f)
#define ODD_F UINT64_C(0xe7037ed1a0b428db)

static inline uint64_t eight_bytes(const uint8_t *b)
{
	uint64_t v;

	memcpy(&v, b, 8);
	return v;
}

/* Where the frame was seen: copies from another place differ in it. */
static inline uint64_t place_of(const struct packet *p)
{
	uint64_t h = p->origin * ODD_A ^ mac_number(&p->mac_dst);

	h += (uint64_t)p->frame->source << 16;
	if (p->interface | p->vlan_count)
		h ^= ((uint64_t)p->interface << 32 | (uint64_t)p->vlan_count << 16 |
			     (p->vlan_count ? p->vlans[0] : 0u)) *
		     ODD_C;
	return h * ODD_B >> 56 << 16;
}

/* Fewer than eight bytes. */
static inline uint64_t few_bytes(const uint8_t *b, uint32_t n)
{
	uint32_t first, last;

	if (n < 4)
		return n ? (uint64_t)b[0] << 16 | (uint64_t)b[n / 2] << 8 | b[n - 1] : 0;
	memcpy(&first, b, 4);
	memcpy(&last, b + n - 4, 4);
	return (uint64_t)first << 32 | last;
}

/* The first and the last bytes. */
static inline uint64_t payload_content(const uint8_t *b, uint32_t n)
{
	if (n < 8)
		return few_bytes(b, n) * ODD_A;
	return eight_bytes(b) * ODD_A ^ eight_bytes(b + n - 8) * ODD_B;
}

static inline uint64_t tcp_content(const struct tcp_header *t)
{
	uint64_t h = ((uint64_t)t->seq << 32 | t->ack) * ODD_D;

	h ^= ((uint64_t)t->window << 16 | (uint64_t)t->flags << 8 | t->reserved) * ODD_E;
	h ^= ((uint64_t)t->ts_value << 32 | t->ts_echo) * ODD_F; /* zeros where there are none */
	if (t->sack_count)
		h = mix(h, (uint64_t)t->sack_left[0] << 32 | t->sack_right[0]);
	return h;
}

static inline uint64_t content_of(const struct packet *p)
{
	uint64_t h = ((uint64_t)p->payload_wire << 32 | (uint64_t)p->ip_id << 8 | p->proto) * ODD_C;

	h ^= payload_content(p->payload, p->payload_len);
	if (p->kind == PACKET_TCP)
		h ^= tcp_content(&p->tcp);
	return h * ODD_B & CONTENT_MASK;
}

static uint64_t time_of(const struct packet *p)
{
	return (uint64_t)(p->clock_ns / NS_PER_MS) & 0xffff;
}

static uint32_t age_ms(uint64_t now, uint64_t then)
{
	return (uint32_t)(now - then) & 0xffff;
}

/* Whether the id of this packet would be another one if the sender had sent it anew. */
static bool id_tells(const struct passing *w)
{
	return w->p->has_ip_id && w->p->ip_id != 0 && (w->own->flags & HALF_ID_VARIES);
}

/*
 * Without ids: what is repeated although the other side said nothing in between is no answer to anything. Data is
 * sent again after an ACK or a time-out; equal ACKs come one per segment, and with SACK no two are equal.
 */
static bool is_pointless(const struct passing *w)
{
	bool sack = w->c->start[SIDE_ORIG].sack_permitted && w->c->start[SIDE_RESP].sack_permitted;

	return w->p->kind == PACKET_TCP && w->f->last_side == w->side && (w->len > 0 || sack);
}

static bool answers_syn(const struct passing *w)
{
	return (w->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

static SELDOM bool is_copy(const struct passing *w, uint64_t mine, uint64_t old)
{
	uint32_t age = age_ms(mine, old);
	bool elsewhere = (mine >> 16 & 0xff) != (old >> 16 & 0xff);

	if (!old || !w->own->pkts || age > RECENT_MS)
		return false;
	if (id_tells(w))
		return true;
	/* A repeated SYN or FIN waits for a time-out, which is never that short; a SYN-ACK also answers each SYN. */
	if (w->p->kind == PACKET_TCP && (w->flags & (TCP_SYN | TCP_FIN)) &&
		!(answers_syn(w) && w->f->last_side != w->side))
		return true;
	if (w->now_ns - half_last_ns(w->f, w->own) > DOUBLED_NEAR_NS || age > 2)
		return false;
	return elsewhere || w->own->doubled + w->peer->doubled > 1 || is_pointless(w);
}

#define OLDER_MAX (RECENT_MAX - 1)
#define OLDER_COUNT_MAX (2 * OLDER_MAX - 1)

static inline bool resembles(uint64_t mine, uint64_t old)
{
	return !((old ^ mine) & CONTENT_MASK);
}

static SELDOM bool is_copy_of_one(const struct passing *w, uint64_t mine)
{
	const struct half *own = w->own;
	uint32_t n = own->recent_count < OLDER_MAX ? own->recent_count : OLDER_MAX;

	if (resembles(mine, own->newest) && is_copy(w, mine, own->newest))
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (resembles(mine, own->recent[i]) && is_copy(w, mine, own->recent[i]))
			return true;
	return false;
}

/* The newest one makes room for the next. */
static inline void newest_ages(struct half *own)
{
	uint8_t n = own->recent_count;

	own->recent[n % OLDER_MAX] = own->newest;
	own->recent_count = (uint8_t)(n < OLDER_COUNT_MAX ? n + 1 : OLDER_MAX);
}

/* Whether the packet is a copy. Remembers it otherwise. After a rest the ones before say nothing any more, so packets
 * of many conversations in turns touch only the newest. */
bool duplicate_in_flow(struct passing *w, bool in_line)
{
	struct half *own = w->own;
	uint64_t mine = content_of(w->p) | place_of(w->p) | time_of(w->p);

	if (w->p->ip_id != own->last_ip_id && own->pkts && w->p->has_ip_id)
		own->flags |= HALF_ID_VARIES;
	if (age_ms(mine, own->newest) > RECENT_MS) {
		own->recent_count = 0;
	} else {
		if ((!in_line || own->flags & HALF_STOOD) && is_copy_of_one(w, mine))
			return true;
		newest_ages(own);
	}
	own->newest = mine;
	return false;
}

void duplicate_noted(struct passing *w)
{
	if (w->own->doubled++ == 0)
		flow_make_odd(w->f, w->side)->copy = passing_ref(w);
}

/* Most of a side's copies were reported by its receiver: then the network made the others too. */
static bool network_doubles(const struct half *h, uint32_t reported)
{
	return reported && reported * 2 >= h->doubled_data;
}

/*
 * Copies that nobody reports are the capture's. A side that sends no data gets no reports: of its copies is what is
 * known of the other side's.
 */
void duplicates_settle(const struct flow *f, struct tcp_loss loss[2])
{
	uint32_t reported[2] = {loss[0].duplicated_by_network, loss[1].duplicated_by_network};

	for (int s = 0; s < 2; s++) {
		const struct half *own = &f->half[s], *peer = &f->half[1 - s];
		bool all = network_doubles(own, reported[s]) ||
			   (!own->doubled_data && peer->doubled_data && network_doubles(peer, reported[1 - s]));
		uint32_t seen = reported[s] < own->doubled_data ? reported[s] : own->doubled_data;

		if (all)
			loss[s].duplicated_by_network = own->doubled > reported[s] ? own->doubled : reported[s];
		loss[s].duplicated_by_capture = all ? 0 : own->doubled - seen;
	}
}

static uint64_t arp_content(const struct packet *p)
{
	uint64_t h = mix(p->arp.operation, 0);

	h = mix_bytes(h, p->arp.sender_ip.b, 16);
	h = mix_bytes(h, p->arp.target_ip.b, 16);
	h = mix(h, mac_number(&p->arp.sender_mac));
	return mix(h, mac_number(&p->arp.target_mac));
}

static uint64_t icmp_content(const struct packet *p)
{
	uint64_t h = mix(content_of(p), (uint64_t)p->icmp.type << 40 | (uint64_t)p->icmp.code << 32 |
						(uint64_t)p->icmp.id << 16 | p->icmp.sequence);

	h = mix_bytes(h, p->src.b, 16);
	h = mix_bytes(h, p->dst.b, 16);
	return mix_bytes(h, p->icmp.quoted.dst.b, 16);
}

/* The same for ICMP and ARP, which have no conversation: ids mean little there, so a copy must be near. */
bool duplicate_elsewhere(struct recent_frames *r, const struct packet *p)
{
	uint64_t h = p->kind == PACKET_ARP ? arp_content(p) : icmp_content(p);
	uint64_t mine = (h & CONTENT_MASK) | place_of(p) | time_of(p);
	uint64_t *slot = &r->prints[(h >> 24) % RECENT_FRAMES];
	uint32_t age = age_ms(mine, *slot);
	bool same = *slot && !((*slot ^ mine) & CONTENT_MASK);

	if (same && age <= (p->kind == PACKET_ICMP && p->has_ip_id && p->ip_id ? RECENT_MS : 1u))
		return true;
	*slot = mine;
	return false;
}
