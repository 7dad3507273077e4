/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small pieces of the HTML report. */
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "report/html.h"
#include "report/report_words.h"

void html_text(struct text *t, const char *raw)
{
	if (raw)
		escape_html(t, raw);
}

static void piece(struct text *t, const char *s, int n)
{
	char *part = xprintf("%.*s", n, s);

	html_text(t, part);
	free(part);
}

void html_path(struct text *t, const char *raw)
{
	static const char arrow[] = " -> ";

	for (const char *at = strstr(raw, arrow); at; at = strstr(raw, arrow)) {
		piece(t, raw, (int)(at - raw));
		text_add(t, " \xe2\x86\x92 ");
		raw = at + strlen(arrow);
	}
	html_text(t, raw);
}

void html_element(struct text *t, const char *tag, const char *class, const char *raw)
{
	if (class)
		text_printf(t, "<%s class=\"%s\">", tag, class);
	else
		text_printf(t, "<%s>", tag);
	html_text(t, raw);
	text_printf(t, "</%s>\n", tag);
}

const char *html_severity_word(enum severity s)
{
	static const char *const words[] = {"OK", "Note", "Warning", "Error"};

	return words[s];
}

void html_badge(struct text *t, enum severity s)
{
	text_printf(t, "<span class=\"badge %s\">%s</span>", severity_name(s), html_severity_word(s));
}

void html_copyable(struct text *t, const char *raw, const char *what)
{
	text_printf(t, "<span class=\"copyable\" data-copy=\"%s\"><code>", what);
	html_text(t, raw);
	text_add(t, "</code></span>");
}

void html_step(struct text *t, const char *step)
{
	struct step_parts parts;
	char *command;

	if (!words_step(step, &parts)) {
		html_text(t, step);
		return;
	}
	piece(t, parts.before, parts.before_len);
	command = xprintf("%.*s", parts.command_len, parts.command);
	html_copyable(t, command, "command");
	free(command);
	html_text(t, parts.after + (*parts.after == ';' || *parts.after == ','));
}

void html_list(struct text *t, const char *tag, const char *class, char *const *lines, int count)
{
	text_printf(t, "<%s class=\"%s\">\n", tag, class);
	for (int i = 0; i < count; i++) {
		text_add(t, "<li>");
		html_step(t, lines[i]);
		text_add(t, "</li>\n");
	}
	text_printf(t, "</%s>\n", tag);
}
