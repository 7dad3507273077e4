/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How conversations begin, end and follow each other. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "track_rig.h"

#define HANDSHAKE \
	"0.000 > S win 64240 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 < SA win 65160 <mss 1400,sackOK,wscale 8>\n" \
	"0.031 > A win 502\n"

static void test_handshake_is_timed_from_both_sides(void **state)
{
	const struct conn *c = track_one(HANDSHAKE);

	(void)state;
	assert_int_equal(c->syns, 1);
	assert_int_equal(c->syn_acks, 1);
	assert_int_equal(c->answered, SYN_ANSWER_SYN_ACK);
	assert_int_equal(c->rtt_server_ns, MS(30));
	assert_int_equal(c->rtt_client_ns, MS(1));
	assert_int_equal(c->syn_ack.frame, 2);
	assert_int_equal(c->handshake_ack.frame, 3);
	assert_int_equal(c->side[SIDE_ORIG].mss, 1460);
	assert_int_equal(c->side[SIDE_RESP].window_scale, 8);
	assert_int_equal(c->side[SIDE_ORIG].window_max, 502 << 7);
	assert_int_equal(c->side[SIDE_RESP].syn_ttl, 60);
	assert_string_equal(c->conn_state, "S1");
	assert_string_equal(c->history, "ShA");
	assert_false(c->midstream);
}

static void test_rst_that_acknowledges_the_syn_is_a_refusal(void **state)
{
	const struct conn *c = track_one("0.000 > S\n0.004 < RA seq 0 ack 1 win 0\n");

	(void)state;
	assert_int_equal(c->answered, SYN_ANSWER_RST);
	assert_int_equal(c->answer.frame, 2);
	assert_int_equal(c->answer_ns, MS(4));
	assert_true(c->rsts[0].acks_syn);
	assert_int_equal(c->rsts[0].ack, 1);
	assert_true(c->rsts[0].seq_delta == UNSET_DELTA);
	assert_string_equal(c->conn_state, "REJ");
	assert_int_equal(c->end_reason, CONN_END_RST);
}

static void test_rst_for_another_number_is_no_refusal(void **state)
{
	const struct conn *c = track_one("0.000 > S\n0.004 < RA seq 0 ack 77 win 0\n");

	(void)state;
	assert_int_equal(c->answered, SYN_ANSWER_NONE);
	assert_false(c->rsts[0].acks_syn);
}

static void test_repeated_syns_keep_their_times_and_frames(void **state)
{
	const struct conn *c = track_one("0 > S seq 0\n1 > S seq 0\n3 > S seq 0\n7 > S seq 0\n");

	(void)state;
	assert_int_equal(c->syns, 4);
	assert_int_equal(c->syn_at_ns[2], MS(3000));
	assert_int_equal(c->syn_frames[3], 4);
	assert_true(c->syn_at_ns[4] == UNSET);
	assert_int_equal(c->answered, SYN_ANSWER_NONE);
	assert_string_equal(c->conn_state, "S0");
	assert_int_equal(c->stream, 0);
}

static void test_answer_counts_from_the_last_syn_before_it(void **state)
{
	const struct conn *c = track_one("0 > S seq 0\n1 > S seq 0\n1.02 < SA\n");

	(void)state;
	assert_int_equal(c->answer_ns, MS(20));
}

static void test_forged_rst_before_the_syn_ack_is_overruled(void **state)
{
	const struct conn *c = track_one("0 > S\n"
					 "0.200 < RA seq 0 ack 1 ttl 46 reserved 7\n"
					 "1.200 < SA ttl 49\n"
					 "1.201 > A ack 1\n"
					 "1.300 > PA 1:51(50) ack 1\n");

	(void)state;
	assert_int_equal(c->answered, SYN_ANSWER_SYN_ACK);
	assert_int_equal(c->rst_count, 1);
	assert_true(c->rsts[0].data_continues);
	assert_true(c->rsts[0].reserved_bits);
	assert_int_equal(c->rsts[0].ttl, 46);
	assert_int_equal(c->side[SIDE_RESP].ttl, 49);
	assert_int_equal(c->end_reason, CONN_END_OPEN);
}

