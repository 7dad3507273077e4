/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/terminal.h"

#include <string.h>

#include "base/escape.h"
#include "base/text.h"

const char *page_severity_colour(enum severity s)
{
	static const char *const colours[] = {"1;32", "1;36", "1;33", "1;31"};

	return colours[s];
}

void page_colour_on(struct page *p, const char *code)
{
	if (p->colour)
		text_printf(p->out, "\033[%sm", code);
}

void page_colour_off(struct page *p)
{
	if (p->colour)
		text_add(p->out, "\033[0m");
}

void page_coloured(struct page *p, const char *code, const char *words)
{
	page_colour_on(p, code);
	text_add(p->out, words);
	page_colour_off(p);
}

/* Columns of text, one per code point: wide scripts wrap a little late, which only costs looks. */
int page_columns(const char *s, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			count++;
	return count;
}

/* Words of `raw`, from column `at` on; following lines start at column `indent`. Ends the line. */
void page_wrapped(struct page *p, const char *raw, int at, int indent)
{
	struct text safe = {0};
	const char *s;
	bool fresh = true;

	escape_terminal(&safe, raw);
	for (s = text_str(&safe) + strspn(text_str(&safe), " "); *s;) {
		size_t n = strcspn(s, " ");
		int wide = page_columns(s, n);

		if (!fresh && at + 1 + wide > p->width) {
			text_printf(p->out, "\n%*s", indent, "");
			at = indent;
		} else if (!fresh) {
			text_add_char(p->out, ' ');
			at++;
		}
		text_add_bytes(p->out, s, n);
		at += wide;
		fresh = false;
		s += n;
		s += strspn(s, " ");
	}
	text_add_char(p->out, '\n');
	text_free(&safe);
}

/* A line that people copy: never wrapped. */
void page_unbroken(struct page *p, const char *raw)
{
	escape_terminal(p->out, raw);
	text_add_char(p->out, '\n');
}

void page_labelled(struct page *p, const char *label, const char *raw)
{
	text_add(p->out, "    ");
	page_coloured(p, DIM, label);
	text_add_char(p->out, ' ');
	page_wrapped(p, raw, (int)strlen(label) + 5, 6);
}

void page_left_out(struct page *p, int n, const char *one, const char *many)
{
	if (n > 0)
		text_printf(p->out, "\n%d more %s: -v shows all\n", n, n == 1 ? one : many);
}
