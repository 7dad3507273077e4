/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/reassemble/: order, holes, gaps and beginnings, each case as a short conversation run by each engine. */
#include "cmocka_all.h"

#include <string.h>

#include "reassemble_cases.h"

static void test_ordered_data_is_handed_on_at_once(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "GET");
	expect(&g, "A GET @4\n");
	rig_say(&g, SIDE_RESP, 1, 4, "200");
	rig_say(&g, SIDE_ORIG, 4, 4, "BYE");
	expect(&g, "B 200 @5\nA BYE @6\n");
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 7, 4, "");
	feed(&g, SIDE_RESP, TCP_FIN | TCP_ACK, 4, 8, "z");
	expect(&g, "A end @7\nB z @8\nB end @8\n");
	end(&g);
}

static void test_data_is_not_copied_on_its_way(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "in order");
	rig_say(&g, SIDE_ORIG, 20, 1, "beyond a hole");
	assert_int_equal(strlen(text_str(&g.bytes[0])), 8);
	end(&g);
}

static void test_segment_keeps_its_own_frame_while_it_waits(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 7, 1, "ghi");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	expect(&g, "A abc @6\nA def @5\nA ghi @4\n");
	end(&g);
}

static void test_retransmission_is_delivered_once(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 2, 1, "bcdef"); /* and what is new of it */
	expect(&g, "A abc @4\nA def @6\n");
	end(&g);
}

static void test_segment_over_several_waiting_ones_fills_the_holes(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 3, 1, "cd");
	rig_say(&g, SIDE_ORIG, 7, 1, "gh");
	rig_say(&g, SIDE_ORIG, 2, 1, "bcdefghi");
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdefghij");
	assert_string_equal(text_str(&g.bytes[0]), "abcdefghij");
	assert_int_equal(g.differences, 0);
	end(&g);
}

/* The receiver has the bytes, the capture has not: told, but only when reordering in the capture is out. */
static void test_acknowledged_hole_becomes_a_gap_after_a_while(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 7, 1, "ghi");
	rig_say(&g, SIDE_RESP, 1, 10, "");
	rig_say(&g, SIDE_RESP, 1, 10, "ok");
	expect(&g, "A abc @4\n");
	g.now_ns += 200000000;
	rig_say(&g, SIDE_ORIG, 10, 3, "jkl");
	expect(&g, "B ok @7\nA gap 3 @8\nA ghi @5\nA jkl @8\n");
	end(&g);
}

static void test_answer_waits_for_what_it_acknowledges(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_RESP, 1, 4, "200");
	feed(&g, SIDE_RESP, TCP_FIN | TCP_ACK, 4, 8, "z");
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "GET");
	expect(&g, "A GET @6\nB 200 @4\n");
	rig_say(&g, SIDE_ORIG, 4, 4, "MORE");
	expect(&g, "A MORE @7\nB z @5\nB end @5\n");
	end(&g);
}

static void test_answer_that_acknowledges_a_fin_waits_for_it(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_RESP, 1, 2, "alert");
	expect(&g, "");
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 1, 1, "");
	expect(&g, "A end @5\nB alert @4\n");
	end(&g);
}

static void test_answer_sent_again_while_it_waits_is_delivered_once(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_RESP, 1, 4, "200");
	rig_say(&g, SIDE_RESP, 1, 1, "200");
	rig_say(&g, SIDE_RESP, 1, 4, "200 OK");
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "GET");
	expect(&g, "A GET @7\nB 200 @4\nB  OK @6\n");
	end(&g);
}

static void test_bytes_behind_those_that_wait_wait_too(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_RESP, 4, 4, "def");
	rig_say(&g, SIDE_RESP, 1, 1, "abcdefgh");
	expect(&g, "B abc @5\n");
	rig_say(&g, SIDE_ORIG, 1, 1, "GET");
	expect(&g, "A GET @6\nB def @4\nB gh @5\n");
	end(&g);
}

static void test_answer_waits_in_vain_only_once(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_RESP, 1, 4, "one");
	g.now_ns += 200000000;
	rig_say(&g, SIDE_RESP, 4, 4, "two");
	expect(&g, "B one @4\nB two @5\n");
	rig_say(&g, SIDE_RESP, 7, 9, "three");
	expect(&g, "B three @6\n");
	end(&g);
}

/* A side that is always a little late is waited for however long both speak. */
static void test_wait_is_counted_anew_for_each_segment(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	rig_handshake(&g);
	rig_say(&g, SIDE_RESP, 1, 2, "x");
	for (uint32_t i = 1; i < 300; i++) {
		rig_say(&g, SIDE_RESP, 1 + i, 2 + i, "x");
		rig_say(&g, SIDE_ORIG, i, i, "y");
		assert_int_equal(strlen(text_str(&g.bytes[SIDE_ORIG])), i);
		assert_int_equal(strlen(text_str(&g.bytes[SIDE_RESP])), i);
	}
	end(&g);
}

