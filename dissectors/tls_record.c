/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a record: in clear, encrypted and only counted, or opened with a key log. */
#include "dissectors/tls_decrypt.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

static void established(struct tls_state *st, const struct tls_place *at)
{
	tls_reached(st, at, TLS_ESTABLISHED);
}

/* Up to TLS 1.2 the first record after ChangeCipherSpec is the Finished (RFC 5246, section 7.4.9). */
static void encrypted_handshake(struct tls_state *st, const struct tls_place *at)
{
	struct tls_direction *d = &st->dir[at->side];

	if (d->encrypted_records++ || d->finished)
		return;
	d->finished = true;
	tls_reached(st, at, at->side == st->t.client ? TLS_CLIENT_FINISHED : TLS_SERVER_FINISHED);
	session_mark(at->session, at->side, &at->absolute, "Finished");
	if (st->dir[side_other(at->side)].finished)
		established(st, at);
}

static void application_data(struct tls_state *st, const struct tls_place *at, size_t len)
{
	struct tls_talk *t = &st->t;

	if (tls_version_is_13(t->version)) {
		tls_infer_record(st, at, len);
		return;
	}
	if (!t->app_data[at->side].frame)
		t->app_data[at->side] = session_ref(at->session, &at->absolute);
	t->app_bytes[at->side] += len;
	if (t->version || !t->early_data)
		established(st, at);
}

/*
 * TLS 1.3 sends ChangeCipherSpec only to please middleboxes (RFC 8446, appendix D.4): before the ServerHello too, where
 * no client of an older version has a key yet.
 */
static bool pleases_middleboxes(const struct tls_state *st, const struct tls_place *at)
{
	const struct tls_talk *t = &st->t;

	if (tls_version_is_13(t->version))
		return true;
	return !t->version && t->client_hellos && at->side == t->client && !t->at[TLS_CLIENT_KEY_EXCHANGE].frame;
}

/* Up to 1.2, a server that sends its own without having asked for a key exchange resumes a session. */
static void change_cipher_spec(struct tls_state *st, const struct tls_place *at)
{
	struct tls_talk *t = &st->t;

	if (pleases_middleboxes(st, at))
		return;
	if (st->dir[at->side].encrypted)
		tls_crypt_changed(st, at);
	st->dir[at->side].encrypted = true;
	if (at->side == t->client || !t->at[TLS_SERVER_HELLO].frame || t->handshake_cut)
		return;
	if (!t->at[TLS_SERVER_HELLO_DONE].frame && !t->at[TLS_CERTIFICATE].frame)
		t->resumed = true;
}

/* An alert in clear has two bytes; no cipher makes an encrypted one so short. */
static void alert_record(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n)
{
	struct tls_direction *d = &st->dir[at->side];
	bool clear = n == 2 || (!d->encrypted && n % 2 == 0 && n <= 8 && st->t.client_hellos);

	if (!clear && tls_version_is_13(st->t.version)) {
		tls_infer_record(st, at, n);
		return;
	}
	if (!clear) {
		tls_encrypted_alert(st, at);
		return;
	}
	for (size_t i = 0; i + 1 < n; i += 2)
		tls_alert(st, at, body[i], body[i + 1]);
}

static void handshake_record(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n)
{
	struct tls_direction *d = &st->dir[at->side];

	if (d->encrypted)
		encrypted_handshake(st, at);
	else
		tls_handshake_bytes(st, at, body, n);
}

void tls_record_content(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n)
{
	switch (type) {
	case TLS_CHANGE_CIPHER_SPEC:
		change_cipher_spec(st, at);
		break;
	case TLS_ALERT:
		alert_record(st, at, body, n);
		break;
	case TLS_HANDSHAKE:
		handshake_record(st, at, body, n);
		break;
	case TLS_APPLICATION:
		application_data(st, at, n);
		break;
	default:
		break;
	}
}

/* What an encrypted record turned out to hold. */
static void opened_record(struct tls_state *st, const struct tls_place *at, const struct tls_plain *plain)
{
	struct tls_place inside = *at;
	struct tls_talk *t = &st->t;

	inside.decrypted = true;
	if (plain->type == TLS_HANDSHAKE) {
		tls_handshake_bytes(st, &inside, plain->bytes, plain->len);
	} else if (plain->type == TLS_ALERT && plain->len == 2) {
		tls_alert(st, &inside, plain->bytes[0], plain->bytes[1]);
	} else if (plain->type == TLS_APPLICATION) {
		if (!t->app_data[at->side].frame)
			t->app_data[at->side] = session_ref(at->session, &at->absolute);
		t->app_bytes[at->side] += plain->len;
		if (t->stage >= TLS_CLIENT_FINISHED || !t->early_data)
			established(st, at);
	}
}

/* Early data before the client's handshake keys apply has a key of its own, which is not looked for. */
static bool is_early_data(const struct tls_state *st, const struct tls_place *at)
{
	return st->t.early_data && at->side == st->t.client && !tls_crypt_worked(st, at->side);
}

static void bad_record(struct tls_state *st, const struct tls_place *at)
{
	struct tls *t = &tls_told(st)->t;

	if (t->bad_records++ == 0)
		t->bad_record = session_ref(at->session, &at->absolute);
	tls_mark(at, "damaged record");
}

void tls_failed_to_open(struct tls_state *st, const struct tls_place *at)
{
	struct tls *t = &tls_told(st)->t;

	if (t->decrypt_failures++ == 0)
		t->decrypt_failure = session_ref(at->session, &at->absolute);
}

/* true: the record was opened, or could not be although the key is right; there is nothing more to find out. */
bool tls_open_record(struct tls_state *st, const struct tls_place *at, const uint8_t *header, const uint8_t *body,
	size_t n)
{
	struct tls_plain plain;
	uint8_t type = header[0];

	if (!st->dir[at->side].encrypted || type == TLS_CHANGE_CIPHER_SPEC)
		return false;
	if (type == TLS_ALERT && n == 2)
		return false;
	switch (tls_crypt_open(st, at, header, body, n, &plain)) {
	case TLS_OPENED:
		opened_record(st, at, &plain);
		return true;
	case TLS_OPEN_FAILED:
		if (is_early_data(st, at)) {
			tls_crypt_again(st, at->side);
			return false;
		}
		tls_failed_to_open(st, at);
		if (tls_crypt_sure(st, at->side))
			bad_record(st, at);
		return tls_crypt_worked(st, at->side);
	default:
		return false;
	}
}
