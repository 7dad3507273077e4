/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directions out of step: the capture shows segments behind the acknowledgment of them. */
#include "cmocka_all.h"

#include "base/text.h"
#include "track_flow.h"

/* All that the client sends is captured 3 ms late: its SYN behind the SYN-ACK, its request behind the ACK of it. */
#define CLIENT_LATE \
	"0.000 < SA ack 1 win 65160 <mss 1460,sackOK,wscale 7>\n" \
	"0.0029 > S win 64240 <mss 1460,sackOK,wscale 7>\n" \
	"0.0030 > A 1:1(0) ack 1 win 502\n" \
	"0.0100 < A 1:1(0) ack 101 win 509\n" \
	"0.0130 > PA 1:101(100) ack 1 win 502\n"

static void test_client_that_lags_is_seen(void **state)
{
	const struct conn *c = track_one(CLIENT_LATE "5 < PA 1:51(50) ack 101 win 509\n");
	const struct conn_side *o = &c->side[SIDE_ORIG];

	(void)state;
	assert_int_equal(o->late_ns, MS(3));
	assert_int_equal(c->side[SIDE_RESP].late_ns, 0);
	assert_int_equal(o->missing_bytes, 0);
	assert_int_equal(o->first_data_acked_ns, MS(10));
	assert_int_equal(c->last_turn.acked.frame, 4);
	assert_int_equal(o->rtt_samples, 0);
	assert_int_equal(o->loss.retransmitted, 0);
	assert_int_equal(c->pending, SIDE_RESP);
	assert_int_equal(c->think_max_ns, MS(4987));
}

static void test_request_before_the_syn_is_no_retransmission(void **state)
{
	const struct conn *c = track_one("0.000 < SA ack 1 win 65160 <mss 1460,sackOK,wscale 7>\n"
					 "0.001 < A 1:1(0) ack 101 win 509\n"
					 "0.003 > S win 64240 <mss 1460,sackOK,wscale 7>\n"
					 "0.0031 > A 1:1(0) ack 1 win 502\n"
					 "0.0040 > PA 1:101(100) ack 1 win 502\n");
	const struct conn_side *o = &c->side[SIDE_ORIG];

	(void)state;
	assert_int_equal(o->loss.retransmitted, 0);
	assert_int_equal(o->bytes, 100);
	assert_int_equal(o->first_data.frame, 5);
	assert_int_equal(o->first_data_acked_ns, MS(1));
	assert_int_equal(c->pending, SIDE_ORIG);
	assert_int_equal(c->last_turn.acked.frame, 2);
}

static void test_syn_ack_behind_its_ack_completes_the_handshake(void **state)
{
	const struct conn *c = track_one("0.000 > S win 64240 <mss 1460,sackOK,wscale 7>\n"
					 "0.001 > A 1:1(0) ack 1 win 502\n"
					 "0.003 < SA ack 1 win 65160 <mss 1460,sackOK,wscale 7>\n");

	(void)state;
	assert_int_equal(c->side[SIDE_RESP].late_ns, MS(2));
	assert_int_equal(c->handshake_ack.frame, 2);
	assert_int_equal(c->rtt_client_ns, UNSET); /* no more than the lag */
	assert_int_equal(c->syn_acks_after_ack, 0);
}

/* All of the server was captured before anything of the client, its FIN included: the question was answered. */
static void test_question_behind_answer_and_fin_is_answered(void **state)
{
	const struct conn *c = track_one("0.000000 < SA ack 1 win 65160 <mss 1460>\n"
					 "0.000200 < A 1:1(0) ack 101 win 509\n"
					 "0.000300 < PA 1:51(50) ack 101 win 509\n"
					 "0.000400 < FA 51:51(0) ack 101 win 509\n"
					 "0.001000 > S win 64240 <mss 1460>\n"
					 "0.001100 > A 1:1(0) ack 1 win 502\n"
					 "0.001200 > PA 1:101(100) ack 1 win 502\n"
					 "0.001300 > A 101:101(0) ack 52 win 502\n");

	(void)state;
	assert_int_equal(c->turns, 1);
	assert_int_equal(c->last_turn.ask.frame, 7);
	assert_int_equal(c->last_turn.answer.frame, 3);
	assert_int_equal(c->pending, SIDE_RESP); /* nothing came after the answer */
}

static void test_ack_without_its_syn_ack_is_no_handshake(void **state)
{
	const struct conn *c = track_one("0.000 > S win 64240\n0.001 > A 1:1(0) ack 1 win 502\n");

	(void)state;
	assert_int_equal(c->handshake_ack.frame, 0);
}

static void test_answer_before_its_request_leaves_nothing_pending(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1.000 < PA 1:51(50) ack 201 win 509\n"
						   "1.002 > PA 101:201(100) ack 1 win 502\n"
						   "1.003 > A 201:201(0) ack 51 win 502\n");

	(void)state;
	assert_int_equal(c->pending, SIDE_RESP);
	assert_int_equal(c->side[SIDE_ORIG].late_ns, MS(2));
}

