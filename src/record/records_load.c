/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of records into a sink, line by line in bounded memory. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "record/ndjson.h"
#include "record/ndjson_limits.h"

struct load {
	const struct record_sink *sink;
	char *error;
	size_t error_size;
	uint64_t lines, good, bad;
};

static void take_line(struct load *l, const struct text *line, bool too_long)
{
	char why[200] = "the line is too long";
	struct record r;

	l->lines++;
	if (!too_long && line->len == strspn(text_str(line), " \t\r"))
		return; /* an empty line is no record, and no fault */
	if (!too_long && record_read(text_str(line), line->len, &r, why, sizeof(why))) {
		l->good++;
		l->sink->take(l->sink->arg, &r);
		return;
	}
	if (l->bad++ == 0)
		snprintf(l->error, l->error_size, "line %llu: %s", (unsigned long long)l->lines, why);
}

/* Gives false at the end of the file. A line beyond the limit is passed over to its end and told. */
static bool next_line(FILE *f, struct text *line, bool *too_long)
{
	int c;

	text_clear(line);
	*too_long = false;
	while ((c = getc_unlocked(f)) != EOF && c != '\n') {
		if (line->len < NDJSON_LINE_MAX)
			text_add_char(line, (char)c);
		else
			*too_long = true;
	}
	return c != EOF || line->len > 0;
}

int records_load(const char *path, const struct record_sink *sink, char *error, size_t error_size)
{
	struct load l = {.sink = sink, .error = error, .error_size = error_size};
	FILE *f = fopen(path, "re");
	struct text line = {0};
	bool too_long, failed;

	if (!f) {
		snprintf(error, error_size, "%s", strerror(errno));
		return -1;
	}
	while (next_line(f, &line, &too_long))
		take_line(&l, &line, too_long);
	failed = ferror(f) != 0;
	if (failed)
		snprintf(error, error_size, "%s", strerror(errno));
	else if (l.good == 0 && l.bad == 0)
		snprintf(error, error_size, "no records in it");
	fclose(f);
	text_free(&line);
	if (failed || l.good == 0)
		return -1;
	return l.bad ? 1 : 0;
}
