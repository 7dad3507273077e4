/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS dissector over streams: recognition, hellos, handshakes, alerts, plain answers, gaps. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "dissectors/tls.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"
#include "tls_talk.h"

/* ClientHello: versions 1.3 and 1.2 after GREASE 0x2a2a, ciphers GREASE 0x0a0a, 0x1301, 0xc02f, SNI a.example,
 * ALPN h2 and http/1.1, groups GREASE 0x1a1a, x25519, secp256r1, empty session ticket. */
#define HELLO_BODY \
	"0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 0006 0a0a1301c02f 0100 003f" \
	"0000 000e 000c 00 0009 612e6578616d706c65" \
	"0010 000e 000c 02 6832 08 687474702f312e31" \
	"000a 0008 0006 1a1a 001d 0017" \
	"002b 0007 06 2a2a 0304 0303" \
	"0023 0000"
#define HELLO "16 0301 0072 01 00006e" HELLO_BODY

/* ServerHello: 1.2, ECDHE-RSA-AES128-GCM, session id 01020304, no extensions. */
#define SERVER_HELLO_12 \
	"16 0303 002e 02 00002a 0303 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 04 01020304 c02f 00"
/* ServerHello: 1.3, AES-128-GCM, group x25519 (a short key, which nobody checks). */
#define SERVER_HELLO_13 \
	"16 0303 003e 02 00003a 0303 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00 1301 00 0012" \
	"002b 0002 0304" \
	"0033 0008 001d 0004 01020304"
#define CCS "14 0303 0001 01"

static void open_tcp(struct talk *t)
{
	talk_open(t, 6, 443, NULL);
}

static enum recognition recognise(const char *hex)
{
	uint8_t bytes[256];
	struct chunk c = { .data = bytes };

	c.len = c.on_wire = talk_bytes(hex, bytes, sizeof(bytes));
	return dissector_tls.recognise(&c);
}

static void test_a_record_is_told_from_other_first_bytes(void **state)
{
	(void)state;
	assert_int_equal(recognise("16 0301 0079 01"), RECOGNISE_YES);
	assert_int_equal(recognise("15 0303 0002 0228"), RECOGNISE_YES);
	assert_int_equal(recognise("16 03"), RECOGNISE_MORE);
	assert_int_equal(recognise("16 0305 0079 01"), RECOGNISE_NO);
	assert_int_equal(recognise("16 0301 ffff 01"), RECOGNISE_NO);
	assert_int_equal(recognise("5353482d322e30"), RECOGNISE_NO);
	/* ClientHello in SSL 2.0 format: 46 bytes, version 3.1, three ciphers, no session, 16 bytes of challenge */
	assert_int_equal(recognise("802e 01 0301 0015 0000 0010 000004"), RECOGNISE_YES);
	assert_int_equal(recognise("802e 07 0301 0015 0000 0010 000004"), RECOGNISE_NO);
}

static void test_client_hello_is_read_without_grease(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	tls = talk_close(&t);
	assert_int_equal(t.records, 1);
	assert_int_equal(tls->client_hellos, 1);
	assert_int_equal(tls->stage, TLS_CLIENT_HELLO);
	assert_int_equal(tls->at[TLS_CLIENT_HELLO].frame, 1);
	assert_int_equal(tls->record_version, 0x0301);
	assert_int_equal(tls->offered_version, 0x0304);
	assert_int_equal(tls->offered_version_count, 2);
	assert_int_equal(tls->offered_cipher_count, 2);
	assert_int_equal(tls->offered_ciphers[0], 0x1301);
	assert_int_equal(tls->offered_group_count, 2);
	assert_string_equal(tls->sni, "a.example");
	assert_string_equal(tls->offered_alpn, "h2,http/1.1");
	assert_false(tls->session_ticket);
	assert_false(tls->handshake_cut);
	assert_string_equal(text_str(&t.marks), "1 ClientHello\n");
	text_free(&t.marks);
}

