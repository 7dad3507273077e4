/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation in which nothing is pending is steady: of its next segments those that are in line take the short way
 * (tcp_track.c). Whether it is can only change on the long way, so it is worked out there. As long as it is, what
 * Wireshark would remember of the segments is what we remember of them: its analysis learns of them together, when
 * another one comes or the conversation ends.
 */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tcp_steps.h"

/* What both sides' flags are in the middle of a conversation in which nothing is pending. */
#define HALF_RUNS (HALF_BASE_SET | HALF_NEXT_SET | HALF_ACKED_SET | HALF_ACK_SENT | HALF_WINDOW)
#define HALF_PENDING (HALF_ZERO | HALF_FIN | HALF_RST_SEEN | HALF_KEEP_ALIVE | HALF_REPAIR)

static inline bool half_runs(const struct half *h)
{
	return (h->flags & (HALF_RUNS | HALF_PENDING)) == HALF_RUNS;
}

/* Of a side that sends data its first has to be acknowledged. */
static inline bool first_is_acked(const struct half *h)
{
	return (h->flags & (HALF_DATA | HALF_FIRST_ACKED)) != HALF_DATA;
}

/* Only its SYN came from that side. */
static bool begins(const struct half *h)
{
	return (h->flags & HALF_SYN) && h->pkts == 1;
}

static int64_t next_at_ns(const struct flow *f, enum side s)
{
	const struct cold *c = cold_of(f);
	const struct half *h = &f->half[s];

	if (h->flags & HALF_FIN)
		return c->start[s].fin.at_ns;
	if (h->flags & HALF_DATA)
		return h->last_data.at_ns;
	return s == SIDE_ORIG ? c->syn_at_ns : c->syn_ack.at_ns;
}

static struct ws_pace pace_of(const struct flow *f, enum side s)
{
	const struct half *h = &f->half[s];
	int shift = begins(h) ? 0 : window_shift(h, &f->half[side_other(s)]);

	return (struct ws_pace){ .next_seq = h->next_seq,
		.last_ack = h->last_ack,
		.window = (uint16_t)(h->window >> shift),
		.next_ns = f->ts_ns + next_at_ns(f, s),
		.last_ack_ns = f->ts_ns + h->last.at_ns };
}

static int end_of(const struct flow *f, enum side s)
{
	return (int)s ^ !f->orig_is_low;
}

/* Whether Wireshark sees that side as we do. */
static bool in_step(struct flow *f, enum side s)
{
	const struct ws_analysis *a = &cold_of(f)->ws;
	struct half *h = &f->half[s];
	struct ws_pace pace;
	int shift;

	if (f->untold) {
		h->flags |= HALF_EDGE;
		return !begins(h);
	}
	pace = pace_of(f, s);
	if (!ws_in_step(a, end_of(f, s), &pace) || seq_before(f->half[side_other(s)].next_seq, h->last_ack))
		return false;
	if (!ws_knows_scale(a, end_of(f, s), &shift))
		return true;
	h->flags |= HALF_EDGE;
	return h->window == (uint32_t)pace.window << shift;
}

static void settle_half(struct flow *f, enum side s)
{
	struct half *own = &f->half[s], *peer = &f->half[side_other(s)];

	if (!f->handshake_done && !(f->midstream && (peer->flags & HALF_DATA)))
		return;
	if (!half_ttl_count(own) || !(own->flags & (HALF_PARTIAL_SUM | HALF_GOOD_SUM)))
		return;
	if (own->flags & HALF_FIRST_ACKED)
		own->flags |= HALF_STEADY_DATA;
	if (history_has(f, s, 'A'))
		own->flags |= HALF_STEADY_ACK;
}

void steady_settle(struct flow *f)
{
	struct half *a = &f->half[SIDE_ORIG], *b = &f->half[SIDE_RESP];

	a->flags &= ~(uint32_t)HALF_STEADY;
	b->flags &= ~(uint32_t)HALF_STEADY;
	if (!half_runs(a) || !half_runs(b) || !first_is_acked(a) || !first_is_acked(b))
		return;
	if (!in_step(f, SIDE_ORIG) || !in_step(f, SIDE_RESP))
		return;
	settle_half(f, SIDE_ORIG);
	settle_half(f, SIDE_RESP);
}

static struct ws_course course_of(const struct flow *f, enum side s)
{
	const struct half *h = &f->half[s];

	return (struct ws_course){ .pace = pace_of(f, s),
		.base_seq = h->base_seq,
		.scale = cold_of(f)->start[s].window_scale,
		.begun = (h->flags & HALF_SYN) != 0,
		.begins = begins(h) };
}

static void tell_course(const struct flow *f, struct ws_analysis *ws)
{
	const struct cold *c = cold_of(f);
	struct ws_course course[2] = { course_of(f, SIDE_ORIG), course_of(f, SIDE_RESP) };
	bool acked = f->untold == UNTOLD_ACK;

	if (!acked)
		course[SIDE_ORIG].pace.window = c->syn_window;
	ws_begin_course(ws, end_of(f, SIDE_ORIG), course, f->ts_ns + c->syn_at_ns,
		acked ? c->handshake_ack.at_ns - c->syn_at_ns : 0);
}

SELDOM void steady_catch_up(struct flow *f)
{
	if (f->untold)
		tell_course(f, &cold_of(f)->ws);
	for (enum side s = SIDE_ORIG; s <= SIDE_RESP; s++) {
		struct ws_pace pace = pace_of(f, s);

		if (!f->untold && (f->half[s].flags & HALF_AHEAD))
			ws_catch_up(&cold_of(f)->ws, end_of(f, s), &pace);
		f->half[s].flags &= ~(uint32_t)HALF_AHEAD;
	}
	f->untold = UNTOLD_NOTHING;
}

void steady_last_told(struct flow *f, struct ws_analysis *ws)
{
	if (f->untold)
		tell_course(f, ws);
	else
		*ws = *flow_ws(f);
}
