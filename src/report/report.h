/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as text for a terminal, JSON, HTML, Markdown, CSV. Everything hostile in it is escaped here, and only here.
 */
#ifndef PCAPDX_REPORT_REPORT_H
#define PCAPDX_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct options;
struct result;
struct text;

struct report_style {
	bool colour;
	int width;   /* columns of a terminal */
	int verbose; /* -1: headline only, 0, 1: all findings with evidence */
};

void report_terminal(const struct result *r, const struct report_style *style, struct text *out);
void report_json(const struct result *r, struct text *out);
/* Plots by gnuplot where it can be run; otherwise the page says that they are missing and sets r->plots_failed. */
void report_html(struct result *r, struct text *out);
void report_markdown(const struct result *r, struct text *out);
void report_csv(const struct result *r, struct text *out);

/* Writes all outputs that the options ask for, files atomically (temporary file, fsync, rename). -1 and a sentence in
 * `error` when one cannot be written in full. */
int report_write(struct result *r, const struct options *o, char *error, size_t error_size);

/* Format by a path's extension: "html", "json", "md", "csv", "text"; NULL unknown. */
const char *report_format_of(const char *path);

/* Whether the folders and devices that report_write and --evidence will write to let it, as far as can be known before:
 * a capture of an hour should not end in vain. -1 and a sentence when not. */
int report_can_write(const struct options *o, char *error, size_t error_size);

/* Whether report_write puts something on stdout, so that the diagnosis as text does not belong there too. */
bool report_takes_stdout(const struct options *o);

/* The diagnosis as text on stdout, in colour where that is a terminal and NO_COLOR is not set. -1 as above. */
int report_print(const struct result *r, const struct options *o, char *error, size_t error_size);
struct report_style report_style_of(int fd, int verbose);

#endif