static void test_hello_in_segments_and_records_is_complete_with_the_last(void **state)
{
	uint8_t body[256], first[256] = { 0x16, 3, 1, 0, 10 }, second[256] = { 0x16, 3, 1, 0, 0x72 - 10 };
	size_t n = talk_bytes("01 00006e" HELLO_BODY, body, sizeof(body));
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	memcpy(first + 5, body, 10);
	memcpy(second + 5, body + 10, n - 10);
	talk_say(&t, SIDE_ORIG, first, 15);
	talk_say(&t, SIDE_ORIG, second, 40);
	talk_say(&t, SIDE_ORIG, second + 40, 5 + n - 10 - 40);
	tls = talk_close(&t);
	assert_string_equal(tls->sni, "a.example");
	assert_int_equal(tls->at[TLS_CLIENT_HELLO].frame, 3);
	text_free(&t.marks);
}

static void test_alert_in_clear_says_who_and_when(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, "15 0303 0002 0228");
	tls = talk_close(&t);
	assert_int_equal(tls->alert_count, 1);
	assert_int_equal(tls->alerts[0].side, SIDE_RESP);
	assert_int_equal(tls->alerts[0].level, 2);
	assert_int_equal(tls->alerts[0].code, 40);
	assert_int_equal(tls->alerts[0].stage, TLS_CLIENT_HELLO);
	assert_int_equal(tls->alerts[0].ref.frame, 2);
	assert_false(tls->alerts[0].encrypted);
	assert_non_null(strstr(text_str(&t.marks), "2 alert 40 handshake_failure\n"));
	text_free(&t.marks);
}

static void test_tls12_handshake_ends_with_both_finished(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_12 "16 0303 0004 0e 000000");
	talk_hex(&t, SIDE_ORIG, "16 0303 0008 10 000004 01020304" CCS "16 0303 0008 0102030405060708");
	talk_hex(&t, SIDE_RESP, CCS "16 0303 0008 0102030405060708");
	talk_hex(&t, SIDE_ORIG, "17 0303 0004 01020304");
	talk_hex(&t, SIDE_ORIG, "15 0303 001a 0102030405060708 0102030405060708 0102030405060708 0102");
	tls = talk_close(&t);
	assert_int_equal(tls->version, 0x0303);
	assert_int_equal(tls->cipher, 0xc02f);
	assert_int_equal(tls->at[TLS_CLIENT_FINISHED].frame, 3);
	assert_int_equal(tls->at[TLS_ESTABLISHED].frame, 4);
	assert_int_equal(tls->app_data[SIDE_ORIG].frame, 5);
	assert_int_equal(tls->alert_count, 1);
	assert_true(tls->alerts[0].encrypted);
	assert_false(tls->resumed);
	text_free(&t.marks);
}

static void test_server_that_skips_the_key_exchange_resumes(void **state)
{
	struct talk t;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_12 CCS "16 0303 0008 0102030405060708");
	talk_hex(&t, SIDE_ORIG, CCS "16 0303 0008 0102030405060708");
	assert_true(talk_close(&t)->resumed);
	text_free(&t.marks);
}

static void test_text_instead_of_tls_is_told(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_say(&t, SIDE_RESP, "HTTP/1.1 400 Bad", 16);
	talk_say(&t, SIDE_RESP, " Request\r\nServer: x\r\n", 21);
	tls = talk_close(&t);
	assert_string_equal(tls->answered_with, "HTTP/1.1 400 Bad Request");
	assert_int_equal(tls->answered_ref.frame, 2);
	text_free(&t.marks);
}

/* As Performance Co-Pilot does: some packets of its own, then both go over to TLS. */
static void test_tls_behind_plain_bytes_is_found(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_RESP, "00000014 00007000 00000000 00000002");
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_12);
	tls = talk_close(&t);
	assert_string_equal(tls->answered_with, "");
	assert_int_equal(tls->stage, TLS_SERVER_HELLO);
	assert_int_equal(tls->at[TLS_SERVER_HELLO].frame, 3);
	text_free(&t.marks);
}

