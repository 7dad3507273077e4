/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapdx explain: the pages of doc/findings/, compiled in. */
#include "explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "diagnose/context.h"

struct page {
	const char *code, *text;
};

static const struct page pages[] = {
#include "explain_pages.inc"
};

#define PAGES (sizeof(pages) / sizeof(*pages))
#define PROGRAMS_SAY "## Programs say"
#define PHRASE_MIN 6 /* shorter ones are in other words by chance */

static const struct page *page_of(const char *code)
{
	for (size_t i = 0; i < PAGES; i++)
		if (strcmp(pages[i].code, code) == 0)
			return &pages[i];
	return NULL;
}

static void list_one(const char *code, struct text *out)
{
	const char *summary = catalogue_summary(code);

	text_printf(out, "%-32s %-8s %s\n", code, severity_name(catalogue_severity(code)), summary ? summary : "");
}

void explain_list(struct text *out)
{
	for (int i = 0; i < catalogue_count(); i++)
		list_one(catalogue_code(i), out);
	text_add(out, "\npcapdx explain CODE prints the page of one; pcapdx explain WORDS finds them by what programs print.\n");
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c);
}

/* The words as one piece, ends not inside other words or numbers ("num=1" is not in "num=19"). */
static const char *find_standing(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *at = strcasestr(text, words); at; at = strcasestr(at + 1, words)) {
		bool from = at == text || !is_word(at[-1]) || !is_word(words[0]);
		bool to = !is_word(at[n]) || !is_word(words[n - 1]);

		if (from && to)
			return at;
	}
	return NULL;
}

static bool every_word_stands_in(const char *text, const char *words)
{
	char word[64];

	while (*words) {
		size_t n = strcspn(words, " \t");

		text_copy_bytes(word, sizeof(word), (const uint8_t *)words, n);
		if (n && !find_standing(text, word))
			return false;
		words += n + strspn(words + n, " \t");
	}
	return true;
}

/* One phrase of a program in what the user pastes; "..." stands for whatever the program puts there. */
static bool phrase_stands_in(const char *words, const char *phrase)
{
	const char *at = words;
	char part[160];

	while (*phrase) {
		const char *gap = strstr(phrase, "...");
		size_t n = gap ? (size_t)(gap - phrase) : strlen(phrase);

		while (n && phrase[n - 1] == ' ')
			n--;
		text_copy_bytes(part, sizeof(part), (const uint8_t *)phrase, n);
		at = *part ? find_standing(at, part) : at;
		if (!at)
			return false;
		at += strlen(part);
		phrase = gap ? gap + strspn(gap, ". ") : "";
	}
	return true;
}

/* The length of the longest phrase of this line that the words hold: pieces between commas, or what is quoted. */
static size_t longest_phrase(const char *line, size_t length, const char *words)
{
	size_t longest = 0;
	char phrase[160];

	for (size_t at = 0; at < length;) {
		size_t n = strcspn(line + at, ",\n");
		const char *quote = memchr(line + at, '"', n);

		if (quote && line[at + n - 1] == '"')
			text_copy_bytes(phrase, sizeof(phrase), (const uint8_t *)quote + 1,
				(size_t)(line + at + n - 1 - quote) > 1 ? (size_t)(line + at + n - 2 - quote) : 0);
		else
			text_copy_bytes(phrase, sizeof(phrase), (const uint8_t *)line + at, n);
		if (strlen(phrase) >= PHRASE_MIN && strlen(phrase) > longest && phrase_stands_in(words, phrase))
			longest = strlen(phrase);
		at += n + 1;
		at += strspn(line + at, " ");
	}
	return longest;
}

static size_t phrase_in_words(const char *say, const char *words)
{
	size_t longest = 0;

	for (const char *line = strstr(say, "\n- "); line; line = strstr(line + 1, "\n- ")) {
		size_t length = strcspn(line + 3, "\n"), n = longest_phrase(line + 3, length, words);

		longest = n > longest ? n : longest;
	}
	return longest;
}

/*
 * How well a page fits: the words are among what programs say; or hold a phrase of it, the longer the better; or are
 * anywhere in one piece; or every word somewhere.
 */
static size_t fit(const struct page *p, const char *words)
{
	const char *say = strstr(p->text, PROGRAMS_SAY);
	size_t phrase;

	if (say && find_standing(say, words))
		return SIZE_MAX;
	phrase = say ? phrase_in_words(say, words) : 0;
	if (phrase)
		return 2 + phrase;
	if (find_standing(p->text, words))
		return 2;
	return every_word_stands_in(p->text, words) ? 1 : 0;
}

static int list_found(const char *words, struct text *out)
{
	const struct page *only = NULL;
	size_t best = 0;
	int n = 0;

	for (size_t i = 0; i < PAGES; i++) {
		size_t f = fit(&pages[i], words);

		n = f > best ? 1 : n + (f == best);
		only = f > best ? &pages[i] : only;
		best = f > best ? f : best;
	}
	if (!best)
		return -1;
	if (n == 1) {
		text_add(out, only->text);
		return 0;
	}
	text_printf(out, "%d findings are about that:\n\n", n);
	for (size_t i = 0; i < PAGES; i++)
		if (fit(&pages[i], words) == best)
			list_one(pages[i].code, out);
	text_add(out, "\npcapdx explain CODE prints the page of one.\n");
	return 0;
}

int explain_words(const char *words, struct text *out)
{
	const struct page *p = page_of(words);

	if (p) {
		text_add(out, p->text);
		return 0;
	}
	if (*words && list_found(words, out) == 0)
		return 0;
	text_add(out, "nothing is known about \"");
	escape_terminal(out, words);
	text_add(out, "\"; pcapdx explain lists all codes");
	return -1;
}

static char *join(int argc, char **argv)
{
	struct text t = { 0 };

	for (int i = 0; i < argc; i++)
		text_printf(&t, "%s%s", i ? " " : "", argv[i]);
	return t.s ? t.s : xstrdup("");
}

int explain_main(int argc, char **argv)
{
	struct text out = { 0 };
	char *words = join(argc, argv);
	int status = 0;

	if (argc == 0)
		explain_list(&out);
	else if (explain_words(words, &out))
		status = 2;
	if (status)
		fprintf(stderr, "pcapdx: %s\n", text_str(&out));
	else if (fputs(text_str(&out), stdout) == EOF || fflush(stdout)) {
		fprintf(stderr, "pcapdx: cannot write to stdout: %s\n", strerror(errno));
		status = 2;
	}
	text_free(&out);
	free(words);
	return status;
}
