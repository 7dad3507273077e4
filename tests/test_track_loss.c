/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost, late, doubled, or sent in vain. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "base/text.h"
#include "track/flow_rare.h"
#include "track_flow.h"

static void assert_sending(uint64_t frame, int64_t at_ns, bool kept)
{
	struct sent s;

	sent_keep(&s, frame, at_ns, 4000000000u);
	assert_int_equal(s.seq, 4000000000u);
	assert_true(sent_frame(&s) == (kept ? frame : 0));
	assert_true(sent_at_ns(&s) == (kept ? at_ns : 0));
}

static void test_a_sending_is_kept_exactly_or_not_at_all(void **state)
{
	const int64_t long_ns = INT64_C(70) * 365 * 24 * 3600 * 1000000000; /* 70 years */

	(void)state;
	assert_sending(1, 0, true);
	assert_sending(1, -1, true);
	assert_sending(UINT64_C(1) << 32, 123456789, true);
	assert_sending((UINT64_C(1) << 34) - 1, long_ns, true);
	assert_sending((UINT64_C(1) << 34) - 1, -long_ns, true);
	assert_sending(UINT64_C(1) << 34, 0, false);
	assert_sending(7, 2 * long_ns, false);
	assert_sending(7, -2 * long_ns, false);
	assert_sending(7, INT64_MAX, false);
}

static void test_in_order_data_is_no_loss(void **state)
{
	const struct conn_side *o = resp_of(FLOW);

	(void)state;
	assert_int_equal(o->bytes, 5000);
	assert_int_equal(o->data_segments, 5);
	assert_int_equal(o->loss.lost + o->loss.reordered + o->loss.retransmitted, 0);
	assert_int_equal(o->largest_len, 1000);
	assert_int_equal(o->first_data.frame, 6);
	assert_int_equal(o->last_data.frame, 10);
}

static void test_gap_filled_with_a_later_ip_id_was_a_loss(void **state)
{
	const struct conn *c = track_one(FLOW "0.063 < A 6001:7001(1000) ack 101 id 107\n"
					      "0.0631 > A ack 5001 <sack 6001-7001>\n"
					      "0.095 < A 5001:6001(1000) ack 101 id 108\n");
	const struct conn_side *o = &c->side[SIDE_RESP];

	(void)state;
	assert_int_equal(o->loss.lost, 1);
	assert_int_equal(o->loss.retransmitted, 1);
	assert_int_equal(o->loss.reordered, 0);
	assert_int_equal(o->bytes, 7000);
	assert_int_equal(o->loss.stalled_ns, MS(32));
	assert_int_equal(c->stall_count, 1);
	assert_int_equal(c->stalls[0].reason, STALL_LOSS);
	assert_int_equal(c->stalls[0].ref.frame, 13);
}

static void test_gap_filled_with_an_earlier_ip_id_was_late(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 < A 6001:7001(1000) ack 101 id 107\n"
						 "0.095 < A 5001:6001(1000) ack 101 id 106\n");

	(void)state;
	assert_int_equal(o->loss.lost, 0);
	assert_int_equal(o->loss.reordered, 1);
	assert_int_equal(o->loss.stalled_ns, 0);
	assert_int_equal(o->bytes, 7000);
}

static void test_time_stamps_tell_late_from_lost_without_ip_ids(void **state)
{
	const struct conn_side *o = resp_of(HANDSHAKE "0.1 < A 1:1001(1000) ack 101 id 0 <ts 50 1>\n"
						      "0.11 < A 2001:3001(1000) ack 101 id 0 <ts 60 1>\n"
						      "0.15 < A 1001:2001(1000) ack 101 id 0 <ts 55 1>\n"
						      "0.16 < A 4001:5001(1000) ack 101 id 0 <ts 70 1>\n"
						      "0.17 < A 3001:4001(1000) ack 101 id 0 <ts 80 1>\n");

	(void)state;
	assert_int_equal(o->loss.reordered, 1);
	assert_int_equal(o->loss.lost, 1);
}

static void test_without_ids_and_stamps_the_round_trip_decides(void **state)
{
	const struct conn_side *o = resp_of(HANDSHAKE "0.1 < A 1:1001(1000) ack 101 id 0\n"
						      "0.11 < A 2001:3001(1000) ack 101 id 0\n"
						      "0.114 < A 1001:2001(1000) ack 101 id 0\n"
						      "0.12 < A 4001:5001(1000) ack 101 id 0\n"
						      "0.151 < A 3001:4001(1000) ack 101 id 0\n");

	(void)state;
	assert_int_equal(o->loss.reordered, 1);
	assert_int_equal(o->loss.lost, 1);
}

