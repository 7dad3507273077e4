/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: plots by gnuplot. Titles, legends and what a plot says are ours, around its drawing. */

#include "base/text.h"
#include "report/gnuplot.h"
#include "report/html.h"

static void legend(struct text *t, const struct plot *p)
{
	text_add(t, "<ul class=\"legend\">");
	for (int i = 0; i < p->line_count && i < PLOT_LINES_MAX; i++) {
		text_printf(t,
			"<li><svg class=\"key\" viewBox=\"0 0 18 10\" aria-hidden=\"true\"><path class=\"s%d\" "
			"d=\"M0 5H18\"/></svg>",
			i + 1);
		html_text(t, p->lines[i].label);
		text_add(t, "</li>");
	}
	for (int i = 0; i < p->threshold_count; i++) {
		text_add(t, "<li><svg class=\"key\" viewBox=\"0 0 18 10\" aria-hidden=\"true\"><path class=\"limit\" "
			    "d=\"M0 5H18\"/></svg>");
		html_text(t, p->threshold_labels[i]);
		text_printf(t, " (%.6g)</li>", p->thresholds[i]);
	}
	text_add(t, "</ul>\n");
}

static void drawn(struct text *t, const struct plot *p, const char *paths)
{
	text_printf(t, "<figure class=\"plot\">\n<h3 id=\"plot-%s\">%s</h3>\n", p->id, p->title);
	text_printf(t, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"plot-%s\">", p->id);
	text_printf(t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"plot-%s-t\"><title id=\"plot-%s-t\">",
		PLOT_WIDTH, PLOT_HEIGHT, p->id, p->id);
	html_text(t, p->says ? p->says : p->title);
	text_printf(t, "</title>\n%s</svg></div>\n", paths);
	legend(t, p);
	if (p->says)
		html_element(t, "figcaption", NULL, p->says);
	text_add(t, "</figure>\n");
}

static bool has_points(const struct plot *p)
{
	for (int i = 0; i < p->line_count; i++)
		if (p->lines[i].count > 0)
			return true;
	return false;
}

static bool draw(struct text *t, const struct plot *p, size_t bytes_max)
{
	struct text script = {0}, svg = {0}, paths = {0};
	bool ok;

	gnuplot_script(p, &script);
	ok = gnuplot_run(&script, &svg);
	if (ok)
		svg_plain(&paths, text_str(&svg));
	if (ok && paths.len <= bytes_max)
		drawn(t, p, text_str(&paths));
	else if (ok)
		text_printf(t, "<p class=\"cut\">%s: this plot does not fit into the page.</p>\n", p->title);
	text_free(&script);
	text_free(&svg);
	text_free(&paths);
	return ok;
}

/* What the plots would have shown, in words. */
static void instead(struct text *t, const struct result *r)
{
	text_add(t,
		"<p class=\"cut\">gnuplot could not be run, so the plots are missing; everything else is here.</p>\n");
	for (int i = 0; i < r->plot_count; i++)
		if (r->plots[i]->says)
			html_element(t, "p", "hint", r->plots[i]->says);
}

void html_plots(struct text *t, struct result *r, size_t bytes_max)
{
	size_t start = t->len;

	r->plots_failed = false;
	if (!r->plot_count)
		return;
	text_add(t, "<section class=\"plots\" aria-labelledby=\"plots\">\n<h2 id=\"plots\">Plots</h2>\n");
	for (int i = 0; i < r->plot_count && !r->plots_failed; i++) {
		size_t used = t->len - start;

		if (has_points(r->plots[i]))
			r->plots_failed = !draw(t, r->plots[i], used < bytes_max ? bytes_max - used : 0);
	}
	if (r->plots_failed)
		instead(t, r);
	text_add(t, "</section>\n");
}
