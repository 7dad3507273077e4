/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record: the seam of the program. Left of it everything is about one conversation; right of it rules relate
 * conversations to each other and see nothing but records. Flat values, no pointers, so a record is copied by
 * assignment. Every field has a row in record_fields.c, which the NDJSON writer and reader both follow.
 *
 * Names follow Zeek's conn.log where Zeek has the field. `orig` is who opened the conversation, `resp` the other.
 * Offsets and durations are ns; an offset counts from the conversation's `ts_ns`. UNSET means: not seen.
 */
#ifndef PCAPDX_RECORD_RECORD_H
#define PCAPDX_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define UNSET INT64_C(-1)

enum record_kind {
	RECORD_CAPTURE, /* one per source, at its end */
	RECORD_CONN,
	RECORD_TLS,
	RECORD_HTTP,
	RECORD_FTP,
	RECORD_DNS,
	RECORD_ICMP,
	RECORD_ARP,
	RECORD_DHCP,
	RECORD_TUNNEL,
	RECORD_LINK,
	RECORD_SERIES,
	RECORD_NAME,
	RECORD_FRAGMENTED,
	RECORD_KINDS,
};

enum side {
	SIDE_ORIG,
	SIDE_RESP,
	SIDE_NONE,
};

static inline enum side side_other(enum side s)
{
	return s == SIDE_ORIG ? SIDE_RESP : SIDE_ORIG;
}

/* A frame as evidence. `frame` is 1-based in its source; 0: none. */
struct frame_ref {
	uint64_t frame;
	int64_t at_ns; /* offset from ts_ns of the record */
	uint16_t source;
};

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
	uint32_t rst_count;
	struct rst_seen rsts[RSTS_MAX];
	uint32_t icmp_count;
	struct icmp_seen icmps[ICMPS_MAX];

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

	uint32_t stall_count;
	struct stall stalls[STALLS_MAX]; /* the longest */
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
	struct key_frame key_frames[KEY_FRAMES_MAX];
};

/* One message or event of a TLS handshake; frame 0: not seen. */
enum tls_stage {
	TLS_NOTHING,
	TLS_CLIENT_HELLO,
	TLS_HELLO_RETRY,
	TLS_SERVER_HELLO,
	TLS_CERTIFICATE,
	TLS_CERTIFICATE_REQUEST,
	TLS_SERVER_HELLO_DONE,
	TLS_CLIENT_CERTIFICATE,
	TLS_CLIENT_KEY_EXCHANGE,
	TLS_CLIENT_FINISHED,
	TLS_SERVER_FINISHED,
	TLS_ESTABLISHED, /* application data, or both Finished */
	TLS_STAGES,
};

struct tls_alert_seen {
	struct frame_ref ref;
	uint8_t side, level, code;
	uint8_t stage;	/* enum tls_stage reached by then */
	bool encrypted; /* code unknown unless decrypted */
	bool decrypted;
};

#define TLS_ALERTS_MAX 4
#define TLS_LIST_MAX 48
#define TLS_NO_TEXT "0x "

