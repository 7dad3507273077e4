/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text into packets, line by line: see scenario.h. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario_words.h"

#define PACKETS_MAX 4096

struct end { /* one side of the conversation */
	struct addr addr;
	struct mac mac;
	uint16_t port, ip_id;
	uint32_t isn, next; /* next: relative */
	uint8_t ttl;
	struct packet last;
};

struct scenario {
	int count;
	struct frame frames[PACKETS_MAX];
	struct packet packets[PACKETS_MAX];
	struct end ends[2];
	int64_t clock_ns;
	struct words words; /* of the line at hand */
};

static void __attribute__((noreturn)) bad(const struct scenario *s, const char *why)
{
	words_bad(&s->words, why);
}

static void read_end(struct scenario *s, struct end *e)
{
	char text[64];
	char *colon;

	text_copy(text, sizeof(text), next_word(&s->words));
	colon = strrchr(text, ':');
	if (!colon)
		bad(s, "no port");
	*colon = '\0';
	e->next = 0;
	e->port = (uint16_t)atoi(colon + 1);
	if (!addr_parse(text, &e->addr))
		bad(s, "not an address");
}

static uint8_t read_flags(struct scenario *s)
{
	static const char letters[] = "FSRPAUEC";
	const char *word = next_word(&s->words);
	unsigned flags = 0;

	for (; *word && *word != '-'; word++) {
		const char *at = strchr(letters, *word);

		if (!at)
			bad(s, "unknown flag");
		flags |= 1u << (at - letters);
	}
	return (uint8_t)flags;
}

static void read_option(struct scenario *s, struct packet *p, const struct end *peer, char *option)
{
	struct tcp_header *t = &p->tcp;
	unsigned a = 0, b = 0;

	option += strspn(option, " ");
	if (sscanf(option, "mss %u", &a) == 1) {
		t->mss = (uint16_t)a;
	} else if (sscanf(option, "wscale %u", &a) == 1) {
		t->window_scale = (int8_t)a;
	} else if (strcmp(option, "sackOK") == 0) {
		t->sack_permitted = true;
	} else if (sscanf(option, "ts %u %u", &a, &b) >= 1) {
		t->has_timestamps = true;
		t->ts_value = a;
		t->ts_echo = b;
	} else if (sscanf(option, "sack %u-%u", &a, &b) == 2 && t->sack_count < SACK_BLOCKS_MAX) {
		t->sack_left[t->sack_count] = peer->isn + a;
		t->sack_right[t->sack_count++] = peer->isn + b;
	} else {
		bad(s, "unknown option");
	}
}

static void read_options(struct scenario *s, struct packet *p, const struct end *peer, char *list)
{
	char *save = NULL;

	for (char *o = strtok_r(list, ",", &save); o; o = strtok_r(NULL, ",", &save))
		read_option(s, p, peer, o);
}

static void read_sum(struct scenario *s, struct packet *p)
{
	const char *word = next_word(&s->words);

	if (strcmp(word, "bad") == 0)
		p->checksum = CHECKSUM_BAD;
	else if (strcmp(word, "partial") == 0)
		p->checksum = CHECKSUM_PARTIAL;
	else if (strcmp(word, "good") != 0)
		bad(s, "unknown checksum");
}

/* Sets what every packet of a line may carry; false: the word is none of these. */
static bool read_common(struct scenario *s, struct packet *p, struct frame *f, const char *word)
{
	if (strcmp(word, "id") == 0) {
		p->ip_id = (uint16_t)next_number(&s->words);
	} else if (strcmp(word, "ttl") == 0) {
		p->ttl = (uint8_t)next_number(&s->words);
	} else if (strcmp(word, "vlan") == 0) {
		p->vlans[p->vlan_count++] = (uint16_t)next_number(&s->words);
	} else if (strcmp(word, "mac") == 0) {
		p->mac_src = next_mac(&s->words);
	} else if (strcmp(word, "to") == 0) {
		p->mac_dst = next_mac(&s->words);
	} else if (strcmp(word, "if") == 0) {
		p->interface = next_number(&s->words);
	} else if (strcmp(word, "source") == 0) {
		f->source = (uint16_t)next_number(&s->words);
	} else if (strcmp(word, "nodf") == 0) {
		p->df = false;
	} else if (strcmp(word, "sum") == 0) {
		read_sum(s, p);
	} else if (strcmp(word, "cut") == 0) {
		p->payload_len = next_number(&s->words);
	} else {
		return false;
	}
	return true;
}

/* Bytes follow from their numbers; `text` overrides. The frame owns them. */
static void fill_payload(struct packet *p, struct frame *f, uint32_t first, const char *text)
{
	uint8_t *bytes;

	if (!p->payload_wire)
		return;
	bytes = xmalloc(p->payload_wire);
	for (uint32_t i = 0; i < p->payload_wire; i++)
		bytes[i] = text ? (uint8_t)text[i] : (uint8_t)('a' + (first + i) % 26 + (first + i) / 26 % 7);
	f->data = bytes;
	p->payload = bytes;
	if (p->payload_len == UINT32_MAX || p->payload_len > p->payload_wire)
		p->payload_len = p->payload_wire;
}

