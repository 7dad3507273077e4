/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap of sources. */
#include "capture/source_heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"
#include "capture/source_run.h"

static bool before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->ns < b->ns || (a->ns == b->ns && a->run->index < b->run->index);
}

static void swap(struct heap_entry *a, struct heap_entry *b)
{
	struct heap_entry kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_down(struct source_heap *h)
{
	int at = 0;

	for (;;) {
		int least = at, left = 2 * at + 1;

		for (int child = left; child < left + 2 && child < h->count; child++)
			if (before(&h->entries[child], &h->entries[least]))
				least = child;
		if (least == at)
			return;
		swap(&h->entries[at], &h->entries[least]);
		at = least;
	}
}

void source_heap_init(struct source_heap *h, int max)
{
	h->entries = xcalloc((size_t)max, sizeof(*h->entries));
	h->count = 0;
}

void source_heap_free(struct source_heap *h)
{
	free(h->entries);
	*h = (struct source_heap){0};
}

void source_heap_push(struct source_heap *h, struct source_run *run, int64_t ns)
{
	int at = h->count++;

	h->entries[at] = (struct heap_entry){ns, run};
	for (; at && before(&h->entries[at], &h->entries[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&h->entries[at], &h->entries[(at - 1) / 2]);
}

struct source_run *source_heap_pop(struct source_heap *h)
{
	struct source_run *run = h->entries[0].run;

	h->entries[0] = h->entries[--h->count];
	sift_down(h);
	return run;
}

void source_heap_retime(struct source_heap *h, int64_t ns)
{
	h->entries[0].ns = ns;
	sift_down(h);
}
