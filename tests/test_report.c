/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/report/: JSON, terminal and CSV, and hostile text in every output; the page and files have tests of their own. */
#include "cmocka_all.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "options.h"
#include "report/report.h"
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
	};

	if (argc >= 4 && strcmp(argv[1], "--write") == 0)
		return write_result(argv[2], argv[3], argc > 4 ? argv[4] : "");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
