/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside decode/: one function per header. Each reads its header from `r`, which covers the bytes of that layer, notes
 * in *p what it learned and calls the next. A layer that carries a packet of its own (a tunnel) is counted, so that no
 * chain of headers is longer than TUNNEL_DEPTH_MAX levels. Values go into *p only after the reader's state was tested.
 */
#ifndef PCAPDX_DECODE_LAYERS_H
#define PCAPDX_DECODE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/reader.h"
#include "decode/packet.h"

struct fragments;
struct frame;
struct fragment_seen;
struct quoted_packet;
struct link_type;

struct decoder {
	struct fragments *fragments;
	uint64_t turn;		      /* counts frames: what was joined in this turn is still looked at */
	const struct link_type *link; /* of the last frame */
	struct quoted_packet *quoted; /* what is read is the quote of an ICMP error: goes there; NULL: it is the frame */
};

typedef void layer_fn(struct decoder *d, struct packet *p, struct reader *r);

enum ether_type {
	ETHER_IPV4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_TEB = 0x6558, /* Ethernet inside GRE and its like */
	ETHER_RARP = 0x8035,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_PPP = 0x880b,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTICAST = 0x8848,
	ETHER_PPPOE = 0x8864,
	ETHER_JUMBO_LLC = 0x8870,
	ETHER_QINQ = 0x88a8,
	ETHER_CENTRINO = 0x2452, /* an 802.11 frame behind an Ethernet header, as some drivers give it */
	ETHER_ARUBA_FIRST = 0x8200, /* 802.11 frames in GRE, by priority and radio */
	ETHER_ARUBA_LAST = 0x837f,
	ETHER_MACSEC = 0x88e5,
	ETHER_VN_TAG = 0x8926,
	ETHER_E_TAG = 0x893f,
	ETHER_ERSPAN = 0x88be,
	ETHER_ERSPAN3 = 0x22eb,
	ETHER_FABRIC_PATH = 0x8903,
	ETHER_PBB = 0x88e7,
	ETHER_CISCO_META = 0x8909,
	ETHER_NSH = 0x894f,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_QINQ_OLDER = 0x9200,
};

enum ip_protocol {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_IPIP = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_NO_NEXT = 59,
	IP_DESTINATION = 60,
	IP_PIM = 103,
	IP_ETHERIP = 97,
	IP_SCTP = 132,
	IP_MOBILITY = 135,
	IP_MPLS = 137,
	IP_ETHERNET = 143,
};

#define SLL_TYPE_NONE 255

/* plain.c: the whole of a frame of Ethernet; false: it is not plain, and nothing was set. */
bool plain_decode(struct packet *p, const struct frame *f);

/* link_layer.c */
layer_fn link_ethernet, link_null, link_raw, link_raw4, link_raw6, link_enc, link_juniper;
void link_ether_type(struct decoder *d, struct packet *p, uint16_t type, struct reader *r);
void link_llc(struct decoder *d, struct packet *p, struct reader *r);
/* link_cooked.c */
layer_fn link_sll, link_sll2, link_nflog;

/* link_wifi.c */
layer_fn link_wifi, link_wifi_in_capwap, link_wifi_in_ethernet, link_radiotap, link_prism, link_ppi;
/* link_rare.c */
layer_fn link_frame_relay, link_fddi, link_token_ring, link_infiniband, link_ieee1394, link_ipnet, link_pktap;
layer_fn link_dsa, link_edsa, link_tag_before, link_netanalyzer, link_netanalyzer_whole;
/* tunnel_ppp.c */
layer_fn link_ppp, link_ppp_hdlc, link_ppp_direction, link_chdlc, link_chdlc_direction, link_pppoe, link_slip;

/* ip_layer.c, ipv6_ext.c; ip_any looks at the version. p->proto says what ip_payload carries on with. */
layer_fn ip_any, ip4_decode, ip6_decode, ip_payload;
/* Walks extension headers from protocol `next` on; false when it is not for the caller to go on (fragment, fault). */
bool ip6_extensions(struct decoder *d, struct packet *p, struct reader *r, uint8_t next);
/* The same without judging, for quoted packets: the upper protocol, or IP_FRAGMENT for a fragment but the first. */
uint8_t ip6_skip_extensions(struct reader *r, uint8_t next);
/* Skips an authentication header; gives its next header. */
uint8_t ip_skip_ah(struct reader *r);

layer_fn tcp_decode, udp_decode, icmp_decode, arp_decode;
/* Options up to the first that is broken; one that the capture cut off is no fault. */
void tcp_options(struct packet *p, struct reader *r);
layer_fn icmp_quoted_payload; /* ip_payload where d->quoted is set */

/* Tunnels. Where they carry nothing that is followed, *p stays as it is. tunnel_ip goes by p->proto. */
layer_fn tunnel_ip, tunnel_gre, tunnel_udp, tunnel_mpls, tunnel_nsh;

/* What both IP versions do with a fragment: joined, or noted as PACKET_FRAGMENT; true: go on with p->proto. */
bool ip_fragment(struct decoder *d, struct packet *p, struct reader *r, struct fragment_seen *seen);

/* The row of a link type, or NULL when it is not decoded. */
struct link_type {
	uint32_t number;
	const char *name;
	layer_fn *decode;
};
const struct link_type *link_type_find(uint32_t number);

static inline uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Bytes of the layer on the wire from here on, lost ones included. */
static inline size_t rd_wire(const struct reader *r)
{
	return rd_ok(r) ? (size_t)(r->end - r->p) + r->lost : 0;
}

/* Takes away what follows the next n bytes (padding, trailer); n may not be more than rd_wire. */
static inline void rd_trim(struct reader *r, size_t n)
{
	size_t left = (size_t)(r->end - r->p);

	r->lost = n > left ? n - left : 0;
	r->end = n < left ? r->p + n : r->end;
}

/* A header that could not be read: CUT when the capture ended in it, else BAD with that fault. */
static inline void packet_fail(struct packet *p, const struct reader *r, enum packet_fault fault)
{
	p->verdict = r->state == READER_CUT ? PACKET_CUT : PACKET_BAD;
	if (p->verdict == PACKET_BAD)
		p->fault = (uint8_t)fault;
}

static inline void packet_bad(struct packet *p, enum packet_fault fault)
{
	p->verdict = PACKET_BAD;
	p->fault = (uint8_t)fault;
}

/* What is left of the layer is the packet's payload. */
static inline void packet_payload(struct packet *p, const struct reader *r)
{
	p->payload = r->p;
	p->payload_len = (uint32_t)rd_left(r);
	p->payload_wire = (uint32_t)rd_wire(r);
}

static inline void packet_clear(struct packet *p, size_t from, size_t to)
{
	memset((uint8_t *)p + from, 0, to - from);
}

/* Sets what belongs to the IP packet and above back to empty, before an inner one is read. In two parts: larger ones
 * are cleared in a way that is slow to begin. */
static inline void packet_clear_network(struct packet *p)
{
	packet_clear(p, offsetof(struct packet, src), offsetof(struct packet, sport));
	packet_clear(p, offsetof(struct packet, sport), offsetof(struct packet, tcp));
}

#endif
