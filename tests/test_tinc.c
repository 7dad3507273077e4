/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tinc: handshakes on the meta connection, packets over it, sessions over UDP. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "tunnel_rig.h"

/* SHA-512("alpha") and SHA-512("beta") begin with these. */
static const uint8_t alpha_id[6] = {0xba, 0x3c, 0xe5, 0x86, 0x67, 0xca};
static const uint8_t beta_id[6] = {0x56, 0x0c, 0x72, 0xde, 0x72, 0xc0};

static struct tunnel_rig *meta(void)
{
	return tunnel_rig_new(6, 40000, 655);
}

/* A record in clear: length, type, payload of which the first byte is given. */
static void give_clear(struct tunnel_rig *r, enum side side, int64_t ms, uint16_t len, uint8_t type, uint8_t first)
{
	uint8_t b[2048] = {(uint8_t)(len >> 8), (uint8_t)len, type, first};

	tunnel_rig_give(r, side, ms, b, (size_t)len + 3);
}

/* An encrypted record: length, then noise. */
static void give_sealed(struct tunnel_rig *r, enum side side, int64_t ms, uint16_t len)
{
	uint8_t b[2048];

	memset(b, 0x5a, sizeof(b));
	b[0] = (uint8_t)(len >> 8);
	b[1] = (uint8_t)len;
	tunnel_rig_give(r, side, ms, b, (size_t)len + 19);
}

static void give_id(struct tunnel_rig *r, enum side side, int64_t ms, const char *name)
{
	char line[80];

	tunnel_rig_give(r, side, ms, line, (size_t)snprintf(line, sizeof(line), "0 %s 17.7\n", name));
}

/* ID lines, KEX and SIG of both sides, and an encrypted record of each. */
static void shake_hands(struct tunnel_rig *r)
{
	give_id(r, SIDE_ORIG, 0, "alpha");
	give_id(r, SIDE_RESP, 10, "beta");
	give_clear(r, SIDE_RESP, 10, 65, 128, 0);
	give_clear(r, SIDE_ORIG, 20, 65, 128, 0);
	give_clear(r, SIDE_ORIG, 20, 64, 128, 7);
	give_clear(r, SIDE_RESP, 30, 64, 128, 7);
	give_sealed(r, SIDE_ORIG, 40, 17);
	give_sealed(r, SIDE_RESP, 50, 27);
}

static void test_handshake_tells_names_and_node_ids(void **state)
{
	struct tunnel_rig *r = meta();
	const struct tunnel *t;

	(void)state;
	shake_hands(r);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_non_null(t);
	assert_string_equal(r->service, "tinc");
	assert_true(t->established);
	assert_string_equal(t->names[SIDE_ORIG], "alpha");
	assert_string_equal(t->names[SIDE_RESP], "beta");
	assert_string_equal(t->session, "ba3ce58667ca>560c72de72c0");
	assert_string_equal(t->step, "");
	tunnel_rig_free(r);
}

static void test_stop_after_signatures_names_the_step(void **state)
{
	struct tunnel_rig *r = meta();
	const struct record *refused;

	(void)state;
	give_id(r, SIDE_ORIG, 0, "alpha");
	give_id(r, SIDE_RESP, 10, "beta");
	give_clear(r, SIDE_RESP, 10, 65, 128, 0);
	give_clear(r, SIDE_ORIG, 20, 65, 128, 0);
	give_clear(r, SIDE_ORIG, 20, 64, 128, 7);
	give_clear(r, SIDE_RESP, 30, 64, 128, 7);
	tunnel_rig_fin(r, SIDE_ORIG, 40);
	tunnel_rig_close(r);
	refused = tunnel_rig_find(r, TUNNEL_REJECTED, 0);
	assert_non_null(refused);
	assert_string_equal(refused->tunnel.step, "SIG");
	assert_int_equal(refused->tunnel.side, SIDE_ORIG);
	assert_int_equal(refused->tunnel.ref.frame, 7);
	assert_string_equal(tunnel_rig_summary(r)->step, "SIG");
	assert_false(tunnel_rig_summary(r)->established);
	tunnel_rig_free(r);
}

