/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/line.h"

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool same_letter(uint8_t b, char of)
{
	return !((b ^ (uint8_t)of) & ~0x20); /* but for the bit of the case */
}

/* Where the byte is, from `at` on and before `end`, in either case; `end`: nowhere. */
static size_t find_byte(const struct line *l, char wanted, size_t at, size_t end)
{
	const uint8_t *found;

	if (is_letter(wanted)) {
		while (at < end && !same_letter(l->p[at], wanted))
			at++;
		return at;
	}
	found = at < end ? memchr(l->p + at, wanted, end - at) : NULL;
	return found ? (size_t)(found - l->p) : end;
}

bool line_contains(const struct line *l, const char *words)
{
	size_t n = strlen(words), rare = 0, end, at;

	while (rare < n && is_letter(words[rare])) /* what is no letter is rarer and has one case */
		rare++;
	if (rare == n)
		rare = 0;
	if (l->len < n || !n)
		return !n;
	end = l->len - n + rare + 1;
	for (at = rare; (at = find_byte(l, words[rare], at, end)) < end; at++)
		if (!strncasecmp((const char *)l->p + at - rare, words, n))
			return true;
	return false;
}

struct line line_word(struct line *l)
{
	const uint8_t *p = l->p, *end = l->p + l->len;
	struct line word = {l->p, 0};

	while (p < end && !line_blank(*p))
		p++;
	word.len = (size_t)(p - l->p);
	while (p < end && line_blank(*p))
		p++;
	*l = (struct line){p, (size_t)(end - p)};
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

	if (c->len && !same_letter(*c->data, *word))
		return RECOGNISE_NO;
	n = strlen(word);
	if (strncasecmp((const char *)c->data, word, c->len < n ? c->len : n))
		return RECOGNISE_NO;
	return c->len < n ? RECOGNISE_MORE : match;
}

enum recognition line_recognise_any(const struct chunk *c, const char *const *words, enum recognition match)
{
	enum recognition best = RECOGNISE_NO;

	if (c->len && (*c->data < ' ' || *c->data > '~'))
		return RECOGNISE_NO; /* no word begins so */
	for (; *words && best != match; words++) {
		enum recognition r;

		if (c->len && !same_letter(*c->data, **words))
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
