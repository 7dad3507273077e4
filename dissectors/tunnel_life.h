/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tunnel dissectors have in common: who asked and was not answered, who sent data and heard nothing, what was
 * repeated without progress. Each event becomes a record, the first TUNNEL_EVENTS_MAX of a conversation; the summary
 * at the end counts them all.
 */
#ifndef PCAPDX_DISSECTORS_TUNNEL_LIFE_H
#define PCAPDX_DISSECTORS_TUNNEL_LIFE_H

#include "dissectors/counter_track.h"
#include "dissectors/dissector.h"

#define TUNNEL_EVENTS_MAX 64

/* A run of packets of one side that the other has not answered yet. References are absolute. */
struct tunnel_run {
	uint32_t count;
	struct frame_ref first, last;
};

struct tunnel_life {
	struct tunnel sum;	  /* the summary in the making */
	bool begun, heard;	  /* heard: something worth a summary was seen */
	uint32_t events;	  /* told as records */
	uint32_t attempts[2][16]; /* per side and event */
	struct tunnel_run hello[2], hello_worst[2];
	struct tunnel_run alone[2], alone_worst[2];
	struct tunnel_run pending; /* the step that makes no progress */
	enum side data_side;	   /* who sent data last */
	struct frame_ref late[2];  /* absolute */
	int64_t data_ns[2];	   /* absolute time of the last data; 0: none */
};

/* To be called first for each packet; `session` sets the text of later events. */
void tunnel_begin(struct tunnel_life *t, enum tunnel_protocol protocol);
void tunnel_name_session(struct tunnel_life *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Any event; `reason` may be NULL. */
void tunnel_event(struct tunnel_life *t, struct session *s, enum tunnel_event event, enum side side,
	const struct frame_ref *ref, const char *step, const char *reason);
/* The same with the length of a bad record. */
void tunnel_bad_record(struct tunnel_life *t, struct session *s, enum tunnel_event event, enum side side,
	const struct frame_ref *ref, const char *step, uint32_t length);

void tunnel_hello(
	struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref, const char *step);
void tunnel_answer(
	struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref, const char *step);
/* It goes on as if it had been answered: the answer is not in this capture. */
void tunnel_answered_unseen(struct tunnel_life *t, enum side side);
/* Told once; later calls do nothing. */
void tunnel_established(struct tunnel_life *t, struct session *s, enum side side, const struct frame_ref *ref);
void tunnel_data(struct tunnel_life *t, enum side side, const struct frame_ref *ref, size_t bytes);
/* Nobody has to answer it, but it shows that its sender lives. */
void tunnel_keepalive(struct tunnel_life *t, enum side side, const struct frame_ref *ref);

/* One more number of a datagram; the first that comes late is kept. */
void tunnel_number(
	struct tunnel_life *t, enum side side, const struct frame_ref *ref, struct counter_track *numbers, uint64_t n);

/* A step of the handshake was sent (again); progress forgets it. */
void tunnel_pending(struct tunnel_life *t, enum side side, const struct frame_ref *ref, const char *step);
void tunnel_progress(struct tunnel_life *t);

/* Emits the summary, when there is something to tell. */
void tunnel_finish(struct tunnel_life *t, struct session *s);

#endif
