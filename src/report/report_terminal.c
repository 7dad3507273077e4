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

#define WIDTH_LEAST 60
#define WIDTH_MOST 100
#define FRAMES_SHOWN 8
#define DIAGNOSES_SHOWN 5 /* so that it fits a screen; -v shows all */
#define FINDINGS_SHOWN 12
#define CAUSES_SHOWN 4

struct page {
	struct text *out;
	bool colour, all;
	int width;
	const struct result *result;
};

#define BOLD "1"
#define DIM "2"

static const char *severity_colour(enum severity s)
{
	static const char *const colours[] = {"1;32", "1;36", "1;33", "1;31"};

	return colours[s];
}

static void colour_on(struct page *p, const char *code)
{
	if (p->colour)
		text_printf(p->out, "\033[%sm", code);
}

static void colour_off(struct page *p)
{
	if (p->colour)
		text_add(p->out, "\033[0m");
}

static void coloured(struct page *p, const char *code, const char *words)
{
	colour_on(p, code);
	text_add(p->out, words);
	colour_off(p);
}

/* Columns of text, one per code point: wide scripts wrap a little late, which only costs looks. */
static int columns(const char *s, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			count++;
	return count;
}

/* Words of `raw`, from column `at` on; following lines start at column `indent`. Ends the line. */
static void wrapped(struct page *p, const char *raw, int at, int indent)
{
	struct text safe = {0};
	const char *s;
	bool fresh = true;

	escape_terminal(&safe, raw);
	for (s = text_str(&safe); *s;) {
		size_t n = strcspn(s, " ");
		int wide = columns(s, n);

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
static void unbroken(struct page *p, const char *raw)
{
	escape_terminal(p->out, raw);
	text_add_char(p->out, '\n');
}

static void labelled(struct page *p, const char *label, const char *raw)
{
	text_add(p->out, "    ");
	coloured(p, DIM, label);
	text_add_char(p->out, ' ');
	wrapped(p, raw, (int)strlen(label) + 5, 6);
}

static void verdict(struct page *p)
{
	const struct result *r = p->result;
	const char *severity = severity_name(r->severity);

	coloured(p, severity_colour(r->severity), severity);
	text_add(p->out, ": ");
	colour_on(p, BOLD);
	escape_terminal(p->out, r->headline ? r->headline : "");
	colour_off(p);
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
	wrapped(p, text_str(&line), 0, 2);
	text_free(&line);
	if (p->result->weak) {
		coloured(p, DIM, "limits of this capture:");
		text_add_char(p->out, ' ');
		wrapped(p, p->result->weak, 24, 2);
	}
}

static void cause_line(struct page *p, const struct cause *c)
{
	struct text line = {0};

	text_add(&line, c->cause);
	if (c->because && *c->because)
		text_printf(&line, " (%s)", c->because);
	text_printf(p->out, "      %3.0f %%  ", c->likelihood * 100);
	wrapped(p, text_str(&line), 13, 13);
	text_free(&line);
}

static void causes(struct page *p, const struct diagnosis *d)
{
	if (!d->cause_count)
		return;
	text_add(p->out, "    ");
	coloured(p, DIM, d->cause_count > 1 ? "causes, the likeliest first:" : "cause:");
	text_add_char(p->out, '\n');
	for (int i = 0; i < d->cause_count && (p->all || i < CAUSES_SHOWN); i++)
		cause_line(p, &d->causes[i]);
}

/* A step that needs more than its line has its command on a line of its own: it is made to be copied. */
static void one_step(struct page *p, const char *step)
{
	struct step_parts parts;
	char *piece;

	if (!words_step(step, &parts) || 9 + columns(step, strlen(step)) <= p->width) {
		wrapped(p, step, 9, 9);
		return;
	}
	if (parts.before_len) {
		piece = xprintf("%.*s", parts.before_len, parts.before);
		wrapped(p, piece, 9, 9);
		free(piece);
		text_add(p->out, "           ");
	}
	piece = xprintf("%.*s", parts.command_len, parts.command);
	unbroken(p, piece);
	free(piece);
	if (parts.after_len > 1) {
		text_add(p->out, "         ");
		wrapped(p, parts.after + strspn(parts.after, ",; "), 9, 9);
	}
}

static void steps(struct page *p, const struct diagnosis *d)
{
	if (!d->next_count)
		return;
	text_add(p->out, "    ");
	coloured(p, DIM, "next:");
	text_add_char(p->out, '\n');
	for (int i = 0; i < d->next_count; i++) {
		text_printf(p->out, "      %d. ", i + 1);
		one_step(p, d->next[i]);
	}
}

static void finding_ids(struct page *p, const struct diagnosis *d)
{
	struct text line = {0};

	for (int i = 0; i < d->finding_count; i++)
		text_printf(&line, "%s%s %s", i ? ", " : "", d->findings[i]->id, d->findings[i]->code);
	if (d->finding_count)
		labelled(p, "findings:", text_str(&line));
	text_free(&line);
}

static void one_diagnosis(struct page *p, const struct diagnosis *d)
{
	text_add_char(p->out, '\n');
	coloured(p, severity_colour(d->severity), d->id);
	text_add(p->out, "  ");
	colour_on(p, BOLD);
	wrapped(p, d->title ? d->title : "", 4, 4);
	colour_off(p);
	if (d->summary && *d->summary) {
		text_add(p->out, "    ");
		wrapped(p, d->summary, 4, 4);
	}
	text_add(p->out, "    ");
	coloured(p, DIM, "responsible:");
	text_printf(p->out, " %s, confidence %.0f %%\n", responsible_name(d->responsible), d->confidence * 100);
	if (d->path)
		labelled(p, "path:", d->path);
	causes(p, d);
	for (int i = 0; i < d->against_count; i++)
		labelled(p, "against it:", d->against[i]);
	steps(p, d);
	finding_ids(p, d);
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

			coloured(p, "1;34", "  --> ");
			wrapped(p, line, 6, 6);
			free(line);
		}
		text_free(&frames);
	}
	if (f->evidence_left_out)
		text_printf(p->out, "      and %" PRIu64 " more frames\n", f->evidence_left_out);
}

