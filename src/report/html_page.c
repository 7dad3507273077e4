/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result as one page that asks nobody for anything. Without its script it is complete; the script adds copying,
 * sorting and searching. Large parts get what the parts before them leave of the page's size.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "config.h"
#include "options.h"
#include "report/html.h"
#include "report/report.h"
#include "report/report_json.h"
#include "report/report_plots.h"
#include "report/report_words.h"

#define SHORT_MAX 20 /* diagnoses on the first screen */
#define DIAGNOSES_BYTES_MAX ((size_t)400000)
#define FINDINGS_BYTES_MAX ((size_t)500000)
#define PLOTS_BYTES_MAX ((size_t)400000)
#define JSON_BYTES_MAX ((size_t)500000)
#define TAIL_BYTES ((size_t)40000) /* the script and the foot */

static void head(struct text *t, const struct result *r)
{
	text_add(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
	html_csp_hash(t, html_style());
	text_add(t, "; script-src ");
	html_csp_hash(t, html_script());
	text_add(t, "; base-uri 'none'; form-action 'none'\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"generator\" content=\"pcapdx " PACKAGE_VERSION "\">\n");
	if (r->options && r->options->unfinished)
		text_add(t, "<meta http-equiv=\"refresh\" content=\"5\">\n");
	text_add(t, "<title>");
	text_printf(t, "%s: ", html_severity_word(r->severity));
	html_text(t, r->headline);
	text_printf(t, "</title>\n<style>%s</style>\n</head>\n", html_style());
}

static void number_of(struct text *t, const char *name, uint64_t n)
{
	char number[GROUPED_TEXT_SIZE];

	text_printf(t, "<div><dt>%s</dt><dd>%s</dd></div>", name, words_grouped(n, number));
}

static void masthead(struct text *t, const struct result *r)
{
	const struct summary *s = &r->summary;
	char when[WHEN_TEXT_SIZE];

	text_add(t, "<header class=\"masthead\"><p class=\"wordmark\">pcapdx</p><p class=\"source\">");
	html_text(t, s->source_count ? words_file(s->sources[0].name) : "no source");
	if (s->source_count > 1)
		text_printf(t, " and %d more", s->source_count - 1);
	text_add(t, "</p>");
	if (s->has_packets) {
		when_rfc3339(s->first_ts_ns, when);
		text_printf(
			t, "<p class=\"when\"><time datetime=\"%s\">%.10s %.8s UTC</time></p>", when, when, when + 11);
	}
	text_add(t, "</header>\n");
}

static void overview(struct text *t, const struct result *r)
{
	const struct summary *s = &r->summary;
	char duration[WHEN_TEXT_SIZE];

	text_add(t, "<dl class=\"overview\">");
	number_of(t, "Packets", s->packets);
	text_printf(t, "<div><dt>Duration</dt><dd>%s</dd></div>",
		s->has_packets ? when_duration(when_s(s->last_ts_ns - s->first_ts_ns), duration) : "0 s");
	if (s->tcp_total)
		number_of(t, "TCP conversations", s->tcp_total);
	if (s->udp_total)
		number_of(t, "UDP conversations", s->udp_total);
	if (s->tls_messages[1])
		number_of(t, "TLS handshakes", s->tls_messages[1]);
	text_add(t, "</dl>\n");
}

static void verdict(struct text *t, const struct result *r)
{
	text_printf(t, "<section class=\"verdict %s\" aria-labelledby=\"verdict\">\n<p class=\"severity\">%s</p>\n",
		severity_name(r->severity), html_severity_word(r->severity));
	text_add(t, "<h1 id=\"verdict\">");
	html_text(t, r->headline);
	text_add(t, "</h1>\n</section>\n");
}

static void limits(struct text *t, const struct result *r)
{
	if (!r->weak)
		return;
	text_add(t, "<p class=\"weak\"><strong>Limits of this capture:</strong> ");
	html_text(t, r->weak);
	text_add(t, "</p>\n");
}

static void likeliest(struct text *t, const struct diagnosis *d)
{
	if (!d->cause_count)
		return;
	text_printf(t, "<p class=\"likely\"><span class=\"label\">%s</span> ",
		d->causes[0].likelihood > 0.5 ? "Most likely:" : "Perhaps:");
	html_text(t, d->causes[0].cause);
	text_printf(t, " (%.0f %%)</p>\n", d->causes[0].likelihood * 100);
}

/* What to try before all else. */
static void do_first(struct text *t, const struct diagnosis *d)
{
	if (!d->next_count)
		return;
	text_add(t, "<p class=\"first\"><span class=\"label\">Do first:</span> ");
	html_step(t, d->next[0]);
	text_add(t, "</p>\n");
}

static void link_to_diagnosis(struct text *t, const struct diagnosis *d, const char *class, const char *words)
{
	text_printf(
		t, "<a href=\"#%s\"%s%s%s>", d->id, class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
	html_text(t, words);
	text_add(t, "</a>");
}

/* The diagnoses in a few lines each: what fits on the first screen. */
static void in_short(struct text *t, const struct result *r)
{
	if (!r->diagnosis_count)
		return;
	text_add(t, "<section class=\"short\" aria-labelledby=\"short\">\n<h2 id=\"short\" class=\"quiet\">What is "
		    "wrong</h2>\n<ol>\n");
	for (int i = 0; i < r->diagnosis_count && i < SHORT_MAX; i++) {
		const struct diagnosis *d = r->diagnoses[i];

		bool told = r->headline && d->title && strcmp(r->headline, d->title) == 0;

		text_printf(t, "<li class=\"%s\">", severity_name(d->severity));
		if (!told)
			link_to_diagnosis(t, d, NULL, d->title);
		if (told || !d->title || !d->summary || strcmp(d->title, d->summary) != 0)
			html_element(t, "p", NULL, d->summary);
		likeliest(t, d);
		do_first(t, d);
		if (told)
			link_to_diagnosis(t, d, "more", "Causes, evidence and next steps");
		text_add(t, "</li>\n");
	}
	text_add(t, "</ol>\n</section>\n");
}

static void link_to(struct text *t, bool there, const char *id, const char *name)
{
	if (there)
		text_printf(t, "<li><a href=\"#%s\">%s</a></li>", id, name);
}

static void contents(struct text *t, const struct result *r)
{
	text_add(t, "<nav aria-label=\"Sections\"><ul>");
	link_to(t, r->diagnosis_count > 0, r->diagnosis_count ? r->diagnoses[0]->id : "", "Diagnoses");
	link_to(t, r->finding_count > 0, "findings", "Findings");
	link_to(t, r->plot_count > 0, "plots", "Plots");
	link_to(t, r->connection_count > 0, "connections", "Connections");
	link_to(t, r->service_count > 0, "services", "Services");
	link_to(t, r->host_count > 0, "hosts", "Hosts");
	link_to(t, r->gateway_count > 0, "gateways", "Gateways");
	link_to(t, r->tls_count > 0, "tls", "TLS");
	link_to(t, true, "capture", "Capture");
	text_add(t, "</ul></nav>\n");
}

/* The whole report as data, for the button that saves it. */
static void raw_data(struct text *t, const struct result *r)
{
	struct text json = {0};

	report_json_short(r, &json);
	if (json.len <= JSON_BYTES_MAX && t->len + json.len + TAIL_BYTES <= HTML_BYTES_MAX) {
		text_add(t, "<script type=\"application/json\" id=\"report-data\">");
		text_add(t, text_str(&json));
		text_add(t, "</script>\n");
	} else {
		html_element(t, "p", "cut",
			"The data of this report are too many for this page; pcapdx -o report.json "
			"writes them.");
	}
	text_free(&json);
}

static size_t left_for(const struct text *t, size_t most)
{
	size_t used = t->len + TAIL_BYTES, left = used < HTML_BYTES_MAX ? HTML_BYTES_MAX - used : 0;

	return left < most ? left : most;
}

void report_html(struct result *r, struct text *out)
{
	struct text page = {0};

	report_plots_add(r);
	head(&page, r);
	text_add(&page, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n");
	masthead(&page, r);
	text_add(&page, "<main id=\"main\">\n");
	verdict(&page, r);
	in_short(&page, r);
	limits(&page, r);
	overview(&page, r);
	contents(&page, r);
	html_diagnoses(&page, r, left_for(&page, DIAGNOSES_BYTES_MAX));
	html_findings(&page, r, left_for(&page, FINDINGS_BYTES_MAX));
	html_plots(&page, r, left_for(&page, PLOTS_BYTES_MAX));
	html_tables(&page, r, left_for(&page, HTML_BYTES_MAX) - left_for(&page, JSON_BYTES_MAX));
	raw_data(&page, r);
	text_add(&page,
		"</main>\n<footer><p>Made by pcapdx " PACKAGE_VERSION " from the packets alone: nothing was looked "
		"up, and this page asks nobody for anything.</p></footer>\n");
	text_printf(&page, "<script>%s</script>\n</body>\n</html>\n", html_script());
	text_add_bytes(out, text_str(&page), page.len);
	text_free(&page);
}
