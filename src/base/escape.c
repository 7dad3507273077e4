/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile text on its way out: one walk over code points, one function per output that says what becomes of each. */
#include "base/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define REPLACEMENT 0xfffdu

static bool continues(const uint8_t *s, int n)
{
	for (int i = 1; i <= n; i++)
		if ((s[i] & 0xc0) != 0x80) /* also stops at the NUL */
			return false;
	return true;
}

/* The next code point (RFC 3629: no overlong forms, no surrogates) and its length; REPLACEMENT and 1 when bad. */
static uint32_t next_code_point(const uint8_t *s, size_t *length)
{
	uint32_t c = s[0];

	*length = 1;
	if (c < 0x80)
		return c;
	if (c >= 0xc2 && c <= 0xdf && continues(s, 1)) {
		*length = 2;
		return (c & 0x1f) << 6 | (s[1] & 0x3fu);
	}
	if (c >= 0xe0 && c <= 0xef && continues(s, 2)) {
		c = (c & 0x0f) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
		if (c >= 0x800 && (c < 0xd800 || c > 0xdfff)) {
			*length = 3;
			return c;
		}
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4 && continues(s, 3)) {
		c = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
		if (c >= 0x10000 && c <= 0x10ffff) {
			*length = 4;
			return c;
		}
	}
	return REPLACEMENT;
}

/* Code points that act on a display instead of showing: C0, C1, bidirectional and invisible format controls. */
static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
		(c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static void add_visible(struct text *t, const uint8_t *s, size_t length, uint32_t c)
{
	if (c == REPLACEMENT)
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
		uint32_t c = next_code_point(p, &length);
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
		uint32_t c = next_code_point(p, &length);

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", (int)c);
		else if (acts(c) && c <= 0xffff)
			text_printf(t, "\\u%04x", c);
		else if (c == REPLACEMENT)
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