static void test_server_that_ignores_the_ack_is_told(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.032 > PA 1:101(100) ack 1\n"
						   "0.300 > PA 1:101(100) ack 1\n"
						   "1.030 < SA seq 0 ack 1\n"
						   "1.031 > A ack 1\n"
						   "2.000 > PA 1:101(100) ack 1\n");

	(void)state;
	assert_int_equal(c->syn_acks_after_ack, 1);
	assert_int_equal(c->ignored_data, 3);
}

static void test_data_that_was_heard_is_not_ignored(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.032 > PA 1:101(100) ack 1\n0.060 < A ack 101\n");

	(void)state;
	assert_int_equal(c->ignored_data, 0);
}

static void test_simultaneous_open_is_one_conversation(void **state)
{
	const struct conn *c = track_one("0 > S\n0.001 < S seq 0\n0.010 > SA seq 0 ack 1\n0.011 < SA seq 0 ack 1\n");

	(void)state;
	assert_int_equal(c->syns, 1);
	assert_int_equal(c->flag_syn, 2);
	assert_int_equal(c->flag_syn_ack, 2);
}

static void test_ack_of_an_old_connection_is_no_answer(void **state)
{
	const struct conn *c = track_one("0 > S\n0.001 < A seq 77000 ack 90000\n0.002 > R seq 90000\n1 > S seq 0\n");

	(void)state;
	assert_int_equal(c->old_acks, 1);
	assert_int_equal(c->answered, SYN_ANSWER_ACK);
	assert_int_equal(c->side[SIDE_ORIG].missing_bytes, 0);
	assert_int_equal(c->syns, 2);
}

static void test_icmp_error_goes_to_the_conversation_it_quotes(void **state)
{
	const struct conn *c = track_one("0 > S\n0.002 icmp 10.0.0.254 3/13 of >\n");

	(void)state;
	assert_int_equal(c->answered, SYN_ANSWER_ICMP);
	assert_int_equal(c->icmp_count, 1);
	assert_int_equal(c->icmps[0].code, 13);
	assert_int_equal(c->icmps[0].side, SIDE_ORIG);
	assert_int_equal(c->answer.frame, 2);
}

static void test_receiver_of_a_syn_ack_opened(void **state)
{
	struct track_rig *rig =
		track_run("client 10.0.0.1:80\nserver 10.0.0.2:50000\n0 > SA ack 1\n0.001 < A seq 1 ack 1\n");

	(void)state;
	assert_int_equal(rig->count, 1);
	assert_int_equal(rig->records[0].orig_p, 50000);
	assert_int_equal(rig->records[0].conn.syn_acks, 1);
	free(rig);
}

static void test_lower_port_serves_when_the_start_is_missing(void **state)
{
	struct track_rig *rig = track_run("0 < A 1:101(100) ack 1\n0.001 > A seq 1 ack 101\n");

	(void)state;
	assert_int_equal(rig->records[0].resp_p, 80);
	assert_true(rig->records[0].conn.midstream);
	assert_int_equal(rig->records[0].conn.answered, SYN_ANSWER_UNSEEN);
	assert_string_equal(rig->records[0].conn.conn_state, "OTH");
	free(rig);
}

static void test_close_by_fin_from_both(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1 > FA\n1.030 < FA\n1.031 > A\n");

	(void)state;
	assert_int_equal(c->end_reason, CONN_END_FIN);
	assert_int_equal(c->first_fin, SIDE_ORIG);
	assert_false(c->simultaneous_close);
	assert_int_equal(c->side[SIDE_RESP].fin.frame, 5);
	assert_string_equal(c->conn_state, "SF");
	assert_string_equal(c->history, "ShAFf");
}

