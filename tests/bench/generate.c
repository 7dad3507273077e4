/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures for the bench, the same on every run: generate mixed|small|short PACKETS-OR-CONNECTIONS FILE.
 *
 * mixed: 20,000 connections open at once, TLS and HTTP, whose packets come in random order, about 496 bytes each;
 * small: 5,000 long conversations of 90-byte packets; short: so many connections of one HTTP transaction each.
 * Sequence numbers and checksums are right: nothing in these files gives anyone a reason to complain.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define HEADERS 54 /* Ethernet, IPv4, TCP */
#define SEGMENT 1460
#define FILL_ROOM 65536
#define FIRST_NS UINT64_C(1700000000000000000)

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

enum content {
	NOTHING,
	CLIENT_HELLO,
	SERVER_HELLO,
	TLS_DATA, /* a record header, then noise */
	NOISE,
	GET,
	RESPONSE, /* head, then noise as body */
};

/* One packet, or as many as `times` says in turns with the steps of its group. */
struct step {
	uint8_t side, flags, content;
	uint16_t len;
	uint8_t again; /* go back so many steps */
	uint8_t times; /* so often; 0: never */
};

static const struct step tls[] = {
	{ 0, SYN }, { 1, SYN | ACK }, { 0, ACK },
	{ 0, PSH | ACK, CLIENT_HELLO, 517 }, { 1, ACK },
	{ 1, ACK, SERVER_HELLO, 1460 }, { 1, PSH | ACK, NOISE, 1100 }, { 0, ACK },
	{ 0, PSH | ACK, TLS_DATA, 74 },
	{ 0, PSH | ACK, TLS_DATA, 300 }, { 1, PSH | ACK, TLS_DATA, 900 }, { 0, ACK, .again = 2, .times = 6 },
	{ 0, PSH | ACK, TLS_DATA, 260 }, { 1, PSH | ACK, TLS_DATA, 1460 }, { 1, PSH | ACK, TLS_DATA, 1460 },
	{ 0, ACK, .again = 2, .times = 11 },
	{ 1, PSH | ACK, TLS_DATA, 40 }, { 0, PSH | ACK, TLS_DATA, 40, .again = 1, .times = 20 },
	{ 0, FIN | ACK }, { 1, FIN | ACK }, { 0, ACK },
};

static const struct step http[] = {
	{ 0, SYN }, { 1, SYN | ACK }, { 0, ACK },
	{ 0, PSH | ACK, GET, 380 }, { 1, ACK },
	{ 1, PSH | ACK, RESPONSE, 1460 }, { 0, ACK, .again = 3, .times = 18 },
	{ 0, PSH | ACK, GET, 210 }, { 1, PSH | ACK, RESPONSE, 240 }, { 0, ACK, .again = 2, .times = 8 },
	{ 0, FIN | ACK }, { 1, FIN | ACK }, { 0, ACK },
};

static const struct step chat[] = {
	{ 0, SYN }, { 1, SYN | ACK }, { 0, ACK },
	{ 0, PSH | ACK, NOISE, 36 }, { 1, PSH | ACK, NOISE, 36, .again = 1, .times = 255 },
	{ 1, PSH | ACK, NOISE, 36, .again = 2, .times = 200 },
	{ 0, FIN | ACK }, { 1, FIN | ACK }, { 0, ACK },
};

static const struct step once[] = {
	{ 0, SYN }, { 1, SYN | ACK }, { 0, ACK },
	{ 0, PSH | ACK, GET, 120 }, { 1, PSH | ACK, RESPONSE, 390 },
	{ 0, FIN | ACK }, { 1, FIN | ACK }, { 0, ACK },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define STEPS_MAX 32

struct script {
	const struct step *steps;
	size_t count;
	uint16_t port;
};

static const struct script scripts_mixed[] = { { tls, COUNT(tls), 443 }, { http, COUNT(http), 80 } };
static const struct script scripts_small[] = { { chat, COUNT(chat), 9000 } };
static const struct script scripts_short[] = { { once, COUNT(once), 80 } };

struct workload {
	const char *name;
	const struct script *scripts;
	uint32_t script_count, open, apart_ns;
	uint32_t servers, clients;
	int counts_connections;
};

static const struct workload workloads[] = {
	{ "mixed", scripts_mixed, COUNT(scripts_mixed), 20000, 5000, 400, 5000, 0 },
	{ "small", scripts_small, COUNT(scripts_small), 5000, 2000, 50, 1000, 0 },
	{ "short", scripts_short, COUNT(scripts_short), 500, 10000, 60, 20000, 1 },
};

struct connection {
	const struct script *script;
	uint32_t number, at; /* which connection; its step */
	uint32_t client, server, seq[2];
	uint16_t port;
	uint8_t done[STEPS_MAX]; /* how often each step went back */
};

struct generator {
	const struct workload *w;
	FILE *out;
	uint64_t random, packets, bytes, now_ns;
	uint32_t begun;
	uint8_t fill[FILL_ROOM];
	uint8_t frame[HEADERS + SEGMENT];
};

static uint32_t draw(struct generator *g)
{
	g->random = g->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(g->random >> 33);
}

static void put16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static void put32(uint8_t *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b + 2, v & 0xffff);
}

