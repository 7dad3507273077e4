/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns, silences, parts, links and key frames of conversations; captures of one direction only. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "track_rig.h"

#define HANDSHAKE \
	"0.000 > S win 64240 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 < SA win 65160 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 > A win 502\n"

static void test_think_time_runs_from_the_whole_ask(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1.000 > A 1:1001(1000) ack 1\n1.010 > PA 1001:1201(200) ack 1\n"
						   "1.040 < A ack 1201\n3.440 < PA 1:501(500) ack 1201\n"
						   "3.441 > A ack 501\n");

	(void)state;
	assert_int_equal(c->turns, 1);
	assert_int_equal(c->think_p50_ns, MS(2430));
	assert_int_equal(c->last_turn.ask.frame, 4);
	assert_int_equal(c->last_turn.ask_last.frame, 5);
	assert_int_equal(c->last_turn.acked.frame, 6);
	assert_int_equal(c->last_turn.answer.frame, 7);
	assert_int_equal(c->last_turn.ask_bytes, 1200);
	assert_int_equal(c->pending, SIDE_RESP);
	/* The capture sees the way to the server and back in it: 30 ms. */
	assert_int_equal(c->time_server_ns, MS(2400));
}

static void test_ask_without_an_answer_is_pending(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "1.000 > PA 1:101(100) ack 1\n1.030 < A ack 101\n7.000 > FA ack 1\n");

	(void)state;
	assert_int_equal(c->turns, 0);
	assert_int_equal(c->pending, SIDE_ORIG);
	assert_int_equal(c->last_turn.answer.frame, 0);
	assert_int_equal(c->last_turn.acked.frame, 5);
	assert_int_equal(c->idle_max_ns, MS(5970));
	assert_int_equal(c->think_min_ns, UNSET);
}

static void test_first_turn_stays_when_others_follow(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1 > PA 1:11(10) ack 1\n1.1 < PA 1:21(20) ack 11\n"
						   "2 > PA 11:31(20) ack 21\n2.3 < PA 21:41(20) ack 31\n"
						   "3 > PA 31:41(10) ack 41\n");

	(void)state;
	assert_int_equal(c->turns, 2);
	assert_int_equal(c->first_turn.ask.frame, 4);
	assert_int_equal(c->first_turn.answer.frame, 5);
	assert_int_equal(c->last_turn.ask.frame, 8);
	assert_int_equal(c->think_min_ns, MS(100));
	assert_int_equal(c->think_max_ns, MS(300));
}

static void test_server_that_speaks_first_answers_nothing(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.1 < PA 1:41(40) ack 1\n0.2 > PA 1:11(10) ack 41\n");

	(void)state;
	assert_int_equal(c->turns, 0);
	assert_int_equal(c->pending, SIDE_ORIG);
}

static void test_silence_and_the_rst_after_it(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "0.1 > PA 1:11(10) ack 1\n0.2 < PA 1:21(20) ack 11\n0.21 > A ack 21\n"
				    "15.21 > PA 11:21(10) ack 21\n15.211 < R seq 21 ttl 64\n");

	(void)state;
	assert_int_equal(c->idle_max_ns, MS(15000));
	assert_int_equal(c->idle_before.frame, 6);
	assert_int_equal(c->idle_after.frame, 7);
	assert_int_equal(c->idle_after_side, SIDE_ORIG);
	assert_true(c->idle_after_rst);
	assert_int_equal(c->idle_after_unanswered, 0);
}

static void test_keep_alives_into_the_void_belong_to_the_silence(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "0.1 > PA 1:11(10) ack 1\n0.2 < PA 1:21(20) ack 11\n0.21 > A ack 21\n"
				    "9.21 > A seq 10 ack 21\n11.21 > A seq 10 ack 21\n"
				    "31.21 > A seq 10 ack 21\n");

	(void)state;
	assert_int_equal(c->idle_max_ns, MS(9000));
	assert_int_equal(c->idle_after_unanswered, 3);
	assert_int_equal(c->side[SIDE_ORIG].keep_alives, 3);
}

static void test_new_data_after_a_silence_is_no_repeat(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.1 > PA 1:11(10) ack 1\n0.2 < A ack 11\n9.2 > PA 11:21(10) ack 1\n"
						   "14.2 > PA 21:31(10) ack 1\n19.2 > PA 31:41(10) ack 1\n");

	(void)state;
	assert_int_equal(c->idle_max_ns, MS(9000));
	assert_int_equal(c->idle_after_unanswered, 1);
}

