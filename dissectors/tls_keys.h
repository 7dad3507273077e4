/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of one direction out of secrets: TLS 1.0-1.2 (RFC 5246, section 6.3) and 1.3 (RFC 8446, section 7.3). */
#ifndef PCAPDX_DISSECTORS_TLS_KEYS_H
#define PCAPDX_DISSECTORS_TLS_KEYS_H

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a cipher suite protects records. */
struct tls_suite {
	gnutls_cipher_algorithm_t cipher;
	bool aead;
	uint8_t key_size, tag_size;
	uint8_t iv_size;    /* from the key block */
	uint8_t nonce_size; /* explicit part in the record */
	uint8_t block_size; /* CBC */
	gnutls_mac_algorithm_t mac; /* CBC */
	uint8_t mac_size;
	gnutls_mac_algorithm_t hash; /* of the PRF or HKDF */
	uint8_t hash_size;
};

struct tls_key {
	uint8_t key[32], iv[16], mac_key[48];
};

/* false: this program does not know how to open records of that cipher suite. */
bool tls_suite_find(uint16_t cipher, uint16_t version, struct tls_suite *out);

/* Both directions of TLS 1.0-1.2; [0] is the client's. */
bool tls_keys_from_master(const struct tls_suite *s, uint16_t version, const uint8_t master[48],
	const uint8_t client_random[32], const uint8_t server_random[32], struct tls_key out[2]);

/* One direction of TLS 1.3. `dtls`: labels begin with "dtls13" (RFC 9147, section 5.9). */
bool tls_keys_from_secret(const struct tls_suite *s, const uint8_t *secret, bool dtls, struct tls_key *out);
/* The secret after a KeyUpdate, in place. */
bool tls_secret_update(const struct tls_suite *s, uint8_t *secret, bool dtls);

/* HKDF-Expand-Label with an empty context; `label` with its prefix ("tls13 key"). */
bool tls_expand_label(gnutls_mac_algorithm_t hash, const uint8_t *secret, size_t secret_size, const char *label,
	uint8_t *out, size_t size);

#endif
