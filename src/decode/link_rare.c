/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Link types that are met now and then: Frame Relay (RFC 2427), FDDI (RFC 1390), Token Ring (IEEE 802.5), IP over
 * InfiniBand (RFC 4391) and over IEEE 1394, Solaris' ipnet, Apple's PKTAP, tags of Ethernet switches (DSA), and
 * Hilscher's netANALYZER. Headers are as libpcap and its link type documents have them.
 */
#include "capture/link_type.h"
#include "decode/layers.h"

#define Q922_LAST 0x01 /* the last byte of the address */
#define Q922_SIZE_MAX 4
#define NLPID_SNAP 0x80
#define NLPID_IPV6 0x8e
#define NLPID_IPV4 0xcc
#define LLC_UI 0x03
#define SNAP_BRIDGED 0x0080c2
#define BRIDGED_ETHERNET_FCS 0x0001
#define BRIDGED_ETHERNET 0x0007
#define FDDI_LLC 0x50
#define TOKEN_RING_LLC 1
#define SOURCE_ROUTED 0x80
#define PKTAP_HEADER_MIN 12
#define PKTAP_PACKET 1
#define LINK_PKTAP 258
#define LINK_PKTAP_DARWIN 149

static void macs(struct packet *p, const uint8_t *destination, const uint8_t *source)
{
	memcpy(p->mac_dst.b, destination, 6);
	memcpy(p->mac_src.b, source, 6);
	p->has_macs = true;
}

static void frame_relay_snap(struct decoder *d, struct packet *p, struct reader *r)
{
	uint32_t organisation = rd_u24(r);
	uint16_t type = rd_u16(r);

	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
	else if (organisation == 0)
		link_ether_type(d, p, type, r);
	else if (organisation == SNAP_BRIDGED && (type == BRIDGED_ETHERNET || type == BRIDGED_ETHERNET_FCS))
		link_ethernet(d, p, r);
}

/* After the address comes RFC 2427's control byte, or the EtherType of Cisco's own encapsulation. */
void link_frame_relay(struct decoder *d, struct packet *p, struct reader *r)
{
	int size = 1;
	uint8_t nlpid;

	while (!(rd_u8(r) & Q922_LAST) && rd_ok(r))
		if (size++ == Q922_SIZE_MAX)
			return;
	if (rd_left(r) && r->p[0] != LLC_UI) {
		uint16_t type = rd_u16(r);

		if (rd_ok(r))
			link_ether_type(d, p, type, r);
		return;
	}
	rd_skip(r, 1);
	nlpid = rd_u8(r);
	if (nlpid == 0) /* padding */
		nlpid = rd_u8(r);
	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
	else if (nlpid == NLPID_IPV4)
		link_raw4(d, p, r);
	else if (nlpid == NLPID_IPV6)
		link_raw6(d, p, r);
	else if (nlpid == NLPID_SNAP)
		frame_relay_snap(d, p, r);
}

void link_fddi(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 13);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	macs(p, h + 1, h + 7);
	if ((h[0] & 0xf0) == FDDI_LLC)
		link_llc(d, p, r);
}

/* The top bit of the source says that the route follows, whose first byte has its length in the lower bits. */
void link_token_ring(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 14);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	macs(p, h + 2, h + 8);
	p->mac_src.b[0] &= (uint8_t)~SOURCE_ROUTED;
	if (h[8] & SOURCE_ROUTED && rd_left(r))
		rd_skip(r, r->p[0] & 0x1f);
	if (h[1] >> 6 == TOKEN_RING_LLC)
		link_llc(d, p, r);
}

/* A header of `head` bytes, of which two at `at` are the EtherType. */
static void type_after(struct decoder *d, struct packet *p, struct reader *r, size_t head, size_t at)
{
	const uint8_t *h = rd_bytes(r, head);

	if (!h)
		packet_fail(p, r, FAULT_LINK);
	else
		link_ether_type(d, p, be16(h + at), r);
}

void link_infiniband(struct decoder *d, struct packet *p, struct reader *r)
{
	type_after(d, p, r, 44, 40);
}

void link_ieee1394(struct decoder *d, struct packet *p, struct reader *r)
{
	type_after(d, p, r, 18, 16);
}

void link_ipnet(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 24);
	if (rd_ok(r))
		ip_any(d, p, r);
	else
		packet_fail(p, r, FAULT_LINK);
}

/* Length, kind of record and libpcap's number of the inner link type, little-endian, and much that we do not need. */
void link_pktap(struct decoder *d, struct packet *p, struct reader *r)
{
	uint32_t length = rd_le32(r), kind = rd_le32(r), inner = link_from_dlt((int)rd_le32(r));
	const struct link_type *link = link_type_find(link_from_file(inner));

	rd_skip(r, length < PKTAP_HEADER_MIN ? 0 : length - PKTAP_HEADER_MIN);
	if (!rd_ok(r) || length < PKTAP_HEADER_MIN) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	if (kind == PKTAP_PACKET && link && inner != LINK_PKTAP && inner != LINK_PKTAP_DARWIN)
		link->decode(d, p, r);
}

/* Ethernet whose tag of `size` bytes stands before the EtherType. */
static void switch_tag(struct decoder *d, struct packet *p, struct reader *r, size_t size)
{
	const uint8_t *h = rd_bytes(r, 12 + size + 2);

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	macs(p, h, h + 6);
	link_ether_type(d, p, be16(h + 12 + size), r);
}

void link_dsa(struct decoder *d, struct packet *p, struct reader *r)
{
	switch_tag(d, p, r, 4);
}

void link_edsa(struct decoder *d, struct packet *p, struct reader *r)
{
	switch_tag(d, p, r, 8);
}

void link_tag_before(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 4);
	link_ethernet(d, p, r);
}

/* Four bytes of status before the frame, its check sequence behind it. */
void link_netanalyzer(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 4);
	if (rd_wire(r) >= 4)
		rd_trim(r, rd_wire(r) - 4);
	link_ethernet(d, p, r);
}

/* The same with preamble and start delimiter. */
void link_netanalyzer_whole(struct decoder *d, struct packet *p, struct reader *r)
{
	rd_skip(r, 8);
	link_netanalyzer(d, p, r);
}