/* 2 s before a closed window and a round trip of 31 ms: only what the reader took is its own. */
static void test_wait_for_the_reader_is_less_the_round_trip(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "0.100 > PA 1:101(100) ack 1\n0.130 < A 1:1001(1000) ack 101\n0.131 > A ack 1001 win 0\n"
				    "2.131 > A ack 1001 win 502\n2.161 < A 1001:2001(1000) ack 101\n");

	(void)state;
	assert_int_equal(c->side[SIDE_ORIG].zero_window_ns, MS(2000));
	assert_int_equal(c->side[SIDE_RESP].window_wait_ns, MS(2000));
	assert_int_equal(c->side[SIDE_ORIG].window_wait_ns, 0);
}

/* Nobody waits for a window that closes after the other side's FIN. */
static void test_window_closed_after_the_fin_is_none(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.1 > PA 1:11(10) ack 1\n0.2 < PA 1:21(20) ack 11\n0.21 > A ack 21\n"
						   "0.3 < FA seq 21 ack 11\n0.31 > A ack 22 win 0\n");

	(void)state;
	assert_int_equal(c->side[SIDE_ORIG].zero_windows, 0);
}

static void test_answered_segment_after_a_silence_is_no_trouble(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "9 > PA 1:11(10) ack 1\n9.03 < A ack 11\n");

	(void)state;
	assert_int_equal(c->idle_after_unanswered, 0);
	assert_false(c->idle_after_rst);
}

static void test_one_direction_whose_acks_advance_is_one_sided(void **state)
{
	(void)state;
	assert_true(track_one("0 > S\n0.03 > A ack 1\n0.04 > PA 1:101(100) ack 1\n0.1 > A ack 1401\n")->one_sided);
	assert_true(track_one("0 < SA ack 1\n0.1 < A 1:1001(1000) ack 101\n")->one_sided);
	assert_true(track_one("0 > A seq 1 ack 1\n0.1 > A seq 1 ack 1461\n")->one_sided);
}

static void test_unanswered_syns_are_not_one_sided(void **state)
{
	(void)state;
	assert_false(track_one("0 > S seq 0\n1 > S seq 0\n3 > R seq 1\n")->one_sided);
	assert_false(track_one("0 > A seq 1 ack 1\n1 > A seq 1 ack 1\n")->one_sided);
}

static void test_long_conversations_are_told_in_parts(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "30 > PA 1:11(10) ack 1\n30.1 < A ack 11\n"
						    "70 > PA 11:21(10) ack 1\n70.1 < A ack 21\n"
						    "200 > PA 21:31(10) ack 1\n200.1 < A ack 31\n");

	(void)state;
	assert_int_equal(rig->count, 3);
	assert_int_equal(rig->records[0].conn.end_reason, CONN_END_PART);
	assert_int_equal(rig->records[0].conn.part, 1);
	assert_int_equal(rig->records[0].conn.side[SIDE_ORIG].bytes, 20);
	assert_int_equal(rig->records[1].conn.part, 2);
	assert_int_equal(rig->records[2].conn.part, 3);
	assert_int_equal(rig->records[2].conn.end_reason, CONN_END_OPEN);
	assert_int_equal(rig->records[2].conn.side[SIDE_ORIG].bytes, 30);
	assert_string_equal(rig->records[0].uid, rig->records[2].uid);
	free(rig);
}

static void test_macs_and_ttls_are_kept_per_direction(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "0.1 < A 1:101(100) ack 1 ttl 60\n0.2 < A 101:201(100) ack 1 ttl 60\n"
				    "0.3 < A 201:301(100) ack 1 ttl 58 mac 02:00:00:00:00:99\n"
				    "0.4 < R seq 301 ttl 250\n");
	const struct conn_side *o = &c->side[SIDE_RESP];

	(void)state;
	assert_int_equal(o->ttl, 60);
	assert_int_equal(o->ttl_min, 58);
	assert_int_equal(o->ttl_max, 60);
	assert_int_equal(o->ttl_change.frame, 6);
	assert_int_equal(o->mac.b[5], 2);
	assert_int_equal(o->to_mac.b[5], 1);
	assert_true(o->mac_changed);
	assert_int_equal(o->mac_change.frame, 6);
	assert_int_equal(o->mac_before.frame, 5);
	assert_int_equal(o->mac_after.b[5], 0x99);
	assert_int_equal(o->mac_changes, 1); /* the RST, back from the first MAC, is none */
	assert_int_equal(c->rsts[0].ttl, 250);
}