static void test_fins_that_cross_are_a_simultaneous_close(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1 > FA seq 1 ack 1\n1.001 < FA seq 1 ack 1\n1.03 > A ack 2\n");

	(void)state;
	assert_true(c->simultaneous_close);
}

static void test_closed_conversation_is_told_after_the_linger(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "1 > FA\n1.030 < FA\n1.031 > A\n"
						    "client 10.0.0.1:40001\n"
						    "30 > S isn 5\n");

	(void)state;
	assert_int_equal(rig->count, 2);
	assert_int_equal(rig->records[0].emitted_ns - SCENARIO_EPOCH_NS, MS(6031));
	assert_int_equal(rig->records[1].emitted_ns - SCENARIO_EPOCH_NS, MS(30000));
	free(rig);
}

static void test_new_syn_on_a_closed_tuple_is_a_new_conversation(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "1 > A\n2 < FA\n2.001 > FA\n2.030 < A\n"
						    "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"
						    "4 > S isn 777000\n4.030 < SA isn 99\n");

	(void)state;
	assert_int_equal(rig->count, 2);
	assert_int_equal(rig->records[0].conn.end_reason, CONN_END_FIN);
	assert_int_equal(rig->records[1].conn.stream, 1);
	assert_true(rig->records[1].conn.port_reused);
	assert_int_equal(rig->records[1].conn.reused_after_ns, MS(1970));
	assert_int_equal(rig->records[1].conn.reused_closer, SIDE_RESP);
	assert_string_not_equal(record_uid(&rig->records[0]), record_uid(&rig->records[1]));
	free(rig);
}

static void test_reuse_is_known_long_after_the_end(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "2 > FA\n2.001 < FA\n2.030 > A\n"
						    "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"
						    "62 > S isn 777000\n");

	(void)state;
	assert_int_equal(rig->count, 2);
	assert_true(rig->records[1].conn.port_reused);
	assert_int_equal(rig->records[1].conn.reused_closer, SIDE_ORIG);
	free(rig);
}

static void test_new_syn_on_an_open_tuple_ends_the_old_one(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "client 10.0.0.1:40000\n9 > S isn 4242 seq 0\n");

	(void)state;
	assert_int_equal(rig->count, 2);
	assert_int_equal(rig->records[0].conn.end_reason, CONN_END_REUSE);
	assert_int_equal(rig->records[1].conn.stream, 1);
	free(rig);
}

static void test_echo_after_the_end_makes_no_conversation(void **state)
{
	struct track_rig *rig = track_run(HANDSHAKE "1 > FA\n1.030 < FA\n1.031 > A\n50 < R seq 2\n51 > A\n");

	(void)state;
	assert_int_equal(rig->count, 1);
	free(rig);
}

static void test_late_segments_count_to_the_closed_conversation(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1 > FA\n1.030 < FA\n1.031 > A\n1.5 < R seq 2\n");

	(void)state;
	assert_int_equal(c->end_reason, CONN_END_FIN);
	assert_int_equal(c->rst_count, 1);
	assert_true(c->rsts[0].after_fin);
	assert_true(c->rsts[0].after_peer_fin);
}

static void test_rst_is_described(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.1 > PA 1:301(300) ack 1\n"
						   "0.130 < A ack 301 id 2500\n"
						   "5.130 < RA ack 301 id 2501 win 64\n");
	const struct rst_seen *r = &c->rsts[0];

	(void)state;
	assert_int_equal(c->rst_count, 1);
	assert_int_equal(r->after_peer_ns, MS(5030));
	assert_int_equal(r->after_own_ns, MS(5000));
	assert_int_equal(r->seq_delta, 0);
	assert_int_equal(r->ip_id_delta, 1);
	assert_int_equal(r->ack, 301);
	assert_int_equal(r->window, 64);
	assert_int_equal(r->side, SIDE_RESP);
	assert_false(r->unread);
	assert_false(r->data_continues);
	assert_string_equal(c->conn_state, "RSTR");
}

