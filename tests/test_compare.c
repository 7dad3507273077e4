/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapdx compare: the first step that differs, what explains nothing, and when there is nothing to tell. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "compare.h"

#define TALKS_MAX 8

/* A capture under construction: connections to 198.51.100.20:443 with a TLS handshake each. */
struct side_under_test {
	struct talks talks;
	struct result *result;
};

static void begin(struct side_under_test *s, const char *path)
{
	*s = (struct side_under_test){.talks.path = path, .result = xcalloc(1, sizeof(*s->result))};
	s->result->connections = xcalloc(TALKS_MAX, sizeof(*s->result->connections));
	talks_begin(&s->talks);
}

static void head(struct record *r, enum record_kind kind, int number)
{
	record_init(r, kind);
	snprintf(r->uid, sizeof(r->uid), "C%d", number);
	addr_parse("192.0.2.10", &r->orig_h);
	addr_parse("198.51.100.20", &r->resp_h);
	r->orig_p = (uint16_t)(40000 + number);
	r->resp_p = 443;
	r->proto = 6;
	r->frame = (uint64_t)number + 1;
}

/* A connection that was accepted in 1 ms and carried data both ways. */
static struct conn *add_conn(struct side_under_test *s, enum outcome outcome, const char *code)
{
	int number = s->result->connection_count++;
	struct connection_row *row = &s->result->connections[number];
	struct conn *c;

	row->record = xcalloc(1, sizeof(*row->record));
	row->outcome = outcome;
	row->code = code;
	head(row->record, RECORD_CONN, number);
	c = &row->record->conn;
	text_copy(c->service, sizeof(c->service), "tls");
	c->syns = 1;
	c->answered = SYN_ANSWER_SYN_ACK;
	c->answer_ns = c->rtt_server_ns = NS_PER_MS;
	c->side[SIDE_ORIG].mss = 1460;
	c->side[SIDE_ORIG].window_scale = 7;
	c->side[SIDE_ORIG].bytes = c->side[SIDE_RESP].bytes = 1000;
	return c;
}

static void hello(struct tls *t)
{
	text_copy(t->sni, sizeof(t->sni), "www.example");
	t->client = SIDE_ORIG;
	t->at[TLS_CLIENT_HELLO] = (struct frame_ref){4, 2 * NS_PER_MS, 0};
	t->offered_version = 0x0303;
	t->offered_ciphers[0] = 0xc02b;
	t->offered_ciphers[1] = 0xc02f;
	t->offered_cipher_count = 2;
}

static void answer(struct tls *t)
{
	t->at[TLS_SERVER_HELLO] = (struct frame_ref){6, 4 * NS_PER_MS, 0};
	t->version = 0x0303;
	t->cipher = 0xc02b;
	t->stage = TLS_ESTABLISHED;
}

/* The handshake of the connection that was added last, with a change by `change` (NULL: none). */
static void add_tls(struct side_under_test *s, bool answered, void (*change)(struct tls *t))
{
	struct record r;

	head(&r, RECORD_TLS, s->result->connection_count - 1);
	hello(&r.tls);
	if (answered)
		answer(&r.tls);
	if (change)
		change(&r.tls);
	talks_take(&s->talks, &r);
}

static void add_good(struct side_under_test *s, int count)
{
	for (int i = 0; i < count; i++) {
		add_conn(s, OUTCOME_OK, NULL);
		add_tls(s, true, NULL);
	}
}

/* A ClientHello, and a RST 5 s later. */
static struct conn *add_reset(struct side_under_test *s)
{
	struct conn *c = add_conn(s, OUTCOME_RESET, "rst-after-client-hello");

	c->side[SIDE_RESP].bytes = 0;
	c->rst_count = 1;
	c->rsts[0].side = SIDE_RESP;
	c->rsts[0].ref = (struct frame_ref){7, 5 * NS_PER_S, 0};
	return c;
}

static void finish(struct side_under_test *good, struct side_under_test *bad, struct comparisons *c)
{
	talks_end(&good->talks, good->result, NULL);
	talks_end(&bad->talks, bad->result, NULL);
	compare_talks(&good->talks, &bad->talks, c);
}

static void end(struct side_under_test *good, struct side_under_test *bad, struct comparisons *c)
{
	comparisons_free(c);
	talks_free(&good->talks);
	talks_free(&bad->talks);
}

