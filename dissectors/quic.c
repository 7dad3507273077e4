/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC versions 1 and 2, the drafts from 23 on, Facebook's mvfst and Google's versions with TLS (RFC 9000, 9001,
 * 9369), as far as it is readable without keys: the Initial packets with the hellos, Version Negotiation, Retry, and a
 * CONNECTION_CLOSE in an Initial.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/pieces.h"
#include "dissectors/quic_initial.h"
#include "dissectors/tls.h"
#include "dissectors/tls_state.h"

#define LONG_HEADER 0x80
#define FIXED_BIT 0x40
#define FRAMES_MAX 4096 /* of one packet */
#define CLIENT_INITIAL_MIN 1200 /* a client pads its Initials (RFC 9000, section 14.1) */

enum packet_type {
	PACKET_INITIAL,
	PACKET_0RTT,
	PACKET_HANDSHAKE,
	PACKET_RETRY,
};

enum frame_type {
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
	FRAME_GOOGLE_CRYPTO = 8,
	FRAME_CLOSE = 0x1c,
	FRAME_GOOGLE_ACK = 0x40, /* its lower bits are flags */
};

struct quic_state {
	struct tls_state tls;
	struct quic_initial keys;
	uint32_t version; /* that the keys are for */
	bool has_keys;
	struct pieces crypto[2];
	size_t done[2]; /* bytes of it that were read */
};

struct long_header {
	uint8_t first;
	uint32_t version;
	const uint8_t *dcid;
	uint8_t dcid_len;
	struct reader rest; /* behind the connection ids */
};

static uint64_t varint(struct reader *r)
{
	uint64_t value = rd_u8(r);
	int more = (1 << (value >> 6)) - 1;

	value &= 0x3f;
	while (more-- > 0)
		value = value << 8 | rd_u8(r);
	return value;
}

static bool read_long_header(struct reader r, struct long_header *h)
{
	h->first = rd_u8(&r);
	h->version = rd_u32(&r);
	h->dcid_len = rd_u8(&r);
	h->dcid = rd_bytes(&r, h->dcid_len);
	rd_skip(&r, rd_u8(&r));
	h->rest = r;
	return rd_ok(&r) && h->dcid_len <= QUIC_CID_MAX && h->first & LONG_HEADER;
}

/* Version 2 moved the types by one so that nobody relies on them (RFC 9369, section 3.2). */
static enum packet_type type_of(const struct long_header *h)
{
	uint8_t type = h->first >> 4 & 3;

	return (enum packet_type)(quic_version_is_2(h->version) ? (type + 3) & 3 : type);
}

