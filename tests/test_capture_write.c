/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures that are written: read back by our own reader and by libpcap. */
#include "cmocka_all.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <sys/stat.h>

#include "base/when.h"
#include "capture/capture_write.h"
#include "capture_build.h"

static struct frame make_frame(uint32_t link_type, int64_t ts_ns, const char *bytes)
{
	uint32_t size = (uint32_t)strlen(bytes);

	return (struct frame){.data = (const uint8_t *)bytes,
		.captured = size,
		.on_wire = size + 10,
		.ts_ns = ts_ns,
		.link_type = link_type};
}

static void put_frame(struct capture_writer *w, uint32_t link_type, int64_t ts_ns, const char *bytes)
{
	struct frame f = make_frame(link_type, ts_ns, bytes);

	assert_true(capture_write_frame(w, &f, "eth7", NULL));
}

static struct capture_writer *open_writer(const char *path)
{
	char error[256];
	struct capture_writer *w = capture_write_open(path, false, error, sizeof(error));

	assert_non_null(w);
	return w;
}

static void close_writer(struct capture_writer *w)
{
	char error[256] = "";

	if (!capture_write_close(w, error, sizeof(error)))
		fail_msg("%s", error);
}

static void assert_frame(const struct collected *c, size_t i, uint32_t link_type, int64_t ts_ns, const char *bytes)
{
	assert_true(i < c->count);
	assert_int_equal(c->frames[i].link_type, link_type);
	assert_int_equal(c->frames[i].ts_ns, ts_ns);
	assert_int_equal(c->frames[i].captured, strlen(bytes));
	assert_int_equal(c->frames[i].on_wire, strlen(bytes) + 10);
	assert_memory_equal(c->frames[i].data, bytes, strlen(bytes));
}

static size_t count_by_libpcap(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, error);
	struct pcap_pkthdr *h;
	const uint8_t *data;
	size_t n = 0;

	assert_non_null(p);
	while (pcap_next_ex(p, &h, &data) == 1)
		n++;
	pcap_close(p);
	return n;
}

static void test_one_link_type_is_classic_in_ns(void **state)
{
	const char *path = in_folder("one.pcap");
	struct capture_writer *w = open_writer(path);
	struct collected c;

	(void)state;
	put_frame(w, 113, 1700000000123456789, "first");
	put_frame(w, 113, 1700000000123456790, "second one");
	assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
	close_writer(w);
	c = collect(path);
	assert_string_equal(capture_source(c.stream, 0)->format, "pcap-ns");
	assert_frame(&c, 0, 113, 1700000000123456789, "first");
	assert_frame(&c, 1, 113, 1700000000123456790, "second one");
	assert_int_equal(count_by_libpcap(path), 2);
	collected_free(&c);
}

static void test_a_second_link_type_makes_it_pcapng(void **state)
{
	const char *path = in_folder("two.pcap");
	struct capture_writer *w = open_writer(path);
	struct collected c;

	(void)state;
	put_frame(w, 1, 5, "ether");
	put_frame(w, 1, 6, "more ether");
	put_frame(w, 101, 7, "raw");
	put_frame(w, 1, 8, "");
	close_writer(w);
	c = collect(path);
	assert_string_equal(capture_source(c.stream, 0)->format, "pcapng");
	assert_string_equal(capture_source(c.stream, 0)->interfaces, "eth7");
	assert_int_equal(c.count, 4);
	assert_frame(&c, 0, 1, 5, "ether");
	assert_frame(&c, 1, 1, 6, "more ether");
	assert_frame(&c, 2, 101, 7, "raw");
	assert_frame(&c, 3, 1, 8, "");
	assert_int_equal(c.frames[3].interface, 0);
	assert_string_equal(capture_source(c.stream, 0)->problem, "");
	collected_free(&c);
}

static void test_a_time_past_2106_makes_it_pcapng(void **state)
{
	const char *path = in_folder("late.pcap");
	struct capture_writer *w = open_writer(path);
	struct collected c;

	(void)state;
	put_frame(w, 1, INT64_C(0x100000000) * NS_PER_S, "late");
	close_writer(w);
	c = collect(path);
	assert_frame(&c, 0, 1, INT64_C(0x100000000) * NS_PER_S, "late");
	collected_free(&c);
}

