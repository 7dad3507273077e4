/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nearly every frame is: Ethernet, IPv4 without options or fragments, TCP, all of it captured and nothing in it
 * contradicting itself. Read at once; any other goes layer by layer, with the same result where both could be asked.
 */
#include "capture/capture.h"
#include "decode/fields.h"

#define ETHERNET_SIZE 14
#define IP_SIZE 20
#define TCP_SIZE 20

static inline bool is_plain(const uint8_t *ip, uint32_t captured)
{
	const uint8_t *tcp = ip + IP_SIZE;
	size_t total, tcp_len;

	if (be16(ip - 2) != ETHER_IPV4 || ip[0] != 0x45 || (be16(ip + 6) & (IPV4_MF | IPV4_OFFSET)) || ip[9] != IP_TCP)
		return false;
	total = be16(ip + 2);
	tcp_len = (size_t)(tcp[12] >> 4) * 4;
	return tcp_len >= TCP_SIZE && IP_SIZE + tcp_len <= total && ETHERNET_SIZE + total <= captured;
}

static __attribute__((noinline)) void other_options(struct packet *p)
{
	size_t n = p->tcp.header_len - TCP_SIZE;
	struct reader r = rd_make(p->transport + TCP_SIZE, n, n);

	tcp_options(p, &r);
}

/* What is so for every plain packet. Each field by itself: to clear them all first takes longer. */
static inline void plain_begin(struct packet *p, const struct frame *f)
{
	p->frame = f;
	p->ts_ns = f->ts_ns;
	p->clock_ns = f->clock_ns;
	p->verdict = PACKET_OK;
	p->fault = FAULT_NONE;
	p->plain = p->has_macs = true;
	p->sll_type = SLL_TYPE_NONE;
	p->interface = 0;
	p->ether_type = ETHER_IPV4;
	p->vlan_count = p->tunnel_count = 0;
	p->is_fragment = p->more_fragments = p->source_routed = p->ip_len_zero = false;
	p->fragment_offset = 0;
	p->checksum = CHECKSUM_UNKNOWN;
	p->payload_sum.known = false;
}

bool plain_decode(struct packet *p, const struct frame *f)
{
	const uint8_t *ethernet = f->data, *ip, *tcp;
	size_t options;

	if (f->captured < ETHERNET_SIZE + IP_SIZE + TCP_SIZE)
		return false;
	ip = ethernet + ETHERNET_SIZE;
	tcp = ip + IP_SIZE;
	if (!is_plain(ip, f->captured))
		return false;
	plain_begin(p, f);
	memcpy(p->mac_dst.b, ethernet, 6);
	memcpy(p->mac_src.b, ethernet + 6, 6);
	p->ip_len = be16(ip + 2);
	ip4_fields(p, ip);
	tcp_fields(p, tcp);
	options = p->tcp.header_len - TCP_SIZE;
	p->payload = tcp + TCP_SIZE + options;
	p->payload_len = p->payload_wire = (uint32_t)(p->ip_len - IP_SIZE - TCP_SIZE - options);
	if (options && !tcp_only_timestamps(&p->tcp, tcp + TCP_SIZE, options))
		other_options(p);
	return true;
}
