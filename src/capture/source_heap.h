/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources ordered by the time of their next frame: a binary heap. Equal times are ordered by the sources' index. */
#ifndef PCAPDX_CAPTURE_SOURCE_HEAP_H
#define PCAPDX_CAPTURE_SOURCE_HEAP_H

#include <stdint.h>

struct source_run;

struct heap_entry {
	int64_t ns;
	struct source_run *run;
};

struct source_heap {
	struct heap_entry *entries; /* entries[0] is next */
	int count;
};

void source_heap_init(struct source_heap *h, int max);
void source_heap_free(struct source_heap *h);
void source_heap_push(struct source_heap *h, struct source_run *run, int64_t ns);
struct source_run *source_heap_pop(struct source_heap *h);
/* Gives the first entry a new time. */
void source_heap_retime(struct source_heap *h, int64_t ns);

#endif
