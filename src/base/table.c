/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded map on uthash, with SipHash in place of its unseeded function. */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define HASH_FUNCTION(key, length, hash) (hash) = (unsigned)hash_seeded(key, length)
#define uthash_malloc(size) xmalloc(size)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <uthash.h>
/* Longest chain of a bucket: each step is a cache miss, and keys that are not there walk all of it. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 5U

#define KEPT_MIN 16 /* entries that a table may have whatever others hold */

static _Thread_local struct table_budget *in_force;

struct table_entry {
	UT_hash_handle hh;
	_Alignas(max_align_t) unsigned char bytes[]; /* value, then key */
};

static size_t value_room(const struct table *t)
{
	return (t->value_size + 15) & ~(size_t)15;
}

static size_t entry_size(const struct table *t)
{
	return sizeof(struct table_entry) + value_room(t) + t->key_size;
}

struct table_budget *table_budget_use(struct table_budget *b)
{
	struct table_budget *before = in_force;

	in_force = b;
	return before;
}

void table_init(struct table *t, size_t key_size, size_t value_size, uint32_t max)
{
	*t = (struct table){ .key_size = key_size, .value_size = value_size, .max = max, .budget = in_force };
}

static struct table_entry *find(const struct table *t, const void *key)
{
	struct table_entry *e = NULL;

	HASH_FIND(hh, t->first, key, t->key_size, e);
	return e;
}

static void drop_entry(struct table *t, struct table_entry *e)
{
	HASH_DEL(t->first, e);
	if (t->drop)
		t->drop(e->bytes);
	if (t->held_bytes)
		*t->held_bytes -= entry_size(t);
	if (t->budget)
		t->budget->held -= entry_size(t);
	t->count--;
	free(e);
}

void *table_find(const struct table *t, const void *key)
{
	struct table_entry *e = find(t, key);

	return e ? e->bytes : NULL;
}

static void make_room(struct table *t)
{
	if (t->count >= t->max) {
		drop_entry(t, t->first);
		t->evicted++;
	}
	while (t->budget && t->count > KEPT_MIN && t->budget->held + entry_size(t) > t->budget->max) {
		drop_entry(t, t->first);
		t->evicted++;
		t->budget->evicted++;
	}
}

void *table_add(struct table *t, const void *key)
{
	struct table_entry *e = find(t, key);
	unsigned char *key_at;

	if (e)
		return e->bytes;
	make_room(t);
	e = xcalloc(1, entry_size(t));
	key_at = e->bytes + value_room(t);
	memcpy(key_at, key, t->key_size);
	HASH_ADD_KEYPTR(hh, t->first, key_at, t->key_size, e);
	t->count++;
	if (t->held_bytes)
		*t->held_bytes += entry_size(t);
	if (t->budget)
		t->budget->held += entry_size(t);
	return e->bytes;
}
#pragma GCC diagnostic pop

void table_remove(struct table *t, const void *key)
{
	struct table_entry *e = find(t, key);

	if (e)
		drop_entry(t, e);
}

void table_free(struct table *t)
{
	while (t->first)
		drop_entry(t, t->first);
}

struct table_entry *table_next(const struct table *t, struct table_entry *entry)
{
	return entry ? entry->hh.next : t->first;
}

const void *table_key(const struct table_entry *entry)
{
	return entry->hh.key;
}

void *table_value(struct table_entry *entry)
{
	return entry->bytes;
}
