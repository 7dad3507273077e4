/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ClientHello and ServerHello: what is offered and what is chosen (RFC 8446, section 4.1; RFC 5246, section 7.4.1).
 * Values of GREASE (RFC 8701) are left out of all lists. A DTLS ClientHello has a cookie after the session id.
 */
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

enum extension {
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_ALPN = 16,
	EXT_ENCRYPT_THEN_MAC = 22,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_SESSION_TICKET = 35,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	EXT_ECH = 0xfe0d,
	EXT_ESNI = 0xffce, /* its predecessor, draft-ietf-tls-esni-02 */
};

/* A ServerHello with this random is a HelloRetryRequest (RFC 8446, section 4.1.3). */
static const uint8_t retry_random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e,
	0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33,
	0x9c };

/* Greater is newer; DTLS counts down, drafts of 1.3 come before it. */
static int version_rank(uint16_t version)
{
	if (version >> 8 == 0xfe)
		return 0x0400 - (version & 0xff);
	if (version >> 8 == 0x7f)
		return 0x0303 * 2 + 1;
	return version * 2;
}

static void offer_version(struct tls *t, uint16_t version)
{
	uint32_t max = sizeof(t->offered_versions) / sizeof(t->offered_versions[0]);

	if (tls_is_grease(version))
		return;
	if (t->offered_version_count < max)
		t->offered_versions[t->offered_version_count++] = version;
	if (!t->offered_version || version_rank(version) > version_rank(t->offered_version))
		t->offered_version = version;
}

static void read_u16_list(struct reader list, uint16_t *out, uint32_t max, uint32_t *count)
{
	while (rd_left(&list) >= 2) {
		uint16_t value = rd_u16(&list);

		if (!tls_is_grease(value) && *count < max)
			out[(*count)++] = value;
	}
}

static void read_server_name(struct tls *t, struct reader *r)
{
	struct reader list = rd_sub(r, rd_u16(r));

	while (rd_left(&list)) {
		uint8_t kind = rd_u8(&list);
		uint16_t n = rd_u16(&list);
		const uint8_t *name = rd_bytes(&list, n);

		if (name && kind == 0 && !t->sni[0])
			text_copy_bytes(t->sni, sizeof(t->sni), name, n);
	}
}

/* Protocol names into a comma-separated list. */
static void read_alpn(struct reader *r, char *out, size_t size)
{
	struct reader list = rd_sub(r, rd_u16(r));

	out[0] = '\0';
	while (rd_left(&list)) {
		uint8_t n = rd_u8(&list);
		const uint8_t *name = rd_bytes(&list, n);
		size_t len = strlen(out);

		if (!name || len + n + 2 > size || (n == 2 && tls_is_grease((uint16_t)(name[0] << 8 | name[1]))))
			continue;
		if (len)
			out[len++] = ',';
		text_copy_bytes(out + len, size - len, name, n);
	}
}

static void read_supported_versions(struct tls *t, struct reader *r)
{
	struct reader list = rd_sub(r, rd_u8(r));

	while (rd_left(&list) >= 2)
		offer_version(t, rd_u16(&list));
}

static void client_extension(struct tls_state *st, uint16_t type, struct reader *r)
{
	struct tls *t = &tls_told(st)->t;

	switch (type) {
	case EXT_SERVER_NAME:
		read_server_name(t, r);
		break;
	case EXT_GROUPS:
		read_u16_list(rd_sub(r, rd_u16(r)), t->offered_groups,
			sizeof(t->offered_groups) / sizeof(t->offered_groups[0]), &t->offered_group_count);
		break;
	case EXT_ALPN:
		read_alpn(r, t->offered_alpn, sizeof(t->offered_alpn));
		break;
	case EXT_SESSION_TICKET:
		t->session_ticket = rd_left(r) > 0;
		break;
	case EXT_PRE_SHARED_KEY:
		t->psk_offered = true;
		break;
	case EXT_EARLY_DATA:
		st->t.early_data = true;
		break;
	case EXT_SUPPORTED_VERSIONS:
		read_supported_versions(t, r);
		break;
	case EXT_ECH:
	case EXT_ESNI:
		t->ech = true;
		break;
	default:
		break;
	}
}

static void read_session_id(struct tls_told *told, struct reader *r)
{
	uint8_t n = rd_u8(r);
	const uint8_t *id = rd_bytes(r, n);

	if (!id || n > TLS_SESSION_ID_MAX)
		return;
	memcpy(told->session_id, id, n);
	told->session_id_len = n;
}

