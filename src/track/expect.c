/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches a dozen cache lines that are far away; asked for some
 * frames before, they come while other packets are at work. The common frames are read without a decoder: whatever
 * is not plain IP over Ethernet or a cooked link is left alone.
 */
#include <string.h>

#include "track/tracker_impl.h"

#define LINE 64
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

static bool read_key(const struct frame *f, struct flow_key *key)
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
	flow_key_make(key, &src, be16(ports), &dst, be16(ports + 2), proto);
	return true;
}

static void fetch(const void *at, size_t size)
{
	const char *p = at;

	for (size_t i = 0; i < size; i += LINE)
		__builtin_prefetch(p + i);
}

static void look_for_slot(struct tracker *t, const struct frame *f, struct expected *e)
{
	struct flow_key key;

	e->order = 0;
	if (!read_key(f, &key))
		return;
	if (memcmp(&key, &t->expected_last.key, sizeof(key)) != 0) {
		t->expected_last.key = key;
		t->expected_last.tag = tracker_tag(&key);
	}
	*e = t->expected_last;
	e->order = f->order;
	__builtin_prefetch(&t->table.slots[e->tag & t->table.mask]);
}

static void look_for_flow(struct tracker *t, struct expected *e)
{
	uint32_t at = e->tag, number = flow_table_next(&t->table, e->tag, &at);

	e->flow = number && !(number & 1) ? pool_at(&t->flows, number >> 1) : NULL;
	if (e->flow)
		fetch(e->flow, offsetof(struct flow, half[1]));
}

/* The flow may have ended since; the pool keeps its memory, and a hint may be wrong. */
static void look_for_cold(const struct expected *e)
{
	const struct cold *c;

	if (!e->flow)
		return;
	/* The second half is asked for later: a processor keeps only about a dozen requests. */
	fetch(&e->flow->half[1], sizeof(struct half));
	c = e->flow->cold;
	if (!c)
		return;
	for (int s = 0; s < 2; s++)
		__builtin_prefetch(&c->sent[s][e->flow->half[s].data_segments % SENT_MAX]);
}

void tracker_expect(struct tracker *t, const struct frame *f, int look)
{
	struct expected *e = &t->expected[f->order % EXPECTED_MAX];

	if (look == 0)
		look_for_slot(t, f, e);
	else if (e->order != f->order)
		return;
	else if (look == 1)
		look_for_flow(t, e);
	else
		look_for_cold(e);
}
