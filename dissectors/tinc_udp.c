/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tinc's packets over UDP: node id of the receiver (zeros: whoever it is sent to), of the sender, a number, and what
 * is encrypted. The numbers of a session count up through renewals of its key; when they fall back to about 2, two
 * nodes have begun a new session.
 */
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "dissectors/tinc.h"

#define TINC_PORT 655
#define TINC_SMALLEST 51 /* a probe */
#define TINC_HEADER_LEN 16
/* So many datagrams must fit together before a conversation off the port is believed to be tinc's. */
#define TINC_TRIAL 3
/* The first numbers of a session may have gone over TCP or got lost. */
#define TINC_SESSION_START 1024
#define TINC_FALL_STEP 64
/* Both ends begin a new session within a round trip; whoever goes on with old numbers after this, uses the old key. */
#define TINC_OLD_KEY_NS (INT64_C(2) * 1000000000)
#define TINC_OLD_KEY_PACKETS 3
#define TINC_SAME_ROUND_NS (INT64_C(5) * 1000000000)

static const uint8_t zeros[TINC_ID_LEN];

static bool id_is_random(const uint8_t *id)
{
	int different = 0;

	for (int i = 0; i < TINC_ID_LEN; i++)
		different += id[i] != 0 && memchr(id, id[i], (size_t)i) == NULL;
	return different >= 4;
}

static bool header_fits(const struct chunk *c)
{
	return c->len >= TINC_HEADER_LEN && c->on_wire >= TINC_SMALLEST && id_is_random(c->data + TINC_ID_LEN) &&
	       (memcmp(c->data, zeros, TINC_ID_LEN) == 0 || id_is_random(c->data));
}

enum recognition tinc_udp_recognise(const struct chunk *c)
{
	if (c->on_wire < TINC_SMALLEST)
		return RECOGNISE_UNLIKELY;
	if (!header_fits(c))
		return RECOGNISE_NO;
	if (memcmp(c->data, zeros, TINC_ID_LEN) == 0 && c->data[2 * TINC_ID_LEN] == 0)
		return RECOGNISE_YES;
	/* Of a relayed packet little is known: a number below 2^20, and the port must fit. */
	return c->data[2 * TINC_ID_LEN] == 0 && c->data[2 * TINC_ID_LEN + 1] < 0x10 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* Zeros name whoever sends directly from the other side. */
static const uint8_t *receiver(const struct tinc_udp *u, const struct chunk *c)
{
	enum side other = side_other(c->side);

	if (memcmp(c->data, zeros, TINC_ID_LEN) != 0)
		return c->data;
	return u->node_known[other] ? u->node[other] : zeros;
}

static bool same_pair(const struct tinc_pair *p, const struct chunk *c, const uint8_t *to)
{
	return p->used && p->side == c->side && memcmp(p->from, c->data + TINC_ID_LEN, TINC_ID_LEN) == 0 &&
	       (memcmp(p->to, to, TINC_ID_LEN) == 0 ||
		       (memcmp(p->to, zeros, TINC_ID_LEN) == 0 && memcmp(c->data, zeros, TINC_ID_LEN) == 0));
}

static struct tinc_pair *pair_of(struct tinc_udp *u, const struct chunk *c)
{
	const uint8_t *to = receiver(u, c);
	struct tinc_pair *empty = NULL;

	for (int i = 0; i < TINC_PAIRS_MAX; i++) {
		struct tinc_pair *p = &u->pairs[i];

		if (same_pair(p, c, to)) {
			memcpy(p->to, to, TINC_ID_LEN); /* the direct receiver may be known only now */
			return p;
		}
		if (!p->used && !empty)
			empty = p;
	}
	if (!empty)
		return NULL;
	empty->used = true;
	empty->side = (uint8_t)c->side;
	memcpy(empty->from, c->data + TINC_ID_LEN, TINC_ID_LEN);
	memcpy(empty->to, to, TINC_ID_LEN);
	return empty;
}

/* FNV-1a over the number and the first bytes of what is encrypted; 0 is kept for "none". */
static uint32_t packet_hash(const struct chunk *c)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 2 * TINC_ID_LEN; i < c->len && i < 64; i++)
		hash = (hash ^ c->data[i]) * 16777619u;
	return hash ? hash : 1;
}

static struct tinc_pair *way_back(struct tinc_udp *u, const struct tinc_pair *p)
{
	for (int i = 0; i < TINC_PAIRS_MAX; i++) {
		struct tinc_pair *other = &u->pairs[i];

		if (other->used && memcmp(other->from, p->to, TINC_ID_LEN) == 0 &&
			memcmp(other->to, p->from, TINC_ID_LEN) == 0)
			return other;
	}
	return NULL;
}

