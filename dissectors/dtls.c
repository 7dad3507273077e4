/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DTLS 1.0, 1.2 and 1.3 (RFC 4347, 6347, 9147): records of datagrams, handshake messages joined from fragments in the
 * order of their numbers, repeated ones ignored. Records of epochs after 0 are encrypted and only counted.
 */
#include <string.h>

#include "dissectors/message_counts.h"
#include "dissectors/pieces.h"
#include "dissectors/tls.h"
#include "dissectors/tls_decrypt.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

#define RECORD_HEADER 13
#define FRAGMENT_HEADER 12
#define DTLS_LAST 63 /* 64 and more: TURN channels, media */
#define MESSAGES_MAX 8 /* of one side that may wait for an earlier one */

enum {
	CONTENT_CID = 25, /* RFC 9146 */
	CONTENT_ACK = 26, /* RFC 9147 */
};

struct dtls_message {
	struct pieces body;
	struct tls_place at; /* of the last piece */
	size_t len;
	uint16_t number;
	uint8_t type;
	bool used;
};

struct dtls_side {
	struct dtls_message waiting[MESSAGES_MAX];
	uint16_t next; /* number of the next message */
};

struct dtls_state {
	struct tls_state tls;
	struct dtls_side side[2];
};

static bool is_version(uint16_t version)
{
	return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

/* A ciphertext record of DTLS 1.3 begins with 001 (RFC 9147, section 4). */
static bool is_unified(uint8_t first)
{
	return (first & 0xe0) == 0x20;
}

/* CAPWAP puts four bytes before the records, so that what is encrypted is told from what is not (RFC 5415, 4.2). */
static size_t preamble_of(const struct chunk *c)
{
	static const uint8_t preamble[] = { 1, 0, 0, 0 };

	return c->len > sizeof(preamble) && memcmp(c->data, preamble, sizeof(preamble)) == 0 ? sizeof(preamble) : 0;
}

/* What shares the ports with DTLS, as STUN and media do, begins with other bytes (RFC 7983, section 7). */
static bool is_beside(uint8_t first)
{
	return first < TLS_CHANGE_CIPHER_SPEC || first > DTLS_LAST;
}

static enum recognition dtls_recognise(const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint16_t version, epoch, len;
	uint8_t type;

	rd_skip(&r, preamble_of(c));
	type = rd_u8(&r);
	version = rd_u16(&r);
	epoch = rd_u16(&r);
	rd_skip(&r, 6);
	len = rd_u16(&r);
	if (!rd_ok(&r) || type < TLS_CHANGE_CIPHER_SPEC || type > CONTENT_ACK || !is_version(version))
		return RECOGNISE_NO;
	if (len == 0 || RECORD_HEADER + (size_t)len > c->on_wire)
		return RECOGNISE_NO;
	if (type == TLS_HANDSHAKE && epoch == 0 && !tls_message_known(rd_u8(&r)))
		return RECOGNISE_NO;
	return RECOGNISE_YES;
}

/* The waiting place of a message; NULL when all are taken by others. */
static struct dtls_message *place_of(struct dtls_side *side, uint16_t number)
{
	struct dtls_message *empty = NULL;

	for (int i = 0; i < MESSAGES_MAX; i++) {
		if (side->waiting[i].used && side->waiting[i].number == number)
			return &side->waiting[i];
		if (!side->waiting[i].used)
			empty = &side->waiting[i];
	}
	return empty;
}

static void forget(struct dtls_message *m)
{
	pieces_free(&m->body);
	m->used = false;
}

static void on_message(struct dtls_state *d, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n)
{
	if (type == TLS_MSG_HELLO_VERIFY) {
		tls_reached(&d->tls, at, TLS_HELLO_RETRY);
		tls_mark(at, "HelloVerifyRequest");
		return;
	}
	tls_handshake_message(&d->tls, at, type, body, n);
}

/* Hands over the messages whose turn it is. */
static void take_ready(struct dtls_state *d, struct dtls_side *side)
{
	for (int i = 0; i < MESSAGES_MAX; i++) {
		struct dtls_message *m = &side->waiting[i];

		if (!m->used || m->number != side->next || m->body.whole < m->len)
			continue;
		on_message(d, &m->at, m->type, m->body.bytes, m->len);
		forget(m);
		side->next++;
		i = -1;
	}
}

/* Everything is waiting for a message that never came: go on with the lowest that is there. */
static void give_up_waiting(struct dtls_state *d, struct dtls_side *side, const struct tls_place *at)
{
	uint16_t lowest = UINT16_MAX;

	for (int i = 0; i < MESSAGES_MAX; i++)
		if (side->waiting[i].used && side->waiting[i].body.whole >= side->waiting[i].len &&
			side->waiting[i].number < lowest)
			lowest = side->waiting[i].number;
	for (int i = 0; i < MESSAGES_MAX; i++)
		if (side->waiting[i].used && side->waiting[i].number < lowest)
			forget(&side->waiting[i]);
	tls_cut(&d->tls, at);
	if (lowest == UINT16_MAX)
		return;
	side->next = lowest;
	take_ready(d, side);
}

struct fragment {
	uint8_t type;
	uint16_t number;
	size_t len, offset, size; /* of the message, and of this piece */
	const uint8_t *bytes;
};

static void on_fragment(struct dtls_state *d, const struct tls_place *at, const struct fragment *f)
{
	struct dtls_side *side = &d->side[at->side];
	struct dtls_message *m;

	if (f->number < side->next || f->len > PIECES_MAX || f->size > f->len || f->offset > f->len - f->size)
		return;
	m = place_of(side, f->number);
	if (!m) {
		give_up_waiting(d, side, at);
		m = place_of(side, f->number);
	}
	if (!m || f->number < side->next)
		return;
	if (!m->used)
		*m = (struct dtls_message){ .len = f->len, .number = f->number, .type = f->type, .used = true };
	if (m->len != f->len)
		return;
	m->at = *at;
	pieces_add(&m->body, f->offset, f->bytes, f->size);
	take_ready(d, side);
}

static void handshake_fragments(struct dtls_state *d, const struct tls_place *at, struct reader r)
{
	while (rd_left(&r) >= FRAGMENT_HEADER) {
		struct fragment f;

		f.type = rd_u8(&r);
		f.len = rd_u24(&r);
		f.number = rd_u16(&r);
		f.offset = rd_u24(&r);
		f.size = rd_u24(&r);
		f.bytes = rd_bytes(&r, f.size);
		if (!rd_ok(&r)) {
			tls_cut(&d->tls, at);
			return;
		}
		count_tls_message(session_counts(at->session, at->absolute.source), f.type);
		on_fragment(d, at, &f);
	}
}

static void first_record(struct dtls_state *d, const struct tls_place *at, uint16_t version, uint16_t epoch)
{
	struct tls_direction *dir = &d->tls.dir[at->side];

	if (dir->started)
		return;
	dir->started = true;
	d->tls.t.first_record[at->side] = session_ref(at->session, &at->absolute);
	if (!d->tls.t.record_version)
		d->tls.t.record_version = version;
	if (epoch > 0)
		tls_cut(&d->tls, at);
}

/* Epoch 2 is the rest of the handshake, 3 and later are application data (RFC 9147, section 6.1). */
static void unified_record(struct dtls_state *d, const struct tls_place *at, const struct reader *r)
{
	struct tls_talk *t = &d->tls.t;
	bool data = (*r->p & 3) == 3 || (*r->p & 3) == 0;

	first_record(d, at, 0xfefd, d->tls.t.server_hellos ? 0 : 2);
	if (!data)
		return;
	if (!t->app_data[at->side].frame)
		t->app_data[at->side] = session_ref(at->session, &at->absolute);
	t->app_bytes[at->side] += rd_left(r);
	if (at->side == t->client)
		tls_reached(&d->tls, at, TLS_ESTABLISHED);
}

struct dtls_record {
	const uint8_t *header; /* type and version come first, as in TLS */
	uint8_t type;
	uint16_t epoch;
	uint64_t number; /* with the epoch in its upper 16 bits */
	struct reader body;
};

/* With a key log, epoch 1 of DTLS 1.0 and 1.2 is opened; false: it stays closed. */
static bool opened_record(struct dtls_state *d, const struct tls_place *at, const struct dtls_record *r)
{
	struct tls_place inside = *at;
	struct tls_plain plain;

	if (r->epoch != 1 || tls_version_is_13(d->tls.t.version) || !tls_crypt_wants(&d->tls, at, r->type, rd_left(&r->body)))
		return false;
	tls_crypt_sequence(&d->tls, at->side, r->number);
	switch (tls_crypt_open(&d->tls, at, r->header, r->body.p, rd_left(&r->body), &plain)) {
	case TLS_OPENED:
		break;
	case TLS_OPEN_FAILED:
		tls_failed_to_open(&d->tls, at);
		return tls_crypt_worked(&d->tls, at->side);
	default:
		return false;
	}
	inside.decrypted = true;
	if (r->type == TLS_HANDSHAKE)
		handshake_fragments(d, &inside, rd_make(plain.bytes, plain.len, plain.len));
	else if (r->type == TLS_ALERT && plain.len == 2)
		tls_alert(&d->tls, &inside, plain.bytes[0], plain.bytes[1]);
	else if (r->type == TLS_APPLICATION)
		tls_record_content(&d->tls, at, r->type, plain.bytes, plain.len);
	return true;
}

static void record(struct dtls_state *d, const struct tls_place *at, const struct dtls_record *r)
{
	struct tls_direction *dir = &d->tls.dir[at->side];

	dir->encrypted = r->epoch > 0;
	if (r->epoch > 0 && !r->body.lost && opened_record(d, at, r))
		return;
	if (r->type == TLS_HANDSHAKE && r->epoch == 0)
		handshake_fragments(d, at, r->body);
	else if (r->type == TLS_ALERT && r->epoch > 0)
		tls_encrypted_alert(&d->tls, at);
	else if (r->type >= TLS_CHANGE_CIPHER_SPEC && r->type <= TLS_APPLICATION)
		tls_record_content(&d->tls, at, r->type, r->body.p, rd_left(&r->body));
	else if (r->type == CONTENT_CID)
		tls_record_content(&d->tls, at, TLS_APPLICATION, r->body.p, rd_left(&r->body));
}

static enum dissect_verdict records(struct dtls_state *d, struct session *s, const struct chunk *c)
{
	struct tls_place at = { s, c->side, c->ref, false };
	struct reader r = rd_make(c->data, c->len, c->on_wire);

	rd_skip(&r, preamble_of(c));
	if (rd_left(&r) && is_beside(*r.p) && (d->tls.dir[0].started || d->tls.dir[1].started))
		return DISSECT_OK;
	while (rd_left(&r)) {
		struct dtls_record rec = { .header = r.p, .type = *r.p };
		uint16_t version;

		if (is_unified(rec.type) && d->tls.t.client_hellos) {
			unified_record(d, &at, &r);
			return DISSECT_OK;
		}
		rd_skip(&r, 1);
		version = rd_u16(&r);
		rec.epoch = rd_u16(&r);
		rec.number = (uint64_t)rec.epoch << 48 | (uint64_t)rd_u16(&r) << 32;
		rec.number |= rd_u32(&r);
		rec.body = rd_sub(&r, rd_u16(&r));
		if (r.state == READER_BAD || !is_version(version))
			return d->tls.dir[0].started || d->tls.dir[1].started ? DISSECT_BAD : DISSECT_NOT_MINE;
		first_record(d, &at, version, rec.epoch);
		record(d, &at, &rec);
	}
	return DISSECT_OK;
}

static enum dissect_verdict dtls_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct dtls_state *d = state;
	enum dissect_verdict verdict;

	d->tls.t.dtls = true;
	verdict = records(d, s, c);
	tls_rest(&d->tls, s);
	return verdict;
}

static void dtls_finish(void *state, struct session *s)
{
	struct dtls_state *d = state;

	for (int side = 0; side < 2; side++)
		for (int i = 0; i < MESSAGES_MAX; i++)
			forget(&d->side[side].waiting[i]);
	if (d->tls.dir[SIDE_ORIG].started || d->tls.dir[SIDE_RESP].started)
		tls_emit(&d->tls, s);
	tls_forget(&d->tls, s);
}

const struct dissector dissector_dtls = {
	.name = "dtls",
	.spec = "RFC 9147, RFC 6347, RFC 4347",
	.udp_ports = { 443, 4433, 5684, 853, 4740 },
	.state_size = sizeof(struct dtls_state),
	.recognise = dtls_recognise,
	.datagram = dtls_datagram,
	.finish = dtls_finish,
};