static void test_segment_sent_again_repairs_a_loss(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "1.0 > A 101:1101(1000) ack 1\n"
						      "1.2 > A 101:1101(1000) ack 1\n"
						      "1.23 < A ack 1101\n");

	(void)state;
	assert_int_equal(o->loss.lost, 1);
	assert_int_equal(o->loss.retransmitted, 1);
	assert_int_equal(o->loss.stalled_ns, MS(200));
	assert_int_equal(o->resent_bytes, 1000);
	assert_int_equal(o->bytes, 1100);
	assert_int_equal(o->unanswered, 0);
}

static void test_segment_that_was_acknowledged_is_sent_in_vain(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "0.2 > PA 1:101(100) ack 1\n");

	(void)state;
	assert_int_equal(o->loss.spurious, 1);
	assert_int_equal(o->loss.lost, 0);
}

static void test_dsack_takes_a_loss_back(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "1.0 > A 101:1101(1000) ack 1\n"
						      "1.2 > A 101:1101(1000) ack 1\n"
						      "1.21 < A ack 1101\n"
						      "1.23 < A ack 1101 <sack 101-1101>\n");

	(void)state;
	assert_int_equal(o->loss.lost, 0);
	assert_int_equal(o->loss.spurious, 1);
}

static void test_echo_of_the_first_time_stamp_takes_a_loss_back(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "1.0 > A 101:1101(1000) ack 1 <ts 1000 1>\n"
						      "1.2 > A 101:1101(1000) ack 1 <ts 1200 1>\n"
						      "1.21 < A ack 1101 <ts 9 1000>\n");

	(void)state;
	assert_int_equal(o->loss.lost, 0);
	assert_int_equal(o->loss.spurious, 1);
}

static void test_same_ip_id_is_the_same_frame_twice(void **state)
{
	struct track_rig *rig = track_run(FLOW "0.0625 < A 4001:5001(1000) ack 101 id 105 ttl 59\n");

	(void)state;
	assert_int_equal(rig->duplicates, 1);
	assert_int_equal(rig->records[0].conn.side[SIDE_RESP].loss.duplicated_by_capture, 1);
	assert_int_equal(rig->records[0].conn.side[SIDE_RESP].loss.retransmitted, 0);
	assert_int_equal(rig->records[0].conn.side[SIDE_RESP].pkts, 7);
	free(rig);
}

static void test_same_ip_id_much_later_is_no_copy(void **state)
{
	struct track_rig *rig = track_run(FLOW "0.3 < A 4001:5001(1000) ack 101 id 105\n");

	(void)state;
	assert_int_equal(rig->duplicates, 0);
	assert_int_equal(rig->records[0].conn.side[SIDE_RESP].loss.retransmitted, 1);
	free(rig);
}

static void test_equal_acks_of_a_host_without_ip_ids_are_no_copies(void **state)
{
	struct track_rig *rig = track_run("0 > S <mss 1460>\n0.03 < SA id 0 <mss 1460>\n0.03 > A\n"
					  "0.1 < A ack 1 id 0 win 5\n0.1001 < A ack 1 id 0 win 5\n"
					  "0.1002 < A ack 1 id 0 win 5\n");

	(void)state;
	assert_int_equal(rig->duplicates, 0);
	free(rig);
}

static void test_equal_acks_with_sack_and_nothing_between_are_copies(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "0.1 < A ack 101 id 0 win 5\n0.1 < A ack 101 id 0 win 5\n");

	(void)state;
	assert_int_equal(rig->duplicates, 1);
	free(rig);
}

static void test_equal_acks_at_two_places_are_copies(void **state)
{
	struct track_rig *rig =
		track_run(HANDSHAKE "0.1 < A ack 101 id 0 win 5\n0.1001 < A ack 101 id 0 win 5 ttl 59\n");

	(void)state;
	assert_int_equal(rig->duplicates, 1);
	free(rig);
}

static void test_doubled_datagrams_are_counted_once(void **state)
{
	struct track_rig *rig = track_run("0 > UDP 50 id 7 data \"abc\"\n1 > UDP 50 id 8 data \"abc\"\n"
					  "1.001 > UDP 50 id 8 data \"abc\"\n");

	(void)state;
	assert_int_equal(rig->duplicates, 1);
	assert_int_equal(rig->records[0].conn.side[SIDE_ORIG].pkts, 2);
	free(rig);
}

