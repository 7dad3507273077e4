/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS over a stream: the walk over records, SSL 3.0 to TLS 1.3 (RFC 6101, 2246, 4346, 5246, 8446), and the ClientHello
 * in SSL 2.0 format (RFC 5246, appendix E.2). Handshake messages are read in tls_handshake.c.
 *
 * Bodies that cannot be read are skipped by their length, so bytes that are missing inside of them do no harm. Small
 * ones are waited for all the same: the frame that a Finished is quoted with is then the one that completed it.
 */
#include "dissectors/tls.h"

#include <string.h>

#include "base/text.h"
#include "dissectors/tls_decrypt.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

/* Finished, tickets, alerts and empty certificates of all versions are smaller. */
#define WAIT_FOR_BODY 512

static enum recognition tls_recognise(const struct chunk *c)
{
	enum tls_header header = tls_record_header(c->data, c->len);

	if (header == TLS_HEADER_NO)
		header = tls_sslv2_header(c->data, c->len);
	if (header == TLS_HEADER_NO)
		return RECOGNISE_NO;
	if (header == TLS_HEADER_MORE)
		return RECOGNISE_MORE;
	if (header == TLS_HEADER_YES && c->data[0] == TLS_HEARTBEAT)
		return RECOGNISE_MAYBE;
	return RECOGNISE_YES;
}

/* The first record of a side. One that cannot be a first one: the beginning was not captured. */
static void first_record(struct tls_state *st, const struct tls_place *at, const uint8_t *p)
{
	struct tls_talk *t = &st->t;
	struct tls_direction *d = &st->dir[at->side];

	d->started = true;
	t->first_record[at->side] = session_ref(at->session, &at->absolute);
	if (!t->record_version)
		t->record_version = (uint16_t)(p[1] << 8 | p[2]);
	if (p[0] == TLS_APPLICATION && !(at->side == t->client && t->early_data)) {
		d->encrypted = true;
		tls_cut(st, at);
	}
	if (p[0] == TLS_CHANGE_CIPHER_SPEC)
		tls_cut(st, at);
}

static bool body_is_needed(struct tls_state *st, const struct tls_place *at, uint8_t type, size_t len)
{
	if (len <= WAIT_FOR_BODY || (type == TLS_HANDSHAKE && !st->dir[at->side].encrypted))
		return true;
	return st->dir[at->side].encrypted && tls_crypt_wants(st, at, type, len);
}

static void remember_rest(struct tls_direction *d, const uint8_t *p, size_t n, size_t total)
{
	d->rest_total = (uint32_t)total;
	d->rest_have = (uint32_t)n;
	d->rest_type = p[0];
	d->rest_message = n > TLS_HEADER && p[0] == TLS_HANDSHAKE && !d->encrypted && !d->join && !d->pass ?
		p[TLS_HEADER] : 0xff;
}

static enum dissect_verdict walk_record(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n,
	size_t *used)
{
	struct tls_direction *d = &st->dir[at->side];
	size_t len = (size_t)p[3] << 8 | p[4], total = TLS_HEADER + len;

	if (n < total && body_is_needed(st, at, p[0], len)) {
		remember_rest(d, p, n, total);
		return DISSECT_MORE;
	}
	d->rest_total = 0;
	if (!d->started)
		first_record(st, at, p);
	if (!tls_open_record(st, at, p, n < total ? NULL : p + TLS_HEADER, len))
		tls_record_content(st, at, p[0], p + TLS_HEADER, len);
	*used = total;
	return DISSECT_OK;
}

static enum dissect_verdict walk_sslv2(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n,
	size_t *used)
{
	struct tls_direction *d = &st->dir[at->side];
	size_t total = 2 + ((size_t)(p[0] & 0x7f) << 8 | p[1]);

	if (total < 11)
		return DISSECT_NOT_MINE;
	if (n < total)
		return DISSECT_MORE;
	d->started = true;
	st->t.first_record[at->side] = session_ref(at->session, &at->absolute);
	*used = total;
	if (p[2] == 1) {
		tls_handshake_sslv2(st, at, p + 2, total - 2);
		return DISSECT_OK;
	}
	st->t.version = 0x0002;
	st->t.server_hellos++;
	tls_reached(st, at, TLS_SERVER_HELLO);
	session_mark(at->session, at->side, &at->absolute, "ServerHello (SSL 2.0)");
	st->dir[0].opaque = st->dir[1].opaque = true;
	return DISSECT_OK;
}

