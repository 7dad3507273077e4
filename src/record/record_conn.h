/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation. */
#ifndef PCAPDX_RECORD_RECORD_CONN_H
#define PCAPDX_RECORD_RECORD_CONN_H

#include <string.h>

#include "record/record_parts.h"

/* TCP flag bits as on the wire (RFC 9293, section 3.1). */
enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

/* A frame worth drawing in a ladder diagram. */
struct key_frame {
	struct frame_ref ref;
	uint32_t len;	/* payload bytes */
	uint8_t side;	/* enum side: who sent it */
	uint8_t flags;	/* TCP flags; 0 for other protocols */
	char label[30]; /* what it carries: "ClientHello", "PASV", "407"; "" for a bare segment. Hostile. */
};

#define KEY_FRAMES_MAX 32
#define KEY_FRAMES_USUAL 12 /* kept when nothing failed */

/* What tells a RST's sender apart from the peer (Weaver et al., NDSS 2009). */
struct rst_seen {
	struct frame_ref ref;
	struct mac mac;
	int64_t after_peer_ns;	   /* since the last packet of the other side; UNSET */
	int64_t after_own_ns;	   /* since the last packet of its own side; UNSET */
	int64_t seq_delta;	   /* its seq minus the next expected from that side; 0 is in line; UNSET_DELTA if unknown */
	int64_t ip_id_delta;	   /* its IP id minus the last of that side; UNSET_DELTA (IPv6, or nothing before) */
	uint32_t ack;		   /* relative to the other side's initial sequence number */
	uint16_t window, ip_id;
	uint8_t side, ttl, flags;
	bool acks_syn;		   /* acknowledges exactly ISN+1 of a SYN that nothing else answered */
	bool has_timestamps;	   /* carries the option */
	bool after_fin;		   /* its own side had sent FIN */
	bool after_peer_fin;	   /* the other side had sent FIN */
	bool data_continues;	   /* its side went on with data or SYN-ACK after it */
	bool unread;		   /* answers data that arrived after the close, or data just received and not acked */
	bool reserved_bits;	   /* reserved header bits set */
};

#define RSTS_MAX 4
#define UNSET_DELTA INT64_MIN

struct icmp_seen {
	struct frame_ref ref;
	struct addr from;
	uint8_t type, code;
	bool v6;
	uint16_t mtu; /* ICMP 3/4 and ICMPv6 type 2; 0 otherwise */
	uint8_t side; /* who sent the quoted packet */
	uint8_t ttl;
};

#define ICMPS_MAX 4
#define SYN_TIMES_MAX 12

enum stall_reason {
	STALL_SENDER_IDLE,
	STALL_RECEIVER_WINDOW, /* zero or full window */
	STALL_LOSS,	       /* waiting for a retransmission */
	STALL_DELAYED_ACK,     /* 30-200 ms: a small write held back until a delayed ACK came (Nagle) */
};

/* A pause in one direction. */
struct stall {
	struct frame_ref ref; /* the frame that ended it */
	int64_t lasted_ns;
	uint64_t from_frame;  /* the frame after which nothing came */
	uint8_t reason;	      /* enum stall_reason */
	uint8_t side;	      /* whose data was stalled */
};

#define STALLS_MAX 8

/* Wireshark 4.0's tcp.analysis classes with default preferences, mistakes included. */
struct tcp_analysis {
	uint32_t retransmission, fast_retransmission, spurious_retransmission, out_of_order, duplicate_ack, lost_segment,
		ack_lost_segment, zero_window, zero_window_probe, zero_window_probe_ack, window_full, window_update,
		keep_alive, keep_alive_ack, reused_ports;
};

/* Our own judgement (IP ids, SACK, D-SACK, timestamps, doubled frames) of one direction's segments. */
struct tcp_loss {
	uint32_t lost;			/* segments that the network lost: sent again and needed */
	uint32_t retransmitted;		/* segments sent again, seen as such (needed or not) */
	uint32_t spurious;		/* sent again although the first had arrived */
	uint32_t reordered;		/* arrived out of order, nothing lost */
	uint32_t duplicated_by_capture; /* the same frame captured twice */
	uint32_t duplicated_by_network; /* the same packet delivered twice */
	uint32_t bad_checksum;		/* wrong TCP checksum, not the capturing host's offload */
	int64_t stalled_ns;		/* time the stream stood still until the missing bytes came */
};

