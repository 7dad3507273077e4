/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few elements that a plot is made of, out of gnuplot's SVG. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "report/gnuplot.h"

/* One tag, as it stands: `<path d='...'/>`. */
struct tag {
	const char *s;
	size_t len;
};

/* What an attribute may be made of: coordinates and path letters, never markup. */
static bool harmless(const char *s, size_t n)
{
	static const char allowed[] = "0123456789.,-+ \n\tMLHVZmlhvzeE()abcdefghijklnopqrstuwxy";

	for (size_t i = 0; i < n; i++)
		if (!s[i] || !strchr(allowed, s[i]))
			return false;
	return true;
}

/* The value of an attribute, in either kind of quotes; NULL when it is not there or not harmless. */
static const char *attribute(const struct tag *tag, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (size_t i = 1; i + n + 2 < tag->len; i++) {
		size_t at = i + n;
		const char *end;

		if ((tag->s[i - 1] != ' ' && tag->s[i - 1] != '\t') || memcmp(tag->s + i, name, n) != 0)
			continue;
		while (at < tag->len && (tag->s[at] == ' ' || tag->s[at] == '='))
			at++;
		if (at >= tag->len || (tag->s[at] != '\'' && tag->s[at] != '"'))
			continue;
		end = memchr(tag->s + at + 1, tag->s[at], tag->len - at - 1);
		if (!end || !harmless(tag->s + at + 1, (size_t)(end - tag->s) - at - 1))
			return NULL;
		*len = (size_t)(end - tag->s) - at - 1;
		return tag->s + at + 1;
	}
	return NULL;
}

static void copy_attribute(struct text *out, const struct tag *tag, const char *name)
{
	size_t len;
	const char *value = attribute(tag, name, &len);

	if (!value)
		return;
	text_printf(out, " %s=\"", name);
	for (size_t i = 0; i < len; i++) /* gnuplot breaks long paths into lines */
		text_add_char(out, value[i] == '\n' || value[i] == '\t' ? ' ' : value[i]);
	text_add_char(out, '"');
}

/* Our colours are numbers: red 1 axis, red 2 grid, green 1 limit, blue n line n. */
static void copy_class(struct text *out, const struct tag *tag, const char *name)
{
	size_t len;
	const char *value = attribute(tag, name, &len);
	int red, green, blue;

	if (!value || sscanf(value, "rgb( %d , %d , %d", &red, &green, &blue) != 3)
		return;
	if (green)
		text_add(out, " class=\"limit\"");
	else if (blue)
		text_printf(out, " class=\"s%d\"", blue);
	else
		text_printf(out, " class=\"%s\"", red == 2 ? "grid" : "axis");
}

static bool named(const struct tag *tag, const char *name)
{
	size_t n = strlen(name);

	return tag->len > n + 1 && memcmp(tag->s + 1, name, n) == 0 && strchr(" \t\n>/", tag->s[1 + n]);
}

static void shape(struct text *out, const struct tag *tag, const char *name, const char *colour, const char *points)
{
	text_printf(out, "<%s", name);
	copy_class(out, tag, colour);
	copy_attribute(out, tag, points);
	if (strcmp(name, "path") == 0)
		copy_attribute(out, tag, "stroke-dasharray");
	text_add(out, "/>\n");
}

/* The text after a <text> tag, placed by the group around it. */
static void words(struct text *out, const struct tag *group, const char *s)
{
	size_t n = strcspn(s, "<");
	char *raw = xprintf("%.*s", (int)n, s);

	text_add(out, "<text");
	copy_attribute(out, group, "transform");
	copy_attribute(out, group, "text-anchor");
	text_add_char(out, '>');
	escape_html(out, raw + strspn(raw, " "));
	text_add(out, "</text>\n");
	free(raw);
}

void svg_plain(struct text *out, const char *svg)
{
	const char *s = strstr(svg, "</defs>");
	struct tag group = {"", 0};

	for (s = s ? strchr(s, '<') : NULL; s; s = strchr(s, '<')) {
		const char *end = strchr(s, '>');
		struct tag tag = {s, end ? (size_t)(end - s) + 1 : 0};

		if (!end)
			return;
		if (named(&tag, "path"))
			shape(out, &tag, "path", "stroke", "d");
		else if (named(&tag, "polygon"))
			shape(out, &tag, "polygon", "fill", "points");
		else if (named(&tag, "text"))
			words(out, &group, end + 1);
		else if (named(&tag, "g"))
			group = tag;
		s = end;
	}
}