/* Where in the bytes of a plain server a ServerHello begins; n: nowhere. *whole: enough of it is here to be sure. */
static size_t find_server_hello(const uint8_t *p, size_t n, bool *whole)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != TLS_HANDSHAKE || tls_record_header(p + i, n - i) == TLS_HEADER_NO)
			continue;
		*whole = n - i > TLS_HEADER;
		if (!*whole || p[i + TLS_HEADER] == TLS_MSG_SERVER_HELLO)
			return i;
	}
	return n;
}

/*
 * Something plain first, then TLS: behind the end of a line, or with a ServerHello. Some STARTTLS of a protocol that
 * nobody here knows. Otherwise passes over the rest of the line.
 */
static enum dissect_verdict walk_plain(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n,
	size_t *used)
{
	struct tls_direction *d = &st->dir[at->side];
	enum tls_header header = d->line_ended ? tls_record_header(p, n) : TLS_HEADER_NO;
	bool whole = false;
	size_t hello = find_server_hello(p, n, &whole);
	const uint8_t *end;

	if (header == TLS_HEADER_MORE || (hello == 0 && !whole))
		return DISSECT_MORE;
	if (header == TLS_HEADER_YES || hello == 0) {
		d->plain = d->plain_told = false;
		tls_plain_forget(st, at->side);
		return DISSECT_OK;
	}
	n = hello;
	end = memchr(p, '\n', n);
	d->line_ended = end != NULL;
	*used = end ? (size_t)(end + 1 - p) : n;
	tls_plain_answer(st, at, p, *used);
	return DISSECT_OK;
}

/* Bytes that are no record where one should begin. */
static enum dissect_verdict not_a_record(struct tls_state *st, const struct tls_place *at)
{
	struct tls_direction *d = &st->dir[at->side];

	if (d->closed) {
		d->opaque = true;
		return DISSECT_OK;
	}
	if (!d->started && (st->client_known ? at->side != st->t.client : at->side == SIDE_RESP)) {
		d->plain = true; /* a banner may come before the ClientHello */
		return DISSECT_OK;
	}
	if (!st->dir[0].started && !st->dir[1].started)
		return DISSECT_NOT_MINE;
	if (st->t.stage < TLS_ESTABLISHED)
		tls_cut(st, at);
	tls_handshake_forget(d);
	return DISSECT_BAD;
}

static enum dissect_verdict next_record(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n,
	size_t *used)
{
	struct tls_direction *d = &st->dir[at->side];
	enum tls_header header = tls_record_header(p, n);

	if (header == TLS_HEADER_NO && d->encrypted && tls_encrypted_change(p, n))
		header = TLS_HEADER_YES;
	if (header == TLS_HEADER_NO && !d->started)
		header = tls_sslv2_header(p, n);
	d->rest_total = 0;
	switch (header) {
	case TLS_HEADER_YES:
		return walk_record(st, at, p, n, used);
	case TLS_HEADER_SSLV2:
		return walk_sslv2(st, at, p, n, used);
	case TLS_HEADER_MORE:
		return DISSECT_MORE;
	default:
		return not_a_record(st, at);
	}
}

/* One step over what begins at p; sets *used, more than n where a body is skipped. */
static enum dissect_verdict walk(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n,
	size_t *used)
{
	struct tls_direction *d = &st->dir[at->side];

	*used = 0;
	if (d->skip) {
		*used = d->skip;
		d->skip = 0;
		return DISSECT_OK;
	}
	if (d->lost) {
		*used = tls_find_record(d, p, n);
		if (*used == n)
			return DISSECT_OK;
		if (tls_guessed_header(d, p + *used, n - *used) == TLS_HEADER_MORE)
			return DISSECT_MORE;
		d->lost = false;
		return DISSECT_OK;
	}
	if (d->plain)
		return walk_plain(st, at, p, n, used);
	if (d->opaque) {
		*used = n;
		return DISSECT_OK;
	}
	return next_record(st, at, p, n, used);
}

/* Whether all that is done about whole records of application data is to count them. */
static bool only_counts(const struct tls_state *st, const struct session *s, enum side side)
{
	const struct tls_direction *d = &st->dir[side];
	const struct tls_talk *t = &st->t;

	if (d->opaque || d->plain || d->lost || d->skip || st->crypt || (session_keylog(s) && !st->keyless))
		return false;
	if (t->stage != TLS_ESTABLISHED || !t->app_data[side].frame)
		return false;
	return !tls_version_is_13(t->version) || tls_infer_is_over(st, side);
}

