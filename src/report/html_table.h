/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells and frames of the tables in the HTML report. The script makes those of class "sortable" sortable. */
#ifndef PCAPDX_REPORT_HTML_TABLE_H
#define PCAPDX_REPORT_HTML_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnose/result.h"

struct text;

struct column {
	const char *name;
	bool number; /* aligned and sorted as one */
};

#define COLUMNS(list) list, (int)(sizeof(list) / sizeof((list)[0]))

/* A section with a heading and an open table body; `id` names the heading. Gives where the table begins. */
size_t table_open(struct text *t, const char *id, const char *heading, const struct column *columns, int count);
/* Closes it, takes out columns without a value, and says how many rows are not in the page and where they are. */
void table_close(struct text *t, size_t begin, uint64_t left_out, const char *where);

void cell_text(struct text *t, const char *raw); /* NULL: empty */
void cell_code(struct text *t, const char *raw); /* addresses, MACs */
void cell_count(struct text *t, uint64_t n);
void cell_seconds(struct text *t, double seconds); /* negative: unknown */
void cell_address(struct text *t, const struct addr *a, uint16_t port);

void html_connections(struct text *t, const struct result *r, size_t bytes_max);
void html_capture(struct text *t, const struct result *r);

#endif
