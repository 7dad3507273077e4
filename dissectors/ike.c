/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE (RFC 2408 and 2409 for version 1, RFC 7296 for 2) on ports 500 and 4500, there with ESP between it (RFC 3948).
 * Headers are in clear for the whole life, payloads only in the first exchange: who asked, who answered, which request
 * is repeated, and why a first exchange was refused.
 */
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/when.h"
#include "dissectors/counter_track.h"
#include "dissectors/ike_names.h"
#include "dissectors/tunnel_life.h"

#define IKE_HEADER_LEN 28
#define IKE_PAYLOADS_MAX 32
/* An IKE_AUTH answer with identity, proof and traffic selectors is longer than this in every suite; one with nothing
 * but a NOTIFY is not (RFC 7296, section 2.21.2). */
#define IKE_AUTH_REFUSAL_MAX 100
#define IKE_V1_INFORMS 2

enum ike_flag {
	IKE_V1_ENCRYPTED = 0x01,
	IKE_INITIATOR = 0x08,
	IKE_RESPONSE = 0x20,
};

enum ike_exchange {
	IKE_V1_MAIN = 2,
	IKE_V1_AGGRESSIVE = 4,
	IKE_V1_INFORMATIONAL = 5,
	IKE_V1_QUICK = 32,
	IKE_SA_INIT = 34,
	IKE_AUTH = 35,
	IKE_CREATE_CHILD = 36,
	IKE_INFORMATIONAL = 37,
};

enum ike_payload {
	IKE_V1_NOTIFY = 11,
	IKE_NOTIFY = 41,
	IKE_FRAGMENT = 53, /* RFC 7383 */
};

struct ike_header {
	uint8_t spi[2][8];
	uint8_t next, version, exchange, flags;
	uint32_t id;
	size_t at, len; /* of the message in the chunk */
};

/* What one side asked last and whether it was answered. */
struct ike_request {
	bool open, answered;
	uint8_t exchange;
	uint32_t id;
};

struct ike_state {
	struct tunnel_life life;
	uint8_t spi[8]; /* of the initiator */
	bool has_spi;
	struct ike_request request[2];
	bool invalid_ke;    /* asked for another group once */
	uint32_t hash_init; /* of the last IKE_SA_INIT request, to know it again */
	bool init_answered;
	uint32_t quick_id;   /* of the last quick mode */
	uint32_t informs_v1; /* encrypted notifications since the last new step */
	uint32_t hash_v1[2]; /* of each side's last message of version 1, to know it again */
	uint32_t esp_spi[2];
	struct counter_track esp[2];
};

static bool is_known(uint8_t version, uint8_t exchange)
{
	if (version >> 4 == 2)
		return exchange >= IKE_SA_INIT && exchange <= 44;
	if (version >> 4 == 1)
		return (exchange >= 1 && exchange <= 6) || (exchange >= IKE_V1_QUICK && exchange <= 33);
	return false;
}

/* Port 4500 has four zeros before IKE; ESP has its SPI there, which is never 0. */
static bool read_header(const struct chunk *c, struct ike_header *h)
{
	static const uint8_t zeros[8];
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint32_t length;

	h->at = c->len >= 4 && memcmp(c->data, zeros, 4) == 0 ? 4 : 0;
	rd_skip(&r, h->at);
	for (int i = 0; i < 2; i++) {
		const uint8_t *spi = rd_bytes(&r, 8);

		memcpy(h->spi[i], spi ? spi : zeros, 8);
	}
	h->next = rd_u8(&r);
	h->version = rd_u8(&r);
	h->exchange = rd_u8(&r);
	h->flags = rd_u8(&r);
	h->id = rd_u32(&r);
	length = rd_u32(&r);
	h->len = length;
	return rd_ok(&r) && is_known(h->version, h->exchange) && length >= IKE_HEADER_LEN &&
	       length == c->on_wire - h->at && memcmp(h->spi[0], zeros, 8) != 0;
}

static bool is_keepalive(const struct chunk *c)
{
	return c->on_wire == 1 && c->len == 1 && c->data[0] == 0xff;
}

static enum recognition ike_recognise(const struct chunk *c)
{
	struct ike_header h;

	if (read_header(c, &h))
		return RECOGNISE_YES;
	/* Port 4500 may carry ESP, or a keep-alive, for hours before IKE speaks. */
	return c->on_wire >= 24 || is_keepalive(c) ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* The first error NOTIFY among payloads in clear; 0: none. */
static uint16_t notify_in(const struct chunk *c, const struct ike_header *h)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint8_t payload = h->next;
	bool v2 = h->version >> 4 == 2;