static void test_dsack_for_a_copy_blames_the_network(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.0625 < A 4001:5001(1000) ack 101 id 105\n"
						 "0.0626 > A ack 5001 <sack 4001-5001>\n");

	(void)state;
	assert_int_equal(o->loss.duplicated_by_capture, 0);
	assert_int_equal(o->loss.duplicated_by_network, 1);
}

/* The first copy is its own first packet again, the second one an ACK that nobody can report. */
static void test_copies_that_the_receiver_reports_are_the_networks(void **state)
{
	const struct conn *c = track_one(FLOW "0.0625 < A 4001:5001(1000) ack 101 id 105\n"
					      "0.0626 > A ack 5001 <sack 4001-5001>\n"
					      "0.0627 < A ack 101 id 106\n0.0628 < A ack 101 id 106\n");
	const struct conn_side *o = &c->side[SIDE_RESP];

	(void)state;
	assert_int_equal(o->loss.duplicated_by_network, 2);
	assert_int_equal(o->loss.duplicated_by_capture, 0);
	assert_int_equal(o->doubled.frame, 10);
	assert_int_equal(o->doubled_copy.frame, 11);
	assert_int_equal(o->doubled_answer.frame, 12);
}

static void test_copies_that_nobody_reports_are_the_captures(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.0625 < A 3001:4001(1000) ack 101 id 104\n"
						 "0.0625 < A 4001:5001(1000) ack 101 id 105\n"
						 "0.0626 > A ack 5001\n0.0626 > A ack 5001\n");

	(void)state;
	assert_int_equal(o->loss.duplicated_by_capture, 2);
	assert_int_equal(o->loss.duplicated_by_network, 0);
	assert_int_equal(o->doubled_answer.frame, 0);
}

static void test_dsack_for_what_was_sent_once_is_a_copy_behind_the_capture(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.0925 > A ack 5001 <sack 4001-5001>\n");

	(void)state;
	assert_int_equal(o->loss.duplicated_by_network, 1);
	assert_int_equal(o->doubled.frame, 10);
	assert_int_equal(o->doubled_copy.frame, 0);
	/* of a sender that repeats itself the report may be about a repetition that is not in the capture */
	o = resp_of(FLOW "0.4 < A 1:1001(1000) ack 101 id 110\n0.43 > A ack 5001 <sack 4001-5001>\n");
	assert_int_equal(o->loss.duplicated_by_network, 0);
}

static void test_acknowledged_gap_is_a_hole_in_the_capture(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 < A 6001:7001(1000) ack 101 id 107\n0.0631 > A ack 7001\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 1000);
	assert_int_equal(o->loss.lost, 0);
	assert_int_equal(o->gap_tail, 0);
}

static void test_ack_beyond_all_that_was_seen_is_a_hole_in_the_capture(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 > A ack 9001\n0.064 < A 9001:9101(100) ack 101\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 4000);
	assert_int_equal(o->bytes, 5100);
}

static void test_ack_captured_before_its_data_is_no_hole(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 < A 6001:7001(1000) ack 101 id 107\n"
						 "0.06301 > A ack 8001\n"
						 "0.06302 < A 5001:6001(1000) ack 101 id 106\n"
						 "0.06303 < A 7001:8001(1000) ack 101 id 108\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 0);
	assert_int_equal(o->loss.lost + o->loss.retransmitted, 0);
	assert_int_equal(o->bytes, 8000);
}

/* The FIN's number, too, and several places that one segment fills. */
static void test_fin_captured_behind_its_ack_is_no_hole(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.063 > A ack 6001\n"
						 "0.0631 < A 6001:7001(1000) ack 101 id 107\n"
						 "0.0632 > A ack 9002\n"
						 "0.0633 < A 5001:9001(4000) ack 101 id 106\n"
						 "0.0634 < FA seq 9001 ack 101 id 108\n"
						 "0.0635 < FA seq 9001 ack 101 id 108\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 0);
	assert_int_equal(o->loss.lost, 0);
}

static void test_fin_behind_missing_bytes_fills_its_own_number_only(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.0632 > A ack 9002\n0.0634 < FA seq 9001 ack 101 id 108\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 4000);
}

