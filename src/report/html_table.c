/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells and frames of the tables in the HTML report. */
#include "report/html_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/report_words.h"

#define LONG_TEXT 14 /* characters from which on a column keeps a width of its own */

size_t table_open(struct text *t, const char *id, const char *heading, const struct column *columns, int count)
{
	size_t begin;

	text_printf(t, "<section class=\"table\" aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, heading);
	text_printf(t,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"%s\">"
		"<table class=\"sortable\">",
		id);
	begin = t->len;
	text_add(t, "<thead><tr>");
	for (int i = 0; i < count; i++)
		text_printf(t, "<th scope=\"col\"%s>%s</th>", columns[i].number ? " class=\"n\"" : "", columns[i].name);
	text_add(t, "</tr></thead><tbody>\n");
	return begin;
}

/* The end of the cell that begins at `s`, and whether it holds something; cells hold no cells. */
static const char *cell_end(const char *s, bool *filled)
{
	const char *inside = strchr(s, '>') + 1, *end = strstr(inside, s[2] == 'h' ? "</th>" : "</td>");

	*filled = end > inside;
	return end + strlen("</td>");
}

static const char *next_cell(const char *s)
{
	for (s = strchr(s, '<'); s; s = strchr(s + 1, '<'))
		if (s[1] == 't' && (s[2] == 'd' || (s[2] == 'h' && s[3] == ' ')))
			return s;
	return NULL;
}

/* Bit i: column i has a value in some row. */
static uint32_t filled_columns(const char *body)
{
	uint32_t filled = 0;
	int column = 0;
	bool some;

	for (const char *s = strstr(body, "<td"), *row; s; s = strstr(row, "<td")) {
		row = cell_end(s, &some);
		filled |= (uint32_t)some << column % 32;
		column = strncmp(row, "</tr>", 5) == 0 ? 0 : column + 1;
	}
	return filled;
}

static void drop_empty_columns(struct text *t, size_t begin)
{
	uint32_t filled = filled_columns(text_str(t) + begin);
	char *table;
	const char *from;
	int column = 0;
	bool some;

	if (!filled) /* no rows at all */
		return;
	from = table = xstrdup(text_str(t) + begin);
	t->len = begin;
	for (const char *s = next_cell(table), *end; s; s = next_cell(end)) {
		end = cell_end(s, &some);
		if (!(filled >> column % 32 & 1)) {
			text_add_bytes(t, from, (size_t)(s - from));
			from = end;
		}
		column = strncmp(end, "</tr>", 5) == 0 ? 0 : column + 1;
	}
	text_add(t, from);
	free(table);
}

void table_close(struct text *t, size_t begin, uint64_t left_out, const char *where)
{
	char number[GROUPED_TEXT_SIZE];

	drop_empty_columns(t, begin);
	text_add(t, "</tbody></table></div>\n");
	if (left_out)
		text_printf(t, "<p class=\"cut\">%s more rows are not in this page. %s</p>\n",
			words_grouped(left_out, number), where);
	text_add(t, "</section>\n");
}

void cell_text(struct text *t, const char *raw)
{
	text_add(t, raw && strlen(raw) > LONG_TEXT ? "<td class=\"w\">" : "<td>");
	html_text(t, raw);
	text_add(t, "</td>");
}

void cell_code(struct text *t, const char *raw)
{
	text_add(t, "<td class=\"c\">");
	html_text(t, raw);
	text_add(t, "</td>");
}

void cell_count(struct text *t, uint64_t n)
{
	char number[GROUPED_TEXT_SIZE];

	if (n < 1000)
		text_printf(t, "<td class=\"n\">%" PRIu64 "</td>", n);
	else
		text_printf(t, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", n, words_grouped(n, number));
}

void cell_seconds(struct text *t, double seconds)
{
	char duration[WHEN_TEXT_SIZE];

	if (seconds < 0)
		text_add(t, "<td class=\"n\"></td>");
	else
		text_printf(t, "<td class=\"n\" data-v=\"%.9g\">%s</td>", seconds, when_duration(seconds, duration));
}

void cell_address(struct text *t, const struct addr *a, uint16_t port)
{
	char place[ENDPOINT_TEXT_SIZE];

	cell_code(t, words_endpoint(a, port, place));
}
