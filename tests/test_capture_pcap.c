/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classic pcap files, whole, cut and damaged. */
#include "cmocka_all.h"

#include "base/when.h"
#include "capture_build.h"

/* Three frames of 4, 60 and 0 bytes at 10.000001, 10.5 and 11 s. */
static void three_frames(struct text *t, bool big, uint32_t magic, uint32_t network)
{
	uint32_t unit = magic == MAGIC_NS ? 1 : 1000;

	pcap_header(t, big, magic, network);
	pcap_record(t, big, 10, 1000 / unit, 4, 4, 1);
	pcap_record(t, big, 10, 500000000 / unit, 60, 1500, 7);
	pcap_record(t, big, 11, 0, 0, 0, 0);
}

static void assert_three_frames(const struct collected *c)
{
	assert_int_equal(c->count, 3);
	assert_int_equal(c->frames[0].ts_ns, 10 * NS_PER_S + 1000);
	assert_int_equal(c->frames[0].captured, 4);
	assert_memory_equal(c->frames[0].data, "\1\2\3\4", 4);
	assert_int_equal(c->frames[1].ts_ns, 10 * NS_PER_S + 500 * NS_PER_MS);
	assert_int_equal(c->frames[1].captured, 60);
	assert_int_equal(c->frames[1].on_wire, 1500);
	assert_int_equal(c->frames[2].ts_ns, 11 * NS_PER_S);
	assert_int_equal(c->frames[2].number, 3);
	assert_int_equal(c->frames[2].order, 3);
	assert_int_equal(c->frames[2].clock_ns, 11 * NS_PER_S);
}

static void test_both_byte_orders_and_units_are_read(void **state)
{
	static const uint32_t magics[] = {MAGIC_US, MAGIC_NS};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct text t = {0};
		struct collected c;
		const struct source *s;

		three_frames(&t, i & 1, magics[i / 2], 1);
		c = collect(write_text("a.pcap", &t));
		assert_three_frames(&c);
		s = capture_source(c.stream, 0);
		assert_string_equal(s->format, i < 2 ? "pcap" : "pcap-ns");
		assert_string_equal(s->link_type, "ether");
		assert_int_equal(s->frames, 3);
		assert_int_equal(s->bytes, 1504);
		assert_int_equal(s->cut_frames, 1);
		assert_int_equal(s->snaplen, 65535);
		assert_false(s->cut_short || s->damaged || s->unreadable || s->drops_known);
		assert_string_equal(s->problem, "");
		collected_free(&c);
	}
}

static void test_header_without_packets_is_no_error(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	pcap_header(&t, false, MAGIC_US, 1);
	c = collect(write_text("empty.pcap", &t));
	assert_non_null(c.stream);
	assert_int_equal(c.count, 0);
	assert_string_equal(capture_source(c.stream, 0)->problem, "");
	collected_free(&c);
}

/* Where the first `size` bytes of the three frames end: how many frames are whole, and whether a record is cut. */
static void assert_cut_at(const struct text *whole, size_t size)
{
	static const size_t ends[] = {24, 24 + 20, 24 + 20 + 76, 24 + 20 + 76 + 16};
	struct collected c = collect(write_file("cut.pcap", whole->s, size));
	size_t frames = 0;

	if (size < 24) {
		assert_null(c.stream);
		assert_non_null(strstr(c.error, size ? "cut.pcap: " : "is empty (0 bytes)"));
		return;
	}
	while (frames < 3 && ends[frames + 1] <= size)
		frames++;
	assert_int_equal(c.count, frames);
	assert_int_equal(capture_source(c.stream, 0)->cut_short, size != ends[frames]);
	assert_false(capture_source(c.stream, 0)->damaged);
	collected_free(&c);
}

static void test_a_cut_anywhere_keeps_the_whole_frames(void **state)
{
	struct text t = {0};

	(void)state;
	three_frames(&t, false, MAGIC_US, 1);
	for (size_t size = 0; size <= t.len; size++)
		assert_cut_at(&t, size);
	text_free(&t);
}

static void test_cut_is_told_with_the_last_whole_frame(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	three_frames(&t, false, MAGIC_US, 1);
	c = collect(write_file("cut.pcap", t.s, 24 + 20 + 30));
	assert_string_equal(
		capture_source(c.stream, 0)->problem, "the file ends inside a frame; the last whole frame is 1");
	collected_free(&c);
	text_free(&t);
}

static void test_impossible_length_is_damage(void **state)
{
	struct text t = {0};
	struct collected c;
	const struct source *s;

	(void)state;
	three_frames(&t, false, MAGIC_US, 1);
	put32(&t, false, 12);
	put32(&t, false, 0);
	put32(&t, false, 0x7fffffff);
	put32(&t, false, 60);
	for (int i = 0; i < 100; i++)
		put32(&t, false, 0x55555555);
	c = collect(write_text("damaged.pcap", &t));
	s = capture_source(c.stream, 0);
	assert_int_equal(c.count, 3);
	assert_true(s->damaged);
	assert_false(s->cut_short);
	assert_non_null(strstr(s->problem, "after frame 3"));
	collected_free(&c);
}

