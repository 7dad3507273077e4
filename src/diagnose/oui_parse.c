/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading MAC prefixes: IEEE's CSV files, and plain lists of prefix and name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/oui.h"

#define LINE_SIZE 4096

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits with separators, optionally "/28"; how many bits, 0 when it is no prefix of 24, 28 or 36 bits. */
static int read_prefix(const char **p, uint64_t *prefix)
{
	int digits = 0, bits;

	*prefix = 0;
	for (; **p && !isspace((unsigned char)**p) && **p != ',' && **p != '/'; (*p)++) {
		int d = hex_digit(**p);

		if (d < 0 && **p != ':' && **p != '-' && **p != '.')
			return 0;
		if (d >= 0 && ++digits <= 12)
			*prefix |= (uint64_t)d << (48 - 4 * digits);
	}
	bits = digits * 4;
	if (**p == '/')
		bits = (int)strtol(*p + 1, (char **)(uintptr_t)p, 10);
	if (bits != 24 && bits != 28 && bits != 36)
		return 0;
	*prefix &= ~(uint64_t)0 << (48 - bits);
	return bits;
}

static uint32_t keep_name(struct oui_list *l, const char *name, size_t n)
{
	uint32_t at = (uint32_t)l->names_len;

	if (l->names_len + n + 1 > l->names_room) {
		l->names_room = (l->names_len + n + 1) * 2;
		l->names = xrealloc(l->names, l->names_room);
	}
	memcpy(l->names + at, name, n);
	l->names[at + n] = '\0';
	l->names_len += n + 1;
	return at;
}

static void keep(struct oui_list *l, uint64_t prefix, int bits, const char *name, size_t n)
{
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 1024;
		l->entries = xrealloc(l->entries, l->room * sizeof(*l->entries));
	}
	l->entries[l->count++] = (struct oui_entry){prefix, keep_name(l, name, n), (uint8_t)bits};
}

/* The field at p, without its quotes; *end is behind it. */
static const char *csv_field(const char *p, const char **end, size_t *n)
{
	const char *start = p;

	if (*p != '"') {
		p += strcspn(p, ",\r\n");
		*n = (size_t)(p - start);
		*end = p;
		return start;
	}
	for (start = ++p; *p && !(p[0] == '"' && p[1] != '"'); p++)
		if (p[0] == '"')
			p++;
	*n = (size_t)(p - start);
	*end = *p ? p + 1 : p;
	return start;
}

static void read_line(struct oui_list *l, const char *line)
{
	const char *p = line, *name, *end;
	uint64_t prefix;
	size_t n;
	int bits;

	if (strncmp(p, "MA-", 3) == 0 || strncmp(p, "IAB,", 4) == 0 || strncmp(p, "CID,", 4) == 0) {
		p += strcspn(p, ",");
		p += *p == ',';
	}
	bits = read_prefix(&p, &prefix);
	if (!bits || (*p != ',' && *p != '\t' && *p != ' '))
		return;
	if (*p == ',') {
		name = csv_field(p + 1, &end, &n);
	} else {
		name = p + strspn(p, " \t");
		n = strcspn(name, "\t\r\n");
	}
	while (n && isspace((unsigned char)name[n - 1]))
		n--;
	if (n)
		keep(l, prefix, bits, name, n);
}

void oui_read(struct oui_list *l, FILE *f)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), f))
		read_line(l, line);
}

static int by_prefix(const void *a, const void *b)
{
	const struct oui_entry *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits - y->bits;
	return x->name < y->name ? -1 : x->name > y->name;
}

void oui_sort(struct oui_list *l)
{
	if (l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), by_prefix);
}
