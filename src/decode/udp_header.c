/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP header (RFC 768). */
#include "decode/layers.h"

/* A length that was wrong further out is the more telling fault. */
static void udp_too_long(struct packet *p)
{
	if (!p->fault)
		p->fault = FAULT_UDP_LENGTH;
}

void udp_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8);
	uint16_t length;

	if (!h) {
		packet_fail(p, r, FAULT_UDP_LENGTH);
		return;
	}
	length = be16(h + 4);
	/* Longer than its packet: whatever the reason, there is a datagram between these ports. 0 is right in a jumbogram (RFC 2675, section 4) and is left by segmentation offload. */
	if (length == 0 && p->ip_len_zero)
		length = 8;
	else if (length < 8) {
		packet_bad(p, FAULT_UDP_LENGTH);
		return;
	} else if (length - 8u > rd_wire(r) && p->more_fragments)
		r->lost += length - 8u - rd_wire(r);
	else if (length - 8u > rd_wire(r))
		udp_too_long(p);
	else
		rd_trim(r, length - 8u);
	p->kind = PACKET_UDP;
	p->transport = h;
	p->sport = be16(h);
	p->dport = be16(h + 2);
	packet_payload(p, r);
	tunnel_udp(d, p, r);
}
