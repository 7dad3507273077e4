/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key schedules of TLS, as far as an observer with a key log walks them. */
#include "dissectors/tls_keys.h"

#include <string.h>

#include "dissectors/tls_names.h"

#define SEED_MAX 80
#define KEY_BLOCK_MAX 256

struct cipher_row {
	const char *ending; /* of the suite's name, without the hash of AEAD suites */
	gnutls_cipher_algorithm_t cipher;
	uint8_t key_size, block_size, tag_size;
};

static const struct cipher_row cipher_rows[] = {
	{ "AES_128_GCM", GNUTLS_CIPHER_AES_128_GCM, 16, 0, 16 },
	{ "AES_256_GCM", GNUTLS_CIPHER_AES_256_GCM, 32, 0, 16 },
	{ "AES_128_CCM", GNUTLS_CIPHER_AES_128_CCM, 16, 0, 16 },
	{ "AES_256_CCM", GNUTLS_CIPHER_AES_256_CCM, 32, 0, 16 },
	{ "AES_128_CCM_8", GNUTLS_CIPHER_AES_128_CCM_8, 16, 0, 8 },
	{ "AES_256_CCM_8", GNUTLS_CIPHER_AES_256_CCM_8, 32, 0, 8 },
	{ "CHACHA20_POLY1305", GNUTLS_CIPHER_CHACHA20_POLY1305, 32, 0, 16 },
	{ "CAMELLIA_128_GCM", GNUTLS_CIPHER_CAMELLIA_128_GCM, 16, 0, 16 },
	{ "CAMELLIA_256_GCM", GNUTLS_CIPHER_CAMELLIA_256_GCM, 32, 0, 16 },
	{ "AES_128_CBC", GNUTLS_CIPHER_AES_128_CBC, 16, 16, 0 },
	{ "AES_256_CBC", GNUTLS_CIPHER_AES_256_CBC, 32, 16, 0 },
	{ "CAMELLIA_128_CBC", GNUTLS_CIPHER_CAMELLIA_128_CBC, 16, 16, 0 },
	{ "CAMELLIA_256_CBC", GNUTLS_CIPHER_CAMELLIA_256_CBC, 32, 16, 0 },
	{ "3DES_EDE_CBC", GNUTLS_CIPHER_3DES_CBC, 24, 8, 0 },
};

struct hash_row {
	const char *name;
	gnutls_mac_algorithm_t mac;
	uint8_t size;
};

static const struct hash_row hash_rows[] = {
	{ "_SHA256", GNUTLS_MAC_SHA256, 32 },
	{ "_SHA384", GNUTLS_MAC_SHA384, 48 },
	{ "_SHA", GNUTLS_MAC_SHA1, 20 },
};

static bool ends_with(const char *name, size_t n, const char *ending)
{
	size_t m = strlen(ending);

	return n > m && memcmp(name + n - m, ending, m) == 0 && name[n - m - 1] == '_';
}

/* The last word of the name: the hash of AEAD suites' PRF, or the MAC of CBC suites. */
static const struct hash_row *hash_of(const char *name, size_t *n)
{
	for (size_t i = 0; i < sizeof(hash_rows) / sizeof(hash_rows[0]); i++) {
		size_t m = strlen(hash_rows[i].name);

		if (*n > m && memcmp(name + *n - m, hash_rows[i].name, m) == 0) {
			*n -= m;
			return &hash_rows[i];
		}
	}
	return NULL;
}

static const struct cipher_row *cipher_of(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(cipher_rows) / sizeof(cipher_rows[0]); i++)
		if (ends_with(name, n, cipher_rows[i].ending))
			return &cipher_rows[i];
	return NULL;
}

static bool has_explicit_iv(uint16_t version)
{
	return version != 0x0301 && version != 0x0300;
}

static void cbc_suite(struct tls_suite *s, const struct hash_row *mac, uint16_t version)
{
	s->mac = mac->mac;
	s->mac_size = mac->size;
	s->iv_size = has_explicit_iv(version) ? 0 : s->block_size;
	s->nonce_size = has_explicit_iv(version) ? s->block_size : 0;
}

static void aead_suite(struct tls_suite *s, uint16_t version)
{
	bool whole_iv = tls_version_is_13(version) || s->cipher == GNUTLS_CIPHER_CHACHA20_POLY1305;

	s->aead = true;
	s->iv_size = whole_iv ? 12 : 4;
	s->nonce_size = whole_iv ? 0 : 8;
}

bool tls_suite_find(uint16_t cipher, uint16_t version, struct tls_suite *out)
{
	const char *name = tls_cipher_name(cipher);
	size_t n = name ? strlen(name) : 0;
	const struct hash_row *hash = name ? hash_of(name, &n) : NULL;
	const struct cipher_row *row = name ? cipher_of(name, n) : NULL;

	if (!row)
		return false;
	*out = (struct tls_suite){ .cipher = row->cipher, .key_size = row->key_size, .block_size = row->block_size,
		.tag_size = row->tag_size, .hash = GNUTLS_MAC_SHA256, .hash_size = 32 };
	if (hash && hash->mac == GNUTLS_MAC_SHA384) {
		out->hash = GNUTLS_MAC_SHA384;
		out->hash_size = 48;
	}
	if (row->block_size && !hash)
		return false;
	if (row->block_size)
		cbc_suite(out, hash, version);
	else
		aead_suite(out, version);
	return version != 0x0300 && version != 0x0002;
}

