/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one conversation. `struct flow` is what every packet touches: the key, the clock and per direction a
 * `struct half`. What changes rarely lives in `struct cold`; what only some conversations need (`struct trouble`, a
 * log of sent segments, key frames beyond the first) comes from pools when the need arises.
 *
 * Durations and `*_ns` without `at` follow the capture's clock, which never runs back; offsets (`at_ns`) follow the
 * frames' own time stamps, as Wireshark shows them.
 */
#ifndef PCAPDX_TRACK_FLOW_H
#define PCAPDX_TRACK_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "record/record.h"
#include "track/flow_key.h"
#include "track/ws_analysis.h"

struct session;
struct stream_pair;
struct tracker;

enum half_flag {
	HALF_BASE_SET = 1 << 0,	 /* base_seq is known */
	HALF_NEXT_SET = 1 << 1,	 /* next_seq is known */
	HALF_ACKED_SET = 1 << 2, /* the other side acknowledged something */
	HALF_ACK_SENT = 1 << 3,	 /* it acknowledged something */
	HALF_SYN = 1 << 4,	 /* it sent SYN */
	HALF_FIN = 1 << 5,	 /* it sent FIN */
	HALF_FIN_ACKED = 1 << 6,
	HALF_SCALE = 1 << 7,	    /* it announced a window scale */
	HALF_WINDOW = 1 << 8,	    /* window is known */
	HALF_ZERO = 1 << 9,	    /* its window is closed */
	HALF_TIMED = 1 << 10,	    /* a round trip of its data is being measured */
	HALF_FULL = 1 << 11,	    /* its last data filled the peer's window */
	HALF_ID_VARIES = 1 << 12,   /* its IP ids are not constant */
	HALF_GOOD_SUM = 1 << 13,    /* a right checksum was seen, so a wrong one is no offload */
	HALF_KEEP_ALIVE = 1 << 14,  /* its last packet was a keep-alive */
	HALF_SMALL = 1 << 15,	    /* small data of it waits for an ACK (see tcp_window.c) */
	HALF_RST_SEEN = 1 << 16,    /* it sent RST */
	HALF_PARTIAL_SUM = 1 << 17, /* a checksum was left to the network card */
	HALF_DATA = 1 << 18,	    /* it sent data */
	HALF_FIRST_ACKED = 1 << 19, /* its first data is acknowledged */
	HALF_BLOCKED = 1 << 20,	    /* the peer's window was full or closed since its last data */
};

#define RECENT_MAX 8

/*
 * What one side of the conversation sends: all that a packet touches when nothing special happens. The other side's
 * packets need little of it, which stands first.
 */
struct half {
	_Alignas(64) uint32_t flags;  /* enum half_flag */
	uint32_t base_seq;	      /* initial sequence number, or one before the first seen */
	uint32_t next_seq;	      /* end of the highest byte seen; SYN and FIN count one */
	uint32_t acked;		      /* highest acknowledgement by the other side */
	uint32_t window;	      /* announced last, scaled */
	uint32_t first_ack, last_ack; /* that it sent itself */
	uint32_t timed_end;	      /* the acknowledgement that ends the measured round trip */
	int64_t timed_ns;
	uint32_t pending_len; /* largest payload not yet acknowledged, */
	uint32_t pending_end; /* and where it ends */
	uint32_t largest_acked_len;
	uint32_t rtt_samples;
	uint64_t bytes; /* payload, each byte once */
	int64_t rtt_min_ns, rtt_max_ns, rtt_sum_ns;
	uint16_t mss; /* announced */
	uint8_t scale;
	uint8_t last_flags; /* TCP flags of `last` */
	uint32_t last_len;  /* payload of `last` */
	int64_t last_ns, last_data_ns;
	/* PEER_PART ends here */
	uint64_t pkts, ip_bytes;
	uint32_t data_segments;
	uint32_t unlinked;	    /* packets since the link tracker was told of any */
	struct frame_ref last;	    /* last packet but RST */
	struct frame_ref last_data; /* last segment with new bytes */
	uint32_t window_min, window_max, highest_in_flight, largest_len;
	uint32_t ttl_count, other_ttl_count;
	uint32_t doubled, doubled_data; /* packets of it that were in the capture before; those with payload */
	uint16_t last_ip_id;
	struct mac mac; /* of its last frame */
	uint8_t ttl, other_ttl, ttl_min, ttl_max;
	int8_t id_rising;	     /* how much its IP ids count upwards; see tcp_loss.c */
	uint8_t recent_at;	     /* next place in `recent` */
	uint64_t recent[RECENT_MAX]; /* fingerprints of its last packets: see duplicates.c */
};

