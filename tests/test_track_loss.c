/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost, late, doubled, or sent in vain; windows and waiting. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "base/text.h"
#include "track_rig.h"

/* Round trip 30 ms, captured at the client: what the server sends has lived through the path. */
#define HANDSHAKE \
	"0.000 > S win 64240 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 < SA win 65160 id 0 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 > A win 502\n" \
	"0.031 > PA 1:101(100) ack 1 win 502\n" \
	"0.061 < A ack 101 win 509 id 100\n"

/* Four segments before, so that the server's IP ids are known to count. */
#define FLOW \
	HANDSHAKE "0.062 < A 1:1001(1000) ack 101 id 101\n" \
		  "0.0621 < A 1001:2001(1000) ack 101 id 102\n" \
		  "0.0622 < A 2001:3001(1000) ack 101 id 103\n" \
		  "0.0623 < A 3001:4001(1000) ack 101 id 104\n" \
		  "0.0624 < A 4001:5001(1000) ack 101 id 105\n"

static const struct conn_side *resp_of(const char *text)
{
	return &track_one(text)->side[SIDE_RESP];
}

static const struct conn_side *orig_of(const char *text)
{
	return &track_one(text)->side[SIDE_ORIG];
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
		cmocka_unit_test(test_acknowledged_gap_is_a_hole_in_the_capture),
		cmocka_unit_test(test_ack_beyond_all_that_was_seen_is_a_hole_in_the_capture),
		cmocka_unit_test(test_ack_captured_before_its_data_is_no_hole),
		cmocka_unit_test(test_fin_beyond_a_gap_shows_what_the_capture_lost),
		cmocka_unit_test(test_numbers_may_wrap),
		cmocka_unit_test(test_keep_alives_are_no_retransmissions),
		cmocka_unit_test(test_closed_window_is_time_not_loss),
		cmocka_unit_test(test_window_closed_to_the_end_is_told),
		cmocka_unit_test(test_peer_that_vanished_leaves_sendings_in_vain),
		cmocka_unit_test(test_only_the_tail_of_a_flight_arrives),
		cmocka_unit_test(test_gap_that_fills_has_no_tail),
		cmocka_unit_test(test_wrong_checksum_is_a_loss_only_where_right_ones_were_seen),
		cmocka_unit_test(test_copies_that_the_receiver_reports_are_the_networks),
		cmocka_unit_test(test_copies_that_nobody_reports_are_the_captures),
		cmocka_unit_test(test_dsack_for_what_was_sent_once_is_a_copy_behind_the_capture),
		cmocka_unit_test(test_wrong_checksum_that_is_acknowledged_was_no_damage),
		cmocka_unit_test(test_small_writes_wait_for_delayed_acks),
		cmocka_unit_test(test_slow_ack_of_a_long_path_is_no_delayed_ack),
		cmocka_unit_test(test_small_window_filled_each_round_trip_limits),
		cmocka_unit_test(test_sender_that_pauses_in_its_answer_stalls_by_itself),
		cmocka_unit_test(test_round_trips_are_not_taken_from_segments_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
