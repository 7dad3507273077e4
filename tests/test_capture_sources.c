/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources as users name them: bad ones, many at once, folders, growing, filtered. */
#include "cmocka_all.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/when.h"
#include "capture_build.h"

/* A capture of `count` frames of one byte, `first`, first + 1, ..., every `step_ms` from `start_s` on. */
static void counting(struct text *t, uint32_t start_s, uint32_t step_ms, int count, int first)
{
	pcap_header(t, false, MAGIC_US, 1);
	for (uint32_t i = 0; i < (uint32_t)count; i++)
		pcap_record(t, false, start_s + i * step_ms / 1000, i * step_ms % 1000 * 1000, 1, 1, first + (int)i);
}

static const char *write_counting(const char *name, uint32_t start_s, uint32_t step_ms, int count, int first)
{
	struct text t = {0};

	counting(&t, start_s, step_ms, count, first);
	return write_text(name, &t);
}

static struct collected collect_two(const char *a, const char *b)
{
	const char *inputs[] = {a, b};
	struct options o = file_options(inputs, 2);

	return collect_options(&o);
}

/* ---- what cannot be read ---- */

static void assert_refused(const char *path, const char *why)
{
	struct collected c = collect(path);

	assert_null(c.stream);
	if (!strstr(c.error, why))
		fail_msg("'%s' does not say '%s'", c.error, why);
	assert_null(strchr(c.error, '\n'));
}

