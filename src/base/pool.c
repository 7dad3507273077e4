/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slabs of 64 objects. Numbers of free ones stand beside them, so that who gives an object back does not wait for its
 * memory. Slabs of a pool that has become large come out of huge pages: a packet touches many objects of one
 * conversation of many, each in another page. Small objects that are known by number are not touched with each packet:
 * labels, and what is left of conversations.
 */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/text.h"

/* Under the address sanitizer a deleted object may not be touched. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORBID(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define ALLOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define FORBID(at, size) ((void)(at), (void)(size))
#define ALLOW(at, size) ((void)(at), (void)(size))
#endif

#define LINE 64
#define TAIL sizeof(uint64_t) /* for the number behind an object that is known by its address */
#define SMALL (4 * LINE) /* objects whose every line is touched together */

#define BEGINS (HUGE_PAGE / 4) /* a pool begins with so many bytes of slabs one by one */

/* An odd number of cache lines: with an even one the same field of all objects would share a few sets of the cache. */
static size_t spread(size_t size)
{
	return ((size + LINE - 1) / LINE | 1) * LINE;
}

/* Small objects stand side by side. */
static size_t whole_words(size_t size)
{
	return (size + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

void pool_init(struct pool *p, size_t size)
{
	*p = (struct pool){ .size = size < SMALL ? whole_words(size) : spread(size) };
}

void pool_init_objects(struct pool *p, size_t size)
{
	*p = (struct pool){
		.size = size + TAIL <= LINE ? whole_words(size + TAIL) : spread(size + TAIL), .by_address = true };
}

/* How many slabs are got together as number i and those behind it. */
static uint32_t slabs_together(const struct pool *p, uint32_t i)
{
	size_t slab = POOL_SLAB * p->size, per_page = HUGE_PAGE / slab;

	return (p->size >= SMALL || p->by_address) && per_page && i * slab >= BEGINS ? (uint32_t)per_page : 1;
}

void pool_free(struct pool *p)
{
	for (uint32_t i = 0, n; i < p->slab_count; i += n) {
		n = slabs_together(p, i);
		ALLOW(p->slabs[i], n * POOL_SLAB * p->size);
		free(p->slabs[i]);
	}
	free(p->slabs);
	free(p->freed);
	*p = (struct pool){ .size = p->size, .by_address = p->by_address };
}

static unsigned char *slab_alone(size_t size)
{
	void *slab = NULL;

	if (posix_memalign(&slab, LINE, size) != 0)
		out_of_memory();
	return slab;
}

static void add_slabs(struct pool *p)
{
	uint32_t n = slabs_together(p, p->slab_count);
	size_t size = POOL_SLAB * p->size;
	unsigned char *memory = n > 1 ? xmalloc_huge(HUGE_PAGE) : slab_alone(size);

	while (p->slab_room < p->slab_count + n) {
		p->slab_room = p->slab_room ? p->slab_room * 2 : 16;
		p->slabs = xrealloc(p->slabs, p->slab_room * sizeof(*p->slabs));
		p->freed = xrealloc(p->freed, (size_t)p->slab_room * POOL_SLAB * sizeof(*p->freed));
	}
	for (uint32_t i = 0; i < n; i++)
		p->slabs[p->slab_count++] = memory + i * size;
}

static unsigned char *tail_of(const struct pool *p, void *object)
{
	return (unsigned char *)object + p->size - TAIL;
}

/* Whoever takes one soon takes another. */
static void fetch_next(const struct pool *p)
{
	uint32_t free_ones = p->made - p->used;

	if (free_ones)
		fetch(pool_at(p, p->freed[free_ones - 1]), p->size);
	else if (p->made < p->slab_count * POOL_SLAB)
		fetch(pool_at(p, p->made + 1), p->size);
}

uint32_t pool_take_raw(struct pool *p)
{
	uint32_t free_ones = p->made - p->used, number;

	if (free_ones) {
		number = p->freed[free_ones - 1];
	} else {
		if (p->made == p->slab_count * POOL_SLAB)
			add_slabs(p);
		number = ++p->made;
	}
	p->used++;
	fetch_next(p);
	ALLOW(pool_at(p, number), p->size);
	return number;
}

uint32_t pool_take(struct pool *p)
{
	uint32_t number = pool_take_raw(p);

	memset(pool_at(p, number), 0, p->size);
	return number;
}

void pool_give(struct pool *p, uint32_t number)
{
	p->freed[p->made - p->used] = number;
	p->used--;
}

void *pool_new(struct pool *p)
{
	uint32_t number = pool_take(p);
	void *object = pool_at(p, number);

	memcpy(tail_of(p, object), &number, sizeof(number));
	return object;
}

void pool_delete(struct pool *p, void *object)
{
	uint32_t number;

	if (!object)
		return;
	memcpy(&number, tail_of(p, object), sizeof(number));
	pool_give(p, number);
	FORBID(object, p->size - TAIL);
}
