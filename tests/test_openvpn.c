/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenVPN: resets, answers, restarts, TLS alerts; plain, tls-auth and tls-crypt; UDP and TCP. */
#include "cmocka_all.h"

#include <string.h>

#include "tunnel_rig.h"

static struct tunnel_rig *ovpn(uint8_t proto)
{
	return tunnel_rig_new(proto, 40000, 1194);
}

static void give(struct tunnel_rig *r, enum side side, int64_t ms, const uint8_t *b, size_t n)
{
	uint8_t framed[300] = {(uint8_t)(n >> 8), (uint8_t)n};

	memcpy(framed + 2, b, n);
	if (r->head.proto == 17)
		tunnel_rig_give(r, side, ms, b, n);
	else
		tunnel_rig_give(r, side, ms, framed, n + 2);
}

/* Opcode and key id, session id, no ACKs, packet id 0. */
static void client_reset(struct tunnel_rig *r, int64_t ms, uint8_t session)
{
	uint8_t b[14] = {0x38, session, 2, 3, 4, 5, 6, 7, 8};

	give(r, SIDE_ORIG, ms, b, sizeof(b));
}

static void server_reset(struct tunnel_rig *r, int64_t ms, uint8_t session)
{
	uint8_t b[26] = {0x40, session, 2, 3, 4, 5, 6, 7, 9, 1};

	give(r, SIDE_RESP, ms, b, sizeof(b));
}

static void message(struct tunnel_rig *r, enum side side, int64_t ms, uint8_t first, uint8_t id, const void *tls, size_t n)
{
	uint8_t b[200] = {first, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, id};

	memcpy(b + 14, tls, n);
	give(r, side, ms, b, 14 + n);
}

static void control(struct tunnel_rig *r, enum side side, int64_t ms, const uint8_t *tls, size_t n)
{
	message(r, side, ms, 0x20, 1, tls, n);
}

static void data(struct tunnel_rig *r, enum side side, int64_t ms)
{
	uint8_t b[60] = {0x48, 0, 0, 1};

	give(r, side, ms, b, sizeof(b));
}

static void check_session(uint8_t proto)
{
	struct tunnel_rig *r = ovpn(proto);
	const struct tunnel *t;

	client_reset(r, 0, 1);
	server_reset(r, 10, 2);
	control(r, SIDE_ORIG, 20, (const uint8_t *)"\x16\x03\x01", 3);
	control(r, SIDE_RESP, 30, (const uint8_t *)"\x16\x03\x03", 3);
	data(r, SIDE_ORIG, 1000);
	data(r, SIDE_RESP, 1010);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_non_null(t);
	assert_string_equal(r->service, "openvpn");
	assert_true(t->established);
	assert_int_equal(t->answers[SIDE_RESP], 1);
	assert_int_equal(t->unanswered[SIDE_ORIG], 0);
	assert_string_equal(t->step, "");
	tunnel_rig_free(r);
}

static void test_session_over_udp_and_tcp(void **state)
{
	(void)state;
	check_session(17);
	check_session(6);
}

static void test_resets_without_answer_are_counted(void **state)
{
	struct tunnel_rig *r = ovpn(17);

	(void)state;
	for (int i = 0; i < 5; i++)
		client_reset(r, 1000 << i, 1);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 5);
	assert_true(tunnel_rig_summary(r)->unanswered_open[SIDE_ORIG]);
	tunnel_rig_free(r);
}

static void test_new_session_id_in_a_working_tunnel_is_a_restart(void **state)
{
	struct tunnel_rig *r = ovpn(17);

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 10, 2);
	data(r, SIDE_ORIG, 1000);
	data(r, SIDE_RESP, 1010);
	client_reset(r, 5000, 7);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 1);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.side, SIDE_ORIG);
	tunnel_rig_free(r);
}

/* A fatal alert 42 (bad certificate) of the client in clear. */
static void test_tls_alert_in_clear_is_a_refusal(void **state)
{
	struct tunnel_rig *r = ovpn(17);
	const struct record *refused;

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 10, 2);
	control(r, SIDE_ORIG, 20, (const uint8_t *)"\x15\x03\x03\x00\x02\x02\x2a", 7);
	tunnel_rig_close(r);
	refused = tunnel_rig_find(r, TUNNEL_REJECTED, 0);
	assert_non_null(refused);
	assert_string_equal(refused->tunnel.reason, "TLS alert 42");
	assert_int_equal(refused->tunnel.side, SIDE_ORIG);
	tunnel_rig_free(r);
}

static const uint8_t hello[] = {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, [43] = 0, 0, 2, 0x13, 1, 1, 0};