bool tls_client_hello(struct tls_state *st, struct session *s, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), list;
	struct tls_told *told = tls_told(st);
	struct tls *t = &told->t;
	uint16_t version = rd_u16(&r);
	const uint8_t *random = rd_bytes(&r, TLS_RANDOM);

	if (random)
		memcpy(told->client_random, random, TLS_RANDOM);
	read_session_id(told, &r);
	if (st->t.dtls)
		rd_skip(&r, rd_u8(&r));
	read_u16_list(rd_sub(&r, rd_u16(&r)), t->offered_ciphers, TLS_LIST_MAX, &t->offered_cipher_count);
	rd_skip(&r, rd_u8(&r));
	if (!rd_ok(&r))
		return false;
	list = rd_sub(&r, rd_left(&r) ? rd_u16(&r) : 0);
	while (rd_left(&list)) {
		uint16_t type = rd_u16(&list);
		struct reader ext = rd_sub(&list, rd_u16(&list));

		client_extension(st, type, &ext);
	}
	if (!t->offered_version_count)
		offer_version(t, version);
	if (!rd_ok(&list) || !rd_ok(&r))
		return false;
	tls_fingerprint_client(t, st->t.quic ? 'q' : st->t.dtls ? 'd' : 't', s, body, n);
	return true;
}

/* type, version, three lengths, ciphers of three bytes, session id, challenge (RFC 5246, appendix E.2). */
bool tls_sslv2_client_hello(struct tls_state *st, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), ciphers;
	struct tls_told *told = tls_told(st);
	struct tls *t = &told->t;
	uint16_t cipher_bytes, challenge;
	const uint8_t *random;

	rd_skip(&r, 1);
	offer_version(t, rd_u16(&r));
	cipher_bytes = rd_u16(&r);
	rd_skip(&r, 2);
	challenge = rd_u16(&r);
	ciphers = rd_sub(&r, cipher_bytes);
	while (rd_left(&ciphers) >= 3 && t->offered_cipher_count < TLS_LIST_MAX) {
		uint32_t cipher = rd_u24(&ciphers);

		if (cipher <= 0xffff)
			t->offered_ciphers[t->offered_cipher_count++] = (uint16_t)cipher;
	}
	random = rd_bytes(&r, challenge);
	if (random && challenge <= TLS_RANDOM)
		memcpy(told->client_random + TLS_RANDOM - challenge, random, challenge);
	return rd_ok(&r);
}

static void server_extension(struct tls_state *st, uint16_t type, struct reader *r)
{
	struct tls *t = &tls_told(st)->t;

	switch (type) {
	case EXT_ALPN:
		read_alpn(r, t->alpn, sizeof(t->alpn));
		break;
	case EXT_ENCRYPT_THEN_MAC:
		st->encrypt_then_mac = true;
		break;
	case EXT_EXTENDED_MASTER_SECRET:
		st->extended_master_secret = true;
		break;
	case EXT_PRE_SHARED_KEY:
		st->t.resumed = true;
		break;
	case EXT_EARLY_DATA:
		t->early_data_accepted = true;
		break;
	case EXT_SUPPORTED_VERSIONS:
		st->t.version = rd_u16(r);
		break;
	case EXT_KEY_SHARE:
		t->group = rd_u16(r);
		break;
	default:
		break;
	}
}

static bool server_extensions(struct tls_state *st, struct reader *r)
{
	struct reader list = rd_sub(r, rd_left(r) ? rd_u16(r) : 0);

	while (rd_left(&list)) {
		uint16_t type = rd_u16(&list);
		struct reader ext = rd_sub(&list, rd_u16(&list));

		server_extension(st, type, &ext);
	}
	return rd_ok(&list) && rd_ok(r);
}

bool tls_server_hello(struct tls_state *st, struct session *s, const uint8_t *body, size_t n, bool *retry)
{
	struct reader r = rd_make(body, n, n);
	struct tls_told *told = tls_told(st);
	struct tls_talk *t = &st->t;
	const uint8_t *random;
	bool early_draft;

	t->version = rd_u16(&r);
	early_draft = t->version >> 8 == 0x7f; /* before draft 22: no session id, no compression */
	random = rd_bytes(&r, TLS_RANDOM);
	*retry = random && memcmp(random, retry_random, sizeof(retry_random)) == 0;
	if (random && !*retry)
		memcpy(told->server_random, random, TLS_RANDOM);
	if (!early_draft)
		rd_skip(&r, rd_u8(&r));
	t->cipher = rd_u16(&r);
	if (!early_draft)
		rd_skip(&r, 1);
	if (!rd_ok(&r) || !server_extensions(st, &r))
		return false;
	if (!*retry)
		tls_fingerprint_server(&told->t, s, body, n);
	return true;
}

bool tls_draft_hello_retry(struct tls_state *st, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n);

	st->t.version = rd_u16(&r);
	return rd_ok(&r);
}

void tls_encrypted_extensions(struct tls_state *st, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n);

	if (body)
		server_extensions(st, &r);
}