static void test_comments_and_secrets_are_in_pcapng(void **state)
{
	const char *path = in_folder("evidence.pcapng");
	struct capture_writer *w = open_writer(path);
	struct frame f = make_frame(1, 9, "bytes");
	struct collected c;
	char bytes[1024];
	int fd;

	(void)state;
	capture_write_secrets(w, "CLIENT_RANDOM 00 11\n");
	assert_true(capture_write_frame(w, &f, "trouble.pcap", "F1: reset after ClientHello"));
	close_writer(w);
	c = collect(path);
	assert_frame(&c, 0, 1, 9, "bytes");
	assert_string_equal(capture_source(c.stream, 0)->interfaces, "trouble.pcap");
	assert_non_null(strstr(capture_secrets(c.stream), "CLIENT_RANDOM 00 11\n"));
	collected_free(&c);
	assert_int_equal(count_by_libpcap(path), 1);
	fd = open(path, O_RDONLY);
	assert_non_null(memmem(bytes, (size_t)read(fd, bytes, sizeof(bytes)), "F1: reset after ClientHello", 27));
	close(fd);
}

static void test_no_frames_make_a_file_without_frames(void **state)
{
	static const char *const names[] = {"none.pcap", "none.pcapng"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *path = in_folder(names[i]);
		struct collected c;

		close_writer(open_writer(path));
		c = collect(path);
		assert_non_null(c.stream);
		assert_int_equal(c.count, 0);
		collected_free(&c);
	}
}

static int files_in_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void test_a_discarded_file_leaves_the_old_one(void **state)
{
	const char *folder = in_folder("kept"), *path = in_folder("kept/a.pcap");
	struct capture_writer *w;
	struct stat st;

	(void)state;
	mkdir(folder, 0700);
	write_file("kept/a.pcap", "old", 3);
	w = open_writer(path);
	put_frame(w, 1, 1, "new");
	capture_write_discard(w);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(files_in_folder(folder), 1);
	w = open_writer(path);
	put_frame(w, 1, 1, "new");
	put_frame(w, 2, 1, "of another link");
	close_writer(w);
	assert_int_equal(files_in_folder(folder), 1);
}

static void test_a_full_disk_is_told(void **state)
{
	char error[256] = "";
	struct capture_writer *w;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	w = open_writer("/dev/full");
	put_frame(w, 1, 1, "lost");
	assert_false(capture_write_close(w, error, sizeof(error)));
	assert_string_equal(error, "/dev/full cannot be written: No space left on device");
}

static void test_a_folder_that_is_not_there_is_told(void **state)
{
	char error[256] = "";

	(void)state;
	assert_null(capture_write_open(in_folder("nowhere/a.pcap"), false, error, sizeof(error)));
	assert_non_null(strstr(error, "nowhere/a.pcap cannot be written: No such file"));
}

static void test_a_pipe_cannot_become_pcapng(void **state)
{
	char error[256] = "";
	struct capture_writer *w = open_writer("/dev/null");
	struct frame f = make_frame(101, 1, "raw");

	(void)state;
	put_frame(w, 1, 1, "ether");
	assert_false(capture_write_frame(w, &f, NULL, NULL));
	assert_false(capture_write_close(w, error, sizeof(error)));
	assert_non_null(strstr(error, "need a name that ends in .pcapng"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_link_type_is_classic_in_ns),
		cmocka_unit_test(test_a_second_link_type_makes_it_pcapng),
		cmocka_unit_test(test_a_time_past_2106_makes_it_pcapng),
		cmocka_unit_test(test_comments_and_secrets_are_in_pcapng),
		cmocka_unit_test(test_no_frames_make_a_file_without_frames),
		cmocka_unit_test(test_a_discarded_file_leaves_the_old_one),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_a_folder_that_is_not_there_is_told),
		cmocka_unit_test(test_a_pipe_cannot_become_pcapng),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
