/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/1.x: exchanges, framing of bodies, proxies, gaps. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect_rig.h"

#define C(words) rig_say(g, SIDE_ORIG, words)
#define S(words) rig_say(g, SIDE_RESP, words)

static const struct http *http(const struct rig *g, int n)
{
	return &rig_record(g, RECORD_HTTP, n)->http;
}

static void exchange(struct rig *g)
{
	C("POST /submit?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8\r\nContent-Length: 5\r\n");
	C("\r\nab");
	C("cde");
	S("HTTP/1.1 100 Continue\r\n\r\n");
	S("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n01234");
	S("56789");
}

static void test_exchange_is_told_with_its_frames(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 8123);
	exchange(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 1); /* at once, not at the end */
	rig_close(g);
	assert_string_equal(g->service, "http");
	assert_string_equal(http(g, 0)->method, "POST");
	assert_string_equal(http(g, 0)->uri, "/submit?x=1");
	assert_string_equal(http(g, 0)->host, "shop.example");
	assert_string_equal(http(g, 0)->user_agent, "curl/8");
	assert_string_equal(http(g, 0)->server, "x");
	assert_string_equal(http(g, 0)->content_type, "text/plain");
	assert_int_equal(http(g, 0)->status, 200);
	assert_int_equal(http(g, 0)->request.frame, 1);
	assert_int_equal(http(g, 0)->request_end.frame, 3);
	assert_int_equal(http(g, 0)->response.frame, 5);
	assert_int_equal(http(g, 0)->response_end.frame, 6);
	assert_int_equal(http(g, 0)->response_end.at_ns, 6000000);
	assert_int_equal(http(g, 0)->request_body, 5);
	assert_int_equal(http(g, 0)->response_body, 10);
	assert_int_equal(http(g, 0)->announced_body, 10);
	assert_true(http(g, 0)->keep_alive);
	assert_false(http(g, 0)->proxy);
	assert_string_equal(text_str(&g->marks), "orig 1 POST /submit?x=1\nresp 5 200\n");
	rig_free(g);
}

