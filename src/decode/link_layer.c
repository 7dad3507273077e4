/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet II, IEEE 802.3 with LLC and SNAP, IEEE 802.1Q, 802.1ad and 802.1BR tags, MACsec in clear, BSD loopback, raw IP, OpenBSD enc,
 * Juniper's Ethernet.
 */
#include "decode/layers.h"
#include "decode/tunnel.h"

#define ETHER_TYPE_MIN 0x0600 /* below it the field is a length (IEEE 802.3, clause 3.2.6) */
#define LLC_LENGTH_MAX 1500
#define SAP_SNAP 0xaa
#define SAP_IP 0x06
#define LLC_UI 0x03
#define TAGS_MAX 8
#define MACSEC_CHECK 16 /* bytes behind the frame */
#define MACSEC_HAS_ID 0x20
#define MACSEC_ENCRYPTED 0x08
#define MACSEC_CHANGED 0x04
#define JUNIPER_MAGIC 0x4d4743
#define JUNIPER_NO_ETHERNET 0x02
#define JUNIPER_EXTENSIONS 0x80

void link_ethernet(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 14);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	memcpy(p->mac_dst.b, h, 6);
	memcpy(p->mac_src.b, h + 6, 6);
	p->has_macs = true;
	p->vlan_count = 0;
	link_ether_type(d, p, be16(h + 12), r);
}

/* One 802.1Q tag: false when there is none to read, or more than are kept. */
static bool vlan_tag(struct packet *p, struct reader *r, uint16_t *type)
{
	const uint8_t *tag = rd_bytes(r, 4);

	if (!tag || p->vlan_count == VLANS_MAX) {
		packet_fail(p, r, FAULT_LINK);
		return false;
	}
	p->vlans[p->vlan_count++] = be16(tag) & 0x0fff;
	*type = be16(tag + 2);
	return true;
}

/* Cisco metadata (security group tag): version, length in words, options, then the type of what follows. */
static bool cisco_meta(struct packet *p, struct reader *r, uint16_t *type)
{
	const uint8_t *h = rd_bytes(r, 2);
	struct reader options = rd_sub(r, h ? (size_t)h[1] * 4 : 0);

	*type = rd_u16(r);
	if (!rd_ok(r) || !rd_ok(&options))
		packet_fail(p, r, FAULT_LINK);
	return rd_ok(r);
}

/* Port extenders' tags: IEEE 802.1BR has three words before the type of what follows, Cisco's VN-Tag two. */
static bool port_tag(struct packet *p, struct reader *r, uint16_t *type)
{
	rd_skip(r, *type == ETHER_E_TAG ? 6 : 4);
	*type = rd_u16(r);
	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
	return rd_ok(r);
}

static bool is_port_tag(uint16_t type)
{
	return type == ETHER_E_TAG || type == ETHER_VN_TAG;
}

static bool is_vlan_tag(uint16_t type)
{
	return type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD || type == ETHER_QINQ_OLDER;
}

/* MACsec that authenticates and does not encrypt (IEEE 802.1AE, clause 9): the frame is readable behind its tag. */
static void macsec(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 6);
	size_t check = MACSEC_CHECK, length;
	uint16_t type;

	if (!h || h[0] & (MACSEC_ENCRYPTED | MACSEC_CHANGED))
		return;
	if (h[0] & MACSEC_HAS_ID)
		rd_skip(r, 8);
	if (rd_wire(r) < check)
		return;
	length = rd_wire(r) - check;
	if (h[1] & 0x3f && (h[1] & 0x3fu) < length)
		length = h[1] & 0x3f;
	rd_trim(r, length);
	type = rd_u16(r);
	if (rd_ok(r) && type != ETHER_MACSEC)
		link_ether_type(d, p, type, r);
}

/* A short header, then the frame that it carries: Cisco FabricPath, provider backbone bridges (IEEE 802.1ah). */
static void mac_in_mac(struct decoder *d, struct packet *p, struct reader *r, const char *kind, size_t header)
{
	rd_skip(r, header);
	tunnel_follow(d, p, r, &(struct inside){ kind, 0, ETHER_TEB, false });
}

