/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One diagnosis on the terminal: summary, causes, what speaks against it, next steps. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/report_words.h"
#include "report/terminal.h"

/* So that it fits a screen; -v shows all. */
#define CAUSES_SHOWN 3
#define STEPS_SHOWN 5

static void cause_line(struct page *p, const struct cause *c)
{
	struct text line = {0};

	text_add(&line, c->cause);
	if (c->because && *c->because)
		text_printf(&line, " (%s)", c->because);
	text_printf(p->out, "      %3.0f %%  ", c->likelihood * 100);
	page_wrapped(p, text_str(&line), 13, 13);
	text_free(&line);
}

static void causes(struct page *p, const struct diagnosis *d, int max)
{
	if (!d->cause_count)
		return;
	text_add(p->out, "    ");
	page_coloured(p, DIM, d->cause_count > 1 ? "causes, the likeliest first:" : "cause:");
	text_add_char(p->out, '\n');
	for (int i = 0; i < d->cause_count && (p->all || i < max); i++)
		cause_line(p, &d->causes[i]);
}

/* A step that needs more than its line has its command on a line of its own: it is made to be copied. */
static void one_step(struct page *p, const char *step)
{
	struct step_parts parts;
	char *piece;

	if (!words_step(step, &parts) || 9 + page_columns(step, strlen(step)) <= p->width) {
		page_wrapped(p, step, 9, 9);
		return;
	}
	if (parts.before_len) {
		piece = xprintf("%.*s", parts.before_len, parts.before);
		page_wrapped(p, piece, 9, 9);
		free(piece);
		text_add(p->out, "           ");
	}
	piece = xprintf("%.*s", parts.command_len, parts.command);
	page_unbroken(p, piece);
	free(piece);
	if (parts.after_len > 1) {
		text_add(p->out, "         ");
		page_wrapped(p, parts.after + strspn(parts.after, ",; "), 9, 9);
	}
}

static void steps(struct page *p, const struct diagnosis *d, int max)
{
	if (!d->next_count)
		return;
	text_add(p->out, "    ");
	page_coloured(p, DIM, "next:");
	text_add_char(p->out, '\n');
	for (int i = 0; i < d->next_count && (p->all || i < max); i++) {
		text_printf(p->out, "      %d. ", i + 1);
		one_step(p, d->next[i]);
	}
	if (!p->all && d->next_count > max)
		text_printf(p->out, "         and %d more: -v shows all\n", d->next_count - max);
}

static void finding_ids(struct page *p, const struct diagnosis *d)
{
	struct text line = {0};

	for (int i = 0; i < d->finding_count; i++)
		text_printf(&line, "%s%s %s", i ? ", " : "", d->findings[i]->id, d->findings[i]->code);
	if (d->finding_count)
		page_labelled(p, "findings:", text_str(&line));
	text_free(&line);
}

/* A finding without detail leaves nothing but its title for a summary. */
static bool says_more(const struct diagnosis *d)
{
	return d->summary && *d->summary && (!d->title || strcmp(d->title, d->summary) != 0);
}

/* The verdict has said the title of the first one: its summary follows at once. */
static void title_and_summary(struct page *p, const struct diagnosis *d)
{
	const char *headline = p->result->headline;
	bool told = headline && d->title && says_more(d) && strcmp(headline, d->title) == 0;

	page_coloured(p, page_severity_colour(d->severity), d->id);
	text_add(p->out, "  ");
	if (!told) {
		page_colour_on(p, BOLD);
		page_wrapped(p, d->title ? d->title : "", 4, 4);
		page_colour_off(p);
	}
	if (told || says_more(d)) {
		text_add(p->out, told ? "" : "    ");
		page_wrapped(p, d->summary, 4, 4);
	}
}

void terminal_diagnosis(struct page *p, const struct diagnosis *d, bool brief)
{
	brief &= !p->all;
	text_add_char(p->out, '\n');
	title_and_summary(p, d);
	text_add(p->out, "    ");
	page_coloured(p, DIM, "responsible:");
	text_printf(p->out, " %s, confidence %.0f %%\n", responsible_name(d->responsible), d->confidence * 100);
	if (d->path && !brief)
		page_labelled(p, "path:", d->path);
	causes(p, d, brief ? 1 : CAUSES_SHOWN);
	for (int i = 0; i < d->against_count && !brief; i++)
		page_labelled(p, "against it:", d->against[i]);
	steps(p, d, brief ? 1 : STEPS_SHOWN);
	finding_ids(p, d);
}
