/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 802.11 data frames that are not encrypted, plain or behind a radiotap, Prism, AVS or PPI header. Management,
 * control, encrypted, fragmented and empty frames are PACKET_OTHER. Between mesh stations a header of theirs comes first. Of an aggregate (A-MSDU) the first part is read.
 */
#include "decode/layers.h"

#define WIFI_DATA 2
#define WIFI_TO_DS 0x01
#define WIFI_FROM_DS 0x02
#define WIFI_MORE_FRAGMENTS 0x04
#define WIFI_PROTECTED 0x40
#define WIFI_ORDER 0x80
#define SUBTYPE_NO_DATA 0x4
#define SUBTYPE_QOS 0x8
#define QOS_AGGREGATE 0x80
#define MESH_HEADER 6
#define RADIOTAP_TSFT 0x1
#define RADIOTAP_FLAGS 0x2
#define RADIOTAP_MORE 0x80000000u
#define RADIOTAP_WORDS_MAX 16
#define FLAG_FCS 0x10
#define FLAG_PADDED 0x20
#define FLAG_BAD_FCS 0x40
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_WIFI 105

enum quirk {
	QUIRK_PADDED = 1,    /* header to a multiple of 4 */
	QUIRK_SWAPPED = 2,   /* bytes of frame control and sequence control, by some controllers */
	QUIRK_DECRYPTED = 4, /* although the protection bit is set */
};

/* Who sent and who is meant depends on which way the frame crosses the access point (IEEE 802.11, 9.3.2.1). */
static void set_macs(struct packet *p, uint8_t flags, const uint8_t *h, const uint8_t *fourth)
{
	const uint8_t *dst = flags & WIFI_TO_DS ? h + 16 : h + 4, *src = h + 10;

	if (fourth)
		src = fourth;
	else if (flags & WIFI_FROM_DS)
		src = h + 16;
	memcpy(p->mac_dst.b, dst, 6);
	memcpy(p->mac_src.b, src, 6);
	p->has_macs = true;
}

static void first_of_aggregate(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 14);
	struct reader part;

	if (!h)
		return;
	memcpy(p->mac_dst.b, h, 6);
	memcpy(p->mac_src.b, h + 6, 6);
	part = rd_sub(r, be16(h + 12));
	link_llc(d, p, &part);
}

static bool is_snap(struct reader r, size_t skip)
{
	const uint8_t *h;

	rd_skip(&r, skip);
	h = rd_bytes(&r, 3);
	return h && h[0] == 0xaa && h[1] == 0xaa && h[2] == 3;
}

/*
 * Flags, time to live, sequence number, and up to two more addresses (IEEE 802.11, 9.2.4.7.3). The bit that announces
 * them means something else outside of a mesh, and drafts did not set it: what counts is where LLC begins.
 */
static void skip_mesh_header(struct reader *r)
{
	size_t length = rd_left(r) ? MESH_HEADER + (r->p[0] & 3u) * 6 : 0;

	if (length && !is_snap(*r, 0) && is_snap(*r, length))
		rd_skip(r, length);
}

/* A card that decrypts may leave the bit and the initial vector where they are: 4 bytes, 8 for TKIP and CCMP. */
static bool skip_iv(struct reader *r)
{
	size_t length = is_snap(*r, 4) ? 4 : is_snap(*r, 8) ? 8 : 0;

	rd_skip(r, length);
	return length > 0;
}

