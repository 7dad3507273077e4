/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's certificate: who it is for, who vouches for it, and what is wrong with it (RFC 5280, RFC 9525). */
#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/memo.h"
#include "base/text.h"
#include "base/when.h"
#include "dissectors/tls_state.h"

#define KEPT_MAX (sizeof(((struct tls_certificates *)0)->der) / sizeof(((struct tls_certificates *)0)->der[0]))
#define WEAK_RSA_BITS 2048 /* NIST SP 800-131A: less is disallowed since 2014 */
#define WEAK_EC_BITS 224
#define NAMES_MAX 64 /* alternative names that are looked at */

/* Past the bound the last place is overwritten, so that the end of the chain is known. */
static void keep(struct tls_certificates *out, const uint8_t *der, size_t size)
{
	uint32_t place = out->kept < KEPT_MAX ? out->kept++ : KEPT_MAX - 1;

	out->count++;
	out->der[place] = der;
	out->size[place] = size;
}

bool tls_certificate_list(const uint8_t *body, size_t n, bool tls13, struct tls_certificates *out)
{
	struct reader r = rd_make(body, n, n), list;

	*out = (struct tls_certificates){ 0 };
	if (tls13)
		rd_skip(&r, rd_u8(&r));
	list = rd_sub(&r, rd_u24(&r));
	while (rd_left(&list)) {
		size_t size = rd_u24(&list);
		const uint8_t *der = rd_bytes(&list, size);

		if (tls13)
			rd_skip(&list, rd_u16(&list));
		if (!rd_ok(&list))
			return false;
		keep(out, der, size);
	}
	return rd_ok(&r);
}

static void name_text(gnutls_x509_crt_t crt, int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned), char *out,
	size_t size)
{
	gnutls_datum_t dn = { 0 };

	if (get(crt, &dn, 0) == 0)
		text_copy_bytes(out, size, dn.data, dn.size);
	gnutls_free(dn.data);
}

/* One alternative name as text; "" for kinds that no client compares with a host name. */
static void alternative_name(int kind, const uint8_t *name, size_t n, char *out, size_t size)
{
	out[0] = '\0';
	if (kind == GNUTLS_SAN_DNSNAME || kind == GNUTLS_SAN_URI || kind == GNUTLS_SAN_RFC822NAME)
		text_copy_bytes(out, size, name, n);
	else if (kind == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16))
		inet_ntop(n == 4 ? AF_INET : AF_INET6, name, out, (socklen_t)size);
}

static void names_text(gnutls_x509_crt_t crt, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		uint8_t raw[256];
		size_t n = sizeof(raw), len = strlen(out);
		char name[256];
		int kind = gnutls_x509_crt_get_subject_alt_name(crt, i, raw, &n, NULL);

		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (kind < 0)
			continue;
		alternative_name(kind, raw, n, name, sizeof(name));
		if (!name[0])
			continue;
		if (len + strlen(name) + 3 > size)
			break;
		snprintf(out + len, size - len, "%s%s", len ? ", " : "", name);
	}
}

static void serial_text(gnutls_x509_crt_t crt, char *out, size_t size)
{
	uint8_t raw[64];
	size_t n = sizeof(raw);

	if (gnutls_x509_crt_get_serial(crt, raw, &n) != 0)
		return;
	for (size_t i = 0; i < n && 2 * i + 2 < size; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static void fingerprint_text(const gnutls_datum_t *der, char *out)
{
	uint8_t digest[32];
	size_t n = sizeof(digest);

	if (gnutls_fingerprint(GNUTLS_DIG_SHA256, der, digest, &n) != 0)
		return;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static const char *curve_name(gnutls_x509_crt_t crt)
{
	gnutls_ecc_curve_t curve;

	if (gnutls_x509_crt_get_pk_ecc_raw(crt, &curve, NULL, NULL) != 0)
		return "unknown curve";
	switch (curve) {
	case GNUTLS_ECC_CURVE_SECP224R1:
		return "P-224";
	case GNUTLS_ECC_CURVE_SECP256R1:
		return "P-256";
	case GNUTLS_ECC_CURVE_SECP384R1:
		return "P-384";
	case GNUTLS_ECC_CURVE_SECP521R1:
		return "P-521";
	default:
		return gnutls_ecc_curve_get_name(curve);
	}
}

/* The key as text; true when it is weak. */
static bool key_text(gnutls_x509_crt_t crt, char *out, size_t size)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
	const char *name;

	if (algorithm == GNUTLS_PK_ECDSA) {
		snprintf(out, size, "ECDSA %s", curve_name(crt));
		return bits && bits < WEAK_EC_BITS;
	}
	if (algorithm == GNUTLS_PK_EDDSA_ED25519 || algorithm == GNUTLS_PK_EDDSA_ED448) {
		text_copy(out, size, algorithm == GNUTLS_PK_EDDSA_ED25519 ? "Ed25519" : "Ed448");
		return false;
	}
	name = algorithm > 0 ? gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm) : NULL;
	snprintf(out, size, "%s %u", name ? name : "unknown", bits);
	return algorithm > 0 && bits && bits < WEAK_RSA_BITS;
}

static bool signature_text(gnutls_x509_crt_t crt, char *out, size_t size)
{
	int algorithm = gnutls_x509_crt_get_signature_algorithm(crt);
	const char *name = algorithm > 0 ? gnutls_sign_get_name((gnutls_sign_algorithm_t)algorithm) : NULL;
	gnutls_digest_algorithm_t digest;

	text_copy(out, size, name ? name : "unknown");
	if (!name)
		return false;
	digest = gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)algorithm);
	return digest == GNUTLS_DIG_MD2 || digest == GNUTLS_DIG_MD5 || digest == GNUTLS_DIG_SHA1;
}