static void test_each_bad_input_has_its_sentence(void **state)
{
	(void)state;
	assert_refused(in_folder("nowhere.pcap"), "nowhere.pcap: no such file");
	assert_refused(write_file("zero.pcap", "", 0), "zero.pcap: is empty (0 bytes)");
	assert_refused(write_file("short.pcap", "\xd4\xc3", 2), "is not a capture file (it begins with d4 c3");
	assert_refused(write_file("head.pcap", "\xd4\xc3\xb2\xa1\2\0\4\0", 8), "the file ends inside the file header");
	assert_refused(write_file("x.snoop", "snoop\0\0\0\0\0\0\2\0\0\0\4", 16), "is a snoop file (Solaris)");
	assert_refused(write_file("x.erf", "\0\xd7\xd3\xd6\xec\x7a\x45\x3f\2\5\0\x60\0\0\0\x4e\x9d\x6f\0\x40\x43\3\x7b\xc9", 24),
		"looks like an ERF file (Endace)");
	assert_refused(write_file("x.trc", "TR\0d\0\0\0\0/tmp/x.TRC000", 20), "is a nettl file (HP-UX)");
	assert_refused(write_file("x.trc", "EyeSDN\0\0\0", 9), "is an EyeSDN file");
	assert_refused(write_file("x.bfr", "ObserverPktBufferVersion=15.00", 30), "is an Observer file");
	assert_refused(write_file("x.tr1", "\1\x10\x4c\0\1\5Trace Display", 19), "is a LANalyzer file");
	assert_refused(write_file("x.txt", "+---------+---------------+----------+\r\n", 40), "is a K12 text file");
	assert_refused(write_file("x.ncf", "\x2a\0\x2a\0\0\xea\7\x0b\x15\x0a\x28\x22\x35\x1f\3\0\0\0\0\0\0\0\0\0", 24),
		"looks like a CommView file");
	assert_refused(write_file("x.ncfx", "\x2a\0\0\0\xea\7\x0b\x15\x0a\x28\x22\x35\x1f\3\0\0\0\0\0\0\0\0\0\0", 24),
		"looks like a CommView file");
	assert_refused(write_file("x.jpg", "\xff\xd8\xff\xe0", 4), "is a JPEG picture");
	assert_refused(write_file("x.cap", "GMBU\0\2\0\0", 8), "Microsoft Network Monitor");
	assert_refused(write_file("y.cap", "XCP\0002.002\0", 10), "NetXray");
	assert_refused(write_file("x.trc", "iptrace 2.0\0\0\0\0", 15), "iptrace");
	assert_refused(write_file("x.log", "12:34:56.789012 IP 192.0.2.1 > 192.0.2.2: ICMP", 46), "tcpdump -w");
	assert_refused(write_file("x.txt", "Dear all,\n", 10), "is a text, not a capture file");
	assert_refused(write_file("x.zip", "PK\3\4\0\0\0\0", 8), "unpack it first");
	assert_refused(write_file("x.bin", "\1\2\3\4\5\6\7\x80", 8), "it begins with 01 02 03 04");
	assert_refused(write_file("nul.pcap", "\0\0\0\0\0\0\0\0", 8), "begins with zeros");
	assert_refused(write_file("empty.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20), "is empty");
}

static void test_folder_without_captures_is_told(void **state)
{
	const char *folder = in_folder("letters");

	(void)state;
	mkdir(folder, 0700);
	assert_refused(folder, "letters: is a folder without captures");
	write_file("letters/note.txt", "Dear all,\n", 10);
	assert_refused(folder, "letters: is a folder without captures");
}

static void test_no_permission_is_told(void **state)
{
	const char *path = write_counting("locked.pcap", 1, 1, 1, 0);

	(void)state;
	chmod(path, 0);
	if (access(path, R_OK) == 0)
		skip(); /* nothing is closed to root */
	assert_refused(path, "locked.pcap: permission denied");
}

static void test_one_unreadable_of_several_does_not_stop_the_others(void **state)
{
	struct collected c = collect_two(in_folder("nowhere.pcap"), write_counting("good.pcap", 1, 1, 2, 0));

	(void)state;
	assert_int_equal(c.count, 2);
	assert_int_equal(capture_source_count(c.stream), 2);
	assert_false(capture_source(c.stream, 0)->unreadable);
	assert_true(capture_source(c.stream, 1)->unreadable);
	assert_string_equal(capture_source(c.stream, 1)->problem, "no such file");
	collected_free(&c);
}

/* ---- several at once ---- */

static void test_sources_are_merged_by_time_whatever_their_order(void **state)
{
	const char *even = write_counting("z-even.pcap", 10, 2000, 40, 0);
	const char *odd = write_counting("a-odd.pcap", 11, 2000, 40, 100);

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct collected c = turn ? collect_two(even, odd) : collect_two(odd, even);

		assert_int_equal(c.count, 80);
		for (int i = 0; i < 80; i++) {
			assert_int_equal(c.frames[i].ts_ns, (10 + i) * NS_PER_S);
			assert_int_equal(c.frames[i].source, i % 2);
			assert_int_equal(c.frames[i].number, i / 2 + 1);
			assert_int_equal(c.frames[i].order, i + 1);
			assert_int_equal(c.frames[i].data[0], i % 2 ? 100 + i / 2 : i / 2);
		}
		assert_string_equal(capture_source(c.stream, 0)->name, even);
		collected_free(&c);
	}
}

static void test_equal_times_go_by_name_as_people_count(void **state)
{
	const char *nine = write_counting("cap 9.pcap", 10, 0, 3, 0);
	const char *ten = write_counting("cap 10.pcap", 10, 0, 3, 100);
	struct collected c = collect_two(ten, nine);

	(void)state;
	assert_int_equal(c.count, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(c.frames[i].data[0], i < 3 ? i : 97 + i);
	collected_free(&c);
}

/* 300 files of a rotated capture, more than may be open at once with their windows. */
static void test_many_rotated_files_are_one_capture(void **state)
{
	const char *folder = in_folder("rotated");
	struct options o = file_options(&folder, 1);
	struct collected c;
	uint64_t total;

	(void)state;
	mkdir(folder, 0700);
	for (int i = 0; i < 300; i++) {
		char name[64];

		snprintf(name, sizeof(name), "rotated/r.pcap%d", i);
		write_counting(name, 1000 + (uint32_t)i, 100, 10, i);
	}
	c = collect_options(&o);
	assert_int_equal(c.count, 3000);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(c.frames[i].ts_ns, 1000 * NS_PER_S + i * 100 * NS_PER_MS);
		assert_int_equal(c.frames[i].source, i / 10);
	}
	assert_int_equal(capture_source(c.stream, 299)->frames, 10);
	assert_int_equal(capture_bytes_read(c.stream, &total), 300 * (24 + 170));
	assert_int_equal(total, 300 * (24 + 170));
	collected_free(&c);
}

static void test_a_file_named_twice_is_read_once(void **state)
{
	const char *folder = in_folder("twice"), *inputs[3];
	struct options o = file_options(inputs, 3);
	struct collected c;

	(void)state;
	mkdir(folder, 0700);
	inputs[0] = write_counting("twice/a.pcap", 1, 1, 5, 0);
	inputs[1] = folder;
	inputs[2] = inputs[0];
	c = collect_options(&o);
	assert_int_equal(c.count, 5);
	assert_int_equal(capture_source_count(c.stream), 1);
	collected_free(&c);
}

static void test_captures_among_other_files_of_a_folder_are_found(void **state)
{
	const char *folder = in_folder("mixed");
	struct options o = file_options(&folder, 1);
	struct collected c;

	(void)state;
	mkdir(folder, 0700);
	write_file("mixed/README", "what this is\n", 13);
	write_counting("mixed/without-extension", 5, 1, 2, 0);
	write_file("mixed/last.pcap", "", 0);
	c = collect_options(&o);
	assert_int_equal(c.count, 2);
	assert_int_equal(capture_source_count(c.stream), 2);
	assert_true(capture_source(c.stream, 1)->unreadable);
	collected_free(&c);
}

/* ---- pipes and growing files ---- */

struct feeder {
	int fd;
	struct text t;
};

static void *feed(void *arg)
{
	struct feeder *f = arg;

	for (size_t at = 0; at < f->t.len; at += 7) {
		size_t n = f->t.len - at < 7 ? f->t.len - at : 7;

		assert_int_equal(write(f->fd, f->t.s + at, n), n);
	}
	close(f->fd);
	return NULL;
}

static void test_a_pipe_is_read_in_any_portions(void **state)
{
	struct feeder f = {0};
	struct collected c;
	char path[64];
	pthread_t thread;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	counting(&f.t, 3, 1, 500, 0);
	f.fd = ends[1];
	pthread_create(&thread, NULL, feed, &f);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	c = collect(path);
	pthread_join(thread, NULL);
	assert_int_equal(c.count, 500);
	assert_string_equal(capture_source(c.stream, 0)->problem, "");
	collected_free(&c);
	close(ends[0]);
	text_free(&f.t);
}

static void append(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void test_a_growing_file_is_followed_until_stopped(void **state)
{
	const char *path = write_counting("growing.pcap", 50, 1000, 2, 0);
	struct options o = file_options(&path, 1);
	struct text more = {0};
	struct capture_stream *s;
	struct batch b;
	int64_t clock_ns;
	char error[256];

	(void)state;
	o.follow = true;
	s = capture_open(&o, error, sizeof(error));
	assert_int_equal(capture_next(s, &b, &clock_ns), 1);
	assert_int_equal(b.count, 2);
	assert_int_equal(clock_ns, 51 * NS_PER_S);
	assert_int_equal(capture_next(s, &b, &clock_ns), 1);
	assert_int_equal(b.count, 0);
	/* An old file: its clock goes on from its last frame, not from today. */
	assert_true(clock_ns > 51 * NS_PER_S && clock_ns < 60 * NS_PER_S);
	pcap_record(&more, false, 52, 0, 3, 3, 9);
	append(path, more.s, 10);
	assert_int_equal(capture_next(s, &b, &clock_ns), 1);
	assert_int_equal(b.count, 0);
	append(path, more.s + 10, more.len - 10);
	assert_int_equal(capture_next(s, &b, &clock_ns), 1);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.frames[0].data[2], 11);
	append(path, more.s, 10);
	capture_next(s, &b, &clock_ns);
	capture_stop(s);
	assert_int_equal(capture_next(s, &b, &clock_ns), 0);
	assert_false(capture_source(s, 0)->cut_short);
	capture_close(s);
	text_free(&more);
}

/* ---- filter, count, window ---- */

/* Ethernet frames of 34 bytes: IPv4 with protocol 6 and 17 by turns. */
static const char *write_protocols(const char *name, int count)
{
	struct text t = {0};

	pcap_header(&t, false, MAGIC_US, 1);
	for (uint32_t i = 0; i < (uint32_t)count; i++) {
		uint8_t frame[34] = {[12] = 8, [14] = 0x45, [17] = 20, [23] = i % 2 ? 17 : 6};

		pcap_record(&t, false, 100 + i, 0, 34, 34, 0);
		memcpy(t.s + t.len - 34, frame, 34);
	}
	return write_text(name, &t);
}

static void test_filter_keeps_the_numbers_of_all_frames(void **state)
{
	const char *path = write_protocols("protocols.pcap", 200);
	struct options o = file_options(&path, 1);
	char filter[] = "udp";
	struct collected c;

	(void)state;
	o.filter = filter;
	c = collect_options(&o);
	assert_int_equal(c.count, 100);
	for (uint64_t i = 0; i < 100; i++) {
		assert_int_equal(c.frames[i].number, 2 * i + 2);
		assert_int_equal(c.frames[i].order, i + 1);
	}
	assert_int_equal(capture_source(c.stream, 0)->frames, 200);
	collected_free(&c);
}

static void test_bad_filter_is_told(void **state)
{
	const char *path = write_protocols("protocols.pcap", 2);
	struct options o = file_options(&path, 1);
	char filter[] = "tcp prot 443";
	char error[256];

	(void)state;
	o.filter = filter;
	assert_null(capture_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "the filter 'tcp prot 443' is wrong: "));
}

