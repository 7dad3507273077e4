/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only some conversations need: loss and its repair, failures, oddities, and what long ones remember. */
#ifndef PCAPDX_TRACK_FLOW_RARE_H
#define PCAPDX_TRACK_FLOW_RARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "decode/packet.h"
#include "record/record.h"
#include "record/short_ref.h"

/* When a segment was sent, for the ones sent last: four of them in a cache line. */
struct sent {
	uint32_t seq, frame_low;
	int64_t at; /* the time, and in the lowest bits the rest of the frame's number */
};

#define SENT_FRAME_BITS 2

static inline uint64_t sent_frame(const struct sent *s)
{
	return (uint64_t)(s->at & ((1 << SENT_FRAME_BITS) - 1)) << 32 | s->frame_low;
}

static inline int64_t sent_at_ns(const struct sent *s)
{
	return s->at >> SENT_FRAME_BITS;
}

/* What does not fit (a frame beyond 1.7 * 10^10, a time 73 years from the beginning) is not remembered. Clocks that
 * were set in between, from 1970 to now, do. */
static inline void sent_keep(struct sent *s, uint64_t frame, int64_t at_ns, uint32_t seq)
{
	uint64_t high = frame >> 32;
	bool fits = high >> SENT_FRAME_BITS == 0 && at_ns <= INT64_MAX >> SENT_FRAME_BITS &&
		    at_ns >= INT64_MIN >> SENT_FRAME_BITS;

	*s = (struct sent){.seq = seq};
	if (!fits)
		return;
	s->frame_low = (uint32_t)frame;
	s->at = at_ns * (1 << SENT_FRAME_BITS) + (int64_t)high;
}

struct label {
	char text[sizeof(((struct key_frame *)0)->label)];
};

/* As many as most conversations have: the head of a request and of its answer. In one line. */
#define NEAR_LABELS 2
#define LABELS_APART (1 << NEAR_LABELS) /* some label is, or was, none of them */

struct near_labels {
	struct label of[NEAR_LABELS];
};

struct key_frame_kept {
	struct short_ref ref;
	uint32_t label : 31; /* of near_labels, or NEAR_LABELS and its place in the pool, owned; 0: none */
	uint32_t side : 1;
	uint32_t len : 24, flags : 8;
};

#define LABEL_MAX ((UINT32_C(1) << 31) - 1)
#define KEY_LEN_MAX ((UINT32_C(1) << 24) - 1) /* no segment has so much payload */

#define KEY_LAST 16   /* frames of the end that are kept */
#define KEY_MARKED 12 /* marked frames before them that are kept */

#define SENT_MAX 16
#define THINKS_MAX 32

/* A struct turn of a record, but for the last data of the ask, which is orig's last. */
struct turn_kept {
	struct short_ref ask, acked, answer;
};

/* What a conversation of more than a few data segments or key frames remembers: together, as each page costs. */
struct lasting {
	struct key_frame_kept key_last[KEY_LAST]; /* a ring: place is count modulo KEY_LAST */
	struct sent sent[2][SENT_MAX];		  /* rings by count of data segments */
	uint32_t think_us[THINKS_MAX];		  /* every stride-th think time */
	struct turn_kept first_turn;		  /* once another has begun */
	struct short_ref first_ask_last;
	uint32_t first_ask_bytes;
};

struct key_marked {
	uint32_t count;
	struct key_frame_kept frames[KEY_MARKED];
};

/* Bytes below next_seq that were not seen. */
struct hole {
	uint32_t left, right;
	int64_t since_ns;
	uint32_t ts_value; /* of the segment that showed it */
	uint16_t ip_id;
	bool acked; /* the receiver has the bytes: the capture lost them, or shows them later: */
	bool has_ip_id, has_ts;
	struct short_ref acked_by; /* the first ACK of those before `acked_to`; of others a later one, perhaps */
	uint32_t acked_to;
};

#define HOLES_MAX 8

/* A segment that was sent again and is not acknowledged yet. */
struct resend {
	uint32_t seq, end;
	uint32_t ts_value; /* of the copy sent last */
	uint32_t sent;	   /* how often, the first time included */
	uint32_t counted;  /* how many of its copies count as lost */
	int64_t first_at_ns, last_at_ns, last_ns;
	uint64_t frames[8];
	bool df, has_ts;
	bool acked; /* kept for a while: a D-SACK may still come */
	uint32_t len;
};

