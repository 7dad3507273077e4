/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng files: every kind of block, several sections and interfaces, cut and damaged. */
#include "cmocka_all.h"

#include "base/when.h"
#include "capture_build.h"

/* A comment, two interfaces (Ethernet in microseconds, raw IP in nanoseconds), a frame on each. */
static void two_interfaces(struct text *t, bool big)
{
	size_t at = block_begin(t, big, 0x0a0d0d0a);

	put32(t, big, 0x1a2b3c4d);
	put16(t, big, 1);
	put16(t, big, 0);
	put64(t, big, UINT64_MAX);
	option(t, big, 1, "first comment", 13);
	put32(t, big, 0);
	block_end(t, big, at);
	at = block_begin(t, big, 1);
	put16(t, big, 1);
	put16(t, big, 0);
	put32(t, big, 262144);
	option(t, big, 2, "eth0", 4);
	option(t, big, 11, "\0tcp port 443", 13);
	block_end(t, big, at);
	interface_block(t, big, 101, 96, 9);
	packet_block(t, big, 0, 1500000, 5, 5, 1);
	packet_block(t, big, 1, 1600000001, 96, 200, 2);
}

static void test_both_byte_orders_and_mixed_links_are_read(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct text t = {0};
		struct collected c;
		const struct source *s;

		two_interfaces(&t, big);
		c = collect(write_text("a.pcapng", &t));
		assert_int_equal(c.count, 2);
		assert_int_equal(c.frames[0].ts_ns, 1500 * NS_PER_MS);
		assert_memory_equal(c.frames[0].data, "\1\2\3\4\5", 5);
		assert_int_equal(c.frames[0].link_type, 1);
		assert_int_equal(c.frames[1].ts_ns, 1600000001);
		assert_int_equal(c.frames[1].link_type, 101);
		assert_int_equal(c.frames[1].on_wire, 200);
		assert_int_equal(c.frames[1].interface, 1);
		s = capture_source(c.stream, 0);
		assert_string_equal(s->format, "pcapng");
		assert_string_equal(s->link_type, "mixed");
		assert_string_equal(s->comment, "first comment");
		assert_string_equal(s->filter, "tcp port 443");
		assert_string_equal(s->interfaces, "eth0");
		assert_int_equal(s->snaplen, 96);
		assert_false(s->cut_short || s->damaged);
		collected_free(&c);
	}
}

static void test_sections_may_differ_in_byte_order(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	two_interfaces(&t, false);
	section(&t, true);
	interface_block(&t, true, 113, 0, 9);
	packet_block(&t, true, 0, 1700000000, 4, 4, 5);
	c = collect(write_text("sections.pcapng", &t));
	assert_int_equal(c.count, 3);
	assert_int_equal(c.frames[2].link_type, 113);
	assert_int_equal(c.frames[2].ts_ns, 1700 * NS_PER_MS);
	assert_int_equal(c.frames[2].interface, 2);
	assert_false(capture_source(c.stream, 0)->damaged);
	collected_free(&c);
}

struct time_case {
	int resolution;
	uint64_t units;
	int64_t offset_s, ns;
};