static void test_rst_out_of_line_shows_by_its_number(void **state)
{
	const struct conn *c =
		track_one(HANDSHAKE "0.1 < PA 1:301(300) ack 1\n0.2 < R seq 1461 id 9\n0.3 < A 301:401(100) ack 1\n");

	(void)state;
	assert_int_equal(c->rsts[0].seq_delta, 1160);
	assert_true(c->rsts[0].data_continues);
}

static void test_rst_for_data_after_the_close_is_unread_data(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "0.1 > FA\n0.130 < PA 1:101(100) ack 2\n0.131 > R seq 2\n");

	(void)state;
	assert_true(c->rsts[0].unread);
	assert_true(c->rsts[0].after_fin);
}

static void test_records_at_the_end_come_in_order_of_first_frames(void **state)
{
	struct track_rig *rig =
		track_run("client 10.9.0.1:5\n0 > S\nclient 10.1.0.1:6\n1 > S\nclient 10.5.0.1:7\n2 > S\n");

	(void)state;
	assert_int_equal(rig->count, 3);
	assert_int_equal(rig->records[0].orig_p, 5);
	assert_int_equal(rig->records[1].orig_p, 6);
	assert_int_equal(rig->records[2].orig_p, 7);
	free(rig);
}

static void test_uid_does_not_change_from_run_to_run(void **state)
{
	struct track_rig *a = track_run(HANDSHAKE), *b = track_run(HANDSHAKE);

	(void)state;
	assert_string_equal(record_uid(&a->records[0]), record_uid(&b->records[0]));
	assert_int_equal(strlen(record_uid(&a->records[0])), 18);
	free(a);
	free(b);
}

