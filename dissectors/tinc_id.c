/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first line of each side of a tinc connection. */
#include "dissectors/tinc.h"

#define ID_LINE_MAX 100
#define NUMBERS_MAX 11 /* " 17.0007\n" and what is cut of it */

static bool name_char(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_';
}

static size_t digits_at(const uint8_t *p, size_t n, unsigned *value)
{
	size_t i = 0;

	*value = 0;
	for (; i < n && i < 4 && p[i] >= '0' && p[i] <= '9'; i++)
		*value = *value * 10 + (p[i] - '0');
	return i;
}

int tinc_id_line(const uint8_t *p, size_t n, size_t *name_len, unsigned *minor)
{
	size_t at = 2;
	unsigned major;

	if ((n > 0 && p[0] != '0') || (n > 1 && p[1] != ' '))
		return -1;
	if (n > 2 && (p[2] == '^' || p[2] == '?'))
		at++;
	while (at < n && at < ID_LINE_MAX && name_char(p[at]))
		at++;
	*name_len = at - 2;
	if (at >= n)
		return 0;
	if (p[at++] != ' ' || *name_len == 0)
		return -1;
	if (n - at < 2)
		return 0;
	at += digits_at(p + at, n - at, &major);
	*minor = 0;
	if (at < n && p[at] == '.')
		at += 1 + digits_at(p + at + 1, n - at - 1, minor);
	if (at >= n)
		return major == 1 || major == 17 ? 0 : -1;
	return major == 17 && p[at] == '\n' ? (int)at + 1 : -1;
}

/* Then a version that is cut may have more digits. */
static bool begins(const struct chunk *c)
{
	return c->data[0] == '0' && c->len > 1 && c->data[1] == ' ';
}

enum recognition tinc_meta_recognise(const struct chunk *c)
{
	size_t name_len;
	unsigned minor;
	int n = tinc_id_line(c->data, c->len, &name_len, &minor);

	if (n > 0)
		return RECOGNISE_YES;
	/* A lone "0" is too little to make everyone wait for. */
	if (n == 0)
		return c->len >= 4 ? RECOGNISE_MORE : RECOGNISE_UNLIKELY;
	return c->len <= ID_LINE_MAX + NUMBERS_MAX && begins(c) ? RECOGNISE_UNLIKELY : RECOGNISE_NO;
}
