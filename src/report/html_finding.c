/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: the findings, each with its facts, its frames and its filter. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/report_words.h"

static void evidence_row(struct text *t, const struct result *r, const struct evidence *e)
{
	text_printf(t, "<tr><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.6f</td><td>", e->frame,
		when_s(e->ts_ns - r->summary.first_ts_ns));
	html_text(t, e->what);
	text_add(t, "</td>");
	if (r->summary.source_count > 1)
		html_element(t, "td", NULL, words_file(words_source(r, e->source)));
	text_add(t, "</tr>\n");
}

void html_evidence(struct text *t, const struct result *r, const struct finding *f)
{
	if (!f->evidence_count)
		return;
	text_printf(t,
		"<details%s><summary>%d frame%s as evidence</summary>\n<div class=\"scroll\">"
		"<table class=\"evidence\"><thead><tr><th scope=\"col\" class=\"n\">Frame</th>"
		"<th scope=\"col\" class=\"n\">Time (s)</th><th scope=\"col\">What</th>%s</tr></thead><tbody>\n",
		f->evidence_count <= 8 && f->severity > SEVERITY_NOTE ? " open" : "", f->evidence_count,
		f->evidence_count == 1 ? "" : "s", r->summary.source_count > 1 ? "<th scope=\"col\">Source</th>" : "");
	for (int i = 0; i < f->evidence_count; i++)
		evidence_row(t, r, &f->evidence[i]);
	text_add(t, "</tbody></table></div>\n");
	if (f->evidence_left_out)
		text_printf(t, "<p class=\"cut\">%" PRIu64 " more frames are not listed; the filter finds them.</p>\n",
			f->evidence_left_out);
	text_add(t, "</details>\n");
}

void html_filter(struct text *t, const struct result *r, const struct finding *f)
{
	if (!f->filter)
		return;
	text_add(t, "<p class=\"filter\"><span class=\"label\">Wireshark filter</span> ");
	html_copyable(t, f->filter, "filter");
	if (r->summary.source_count > 1) {
		text_add(t, " in ");
		html_text(t, words_file(words_source(r, f->filter_source)));
	}
	text_add(t, "</p>\n");
}

static const char *spelled_out(const char *name)
{
	static const char *const names[][2] = {{"sni", "SNI"}, {"mac", "MAC"}, {"macs", "MACs"}, {"ip", "IP"},
		{"mtu", "MTU"}, {"icmp", "ICMP"}, {"ttl_rst", "TTL of the RST"}, {"ttl_peer", "TTL of the peer"},
		{"rate_bps", "Bits per second"}, {"per_s", "Per second"}, {"budget_per_s", "Budget per second"},
		{"p50_s", "Median"}, {"p95_s", "95th percentile"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], name) == 0)
			return names[i][1];
	return NULL;
}

/* "delay_median_s" -> "delay median" */
static void fact_name(struct text *t, const char *name)
{
	size_t n = strlen(name);

	if (spelled_out(name)) {
		text_add(t, spelled_out(name));
		return;
	}
	if (n > 2 && strcmp(name + n - 2, "_s") == 0)
		n -= 2;
	for (size_t i = 0; i < n; i++) {
		char c[2] = {name[i] == '_' ? ' ' : name[i], '\0'};

		html_text(t, c);
	}
}

static void facts(struct text *t, const struct finding *f)
{
	if (!f->fact_count)
		return;
	text_add(t, "<dl class=\"facts\">");
	for (int i = 0; i < f->fact_count; i++) {
		struct text value = {0};

		text_add(t, "<div><dt>");
		fact_name(t, f->facts[i].name);
		text_add(t, "</dt><dd>");
		words_fact(&value, &f->facts[i]);
		html_text(t, text_str(&value));
		text_add(t, "</dd></div>");
		text_free(&value);
	}
	text_add(t, "</dl>\n");
}

static const struct diagnosis *owner(const struct result *r, const struct finding *f)
{
	for (int i = 0; i < r->diagnosis_count; i++)
		for (int k = 0; k < r->diagnoses[i]->finding_count; k++)
			if (r->diagnoses[i]->findings[k] == f)
				return r->diagnoses[i];
	return NULL;
}

static void foot(struct text *t, const struct result *r, const struct finding *f)
{
	const struct diagnosis *d = owner(r, f);
	char id[24];

	if (f->against_count)
		html_list(t, "ul", "against", f->against, f->against_count);
	if (d) {
		text_printf(t,
			"<p class=\"links\">Part of <a href=\"#%s\">%s</a>, with its causes and next steps.</p>\n",
			d->id, d->id);
		return;
	}
	if (f->next_count)
		html_list(t, "ol", "steps", f->next, f->next_count);
	if (f->severity > SEVERITY_NOTE && html_ladder_of(r, f)) {
		snprintf(id, sizeof(id), "ladder-%s", f->id);
		html_ladder(t, r, f, html_ladder_of(r, f), id);
	}
}

static void one(struct text *t, const struct result *r, const struct finding *f)
{
	text_printf(t, "<article class=\"finding %s\" id=\"%s\" aria-labelledby=\"%s-title\">\n",
		severity_name(f->severity), f->id, f->id);
	text_printf(t, "<h3 id=\"%s-title\">", f->id);
	html_text(t, f->title);
	text_add(t, "</h3>\n<p class=\"meta\">");
	html_badge(t, f->severity);
	text_printf(t, " <a class=\"number\" href=\"#%s\">%s</a> <code>%s</code>", f->id, f->id, f->code);
	if (f->of)
		text_printf(t, " <span>%" PRIu64 " of %" PRIu64 "</span>", f->count, f->of);
	else if (f->count > 1)
		text_printf(t, " <span>%" PRIu64 " times</span>", f->count);
	text_printf(t, "%s</p>\n", f->cleared ? " <span>cleared</span>" : "");
	if (f->detail && *f->detail)
		html_element(t, "p", "detail", f->detail);
	facts(t, f);
	html_evidence(t, r, f);
	html_filter(t, r, f);
	foot(t, r, f);
	text_add(t, "</article>\n");
}

void html_findings(struct text *t, const struct result *r, size_t bytes_max)
{
	size_t start = t->len;

	if (!r->finding_count)
		return;
	text_add(t, "<section class=\"findings\" aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n"
		    "<p class=\"hint\">Facts with the frames that prove them. Times are seconds since the first "
		    "packet.</p>\n");
	for (int i = 0; i < r->finding_count; i++) {
		if (t->len - start > bytes_max) {
			text_printf(t,
				"<p class=\"cut\">%d more findings do not fit into this page; the JSON report has "
				"them all.</p>\n",
				r->finding_count - i);
			break;
		}
		one(t, r, r->findings[i]);
	}
	text_add(t, "</section>\n");
}
