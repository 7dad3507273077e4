/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS in a segment (RFC 5246, RFC 8446): record headers, alerts and the structure of hellos stay; the host name is
 * mapped; randoms, session ids, keys, certificates and all else become zeros.
 */
#include "anonymize_impl.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };
enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, SERVER_HELLO_DONE = 14 };
enum { EXT_SERVER_NAME = 0, EXT_GROUPS = 10, EXT_POINT_FORMATS = 11, EXT_SIGNATURES = 13, EXT_ALPN = 16, EXT_VERSIONS = 43 };

#define RECORD_MAX (16384 + 2048)

static const uint8_t retry_random[32] = { /* of a HelloRetryRequest: RFC 8446, section 4.1.3 */
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
	0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

static void map_server_name(const struct anonymizer *a, struct span s)
{
	if (s.n >= 5 && span_u16(s, 0) == s.n - 2 && s.p[2] == 0 && span_u16(s, 3) == s.n - 5)
		anonymize_words(a, s.p + 5, s.n - 5);
	else
		span_wipe(s, 0);
}

static void map_extensions(const struct anonymizer *a, struct span s)
{
	s = span_skip(s, 2);
	while (s.n >= 4) {
		unsigned type = span_u16(s, 0);
		struct span body = span_first(span_skip(s, 4), span_u16(s, 2));

		if (type == EXT_SERVER_NAME)
			map_server_name(a, body);
		else if (type != EXT_GROUPS && type != EXT_POINT_FORMATS && type != EXT_SIGNATURES && type != EXT_ALPN &&
			type != EXT_VERSIONS)
			span_wipe(body, 0);
		s = span_skip(s, 4 + body.n);
	}
	span_wipe(s, 0);
}

/* Behind the message's header: version, random, session id, then what was offered or chosen. */
static void map_hello(const struct anonymizer *a, struct span s, uint8_t type)
{
	size_t id, ciphers, methods;

	if (s.n < 35) {
		span_wipe(s, 2);
		return;
	}
	if (memcmp(s.p + 2, retry_random, 32) != 0)
		memset(s.p + 2, 0, 32);
	id = s.p[34];
	span_wipe(span_first(span_skip(s, 35), id), 0);
	s = span_skip(s, 35 + id);
	ciphers = type == CLIENT_HELLO ? 2 + span_u16(s, 0) : 2;
	s = span_skip(s, ciphers);
	methods = type == CLIENT_HELLO && s.n ? 1u + s.p[0] : 1;
	map_extensions(a, span_skip(s, methods));
}

/* Messages of a record in clear: their types and lengths stay. One that does not fit is a part, or encrypted. */
static void map_handshake(const struct anonymizer *a, struct span s)
{
	while (s.n >= 4) {
		size_t n = (size_t)s.p[1] << 16 | span_u16(s, 2);
		struct span body = span_first(span_skip(s, 4), n);

		if (s.p[0] == CLIENT_HELLO || s.p[0] == SERVER_HELLO)
			map_hello(a, body, s.p[0]);
		else if (n > RECORD_MAX || (s.p[0] > 24 && s.p[0] != 67 && s.p[0] != 254))
			break;
		else
			span_wipe(body, 0);
		s = span_skip(s, 4 + body.n);
	}
	span_wipe(s, 0);
}

static bool is_record(struct span s)
{
	return s.n >= 5 && s.p[0] >= CHANGE_CIPHER_SPEC && s.p[0] <= APPLICATION_DATA && s.p[1] == 3 && s.p[2] <= 4 &&
	       span_u16(s, 3) && span_u16(s, 3) <= RECORD_MAX;
}

bool map_tls(const struct anonymizer *a, struct span s)
{
	if (!is_record(s))
		return false;
	while (is_record(s)) {
		struct span body = span_first(span_skip(s, 5), span_u16(s, 3));
		uint8_t type = s.p[0];

		if (type == HANDSHAKE)
			map_handshake(a, body);
		else if (type == APPLICATION_DATA || body.n > 2) /* an alert or a change of ciphers is in clear */
			span_wipe(body, 0);
		s = span_skip(s, 5 + body.n);
	}
	span_wipe(s, 0);
	return true;
}