#define PEER_PART offsetof(struct half, pkts)

/* Bytes below next_seq that were not seen. */
struct hole {
	uint32_t left, right;
	int64_t since_ns;
	uint32_t ts_value; /* of the segment that showed it */
	uint16_t ip_id;
	bool acked; /* the receiver has the bytes: the capture lost them */
	bool has_ip_id, has_ts;
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

/* When a segment was sent, for the ones sent last. */
struct sent {
	uint64_t frame;
	int64_t at_ns;
	uint32_t seq;
};

#define SENT_MAX 16

/* A segment with a wrong checksum that nobody answered yet. */
struct damage {
	uint32_t seq, end;
	struct frame_ref ref;
};

#define DAMAGES_MAX 4

/* Bytes [seq, end) that came twice. */
struct copied {
	uint32_t seq, end;
	struct frame_ref ref; /* of the copy */
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
	uint32_t copy_count; /* of all; the last ones are kept */
	struct copied copies[COPIES_MAX];
};

/* What only failed or odd conversations have. */
struct trouble {
	uint32_t rst_count, icmp_count, stall_count;
	struct rst_seen rsts[RSTS_MAX];
	struct icmp_seen icmps[ICMPS_MAX];
	struct stall stalls[STALLS_MAX];
};

struct key_frame_kept {
	uint64_t frame;
	int64_t at_ns;
	char *label; /* owned; NULL: none */
	uint32_t len;
	uint16_t source;
	uint8_t side, flags;
};

#define KEY_ALWAYS 4  /* the first packets are kept whatever they are */
#define KEY_FIRST 10  /* kept frames of the beginning */
#define KEY_LAST 16   /* frames of the end that are kept */
#define KEY_MARKED 12 /* marked frames between them that are kept */

struct key_more {
	uint32_t marked_count;
	struct key_frame_kept marked[KEY_MARKED];
	struct key_frame_kept last[KEY_LAST]; /* a ring: place is count modulo KEY_LAST */
};

#define OVERLAPS_LISTED 6 /* pairs beside the first one */
#define THINKS_MAX 32

/* Think times: every stride-th one, in microseconds. */
struct thinks {
	uint32_t n, stride, skip;
	uint32_t us[THINKS_MAX];
};

struct cold {
	/* what packets of a healthy conversation touch, in one piece */
	struct ws_analysis ws; /* its ends: low, high; goes on in the next conversation of the tuple */
	struct turn last_turn;
	uint32_t turns;
	bool first_turn_done; /* last_turn is not the first any more */
	uint8_t first_fin, first_rst;
	bool simultaneous_close;
	uint64_t frame;	 /* the first one, */
	uint16_t source; /* and where it is */
	uint16_t vlan;
	char uid[20];
	int64_t rtt_server_ns, rtt_client_ns;
	int64_t think_min_ns, think_max_ns, server_ns, client_ns;
	int64_t small_since_ns[2], small_acked_ns[2]; /* per side, for tcp_window.c */
	uint32_t small_end[2];
	struct thinks thinks;
	struct sent sent[2][SENT_MAX]; /* rings by count of data segments */

	/* what is filled as it is seen; the rest is worked out when the record is made */
	struct conn_side side[2];
	struct key_frame_kept first[KEY_FIRST];
	struct trouble *trouble;
	char *tunnel;	   /* path as text, owned; NULL: none */
	size_t text_bytes; /* held in owned text */
	bool cut_frames, port_reused, same_stream;
	char history[48];
	uint8_t history_len;
	uint32_t again[2][4]; /* of both sides: what history_again counts */
	uint32_t part;

	/* handshake */
	uint32_t syns, syn_acks, syn_acks_after_ack;
	int64_t syn_at_ns[SYN_TIMES_MAX];
	uint64_t syn_frames[SYN_TIMES_MAX];
	struct frame_ref syn_ack, handshake_ack, answer;
	int64_t last_syn_ns, last_syn_ack_ns;
	int64_t answer_ns;
	int64_t reused_after_ns;
	uint32_t old_acks;
	uint32_t early_data;   /* data of orig that the server has not acknowledged any of */
	uint32_t ignored_data; /* of which it answered with SYN-ACK */
	uint8_t answered, reused_closer;

	uint32_t overlaps_differ;
	struct frame_ref overlap_old, overlap_new; /* of the first one */
	uint64_t overlap_frames[2 * OVERLAPS_LISTED];
	struct frame_ref copy[2];		   /* first packet of a side that was in the capture before */

	uint64_t mac_at_pkts[2]; /* packets of a side when its MAC changed last */