/* Who has acknowledged nothing has not acknowledged past a hole, whatever the sequence numbers are. */
static void test_end_of_the_wait_gives_up_no_hole(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	g.isn[SIDE_RESP] = UINT32_C(0xc0000000);
	feed(&g, SIDE_RESP, TCP_SYN | TCP_ACK, 0, 1, "");
	rig_say(&g, SIDE_RESP, 1, 2, "abc");
	rig_say(&g, SIDE_RESP, 7, 2, "ghi");
	expect(&g, "");
	g.now_ns += 200000000;
	rig_say(&g, SIDE_RESP, 10, 2, "jkl");
	expect(&g, "B abc @2\n");
	rig_say(&g, SIDE_RESP, 4, 2, "def");
	expect(&g, "B def @5\nB ghi @3\nB jkl @4\n");
	end(&g);
}

static void test_side_that_is_not_there_is_soon_not_waited_for(void **state)
{
	static const char bytes[] = "abcdefghijklmnop";
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	feed(&g, SIDE_RESP, TCP_SYN | TCP_ACK, 0, 1, "");
	for (uint32_t i = 0; bytes[i]; i++)
		rig_say(&g, SIDE_RESP, 1 + i, 2 + i, (char[]){bytes[i], '\0'});
	assert_string_equal(text_str(&g.bytes[SIDE_RESP]), bytes);
	end(&g);
}

static void test_segment_captured_after_its_ack_is_no_gap(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_RESP, 1, 7, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	expect(&g, "A abc @6\nA def @4\n");
	end(&g);
}

static void test_many_packets_after_the_ack_are_a_while_too(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	for (int i = 0; i < 80; i++) {
		g.now_ns -= 1000000; /* no time goes by */
		rig_say(&g, SIDE_RESP, 1, 7, "");
	}
	assert_string_equal(text_str(&g.bytes[0]), "???def");
	end(&g);
}

static void test_hole_that_is_not_acknowledged_waits(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	for (int i = 0; i < 300; i++)
		rig_say(&g, SIDE_RESP, 1, 1, "");
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	expect(&g, "A abc @305\nA def @4\n");
	end(&g);
}

static void test_close_delivers_what_waits_with_its_gaps(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_ORIG, 10, 1, "jkl");
	rig_close(&g);
	expect(&g, "A gap 3 @5\nA def @4\nA gap 3 @5\nA jkl @5\nA end @5\nB end @5\n");
	end(&g);
}

static void test_acknowledged_end_that_was_not_captured_is_a_gap(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_RESP, 1, 104, "");
	rig_close(&g);
	expect(&g, "A abc @4\nA gap 100 @5\nA end @5\nB end @5\n");
	end(&g);
}

static void test_tail_of_a_cut_frame_is_a_gap_at_once(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, "abc", 3, 100});
	rig_say(&g, SIDE_ORIG, 101, 1, "def");
	expect(&g, "A abc @4\nA gap 97 @4\nA def @5\n");
	end(&g);
}

static void test_cut_frame_that_waited_knows_its_gap(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 4, 1, "def", 3, 10});
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 14, 1, "xyz");
	expect(&g, "A abc @5\nA def @4\nA gap 7 @4\nA xyz @6\n");
	end(&g);
}

static void test_stream_without_syn_begins_with_the_first_data(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	rig_say(&g, SIDE_ORIG, 5000, 1, "abc");
	rig_say(&g, SIDE_ORIG, 5003, 1, "def");
	rig_say(&g, SIDE_ORIG, 4000, 1, "older"); /* too late for it */
	expect(&g, "A abc @1\nA def @2\n");
	end(&g);
}

static void test_bare_ack_gives_the_start_and_earlier_bytes_correct_it(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	rig_say(&g, SIDE_ORIG, 5000, 1, "");
	rig_say(&g, SIDE_ORIG, 5003, 1, "def"); /* overtook the other */
	expect(&g, "");
	rig_say(&g, SIDE_ORIG, 5000, 1, "abc");
	expect(&g, "A abc @3\nA def @2\n");
	rig_say(&g, SIDE_RESP, 900, 5006, "");
	rig_say(&g, SIDE_RESP, 890, 5006, "0123456789");
	expect(&g, "B 0123456789 @5\n");
	end(&g);
}

