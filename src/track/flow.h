/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one conversation. `struct flow` is what every packet touches: the key, the clock and per direction a
 * `struct half`. `struct cold` begins with what most packets touch beside that, too, and goes on with what changes
 * rarely; what only some conversations need (flow_rare.h) comes from pools when the need arises.
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
#include "track/flow_rare.h"
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
	HALF_ACK_MOVED = 1 << 21,   /* it acknowledged more than at first */
	HALF_SMALL_ACKED = 1 << 22, /* the small data was acknowledged late */
	HALF_REPAIR = 1 << 23,	    /* something of it was out of order: flow->repair */
	/* see tcp_steady.c */
	HALF_STEADY_ACK = 1 << 24,  /* its next ACK without data may take the short way */
	HALF_STEADY_DATA = 1 << 25, /* the same with data */
	HALF_EDGE = 1 << 26,	    /* Wireshark knows where its window ends */
	HALF_AHEAD = 1 << 27,	    /* of its last segments cold.ws does not know yet */
	HALF_LATE = 1 << 28,	    /* the clock was ahead of its last packet's time stamp */
	HALF_STOOD = 1 << 29,	    /* some segment of it was left aside: a probe, or damaged */
	HALF_STEADY = HALF_STEADY_ACK | HALF_STEADY_DATA | HALF_EDGE,
};

#define RECENT_MAX 8 /* the last one and those before it */
#define RECENT_MS 50 /* for so long they say something */

/*
 * What one side of the conversation sends, in whole cache lines: what the other side's packets need, too; what each
 * of its own touches; what those with data do; the rest.
 */
struct half {
	_Alignas(64) uint32_t flags; /* enum half_flag */
	uint32_t next_seq;	     /* end of the highest byte seen; SYN and FIN count one */
	uint32_t acked;		     /* highest acknowledgement by the other side */
	uint32_t window;	     /* announced last, scaled */
	uint32_t last_ack;	     /* that it sent itself */
	uint32_t timed_end;	     /* the acknowledgement that ends the measured round trip */
	uint32_t small_end;	     /* end of the small data that waits */
	uint32_t pending_len;	     /* largest payload not yet acknowledged, */
	uint32_t pending_end;	     /* and where it ends */
	uint32_t largest_acked_len;
	int64_t timed_ns;
	int64_t last_data_ns; /* of last_data */
	uint16_t mss;	      /* announced */
	uint8_t scale;
	int8_t id_rising; /* how much its IP ids count upwards; see tcp_loss.c */
	uint32_t largest_len;
	/* next line: what its own packets touch */
	uint64_t pkts, ip_bytes;
	struct short_ref last; /* last packet but RST; see half_last_ns */
	union {		       /* see struct packet */
		struct {
			struct mac mac; /* of its last frame */
			uint8_t ttl;	/* the most frequent one */
			bool has_macs;
		};
		uint64_t origin;
	};
	uint64_t newest; /* fingerprint of its last packet: see duplicates.c */
	uint32_t window_min, window_max;
	uint32_t last_len; /* payload of `last` */
	uint16_t last_ip_id;
	uint8_t last_flags;   /* TCP flags of `last` */
	uint8_t recent_count; /* of fingerprints in `recent`; beyond its size only the place in it counts */
	/* next line: those with data */
	uint64_t bytes;		    /* payload, each byte once */
	struct short_ref last_data; /* last segment with new bytes */
	uint32_t data_segments;
	uint32_t highest_in_flight;
	uint32_t base_seq;		/* initial sequence number, or one before the first seen */
	uint32_t linked;		/* its packets, but for those that the link tracker was not told of yet */
	uint32_t ttl_less;		/* its packets, but for those with `ttl` */
	uint32_t other_ttl_count;	/* of those with other_ttl */
	uint32_t doubled, doubled_data; /* packets of it that were in the capture before; those with payload */
	uint8_t other_ttl, ttl_min, ttl_max;
	/* next line */
	_Alignas(64) uint64_t recent[RECENT_MAX - 1]; /* fingerprints before the newest one */
	int64_t late_ns;			      /* the clock at `last`, if HALF_LATE */
};

#define OWN_PART offsetof(struct half, pkts)
#define DATA_PART offsetof(struct half, bytes)
#define RECENT_PART offsetof(struct half, recent)

/* How many of its packets had the most frequent TTL. */
static inline uint32_t half_ttl_count(const struct half *h)
{
	return (uint32_t)h->pkts - h->ttl_less;
}

/* How many the link tracker was not told of. */
static inline uint32_t half_unlinked(const struct half *h)
{
	return (uint32_t)h->pkts - h->linked;
}

/* Round trips of one side's data. */
struct rtts {
	int64_t min_ns, max_ns, sum_ns;
	uint32_t samples;
};

/* What a side's first packets say, and its last. */
struct side_start {
	struct short_ref first_data, fin;
	int64_t first_data_acked_ns;
	struct mac mac, to_mac; /* first seen */
	uint32_t syn_data;
	uint32_t first_data_len;
	uint8_t syn_ttl;
	int8_t window_scale; /* -1: none */
	bool sack_permitted : 1, timestamps : 1, fast_open : 1, mptcp : 1;
};