/* The signed part of a certificate: the first element inside the outer SEQUENCE, header included. */
static gnutls_datum_t signed_part(const gnutls_datum_t *der)
{
	gnutls_datum_t part = { 0 };
	size_t at = 0, start = 0;

	for (int level = 0; level < 2; level++) {
		size_t len, more;

		if (der->size < at + 2 || der->data[at] != 0x30)
			return part;
		len = der->data[at + 1];
		more = len & 0x80 ? len & 0x7f : 0;
		if (more > 3 || der->size < at + 2 + more)
			return part;
		if (more)
			len = 0;
		for (size_t i = 0; i < more; i++)
			len = len << 8 | der->data[at + 2 + i];
		start = at;
		at += 2 + more;
		if (level == 1 && len <= der->size - at)
			part = (gnutls_datum_t){ der->data + start, (unsigned)(at + len - start) };
	}
	return part;
}

/* 1: the certificate's own key made its signature; 0: another did; -1: cannot be told. */
static int signed_by_own_key(gnutls_x509_crt_t crt, const gnutls_datum_t *der)
{
	uint8_t raw[2048];
	gnutls_datum_t signature = { raw, 0 }, data = signed_part(der);
	size_t n = sizeof(raw);
	gnutls_pubkey_t key;
	int algorithm = gnutls_x509_crt_get_signature_algorithm(crt), got = -1;

	if (algorithm <= 0 || !data.data || gnutls_x509_crt_get_signature(crt, (char *)raw, &n) != 0)
		return -1;
	signature.size = (unsigned)n;
	if (gnutls_pubkey_init(&key) != 0)
		return -1;
	if (gnutls_pubkey_import_x509(key, crt, 0) == 0)
		got = gnutls_pubkey_verify_data2(key, (gnutls_sign_algorithm_t)algorithm,
			GNUTLS_VERIFY_ALLOW_BROKEN | GNUTLS_VERIFY_DISABLE_CA_SIGN, &data, &signature);
	gnutls_pubkey_deinit(key);
	if (got >= 0)
		return 1;
	return got == GNUTLS_E_PK_SIG_VERIFY_FAILED ? 0 : -1;
}

static bool same_name(gnutls_x509_crt_t a, int (*of_a)(gnutls_x509_crt_t, gnutls_datum_t *), gnutls_x509_crt_t b,
	int (*of_b)(gnutls_x509_crt_t, gnutls_datum_t *))
{
	gnutls_datum_t x = { 0 }, y = { 0 };
	bool same = of_a(a, &x) == 0 && of_b(b, &y) == 0 && x.size == y.size &&
		(x.size == 0 || memcmp(x.data, y.data, x.size) == 0);

	gnutls_free(x.data);
	gnutls_free(y.data);
	return same;
}

static bool self_signed(gnutls_x509_crt_t crt, const gnutls_datum_t *der)
{
	int own;

	if (!same_name(crt, gnutls_x509_crt_get_raw_dn, crt, gnutls_x509_crt_get_raw_issuer_dn))
		return false;
	own = signed_by_own_key(crt, der);
	return own < 0 ? gnutls_x509_crt_check_issuer(crt, crt) != 0 : own == 1;
}

static int64_t time_ns(time_t t)
{
	if (t <= 0)
		return 0;
	return t > INT64_MAX / NS_PER_S ? INT64_MAX : (int64_t)t * NS_PER_S;
}