static void note_line(struct page *p, const char *name, const char *raw, bool whole)
{
	coloured(p, "1;34", "   = ");
	coloured(p, DIM, name);
	text_add(p->out, ": ");
	if (whole)
		unbroken(p, raw);
	else
		wrapped(p, raw, (int)strlen(name) + 7, 7);
}

static void evidence_lines(struct page *p, const struct finding *f)
{
	int64_t start = p->result->summary.first_ts_ns;

	for (int i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];

		text_printf(p->out, "      %8" PRIu64 "  %12.6f s  ", e->frame, when_s(e->ts_ns - start));
		wrapped(p, e->what, 32, 32);
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
	coloured(p, severity_colour(f->severity), text_str(&head));
	text_add(p->out, ": ");
	colour_on(p, BOLD);
	wrapped(p, f->title ? f->title : "", (int)head.len + 2, 4);
	colour_off(p);
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

static void left_out(struct page *p, int n, const char *one, const char *many)
{
	if (n > 0)
		text_printf(p->out, "\n%d more %s: -v shows all\n", n, n == 1 ? one : many);
}

static void notes(struct page *p)
{
	bool first = true;

	for (int i = 0; i < p->result->finding_count; i++) {
		const struct finding *f = p->result->findings[i];

		if (f->severity > SEVERITY_NOTE)
			continue;
		if (first)
			text_add_char(p->out, '\n');
		first = false;
		heading(p, f);
	}
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
	left_out(p, skipped, "finding", "findings");
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
		one_diagnosis(&p, r->diagnoses[shown]);
	left_out(&p, r->diagnosis_count - shown, "diagnosis", "diagnoses");
	findings(&p);
}