/* Control packets out of order and repeated; a soft reset begins another TLS session. */
static void test_tls_messages_are_counted(void **state)
{
	struct tunnel_rig *r = ovpn(17);
	struct capture seen = {0};

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 10, 2);
	message(r, SIDE_ORIG, 20, 0x20, 2, hello + 20, sizeof(hello) - 20);
	message(r, SIDE_ORIG, 20, 0x20, 2, hello + 20, sizeof(hello) - 20);
	message(r, SIDE_ORIG, 21, 0x20, 1, hello, 20);
	message(r, SIDE_ORIG, 300, 0x20, 1, hello, 20);
	message(r, SIDE_RESP, 400, 0x20, 1, "\x16\x03\x03\x00\x04\x0e\x00\x00\x00", 9);
	message(r, SIDE_ORIG, 3600000, 0x19, 0, "", 0);
	message(r, SIDE_ORIG, 3600010, 0x21, 1, hello, sizeof(hello));
	dissect_engine_counts(r->engine, 0, &seen);
	assert_int_equal(seen.tls_messages[1], 2);
	assert_int_equal(seen.tls_messages[14], 1);
	tunnel_rig_close(r);
	tunnel_rig_free(r);
}

/* What the TLS inside would only count is no run of records in the stream around it. */
static void test_records_inside_are_not_skimmed(void **state)
{
	static const uint8_t server_hello[] = {22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, [43] = 0, 0xc0, 0x2f, 0};
	static const uint8_t done[] = {22, 3, 3, 0, 4, 14, 0, 0, 0}, exchange[] = {22, 3, 3, 0, 4, 16, 0, 0, 0};
	static const uint8_t change[] = {20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 40, [50] = 0};
	static const uint8_t record[] = {23, 3, 3, 0, 60, [64] = 0};
	struct tunnel_rig *r = ovpn(6);
	uint16_t shape;

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 10, 2);
	message(r, SIDE_ORIG, 20, 0x20, 1, hello, sizeof(hello));
	message(r, SIDE_RESP, 30, 0x20, 1, server_hello, sizeof(server_hello));
	message(r, SIDE_RESP, 31, 0x20, 2, done, sizeof(done));
	message(r, SIDE_ORIG, 40, 0x20, 2, exchange, sizeof(exchange));
	message(r, SIDE_ORIG, 41, 0x20, 3, change, sizeof(change));
	message(r, SIDE_RESP, 50, 0x20, 3, change, sizeof(change));
	for (uint8_t id = 4; id < 7; id++) {
		message(r, SIDE_ORIG, 50 + id, 0x20, id, record, sizeof(record));
		message(r, SIDE_RESP, 50 + id, 0x20, id, record, sizeof(record));
		assert_int_equal(session_wants_count(r->session, SIDE_ORIG, &shape), 0);
		assert_int_equal(shape, 0);
		session_wants_count(r->session, SIDE_RESP, &shape);
		assert_int_equal(shape, 0);
	}
	tunnel_rig_close(r);
	tunnel_rig_free(r);
}

/* The reset and a packet of the hello are not in the capture. */
static void test_tls_is_found_without_the_reset(void **state)
{
	struct tunnel_rig *r = ovpn(17);
	struct capture seen = {0};

	(void)state;
	data(r, SIDE_RESP, 0);
	message(r, SIDE_ORIG, 1, 0x20, 1, hello, sizeof(hello));
	for (uint8_t id = 3; id < 12; id++) /* more than are kept while one is missing */
		message(r, SIDE_ORIG, id, 0x20, id, "\x16\x03\x03\x00\x04\x10\x00\x00\x00", 9);
	dissect_engine_counts(r->engine, 0, &seen);
	assert_int_equal(seen.tls_messages[1], 1);
	assert_int_equal(seen.tls_messages[16], 9);
	tunnel_rig_close(r);
	tunnel_rig_free(r);
}