#define KEY_ALWAYS 4 /* the first packets are kept whatever they are */
#define KEY_FIRST 10 /* kept frames of the beginning */
#define SENT_FIRST 2 /* data segments per side before `struct lasting` exists */

/* In whole lines, of which those that are touched together stand together. */
struct cold {
	/* its ends: low, high; goes on in the next conversation of the tuple; see tcp_steady.c */
	_Alignas(64) struct ws_analysis ws;
	/* what packets of a healthy conversation touch when who talks changes */
	_Alignas(64) struct turn_kept last_turn;
	uint32_t ask_bytes; /* of last_turn */
	uint32_t turns;
	uint32_t thinks_skip, thinks_stride; /* see tcp_turns.c */
	/* next line: what acknowledges orig's data, and answers it */
	struct rtts rtt_orig; /* of its data */
	int64_t rtt_server_ns;
	int64_t think_min_ns, think_max_ns, server_ns;
	/* next line: what does so with resp's */
	struct rtts rtt_resp;
	int64_t rtt_client_ns;
	int64_t client_ns;
	int64_t small_acked_ns[2]; /* per side, for tcp_window.c */

	/* what the first packets and the last ones touch */
	char history[48];
	uint8_t history_len;
	uint8_t answered;
	uint8_t pause_side; /* who broke the last long silence, while it is not clear how that ended */
	bool pause_told;    /* it is the longest, else it stands in struct rare */
	uint8_t idle_after_side;
	bool idle_after_rst;
	uint32_t idle_after_unanswered;
	/* next line */
	struct short_ref idle_before, idle_after;
	uint32_t pause_unanswered;
	uint32_t flag_syn, flag_syn_ack, flag_fin, flag_rst;
	uint32_t early_data;	   /* data of orig that the server has not acknowledged any of */
	uint16_t vlan, syn_window; /* syn_window: of an ordinary SYN */
	bool simultaneous_close, port_reused, same_stream;
	uint8_t reused_closer;
	/* next line */
	uint32_t syns, syn_acks;
	int64_t syn_at_ns; /* of the first; others: struct rare */
	uint64_t syn_frame;
	struct short_ref syn_ack;
	int64_t last_syn_ns, last_syn_ack_ns;
	int64_t answer_ns;
	/* next line */
	struct side_start start[2];
	struct short_ref answer;
	struct key_frame_kept first[KEY_FIRST];
	/* next line */
	struct sent sent[2][SENT_FIRST];
	/* next line */
	struct short_ref handshake_ack;
	int64_t reused_after_ns;
	uint32_t syn_acks_after_ack, old_acks;
	uint32_t ignored_data; /* of early_data, what the server answered with SYN-ACK */
	uint32_t part;
	int64_t ask_resent_ns; /* if ask_resent */
	struct rare *rare;
	struct trouble *trouble;
	struct side_odd *odd[2];
	char *tunnel; /* path as text, owned; NULL: none */
};

enum flow_state {
	FLOW_LIVE,
	FLOW_CLOSED, /* lingers for late segments */
};

/* A conversation that began the ordinary way: cold.ws knows nothing of it yet, as nothing is to be remarked. */
enum flow_untold {
	UNTOLD_NOTHING, /* cold.ws knows all, but for HALF_AHEAD */
	UNTOLD_SYN,	/* what came is a SYN, */
	UNTOLD_SYN_ACK, /* its SYN-ACK, */
	UNTOLD_ACK,	/* the ACK of that, and segments in line */
};

/* First two lines that all packets touch, then what the sides send, then what is seldom needed. */
struct flow {
	struct flow_key key;
	int64_t ts_ns;	 /* time stamp of the first packet */
	int64_t last_ns; /* the clock at the last packet */
	bool orig_is_low;
	bool midstream;	     /* neither SYN nor SYN-ACK began it */
	bool handshake_done; /* the ACK of the SYN-ACK was seen */
	uint8_t last_side;   /* who sent the last packet */
	uint8_t talker;	     /* side of the last new data */
	bool ask_open;	     /* cold.last_turn has no answer yet */
	bool ask_unacked;    /* nor an acknowledgement */
	bool idle_watch;     /* nobody answered the segments after the last long silence yet */
	/* next line */
	int64_t due_ns; /* before that it neither moves in its list nor tells of a part */
	int64_t idle_max_ns;
	struct stream_pair *stream_pair;
	struct session *session;
	struct lasting *lasting;
	struct stalls *stalls;	  /* NULL: none */
	uint32_t key_frames;	  /* kept so far, also those that gave way */
	uint16_t source;	  /* of the last packet */
	uint16_t ring_labels;	  /* bit n: place n of lasting->key_last has a label */
	bool keep;		  /* the packet at hand is worth a key frame */
	bool deaf;		  /* nobody listens to its bytes */
	uint8_t thinks;		  /* kept in struct lasting */
	bool first_turn_done : 1; /* cold.last_turn is not the first any more: that is in struct lasting */
	bool ask_resent : 1;	  /* data of the ask came again, last at cold.ask_resent_ns */
	uint8_t untold;		  /* enum flow_untold */
	uint8_t labels;		  /* bit n: some key frame has that one of near_labels; LABELS_APART */
	uint8_t first_fin, first_rst;
	struct half half[2];
	/* what the records of what is in it need, the long way of its segments, and its beginning and end */
	struct short_ref begun; /* its first frame, at 0 */
	int64_t emitted_ns;	/* the clock that its record carries */
	struct tracker *tracker;
	struct key_marked *key_marked;
	uint32_t generation; /* how often the tuple was used before */
	uint32_t stream;
	uint64_t history_seen;
	uint32_t near_labels; /* number in the pool; 0: no key frame had a label */
	uint8_t list;	      /* enum flow_list of tracker_impl.h */
	uint8_t state;	      /* enum flow_state */
	uint8_t end_reason;   /* CONN_END_FIN or CONN_END_RST once closed, else CONN_END_OPEN */
	bool cut_frames;
	/* next line */
	_Alignas(64) struct repair *repair[2]; /* NULL: nothing of that side was ever out of order */
	uint64_t sources;		       /* bit n: seen in source n modulo 64 */
	int64_t queued_ns, next_part_ns;
	int64_t begun_ns;      /* the clock at the first packet */
	uint32_t index, tag;   /* place in the pool; hash as the table keeps it */
	uint32_t older, newer; /* neighbours in its list, by `queued_ns` */
};

