/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/stream_births.h"

#include <stdlib.h>

#include "base/text.h"

uint32_t stream_births_add(struct stream_births *b, const struct flow_key *key, uint16_t source)
{
	if (b->count == b->room) {
		b->room = b->room ? b->room * 2 : 64;
		b->list = xrealloc(b->list, b->room * sizeof(*b->list));
	}
	b->list[b->count] = (struct stream_birth){ .key = *key, .moment = b->moment, .source = source };
	return b->count++ | STREAM_LATER;
}

void stream_births_free(struct stream_births *b)
{
	free(b->list);
	*b = (struct stream_births){ 0 };
}
