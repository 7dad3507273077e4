/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handshake messages of TLS, DTLS and QUIC, whole ones (RFC 8446, section 4; RFC 5246, section 7.4), and alerts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/message_counts.h"
#include "dissectors/tls_decrypt.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

#define MESSAGE_HEADER 4

void tls_reached(struct tls_state *st, const struct tls_place *at, enum tls_stage stage)
{
	struct tls_talk *t = &st->t;

	if (!t->at[stage].frame)
		t->at[stage] = session_ref(at->session, &at->absolute);
	if (stage > t->stage)
		t->stage = (uint8_t)stage;
}

void tls_cut(struct tls_state *st, const struct tls_place *at)
{
	if (st->t.handshake_cut)
		return;
	st->t.handshake_cut = true;
	tls_told(st)->t.handshake_cut_ref = session_ref(at->session, &at->absolute);
}

void tls_mark(const struct tls_place *at, const char *label)
{
	session_mark(at->session, at->side, &at->absolute, label);
}

static struct tls_alert_seen *next_alert(struct tls_state *st, const struct tls_place *at)
{
	struct tls *t = &tls_told(st)->t;
	struct tls_alert_seen *alert;

	if (t->alert_count++ >= TLS_ALERTS_MAX)
		return NULL;
	alert = &t->alerts[t->alert_count - 1];
	alert->ref = session_ref(at->session, &at->absolute);
	alert->side = (uint8_t)at->side;
	alert->stage = st->t.stage;
	return alert;
}

void tls_alert(struct tls_state *st, const struct tls_place *at, uint8_t level, uint8_t code)
{
	struct tls_alert_seen *alert;
	const char *name = tls_alert_name(code);
	char label[sizeof(((struct key_frame *)0)->label)];

	if (level == 2 && at->decrypted && at->side != st->t.client)
		tls_infer_refused(st);
	count_tls_alert(session_counts(at->session, at->absolute.source), code);
	alert = next_alert(st, at);
	if (level == 2 || code == 0)
		st->dir[at->side].closed = true;
	if (alert) {
		alert->level = level;
		alert->code = code;
		alert->encrypted = alert->decrypted = at->decrypted;
	}
	snprintf(label, sizeof(label), "alert %u %s", code, name ? name : "");
	tls_mark(at, label);
}

void tls_encrypted_alert(struct tls_state *st, const struct tls_place *at)
{
	struct tls_alert_seen *alert = next_alert(st, at);

	if (alert)
		alert->encrypted = true;
	st->dir[at->side].closed = true;
	tls_mark(at, "encrypted alert");
}

static void client_is(struct tls_state *st, enum side side)
{
	if (st->client_known)
		return;
	st->client_known = true;
	st->t.client = (uint8_t)side;
}

static void on_client_hello(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n)
{
	client_is(st, at->side);
	if (at->side != st->t.client)
		return;
	if (st->t.client_hellos++ == 0 && body && !tls_client_hello(st, at->session, body, n))
		tls_cut(st, at);
	if (at->decrypted && n >= 2 + TLS_RANDOM)
		memcpy(tls_told(st)->client_random, body + 2, TLS_RANDOM); /* renegotiation */
	st->infer.client_hello_ns = at->absolute.at_ns;
	tls_reached(st, at, TLS_CLIENT_HELLO);
	tls_mark(at, "ClientHello");
}

void tls_handshake_sslv2(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n)
{
	count_tls_message(session_counts(at->session, at->absolute.source), TLS_MSG_CLIENT_HELLO);
	client_is(st, at->side);
	st->t.client_hellos++;
	if (!tls_sslv2_client_hello(st, body, n))
		tls_cut(st, at);
	tls_reached(st, at, TLS_CLIENT_HELLO);
	tls_mark(at, "ClientHello (SSL 2.0 format)");
}

