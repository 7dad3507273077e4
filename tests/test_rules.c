/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every rule by records alone. tests/rules/ holds, by code, CODE.fires.ndjson (the finding must be there, with
 * evidence), CODE.near.ndjson (nearly the same, and not a fault) and CODE.cut.ndjson (the capture cannot carry the
 * conclusion): there the finding must not be. CODE.softer.ndjson: it is there, and weighs less than it usually does.
 * What is written must fit the case, too, where one rule has several texts.
 */
#include "cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/diagnose.h"
#include "options.h"
#include "record/ndjson.h"

#define CASES_MAX 1000

static char *cases[CASES_MAX];
static int case_count;

static void take(void *arg, const struct record *r)
{
	diagnose_record(arg, r);
}

static struct result *diagnose_file(const char *path, struct options *o)
{
	struct diagnosis_run *d;
	struct record_sink sink;
	char error[256];

	options_defaults(o);
	d = diagnose_new(o);
	sink = (struct record_sink){ take, d };
	if (records_load(path, &sink, error, sizeof(error)) != 0)
		fail_msg("%s: %s", path, error);
	return diagnose_finish(d);
}

static const struct finding *find(const struct result *r, const char *code)
{
	for (int i = 0; i < r->finding_count; i++)
		if (strcmp(r->findings[i]->code, code) == 0)
			return r->findings[i];
	return NULL;
}

static void check_finding(const char *name, const struct finding *f)
{
	if (!f)
		fail_msg("%s: the finding is missing", name);
	if (!f->title || !*f->title || f->count == 0)
		fail_msg("%s: a finding without title or count", name);
	if (f->evidence_count == 0 && strncmp(f->code, "capture-", 8) != 0)
		fail_msg("%s: a finding without evidence", name);
	if (f->severity >= SEVERITY_WARNING && !f->part_of_incident)
		fail_msg("%s: a finding that no diagnosis took", name);
}

static void check_softer(const char *name, const struct finding *f)
{
	check_finding(name, f);
	if (f->severity >= catalogue_severity(f->code))
		fail_msg("%s: as grave as ever", name);
}

static void check_case(const char *folder, const char *name)
{
	char *path = xprintf("%s/%s", folder, name), *code = xstrdup(name);
	struct options o;
	struct result *r = diagnose_file(path, &o);
	const char *kind;

	*strchr(code, '.') = '\0';
	kind = name + strlen(code) + 1;
	if (!catalogue_summary(code))
		fail_msg("%s: no such code", name);
	if (strncmp(kind, "fires", 5) == 0)
		check_finding(name, find(r, code));
	else if (strncmp(kind, "softer", 6) == 0)
		check_softer(name, find(r, code));
	else if (find(r, code))
		fail_msg("%s: a false %s", name, code);
	result_free(r);
	free(path);
	free(code);
}

static void test_rules_fire_and_hold_back(void **state)
{
	const char *source = getenv("srcdir");
	char *folder = xprintf("%s/tests/rules", source ? source : ".");

	(void)state;
	for (int i = 0; i < case_count; i++)
		check_case(folder, cases[i]);
	free(folder);
}

static void add_line(char **text, const char *line)
{
	char *longer = xprintf("%s%s\n", *text, line);

	free(*text);
	*text = longer;
}

/* Title, detail, evidence and next steps, a line each; owned by the caller. */
static char *text_of(const struct finding *f)
{
	char *text = xprintf("%s\n%s\n", f->title, f->detail);

	for (int i = 0; i < f->evidence_count; i++)
		add_line(&text, f->evidence[i].what);
	for (int i = 0; i < f->next_count; i++)
		add_line(&text, f->next[i]);
	return text;
}

static void check_words(const char *path, const char *code, const char *has, const char *has_not)
{
	struct options o;
	struct result *r = diagnose_file(path, &o);
	const struct finding *f = find(r, code);
	char *text;

	if (!f)
		fail_msg("%s: the finding is missing", path);
	text = text_of(f);
	if (!strstr(text, has) || strstr(text, has_not))
		fail_msg("%s: '%s' is to be told, and '%s' is not:\n%s", path, has, has_not, text);
	free(text);
	result_free(r);
}

