/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record protection of TLS 1.0-1.3, reading side (RFC 5246, section 6.2.3; RFC 7366; RFC 8446, section 5.2). */
#include "dissectors/tls_decrypt.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/keylog.h"
#include "dissectors/tls_keys.h"
#include "dissectors/tls_names.h"

#define SMALL_RECORD 512
#define OPEN_ALL_BYTES (4 << 20)
#define GUESSES_AFTER_GAP 64 /* records that a gap may have hidden */
#define MAC_MAX 48

struct crypt_side {
	struct tls_key key;
	uint8_t secret[64];	/* 1.3: current traffic secret */
	uint8_t next_secret[64]; /* 1.3: of application data, from Finished on */
	gnutls_aead_cipher_hd_t aead;
	uint64_t sequence, opened_bytes;
	bool ready, has_next, unsure, worked;
	bool proven; /* this very key opened a record */
	uint8_t chain[16]; /* TLS 1.0: last block of the record before */
};

struct tls_crypt {
	struct tls_suite suite;
	uint16_t version;
	bool usable;
	struct crypt_side side[2];
	uint8_t plain[TLS_RECORD_MAX];
};

static bool start_key(struct tls_crypt *c, struct crypt_side *k)
{
	gnutls_datum_t key = { k->key.key, c->suite.key_size };

	if (k->aead)
		gnutls_aead_cipher_deinit(k->aead);
	k->aead = NULL;
	k->sequence = 0;
	k->proven = false;
	memcpy(k->chain, k->key.iv, sizeof(k->chain));
	k->ready = !c->suite.aead || gnutls_aead_cipher_init(&k->aead, c->suite.cipher, &key) == 0;
	return k->ready;
}

static bool secret_of(const struct keylog *log, const uint8_t *client_random, const struct tls_crypt *c,
	const char *label, uint8_t *out)
{
	size_t size;
	const uint8_t *secret = keylog_find(log, label, client_random, &size);

	if (!secret || size != c->suite.hash_size)
		return false;
	memcpy(out, secret, size);
	return true;
}