/* P_hash of RFC 5246, section 5, xored onto `out`. */
static bool prf_hash(gnutls_mac_algorithm_t mac, const uint8_t *secret, size_t secret_size, const uint8_t *seed,
	size_t seed_size, uint8_t *out, size_t size)
{
	uint8_t a[64 + SEED_MAX], block[64];
	size_t step = gnutls_hmac_get_len(mac);

	if (seed_size > SEED_MAX || gnutls_hmac_fast(mac, secret, secret_size, seed, seed_size, a) != 0)
		return false;
	for (size_t done = 0; done < size; done += step) {
		memcpy(a + step, seed, seed_size);
		if (gnutls_hmac_fast(mac, secret, secret_size, a, step + seed_size, block) != 0)
			return false;
		for (size_t i = 0; i < step && done + i < size; i++)
			out[done + i] ^= block[i];
		if (gnutls_hmac_fast(mac, secret, secret_size, a, step, block) != 0)
			return false;
		memcpy(a, block, step);
	}
	return true;
}

/* Before TLS 1.2: MD5 with the first half of the secret, SHA-1 with the second (RFC 2246, section 5). */
static bool prf(const struct tls_suite *s, uint16_t version, const uint8_t master[48], const uint8_t *seed,
	size_t seed_size, uint8_t *out, size_t size)
{
	memset(out, 0, size);
	if (version == 0x0303 || version == 0xfefd)
		return prf_hash(s->hash, master, 48, seed, seed_size, out, size);
	return prf_hash(GNUTLS_MAC_MD5, master, 24, seed, seed_size, out, size) &&
		prf_hash(GNUTLS_MAC_SHA1, master + 24, 24, seed, seed_size, out, size);
}

static const uint8_t *take(uint8_t *out, const uint8_t *from, size_t n)
{
	memcpy(out, from, n);
	return from + n;
}

bool tls_keys_from_master(const struct tls_suite *s, uint16_t version, const uint8_t master[48],
	const uint8_t client_random[32], const uint8_t server_random[32], struct tls_key out[2])
{
	static const char label[] = "key expansion";
	uint8_t seed[sizeof(label) - 1 + 64], block[KEY_BLOCK_MAX];
	const uint8_t *p = block;
	size_t size = 2 * ((size_t)s->mac_size + s->key_size + s->iv_size);

	memcpy(seed, label, sizeof(label) - 1);
	memcpy(seed + sizeof(label) - 1, server_random, 32);
	memcpy(seed + sizeof(label) - 1 + 32, client_random, 32);
	if (!prf(s, version, master, seed, sizeof(seed), block, size))
		return false;
	for (int i = 0; i < 2; i++)
		p = take(out[i].mac_key, p, s->mac_size);
	for (int i = 0; i < 2; i++)
		p = take(out[i].key, p, s->key_size);
	for (int i = 0; i < 2; i++)
		p = take(out[i].iv, p, s->iv_size);
	return true;
}

bool tls_expand_label(gnutls_mac_algorithm_t hash, const uint8_t *secret, size_t secret_size, const char *label,
	uint8_t *out, size_t size)
{
	uint8_t info[64];
	size_t n = strlen(label);
	gnutls_datum_t key = { (unsigned char *)secret, (unsigned)secret_size }, datum = { info, (unsigned)(n + 4) };

	if (n + 4 > sizeof(info))
		return false;
	info[0] = (uint8_t)(size >> 8);
	info[1] = (uint8_t)size;
	info[2] = (uint8_t)n;
	memcpy(info + 3, label, n);
	info[3 + n] = 0;
	return gnutls_hkdf_expand(hash, &key, &datum, out, size) == 0;
}

bool tls_keys_from_secret(const struct tls_suite *s, const uint8_t *secret, bool dtls, struct tls_key *out)
{
	return tls_expand_label(s->hash, secret, s->hash_size, dtls ? "dtls13key" : "tls13 key", out->key,
		       s->key_size) &&
		tls_expand_label(s->hash, secret, s->hash_size, dtls ? "dtls13iv" : "tls13 iv", out->iv, s->iv_size);
}

bool tls_secret_update(const struct tls_suite *s, uint8_t *secret, bool dtls)
{
	uint8_t next[64];

	if (!tls_expand_label(s->hash, secret, s->hash_size, dtls ? "dtls13traffic upd" : "tls13 traffic upd", next,
		    s->hash_size))
		return false;
	memcpy(secret, next, s->hash_size);
	return true;
}
