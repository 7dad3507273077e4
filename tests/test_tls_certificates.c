/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificate messages of TLS: what is told of one that came before. */
#include "cmocka_all.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "dissectors/tls_state.h"
#include "tls_talk.h"

/* By which a stream is known for TLS. */
#define HELLO_BEGINS "16 0301 0072 01 00006e 0303"

/* A Certificate message of TLS 1.2 with one certificate for that name; gives its length. */
static size_t make_certificate(const char *name, uint8_t *out, size_t size)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	size_t n = size - 6;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1\2", 2);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_SET);
	gnutls_x509_crt_set_activation_time(crt, 1700000000);
	gnutls_x509_crt_set_expiration_time(crt, 1800000000);
	gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_DER, out + 6, &n), 0);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	for (size_t i = 0; i < 2; i++) {
		size_t len = i ? n : n + 3;

		out[3 * i] = 0;
		out[3 * i + 1] = (uint8_t)(len >> 8);
		out[3 * i + 2] = (uint8_t)len;
	}
	return 6 + n;
}

/* The same as if it were read anew: for the same name, for another name, for another certificate. */
static void test_remembered_certificates_are_as_read(void **state)
{
	static const struct {
		const char *asked;
		int certificate;
	} turns[] = { { "a.example", 0 }, { "b.example", 0 }, { "a.example", 0 }, { "b.example", 1 }, { "b.example", 0 } };
	uint8_t messages[2][1024];
	size_t sizes[2] = { make_certificate("a.example", messages[0], 1024),
		make_certificate("b.example", messages[1], 1024) };
	struct talk t;

	(void)state;
	talk_open(&t, 6, 443, NULL);
	talk_hex(&t, SIDE_ORIG, HELLO_BEGINS);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const uint8_t *message = messages[turns[i].certificate];
		size_t n = sizes[turns[i].certificate];
		struct tls read = { 0 }, recalled = { 0 };
		struct tls_certificates list;

		assert_true(tls_certificate_list(message, n, false, &list));
		strcpy(read.sni, turns[i].asked);
		strcpy(recalled.sni, turns[i].asked);
		tls_certificate_facts(&read, &list);
		tls_certificate_message(&recalled, t.session, &list, false, message, n);
		assert_memory_equal(&read, &recalled, sizeof(read));
		assert_true(recalled.cert_seen);
		assert_string_equal(recalled.cert_serial, "0102");
		assert_int_equal(recalled.cert_name_matches, turns[i].asked[0] == "ab"[turns[i].certificate]);
	}
	talk_close(&t);
	text_free(&t.marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembered_certificates_are_as_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