static void test_filter_that_fits_no_link_is_told(void **state)
{
	struct text t = {0};
	struct options o;
	char filter[] = "vlan 5";
	char error[256];
	const char *path;

	(void)state;
	pcap_header(&t, false, MAGIC_US, 101);
	pcap_record(&t, false, 1, 0, 20, 20, 0);
	path = write_text("raw.pcap", &t);
	o = file_options(&path, 1);
	o.filter = filter;
	assert_null(capture_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "the filter 'vlan 5' cannot be used: "));
}

static void test_count_and_window_bound_what_is_given_out(void **state)
{
	const char *path = write_counting("window.pcap", 100, 1000, 90, 0);
	struct options o = file_options(&path, 1);
	struct collected c;

	(void)state;
	o.from_ns = 110 * NS_PER_S;
	o.to_ns = 160 * NS_PER_S;
	c = collect_options(&o);
	assert_int_equal(c.count, 51);
	assert_int_equal(c.frames[0].number, 11);
	collected_free(&c);
	o.count = 40;
	c = collect_options(&o);
	assert_int_equal(c.count, 40);
	assert_int_equal(c.frames[39].number, 50);
	collected_free(&c);
}

/* ---- the clock ---- */

static struct collected collect_times(const int64_t *ms, int count)
{
	struct text t = {0};

