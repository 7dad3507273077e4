/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of one size out of slabs. Addresses never change, numbers run from 1, freed objects are taken again first.
 * One of 256 bytes and more begins with a cache line. Memory goes back with the pool.
 */
#ifndef PCAPDX_BASE_POOL_H
#define PCAPDX_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_SLAB 64 /* objects per slab */

struct pool {
	unsigned char **slabs;
	size_t size; /* of one object */
	uint32_t slab_count, slab_room;
	uint32_t made; /* objects ever taken from slabs */
	uint32_t used;
	uint32_t *freed; /* numbers of made - used free ones, the one that is taken next last */
	bool by_address; /* see pool_init_objects */
};

void pool_init(struct pool *p, size_t size);
void pool_free(struct pool *p);
uint32_t pool_take(struct pool *p); /* its number; the object is zeroed */
uint32_t pool_take_raw(struct pool *p); /* the same, but it holds anything */
void pool_give(struct pool *p, uint32_t number);

static inline void *pool_at(const struct pool *p, uint32_t number)
{
	return p->slabs[(number - 1) / POOL_SLAB] + (size_t)((number - 1) % POOL_SLAB) * p->size;
}

static inline size_t pool_bytes(const struct pool *p)
{
	return (size_t)p->used * p->size;
}

/* A pool of objects that are known by their address alone: they carry their number behind them. */
void *pool_new(struct pool *p);
void pool_delete(struct pool *p, void *object); /* NULL is fine */
void pool_init_objects(struct pool *p, size_t size);

#endif
