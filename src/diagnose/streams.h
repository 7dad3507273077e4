/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of conversations that a filter will select: a bounded list that takes no more room than it needs. */
#ifndef PCAPDX_DIAGNOSE_STREAMS_H
#define PCAPDX_DIAGNOSE_STREAMS_H

#include <stddef.h>
#include <stdint.h>

struct streams {
	uint32_t *v;
	int n, room;
};

/* Those past `max` are left out. Its bytes are added to *held_bytes. */
void streams_add(struct streams *s, uint32_t stream, int max, size_t *held_bytes);
void streams_fetch(const struct streams *s); /* the place of the next one is needed soon */
void streams_free(struct streams *s);

#endif
