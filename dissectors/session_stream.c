/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ordered bytes for the dissector at hand: what it did not use is kept and offered again, what it does not want is
 * skipped, and when it is confused it starts again at the next plausible place, the first time at once, then at most
 * once per 10 s of capture time. A new start is on trial until the dissector has used something: a search that was led
 * astray is no restart, it just goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "dissectors/session_state.h"

static void pass(struct chunk *c, size_t n)
{
	if (n > c->len)
		n = c->len;
	c->data += n;
	c->len -= n;
	c->on_wire = c->len;
}

/* Bytes that nobody wanted, already announced by a dissector that used more than it was given. */
static void pass_skipped(struct session_side *side, struct chunk *c)
{
	size_t n = side->skip < c->len ? (size_t)side->skip : c->len;

	side->skip -= n;
	pass(c, n);
}

static void pass_lost(struct session *s, struct chunk *c, size_t n)
{
	s->skipped_bytes += n < c->len ? n : c->len;
	pass(c, n);
}

static bool may_restart(const struct session *s, const struct session_side *side, const struct chunk *c)
{
	return side->after_gap || !s->restarts || c->ref.at_ns - s->restarted_ns >= RESTART_EVERY_NS;
}

/* Moves to the next plausible start; false: not in these bytes. */
static bool find_start(struct session *s, struct session_side *side, struct chunk *c)
{
	if (!may_restart(s, side, c))
		pass_lost(s, c, c->len);
	else if (s->dissector->resync)
		pass_lost(s, c, s->dissector->resync(s->state, c));
	if (!c->len)
		return false;
	side->lost = false;
	side->on_trial = true;
	return true;
}

static void confused(struct session *s, struct session_side *side, struct chunk *c, size_t no_start)
{
	side->lost = true;
	side->skip = 0;
	pass_lost(s, c, no_start);
}

/* The dissector makes sense of the bytes again. */
static void trial_passed(struct session *s, struct session_side *side, const struct chunk *c)
{
	side->on_trial = false;
	if (!side->after_gap) {
		s->restarts++;
		s->restarted_ns = c->ref.at_ns;
	}
	side->after_gap = false;
}

static bool in_rest(const struct rest *r, const struct chunk *c)
{
	return r->bytes && c->data >= r->bytes && c->data < r->bytes + r->room;
}

/* Keeps what was not used; false: it is more than may be kept. */
static bool keep(struct session *s, const struct chunk *c)
{
	struct rest *r = &s->rest[c->side];

	if (c->len > STREAM_REST_MAX)
		return false;
	if (!c->len) {
		rest_free(s, c->side);
	} else if (in_rest(r, c)) {
		memmove(r->bytes, c->data, c->len);
		r->len = (uint32_t)c->len;
	} else {
		r->len = 0;
		rest_add(s, c->side, c->data, c->len);
	}
	return true;
}

/* What is left of both sides goes to whoever comes next; the other side's rest came before c. */
static void give_rest_on(struct session *s, const struct chunk *c)
{
	struct rest own = rest_take(s, c->side), other = rest_take(s, side_other(c->side));
	struct chunk before = *c;

	before.side = side_other(c->side);
	before.data = other.bytes;
	before.len = before.on_wire = other.len;
	session_give(s, &before);
	session_give(s, c);
	free(own.bytes);
	free(other.bytes);
}

static void hand_on(struct session *s, const struct chunk *c)
{
	session_stop(s);
	s->side[SIDE_ORIG].skip = s->side[SIDE_RESP].skip = 0;
	s->mode = SESSION_CHOOSING;
	s->tries = 0;
	if (++s->handoffs > HANDOFFS_MAX || !s->handed_on) {
		session_set_done(s);
		return;
	}
	if (s->handed_on->to)
		session_start(s, s->handed_on->to);
	give_rest_on(s, c);
}

