/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result as Markdown, for a ticket: the verdict, the diagnoses, and a table of the findings. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/result.h"
#include "report/report.h"
#include "report/report_words.h"

#define FRAMES_SHOWN 6

/* Text inside backquotes: nothing but a longer run of them could end it. */
static void code(struct text *t, const char *raw)
{
	struct text safe = {0};
	size_t longest = 0, run = 0;

	escape_terminal(&safe, raw);
	for (const char *s = text_str(&safe); *s; s++) {
		run = *s == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		text_add_char(t, '`');
	text_printf(t, longest ? " %s " : "%s", text_str(&safe));
	for (size_t i = 0; i <= longest; i++)
		text_add_char(t, '`');
	text_free(&safe);
}

static void bullet(struct text *t, const char *raw)
{
	text_add(t, "- ");
	escape_markdown(t, raw);
	text_add_char(t, '\n');
}

static void step(struct text *t, int number, const char *raw)
{
	struct step_parts parts;
	char *piece;

	text_printf(t, "%d. ", number);
	if (!words_step(raw, &parts)) {
		escape_markdown(t, raw);
		text_add_char(t, '\n');
		return;
	}
	piece = xprintf("%.*s", parts.before_len, parts.before);
	escape_markdown(t, piece);
	free(piece);
	piece = xprintf("%.*s", parts.command_len, parts.command);
	code(t, piece);
	free(piece);
	escape_markdown(t, parts.after);
	text_add_char(t, '\n');
}

static void one_diagnosis(struct text *t, const struct diagnosis *d)
{
	text_printf(t, "\n## %s ", d->id);
	escape_markdown(t, d->title ? d->title : "");
	text_printf(t, "\n\n**%s**, responsible: %s, confidence %.0f %%\n", severity_name(d->severity),
		responsible_name(d->responsible), d->confidence * 100);
	if (d->summary && *d->summary) {
		text_add_char(t, '\n');
		escape_markdown(t, d->summary);
		text_add_char(t, '\n');
	}
	if (d->path) {
		text_add(t, "\nPath: ");
		code(t, d->path);
		text_add_char(t, '\n');
	}
	if (d->cause_count)
		text_add(t, "\n### Causes\n\n");
	for (int i = 0; i < d->cause_count; i++) {
		text_printf(t, "- %.0f %%: ", d->causes[i].likelihood * 100);
		escape_markdown(t, d->causes[i].cause);
		if (d->causes[i].because && *d->causes[i].because) {
			text_add(t, " (");
			escape_markdown(t, d->causes[i].because);
			text_add_char(t, ')');
		}
		text_add_char(t, '\n');
	}
	if (d->against_count)
		text_add(t, "\n### What speaks against it\n\n");
	for (int i = 0; i < d->against_count; i++)
		bullet(t, d->against[i]);
	if (d->next_count)
		text_add(t, "\n### Next steps\n\n");
	for (int i = 0; i < d->next_count; i++)
		step(t, i + 1, d->next[i]);
}

static void frames(struct text *t, const struct result *r, const struct finding *f)
{
	bool first = true;

	for (int s = 0; s < r->summary.source_count; s++) {
		struct text list = {0};

		if (words_frames(&list, f, (uint16_t)s, FRAMES_SHOWN)) {
			text_add(t, first ? "" : "; ");
			first = false;
			if (r->summary.source_count > 1) {
				escape_markdown(t, words_source(r, (uint16_t)s));
				text_add(t, ": ");
			}
			text_add(t, text_str(&list));
		}
		text_free(&list);
	}
}

static void finding_row(struct text *t, const struct result *r, const struct finding *f)
{
	text_printf(t, "| %s | %s | %s | ", f->id, severity_name(f->severity), f->code);
	escape_markdown(t, f->title ? f->title : "");
	text_printf(t, " | %" PRIu64, f->count);
	if (f->of)
		text_printf(t, " of %" PRIu64, f->of);
	text_add(t, " | ");
	frames(t, r, f);
	text_add(t, " |\n");
}

/* Filters stand in a block of their own, since a table would need its bars escaped. */
static void filters(struct text *t, const struct result *r)
{
	bool first = true;

	for (int i = 0; i < r->finding_count; i++) {
		if (!r->findings[i]->filter)
			continue;
		if (first)
			text_add(t, "\n### Display filters for Wireshark\n\n");
		first = false;
		text_printf(t, "- %s: ", r->findings[i]->id);
		code(t, r->findings[i]->filter);
		if (r->summary.source_count > 1) {
			text_add(t, " in ");
			escape_markdown(t, words_source(r, r->findings[i]->filter_source));
		}
		text_add_char(t, '\n');
	}
}

void report_markdown(const struct result *r, struct text *out)
{
	struct text line = {0};

	text_printf(out, "# %s: ", severity_name(r->severity));
	escape_markdown(out, r->headline ? r->headline : "");
	text_add(out, "\n\n");
	for (int i = 0; i < r->summary.source_count; i++) {
		code(out, r->summary.sources[i].name);
		text_add(out, i + 1 < r->summary.source_count ? ", " : ": ");
	}
	words_capture(&line, r);
	text_printf(out, "%s\n", text_str(&line));
	text_free(&line);
	if (r->weak) {
		text_add_char(out, '\n');
		escape_markdown(out, r->weak);
		text_add_char(out, '\n');
	}
	for (int i = 0; i < r->diagnosis_count; i++)
		one_diagnosis(out, r->diagnoses[i]);
	if (!r->finding_count)
		return;
	text_add(out, "\n## Findings\n\n| id | severity | code | what | count | frames |\n|---|---|---|---|---|---|\n");
	for (int i = 0; i < r->finding_count; i++)
		finding_row(out, r, r->findings[i]);
	filters(out, r);
}
