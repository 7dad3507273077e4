/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the key frames ("mark", frame, label) and the tls records (NDJSON) of capture files, for tls_vs_tshark.py.
 * With -k FILE in front, that key log is used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "dissectors/keylog.h"
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

static void print_mark(void *arg, const struct record *head, enum side side, uint64_t frame, const char *label)
{
	(void)arg;
	(void)head;
	(void)side;
	printf("mark\t%llu\t%s\n", (unsigned long long)frame, label);
}

int main(int argc, char **argv)
{
	struct record_sink sink = { take, NULL };
	struct rig_options o = { .mark = print_mark };
	int status = 0, first = 1;
	char error[256];

	hash_init();
	o.keys = o.secrets = keylog_new();
	if (argc > 3 && strcmp(argv[1], "-k") == 0) {
		if (keylog_load(o.secrets, argv[2], error, sizeof(error)) != 0)
			fprintf(stderr, "%s\n", error);
		first = 3;
	}
	for (int i = first; i < argc; i++)
		if (rig_file(argv[i], &o, &sink) != 0)
			status = 2;
	keylog_free(o.secrets);
	return status;
}
