/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Surrogate IPv4 and TCP headers (RFC 791, RFC 9293). The TCP checksum stays 0: libnids is told not to look at it. */
#include "reassemble/surrogate.h"

#include <string.h>

#define WINDOW_SCALE 14 /* the largest (RFC 7323, section 2.3): nothing is beyond the window */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t ip_checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

/* Client and server address of a generation: its 48 low bits, and something that is never zero. */
static void put_addresses(uint8_t *ip, const struct surrogate *s)
{
	uint8_t client[4], server[4];

	put32(client, (uint32_t)s->generation);
	put16(server, 0x0a00);
	put16(server + 2, (uint32_t)(s->generation >> 32) & 0xffff);
	memcpy(ip + 12, s->side == SIDE_ORIG ? client : server, 4);
	memcpy(ip + 16, s->side == SIDE_ORIG ? server : client, 4);
}

static uint32_t put_tcp(uint8_t *tcp, const struct surrogate *s)
{
	uint32_t options = s->flags & TCP_SYN ? SURROGATE_OPTIONS : 0;

	put16(tcp, s->side == SIDE_ORIG ? 1 : 2);
	put16(tcp + 2, s->side == SIDE_ORIG ? 2 : 1);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + options) / 4 << 4);
	tcp[13] = s->flags;
	put16(tcp + 14, 0xffff);
	put32(tcp + 16, 0);
	if (options)
		put32(tcp + 20, 0x01030300 | WINDOW_SCALE); /* NOP, window scale */
	return 20 + options;
}

uint32_t surrogate_build(const struct surrogate *s, uint8_t *out)
{
	uint32_t length = 20 + put_tcp(out + 20, s);

	if (s->bytes)
		memcpy(out + length, s->bytes, s->n);
	else
		memset(out + length, 0, s->n);
	length += s->n;
	memset(out, 0, 20);
	out[0] = 0x45;
	put16(out + 2, length);
	out[8] = 64;
	out[9] = 6;
	put_addresses(out, s);
	put16(out + 10, ip_checksum(out));
	return length;
}
