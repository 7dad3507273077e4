/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slabs of 64 objects; a free object holds the number of the next free one. */
#include "track/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define HEAD 16 /* room for the number before an object, keeping its alignment */

void pool_init(struct pool *p, size_t size)
{
	*p = (struct pool){ .size = (size + 63) & ~(size_t)63 };
}

void pool_init_objects(struct pool *p, size_t size)
{
	*p = (struct pool){ .size = (size + HEAD + 15) & ~(size_t)15 };
}

void pool_free(struct pool *p)
{
	for (uint32_t i = 0; i < p->slab_count; i++)
		free(p->slabs[i]);
	free(p->slabs);
	*p = (struct pool){ .size = p->size };
}

static void *aligned(size_t size)
{
	void *m = NULL;

	if (posix_memalign(&m, 64, size) != 0)
		return xmalloc(SIZE_MAX); /* ends the program with its sentence */
	return m;
}

static void add_slab(struct pool *p)
{
	if (p->slab_count == p->slab_room) {
		p->slab_room = p->slab_room ? p->slab_room * 2 : 16;
		p->slabs = xrealloc(p->slabs, p->slab_room * sizeof(*p->slabs));
	}
	p->slabs[p->slab_count++] = aligned(POOL_SLAB * p->size);
}

uint32_t pool_take(struct pool *p)
{
	uint32_t number = p->free;

	if (number) {
		memcpy(&p->free, pool_at(p, number), sizeof(p->free));
	} else {
		if (p->made == p->slab_count * POOL_SLAB)
			add_slab(p);
		number = ++p->made;
	}
	memset(pool_at(p, number), 0, p->size);
	p->used++;
	return number;
}

void pool_give(struct pool *p, uint32_t number)
{
	memcpy(pool_at(p, number), &p->free, sizeof(p->free));
	p->free = number;
	p->used--;
}

void *pool_new(struct pool *p)
{
	uint32_t number = pool_take(p);
	unsigned char *at = pool_at(p, number);

	memcpy(at, &number, sizeof(number));
	return at + HEAD;
}

void pool_delete(struct pool *p, void *object)
{
	uint32_t number;

	if (!object)
		return;
	memcpy(&number, (unsigned char *)object - HEAD, sizeof(number));
	pool_give(p, number);
}