static bool import(gnutls_x509_crt_t *crt, const gnutls_datum_t *der)
{
	if (gnutls_x509_crt_init(crt) != 0)
		return false;
	if (gnutls_x509_crt_import(*crt, der, GNUTLS_X509_FMT_DER) == 0)
		return true;
	gnutls_x509_crt_deinit(*crt);
	return false;
}

static void leaf_facts(struct tls *t, gnutls_x509_crt_t crt, const gnutls_datum_t *der)
{
	bool weak_key = key_text(crt, t->cert_key, sizeof(t->cert_key));
	bool weak_signature = signature_text(crt, t->cert_signature, sizeof(t->cert_signature));

	t->cert_seen = true;
	name_text(crt, gnutls_x509_crt_get_dn3, t->cert_subject, sizeof(t->cert_subject));
	name_text(crt, gnutls_x509_crt_get_issuer_dn3, t->cert_issuer, sizeof(t->cert_issuer));
	names_text(crt, t->cert_names, sizeof(t->cert_names));
	serial_text(crt, t->cert_serial, sizeof(t->cert_serial));
	fingerprint_text(der, t->cert_fingerprint);
	t->cert_not_before_ns = time_ns(gnutls_x509_crt_get_activation_time(crt));
	t->cert_not_after_ns = time_ns(gnutls_x509_crt_get_expiration_time(crt));
	t->cert_self_signed = self_signed(crt, der);
	t->cert_name_matches = !t->sni[0] || gnutls_x509_crt_check_hostname(crt, t->sni) != 0;
	t->cert_weak = weak_key || weak_signature;
}

/* The rest of the chain: is each certificate the issuer of the one before, and does it end in its root? */
static void chain_facts(struct tls *t, gnutls_x509_crt_t leaf, const struct tls_certificates *list)
{
	gnutls_x509_crt_t before = leaf, crt = NULL;

	name_text(leaf, gnutls_x509_crt_get_issuer_dn3, t->cert_root, sizeof(t->cert_root));
	for (uint32_t i = 1; i < list->kept; i++) {
		gnutls_datum_t der = { (unsigned char *)list->der[i], (unsigned)list->size[i] };

		if (!import(&crt, &der))
			break;
		if (!same_name(before, gnutls_x509_crt_get_raw_issuer_dn, crt, gnutls_x509_crt_get_raw_dn))
			t->cert_chain_disordered = true;
		if (before != leaf)
			gnutls_x509_crt_deinit(before);
		before = crt;
		name_text(crt, gnutls_x509_crt_get_issuer_dn3, t->cert_root, sizeof(t->cert_root));
		t->cert_chain_includes_root =
			same_name(crt, gnutls_x509_crt_get_raw_dn, crt, gnutls_x509_crt_get_raw_issuer_dn);
	}
	if (before != leaf)
		gnutls_x509_crt_deinit(before);
}

void tls_certificate_facts(struct tls *t, const struct tls_certificates *list)
{
	gnutls_datum_t der = { (unsigned char *)list->der[0], (unsigned)list->size[0] };
	gnutls_x509_crt_t leaf;

	t->cert_count = list->count;
	if (!import(&leaf, &der))
		return;
	leaf_facts(t, leaf, &der);
	chain_facts(t, leaf, list);
	gnutls_x509_crt_deinit(leaf);
}

/* Of struct tls, what tls_certificate_facts fills in. */
#define FACTS_AT offsetof(struct tls, cert_seen)
#define FACTS_SIZE (offsetof(struct tls, quic_version) - FACTS_AT)

/* What the facts follow from: the name that was asked for, and the message. */
static size_t put_question(uint8_t *out, const struct tls *t, bool tls13, const uint8_t *body, size_t n)
{
	size_t name = strlen(t->sni) + 1;

	out[0] = tls13;
	memcpy(out + 1, t->sni, name);
	memcpy(out + 1 + name, body, n);
	return 1 + name + n;
}

void tls_certificate_message(
	struct tls *t, struct session *s, const struct tls_certificates *list, bool tls13, const uint8_t *body, size_t n)
{
	struct memo *memo = session_memo(s, MEMO_CERTIFICATE);
	uint8_t question[MEMO_BYTES_MAX], *facts = (uint8_t *)t + FACTS_AT;
	const void *known;
	size_t len;

	if (n > sizeof(question) - 1 - sizeof(t->sni)) {
		tls_certificate_facts(t, list);
		return;
	}
	len = put_question(question, t, tls13, body, n);
	known = memo_find(memo, question, len);
	if (known) {
		memcpy(facts, known, FACTS_SIZE);
		return;
	}
	tls_certificate_facts(t, list);
	memo_keep(memo, question, len, facts, FACTS_SIZE);
}
