/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/reassemble/: what contradicts itself, is damaged, out of line or too much, run by each engine. */
#include "cmocka_all.h"

#include <string.h>

#include "reassemble/nids_engine.h"
#include "reassemble_cases.h"

static void test_retransmission_with_other_bytes_is_told(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdXf");
	rig_say(&g, SIDE_ORIG, 3, 1, "Z");
	rig_say(&g, SIDE_ORIG, 7, 1, "ghi");
	expect(&g, "A abc @4\nA def @5\nA differ 5/6\nA differ 4/7\nA ghi @8\n");
	end(&g);
}

/* The bytes that are kept move when they become more; who brought which is known from place to place. */
static void test_each_of_the_first_segments_is_told_by_its_frame(void **state)
{
	uint8_t block[70] = {0};
	struct rig g;

	(void)state;
	begin(&g);
	for (uint32_t i = 0; i < 4; i++)
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * 70, 1, block, sizeof(block), 0});
	for (uint32_t i = 0; i < 4; i++) {
		block[i * 23] = 1;
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * 70, 1, block, sizeof(block), 0});
		block[i * 23] = 0;
	}
	assert_int_equal(g.differences, 4);
	expect(&g, "A differ 4/8\nA differ 5/9\nA differ 6/10\nA differ 7/11\n");
	end(&g);
}

/* Beyond the first bytes of a stream hashes of the last segments tell, of those that the new one covers. */
static void test_difference_late_in_the_stream_is_told(void **state)
{
	uint8_t block[1000] = {0};
	struct rig g;

	(void)state;
	begin(&g);
	for (uint32_t i = 0; i < 20; i++)
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * 1000, 1, block, sizeof(block), 0});
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 19001, 1, block, sizeof(block), 0});
	assert_int_equal(g.differences, 0);
	block[500] = 1;
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 19001, 1, block, sizeof(block), 0});
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, block, sizeof(block), 0});
	expect(&g, "A differ 23/25\nA differ 4/26\n");
	end(&g);
}

static void test_waiting_bytes_are_compared_too(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_ORIG, 2, 1, "bcdXf");
	rig_say(&g, SIDE_ORIG, 1, 1, "a");
	expect(&g, engine == ENGINE_NIDS ? "A differ 4/5\nA a @6\nA bc @5\nA dXf @4\n" /* as Linux 2.2 does */
					 : "A differ 4/5\nA a @6\nA bc @5\nA def @4\n");
	end(&g);
}

static void test_keep_alive_with_any_byte_is_no_difference(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 3, 1, "X");
	rig_say(&g, SIDE_ORIG, 3, 1, "Y");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	expect(&g, "A abc @4\nA def @7\n");
	end(&g);
}

static void test_data_beyond_fin_is_ignored(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 4, 1, ""); /* overtook the data */
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdef");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	expect(&g, "A abc @5\nA end @4\n");
	end(&g);
}

static void test_fin_beyond_a_lost_segment_ends_after_the_gap(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 4, 1, "");
	rig_say(&g, SIDE_RESP, 1, 5, "");
	g.now_ns += 200000000;
	rig_say(&g, SIDE_RESP, 1, 5, "bye");
	expect(&g, "A gap 3 @6\nA end @4\nB bye @6\n");
	end(&g);
}

static void test_rst_in_line_ends_its_side(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	feed(&g, SIDE_ORIG, TCP_RST, 4, 0, "");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	expect(&g, "A abc @4\nA end @5\n");
	end(&g);
}

static void test_rst_out_of_line_ends_nothing(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_RESP, 1, 4, "");
	feed(&g, SIDE_ORIG, TCP_RST, 2, 0, "");
	feed(&g, SIDE_ORIG, TCP_RST, 4000, 0, "");
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	expect(&g, "A abc @4\nA def @8\n");
	end(&g);
}

static void test_damaged_segment_gives_way_to_the_right_one(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	g.checksum = CHECKSUM_BAD;
	rig_say(&g, SIDE_ORIG, 1, 1, "aXc");
	g.checksum = CHECKSUM_GOOD;
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	expect(&g, "A abc @5\n");
	end(&g);
}

static void test_wrong_checksums_throughout_are_offload(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 4);
	g.checksum = CHECKSUM_BAD;
	rig_handshake(&g);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	expect(&g, "A abc @4\n");
	end(&g);
}

/* ACKs of 46 bytes (6 of them padding) before the data whose place they seem to take. */
static void test_ethernet_padding_is_no_data(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	g.ip_len = 46;
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, "\0\0\0\0\0", 6, 0});
	rig_feed(&g, &(struct rig_segment){SIDE_RESP, TCP_ACK, 1, 1, "\0\0\0\0a", 6, 0});
	g.ip_len = 0;
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdefgh");
	rig_close(&g);
	assert_string_equal(text_str(&g.bytes[0]), "abcdefgh");
	assert_int_equal(g.bytes[1].len, 6);
	assert_int_equal(g.differences, 0);
	end(&g);
}