_Static_assert(OWN_PART == 64 && DATA_PART == 128 && RECENT_PART == 192 && sizeof(struct half) == 256 &&
		       offsetof(struct flow, due_ns) == 64 && offsetof(struct flow, half) == 128 &&
		       sizeof(struct rtts) == 32 && offsetof(struct cold, rtt_orig) % 64 == 0,
	"lines are as the comments say");
_Static_assert(sizeof(struct side_start) == 64, "a line");
_Static_assert(offsetof(struct cold, history) % 64 == 0 && offsetof(struct cold, start) % 64 == 0 &&
		       offsetof(struct cold, sent) % 64 == 0,
	"lines are as the comments say");

/* As the pool has it: found by one address, so that all of it can be asked for ahead. */
struct whole_flow {
	struct flow flow;
	struct cold cold;
};

static inline struct cold *cold_of(const struct flow *f)
{
	return &((struct whole_flow *)(uintptr_t)f)->cold;
}

/* One packet on its way through the files of this folder. */
struct passing {
	struct tracker *t;
	struct flow *f;
	struct cold *c;
	const struct packet *p;
	enum side side;
	struct half *own, *peer;
	uint64_t both; /* of passing_ref; apart from at_ns: stored as two words it would be read as one, which waits */
	int64_t now_ns, at_ns;
	bool new_link;	   /* first packet of its side, or from another MAC than before */
	uint32_t len;	   /* payload on the wire */
	uint32_t seq, end; /* TCP: of the payload, without SYN and FIN */
	uint8_t flags;
	bool resent; /* what struct tracked says of it */
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
static inline struct short_ref passing_ref(const struct passing *w)
{
	return (struct short_ref){.both = w->both, .at_ns = w->at_ns};
}

/* The clock at the side's last packet; 0: there is none. */
static inline int64_t half_last_ns(const struct flow *f, const struct half *h)
{
	if (!h->last.frame)
		return 0;
	return h->flags & HALF_LATE ? h->late_ns : f->ts_ns + h->last.at_ns;
}

/* Round trips of that side's data. */
static inline struct rtts *flow_rtts(const struct flow *f, enum side s)
{
	struct cold *c = cold_of(f);

	return s == SIDE_ORIG ? &c->rtt_orig : &c->rtt_resp;
}

/* What a side sent lately, for the segments sent last. `*n` places; frame 0: none. */
static inline struct sent *flow_sent(const struct flow *f, enum side s, uint32_t *n)
{
	*n = f->lasting ? SENT_MAX : SENT_FIRST;
	return f->lasting ? f->lasting->sent[s] : cold_of(f)->sent[s];
}

/* What is odd about a side: to read, never NULL. */
static inline const struct side_odd *flow_odd(const struct flow *f, enum side s)
{
	return cold_of(f)->odd[s] ? cold_of(f)->odd[s] : &side_odd_none;
}

/* The rare parts, made when they are not there yet. Never NULL. */
struct trouble *flow_trouble(struct flow *f);
struct rare *flow_rare(struct flow *f);
struct stalls *flow_stalls(struct flow *f);
struct side_odd *flow_make_odd(struct flow *f, enum side s);
struct repair *flow_repair(struct flow *f, enum side s);
struct lasting *flow_make_lasting(struct flow *f);
struct key_marked *flow_key_marked(struct flow *f);
void flow_free_rare(struct flow *f);
/* Its record will soon need what a long conversation has of them. */
void flow_fetch_rare(const struct flow *f);

static inline struct lasting *flow_lasting(struct flow *f)
{
	return f->lasting ? f->lasting : flow_make_lasting(f);
}

#endif
