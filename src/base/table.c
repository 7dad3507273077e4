/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots with tags (base/slots.h) over entries in slabs: an entry is known by its number, keeps its address, and is
 * taken again when it was given back. The first slab holds a handful, each further one twice as many as that before it.
 */
#include "base/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/hash.h"
#include "base/text.h"

#define KEPT_MIN 16    /* entries that a table may have whatever others hold */
#define FIRST_SLAB 4   /* entries; a power of two */
#define FIRST_SLOTS 16
#define SHORT_KEY 64
#define ALIGNED(n) (((n) + 7) & ~(size_t)7)

static _Thread_local struct table_budget *in_force;

struct table_entry {
	uint32_t before, after; /* numbers, in order of insertion; 0: none. `after` also chains free entries. */
	uint32_t tag;		/* of the key */
	uint32_t value_at;	/* offset of the value in `bytes`; 0: given back */
	/* Key, then value: a small one is in the cache with its key. Of words: no value needs to be aligned any further. */
	_Alignas(uint64_t) unsigned char bytes[];
};

/* What an entry costs: itself and its share of the slots, which are half full. */
static size_t held_size(const struct table *t)
{
	return t->entry_size + 2 * sizeof(struct slot);
}

/* Numbers from 1 on, counted such that those of a slab have the highest bit that is set in common. */
static inline uint32_t counted(uint32_t number)
{
	return number + FIRST_SLAB - 1;
}

static inline unsigned high_bit(uint32_t n)
{
	return 31 ^ (unsigned)__builtin_clz(n);
}

static inline struct table_entry *entry_at(const struct table *t, uint32_t number)
{
	unsigned slab = high_bit(counted(number));
	size_t place = counted(number) - (UINT32_C(1) << slab);

	return (struct table_entry *)(t->slabs[slab - high_bit(FIRST_SLAB)] + place * t->entry_size);
}

static struct table_entry *entry_or_null(const struct table *t, uint32_t number)
{
	return number ? entry_at(t, number) : NULL;
}

struct table_budget *table_budget_use(struct table_budget *b)
{
	struct table_budget *before = in_force;

	in_force = b;
	return before;
}

void table_charge(ptrdiff_t bytes)
{
	if (in_force)
		in_force->held += (size_t)bytes;
}

void table_init(struct table *t, size_t key_size, size_t value_size, uint32_t max)
{
	size_t bytes = ALIGNED(key_size) + ALIGNED(value_size);

	*t = (struct table){ .key_size = key_size, .value_size = value_size, .max = max, .budget = in_force };
	t->value_at = (uint32_t)ALIGNED(key_size);
	t->entry_size = (uint32_t)(sizeof(struct table_entry) + bytes);
}

uint32_t table_tag(const struct table *t, const void *key)
{
	bool is_short = t->key_size >= HASH_SHORT_MIN && t->key_size <= HASH_SHORT_MAX;

	return (uint32_t)(is_short ? hash_seeded_short(key, t->key_size) : hash_seeded(key, t->key_size));
}

/* Most keys have a few words, for which a call of memcmp takes longer than they do. */
static inline bool same_key(const unsigned char *a, const unsigned char *b, size_t size)
{
	size_t at = 0;

	if (size < sizeof(uint64_t) || size > SHORT_KEY)
		return memcmp(a, b, size) == 0;
	for (; at + sizeof(uint64_t) < size; at += sizeof(uint64_t))
		if (hash_word(a + at) != hash_word(b + at))
			return false;
	return hash_word(a + size - sizeof(uint64_t)) == hash_word(b + size - sizeof(uint64_t));
}

static uint32_t find(const struct table *t, const void *key, uint32_t tag)
{
	uint32_t at = tag, number;

	if (!t->count)
		return 0;
	while ((number = slots_next(&t->slots, tag, &at)))
		if (same_key(entry_at(t, number)->bytes, key, t->key_size))
			return number;
	return 0;
}

static void *value_of(const struct table *t, uint32_t number)
{
	return entry_at(t, number)->bytes + t->value_at;
}

void *table_find_tagged(const struct table *t, const void *key, uint32_t tag)
{
	uint32_t number = find(t, key, tag);

	return number ? value_of(t, number) : NULL;
}

void *table_find(const struct table *t, const void *key)
{
	return t->count ? table_find_tagged(t, key, table_tag(t, key)) : NULL;
}

static bool is_full(const struct table *t)
{
	return t->count >= t->max;
}

static bool is_over_budget(const struct table *t)
{
	return t->budget && t->count > KEPT_MIN && t->budget->held + held_size(t) > t->budget->max;
}

void table_fetch_slot(const struct table *t, uint32_t tag)
{
	if (t->count)
		slots_fetch(&t->slots, tag);
}

void *table_fetch_entry(const struct table *t, uint32_t tag)
{
	uint32_t at = tag, number = t->count ? slots_next(&t->slots, tag, &at) : 0;

	if (!number)
		return NULL;
	fetch(entry_at(t, number), t->entry_size);
	return value_of(t, number);
}

