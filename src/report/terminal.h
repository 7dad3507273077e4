/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page of a terminal: text that wraps at its width, in colour where that is wanted. Raw text is escaped here. */
#ifndef PCAPDX_REPORT_TERMINAL_H
#define PCAPDX_REPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "diagnose/result.h"

struct text;

struct page {
	struct text *out;
	bool colour, all;
	int width;
	const struct result *result;
};

#define BOLD "1"
#define DIM "2"

const char *page_severity_colour(enum severity s);
void page_colour_on(struct page *p, const char *code);
void page_colour_off(struct page *p);
void page_coloured(struct page *p, const char *code, const char *words); /* words of ours */
int page_columns(const char *s, size_t n);
/* Words of `raw`, from column `at` on; following lines start at column `indent`. Ends the line. */
void page_wrapped(struct page *p, const char *raw, int at, int indent);
void page_unbroken(struct page *p, const char *raw); /* a line that people copy: never wrapped */
void page_labelled(struct page *p, const char *label, const char *raw);
/* "12 more findings: -v shows all", after an empty line; nothing when n is not positive. */
void page_left_out(struct page *p, int n, const char *one, const char *many);

/* terminal_diagnosis.c; brief: one cause and one step */
void terminal_diagnosis(struct page *p, const struct diagnosis *d, bool brief);

#endif
