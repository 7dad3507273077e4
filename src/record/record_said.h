/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What protocols other than TLS said: one exchange, message or session each. */
#ifndef PCAPDX_RECORD_RECORD_SAID_H
#define PCAPDX_RECORD_RECORD_SAID_H

#include "record/record_parts.h"

struct http {
	char method[16], uri[256], host[128], user_agent[128], content_type[48], location[256], server[64], via[64];
	char proxied_host[PROXIED_HOST_SIZE]; /* of CONNECT or an absolute URI */
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

#define SOCKS_METHODS_MAX 8
struct socks { /* one negotiation; what was not seen has frame 0 */
	uint8_t version;	/* 4, 5 */
	uint8_t command;	/* 1 CONNECT, 2 BIND, 3 UDP ASSOCIATE; 0 unknown */
	uint8_t method;		/* 5: the server's choice; 255: none of those offered */
	uint8_t login_status;	/* 5: 0 means that user and password are right (RFC 1929) */
	uint8_t reply;		/* to the request: 0 or 90 granted */
	uint8_t methods[SOCKS_METHODS_MAX]; /* 5: offered; 0 none, 1 GSSAPI, 2 user and password */
	uint32_t method_count;
	char user[48];
	char proxied_host[PROXIED_HOST_SIZE]; /* host:port of the request */
	struct frame_ref greeting, choice, login, verdict, request, response;
	bool hung_up;		/* the server closed in place of an answer, */
	struct frame_ref closed; /* with this FIN; frame 0: before the client had said anything */
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

#endif
