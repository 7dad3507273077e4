/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker's own state, and what the files of this folder call of each other. */
#ifndef PCAPDX_TRACK_TRACKER_IMPL_H
#define PCAPDX_TRACK_TRACKER_IMPL_H

#include "base/hash.h"
#include "base/pool.h"
#include "base/slots.h"
#include "base/when.h"
#include "track/flow.h"
#include "track/stream_births.h"
#include "track/tracker.h"

/* A closed conversation waits so long for late segments. Repeated FINs come 0.2 to 3.2 s after the first, the true
 * SYN-ACK after a forged RST within a SYN's time-out; what is later finds the tombstone. */
#define LINGER_NS (5 * NS_PER_S)
/* UDP and protocols without a close: the time after which common stateful devices forget them too. */
#define IDLE_END_NS (60 * NS_PER_S)
#define PART_NS (60 * NS_PER_S)
#define TOUCH_NS NS_PER_S /* a conversation moves in its list at most once in this time */

enum flow_list {
	LIST_TCP,
	LIST_OTHER,
	LIST_CLOSED,
	LISTS,
};

struct flow_queue {
	uint32_t oldest, newest; /* flow numbers; 0: empty */
};

/* What is left of an ended conversation: enough to know its late segments, its stream number and its reuse. Fields
 * with two values are by end: low, high. */
struct tombstone {
	struct flow_key key;
	uint32_t tag, older, newer;
	uint32_t stream, generation;
	uint32_t base_seq[2];
	bool base_set[2], closed;
	bool quoted;	/* no conversation: only a stream number */
	uint8_t closer; /* end that sent the first FIN; 2: none */
	uint64_t sources;
	int64_t ended_ns;
	struct ws_analysis ws;
};

/* Of one source: how many streams Wireshark has seen, and the segments that came after their conversation's record. */
struct stream_count {
	uint32_t tcp, udp;
	uint32_t udp_begun; /* seen in no source before */
	uint64_t late_fin, late_rst;
	uint64_t duplicates, duplicates_frame, network_duplicates;
	struct tcp_analysis late;
};

/* A packet that was announced: see expect.c. */
struct expected {
	struct flow_key key;
	uint64_t order;	      /* of its frame; behind the last one that of none */
	struct coming coming; /* its flow: what the table had under the tag then; named: it has a key */
};

_Static_assert(sizeof(struct expected) == 64, "a cache line");

/* The end that sent the first FIN: 0 the low one, 1 the high one, 2 none. */
static inline uint8_t flow_closer(const struct flow *f)
{
	enum side first = f->first_fin;

	return first == SIDE_NONE ? 2 : (first == SIDE_ORIG) != f->orig_is_low;
}

struct tracker {
	struct tracker_owner owner;
	size_t memory_bytes, elsewhere;
	int64_t now_ns;
	int64_t looks_again_ns; /* before that time nothing is due */
	struct slots table; /* numbers: of a flow twice, of a tombstone twice and one */
	struct pool flows; /* of struct whole_flow */
	struct pool tombstones;
	struct rare_pools rare;
	size_t text_bytes;
	struct flow_queue lists[LISTS];
	struct flow_queue graves;     /* tombstones, oldest first */
	struct stream_count *streams; /* by source */
	uint32_t stream_room;
	struct stream_births *births; /* NULL: numbers are given at once */
	struct ranked *ending;	      /* of tracker_ending, in the order of their ends */
	size_t ending_count, ended_count;
	uint64_t evicted;
	struct flow_link left;		/* see struct tracked */
	bool has_left;
	/* Those that were announced, with as many empty ones before and behind them as anybody looks ahead. */
	struct expected expected[AHEAD_MAX + EXPECTED_MAX + AHEAD_MAX];
	const struct expected *next; /* that was not tracked yet */
	struct expected *here;	     /* where looking ahead begins */
	int expected_count;
};

/* expect.c: nothing was announced */
void expect_nothing(struct tracker *t);

/* flow_find.c: the conversation that the packet belongs to, found or new; NULL: none */
struct flow *flow_of(struct tracker *t, const struct packet *p, bool *src_is_low);

/* tcp_track.c, udp_track.c: one packet of a conversation; *out has flow and side already */
void tcp_track(struct passing *w, struct tracked *out);
void udp_track(struct passing *w, struct tracked *out);
/* What every packet of a conversation leaves: counts, MACs, TTLs, the longest silence. */
void flow_count(struct passing *w);

/* duplicates.c: whose copies they were, as far as is known now; fills loss.duplicated_by_* of both sides */
void duplicates_settle(const struct flow *f, struct tcp_loss loss[2]);
/* in_line: it goes on where its side stood, so no segment that was taken can be the same. */
bool duplicate_in_flow(struct passing *w, bool in_line);
void duplicate_noted(struct passing *w);

/* tcp_handshake.c */
enum flow_start {
	START_SAME,  /* the packet belongs to the conversation */
	START_NEW,   /* it begins a new one, with a stream number of its own */
	START_AGAIN, /* it begins a new one that Wireshark counts with the old one */
};
enum flow_start handshake_start(const struct flow *f, enum side side, const struct packet *p);
bool handshake_is_old_ack(const struct passing *w);
void handshake_packet(struct passing *w);
void handshake_answered(struct passing *w, enum syn_answer how);

/* tcp_close.c */
void close_fin(struct passing *w);
void close_rst(struct passing *w);
void close_after(struct passing *w); /* what a packet other than RST says about earlier RSTs and FINs */

