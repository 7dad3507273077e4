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

/* Plays the script on that port, to the end of the capture; free g. */
static void play(struct rig *g, uint16_t port, void (*script)(struct rig *g))
{
	rig_open(g, 6, port);
	script(g);
	rig_close(g);
}

static const struct socks *told(const struct rig *g)
{
	assert_int_equal(rig_count(g, RECORD_SOCKS), 1);
	return &rig_record(g, RECORD_SOCKS, 0)->socks;
}

static void test_socks_leads_to_tls(void **state)
{
	static void (*const scripts[])(struct rig *g) = {socks5_with_password, socks4a};
	struct rig rig, *g = &rig;

	(void)state;
	for (int i = 0; i < 2; i++) {
		play(g, 1080, scripts[i]);
		assert_string_equal(g->service, "tls");
		assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "socks");
		assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "www.example:443");
		assert_string_equal(told(g)->user, i ? "" : "u");
		assert_int_equal(told(g)->response.frame, i ? 2 : 6);
		rig_free(g);
		rig_same_in_pieces(6, 1080, scripts[i]);
	}
}

#define TEN(hex) hex hex hex hex hex hex hex hex hex hex
#define LONG_NAME TEN(TEN("6c6f")) TEN("6e67") TEN("6572") "2e6578616d706c65 2e6f7267 2e" /* 253 bytes */

static void socks5_long_name(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 fd" LONG_NAME "01bb");
	rig_hex(g, SIDE_RESP, "05 00 00 01 c0000201 1234");
	hello(g);
}

static void socks4a_long_name(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "04 01 01bb 00000001 00" LONG_NAME "00");
	rig_hex(g, SIDE_RESP, "00 5a 0000 00000000");
	hello(g);
}

/* As long as a name of the DNS can be, and with its port. */
static void test_socks_long_names_are_whole(void **state)
{
	static void (*const scripts[])(struct rig *g) = {socks5_long_name, socks4a_long_name};
	struct rig rig, *g = &rig;

	(void)state;
	for (int i = 0; i < 2; i++) {
		play(g, 1080, scripts[i]);
		assert_int_equal(strlen(told(g)->proxied_host), 253 + 4);
		assert_non_null(strstr(told(g)->proxied_host, "ngerererererererererer.example.org.:443"));
		assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, told(g)->proxied_host);
		rig_free(g);
		rig_same_in_pieces(6, 1080, scripts[i]);
	}
}

static void request(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 01 c0000201 01bb");
}

static void socks5_refused(struct rig *g)
{
	request(g);
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

/* Who closes first, the client, the server, or nobody: then the capture ends, or it was a reset. */
static const enum side first_fins[] = {SIDE_ORIG, SIDE_RESP, SIDE_NONE};

static void end_with(struct rig *g, enum side first_fin)
{
	g->owner.first_fin = first_fin;
	rig_fin(g, first_fin == SIDE_RESP ? SIDE_RESP : SIDE_ORIG);
	rig_fin(g, first_fin == SIDE_RESP ? SIDE_ORIG : SIDE_RESP);
}

static void assert_same(const struct socks *got, const struct socks *want)
{
	assert_int_equal(got->version, want->version);
	assert_int_equal(got->command, want->command);
	assert_int_equal(got->method, want->method);
	assert_int_equal(got->login_status, want->login_status);
	assert_int_equal(got->reply, want->reply);
	assert_string_equal(got->user, want->user);
	assert_string_equal(got->proxied_host, want->proxied_host);
	assert_false(got->hung_up);
}

/* Refusals are told, on whatever port, however the bytes come and however it ends. */
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
		for (size_t end = 0; end < sizeof(first_fins) / sizeof(first_fins[0]); end++) {
			rig_open(g, 6, 9999);
			cases[i].script(g);
			end_with(g, first_fins[end]);
			rig_close(g);
			assert_string_equal(g->service, "socks");
			assert_int_equal(rig_count(g, RECORD_TLS), 0);
			assert_same(told(g), &cases[i].told);
			rig_free(g);
		}
		rig_same_in_pieces(6, 9999, cases[i].script);
	}
}

static void greeting(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
}

/* ssh -D hangs up on what it cannot reach. A client that closes first has given up, and a reset is no FIN. */
static void test_socks_record_says_who_hung_up(void **state)
{
	static const struct {
		void (*script)(struct rig *g);
		enum side first_fin;
		uint64_t request, closed;
	} cases[] = {
		{request, SIDE_RESP, 3, 4},
		{request, SIDE_NONE, 3, 0},
		{request, SIDE_ORIG, 3, 0},
		{greeting, SIDE_RESP, 0, 2},
		{greeting, SIDE_NONE, 0, 0},
		{greeting, SIDE_ORIG, 0, 0},
	};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_open(g, 6, 1080);
		cases[i].script(g);
		end_with(g, cases[i].first_fin);
		rig_close(g);
		assert_int_equal(told(g)->hung_up, cases[i].closed != 0);
		assert_int_equal(told(g)->closed.frame, cases[i].closed);
		assert_int_equal(told(g)->request.frame, cases[i].request);
		assert_int_equal(told(g)->response.frame, 0);
		rig_free(g);
	}
}

/* The server closed before the client had said anything: its FIN is not in place of an answer. */
static void test_socks_server_closed_unasked(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	g->owner.first_fin = SIDE_RESP;
	rig_fin(g, SIDE_RESP);
	greeting(g);
	rig_fin(g, SIDE_ORIG);
	rig_close(g);
	assert_true(told(g)->hung_up);
	assert_int_equal(told(g)->closed.frame, 0);
	rig_free(g);
}

static void request_cut(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 0b 7777772e65");
	rig_lose(g, SIDE_ORIG, 8);
	rig_hex(g, SIDE_RESP, "05 00 00 01 00000000 0000");
	hello(g);
}

/* Frames cut by the snap length: the name is lost, what is inside is not. */
static void test_socks_request_cut_by_snaplen(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	play(g, 1080, request_cut);
	assert_string_equal(g->service, "tls");
	assert_string_equal(told(g)->proxied_host, "");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "socks");
	rig_free(g);
}

/* What begins like SOCKS and is not tells nothing. */
static void test_socks_lookalikes_tell_nothing(void **state)
{
	static const struct {
		uint16_t port;
		const char *asked, *answered;
	} cases[] = {
		{9999, "05 01 00", "05 00 17 00 00"},
		{9999, "05 01 00", "05 03"},
		{9999, "05 01 00", "05"},
		{9999, "05 01 00", "04 01"},
		{9999, "05 01 00", "48 54 54 50"},
		{1080, "04 01 0050 c0000201 00", "00 5f 0000 00000000"},
	};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_open(g, 6, cases[i].port);
		rig_hex(g, SIDE_ORIG, cases[i].asked);
		rig_hex(g, SIDE_RESP, cases[i].answered);
		rig_close(g);
		assert_int_equal(rig_count(g, RECORD_SOCKS), 0);
		rig_free(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socks_leads_to_tls),
		cmocka_unit_test(test_socks_long_names_are_whole),
		cmocka_unit_test(test_socks_refusals_are_told),
		cmocka_unit_test(test_socks_record_says_who_hung_up),
		cmocka_unit_test(test_socks_server_closed_unasked),
		cmocka_unit_test(test_socks_request_cut_by_snaplen),
		cmocka_unit_test(test_socks_lookalikes_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