/* Short ones are waited for, like everywhere. `least`: shorter ones are to be looked at. */
static bool tls_skim(uint8_t least, const uint8_t *p, uint32_t n, uint32_t *records, uint32_t *left)
{
	uint32_t at = 0, len;

	for (*records = 0; at < n; ++*records) {
		const uint8_t *header = p + at;

		if (n - at < TLS_HEADER || *header != TLS_APPLICATION ||
			tls_record_header(header, n - at) != TLS_HEADER_YES)
			return false;
		len = (uint32_t)header[3] << 8 | header[4];
		at += TLS_HEADER + len;
		if (len < least || (at > n && len <= WAIT_FOR_BODY))
			return false;
	}
	*left = at - n;
	return true;
}

static void tls_skimmed(void *state, enum side side, uint32_t records, uint64_t bytes)
{
	struct tls_state *st = state;

	st->t.app_bytes[side] += bytes - records * (uint64_t)(TLS_HEADER + tls_infer_overhead(&st->t));
}

static enum dissect_verdict tls_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct tls_place at = { s, c->side, c->ref, false };
	enum dissect_verdict verdict = DISSECT_OK;
	size_t step;

	*used = 0;
	while (*used < c->len && verdict == DISSECT_OK) {
		verdict = walk(state, &at, c->data + *used, c->len - *used, &step);
		*used += step;
	}
	tls_rest(state, s);
	if (verdict == DISSECT_OK && only_counts(state, s, c->side))
		session_skim(s, c->side, tls_infer_least(&((struct tls_state *)state)->t));
	return verdict;
}

/* What a gap leaves of a record that it cut into: its first bytes still say which message it began. */
static void cut_record(struct tls_state *st, const struct tls_place *at)
{
	struct tls_direction *d = &st->dir[at->side];

	if (d->rest_type == TLS_HANDSHAKE && d->rest_message != 0xff) {
		d->started = true;
		tls_handshake_message(st, at, d->rest_message, NULL, 0);
	}
	if (d->rest_type == TLS_HANDSHAKE || st->t.stage < TLS_ESTABLISHED)
		tls_cut(st, at);
}

static enum dissect_verdict tls_gap(void *state, struct session *s, enum side side, uint64_t missing,
	const struct frame_ref *ref)
{
	struct tls_state *st = state;
	struct tls_direction *d = &st->dir[side];
	struct tls_place at = { s, side, *ref, false };
	uint64_t rest = d->skip;

	if (d->opaque || d->plain)
		return DISSECT_OK;
	if (d->rest_total) {
		cut_record(st, &at);
		rest = d->rest_total - d->rest_have;
	}
	d->lost = missing > rest;
	if (d->lost && st->t.stage < TLS_ESTABLISHED)
		tls_cut(st, &at);
	if (d->join || d->pass || d->lost || (d->rest_total && d->rest_type == TLS_HANDSHAKE))
		d->message_lost = true;
	d->skip = d->lost ? 0 : (uint32_t)(rest - missing);
	tls_crypt_gap(st, side);
	tls_handshake_forget(d);
	d->rest_total = 0;
	tls_rest(st, s);
	return DISSECT_OK;
}

static size_t tls_resync(void *state, const struct chunk *c)
{
	const struct tls_state *st = state;

	return tls_find_record(&st->dir[c->side], c->data, c->len);
}

static void tls_finish(void *state, struct session *s)
{
	struct tls_state *st = state;

	if (st->dir[SIDE_ORIG].started || st->dir[SIDE_RESP].started) {
		for (int side = 0; side < 2; side++)
			st->t.ends_in_record[side] = st->dir[side].rest_total != 0;
		tls_infer_finish(st, s);
		tls_emit(st, s);
	}
	tls_forget(st, s);
}

const struct dissector dissector_tls = {
	.name = "tls",
	.spec = "RFC 8446, RFC 5246, RFC 6101",
	.tcp_ports = { 443, 465, 636, 853, 989, 990, 993, 995 },
	.state_size = sizeof(struct tls_state),
	.hot_size = TLS_HOT,
	.recognise = tls_recognise,
	.stream = tls_stream,
	.skim = tls_skim,
	.skimmed = tls_skimmed,
	.gap = tls_gap,
	.resync = tls_resync,
	.finish = tls_finish,
};