struct tls {
	bool dtls, quic;
	uint8_t client;		   /* enum side: who sent the ClientHello; not always orig (active FTP over TLS) */
	bool handshake_cut;	   /* part of the handshake is not in the capture: what was not seen may have been sent */
	/* what each record touches stands together */
	uint16_t version, cipher, group; /* negotiated; 0: none */
	bool ech, early_data, resumed, psk_offered; /* early_data: offered by the client */
	bool early_data_accepted;  /* by the server's (decrypted) EncryptedExtensions */
	bool session_ticket;	   /* the client offered a ticket (TLS 1.2) */
	uint32_t tickets;	   /* NewSessionTicket messages in clear or decrypted */
	uint32_t inferred_tickets; /* 1.3: records taken for tickets (after the client's Finished, within its round trip) */
	uint8_t stage;		   /* enum tls_stage: furthest reached */
	uint32_t hidden_records[2];	  /* 1.3: encrypted records before the client's Finished whose content stays unknown */
	struct frame_ref app_data[2];	  /* first record of type 23 per side that is not handshake */
	uint64_t app_bytes[2];
	bool inferred_empty_client_cert; /* 1.3: record of 25 before the client's Finished */
	bool inferred_refusal;		 /* 1.3: alert-sized first record after the client's Finished, then close */
	bool inferred_client_alert;	 /* 1.3: alert-sized record where the client's Finished belongs */
	/* the rest stays as the handshake left it */
	struct frame_ref handshake_cut_ref;
	char via[16];		   /* "", "smtp", "imap", "pop3", "ftp", "postgresql", "ldap", "mysql", "xmpp", "connect", "socks" */
	char proxied_host[128];	   /* CONNECT host:port */
	uint16_t record_version;   /* of the first record */
	uint16_t offered_version;  /* highest offered */
	uint16_t offered_versions[12];
	uint32_t offered_version_count;
	uint16_t offered_ciphers[TLS_LIST_MAX];
	uint32_t offered_cipher_count;
	uint16_t offered_groups[24];
	uint32_t offered_group_count;
	char sni[256], offered_alpn[128], alpn[32];
	char ja3[33], ja4[40], ja3s[33];
	struct frame_ref at[TLS_STAGES]; /* when each was complete; TLS_CLIENT_HELLO is the first one */
	struct frame_ref first_record[2]; /* first TLS record per side */
	uint32_t client_hellos, server_hellos; /* messages of type 1 and 2; a HelloRetryRequest is of type 2 */
	uint32_t certificates_seen;	  /* Certificate messages of either side */
	bool ends_in_record[2];		  /* what was seen of that side ends inside a record */
	uint32_t client_cert_len;  /* TLS 1.2 Certificate message of the client, body length; 3: empty */
	bool client_cert_seen, client_cert_empty, cert_requested;
	struct frame_ref inferred_ref;
	bool decrypted;
	uint32_t decrypt_failures; /* records that the key log's key does not open */
	struct frame_ref decrypt_failure;
	uint32_t bad_records; /* of them, after others that the same key opened: damaged on the way */
	struct frame_ref bad_record;
	uint32_t alert_count;
	struct tls_alert_seen alerts[TLS_ALERTS_MAX];
	/* the server's leaf certificate; "" and 0 when not seen */
	bool cert_seen;
	char cert_subject[192], cert_issuer[192], cert_names[512], cert_serial[48], cert_fingerprint[65];
	char cert_key[32];	   /* "RSA 2048", "ECDSA P-256" */
	char cert_signature[32];   /* "RSA-SHA256"; with cert_key it says why cert_weak is set */
	char cert_root[192];	   /* issuer of the last certificate in the chain */
	int64_t cert_not_before_ns, cert_not_after_ns;
	uint32_t cert_count;
	bool cert_self_signed, cert_chain_includes_root, cert_chain_disordered, cert_name_matches, cert_weak; /* name: true too when there is no SNI to compare with */
	/* QUIC: the version of the last Initial; negotiation and Retry packets of the server; CONNECTION_CLOSE in Initials
	 * (a code of 0x100 and more is a TLS alert and among the alerts too) */
	uint32_t quic_version;
	bool quic_version_negotiation, quic_retry, quic_closed;
	uint8_t quic_close_side;
	uint64_t quic_close_code;
	struct frame_ref quic_close_ref;
	/* what came instead of TLS */
	/* server's answer to a ClientHello that is no TLS: "SSH-2.0-...", "HTTP/1.1 400 ...", "MySQL 8.0.36"; the first
	 * bytes in hex after TLS_NO_TEXT when they are neither text nor a protocol that is known */
	char answered_with[48];
	struct frame_ref answered_ref;
};

struct http {
	char method[16], uri[256], host[128], user_agent[128], content_type[48], location[256], server[64], via[64];
	char proxied_host[128]; /* of CONNECT or an absolute URI */
	uint16_t status;	/* 0: no answer */
	bool proxy;		/* CONNECT or absolute URI */
	bool keep_alive;	/* the connection may go on after it */
	bool on_tls_port_hint;	/* body or status says "plain HTTP to TLS port" */
	struct frame_ref request, request_end, response, response_end; /* response: first byte of it */
	uint64_t request_body, response_body, announced_body; /* bytes; announced_body: Content-Length, or UINT64_MAX */
	uint32_t number;	/* of the transaction in its connection, from 1 */
};

struct ftp {
	char command[12], arg[128], user[48];
	uint16_t code;		/* reply; 0: none came */
	char message[96];
	struct frame_ref request, response;
	uint8_t mode;		/* 0 none, 'P' passive (PASV, EPSV), 'A' active (PORT, EPRT) */
	struct addr data_addr;	/* who listens for the data connection */
	uint16_t data_port;
};