/* What the dissector made of bytes that it was offered; false: nothing is left to offer. */
static bool answered(struct session *s, struct session_side *side, struct chunk *c, enum dissect_verdict verdict, size_t used)
{
	if (side->on_trial && used && verdict != DISSECT_BAD)
		trial_passed(s, side, c);
	if (used > c->len)
		side->skip = used - c->len;
	pass(c, used);
	if (verdict == DISSECT_OK && used)
		return true;
	switch (verdict) {
	case DISSECT_OK:
	case DISSECT_MORE:
		if (keep(s, c))
			return false;
		confused(s, side, c, c->len);
		break;
	case DISSECT_BAD:
		/* Where it failed is no start; who cannot tell a start from anything else takes the next segment. */
		confused(s, side, c, s->dissector->resync ? 1 : c->len);
		break;
	case DISSECT_NOT_MINE:
		choose_exclude(s, s->dissector);
		give_rest_on(s, c);
		return false;
	case DISSECT_DONE:
		session_set_done(s);
		return false;
	case DISSECT_HANDOFF:
		hand_on(s, c);
		return false;
	}
	return true;
}

/* Offers bytes until they are used, kept, or belong to another dissector. */
static void offer(struct session *s, struct session_side *side, struct chunk *c)
{
	while (c->len) {
		enum dissect_verdict verdict;
		size_t used = 0;

		if (side->lost && !find_start(s, side, c))
			break;
		verdict = s->dissector->stream(s->state, s, c, &used);
		if (!answered(s, side, c, verdict, used))
			return;
	}
	rest_free(s, c->side);
}

/*
 * Most chunks are used as they come, as a whole. A copy of one that was just put together would wait until its parts
 * have reached the cache, so none is made for them. false: it is dealt with; otherwise *rest is left of it.
 */
static bool offer_whole(struct session *s, struct session_side *side, const struct chunk *c, struct chunk *rest)
{
	size_t used = 0;
	enum dissect_verdict verdict = s->dissector->stream(s->state, s, c, &used);

	if (verdict == DISSECT_OK && used >= c->len && !side->on_trial) {
		side->skip = used - c->len;
		return false;
	}
	*rest = *c;
	return answered(s, side, rest, verdict, used);
}

void stream_give(struct session *s, const struct chunk *c)
{
	struct session_side *side = &s->side[c->side];
	struct chunk whole;

	if (!side->skip && !side->kept && !side->lost) {
		if (offer_whole(s, side, c, &whole))
			offer(s, side, &whole);
		return;
	}
	whole = *c;
	pass_skipped(side, &whole);
	if (side->kept && whole.len) {
		rest_add(s, c->side, whole.data, whole.len);
		whole.data = s->rest[c->side].bytes;
		whole.len = whole.on_wire = s->rest[c->side].len;
	}
	if (whole.len)
		offer(s, side, &whole);
}

/* The message that was being collected will never be whole; whatever comes next is behind the gap. */
static void gap_for_dissector(
	struct session *s, struct session_side *side, enum side which, uint64_t missing, const struct frame_ref *ref)
{
	const struct dissector *d = s->dissector;
	enum dissect_verdict verdict = d->gap && !side->lost ? d->gap(s->state, s, which, missing, ref) : DISSECT_BAD;

	s->skipped_bytes += s->rest[which].len;
	rest_free(s, which);
	if (verdict == DISSECT_DONE || verdict == DISSECT_NOT_MINE) {
		session_set_done(s);
	} else if (verdict == DISSECT_BAD) {
		side->after_gap |= !side->lost;
		side->lost = true;
	}
}

void stream_gap(struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	struct session_side *of = &s->side[side];
	uint64_t skipped = of->skip < missing ? of->skip : missing;

	of->skip -= skipped;
	missing -= skipped;
	if (!missing)
		return;
	s->gap_bytes[side] += missing;
	if (s->mode == SESSION_CHOOSING && s->hold)
		choose_now(s);
	if (s->mode == SESSION_RUNNING)
		gap_for_dissector(s, of, side, missing, ref);
}
