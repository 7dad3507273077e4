/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnels with an IP protocol number of their own: IP in IP (RFC 2003, RFC 4213, RFC 2473), EtherIP (RFC 3378),
 * Ethernet (RFC 8986), MPLS (RFC 4023).
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

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
	case IP_MPLS:
		tunnel_follow(d, p, r, &(struct inside){ "mpls-in-ip", 0, ETHER_MPLS, false });
		break;
	case IP_ETHERNET:
		tunnel_follow(d, p, r, &(struct inside){ "ethernet", 0, ETHER_TEB, false });
		break;
	}
}