static void test_every_resolution_of_time_becomes_ns(void **state)
{
	static const struct time_case cases[] = {
		{0, 7, 0, 7 * NS_PER_S},
		{3, 7001, 0, 7001 * NS_PER_MS},
		{6, 1, 1000, 1000 * NS_PER_S + 1000},
		{9, 1700000000123456789, 0, 1700000000123456789},
		{12, 1999, 0, 1},
		{0x80 | 10, 1536, 0, 1500 * NS_PER_MS},
		{0x80 | 32, UINT64_C(3) << 31, -1, 500 * NS_PER_MS},
		{0, UINT64_MAX, 0, FRAME_TIME_MAX_NS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t resolution = (uint8_t)cases[i].resolution;
		struct text t = {0};
		struct collected c;
		size_t at;

		section(&t, true);
		at = block_begin(&t, true, 1);
		put32(&t, true, 1 << 16);
		put32(&t, true, 0);
		option(&t, true, 9, &resolution, 1);
		option64(&t, true, 14, (uint64_t)cases[i].offset_s);
		block_end(&t, true, at);
		packet_block(&t, true, 0, cases[i].units, 1, 1, 0);
		c = collect(write_text("time.pcapng", &t));
		assert_int_equal(c.count, 1);
		assert_int_equal(c.frames[0].ts_ns, cases[i].ns);
		collected_free(&c);
	}
}

static void test_simple_and_obsolete_packets_are_read(void **state)
{
	struct text t = {0};
	struct collected c;
	size_t at;

	(void)state;
	section(&t, false);
	interface_block(&t, false, 1, 6, -1);
	at = block_begin(&t, false, 2); /* obsolete: interface 0, 3 drops, 2.5 s, 4 of 9 bytes */
	put32(&t, false, 3 << 16);
	put32(&t, false, 0);
	put32(&t, false, 2500000);
	put32(&t, false, 4);
	put32(&t, false, 9);
	put32(&t, false, 0x04030201);
	block_end(&t, false, at);
	at = block_begin(&t, false, 3); /* simple: 9 bytes, of which the snap length leaves 6; then 2 of padding */
	put32(&t, false, 9);
	put64(&t, false, 0x060504030201);
	block_end(&t, false, at);
	c = collect(write_text("old.pcapng", &t));
	assert_int_equal(c.count, 2);
	assert_int_equal(c.frames[0].ts_ns, 2500 * NS_PER_MS);
	assert_int_equal(c.frames[0].captured, 4);
	assert_int_equal(c.frames[0].on_wire, 9);
	assert_int_equal(c.frames[1].ts_ns, 2500 * NS_PER_MS);
	assert_int_equal(c.frames[1].captured, 6);
	assert_int_equal(c.frames[1].on_wire, 9);
	assert_memory_equal(c.frames[1].data, "\1\2\3\4\5\6", 6);
	collected_free(&c);
}

static void statistics(struct text *t, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
	size_t at = block_begin(t, false, 5);

	put32(t, false, interface);
	put64(t, false, 0);
	option64(t, false, 4, 100);
	option64(t, false, 5, ifdrop);
	option64(t, false, 7, osdrop);
	block_end(t, false, at);
}

static void test_drops_are_the_last_statistics_of_each_interface(void **state)
{
	struct text t = {0};
	struct collected c;

	(void)state;
	two_interfaces(&t, false);
	statistics(&t, 0, 1, 2);
	statistics(&t, 1, 10, 0);
	statistics(&t, 0, 4, 2); /* counts from the start, so it replaces the first */
	c = collect(write_text("drops.pcapng", &t));
	assert_true(capture_source(c.stream, 0)->drops_known);
	assert_int_equal(capture_source(c.stream, 0)->drops, 16);
	collected_free(&c);
}

/* An enhanced packet with flags that give a check sequence of 4 octets, and 7 frames dropped before it. */
static void test_packet_options_are_heeded(void **state)
{
	struct text t = {0};
	struct collected c;
	size_t at;

	(void)state;
	section(&t, true);
	interface_block(&t, true, 1, 0, -1);
	at = block_begin(&t, true, 6);
	put32(&t, true, 0);
	put64(&t, true, 1);
	put32(&t, true, 9);
	put32(&t, true, 9);
	text_add_bytes(&t, "123456789", 9);
	pad4(&t);
	option(&t, true, 1, "a comment", 9);
	put16(&t, true, 2);
	put16(&t, true, 4);
	put32(&t, true, 4 << 5);
	option64(&t, true, 4, 7);
	put32(&t, true, 0);
	block_end(&t, true, at);
	c = collect(write_text("options.pcapng", &t));
	assert_int_equal(c.frames[0].captured, 5);
	assert_int_equal(c.frames[0].on_wire, 5);
	assert_int_equal(capture_source(c.stream, 0)->drops, 7);
	collected_free(&c);
}

/* The option has one byte by the draft. One tool wrote four, and frames without a check sequence. */
static void test_check_sequence_length_is_one_byte(void **state)
{
	for (size_t size = 1; size <= 4; size += 3) {
		struct text t = {0};
		struct collected c;
		size_t at;

		(void)state;
		section(&t, false);
		at = block_begin(&t, false, 1);
		put16(&t, false, 1);
		put16(&t, false, 0);
		put32(&t, false, 0);
		option(&t, false, 13, "\4\0\0\0", size);
		put32(&t, false, 0);
		block_end(&t, false, at);
		at = block_begin(&t, false, 6);
		put32(&t, false, 0);
		put64(&t, false, 1);
		put32(&t, false, 8);
		put32(&t, false, 8);
		text_add_bytes(&t, "12345678", 8);
		block_end(&t, false, at);
		c = collect(write_text("fcslen.pcapng", &t));
		assert_int_equal(c.frames[0].captured, size == 1 ? 4 : 8);
		collected_free(&c);
	}
}

/* Early writers padded blocks to four bytes and left the padding out of both lengths. */
static void test_padding_that_is_not_counted(void **state)
{
	struct text t = {0};
	struct collected c;
	size_t at;

	(void)state;
	section(&t, false);
	interface_block(&t, false, 1, 0, -1);
	for (int i = 0; i < 2; i++) {
		at = block_begin(&t, false, 6);
		put32(&t, false, 0);
		put64(&t, false, 1);
		put32(&t, false, 5);
		put32(&t, false, 5);
		text_add_bytes(&t, "12345", 5);
		pad4(&t);
		block_end(&t, false, at);
		t.s[at + 4] -= 3;
		t.s[t.len - 4] -= 3;
	}
	c = collect(write_text("early.pcapng", &t));
	assert_int_equal(c.count, 2);
	assert_memory_equal(c.frames[1].data, "12345", 5);
	collected_free(&c);
}

static void note_name(void *arg, const char *address, const char *name)
{
	text_printf(arg, "%s=%s ", address, name);
}

static void test_names_and_secrets_are_kept(void **state)
{
	struct text t = {0}, names = {0};
	struct collected c;
	size_t at;

	(void)state;
	section(&t, false);
	at = block_begin(&t, false, 4);
	option(&t, false, 1, "\xc0\0\2\1a.example\0b.example", 24);
	option(&t, false, 2, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1six", 20);
	put32(&t, false, 0);
	block_end(&t, false, at);
	at = block_begin(&t, false, 10);
	put32(&t, false, 0x544c534b);
	put32(&t, false, 19);
	text_add_bytes(&t, "CLIENT_RANDOM aa bb", 19);
	block_end(&t, false, at);
	c = collect(write_text("extras.pcapng", &t));
	assert_string_equal(capture_secrets(c.stream), "CLIENT_RANDOM aa bb\n");
	capture_names(c.stream, note_name, &names);
	assert_string_equal(names.s, "192.0.2.1=a.example 192.0.2.1=b.example 2001:db8::1=six ");
	text_free(&names);
	collected_free(&c);
}

static void test_unknown_blocks_are_stepped_over(void **state)
{
	struct text t = {0};
	struct collected c;
	size_t at;

	(void)state;
	section(&t, false);
	at = block_begin(&t, false, 0xbad);
	put64(&t, false, 42);
	block_end(&t, false, at);
	interface_block(&t, false, 1, 0, -1);
	packet_block(&t, false, 0, 5, 3, 3, 0);
	c = collect(write_text("custom.pcapng", &t));
	assert_int_equal(c.count, 1);
	collected_free(&c);
}

static void test_a_cut_anywhere_keeps_the_whole_frames(void **state)
{
	struct text t = {0};
	size_t first_end, head_end;

	(void)state;
	section(&t, false);
	head_end = t.len;
	interface_block(&t, false, 1, 0, -1);
	packet_block(&t, false, 0, 5, 3, 3, 0);
	first_end = t.len;
	packet_block(&t, false, 0, 6, 3, 3, 0);
	for (size_t size = 0; size <= t.len; size++) {
		struct collected c = collect(write_file("cut.pcapng", t.s, size));

		assert_int_equal(c.stream != NULL, size >= head_end);
		assert_int_equal(c.count, size == t.len ? 2 : size >= first_end);
		if (size > head_end && size < first_end && size != head_end + 24)
			assert_true(capture_source(c.stream, 0)->cut_short);
		collected_free(&c);
	}
	text_free(&t);
}

/* Every byte of a file is changed in turn: it must be read to some end without harm. */
static void test_any_changed_byte_is_survived(void **state)
{
	struct text t = {0};

	(void)state;
	two_interfaces(&t, false);
	statistics(&t, 0, 1, 2);
	for (size_t i = 0; i < t.len; i++) {
		struct collected c;

		t.s[i] = (char)~t.s[i];
		c = collect(write_file("changed.pcapng", t.s, t.len));
		assert_true(c.count <= 2);
		collected_free(&c);
		t.s[i] = (char)~t.s[i];
	}
	text_free(&t);
}

static void assert_damaged_after(struct text *t, size_t frames)
{
	struct collected c = collect(write_text("damaged.pcapng", t));

	assert_non_null(c.stream);
	assert_int_equal(c.count, frames);
	assert_true(capture_source(c.stream, 0)->damaged);
	assert_false(capture_source(c.stream, 0)->cut_short);
	assert_non_null(strstr(capture_source(c.stream, 0)->problem, "reading stopped after frame 2"));
	collected_free(&c);
}

static void test_blocks_that_make_no_sense_are_damage(void **state)
{
	struct text t = {0};

	(void)state;
	two_interfaces(&t, false);
	packet_block(&t, false, 2, 7, 1, 1, 0); /* there is no interface 2 */
	assert_damaged_after(&t, 2);
	two_interfaces(&t, true);
	packet_block(&t, true, 0, 7, 1, 1, 0);
	t.s[t.len - 1] ^= 4; /* the two lengths differ */
	assert_damaged_after(&t, 2);
	two_interfaces(&t, false);
	put32(&t, false, 6);
	put32(&t, false, 10); /* shorter than a block can be */
	put64(&t, false, 0);
	assert_damaged_after(&t, 2);
	two_interfaces(&t, false);
	packet_block(&t, false, 0, 7, 1, 1, 0);
	memset(t.s + t.len - 16, 0xff, 4); /* more captured than the block holds */
	assert_damaged_after(&t, 2);
}

/* Two interfaces are stored in turns of 200 ms, as their buffers were emptied: no clock jumps. The step of the clock
 * that both then see is one jump. */
static void test_interfaces_out_of_step_are_no_clock_jump(void **state)
{
	struct text t = {0};
	struct collected c;
	const struct source *s;

	(void)state;
	section(&t, false);
	interface_block(&t, false, 1, 0, 3);
	interface_block(&t, false, 1, 0, 3);
	for (uint32_t i = 0; i < 10; i++) {
		packet_block(&t, false, 0, 100000 + i * 1000, 1, 1, 0);
		packet_block(&t, false, 1, 99100 + i * 1000, 1, 1, 0);
	}
	packet_block(&t, false, 0, 50000, 1, 1, 0);
	packet_block(&t, false, 1, 50001, 1, 1, 0);
	c = collect(write_text("interfaces.pcapng", &t));
	s = capture_source(c.stream, 0);
	assert_int_equal(s->clock_jumps, 1);
	assert_int_equal(s->jump_frame, 21);
	assert_int_equal(s->clock_jump_max_ns, -59 * NS_PER_S);
	collected_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_byte_orders_and_mixed_links_are_read),
		cmocka_unit_test(test_sections_may_differ_in_byte_order),
		cmocka_unit_test(test_every_resolution_of_time_becomes_ns),
		cmocka_unit_test(test_simple_and_obsolete_packets_are_read),
		cmocka_unit_test(test_drops_are_the_last_statistics_of_each_interface),
		cmocka_unit_test(test_packet_options_are_heeded),
		cmocka_unit_test(test_check_sequence_length_is_one_byte),
		cmocka_unit_test(test_padding_that_is_not_counted),
		cmocka_unit_test(test_names_and_secrets_are_kept),
		cmocka_unit_test(test_unknown_blocks_are_stepped_over),
		cmocka_unit_test(test_a_cut_anywhere_keeps_the_whole_frames),
		cmocka_unit_test(test_any_changed_byte_is_survived),
		cmocka_unit_test(test_blocks_that_make_no_sense_are_damage),
		cmocka_unit_test(test_interfaces_out_of_step_are_no_clock_jump),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