/* tcp_loss.c: a segment with payload, seen from what came before */
enum segment_kind {
	SEGMENT_NEW,	/* bytes never sent before */
	SEGMENT_FILL,	/* bytes that were missing */
	SEGMENT_RESENT, /* bytes that were here before */
	SEGMENT_PROBE,	/* keep-alive or window probe */
};
enum segment_kind loss_segment(struct passing *w);
void loss_gap(struct passing *w); /* the same without payload: its number may lie beyond a gap */
void loss_fin(struct passing *w); /* the FIN was acknowledged before it was seen, perhaps */
bool loss_is_probe(const struct passing *w);
void loss_forget_tail(struct flow *f, enum side s); /* there is no gap any more */
/* Bytes of the peer that the packet at hand acknowledges, and that were not seen. */
void loss_note_missing(struct passing *w, uint32_t left, uint32_t right);
/* The SYN at hand is the first packet of its side: what the peer acknowledged of it before may still come. */
void loss_begun_late(struct passing *w);
bool loss_has_holes(const struct flow *f, enum side s); /* bytes of that side are missing and not acknowledged */

/* tcp_damage.c: a wrong checksum. True: the segment is to be ignored */
bool damage_packet(struct passing *w);
void damage_repaired(struct passing *w); /* a sound segment with payload */
void damage_acked(struct passing *w);	 /* an ACK: what it covers was no damage */

/* tcp_late.c: segments that were captured after the ACK of them */
void late_seen(struct passing *w, struct short_ref acked_by); /* the packet at hand is one */
void late_fin(struct passing *w);      /* the FIN at hand may be one, */
void late_fin_rst(struct passing *w);  /* and have come before a RST of the peer */
void late_peer_fin(struct passing *w); /* a FIN, while something of the peer may come late */
void late_data(struct passing *w, struct short_ref acked_by); /* in place of on_new_data */

/* tcp_loss_ack.c: what an ACK, its SACK blocks and its time stamp say about the peer's segments */
void loss_acked(struct passing *w);
bool loss_was_sacked(const struct repair *r, uint32_t seq, uint32_t end);

/* tcp_window.c */
void window_packet(struct passing *w);	       /* the window that a packet with ACK announces */
void window_waited(struct passing *w);	       /* new data of this side after a pause */
bool window_small_released(struct passing *w); /* the same after a late ACK; true: that is what it waited for */
void window_small_answered(struct passing *w); /* this side acknowledges just the small data of the peer */
void window_is_full(struct passing *w, uint32_t room, uint32_t mss);

/* tcp_steady.c: whether the conversation's next segments may take the short way; called after any other */
void steady_settle(struct flow *f);
void steady_catch_up(struct flow *f);
void steady_last_told(struct flow *f, struct ws_analysis *ws); /* the same at its end, into *ws */
/* What Wireshark would know, up to the last segment. */
static inline struct ws_analysis *flow_ws(struct flow *f)
{
	if (f->untold || (f->half[0].flags | f->half[1].flags) & HALF_AHEAD)
		steady_catch_up(f);
	return &cold_of(f)->ws;
}

/* tcp_turns.c */
void turns_resent(struct passing *w);
void turns_first_done(struct flow *f);
void turns_keep_think(struct flow *f, int64_t think_ns);
void turns_record(const struct flow *f, struct conn *c);

/* stalls.c: the longest pauses */
void stall_add(struct passing *w, enum side side, enum stall_reason reason, int64_t lasted_ns, uint64_t from_frame);

/* key_frames.c */
void key_frame_keep(struct passing *w);
/* Keeps the packet if it is among the first, or w->f->keep is set. */
static inline void key_frame_packet(struct passing *w)
{
	if (w->f->keep || w->f->key_frames < KEY_ALWAYS)
		key_frame_keep(w);
}
void key_frame_add(struct passing *w, enum side side, const char *label);
void key_frames_record(const struct flow *f, bool failed, struct conn *c);
void key_frames_free(struct flow *f);
void key_frames_fetch(const struct flow *f); /* its record is made soon */

/* conn_state.c */
static inline uint64_t history_bit(enum side side, char letter)
{
	return UINT64_C(1) << ((letter - 'A') + (side == SIDE_RESP ? 32 : 0));
}

static inline bool history_has(const struct flow *f, enum side side, char letter)
{
	return (f->history_seen & history_bit(side, letter)) != 0;
}

void history_first(struct flow *f, enum side side, char letter);
/* Appends a letter the first time that the side earns it: upper case for orig, lower for resp. */
static inline void history_add(struct flow *f, enum side side, char letter)
{
	if (!history_has(f, side, letter))
		history_first(f, side, letter);
}
void history_again(struct flow *f, enum side side, char letter); /* C, G, T, W */
void history_packet(struct passing *w);
struct conn_state {
	char text[sizeof(((struct conn *)0)->conn_state)];
};
struct conn_state conn_state(const struct flow *f);

/* icmp_quote.c */
struct tracked icmp_quote(struct tracker *t, const struct packet *p);

/* An address that only looks like one of IPv4 may stand beside any of IPv6, of which no byte may be left out. */
static inline uint32_t tracker_tag(const struct flow_key *key)
{
	uint32_t low, high;

	if (!addr_is_v4(&key->low) || !addr_is_v4(&key->high))
		return (uint32_t)(hash_seeded(key, sizeof(*key)) >> 32);
	memcpy(&low, key->low.b + 12, sizeof(low));
	memcpy(&high, key->high.b + 12, sizeof(high));
	return (uint32_t)(hash_seeded_pair((uint64_t)low << 32 | high,
				  (uint64_t)key->low_port << 24 | (uint64_t)key->high_port << 8 | key->proto) >> 32);
}

/* tracker.c */
struct flow *tracker_find(struct tracker *t, const struct flow_key *key);
void tracker_closed(struct tracker *t, struct flow *f, enum conn_end reason);
void tracker_reopened(struct tracker *t, struct flow *f);

#endif
