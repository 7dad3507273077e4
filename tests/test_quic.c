/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QUIC Initials, with the keys of RFC 9001, appendix A, and RFC 9369, appendix A, and packets that the test protects. */
#include "cmocka_all.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "dissectors/quic_initial.h"
#include "dissectors/tls.h"
#include "tls_talk.h"

static const uint8_t cid[8] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };

/* ClientHello: 1.3, TLS_AES_128_GCM_SHA256, SNI q.example, ALPN h3. */
#define HELLO \
	"01 00004d 0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 0002 1301 0100 0022" \
	"0000 000e 000c 00 0009 712e6578616d706c65" \
	"0010 0005 0003 02 6833" \
	"002b 0003 02 0304"
#define SERVER_HELLO \
	"02 000034 0303 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00 1301 00 000c" \
	"002b 0002 0304 0033 0002 001d"

static void check_key(const uint8_t *got, const char *want)
{
	uint8_t bytes[16];
	size_t n = talk_bytes(want, bytes, sizeof(bytes));

	assert_memory_equal(got, bytes, n);
}

static void test_initial_keys_are_those_of_the_rfcs(void **state)
{
	struct quic_initial keys;

	(void)state;
	assert_true(quic_initial_keys(QUIC_V1, cid, sizeof(cid), &keys));
	check_key(keys.side[0].key, "1f369613dd76d5467730efcbe3b1a22d");
	check_key(keys.side[0].iv, "fa044b2f42a3fd3b46fb255c");
	check_key(keys.side[0].header, "9f50449e04a0e810283a1e9933adedd2");
	check_key(keys.side[1].key, "cf3a5331653c364c88f0f379b6067e37");
	check_key(keys.side[1].iv, "0ac1493ca1905853b0bba03e");
	check_key(keys.side[1].header, "c206b8d9b9f0f37644430b490eeaa314");
	assert_true(quic_initial_keys(QUIC_V2, cid, sizeof(cid), &keys));
	check_key(keys.side[0].key, "8b1a0bc121284290a29e0971b5cd045d");
	check_key(keys.side[0].iv, "91f73e2351d8fa91660e909f");
	check_key(keys.side[0].header, "45b95e15235d6f45a6b19cbcb0294ba9");
	assert_false(quic_initial_keys(0xff000001, cid, sizeof(cid), &keys));
}

#define GREASE 0x1a2a3a4au

static void mask_header(const uint8_t key[16], uint8_t *packet, size_t at)
{
	uint8_t zeros[16] = { 0 }, mask[16];
	gnutls_datum_t k = { (unsigned char *)key, 16 }, iv = { zeros, 16 };
	gnutls_cipher_hd_t h;

	assert_int_equal(gnutls_cipher_init(&h, GNUTLS_CIPHER_AES_128_CBC, &k, &iv), 0);
	assert_int_equal(gnutls_cipher_encrypt2(h, packet + at + 4, 16, mask, 16), 0);
	gnutls_cipher_deinit(h);
	packet[0] ^= mask[0] & 0x0f;
	packet[at] ^= mask[1];
}

/* An Initial of one side with these frames (hex), padded to 1162 bytes of payload; gives its length. */
static size_t protect(bool server, uint32_t version, uint8_t number, const char *frames, uint8_t *out)
{
	uint8_t plain[1162] = { 0 }, first = quic_version_is_2(version) ? 0xd0 : 0xc0;
	size_t n = 0, room = 1300, at;
	struct quic_initial keys;
	const struct quic_key *k = &keys.side[server];
	gnutls_datum_t key;
	gnutls_aead_cipher_hd_t h;
	uint8_t nonce[12];

	assert_true(quic_initial_keys(version == GREASE ? QUIC_DRAFT_29 : version, cid, sizeof(cid), &keys));
	talk_bytes(frames, plain, sizeof(plain));
	out[n++] = first;
	for (int shift = 24; shift >= 0; shift -= 8)
		out[n++] = (uint8_t)(version >> shift);
	/* the server names the client's own id, which has no bytes; its own is 2 long */
	n += talk_bytes(server ? "00 02 abcd" : "08 8394c8f03e515708 00", out + n, 16);
	out[n++] = 0; /* no token */
	out[n++] = (uint8_t)(0x40 | (1 + sizeof(plain) + 16) >> 8);
	out[n++] = (uint8_t)(1 + sizeof(plain) + 16);
	at = n;
	out[n++] = number;
	memcpy(nonce, k->iv, sizeof(nonce));
	nonce[11] ^= number;
	key = (gnutls_datum_t){ (unsigned char *)k->key, 16 };
	assert_int_equal(gnutls_aead_cipher_init(&h, GNUTLS_CIPHER_AES_128_GCM, &key), 0);
	room -= n;
	assert_int_equal(gnutls_aead_cipher_encrypt(h, nonce, 12, out, n, 16, plain, sizeof(plain), out + n, &room), 0);
	gnutls_aead_cipher_deinit(h);
	mask_header(k->header, out, at);
	return n + room;
}

