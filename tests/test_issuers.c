/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Issuers of certificates: inspection products, public authorities, and which of them are one; owners of names. */
#include "cmocka_all.h"

#include "diagnose/issuers.h"

static void test_products_are_known_by_their_issuer(void **state)
{
	(void)state;
	assert_non_null(issuer_product("CN=Zscaler Intermediate Root CA (zscalertwo.net),O=Zscaler Inc.,C=US"));
	assert_non_null(issuer_product("CN=FG100E,O=Fortinet,C=US"));
	assert_non_null(issuer_product("CN=mitmproxy,O=mitmproxy"));
	assert_null(issuer_product("CN=R11,O=Let's Encrypt,C=US"));
	assert_null(issuer_product("CN=Example Issuing CA 1"));
}

static void test_public_authorities_are_no_suspects(void **state)
{
	(void)state;
	assert_true(issuer_is_public("CN=WR2,O=Google Trust Services,C=US"));
	assert_true(issuer_is_public("CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US"));
	assert_false(issuer_is_public("CN=Acme Secure Web Gateway,O=Acme Widgets"));
	assert_false(issuer_is_public("CN=Gateway CA - Cloudflare Managed G1,O=Cloudflare\\, Inc."));
}

static void test_intermediates_of_one_authority_are_one(void **state)
{
	(void)state;
	assert_true(issuer_is_same_authority("CN=R10,O=Let's Encrypt,C=US", "CN=E5,O=Let's Encrypt,C=US"));
	assert_true(issuer_is_same_authority("CN=Office Issuing CA 1", "CN=Office Issuing CA 12"));
	assert_false(issuer_is_same_authority("CN=Public TLS CA 3", "CN=Corp TLS Inspection CA"));
	assert_false(issuer_is_same_authority("CN=R10,O=Let's Encrypt", "CN=WR2,O=Google Trust Services"));
}

static void assert_owner(const char *host, const char *owner)
{
	char got[32];

	name_owner(host, got, sizeof(got));
	assert_string_equal(got, owner);
}

static void test_the_owner_chose_one_word_of_a_name(void **state)
{
	(void)state;
	assert_owner("www.example.com", "example");
	assert_owner("example.org", "example");
	assert_owner("shop.example.co.uk", "example");
	assert_owner("a.b.c.d.e.f.g.h.i.example.com", "example");
	assert_owner("localhost", "");
	assert_owner("192.0.2.7", "");
	assert_owner("2001:db8::1", "");
	assert_owner("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products_are_known_by_their_issuer),
		cmocka_unit_test(test_public_authorities_are_no_suspects),
		cmocka_unit_test(test_intermediates_of_one_authority_are_one),
		cmocka_unit_test(test_the_owner_chose_one_word_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
