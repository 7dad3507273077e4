/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded map from a key of fixed size to a zeroed value of fixed size, for rules and other state that is not per
 * packet. Order of iteration is order of insertion, so nothing visible depends on the seed of the hash.
 */
#ifndef PCAPDX_BASE_TABLE_H
#define PCAPDX_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slots.h"

struct table_entry;

/* Bytes that several tables may hold together; past it each gives up its oldest entries for new ones. */
struct table_budget {
	size_t held, max;
	uint64_t evicted;
};

struct table {
	struct slots slots;	/* hash of the key -> number of its entry */
	unsigned char **slabs;	/* of entries; made with the first one */
	uint32_t made;		/* entries ever taken from slabs */
	uint32_t unused;	/* number of the first one given back; 0: none */
	uint32_t first, last;	/* in order of insertion; 0: none */
	size_t key_size, value_size;
	uint32_t value_at, entry_size; /* offset of a value in its entry's bytes; bytes of an entry */
	uint32_t max, count;
	uint64_t evicted;	    /* entries given up because the table was full */
	void (*drop)(void *owner, void *value); /* frees what a value owns; may be NULL */
	void *owner;		    /* for drop */
	size_t *held_bytes;	    /* counter of the owner, kept up to date; may be NULL */
	struct table_budget *budget; /* NULL: none */
};

/*
 * Tables that this thread makes from now on share that budget; NULL: none. Gives the one that was in force before. The
 * budget must outlive its tables.
 */
struct table_budget *table_budget_use(struct table_budget *b);
/* Memory that an entry owns beside itself: so much more, or less, counts against the budget in force. */
void table_charge(ptrdiff_t bytes);

/* Keys are compared as bytes: zero the padding. `max` entries, then the oldest goes. */
void table_init(struct table *t, size_t key_size, size_t value_size, uint32_t max);
void *table_find(const struct table *t, const void *key); /* the value, or NULL */
void *table_add(struct table *t, const void *key);	  /* the value, found or new; never NULL */
/*
 * The same in steps, so that several look-ups wait for memory together: a tag, then the slot, then the entry. The tag may
 * also be another hash of the key, for all of its table: of the bytes that are not always zero, say.
 */
uint32_t table_tag(const struct table *t, const void *key);
void table_fetch_slot(const struct table *t, uint32_t tag);
/* Gives the value that such a key most likely has (NULL: none), for asking for what hangs on it: its key may be another one,
 * it may be gone or another's by then, but the memory stays. What `drop` frees it must set to NULL in the value. */
void *table_fetch_entry(const struct table *t, uint32_t tag);
void *table_add_tagged(struct table *t, const void *key, uint32_t tag);
/* expected: what table_fetch_entry gave, which is looked at first. */
void *table_add_expected(struct table *t, const void *key, uint32_t tag, void *expected);
void *table_find_expected(const struct table *t, const void *key, uint32_t tag, void *expected);
void *table_find_tagged(const struct table *t, const void *key, uint32_t tag);
void table_remove(struct table *t, const void *key);
/* One more entry is far from making any go, here or in what shares the budget. */
bool table_is_roomy(const struct table *t);
void table_free(struct table *t);

/* Walks the table: start with NULL, gives NULL at the end. The entry at hand may not be removed. */
struct table_entry *table_next(const struct table *t, struct table_entry *entry);
const void *table_key(const struct table_entry *entry);
const void *table_key_of(const struct table *t, const void *value);
void *table_value(struct table_entry *entry);

#endif