static void check_bad(uint16_t len, uint8_t type, uint8_t first, enum tunnel_event event)
{
	struct tunnel_rig *r = meta();
	const struct record *bad;

	give_id(r, SIDE_ORIG, 0, "alpha");
	give_id(r, SIDE_RESP, 10, "beta");
	give_clear(r, SIDE_RESP, 10, len, type, first);
	tunnel_rig_fin(r, SIDE_ORIG, 20);
	tunnel_rig_close(r);
	bad = tunnel_rig_find(r, event, 0);
	assert_non_null(bad);
	assert_int_equal(bad->tunnel.side, SIDE_RESP);
	assert_int_equal(bad->tunnel.length, len);
	assert_null(tunnel_rig_find(r, TUNNEL_REJECTED, 0));
	tunnel_rig_free(r);
}

static void test_kex_of_wrong_length_or_version_is_bad(void **state)
{
	(void)state;
	check_bad(66, 128, 0, TUNNEL_BAD_KEX);
	check_bad(1, 128, 0, TUNNEL_BAD_KEX);
	check_bad(65, 128, 1, TUNNEL_BAD_KEX);
	check_bad(65, 129, 0, TUNNEL_BAD_KEX);
}

static void test_signature_before_kex_is_out_of_order(void **state)
{
	(void)state;
	check_bad(64, 128, 0x3c, TUNNEL_BAD_ORDER);
}

static void test_close_of_a_working_connection_is_told(void **state)
{
	struct tunnel_rig *r = meta();
	const struct record *lost;

	(void)state;
	shake_hands(r);
	tunnel_rig_fin(r, SIDE_RESP, 14000);
	tunnel_rig_fin(r, SIDE_ORIG, 14010);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_META_LOST), 1);
	lost = tunnel_rig_find(r, TUNNEL_META_LOST, 0);
	assert_int_equal(lost->tunnel.side, SIDE_RESP);
	tunnel_rig_free(r);
}

/* "17 98\n" is a record of 6, the packet one of 98; PING is one of 2. */
static void test_packets_and_pings_on_the_meta_connection(void **state)
{
	struct tunnel_rig *r = meta();
	const struct tunnel *t;

	(void)state;
	shake_hands(r);
	give_sealed(r, SIDE_ORIG, 100, 6);
	give_sealed(r, SIDE_ORIG, 100, 98);
	give_sealed(r, SIDE_ORIG, 200, 2);
	give_sealed(r, SIDE_RESP, 210, 2);
	give_sealed(r, SIDE_ORIG, 300, 6);
	give_sealed(r, SIDE_ORIG, 300, 112); /* three digits: not what was announced */
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_int_equal(t->data_pkts[SIDE_ORIG], 1);
	assert_int_equal(t->data_bytes[SIDE_ORIG], 98);
	assert_int_equal(t->keepalives[SIDE_ORIG], 1);
	assert_int_equal(t->keepalives[SIDE_RESP], 1);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_TCP_FALLBACK), 1);
	tunnel_rig_free(r);
}

/* "21 117\n", a relayed packet of 117 raw bytes that begins with node ids, and at once a PING. */
static void test_raw_packet_does_not_break_the_framing(void **state)
{
	struct tunnel_rig *r = meta();
	uint8_t raw[117 + 21];

	(void)state;
	shake_hands(r);
	memset(raw, 0xee, sizeof(raw));
	memset(raw, 0x77, 6);
	memcpy(raw + 6, alpha_id, 6);
	raw[117] = 0;
	raw[118] = 2;
	for (int i = 0; i < 3; i++) {
		give_sealed(r, SIDE_ORIG, 100 + i, 7);
		tunnel_rig_give(r, SIDE_ORIG, 100 + i, raw, sizeof(raw));
	}
	give_sealed(r, SIDE_ORIG, 200, 2);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_summary(r)->data_pkts[SIDE_ORIG], 3);
	assert_int_equal(tunnel_rig_summary(r)->keepalives[SIDE_ORIG], 4);
	tunnel_rig_free(r);
}

