/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine around the dissectors: sessions as the pipeline sees them. */
#include "dissectors/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"
#include "dissectors/announced.h"
#include "dissectors/session_state.h"


static size_t table_rows(void)
{
	size_t n = 0;

	while (dissector_table[n])
		n++;
	return n;
}

static uint8_t row_of(const struct dissector *d)
{
	uint8_t row = 0;

	while (dissector_table[row] != d)
		row++;
	return row;
}

struct dissect_engine *dissect_engine_new(const struct record_sink *sink, const struct keylog *keys)
{
	struct dissect_engine *e = xcalloc(1, sizeof(*e));

	assert(table_rows() <= DISSECTORS_MAX);
	e->sink = *sink;
	e->keys = keys;
	announced_init(&e->expected, &e->held_bytes);
	pool_init_objects(&e->sessions, sizeof(struct session));
	e->states = xcalloc(table_rows(), sizeof(*e->states));
	e->parts = xcalloc(table_rows(), sizeof(*e->parts));
	e->over = xcalloc(table_rows(), sizeof(*e->over));
	return e;
}

void dissect_engine_free(struct dissect_engine *e)
{
	if (!e)
		return;
	table_free(&e->expected);
	message_counts_free(&e->messages);
	for (int i = 0; i < SESSION_MEMOS; i++)
		memo_free(&e->memos[i]);
	pool_free(&e->sessions);
	for (size_t i = 0; i < table_rows(); i++) {
		pool_free(&e->states[i]);
		pool_free(&e->parts[i]);
	}
	free(e->states);
	free(e->parts);
	free(e->over);
	free(e);
}

void dissect_engine_elsewhere(struct dissect_engine *e,
	void (*announce)(void *arg, const struct announced *a, int64_t clock_ns), void *arg)
{
	e->announce = announce;
	e->announce_arg = arg;
}

void dissect_engine_in_place(struct dissect_engine *e, struct record *(*room)(void *arg), void *arg)
{
	e->room = room;
	e->room_arg = arg;
}

size_t dissect_engine_held_bytes(const struct dissect_engine *e)
{
	return e->held_bytes;
}

/* A conversation that another one announced belongs to that service, whatever its bytes look like. */
static void take_expected(struct session *s)
{
	if (announced_take(&s->engine->expected, session_head(s), false, s->service))
		s->mode = SESSION_DONE;
}

static struct session *session_new(struct dissect_engine *e)
{
	struct session *s = pool_new(&e->sessions);

	e->held_bytes += sizeof(*s);
	return s;
}

static void session_free(struct dissect_engine *e, struct session *s)
{
	e->held_bytes -= sizeof(*s);
	pool_delete(&e->sessions, s);
}

static void serve(struct dissect_engine *e, const struct session_owner *o)
{
	e->owner = o;
	e->identified = !o->identify;
}

static struct session *session_open(struct dissect_engine *e, struct session **s, const struct session_owner *o)
{
	const struct session *shared = *s && (*s)->shared ? *s : NULL;

	serve(e, o);
	if (shared) {
		*s = session_new(e);
		**s = *shared;
		(*s)->shared = false;
	} else if (!*s) {
		*s = session_new(e);
		(*s)->engine = e;
		take_expected(*s);
	}
	return *s;
}

void session_start(struct session *s, const struct dissector *d)
{
	struct pool *states;

	assert(!s->state);
	s->row = row_of(d);
	states = &s->engine->states[s->row];
	if (!states->size)
		pool_init_objects(states, d->state_size);
	s->dissector = d;
	s->mode = SESSION_RUNNING;
	memset(s->service, 0, sizeof(s->service));
	memcpy(s->service, d->name, strnlen(d->name, sizeof(s->service) - 1));
	s->state = pool_new(states);
	s->engine->held_bytes += d->state_size;
}

void session_stop(struct session *s)
{
	if (!s->state)
		return;
	if (s->dissector->finish)
		s->dissector->finish(s->state, s);
	s->engine->held_bytes -= s->dissector->state_size;
	pool_delete(&s->engine->states[s->row], s->state);
	s->state = NULL;
	s->dissector = NULL;
	for (int i = 0; i < 2; i++) /* what it wanted only counted, its successor wants to see */
		s->side[i].quiet = s->side[i].skim = 0;
}

void hold_free(struct session *s)
{
	if (!s->hold)
		return;
	s->engine->held_bytes -= sizeof(*s->hold);
	free(s->hold);
	s->hold = NULL;
}