/* With a HelloRetryRequest the client begins anew, in clear. From TLS 1.3's ServerHello on nothing is in clear. */
static void on_server_hello(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body,
	size_t n)
{
	bool retry = type == TLS_MSG_HELLO_RETRY, tls13;

	client_is(st, side_other(at->side));
	if (at->side == st->t.client)
		return;
	st->t.server_hellos++;
	if (body && !(retry ? tls_draft_hello_retry(st, body, n) : tls_server_hello(st, at->session, body, n, &retry)))
		tls_cut(st, at);
	tls13 = tls_version_is_13(st->t.version);
	tls_reached(st, at, retry ? TLS_HELLO_RETRY : TLS_SERVER_HELLO);
	tls_mark(at, retry ? "HelloRetryRequest" : "ServerHello");
	if (tls13)
		st->dir[0].encrypted = st->dir[1].encrypted = !retry;
	if (!retry)
		st->infer.server_hello_ns = at->absolute.at_ns;
}

static void on_client_certificate(struct tls_state *st, const struct tls_place *at, const struct tls_certificates *list,
	size_t n)
{
	struct tls *t = &tls_told(st)->t;

	t->client_cert_seen = true;
	t->client_cert_len = (uint32_t)n;
	t->client_cert_empty = n > 0 && list->count == 0;
	tls_reached(st, at, TLS_CLIENT_CERTIFICATE);
	tls_mark(at, t->client_cert_empty ? "Certificate (empty)" : "Certificate");
}

static void on_certificate(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n)
{
	struct tls_certificates list = { 0 };
	bool tls13 = tls_version_is_13(st->t.version);

	if (body && !tls_certificate_list(body, n, tls13, &list))
		tls_cut(st, at);
	st->t.certificates_seen++;
	if (at->side == st->t.client) {
		on_client_certificate(st, at, &list, n);
		return;
	}
	if (list.kept && !tls_told(st)->t.cert_seen)
		tls_certificate_message(&tls_told(st)->t, at->session, &list, tls13, body, n);
	tls_reached(st, at, TLS_CERTIFICATE);
	tls_mark(at, "Certificate");
}

/* Named curve of an ECDHE key exchange (RFC 8422, section 5.4). */
static void on_server_key_exchange(struct tls_state *st, const uint8_t *body, size_t n)
{
	struct tls *t = &tls_told(st)->t;

	if (n >= 3 && body[0] == 3 && !t->group)
		t->group = (uint16_t)(body[1] << 8 | body[2]);
}

/* Finished is seen as such only when decrypted. */
static void on_finished(struct tls_state *st, const struct tls_place *at)
{
	st->dir[at->side].finished = true;
	tls_crypt_finished(st, at->side);
	tls_reached(st, at, at->side == st->t.client ? TLS_CLIENT_FINISHED : TLS_SERVER_FINISHED);
	tls_mark(at, "Finished");
	if (st->dir[side_other(at->side)].finished)
		tls_reached(st, at, TLS_ESTABLISHED);
}

static void server_message(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n)
{
	switch (type) {
	case TLS_MSG_SERVER_HELLO:
	case TLS_MSG_HELLO_RETRY:
		on_server_hello(st, at, type, body, n);
		break;
	case TLS_MSG_ENCRYPTED_EXTENSIONS:
		tls_encrypted_extensions(st, body, n);
		break;
	case TLS_MSG_SERVER_KEY_EXCHANGE:
		on_server_key_exchange(st, body, n);
		break;
	case TLS_MSG_CERTIFICATE_REQUEST:
		tls_told(st)->t.cert_requested = true;
		tls_reached(st, at, TLS_CERTIFICATE_REQUEST);
		tls_mark(at, "CertificateRequest");
		break;
	case TLS_MSG_SERVER_HELLO_DONE:
		tls_reached(st, at, TLS_SERVER_HELLO_DONE);
		tls_mark(at, "ServerHelloDone");
		break;
	case TLS_MSG_NEW_SESSION_TICKET:
		st->t.tickets++;
		break;
	default:
		break;
	}
}