/* The peer began a new session some time ago, and this packet continues the numbers of the one before. */
static void old_key(struct tinc_pair *p, struct tunnel_life *life, struct session *s, const struct chunk *c)
{
	if (!p->peer_began_ns || c->ref.at_ns - p->peer_began_ns < TINC_OLD_KEY_NS)
		return;
	life->sum.old_key_pkts[p->side]++;
	if (++p->old_key_packets == TINC_OLD_KEY_PACKETS)
		tunnel_event(life, s, TUNNEL_OLD_KEY_DATA, (enum side)p->side, &c->ref, "seqno", NULL);
}

static void begin_round(struct tinc_udp *u, struct tinc_pair *p)
{
	struct tinc_pair *back = way_back(u, p);

	p->began_ns = p->fallen_ref.at_ns;
	p->peer_began_ns = 0;
	if (!back || (back->began_ns && p->began_ns - back->began_ns < TINC_SAME_ROUND_NS))
		return;
	back->peer_began_ns = p->began_ns;
	back->old_key_packets = 0;
}

static void begin_session(struct tinc_udp *u, struct tinc_pair *p, struct tunnel_life *life, struct session *s)
{
	const uint8_t *a = p->from, *b = p->to;

	begin_round(u, p);
	life->sum.reordered[p->side] += p->numbers.reordered;
	life->sum.lost[p->side] += p->numbers.missing;
	p->numbers = (struct counter_track){0};
	memset(p->recent, 0, sizeof(p->recent));
	counter_add(&p->numbers, p->fallen_to);
	p->fallen = false;
	tunnel_name_session(life, "%02x%02x%02x%02x%02x%02x>%02x%02x%02x%02x%02x%02x", a[0], a[1], a[2], a[3], a[4],
		a[5], b[0], b[1], b[2], b[3], b[4], b[5]);
	tunnel_event(life, s, TUNNEL_RESTART, (enum side)p->side, &p->fallen_ref, "seqno", NULL);
	session_mark(s, (enum side)p->side, &p->fallen_ref, "new session");
}

/* Two numbers in a row that fell back, each with other bytes than were seen under it before, are a new session. */
static void on_number(struct tinc_udp *u, struct tinc_pair *p, struct tunnel_life *life, struct session *s,
	const struct chunk *c, uint32_t n)
{
	uint32_t hash = packet_hash(c), *recent = &p->recent[n % TINC_RECENT];
	enum counter_place place = counter_place(&p->numbers, n);

	if (place != COUNTER_NEXT && *recent == hash)
		return; /* a copy made on the way */
	if (p->fallen && n > p->fallen_to && n - p->fallen_to <= TINC_FALL_STEP && place != COUNTER_NEXT) {
		begin_session(u, p, life, s);
	} else if (place == COUNTER_NEXT || place == COUNTER_LATE) {
		p->fallen = false;
		old_key(p, life, s, c);
	} else if (n < TINC_SESSION_START) {
		p->fallen = true;
		p->fallen_to = n;
		p->fallen_ref = c->ref;
		return; /* the next one decides where it belongs */
	}
	*recent = hash;
	tunnel_number(life, c->side, &c->ref, &p->numbers, n);
}

static void learn_node(struct tinc_udp *u, const struct chunk *c)
{
	if (memcmp(c->data, zeros, TINC_ID_LEN) != 0)
		return;
	memcpy(u->node[c->side], c->data + TINC_ID_LEN, TINC_ID_LEN);
	u->node_known[c->side] = true;
}

enum dissect_verdict tinc_udp_datagram(
	struct tinc_udp *u, struct tunnel_life *life, struct session *s, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	struct tinc_pair *p;

	if (!header_fits(c)) {
		if (u->fitting >= TINC_TRIAL)
			return DISSECT_BAD;
		life->heard = false; /* nothing to tell: it never was tinc */
		return DISSECT_NOT_MINE;
	}
	if (u->fitting < TINC_TRIAL)
		u->fitting++;
	learn_node(u, c);
	p = pair_of(u, c);
	rd_skip(&r, 2 * TINC_ID_LEN);
	if (p)
		on_number(u, p, life, s, c, rd_u32(&r));
	tunnel_data(life, c->side, &c->ref, c->on_wire - TINC_HEADER_LEN);
	if (u->fitting >= TINC_TRIAL && life->sum.data_pkts[SIDE_ORIG] && life->sum.data_pkts[SIDE_RESP])
		tunnel_established(life, s, c->side, &c->ref);
	return DISSECT_OK;
}

void tinc_udp_finish(struct tinc_udp *u, struct tunnel_life *life)
{
	for (int i = 0; i < TINC_PAIRS_MAX; i++) {
		life->sum.reordered[u->pairs[i].side] += u->pairs[i].numbers.reordered;
		life->sum.lost[u->pairs[i].side] += u->pairs[i].numbers.missing;
	}
	if (u->fitting < TINC_TRIAL)
		life->heard = false;
}
