/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine around the dissectors: chooses one by content (the port is a hint), keeps the rest of a stream that was
 * not used yet, skips, hands on, and restarts a confused dissector: the first time at once, then at most once per
 * 10 s of capture time per stream; bytes in between are skipped and counted.
 */
#ifndef PCAPDX_DISSECTORS_SESSION_H
#define PCAPDX_DISSECTORS_SESSION_H

#include "dissectors/dissector.h"

struct announced;
struct dissect_engine; /* of one pipeline: sink of records, key log, expected conversations */

/* What a session needs of the conversation that owns it; borrowed for the call. */
struct session_owner {
	struct record *head; /* uid, addresses, ports, first frame; its kind means nothing */
	/* Fills the head, when it is first asked for; NULL: it is filled. */
	void (*identify)(const void *flow, struct record *head);
	int64_t clock_ns;	   /* the capture's clock now: emitted_ns of records */
	enum side first_fin, first_rst; /* who closed first; SIDE_NONE: nobody yet */
	enum side (*fin_of)(const void *flow), (*rst_of)(const void *flow); /* say the same when asked; NULL: as above */
	void (*mark)(void *flow, enum side side, const struct frame_ref *absolute, const char *label);
	void *flow;
};

/* What the pipeline asks at the end of a conversation. */
struct session_summary {
	char service[16]; /* "" unknown */
	uint32_t restarts;
	uint64_t skipped_bytes;
	uint64_t gap_bytes[2];
};

struct dissect_engine *dissect_engine_new(const struct record_sink *sink, const struct keylog *keys);
void dissect_engine_free(struct dissect_engine *e);
/*
 * Conversations of two hosts go through one engine, those of other hosts may go through another: what is announced
 * for them is handed to `announce`. Without it they are expected here, too.
 */
void dissect_engine_elsewhere(struct dissect_engine *e,
	void (*announce)(void *arg, const struct announced *a, int64_t clock_ns), void *arg);
/* Where the next record may be made, see record_order_room; NULL: nowhere. */
void dissect_engine_in_place(struct dissect_engine *e, struct record *(*room)(void *arg), void *arg);
size_t dissect_engine_held_bytes(const struct dissect_engine *e);
/* Adds the counts of messages in a source's record. */
void dissect_engine_counts(const struct dissect_engine *e, uint16_t source, struct capture *out);
/* A datagram that the capture holds twice is dissected once, and counted as often as it is there. */
void session_datagram_again(const struct session *s, const struct chunk *c);

/* Bytes for the session come soon (NULL: nothing yet): asks for it, and later for its dissector's state. */
void session_fetch(const struct session *s);
void session_fetch_state(const struct session *s);
void session_fetch_whole_state(const struct session *s); /* before session_close */

/* *s is NULL at first and belongs to the engine. After `done` the caller may stop feeding that conversation. */
void session_stream(struct dissect_engine *e, struct session **s, const struct session_owner *o, const struct chunk *c);
/* After session_stream: how many coming bytes of that side need only be counted, and the shape of records behind them
 * of which the same is true (0: none). session_skim_over tells whether bytes are of a shape, see `skim` in
 * dissector.h. */
uint32_t session_wants_count(const struct session *s, enum side side, uint16_t *shape);
bool session_skim_over(uint16_t shape, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left);
/* n such bytes came, with so many records, the last of which lacks `left` bytes (where there are records). */
void session_passed(struct session *s, enum side side, uint32_t n, uint32_t records, uint32_t left,
	const struct frame_ref *ref);
void session_gap(struct dissect_engine *e, struct session **s, const struct session_owner *o, enum side side,
	uint64_t missing, const struct frame_ref *ref);
void session_end(struct dissect_engine *e, struct session **s, const struct session_owner *o, enum side side,
	const struct frame_ref *ref);
void session_datagram(struct dissect_engine *e, struct session **s, const struct session_owner *o,
	const struct chunk *c);
bool session_done(const struct session *s);
void session_summarise(const struct session *s, struct session_summary *out);
/* Finishes and frees; emits the session's last records. The summary must have been taken before. */
void session_close(struct dissect_engine *e, struct session **s, const struct session_owner *o);

#endif
