/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the HTML report. Every text that is not a constant of ours goes through html_text. */
#ifndef PCAPDX_REPORT_HTML_H
#define PCAPDX_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnose/result.h"

struct text;

/* The page stays below this, whatever is in the result. */
#define HTML_BYTES_MAX ((size_t)2000000)

/* --- html_bits.c: small pieces --- */
void html_text(struct text *t, const char *raw);					/* escaped; NULL is nothing */
void html_path(struct text *t, const char *raw); /* "A -> B -> C" with true arrows */
void html_element(struct text *t, const char *tag, const char *class, const char *raw); /* class NULL: none */
void html_badge(struct text *t, enum severity s);					/* the severity as a word */
/* Text that is made to be copied: the script puts a button beside it. `what` names it for screen readers. */
void html_copyable(struct text *t, const char *raw, const char *what);
void html_step(struct text *t, const char *step);
void html_list(struct text *t, const char *tag, const char *class, char *const *lines, int count);
const char *html_severity_word(enum severity s); /* "Error" */

/* --- html_style.css, html_script.js and their hashes --- */
const char *html_style(void);
const char *html_script(void);
void html_csp_hash(struct text *t, const char *content); /* 'sha256-...' */

/* --- sections --- */
void html_diagnoses(struct text *t, const struct result *r, size_t bytes_max);
void html_findings(struct text *t, const struct result *r, size_t bytes_max);
/* The conversation to draw for a finding; NULL: none. */
const struct record *html_ladder_of(const struct result *r, const struct finding *f);
void html_ladder(
	struct text *t, const struct result *r, const struct finding *f, const struct record *conversation, const char *id);
void html_plots(struct text *t, struct result *r, size_t bytes_max); /* sets r->plots_failed */
void html_tables(struct text *t, const struct result *r, size_t bytes_max);

/* Evidence of one finding: frame numbers with what they hold. */
void html_evidence(struct text *t, const struct result *r, const struct finding *f);
void html_filter(struct text *t, const struct result *r, const struct finding *f);

#endif