/* `body` is NULL for a message of which only the beginning was captured. */
void tls_handshake_message(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n)
{
	if (!st->t.dtls) /* there each fragment counts */
		count_tls_message(session_counts(at->session, at->absolute.source), type);
	switch (type) {
	case TLS_MSG_CLIENT_HELLO:
		on_client_hello(st, at, body, n);
		break;
	case TLS_MSG_CERTIFICATE:
	case TLS_MSG_COMPRESSED_CERTIFICATE:
		on_certificate(st, at, type == TLS_MSG_CERTIFICATE ? body : NULL, n);
		break;
	case TLS_MSG_CLIENT_KEY_EXCHANGE:
		tls_reached(st, at, TLS_CLIENT_KEY_EXCHANGE);
		tls_mark(at, "ClientKeyExchange");
		break;
	case TLS_MSG_KEY_UPDATE:
		tls_crypt_key_update(st, at->side);
		break;
	case TLS_MSG_FINISHED:
		on_finished(st, at);
		break;
	default:
		server_message(st, at, type, body, n);
		break;
	}
}

void tls_handshake_forget(struct tls_direction *d)
{
	free(d->join);
	d->join = NULL;
	d->pass = 0;
}

static size_t message_size(const uint8_t *p)
{
	return MESSAGE_HEADER + ((size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
}

bool tls_message_known(uint8_t type)
{
	return type <= TLS_MSG_COMPRESSED_CERTIFICATE && type != 7 && type != 9 && type != 10 &&
		!(type > TLS_MSG_CLIENT_KEY_EXCHANGE && type < TLS_MSG_FINISHED);
}

/* Whether a record holds whole messages only: then it can be read although what was before it is missing. */
static bool whole_messages(const uint8_t *p, size_t n)
{
	while (n >= MESSAGE_HEADER && tls_message_known(p[0]) && message_size(p) <= n) {
		size_t size = message_size(p);

		p += size;
		n -= size;
	}
	return n == 0;
}

static void join_add(struct tls_direction *d, const uint8_t *p, size_t n)
{
	size_t len = d->join ? d->join->len : 0;

	if (!d->join || len + n > d->join->room) {
		size_t room = len + n < 2048 ? 2048 : (len + n) * 2;

		d->join = xrealloc(d->join, sizeof(*d->join) + room);
		d->join->room = room;
	}
	memcpy(d->join->bytes + len, p, n);
	d->join->len = len + n;
}

/* Reads whole messages; gives how many bytes they take. A message that is too long is passed over. */
static size_t read_messages(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n)
{
	size_t pos = 0;

	while (n - pos >= MESSAGE_HEADER) {
		size_t size = message_size(p + pos);

		if (size > TLS_MESSAGE_MAX) {
			tls_cut(st, at);
			st->dir[at->side].pass = (uint32_t)(size - (n - pos < size ? n - pos : size));
			return n - pos < size ? n : pos + size;
		}
		if (size > n - pos)
			break;
		tls_handshake_message(st, at, p[pos], p + pos + MESSAGE_HEADER, size - MESSAGE_HEADER);
		pos += size;
	}
	return pos;
}

/* Handshake bytes of one record. Messages may begin and end anywhere in records (RFC 8446, section 5.1). */
void tls_handshake_bytes(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n)
{
	struct tls_direction *d = &st->dir[at->side];
	size_t used = d->pass < n ? d->pass : n;

	d->pass -= (uint32_t)used;
	p += used;
	n -= used;
	if (d->message_lost && !whole_messages(p, n))
		return;
	d->message_lost = false;
	if (!d->join) {
		used = read_messages(st, at, p, n);
		if (used < n)
			join_add(d, p + used, n - used);
		return;
	}
	join_add(d, p, n);
	used = read_messages(st, at, d->join->bytes, d->join->len);
	if (used == d->join->len) {
		uint32_t pass = d->pass;

		tls_handshake_forget(d);
		d->pass = pass;
		return;
	}
	memmove(d->join->bytes, d->join->bytes + used, d->join->len - used);
	d->join->len -= used;
}
