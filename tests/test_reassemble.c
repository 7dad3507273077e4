/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/reassemble/, native engine: each case as a short conversation and the text of what must be told. */
#include "cmocka_all.h"

#include <string.h>

#include "reassemble/nids_engine.h"
#include "reassemble_rig.h"

#define BIG ((size_t)1 << 20)

static enum engine_kind engine; /* all cases are run with each */

static void feed(struct rig *g, enum side side, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	rig_feed(g, &(struct rig_segment){side, flags, seq, ack, text, (uint32_t)strlen(text), 0});
}

/* The log since the last look. */
static void expect(struct rig *g, const char *want)
{
	assert_string_equal(text_str(&g->log), want);
	text_clear(&g->log);
}

static void begin(struct rig *g)
{
	rig_open(g, engine, BIG, BIG / 4);
	rig_handshake(g); /* frames 1 to 3 */
	expect(g, "");
}

static void end(struct rig *g)
{
	rig_close(g);
	assert_int_equal(reassembler_held_bytes(g->r), 0);
	assert_int_equal(g->ends[0], 1);
	assert_int_equal(g->ends[1], 1);
	rig_free(g);
}

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
	expect(&g, "A abc @4\nB ok @7\n");
	g.now_ns += 200000000;
	rig_say(&g, SIDE_ORIG, 10, 3, "jkl");
	expect(&g, "A gap 3 @8\nA ghi @5\nA jkl @8\n");
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

static int use_native(void **state)
{
	(void)state;
	engine = ENGINE_NATIVE;
	return 0;
}

static int use_nids(void **state)
{
	(void)state;
	engine = ENGINE_NIDS;
	return 0;
}

static int use_both(void **state)
{
	(void)state;
	engine = ENGINE_BOTH;
	return 0;
}

int main(void)
{
	const struct CMUnitTest both_tests[] = {
		cmocka_unit_test(test_engines_agree_on_reordered_and_resent_data),
		cmocka_unit_test(test_stream_that_two_stacks_see_differently_is_counted),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordered_data_is_handed_on_at_once),
		cmocka_unit_test(test_data_is_not_copied_on_its_way),
		cmocka_unit_test(test_segment_keeps_its_own_frame_while_it_waits),
		cmocka_unit_test(test_retransmission_is_delivered_once),
		cmocka_unit_test(test_segment_over_several_waiting_ones_fills_the_holes),
		cmocka_unit_test(test_acknowledged_hole_becomes_a_gap_after_a_while),
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
		cmocka_unit_test(test_retransmission_with_other_bytes_is_told),
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
		cmocka_unit_test(test_unheard_bytes_are_not_told),
		cmocka_unit_test(test_late_segment_of_an_ended_pair_is_nothing),
		cmocka_unit_test(test_large_offloaded_segment_is_fine),
	};

	return cmocka_run_group_tests_name("native engine", tests, use_native, NULL) +
	       cmocka_run_group_tests_name("libnids engine", tests, use_nids, NULL) +
	       cmocka_run_group_tests_name("both engines", tests, use_both, NULL) +
	       cmocka_run_group_tests_name("native against libnids", both_tests, use_both, NULL);
}