	pcap_header(&t, false, MAGIC_US, 1);
	for (int i = 0; i < count; i++)
		pcap_record(&t, false, (uint32_t)(ms[i] / 1000), (uint32_t)(ms[i] % 1000 * 1000), 1, 1, 0);
	return collect(write_text("clock.pcap", &t));
}

#define AT_2026 INT64_C(1767225600000)
#define DAY_MS INT64_C(86400000)

static void test_steps_back_are_clock_jumps(void **state)
{
	const int64_t ms[] = {AT_2026, AT_2026 + 5000, AT_2026 + 2500, AT_2026 + 60000, AT_2026 + 20000};
	struct collected c = collect_times(ms, 5);
	const struct source *s = capture_source(c.stream, 0);

	(void)state;
	assert_int_equal(s->clock_jumps, 2);
	assert_int_equal(s->jump_frame, 3);
	assert_int_equal(s->clock_jump_max_ns, -40 * NS_PER_S);
	assert_int_equal(c.frames[2].clock_ns, (AT_2026 + 5000) * NS_PER_MS);
	assert_int_equal(c.frames[4].clock_ns, (AT_2026 + 60000) * NS_PER_MS);
	collected_free(&c);
}

static void test_reordering_and_quiet_times_are_no_clock_jumps(void **state)
{
	const int64_t ms[] = {AT_2026, AT_2026 - 8, AT_2026 + 1, AT_2026 + 3 * DAY_MS, AT_2026 + 33 * DAY_MS};
	struct collected c = collect_times(ms, 5);

	(void)state;
	assert_int_equal(capture_source(c.stream, 0)->clock_jumps, 0);
	collected_free(&c);
}

static void test_a_clock_set_after_the_start_jumps(void **state)
{
	const int64_t ms[] = {12000, 13000, AT_2026, AT_2026 + 10};
	struct collected c = collect_times(ms, 4);

	(void)state;
	assert_int_equal(capture_source(c.stream, 0)->clock_jumps, 1);
	assert_int_equal(capture_source(c.stream, 0)->jump_frame, 3);
	collected_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bad_input_has_its_sentence),
		cmocka_unit_test(test_folder_without_captures_is_told),
		cmocka_unit_test(test_no_permission_is_told),
		cmocka_unit_test(test_one_unreadable_of_several_does_not_stop_the_others),
		cmocka_unit_test(test_sources_are_merged_by_time_whatever_their_order),
		cmocka_unit_test(test_equal_times_go_by_name_as_people_count),
		cmocka_unit_test(test_many_rotated_files_are_one_capture),
		cmocka_unit_test(test_a_file_named_twice_is_read_once),
		cmocka_unit_test(test_captures_among_other_files_of_a_folder_are_found),
		cmocka_unit_test(test_a_pipe_is_read_in_any_portions),
		cmocka_unit_test(test_a_growing_file_is_followed_until_stopped),
		cmocka_unit_test(test_filter_keeps_the_numbers_of_all_frames),
		cmocka_unit_test(test_bad_filter_is_told),
		cmocka_unit_test(test_filter_that_fits_no_link_is_told),
		cmocka_unit_test(test_count_and_window_bound_what_is_given_out),
		cmocka_unit_test(test_steps_back_are_clock_jumps),
		cmocka_unit_test(test_reordering_and_quiet_times_are_no_clock_jumps),
		cmocka_unit_test(test_a_clock_set_after_the_start_jumps),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