static void say(struct talk *t, enum side side, uint32_t version, uint8_t number, const char *frames)
{
	uint8_t packet[1300];
	size_t n = protect(side == SIDE_RESP, version, number, frames, packet);

	talk_say(t, side, packet, n);
}

static void open_udp(struct talk *t)
{
	talk_open(t, 17, 443, NULL);
}

static void test_hello_is_read_from_an_initial(void **state)
{
	static const uint32_t versions[] = { QUIC_V1, QUIC_V2, QUIC_DRAFT_29, QUIC_V2_DRAFT_01, 0xfaceb001, 0xfaceb002,
		GREASE };
	struct talk t;
	const struct tls *tls;

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		open_udp(&t);
		say(&t, SIDE_ORIG, versions[i], 0, "06 00 4051" HELLO);
		say(&t, SIDE_RESP, versions[i], 0, "02 00 00 00 00 06 00 38" SERVER_HELLO);
		talk_hex(&t, SIDE_ORIG, "40 abcd 00112233445566778899aabbccddeeff");
		tls = talk_close(&t);
		assert_int_equal(t.records, 1);
		assert_true(tls->quic);
		assert_int_equal(tls->quic_version, versions[i]);
		assert_string_equal(tls->sni, "q.example");
		assert_string_equal(tls->offered_alpn, "h3");
		assert_int_equal(tls->ja4[0], 'q');
		assert_int_equal(tls->version, 0x0304);
		assert_int_equal(tls->at[TLS_SERVER_HELLO].frame, 2);
		assert_int_equal(tls->at[TLS_ESTABLISHED].frame, 3);
		text_free(&t.marks);
	}
}

/* Google's acknowledgment has two blocks and two times before the ServerHello. */
static void test_hello_of_google_s_versions(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_udp(&t);
	say(&t, SIDE_ORIG, QUIC_T051, 1, "08 00 4051" HELLO);
	say(&t, SIDE_RESP, QUIC_T051, 1, "60 05 0010 01 01 02 01 02 01 00000001 02 0003 08 00 38" SERVER_HELLO);
	tls = talk_close(&t);
	assert_int_equal(tls->client_hellos, 1);
	assert_int_equal(tls->server_hellos, 1);
	assert_string_equal(tls->sni, "q.example");
	text_free(&t.marks);
}

/* The client obeyed the first Retry; what follows stays readable although another one comes late. */
static void test_late_retry_is_passed_over(void **state)
{
	static const char retry[] = "f0 00000001 00 02 abcd 7e7e 00112233445566778899aabbccddeeff";
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_udp(&t);
	talk_hex(&t, SIDE_RESP, retry);
	say(&t, SIDE_ORIG, QUIC_V1, 2, "06 00 4051" HELLO);
	talk_hex(&t, SIDE_RESP, retry);
	say(&t, SIDE_RESP, QUIC_V1, 0, "06 00 38" SERVER_HELLO);
	tls = talk_close(&t);
	assert_true(tls->quic_retry);
	assert_int_equal(tls->server_hellos, 1);
	text_free(&t.marks);
}