#define DNS_ANSWERS_MAX 8
struct dns {
	char query[256];
	uint16_t qtype, qclass, id;
	uint8_t rcode;
	bool answered, tcp, mdns, truncated, authoritative, recursion_desired, recursion_available;
	uint32_t tries;		/* how often the question was sent */
	int64_t rtt_ns;		/* first question to answer; UNSET */
	struct frame_ref request, request_last, response;
	uint32_t answer_count;
	struct addr answers[DNS_ANSWERS_MAX];
	char cname[256];
	bool client_moved_on;	/* answer came after the client had closed its port or asked elsewhere */
};

struct icmp {
	bool v6;
	uint8_t type, code;
	struct addr from, to;	/* sender and receiver of the ICMP message */
	uint16_t mtu;
	struct addr quoted_src, quoted_dst; /* of the innermost packet, where a tunnel's is quoted */
	uint16_t quoted_sport, quoted_dport;
	uint8_t quoted_proto, ttl;
	char quoted_uid[20];	/* conversation it is about; "" unknown */
	struct addr ra_prefix;	/* router advertisements: first prefix */
	uint8_t ra_prefix_len;
	uint16_t ra_lifetime;
	struct mac mac;		/* source MAC of the frame */
	struct frame_ref ref;
};

struct arp { /* ARP and ND: one per request with its answer, or per unasked announcement */
	bool nd, reply, gratuitous, probe;
	struct addr sender_ip, target_ip;
	struct mac sender_mac, target_mac;
	struct frame_ref request, response;
	uint32_t tries;
	bool requester_unicast_seen; /* frames to the requester's MAC are in this capture */
};

struct dhcp {
	char message[12];	/* DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM; v6: SOLICIT, ... */
	bool v6;
	uint32_t xid;
	struct mac client_mac;
	struct addr client, server, offered, router;
	char hostname[64];
	uint32_t lease_s;
	struct frame_ref ref;
	char text[96];		/* option 56 */
};

enum tunnel_protocol {
	TUNNEL_TINC,
	TUNNEL_WIREGUARD,
	TUNNEL_OPENVPN,
	TUNNEL_IKE,
	TUNNEL_ESP,
};

enum tunnel_event {
	TUNNEL_HELLO,	       /* handshake initiation, hard reset, IKE_SA_INIT request, tinc ID line */
	TUNNEL_ANSWER,	       /* its answer */
	TUNNEL_ESTABLISHED,    /* first data, or the handshake is complete */
	TUNNEL_RESTART,	       /* sequence numbers begin again, new session on a live one */
	TUNNEL_REKEY,
	TUNNEL_REJECTED,       /* closed or refused at `step` */
	TUNNEL_BAD_KEX,
	TUNNEL_BAD_ORDER,
	TUNNEL_META_LOST,
	TUNNEL_SUMMARY,	       /* at the end and every part: the counters */
	TUNNEL_OLD_KEY_DATA,   /* data with the old key after the peer's new handshake */
	TUNNEL_TCP_FALLBACK,   /* data inside the control connection */
};

struct tunnel {
	uint8_t protocol;	/* enum tunnel_protocol */
	uint8_t event;		/* enum tunnel_event */
	uint8_t side;		/* enum side: who did it */
	char step[32];		/* of the handshake: "KEX", "SIG", "IKE_AUTH", "hard reset" */
	char reason[48];	/* why: "NO_PROPOSAL_CHOSEN", "TLS alert 42", "silence"; "" unknown */
	char names[2][64];	/* node names, orig then resp; "" unknown */
	char session[40];	/* WireGuard index, OpenVPN session id, SPIs, tinc node ids "from>to"; hex */
	uint32_t length;	/* of a bad record */
	uint32_t attempt;	/* running number of that event on that side */
	struct frame_ref ref;
	/* Counters of a summary. There `side`, `step`, `attempt`, `ref` and `last` tell what was sent again and again
	 * without progress until the end; step "": nothing. */
	struct frame_ref last;
	uint64_t hellos[2], answers[2], data_pkts[2], data_bytes[2], restarts[2], rekeys[2], reordered[2], lost[2];
	int64_t first_data_ns[2], last_data_ns[2]; /* offsets; UNSET */
	int64_t hello_last_ns[2];
	int64_t established_ns;	    /* offset; UNSET */
	uint32_t unanswered[2];	    /* longest run of hellos without an answer */
	struct frame_ref unanswered_first[2], unanswered_last[2];
	bool unanswered_open[2];    /* and nothing answered the last of them */
	uint32_t alone_pkts[2];	    /* data in the longest time in which that side sent and the other was silent */
	struct frame_ref alone_first[2], alone_last[2];
	bool alone_open[2];	    /* and the other side stayed silent to the end */
	uint32_t old_key_pkts[2];   /* data under a key that the peer has replaced */
	uint64_t keepalives[2];	    /* PING and PONG, empty data */
	struct frame_ref late[2];   /* first datagram that came after a later one */
	uint32_t events_left_out;   /* told only in these counters */
	bool established;
	uint64_t esp_spi;
};