static void wifi_frame(struct decoder *d, struct packet *p, struct reader *r, unsigned quirks)
{
	const uint8_t *start = r->p, *h = rd_bytes(r, 24), *fourth = NULL, *qos = NULL;
	int swap = (quirks & QUIRK_SWAPPED) != 0;
	uint8_t subtype, flags;

	if (!h) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	subtype = h[swap] >> 4;
	flags = h[1 - swap];
	if ((h[swap] & 0x0f) != WIFI_DATA << 2 || subtype & SUBTYPE_NO_DATA)
		return;
	if ((flags & (WIFI_TO_DS | WIFI_FROM_DS)) == (WIFI_TO_DS | WIFI_FROM_DS))
		fourth = rd_bytes(r, 6);
	if (subtype & SUBTYPE_QOS)
		qos = rd_bytes(r, flags & WIFI_ORDER ? 6 : 2);
	if (quirks & QUIRK_PADDED)
		rd_skip(r, (4 - (size_t)(r->p - start) % 4) % 4);
	if (!rd_ok(r)) {
		packet_fail(p, r, FAULT_LINK);
		return;
	}
	set_macs(p, flags, h, fourth);
	if (quirks & QUIRK_DECRYPTED && flags & WIFI_PROTECTED)
		flags = skip_iv(r) ? (uint8_t)(flags ^ WIFI_PROTECTED) : flags;
	if (flags & (WIFI_PROTECTED | WIFI_MORE_FRAGMENTS) || h[22 + swap] & 0x0f)
		return;
	if (qos)
		skip_mesh_header(r);
	if (qos && qos[0] & QOS_AGGREGATE)
		first_of_aggregate(d, p, r);
	else
		link_llc(d, p, r);
}

void link_wifi(struct decoder *d, struct packet *p, struct reader *r)
{
	wifi_frame(d, p, r, 0);
}

void link_wifi_in_ethernet(struct decoder *d, struct packet *p, struct reader *r)
{
	wifi_frame(d, p, r, QUIRK_DECRYPTED);
}

void link_wifi_in_capwap(struct decoder *d, struct packet *p, struct reader *r)
{
	bool swapped = rd_left(r) >= 2 && (r->p[0] & 0x0f) != WIFI_DATA << 2 && (r->p[1] & 0x0f) == WIFI_DATA << 2;

	wifi_frame(d, p, r, swapped ? QUIRK_SWAPPED : 0);
}

/* The flags field, which comes first but for a time stamp on an 8-byte boundary; 0 when there is none. */
static uint8_t radiotap_flags(struct reader header)
{
	const uint8_t *start = header.p;
	uint32_t present, more;

	rd_skip(&header, 4);
	present = more = rd_le32(&header);
	for (int i = 0; more & RADIOTAP_MORE && i < RADIOTAP_WORDS_MAX; i++)
		more = rd_le32(&header);
	if (present & RADIOTAP_TSFT) {
		rd_skip(&header, (8 - (size_t)(header.p - start) % 8) % 8);
		rd_skip(&header, 8);
	}
	return present & RADIOTAP_FLAGS ? rd_u8(&header) : 0;
}

void link_radiotap(struct decoder *d, struct packet *p, struct reader *r)
{
	struct reader peek = *r, header;
	uint16_t length;
	uint8_t flags;

	rd_skip(&peek, 2);
	length = rd_le16(&peek);
	header = rd_sub(r, length);
	if (!rd_ok(&peek) || !rd_ok(r) || length < 8) {
		packet_fail(p, rd_ok(&peek) ? r : &peek, FAULT_LINK);
		return;
	}
	flags = radiotap_flags(header);
	if (flags & FLAG_BAD_FCS)
		return;
	if (flags & FLAG_FCS && rd_wire(r) >= 4)
		rd_trim(r, rd_wire(r) - 4);
	wifi_frame(d, p, r, flags & FLAG_PADDED ? QUIRK_PADDED : 0);
}

/* Prism: 144 bytes that begin with a message code; some drivers write the AVS header under the same number. */
void link_prism(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	uint32_t length = 144;

	if (h && be16(h) == 0x8021)
		length = be32(h + 4);
	rd_skip(r, length < 8 ? 0 : length - 8);
	wifi_frame(d, p, r, 0);
}

void link_ppi(struct decoder *d, struct packet *p, struct reader *r)
{
	uint16_t length;
	uint32_t link;

	rd_skip(r, 2);
	length = rd_le16(r);
	link = rd_le32(r);
	rd_skip(r, length < 8 ? 0 : length - 8u);
	if (!rd_ok(r))
		packet_fail(p, r, FAULT_LINK);
	else if (link == LINKTYPE_WIFI)
		wifi_frame(d, p, r, 0);
	else if (link == LINKTYPE_ETHERNET)
		link_ethernet(d, p, r);
}
