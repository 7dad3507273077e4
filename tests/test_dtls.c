/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DTLS dissector: cookies, fragments in any order, repeated flights, encrypted records. */
#include "cmocka_all.h"

#include <string.h>

#include "dissectors/tls.h"
#include "tls_talk.h"

/* Record: type, version, epoch, number, length. Message: type, length, number, offset, length of the piece. */
#define RECORD(type, epoch, number, len) type " fefd " epoch " 00000000" number len

/* ClientHello of 62 bytes: 1.2, no session, cookie of 4 bytes or none, one cipher, SNI d.example. */
#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define REST "0002 c02b 0100 0012 0000 000e 000c 00 0009 642e6578616d706c65"
#define HELLO RECORD("16", "0000", "0000", "004a") "01 00003e 0000 000000 00003e fefd" RANDOM "00 00" REST
#define HELLO_COOKIE RECORD("16", "0000", "0001", "004e") "01 000042 0001 000000 000042 fefd" RANDOM "00 04 c00c1e00" REST
#define VERIFY RECORD("16", "0000", "0000", "0013") "03 000007 0000 000000 000007 feff 04 c00c1e00"
/* ServerHello of 38 bytes in two pieces of 20 and 18. */
#define SERVER_A RECORD("16", "0000", "0001", "0020") "02 000026 0001 000000 000014 fefd 202122232425262728292a2b2c2d2e2f3031"
#define SERVER_B RECORD("16", "0000", "0002", "001e") "02 000026 0001 000014 000012 32333435363738393a3b3c3d3e3f 00 c02b 00"
#define DONE RECORD("16", "0000", "0003", "000c") "0e 000000 0002 000000 000000"

static enum recognition recognise(const char *hex)
{
	uint8_t bytes[256];
	struct chunk c = { .data = bytes };

	c.len = c.on_wire = talk_bytes(hex, bytes, sizeof(bytes));
	return dissector_dtls.recognise(&c);
}

static void test_a_record_is_told_from_other_datagrams(void **state)
{
	(void)state;
	assert_int_equal(recognise(HELLO), RECOGNISE_YES);
	assert_int_equal(recognise(RECORD("17", "0001", "0001", "0004") "01020304"), RECOGNISE_YES);
	assert_int_equal(recognise(RECORD("16", "0000", "0000", "0ff0") "01"), RECOGNISE_NO);
	assert_int_equal(recognise("16 0303 0000 0000"), RECOGNISE_NO);
}

static void test_handshake_with_cookie_and_fragments(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	talk_open(&t, 17, 4433, NULL);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, VERIFY);
	talk_hex(&t, SIDE_ORIG, HELLO_COOKIE);
	talk_hex(&t, SIDE_ORIG, HELLO_COOKIE); /* sent again */
	talk_hex(&t, SIDE_RESP, SERVER_B);
	talk_hex(&t, SIDE_RESP, DONE SERVER_A);
	tls = talk_close(&t);
	assert_int_equal(t.records, 1);
	assert_true(tls->dtls);
	assert_int_equal(tls->client_hellos, 2);
	assert_int_equal(tls->server_hellos, 1);
	assert_int_equal(tls->version, 0xfefd);
	assert_int_equal(tls->cipher, 0xc02b);
	assert_string_equal(tls->sni, "d.example");
	assert_int_equal(tls->at[TLS_HELLO_RETRY].frame, 2);
	assert_int_equal(tls->at[TLS_SERVER_HELLO].frame, 6);
	assert_int_equal(tls->stage, TLS_SERVER_HELLO_DONE);
	text_free(&t.marks);
}

static void test_epoch_one_is_encrypted(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	talk_open(&t, 17, 4433, NULL);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, SERVER_A SERVER_B DONE);
	talk_hex(&t, SIDE_ORIG, RECORD("14", "0000", "0002", "0001") "01" RECORD("16", "0001", "0000", "0004") "01020304");
	talk_hex(&t, SIDE_RESP, RECORD("14", "0000", "0002", "0001") "01" RECORD("16", "0001", "0000", "0004") "01020304");
	talk_hex(&t, SIDE_ORIG, RECORD("15", "0001", "0001", "0002") "0228");
	tls = talk_close(&t);
	assert_int_equal(tls->stage, TLS_ESTABLISHED);
	assert_int_equal(tls->at[TLS_CLIENT_FINISHED].frame, 3);
	assert_int_equal(tls->alert_count, 1);
	assert_true(tls->alerts[0].encrypted);
	text_free(&t.marks);
}

static void test_alert_in_clear_is_read(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	talk_open(&t, 17, 4433, NULL);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, RECORD("15", "0000", "0000", "0002") "0228");
	tls = talk_close(&t);
	assert_int_equal(tls->alerts[0].code, 40);
	assert_int_equal(tls->alerts[0].side, SIDE_RESP);
	text_free(&t.marks);
}

/* WebRTC: connectivity checks before and after, media between; the header of a TURN channel. */
static void test_dtls_comes_after_stun(void **state)
{
	static const char check[] = "0001 0000 2112a442 000102030405060708090a0b";
	struct talk t;
	const struct tls *tls;

	(void)state;
	talk_open(&t, 17, 50000, NULL);
	for (int i = 0; i < 20; i++)
		talk_hex(&t, SIDE_ORIG, check);
	talk_hex(&t, SIDE_ORIG, HELLO);
	talk_hex(&t, SIDE_RESP, check);
	talk_hex(&t, SIDE_RESP, "8060 0001 00000000 01020304 7f7f7f7f");
	talk_hex(&t, SIDE_RESP, "4000 0004 01020304");
	talk_hex(&t, SIDE_RESP, RECORD("15", "0000", "0000", "0002") "0228");
	tls = talk_close(&t);
	assert_int_equal(t.records, 1);
	assert_true(tls->dtls);
	assert_int_equal(tls->client_hellos, 1);
	assert_int_equal(tls->at[TLS_CLIENT_HELLO].frame, 21);
	assert_int_equal(tls->alerts[0].code, 40);
	text_free(&t.marks);
}

static void test_capwap_control_has_a_preamble(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	talk_open(&t, 17, 5246, NULL);
	talk_hex(&t, SIDE_ORIG, "01000000" HELLO);
	talk_hex(&t, SIDE_RESP, "01000000" RECORD("15", "0000", "0000", "0002") "0228");
	tls = talk_close(&t);
	assert_int_equal(tls->client_hellos, 1);
	assert_int_equal(tls->alert_count, 1);
	text_free(&t.marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_told_from_other_datagrams),
		cmocka_unit_test(test_handshake_with_cookie_and_fragments),
		cmocka_unit_test(test_epoch_one_is_encrypted),
		cmocka_unit_test(test_alert_in_clear_is_read),
		cmocka_unit_test(test_dtls_comes_after_stun),
		cmocka_unit_test(test_capwap_control_has_a_preamble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