/* With names of 9 letters together: REQ_KEY 112, ANS_KEY 120; a renewal 141. The first session is no restart. */
static void test_lengths_tell_new_session_from_renewal(void **state)
{
	struct tunnel_rig *r = meta();

	(void)state;
	shake_hands(r);
	for (int i = 0; i < 3; i++) {
		give_sealed(r, i ? SIDE_RESP : SIDE_ORIG, 1000 + 11000 * i, 112);
		give_sealed(r, i ? SIDE_ORIG : SIDE_RESP, 1010 + 11000 * i, 120);
	}
	give_sealed(r, SIDE_RESP, 40000, 112); /* not answered: some other request of that length */
	give_sealed(r, SIDE_ORIG, 50000, 141);
	give_sealed(r, SIDE_RESP, 50010, 141);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 2);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.side, SIDE_RESP);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_REKEY), 1);
	tunnel_rig_free(r);
}

/* One KEX of 141 bytes and none of the other side, until a new session 20 s later. */
static void test_renewal_that_stands_still_is_kept(void **state)
{
	struct tunnel_rig *r = meta();
	const struct tunnel *t;

	(void)state;
	shake_hands(r);
	give_sealed(r, SIDE_ORIG, 1000, 112);
	give_sealed(r, SIDE_RESP, 1010, 120);
	give_sealed(r, SIDE_ORIG, 30000, 141);
	give_sealed(r, SIDE_RESP, 50000, 112);
	give_sealed(r, SIDE_ORIG, 50010, 120);
	give_sealed(r, SIDE_ORIG, 70000, 141);
	give_sealed(r, SIDE_RESP, 70010, 141);
	give_sealed(r, SIDE_ORIG, 70020, 140);
	give_sealed(r, SIDE_RESP, 70030, 140);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_string_equal(t->step, "renewal");
	assert_int_equal(t->side, SIDE_ORIG);
	assert_int_equal(t->last.at_ns - t->ref.at_ns, INT64_C(20000000000));
	tunnel_rig_free(r);
}

/* Both have sent a KEX, and the signature of one of them never comes. */
static void test_renewal_without_the_last_signature_stands_still(void **state)
{
	struct tunnel_rig *r = meta();

	(void)state;
	shake_hands(r);
	give_sealed(r, SIDE_ORIG, 1000, 112);
	give_sealed(r, SIDE_RESP, 1010, 120);
	give_sealed(r, SIDE_ORIG, 30000, 141);
	give_sealed(r, SIDE_RESP, 30010, 141);
	give_sealed(r, SIDE_ORIG, 30020, 140);
	give_sealed(r, SIDE_ORIG, 60000, 2);
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "renewal");
	tunnel_rig_free(r);
}

static void test_requests_for_a_session_that_nobody_answers_pend(void **state)
{
	struct tunnel_rig *r = meta();

	(void)state;
	shake_hands(r);
	for (int i = 0; i < 4; i++)
		give_sealed(r, SIDE_ORIG, 1000 + 10500 * i, 112);
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "REQ_KEY");
	assert_int_equal(tunnel_rig_summary(r)->attempt, 4);
	tunnel_rig_free(r);
}

static void test_other_text_is_not_tinc(void **state)
{
	static const char *const lines[] = {
		"0 alpha 18.7\n", "0 al pha 17.7\n", "1 alpha 17.7\n", "0  17.7\n", "GET / HTTP/1.1\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tunnel_rig *r = meta();

		tunnel_rig_give(r, SIDE_ORIG, 0, lines[i], strlen(lines[i]));
		tunnel_rig_fin(r, SIDE_ORIG, 1);
		tunnel_rig_fin(r, SIDE_RESP, 1);
		tunnel_rig_close(r);
		assert_string_not_equal(r->service, "tinc");
		assert_int_equal(r->count, 0);
		tunnel_rig_free(r);
	}
}