/* What one side of a conversation sent. */
struct conn_side {
	uint64_t pkts, ip_bytes;
	uint64_t bytes;		/* payload, each byte once */
	uint64_t resent_bytes;	/* payload sent again */
	uint64_t missing_bytes; /* acknowledged by the peer, never in the capture */
	struct frame_ref missing_first; /* the peer's first ACK of such bytes */
	int64_t late_ns; /* the longest time that a segment of it was captured after the peer's ACK of it: the directions are
			  * out of step, by that at least; 0: none was */
	uint32_t data_segments;
	struct mac mac, to_mac; /* of its frames: source, destination (first seen) */
	bool mac_changed;	/* its frames came from more than one MAC */
	uint8_t ttl;		/* most frequent, of everything but RST */
	uint8_t ttl_min, ttl_max;
	uint8_t syn_ttl;	/* of its SYN or SYN-ACK; 0: not seen */
	struct frame_ref ttl_change; /* first frame (SYN-ACK or data, never RST) with another TTL than before */
	struct frame_ref mac_change; /* first frame with another source MAC than before */
	struct frame_ref mac_before, ttl_before; /* its last packet before those changes */
	struct mac mac_after;	 /* where its frames came from last, when that changed; RSTs left aside, */
	uint32_t mac_changes;	 /* how often it changed, */
	uint64_t mac_after_pkts; /* and its packets since the last change */
	uint16_t mss;		/* announced; 0: none */
	int8_t window_scale;	/* announced; -1: none */
	bool sack_permitted, timestamps;
	bool fast_open;		/* its SYN or SYN-ACK carried the option (RFC 7413) */
	bool mptcp;		/* some segment of it carried MPTCP options (RFC 8684) */
	uint32_t syn_data;	/* payload bytes in its SYN */
	uint32_t window_min, window_max; /* announced, scaled, after the handshake */
	uint64_t highest_in_flight;	 /* most payload bytes sent and not yet acknowledged */
	struct frame_ref first_data, last_data; /* segments with payload; last_data: new bytes only */
	uint32_t first_data_len;
	int64_t first_data_acked_ns; /* offset of the ACK that covers the first data segment; UNSET */
	struct frame_ref last_packet; /* any packet of this side but RST */
	uint64_t unacked_bytes;	      /* sent, never acknowledged by the end */
	/* the segment that was sent again last and never acknowledged */
	uint32_t unanswered;	      /* how often it was sent */
	uint32_t unanswered_len;
	int64_t unanswered_first_ns, unanswered_last_ns; /* offsets; UNSET */
	uint64_t unanswered_frames[8];			 /* frame numbers of its sendings */
	bool unanswered_df;
	uint32_t largest_acked_len;   /* largest payload of one segment that was acknowledged */
	uint32_t largest_len;	      /* largest payload of one segment */
	int64_t rtt_min_ns, rtt_mean_ns, rtt_max_ns; /* from its data to the covering ACK; UNSET */
	uint32_t rtt_samples;
	uint32_t zero_windows;	      /* times its window closed */
	int64_t zero_window_ns;	      /* how long the peer stood before its closed window */
	int64_t zero_window_open_ns;  /* offset at which a window still closed at the end had closed; UNSET */
	struct frame_ref zero_window_first;
	uint32_t window_full;	      /* segments that filled the peer's window */
	int64_t window_limited_ns;    /* time waited for the peer's small window, nothing lost */
	int64_t window_wait_ns;	      /* the same and closed windows, beyond what round trips explain, those taken off */
	uint32_t delayed_ack_stalls;  /* small writes held back until a delayed ACK */
	int64_t delayed_ack_ns;
	struct frame_ref delayed_ack_first;
	uint32_t keep_alives, keep_alives_answered;
	uint32_t gap_tail;	      /* segments of it that arrived only beyond a gap that never filled */
	struct frame_ref gap_first;   /* first segment beyond that gap */
	struct frame_ref fin;	      /* its first FIN */
	/* the first packet of it that came twice, the copy (0: not in the capture), and the D-SACK that reports it */
	struct frame_ref doubled, doubled_copy, doubled_answer;
	struct frame_ref damaged, damaged_again; /* its first segment with a wrong checksum, and the sound one */
	struct tcp_loss loss;
};

enum conn_end {
	CONN_END_OPEN, /* still open at the end of the capture */
	CONN_END_FIN,
	CONN_END_RST,
	CONN_END_REUSE,	  /* a new SYN took the tuple */
	CONN_END_EVICTED, /* let go for memory */
	CONN_END_PART,	  /* not ended: cumulative state of a long conversation */
};

enum syn_answer {
	SYN_ANSWER_NONE,
	SYN_ANSWER_SYN_ACK,
	SYN_ANSWER_RST,
	SYN_ANSWER_ICMP,
	SYN_ANSWER_UNSEEN, /* no SYN in the capture: a conversation picked up in the middle */
	SYN_ANSWER_ACK,	   /* a plain ACK of something old (challenge ACK, TIME_WAIT) */
};

/* Data that one side sent and the other's answer to it, as turns of a conversation. */
struct turn {
	struct frame_ref ask, ask_last, acked, answer; /* frame 0: not there */
	uint32_t ask_bytes;
};