/* Versions that exist only to be refused (RFC 9000, section 15). */
static bool is_grease_version(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

static enum recognition quic_recognise(const struct chunk *c)
{
	struct long_header h;

	if (c->len < 7 || !read_long_header(rd_make(c->data, c->len, c->on_wire), &h))
		return c->len >= 20 && (c->data[0] & 0xc0) == FIXED_BIT ? RECOGNISE_MAYBE : RECOGNISE_NO;
	if (h.version == 0)
		return rd_left(&h.rest) >= 4 && rd_left(&h.rest) % 4 == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
	if (!(h.first & FIXED_BIT))
		return RECOGNISE_NO;
	if (quic_version_known(h.version))
		return RECOGNISE_YES;
	if (is_grease_version(h.version) || h.version >> 8 == 0xff0000)
		return c->on_wire >= CLIENT_INITIAL_MIN ? RECOGNISE_YES : RECOGNISE_MAYBE;
	return RECOGNISE_MAYBE;
}

/* Whole messages out of the CRYPTO stream of one side. */
static void read_crypto(struct quic_state *q, const struct tls_place *at)
{
	struct pieces *p = &q->crypto[at->side];
	size_t *done = &q->done[at->side];

	while (p->whole - *done >= 4) {
		const uint8_t *m = p->bytes + *done;
		size_t size = 4 + ((size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3]);

		if (size > p->whole - *done)
			return;
		tls_handshake_message(&q->tls, at, m[0], m + 4, size - 4);
		*done += size;
	}
}

static void on_crypto(struct quic_state *q, const struct tls_place *at, struct reader *r)
{
	uint64_t offset = varint(r), n = varint(r);
	const uint8_t *bytes = rd_bytes(r, n > PIECES_MAX ? SIZE_MAX / 2 : (size_t)n);

	if (!bytes)
		return;
	if (offset > PIECES_MAX || !pieces_add(&q->crypto[at->side], (size_t)offset, bytes, (size_t)n)) {
		tls_cut(&q->tls, at);
		return;
	}
	read_crypto(q, at);
}

static void on_ack(struct reader *r, bool ecn)
{
	uint64_t ranges;

	varint(r);
	varint(r);
	ranges = varint(r);
	varint(r);
	for (uint64_t i = 0; i < ranges && rd_ok(r); i++) {
		varint(r);
		varint(r);
	}
	for (int i = 0; ecn && i < 3; i++)
		varint(r);
}

/* 01ntllmm: more blocks than one, -, size of the largest number, size of a block's length. */
static void on_google_ack(struct reader *r, uint8_t type)
{
	static const uint8_t sizes[] = { 1, 2, 4, 6 };
	size_t blocks = 0, block = sizes[type & 3], times;

	rd_skip(r, sizes[type >> 2 & 3] + 2u); /* and the delay */
	if (type & 0x20)
		blocks = rd_u8(r);
	rd_skip(r, block + blocks * (1 + block));
	times = rd_u8(r);
	if (times)
		rd_skip(r, 5 + (times - 1) * 3);
}

/* What Google's versions with TLS number otherwise; false: nothing that can be passed over. */
static bool google_frame(struct quic_state *q, const struct tls_place *at, struct reader *r, uint8_t type)
{
	if ((type & 0xc0) == FRAME_GOOGLE_ACK)
		on_google_ack(r, type);
	else if (type == FRAME_GOOGLE_CRYPTO)
		on_crypto(q, at, r);
	else
		return false;
	return true;
}

/* Codes of 0x100 to 0x1ff carry a TLS alert (RFC 9001, section 4.8). */
static void on_close(struct quic_state *q, const struct tls_place *at, struct reader *r)
{
	struct tls *t = &tls_told(&q->tls)->t;
	uint64_t code = varint(r), reason;

	varint(r);
	reason = varint(r);
	rd_skip(r, reason > PIECES_MAX ? SIZE_MAX / 2 : (size_t)reason);
	if (!rd_ok(r) || t->quic_closed)
		return;
	t->quic_closed = true;
	t->quic_close_side = (uint8_t)at->side;
	t->quic_close_code = code;
	t->quic_close_ref = session_ref(at->session, &at->absolute);
	if (code >> 8 == 1)
		tls_alert(&q->tls, at, 2, (uint8_t)code);
	else
		tls_mark(at, "CONNECTION_CLOSE");
}

static void read_frames(struct quic_state *q, const struct tls_place *at, const uint8_t *plain, size_t n)
{
	struct reader r = rd_make(plain, n, n);

	for (int i = 0; i < FRAMES_MAX && rd_left(&r);) {
		uint8_t type = rd_u8(&r);

		if (type == FRAME_PADDING)
			continue;
		i++;
		if (quic_version_is_google(q->version) && google_frame(q, at, &r, type))
			continue;
		if (type == FRAME_ACK || type == FRAME_ACK_ECN)
			on_ack(&r, type == FRAME_ACK_ECN);
		else if (type == FRAME_CRYPTO)
			on_crypto(q, at, &r);
		else if (type == FRAME_CLOSE)
			on_close(q, at, &r);
		else if (type != FRAME_PING)
			return;
	}
}

/* The server answered with another version or with Retry: the client begins anew. */
static void begin_anew(struct quic_state *q)
{
	for (int side = 0; side < 2; side++) {
		pieces_free(&q->crypto[side]);
		q->done[side] = 0;
	}
	q->has_keys = false;
}

static bool open_with(const struct quic_initial *keys, bool server, const uint8_t *packet, size_t header_len,
	size_t len, uint8_t *plain, size_t *plain_len)
{
	return quic_initial_open(&keys->side[server], packet, header_len, len, plain, plain_len);
}

/* Keys that open a client's packet. One in a version made to be refused is protected as its next choice would be. */
static bool find_keys(const struct long_header *h, const uint8_t *packet, size_t header_len, size_t len,
	uint8_t *plain, size_t *plain_len, struct quic_initial *keys)
{
	static const uint32_t choices[] = { QUIC_V1, QUIC_DRAFT_29, QUIC_DRAFT_23 };

	if (!is_grease_version(h->version))
		return quic_initial_keys(h->version, h->dcid, h->dcid_len, keys) &&
			open_with(keys, false, packet, header_len, len, plain, plain_len);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (quic_initial_keys(choices[i], h->dcid, h->dcid_len, keys) &&
			open_with(keys, false, packet, header_len, len, plain, plain_len))
			return true;
	return false;
}

/* Keys are those of the client's first connection id; after Retry or Version Negotiation there is a new one. */
static bool open_initial(struct quic_state *q, const struct tls_place *at, const struct long_header *h,
	const uint8_t *packet, size_t header_len, size_t len, uint8_t *plain, size_t *plain_len)
{
	struct quic_initial keys;
	bool server = q->tls.client_known && at->side != q->tls.t.client;

	if (q->has_keys && q->version == h->version &&
		open_with(&q->keys, server, packet, header_len, len, plain, plain_len))
		return true;
	if (server || (q->has_keys && q->tls.t.server_hellos))
		return false;
	if (!find_keys(h, packet, header_len, len, plain, plain_len, &keys))
		return false;
	if (q->has_keys)
		begin_anew(q);
	q->keys = keys;
	q->version = h->version;
	q->has_keys = true;
	return true;
}

/* Keys need the connection id only: the server's packets can be read although the client's first one was cut. */
static void keys_of_cut_packet(struct quic_state *q, const struct tls_place *at, const struct long_header *h)
{
	if (q->has_keys || q->tls.client_known || at->side != SIDE_ORIG)
		return;
	q->has_keys = quic_initial_keys(h->version, h->dcid, h->dcid_len, &q->keys);
	q->version = h->version;
	q->tls.client_known = true;
	q->tls.t.client = SIDE_ORIG;
}

static void on_initial(struct quic_state *q, const struct tls_place *at, const struct long_header *h,
	const uint8_t *packet, struct reader *r)
{
	uint64_t token = varint(r), len;
	const uint8_t *start;
	size_t plain_len, header_len;
	uint8_t *plain;

	rd_skip(r, token > PIECES_MAX ? SIZE_MAX / 2 : (size_t)token);
	len = varint(r);
	start = rd_bytes(r, len > PIECES_MAX ? SIZE_MAX / 2 : (size_t)len);
	tls_told(&q->tls)->t.quic_version = h->version;
	if (!start) {
		tls_cut(&q->tls, at);
		keys_of_cut_packet(q, at, h);
		return;
	}
	header_len = (size_t)(start - packet);
	plain = xmalloc((size_t)len + 1);
	if (open_initial(q, at, h, packet, header_len, (size_t)len, plain, &plain_len))
		read_frames(q, at, plain, plain_len);
	free(plain);
}

static void on_negotiation(struct quic_state *q, const struct tls_place *at)
{
	struct tls *t = &tls_told(&q->tls)->t;

	if (!t->quic_version_negotiation)
		tls_mark(at, "Version Negotiation");
	t->quic_version_negotiation = true;
	tls_reached(&q->tls, at, TLS_HELLO_RETRY);
	begin_anew(q);
}

/* A client obeys one Retry, and passes over those that come later (RFC 9000, section 17.2.5.2). */
static void on_retry(struct quic_state *q, const struct tls_place *at)
{
	struct tls *t = &tls_told(&q->tls)->t;

	if (t->quic_retry)
		return;
	tls_mark(at, "Retry");
	t->quic_retry = true;
	tls_reached(&q->tls, at, TLS_HELLO_RETRY);
	q->has_keys = false;
}

/* One packet of those that share a datagram; what is left of the reader is the next one's. */
static bool long_packet(struct quic_state *q, const struct tls_place *at, struct reader *r)
{
	const uint8_t *packet = r->p;
	struct long_header h;
	uint64_t len;

	if (!read_long_header(*r, &h))
		return false;
	*r = h.rest;
	if (h.version == 0) {
		on_negotiation(q, at);
		return false;
	}
	if (!quic_version_known(h.version) && !is_grease_version(h.version)) {
		tls_told(&q->tls)->t.quic_version = h.version;
		return false;
	}
	switch (type_of(&h)) {
	case PACKET_INITIAL:
		on_initial(q, at, &h, packet, r);
		break;
	case PACKET_RETRY:
		on_retry(q, at);
		return false;
	case PACKET_0RTT:
		q->tls.t.early_data = true;
		/* fall through */
	case PACKET_HANDSHAKE:
		len = varint(r);
		rd_skip(r, len > PIECES_MAX ? SIZE_MAX / 2 : (size_t)len);
		break;
	}
	return rd_ok(r);
}

/* A client that sends short headers has finished its handshake. */
static void short_packet(struct quic_state *q, const struct tls_place *at, size_t n)
{
	struct tls_talk *t = &q->tls.t;

	if (!t->app_data[at->side].frame)
		t->app_data[at->side] = session_ref(at->session, &at->absolute);
	t->app_bytes[at->side] += n;
	if (at->side == t->client)
		tls_reached(&q->tls, at, TLS_ESTABLISHED);
}

static enum dissect_verdict quic_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct quic_state *q = state;
	struct tls_place at = { s, c->side, c->ref, false };
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	struct tls_direction *d = &q->tls.dir[c->side];

	q->tls.t.quic = true;
	if (!d->started) {
		d->started = true;
		q->tls.t.first_record[c->side] = session_ref(s, &c->ref);
		if (!q->tls.client_known && c->len && !(c->data[0] & LONG_HEADER))
			tls_cut(&q->tls, &at);
	}
	while (rd_left(&r)) {
		if (*r.p & LONG_HEADER) {
			if (!long_packet(q, &at, &r))
				break;
		} else {
			short_packet(q, &at, rd_left(&r));
			break;
		}
	}
	tls_rest(&q->tls, s);
	return DISSECT_OK;
}

static void quic_finish(void *state, struct session *s)
{
	struct quic_state *q = state;
	const struct tls *t = &tls_told(&q->tls)->t;

	pieces_free(&q->crypto[0]);
	pieces_free(&q->crypto[1]);
	if (t->quic_version || t->quic_version_negotiation)
		tls_emit(&q->tls, s);
	tls_forget(&q->tls, s);
}

const struct dissector dissector_quic = {
	.name = "quic",
	.spec = "RFC 9000, RFC 9001, RFC 9369",
	.udp_ports = { 443, 853 },
	.state_size = sizeof(struct quic_state),
	.recognise = quic_recognise,
	.datagram = quic_datagram,
	.finish = quic_finish,
};
