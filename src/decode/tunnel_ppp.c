/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPP (RFC 1661), its framing as link types, PPPoE sessions (RFC 2516), Cisco HDLC, SLIP. */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057
#define PPP_MPLS 0x0281
#define HDLC_UNICAST 0x0f
#define HDLC_BROADCAST 0x8f
#define PPPOE_VERSION 0x11

static void ppp_protocol(struct decoder *d, struct packet *p, uint16_t protocol, struct reader *r)
{
	if (protocol == PPP_IPV4)
		link_ether_type(d, p, ETHER_IPV4, r);
	else if (protocol == PPP_IPV6)
		link_ether_type(d, p, ETHER_IPV6, r);
	else if (protocol == PPP_MPLS)
		link_ether_type(d, p, ETHER_MPLS, r);
}

/* Address and control may have been compressed away, and so may the protocol's first byte (section 6). */
void link_ppp(struct decoder *d, struct packet *p, struct reader *r)
{
	uint16_t protocol;

	if (rd_left(r) >= 2 && be16(r->p) == 0xff03)
		rd_skip(r, 2);
	protocol = rd_u8(r);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | rd_u8(r));
	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
	else
		ppp_protocol(d, p, protocol, r);
}

void link_chdlc(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 4);
	uint16_t type = h ? be16(h + 2) : 0;

	if (!h)
		packet_fail(p, r, FAULT_LINK);
	else if (type == ETHER_IPV4 || type == ETHER_IPV6 || type == ETHER_MPLS) /* 0x8035 is SLARP here, not RARP */
		link_ether_type(d, p, type, r);
}

/* Either of the two, by the first byte. */
void link_ppp_hdlc(struct decoder *d, struct packet *p, struct reader *r)
{
	if (rd_left(r) && (r->p[0] == HDLC_UNICAST || r->p[0] == HDLC_BROADCAST))
		link_chdlc(d, p, r);
	else
		link_ppp(d, p, r);
}

/* A byte before it says who sent it. */
void link_ppp_direction(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 1);
	link_ppp(d, p, r);
}

void link_chdlc_direction(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 1);
	link_chdlc(d, p, r);
}

void link_pppoe(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 6);

	if (!h) {
		packet_fail(p, r, FAULT_TUNNEL);
		return;
	}
	if (h[0] != PPPOE_VERSION || h[1] != 0)
		return;
	if (be16(h + 4) < rd_wire(r))
		rd_trim(r, be16(h + 4));
	tunnel_follow(d, p, r, &(struct inside){ "pppoe", be16(h + 2), ETHER_PPP, false });
}

void link_slip(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 16); /* direction and link header, as libpcap writes them */
	ip_any(d, p, r);
}