#define RESENDS_MAX 4

/* A segment with a wrong checksum that nobody answered yet. */
struct damage {
	uint32_t seq, end;
	struct short_ref ref;
};

#define DAMAGES_MAX 4

/* Bytes [seq, end) that came twice. */
struct copied {
	uint32_t seq, end;
	struct short_ref ref; /* of the copy */
};

#define COPIES_MAX 4

/* Loss and repair of one direction; exists once something was out of order. */
struct repair {
	uint32_t hole_count;
	struct hole holes[HOLES_MAX];
	struct resend resends[RESENDS_MAX]; /* sent 0: unused */
	uint32_t sack_count;		    /* blocks of the peer's last ACK */
	uint32_t sack_left[SACK_BLOCKS_MAX], sack_right[SACK_BLOCKS_MAX];
	int64_t stalled_until_ns; /* stalls before it are counted */
	uint32_t damage_count;
	struct damage damages[DAMAGES_MAX];
	struct short_ref filled_by; /* the ACK of what the segment at hand brings, where that was captured before */
	/* of the peer, ahead of what was seen: an ACK of one byte or of a FIN, and that of its own FIN */
	struct short_ref one_acked_by;
	uint32_t one_acked, peer_fin_ack;
	bool has_peer_fin;
	uint32_t copy_count; /* of all; the last ones are kept */
	struct copied copies[COPIES_MAX];
};

/* What is odd about what one side sends: the fields of struct conn_side. */
struct side_odd {
	uint64_t resent_bytes, missing_bytes;
	struct short_ref missing_first;
	int64_t late_ns;
	struct short_ref ttl_change, ttl_before, mac_change, mac_before;
	uint64_t mac_at_pkts; /* its packets when its MAC changed last */
	struct mac mac_after;
	bool mac_changed;
	uint32_t mac_changes;
	uint32_t zero_windows, window_full, delayed_ack_stalls;
	int64_t zero_since_ns, zero_window_ns, zero_window_open_ns;
	int64_t window_limited_ns, window_wait_ns, delayed_ack_ns;
	struct short_ref zero_window_first, delayed_ack_first;
	uint32_t keep_alives, keep_alives_answered, gap_tail;
	struct short_ref gap_first, doubled, doubled_copy, doubled_answer, damaged, damaged_again;
	struct short_ref copy; /* its first packet that was in the capture before */
	struct tcp_loss loss;
};

/* Of a side of which nothing is. */
extern const struct side_odd side_odd_none;

/* What only failed conversations have. */
struct trouble {
	uint32_t rst_count, icmp_count;
	struct rst_seen rsts[RSTS_MAX];
	struct icmp_seen icmps[ICMPS_MAX];
};

struct stall_kept {
	struct short_ref ref;
	int64_t lasted_ns;
	uint64_t from_frame : 48, reason : 8, side : 8;
};

/* The longest pauses. */
struct stalls {
	uint32_t count;
	struct stall_kept list[STALLS_MAX];
};

#define OVERLAPS_LISTED 6 /* pairs beside the first one */

/* A long silence that is not the longest, but will be told instead of it when it ended badly. */
struct pause {
	struct short_ref before, after;
	int64_t lasted_ns;
};

/* Repetitions of the handshake, and what reassembly and Wireshark would remark. */
struct rare {
	struct tcp_analysis analysis;
	uint32_t again[2][4]; /* of both sides: what history_again counts */
	int64_t syn_at_ns[SYN_TIMES_MAX];
	uint64_t syn_frames[SYN_TIMES_MAX]; /* of SYNs; the first is not among them */
	uint32_t overlaps_differ;
	struct short_ref overlap_old, overlap_new; /* of the first one */
	uint64_t overlap_frames[2 * OVERLAPS_LISTED];
	struct pause pause;
};

/* Where all of them come from. */
struct rare_pools {
	struct pool troubles, rares, stalls, odds, repairs, lastings, key_markeds, labels, near_labels;
};

void rare_pools_init(struct rare_pools *p);
void rare_pools_free(struct rare_pools *p);
size_t rare_pools_bytes(const struct rare_pools *p);

#endif
