/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command `pcapdx compare`: two captures in, what differs out. */
#include "compare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/oui.h"
#include "options.h"

#define ERROR_SIZE 512

enum status {
	STATUS_OK = 0,
	STATUS_FOUND = 1,
	STATUS_FAILED = 2,
	STATUS_DAMAGED = 3,
};

static int complain(const char *error)
{
	struct text t = {0};

	text_printf(&t, "pcapdx: %s\n", error);
	fputs(text_str(&t), stderr);
	text_free(&t);
	return STATUS_FAILED;
}

static int check(const struct options *o)
{
	if (o->interface)
		return complain("compare: reads two captures, no interface");
	if (o->input_count != 2)
		return complain("compare: wants two captures: pcapdx compare GOOD BAD");
	if (o->output_count || o->write_path || o->evidence_path || o->records_path || o->anonymize || o->follow)
		return complain("compare: writes to stdout, as text or with --json; other outputs are not for it");
	return STATUS_OK;
}

static int print(const struct comparisons *c, bool json)
{
	struct text out = {0};
	int status = STATUS_OK;

	if (json)
		compare_json(c, &out);
	else
		compare_text(c, &out);
	if (fputs(text_str(&out), stdout) == EOF || fflush(stdout)) {
		fprintf(stderr, "pcapdx: cannot write to stdout: %s\n", strerror(errno));
		status = STATUS_FAILED;
	}
	text_free(&out);
	return status;
}

static int compare_loaded(const struct options *o, const struct talks *good, const struct talks *bad)
{
	struct comparisons c;
	int status;

	compare_talks(good, bad, &c);
	status = print(&c, o->json);
	comparisons_free(&c);
	if (status == STATUS_OK && o->fail_on != SEVERITY_OK && bad->result->severity >= o->fail_on)
		return STATUS_FOUND;
	return status == STATUS_OK && (good->damaged || bad->damaged) ? STATUS_DAMAGED : status;
}

static int compare(const struct options *o)
{
	struct talks good = {0}, bad = {0};
	struct oui_table *own = NULL;
	char error[ERROR_SIZE];
	int status;

	if (o->oui_path) {
		own = oui_load(o->oui_path, error, sizeof(error));
		if (!own)
			return complain(error);
	}
	if (talks_load(&good, o, o->inputs[0], own ? own : oui_builtin(), error, sizeof(error)) ||
		talks_load(&bad, o, o->inputs[1], own ? own : oui_builtin(), error, sizeof(error)))
		status = complain(error);
	else
		status = compare_loaded(o, &good, &bad);
	talks_free(&good);
	talks_free(&bad);
	oui_free(own);
	return status;
}

int compare_main(int argc, char **argv)
{
	struct options o;
	int status;

	if (argc == 1)
		return complain("compare: wants two captures: pcapdx compare GOOD BAD");
	if (options_read(&o, argc, argv, &status) == 0) {
		status = check(&o);
		if (status == STATUS_OK)
			status = compare(&o);
	}
	options_free(&o);
	return status;
}
