/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sequence numbers: modular comparison (RFC 9293, section 3.4). */
#ifndef PCAPDX_BASE_SEQ_H
#define PCAPDX_BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/* a - b as the nearest signed distance: negative when a is before b. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

static inline bool seq_after(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) > 0;
}

#endif
