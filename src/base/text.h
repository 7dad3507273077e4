/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows: built once, read as a C string. A failed allocation ends the program with a sentence. */
#ifndef PCAPDX_BASE_TEXT_H
#define PCAPDX_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *s;     /* always ends in NUL once anything was added; NULL before */
	size_t len;  /* without the NUL */
	size_t room; /* bytes allocated */
};

void text_free(struct text *t); /* back to empty; safe on a zeroed one */
void text_clear(struct text *t);
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const void *bytes, size_t n);
void text_add_char(struct text *t, char c);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_str(const struct text *t); /* "" when empty */

/* strlcpy: copies into a fixed array, repairs bad UTF-8 (U+FFFD), cuts at a boundary, always ends in NUL. */
void text_copy(char *out, size_t size, const char *from);
/* The same from bytes that need no NUL; stops at an embedded NUL. Gives the length of what was written. */
size_t text_copy_bytes(char *out, size_t size, const uint8_t *from, size_t n);

/* Write digits, and no NUL; give where they end. */
char *text_put_decimal(char *out, uint32_t value);		 /* 10 at most */
char *text_put_hex(char *out, const uint8_t *bytes, size_t n); /* two for each */

_Noreturn void out_of_memory(void); /* ends the program with its sentence */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xcalloc_lines(size_t count, size_t size); /* the same, of a type that begins a cache line */
#define HUGE_PAGE ((size_t)2 << 20)
/* Whole cache lines; from HUGE_PAGE on in huge pages, where the kernel has them: for memory that is touched all over. */
void *xmalloc_huge(size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2))); /* owned by the caller */

#endif
