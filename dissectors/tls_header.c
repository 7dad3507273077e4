/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether bytes may be the header of a record, and where the next one may begin. */
#include "dissectors/tls_state.h"

static bool type_known(uint8_t type)
{
	return type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_HEARTBEAT;
}

static bool length_plausible(uint8_t type, size_t len)
{
	if (type == TLS_CHANGE_CIPHER_SPEC)
		return len == 1;
	if (type == TLS_ALERT)
		return len >= 2 && len <= 512;
	return len > 0 && len <= TLS_RECORD_MAX;
}

enum tls_header tls_record_header(const uint8_t *p, size_t n)
{
	if (!type_known(p[0]))
		return TLS_HEADER_NO;
	if ((n > 1 && p[1] != 3) || (n > 2 && p[2] > 4))
		return TLS_HEADER_NO;
	if (n < TLS_HEADER)
		return TLS_HEADER_MORE;
	return length_plausible(p[0], (size_t)p[3] << 8 | p[4]) ? TLS_HEADER_YES : TLS_HEADER_NO;
}

/* In a renegotiation, up to TLS 1.2, ChangeCipherSpec is encrypted like everything else: a nonce, a MAC and padding
 * come with its one byte. */
bool tls_encrypted_change(const uint8_t *p, size_t n)
{
	size_t len = n < TLS_HEADER ? 0 : (size_t)p[3] << 8 | p[4];

	return len >= 17 && len <= 96 && p[0] == TLS_CHANGE_CIPHER_SPEC && p[1] == 3 && p[2] <= 3;
}

/* Length of two bytes with the high bit set, type 1 or 4 (ServerHello), version. */
enum tls_header tls_sslv2_header(const uint8_t *p, size_t n)
{
	bool client;

	if (!(p[0] & 0x80))
		return TLS_HEADER_NO;
	if (n < 11)
		return n > 2 && p[2] != 1 && p[2] != 4 ? TLS_HEADER_NO : TLS_HEADER_MORE;
	client = p[2] == 1;
	if (client && ((p[3] == 3 && p[4] <= 4) || (p[3] == 0 && p[4] == 2)))
		return p[5] == 0 && p[6] > 0 && p[6] % 3 == 0 ? TLS_HEADER_SSLV2 : TLS_HEADER_NO;
	if (p[2] == 4 && p[3] <= 1 && p[4] <= 1 && p[5] == 0 && p[6] == 2)
		return TLS_HEADER_SSLV2;
	return TLS_HEADER_NO;
}

/* Stricter than record_header, for places that are only guessed. What follows the record plays no part: it may be in
 * the next segment, and how a stream is cut must not change what is found. */
enum tls_header tls_guessed_header(const struct tls_direction *d, const uint8_t *p, size_t n)
{
	enum tls_header header = tls_record_header(p, n);
	size_t len;

	if (header != TLS_HEADER_YES)
		return header;
	len = (size_t)p[3] << 8 | p[4];
	if (p[2] == 0 || p[0] == TLS_HEARTBEAT)
		return TLS_HEADER_NO;
	if (p[0] == TLS_ALERT)
		return len == 2 || (len >= 16 && len <= 64) ? TLS_HEADER_YES : TLS_HEADER_NO;
	if (p[0] == TLS_APPLICATION)
		return len >= 17 ? TLS_HEADER_YES : TLS_HEADER_NO; /* a byte and a MAC or tag */
	if (p[0] != TLS_HANDSHAKE || d->encrypted)
		return TLS_HEADER_YES;
	if (n < TLS_HEADER + 2)
		return TLS_HEADER_MORE;
	return tls_message_known(p[TLS_HEADER]) && p[TLS_HEADER + 1] == 0 ? TLS_HEADER_YES : TLS_HEADER_NO;
}

/* Where the next plausible record may begin; n when nowhere. */
size_t tls_find_record(const struct tls_direction *d, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tls_guessed_header(d, p + i, n - i) != TLS_HEADER_NO)
			return i;
	return n;
}