static void read_tcp(struct scenario *s, struct packet *p, struct frame *f, struct end *own, const struct end *peer)
{
	struct tcp_header *t = &p->tcp;
	const char *text = NULL;
	uint32_t from, to, len;
	bool ack_given = false, zeros = false;

	t->flags = read_flags(s);
	t->window = 65535;
	t->window_scale = -1;
	t->header_len = 20;
	t->seq = own->next;
	while (s->words.at < s->words.count) {
		const char *word = next_word(&s->words);

		if (sscanf(word, "%u:%u(%u)", &from, &to, &len) == 3) {
			t->seq = from;
			p->payload_wire = len;
		} else if (strcmp(word, "seq") == 0) {
			t->seq = next_number(&s->words);
		} else if (strcmp(word, "len") == 0) {
			p->payload_wire = next_number(&s->words);
		} else if (strcmp(word, "ack") == 0) {
			t->ack = next_number(&s->words);
			ack_given = true;
		} else if (strcmp(word, "win") == 0) {
			t->window = (uint16_t)next_number(&s->words);
		} else if (strcmp(word, "isn") == 0) {
			own->isn = next_number(&s->words);
		} else if (strcmp(word, "reserved") == 0) {
			t->reserved = (uint8_t)next_number(&s->words);
		} else if (strcmp(word, "zeros") == 0) {
			zeros = true;
		} else if (strcmp(word, "data") == 0) {
			text = next_word(&s->words) + 1;
			p->payload_wire = (uint32_t)strlen(text);
		} else if (word[0] == '<') {
			read_options(s, p, peer, s->words.list[s->words.at - 1] + 1);
		} else if (!read_common(s, p, f, word)) {
			bad(s, "unknown word");
		}
	}
	if (!ack_given && (t->flags & TCP_ACK))
		t->ack = peer->next;
	fill_payload(p, f, t->seq, text);
	if (zeros)
		memset((void *)(uintptr_t)p->payload, 0, p->payload_wire);
	to = t->seq + p->payload_wire + ((t->flags & TCP_SYN) != 0) + ((t->flags & TCP_FIN) != 0);
	if ((int32_t)(to - own->next) > 0)
		own->next = to;
	t->seq += own->isn;
	if (t->flags & TCP_ACK)
		t->ack += peer->isn;
	p->ip_len = 40 + p->payload_wire;
}

static void read_datagram(struct scenario *s, struct packet *p, struct frame *f)
{
	const char *text = NULL;

	p->payload_wire = next_number(&s->words);
	while (s->words.at < s->words.count) {
		const char *word = next_word(&s->words);

		if (strcmp(word, "data") == 0) {
			text = next_word(&s->words) + 1;
			p->payload_wire = (uint32_t)strlen(text);
		} else if (!read_common(s, p, f, word)) {
			bad(s, "unknown word");
		}
	}
	fill_payload(p, f, (uint32_t)s->count * 3, text);
	p->ip_len = 28 + p->payload_wire;
}

static void quote(struct quoted_packet *q, const struct packet *p)
{
	*q = (struct quoted_packet){ .src = p->src,
		.dst = p->dst,
		.sport = p->sport,
		.dport = p->dport,
		.proto = p->proto,
		.ttl = p->ttl,
		.ip_id = p->ip_id,
		.whole = true };
	if (p->kind == PACKET_TCP)
		q->seq = p->tcp.seq;
}

/* icmp FROM TYPE/CODE of > */
static void read_icmp(struct scenario *s, struct packet *p, struct frame *f)
{
	unsigned type, code;
	const struct end *of;

	p->kind = PACKET_ICMP;
	p->src = next_addr(&s->words);
	p->proto = addr_is_v4(&p->src) ? 1 : 58;
	p->ttl = 64;
	if (sscanf(next_word(&s->words), "%u/%u", &type, &code) != 2)
		bad(s, "no type and code");
	p->icmp.type = (uint8_t)type;
	p->icmp.code = (uint8_t)code;
	while (s->words.at < s->words.count) {
		const char *word = next_word(&s->words);

		if (strcmp(word, "of") == 0) {
			of = &s->ends[next_word(&s->words)[0] == '>' ? 0 : 1];
			p->dst = of->addr;
			quote(&p->icmp.quoted, &of->last);
		} else if (strcmp(word, "dst") == 0) {
			p->dst = next_addr(&s->words);
		} else if (strcmp(word, "mtu") == 0) {
			p->icmp.mtu = (uint16_t)next_number(&s->words);
		} else if (!read_common(s, p, f, word)) {
			bad(s, "unknown word");
		}
	}
}