void session_set_done(struct session *s)
{
	s->mode = SESSION_DONE;
	rest_free(s, SIDE_ORIG);
	rest_free(s, SIDE_RESP);
	hold_free(s);
}

void rest_add(struct session *s, enum side side, const uint8_t *data, size_t n)
{
	struct rest *r = &s->rest[side];
	size_t need = r->len + n;
	uint32_t room = r->room ? r->room : 256;

	assert(need <= 2 * STREAM_REST_MAX);
	while (room < need)
		room *= 2;
	if (room != r->room) {
		r->bytes = xrealloc(r->bytes, room);
		s->engine->held_bytes += room - r->room;
		r->room = room;
	}
	memcpy(r->bytes + r->len, data, n);
	r->len = (uint32_t)need;
	s->side[side].kept = true;
}

struct rest rest_take(struct session *s, enum side side)
{
	struct rest taken = s->rest[side];

	s->engine->held_bytes -= taken.room;
	s->rest[side] = (struct rest){ 0 };
	s->side[side].kept = false;
	return taken;
}

void rest_free(struct session *s, enum side side)
{
	if (s->side[side].kept)
		free(rest_take(s, side).bytes);
}

void session_give(struct session *s, const struct chunk *c)
{
	if (!c->len)
		return;
	s->side[c->side].quiet = 0;
	s->side[c->side].skim = 0;
	switch ((enum session_mode)s->mode) {
	case SESSION_CHOOSING:
		choose_give(s, c);
		break;
	case SESSION_RUNNING:
		stream_give(s, c);
		break;
	case SESSION_DONE:
		break;
	}
}

void session_stream(struct dissect_engine *e, struct session **s, const struct session_owner *o, const struct chunk *c)
{
	struct chunk part;
	size_t done;

	session_open(e, s, o);
	if (c->len <= STREAM_REST_MAX) {
		session_give(*s, c);
		return;
	}
	/* Chunks beyond what may be kept are given in parts, so that a rest and a chunk always fit together. */
	part = *c;
	for (done = 0; done < c->len; done += part.len) {
		part.data = c->data + done;
		part.len = c->len - done < STREAM_REST_MAX ? c->len - done : STREAM_REST_MAX;
		part.on_wire = part.len;
		session_give(*s, &part);
	}
}

uint32_t session_wants_count(const struct session *s, enum side side, uint16_t *shape)
{
	const struct session_side *of = &s->side[side];

	*shape = 0;
	if (s->mode != SESSION_RUNNING || of->kept || of->lost)
		return 0;
	if (of->skim && of->skip < UINT32_MAX)
		*shape = (uint16_t)(s->row << 8 | of->skim);
	if (of->skip)
		return of->skip < UINT32_MAX ? (uint32_t)of->skip : UINT32_MAX;
	return of->quiet;
}

bool session_skim_over(uint16_t shape, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left)
{
	return dissector_table[shape >> 8]->skim((uint8_t)shape, bytes, n, records, left);
}

void session_passed(struct session *s, enum side side, uint32_t n, uint32_t records, uint32_t left,
	const struct frame_ref *ref)
{
	struct session_side *of = &s->side[side];

	if (s->mode != SESSION_RUNNING)
		return;
	if (records) {
		s->dissector->skimmed(s->state, side, records, n - of->skip + left);
		of->skip = left;
		return;
	}
	if (of->skip) {
		of->skip -= n;
		return;
	}
	of->quiet -= n;
	s->dissector->passed(s->state, side, n, ref);
}

void session_fetch(const struct session *s)
{
	if (s)
		fetch(s, offsetof(struct session, rest));
}

void session_fetch_state(const struct session *s)
{
	if (s && s->state && s->dissector->hot_size)
		fetch(s->state, s->dissector->hot_size);
}

void session_fetch_whole_state(const struct session *s)
{
	if (s && s->state)
		fetch(s->state, s->dissector->state_size);
}

void session_gap(struct dissect_engine *e, struct session **s, const struct session_owner *o, enum side side,
	uint64_t missing, const struct frame_ref *ref)
{
	session_open(e, s, o);
	stream_gap(*s, side, missing, ref);
}

/* What stands for the session from now on, when nothing but its service is left to tell; NULL: more is left. */
static struct session *session_over(const struct session *s, uint8_t row)
{
	struct session *over = &s->engine->over[row];

	if (s->restarts || s->skipped_bytes || s->handed_on || s->gap_bytes[SIDE_ORIG] || s->gap_bytes[SIDE_RESP])
		return NULL;
	if (!over->shared) {
		*over = (struct session){ .engine = s->engine, .mode = SESSION_DONE, .shared = true };
		memcpy(over->service, s->service, sizeof(over->service));
	}
	return over;
}

