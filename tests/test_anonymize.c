/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --anonymize: what of a frame is mapped, what stays, what becomes zeros. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anonymize_impl.h"
#include "base/text.h"

static struct anonymizer *key;

static int draw_key(void **state)
{
	(void)state;
	key = anonymizer_new();
	return 0;
}

static int forget_key(void **state)
{
	(void)state;
	anonymizer_free(key);
	return 0;
}

static int common_bits(const uint8_t *a, const uint8_t *b, int n)
{
	int bits = 0;

	while (bits < n * 8 && !((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	return bits;
}

static void test_common_prefixes_stay_common(void **state)
{
	static const uint8_t a[] = { 93, 184, 216, 34 }, b[] = { 93, 184, 219, 1 };
	struct addr x = addr_v4(a), y = addr_v4(b), again = addr_v4(a);

	(void)state;
	anonymize_addr(key, &x);
	anonymize_addr(key, &y);
	anonymize_addr(key, &again);
	assert_memory_equal(&x, &again, sizeof(x));
	assert_int_equal(common_bits(x.b + 12, y.b + 12, 4), common_bits(a, b, 4));
}

static void test_private_addresses_stay_private(void **state)
{
	static const uint8_t a[] = { 192, 168, 7, 9 };
	struct addr x = addr_v4(a);

	(void)state;
	anonymize_addr(key, &x);
	assert_memory_equal(x.b + 12, a, 2);
}

static void test_words_keep_length_and_case_means_nothing(void **state)
{
	char a[] = "Www.Example.com:8443", b[] = "www.EXAMPLE.com:8443", v6[] = "2001:db8::17";

	(void)state;
	anonymize_words(key, (uint8_t *)a, strlen(a));
	anonymize_words(key, (uint8_t *)b, strlen(b));
	assert_string_equal(a, b);
	assert_true(a[3] == '.' && a[11] == '.');
	assert_string_equal(a + 15, ":8443");
	assert_null(strstr(a, "xample"));
	anonymize_words(key, (uint8_t *)v6, strlen(v6));
	assert_null(strstr(v6, "17"));
}

static void test_client_hello_keeps_its_offer(void **state)
{
	uint8_t hello[] = { 22, 3, 1, 0, 69, 1, 0, 0, 65, 3, 3, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
		0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
		0xaa, 0xaa, 0xaa, 0xaa, /* random */
		0, 0, 2, 0x13, 0x01, 1, 0, 0, 20, 0, 0, 0, 9, 0, 7, 0, 0, 4, 'h', 'o', 's', 't', 0, 43, 0, 3, 2, 3, 4 };
	struct span s = { hello, sizeof(hello) };
	char host[] = "host";

	(void)state;
	assert_true(map_tls(key, s));
	anonymize_words(key, (uint8_t *)host, 4);
	assert_int_equal(hello[5], 1);
	assert_int_equal(hello[11], 0);
	assert_int_equal(hello[46], 0x13);
	assert_memory_equal(hello + 61, host, 4);
	assert_int_equal(hello[sizeof(hello) - 1], 4);
}

static void test_alerts_stay_and_data_goes(void **state)
{
	uint8_t records[] = { 21, 3, 3, 0, 2, 2, 45, 23, 3, 3, 0, 3, 'a', 'b', 'c' };

	(void)state;
	assert_true(map_tls(key, (struct span){ records, sizeof(records) }));
	assert_int_equal(records[6], 45);
	assert_int_equal(records[12] | records[13] | records[14], 0);
}

/* Rewrites `before` and gives it back as text. */
static const char *lines(const char *before)
{
	static char out[512];
	size_t n = strlen(before);

	memcpy(out, before, n + 1);
	if (!map_lines(key, (struct span){ (uint8_t *)out, n }))
		return NULL;
	return out;
}

static void test_http_keeps_methods_status_and_lengths(void **state)
{
	const char *out = lines("GET /private/plan HTTP/1.1\r\nHost: intranet.example:8080\r\nX-Secret: key\r\n\r\nbody");

	(void)state;
	assert_non_null(out);
	assert_true(strncmp(out, "GET /", 5) == 0);
	assert_non_null(strstr(out, " HTTP/1.1\r\nHost: "));
	assert_non_null(strstr(out, ":8080\r\n"));
	assert_null(strstr(out, "private"));
	assert_null(strstr(out, "intranet"));
	assert_null(strstr(out, "Secret"));
	out = lines("HTTP/1.1 407 Login for Staff\r\nProxy-Authenticate: Basic realm=\"Staff\"\r\nContent-Length: 12\r\n\r\n");
	assert_non_null(strstr(out, "HTTP/1.1 407 "));
	assert_non_null(strstr(out, "Proxy-Authenticate: Basic "));
	assert_non_null(strstr(out, "Content-Length: 12\r\n"));
	assert_null(strstr(out, "Staff"));
}

static void test_ftp_keeps_commands_and_maps_the_announced_address(void **state)
{
	static const uint8_t address[] = { 198, 51, 100, 20 };
	struct addr mapped = addr_v4(address);
	char wanted[64];
	const char *out = lines("USER margaret\r\n");

	(void)state;
	assert_true(strncmp(out, "USER ", 5) == 0);
	assert_null(strstr(out, "margaret"));
	anonymize_addr(key, &mapped);
	snprintf(wanted, sizeof(wanted), "(%u,%u,%u,%u,117,48)\r\n", mapped.b[12], mapped.b[13], mapped.b[14], mapped.b[15]);
	out = lines("227 Entering Passive Mode (198,51,100,20,117,48)\r\n");
	assert_true(strncmp(out, "227 ", 4) == 0);
	assert_non_null(strstr(out, wanted));
	assert_string_equal(lines("229 Entering Extended Passive Mode (|||30234|)\r\n"),
		"229 Entering Extended Passive Mode (|||30234|)\r\n");
}

static void test_prose_is_not_taken_for_lines(void **state)
{
	(void)state;
	assert_null(lines("dear all,\r\n"));
	assert_null(lines("\x16\x03\x01"));
}

static void test_dns_names_and_addresses_are_mapped(void **state)
{
	uint8_t answer[] = { 0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 3, 'w', 'w', 'w', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1,
		0, 0, 0, 60, 0, 4, 93, 184, 216, 34, 'x' };
	static const uint8_t address[] = { 93, 184, 216, 34 };
	struct addr mapped = addr_v4(address);
	char name[] = "www";

	(void)state;
	anonymize_addr(key, &mapped);
	anonymize_words(key, (uint8_t *)name, 3);
	map_dns(key, (struct span){ answer, sizeof(answer) });
	assert_int_equal(answer[12], 3);
	assert_memory_equal(answer + 13, name, 3);
	assert_memory_equal(answer + 33, mapped.b + 12, 4);
	assert_int_equal(answer[37], 0);
}

/* Ethernet, IPv4, UDP to port 9 with "secret". */
static const uint8_t datagram[] = { 0, 0x1a, 0xa0, 1, 2, 3, 0, 1, 0xd7, 4, 5, 6, 8, 0, 0x45, 0, 0, 34, 0, 1, 0, 0, 64, 17, 0,
	0, 10, 1, 2, 3, 10, 1, 2, 4, 0x9c, 0x40, 0, 9, 0, 14, 0, 0, 's', 'e', 'c', 'r', 'e', 't' };

static void test_checksums_keep_their_worth(void **state)
{
	static const enum sum_was worths[] = { SUM_RIGHT, SUM_PARTIAL, SUM_WRONG, SUM_NONE };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint8_t frame[sizeof(datagram)];
		struct span transport = { frame + 34, 14 };

		memcpy(frame, datagram, sizeof(frame));
		transport_sum(frame + 14, transport, 17, worths[i]);
		anonymize_frame(key, frame, sizeof(frame), 1);
		assert_int_equal(transport_sum_was(frame + 14, transport, 17), worths[i]);
		assert_int_equal(frame[42] | frame[47], 0);
		assert_memory_equal(frame + 6, datagram + 6, 3); /* the vendor */
		assert_int_equal(frame[26], 10);
	}
}

static void test_addresses_inside_a_tunnel_are_mapped_alike(void **state)
{
	uint8_t plain[sizeof(datagram)], tunnelled[14 + 20 + 4 + sizeof(datagram)] = { 0 };

	(void)state;
	memcpy(plain, datagram, sizeof(plain));
	memcpy(tunnelled, datagram, 34);
	tunnelled[17] = (uint8_t)(sizeof(tunnelled) - 14);
	tunnelled[23] = 47;
	tunnelled[36] = 0x65;
	tunnelled[37] = 0x58;
	memcpy(tunnelled + 38, datagram, sizeof(datagram));
	anonymize_frame(key, plain, sizeof(plain), 1);
	anonymize_frame(key, tunnelled, sizeof(tunnelled), 1);
	assert_memory_equal(tunnelled + 38, plain, sizeof(plain));
}

/* Whatever the bytes are, nothing outside them is touched: the sanitizers look. */
static void test_any_bytes_are_taken(void **state)
{
	static const uint32_t links[] = { 0, 1, 101, 108, 113, 228, 229, 276, 105 };
	static const unsigned ports[] = { 9, 53, 67, 4789 };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = (seed = seed * 1664525 + 1013904223) >> 24;
		uint8_t *bytes = xmalloc(n + 1);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		if (n > 48 && round % 2) {
			memcpy(bytes, datagram, 42);
			bytes[37] = (uint8_t)ports[round / 2 % 4];
			bytes[36] = (uint8_t)(ports[round / 2 % 4] >> 8);
			bytes[23] = round % 3 ? bytes[23] : 6;
		}
		anonymize_frame(key, bytes, (uint32_t)n, links[(size_t)round % 9]);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common_prefixes_stay_common),
		cmocka_unit_test(test_private_addresses_stay_private),
		cmocka_unit_test(test_words_keep_length_and_case_means_nothing),
		cmocka_unit_test(test_client_hello_keeps_its_offer),
		cmocka_unit_test(test_alerts_stay_and_data_goes),
		cmocka_unit_test(test_http_keeps_methods_status_and_lengths),
		cmocka_unit_test(test_ftp_keeps_commands_and_maps_the_announced_address),
		cmocka_unit_test(test_prose_is_not_taken_for_lines),
		cmocka_unit_test(test_dns_names_and_addresses_are_mapped),
		cmocka_unit_test(test_checksums_keep_their_worth),
		cmocka_unit_test(test_addresses_inside_a_tunnel_are_mapped_alike),
		cmocka_unit_test(test_any_bytes_are_taken),
	};

	return cmocka_run_group_tests(tests, draw_key, forget_key);
}
