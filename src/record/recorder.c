/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records into a file as they come. */
#include "record/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/file_replace.h"
#include "record/ndjson.h"

struct recorder {
	struct file_replace out;
	char *path;
	struct text line;
};

static void recorder_free(struct recorder *w)
{
	text_free(&w->line);
	free(w->path);
	free(w);
}

struct recorder *recorder_open(const char *path, char *error, size_t error_size)
{
	struct recorder *w = xcalloc(1, sizeof(*w));

	w->path = xstrdup(path);
	if (file_replace_open(&w->out, path))
		return w;
	snprintf(error, error_size, "cannot write %s: %s", path, strerror(w->out.failed));
	file_replace_discard(&w->out);
	recorder_free(w);
	return NULL;
}

void recorder_take(struct recorder *w, const struct record *r)
{
	text_clear(&w->line);
	record_write(r, &w->line);
	file_replace_write(&w->out, w->line.s, w->line.len);
}

int recorder_close(struct recorder *w, char *error, size_t error_size)
{
	bool written = file_replace_close(&w->out);

	if (!written)
		snprintf(error, error_size, "cannot write %s: %s", w->path, strerror(w->out.failed));
	recorder_free(w);
	return written ? 0 : -1;
}

void recorder_discard(struct recorder *w)
{
	if (!w)
		return;
	file_replace_discard(&w->out);
	recorder_free(w);
}
