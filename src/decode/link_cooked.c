/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux cooked captures ("any" interface), versions 1 and 2, and packets from netfilter's log (NFLOG). */
#include "decode/layers.h"

#define ARPHRD_NETLINK 824
#define ARPHRD_IPGRE 778
#define COOKED_802_3 0x0001 /* Novell's raw 802.3 */
#define COOKED_802_2 0x0004 /* LLC */
#define FAMILY_IPV4 2
#define FAMILY_IPV6 10
#define FAMILY_BRIDGE 7
#define NFULA_HEADER 1
#define NFULA_PAYLOAD 9

/* The sender's address, where it is an Ethernet one. */
static void cooked_address(struct packet *p, const uint8_t *address, uint16_t length)
{
	if (length != 6)
		return;
	memcpy(p->mac_src.b, address, 6);
	p->has_macs = true;
}

static void cooked_payload(struct decoder *d, struct packet *p, uint16_t hardware, uint16_t type, struct reader *r)
{
	p->ether_type = type;
	if (hardware == ARPHRD_NETLINK || type == COOKED_802_3)
		return;
	if (type == COOKED_802_2)
		link_llc(d, p, r);
	else
		link_ether_type(d, p, type, r);
}

void link_sll(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 16);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	p->sll_type = h[1];
	cooked_address(p, h + 6, be16(h + 4));
	cooked_payload(d, p, be16(h + 2), be16(h + 14), r);
}

void link_sll2(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 20);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	p->interface = be32(h + 4);
	p->sll_type = h[10];
	cooked_address(p, h + 12, h[11]);
	cooked_payload(d, p, be16(h + 8), be16(h), r);
}

static void nflog_packet(struct decoder *d, struct packet *p, uint8_t family, uint16_t protocol, struct reader *r)
{
	if (family == FAMILY_IPV4)
		link_raw4(d, p, r);
	else if (family == FAMILY_IPV6)
		link_raw6(d, p, r);
	else if (family == FAMILY_BRIDGE)
		link_ether_type(d, p, protocol, r);
}

/* The packet is one of a list of attributes: length and type in little-endian order (that of
 * nearly every host that writes them), padded to four. A bridge's have the EtherType in another one, before it. */
void link_nflog(struct decoder *d, struct packet *p, struct reader *r)
{
	uint8_t family = rd_u8(r);
	uint16_t protocol = 0;

	rd_skip(r, 3); /* version, resource */
	while (rd_left(r) >= 4) {
		uint16_t length = rd_le16(r), type = rd_le16(r);
		struct reader value;

		if (length < 4) {
			packet_bad(p, FAULT_LINK);
			return;
		}
		value = rd_sub(r, length - 4u);
		if ((type & 0x7fff) == NFULA_PAYLOAD && rd_left(&value)) {
			nflog_packet(d, p, family, protocol, &value);
			return;
		}
		if ((type & 0x7fff) == NFULA_HEADER)
			protocol = rd_u16(&value);
		rd_skip(r, (4u - (length & 3u)) & 3u);
	}
	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
}