static void test_answer_behind_the_next_request_is_its_own_turn(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1.000 > PA 101:201(100) ack 51 win 502\n"
						   "1.002 < PA 1:51(50) ack 101 win 509\n"
						   "3.000 < PA 51:101(50) ack 201 win 509\n");

	(void)state;
	assert_int_equal(c->turns, 2);
	assert_int_equal(c->first_turn.answer.frame, 7);
	assert_int_equal(c->last_turn.ask.frame, 6);
	assert_int_equal(c->think_max_ns, MS(2000));
	assert_int_equal(c->side[SIDE_RESP].late_ns, MS(2));
}

static void test_request_without_answer_stays_pending_behind_a_late_one(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "1.000 > PA 101:201(100) ack 51 win 502\n"
						   "1.002 < PA 1:51(50) ack 101 win 509\n"
						   "1.040 < A 51:51(0) ack 201 win 509\n");

	(void)state;
	assert_int_equal(c->pending, SIDE_ORIG);
	assert_int_equal(c->last_turn.ask.frame, 6);
	assert_int_equal(c->last_turn.acked.frame, 8);
	assert_int_equal(c->last_turn.answer.frame, 0);
}

static void test_who_closed_first_is_told_by_the_acknowledgments(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "5.000 > FA 101:101(0) ack 2 win 502\n"
						   "5.001 < FA 1:1(0) ack 101 win 509\n"
						   "5.002 < A 2:2(0) ack 102 win 509\n");

	(void)state;
	assert_int_equal(c->first_fin, SIDE_RESP);
	assert_false(c->simultaneous_close);
	assert_int_equal(c->side[SIDE_RESP].late_ns, MS(1));
}

static void test_fin_that_acknowledges_what_never_was_stays_the_first(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "5.000 > FA 101:101(0) ack 5000 win 502\n"
						   "5.001 < FA 1:1(0) ack 102 win 509\n");

	(void)state;
	assert_int_equal(c->first_fin, SIDE_ORIG);
}

static void test_fins_that_cross_stay_in_the_order_of_the_capture(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "5.000 > FA 101:101(0) ack 1 win 502\n"
						   "5.001 < FA 1:1(0) ack 101 win 509\n");

	(void)state;
	assert_int_equal(c->first_fin, SIDE_ORIG);
	assert_true(c->simultaneous_close);
	assert_int_equal(c->side[SIDE_RESP].late_ns, 0);
}

static void test_reset_that_acknowledges_a_late_fin_is_behind_it(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "7.000 < RA ack 102 win 0\n"
						   "7.001 > FA 101:101(0) ack 1 win 502\n");

	(void)state;
	assert_true(c->rsts[0].after_peer_fin);
}

static void test_reset_before_a_fin_is_not_behind_it(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "7.000 < RA ack 101 win 0\n"
						   "7.001 > FA 101:101(0) ack 1 win 502\n");

	(void)state;
	assert_false(c->rsts[0].after_peer_fin);
}

static void test_reset_of_a_sequence_before_the_fin_is_not_behind_it(void **state)
{
	const struct conn *c = track_one(HANDSHAKE "7.000 < RA ack 4294960000 win 0\n"
						   "7.001 > FA 101:101(0) ack 1 win 502\n");

	(void)state;
	assert_false(c->rsts[0].after_peer_fin);
}

static void test_bytes_that_come_much_later_were_sent_again(void **state)
{
	const struct conn_side *o = orig_of(HANDSHAKE "1.000 < A 1:1(0) ack 201 win 509\n"
						      "1.210 > PA 101:201(100) ack 1 win 502\n");

	(void)state;
	assert_int_equal(o->late_ns, 0);
}

static void test_lag_tells_who_was_first(void **state)
{
	const struct conn *c = track_one(CLIENT_LATE);

	(void)state;
	assert_true(conn_was_before(c, SIDE_ORIG, MS(12), MS(10)));
	assert_false(conn_was_before(c, SIDE_ORIG, MS(14), MS(10)));
	assert_false(conn_was_before(c, SIDE_RESP, MS(10), MS(12)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_that_lags_is_seen),
		cmocka_unit_test(test_request_before_the_syn_is_no_retransmission),
		cmocka_unit_test(test_syn_ack_behind_its_ack_completes_the_handshake),
		cmocka_unit_test(test_question_behind_answer_and_fin_is_answered),
		cmocka_unit_test(test_ack_without_its_syn_ack_is_no_handshake),
		cmocka_unit_test(test_answer_before_its_request_leaves_nothing_pending),
		cmocka_unit_test(test_answer_behind_the_next_request_is_its_own_turn),
		cmocka_unit_test(test_request_without_answer_stays_pending_behind_a_late_one),
		cmocka_unit_test(test_who_closed_first_is_told_by_the_acknowledgments),
		cmocka_unit_test(test_fin_that_acknowledges_what_never_was_stays_the_first),
		cmocka_unit_test(test_fins_that_cross_stay_in_the_order_of_the_capture),
		cmocka_unit_test(test_reset_that_acknowledges_a_late_fin_is_behind_it),
		cmocka_unit_test(test_reset_before_a_fin_is_not_behind_it),
		cmocka_unit_test(test_reset_of_a_sequence_before_the_fin_is_not_behind_it),
		cmocka_unit_test(test_bytes_that_come_much_later_were_sent_again),
		cmocka_unit_test(test_lag_tells_who_was_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