/* arp A asks B, arp A answers B */
static void read_arp(struct scenario *s, struct packet *p, struct frame *f)
{
	const char *word;

	p->kind = PACKET_ARP;
	p->arp.sender_ip = next_addr(&s->words);
	word = next_word(&s->words);
	p->arp.operation = strcmp(word, "answers") == 0 ? 2 : 1;
	p->arp.target_ip = next_addr(&s->words);
	if (p->arp.operation == 1)
		memset(p->mac_dst.b, 0xff, 6);
	while (s->words.at < s->words.count) {
		word = next_word(&s->words);
		if (!read_common(s, p, f, word))
			bad(s, "unknown word");
	}
	p->arp.sender_mac = p->mac_src;
	if (p->arp.operation == 2)
		p->arp.target_mac = p->mac_dst;
}

static void read_sent(struct scenario *s, struct packet *p, struct frame *f, int side)
{
	struct end *own = &s->ends[side], *peer = &s->ends[!side];

	p->src = own->addr;
	p->dst = peer->addr;
	p->sport = own->port;
	p->dport = peer->port;
	p->mac_src = own->mac;
	p->mac_dst = peer->mac;
	p->ttl = own->ttl;
	p->ip_id = own->ip_id++;
	if (strcmp(s->words.list[s->words.at], "UDP") == 0) {
		s->words.at++;
		p->kind = PACKET_UDP;
		p->proto = 17;
		read_datagram(s, p, f);
	} else if (strcmp(s->words.list[s->words.at], "ESP") == 0) {
		s->words.at++;
		p->kind = PACKET_IP;
		p->proto = 50;
		p->sport = p->dport = 0;
		read_datagram(s, p, f);
	} else {
		p->kind = PACKET_TCP;
		p->proto = 6;
		read_tcp(s, p, f, own, peer);
	}
	own->last = *p;
}

static void read_packet(struct scenario *s)
{
	struct packet *p = &s->packets[s->count];
	struct frame *f = &s->frames[s->count];
	char *end;
	double at = strtod(s->words.list[0], &end);
	const char *what;

	if (*end)
		bad(s, "neither a time nor a word that is known");
	if (s->count == PACKETS_MAX)
		bad(s, "too many packets");
	s->words.at = 1;
	f->ts_ns = SCENARIO_EPOCH_NS + (int64_t)(at * 1e9 + (at < 0 ? -0.5 : 0.5));
	if (f->ts_ns > s->clock_ns)
		s->clock_ns = f->ts_ns;
	f->clock_ns = s->clock_ns;
	f->number = f->order = (uint64_t)++s->count;
	f->link_type = 1;
	*p = (struct packet){ .frame = f,
		.ts_ns = f->ts_ns,
		.clock_ns = f->clock_ns,
		.has_macs = true,
		.sll_type = 255,
		.df = true,
		.has_ip_id = true,
		.checksum = CHECKSUM_GOOD,
		.payload_len = UINT32_MAX };
	what = next_word(&s->words);
	if (strcmp(what, "icmp") == 0)
		read_icmp(s, p, f);
	else if (strcmp(what, "arp") == 0)
		read_arp(s, p, f);
	else if (*what == '>' || *what == '<')
		read_sent(s, p, f, *what == '<');
	else
		bad(s, "no direction");
	if (!p->payload_wire)
		p->payload_len = 0;
	f->captured = 14 + p->ip_len - p->payload_wire + p->payload_len;
	f->on_wire = 14 + p->ip_len;
}

static void read_line(struct scenario *s, char *line)
{
	char *copy = xstrdup(line);

	s->words.line = line;
	words_split(&s->words, copy);
	if (s->words.count == 0) {
		free(copy);
		return;
	}
	s->words.at = 1;
	if (strcmp(s->words.list[0], "client") == 0)
		read_end(s, &s->ends[0]);
	else if (strcmp(s->words.list[0], "server") == 0)
		read_end(s, &s->ends[1]);
	else
		read_packet(s);
	free(copy);
}

static struct end usual_end(const char *addr, uint16_t port, uint32_t isn, uint8_t ttl, uint8_t mac)
{
	struct end e = {
		.mac = { { 2, 0, 0, 0, 0, mac } }, .port = port, .isn = isn, .ttl = ttl, .ip_id = (uint16_t)(mac * 1000)
	};

	addr_parse(addr, &e.addr);
	return e;
}

struct scenario *scenario_read(const char *text)
{
	struct scenario *s = xcalloc(1, sizeof(*s));
	char *all = xstrdup(text), *save = NULL;

	s->clock_ns = INT64_MIN;
	s->ends[0] = usual_end("10.0.0.1", 40000, 1000, 64, 1);
	s->ends[1] = usual_end("10.0.0.2", 80, 500000, 60, 2);
	for (char *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		read_line(s, line);
	free(all);
	return s;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->frames[i].data);
	free(s);
}

int scenario_count(const struct scenario *s)
{
	return s->count;
}

const struct packet *scenario_packet(const struct scenario *s, int i)
{
	return &s->packets[i];
}
