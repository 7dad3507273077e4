/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One decoded packet: the innermost IP packet of a frame, with what was around it. Values are in host order; pointers
 * go into the frame (or into the defragmenter's buffer) and live until the next packet is decoded. Arrays are set up
 * to their count, the union only for the kind it belongs to; every other field is always set.
 */
#ifndef PCAPDX_DECODE_PACKET_H
#define PCAPDX_DECODE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/byte_sum.h"
#include "record/record.h"

struct frame;

enum packet_kind {
	PACKET_OTHER,	/* nothing that we follow (STP, LLDP, unknown link type, ...) */
	PACKET_TCP,
	PACKET_UDP,
	PACKET_ICMP,	/* IPv4 or IPv6: see addr_is_v4; payload is the whole message, from its type on */
	PACKET_ARP,
	PACKET_IP,	/* another IP protocol (ESP, SCTP, OSPF, ...), payload at `payload` */
	PACKET_FRAGMENT, /* a fragment whose datagram is not yet whole; the first one has its ports */
};

/*
 * With CUT and BAD the kind is PACKET_IP when addresses and protocol are known, else PACKET_OTHER; nothing of a
 * transport header is. A TCP header of which only options are missing is OK.
 */
enum packet_verdict {
	PACKET_OK,
	PACKET_CUT, /* headers end in bytes that the capture did not store */
	PACKET_BAD, /* headers contradict themselves; `fault` says which */
};

/* What was wrong with a BAD packet; counted by kind. */
enum packet_fault {
	FAULT_NONE,
	FAULT_LINK,	   /* link header shorter than it must be */
	FAULT_IP_VERSION,
	FAULT_IP_HEADER,   /* header length below 20, beyond the packet */
	FAULT_IP_LENGTH,   /* total length below the header (BAD), beyond the frame (OK: used as if the frame were cut) */
	FAULT_IP_EXTENSION, /* IPv6 extension chain broken or too long */
	FAULT_FRAGMENT,	   /* fragment of impossible offset or size, or overlap with other bytes */
	FAULT_TCP_HEADER,  /* data offset below 5 or beyond the segment */
	FAULT_TCP_OPTION,  /* options that overrun; the segment itself is used (verdict stays OK) */
	FAULT_UDP_LENGTH,  /* below the header (BAD), beyond the packet (OK: what is there is used) */
	FAULT_ICMP,
	FAULT_ARP,
	FAULT_TUNNEL,	   /* tunnel header broken, or more than TUNNEL_DEPTH_MAX deep */
	FAULT_KINDS,
};

enum checksum_state {
	CHECKSUM_UNKNOWN, /* cut frame, fragment of a larger whole, not judged */
	CHECKSUM_GOOD,
	CHECKSUM_BAD,
	CHECKSUM_PARTIAL, /* zero, or the pseudo-header's sum only: offload on the capturing host */
};

#define TUNNEL_DEPTH_MAX 8
#define VLANS_MAX 4
#define SACK_BLOCKS_MAX 4

struct tcp_header {
	uint32_t seq, ack;
	uint16_t window, urgent;
	uint8_t flags;	       /* enum tcp_flag */
	uint8_t reserved;      /* reserved bits and NS, as one number */
	uint8_t header_len;
	/* options */
	uint16_t mss;	       /* 0: absent */
	int8_t window_scale;   /* -1: absent */
	bool sack_permitted, has_timestamps, fast_open, mptcp;
	uint16_t mptcp_kinds;  /* bit n: an MPTCP option of subtype n (RFC 8684, section 8) */
	uint32_t ts_value, ts_echo;
	uint8_t sack_count;
	uint32_t sack_left[SACK_BLOCKS_MAX], sack_right[SACK_BLOCKS_MAX];
};

struct arp_header { /* ARP and RARP for IPv4 over Ethernet */
	uint16_t operation;
	struct mac sender_mac, target_mac;
	struct addr sender_ip, target_ip;
};

/* The packet that an ICMP error quotes. proto 0: nothing quoted that can be read. */
struct quoted_packet {
	struct addr src, dst;
	uint16_t sport, dport; /* 0 when cut or not TCP, UDP, SCTP */
	uint32_t seq;	       /* TCP */
	uint8_t proto, ttl;
	uint16_t ip_id;
	bool whole;	       /* its UDP header, or the fixed part of its TCP header, is all there */
};

struct icmp_header {
	uint8_t type, code;
	uint16_t mtu, id, sequence;
	struct quoted_packet quoted;
	struct quoted_packet inner; /* the innermost packet, where that is a tunnel's and the quote reaches into it */
};

/* The packet whose conversation an ICMP error is about. */
static inline const struct quoted_packet *icmp_about(const struct icmp_header *i)
{
	return i->inner.proto ? &i->inner : &i->quoted;
}

/* One level of encapsulation around the packet. */
struct tunnel_level {
	const char *kind;      /* "gre", "erspan", "vxlan", "geneve", "gtp-u", "ipip", "6in4", "mpls", "pppoe", "teredo" ... */
	uint32_t id;	       /* VNI, TEID, key, label, session; 0: none */
	struct addr src, dst;  /* unset for levels without addresses (MPLS, PPPoE) */
	uint16_t sport, dport;
};

/* What all packets have stands in the first 192 bytes. */
struct packet {
	const struct frame *frame;
	int64_t ts_ns, clock_ns;
	uint8_t kind;	 /* enum packet_kind */
	uint8_t verdict; /* enum packet_verdict */
	uint8_t fault;	 /* enum packet_fault; may be set with verdict OK (bad options) */

	/* It is what nearly every packet is: TCP over IPv4 over Ethernet with nothing around it, whole in its frame, OK (an
	 * option may be at fault). Only a short cut: where it is false, all that may be so, too. */
	bool plain;

	/* link; of the innermost Ethernet header when a tunnel carries Ethernet */
	union {
		struct {
			struct mac mac_src;
			uint8_t ttl;
			bool has_macs; /* SLL has a source only: mac_dst unset */
		};
		uint64_t origin; /* as one word: equal for packets that come the same way */
	};
	struct mac mac_dst;
	uint8_t sll_type; /* packet type of cooked captures: 0 to us, 1 broadcast, 2 multicast, 3 other host, 4 from us; 255 none */
	uint32_t interface; /* of SLL2; 0 unknown */
	uint16_t ether_type;
	uint8_t vlan_count, tunnel_count;

	/* network; the innermost addresses */
	struct addr src, dst;
	uint8_t proto, tos;
	bool df, has_ip_id;	/* df: always for IPv6 */
	bool is_fragment;	/* joined from fragments, or one of them */
	bool more_fragments;
	bool source_routed;	/* dst is not the last one: a checksum cannot be judged */
	bool ip_len_zero;	/* total length 0: segmentation offload; taken from the frame */
	uint16_t ip_id;
	uint16_t fragment_offset; /* of PACKET_FRAGMENT, in bytes */
	uint32_t ip_len;	/* length of the IP packet, as its header or the frame says */

	/* transport */
	uint16_t sport, dport;
	uint8_t checksum;	/* enum checksum_state; UNKNOWN until packet_checksum was called */
	const uint8_t *transport; /* header of TCP, UDP or ICMP, as captured; NULL for other kinds */
	const uint8_t *payload; /* of TCP, UDP, or the IP payload */
	uint32_t payload_len;	/* bytes at payload */
	uint32_t payload_wire;	/* bytes that were sent; > payload_len in a cut frame */
	struct kept_sum payload_sum; /* of TCP: known once packet_checksum has read all of it */
	union {
		struct tcp_header tcp;
		struct icmp_header icmp;
		struct arp_header arp;
	};

	/* what few packets have */
	uint16_t vlans[VLANS_MAX];		       /* ids, outermost first */
	struct tunnel_level tunnels[TUNNEL_DEPTH_MAX]; /* outermost first */
};

_Static_assert(offsetof(struct packet, tcp) + offsetof(struct tcp_header, sack_left) <= 192, "as it says");

/*
 * Judges the checksum of a TCP, UDP or ICMP packet, and keeps the answer in p->checksum. A call of its own because it
 * reads the whole packet, which costs more than decoding it: for those who are about to blame the checksum. UNKNOWN
 * when bytes are missing, for UDP over IPv4 without one (0), and for other kinds.
 */
enum checksum_state packet_checksum(struct packet *p);
/* The answer that is kept, else a judgement that is not. */
enum checksum_state packet_checksum_of(const struct packet *p);

#endif