static void give_udp(struct tunnel_rig *r, enum side side, int64_t ms, uint32_t n, uint8_t salt)
{
	uint8_t b[100];

	memset(b, salt, sizeof(b));
	memset(b, 0, 6);
	memcpy(b + 6, side == SIDE_ORIG ? alpha_id : beta_id, 6);
	b[12] = (uint8_t)(n >> 24);
	b[13] = (uint8_t)(n >> 16);
	b[14] = (uint8_t)(n >> 8);
	b[15] = (uint8_t)n;
	b[20] = (uint8_t)n;
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

static void test_numbers_that_fall_back_are_a_new_session(void **state)
{
	struct tunnel_rig *r = tunnel_rig_new(17, 4655, 4655);
	const struct record *restart;

	(void)state;
	for (uint32_t n = 2; n < 40; n++) {
		give_udp(r, SIDE_ORIG, 10 * n, n, 1);
		give_udp(r, SIDE_RESP, 10 * n, n, 1);
	}
	for (uint32_t n = 2; n < 10; n++)
		give_udp(r, SIDE_ORIG, 10000 + 10 * n, n, 2);
	tunnel_rig_close(r);
	assert_string_equal(r->service, "tinc");
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 1);
	restart = tunnel_rig_find(r, TUNNEL_RESTART, 0);
	assert_int_equal(restart->tunnel.side, SIDE_ORIG);
	assert_int_equal(restart->tunnel.ref.frame, 77);
	assert_string_equal(restart->tunnel.session, "ba3ce58667ca>560c72de72c0");
	tunnel_rig_free(r);
}

static void test_copies_and_late_packets_are_no_new_session(void **state)
{
	static const uint32_t order[] = {2, 3, 2, 3, 4, 5, 6, 8, 7, 9, 4, 5, 6, 10, 13, 14};
	struct tunnel_rig *r = tunnel_rig_new(17, 655, 655);

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		give_udp(r, SIDE_ORIG, (int64_t)i, order[i], 1);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 0);
	assert_int_equal(tunnel_rig_summary(r)->reordered[SIDE_ORIG], 1);
	assert_int_equal(tunnel_rig_summary(r)->lost[SIDE_ORIG], 2);
	tunnel_rig_free(r);
}

static void test_silence_of_one_side_is_measured(void **state)
{
	struct tunnel_rig *r = tunnel_rig_new(17, 655, 655);
	const struct tunnel *t;

	(void)state;
	give_udp(r, SIDE_ORIG, 0, 2, 1);
	give_udp(r, SIDE_RESP, 10, 2, 1);
	for (uint32_t n = 3; n < 20; n++)
		give_udp(r, SIDE_ORIG, 1000 * n, n, 1);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_int_equal(t->alone_pkts[SIDE_ORIG], 17);
	assert_true(t->alone_open[SIDE_ORIG]);
	assert_false(t->alone_open[SIDE_RESP]);
	assert_int_equal(t->alone_first[SIDE_ORIG].at_ns, INT64_C(3000000000));
	assert_int_equal(t->alone_last[SIDE_ORIG].frame, 19);
	assert_int_equal(t->last_data_ns[SIDE_RESP], 10000000);
	tunnel_rig_free(r);
}

static void test_one_lookalike_datagram_is_not_tinc(void **state)
{
	struct tunnel_rig *r = tunnel_rig_new(17, 5000, 5001);
	uint8_t b[100] = {0};

	(void)state;
	give_udp(r, SIDE_ORIG, 0, 2, 1);
	tunnel_rig_give(r, SIDE_ORIG, 1, b, sizeof(b));
	tunnel_rig_close(r);
	assert_int_equal(r->count, 0);
	assert_string_equal(r->service, "");
	tunnel_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_tells_names_and_node_ids),
		cmocka_unit_test(test_stop_after_signatures_names_the_step),
		cmocka_unit_test(test_kex_of_wrong_length_or_version_is_bad),
		cmocka_unit_test(test_signature_before_kex_is_out_of_order),
		cmocka_unit_test(test_close_of_a_working_connection_is_told),
		cmocka_unit_test(test_packets_and_pings_on_the_meta_connection),
		cmocka_unit_test(test_raw_packet_does_not_break_the_framing),
		cmocka_unit_test(test_lengths_tell_new_session_from_renewal),
		cmocka_unit_test(test_renewal_that_stands_still_is_kept),
		cmocka_unit_test(test_renewal_without_the_last_signature_stands_still),
		cmocka_unit_test(test_requests_for_a_session_that_nobody_answers_pend),
		cmocka_unit_test(test_other_text_is_not_tinc),
		cmocka_unit_test(test_numbers_that_fall_back_are_a_new_session),
		cmocka_unit_test(test_copies_and_late_packets_are_no_new_session),
		cmocka_unit_test(test_silence_of_one_side_is_measured),
		cmocka_unit_test(test_one_lookalike_datagram_is_not_tinc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