static void test_bytes_that_are_no_text_are_told_in_hex(void **state)
{
	struct talk t;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, "00 00 02 28");
	assert_string_equal(talk_close(&t)->answered_with, "0x 00000228");
	text_free(&t.marks);
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, "41 00 00 0a 02 28 9f");
	assert_string_equal(talk_close(&t)->answered_with, "0x 4100000a02289f");
	text_free(&t.marks);
}

static void test_greeting_of_mysql_is_named(void **state)
{
	struct talk t;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_RESP, "5b 00 00 00 0a 38");
	talk_hex(&t, SIDE_RESP, "2e302e33 36 00 08000000 5a5a5a5a");
	talk_hex(&t, SIDE_ORIG, HELLO);
	assert_string_equal(talk_close(&t)->answered_with, "MySQL 8.0.36");
	text_free(&t.marks);
}

static void test_gap_inside_application_data_does_no_harm(void **state)
{
	uint8_t record[2005] = { 0x17, 3, 3, 0x07, 0xd0 };
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_12 "16 0303 0004 0e 000000" CCS "16 0303 0008 0102030405060708");
	talk_say(&t, SIDE_RESP, record, 100);
	talk_gap(&t, SIDE_RESP, 1500);
	talk_say(&t, SIDE_RESP, record, 2005 - 1600);
	talk_say(&t, SIDE_RESP, record, 2005);
	tls = talk_close(&t);
	assert_int_equal(tls->app_bytes[SIDE_RESP], 4000);
	assert_false(tls->handshake_cut);
	text_free(&t.marks);
}

static uint16_t shape_wanted(const struct talk *t)
{
	uint16_t shape;

	session_wants_count(t->session, SIDE_RESP, &shape);
	return shape;
}

/* Where no record's beginning is known, none may be counted by its header alone. */
static void test_nothing_is_skimmed_behind_a_gap(void **state)
{
	uint8_t record[2005] = { 0x17, 3, 3, 0x07, 0xd0 };
	struct talk t;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_12 "16 0303 0004 0e 000000" CCS "16 0303 0008 0102030405060708");
	talk_hex(&t, SIDE_ORIG, CCS "16 0303 0008 0102030405060708");
	talk_say(&t, SIDE_RESP, record, 2005);
	assert_int_not_equal(shape_wanted(&t), 0);
	talk_gap(&t, SIDE_RESP, 3000);
	talk_hex(&t, SIDE_RESP, "17 0303 0003 010203");
	assert_int_equal(shape_wanted(&t), 0);
	talk_close(&t);
	text_free(&t.marks);
}

static void test_gap_in_the_handshake_is_told(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, "16 0303 002e 02 00002a 0303 2021"); /* the ServerHello ends in the gap */
	talk_gap(&t, SIDE_RESP, 38);
	talk_hex(&t, SIDE_RESP, "16 0303 0004 0e 000000");
	tls = talk_close(&t);
	assert_true(tls->handshake_cut);
	assert_int_equal(tls->server_hellos, 1);
	assert_int_equal(tls->at[TLS_SERVER_HELLO_DONE].frame, 4);
	text_free(&t.marks);
}

/* Also where nothing follows it. */
static void test_what_a_gap_tells_is_at_rest_and_counted(void **state)
{
	struct talk t;
	size_t before;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	before = dissect_engine_held_bytes(t.engine);
	talk_gap(&t, SIDE_RESP, 100);
	assert_true(dissect_engine_held_bytes(t.engine) > before);
	assert_true(talk_close(&t)->handshake_cut);
	text_free(&t.marks);
}

/* TLS 1.3 without keys: the client's Finished has 53 bytes, an empty certificate 25, an alert 19. */
static void record_13(uint8_t *out, size_t len)
{
	memset(out, 0xee, 5 + len);
	memcpy(out, "\x17\x03\x03", 3);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
}

static void say_13(struct talk *t, enum side side, size_t len)
{
	uint8_t record[2048];

	record_13(record, len);
	talk_say(t, side, record, 5 + len);
}