static void ether_other(struct decoder *d, struct packet *p, uint16_t type, struct reader *r)
{
	if (type == ETHER_ARP || type == ETHER_RARP)
		arp_decode(d, p, r);
	else if (type == ETHER_PPPOE)
		link_pppoe(d, p, r);
	else if (type == ETHER_MPLS || type == ETHER_MPLS_MULTICAST)
		tunnel_mpls(d, p, r);
	else if (type == ETHER_NSH)
		tunnel_nsh(d, p, r);
	else if (type == ETHER_TEB)
		tunnel_follow(d, p, r, &(struct inside){ "ethernet", 0, ETHER_TEB, false });
	else if (type == ETHER_FABRIC_PATH)
		mac_in_mac(d, p, r, "fabricpath", 2);
	else if (type == ETHER_PBB)
		mac_in_mac(d, p, r, "pbb", 4);
	else if (type == ETHER_CENTRINO)
		link_wifi_in_ethernet(d, p, r);
	else if (type == ETHER_MACSEC)
		macsec(d, p, r);
	else if (type == ETHER_JUMBO_LLC)
		link_llc(d, p, r);
	else if (type <= LLC_LENGTH_MAX) {
		if (type < rd_wire(r))
			rd_trim(r, type);
		link_llc(d, p, r);
	}
}

void link_ether_type(struct decoder *d, struct packet *p, uint16_t type, struct reader *r)
{
	for (int i = 0; i < TAGS_MAX && (is_vlan_tag(type) || is_port_tag(type)); i++)
		if (is_port_tag(type) ? !port_tag(p, r, &type) : !vlan_tag(p, r, &type))
			return;
	if (type == ETHER_CISCO_META && !cisco_meta(p, r, &type))
		return;
	p->ether_type = type;
	if (type == ETHER_IPV4)
		ip4_decode(d, p, r);
	else if (type == ETHER_IPV6)
		ip6_decode(d, p, r);
	else
		ether_other(d, p, type, r);
}

/* LLC, and SNAP for the two organisations whose protocol numbers are Ethernet's (RFC 1042, IEEE 802.1H). */
void link_llc(struct decoder *d, struct packet *p, struct reader *r)
{
	uint8_t dsap = rd_u8(r), ssap = rd_u8(r), control = rd_u8(r);
	uint32_t organisation;
	uint16_t type;

	if (!rd_ok(r) || control != LLC_UI)
		return;
	if (dsap == SAP_IP && ssap == SAP_IP) {
		ip_any(d, p, r);
		return;
	}
	if (dsap != SAP_SNAP || ssap != SAP_SNAP)
		return;
	organisation = rd_u24(r);
	type = rd_u16(r);
	if (rd_ok(r) && (organisation == 0 || organisation == 0x0000f8) && type >= ETHER_TYPE_MIN)
		link_ether_type(d, p, type, r);
}

/* Address families differ between systems: 2 is IPv4 everywhere, IPv6 has five numbers. */
static void address_family(struct decoder *d, struct packet *p, uint32_t family, struct reader *r)
{
	switch (family) {
	case 2:
		p->ether_type = ETHER_IPV4;
		ip4_decode(d, p, r);
		break;
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		p->ether_type = ETHER_IPV6;
		ip6_decode(d, p, r);
		break;
	}
}

/* The family is in the byte order of the capturing machine (null) or of the network (loop): small either way. */
void link_null(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 4);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	address_family(d, p, h[0] || h[1] ? (uint32_t)h[1] << 8 | h[0] : be32(h), r);
}

void link_enc(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 12); /* family, SPI, flags */

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	address_family(d, p, h[0] ? h[0] : h[3], r);
}

/* Ethernet as Junos captures it: a magic, flags, maybe a list of extensions; of its own packets there is only IP. */
void link_juniper(struct decoder *d, struct packet *p, struct reader *r)
{
	uint32_t magic = rd_u24(r);
	uint8_t flags = rd_u8(r);

	if (flags & JUNIPER_EXTENSIONS)
		rd_skip(r, rd_u16(r));
	if (flags & JUNIPER_NO_ETHERNET)
		rd_skip(r, 4);
	if (!rd_ok(r) || magic != JUNIPER_MAGIC)
		packet_fail(p, r, FAULT_LINK);
	else if (flags & JUNIPER_NO_ETHERNET)
		ip_any(d, p, r);
	else
		link_ethernet(d, p, r);
}

void link_raw(struct decoder *d, struct packet *p, struct reader *r)
{
	ip_any(d, p, r);
}

void link_raw4(struct decoder *d, struct packet *p, struct reader *r)
{
	p->ether_type = ETHER_IPV4;
	ip4_decode(d, p, r);
}

void link_raw6(struct decoder *d, struct packet *p, struct reader *r)
{
	p->ether_type = ETHER_IPV6;
	ip6_decode(d, p, r);
}
