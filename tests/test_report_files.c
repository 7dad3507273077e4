/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of reports: replaced whole, told when the disk is full, known by their extension. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "options.h"
#include "report/report.h"
#include "report/report_file.h"
#include "report/report_words.h"
#include "result_build.h"
#include "temp_folder.h"

static void test_files_are_replaced_whole(void **state)
{
	struct text content = {0};
	char path[128], link[128], error[256], got[16] = "";
	struct stat st;
	int fd;

	(void)state;
	path_in(path, sizeof(path), "a.txt");
	path_in(link, sizeof(link), "link.txt");
	text_add(&content, "first");
	assert_int_equal(report_file_write(path, &content, error, sizeof(error)), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink(path, link), 0);
	text_add(&content, " second");
	assert_int_equal(report_file_write(link, &content, error, sizeof(error)), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, got, sizeof(got)), 12);
	close(fd);
	assert_string_equal(got, "first second");
	unlink(link);
	unlink(path);
	text_free(&content);
}

static void test_a_full_disk_is_told(void **state)
{
	struct text content = {0};
	char path[128], error[256];

	(void)state;
	text_add(&content, "x");
	assert_int_equal(report_file_write("/dev/full", &content, error, sizeof(error)), -1);
	assert_string_equal(error, "cannot write /dev/full: No space left on device");
	path_in(path, sizeof(path), "no/such/folder.txt");
	assert_int_equal(report_file_write(path, &content, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "No such file or directory"));
	text_free(&content);
}

static void test_every_output_asked_for_is_written(void **state)
{
	char json[128], page[128], error[256];
	struct options o = {.output_count = 3,
		.outputs = {{.path = json}, {.path = "/dev/full", .format = "csv"}, {.path = page, .format = "html"}}};
	struct result *r = result_healthy();

	(void)state;
	path_in(json, sizeof(json), "r.json");
	path_in(page, sizeof(page), "page");
	assert_int_equal(report_write(r, &o, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "/dev/full"));
	assert_int_equal(unlink(json), 0);
	assert_int_equal(unlink(page), 0); /* written although the one before it failed */
	result_free(r);
}

static void test_formats_are_known_by_extension(void **state)
{
	(void)state;
	assert_string_equal(report_format_of("a/b.c/report.HTML"), "html");
	assert_string_equal(report_format_of("x.md"), "md");
	assert_string_equal(report_format_of("x.json"), "json");
	assert_string_equal(report_format_of("x.csv"), "csv");
	assert_string_equal(report_format_of("x.txt"), "text");
	assert_null(report_format_of("dir.html/x"));
	assert_null(report_format_of("-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_are_replaced_whole),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_every_output_asked_for_is_written),
		cmocka_unit_test(test_formats_are_known_by_extension),
	};

	return cmocka_run_group_tests(tests, temp_folder_make, temp_folder_remove);
}