/* Starts with the handshake's secret, or with that of application data where only this one was logged. */
static void side_from_secrets(const struct keylog *log, struct tls_state *st, struct tls_crypt *c, bool client)
{
	struct crypt_side *k = &c->side[client ? st->t.client : side_other(st->t.client)];
	const uint8_t *random = tls_told(st)->client_random;

	k->has_next = secret_of(log, random, c, client ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0",
		k->next_secret);
	if (!secret_of(log, random, c, client ? "CLIENT_HANDSHAKE_TRAFFIC_SECRET" : "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		    k->secret)) {
		if (!k->has_next)
			return;
		memcpy(k->secret, k->next_secret, sizeof(k->secret));
	}
	if (tls_keys_from_secret(&c->suite, k->secret, st->t.dtls, &k->key))
		c->usable |= start_key(c, k);
}

static bool keys_from_log(const struct keylog *log, struct tls_state *st, const struct tls_crypt *c,
	struct tls_key keys[2])
{
	size_t size;
	const struct tls_told *told = tls_told(st);
	const uint8_t *master = log ? keylog_find(log, "CLIENT_RANDOM", told->client_random, &size) : NULL;

	return master && size == 48 &&
		tls_keys_from_master(&c->suite, c->version, master, told->client_random, told->server_random, keys);
}

static void sides_from_master(const struct keylog *log, struct tls_state *st, struct tls_crypt *c)
{
	struct tls_key keys[2];
	enum side client = st->t.client;

	memset(keys, 0, sizeof(keys));
	if (!keys_from_log(log, st, c, keys))
		return;
	c->side[client].key = keys[0];
	c->side[side_other(client)].key = keys[1];
	c->usable = start_key(c, &c->side[0]) && start_key(c, &c->side[1]);
}

/* The keys of this conversation, looked up with its first encrypted record; NULL without a key log. */
static struct tls_crypt *crypt_of(struct tls_state *st, const struct tls_place *at)
{
	const struct keylog *log = session_keylog(at->session);
	struct tls_crypt *c = st->crypt;

	if (c || !log || st->keyless)
		return c && c->usable ? c : NULL;
	st->keyless = keylog_is_empty(log);
	if (st->keyless || !st->t.version)
		return NULL;
	c = st->crypt = xcalloc(1, sizeof(*c));
	c->version = st->t.version;
	if (!tls_suite_find(st->t.cipher, c->version, &c->suite))
		return NULL;
	if (tls_version_is_13(c->version)) {
		side_from_secrets(log, st, c, true);
		side_from_secrets(log, st, c, false);
	} else {
		sides_from_master(log, st, c);
	}
	return c->usable ? c : NULL;
}

bool tls_crypt_wants(struct tls_state *st, const struct tls_place *at, uint8_t type, size_t len)
{
	struct tls_crypt *c = crypt_of(st, at);

	if (!c || !c->side[at->side].ready)
		return false;
	return type != TLS_APPLICATION || len <= SMALL_RECORD || c->version == 0x0301 ||
		c->side[at->side].opened_bytes < OPEN_ALL_BYTES;
}

static void put_u64(uint8_t *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (uint8_t)value;
}

/* Up to 1.2: sequence, type, version and length of what is protected. */
static void put_additional(uint8_t out[13], uint64_t sequence, const uint8_t *header, size_t len)
{
	put_u64(out, sequence);
	memcpy(out + 8, header, 3);
	out[11] = (uint8_t)(len >> 8);
	out[12] = (uint8_t)len;
}

static bool open_aead(struct tls_crypt *c, struct crypt_side *k, uint64_t sequence, const uint8_t *header,
	const uint8_t *body, size_t len, size_t *plain_len)
{
	const struct tls_suite *s = &c->suite;
	size_t over = s->nonce_size + s->tag_size, additional_size = 13;
	uint8_t nonce[12], additional[13], number[8];

	if (len < over)
		return false;
	memcpy(nonce, k->key.iv, s->iv_size);
	if (s->nonce_size) {
		memcpy(nonce + s->iv_size, body, s->nonce_size);
	} else {
		put_u64(number, sequence);
		for (int i = 0; i < 8; i++)
			nonce[4 + i] ^= number[i];
	}
	put_additional(additional, sequence, header, len - over);
	if (tls_version_is_13(c->version)) {
		memcpy(additional, header, TLS_HEADER);
		additional_size = TLS_HEADER;
	}
	*plain_len = sizeof(c->plain);
	return gnutls_aead_cipher_decrypt(k->aead, nonce, sizeof(nonce), additional, additional_size, s->tag_size,
		       body + s->nonce_size, len - s->nonce_size, c->plain, plain_len) == 0;
}

static bool mac_matches(const struct tls_crypt *c, const struct crypt_side *k, uint64_t sequence, const uint8_t *header,
	const uint8_t *bytes, size_t len, const uint8_t *mac)
{
	uint8_t additional[13], want[MAC_MAX];
	gnutls_hmac_hd_t h;

	if (gnutls_hmac_init(&h, c->suite.mac, k->key.mac_key, c->suite.mac_size) != 0)
		return false;
	put_additional(additional, sequence, header, len);
	gnutls_hmac(h, additional, sizeof(additional));
	gnutls_hmac(h, bytes, len);
	gnutls_hmac_deinit(h, want);
	return memcmp(want, mac, c->suite.mac_size) == 0;
}

static bool decrypt_cbc(struct tls_crypt *c, const struct crypt_side *k, const uint8_t *iv, const uint8_t *in, size_t n)
{
	gnutls_datum_t key = { (unsigned char *)k->key.key, c->suite.key_size };
	gnutls_datum_t vector = { (unsigned char *)iv, c->suite.block_size };
	gnutls_cipher_hd_t h;
	int status;

	if (n == 0 || n % c->suite.block_size || gnutls_cipher_init(&h, c->suite.cipher, &key, &vector) != 0)
		return false;
	status = gnutls_cipher_decrypt2(h, in, n, c->plain, sizeof(c->plain));
	gnutls_cipher_deinit(h);
	return status == 0;
}

/* Length without padding; n + 1 when the padding is wrong. */
static size_t unpadded(const uint8_t *plain, size_t n)
{
	size_t padding = plain[n - 1];

	if (padding + 1 > n)
		return n + 1;
	for (size_t i = 0; i <= padding; i++)
		if (plain[n - 1 - i] != padding)
			return n + 1;
	return n - padding - 1;
}

static bool open_cbc(struct tls_crypt *c, struct crypt_side *k, bool encrypt_then_mac, uint64_t sequence,
	const uint8_t *header, const uint8_t *body, size_t len, size_t *plain_len)
{
	const struct tls_suite *s = &c->suite;
	uint8_t iv[16];
	size_t n = len, size;

	if (len < s->nonce_size + (size_t)s->mac_size)
		return false;
	if (encrypt_then_mac) {
		n -= s->mac_size;
		if (!mac_matches(c, k, sequence, header, body, n, body + n))
			return false;
	}
	memcpy(iv, s->nonce_size ? body : k->chain, s->block_size);
	n -= s->nonce_size;
	if (!decrypt_cbc(c, k, iv, body + s->nonce_size, n))
		return false;
	size = unpadded(c->plain, n);
	if (size > n || (!encrypt_then_mac && size < s->mac_size))
		return false;
	*plain_len = encrypt_then_mac ? size : size - s->mac_size;
	return encrypt_then_mac || mac_matches(c, k, sequence, header, c->plain, *plain_len, c->plain + *plain_len);
}

static bool open_at(struct tls_state *st, struct crypt_side *k, uint64_t sequence, const uint8_t *header,
	const uint8_t *body, size_t len, size_t *plain_len)
{
	struct tls_crypt *c = st->crypt;

	if (c->suite.aead)
		return open_aead(c, k, sequence, header, body, len, plain_len);
	return open_cbc(c, k, st->encrypt_then_mac, sequence, header, body, len, plain_len);
}

/* The sequence number that fits, when a gap hid some records. */
static bool open_guessing(struct tls_state *st, struct crypt_side *k, const uint8_t *header, const uint8_t *body,
	size_t len, size_t *plain_len)
{
	uint64_t last = k->sequence + (k->unsure ? GUESSES_AFTER_GAP : 0);

	for (uint64_t sequence = k->sequence; sequence <= last; sequence++) {
		if (!open_at(st, k, sequence, header, body, len, plain_len))
			continue;
		k->sequence = sequence;
		k->unsure = false;
		return true;
	}
	return false;
}

/* The inner type is the last byte that is not zero (RFC 8446, section 5.2). */
static void inner_content(struct tls_plain *plain)
{
	while (plain->len && plain->bytes[plain->len - 1] == 0)
		plain->len--;
	plain->type = plain->len ? plain->bytes[--plain->len] : 0;
}

/* TLS 1.0 goes on with the last block of the ciphertext; the MAC may come behind it (RFC 7366). */
static void keep_chain(const struct tls_state *st, struct crypt_side *k, const uint8_t *body, size_t len)
{
	const struct tls_suite *s = &st->crypt->suite;
	size_t behind = st->encrypt_then_mac ? s->mac_size : 0;

	if (s->block_size && len >= behind + s->block_size)
		memcpy(k->chain, body + len - behind - s->block_size, s->block_size);
}

enum tls_opened tls_crypt_open(struct tls_state *st, const struct tls_place *at, const uint8_t *header,
	const uint8_t *body, size_t len, struct tls_plain *plain)
{
	struct tls_crypt *c = crypt_of(st, at);
	struct crypt_side *k = c ? &c->side[at->side] : NULL;
	bool opened;

	if (!k || !k->ready)
		return TLS_NOT_OPENED;
	if (!body || len > sizeof(c->plain)) {
		k->sequence++;
		return TLS_NOT_OPENED;
	}
	opened = open_guessing(st, k, header, body, len, &plain->len);
	keep_chain(st, k, body, len);
	k->sequence++;
	k->opened_bytes += len;
	if (!opened)
		return TLS_OPEN_FAILED;
	k->worked = k->proven = st->t.decrypted = true;
	plain->type = header[0];
	plain->bytes = c->plain;
	if (tls_version_is_13(c->version))
		inner_content(plain);
	return TLS_OPENED;
}

bool tls_crypt_worked(const struct tls_state *st, enum side side)
{
	return st->crypt && st->crypt->side[side].worked;
}

bool tls_crypt_sure(const struct tls_state *st, enum side side)
{
	return st->crypt && st->crypt->side[side].proven && !st->crypt->side[side].unsure;
}

void tls_crypt_again(struct tls_state *st, enum side side)
{
	if (st->crypt && st->crypt->side[side].sequence)
		st->crypt->side[side].sequence--;
}

void tls_crypt_sequence(struct tls_state *st, enum side side, uint64_t number)
{
	if (st->crypt)
		st->crypt->side[side].sequence = number;
}

void tls_crypt_gap(struct tls_state *st, enum side side)
{
	if (st->crypt)
		st->crypt->side[side].unsure = true;
}

static void next_key(struct tls_state *st, struct crypt_side *k)
{
	k->ready = tls_keys_from_secret(&st->crypt->suite, k->secret, st->t.dtls, &k->key) && start_key(st->crypt, k);
}

void tls_crypt_finished(struct tls_state *st, enum side side)
{
	struct crypt_side *k = st->crypt ? &st->crypt->side[side] : NULL;

	if (!k || !k->ready || !tls_version_is_13(st->crypt->version))
		return;
	k->ready = false;
	if (!k->has_next)
		return;
	memcpy(k->secret, k->next_secret, sizeof(k->secret));
	next_key(st, k);
}

void tls_crypt_key_update(struct tls_state *st, enum side side)
{
	struct crypt_side *k = st->crypt ? &st->crypt->side[side] : NULL;

	if (!k || !k->ready || !tls_version_is_13(st->crypt->version))
		return;
	if (tls_secret_update(&st->crypt->suite, k->secret, st->t.dtls))
		next_key(st, k);
}

/* Renegotiated: the randoms of the new hellos were read in encrypted messages, so nothing is known without the old key. */
void tls_crypt_changed(struct tls_state *st, const struct tls_place *at)
{
	struct tls_crypt *c = st->crypt;
	struct crypt_side *k = c ? &c->side[at->side] : NULL;
	struct tls_suite suite;
	struct tls_key keys[2];

	if (!k || !k->ready)
		return;
	k->ready = false;
	memset(keys, 0, sizeof(keys));
	if (!tls_suite_find(st->t.cipher, c->version, &suite) || suite.cipher != c->suite.cipher ||
		suite.mac != c->suite.mac || !keys_from_log(session_keylog(at->session), st, c, keys))
		return;
	k->key = keys[at->side == st->t.client ? 0 : 1];
	start_key(c, k);
}

void tls_crypt_free(struct tls_state *st)
{
	if (!st->crypt)
		return;
	for (int i = 0; i < 2; i++)
		if (st->crypt->side[i].aead)
			gnutls_aead_cipher_deinit(st->crypt->side[i].aead);
	gnutls_memset(st->crypt, 0, sizeof(*st->crypt));
	free(st->crypt);
	st->crypt = NULL;
}
