/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP and RARP for IPv4 over hardware with 48-bit addresses (RFC 826, RFC 903). */
#include "decode/layers.h"

#define HARDWARE_ETHERNET 1

static void arp_addresses(struct arp_header *a, const uint8_t *body)
{
	memcpy(a->sender_mac.b, body, 6);
	a->sender_ip = addr_v4(body + 6);
	memcpy(a->target_mac.b, body + 10, 6);
	a->target_ip = addr_v4(body + 16);
}

void arp_decode(struct decoder *d, struct packet *p, struct reader *r)
{
	const uint8_t *h = rd_bytes(r, 8), *body;

	(void)d;
	if (!h) {
		packet_fail(p, r, FAULT_ARP);
		return;
	}
	if (be16(h + 2) != ETHER_IPV4) /* ARP for something else than IPv4 */
		return;
	if (h[5] != 4 || (h[4] != 6 && be16(h) == HARDWARE_ETHERNET)) {
		packet_bad(p, FAULT_ARP);
		return;
	}
	if (h[4] != 6) /* other hardware (FireWire, InfiniBand) */
		return;
	body = rd_bytes(r, 20);
	if (!body) {
		packet_fail(p, r, FAULT_ARP);
		return;
	}
	p->kind = PACKET_ARP;
	p->arp.operation = be16(h + 6);
	arp_addresses(&p->arp, body);
	packet_payload(p, r);
}
