/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard: exact sizes, who is not answered, renewal and restart. */
#include "cmocka_all.h"

#include <string.h>

#include "dissectors/counter_track.h"
#include "tunnel_rig.h"

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void initiation(struct tunnel_rig *r, enum side side, int64_t ms, uint32_t sender)
{
	uint8_t b[148] = {1};

	put32(b + 4, sender);
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

static void response(struct tunnel_rig *r, enum side side, int64_t ms, uint32_t sender, uint32_t receiver)
{
	uint8_t b[92] = {2};

	put32(b + 4, sender);
	put32(b + 8, receiver);
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

static void data(struct tunnel_rig *r, enum side side, int64_t ms, uint32_t receiver, uint32_t counter)
{
	uint8_t b[96] = {4};

	put32(b + 4, receiver);
	put32(b + 8, counter);
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

/* Index 1 is the initiator's, 2 the responder's; then a packet each way. */
static void session(struct tunnel_rig *r, int64_t ms, uint32_t a, uint32_t b)
{
	initiation(r, SIDE_ORIG, ms, a);
	response(r, SIDE_RESP, ms + 10, b, a);
	data(r, SIDE_ORIG, ms + 20, b, 0);
	data(r, SIDE_RESP, ms + 30, a, 0);
}

static struct tunnel_rig *wg(void)
{
	return tunnel_rig_new(17, 40000, 51820);
}

static void test_unanswered_initiations_are_counted(void **state)
{
	struct tunnel_rig *r = wg();
	const struct tunnel *t;

	(void)state;
	for (uint32_t i = 0; i < 9; i++)
		initiation(r, SIDE_ORIG, 5000 * i, 100 + i);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_int_equal(t->unanswered[SIDE_ORIG], 9);
	assert_true(t->unanswered_open[SIDE_ORIG]);
	assert_int_equal(t->unanswered_first[SIDE_ORIG].frame, 1);
	assert_int_equal(t->unanswered_last[SIDE_ORIG].frame, 9);
	assert_false(t->established);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 0);
	tunnel_rig_free(r);
}

static void test_renewal_is_no_restart(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	session(r, 120000, 3, 4);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 0);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_REKEY), 1);
	assert_true(tunnel_rig_summary(r)->established);
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 0);
	tunnel_rig_free(r);
}

static void test_early_initiation_is_a_restart_of_its_sender(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	data(r, SIDE_ORIG, 29900, 2, 1);
	data(r, SIDE_RESP, 29910, 1, 1);
	session(r, 30000, 3, 4);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 1);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.side, SIDE_ORIG);
	tunnel_rig_free(r);
}

/* The responder does not know the key any more: data goes unanswered for 15 s, then the handshake works at once. */
static void test_silence_then_a_quick_handshake_is_a_restart_of_the_peer(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	for (uint32_t i = 0; i < 16; i++)
		data(r, SIDE_ORIG, 20000 + 1000 * i, 2, i + 1);
	session(r, 35100, 3, 4);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 1);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.side, SIDE_RESP);
	assert_string_equal(tunnel_rig_find(r, TUNNEL_RESTART, 0)->tunnel.reason, "silence");
	tunnel_rig_free(r);
}

/* Data went alone for 20 s, then both ways again under the old key; the handshake that the outage began comes late. */
static void test_late_handshake_after_an_outage_is_no_restart(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	for (uint32_t i = 0; i < 20; i++)
		data(r, SIDE_ORIG, 1000 + 1000 * i, 2, i + 1);
	data(r, SIDE_RESP, 21000, 1, 1);
	data(r, SIDE_ORIG, 21500, 2, 30);
	initiation(r, SIDE_RESP, 24000, 5);
	response(r, SIDE_ORIG, 24010, 6, 5);
	data(r, SIDE_RESP, 24020, 6, 0);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 0);
	tunnel_rig_free(r);
}

/* Only one direction was captured: it uses keys that somebody must have agreed to. */
static void test_data_under_a_new_key_shows_an_answer_unseen(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		initiation(r, SIDE_ORIG, 120000 * i, 10 + i);
		data(r, SIDE_ORIG, 120000 * i + 30, 20 + i, 0);
	}
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 0);
	tunnel_rig_free(r);
}

static void keepalive(struct tunnel_rig *r, enum side side, int64_t ms, uint32_t receiver, uint32_t counter)
{
	uint8_t b[32] = {4};

	put32(b + 4, receiver);
	put32(b + 8, counter);
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

/* Nobody answers them, and nobody has to. */
static void test_keepalives_of_one_side_stand_for_no_silence(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	for (uint32_t i = 0; i < 8; i++)
		keepalive(r, SIDE_ORIG, 10000 + 10000 * i, 2, i + 1);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_summary(r)->keepalives[SIDE_ORIG], 8);
	assert_true(tunnel_rig_summary(r)->alone_pkts[SIDE_ORIG] <= 1);
	tunnel_rig_free(r);
}

