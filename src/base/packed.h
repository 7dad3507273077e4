/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A struct at rest, its zeros left out: for one that is mostly room which few fill, while nobody looks at it. */
#ifndef PCAPDX_BASE_PACKED_H
#define PCAPDX_BASE_PACKED_H

#include <stddef.h>
#include <stdint.h>

struct packed {
	uint32_t len;
	uint8_t bytes[];
};

#define PACKED_MAX 4096

/* n bytes, PACKED_MAX at most, whole words of 8; owned by the caller, who frees it. */
struct packed *packed_make(const void *from, size_t n);
/* Writes back what packed_make was given, or the first part of it, into n bytes that are zero. */
void packed_open(const struct packed *p, void *to, size_t n);
size_t packed_size(const struct packed *p); /* that it takes; NULL: 0 */

#endif