/* The second half of the ClientHello comes first, in a packet of its own, and is repeated. */
static void test_crypto_frames_come_in_any_order(void **state)
{
	uint8_t hello[256];
	char first[256] = "06 00 28", second[256] = "06 28 29";
	size_t n = talk_bytes(HELLO, hello, sizeof(hello));
	struct talk t;
	const struct tls *tls;

	(void)state;
	assert_int_equal(n, 0x51);
	for (size_t i = 0; i < n; i++)
		snprintf((i < 0x28 ? first : second) + strlen(i < 0x28 ? first : second), 3, "%02x", hello[i]);
	open_udp(&t);
	say(&t, SIDE_ORIG, QUIC_V1, 0, second);
	say(&t, SIDE_ORIG, QUIC_V1, 1, second);
	say(&t, SIDE_ORIG, QUIC_V1, 2, first);
	tls = talk_close(&t);
	assert_int_equal(tls->client_hellos, 1);
	assert_int_equal(tls->at[TLS_CLIENT_HELLO].frame, 3);
	assert_string_equal(tls->sni, "q.example");
	text_free(&t.marks);
}

static void test_close_with_a_crypto_error_is_an_alert(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_udp(&t);
	say(&t, SIDE_ORIG, QUIC_V1, 0, "06 00 4051" HELLO);
	say(&t, SIDE_RESP, QUIC_V1, 0, "1c 4178 06 00"); /* 0x178: no_application_protocol */
	tls = talk_close(&t);
	assert_int_equal(tls->alert_count, 1);
	assert_int_equal(tls->alerts[0].code, 120);
	assert_int_equal(tls->alerts[0].side, SIDE_RESP);
	assert_int_equal(tls->quic_close_code, 0x178);
	text_free(&t.marks);
}

static void test_version_negotiation_and_retry_are_told(void **state)
{
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_udp(&t);
	say(&t, SIDE_ORIG, QUIC_V2, 0, "06 00 4051" HELLO);
	talk_hex(&t, SIDE_RESP, "80 00000000 00 08 8394c8f03e515708 00000001");
	say(&t, SIDE_ORIG, QUIC_V1, 0, "06 00 4051" HELLO);
	talk_hex(&t, SIDE_RESP, "f0 00000001 00 02 abcd 7e7e 00112233445566778899aabbccddeeff");
	tls = talk_close(&t);
	assert_true(tls->quic_version_negotiation);
	assert_true(tls->quic_retry);
	assert_int_equal(tls->client_hellos, 2);
	assert_int_equal(tls->quic_version, QUIC_V1);
	text_free(&t.marks);
}

/* The capture cut the client's packet: its connection id is there, and with it the keys of the server. */
static void test_server_is_read_behind_a_cut_initial(void **state)
{
	uint8_t packet[1300];
	size_t n = protect(false, QUIC_V1, 0, "06 00 4051" HELLO, packet);
	struct talk t;
	const struct tls *tls;

	(void)state;
	open_udp(&t);
	talk_say_cut(&t, SIDE_ORIG, packet, 100, n);
	say(&t, SIDE_RESP, QUIC_V1, 0, "06 00 38" SERVER_HELLO);
	tls = talk_close(&t);
	assert_int_equal(tls->client_hellos, 0);
	assert_int_equal(tls->server_hellos, 1);
	assert_true(tls->handshake_cut);
	text_free(&t.marks);
}

static void test_damaged_initial_is_not_read(void **state)
{
	uint8_t packet[1300];
	size_t n = protect(false, QUIC_V1, 0, "06 00 4051" HELLO, packet);
	struct talk t;
	const struct tls *tls;

	(void)state;
	packet[600] ^= 1;
	open_udp(&t);
	talk_say(&t, SIDE_ORIG, packet, n);
	tls = talk_close(&t);
	assert_int_equal(tls->client_hellos, 0);
	assert_int_equal(tls->quic_version, QUIC_V1);
	text_free(&t.marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial_keys_are_those_of_the_rfcs),
		cmocka_unit_test(test_hello_is_read_from_an_initial),
		cmocka_unit_test(test_hello_of_google_s_versions),
		cmocka_unit_test(test_late_retry_is_passed_over),
		cmocka_unit_test(test_crypto_frames_come_in_any_order),
		cmocka_unit_test(test_close_with_a_crypto_error_is_an_alert),
		cmocka_unit_test(test_version_negotiation_and_retry_are_told),
		cmocka_unit_test(test_server_is_read_behind_a_cut_initial),
		cmocka_unit_test(test_damaged_initial_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
