/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches two dozen cache lines that are far away. They are asked
 * for in steps, each of which needs what the one before has asked for; in between other packets go their way.
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

/* What the table has under the tag, which may be another conversation. */
static struct flow *flow_at(const struct tracker *t, const struct expected *e)
{
	uint32_t at = e->tag, number = e->named ? slots_next(&t->table, e->tag, &at) : 0;

	return number && !(number & 1) ? pool_at(&t->flows, number >> 1) : NULL;
}

/* What the first packets need beside that, and the last ones of a short conversation. */
static void fetch_more(const struct coming *c)
{
	const struct cold *cold = cold_of(c->flow);

	if (c->flow->key_frames >= KEY_FIRST)
		return;
	fetch_lines(cold->history, offsetof(struct cold, start) - offsetof(struct cold, history));
	fetch(&cold->start[c->side], sizeof(struct side_start));
	fetch(&cold->first[c->flow->key_frames], sizeof(struct key_frame_kept));
}

void tracker_expect(struct tracker *t, struct packet *const *packets, int n)
{
	t->expected_count = n;
	t->expected_at = 0;
	for (int i = 0; i < n; i++) {
		name(packets[i], &t->expected[i]);
		slots_fetch(&t->table, t->expected[i].tag);
	}
	for (int i = 0; i < n; i++) {
		struct flow *f = t->expected[i].coming.flow = flow_at(t, &t->expected[i]);

		if (f)
			fetch_line(f);
	}
}

static struct expected *expected(struct tracker *t, int i)
{
	return i >= 0 && i < t->expected_count && t->expected[i].coming.flow ? &t->expected[i] : NULL;
}

void tracker_fetch_flow(struct tracker *t, int i)
{
	struct expected *e = expected(t, i);
	struct flow *f;

	if (!e)
		return;
	f = e->coming.flow;
	e->coming.side = e->from_low == f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
	/* what a packet of a healthy conversation needs, and not more */
	fetch_lines(&f->last_ns, offsetof(struct flow, half) - offsetof(struct flow, last_ns));
	fetch_lines(&f->half[e->coming.side], sizeof(struct half));
	fetch_lines(&f->half[side_other(e->coming.side)], PEER_PART);
	fetch_lines(cold_of(f), offsetof(struct cold, history));
}

void tracker_fetch_rings(struct tracker *t, int i)
{
	const struct expected *e = expected(t, i);
	const struct lasting *l;
	const struct flow *f;

	if (!e)
		return;
	f = e->coming.flow;
	fetch_more(&e->coming);
	if (f->key_last)
		fetch(&f->key_last->frames[(f->key_frames - KEY_FIRST) % KEY_LAST], sizeof(struct key_frame_kept));
	l = f->lasting;
	if (!e->coming.has_payload || !l)
		return;
	fetch_line(&l->sent[e->coming.side][f->half[e->coming.side].data_segments % SENT_MAX]);
	if (e->coming.side == SIDE_RESP && !cold_of(f)->thinks_skip)
		fetch_line(&l->think_us[f->thinks % THINKS_MAX]);
}

const struct coming *tracker_coming(struct tracker *t, int i)
{
	const struct expected *e = expected(t, i);

	return e ? &e->coming : NULL;
}

void expect_no_more(struct tracker *t, const struct flow *f)
{
	for (int i = 0; i < t->expected_count; i++)
		if (t->expected[i].coming.flow == f)
			t->expected[i].coming.flow = NULL;
}