static void pipelined(struct rig *g)
{
	exchange(g);
	C("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
	S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nabcde\r\n1A\r\n");
	S("abcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
	S("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
	C("GET /4 HTTP/1.1\r\n\r\n");
	S("HTTP/1.0 200 OK\r\n\r\nuntil the end");
	S("and more");
	rig_fin(g, SIDE_RESP);
}

static void test_pipelined_requests_find_their_answers(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	pipelined(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 5);
	assert_string_equal(http(g, 1)->uri, "/1");
	assert_int_equal(http(g, 1)->response_body, 31);
	assert_true(http(g, 1)->announced_body == UINT64_MAX);
	assert_string_equal(http(g, 2)->method, "HEAD");
	assert_int_equal(http(g, 2)->response_body, 0);
	assert_int_equal(http(g, 2)->announced_body, 99);
	assert_int_equal(http(g, 3)->status, 304);
	assert_string_equal(http(g, 4)->uri, "/4");
	assert_int_equal(http(g, 4)->response_body, 21);
	assert_int_equal(http(g, 4)->number, 5);
	assert_false(http(g, 4)->keep_alive);
	rig_free(g);
}

static void test_pieces_make_no_difference(void **state)
{
	(void)state;
	rig_same_in_pieces(6, 80, pipelined);
	rig_same_in_pieces(6, 9999, exchange);
}

static void test_unanswered_request_is_told_in_the_end(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
	rig_close(g);
	assert_int_equal(http(g, 0)->status, 0);
	assert_int_equal(http(g, 0)->response.frame, 0);
	assert_int_equal(http(g, 0)->request_end.frame, 1);
	rig_free(g);
}

static void test_cut_answer_has_no_end(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	S("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
	rig_close(g);
	assert_int_equal(http(g, 0)->status, 200);
	assert_int_equal(http(g, 0)->response_body, 3);
	assert_int_equal(http(g, 0)->announced_body, 1000);
	assert_int_equal(http(g, 0)->response_end.frame, 0);
	rig_free(g);
}

static void test_gap_in_a_body_does_no_harm(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	S("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789");
	rig_lose(g, SIDE_RESP, 980);
	S("0123456789");
	C("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
	S("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	rig_close(g);
	assert_int_equal(http(g, 0)->response_body, 1000);
	assert_int_equal(http(g, 0)->response_end.frame, 4);
	assert_int_equal(http(g, 1)->status, 404);
	assert_int_equal(g->sum.restarts, 0);
	assert_int_equal(g->sum.skipped_bytes, 0);
	rig_free(g);
}

static void test_gap_over_a_head_finds_the_next_answer(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
	rig_lose(g, SIDE_RESP, 2000);
	C("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	C("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	S("tail of something lost\r\nHTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 2);
	assert_string_equal(http(g, 0)->uri, "/1");
	assert_int_equal(http(g, 0)->response_end.frame, 0);
	assert_string_equal(http(g, 1)->uri, "/3");
	assert_int_equal(http(g, 1)->status, 500);
	rig_free(g);
}

static void test_connect_hands_on(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 3128);
	C("CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n");
	S("HTTP/1.1 200 Connection established\r\nContent-Length: 55\r\n\r\n");
	C("GET /inside HTTP/1.1\r\nHost: b\r\n\r\n");
	S("HTTP/1.1 204 No Content\r\n\r\n");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 2);
	assert_true(http(g, 0)->proxy);
	assert_string_equal(http(g, 0)->proxied_host, "api.example:443");
	assert_int_equal(http(g, 0)->response_end.frame, 2);
	assert_string_equal(http(g, 1)->uri, "/inside");
	assert_int_equal(http(g, 1)->status, 204);
	rig_free(g);
}

static void test_refused_connect_goes_on_in_http(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 3128);
	C("CONNECT api.example:443 HTTP/1.1\r\n\r\n");
	S("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno.");
	C("CONNECT api.example:443 HTTP/1.1\r\nProxy-Authorization: Basic x\r\n\r\n");
	S("HTTP/1.1 200 OK\r\n\r\n");
	rig_close(g);
	assert_int_equal(http(g, 0)->status, 407);
	assert_int_equal(http(g, 1)->status, 200);
	assert_string_equal(text_str(&g->marks), "orig 1 CONNECT api.example:443\nresp 2 407\n"
						 "orig 3 CONNECT api.example:443\nresp 4 200\n");
	rig_free(g);
}

static void test_absolute_uri_is_a_proxy_request_without_its_password(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 3128);
	C("GET http://anna:geheim@www.example:8080/x HTTP/1.1\r\nHost: www.example\r\n\r\n");
	rig_close(g);
	assert_true(http(g, 0)->proxy);
	assert_string_equal(http(g, 0)->proxied_host, "www.example:8080");
	assert_string_equal(http(g, 0)->uri, "http://www.example:8080/x");
	rig_free(g);
}

static void test_plain_words_of_a_tls_port_are_seen(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 80\r\n\r\n<html>\r\n<head><title>400 The "
		"plain "
		"HTTP request was sent to HTTPS port</title></head>",
		"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
		"\x15\x03\x03\x01\x02\x02\x32",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct rig rig, *g = &rig;

		rig_open(g, 6, 443);
		g->piece = 3;
		C("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		rig_say(g, SIDE_RESP, answers[i]);
		rig_fin(g, SIDE_RESP);
		rig_close(g);
		assert_true(http(g, 0)->on_tls_port_hint);
		rig_free(g);
	}
}

static void test_tls_words_in_a_good_page_are_no_hint(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	S("HTTP/1.1 200 OK\r\n\r\nThe plain HTTP request was sent to HTTPS port");
	rig_close(g);
	assert_false(http(g, 0)->on_tls_port_hint);
	rig_free(g);
}

static void test_early_answer_to_an_upload(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	C("PUT /big HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789");
	S("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	C("0123456789");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 1);
	assert_int_equal(http(g, 0)->status, 413);
	assert_int_equal(http(g, 0)->request_body, 10);
	assert_int_equal(http(g, 0)->request_end.frame, 0);
	rig_free(g);
}

/* Three requests under way whose texts need all the room there is, or more. */
static void long_texts(struct rig *g)
{
	static char words[2048];
	char uri[301], agent[201], type[101];

	memset(uri, 'u', sizeof(uri) - 1);
	memset(agent, 'a', sizeof(agent) - 1);
	memset(type, 't', sizeof(type) - 1);
	uri[0] = '/';
	uri[300] = agent[200] = type[100] = '\0';
	for (int i = 0; i < 3; i++) {
		snprintf(words, sizeof(words), "GET %s HTTP/1.1\r\nHost: h%d.example\r\nUser-Agent: \xff%s\r\n\r\n", uri, i, agent);
		C(words);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(words, sizeof(words),
			"HTTP/1.1 302 Found\r\nserver: s%d\r\nVIA:\t1.1 proxy \r\nLocation: %s\r\nContent-type: %s\r\n"
			"Content-length: 0\r\n\r\n", i, uri, type);
		S(words);
	}
}

static void test_long_texts_are_cut_to_the_records_room(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 80);
	long_texts(g);
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_HTTP), 3);
	for (int i = 0; i < 3; i++) {
		const struct http *h = http(g, i);
		char host[16], server[4];

		snprintf(host, sizeof(host), "h%d.example", i);
		snprintf(server, sizeof(server), "s%d", i);
		assert_int_equal(strlen(h->uri), sizeof(h->uri) - 1);
		assert_int_equal(strlen(h->user_agent), sizeof(h->user_agent) - 1);
		assert_memory_equal(h->user_agent, "\xef\xbf\xbd" "aaa", 6);
		assert_int_equal(strlen(h->location), sizeof(h->location) - 1);
		assert_int_equal(strlen(h->content_type), sizeof(h->content_type) - 1);
		assert_string_equal(h->host, host);
		assert_string_equal(h->server, server);
		assert_string_equal(h->via, "1.1 proxy");
		assert_int_equal(h->announced_body, 0);
	}
	assert_int_equal(dissect_engine_held_bytes(g->engine), 0);
	rig_free(g);
	rig_same_in_pieces(6, 80, long_texts);
}

static void test_other_protocols_with_request_lines_are_not_http(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 554);
	C("OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n");
	S("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
	rig_close(g);
	assert_int_equal(g->count, 0);
	rig_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange_is_told_with_its_frames),
		cmocka_unit_test(test_pipelined_requests_find_their_answers),
		cmocka_unit_test(test_pieces_make_no_difference),
		cmocka_unit_test(test_unanswered_request_is_told_in_the_end),
		cmocka_unit_test(test_cut_answer_has_no_end),
		cmocka_unit_test(test_gap_in_a_body_does_no_harm),
		cmocka_unit_test(test_gap_over_a_head_finds_the_next_answer),
		cmocka_unit_test(test_connect_hands_on),
		cmocka_unit_test(test_refused_connect_goes_on_in_http),
		cmocka_unit_test(test_absolute_uri_is_a_proxy_request_without_its_password),
		cmocka_unit_test(test_plain_words_of_a_tls_port_are_seen),
		cmocka_unit_test(test_tls_words_in_a_good_page_are_no_hint),
		cmocka_unit_test(test_early_answer_to_an_upload),
		cmocka_unit_test(test_long_texts_are_cut_to_the_records_room),
		cmocka_unit_test(test_other_protocols_with_request_lines_are_not_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