/* However many of them: one direction comes behind the other. */
static void test_many_acks_captured_before_their_data_are_no_holes(void **state)
{
	const struct conn_side *o;
	struct text story = {0};

	(void)state;
	text_add(&story, FLOW);
	for (int i = 0; i < 40; i++)
		text_printf(&story, "0.0630%02d > A ack %d\n", i, 6001 + i * 1000);
	for (int i = 0; i < 40; i++)
		text_printf(&story, "0.0631%02d < A %d:%d(1000) ack 101 id %d\n", i, 5001 + i * 1000, 6001 + i * 1000, 106 + i);
	o = resp_of(text_str(&story));
	assert_int_equal(o->missing_bytes, 0);
	assert_int_equal(o->loss.lost + o->loss.retransmitted, 0);
	assert_int_equal(o->bytes, 45000);
	text_free(&story);
}

static void test_fin_beyond_a_gap_shows_what_the_capture_lost(void **state)
{
	const struct conn_side *o = resp_of(FLOW "0.5 < FA seq 8001 ack 101\n0.51 > A ack 8002\n");

	(void)state;
	assert_int_equal(o->missing_bytes, 3000);
}

static void test_numbers_may_wrap(void **state)
{
	const struct conn *c = track_one("0 > S isn 4294967200\n0.03 < SA isn 4294967290\n0.03 > A\n"
					 "0.04 > A 1:1001(1000) ack 1\n0.05 > A 1001:2001(1000) ack 1\n"
					 "0.06 < A ack 2001\n0.07 < A 1:501(500) ack 2001\n0.08 > A ack 501\n"
					 "0.09 > FA\n0.1 < FA\n0.11 > A\n");

	(void)state;
	assert_int_equal(c->side[SIDE_ORIG].bytes, 2000);
	assert_int_equal(c->side[SIDE_RESP].bytes, 500);
	assert_int_equal(c->side[SIDE_ORIG].loss.retransmitted, 0);
	assert_int_equal(c->side[SIDE_ORIG].missing_bytes, 0);
	assert_int_equal(c->end_reason, CONN_END_FIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_data_is_no_loss),
		cmocka_unit_test(test_gap_filled_with_a_later_ip_id_was_a_loss),
		cmocka_unit_test(test_gap_filled_with_an_earlier_ip_id_was_late),
		cmocka_unit_test(test_time_stamps_tell_late_from_lost_without_ip_ids),
		cmocka_unit_test(test_without_ids_and_stamps_the_round_trip_decides),
		cmocka_unit_test(test_segment_sent_again_repairs_a_loss),
		cmocka_unit_test(test_segment_that_was_acknowledged_is_sent_in_vain),
		cmocka_unit_test(test_dsack_takes_a_loss_back),
		cmocka_unit_test(test_echo_of_the_first_time_stamp_takes_a_loss_back),
		cmocka_unit_test(test_same_ip_id_is_the_same_frame_twice),
		cmocka_unit_test(test_same_ip_id_much_later_is_no_copy),
		cmocka_unit_test(test_equal_acks_of_a_host_without_ip_ids_are_no_copies),
		cmocka_unit_test(test_equal_acks_with_sack_and_nothing_between_are_copies),
		cmocka_unit_test(test_equal_acks_at_two_places_are_copies),
		cmocka_unit_test(test_doubled_datagrams_are_counted_once),
		cmocka_unit_test(test_dsack_for_a_copy_blames_the_network),
		cmocka_unit_test(test_copies_that_the_receiver_reports_are_the_networks),
		cmocka_unit_test(test_copies_that_nobody_reports_are_the_captures),
		cmocka_unit_test(test_dsack_for_what_was_sent_once_is_a_copy_behind_the_capture),
		cmocka_unit_test(test_acknowledged_gap_is_a_hole_in_the_capture),
		cmocka_unit_test(test_ack_beyond_all_that_was_seen_is_a_hole_in_the_capture),
		cmocka_unit_test(test_a_sending_is_kept_exactly_or_not_at_all),
		cmocka_unit_test(test_ack_captured_before_its_data_is_no_hole),
		cmocka_unit_test(test_fin_captured_behind_its_ack_is_no_hole),
		cmocka_unit_test(test_fin_behind_missing_bytes_fills_its_own_number_only),
		cmocka_unit_test(test_many_acks_captured_before_their_data_are_no_holes),
		cmocka_unit_test(test_fin_beyond_a_gap_shows_what_the_capture_lost),
		cmocka_unit_test(test_numbers_may_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