static void test_texts_fit_the_case(void **state)
{
	static const struct {
		const char *code, *variant, *has, *has_not;
	} told[] = {
		{ "proxy-unreachable", "fires-socks-login-closed", "SOCKS 5 CONNECT 203.0.113.9:443", "refused" },
		{ "proxy-unreachable", "fires", "curl -v https://repo.example.org:443/ ", "http://" },
		{ "proxy-unreachable", "fires-http", "curl -v http://repo.example.org:8080/ ", "https://" },
		{ "proxy-unreachable", "fires-socks-reply-255", "SOCKS 5 reply 255", "method" },
		{ "tls-closed-after-client-hello", "fires-proxied-long",
			"as a proxy to a-long-name-of-a-service.in-a-long-named-zone.of-a-cloud-provider.example:8443",
			"198.51.100.20:443" },
		{ "proxy-auth-required", "fires-socks-method", "SOCKS method 0xff", "reply" },
		{ "accept-loop-blocked", "fires-open", "ends before any of them is answered", "when the silence ends" },
		{ "accept-loop-blocked", "fires-some-open",
			"1 is answered when the silence ends; 1 is still open when the capture ends", "all are answered" },
		{ "accept-loop-blocked", "fires-given-up",
			"1 is answered when the silence ends; 2 only after they had given up; 1 ends without an answer",
			"all are answered" },
		{ "accept-loop-blocked", "fires", "all are answered when the silence ends", "capture ends" },
		{ "tcp-no-answer", "fires-others", "2 other services answer", "6 other" },
		{ "ftp-data-failed", "fires-active-refused", "fail (3): Failed to establish", "fail (6)" },
		{ "ftp-data-failed", "fires-active-refused", "the server connects to the client, and the announced port refuses",
			"Passive mode" },
		{ "ftp-data-failed", "fires-port-refused", "fail (3): Illegal PORT", "EPRT" },
		{ "ftp-data-failed", "softer-port-refused", "on another connection: what is lost is time", "Passive mode" },
		{ "ftp-data-failed", "fires-pasv-refused", "Passive mode: the server answers PASV with \"550", "Active mode" },
		{ "ftp-data-failed", "fires", "the client connects to the server, and SYNs", "Active mode" },
		{ "proxy-auth-required", "fires-socks-login", "login refused, status 2", "CONNECT" },
	};
	const char *source = getenv("srcdir");

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		char *path = xprintf("%s/tests/rules/%s.%s.ndjson", source ? source : ".", told[i].code, told[i].variant);

		check_words(path, told[i].code, told[i].has, told[i].has_not);
		free(path);
	}
}

static bool has_twin(const char *name)
{
	char *near_miss = xstrdup(name);
	bool found = false;

	memcpy(strstr(near_miss, ".fires"), ".near\0", 6);
	for (int i = 0; i < case_count; i++)
		found |= strncmp(cases[i], near_miss, strlen(near_miss)) == 0;
	free(near_miss);
	return found;
}

static void test_each_rule_that_fires_has_a_near_miss(void **state)
{
	(void)state;
	for (int i = 0; i < case_count; i++)
		if (strstr(cases[i], ".fires.") && !has_twin(cases[i]))
			fail_msg("%s has no near miss beside it", cases[i]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(void **state)
{
	const char *source = getenv("srcdir");
	char *folder = xprintf("%s/tests/rules", source ? source : ".");
	DIR *d = opendir(folder);

	(void)state;
	hash_init();
	for (struct dirent *e; d && (e = readdir(d));)
		if (strstr(e->d_name, ".ndjson") && case_count < CASES_MAX)
			cases[case_count++] = xstrdup(e->d_name);
	if (d)
		closedir(d);
	free(folder);
	qsort(cases, (size_t)case_count, sizeof(*cases), by_name);
	return case_count ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	while (case_count)
		free(cases[--case_count]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_fire_and_hold_back),
		cmocka_unit_test(test_texts_fit_the_case),
		cmocka_unit_test(test_each_rule_that_fires_has_a_near_miss),
	};

	return cmocka_run_group_tests(tests, collect, drop);
}
