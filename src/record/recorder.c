/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records into a file as they come. */
#include "record/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/ndjson.h"

struct recorder {
	FILE *file;
	char *path;
	struct text line;
	int failed; /* errno of the first write that failed */
};

struct recorder *recorder_open(const char *path, char *error, size_t error_size)
{
	FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	struct recorder *w;

	if (!f) {
		snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->file = f;
	w->path = xstrdup(path);
	return w;
}

void recorder_take(struct recorder *w, const struct record *r)
{
	text_clear(&w->line);
	record_write(r, &w->line);
	if (!w->failed && fwrite(w->line.s, 1, w->line.len, w->file) != w->line.len)
		w->failed = errno;
}

int recorder_close(struct recorder *w, char *error, size_t error_size)
{
	int failed;

	if (fflush(w->file) && !w->failed)
		w->failed = errno;
	if (w->file != stdout && fclose(w->file) && !w->failed)
		w->failed = errno;
	failed = w->failed;
	if (failed)
		snprintf(error, error_size, "cannot write %s: %s", w->path, strerror(failed));
	text_free(&w->line);
	free(w->path);
	free(w);
	return failed ? -1 : 0;
}
