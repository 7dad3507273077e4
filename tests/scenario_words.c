/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void __attribute__((noreturn)) words_bad(const struct words *w, const char *why)
{
	fprintf(stderr, "scenario: %s in line: %s\n", why, w->line);
	abort();
}

const char *next_word(struct words *w)
{
	if (w->at >= w->count)
		words_bad(w, "something is missing");
	return w->list[w->at++];
}

uint32_t next_number(struct words *w)
{
	const char *word = next_word(w);
	char *end;
	unsigned long n = strtoul(word, &end, 0);

	if (end == word || *end)
		words_bad(w, "not a number");
	return (uint32_t)n;
}

struct addr next_addr(struct words *w)
{
	struct addr a;

	if (!addr_parse(next_word(w), &a))
		words_bad(w, "not an address");
	return a;
}

struct mac next_mac(struct words *w)
{
	struct mac m;

	if (!mac_parse(next_word(w), &m))
		words_bad(w, "not a MAC");
	return m;
}

void words_split(struct words *w, char *copy)
{
	char *p = copy;

	w->count = w->at = 0;
	for (;;) {
		char closing = 0;

		p += strspn(p, " \t");
		if (!*p || *p == '#')
			return;
		if (w->count == WORDS_MAX)
			words_bad(w, "too many words");
		w->list[w->count++] = p;
		if (*p == '"')
			closing = '"';
		else if (*p == '<' && p[1] && p[1] != ' ')
			closing = '>';
		p = closing ? strchr(p + 1, closing) : p + strcspn(p, " \t");
		if (!p)
			words_bad(w, "not closed");
		if (*p)
			*p++ = '\0';
	}
}
