/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: each diagnosis with causes, next steps and the picture of a typical conversation. */
#include <stdio.h>

#include "base/text.h"
#include "report/html.h"
#include "report/report_words.h"

#define FRAMES_SHOWN 12

static void cause_item(struct text *t, const struct cause *c)
{
	double share = c->likelihood < 0 ? 0 : c->likelihood > 1 ? 1 : c->likelihood;

	text_printf(t,
		"<li><span class=\"share\">%.0f %%</span><svg class=\"bar\" viewBox=\"0 0 100 4\" "
		"preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rail\" width=\"100\" height=\"4\"/>"
		"<rect class=\"fill\" width=\"%.0f\" height=\"4\"/></svg><p>",
		share * 100, share * 100);
	html_text(t, c->cause);
	if (c->because && *c->because) {
		text_add(t, " <span class=\"because\">");
		html_text(t, c->because);
		text_add(t, "</span>");
	}
	text_add(t, "</p></li>\n");
}

static void causes(struct text *t, const struct diagnosis *d)
{
	if (!d->cause_count)
		return;
	text_printf(t, "<div class=\"part\"><h3>%s</h3>\n<ul class=\"causes\">\n",
		d->cause_count > 1 ? "Possible causes" : "Cause");
	for (int i = 0; i < d->cause_count; i++)
		cause_item(t, &d->causes[i]);
	text_add(t, "</ul></div>\n");
}

static void lines(struct text *t, const char *heading, const char *tag, const char *class, char *const *list, int count)
{
	if (!count)
		return;
	text_printf(t, "<div class=\"part\"><h3>%s</h3>\n", heading);
	html_list(t, tag, class, list, count);
	text_add(t, "</div>\n");
}

static void about(struct text *t, const struct diagnosis *d)
{
	struct text subject = {0};

	words_subject(&subject, &d->subject);
	text_add(t, "<dl class=\"about\">");
	if (subject.len) {
		text_add(t, "<div><dt>Subject</dt><dd>");
		html_path(t, text_str(&subject));
		text_add(t, "</dd></div>");
	}
	text_printf(t, "<div><dt>Responsible</dt><dd>%s</dd></div>", responsible_name(d->responsible));
	text_printf(t, "<div><dt>Confidence</dt><dd>%.0f %%</dd></div>", d->confidence * 100);
	if (d->path) {
		text_add(t, "<div><dt>Path</dt><dd>");
		html_path(t, d->path);
		text_add(t, "</dd></div>");
	}
	text_add(t, "</dl>\n");
	text_free(&subject);
}

static void frames_line(struct text *t, const struct result *r, const struct finding *f)
{
	for (int s = 0; s < r->summary.source_count; s++) {
		struct text frames = {0};
		int n = words_frames(&frames, f, (uint16_t)s, FRAMES_SHOWN);

		if (n) {
			text_printf(t, "<p class=\"frames\">Frame%s %s in ", n == 1 ? "" : "s", text_str(&frames));
			html_element(t, "span", "file", words_file(words_source(r, (uint16_t)s)));
			text_add(t, "</p>\n");
		}
		text_free(&frames);
	}
}

static void finding_links(struct text *t, const struct diagnosis *d)
{
	text_add(t, "<p class=\"links\">Findings: ");
	for (int i = 0; i < d->finding_count; i++)
		text_printf(t, "%s<a href=\"#%s\">%s <code>%s</code></a>", i ? ", " : "", d->findings[i]->id,
			d->findings[i]->id, d->findings[i]->code);
	text_add(t, "</p>\n");
}

/* The first finding with a conversation to draw; a note's would show what did not fail. */
static const struct finding *with_ladder(const struct result *r, const struct diagnosis *d)
{
	for (int i = 0; i < d->finding_count; i++)
		if (d->findings[i]->severity > SEVERITY_NOTE && html_ladder_of(r, d->findings[i]))
			return d->findings[i];
	return NULL;
}

static void evidence(struct text *t, const struct result *r, const struct diagnosis *d, const struct finding *ladder)
{
	char id[24];

	if (!d->finding_count)
		return;
	text_printf(t, "<div class=\"part evidence%s\"><h3>Evidence</h3>\n", ladder ? "" : " wide");
	if (ladder) {
		snprintf(id, sizeof(id), "ladder-%s", d->id);
		html_ladder(t, r, ladder, html_ladder_of(r, ladder), id);
	}
	frames_line(t, r, d->findings[0]);
	html_filter(t, r, d->findings[0]);
	finding_links(t, d);
	text_add(t, "</div>\n");
}

static void reasons(struct text *t, const struct diagnosis *d)
{
	causes(t, d);
	lines(t, "Next steps", "ol", "steps", d->next, d->next_count);
	lines(t, "What speaks against it", "ul", "against", d->against, d->against_count);
}

/* The ladder stands beside the reasons; without one, they have the whole width. */
static void parts(struct text *t, const struct result *r, const struct diagnosis *d)
{
	const struct finding *ladder = with_ladder(r, d);

	if (ladder) {
		text_add(t, "<div class=\"parts laddered\">\n");
		evidence(t, r, d, ladder);
		text_add(t, "<div class=\"reasons\">\n");
		reasons(t, d);
		text_add(t, "</div></div>\n");
	} else {
		text_add(t, "<div class=\"parts\">\n");
		reasons(t, d);
		evidence(t, r, d, NULL);
		text_add(t, "</div>\n");
	}
}

static void one(struct text *t, const struct result *r, const struct diagnosis *d)
{
	text_printf(t, "<article class=\"diagnosis %s\" id=\"%s\" aria-labelledby=\"%s-title\">\n",
		severity_name(d->severity), d->id, d->id);
	text_printf(t, "<p class=\"kicker\">%s <span class=\"number\">%s</span></p>\n<h2 id=\"%s-title\">",
		html_severity_word(d->severity), d->id, d->id);
	html_text(t, d->title);
	text_add(t, "</h2>\n");
	if (r->diagnosis_count > 1) /* the only one is summed up above */
		html_element(t, "p", "lead", d->summary);
	about(t, d);
	parts(t, r, d);
	text_add(t, "</article>\n");
}

void html_diagnoses(struct text *t, const struct result *r, size_t bytes_max)
{
	size_t start = t->len;

	for (int i = 0; i < r->diagnosis_count; i++) {
		if (t->len - start > bytes_max) {
			text_printf(t,
				"<p class=\"cut\">%d more diagnoses do not fit into this page; the JSON report has "
				"them all.</p>\n",
				r->diagnosis_count - i);
			return;
		}
		one(t, r, r->diagnoses[i]);
	}
}
