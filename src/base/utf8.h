/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One code point at a time (RFC 3629: no overlong forms, no surrogates). */
#ifndef PCAPDX_BASE_UTF8_H
#define PCAPDX_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of a code point; as `n` where a NUL ends the bytes */
#define UTF8_REPLACEMENT 0xfffdu
#define UTF8_REPLACEMENT_BYTES "\xef\xbf\xbd"

/* The code point at s, of which n >= 1 bytes can be read, and its length; UTF8_REPLACEMENT and 1 when it is bad. Reads
 * nothing past a NUL. */
uint32_t utf8_next(const uint8_t *s, size_t n, size_t *length);

#endif
