/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnels over UDP, by their port: VXLAN (RFC 7348), VXLAN-GPE, Geneve (RFC 8926), GTP-U (3GPP TS 29.281), Teredo
 * (RFC 4380), L2TP (RFC 2661), GRE (RFC 8086), MPLS (RFC 7510), LISP (RFC 9300), TZSP, CAPWAP (RFC 5415), AYIYA. A port is only a hint: where
 * header or inside make no sense, the packet stays a UDP packet.
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define VXLAN_HAS_ID 0x08
#define GPE_HAS_NEXT 0x04
#define GTP_EXTENSIONS_MAX 8
#define TZSP_TAGS_MAX 64
#define AYIYA_FORWARD 1
#define CAPWAP_WIFI 1
#define CAPWAP_NATIVE 0x100
#define CAPWAP_FRAGMENT 0x80
#define CAPWAP_KEEP_ALIVE 0x08
#define L2TP_CONTROL 0x8000
#define L2TP_LENGTH 0x4000
#define L2TP_SEQUENCE 0x0800
#define L2TP_OFFSET 0x0200

static void vxlan(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);

	if (h && h[0] & VXLAN_HAS_ID)
		tunnel_follow(d, p, r, &(struct inside){ "vxlan", be32(h + 4) >> 8, ETHER_TEB, true });
}

static void vxlan_gpe(struct decoder *d, struct packet *p, struct reader *r)
{
	static const uint16_t types[] = { 0, ETHER_IPV4, ETHER_IPV6, ETHER_TEB, ETHER_NSH, ETHER_MPLS };
	const uint8_t *h = rd_bytes(r, 8);
	uint16_t type = ETHER_TEB;

	if (!h || !(h[0] & VXLAN_HAS_ID))
		return;
	if (h[0] & GPE_HAS_NEXT)
		type = h[3] < sizeof(types) / sizeof(types[0]) ? types[h[3]] : 0;
	if (type)
		tunnel_follow(d, p, r, &(struct inside){ "vxlan-gpe", be32(h + 4) >> 8, type, true });
}

static void geneve(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);

	if (!h || h[0] >> 6 != 0)
		return;
	rd_skip(r, (h[0] & 0x3fu) * 4);
	if (rd_ok(r))
		tunnel_follow(d, p, r, &(struct inside){ "geneve", be32(h + 4) >> 8, be16(h + 2), true });
}

/* Sequence number, N-PDU number and extension headers: a chain, each with its length in words and the next type. */
static bool gtp_skip_extensions(struct reader *r)
{
	uint8_t next, words;

	rd_skip(r, 3);
	next = rd_u8(r);
	for (int i = 0; next && i < GTP_EXTENSIONS_MAX; i++) {
		words = rd_u8(r);
		if (words == 0)
			return false;
		rd_skip(r, words * 4u - 2u);
		next = rd_u8(r);
	}
	return rd_ok(r) && next == 0;
}

/* Version 1, protocol type GTP, message G-PDU: a subscriber's packet. */
static void gtp_u(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	struct inside in = { "gtp-u", 0, 0, true };

	if (!h || (h[0] & 0xf0) != 0x30 || h[1] != 255 || be16(h + 2) > rd_wire(r))
		return;
	rd_trim(r, be16(h + 2));
	if (h[0] & 0x07 && !gtp_skip_extensions(r))
		return;
	in.id = be32(h + 4);
	in.ether_type = ip_version_type(r);
	if (in.ether_type)
		tunnel_follow(d, p, r, &in);
}

/* Authentication and origin indications come before the IPv6 packet (RFC 4380, section 5.1.1). */
static void teredo(struct decoder *d, struct packet *p, struct reader *r)
{
	if (rd_left(r) >= 4 && be16(r->p) == 0x0001)
		rd_skip(r, 4u + r->p[2] + r->p[3] + 9u);
	if (rd_left(r) >= 2 && be16(r->p) == 0x0000)
		rd_skip(r, 8);
	if (rd_left(r) < 40 || ip_version_type(r) != ETHER_IPV6 || 40u + be16(r->p + 4) > rd_wire(r))
		return;
	tunnel_follow(d, p, r, &(struct inside){ "teredo", 0, ETHER_IPV6, true });
}

