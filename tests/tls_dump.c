/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the tls records of capture files as NDJSON, for tls_vs_tshark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/ndjson.h"
#include "tls_rig.h"

static void take(void *arg, const struct record *r)
{
	struct text line = { 0 };

	(void)arg;
	if (r->kind == RECORD_TLS) {
		record_write(r, &line);
		fputs(text_str(&line), stdout);
	}
	text_free(&line);
}

int main(int argc, char **argv)
{
	struct record_sink sink = { take, NULL };
	struct rig_options o = { 0 };
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (rig_file(argv[i], &o, &sink) != 0)
			status = 2;
	return status;
}
