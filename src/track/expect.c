/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches two dozen cache lines that are far away; asked for
 * together with those of the packets before and behind it, they come at the same time. Each step below needs what the
 * one before has asked for.
 */
#include "base/fetch.h"
#include "track/tracker_impl.h"

static void look_for_slot(struct tracker *t, const struct packet *p, struct expected *e)
{
	e->order = p->frame->order;
	e->flow = NULL;
	e->payload = p->payload_wire > 0;
	e->named = (p->kind == PACKET_TCP || p->kind == PACKET_UDP) && tracker_wants(p);
	if (!e->named)
		return;
	e->from_low = flow_key_make(&e->key, &p->src, p->sport, &p->dst, p->dport, p->proto);
	e->tag = tracker_tag(&e->key);
	fetch(&t->table.slots[e->tag & t->table.mask], sizeof(struct flow_slot));
}

static const struct cold *cold_of(const struct flow *f)
{
	return &((const struct whole_flow *)f)->cold;
}

static void look_for_flow(struct tracker *t, struct expected *e)
{
	uint32_t at = e->tag, number = e->named ? flow_table_next(&t->table, e->tag, &at) : 0;

	if (!number || (number & 1))
		return;
	e->flow = pool_at(&t->flows, number >> 1);
	fetch(e->flow, sizeof(struct flow_key));
	fetch(&cold_of(e->flow)->sent[1], 1); /* another page, perhaps */
}

static struct coming coming_of(const struct expected *e)
{
	if (!e->flow)
		return (struct coming){ 0 };
	return (struct coming){ .flow = e->flow,
		.side = e->from_low == e->flow->orig_is_low ? SIDE_ORIG : SIDE_RESP,
		.has_payload = e->payload };
}

/* What a packet of a healthy conversation needs, and not more. */
static void look_for_lines(const struct coming *c)
{
	if (!c->flow)
		return;
	fetch(c->flow, offsetof(struct flow, half));
	fetch(&c->flow->half[c->side], sizeof(struct half));
	fetch(&c->flow->half[side_other(c->side)], PEER_PART);
	fetch(cold_of(c->flow), offsetof(struct cold, thinks.us));
}

static void look_for_rings(const struct coming *c)
{
	const struct flow *f = c->flow;
	const struct cold *cold;

	if (!f)
		return;
	if (f->key_more)
		fetch(&f->key_more->last[(f->key_frames - KEY_FIRST) % KEY_LAST], 1);
	if (!c->has_payload)
		return;
	cold = cold_of(f);
	fetch(&cold->sent[c->side][f->half[c->side].data_segments % SENT_MAX], sizeof(struct sent));
	if (c->side == SIDE_RESP && !cold->thinks.skip)
		fetch(&cold->thinks.us[cold->thinks.n % THINKS_MAX], sizeof(uint32_t));
}

void tracker_expect(struct tracker *t, struct packet *const *packets, int n)
{
	struct coming coming[EXPECTED_MAX];

	t->expected_count = n;
	t->expected_at = 0;
	for (int i = 0; i < n; i++)
		look_for_slot(t, packets[i], &t->expected[i]);
	for (int i = 0; i < n; i++)
		look_for_flow(t, &t->expected[i]);
	for (int i = 0; i < n; i++) {
		coming[i] = coming_of(&t->expected[i]);
		look_for_lines(&coming[i]);
	}
	for (int i = 0; i < n; i++)
		look_for_rings(&coming[i]);
}

struct coming tracker_coming(const struct tracker *t, int i)
{
	return coming_of(&t->expected[i]);
}