static void l2tp(struct decoder *d, struct packet *p, struct reader *r)
{
	uint16_t flags = rd_u16(r);
	uint32_t ids;

	if (flags & L2TP_CONTROL || (flags & 0x0f) != 2)
		return;
	if (flags & L2TP_LENGTH)
		rd_skip(r, 2);
	ids = rd_u32(r); /* tunnel, session */
	if (flags & L2TP_SEQUENCE)
		rd_skip(r, 4);
	if (flags & L2TP_OFFSET)
		rd_skip(r, rd_u16(r));
	if (rd_ok(r))
		tunnel_follow(d, p, r, &(struct inside){ "l2tp", ids, ETHER_PPP, true });
}

static void lisp(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	uint16_t type = ip_version_type(r);

	if (h && type)
		tunnel_follow(d, p, r, &(struct inside){ "lisp", be32(h + 4) >> 8, type, true });
}

/* A stream of sniffed frames (TaZmen Sniffer Protocol): tags up to the end tag, then the frame. */
static void tzsp(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 4);

	if (!h || h[0] != 1 || h[1] > 1 || be16(h + 2) != 1)
		return;
	for (int i = 0; i < TZSP_TAGS_MAX && rd_ok(r); i++) {
		uint8_t tag = rd_u8(r);

		if (rd_ok(r) && tag == 1) {
			tunnel_follow(d, p, r, &(struct inside){ "tzsp", 0, ETHER_TEB, true });
			return;
		}
		if (tag != 0)
			rd_skip(r, rd_u8(r));
	}
}

static void mpls_in_udp(struct decoder *d, struct packet *p, struct reader *r)
{
	tunnel_follow(d, p, r, &(struct inside){ "mpls-in-udp", 0, ETHER_MPLS, true });
}

/* Identity and signature have their lengths in the header (draft-massar-v6ops-ayiya). */
static void ayiya(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	uint16_t type;

	if (!h || (h[2] & 0x0f) != AYIYA_FORWARD || (h[3] != IP_IPV6 && h[3] != IP_IPIP))
		return;
	rd_skip(r, ((size_t)1 << (h[0] >> 4)) + (h[1] >> 4) * 4u);
	type = ip_version_type(r);
	if (type)
		tunnel_follow(d, p, r, &(struct inside){ "ayiya", 0, type, true });
}

/* Access point to controller: data in clear, not fragmented; 802.3 frames or those of the radio. */
static void capwap(struct decoder *d, struct packet *p, struct reader *r)
{
	uint32_t header = rd_u32(r);
	size_t words = header >> 19 & 0x1f;
	bool native = header & CAPWAP_NATIVE;

	if (header >> 24 || words < 2 || header & (CAPWAP_FRAGMENT | CAPWAP_KEEP_ALIVE))
		return;
	if (native && (header >> 9 & 0x1f) != CAPWAP_WIFI)
		return;
	rd_skip(r, words * 4 - 4);
	if (rd_ok(r))
		tunnel_follow(d, p, r, &(struct inside){ "capwap", 0, native ? INSIDE_WIFI_CAPWAP : ETHER_TEB, true });
}

static layer_fn *tunnel_of_port(uint16_t port)
{
	switch (port) {
	case 1701:
		return l2tp;
	case 2152:
		return gtp_u;
	case 3544:
		return teredo;
	case 4341:
		return lisp;
	case 4754:
		return tunnel_gre;
	case 4789:
	case 8472: /* Linux before there was a number, flannel */
		return vxlan;
	case 4790:
		return vxlan_gpe;
	case 5072:
		return ayiya;
	case 5247:
		return capwap;
	case 6081:
		return geneve;
	case 6635:
		return mpls_in_udp;
	case 37008:
		return tzsp;
	}
	return NULL;
}

void tunnel_udp(struct decoder *d, struct packet *p, struct reader *r)
{
	layer_fn *tunnel = tunnel_of_port(p->dport);

	if (!tunnel)
		tunnel = tunnel_of_port(p->sport);
	if (tunnel)
		tunnel(d, p, r);
}
