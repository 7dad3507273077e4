/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCKS proxies: what was asked and answered, who hung up, and the TLS behind them. */
#include "cmocka_all.h"

#include "dissect_rig.h"

/* Record, handshake, ClientHello of TLS 1.2 with one suite and no extensions. */
#define HELLO "16 0301 002d 01 000029 0303" RANDOM "00 0002 002f 01 00"
#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void hello(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, HELLO);
}

static void socks5_with_password(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 02 00 02");
	rig_hex(g, SIDE_RESP, "05 02");
	rig_hex(g, SIDE_ORIG, "01 01 75 01 70");
	rig_hex(g, SIDE_RESP, "01 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 0b 7777772e6578616d706c65 01bb");
	rig_hex(g, SIDE_RESP, "05 00 00 01 c0000201 1234");
	hello(g);
}

static void socks4a(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "04 01 01bb 00000001 00 7777772e6578616d706c65 00");
	rig_hex(g, SIDE_RESP, "00 5a 0000 00000000");
	hello(g);
}

static void test_socks_leads_to_tls(void **state)
{
	static void (*const scripts[])(struct rig *g) = {socks5_with_password, socks4a};
	struct rig rig, *g = &rig;

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_open(g, 6, 1080);
		scripts[i](g);
		rig_close(g);
		assert_string_equal(g->service, "tls");
		assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "socks");
		rig_free(g);
		rig_same_in_pieces(6, 1080, scripts[i]);
	}
}

static void test_socks_names_its_target(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	socks5_with_password(g);
	rig_close(g);
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "www.example:443");
	assert_string_equal(rig_record(g, RECORD_SOCKS, 0)->socks.user, "u");
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.response.frame, 6);
	rig_free(g);
	rig_open(g, 6, 1080);
	socks4a(g);
	rig_close(g);
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "www.example:443");
	rig_free(g);
}

static void socks5_refused(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 01 c0000201 01bb");
	rig_hex(g, SIDE_RESP, "05 05 00 01 00000000 0000");
}

static void socks5_without_method(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_hex(g, SIDE_RESP, "05 ff");
}

static void socks5_login_wrong(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 02");
	rig_hex(g, SIDE_RESP, "05 02");
	rig_hex(g, SIDE_ORIG, "01 03 6a6f65 01 78");
	rig_hex(g, SIDE_RESP, "01 02");
}

static void socks4_refused(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "04 01 0050 c0000201 6a6f65 00");
	rig_hex(g, SIDE_RESP, "00 5b 0000 00000000");
}

static void socks5_by_ipv6(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 04 20010db8000000000000000000000001 01bb");
	rig_hex(g, SIDE_RESP, "05 02 00 01 00000000 0000");
}

/* Refusals are told, on whatever port, however the bytes come. */
static void test_socks_refusals_are_told(void **state)
{
	static const struct {
		void (*script)(struct rig *g);
		struct socks told;
	} cases[] = {
		{socks5_refused, {.version = 5, .command = 1, .reply = 5, .proxied_host = "192.0.2.1:443"}},
		{socks5_without_method, {.version = 5, .method = 255}},
		{socks5_login_wrong, {.version = 5, .method = 2, .login_status = 2, .user = "joe"}},
		{socks4_refused, {.version = 4, .command = 1, .reply = 91, .user = "joe", .proxied_host = "192.0.2.1:80"}},
		{socks5_by_ipv6, {.version = 5, .command = 1, .reply = 2, .proxied_host = "[2001:db8::1]:443"}},
	};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct socks *want = &cases[i].told, *told;

		rig_open(g, 6, 9999);
		cases[i].script(g);
		rig_fin(g, SIDE_RESP);
		rig_fin(g, SIDE_ORIG);
		rig_close(g);
		assert_string_equal(g->service, "socks");
		assert_int_equal(rig_count(g, RECORD_TLS), 0);
		assert_int_equal(rig_count(g, RECORD_SOCKS), 1);
		told = &rig_record(g, RECORD_SOCKS, 0)->socks;
		assert_int_equal(told->version, want->version);
		assert_int_equal(told->command, want->command);
		assert_int_equal(told->method, want->method);
		assert_int_equal(told->login_status, want->login_status);
		assert_int_equal(told->reply, want->reply);
		assert_string_equal(told->user, want->user);
		assert_string_equal(told->proxied_host, want->proxied_host);
		rig_free(g);
		rig_same_in_pieces(6, 9999, cases[i].script);
	}
}

static void request_that_ends(struct rig *g, enum side first_fin)
{
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 01 c0000201 01bb");
	g->owner.first_fin = first_fin;
	rig_fin(g, SIDE_RESP);
	rig_close(g);
}

/* ssh -D hangs up on what it cannot reach. */
static void test_socks_proxy_that_hangs_up(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	request_that_ends(g, SIDE_RESP);
	assert_true(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.request.frame, 3);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.closed.frame, 4);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.response.frame, 0);
	rig_free(g);
}

/* A reset ends the side, too, and is no FIN. */
static void test_socks_reset_is_no_hanging_up(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	request_that_ends(g, SIDE_NONE);
	assert_false(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.closed.frame, 0);
	rig_free(g);
}

/* The server closed before the client had said anything; a client that closes first has given up. */
static void test_socks_record_says_who_hung_up(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	g->owner.first_fin = SIDE_RESP;
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_close(g);
	assert_true(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.closed.frame, 0);
	rig_free(g);
	rig_open(g, 6, 1080);
	g->owner.first_fin = SIDE_ORIG;
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_fin(g, SIDE_ORIG);
	rig_fin(g, SIDE_RESP);
	rig_close(g);
	assert_false(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	rig_free(g);
}

/* Frames cut by the snap length: the name is lost, what is inside is not. */
static void test_socks_request_cut_by_snaplen(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 0b 7777772e65");
	rig_lose(g, SIDE_ORIG, 8);
	rig_hex(g, SIDE_RESP, "05 00 00 01 00000000 0000");
	hello(g);
	rig_close(g);
	assert_string_equal(g->service, "tls");
	assert_string_equal(rig_record(g, RECORD_SOCKS, 0)->socks.proxied_host, "");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "socks");
	rig_free(g);
}

/* What begins like SOCKS and is not tells nothing. */
static void test_socks_lookalikes_tell_nothing(void **state)
{
	static const char *const answers[] = {"05 00 17 00 00", "05 03", "05", "04 01", "48 54 54 50"};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		rig_open(g, 6, 9999);
		rig_hex(g, SIDE_ORIG, "05 01 00");
		rig_hex(g, SIDE_RESP, answers[i]);
		rig_close(g);
		assert_int_equal(rig_count(g, RECORD_SOCKS), 0);
		rig_free(g);
	}
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "04 01 0050 c0000201 00");
	rig_hex(g, SIDE_RESP, "00 5f 0000 00000000");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_SOCKS), 0);
	rig_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socks_leads_to_tls),
		cmocka_unit_test(test_socks_names_its_target),
		cmocka_unit_test(test_socks_refusals_are_told),
		cmocka_unit_test(test_socks_proxy_that_hangs_up),
		cmocka_unit_test(test_socks_reset_is_no_hanging_up),
		cmocka_unit_test(test_socks_record_says_who_hung_up),
		cmocka_unit_test(test_socks_request_cut_by_snaplen),
		cmocka_unit_test(test_socks_lookalikes_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
