/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checked walk over a pcapng block's options (draft-ietf-opsawg-pcapng, section 3.5). */
#ifndef PCAPDX_CAPTURE_PCAPNG_OPTIONS_H
#define PCAPDX_CAPTURE_PCAPNG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

struct pcapng_option {
	uint16_t code, size;
	const uint8_t *value; /* `size` bytes */
};

/* Integers in the byte order of the section. */
static inline uint16_t pcapng_u16(struct reader *r, bool big)
{
	return big ? rd_u16(r) : rd_le16(r);
}

static inline uint32_t pcapng_u32(struct reader *r, bool big)
{
	return big ? rd_u32(r) : rd_le32(r);
}

static inline uint64_t pcapng_u64(struct reader *r, bool big)
{
	return big ? rd_u64(r) : rd_le64(r);
}

/* The next option; false at the end. Options that run over their block end there: the rest of the block is good. */
bool pcapng_option_next(struct reader *r, bool big, struct pcapng_option *o);

/* Appends a text value to a list in a fixed array, parted by `between`, unless the list has it. */
void pcapng_option_join(char *list, size_t size, const char *between, const uint8_t *value, size_t value_size);

#endif
