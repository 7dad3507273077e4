/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures that ask for more memory than a program should have, the same on every run: floods KIND NUMBER FILE.
 *
 * syn: so many SYNs from forged sources to one server; short: so many complete connections that nobody closes, each
 * from another client; refused: so many SYNs refused by RST, 30 ms apart; holes: so many segments of 200 connections, the first byte of each missing, so everything waits;
 * fragments: so many first fragments whose rest never comes; names: so many DNS queries, each for another name and
 * from another port, half of them answered. Raw IPv4 (LINKTYPE_RAW), checksums left out as by offload.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 20
#define TCP_HEAD 20
#define ROOM 1600
#define FIRST_NS UINT64_C(1700000000000000000)
#define APART_NS 20000
#define REFUSED_APART_NS 30000000

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct flood {
	FILE *out;
	uint64_t now_ns;
	uint8_t packet[ROOM];
};

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static void write_packet(struct flood *f, size_t len)
{
	uint32_t head[4] = { (uint32_t)(f->now_ns / 1000000000), (uint32_t)(f->now_ns % 1000000000), (uint32_t)len,
		(uint32_t)len };

	f->now_ns += APART_NS;
	if (fwrite(head, sizeof(head), 1, f->out) != 1 || fwrite(f->packet, len, 1, f->out) != 1)
		exit(1);
}

static void ip_head(struct flood *f, uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
	memset(f->packet, 0, HEAD);
	f->packet[0] = 0x45;
	put16(f->packet + 2, (unsigned)len);
	f->packet[8] = 64;
	f->packet[9] = proto;
	put32(f->packet + 12, src);
	put32(f->packet + 16, dst);
}

struct end {
	uint32_t ip;
	uint16_t port;
};

static void tcp(struct flood *f, struct end from, struct end to, uint8_t flags, uint32_t seq, uint32_t ack, size_t data)
{
	uint8_t *t = f->packet + HEAD;

	ip_head(f, from.ip, to.ip, 6, HEAD + TCP_HEAD + data);
	memset(t, 0, TCP_HEAD);
	put16(t, from.port);
	put16(t + 2, to.port);
	put32(t + 4, seq);
	put32(t + 8, ack);
	t[12] = 5 << 4;
	t[13] = flags;
	put16(t + 14, 64000);
	write_packet(f, HEAD + TCP_HEAD + data);
}

static const struct end server = { 0xc6336414, 80 }; /* 198.51.100.20 */

static struct end client(uint32_t n)
{
	return (struct end){ 0x0a000000 + n * 2654435761u % 0x1000000, (uint16_t)(1024 + n % 60000) };
}

static void open_connection(struct flood *f, struct end c)
{
	tcp(f, c, server, SYN, 1000, 0, 0);
	tcp(f, server, c, SYN | ACK, 5000, 1001, 0);
	tcp(f, c, server, ACK, 1001, 5001, 0);
}

static void syn(struct flood *f, uint32_t n)
{
	tcp(f, client(n), server, SYN, n * 7919, 0, 0);
}

static void refused(struct flood *f, uint32_t n)
{
	tcp(f, client(n), server, SYN, n * 7919, 0, 0);
	tcp(f, server, client(n), RST | ACK, 0, n * 7919 + 1, 0);
	f->now_ns += REFUSED_APART_NS;
}

static void short_one(struct flood *f, uint32_t n)
{
	open_connection(f, client(n));
	memcpy(f->packet + HEAD + TCP_HEAD, "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n", 37);
	tcp(f, client(n), server, PSH | ACK, 1001, 5001, 37);
}

static void hole(struct flood *f, uint32_t n)
{
	struct end c = client(n % 200);

	if (n < 200)
		open_connection(f, c);
	tcp(f, c, server, PSH | ACK, 1002 + n / 200 * 1400, 5001, 1400);
}

static void fragment(struct flood *f, uint32_t n)
{
	ip_head(f, client(n).ip, server.ip, 17, HEAD + 1480);
	put16(f->packet + 4, n);
	put16(f->packet + 6, 0x2000);
	write_packet(f, HEAD + 1480);
}

static size_t question(uint8_t *d, uint32_t n)
{
	size_t name;

	memset(d, 0, 12);
	put16(d, n);
	d[2] = 1;
	d[5] = 1;
	name = (size_t)sprintf((char *)d + 13, "%012u", n);
	d[12] = (uint8_t)name;
	memcpy(d + 13 + name, "\7example\0\0\1\0\1", 13);
	return 12 + 1 + name + 13;
}

static void name(struct flood *f, uint32_t n)
{
	struct end c = client(n % 5000), dns = { 0xc6336435, 53 };
	uint8_t *udp = f->packet + HEAD;
	size_t len = 8 + question(udp + 8, n);

	c.port = (uint16_t)(1024 + n / 5000 % 60000);
	for (unsigned back = 0; back <= n % 2; back++) {
		ip_head(f, back ? dns.ip : c.ip, back ? c.ip : dns.ip, 17, HEAD + len);
		memset(udp, 0, 8);
		put16(udp, back ? dns.port : c.port);
		put16(udp + 2, back ? c.port : dns.port);
		put16(udp + 4, (unsigned)len);
		if (back) {
			udp[10] = 0x81;
			udp[11] = 0x83; /* no such name */
		}
		write_packet(f, HEAD + len);
	}
}

int main(int argc, char **argv)
{
	static const struct kind {
		const char *name;
		void (*one)(struct flood *f, uint32_t n);
	} kinds[] = { { "syn", syn }, { "short", short_one }, { "refused", refused }, { "holes", hole }, { "fragments", fragment },
		{ "names", name } };
	static const uint32_t head[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 101 };
	struct flood f = { .now_ns = FIRST_NS };
	uint32_t number = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; number && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		f.out = fopen(argv[3], "wb");
		if (!f.out || fwrite(head, sizeof(head), 1, f.out) != 1)
			break;
		for (uint32_t n = 0; n < number; n++)
			kinds[i].one(&f, n);
		return fclose(f.out) == 0 ? 0 : 1;
	}
	fprintf(stderr, "usage: floods syn|short|refused|holes|fragments|names NUMBER FILE\n");
	return 2;
}
