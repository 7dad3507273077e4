/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows and waiting: keep-alives, closed and small windows, vanished peers, delayed ACKs, round trips. */
#include "cmocka_all.h"

#include "base/text.h"
#include "track_flow.h"

static void test_keep_alives_are_no_retransmissions(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "10 > A seq 100 ack 1\n10.03 < A ack 101\n"
						      "20 > A 100:101(1) ack 1\n20.03 < A ack 101\n"
						      "30 > A seq 100 ack 1\n");

	(void)state;
	assert_int_equal(o->keep_alives, 3);
	assert_int_equal(o->keep_alives_answered, 2);
	assert_int_equal(o->loss.retransmitted, 0);
}

static void test_closed_window_is_time_not_loss(void **state)
{
	const struct conn *c = track_one(FLOW "0.0631 > A ack 5001 win 0\n"
					      "0.3 < A seq 5000 ack 101\n0.3001 > A ack 5001 win 0\n"
					      "1.3 < A 5001:5002(1) ack 101\n1.3001 > A ack 5001 win 0\n"
					      "2.3 < A 5001:5002(1) ack 101\n2.3001 > A ack 5001 win 0\n"
					      "3.0631 > A ack 5001 win 500\n"
					      "3.1 < A 5001:6001(1000) ack 101\n");
	const struct conn_side *o = &c->side[SIDE_ORIG], *r = &c->side[SIDE_RESP];

	(void)state;
	assert_int_equal(o->zero_windows, 1);
	assert_int_equal(o->zero_window_ns, MS(3000));
	assert_int_equal(o->zero_window_open_ns, UNSET);
	assert_int_equal(o->zero_window_first.frame, 11);
	assert_int_equal(r->loss.lost, 0);
	assert_int_equal(r->keep_alives, 0);
	assert_int_equal(c->stalls[0].reason, STALL_RECEIVER_WINDOW);
}

static void test_window_closed_to_the_end_is_told(void **state)
{
	const struct conn_side *o =
		orig_of(FLOW "1 > A ack 5001 win 0\n2 < A seq 5000 ack 101\n2.001 > A ack 5001 win 0\n");

	(void)state;
	assert_int_equal(o->zero_window_open_ns, MS(1000));
	assert_int_equal(o->zero_window_ns, MS(1001));
}

static void test_peer_that_vanished_leaves_sendings_in_vain(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1.0 > A 101:1101(1000) ack 1\n1.001 > A 1101:2101(1000) ack 1\n"
						   "1.2 > A 101:1101(1000) ack 1\n1.6 > A 101:1101(1000) ack 1\n"
						   "2.4 > A 101:1101(1000) ack 1\n");
	const struct conn_side *o = &c->side[SIDE_ORIG];

	(void)state;
	assert_int_equal(o->unanswered, 4);
	assert_int_equal(o->unanswered_len, 1000);
	assert_int_equal(o->unanswered_first_ns, MS(1000));
	assert_int_equal(o->unanswered_last_ns, MS(2400));
	assert_int_equal(o->unanswered_frames[0], 6);
	assert_int_equal(o->unanswered_frames[3], 10);
	assert_true(o->unanswered_df);
	assert_int_equal(o->unacked_bytes, 2000);
	assert_int_equal(o->largest_acked_len, 100);
	assert_int_equal(c->pending, SIDE_ORIG);
}

static void test_only_the_tail_of_a_flight_arrives(void **state)
{
	const struct conn_side *o = resp_of(HANDSHAKE "0.1 < PA 2801:3001(200) ack 101 id 103\n"
						      "0.101 > A ack 1 <sack 2801-3001>\n"
						      "0.4 < PA 2801:3001(200) ack 101 id 104\n");

	(void)state;
	assert_int_equal(o->gap_tail, 2);
	assert_int_equal(o->gap_first.frame, 6);
	assert_int_equal(o->loss.spurious, 1);
}

static void test_gap_that_fills_has_no_tail(void **state)
{
	const struct conn_side *o = resp_of(HANDSHAKE "0.1 < PA 2801:3001(200) ack 101 id 103\n"
						      "0.4 < PA 1:2801(2800) ack 101 id 104\n");

	(void)state;
	assert_int_equal(o->gap_tail, 0);
}

static void test_wrong_checksum_is_a_loss_only_where_right_ones_were_seen(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 < A 5001:6001(1000) ack 101 id 106 sum bad\n"
						 "0.1 < A 5001:6001(1000) ack 101 id 107\n");

	(void)state;
	assert_int_equal(o->loss.bad_checksum, 1);
	assert_int_equal(o->damaged.frame, 11);
	assert_int_equal(o->damaged_again.frame, 12);
	assert_int_equal(o->bytes, 6000);
	o = orig_of("0 > S sum bad\n0.03 < SA\n0.031 > A sum bad\n0.032 > A 1:101(100) ack 1 sum bad\n");
	assert_int_equal(o->loss.bad_checksum, 0);
	assert_int_equal(o->bytes, 100);
}