struct conn {
	char service[16];	/* dissector that recognised it: tls, http, ftp, dns, ...; "" unknown */
	char conn_state[8];	/* Zeek: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH */
	char history[48];	/* Zeek's letters */
	char community_id[36];	/* Community ID flow hash, version 1 */
	bool community_id_due;	/* it is worked out when the record is shown: record_settle */
	char tunnel[96];	/* path of tunnels around it, outermost first: "vxlan 4242 10.0.0.1-10.0.0.2" */
	uint16_t vlan;		/* outermost; 0: none */
	uint32_t stream;	/* Wireshark's tcp.stream or udp.stream in the source of the first frame */
	int64_t duration_ns;
	uint8_t end_reason;	/* enum conn_end */
	uint32_t part;		/* which part this is; 0 for a final record without parts before it */
	bool one_sided;		/* packets of one side only, though the other's exist (ACKs advance, SYN-ACK without SYN) */
	bool midstream;		/* its start is not in the capture */
	bool cut_frames;	/* some of its frames were stored short */

	/* handshake */
	uint32_t syns, syn_acks;
	int64_t syn_at_ns[SYN_TIMES_MAX]; /* offsets of SYNs; UNSET beyond */
	uint64_t syn_frames[SYN_TIMES_MAX];
	uint32_t syn_acks_after_ack; /* SYN-ACKs repeated after the handshake's ACK was seen */
	struct frame_ref syn_ack, handshake_ack; /* first ones */
	uint8_t answered;	/* enum syn_answer */
	struct frame_ref answer; /* the frame that answered */
	int64_t answer_ns;	/* from the last SYN before it; UNSET */
	int64_t rtt_server_ns;	/* SYN to SYN-ACK; UNSET */
	int64_t rtt_client_ns;	/* SYN-ACK to ACK; UNSET */
	bool same_stream;	/* Wireshark counts it with the conversation before it on its tuple */
	bool port_reused;	/* its tuple was used before, within this capture */
	int64_t reused_after_ns; /* since the end of the earlier conversation; UNSET */
	uint8_t reused_closer;	/* enum side, as of this conversation: who sent the first FIN of the earlier one */
	uint32_t old_acks;	/* ACKs of the earlier conversation's sequence in answer to the SYN */
	uint32_t ignored_data;	/* data segments of orig after the handshake that the server answered with SYN-ACK or never */

	/* close */
	uint8_t first_fin;	/* enum side; SIDE_NONE */
	bool simultaneous_close;
	uint32_t rst_count, icmp_count, stall_count; /* their lists are below */

	/* pace */
	uint32_t turns;		/* asks of orig (runs of data) that resp answered with data */
	struct turn first_turn, last_turn; /* first_turn: orig's first data; last_turn: the last ask, answered or not */
	int64_t think_min_ns, think_p50_ns, think_p95_ns, think_max_ns; /* resp: from the whole ask to the first answer */
	int64_t time_server_ns, time_client_ns, time_network_ns;	    /* where the time went; UNSET when not judged */
	uint8_t pending;	/* enum side: who sent the last data that got no answer in data; SIDE_NONE */
	int64_t idle_max_ns;	/* longest time without a packet of either side; one of 5 s and more that ended in RST or
				 * silence goes before a longer one that ended well */
	struct frame_ref idle_before, idle_after;
	uint8_t idle_after_side;
	bool idle_after_rst;	/* the first segment after it was answered with RST */
	uint32_t idle_after_unanswered; /* segments after it that nobody answered: the first, its repeats and probes */

	bool engines_compared;	  /* both reassembly engines saw it (--engine=both) */
	uint32_t engines_differ;  /* directions in which they show an application different bytes */
	uint32_t overlaps_differ; /* segments that overlap earlier bytes with other bytes */
	struct frame_ref overlap_old, overlap_new;
	uint64_t overlap_frames[12]; /* old and new of the next ones, in the source of the first */
	uint32_t restarts;	  /* of a confused dissector */
	uint64_t skipped_bytes;	  /* passed over by it */
	uint64_t gap_bytes[2];	  /* bytes that reassembly could not give to the dissector, per side */

	struct conn_side side[2];
	struct tcp_analysis analysis;
	uint32_t flag_syn, flag_syn_ack, flag_fin, flag_rst; /* segments with that flag; SYN without ACK */
	uint32_t key_frames_left_out;
	uint32_t key_frame_count;

	/* What few conversations have; of what is beyond the count the first one is set, the others may be anything. */
	struct rst_seen rsts[RSTS_MAX];
	struct icmp_seen icmps[ICMPS_MAX];
	struct stall stalls[STALLS_MAX]; /* the longest */
	struct key_frame key_frames[KEY_FRAMES_MAX];
};

/* That time (an offset) of something that side did, to be compared with what the other side did: what is known of a lag
 * between the directions is taken off. So nothing is later than what the other side did because of it. */
static inline int64_t conn_sent_ns(const struct conn *c, enum side s, int64_t at_ns)
{
	return at_ns - c->side[s].late_ns;
}

/* Whether what `s` did came before what the other side did. */
static inline bool conn_was_before(const struct conn *c, enum side s, int64_t at_ns, int64_t peer_at_ns)
{
	return conn_sent_ns(c, s, at_ns) < conn_sent_ns(c, side_other(s), peer_at_ns);
}

/* Whether that is its service. Inline: with a literal it is a comparison of a few bytes. */
static inline bool conn_speaks(const struct conn *c, const char *service)
{
	return memcmp(c->service, service, strlen(service) + 1) == 0;
}

#endif
