/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture itself, and what is seen beside conversations: links, series, names, lost fragments. */
#ifndef PCAPDX_RECORD_RECORD_CAPTURE_H
#define PCAPDX_RECORD_RECORD_CAPTURE_H

#include "record/record_conn.h"

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

#endif
