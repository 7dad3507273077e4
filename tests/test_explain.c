/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapdx explain: a page for every code, found by what programs print. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "explain.h"

static void test_every_code_has_a_page_with_its_severity(void **state)
{
	(void)state;
	for (int i = 0; i < catalogue_count(); i++) {
		const char *code = catalogue_code(i);
		char *head = xprintf("# %s (%s)\n", code, severity_name(catalogue_severity(code)));
		struct text out = { 0 };

		assert_int_equal(explain_words(code, &out), 0);
		if (strncmp(text_str(&out), head, strlen(head)) != 0)
			fail_msg("doc/findings/%s.md does not begin with %s", code, head);
		text_free(&out);
		free(head);
	}
}

static void check_finds(const char *words, const char *code)
{
	struct text out = { 0 };

	assert_int_equal(explain_words(words, &out), 0);
	if (!strstr(text_str(&out), code))
		fail_msg("\"%s\" does not lead to %s", words, code);
	text_free(&out);
}

static void test_what_programs_print_leads_to_the_finding(void **state)
{
	(void)state;
	check_finds("errno=104", "rst-after-client-hello");
	check_finds("curl: (35)", "tls-closed-after-client-hello");
	check_finds("mbedtls_ssl_handshake returned -76", "rst-after-client-hello");
	check_finds("num=19", "tls-certificate-rejected");
	check_finds("EADDRNOTAVAIL", "port-exhaustion");
	check_finds("407 Proxy Authentication Required", "proxy-auth-required");
}

/* Lines as users paste them, with what the program put in. */
static void test_a_pasted_line_leads_to_the_finding(void **state)
{
	(void)state;
	check_finds("curl: (7) Failed to connect to 192.0.2.7 port 443 after 2 ms: Connection refused", "tcp-refused");
	check_finds("ssh: connect to host db.example port 22: Connection timed out", "tcp-no-answer");
	check_finds("dial tcp 198.51.100.7:443: i/o timeout", "tcp-no-answer");
	check_finds("dial tcp [2001:db8::7]:8080: connect: connection refused", "tcp-refused");
	check_finds("verify error:num=19:self-signed certificate in certificate chain", "tls-certificate-rejected");
	check_finds("  ! mbedtls_ssl_handshake returned -0x50", "rst-after-client-hello");
	check_finds("curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to www.example:443", "rst-after-client-hello");
	check_finds("javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find", "tls-certificate-rejected");
	check_finds("requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "rst-after-request");
	check_finds("Get \"https://a.example\": net/http: TLS handshake timeout", "tls-silent-server");
	check_finds("NET::ERR_CERT_DATE_INVALID", "tls-cert-expired");
	check_finds("x509: certificate is valid for a.example, not b.example", "tls-cert-name-mismatch");
	check_finds("wget: unable to resolve host address 'nowhere.example'", "dns-nxdomain");
	check_finds("ftp: connect: Connection refused", "tcp-refused");
	check_finds("[Errno 113] No route to host", "icmp-rejected");
	check_finds("TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.", "syn-flood");
}

static void check_alone(const char *words, const char *code)
{
	char *head = xprintf("# %s (", code);
	struct text out = { 0 };

	assert_int_equal(explain_words(words, &out), 0);
	if (strncmp(text_str(&out), head, strlen(head)) != 0)
		fail_msg("\"%s\" does not lead to %s alone", words, code);
	text_free(&out);
	free(head);
}

static void test_the_longest_phrase_decides(void **state)
{
	(void)state;
	check_alone("curl: (7) Failed to connect to host port 80: Connection refused", "tcp-refused");
	check_alone("curl: (56) CONNECT tunnel failed, response 407", "proxy-auth-required");
}

static void test_numbers_are_whole(void **state)
{
	struct text out = { 0 };

	(void)state;
	assert_int_equal(explain_words("num=1", &out), -1); /* not num=10, num=18, num=19 */
	text_free(&out);
}

static void test_unknown_words_are_told_and_escaped(void **state)
{
	struct text out = { 0 };

	(void)state;
	assert_int_equal(explain_words("\x1b[31mnever heard of", &out), -1);
	assert_non_null(strstr(text_str(&out), "\\x1b[31mnever heard of"));
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_a_page_with_its_severity),
		cmocka_unit_test(test_what_programs_print_leads_to_the_finding),
		cmocka_unit_test(test_a_pasted_line_leads_to_the_finding),
		cmocka_unit_test(test_the_longest_phrase_decides),
		cmocka_unit_test(test_numbers_are_whole),
		cmocka_unit_test(test_unknown_words_are_told_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