/* What one MAC address was seen to carry. One record per (MAC, address) pair, at the end and every part. */
struct link {
	struct mac mac;
	struct addr ip;		/* source address in its frames; for ARP/ND the address it claims */
	uint16_t vlan;
	uint64_t pkts;
	uint8_t ttl;		/* most frequent TTL or hop limit of packets from that address */
	uint8_t ttl_min, ttl_max;
	bool claimed;		/* ARP, ND, DHCP or RA ties the address to this MAC */
	bool router;		/* RA or ND router flag */
	struct frame_ref first, last;
};

#define SERIES_VALUES 60
struct series { /* one stretch of buckets of one measure */
	char name[24];	       /* "bytes", "packets", "rtt" (mean, s), "rtt_max" (s), "resent" (segments) */
	struct addr host, host2;
	uint16_t port;
	int64_t bucket_ns;
	uint32_t value_count;
	double values[SERIES_VALUES];
};

#define TLS_MESSAGE_TYPES 26 /* the highest known one is compressed_certificate (RFC 8879) */
#define TLS_ALERT_CODES 122  /* the highest known one is ech_required */
#define DNS_RCODES 16	     /* four bits of the header (RFC 1035, section 4.1.1) */

struct name { /* of a host, as a name resolution block of pcapng says */
	struct addr ip;
	char name[128];
};

/* What came of a datagram that never became whole. */
enum fragments_here {
	FRAGMENTS_FIRST, /* only the first fragment: what is behind it was dropped, or a filter by port left it out */
	FRAGMENTS_REST,	 /* later ones, never the first */
	FRAGMENTS_HOLES, /* the first and some others */
};

struct lost_datagram {
	struct frame_ref first, last; /* the fragments that came first and last */
	uint8_t here;		      /* enum fragments_here */
	uint16_t sport, dport;	      /* of its first fragment, for UDP and TCP; 0: not here */
	uint32_t id;		      /* its identification */
	uint32_t len;		      /* payload of the whole datagram; 0: its last fragment is not here */
	uint32_t here_bytes;	      /* of it in the capture */
	uint32_t largest;	      /* IP length of the largest fragment in the capture */
};

#define LOST_DATAGRAMS_MAX 8

/*
 * Datagrams that one host (orig_h) sent to another (resp_h) in fragments, by protocol, over the whole capture; told at
 * its end. The pair's other direction has a record of its own. Where later_pkts is 0 nothing but first fragments was
 * ever seen that way: then a capture filter that looks at ports explains it as well as a path that drops the rest.
 */
struct fragmented {
	uint64_t pkts;		 /* fragments, copies left out: */
	uint64_t first_pkts;	 /* those that begin their datagram, */
	uint64_t later_pkts;	 /* and all others */
	uint64_t joined;	 /* datagrams that became whole */
	uint32_t joined_max_len; /* payload of the longest of them */
	uint32_t max_len;	 /* IP length of the largest fragment */
	struct frame_ref joined_first, joined_last; /* the fragments that made the first and the last one whole */
	/* Datagrams whose rest never came, 30 s long or a second before the end of the capture. */
	uint64_t lost_first_only, lost_rest_only, lost_holes;
	uint64_t unfinished; /* the capture ended within a second of their first fragment */
	uint64_t let_go;     /* given up for memory */
	uint32_t lost_count;
	struct lost_datagram lost[LOST_DATAGRAMS_MAX]; /* the first ones */
};

