/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MPLS (RFC 3032) with IP, or with an Ethernet pseudowire behind the labels (RFC 4448), with or without a control word:
 * nothing in the packet says which, so the EtherType of the inner frame is looked for in both places. NSH (RFC 8300).
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define LABELS_MAX 16
#define CONTROL_WORD 4

/* Whether an Ethernet frame seems to begin `skip` bytes further on. */
static bool looks_like_ethernet(const struct reader *r, size_t skip)
{
	const uint8_t *type;

	if (rd_left(r) < skip + 15)
		return false;
	type = r->p + skip + 12;
	switch (be16(type)) {
	case ETHER_IPV4:
		return type[2] >> 4 == 4;
	case ETHER_IPV6:
		return type[2] >> 4 == 6;
	case ETHER_ARP:
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_MPLS:
	case ETHER_PPPOE:
		return true;
	}
	return false;
}

/* 0 where nothing is recognised. */
static uint16_t type_below_labels(struct reader *r)
{
	uint16_t type = ip_version_type(r);

	if (type && !looks_like_ethernet(r, 0))
		return type;
	if (rd_left(r) && r->p[0] >> 4 == 0 && looks_like_ethernet(r, CONTROL_WORD)) {
		rd_skip(r, CONTROL_WORD);
		return ETHER_TEB;
	}
	return looks_like_ethernet(r, 0) ? ETHER_TEB : 0;
}

void tunnel_mpls(struct decoder *d, struct packet *p, struct reader *r)
{
	uint32_t entry = 0;
	uint16_t type;

	for (int i = 0; i < LABELS_MAX && !(entry & 0x100); i++)
		entry = rd_u32(r);
	if (!rd_ok(r) || !(entry & 0x100))
		return;
	type = type_below_labels(r);
	if (type)
		tunnel_follow(d, p, r, &(struct inside){ "mpls", entry >> 12, type, false });
}

void tunnel_nsh(struct decoder *d, struct packet *p, struct reader *r)
{
	static const uint16_t types[] = { 0, ETHER_IPV4, ETHER_IPV6, ETHER_TEB, 0, ETHER_MPLS };
	const uint8_t *h = rd_bytes(r, 8);
	size_t length = h ? (h[1] & 0x3fu) * 4 : 0;

	if (length < 8)
		return;
	rd_skip(r, length - 8);
	if (rd_ok(r) && h[3] < sizeof(types) / sizeof(types[0]) && types[h[3]])
		tunnel_follow(d, p, r, &(struct inside){ "nsh", be32(h + 4) >> 8, types[h[3]], false });
}
