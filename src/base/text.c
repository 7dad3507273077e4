/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows, and allocation that does not return NULL. */
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/utf8.h"

void out_of_memory(void)
{
	fputs("pcapdx: out of memory\n", stderr);
	exit(2);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc_lines(size_t count, size_t size)
{
	void *p = NULL;

	if (posix_memalign(&p, 64, count * size) != 0)
		out_of_memory();
	return memset(p, 0, count * size);
}

void *xmalloc_huge(size_t n)
{
	void *p = NULL;

	if (posix_memalign(&p, n < HUGE_PAGE ? 64 : HUGE_PAGE, n ? n : 1) != 0)
		out_of_memory();
#ifdef MADV_HUGEPAGE
	if (n >= HUGE_PAGE)
		madvise(p, n, MADV_HUGEPAGE); /* without them it is slower, and that is all */
#endif
	return p;
}

void *xrealloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

static void text_reserve(struct text *t, size_t more)
{
	if (t->len + more + 1 <= t->room)
		return;
	t->room = (t->len + more + 1) * 2;
	t->s = xrealloc(t->s, t->room);
}

void text_free(struct text *t)
{
	free(t->s);
	*t = (struct text){0};
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

void text_add_bytes(struct text *t, const void *bytes, size_t n)
{
	text_reserve(t, n);
	if (n)
		memcpy(t->s + t->len, bytes, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void text_add_char(struct text *t, char c)
{
	text_add_bytes(t, &c, 1);
}

__attribute__((format(printf, 2, 0))) static void text_vprintf(struct text *t, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n > 0) {
		text_reserve(t, (size_t)n);
		vsnprintf(t->s + t->len, (size_t)n + 1, format, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(t, format, args);
	va_end(args);
}

char *xprintf(const char *format, ...)
{
	struct text t = {0};
	va_list args;

	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	return t.s ? t.s : xstrdup("");
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

/* A byte from 0x80 on, or zero, is among them. */
static inline bool is_special(const uint8_t *eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t word;

	memcpy(&word, eight, sizeof(word));
	return (word | (word - ones)) & high;
}

/* How many of the first n bytes are plain ASCII, in front of what needs a closer look (a NUL too), eight at a time. */
static size_t plain(const uint8_t *from, size_t n)
{
	size_t at = 0;

	while (n - at >= 8 && !is_special(from + at))
		at += 8;
	if (n >= 8 && n - at < 8 && !is_special(from + n - 8))
		return n; /* the last eight, some of them once more */
	while (at < n && from[at] && from[at] < 0x80)
		at++;
	return at;
}

size_t text_copy_bytes(char *out, size_t size, const uint8_t *from, size_t n)
{
	size_t at = plain(from, n < size ? n : size - 1), used;

	memcpy(out, from, at);
	for (from += at, n -= at; n && *from; from += used, n -= used) {
		const void *piece = from;
		size_t length;

		length = utf8_next(from, n, &used) == UTF8_REPLACEMENT && used == 1 ? 3 : used;
		if (length != used)
			piece = UTF8_REPLACEMENT_BYTES;
		if (at + length >= size)
			break;
		memcpy(out + at, piece, length);
		at += length;
	}
	out[at] = '\0';
	return at;
}

void text_copy(char *out, size_t size, const char *from)
{
	if (!*from && size)
		*out = '\0';
	else
		text_copy_bytes(out, size, (const uint8_t *)from, strlen(from));
}

char *text_put_decimal(char *out, uint32_t value)
{
	char digits[10];
	size_t at = sizeof(digits), n;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	n = sizeof(digits) - at;
	memcpy(out, digits + at, n);
	return out + n;
}

char *text_put_hex(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	return out;
}
