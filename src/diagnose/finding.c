/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding: building it up, and freeing it. */
#include "diagnose/finding.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	s = xmalloc((size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, format, args);
	return s;
}

static void clear_fact(struct fact *fact)
{
	free(fact->text);
	for (int i = 0; i < fact->list_count; i++)
		free(fact->list[i]);
	free(fact->list);
	fact->text = NULL;
	fact->list = NULL;
	fact->list_count = 0;
}

static struct fact *fact_slot(struct finding *f, const char *name, enum fact_type type)
{
	struct fact *fact = NULL;

	for (int i = 0; i < f->fact_count; i++)
		if (strcmp(f->facts[i].name, name) == 0)
			fact = &f->facts[i];
	if (!fact) {
		f->facts = xrealloc(f->facts, (size_t)(f->fact_count + 1) * sizeof(*f->facts));
		fact = &f->facts[f->fact_count++];
		memset(fact, 0, sizeof(*fact));
		text_copy(fact->name, sizeof(fact->name), name);
	} else if (type != FACT_LIST || fact->type != FACT_LIST) {
		clear_fact(fact);
	}
	fact->type = type;
	return fact;
}

void finding_number(struct finding *f, const char *name, double value)
{
	fact_slot(f, name, FACT_NUMBER)->number = value;
}

void finding_integer(struct finding *f, const char *name, int64_t value)
{
	fact_slot(f, name, FACT_INTEGER)->integer = value;
}

void finding_bool(struct finding *f, const char *name, bool value)
{
	fact_slot(f, name, FACT_BOOL)->integer = value;
}

void finding_null(struct finding *f, const char *name)
{
	fact_slot(f, name, FACT_NULL);
}

void finding_text(struct finding *f, const char *name, const char *value)
{
	if (!value || !*value)
		finding_null(f, name);
	else
		fact_slot(f, name, FACT_TEXT)->text = xstrdup(value);
}

void finding_address(struct finding *f, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE];

	finding_text(f, name, addr_text(a, text));
}

void finding_list(struct finding *f, const char *name, const char *item)
{
	struct fact *fact = fact_slot(f, name, FACT_LIST);

	fact->list = xrealloc(fact->list, (size_t)(fact->list_count + 1) * sizeof(*fact->list));
	fact->list[fact->list_count++] = xstrdup(item);
}

const struct fact *finding_fact(const struct finding *f, const char *name)
{
	for (int i = 0; i < f->fact_count; i++)
		if (strcmp(f->facts[i].name, name) == 0)
			return &f->facts[i];
	return NULL;
}

double finding_fact_number(const struct finding *f, const char *name)
{
	const struct fact *fact = finding_fact(f, name);

	if (!fact)
		return 0;
	return fact->type == FACT_NUMBER ? fact->number : (double)fact->integer;
}

static __attribute__((format(printf, 3, 0))) void append_line(char ***lines, int *count, const char *format, va_list args)
{
	*lines = xrealloc(*lines, (size_t)(*count + 1) * sizeof(**lines));
	(*lines)[(*count)++] = format_text(format, args);
}

static __attribute__((format(printf, 2, 0))) void replace(char **slot, const char *format, va_list args)
{
	free(*slot);
	*slot = format_text(format, args);
}

const char *finding_word(const char *word, const char *placeholder)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

	return *word && *word != '-' && word[strspn(word, plain)] == '\0' ? word : placeholder;
}

void finding_title(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	replace(&f->title, format, args);
	va_end(args);
}

void finding_filter(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	replace(&f->filter, format, args);
	va_end(args);
}

void finding_filter_also(struct finding *f, uint16_t source, uint64_t frame)
{
	char *wider;

	if (!f->filter || f->filter_source != source || !frame)
		return;
	wider = xprintf("%s or frame.number == %" PRIu64, f->filter, frame);
	free(f->filter);
	f->filter = wider;
}

void finding_detail(struct finding *f, const char *format, ...)
{
	char *more, *both;
	va_list args;

	va_start(args, format);
	more = format_text(format, args);
	va_end(args);
	both = xprintf("%s%s%s", f->detail ? f->detail : "", f->detail ? " " : "", more);
	free(more);
	free(f->detail);
	f->detail = both;
}

void finding_against(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_line(&f->against, &f->against_count, format, args);
	va_end(args);
}

void finding_next(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_line(&f->next, &f->next_count, format, args);
	va_end(args);
}

void finding_cause(struct finding *f, double likelihood, const char *cause, const char *because, ...)
{
	struct cause made = {.cause = xstrdup(cause), .likelihood = likelihood};
	va_list args;
	int at = f->cause_count;

	va_start(args, because);
	made.because = format_text(because, args);
	va_end(args);
	f->causes = xrealloc(f->causes, (size_t)(f->cause_count + 1) * sizeof(*f->causes));
	for (; at > 0 && f->causes[at - 1].likelihood < likelihood; at--)
		f->causes[at] = f->causes[at - 1];
	f->causes[at] = made;
	f->cause_count++;
}

static void add_evidence(struct finding *f, const struct evidence *e)
{
	for (int i = 0; i < f->evidence_count; i++)
		if (f->evidence[i].frame == e->frame && f->evidence[i].source == e->source)
			return;
	if (f->evidence_count == EVIDENCE_MAX)
		f->evidence_left_out++;
	else
		f->evidence[f->evidence_count++] = *e;
}

void finding_evidence(struct finding *f, uint16_t source, uint64_t frame, int64_t ts_ns, const char *format, ...)
{
	struct evidence e = {.source = source, .frame = frame, .ts_ns = ts_ns};
	char *what;
	va_list args;

	if (!frame)
		return;
	va_start(args, format);
	what = format_text(format, args);
	va_end(args);
	text_copy(e.what, sizeof(e.what), what);
	free(what);
	add_evidence(f, &e);
}

void finding_evidence_ref(
	struct finding *f, const struct record *r, const struct frame_ref *ref, const char *format, ...)
{
	struct evidence e = {.source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns};
	char *what;
	va_list args;

	if (!ref->frame)
		return;
	va_start(args, format);
	what = format_text(format, args);
	va_end(args);
	text_copy(e.what, sizeof(e.what), what);
	free(what);
	add_evidence(f, &e);
}

static void free_lines(char **lines, int count)
{
	for (int i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->fact_count; i++)
		clear_fact(&f->facts[i]);
	free(f->facts);
	free_lines(f->against, f->against_count);
	free_lines(f->next, f->next_count);
	for (int i = 0; i < f->cause_count; i++) {
		free(f->causes[i].cause);
		free(f->causes[i].because);
	}
	free(f->causes);
	free(f->title);
	free(f->detail);
	free(f->filter);
	free(f->typical);
	free(f);
}