/* A closed conversation may be kept for a while; what its dissector is done with need not be. */
static void drop_when_over(struct session **sp)
{
	struct session *s = *sp, *over;
	uint8_t row = s->row;

	if (s->mode != SESSION_RUNNING || !s->side[SIDE_ORIG].ended || !s->side[SIDE_RESP].ended)
		return;
	if (!s->dissector->is_over || !s->dissector->is_over(s->state))
		return;
	session_stop(s);
	session_set_done(s);
	over = session_over(s, row);
	if (!over)
		return;
	session_free(s->engine, s);
	*sp = over;
}

void session_tell_end(struct session *s, enum side side, const struct frame_ref *ref)
{
	if (s->mode == SESSION_RUNNING && s->dissector->end)
		s->dissector->end(s->state, s, side, ref);
}

void session_end(struct dissect_engine *e, struct session **s, const struct session_owner *o, enum side side,
	const struct frame_ref *ref)
{
	if (!*s || (*s)->shared)
		return;
	serve(e, o);
	(*s)->side[side].ended = true;
	if ((*s)->mode == SESSION_CHOOSING)
		choose_side_ended(*s, side, ref);
	else
		session_tell_end(*s, side, ref);
	drop_when_over(s);
}

/* The datagram that shows whose the conversation is belongs to the next one already. */
static void hand_datagrams_on(struct session *s)
{
	session_stop(s);
	s->mode = SESSION_CHOOSING;
	s->tries = 0;
	if (++s->handoffs > HANDOFFS_MAX || !s->handed_on)
		session_set_done(s);
	else if (s->handed_on->to)
		session_start(s, s->handed_on->to);
}

/* One datagram for the dissector at hand; false: it is not its, another one may try. */
static bool datagram_taken(struct session *s, const struct chunk *c)
{
	const struct dissector *d = s->dissector;

	switch (d->datagram ? d->datagram(s->state, s, c) : DISSECT_NOT_MINE) {
	case DISSECT_OK:
	case DISSECT_MORE:
		break;
	case DISSECT_BAD:
		s->skipped_bytes += c->on_wire;
		break;
	case DISSECT_DONE:
		session_set_done(s);
		break;
	case DISSECT_HANDOFF:
		hand_datagrams_on(s);
		return false;
	case DISSECT_NOT_MINE:
		choose_exclude(s, d);
		return false;
	}
	return true;
}

void session_datagram(
	struct dissect_engine *e, struct session **sp, const struct session_owner *o, const struct chunk *c)
{
	struct session *s = session_open(e, sp, o);
	const struct dissector *d;

	while (s->mode != SESSION_DONE) {
		if (s->mode == SESSION_CHOOSING) {
			d = choose_datagram(s, c);
			if (!d) {
				if (++s->tries >= CHOOSE_TRIES_MAX)
					session_set_done(s);
				return;
			}
			session_start(s, d);
		}
		if (datagram_taken(s, c))
			return;
	}
}

void session_datagram_again(const struct session *s, const struct chunk *c)
{
	if (s && s->mode == SESSION_RUNNING && s->dissector->again)
		s->dissector->again(s, c);
}

void dissect_engine_counts(const struct dissect_engine *e, uint16_t source, struct capture *out)
{
	message_counts_fill(&e->messages, source, out);
}

struct message_counts *session_counts(const struct session *s, uint16_t source)
{
	return message_counts_of(&s->engine->messages, source);
}

bool session_done(const struct session *s)
{
	return s && s->mode == SESSION_DONE;
}

void session_summarise(const struct session *s, struct session_summary *out)
{
	memset(out, 0, sizeof(*out));
	if (!s)
		return;
	memcpy(out->service, s->service, sizeof(out->service));
	out->restarts = s->restarts;
	out->skipped_bytes = s->skipped_bytes;
	out->gap_bytes[SIDE_ORIG] = s->gap_bytes[SIDE_ORIG];
	out->gap_bytes[SIDE_RESP] = s->gap_bytes[SIDE_RESP];
}

void session_close(struct dissect_engine *e, struct session **s, const struct session_owner *o)
{
	struct session *old = *s;

	*s = NULL;
	if (!old || old->shared)
		return;
	serve(e, o);
	if (old->mode == SESSION_CHOOSING)
		choose_now(old);
	session_stop(old);
	session_set_done(old);
	if (old->handed_on)
		e->held_bytes -= sizeof(*old->handed_on);
	free(old->handed_on);
	session_free(e, old);
}