/* Space that was reserved and never written, as after a power cut. */
static void test_zeros_at_the_end_are_damage_and_no_frames(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	three_frames(&t, false, MAGIC_US, 1);
	for (int i = 0; i < 1024; i++)
		put32(&t, false, 0);
	c = collect(write_text("zeros.pcap", &t));
	assert_int_equal(c.count, 3);
	assert_true(capture_source(c.stream, 0)->damaged);
	collected_free(&c);
}

static void test_declared_check_sequence_is_cut_off(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	/* Bit 26: the length is given; 2 units of 16 bits. Frames of 64 bytes, one whole, one stored short by 2. */
	pcap_header(&t, true, MAGIC_US, 0x24000001);
	pcap_record(&t, true, 1, 0, 64, 64, 0);
	pcap_record(&t, true, 2, 0, 62, 64, 0);
	pcap_record(&t, true, 3, 0, 20, 64, 0);
	c = collect(write_text("fcs.pcap", &t));
	assert_int_equal(c.frames[0].link_type, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(c.frames[i].on_wire, 60);
	assert_int_equal(c.frames[0].captured, 60);
	assert_int_equal(c.frames[1].captured, 60);
	assert_int_equal(c.frames[2].captured, 20);
	assert_int_equal(capture_source(c.stream, 0)->cut_frames, 1);
	collected_free(&c);
}

static void test_raw_ip_has_one_number(void **state)
{
	static const uint32_t numbers[] = {12, 14, 101};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct text t = {0};
		struct collected c;

		three_frames(&t, false, MAGIC_US, numbers[i]);
		c = collect(write_text("raw.pcap", &t));
		assert_int_equal(c.frames[0].link_type, 101);
		assert_string_equal(capture_source(c.stream, 0)->link_type, "rawip");
		collected_free(&c);
	}
}

static void test_a_fraction_past_the_second_stays_near_it(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	pcap_header(&t, false, MAGIC_US, 1);
	pcap_record(&t, false, 10, 999999, 1, 1, 0);
	pcap_record(&t, false, 10, 1000000, 1, 1, 0);	 /* a carry that was forgotten */
	pcap_record(&t, false, 10, 0x80000000, 1, 1, 0); /* nonsense */
	c = collect(write_text("fraction.pcap", &t));
	assert_int_equal(c.frames[1].ts_ns, 11 * NS_PER_S);
	assert_int_equal(c.frames[2].ts_ns, 11 * NS_PER_S - 1000);
	assert_int_equal(c.frames[2].clock_ns, 11 * NS_PER_S);
	assert_int_equal(capture_source(c.stream, 0)->clock_jumps, 0);
	collected_free(&c);
}

/* The variant with eight more bytes per record (interface, protocol, packet type), which libpcap reads. */
static void test_modified_variant_is_read(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	pcap_header(&t, false, 0xa1b2cd34, 1);
	put32(&t, false, 5);
	put32(&t, false, 250000);
	put32(&t, false, 4);
	put32(&t, false, 4);
	put64(&t, false, 0);
	put32(&t, false, 0x04030201);
	put32(&t, false, 6);
	c = collect(write_text("modified.pcap", &t));
	assert_int_equal(c.count, 1);
	assert_int_equal(c.frames[0].ts_ns, 5 * NS_PER_S + 250 * NS_PER_MS);
	assert_memory_equal(c.frames[0].data, "\1\2\3\4", 4);
	assert_true(capture_source(c.stream, 0)->cut_short);
	assert_non_null(strstr(capture_source(c.stream, 0)->problem, "the last whole frame is 1"));
	collected_free(&c);
}

/* Frames of 60 kB, so that many windows are needed, and one that is larger than a window. */
static void test_frames_across_windows_are_whole(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	pcap_header(&t, false, MAGIC_US, 1);
	for (int i = 0; i < 60; i++)
		pcap_record(&t, false, 100 + (uint32_t)i, 0, 60000, 60000, i);
	pcap_record(&t, false, 200, 0, 1024 * 1024, 1024 * 1024, 9);
	c = collect(write_text("large.pcap", &t));
	assert_int_equal(c.count, 61);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(c.frames[i].data[0], i);
		assert_int_equal(c.frames[i].data[59999], (uint8_t)(i + 59999));
	}
	assert_int_equal(c.frames[60].data[1024 * 1024 - 1], (uint8_t)(9 + 1024 * 1024 - 1));
	collected_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_byte_orders_and_units_are_read),
		cmocka_unit_test(test_header_without_packets_is_no_error),
		cmocka_unit_test(test_a_cut_anywhere_keeps_the_whole_frames),
		cmocka_unit_test(test_cut_is_told_with_the_last_whole_frame),
		cmocka_unit_test(test_impossible_length_is_damage),
		cmocka_unit_test(test_zeros_at_the_end_are_damage_and_no_frames),
		cmocka_unit_test(test_declared_check_sequence_is_cut_off),
		cmocka_unit_test(test_raw_ip_has_one_number),
		cmocka_unit_test(test_a_fraction_past_the_second_stays_near_it),
		cmocka_unit_test(test_modified_variant_is_read),
		cmocka_unit_test(test_frames_across_windows_are_whole),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