/* The example of the specification's own test data: 128.232.110.120:34855 to 66.35.250.204:80. */
static void test_community_id_is_version_1(void **state)
{
	struct track_rig *rig = track_run("client 128.232.110.120:34855\nserver 66.35.250.204:80\n0 > S\n");

	(void)state;
	record_settle(&rig->records[0]);
	assert_string_equal(rig->records[0].conn.community_id, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	free(rig);
}

static void test_memory_bound_lets_the_longest_idle_go(void **state)
{
	struct text text = { 0 };
	struct track_rig *rig;

	(void)state;
	for (int i = 0; i < 300; i++)
		text_printf(&text, "client 10.1.%d.%d:4000\n%d > S\n", i / 250, i % 250 + 1, i * 2);
	rig = track_run_within(text_str(&text), 500 << 10);
	assert_int_equal(rig->count, 300);
	assert_true(rig->evicted > 50 && rig->evicted < 250);
	assert_int_equal(rig->records[0].conn.end_reason, CONN_END_EVICTED);
	assert_int_equal(rig->records[0].orig_h.b[15], 1);
	assert_true(rig->held_most <= 500 << 10);
	free(rig);
	text_free(&text);
}

static void test_streams_are_numbered_per_protocol_and_source(void **state)
{
	struct track_rig *rig = track_run("client 10.0.0.1:40000\n0 > UDP 10\n0 > S\n"
					  "client 10.0.0.1:40001\n0.1 > UDP 10\n"
					  "client 10.0.0.1:40002\n0.2 > UDP 10 source 1\n");

	(void)state;
	assert_int_equal(rig->count, 4);
	assert_int_equal(rig->records[1].conn.stream, 0);
	assert_int_equal(rig->records[2].conn.stream, 1);
	assert_int_equal(rig->records[3].conn.stream, 0);
	free(rig);
}

static void test_datagrams_end_after_their_idle_time(void **state)
{
	struct track_rig *rig = track_run("0 > UDP 10\n0.01 < UDP 20\n100 > UDP 10\n");

	(void)state;
	assert_int_equal(rig->count, 2);
	assert_string_equal(rig->records[0].conn.conn_state, "SF");
	assert_string_equal(rig->records[1].conn.conn_state, "S0");
	assert_int_equal(rig->records[0].emitted_ns - SCENARIO_EPOCH_NS, MS(60000));
	/* Wireshark never ends a UDP conversation. */
	assert_int_equal(rig->records[1].conn.stream, 0);
	free(rig);
}

static void count_end(void *arg, struct flow *f, enum conn_end reason)
{
	(void)f;
	(void)reason;
	++*(int *)arg;
}

static void test_the_last_moment_of_the_clock_passes(void **state)
{
	int ended = 0;
	struct tracker_owner owner = { .ended = count_end, .arg = &ended };
	struct tracker *t = tracker_new(&owner, 1 << 20);

	(void)state;
	tracker_clock(t, INT64_MAX);
	tracker_finish(t);
	assert_int_equal(ended, 0);
	tracker_free(t);
}

static void test_first_datagram_may_be_the_answer(void **state)
{
	struct track_rig *rig = track_run("server 10.0.0.2:53\n0 < UDP 80\n");

	(void)state;
	assert_int_equal(rig->records[0].resp_p, 53);
	free(rig);
}

static void test_other_protocols_are_conversations(void **state)
{
	struct track_rig *rig = track_run("0 > ESP 120\n0.1 < ESP 120\n0.2 icmp 10.0.0.2 3/2 of >\n");

	(void)state;
	assert_int_equal(rig->count, 1);
	assert_int_equal(rig->records[0].proto, 50);
	assert_int_equal(rig->records[0].conn.icmp_count, 1);
	free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_is_timed_from_both_sides),
		cmocka_unit_test(test_rst_that_acknowledges_the_syn_is_a_refusal),
		cmocka_unit_test(test_rst_for_another_number_is_no_refusal),
		cmocka_unit_test(test_repeated_syns_keep_their_times_and_frames),
		cmocka_unit_test(test_answer_counts_from_the_last_syn_before_it),
		cmocka_unit_test(test_forged_rst_before_the_syn_ack_is_overruled),
		cmocka_unit_test(test_server_that_ignores_the_ack_is_told),
		cmocka_unit_test(test_data_that_was_heard_is_not_ignored),
		cmocka_unit_test(test_simultaneous_open_is_one_conversation),
		cmocka_unit_test(test_ack_of_an_old_connection_is_no_answer),
		cmocka_unit_test(test_icmp_error_goes_to_the_conversation_it_quotes),
		cmocka_unit_test(test_receiver_of_a_syn_ack_opened),
		cmocka_unit_test(test_lower_port_serves_when_the_start_is_missing),
		cmocka_unit_test(test_close_by_fin_from_both),
		cmocka_unit_test(test_fins_that_cross_are_a_simultaneous_close),
		cmocka_unit_test(test_closed_conversation_is_told_after_the_linger),
		cmocka_unit_test(test_new_syn_on_a_closed_tuple_is_a_new_conversation),
		cmocka_unit_test(test_reuse_is_known_long_after_the_end),
		cmocka_unit_test(test_new_syn_on_an_open_tuple_ends_the_old_one),
		cmocka_unit_test(test_echo_after_the_end_makes_no_conversation),
		cmocka_unit_test(test_late_segments_count_to_the_closed_conversation),
		cmocka_unit_test(test_rst_is_described),
		cmocka_unit_test(test_rst_out_of_line_shows_by_its_number),
		cmocka_unit_test(test_rst_for_data_after_the_close_is_unread_data),
		cmocka_unit_test(test_records_at_the_end_come_in_order_of_first_frames),
		cmocka_unit_test(test_uid_does_not_change_from_run_to_run),
		cmocka_unit_test(test_community_id_is_version_1),
		cmocka_unit_test(test_memory_bound_lets_the_longest_idle_go),
		cmocka_unit_test(test_streams_are_numbered_per_protocol_and_source),
		cmocka_unit_test(test_datagrams_end_after_their_idle_time),
		cmocka_unit_test(test_the_last_moment_of_the_clock_passes),
		cmocka_unit_test(test_first_datagram_may_be_the_answer),
		cmocka_unit_test(test_other_protocols_are_conversations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
