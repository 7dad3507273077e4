/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which outputs there are, and writing those that are asked for. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "diagnose/result.h"
#include "report/report_file.h"

#define FILE_WIDTH 100 /* columns of a text report in a file */
#define PIPE_WIDTH 80

static const struct {
	const char *extension, *format;
} formats[] = {
	{"csv", "csv"},
	{"htm", "html"},
	{"html", "html"},
	{"json", "json"},
	{"markdown", "md"},
	{"md", "md"},
	{"text", "text"},
	{"txt", "text"},
};

const char *report_format_of(const char *path)
{
	const char *name = strrchr(path, '/'), *dot = strrchr(name ? name + 1 : path, '.');

	for (size_t i = 0; dot && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcasecmp(dot + 1, formats[i].extension) == 0)
			return formats[i].format;
	return NULL;
}

static void render(struct result *r, const char *format, int verbose, struct text *out)
{
	struct report_style style = {.width = FILE_WIDTH, .verbose = verbose};

	if (strcmp(format, "html") == 0)
		report_html(r, out);
	else if (strcmp(format, "json") == 0)
		report_json(r, out);
	else if (strcmp(format, "md") == 0)
		report_markdown(r, out);
	else if (strcmp(format, "csv") == 0)
		report_csv(r, out);
	else
		report_terminal(r, &style, out);
}

static int write_one(
	struct result *r, const char *format, const char *path, int verbose, char *error, size_t error_size)
{
	struct text out = {0};
	int result;

	render(r, format, verbose, &out);
	result = report_file_write(path, &out, error, error_size);
	text_free(&out);
	return result;
}

int report_can_write(const struct options *o, char *error, size_t error_size)
{
	for (int i = 0; i < o->output_count; i++)
		if (report_file_probe(o->outputs[i].path, error, error_size))
			return -1;
	return o->evidence_path ? report_file_probe(o->evidence_path, error, error_size) : 0;
}

int report_write(struct result *r, const struct options *o, char *error, size_t error_size)
{
	int result = 0;

	for (int i = 0; i < o->output_count; i++) {
		const struct output_request *q = &o->outputs[i];
		const char *format = q->format ? q->format : report_format_of(q->path);
		char other[256];

		/* The others are written all the same; the first failure is told. */
		if (write_one(r, format ? format : "text", q->path, o->verbose, result ? other : error,
			    result ? sizeof(other) : error_size) != 0)
			result = -1;
	}
	if (o->json && result == 0)
		result = write_one(r, "json", "-", 0, error, error_size);
	return result;
}

bool report_takes_stdout(const struct options *o)
{
	for (int i = 0; i < o->output_count; i++)
		if (strcmp(o->outputs[i].path, "-") == 0)
			return true;
	return o->json;
}

/* COLUMNS, as in POSIX: what the user prefers, whatever the terminal says. 0: not set, or no number. */
static int columns_of_environment(void)
{
	const char *columns = getenv("COLUMNS");
	char *end;
	long n = columns ? strtol(columns, &end, 10) : 0;

	return columns && end != columns && !*end && n > 0 && n < 10000 ? (int)n : 0;
}

struct report_style report_style_of(int fd, int verbose)
{
	struct report_style style = {.width = PIPE_WIDTH, .verbose = verbose};
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	int columns = columns_of_environment();
	struct winsize size;

	if (isatty(fd)) {
		style.colour = !(no_colour && *no_colour) && !(term && strcmp(term, "dumb") == 0);
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
			style.width = size.ws_col;
	}
	if (columns)
		style.width = columns;
	return style;
}

int report_print(const struct result *r, const struct options *o, char *error, size_t error_size)
{
	struct report_style style = report_style_of(STDOUT_FILENO, o->verbose);
	struct text out = {0};
	int result;

	report_terminal(r, &style, &out);
	result = report_file_write("-", &out, error, error_size);
	text_free(&out);
	return result;
}