static void test_start_from_a_keep_alive_is_moved(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	rig_say(&g, SIDE_ORIG, 4999, 1, ""); /* Linux: empty, one before */
	rig_say(&g, SIDE_RESP, 1, 5000, "");
	rig_say(&g, SIDE_ORIG, 5000, 1, "abc");
	rig_say(&g, SIDE_ORIG, 5002, 1, "X"); /* others: with one byte of any value */
	rig_say(&g, SIDE_RESP, 0, 5003, "Y");
	rig_say(&g, SIDE_RESP, 1, 5003, "ok");
	expect(&g, "A abc @3\nB ok @6\n");
	end(&g);
}

static void test_keep_alive_as_the_first_packet_is_not_data(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	rig_say(&g, SIDE_RESP, 1, 5000, "");
	rig_say(&g, SIDE_ORIG, 4999, 1, "\xff");
	rig_say(&g, SIDE_ORIG, 5000, 1, "abc");
	expect(&g, "A abc @3\n");
	end(&g);
}

/* TCP Fast Open, and a client that sends it again after the server acknowledged the SYN alone. */
static void test_data_on_syn_counts_once(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	feed(&g, SIDE_ORIG, TCP_SYN, 0, 0, "GET");
	feed(&g, SIDE_RESP, TCP_SYN | TCP_ACK, 0, 1, "");
	feed(&g, SIDE_ORIG, TCP_ACK, 1, 1, "GET /");
	expect(&g, "A GET @1\nA  / @3\n");
	end(&g);
}

static void test_sequence_numbers_wrap(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	g.isn[0] = 0xfffffffc;
	rig_handshake(&g);
	rig_say(&g, SIDE_ORIG, 7, 1, "ghi");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdef");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdef");
	expect(&g, "A abcdef @5\nA ghi @4\n");
	end(&g);
}

static void test_more_than_four_gigabytes_flow(void **state)
{
	static uint8_t block[1 << 20];
	struct rig g;

	(void)state;
	begin(&g);
	for (uint32_t i = 0; i < 5000; i++) {
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * (uint32_t)sizeof(block), 1, block, 100,
				     sizeof(block)}); /* all but 100 bytes lost */
		text_clear(&g.bytes[0]);
		text_clear(&g.log);
	}
	assert_int_equal(g.gap_bytes[0], 5000ull * (sizeof(block) - 100));
	end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordered_data_is_handed_on_at_once),
		cmocka_unit_test(test_data_is_not_copied_on_its_way),
		cmocka_unit_test(test_segment_keeps_its_own_frame_while_it_waits),
		cmocka_unit_test(test_retransmission_is_delivered_once),
		cmocka_unit_test(test_segment_over_several_waiting_ones_fills_the_holes),
		cmocka_unit_test(test_acknowledged_hole_becomes_a_gap_after_a_while),
		cmocka_unit_test(test_answer_waits_for_what_it_acknowledges),
		cmocka_unit_test(test_answer_that_acknowledges_a_fin_waits_for_it),
		cmocka_unit_test(test_answer_sent_again_while_it_waits_is_delivered_once),
		cmocka_unit_test(test_bytes_behind_those_that_wait_wait_too),
		cmocka_unit_test(test_answer_waits_in_vain_only_once),
		cmocka_unit_test(test_wait_is_counted_anew_for_each_segment),
		cmocka_unit_test(test_end_of_the_wait_gives_up_no_hole),
		cmocka_unit_test(test_side_that_is_not_there_is_soon_not_waited_for),
		cmocka_unit_test(test_segment_captured_after_its_ack_is_no_gap),
		cmocka_unit_test(test_many_packets_after_the_ack_are_a_while_too),
		cmocka_unit_test(test_hole_that_is_not_acknowledged_waits),
		cmocka_unit_test(test_close_delivers_what_waits_with_its_gaps),
		cmocka_unit_test(test_acknowledged_end_that_was_not_captured_is_a_gap),
		cmocka_unit_test(test_tail_of_a_cut_frame_is_a_gap_at_once),
		cmocka_unit_test(test_cut_frame_that_waited_knows_its_gap),
		cmocka_unit_test(test_stream_without_syn_begins_with_the_first_data),
		cmocka_unit_test(test_bare_ack_gives_the_start_and_earlier_bytes_correct_it),
		cmocka_unit_test(test_start_from_a_keep_alive_is_moved),
		cmocka_unit_test(test_keep_alive_as_the_first_packet_is_not_data),
		cmocka_unit_test(test_data_on_syn_counts_once),
		cmocka_unit_test(test_sequence_numbers_wrap),
		cmocka_unit_test(test_more_than_four_gigabytes_flow),
	};

	return RUN_WITH_EACH_ENGINE(tests);
}