static void begin(struct generator *g, struct connection *c)
{
	uint32_t n = g->begun++;

	memset(c, 0, sizeof(*c));
	c->script = &g->w->scripts[n % g->w->script_count];
	c->number = n;
	c->client = 0x0a000000 + n % g->w->clients + 1;
	c->server = 0xc6120000 + draw(g) % g->w->servers + 1;
	c->port = (uint16_t)(32768 + n / g->w->clients % 28000);
	c->seq[0] = draw(g);
	c->seq[1] = draw(g);
}

/* A ClientHello of TLS 1.3 with a server name, or its ServerHello, both filled up by a padding extension. */
static void put_hello(struct generator *g, const struct connection *c, uint8_t *b, uint16_t len, int server)
{
	static const uint8_t ciphers[] = { 0, 6, 0x13, 1, 0x13, 2, 0x13, 3, 1, 0 }, chosen[] = { 0x13, 1, 0 };
	static const uint8_t versions[] = { 0, 43, 0, 3, 2, 3, 4 }, version[] = { 0, 43, 0, 2, 3, 4 };
	uint16_t record = server ? 128 : (uint16_t)(len - 5), at = 0;
	uint8_t *extensions;
	char name[20];
	int n;

	put16(b, 0x1603);
	put16(b + 2, 0x0300u | (record >> 8));
	b[2] = 3;
	put16(b + 3, record);
	put32(b + 5, (uint32_t)(server ? 2 : 1) << 24 | (record - 4u));
	put16(b + 9, 0x0303);
	for (at = 11; at < 43; at = (uint16_t)(at + 4))
		put32(b + at, draw(g));
	b[at++] = 0;
	memcpy(b + at, server ? chosen : ciphers, server ? sizeof(chosen) : sizeof(ciphers));
	at = (uint16_t)(at + (server ? sizeof(chosen) : sizeof(ciphers)));
	extensions = b + at;
	at = (uint16_t)(at + 2);
	if (server) {
		memcpy(b + at, version, sizeof(version));
		at = (uint16_t)(at + sizeof(version));
	} else {
		n = snprintf(name, sizeof(name), "h%u.example", c->server & 0xffff);
		put32(b + at, (uint32_t)n + 5);
		put16(b + at + 4, (uint32_t)n + 3);
		b[at + 6] = 0;
		put16(b + at + 7, (uint32_t)n);
		memcpy(b + at + 9, name, (size_t)n);
		at = (uint16_t)(at + 9 + n);
		memcpy(b + at, versions, sizeof(versions));
		at = (uint16_t)(at + sizeof(versions));
	}
	put32(b + at, 21u << 16 | (uint32_t)(record + 5 - at - 4));
	memset(b + at + 4, 0, (size_t)(record + 5 - at - 4));
	put16(extensions, (uint32_t)(b + record + 5 - extensions - 2));
	if (!server)
		return;
	/* The rest of the flight is one encrypted record that goes on in the next segment. */
	memcpy(b + 133, "\x17\x03\x03", 3);
	put16(b + 136, len - 138u + 1100);
}

static void put_payload(struct generator *g, const struct connection *c, const struct step *s, uint8_t *b)
{
	char head[128];
	int n;

	memcpy(b, g->fill + draw(g) % (FILL_ROOM - SEGMENT), s->len);
	switch ((enum content)s->content) {
	case TLS_DATA:
		memcpy(b, "\x17\x03\x03", 3);
		put16(b + 3, s->len - 5u);
		break;
	case CLIENT_HELLO:
	case SERVER_HELLO:
		put_hello(g, c, b, s->len, s->content == SERVER_HELLO);
		break;
	case GET:
		n = snprintf(head, sizeof(head), "GET /%u HTTP/1.1\r\nHost: h%u.example\r\nX: ", c->at, c->server & 0xffff);
		memset(b, 'a', s->len);
		memcpy(b, head, (size_t)n);
		memcpy(b + s->len - 4, "\r\n\r\n", 4);
		break;
	case RESPONSE:
		n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %4u\r\n\r\n", s->len - 41u);
		memcpy(b, head, (size_t)n);
		break;
	case NOISE:
	case NOTHING:
		break;
	}
}