	rd_skip(&r, h->at + IKE_HEADER_LEN);
	for (int i = 0; payload && i < IKE_PAYLOADS_MAX && rd_ok(&r); i++) {
		uint8_t next = rd_u8(&r);
		uint16_t length;
		struct reader body;

		rd_skip(&r, 1);
		length = rd_u16(&r);
		if (length < 4)
			return 0;
		body = rd_sub(&r, length - 4u);
		if (payload == (v2 ? IKE_NOTIFY : IKE_V1_NOTIFY)) {
			uint16_t type;

			rd_skip(&body, v2 ? 2 : 6); /* version 1 has a domain of interpretation before it */
			type = rd_u16(&body);
			if (rd_ok(&body) && type && type < (v2 ? 16384 : 8192))
				return type;
		}
		payload = next;
	}
	return 0;
}

static void refuse(
	struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h, uint16_t notify)
{
	const char *name = ike_notify_name(h->version >> 4, notify);
	char number[24];

	snprintf(number, sizeof(number), "NOTIFY %u", notify);
	tunnel_event(&k->life, s, TUNNEL_REJECTED, c->side, &c->ref, ike_exchange_name(h->version >> 4, h->exchange),
		name ? name : number);
}

static void name_session(struct ike_state *k, const struct ike_header *h)
{
	const uint8_t *p = h->spi[0];

	memcpy(k->spi, p, 8);
	k->has_spi = true;
	tunnel_name_session(
		&k->life, "%02x%02x%02x%02x%02x%02x%02x%02x", p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
}

/* FNV-1a; only tells a repeated message from a new one. */
static uint32_t message_hash(const struct chunk *c)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < c->len; i++)
		hash = (hash ^ c->data[i]) * 16777619u;
	return hash;
}

/* Repeated as it was although it has been answered: the answer does not arrive. A cookie or another group change it. */
static void on_init_request(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	uint32_t hash = message_hash(c);

	if (hash != k->hash_init) {
		tunnel_progress(&k->life);
		k->init_answered = false;
	} else if (k->init_answered) {
		tunnel_pending(&k->life, c->side, &c->ref, "IKE_SA_INIT");
	}
	k->hash_init = hash;
	k->request[c->side] = (struct ike_request){0};
	name_session(k, h);
	tunnel_hello(&k->life, s, c->side, &c->ref, "IKE_SA_INIT");
	session_mark(s, c->side, &c->ref, "IKE_SA_INIT");
}

static void on_request(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	struct ike_request *q = &k->request[c->side];
	bool again = (q->open || q->answered) && q->id == h->id && q->exchange == h->exchange;
	const char *name = ike_exchange_name(2, h->exchange);

	if (h->exchange == IKE_SA_INIT) {
		on_init_request(k, s, c, h);
		return;
	}
	if (!again && h->exchange == IKE_CREATE_CHILD)
		tunnel_event(&k->life, s, TUNNEL_REKEY, c->side, &c->ref, name, NULL);
	if (!again)
		tunnel_progress(&k->life);
	if (!again)
		*q = (struct ike_request){.open = true, .exchange = h->exchange, .id = h->id};
	tunnel_pending(&k->life, c->side, &c->ref, name);
	session_mark(s, c->side, &c->ref, name);
}

static void on_init_answer(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	uint16_t notify = notify_in(c, h);

	k->init_answered = true;
	tunnel_answer(&k->life, s, c->side, &c->ref, "IKE_SA_INIT");
	session_mark(s, c->side, &c->ref, "IKE_SA_INIT answer");
	/* INVALID_KE_PAYLOAD only asks for another group (section 1.3); a second time it is stubborn. */
	if (notify == IKE_V2_INVALID_KE && !k->invalid_ke)
		k->invalid_ke = true;
	else if (notify)
		refuse(k, s, c, h, notify);
}

static void on_response(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	struct ike_request *q = &k->request[side_other(c->side)];

	if (h->exchange == IKE_SA_INIT) {
		on_init_answer(k, s, c, h);
		return;
	}
	if (q->open && q->id == h->id) {
		q->open = false;
		q->answered = true;
		tunnel_progress(&k->life);
	}
	session_mark(s, c->side, &c->ref, ike_exchange_name(2, h->exchange));
	if (h->exchange != IKE_AUTH)
		return;
	if (h->id == 1 && h->len <= IKE_AUTH_REFUSAL_MAX && h->next != IKE_FRAGMENT)
		tunnel_event(&k->life, s, TUNNEL_REJECTED, c->side, &c->ref, "IKE_AUTH", "inferred from its size");
	else
		tunnel_established(&k->life, s, c->side, &c->ref);
}

