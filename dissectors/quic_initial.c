/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Initial secrets, header protection and AEAD_AES_128_GCM of QUIC (RFC 9001, section 5; RFC 9369, section 3.3). */
#include "dissectors/quic_initial.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_keys.h"

#define SALT_SIZE 20
#define SAMPLE_SIZE 16
#define TAG_SIZE 16
#define NUMBER_MAX 4 /* bytes of a packet number */

struct salt_row {
	uint32_t first, last; /* versions */
	uint8_t salt[SALT_SIZE];
};

static const struct salt_row salts[] = {
	{ QUIC_V1, QUIC_V1, { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c,
				    0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ QUIC_V2, QUIC_V2, { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d,
				    0xcb, 0xf9, 0xbd, 0x2e, 0xd9 } },
	/* draft-ietf-quic-tls-33 and -34 */
	{ 0xff000021, 0xff000022, { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
					  0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	/* draft-ietf-quic-v2-00, -01 to -09 */
	{ QUIC_V2_DRAFT_00, QUIC_V2_DRAFT_00, { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62, 0xca,
						      0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 } },
	{ QUIC_V2_DRAFT_01, QUIC_V2_DRAFT_01, { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62, 0xca,
						      0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 } },
	/* draft-ietf-quic-tls-29 to -32 */
	{ 0xff00001d, 0xff000020, { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
					  0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 } },
	/* -23 to -28 */
	{ 0xff000017, 0xff00001c, { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
					  0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	/* mvfst on -27, its experimental version, and mvfst on -22 */
	{ 0xfaceb002, 0xfaceb002, { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
					  0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ 0xfaceb00e, 0xfaceb00e, { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
					  0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ 0xfaceb001, 0xfaceb001, { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51,
					  0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a } },
	/* Google's T050 and T051: TLS in its own transport */
	{ QUIC_T050, QUIC_T050, { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2,
					  0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 } },
	{ QUIC_T051, QUIC_T051, { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f,
					  0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d } },
};

static const struct salt_row *salt_of(uint32_t version)
{
	for (size_t i = 0; i < sizeof(salts) / sizeof(salts[0]); i++)
		if (version >= salts[i].first && version <= salts[i].last)
			return &salts[i];
	return NULL;
}

bool quic_version_known(uint32_t version)
{
	return salt_of(version) != NULL;
}

bool quic_version_is_google(uint32_t version)
{
	return version == QUIC_T050 || version == QUIC_T051;
}

bool quic_version_is_2(uint32_t version)
{
	return version == QUIC_V2 || version == QUIC_V2_DRAFT_00 || version == QUIC_V2_DRAFT_01;
}

static bool side_keys(const uint8_t initial[32], const char *label, bool v2, struct quic_key *out)
{
	uint8_t secret[32];

	return tls_expand_label(GNUTLS_MAC_SHA256, initial, 32, label, secret, sizeof(secret)) &&
		tls_expand_label(GNUTLS_MAC_SHA256, secret, 32, v2 ? "tls13 quicv2 key" : "tls13 quic key", out->key,
			sizeof(out->key)) &&
		tls_expand_label(GNUTLS_MAC_SHA256, secret, 32, v2 ? "tls13 quicv2 iv" : "tls13 quic iv", out->iv,
			sizeof(out->iv)) &&
		tls_expand_label(GNUTLS_MAC_SHA256, secret, 32, v2 ? "tls13 quicv2 hp" : "tls13 quic hp", out->header,
			sizeof(out->header));
}

bool quic_initial_keys(uint32_t version, const uint8_t *cid, size_t cid_len, struct quic_initial *out)
{
	const struct salt_row *row = salt_of(version);
	uint8_t initial[32];
	gnutls_datum_t key = { (unsigned char *)cid, (unsigned)cid_len }, salt;

	if (!row)
		return false;
	salt = (gnutls_datum_t){ (unsigned char *)row->salt, SALT_SIZE };
	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &key, &salt, initial) != 0)
		return false;
	return side_keys(initial, "tls13 client in", quic_version_is_2(version), &out->side[0]) &&
		side_keys(initial, "tls13 server in", quic_version_is_2(version), &out->side[1]);
}

/* One block of AES: CBC with an initial vector of zeros is the same thing. */
static bool mask_of(const uint8_t key[16], const uint8_t sample[SAMPLE_SIZE], uint8_t mask[SAMPLE_SIZE])
{
	uint8_t zeros[16] = { 0 };
	gnutls_datum_t k = { (unsigned char *)key, 16 }, iv = { zeros, sizeof(zeros) };
	gnutls_cipher_hd_t h;
	int status;

	if (gnutls_cipher_init(&h, GNUTLS_CIPHER_AES_128_CBC, &k, &iv) != 0)
		return false;
	status = gnutls_cipher_encrypt2(h, sample, SAMPLE_SIZE, mask, SAMPLE_SIZE);
	gnutls_cipher_deinit(h);
	return status == 0;
}

static bool open_payload(const struct quic_key *k, const uint8_t *header, size_t header_len, uint32_t number,
	const uint8_t *body, size_t len, uint8_t *plain, size_t *plain_len)
{
	gnutls_datum_t key = { (unsigned char *)k->key, sizeof(k->key) };
	gnutls_aead_cipher_hd_t h;
	uint8_t nonce[12];
	int status;

	memcpy(nonce, k->iv, sizeof(nonce));
	for (int i = 0; i < 4; i++)
		nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
	if (gnutls_aead_cipher_init(&h, GNUTLS_CIPHER_AES_128_GCM, &key) != 0)
		return false;
	*plain_len = len;
	status = gnutls_aead_cipher_decrypt(h, nonce, sizeof(nonce), header, header_len, TAG_SIZE, body, len, plain,
		plain_len);
	gnutls_aead_cipher_deinit(h);
	return status == 0;
}

/* Numbers of Initial packets begin at 0, so the bytes in the packet are all of the number. */
bool quic_initial_open(const struct quic_key *k, const uint8_t *packet, size_t header_len, size_t len, uint8_t *plain,
	size_t *plain_len)
{
	uint8_t mask[SAMPLE_SIZE], *header;
	uint32_t number = 0;
	size_t number_len;
	bool opened;

	if (len < NUMBER_MAX + SAMPLE_SIZE || !mask_of(k->header, packet + header_len + NUMBER_MAX, mask))
		return false;
	number_len = ((packet[0] ^ mask[0]) & 3) + 1u;
	header = xmalloc(header_len + NUMBER_MAX);
	memcpy(header, packet, header_len + NUMBER_MAX);
	header[0] = (uint8_t)(header[0] ^ (mask[0] & 0x0f));
	for (size_t i = 0; i < number_len; i++) {
		header[header_len + i] ^= mask[1 + i];
		number = number << 8 | header[header_len + i];
	}
	opened = open_payload(k, header, header_len + number_len, number, packet + header_len + number_len,
		len - number_len, plain, plain_len);
	free(header);
	return opened;
}