static void test_refusal_without_keys_is_inferred(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_13 CCS);
	say_13(&t, SIDE_RESP, 1200);
	say_13(&t, SIDE_ORIG, 25);
	say_13(&t, SIDE_ORIG, 53);
	say_13(&t, SIDE_RESP, 19);
	t.owner.first_fin = SIDE_RESP;
	tls = talk_close(&t);
	assert_true(tls->inferred_empty_client_cert);
	assert_true(tls->inferred_refusal);
	assert_int_equal(tls->inferred_ref.frame, 6);
	assert_int_equal(tls->stage, TLS_CLIENT_FINISHED);
	text_free(&t.marks);
}

static void test_padded_alert_in_place_of_finished_is_inferred(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_13 CCS);
	say_13(&t, SIDE_RESP, 1200);
	say_13(&t, SIDE_ORIG, 35); /* Java: 16 bytes of padding */
	t.owner.first_fin = SIDE_RESP;
	tls = talk_close(&t);
	assert_true(tls->inferred_client_alert);
	assert_int_equal(tls->inferred_ref.frame, 4);
	assert_true(tls->stage < TLS_CLIENT_FINISHED);
	text_free(&t.marks);
}

static void test_close_notify_after_tickets_is_no_refusal(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_tcp(&t);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_HELLO_13);
	say_13(&t, SIDE_RESP, 1200);
	say_13(&t, SIDE_ORIG, 53);
	say_13(&t, SIDE_RESP, 250);
	say_13(&t, SIDE_RESP, 250);
	say_13(&t, SIDE_RESP, 19);
	t.owner.first_fin = SIDE_RESP;
	tls = talk_close(&t);
	assert_false(tls->inferred_refusal);
	assert_int_equal(tls->inferred_tickets, 2);
	assert_int_equal(tls->app_data[SIDE_RESP].frame, 0);
	assert_int_equal(tls->stage, TLS_ESTABLISHED);
	text_free(&t.marks);
}

static void test_names_are_those_of_iana(void **state)
{
	(void)state;
	assert_string_equal(tls_alert_name(48), "unknown_ca");
	assert_string_equal(tls_version_name(0x0303), "TLS 1.2");
	assert_string_equal(tls_cipher_name(0x1302), "TLS_AES_256_GCM_SHA384");
	assert_string_equal(tls_cipher_name(0xc030), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
	assert_string_equal(tls_group_name(0x001d), "x25519");
	assert_null(tls_alert_name(200));
	assert_true(tls_is_grease(0xbaba));
	assert_false(tls_is_grease(0xbaca));
	assert_true(tls_version_is_old(0x0302));
	assert_false(tls_version_is_old(0xfefd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_told_from_other_first_bytes),
		cmocka_unit_test(test_client_hello_is_read_without_grease),
		cmocka_unit_test(test_hello_in_segments_and_records_is_complete_with_the_last),
		cmocka_unit_test(test_alert_in_clear_says_who_and_when),
		cmocka_unit_test(test_tls12_handshake_ends_with_both_finished),
		cmocka_unit_test(test_server_that_skips_the_key_exchange_resumes),
		cmocka_unit_test(test_text_instead_of_tls_is_told),
		cmocka_unit_test(test_tls_behind_plain_bytes_is_found),
		cmocka_unit_test(test_bytes_that_are_no_text_are_told_in_hex),
		cmocka_unit_test(test_greeting_of_mysql_is_named),
		cmocka_unit_test(test_gap_inside_application_data_does_no_harm),
		cmocka_unit_test(test_nothing_is_skimmed_behind_a_gap),
		cmocka_unit_test(test_gap_in_the_handshake_is_told),
		cmocka_unit_test(test_what_a_gap_tells_is_at_rest_and_counted),
		cmocka_unit_test(test_refusal_without_keys_is_inferred),
		cmocka_unit_test(test_padded_alert_in_place_of_finished_is_inferred),
		cmocka_unit_test(test_close_notify_after_tickets_is_no_refusal),
		cmocka_unit_test(test_names_are_those_of_iana),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