	/* pace */
	struct turn first_turn;
	struct frame_ref idle_before, idle_after;
	struct frame_ref pause_before, pause_after; /* the last long silence, until it is clear how it ended */
	int64_t pause_ns;
	uint32_t pause_unanswered;
	uint8_t pause_side;
	uint8_t idle_after_side;
	bool idle_after_rst;
	uint32_t idle_after_unanswered;

	int64_t zero_since_ns[2]; /* per side, for tcp_window.c */

	uint32_t flag_syn, flag_syn_ack, flag_fin, flag_rst;

	struct tcp_analysis analysis;
};

enum flow_state {
	FLOW_LIVE,
	FLOW_CLOSED, /* lingers for late segments */
};

struct flow {
	struct flow_key key;
	uint32_t index, tag; /* place in the pool; hash as the table keeps it */
	bool orig_is_low;
	struct cold *cold; /* behind it, see struct whole_flow */
	struct key_more *key_more;
	struct stream_pair *stream_pair;
	struct session *session;
	struct tracker *tracker;
	struct repair *repair[2]; /* NULL: nothing of that side was ever out of order */
	int64_t ts_ns;	 /* time stamp of the first packet */
	int64_t last_ns; /* the clock at the last packet */
	int64_t queued_ns;
	int64_t next_part_ns;
	int64_t idle_max_ns;
	int64_t ask_last_ns, answer_last_ns; /* see tcp_turns.c */
	uint64_t sources;		     /* bit n: seen in source n modulo 64 */
	uint64_t history_seen;
	uint8_t list;	    /* enum flow_list of tracker_impl.h */
	uint8_t state;	    /* enum flow_state */
	uint8_t last_side;  /* who sent the last packet */
	uint8_t talker;	    /* side of the last new data */
	uint8_t end_reason; /* CONN_END_FIN or CONN_END_RST once closed, else CONN_END_OPEN */
	bool midstream;		  /* neither SYN nor SYN-ACK began it */
	bool handshake_done;	  /* the ACK of the SYN-ACK was seen */
	bool ask_open;		  /* cold->last_turn has no answer yet */
	bool ask_unacked;	  /* nor an acknowledgement */
	bool idle_watch;	  /* nobody answered the segments after the last long silence yet */
	bool keep;		  /* the packet at hand is worth a key frame */
	uint16_t ring_labels;	  /* bit n: place n of key_more->last has a label */
	uint32_t key_frames;	  /* kept so far, also those that gave way */
	bool deaf;		  /* nobody listens to its bytes */
	bool labelled;		  /* some key frame has, or had, a label */
	struct half half[2];
	/* seldom */
	uint32_t older, newer; /* neighbours in its list, by `queued_ns` */
	int64_t begun_ns;      /* the clock at the first packet */
	int64_t emitted_ns;    /* the clock that its record carries */
	uint32_t stream;
	uint32_t generation; /* how often the tuple was used before */
};

/* As the pool has it: found by one address, so that all of it can be asked for ahead. */
struct whole_flow {
	struct flow flow;
	_Alignas(64) struct cold cold;
};

/* One packet on its way through the files of this folder. */
struct passing {
	struct tracker *t;
	struct flow *f;
	struct cold *c;
	const struct packet *p;
	enum side side;
	struct half *own, *peer;
	struct conn_side *out, *peer_out; /* cold->side of the two */
	int64_t now_ns, at_ns;
	bool new_link;	   /* first packet of its side, or from another MAC than before */
	uint32_t len;	   /* payload on the wire */
	uint32_t seq, end; /* TCP: of the payload, without SYN and FIN */
	uint8_t flags;
	bool resent;	/* what struct tracked says of it */
	int64_t rtt_ns;
};

static inline uint16_t flow_port(const struct flow *f, enum side s)
{
	return (s == SIDE_ORIG) == f->orig_is_low ? f->key.low_port : f->key.high_port;
}

static inline const struct addr *flow_addr(const struct flow *f, enum side s)
{
	return (s == SIDE_ORIG) == f->orig_is_low ? &f->key.low : &f->key.high;
}

/* The packet at hand as evidence. */
static inline struct frame_ref passing_ref(const struct passing *w)
{
	struct frame_ref r = { w->p->frame->number, w->at_ns, w->p->frame->source };
	return r;
}

/* The trouble, or the repair state of a side, made when it is not there yet. Never NULL. */
struct trouble *flow_trouble(struct flow *f);
struct repair *flow_repair(struct flow *f, enum side s);
struct key_more *flow_key_more(struct flow *f);

#endif