struct capture { /* one source; ts_ns of the record is its first packet */
	char name[256], format[24], link_type[32], filter[256], comment[256];
	uint32_t snaplen;	/* 0: none */
	uint64_t packets, bytes, first_frame;
	int64_t first_ts_ns, last_ts_ns; /* absolute */
	bool cut_short, damaged, unreadable, has_packets;
	uint64_t cut_frame;	/* last whole frame before the cut */
	uint64_t cut_frames;	/* frames stored short by the snap length */
	uint64_t short_frame;	/* the first of them, */
	int64_t short_ts_ns;	/* and its time */
	uint64_t drops;		/* reported by the source (pcapng statistics, live) */
	bool drops_known;
	uint64_t malformed;	/* headers that contradict themselves */
	uint64_t malformed_frame; /* the first of them */
	char malformed_kinds[160]; /* "ip-length 3, tcp-offset 1" */
	uint64_t duplicates;	/* frames captured twice */
	uint64_t duplicates_frame; /* the first of them */
	uint64_t network_duplicates; /* packets that the network doubled */
	uint64_t offload_large, offload_checksum, offload_frame;
	uint64_t clock_jumps;
	uint64_t jump_frame;	/* first frame whose time is before its predecessor's, or far after */
	uint64_t jump_frames[8]; /* the first of such frames */
	int64_t jump_ts_ns[8];	/* their times */
	int64_t clock_jump_max_ns;
	/* let go for memory; of all sources, told with the first: */
	uint64_t evicted;	    /* conversations */
	uint64_t streams_let_go;    /* directions of TCP whose out-of-order bytes were dropped */
	uint64_t datagrams_let_go;  /* that waited for their other fragments, or are told in no `fragmented` record */
	/* segments without data after the end of their conversation, part of no record */
	uint64_t late_fin, late_rst;
	struct tcp_analysis late_analysis;
	uint64_t udp_streams; /* that began here, as Wireshark numbers them: carriers of tunnels and what ICMP quotes included */
	/* messages as Wireshark's filters select them: by type, by code; see dissectors/message_counts.h */
	uint64_t tls_messages[TLS_MESSAGE_TYPES], tls_alerts[TLS_ALERT_CODES];
	uint64_t dns_queries, dns_responses, dns_rcodes[DNS_RCODES];
	uint64_t unknown_link;	/* frames of a link type that is not decoded */
	uint64_t tcp_packets, udp_packets, icmp_packets, arp_packets, other_packets;
};

struct record {
	uint8_t kind;	  /* enum record_kind */
	int64_t ts_ns;	  /* first packet of the conversation, or time of the event */
	int64_t emitted_ns; /* the capture's clock when it was emitted */
	char uid[20];	  /* of the conversation; "" for kinds without one */
	struct addr orig_h, resp_h;
	uint16_t orig_p, resp_p;
	uint8_t proto;	  /* IP protocol number: 6 TCP, 17 UDP, 1 ICMP, ... */
	uint16_t source;  /* of the first frame */
	uint64_t frame;	  /* first frame */
	union {
		struct capture capture;
		struct conn conn;
		struct tls tls;
		struct http http;
		struct ftp ftp;
		struct dns dns;
		struct icmp icmp;
		struct arp arp;
		struct dhcp dhcp;
		struct tunnel tunnel;
		struct link link;
		struct series series;
		struct name name;
		struct fragmented fragmented;
	};
};

/* Makes an empty record of that kind: every field at its default (UNSET, SIDE_NONE, 0, ""). */
void record_init(struct record *r, enum record_kind kind);
const char *record_kind_name(enum record_kind kind);
/* Bytes from its start that hold a record of that kind, whatever is in it; most are far smaller than the largest. */
size_t record_kind_size(enum record_kind kind);
/* Bytes from its start that hold this record. Who is given a record reads no further. */
size_t record_size(const struct record *r);
/* Copies a record_size of bytes; what is behind them in `to` stays. */
void record_copy(struct record *to, const struct record *from);
struct record *record_keep(const struct record *r); /* a copy of record_size bytes; free() it */
/* Fills in what nobody needs before the record is shown. record_write does so by itself. */
void record_settle(struct record *r);

/* Where records go: the writer of NDJSON, the rules, a test. The record is borrowed for the call. */
struct record_sink {
	void (*take)(void *arg, const struct record *r);
	void *arg;
};

#endif