static void test_segment_beyond_any_window_is_ignored(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 0x60000000, 1, "far");
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_close(&g);
	expect(&g, "A abc @5\nA end @5\nB end @5\n");
	end(&g);
}

static void test_bound_of_a_stream_is_kept(void **state)
{
	uint8_t block[1000];
	struct rig g;

	(void)state;
	memset(block, 'x', sizeof(block));
	rig_open(&g, engine, BIG, 8 * 1024);
	rig_handshake(&g);
	for (uint32_t i = 1; i < 20; i++) {
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * 2000, 1, block, sizeof(block), 0});
		assert_true(reassembler_held_bytes(g.r) < (engine == ENGINE_NATIVE ? 24 : 96) * 1024);
	}
	assert_true(g.gaps[0] >= 12);
	rig_close(&g);
	assert_int_equal(g.gap_bytes[0], 1000 * 18 + 2000);
	end(&g);
}

static void test_many_tiny_segments_are_bounded(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, engine, BIG, BIG / 2);
	rig_handshake(&g);
	for (uint32_t i = 6000; i > 1; i--)
		feed(&g, SIDE_ORIG, TCP_ACK, 2 * i, 1, "x");
	assert_true(g.gaps[0] > 0);
	end(&g);
}

/* Two connections share the bound: the one whose hole is open longer gives way, and shows it at its end. */
static void test_bound_of_all_streams_is_kept(void **state)
{
	uint8_t block[1000];
	struct rig g;
	struct stream_pair *one, *other = NULL;

	(void)state;
	memset(block, 'x', sizeof(block));
	rig_open(&g, engine, 16 * 1024, 16 * 1024);
	rig_handshake(&g);
	for (uint32_t i = 1; i < 6; i++)
		rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1 + i * 1000, 1, block, sizeof(block), 0});
	one = g.pair;
	g.pair = other;
	rig_handshake(&g);
	for (uint32_t i = 1; i < 9; i++)
		rig_feed(&g, &(struct rig_segment){SIDE_RESP, TCP_ACK, 1 + i * 1000, 1, block, sizeof(block), 0});
	assert_int_equal(g.gaps[SIDE_RESP], 0);
	rig_close(&g);
	g.pair = one;
	rig_close(&g);
	assert_int_equal(g.gap_bytes[SIDE_ORIG], 6000);
	assert_int_equal(g.gap_bytes[SIDE_RESP], 1000);
	assert_int_equal(reassembler_held_bytes(g.r), 0);
	rig_free(&g);
}

static void test_ignored_side_keeps_nothing(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	reassemble_ignore(g.r, &g.pair, SIDE_ORIG);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_RESP, 1, 1, "xyz");
	expect(&g, "B xyz @6\n");
	rig_close(&g);
	expect(&g, "A end @6\nB end @6\n");
	end(&g);
}

/* libnids' engine tells everything. */
static void test_quiet_bytes_are_only_counted(void **state)
{
	struct rig g;

	(void)state;
	if (engine != ENGINE_NATIVE)
		skip();
	begin(&g);
	g.quiet = 7;
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 4, 1, "defg");
	rig_say(&g, SIDE_ORIG, 8, 1, "hij");
	expect(&g, "A abc @4\n");
	rig_say(&g, SIDE_RESP, 1, 1, "xyz"); /* what is told of one side comes behind what was counted of both */
	expect(&g, "A passed 7 @6\nB xyz @7\n");
	rig_say(&g, SIDE_ORIG, 11, 1, "klm");
	rig_say(&g, SIDE_ORIG, 14, 1, "no");
	rig_say(&g, SIDE_ORIG, 16, 1, "pqrstuv"); /* goes beyond: told whole */
	expect(&g, "A klm @8\nA passed 2 @9\nA pqrstuv @10\n");
	rig_say(&g, SIDE_ORIG, 23, 1, "w");
	rig_say(&g, SIDE_ORIG, 30, 1, "x");
	rig_close(&g);
	expect(&g, "A passed 1 @11\nA gap 6 @12\nA x @12\nA end @12\nB end @12\n");
	end(&g);
}

/* A digit says how many bytes follow it in its record. */
static void test_records_are_only_counted(void **state)
{
	struct rig g;

	(void)state;
	if (engine != ENGINE_NATIVE)
		skip();
	begin(&g);
	g.shape = 'x';
	rig_say(&g, SIDE_ORIG, 1, 1, "3xyz");
	rig_say(&g, SIDE_ORIG, 5, 1, "1x2xy0");
	rig_say(&g, SIDE_ORIG, 11, 1, "4xab");
	rig_say(&g, SIDE_ORIG, 15, 1, "c1x");
	expect(&g, "A 3xyz @4\n");
	rig_say(&g, SIDE_ORIG, 18, 1, "3x"); /* another shape goes on in the middle of a segment: told whole */
	rig_say(&g, SIDE_ORIG, 20, 1, "yz2zz");
	expect(&g, "A passed 15 of 6 records, 2 left @8\nA yz2zz @9\n");
	rig_say(&g, SIDE_ORIG, 25, 1, "3x");
	rig_say(&g, SIDE_ORIG, 30, 1, "x"); /* behind a gap */
	rig_close(&g);
	expect(&g, "A passed 2 of 1 records, 2 left @10\nA gap 3 @11\nA x @11\nA end @11\nB end @11\n");
	end(&g);
}

