/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches two dozen cache lines that are far away; asked for
 * together with those of the packets before and behind it, they come at the same time. Each step below needs what the
 * one before has asked for.
 */
#include "base/fetch.h"
#include "track/tracker_impl.h"

static void name(const struct packet *p, struct expected *e)
{
	e->order = p->frame->order;
	e->coming = (struct coming){ .has_payload = p->payload_wire > 0 };
	e->named = (p->kind == PACKET_TCP || p->kind == PACKET_UDP) && tracker_wants(p);
	if (!e->named)
		return;
	e->from_low = flow_key_make(&e->key, &p->src, p->sport, &p->dst, p->dport, p->proto);
	e->tag = tracker_tag(&e->key);
}

static void look_for_slots(const struct tracker *t, struct fetch_list *list)
{
	for (int i = 0; i < t->expected_count; i++)
		if (t->expected[i].named)
			fetch_small(list, &t->table.slots[t->expected[i].tag & t->table.mask], 1);
	fetch_all(list);
}

/* What the table has under the tag, which may be another conversation. */
static struct flow *flow_at(const struct tracker *t, const struct expected *e)
{
	uint32_t at = e->tag, number = e->named ? flow_table_next(&t->table, e->tag, &at) : 0;

	return number && !(number & 1) ? pool_at(&t->flows, number >> 1) : NULL;
}

static void look_for_flows(struct tracker *t, struct fetch_list *list)
{
	for (int i = 0; i < t->expected_count; i++) {
		struct flow *f = t->expected[i].coming.flow = flow_at(t, &t->expected[i]);

		if (!f)
			continue;
		fetch_small(list, f, 1);
		fetch_small(list, &cold_of(f)->vlan, 1); /* another page, perhaps */
	}
	fetch_all(list);
}

/* What a packet of a healthy conversation needs, and not more. */
static void look_for_lines(const struct coming *c)
{
	fetch_now(c->flow, offsetof(struct flow, half));
	fetch_now(&c->flow->half[c->side], sizeof(struct half));
	fetch_now(&c->flow->half[side_other(c->side)], PEER_PART);
	fetch_now(cold_of(c->flow), offsetof(struct cold, vlan));
}

/* What the first packets need beside that, and the last ones of a short conversation. */
static void look_for_more(const struct coming *c)
{
	const struct cold *cold = cold_of(c->flow);

	if (c->flow->key_frames >= KEY_FIRST)
		return;
	fetch_now(cold->history, offsetof(struct cold, start) - offsetof(struct cold, history));
	fetch_now(&cold->start[c->side], sizeof(struct side_start));
	fetch_now(&cold->first[c->flow->key_frames], sizeof(struct key_frame_kept));
}

static void look_for_rings(struct fetch_list *list, const struct coming *c)
{
	const struct flow *f = c->flow;
	const struct lasting *l;

	if (!f)
		return;
	if (f->key_last)
		fetch_small(list, &f->key_last->frames[(f->key_frames - KEY_FIRST) % KEY_LAST],
			sizeof(struct key_frame_kept));
	l = f->lasting;
	if (!c->has_payload || !l)
		return;
	fetch_small(list, &l->sent[c->side][f->half[c->side].data_segments % SENT_MAX], 1);
	if (c->side == SIDE_RESP && !cold_of(f)->thinks_skip)
		fetch_small(list, &l->think_us[cold_of(f)->thinks % THINKS_MAX], 1);
}

void tracker_expect(struct tracker *t, struct packet *const *packets, int n)
{
	struct fetch_list list;

	fetch_begin(&list);
	t->expected_count = n;
	t->expected_at = 0;
	for (int i = 0; i < n; i++)
		name(packets[i], &t->expected[i]);
	look_for_slots(t, &list);
	look_for_flows(t, &list);
	for (int i = 0; i < n; i++) {
		struct coming *c = &t->expected[i].coming;

		if (!c->flow)
			continue;
		c->side = t->expected[i].from_low == c->flow->orig_is_low ? SIDE_ORIG : SIDE_RESP;
		look_for_lines(c);
		look_for_more(c);
	}
	for (int i = 0; i < n; i++)
		look_for_rings(&list, &t->expected[i].coming);
	fetch_all(&list);
}

const struct coming *tracker_coming(const struct tracker *t, int i)
{
	return &t->expected[i].coming;
}