static void test_outage_of_the_path_is_no_restart(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	for (uint32_t i = 0; i < 16; i++)
		data(r, SIDE_ORIG, 20000 + 1000 * i, 2, i + 1);
	initiation(r, SIDE_ORIG, 35100, 30);
	initiation(r, SIDE_ORIG, 40200, 31);
	session(r, 45300, 3, 4);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_RESTART), 0);
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 2);
	assert_false(tunnel_rig_summary(r)->unanswered_open[SIDE_ORIG]);
	tunnel_rig_free(r);
}

static void test_handshake_repeated_although_answered_makes_no_progress(void **state)
{
	struct tunnel_rig *r = wg();
	const struct tunnel *t;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		initiation(r, SIDE_ORIG, 5000 * i, 10 + i);
		response(r, SIDE_RESP, 5000 * i + 10, 50 + i, 10 + i);
	}
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_false(t->established);
	assert_string_equal(t->step, "initiation");
	assert_int_equal(t->attempt, 5);
	tunnel_rig_free(r);
}

static void test_data_under_a_replaced_key_is_told_once(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	session(r, 30000, 3, 4);
	for (uint32_t i = 0; i < 5; i++)
		data(r, SIDE_RESP, 34000 + 1000 * i, 1, 10 + i);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_OLD_KEY_DATA), 1);
	assert_int_equal(tunnel_rig_summary(r)->old_key_pkts[SIDE_RESP], 5);
	assert_int_equal(tunnel_rig_summary(r)->old_key_pkts[SIDE_ORIG], 0);
	tunnel_rig_free(r);
}

static void test_late_counters_are_reordering(void **state)
{
	struct tunnel_rig *r = wg();

	(void)state;
	session(r, 0, 1, 2);
	data(r, SIDE_ORIG, 100, 2, 1);
	data(r, SIDE_ORIG, 101, 2, 3);
	data(r, SIDE_ORIG, 102, 2, 2);
	data(r, SIDE_ORIG, 103, 2, 6);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_summary(r)->reordered[SIDE_ORIG], 1);
	assert_int_equal(tunnel_rig_summary(r)->lost[SIDE_ORIG], 2);
	tunnel_rig_free(r);
}

static void test_wrong_sizes_are_not_wireguard(void **state)
{
	static const size_t sizes[] = {4, 91, 93, 147, 149};
	struct tunnel_rig *r;
	uint8_t b[160] = {1};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		r = tunnel_rig_new(17, 40000, 40001);
		b[0] = i < 3 ? 2 : 1;
		tunnel_rig_give(r, SIDE_ORIG, 0, b, sizes[i]);
		tunnel_rig_close(r);
		assert_string_equal(r->service, "");
		assert_int_equal(r->count, 0);
		tunnel_rig_free(r);
	}
}

static void test_counter_window_knows_late_from_doubled(void **state)
{
	struct counter_track t = {0};

	(void)state;
	for (uint64_t n = 10; n < 1000; n++)
		if (n != 900)
			counter_add(&t, n);
	assert_int_equal(counter_place(&t, 900), COUNTER_LATE);
	assert_int_equal(counter_place(&t, 901), COUNTER_DOUBLED);
	assert_int_equal(counter_place(&t, 743), COUNTER_OLD);
	assert_int_equal(counter_place(&t, 5), COUNTER_OLD);
	assert_int_equal(counter_place(&t, 1000), COUNTER_NEXT);
	counter_add(&t, 900);
	assert_int_equal(t.reordered, 1);
	assert_int_equal(t.missing, 0);
	counter_add(&t, UINT64_MAX);
	assert_int_equal(counter_place(&t, UINT64_MAX - 1), COUNTER_LATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unanswered_initiations_are_counted),
		cmocka_unit_test(test_renewal_is_no_restart),
		cmocka_unit_test(test_early_initiation_is_a_restart_of_its_sender),
		cmocka_unit_test(test_silence_then_a_quick_handshake_is_a_restart_of_the_peer),
		cmocka_unit_test(test_outage_of_the_path_is_no_restart),
		cmocka_unit_test(test_handshake_repeated_although_answered_makes_no_progress),
		cmocka_unit_test(test_data_under_a_replaced_key_is_told_once),
		cmocka_unit_test(test_late_counters_are_reordering),
		cmocka_unit_test(test_wrong_sizes_are_not_wireguard),
		cmocka_unit_test(test_late_handshake_after_an_outage_is_no_restart),
		cmocka_unit_test(test_keepalives_of_one_side_stand_for_no_silence),
		cmocka_unit_test(test_data_under_a_new_key_shows_an_answer_unseen),
		cmocka_unit_test(test_counter_window_knows_late_from_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