static uint32_t sum(const uint8_t *b, size_t n, uint32_t s)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		s += (uint32_t)(b[i] << 8 | b[i + 1]);
	return n & 1 ? s + (uint32_t)(b[n - 1] << 8) : s;
}

static uint32_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

static void put_headers(struct generator *g, const struct connection *c, const struct step *s, uint32_t payload)
{
	uint8_t *f = g->frame, *ip = f + 14, *tcp = f + 34;
	uint32_t from = s->side ? c->server : c->client, to = s->side ? c->client : c->server;

	memset(f, 0, HEADERS);
	memcpy(f, s->side ? "\x02\0\0\0\0\1\x02\0\0\0\0\2" : "\x02\0\0\0\0\2\x02\0\0\0\0\1", 12);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 40 + payload);
	put16(ip + 4, (uint32_t)g->packets & 0xffff);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + 12, from);
	put32(ip + 16, to);
	put16(ip + 10, folded(sum(ip, 20, 0)));
	put16(tcp, s->side ? c->script->port : c->port);
	put16(tcp + 2, s->side ? c->port : c->script->port);
	put32(tcp + 4, c->seq[s->side]);
	put32(tcp + 8, s->flags & ACK ? c->seq[!s->side] : 0);
	tcp[12] = 0x50;
	tcp[13] = s->flags;
	put16(tcp + 14, 65000);
	put16(tcp + 16, folded(sum(tcp, 20 + payload, sum(ip + 12, 8, 6 + 20 + payload))));
}

static void emit(struct generator *g, struct connection *c, const struct step *s)
{
	uint32_t payload = s->content == NOTHING ? 0 : s->len, length = HEADERS + payload;
	uint32_t wire = length < 60 ? 60 : length;
	uint32_t head[4] = { (uint32_t)(g->now_ns / 1000000000), (uint32_t)(g->now_ns % 1000000000 / 1000), wire, wire };

	if (payload)
		put_payload(g, c, s, g->frame + HEADERS);
	put_headers(g, c, s, payload);
	if (wire > length)
		memset(g->frame + length, 0, wire - length);
	fwrite(head, sizeof(head), 1, g->out);
	fwrite(g->frame, wire, 1, g->out);
	c->seq[s->side] += payload + !!(s->flags & (SYN | FIN));
	g->packets++;
	g->bytes += wire;
	g->now_ns += g->w->apart_ns;
}

/* The next packet of a connection. 0: it was the last. */
static int advance(struct generator *g, struct connection *c)
{
	const struct step *s = &c->script->steps[c->at];

	emit(g, c, s);
	if (s->times && c->done[c->at] < s->times) {
		c->done[c->at]++;
		c->at -= s->again;
	} else {
		c->done[c->at] = 0;
		c->at++;
	}
	return c->at < c->script->count;
}

static void generate(struct generator *g, uint64_t limit)
{
	struct connection *open = calloc(g->w->open, sizeof(*open));
	uint32_t n = g->w->open;

	for (uint32_t i = 0; i < n; i++)
		begin(g, &open[i]);
	while (n && (g->w->counts_connections || g->packets < limit)) {
		uint32_t i = draw(g) % n;

		if (advance(g, &open[i]))
			continue;
		if (g->w->counts_connections && g->begun >= limit)
			open[i] = open[--n];
		else
			begin(g, &open[i]);
	}
	free(open);
}

int main(int argc, char **argv)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 262144, 1 };
	static struct generator g = { .random = 1, .now_ns = FIRST_NS };

	for (size_t i = 0; argc == 4 && i < COUNT(workloads); i++)
		if (strcmp(argv[1], workloads[i].name) == 0)
			g.w = &workloads[i];
	g.out = g.w ? fopen(argv[3], "w") : NULL;
	if (!g.out) {
		fprintf(stderr, "usage: generate mixed|small|short NUMBER FILE\n");
		return 2;
	}
	setvbuf(g.out, NULL, _IOFBF, 1 << 20);
	for (int i = 0; i < FILL_ROOM; i++)
		g.fill[i] = (uint8_t)draw(&g);
	fwrite(header, sizeof(header), 1, g.out);
	generate(&g, strtoull(argv[2], NULL, 10));
	if (ferror(g.out) | fclose(g.out)) {
		perror(argv[3]);
		return 1;
	}
	printf("%s: %llu packets, %.0f bytes each, %u connections\n", argv[3], (unsigned long long)g.packets,
		(double)g.bytes / (double)g.packets, g.begun);
	return 0;
}
