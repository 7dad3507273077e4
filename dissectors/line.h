/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols of text lines: one line out of a chunk, and words in it. Lines are borrowed. */
#ifndef PCAPDX_DISSECTORS_LINE_H
#define PCAPDX_DISSECTORS_LINE_H

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dissectors/dissector.h"

struct line {
	const uint8_t *p;
	size_t len; /* without CR and LF */
};

/* The first line of the chunk; *used is its length with its end. false: no line end in it. */
static inline bool line_take(const struct chunk *c, struct line *out, size_t *used)
{
	const uint8_t *end = c->len ? memchr(c->data, '\n', c->len) : NULL;

	if (!end)
		return false;
	*used = (size_t)(end - c->data) + 1;
	out->p = c->data;
	out->len = *used - 1;
	if (out->len && out->p[out->len - 1] == '\r')
		out->len--;
	return true;
}

/* Whether the line begins with that word; letters of either case. Inline: the length of a literal is known then. */
static inline bool line_starts(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	if (l->len < n || (n && (*l->p ^ (uint8_t)*word) & ~0x20)) /* more than the bit of the case differs */
		return false;
	return !memcmp(l->p, word, n) || !strncasecmp((const char *)l->p, word, n); /* nearly always as it is written */
}

bool line_contains(const struct line *l, const char *words); /* letters of either case */
/* Cuts a word (up to a space or tab) off the front, with the spaces behind it. */
struct line line_word(struct line *l);
void line_text(const struct line *l, char *out, size_t size);
static inline bool line_blank(uint8_t b)
{
	return b == ' ' || b == '\t';
}

static inline struct line line_trim(struct line l)
{
	while (l.len && line_blank(*l.p)) {
		l.p++;
		l.len--;
	}
	while (l.len && line_blank(l.p[l.len - 1]))
		l.len--;
	return l;
}

/* The number at the front: up to `digits` digits; -1 when there is none. It is cut off. */
int line_number(struct line *l, int digits);

/* A chunk that begins with `word`: match; it may become so: RECOGNISE_MORE. Letters of either case. */
enum recognition line_recognise(const struct chunk *c, const char *word, enum recognition match);
/* The best that any of the words (NULL ends the list) gives. */
enum recognition line_recognise_any(const struct chunk *c, const char *const *words, enum recognition match);
/* How far it is to the first line that `plausible` likes (it sees what is there of it); c->len: none. The first byte
 * counts as the start of a line: behind a gap it often is. */
size_t line_resync(const struct chunk *c, bool (*plausible)(const struct line *l));
/* "250 text", "250-text", "250", or the beginning of it. */
bool line_is_reply(const struct line *l);
/* A word of three letters or more, of ASCII letters only, or the beginning of one. */
bool line_is_command(const struct line *l);

#endif