static void test_unheard_bytes_are_not_told(void **state)
{
	struct rig g;

	(void)state;
	if (engine != ENGINE_NATIVE)
		skip();
	begin(&g);
	reassemble_unheard(g.r, g.pair);
	rig_say(&g, SIDE_ORIG, 1, 1, "abc");
	rig_say(&g, SIDE_ORIG, 1, 1, "axc");
	rig_say(&g, SIDE_ORIG, 7, 1, "def");
	expect(&g, "A differ 4/5\n");
	rig_close(&g);
	expect(&g, "A gap 3 @6\nA end @6\nB end @6\n");
	end(&g);
}

static void test_late_segment_of_an_ended_pair_is_nothing(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 1, 1, "bye");
	feed(&g, SIDE_RESP, TCP_FIN | TCP_ACK, 1, 5, "");
	expect(&g, "A bye @4\nA end @4\nB end @5\n");
	feed(&g, SIDE_ORIG, TCP_ACK, 5, 2, "late");
	feed(&g, SIDE_ORIG, TCP_FIN | TCP_ACK, 1, 1, "bye");
	expect(&g, "");
	end(&g);
}

static void test_large_offloaded_segment_is_fine(void **state)
{
	static uint8_t block[200000]; /* larger than 65535: BIG TCP */
	struct rig g;

	(void)state;
	begin(&g);
	memset(block, 'y', sizeof(block));
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, block, sizeof(block), 0});
	block[sizeof(block) - 1] = 'z';
	rig_feed(&g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, block, sizeof(block), 0});
	assert_int_equal(strlen(text_str(&g.bytes[0])), sizeof(block));
	assert_int_equal(g.differences, 1);
	end(&g);
}

static void test_engines_agree_on_reordered_and_resent_data(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcd");
	rig_say(&g, SIDE_ORIG, 1, 1, "abcdefg");
	rig_say(&g, SIDE_ORIG, 20, 1, "xyz");
	rig_close(&g);
	assert_string_equal(text_str(&g.bytes[0]), "abcdefg????????????xyz");
	assert_int_equal(reassembler_disagreements(g.r), 0);
	assert_int_equal(reassembler_nids_score(g.r)->filled, 1);
	end(&g);
}

/* libnids (Linux 2.2) prefers the segment that starts first, the native engine the one that came first. */
static void test_stream_that_two_stacks_see_differently_is_counted(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	rig_say(&g, SIDE_ORIG, 4, 1, "def");
	rig_say(&g, SIDE_ORIG, 2, 1, "bcDEf");
	rig_say(&g, SIDE_ORIG, 1, 1, "a");
	rig_close(&g);
	assert_string_equal(text_str(&g.bytes[0]), "abcdef");
	assert_int_equal(reassembler_disagreements(g.r), 1);
	end(&g);
}

int main(void)
{
	const struct CMUnitTest both_tests[] = {
		cmocka_unit_test(test_engines_agree_on_reordered_and_resent_data),
		cmocka_unit_test(test_stream_that_two_stacks_see_differently_is_counted),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retransmission_with_other_bytes_is_told),
		cmocka_unit_test(test_each_of_the_first_segments_is_told_by_its_frame),
		cmocka_unit_test(test_difference_late_in_the_stream_is_told),
		cmocka_unit_test(test_waiting_bytes_are_compared_too),
		cmocka_unit_test(test_keep_alive_with_any_byte_is_no_difference),
		cmocka_unit_test(test_data_beyond_fin_is_ignored),
		cmocka_unit_test(test_fin_beyond_a_lost_segment_ends_after_the_gap),
		cmocka_unit_test(test_rst_in_line_ends_its_side),
		cmocka_unit_test(test_rst_out_of_line_ends_nothing),
		cmocka_unit_test(test_damaged_segment_gives_way_to_the_right_one),
		cmocka_unit_test(test_wrong_checksums_throughout_are_offload),
		cmocka_unit_test(test_ethernet_padding_is_no_data),
		cmocka_unit_test(test_segment_beyond_any_window_is_ignored),
		cmocka_unit_test(test_bound_of_a_stream_is_kept),
		cmocka_unit_test(test_many_tiny_segments_are_bounded),
		cmocka_unit_test(test_bound_of_all_streams_is_kept),
		cmocka_unit_test(test_ignored_side_keeps_nothing),
		cmocka_unit_test(test_quiet_bytes_are_only_counted),
		cmocka_unit_test(test_records_are_only_counted),
		cmocka_unit_test(test_unheard_bytes_are_not_told),
		cmocka_unit_test(test_late_segment_of_an_ended_pair_is_nothing),
		cmocka_unit_test(test_large_offloaded_segment_is_fine),
	};

	return RUN_WITH_EACH_ENGINE(tests) +
	       cmocka_run_group_tests_name("native against libnids", both_tests, use_both, NULL);
}
