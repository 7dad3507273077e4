/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnels with an IP protocol number of their own: IP in IP (RFC 2003, RFC 4213, RFC 2473), EtherIP (RFC 3378),
 * Ethernet (RFC 8986), MPLS (RFC 4023), multicast on its way to a rendezvous point (PIM Register, RFC 7761).
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define PIM_REGISTER 0x21 /* version 2, type 1 */
#define PIM_NULL_REGISTER 0x40

static void ip_in_ip(struct decoder *d, struct packet *p, struct reader *r, uint16_t inner)
{
	bool outer_v4 = addr_is_v4(&p->src), inner_v4 = inner == ETHER_IPV4;
	const char *kind = outer_v4 ? (inner_v4 ? "ipip" : "6in4") : (inner_v4 ? "4in6" : "ip6ip6");

	tunnel_follow(d, p, r, &(struct inside){ kind, 0, inner, false });
}

static void etherip(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 2);

	if (h && h[0] >> 4 == 3)
		tunnel_follow(d, p, r, &(struct inside){ "etherip", 0, ETHER_TEB, false });
}

/* A null register only asks whether to go on registering: what looks like a packet in it has no body. */
static void pim_register(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	uint16_t type = ip_version_type(r);

	if (h && h[0] == PIM_REGISTER && !(h[4] & PIM_NULL_REGISTER) && type)
		tunnel_follow(d, p, r, &(struct inside){ "pim-register", 0, type, true });
}

void tunnel_ip(struct decoder *d, struct packet *p, struct reader *r)
{
	switch (p->proto) {
	case IP_IPIP:
		ip_in_ip(d, p, r, ETHER_IPV4);
		break;
	case IP_IPV6:
		ip_in_ip(d, p, r, ETHER_IPV6);
		break;
	case IP_GRE:
		tunnel_gre(d, p, r);
		break;
	case IP_ETHERIP:
		etherip(d, p, r);
		break;
	case IP_PIM:
		pim_register(d, p, r);
		break;
	case IP_MPLS:
		tunnel_follow(d, p, r, &(struct inside){ "mpls-in-ip", 0, ETHER_MPLS, false });
		break;
	case IP_ETHERNET:
		tunnel_follow(d, p, r, &(struct inside){ "ethernet", 0, ETHER_TEB, false });
		break;
	}
}
