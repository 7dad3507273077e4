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
		cmocka_unit_test(test_numbers_are_whole),
		cmocka_unit_test(test_unknown_words_are_told_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
