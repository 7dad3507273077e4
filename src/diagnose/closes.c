/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In chunks of a cache line each, out of a pool: to keep one more touches one line, and nothing is copied. */
#include "diagnose/closes.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/fetch.h"
#include "base/text.h"

#define STREAMS_MAX 2000 /* of a host, in its filter */
#define CHUNK 5

/* Some closes of a host, side by side in one line. */
struct close_chunk {
	int64_t at_ns[CHUNK];
	uint32_t stream[CHUNK]; /* NO_STREAM: not for the filter */
	uint32_t before;	/* the chunk before it; 0: none */
};

_Static_assert(sizeof(struct close_chunk) == 64, "a line");

size_t close_chunk_size(void)
{
	return sizeof(struct close_chunk);
}

static struct close_chunk *chunk_at(const struct diagnosis_context *x, uint32_t number)
{
	return pool_at(&x->closes, number);
}

void closes_drop(struct diagnosis_context *x, struct closes *h)
{
	if (!h)
		return;
	for (uint32_t number = h->last, before; number; number = before) {
		before = chunk_at(x, number)->before;
		pool_give(&x->closes, number);
		x->held_bytes -= sizeof(struct close_chunk);
	}
	parties_give(x, h, sizeof(*h));
}

void closes_fetch(const struct diagnosis_context *x, const struct closes *c, bool lists)
{
	if (!lists)
		fetch(c, offsetof(struct closes, first_fin));
	else if (c->n % CHUNK)
		fetch_line(chunk_at(x, c->last));
}

void closes_add(struct diagnosis_context *x, struct closes *h, int64_t at_ns, uint32_t stream)
{
	uint32_t place = h->n % CHUNK;
	struct close_chunk *c;

	if (h->n == MOMENTS_MAX)
		return;
	if (!place) {
		uint32_t before = h->last;

		h->last = pool_take(&x->closes);
		chunk_at(x, h->last)->before = before;
		x->held_bytes += sizeof(*c);
	}
	c = chunk_at(x, h->last);
	c->at_ns[place] = at_ns;
	c->stream[place] = h->stream_count < STREAMS_MAX ? stream : NO_STREAM;
	h->stream_count += c->stream[place] != NO_STREAM;
	h->n++;
}

struct population population_of(const struct diagnosis_context *x, const struct closes *h)
{
	struct population p = {.at = {.v = xmalloc(h->n * sizeof(*p.at.v)), .n = h->n, .room = h->n},
		.streams = xmalloc(h->n * sizeof(*p.streams))};
	uint32_t number = h->last;

	for (uint32_t i = h->n; i--;) {
		const struct close_chunk *c = chunk_at(x, number);

		p.at.v[i] = c->at_ns[i % CHUNK];
		p.streams[i] = c->stream[i % CHUNK];
		number = i % CHUNK ? number : c->before;
	}
	for (uint32_t i = 0; i < h->n; i++)
		if (p.streams[i] != NO_STREAM)
			p.streams[p.stream_count++] = p.streams[i];
	moments_sort(&p.at);
	return p;
}

void population_free(struct population *p)
{
	moments_free(&p->at);
	free(p->streams);
}