/* For entries from that number on. */
static void add_slab(struct table *t, uint32_t number)
{
	uint32_t n = counted(number);
	unsigned slab = high_bit(n) - high_bit(FIRST_SLAB);

	t->slabs = xrealloc(t->slabs, (slab + 1) * sizeof(*t->slabs));
	t->slabs[slab] = xmalloc_huge((size_t)n * t->entry_size);
}

static uint32_t take(struct table *t)
{
	uint32_t number = t->unused;

	if (number) {
		t->unused = entry_at(t, number)->after;
		return number;
	}
	number = ++t->made;
	if (!(counted(number) & (counted(number) - 1)))
		add_slab(t, number);
	return number;
}

static void chain(struct table *t, struct table_entry *e, uint32_t number)
{
	e->before = t->last;
	e->after = 0;
	if (t->last)
		entry_at(t, t->last)->after = number;
	else
		t->first = number;
	t->last = number;
}

static void unchain(struct table *t, const struct table_entry *e)
{
	if (e->before)
		entry_at(t, e->before)->after = e->after;
	else
		t->first = e->after;
	if (e->after)
		entry_at(t, e->after)->before = e->before;
	else
		t->last = e->before;
}

static void count_held(struct table *t, size_t sign)
{
	if (t->held_bytes)
		*t->held_bytes += sign * held_size(t);
	if (t->budget)
		t->budget->held += sign * held_size(t);
}

static void drop_entry(struct table *t, uint32_t number)
{
	struct table_entry *e = entry_at(t, number);

	slots_remove(&t->slots, e->tag, number);
	unchain(t, e);
	if (t->drop)
		t->drop(t->owner, value_of(t, number));
	count_held(t, (size_t)-1);
	t->count--;
	e->value_at = 0;
	e->after = t->unused;
	t->unused = number;
}

/* The oldest was made long ago, and so was the next one that goes, which is asked for. */
static void evict(struct table *t)
{
	const struct table_entry *next;

	drop_entry(t, t->first);
	t->evicted++;
	next = entry_or_null(t, t->first);
	if (!next)
		return;
	slots_fetch(&t->slots, next->tag);
	fetch(next, t->entry_size);
	if (next->after)
		fetch_line(entry_at(t, next->after));
}

bool table_is_roomy(const struct table *t)
{
	return t->count < t->max / 2 && (!t->budget || t->budget->held + held_size(t) < t->budget->max / 4 * 3);
}

static void make_room(struct table *t)
{
	if (is_full(t))
		evict(t);
	while (is_over_budget(t)) {
		evict(t);
		t->budget->evicted++;
	}
}

static uint32_t enter(struct table *t, const void *key, uint32_t tag)
{
	uint32_t number = take(t);
	struct table_entry *e = entry_at(t, number);

	chain(t, e, number);
	e->tag = tag;
	e->value_at = t->value_at;
	memcpy(e->bytes, key, t->key_size);
	memset(e->bytes + e->value_at, 0, t->value_size);
	if (!t->slots.slot)
		slots_init(&t->slots, FIRST_SLOTS);
	slots_add(&t->slots, tag, number);
	t->count++;
	count_held(t, 1);
	return number;
}

void *table_add(struct table *t, const void *key)
{
	return table_add_tagged(t, key, table_tag(t, key));
}

void *table_add_tagged(struct table *t, const void *key, uint32_t tag)
{
	uint32_t number = find(t, key, tag);

	if (number)
		return value_of(t, number);
	make_room(t);
	return value_of(t, enter(t, key, tag));
}

static bool is_value_of(const struct table *t, const void *key, const void *value)
{
	const struct table_entry *e =
		(const struct table_entry *)((const unsigned char *)value - t->value_at - sizeof(*e));

	return e->value_at && same_key(e->bytes, key, t->key_size);
}

void *table_add_expected(struct table *t, const void *key, uint32_t tag, void *expected)
{
	return expected && is_value_of(t, key, expected) ? expected : table_add_tagged(t, key, tag);
}

void *table_find_expected(const struct table *t, const void *key, uint32_t tag, void *expected)
{
	return expected && is_value_of(t, key, expected) ? expected : table_find_tagged(t, key, tag);
}

void table_remove(struct table *t, const void *key)
{
	uint32_t number = t->count ? find(t, key, table_tag(t, key)) : 0;

	if (number)
		drop_entry(t, number);
}

void table_free(struct table *t)
{
	for (uint32_t number = t->first; number; number = entry_at(t, number)->after) {
		if (t->drop)
			t->drop(t->owner, value_of(t, number));
		count_held(t, (size_t)-1);
	}
	for (unsigned slab = 0; t->made && slab <= high_bit(counted(t->made)) - high_bit(FIRST_SLAB); slab++)
		free(t->slabs[slab]);
	free(t->slabs);
	slots_free(&t->slots);
	t->slabs = NULL;
	t->made = t->unused = t->first = t->last = t->count = 0;
}

struct table_entry *table_next(const struct table *t, struct table_entry *entry)
{
	return entry_or_null(t, entry ? entry->after : t->first);
}

const void *table_key(const struct table_entry *entry)
{
	return entry->bytes;
}

const void *table_key_of(const struct table *t, const void *value)
{
	return (const unsigned char *)value - t->value_at;
}

void *table_value(struct table_entry *entry)
{
	return entry->bytes + entry->value_at;
}
