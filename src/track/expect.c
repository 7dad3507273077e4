/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching ahead. A packet of one of many conversations touches two dozen cache lines that are far away. They are asked
 * for in steps, each of which needs what the one before has asked for; in between other packets go their way.
 */
#include "base/fetch.h"
#include "track/tcp_steps.h"

static inline void name(const struct packet *p, struct expected *e)
{
	e->order = p->frame->order;
	e->coming.has_payload = p->payload_wire > 0;
	e->coming.named = p->plain || ((p->kind == PACKET_TCP || p->kind == PACKET_UDP) && p->verdict != PACKET_BAD);
	if (!e->coming.named)
		return;
	e->coming.from_low = flow_key_make(&e->key, &p->src, p->sport, &p->dst, p->dport, p->proto);
	e->coming.tag = tracker_tag(&e->key);
}

/* What the table has under the tag, which may be another conversation. */
static struct flow *flow_at(const struct tracker *t, const struct expected *e)
{
	uint32_t number = e->coming.named ? slots_first(&t->table, e->coming.tag) : 0;

	return number && !(number & 1) ? pool_at(&t->flows, number >> 1) : NULL;
}

/* What the first packets need beside that, and the last ones of a short conversation. */
static void fetch_more(const struct coming *c)
{
	const struct cold *cold = cold_of(c->flow);

	fetch_lines(cold->history, offsetof(struct cold, start) - offsetof(struct cold, history));
	fetch(&cold->start[c->side], sizeof(struct side_start));
	fetch(&cold->first[c->flow->key_frames], sizeof(struct key_frame_kept));
}

static struct expected *first_expected(struct tracker *t)
{
	return t->expected + AHEAD_MAX;
}

/* Behind the last one that was announced. */
static void expect_end(struct expected *e)
{
	e->order = UINT64_MAX;
	for (int i = 0; i < AHEAD_MAX; i++)
		e[i].coming.flow = NULL;
}

void expect_nothing(struct tracker *t)
{
	t->expected_count = 0;
	t->here = t->expected;
	t->next = first_expected(t);
	expect_end(first_expected(t));
}

void tracker_expect(struct tracker *t, struct packet *const *packets, int n)
{
	struct expected *first = first_expected(t);

	for (int i = 0; i < n; i++) {
		name(packets[i], &first[i]);
		if (first[i].coming.named)
			slots_fetch(&t->table, first[i].coming.tag);
		first[i].coming.flow = NULL;
	}
	expect_end(first + n);
	t->expected_count = n;
	t->here = t->expected;
	t->next = first;
}

void tracker_expect_flow(struct tracker *t, int i)
{
	struct expected *e = first_expected(t) + i;
	struct flow *f = e->coming.flow = flow_at(t, e);

	if (f)
		fetch_line(f);
}

/* Whether who talks changes, so far: then the packet becomes a key frame. */
static inline bool turns(const struct flow *f, const struct coming *c)
{
	bool talks = c->has_payload & (f->talker != c->side);
	bool takes = !c->has_payload & f->ask_unacked & (c->side == SIDE_RESP);

	return talks | takes;
}

/* What acknowledges the other side's data adds up, and what a change of who talks does. */
static inline void fetch_turn(const struct flow *f, const struct coming *c)
{
	const struct cold *cold = cold_of(f);

	fetch_either(c->side == SIDE_RESP, &cold->rtt_orig, &cold->rtt_resp);
	fetch_either(turns(f, c), &cold->last_turn, f);
}

void tracker_fetch_flow(struct tracker *t)
{
	struct expected *e = t->here + AHEAD_MAX;
	struct flow *f = e->coming.flow;

	t->here++;
	if (!f)
		return;
	e->coming.side = e->coming.from_low == f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
	fetch_line(&f->due_ns);
	fetch_lines(&f->half[e->coming.side], DATA_PART);
	fetch_line(&f->half[side_other(e->coming.side)]);
}

void tracker_fetch_counts(struct tracker *t)
{
	const struct coming *c = tracker_coming(t, AHEAD_MAX);
	const struct half *own;

	if (!c->flow)
		return;
	own = &c->flow->half[c->side];
	fetch_either(c->has_payload, &own->bytes, own);
	fetch_turn(c->flow, c);
}

static inline void fetch_long_way(const struct flow *f, enum side s)
{
	if (!f->untold)
		fetch_lines(&cold_of(f)->ws, sizeof(struct ws_analysis));
	fetch_lines(&f->begun, sizeof(struct flow) - offsetof(struct flow, begun));
	fetch_lines(&f->half[s].bytes, sizeof(struct half) - DATA_PART);
}

static inline void fetch_key_frame(const struct flow *f, bool wanted)
{
	const struct key_frame_kept *k = &f->lasting->key_last[(f->key_frames - KEY_FIRST) % KEY_LAST];

	fetch_either(wanted, k, f);
	fetch_either(wanted, (const char *)(k + 1) - 1, f);
}

/* What a sender that paused leaves. */
static inline void fetch_pause(const struct flow *f)
{
	fetch_lines(f->stalls, sizeof(struct stalls));
	fetch_line(&cold_of(f)->rtt_orig);
	fetch_line(&cold_of(f)->rtt_resp);
}

/* Whether it moves in its list. */
static inline bool is_due(const struct tracker *t, const struct flow *f)
{
	return t->now_ns >= f->due_ns;
}

static inline void fetch_place(const struct flow *f)
{
	fetch_line(&f->list);
	fetch_line(&f->queued_ns);
}

static inline void fetch_rings(const struct tracker *t, const struct flow *f, const struct coming *c)
{
	const struct half *own = &f->half[c->side];
	const struct lasting *l = f->lasting;

	if (f->key_frames < KEY_FIRST)
		fetch_more(c);
	if (is_due(t, f))
		fetch_place(f);
	if (t->now_ns - f->ts_ns - own->last.at_ns <= RECENT_MS * NS_PER_MS)
		fetch_line(own->recent);
	if (!(own->flags & HALF_STEADY))
		fetch_long_way(f, c->side);
	if (f->stalls && c->has_payload && f->talker == c->side && t->now_ns - own->last_data_ns >= IDLE_STALL_NS)
		fetch_pause(f);
	if (!l)
		return;
	if (f->key_frames >= KEY_FIRST)
		fetch_key_frame(f, !(own->flags & HALF_STEADY) | turns(f, c));
	fetch_either(c->has_payload, &l->sent[c->side][own->data_segments % SENT_MAX], own);
	if ((c->has_payload & (c->side == SIDE_RESP) & f->ask_open) && !cold_of(f)->thinks_skip)
		fetch_line(&l->think_us[f->thinks % THINKS_MAX]);
}

const struct coming *tracker_fetch_rings(struct tracker *t, int further)
{
	const struct coming *c = tracker_coming(t, further);

	if (c->flow)
		fetch_rings(t, c->flow, c);
	return c;
}

static void fetch_neighbour(const struct tracker *t, uint32_t number)
{
	const struct flow *f = number ? pool_at(&t->flows, number) : NULL;

	if (f)
		fetch_line(&f->queued_ns);
}

void tracker_fetch_neighbours(const struct tracker *t, int further)
{
	const struct flow *f = tracker_coming(t, further)->flow;

	if (!f || !is_due(t, f))
		return;
	fetch_neighbour(t, f->older);
	fetch_neighbour(t, f->newer);
}

/* One step was made already. */
const struct coming *tracker_coming(const struct tracker *t, int further)
{
	return &t->here[further - 1].coming;
}
