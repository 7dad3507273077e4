/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRE version 0 (RFC 2784, RFC 2890) and 1 (PPTP, RFC 2637); inside it ERSPAN I, II and III
 * (draft-foschiano-erspan), WCCP redirection and the 802.11 frames of Aruba's access points. A GRE packet that carries nothing we follow stays an IP packet.
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080
#define ETHER_WCCP 0x883e
#define MIRROR_LOST 65535 /* how much a truncated mirror copy may have lost: the inner lengths say how much it did */

/* ERSPAN type II has 8 bytes of header, type III 12 and maybe 8 more. Type I has none, and no GRE sequence number. */
static void erspan(struct decoder *d, struct packet *p, struct reader *r, uint16_t type, bool has_sequence)
{
	struct inside in = { "erspan", 0, ETHER_TEB, false };
	const uint8_t *h;

	if (type == ETHER_ERSPAN && !has_sequence) {
		tunnel_follow(d, p, r, &in);
		return;
	}
	h = rd_bytes(r, type == ETHER_ERSPAN3 ? 12 : 8);
	if (!h)
		return;
	in.id = be16(h + 2) & 0x03ff;
	if (type == ETHER_ERSPAN3 && h[11] & 1)
		rd_skip(r, 8);
	if (be16(h + 2) & 0x0400)
		r->lost += MIRROR_LOST;
	tunnel_follow(d, p, r, &in);
}

static void pptp(struct decoder *d, struct packet *p, struct reader *r, uint16_t flags)
{
	uint32_t key = rd_u32(r);

	if (flags & GRE_SEQUENCE)
		rd_skip(r, 4);
	if (flags & GRE_ACK)
		rd_skip(r, 4);
	if (rd_ok(r) && flags & GRE_SEQUENCE)
		tunnel_follow(d, p, r, &(struct inside){ "pptp", key & 0xffff, ETHER_PPP, false });
}

static void gre_payload(struct decoder *d, struct packet *p, struct reader *r, uint16_t flags, uint16_t type,
	uint32_t key)
{
	if (type == ETHER_ERSPAN || type == ETHER_ERSPAN3) {
		erspan(d, p, r, type, flags & GRE_SEQUENCE);
		return;
	}
	if (type == ETHER_WCCP) {
		if (ip_version_type(r) != ETHER_IPV4) /* version 2 has a header of 4 bytes */
			rd_skip(r, 4);
		type = ETHER_IPV4;
	}
	if (type >= ETHER_ARUBA_FIRST && type <= ETHER_ARUBA_LAST)
		type = INSIDE_WIFI;
	tunnel_follow(d, p, r, &(struct inside){ "gre", key, type, false });
}

void tunnel_gre(struct decoder *d, struct packet *p, struct reader *r)
{
	uint16_t flags = rd_u16(r), type = rd_u16(r);
	uint32_t key = 0;

	if (!rd_ok(r))
		return;
	if ((flags & 7) == 1) {
		pptp(d, p, r, flags);
		return;
	}
	if ((flags & 7) != 0 || flags & GRE_ROUTING)
		return;
	if (flags & GRE_CHECKSUM)
		rd_skip(r, 4);
	if (flags & GRE_KEY)
		key = rd_u32(r);
	if (flags & GRE_SEQUENCE)
		rd_skip(r, 4);
	if (rd_ok(r))
		gre_payload(d, p, r, flags, type, key);
}
