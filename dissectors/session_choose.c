/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose conversation is it? The first bytes of either side decide, the port breaks ties and decides where bytes alone
 * do not. The client's bytes say more than the server's (a banner starts with "220" for more than one protocol, and
 * whoever speaks TLS to a plain port is a TLS client), so a server that speaks first waits for its client's word. Until
 * somebody is chosen the bytes of both sides are held, and are then given in the order in which they came.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/session_state.h"

enum strength {
	STRENGTH_NONE,
	STRENGTH_PORT,	 /* MAYBE, and the port says so */
	STRENGTH_SERVER, /* the server's bytes are certain, or both sides' together */
	STRENGTH_CLIENT,
};

#define RANK_MAX (2 * STRENGTH_CLIENT + 1) /* nobody can say more: the others need not be asked */

struct candidate {
	const struct dissector *dissector; /* NULL: none yet */
	unsigned rank;
	bool waiting[2]; /* somebody cannot tell yet from the bytes of that side */
};

static bool port_listed(const uint16_t ports[8], uint16_t port)
{
	int i;

	for (i = 0; i < 8 && ports[i]; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Either end's port counts: a conversation picked up in the middle may have its ends exchanged. */
static bool port_fits(const struct session *s, const struct dissector *d)
{
	const uint16_t *ports = session_is_udp(s) ? d->udp_ports : d->tcp_ports;

	return port_listed(ports, session_port(s, SIDE_RESP)) || port_listed(ports, session_port(s, SIDE_ORIG));
}

/* Datagrams of other IP protocols belong to those who name the protocol, UDP's to everybody else. */
static bool carries(const struct session *s, const struct dissector *d)
{
	size_t i;

	for (i = 0; i < sizeof(d->ip_protos) && d->ip_protos[i]; i++)
		if (d->ip_protos[i] == session_proto(s))
			return true;
	return !d->ip_protos[0] && session_is_udp(s);
}

static enum recognition ask(const struct dissector *d, const struct chunk *c)
{
	if (!c->len)
		return RECOGNISE_NO;
	return d->recognise ? d->recognise(c) : RECOGNISE_MAYBE;
}

static enum strength strength_of(const struct dissector *d, enum recognition client, enum recognition server, bool port)
{
	bool twice = d->maybe_twice_is_yes && client == RECOGNISE_MAYBE && server == RECOGNISE_MAYBE;

	if (client == RECOGNISE_YES)
		return STRENGTH_CLIENT;
	if (server == RECOGNISE_YES || twice)
		return STRENGTH_SERVER;
	if (port && (client == RECOGNISE_MAYBE || server == RECOGNISE_MAYBE))
		return STRENGTH_PORT;
	return STRENGTH_NONE;
}

/* Keeps the better of the two; among equals the port decides, then the order of the table. */
static void consider(struct candidate *best, const struct dissector *d, enum strength strength, bool port)
{
	unsigned rank = 2 * (unsigned)strength + port;

	if (strength == STRENGTH_NONE || rank <= best->rank)
		return;
	best->dissector = d;
	best->rank = rank;
}

static struct chunk held_chunk(const struct session *s, enum side side)
{
	const struct rest *from = &s->rest[side];
	struct chunk c = {.data = from->bytes, .len = from->len, .on_wire = from->len, .side = side};
	uint32_t i;

	for (i = 0; s->hold && i < s->hold->count; i++)
		if (s->hold->pieces[i].side == side)
			c.ref = s->hold->pieces[i].ref;
	return c;
}

static bool excluded(const struct session *s, int row)
{
	return row < DISSECTORS_MAX && s->excluded >> row & 1;
}

void choose_exclude(struct session *s, const struct dissector *d)
{
	int i;

	for (i = 0; i < DISSECTORS_MAX && dissector_table[i]; i++)
		if (dissector_table[i] == d)
			s->excluded |= UINT64_C(1) << i;
	session_stop(s);
	s->mode = SESSION_CHOOSING;
	memset(s->service, 0, sizeof(s->service));
}

/* Counts what a dissector answered for both sides. */
static void weigh(const struct session *s, struct candidate *best, const struct dissector *d, enum recognition client,
	enum recognition server)
{
	bool port;

	best->waiting[SIDE_ORIG] |= client == RECOGNISE_MORE && !s->side[SIDE_ORIG].ended;
	best->waiting[SIDE_RESP] |= server == RECOGNISE_MORE && !s->side[SIDE_RESP].ended;
	if (client < RECOGNISE_MAYBE && server < RECOGNISE_MAYBE)
		return;
	port = port_fits(s, d);
	consider(best, d, strength_of(d, client, server, port), port);
}

/* Cuts the first row off a set of them. */
static int take_row(uint64_t *rows)
{
	int row = __builtin_ctzll(*rows);

	*rows &= *rows - 1;
	return row;
}

static uint64_t rows_for_first(enum side side, uint8_t first)
{
	const struct chunk c = {.data = &first, .len = 1, .on_wire = 1, .side = side};
	uint64_t rows = 0;

	for (int i = 0; dissector_table[i]; i++)
		if (dissector_table[i]->stream && ask(dissector_table[i], &c) != RECOGNISE_NO)
			rows |= UINT64_C(1) << i;
	return rows;
}

/* Who is to be asked about a stream that begins so: what one says NO to with the first byte need not be worked out for
 * each stream. */
static uint64_t rows_for(const struct session *s, const struct chunk *c)
{
	uint64_t *rows = &s->engine->rows_for[c->side][c->data[0]];

	if (!*rows)
		*rows = rows_for_first(c->side, c->data[0]);
	return *rows & ~s->excluded;
}

/* From the client's first bytes alone; nobody else is asked when there can be no better one. */
static struct candidate best_of_client(const struct session *s, const struct chunk *c, uint8_t answers[DISSECTORS_MAX],
	uint64_t *open)
{
	struct candidate best = {.dissector = NULL};
	uint64_t rows = rows_for(s, c);

	*open = 0;
	while (rows && best.rank < RANK_MAX) {
		int row = take_row(&rows);

		answers[row] = (uint8_t)ask(dissector_table[row], c);
		if (answers[row] == RECOGNISE_NO)
			continue;
		*open |= UINT64_C(1) << row;
		weigh(s, &best, dissector_table[row], (enum recognition)answers[row], RECOGNISE_NO);
	}
	return best;
}

/* What was answered about a side holds until more of it is there, and NO for good. */
static void ask_anew(const struct session *s, enum side side)
{
	const struct chunk c = held_chunk(s, side);
	struct hold *h = s->hold;
	uint64_t rows;

	if (h->asked[side] == c.len)
		return;
	rows = h->asked[side] ? h->open[side] : rows_for(s, &c);
	h->asked[side] = (uint32_t)c.len;
	h->open[side] = 0;
	while (rows) {
		int row = take_row(&rows);

		h->answers[side][row] = (uint8_t)ask(dissector_table[row], &c);
		if (h->answers[side][row] != RECOGNISE_NO)
			h->open[side] |= UINT64_C(1) << row;
	}
}

static struct candidate best_of_stream(const struct session *s)
{
	struct candidate best = {.dissector = NULL};
	const struct hold *h = s->hold;
	uint64_t rows;

	if (!h)
		return best;
	ask_anew(s, SIDE_ORIG);
	ask_anew(s, SIDE_RESP);
	rows = h->open[SIDE_ORIG] | h->open[SIDE_RESP];
	while (rows && best.rank < RANK_MAX) {
		int row = take_row(&rows);

		weigh(s, &best, dissector_table[row], (enum recognition)h->answers[SIDE_ORIG][row],
			(enum recognition)h->answers[SIDE_RESP][row]);
	}
	return best;
}

const struct dissector *choose_datagram(const struct session *s, const struct chunk *c)
{
	struct candidate best = {.dissector = NULL};
	enum recognition r;
	const struct dissector *d;
	bool port;
	int i;

	for (i = 0; best.rank < RANK_MAX && (d = dissector_table[i]); i++) {
		if (!d->datagram || excluded(s, i) || !carries(s, d))
			continue;
		r = ask(d, c);
		if (r < RECOGNISE_MAYBE)
			continue;
		port = port_fits(s, d);
		consider(&best, d, strength_of(d, r, RECOGNISE_NO, port), port);
	}
	return best.dissector;
}

/* Gives what was held to whoever is chosen now, piece by piece, so that each keeps its frame; then the ends of sides. */
static void replay(struct session *s)
{
	struct hold *hold = s->hold;
	uint8_t *bytes[2];
	size_t at[2] = {0, 0};
	uint32_t i;

	bytes[SIDE_ORIG] = rest_take(s, SIDE_ORIG).bytes;
	bytes[SIDE_RESP] = rest_take(s, SIDE_RESP).bytes;
	s->hold = NULL;
	for (i = 0; hold && i < hold->count; i++) {
		const struct held_piece *piece = &hold->pieces[i];
		struct chunk c = {.data = bytes[piece->side] + at[piece->side],
			.len = piece->len,
			.on_wire = piece->len,
			.side = (enum side)piece->side,
			.ref = piece->ref};

		at[piece->side] += piece->len;
		session_give(s, &c);
	}
	for (i = 0; hold && i < hold->end_count; i++)
		session_tell_end(s, (enum side)hold->ends[i].side, &hold->ends[i].ref);
	if (hold)
		s->engine->held_bytes -= sizeof(*hold);
	free(hold);
	free(bytes[0]);
	free(bytes[1]);
}

/* Nobody knows these bytes. Perhaps they are the middle of something: the next ones are looked at anew, a few times. */
static void choose_none(struct session *s)
{
	rest_free(s, SIDE_ORIG);
	rest_free(s, SIDE_RESP);
	hold_free(s);
	if (++s->tries >= CHOOSE_TRIES_MAX)
		session_set_done(s);
}

static void choose(struct session *s, const struct candidate *best)
{
	if (!best->dissector) {
		choose_none(s);
		return;
	}
	session_start(s, best->dissector);
	replay(s);
}

void choose_now(struct session *s)
{
	struct candidate best = best_of_stream(s);

	choose(s, &best);
}

static bool held_full(const struct session *s)
{
	return s->hold->count == HOLD_PIECES_MAX || s->rest[SIDE_ORIG].len >= HOLD_BYTES_MAX ||
	       s->rest[SIDE_RESP].len >= HOLD_BYTES_MAX;
}

static void hold_chunk(struct session *s, const struct chunk *c)
{
	struct held_piece *last;

	if (!s->hold) {
		s->hold = xmalloc(sizeof(*s->hold));
		memset(s->hold, 0, offsetof(struct hold, pieces));
		s->engine->held_bytes += sizeof(*s->hold);
	}
	rest_add(s, c->side, c->data, c->len);
	last = s->hold->count ? &s->hold->pieces[s->hold->count - 1] : NULL;
	if (last && last->side == c->side && last->ref.frame == c->ref.frame && last->ref.source == c->ref.source) {
		last->len += (uint32_t)c->len;
		return;
	}
	s->hold->pieces[s->hold->count++] =
		(struct held_piece){.ref = c->ref, .len = (uint32_t)c->len, .side = (uint8_t)c->side};
}

/* Whether more bytes may change the choice. */
static bool should_wait(const struct session *s, const struct candidate *best)
{
	bool client_spoke = s->rest[SIDE_ORIG].len, server_spoke = s->rest[SIDE_RESP].len;
	unsigned strength = best->rank / 2;

	if (strength == STRENGTH_CLIENT || held_full(s))
		return false;
	if (!client_spoke || best->waiting[SIDE_ORIG])
		return !s->side[SIDE_ORIG].ended;
	if (strength == STRENGTH_SERVER)
		return false;
	if (!server_spoke && strength == STRENGTH_NONE)
		return !s->side[SIDE_RESP].ended;
	return best->waiting[SIDE_RESP];
}

/* Most conversations are certain with the client's first bytes: nothing has to be held for them. */
static void choose_by_client(struct session *s, const struct chunk *c)
{
	uint8_t answers[DISSECTORS_MAX] = { RECOGNISE_NO };
	uint64_t open;
	struct candidate best = best_of_client(s, c, answers, &open);

	if (best.rank / 2 == STRENGTH_CLIENT) {
		session_start(s, best.dissector);
		session_give(s, c);
		return;
	}
	hold_chunk(s, c);
	s->hold->asked[SIDE_ORIG] = (uint32_t)c->len;
	s->hold->open[SIDE_ORIG] = open;
	memcpy(s->hold->answers[SIDE_ORIG], answers, sizeof(answers));
	if (!should_wait(s, &best))
		choose(s, &best);
}

void choose_give(struct session *s, const struct chunk *c)
{
	struct candidate best;

	if (!s->hold && c->side == SIDE_ORIG) {
		choose_by_client(s, c);
		return;
	}
	hold_chunk(s, c);
	best = best_of_stream(s);
	if (!should_wait(s, &best))
		choose(s, &best);
}

void choose_side_ended(struct session *s, enum side side, const struct frame_ref *ref)
{
	struct candidate best;

	if (!s->hold)
		return;
	if (s->hold->end_count < 2)
		s->hold->ends[s->hold->end_count++] = (struct held_piece){.ref = *ref, .side = (uint8_t)side};
	best = best_of_stream(s);
	if ((s->side[SIDE_ORIG].ended && s->side[SIDE_RESP].ended) || !should_wait(s, &best))
		choose(s, &best);
}
