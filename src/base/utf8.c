/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, read with suspicion. */
#include "base/utf8.h"

#include <stdbool.h>

static bool continues(const uint8_t *s, size_t n, size_t more)
{
	for (size_t i = 1; i <= more; i++)
		if (i >= n || (s[i] & 0xc0) != 0x80) /* also stops at a NUL */
			return false;
	return true;
}

uint32_t utf8_next(const uint8_t *s, size_t n, size_t *length)
{
	uint32_t c = s[0];

	*length = 1;
	if (c < 0x80)
		return c;
	if (c >= 0xc2 && c <= 0xdf && continues(s, n, 1)) {
		*length = 2;
		return (c & 0x1f) << 6 | (s[1] & 0x3fu);
	}
	if (c >= 0xe0 && c <= 0xef && continues(s, n, 2)) {
		c = (c & 0x0f) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
		if (c >= 0x800 && (c < 0xd800 || c > 0xdfff)) {
			*length = 3;
			return c;
		}
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4 && continues(s, n, 3)) {
		c = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
		if (c >= 0x10000 && c <= 0x10ffff) {
			*length = 4;
			return c;
		}
	}
	return UTF8_REPLACEMENT;
}