static const struct difference *find(const struct comparison *c, const char *name)
{
	for (int i = 0; i < c->difference_count; i++)
		if (strcmp(c->differences[i].item->name, name) == 0)
			return &c->differences[i];
	return NULL;
}

static void test_reset_after_the_hello_differs_first_in_the_tls_answer(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 3);
	for (int i = 0; i < 2; i++) {
		add_reset(&bad);
		add_tls(&bad, false, NULL);
	}
	finish(&good, &bad, &c);
	assert_int_equal(c.failing, 2);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.v[0].match, MATCH_SERVICE);
	assert_int_equal(c.v[0].good_count, 3);
	assert_int_equal(c.v[0].differences[0].item->step, STEP_TLS_ANSWER);
	assert_string_equal(c.v[0].differences[0].good, "ServerHello");
	assert_string_equal(c.v[0].differences[0].bad, "RST from the server");
	assert_int_equal(c.v[0].differences[0].bad_with, 2);
	assert_string_equal(find(&c.v[0], "delay")->bad, "5.0 s");
	end(&good, &bad, &c);
}

static void test_syn_without_answer_is_told_before_anything_later(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;
	struct conn *lost;

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 1);
	lost = add_conn(&bad, OUTCOME_NO_ANSWER, "tcp-no-answer");
	lost->answered = SYN_ANSWER_NONE;
	lost->side[SIDE_ORIG].bytes = lost->side[SIDE_RESP].bytes = 0;
	finish(&good, &bad, &c);
	assert_int_equal(c.v[0].match, MATCH_SERVER);
	assert_int_equal(c.v[0].differences[0].item->step, STEP_SYN_ANSWER);
	assert_string_equal(c.v[0].differences[0].bad, "none");
	assert_null(find(&c.v[0], "ClientHello"));
	end(&good, &bad, &c);
}

static void drop_cipher(struct tls *t)
{
	t->offered_ciphers[0] = 0x000a;
	t->offered_cipher_count = 1;
}

static void swap_ciphers(struct tls *t)
{
	t->offered_ciphers[0] = 0xc02f;
	t->offered_ciphers[1] = 0xc02b;
}

static void compare_ciphers(
	struct comparisons *c, struct side_under_test *good, struct side_under_test *bad, void (*change)(struct tls *t))
{
	begin(good, "good");
	begin(bad, "bad");
	add_good(good, 2);
	add_reset(bad);
	add_tls(bad, false, change);
	finish(good, bad, c);
}

static void test_other_ciphers_are_an_offer_that_differs(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	compare_ciphers(&c, &good, &bad, drop_cipher);
	assert_string_equal(c.v[0].differences[0].item->name, "cipher suites");
	assert_string_equal(c.v[0].differences[0].bad, "also TLS_RSA_WITH_3DES_EDE_CBC_SHA");
	assert_null(find(&c.v[0], "order of cipher suites"));
	end(&good, &bad, &c);
}

static void offer_alpn(struct tls *t)
{
	text_copy(t->offered_alpn, sizeof(t->offered_alpn), "h2");
}

static void expire(struct tls *t)
{
	t->at[TLS_SERVER_HELLO] = (struct frame_ref){6, 4 * NS_PER_MS, 0};
	t->stage = TLS_SERVER_HELLO_DONE;
	t->alerts[0] = (struct tls_alert_seen){.side = SIDE_ORIG, .code = 45};
	t->alert_count = 1;
}

static void test_an_offer_that_was_answered_explains_nothing(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	begin(&good, "good.pcap");
	begin(&bad, "bad.pcap");
	add_conn(&good, OUTCOME_OK, NULL);
	add_tls(&good, true, offer_alpn);
	add_conn(&bad, OUTCOME_FAILED, "tls-certificate-rejected");
	add_tls(&bad, false, expire);
	finish(&good, &bad, &c);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.v[0].differences[0].item->name, "alert");
	assert_non_null(find(&c.v[0], "application protocols (ALPN)"));
	assert_int_equal(find(&c.v[0], "application protocols (ALPN)")->step, STEP_NOTHING);
	end(&good, &bad, &c);
}

