/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary protocols in which a plain conversation turns into TLS: PostgreSQL, LDAP, MySQL. Followed no further. */
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "dissectors/dissector.h"

/* --- PostgreSQL (frontend/backend protocol 3, "SSL Session Encryption") --- */

#define PG_SSL_REQUEST 80877103
#define PG_GSS_REQUEST 80877104
#define PG_CANCEL_REQUEST 80877102
#define PG_VERSION_3 0x00030000

struct postgresql_state {
	bool asked; /* the server's next byte says yes or no */
	bool ssl;
};

static enum recognition postgresql_recognise(const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	uint32_t len, code;

	if (c->side == SIDE_RESP)
		return c->len == 1 && (c->data[0] == 'S' || c->data[0] == 'N') ? RECOGNISE_MAYBE : RECOGNISE_NO;
	if (c->len < 8)
		return c->data[0] ? RECOGNISE_NO : RECOGNISE_MORE;
	len = rd_u32(&r);
	code = rd_u32(&r);
	if (len == 8 && (code == PG_SSL_REQUEST || code == PG_GSS_REQUEST))
		return RECOGNISE_YES;
	if (len == 16 && code == PG_CANCEL_REQUEST)
		return RECOGNISE_YES;
	return len > 8 && len < 10000 && code == PG_VERSION_3 ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect_verdict postgresql_client(
	struct postgresql_state *pg, struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	uint32_t code;

	if (pg->asked || c->len < 8)
		return DISSECT_MORE;
	rd_skip(&r, 4);
	code = rd_u32(&r);
	if (code != PG_SSL_REQUEST && code != PG_GSS_REQUEST)
		return DISSECT_DONE;
	pg->asked = true;
	pg->ssl = code == PG_SSL_REQUEST;
	*used = 8;
	session_mark(s, c->side, &c->ref, pg->ssl ? "SSLRequest" : "GSSENCRequest");
	return DISSECT_OK;
}

static enum dissect_verdict postgresql_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct postgresql_state *pg = state;
	bool agreed = c->data[0] == (pg->ssl ? 'S' : 'G');

	if (c->side == SIDE_ORIG)
		return postgresql_client(pg, s, c, used);
	if (!pg->asked)
		return DISSECT_DONE;
	pg->asked = false;
	*used = 1;
	session_mark(s, c->side, &c->ref, agreed ? "yes" : "no");
	if (!agreed)
		return c->data[0] == 'N' ? DISSECT_OK : DISSECT_DONE;
	if (!pg->ssl)
		return DISSECT_DONE;
	session_hand_on(s, "tls", "postgresql", NULL);
	return DISSECT_HANDOFF;
}

/* --- LDAP (RFC 4511, section 4.14) --- */

#define LDAP_HEADER_MAX (1 + 5 + 1 + 5 + 4 + 1 + 5) /* up to the operation and its length */

struct ldap_state {
	bool asked;
};

struct ldap_message {
	uint8_t op;	    /* tag of the operation */
	struct reader body; /* of the operation */
	size_t size;	    /* of the whole message; 0: not known yet */
	bool valid;
};

/* BER length, definite form, at most four bytes of it. */
static size_t ber_length(struct reader *r)
{
	uint8_t n = rd_u8(r);
	size_t value = 0;

	if (n < 0x80)
		return n;
	n &= 0x7f;
	if (n > 4 || !n)
		r->state = READER_BAD;
	while (n-- && rd_ok(r))
		value = value << 8 | rd_u8(r);
	return value;
}

/* SEQUENCE { messageID INTEGER, operation [APPLICATION n] ... } */
static struct ldap_message ldap_read(const struct chunk *c)
{
	struct ldap_message m = {0};
	struct reader r = rd_make(c->data, c->len, SIZE_MAX);
	size_t n;

	if (rd_u8(&r) != 0x30)
		return m;
	n = ber_length(&r);
	if (rd_ok(&r))
		m.size = (size_t)(r.p - c->data) + n;
	if (rd_u8(&r) != 2 && rd_ok(&r))
		return m;
	n = ber_length(&r);
	if (n > 4 || !n)
		return m;
	rd_skip(&r, n);
	m.op = rd_u8(&r);
	n = ber_length(&r);
	m.body = rd_sub(&r, n);
	m.valid = m.op >= 0x42 && m.op <= 0x7a && m.size;
	return m;
}

static enum recognition ldap_recognise(const struct chunk *c)
{
	struct ldap_message m;

