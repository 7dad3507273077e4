/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is, by its first bytes. */
#ifndef PCAPDX_CAPTURE_MAGIC_H
#define PCAPDX_CAPTURE_MAGIC_H

#include <stddef.h>
#include <stdint.h>

struct frame_format;

/* The format that reads it, or NULL. */
const struct frame_format *magic_format(const uint8_t *data, size_t size);

/* Says what a file is that magic_format does not know: "is a snoop file of Solaris, ...", "is not a capture ...". */
void magic_unknown(const uint8_t *data, size_t size, char *why, size_t why_size);

#endif