/* tls-auth with SHA-1 (42 bytes) and tls-crypt (54): a packet id and a time stand where they must. */
static void test_protected_resets_are_recognised_off_the_port(void **state)
{
	uint8_t auth[42] = {0x38, 1, 2, 3, 4, 5, 6, 7, 8}, crypt[54] = {0x38, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t id[8] = {0, 0, 0, 1, 0x65, 0x53, 0xf1, 0};
	struct tunnel_rig *r;

	(void)state;
	memset(auth + 9, 0xaa, 20);
	memcpy(auth + 29, id, 8);
	memset(crypt + 9, 0xaa, 45);
	memcpy(crypt + 9, id, 8);
	r = tunnel_rig_new(17, 40000, 443);
	tunnel_rig_give(r, SIDE_ORIG, 0, auth, sizeof(auth));
	tunnel_rig_close(r);
	assert_string_equal(r->service, "openvpn");
	tunnel_rig_free(r);
	r = tunnel_rig_new(17, 40000, 443);
	tunnel_rig_give(r, SIDE_ORIG, 0, crypt, sizeof(crypt));
	tunnel_rig_close(r);
	assert_string_equal(r->service, "openvpn");
	tunnel_rig_free(r);
}

static void test_noise_is_not_openvpn_off_the_port(void **state)
{
	uint8_t b[64] = {0x38};
	struct tunnel_rig *r;

	(void)state;
	for (size_t n = 1; n <= sizeof(b); n++) {
		memset(b + 1, 0x5a, sizeof(b) - 1);
		r = tunnel_rig_new(17, 40000, 40001);
		tunnel_rig_give(r, SIDE_ORIG, 0, b, n);
		tunnel_rig_close(r);
		assert_string_equal(r->service, "");
		tunnel_rig_free(r);
	}
}

/* Both sides of a text protocol: '@', 'H', 'S' and '2' have opcodes of OpenVPN. */
static void test_text_is_not_openvpn(void **state)
{
	static const char *const lines[] = {"@RSYNCD: 31.0 sha512 sha256\n", "HTTP/1.1 200 OK, a line of text\r\n",
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "220 mail.example ESMTP Postfix\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tunnel_rig *r = tunnel_rig_new(6, 40000, 40001);

		for (int k = 0; k < 4; k++)
			tunnel_rig_give(r, k & 1 ? SIDE_RESP : SIDE_ORIG, k, lines[i], strlen(lines[i]));
		tunnel_rig_close(r);
		assert_string_not_equal(r->service, "openvpn");
		assert_string_not_equal(r->service, "tinc");
		assert_int_equal(r->count, 0);
		tunnel_rig_free(r);
	}
}

/* Each reset is answered and comes again: the answers do not arrive. */
static void test_reset_repeated_although_answered_pends(void **state)
{
	struct tunnel_rig *r = ovpn(17);

	(void)state;
	for (int i = 0; i < 4; i++) {
		client_reset(r, 4000 * i, 1);
		server_reset(r, 4000 * i + 1, 7);
	}
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "hard reset");
	assert_int_equal(tunnel_rig_summary(r)->attempt, 3);
	tunnel_rig_free(r);
}

/* The client pings in vain for a while, then begins a new session on the same port: the server was restarted. */
static void test_reset_after_silence_is_the_servers_restart(void **state)
{
	struct tunnel_rig *r = ovpn(17);

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 1, 7);
	data(r, SIDE_ORIG, 1000);
	data(r, SIDE_RESP, 1010);
	for (int i = 0; i < 5; i++)
		data(r, SIDE_ORIG, 2000 + 3000 * i);
	client_reset(r, 17000, 2);
	server_reset(r, 17001, 8);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 1);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.side, SIDE_RESP);
	tunnel_rig_free(r);
}

/* Client, server, client, server: the handshake inside is over, and the client closes without any data. */
static void test_end_before_data_is_a_refused_login(void **state)
{
	static const uint8_t tls[] = {22, 3, 3, 0, 40};
	struct tunnel_rig *r = ovpn(6);

	(void)state;
	client_reset(r, 0, 1);
	server_reset(r, 1, 7);
	for (int i = 0; i < 4; i++)
		control(r, i % 2 ? SIDE_RESP : SIDE_ORIG, 10 + 10 * i, tls, sizeof(tls));
	tunnel_rig_fin(r, SIDE_ORIG, 1000);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_REJECTED), 1);
	assert_string_equal(tunnel_rig_find(r, TUNNEL_REJECTED, 0)->tunnel.step, "authentication");
	tunnel_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_over_udp_and_tcp),
		cmocka_unit_test(test_resets_without_answer_are_counted),
		cmocka_unit_test(test_new_session_id_in_a_working_tunnel_is_a_restart),
		cmocka_unit_test(test_tls_alert_in_clear_is_a_refusal),
		cmocka_unit_test(test_tls_messages_are_counted),
		cmocka_unit_test(test_records_inside_are_not_skimmed),
		cmocka_unit_test(test_tls_is_found_without_the_reset),
		cmocka_unit_test(test_protected_resets_are_recognised_off_the_port),
		cmocka_unit_test(test_noise_is_not_openvpn_off_the_port),
		cmocka_unit_test(test_reset_repeated_although_answered_pends),
		cmocka_unit_test(test_reset_after_silence_is_the_servers_restart),
		cmocka_unit_test(test_end_before_data_is_a_refused_login),
		cmocka_unit_test(test_text_is_not_openvpn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
