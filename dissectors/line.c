/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/line.h"

static uint8_t lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

/* How far it is to where a word that begins so may begin next; letters, which have two cases, are everywhere. */
static size_t to_next(const struct line *l, char first)
{
	const uint8_t *at;

	if ((first | 0x20) >= 'a' && (first | 0x20) <= 'z')
		return 1;
	at = memchr(l->p + 1, first, l->len - 1);
	return at ? (size_t)(at - l->p) : l->len;
}

bool line_contains(const struct line *l, const char *words)
{
	struct line rest = *l;
	size_t n = strlen(words);

	while (rest.len >= n && !line_starts(&rest, words)) {
		size_t step = to_next(&rest, words[0]);

		rest.p += step;
		rest.len -= step;
	}
	return rest.len >= n;
}

struct line line_word(struct line *l)
{
	struct line word = {l->p, 0};

	while (word.len < l->len && !line_blank(l->p[word.len]))
		word.len++;
	l->p += word.len;
	l->len -= word.len;
	while (l->len && line_blank(*l->p)) {
		l->p++;
		l->len--;
	}
	return word;
}

void line_text(const struct line *l, char *out, size_t size)
{
	text_copy_bytes(out, size, l->p, l->len);
}

int line_number(struct line *l, int digits)
{
	int value = 0, i;

	for (i = 0; i < digits && l->len && *l->p >= '0' && *l->p <= '9'; i++) {
		value = value * 10 + (*l->p - '0');
		l->p++;
		l->len--;
	}
	return i ? value : -1;
}

enum recognition line_recognise(const struct chunk *c, const char *word, enum recognition match)
{
	size_t n;

	if (c->len && lower(c->data[0]) != lower((uint8_t)word[0]))
		return RECOGNISE_NO;
	n = strlen(word);
	if (strncasecmp((const char *)c->data, word, c->len < n ? c->len : n))
		return RECOGNISE_NO;
	return c->len < n ? RECOGNISE_MORE : match;
}

enum recognition line_recognise_any(const struct chunk *c, const char *const *words, enum recognition match)
{
	enum recognition best = RECOGNISE_NO;
	uint8_t first = c->len ? lower(c->data[0]) : 0;

	for (; *words && best != match; words++) {
		enum recognition r;

		if (first && first != lower((uint8_t)**words))
			continue;
		r = line_recognise(c, *words, match);
		if (r > best)
			best = r;
	}
	return best;
}

size_t line_resync(const struct chunk *c, bool (*plausible)(const struct line *l))
{
	size_t at = 0;

	while (at < c->len) {
		const uint8_t *end = memchr(c->data + at, '\n', c->len - at);
		struct line l = {c->data + at, end ? (size_t)(end - c->data) - at : c->len - at};

		if (plausible(&l))
			return at;
		if (!end)
			break;
		at += l.len + 1;
	}
	return c->len;
}

bool line_is_reply(const struct line *l)
{
	size_t i;

	for (i = 0; i < 3 && i < l->len; i++)
		if (l->p[i] < '0' || l->p[i] > '9')
			return false;
	return l->len && (l->len <= 3 || l->p[3] == ' ' || l->p[3] == '-' || l->p[3] == '\r');
}

bool line_is_command(const struct line *l)
{
	size_t i = 0;

	while (i < l->len && (l->p[i] | 0x20) >= 'a' && (l->p[i] | 0x20) <= 'z')
		i++;
	return i && (i == l->len || (i >= 3 && (line_blank(l->p[i]) || l->p[i] == '\r')));
}