	if (c->data[0] != 0x30)
		return RECOGNISE_NO;
	if (c->len < 12)
		return RECOGNISE_MORE;
	m = ldap_read(c);
	/* bindRequest, unbindRequest, searchRequest, extendedRequest, bindResponse, extendedResponse */
	if (m.valid && memchr("\x60\x42\x63\x77\x61\x78", m.op, 6))
		return RECOGNISE_YES;
	return c->len < LDAP_HEADER_MAX ? RECOGNISE_UNLIKELY : RECOGNISE_NO;
}

static bool names_starttls(struct reader body)
{
	static const char oid[] = "1.3.6.1.4.1.1466.20037";
	uint8_t tag = rd_u8(&body);
	size_t n = ber_length(&body);
	const uint8_t *name = rd_bytes(&body, sizeof(oid) - 1);

	return tag == 0x80 && n == sizeof(oid) - 1 && name && !memcmp(name, oid, n);
}

static enum dissect_verdict ldap_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct ldap_state *st = state;
	struct ldap_message m;
	const uint8_t *result;

	if (c->len < 12)
		return DISSECT_MORE;
	m = ldap_read(c);
	if (!m.valid || m.size > 4096)
		return DISSECT_DONE;
	if (c->len < m.size)
		return DISSECT_MORE;
	*used = m.size;
	if (c->side == SIDE_ORIG) {
		st->asked = m.op == 0x77 && names_starttls(m.body);
		if (st->asked)
			session_mark(s, c->side, &c->ref, "StartTLS");
		return st->asked ? DISSECT_OK : DISSECT_DONE;
	}
	result = rd_bytes(&m.body, 3); /* ENUMERATED, one byte: 0 success */
	if (!st->asked || m.op != 0x78 || !result || result[2])
		return DISSECT_DONE;
	session_mark(s, c->side, &c->ref, "success");
	session_hand_on(s, "tls", "ldap", NULL);
	return DISSECT_HANDOFF;
}

/* --- MySQL and MariaDB (client/server protocol, "SSL Connection Request Packet") --- */

#define MYSQL_CLIENT_SSL 0x0800

struct mysql_state {
	bool secured;
};

/* Packet 0 of protocol version 10 with a server version in text, or an error in its place. */
static enum recognition mysql_recognise(const struct chunk *c)
{
	if (c->side == SIDE_ORIG || (c->len > 3 && c->data[3]))
		return RECOGNISE_NO;
	if (c->len < 6)
		return c->len > 2 && c->data[2] ? RECOGNISE_NO : RECOGNISE_MORE;
	if (c->data[1] > 1 || c->data[2])
		return RECOGNISE_NO;
	if (c->data[4] == 10 && c->data[5] >= '3' && c->data[5] <= '9')
		return RECOGNISE_YES;
	return c->data[4] == 0xff ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* The client's first packet: 32 bytes with the SSL flag are followed by TLS; anything else is a login. */
static enum dissect_verdict mysql_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	size_t n;

	(void)state;
	if (c->side == SIDE_RESP) {
		*used = c->len;
		return DISSECT_OK;
	}
	if (c->len < 6)
		return DISSECT_MORE;
	n = (size_t)c->data[0] | (size_t)c->data[1] << 8 | (size_t)c->data[2] << 16;
	if (n != 32 || c->data[3] != 1 || !(c->data[5] & MYSQL_CLIENT_SSL >> 8))
		return DISSECT_DONE;
	if (c->len < n + 4)
		return DISSECT_MORE;
	*used = n + 4;
	session_mark(s, c->side, &c->ref, "SSL request");
	session_hand_on(s, "tls", "mysql", NULL);
	return DISSECT_HANDOFF;
}

const struct dissector dissector_postgresql = {
	.name = "postgresql",
	.spec = "PostgreSQL frontend/backend protocol",
	.tcp_ports = {5432},
	.state_size = sizeof(struct postgresql_state),
	.recognise = postgresql_recognise,
	.stream = postgresql_stream,
};

const struct dissector dissector_ldap = {
	.name = "ldap",
	.spec = "RFC 4511",
	.tcp_ports = {389, 3268},
	.state_size = sizeof(struct ldap_state),
	.recognise = ldap_recognise,
	.stream = ldap_stream,
};

const struct dissector dissector_mysql = {
	.name = "mysql",
	.spec = "MySQL client/server protocol",
	.tcp_ports = {3306},
	.state_size = sizeof(struct mysql_state),
	.recognise = mysql_recognise,
	.stream = mysql_stream,
};
