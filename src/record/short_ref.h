/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCAPDX_RECORD_SHORT_REF_H
#define PCAPDX_RECORD_SHORT_REF_H

#include <stdint.h>

#include "record/record_parts.h"

/*
 * A frame_ref in two words. No capture has 2^48 frames: with 16 bytes before each that would be 4 PiB.
 */
struct short_ref {
	union {
		struct {
			uint64_t frame : 48, source : 16;
		};
		uint64_t both;
	};
	int64_t at_ns;
};

#define FRAME_BITS 48
#define FRAME_MASK ((UINT64_C(1) << FRAME_BITS) - 1)

static inline struct short_ref short_ref(uint64_t frame, uint16_t source, int64_t at_ns)
{
	return (struct short_ref){ .frame = frame & FRAME_MASK, .source = source, .at_ns = at_ns };
}

static inline struct short_ref shortened(const struct frame_ref *r)
{
	return short_ref(r->frame, r->source, r->at_ns);
}

static inline struct frame_ref long_ref(struct short_ref r)
{
	return (struct frame_ref){ .frame = r.frame, .at_ns = r.at_ns, .source = (uint16_t)r.source };
}

#endif
