/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

struct memo_entry {
	uint64_t hash;
	size_t n;
	uint8_t *bytes; /* behind the answer */
	_Alignas(max_align_t) uint8_t answer[];
};

const void *memo_find(const struct memo *m, const void *bytes, size_t n)
{
	uint64_t hash = hash_seeded(bytes, n);
	const struct memo_entry *e = m->at[hash % MEMO_PLACES];

	if (!e || e->hash != hash || e->n != n || memcmp(e->bytes, bytes, n) != 0)
		return NULL;
	return e->answer;
}

void memo_keep(struct memo *m, const void *bytes, size_t n, const void *answer, size_t size)
{
	uint64_t hash = hash_seeded(bytes, n);
	struct memo_entry *e;

	if (n > MEMO_BYTES_MAX)
		return;
	e = xmalloc(sizeof(*e) + size + n);
	e->hash = hash;
	e->n = n;
	e->bytes = e->answer + size;
	memcpy(e->answer, answer, size);
	memcpy(e->bytes, bytes, n);
	free(m->at[hash % MEMO_PLACES]);
	m->at[hash % MEMO_PLACES] = e;
}

void memo_free(struct memo *m)
{
	for (int i = 0; i < MEMO_PLACES; i++)
		free(m->at[i]);
	*m = (struct memo){ 0 };
}