static void test_a_failure_without_a_code_is_known_by_its_evidence(void **state)
{
	static const char code[] = "proxy-auth-required";
	struct side_under_test good, bad;
	struct comparisons c;
	struct finding *f = xcalloc(1, sizeof(*f));
	struct conn *failing;

	(void)state;
	begin(&good, "good.pcap");
	begin(&bad, "bad.pcap");
	add_good(&good, 1);
	add_good(&bad, 1);
	failing = add_conn(&bad, OUTCOME_OK, NULL);
	failing->key_frames[0].ref.frame = 77;
	failing->key_frame_count = 1;
	f->code = code;
	f->severity = SEVERITY_ERROR;
	f->evidence[0].frame = 77;
	f->evidence_count = 1;
	bad.result->findings = xcalloc(1, sizeof(f));
	bad.result->findings[bad.result->finding_count++] = f;
	finish(&good, &bad, &c);
	assert_int_equal(c.failing, 1);
	assert_int_equal(c.v[0].bad_count, 1);
	assert_string_equal(c.v[0].bad[0]->code, code);
	end(&good, &bad, &c);
}

static void test_order_of_ciphers_explains_nothing(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	compare_ciphers(&c, &good, &bad, swap_ciphers);
	assert_int_equal(c.v[0].differences[0].item->step, STEP_TLS_ANSWER);
	assert_int_equal(find(&c.v[0], "order of cipher suites")->item->step, STEP_NOTHING);
	end(&good, &bad, &c);
}

static void test_what_half_of_the_failing_share_with_working_ones_is_no_difference(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 2);
	add_reset(&bad)->side[SIDE_ORIG].mss = 1380;
	add_reset(&bad);
	finish(&good, &bad, &c);
	assert_null(find(&c.v[0], "MSS"));
	end(&good, &bad, &c);
}

static void test_times_below_a_twentieth_of_a_second_are_no_difference(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 1);
	add_reset(&bad)->rtt_server_ns = 40 * NS_PER_MS;
	finish(&good, &bad, &c);
	assert_null(find(&c.v[0], "round trip to the server"));
	end(&good, &bad, &c);
}

static void test_equal_captures_are_said_not_to_differ(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;
	struct text out = {0};

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 2);
	add_good(&bad, 2);
	finish(&good, &bad, &c);
	compare_text(&c, &out);
	assert_non_null(strstr(text_str(&out), "No conversation of the bad capture fails"));
	assert_non_null(strstr(text_str(&out), "They do not differ"));
	text_free(&out);
	end(&good, &bad, &c);
}

static void test_nothing_comparable_is_said(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;
	struct text out = {0};

	(void)state;
	begin(&good, "good");
	begin(&bad, "bad");
	add_good(&good, 1);
	good.result->connections[0].record->resp_p = 8080;
	good.result->connections[0].record->conn.service[0] = '\0';
	add_reset(&bad);
	finish(&good, &bad, &c);
	assert_int_equal(c.v[0].match, MATCH_NONE);
	compare_text(&c, &out);
	assert_non_null(strstr(text_str(&out), "nothing comparable"));
	text_free(&out);
	end(&good, &bad, &c);
}

static void hostile_name(struct tls *t)
{
	text_copy(t->sni, sizeof(t->sni), "\033]0;owned\007");
}

static void test_hostile_names_cannot_act(void **state)
{
	struct side_under_test good, bad;
	struct comparisons c;
	struct text out = {0};

	(void)state;
	compare_ciphers(&c, &good, &bad, hostile_name);
	compare_text(&c, &out);
	assert_non_null(strstr(text_str(&out), "owned"));
	assert_null(strchr(text_str(&out), '\033'));
	text_clear(&out);
	compare_json(&c, &out);
	assert_null(strchr(text_str(&out), '\033'));
	text_free(&out);
	end(&good, &bad, &c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_after_the_hello_differs_first_in_the_tls_answer),
		cmocka_unit_test(test_syn_without_answer_is_told_before_anything_later),
		cmocka_unit_test(test_other_ciphers_are_an_offer_that_differs),
		cmocka_unit_test(test_an_offer_that_was_answered_explains_nothing),
		cmocka_unit_test(test_a_failure_without_a_code_is_known_by_its_evidence),
		cmocka_unit_test(test_order_of_ciphers_explains_nothing),
		cmocka_unit_test(test_what_half_of_the_failing_share_with_working_ones_is_no_difference),
		cmocka_unit_test(test_times_below_a_twentieth_of_a_second_are_no_difference),
		cmocka_unit_test(test_equal_captures_are_said_not_to_differ),
		cmocka_unit_test(test_nothing_comparable_is_said),
		cmocka_unit_test(test_hostile_names_cannot_act),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
