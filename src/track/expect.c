/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches a dozen cache lines that are far away; asked for some
 * frames before, they come while other packets are at work. The common frames are read without a decoder: whatever
 * is not plain IP over Ethernet or a cooked link is left alone.
 */
#include <string.h>

#include "base/fetch.h"
#include "track/tracker_impl.h"

#define LINKTYPE_ETHERNET 1
#define LINKTYPE_RAW 101
#define LINKTYPE_LINUX_SLL 113
#define LINKTYPE_LINUX_SLL2 276
#define TYPE_VLAN 0x8100

static uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

/* Where the IP header begins; at least 44 bytes follow, enough for ports. 0: not to be said. */
static uint32_t ip_offset(const struct frame *f)
{
	uint32_t at = 0;

	if (f->captured < 64)
		return UINT32_MAX;
	if (f->link_type == LINKTYPE_ETHERNET)
		at = be16(f->data + 12) == TYPE_VLAN ? 18 : 14;
	else if (f->link_type == LINKTYPE_LINUX_SLL)
		at = 16;
	else if (f->link_type == LINKTYPE_LINUX_SLL2)
		at = 20;
	else if (f->link_type != LINKTYPE_RAW)
		return UINT32_MAX;
	return f->captured >= at + 44 ? at : UINT32_MAX;
}

static bool read_key(const struct frame *f, struct expected *e)
{
	uint32_t at = ip_offset(f);
	const uint8_t *ip = f->data + at, *ports = ip + 20;
	struct addr src, dst;
	uint8_t proto;

	if (at == UINT32_MAX)
		return false;
	if (ip[0] == 0x45 && !(be16(ip + 6) & 0x3fff)) {
		src = addr_v4(ip + 12);
		dst = addr_v4(ip + 16);
		proto = ip[9];
	} else if (ip[0] >> 4 == 6) {
		src = addr_v6(ip + 8);
		dst = addr_v6(ip + 24);
		proto = ip[6];
		ports = ip + 40;
	} else {
		return false;
	}
	if (proto != 6 && proto != 17)
		return false;
	e->from_low = flow_key_make(&e->key, &src, be16(ports), &dst, be16(ports + 2), proto);
	/* Of TCP without options: then a few bytes too many are fetched. */
	e->has_payload = f->on_wire > (uint32_t)(ports - f->data) + 20;
	return true;
}

static void look_for_slot(struct tracker *t, const struct frame *f, struct expected *e)
{
	e->order = 0;
	if (!read_key(f, e))
		return;
	e->tag = flow_key_equal(&e->key, &t->expected_last) ? t->expected_tag : tracker_tag(&e->key);
	t->expected_last = e->key;
	t->expected_tag = e->tag;
	e->order = f->order;
	__builtin_prefetch(&t->table.slots[e->tag & t->table.mask]);
}

static void look_for_flow(struct tracker *t, struct expected *e)
{
	uint32_t at = e->tag, number = flow_table_next(&t->table, e->tag, &at);

	e->flow = number && !(number & 1) ? pool_at(&t->flows, number >> 1) : NULL;
	if (e->flow)
		fetch(e->flow, offsetof(struct flow, half));
}

static struct coming coming_of(const struct expected *e)
{
	return (struct coming){ .flow = e->flow,
		.side = e->from_low == e->flow->orig_is_low ? SIDE_ORIG : SIDE_RESP,
		.has_payload = e->has_payload };
}

static const struct cold *cold_of(const struct flow *f)
{
	return &((const struct whole_flow *)f)->cold;
}

/*
 * What a packet of a healthy conversation needs, and not more: a processor keeps only about two dozen requests. The
 * flow may have ended since; the pool keeps its memory, and a hint may be wrong.
 */
static void look_for_halves(const struct coming *c)
{
	fetch(&c->flow->half[c->side], sizeof(struct half));
	fetch(&c->flow->half[side_other(c->side)], PEER_PART);
	fetch(cold_of(c->flow), offsetof(struct cold, thinks.us));
}

static void look_for_rings(const struct coming *c)
{
	const struct flow *f = c->flow;
	const struct cold *cold = cold_of(f);

	if (!c->has_payload)
		return;
	fetch(&cold->sent[c->side][f->half[c->side].data_segments % SENT_MAX], sizeof(struct sent));
	if (c->side == SIDE_RESP && !cold->thinks.skip)
		fetch(&cold->thinks.us[cold->thinks.n % THINKS_MAX], sizeof(uint32_t));
}

struct coming tracker_expect(struct tracker *t, const struct frame *f, int look)
{
	struct expected *e = &t->expected[f->order % EXPECTED_MAX];
	struct coming c = { 0 };

	if (look == 0)
		look_for_slot(t, f, e);
	else if (e->order == f->order && look == 1)
		look_for_flow(t, e);
	else if (e->order == f->order && e->flow)
		c = coming_of(e);
	if (c.flow && look == 2)
		look_for_halves(&c);
	else if (c.flow && look == 3)
		look_for_rings(&c);
	return c;
}