static void test_wrong_checksum_that_is_acknowledged_was_no_damage(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 < A 5001:6001(1000) ack 101 id 106 sum bad\n"
						 "0.064 < A 6001:7001(1000) ack 101 id 107\n"
						 "0.065 > A ack 7001\n"
						 "0.1 < A 7001:8001(1000) ack 101 id 108 sum bad\n"
						 "0.3 < A 7001:8001(1000) ack 101 id 109\n");

	(void)state;
	assert_int_equal(o->loss.bad_checksum, 0);
	assert_int_equal(o->missing_bytes, 0);
	assert_int_equal(o->bytes, 8000);
	assert_int_equal(o->loss.lost, 1);
}

static void test_small_writes_wait_for_delayed_acks(void **state)
{
	const struct conn_side *o =
		orig_of(HANDSHAKE "0.062 < A 1:11(10) ack 101\n0.0621 > A ack 11\n"
				  "1.000 > PA 101:105(4) ack 11\n1.071 < A ack 105\n"
				  "1.0711 > PA 105:225(120) ack 11\n1.101 < PA 11:21(10) ack 225\n");

	(void)state;
	assert_int_equal(o->delayed_ack_stalls, 1);
	assert_int_equal(o->delayed_ack_ns, MS(71));
	assert_int_equal(o->delayed_ack_first.frame, 10);
}

static void test_slow_ack_of_a_long_path_is_no_delayed_ack(void **state)
{
	const struct conn_side *o = orig_of("0 > S <mss 1460>\n0.070 < SA <mss 1460>\n0.0701 > A\n"
					    "1.000 > PA 1:5(4) ack 1\n1.071 < A ack 5\n1.0711 > PA 5:125(120) ack 1\n");

	(void)state;
	assert_int_equal(o->delayed_ack_stalls, 0);
}

static void test_small_window_filled_each_round_trip_limits(void **state)
{
	struct text t = { 0 };
	const struct conn *c;

	(void)state;
	text_add(&t, "0 > S win 2000 <mss 1000,wscale 0>\n0.03 < SA <mss 1000,wscale 0>\n0.0301 > A win 2000\n"
		     "0.04 > PA 1:11(10) ack 1 win 2000\n");
	for (int i = 0; i < 10; i++)
		text_printf(&t, "%.4f < A %d:%d(1000) ack 11\n%.4f < A %d:%d(1000) ack 11\n%.4f > A ack %d win 2000\n",
			0.07 + i * 0.03, 1 + i * 2000, 1001 + i * 2000, 0.0701 + i * 0.03, 1001 + i * 2000,
			2001 + i * 2000, 0.0702 + i * 0.03, 2001 + i * 2000);
	c = track_one(text_str(&t));
	assert_int_equal(c->side[SIDE_RESP].window_full, 10);
	assert_in_range(c->side[SIDE_RESP].window_limited_ns, MS(265), MS(271));
	assert_int_equal(c->side[SIDE_RESP].loss.retransmitted, 0);
	text_free(&t);
}

static void test_sender_that_pauses_in_its_answer_stalls_by_itself(void **state)
{
	const struct conn *c = track_one(FLOW "0.063 > A ack 5001\n2.063 < A 5001:6001(1000) ack 101\n");

	(void)state;
	assert_int_equal(c->stall_count, 1);
	assert_int_equal(c->stalls[0].reason, STALL_SENDER_IDLE);
	assert_int_equal(c->stalls[0].side, SIDE_RESP);
	assert_int_equal(c->stalls[0].from_frame, 10);
}

static void test_round_trips_are_not_taken_from_segments_sent_again(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "1.0 > A 101:1101(1000) ack 1\n1.2 > A 101:1101(1000) ack 1\n"
						      "1.21 < A ack 1101\n");

	(void)state;
	assert_int_equal(o->rtt_samples, 1);
	assert_int_equal(o->rtt_max_ns, MS(30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_alives_are_no_retransmissions),
		cmocka_unit_test(test_closed_window_is_time_not_loss),
		cmocka_unit_test(test_window_closed_to_the_end_is_told),
		cmocka_unit_test(test_peer_that_vanished_leaves_sendings_in_vain),
		cmocka_unit_test(test_only_the_tail_of_a_flight_arrives),
		cmocka_unit_test(test_gap_that_fills_has_no_tail),
		cmocka_unit_test(test_wrong_checksum_is_a_loss_only_where_right_ones_were_seen),
		cmocka_unit_test(test_wrong_checksum_that_is_acknowledged_was_no_damage),
		cmocka_unit_test(test_small_writes_wait_for_delayed_acks),
		cmocka_unit_test(test_slow_ack_of_a_long_path_is_no_delayed_ack),
		cmocka_unit_test(test_small_window_filled_each_round_trip_limits),
		cmocka_unit_test(test_sender_that_pauses_in_its_answer_stalls_by_itself),
		cmocka_unit_test(test_round_trips_are_not_taken_from_segments_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