static void test_key_frames_are_few_in_a_healthy_conversation(void **state)
{
	struct text t = { 0 };
	const struct conn *c;

	(void)state;
	text_add(&t, HANDSHAKE);
	for (int i = 0; i < 50; i++)
		text_printf(&t, "%d.1 > PA %d:%d(10) ack %d\n%d.2 < PA %d:%d(20) ack %d\n", i, 1 + i * 10, 11 + i * 10,
			1 + i * 20, i, 1 + i * 20, 21 + i * 20, 11 + i * 10);
	text_add(&t, "51 > FA\n51.1 < FA\n51.2 > A\n");
	c = track_one(text_str(&t));
	assert_int_equal(c->key_frame_count, KEY_FRAMES_USUAL);
	assert_int_equal(c->key_frames_left_out, 106 - KEY_FRAMES_USUAL);
	assert_int_equal(c->key_frames[0].ref.frame, 1);
	assert_int_equal(c->key_frames[0].flags, TCP_SYN);
	assert_int_equal(c->key_frames[KEY_FRAMES_USUAL - 1].ref.frame, 106);
	text_free(&t);
}

static void test_key_frames_are_more_when_it_failed(void **state)
{
	struct text t = { 0 };
	const struct conn *c;

	(void)state;
	text_add(&t, HANDSHAKE);
	for (int i = 0; i < 50; i++)
		text_printf(&t, "%d.1 > PA %d:%d(10) ack %d\n%d.2 < PA %d:%d(20) ack %d\n", i, 1 + i * 10, 11 + i * 10,
			1 + i * 20, i, 1 + i * 20, 21 + i * 20, 11 + i * 10);
	text_add(&t, "51 > PA 501:511(10) ack 1001\n51.1 < R seq 1001\n");
	c = track_one(text_str(&t));
	assert_true(c->key_frame_count > KEY_FRAMES_USUAL);
	assert_int_equal(c->key_frames[c->key_frame_count - 1].flags, TCP_RST);
	assert_int_equal(c->key_frames[c->key_frame_count - 2].len, 10);
	text_free(&t);
}

static void test_times_that_run_back_give_no_negative_durations(void **state)
{
	const struct conn *c =
		track_one("10 > S\n10.03 < SA\n10.04 > A\n2 > PA 1:11(10) ack 1\n2.5 < PA 1:21(20) ack 11\n");

	(void)state;
	assert_int_equal(c->think_max_ns, 0);
	assert_int_equal(c->duration_ns, MS(40));
	assert_int_equal(c->idle_max_ns, MS(30));
}

static void test_padding_of_bare_acks_is_no_data(void **state)
{
	const struct conn_side *o =
		&track_one(HANDSHAKE "0.1 > A 1:7(6) ack 1 zeros\n0.2 > PA 1:11(10) ack 1\n")->side[SIDE_ORIG];

	(void)state;
	assert_int_equal(o->bytes, 10);
	assert_int_equal(o->loss.retransmitted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_think_time_runs_from_the_whole_ask),
		cmocka_unit_test(test_ask_without_an_answer_is_pending),
		cmocka_unit_test(test_first_turn_stays_when_others_follow),
		cmocka_unit_test(test_server_that_speaks_first_answers_nothing),
		cmocka_unit_test(test_silence_and_the_rst_after_it),
		cmocka_unit_test(test_keep_alives_into_the_void_belong_to_the_silence),
		cmocka_unit_test(test_new_data_after_a_silence_is_no_repeat),
		cmocka_unit_test(test_wait_for_the_reader_is_less_the_round_trip),
		cmocka_unit_test(test_window_closed_after_the_fin_is_none),
		cmocka_unit_test(test_answered_segment_after_a_silence_is_no_trouble),
		cmocka_unit_test(test_one_direction_whose_acks_advance_is_one_sided),
		cmocka_unit_test(test_unanswered_syns_are_not_one_sided),
		cmocka_unit_test(test_long_conversations_are_told_in_parts),
		cmocka_unit_test(test_macs_and_ttls_are_kept_per_direction),
		cmocka_unit_test(test_key_frames_are_few_in_a_healthy_conversation),
		cmocka_unit_test(test_key_frames_are_more_when_it_failed),
		cmocka_unit_test(test_times_that_run_back_give_no_negative_durations),
		cmocka_unit_test(test_padding_of_bare_acks_is_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
