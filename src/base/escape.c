/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile text on its way out: one walk over code points, one function per output that says what becomes of each. */
#include "base/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

/* Code points that act on a display instead of showing: C0, C1, bidirectional and invisible format controls. */
static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
		(c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static void add_visible(struct text *t, const uint8_t *s, size_t length, uint32_t c)
{
	if (c == UTF8_REPLACEMENT)
		text_add(t, "\xef\xbf\xbd");
	else if (acts(c) && c < 0xa0)
		text_printf(t, "\\x%02x", c);
	else if (acts(c))
		text_printf(t, "<U+%04X>", c);
	else
		text_add_bytes(t, s, length);
}

/* Walks over s; `special` may take a code point itself by returning its text. */
static void walk(struct text *t, const char *s, const char *(*special)(uint32_t c))
{
	const uint8_t *p = (const uint8_t *)s;
	size_t length;

	for (; *p; p += length) {
		uint32_t c = utf8_next(p, UTF8_MAX, &length);
		const char *instead = special ? special(c) : NULL;

		if (instead)
			text_add(t, instead);
		else
			add_visible(t, p, length, c);
	}
}

void escape_terminal(struct text *t, const char *s)
{
	walk(t, s, NULL);
}

static const char *html_special(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void escape_html(struct text *t, const char *s)
{
	struct text visible = { 0 };

	walk(&visible, s, NULL); /* <U+202E> is markup until it is escaped in its turn */
	walk(t, text_str(&visible), html_special);
	text_free(&visible);
}

void escape_json(struct text *t, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t length;

	for (; *p; p += length) {
		uint32_t c = utf8_next(p, UTF8_MAX, &length);

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", (int)c);
		else if (acts(c) && c <= 0xffff)
			text_printf(t, "\\u%04x", c);
		else if (c == UTF8_REPLACEMENT)
			text_add(t, "\xef\xbf\xbd");
		else if (c == '<' || c == '>' || c == '&') /* safe inside a page's script element too */
			text_printf(t, "\\u%04x", c);
		else
			text_add_bytes(t, p, length);
	}
}

static const char *csv_special(uint32_t c)
{
	return c == '"' ? "\"\"" : NULL;
}

void escape_csv(struct text *t, const char *s)
{
	bool formula = s[0] && strchr("=+-@", s[0]);

	if (!formula && !strpbrk(s, ",\"\r\n\t")) {
		walk(t, s, NULL);
		return;
	}
	text_add_char(t, '"');
	if (formula)
		text_add_char(t, '\'');
	walk(t, s, csv_special);
	text_add_char(t, '"');
}

static const char *markdown_special(uint32_t c)
{
	switch (c) {
	case '\\':
		return "\\\\";
	case '`':
		return "\\`";
	case '*':
		return "\\*";
	case '_':
		return "\\_";
	case '[':
		return "\\[";
	case ']':
		return "\\]";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '|':
		return "\\|";
	case '#':
		return "\\#";
	case '!':
		return "\\!";
	case '~':
		return "\\~";
	}
	return NULL;
}

void escape_markdown(struct text *t, const char *s)
{
	struct text visible = { 0 };

	walk(&visible, s, NULL);
	walk(t, text_str(&visible), markdown_special);
	text_free(&visible);
}