static void on_v1_begin(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	static const uint8_t zeros[8];
	const char *name = ike_exchange_name(1, h->exchange);

	session_mark(s, c->side, &c->ref, name);
	if (memcmp(h->spi[1], zeros, 8) == 0) {
		name_session(k, h);
		tunnel_hello(&k->life, s, c->side, &c->ref, name);
	} else if (!k->has_spi) { /* the rest of an exchange that began on port 500 */
		name_session(k, h);
	} else if (memcmp(k->spi, h->spi[0], 8) == 0 && k->life.hello[side_other(c->side)].count) {
		tunnel_answer(&k->life, s, c->side, &c->ref, name);
	}
}

/* Encrypted notifications are all that comes any more, before the first phase is over: once is usual, twice is no. */
static bool is_refusal_v1(struct ike_state *k)
{
	return !k->life.sum.established && k->has_spi && ++k->informs_v1 == IKE_V1_INFORMS;
}

/* Version 1 has no message ids in its first phase: the same bytes again are a repetition, any others are progress. */
static void on_v1(struct ike_state *k, struct session *s, const struct chunk *c, const struct ike_header *h)
{
	uint32_t hash = message_hash(c);
	bool again = hash == k->hash_v1[c->side];
	uint16_t notify;

	k->hash_v1[c->side] = hash;
	if (h->exchange == IKE_V1_INFORMATIONAL) {
		notify = h->flags & IKE_V1_ENCRYPTED ? 0 : notify_in(c, h);
		if (notify)
			refuse(k, s, c, h, notify);
		else if (is_refusal_v1(k))
			tunnel_event(
				&k->life, s, TUNNEL_REJECTED, c->side, &c->ref, "main mode", "encrypted notification");
		return;
	}
	if (h->exchange == IKE_V1_MAIN || h->exchange == IKE_V1_AGGRESSIVE)
		on_v1_begin(k, s, c, h);
	if (!again) {
		tunnel_progress(&k->life);
		k->informs_v1 = 0;
	}
	tunnel_pending(&k->life, c->side, &c->ref, ike_exchange_name(1, h->exchange));
	if (h->exchange == IKE_V1_QUICK && h->id != k->quick_id) {
		if (k->life.sum.established)
			tunnel_event(&k->life, s, TUNNEL_REKEY, c->side, &c->ref, "quick mode", NULL);
		tunnel_established(&k->life, s, c->side, &c->ref);
		k->quick_id = h->id;
	}
}

static void on_esp(struct ike_state *k, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint32_t spi = rd_u32(&r), number = rd_u32(&r);

	if (!rd_ok(&r) || c->on_wire < 24)
		return;
	if (spi != k->esp_spi[c->side]) {
		k->life.sum.reordered[c->side] += k->esp[c->side].reordered;
		k->life.sum.lost[c->side] += k->esp[c->side].missing;
		k->esp[c->side] = (struct counter_track){0};
		k->esp_spi[c->side] = spi;
		k->life.sum.esp_spi = spi;
	}
	if (k->request[c->side].answered && k->life.sum.side == c->side)
		tunnel_progress(&k->life); /* it has the answer by now */
	tunnel_number(&k->life, c->side, &c->ref, &k->esp[c->side], number);
	tunnel_data(&k->life, c->side, &c->ref, c->on_wire - 8);
}

static enum dissect_verdict ike_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct ike_state *k = state;
	struct ike_header h;

	tunnel_begin(&k->life, TUNNEL_IKE);
	if (is_keepalive(c)) {
		k->life.sum.keepalives[c->side]++;
		return DISSECT_OK;
	}
	if (!read_header(c, &h)) {
		if (session_port(s, SIDE_RESP) == 4500 || session_port(s, SIDE_ORIG) == 4500) {
			on_esp(k, c);
			return DISSECT_OK;
		}
		if (k->life.heard)
			return DISSECT_BAD;
		return DISSECT_NOT_MINE;
	}
	if (h.version >> 4 == 1)
		on_v1(k, s, c, &h);
	else if (h.flags & IKE_RESPONSE)
		on_response(k, s, c, &h);
	else
		on_request(k, s, c, &h);
	return DISSECT_OK;
}

static void ike_finish(void *state, struct session *s)
{
	struct ike_state *k = state;

	for (int i = 0; i < 2; i++) {
		k->life.sum.reordered[i] += k->esp[i].reordered;
		k->life.sum.lost[i] += k->esp[i].missing;
	}
	tunnel_finish(&k->life, s);
}

const struct dissector dissector_ike = {
	.name = "ike",
	.spec = "RFC 7296, RFC 2408, RFC 2409, RFC 3948",
	.udp_ports = {500, 4500},
	.state_size = sizeof(struct ike_state),
	.recognise = ike_recognise,
	.datagram = ike_datagram,
	.finish = ike_finish,
};
