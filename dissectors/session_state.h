/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a session, shared by session.c, session_choose.c and session_stream.c only. */
#ifndef PCAPDX_DISSECTORS_SESSION_STATE_H
#define PCAPDX_DISSECTORS_SESSION_STATE_H

#include "base/memo.h"
#include "base/pool.h"
#include "base/table.h"
#include "dissectors/message_counts.h"
#include "dissectors/session.h"

/* Bytes and pieces that are kept while nobody has been chosen; past either the choice is made with what is there. */
#define HOLD_BYTES_MAX 4096
#define HOLD_PIECES_MAX 64
/* How often a conversation that nobody knows is looked at again: its start may not be in the capture. */
#define CHOOSE_TRIES_MAX 8
#define HANDOFFS_MAX 4
#define DISSECTORS_MAX 64 /* rows of the table: what one is excluded by is a bit */
#define RESTART_EVERY_NS (INT64_C(10) * 1000000000)

enum session_mode {
	SESSION_CHOOSING,
	SESSION_RUNNING,
	SESSION_DONE,
};

/* Of one side, what each of its segments touches. */
struct session_side {
	uint64_t skip;	/* coming bytes that nobody wants to see */
	uint32_t quiet; /* coming bytes of which the dissector wants the number only */
	uint8_t skim;	/* sort of records of which it wants the same; 0: none */
	bool kept : 1;	/* there is a rest */
	bool ended : 1;
	bool lost : 1;	    /* the dissector was confused, or could not go on behind a gap: looking for a new start */
	bool after_gap : 1; /* it was a gap: finding on again is no restart */
	bool on_trial : 1;  /* started again, nothing used yet */
};

/* Bytes of one side that were offered and not used (RUNNING), or held until somebody is chosen (CHOOSING). */
struct rest {
	uint8_t *bytes;
	uint32_t len, room;
};

/* One chunk of those that are held, in order of arrival. */
struct held_piece {
	struct frame_ref ref;
	uint32_t len;
	uint8_t side;
};

struct hold {
	uint32_t count, end_count;
	uint32_t asked[2]; /* about so many bytes of a side everybody was asked, */
	uint64_t open[2];  /* these rows did not say NO: a bit for each, */
	uint8_t answers[2][DISSECTORS_MAX]; /* and all said so: enum recognition by row */
	struct held_piece ends[2]; /* of sides, in order */
	struct held_piece pieces[HOLD_PIECES_MAX];
};

struct handed_on {
	const struct dissector *to; /* NULL: chosen by content */
	char via[16], proxied_host[PROXIED_HOST_SIZE];
};

/* What each segment touches is in its first cache line. */
struct session {
	struct dissect_engine *engine;
	const struct dissector *dissector; /* while RUNNING or DONE; NULL: unknown */
	void *state;
	struct session_side side[2];
	uint8_t mode; /* enum session_mode */
	uint8_t tries, handoffs;
	uint8_t row; /* of the dissector, while there is a state */
	bool shared; /* it stands for many: see session_over */
	bool came_by; /* it was handed on: see handed_on */
	struct rest rest[2];
	uint64_t gap_bytes[2];
	uint64_t skipped_bytes;
	int64_t restarted_ns;
	uint32_t restarts;
	struct hold *hold;
	struct handed_on *handed_on; /* NULL: never */
	uint64_t excluded;	     /* bit per row of the table: it said NOT_MINE */
	char service[16];
};

_Static_assert(offsetof(struct session, rest) <= 64, "what each segment touches is in one cache line");

struct dissect_engine {
	struct record_sink sink;
	const struct session_owner *owner; /* of the call at hand, */
	bool identified;		   /* whose head is filled */
	const struct keylog *keys;
	struct record *(*room)(void *arg); /* NULL: records are made in `own` only */
	void *room_arg;
	struct record *told, own; /* see session_facts */
	/* Rows that may know a stream of whose side that is the first byte, a bit for each; 0: they were not asked yet. */
	uint64_t rows_for[2][UINT8_MAX + 1];
	struct table expected; /* see announced.h */
	void (*announce)(void *arg, const struct announced *a, int64_t clock_ns); /* NULL: nobody else is there */
	void *announce_arg;
	size_t held_bytes;
	struct source_messages messages;
	struct memo memos[SESSION_MEMOS];
	struct pool sessions;
	/* by row of the table of dissectors; size 0: not needed yet */
	struct pool *states, *parts;
	struct session *over; /* also by row: sessions of which nothing is left but the service */
};

/* Whose conversation it is. */
static inline const struct record *session_head(const struct session *s)
{
	struct dissect_engine *e = s->engine;

	if (!e->identified)
		e->owner->identify(e->owner->flow, e->owner->head);
	e->identified = true;
	return e->owner->head;
}

/* --- session.c --- */
void session_start(struct session *s, const struct dissector *d); /* RUNNING with fresh state */
void session_stop(struct session *s);				  /* finishes and frees the dissector's state */
void session_set_done(struct session *s);			  /* keeps the state for finish, drops all bytes */
/* Bytes of a side in whatever mode the session is. */
void session_give(struct session *s, const struct chunk *c);
void session_tell_end(struct session *s, enum side side, const struct frame_ref *ref);
void hold_free(struct session *s);
/* Appends to what is kept of a side: at most STREAM_REST_MAX may be there, and as much may come. */
void rest_add(struct session *s, enum side side, const uint8_t *data, size_t n);
struct rest rest_take(struct session *s, enum side side); /* is the caller's, with its bytes */
void rest_free(struct session *s, enum side side);

/* --- session_choose.c --- */
void choose_give(struct session *s, const struct chunk *c);
/* Chooses now, with what there is; bytes held go to the one chosen. */
void choose_now(struct session *s);
void choose_side_ended(struct session *s, enum side side, const struct frame_ref *ref);
/* Asks everybody about one datagram; NULL: nobody wants it. */
const struct dissector *choose_datagram(const struct session *s, const struct chunk *c);
void choose_exclude(struct session *s, const struct dissector *d);

/* --- session_stream.c --- */
void stream_give(struct session *s, const struct chunk *c);
void stream_gap(struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref);

#endif
