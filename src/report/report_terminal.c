/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result on a terminal: the verdict, the diagnoses, then findings in the manner of a good compiler. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/result.h"
#include "report/report.h"
#include "report/report_words.h"
#include "report/terminal.h"

#define WIDTH_LEAST 60
#define WIDTH_MOST 100
/* So that it fits a screen; -v shows all. */
#define FRAMES_SHOWN 8
#define DIAGNOSES_SHOWN 5
#define DIAGNOSES_WHOLE 2 /* the others are brief */
#define FINDINGS_SHOWN 5
#define NOTES_SHOWN 4

static void verdict(struct page *p)
{
	const struct result *r = p->result;
	const char *severity = severity_name(r->severity);

	page_coloured(p, page_severity_colour(r->severity), severity);
	text_add(p->out, ": ");
	page_colour_on(p, BOLD);
	escape_terminal(p->out, r->headline ? r->headline : "");
	page_colour_off(p);
	text_add_char(p->out, '\n');
}

static void overview(struct page *p)
{
	const struct summary *s = &p->result->summary;
	struct text line = {0};

	if (s->source_count == 1)
		text_printf(&line, "%s: ", s->sources[0].name);
	else
		text_printf(&line, "%d sources: ", s->source_count);
	words_capture(&line, p->result);
	page_wrapped(p, text_str(&line), 0, 2);
	text_free(&line);
	if (p->result->weak) {
		page_coloured(p, DIM, "limits of this capture:");
		text_add_char(p->out, ' ');
		page_wrapped(p, p->result->weak, 24, 2);
	}
}

static void frame_places(struct page *p, const struct finding *f)
{
	int max = p->all ? EVIDENCE_MAX : FRAMES_SHOWN;

	for (int s = 0; s < p->result->summary.source_count; s++) {
		struct text frames = {0};
		int n = words_frames(&frames, f, (uint16_t)s, max);

		if (n) {
			char *line = xprintf("%s frame%s %s", words_source(p->result, (uint16_t)s), n > 1 ? "s" : "",
				text_str(&frames));

			page_coloured(p, "1;34", "  --> ");
			page_wrapped(p, line, 6, 6);
			free(line);
		}
		text_free(&frames);
	}
	if (f->evidence_left_out)
		text_printf(p->out, "      and %" PRIu64 " more frames\n", f->evidence_left_out);
}

static void note_line(struct page *p, const char *name, const char *raw, bool whole)
{
	page_coloured(p, "1;34", "   = ");
	page_coloured(p, DIM, name);
	text_add(p->out, ": ");
	if (whole)
		page_unbroken(p, raw);
	else
		page_wrapped(p, raw, (int)strlen(name) + 7, 7);
}

static void evidence_lines(struct page *p, const struct finding *f)
{
	int64_t start = p->result->summary.first_ts_ns;

	for (int i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];

		text_printf(p->out, "      %8" PRIu64 "  %12.6f s  ", e->frame, when_s(e->ts_ns - start));
		page_wrapped(p, e->what, 32, 32);
	}
}

static void fact_lines(struct page *p, const struct finding *f)
{
	struct text line = {0};

	for (int i = 0; i < f->fact_count; i++) {
		if (f->facts[i].type == FACT_NULL)
			continue;
		text_printf(&line, "%s%s ", line.len ? "; " : "", f->facts[i].name);
		words_fact(&line, &f->facts[i]);
	}
	if (line.len)
		note_line(p, "facts", text_str(&line), false);
	text_free(&line);
}

static void heading(struct page *p, const struct finding *f)
{
	struct text head = {0};

	text_printf(&head, "%s[%s]", severity_name(f->severity), f->code);
	page_coloured(p, page_severity_colour(f->severity), text_str(&head));
	text_add(p->out, ": ");
	page_colour_on(p, BOLD);
	page_wrapped(p, f->title ? f->title : "", (int)head.len + 2, 4);
	page_colour_off(p);
	text_free(&head);
}

static void filter_line(struct page *p, const struct finding *f)
{
	struct text line = {0};

	if (!f->filter)
		return;
	text_add(&line, f->filter);
	if (p->result->summary.source_count > 1)
		text_printf(&line, "   (in %s)", words_source(p->result, f->filter_source));
	note_line(p, "filter", text_str(&line), true);
	text_free(&line);
}

static void one_finding(struct page *p, const struct finding *f)
{
	text_add_char(p->out, '\n');
	heading(p, f);
	frame_places(p, f);
	if (p->all) {
		evidence_lines(p, f);
		if (f->detail)
			note_line(p, "detail", f->detail, false);
		fact_lines(p, f);
	}
	filter_line(p, f);
	for (int i = 0; i < f->against_count && (p->all || !f->part_of_incident); i++)
		note_line(p, "against it", f->against[i], false);
	for (int i = 0; i < f->next_count && (p->all || !f->part_of_incident); i++)
		note_line(p, "next", f->next[i], false);
}

/* Notes that belong to a diagnosis are in its summary. */
static void notes(struct page *p)
{
	int shown = 0, skipped = 0;

	for (int i = 0; i < p->result->finding_count; i++) {
		const struct finding *f = p->result->findings[i];

		if (f->severity > SEVERITY_NOTE || f->part_of_incident)
			continue;
		if (shown == NOTES_SHOWN) {
			skipped++;
			continue;
		}
		if (!shown++)
			text_add_char(p->out, '\n');
		heading(p, f);
	}
	if (skipped)
		text_printf(p->out, "%d more note%s: -v shows all\n", skipped, skipped == 1 ? "" : "s");
}

static void findings(struct page *p)
{
	int shown = 0, skipped = 0;

	for (int i = 0; i < p->result->finding_count; i++) {
		const struct finding *f = p->result->findings[i];

		if (!p->all && f->severity <= SEVERITY_NOTE)
			continue;
		if (!p->all && shown == FINDINGS_SHOWN) {
			skipped++;
			continue;
		}
		one_finding(p, f);
		shown++;
	}
	page_left_out(p, skipped, "finding", "findings");
	if (!p->all)
		notes(p);
}

static int clamp_width(int width)
{
	if (width <= 0)
		return 80;
	return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : width;
}

void report_terminal(const struct result *r, const struct report_style *style, struct text *out)
{
	struct page p = {.out = out, .colour = style->colour, .all = style->verbose > 0, .result = r};
	int shown = 0;

	p.width = clamp_width(style->width);
	verdict(&p);
	if (style->verbose < 0)
		return;
	overview(&p);
	for (; shown < r->diagnosis_count && (p.all || shown < DIAGNOSES_SHOWN); shown++)
		terminal_diagnosis(&p, r->diagnoses[shown], shown >= DIAGNOSES_WHOLE);
	page_left_out(&p, r->diagnosis_count - shown, "diagnosis", "diagnoses");
	findings(&p);
}
