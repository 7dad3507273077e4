/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first bytes of a stream in a flat buffer, and hashes of its last segments in a ring. */
#include "reassemble/tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "reassemble/waiting.h"

#define ROOM_FIRST 256
#define PREFIX 32 /* tells shorter segments apart that begin in the same place */

struct piece {
	int64_t start;
	uint64_t hash;
	struct frame_ref ref;
	uint32_t len;
	uint32_t prefix; /* hash of its first PREFIX bytes; without meaning when it is shorter */
};

struct head {
	int64_t start;
	uint32_t used, room;
	uint32_t piece_count;
	struct piece pieces[TAIL_HEAD_PIECES];
	uint8_t bytes[];
};

struct tail {
	struct head *head;
	uint64_t seed;
	uint32_t count;			  /* of segments in the ring, also those overwritten */
	bool head_full;			  /* nothing is added to it any more */
	struct piece pieces[TAIL_PIECES]; /* place is count modulo TAIL_PIECES */
};

size_t tail_held_bytes(const struct tail *t)
{
	size_t n = t ? sizeof(*t) : 0;

	return t && t->head ? n + sizeof(*t->head) + t->head->room : n;
}

static uint64_t load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Two multiplications for 32 bytes, seeded: fast, and nobody outside can choose bytes that collide. */
static uint64_t hash_bytes(const uint8_t *p, size_t n, uint64_t seed)
{
	uint64_t a = seed ^ 0x9e3779b97f4a7c15, b = seed ^ n ^ 0xbf58476d1ce4e5b9;
	uint8_t rest[32] = {0};

	for (; n > 32; p += 32, n -= 32) {
		a = fold(load(p) ^ a, load(p + 8) ^ 0x94d049bb133111eb);
		b = fold(load(p + 16) ^ b, load(p + 24) ^ 0xd6e8feb86659fd93);
	}
	memcpy(rest, p, n);
	a = fold(load(rest) ^ a, load(rest + 8) ^ 0x94d049bb133111eb);
	b = fold(load(rest + 16) ^ b, load(rest + 24) ^ 0xd6e8feb86659fd93);
	return fold(a ^ seed, b ^ 0x9e3779b97f4a7c15);
}

/* Room for n more bytes in the head, as far as the budget goes; gives how many fit. */
static uint32_t head_room(struct tail *t, size_t n, size_t budget)
{
	struct head *h = t->head;
	uint32_t used = h ? h->used : 0, room = h ? h->room : 0, want = room ? room : ROOM_FIRST;

	while (want < used + n && want < TAIL_HEAD_MAX)
		want *= 2;
	if (want > room && want - room + (h ? 0 : sizeof(*h)) <= budget) {
		t->head = xrealloc(h, sizeof(*h) + want);
		if (!h)
			memset(t->head, 0, sizeof(*h));
		t->head->room = room = want;
	}
	return room - used < n ? room - used : (uint32_t)n;
}

/* Gives how many of the bytes the head took. */
static uint32_t head_add(
	struct tail *t, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref, size_t budget)
{
	uint32_t fits = head_room(t, n, budget);
	struct head *h = t->head;

	if (!h || (h->used && h->start + h->used != at))
		return 0;
	if (!h->used)
		h->start = at;
	memcpy(h->bytes + h->used, bytes, fits);
	h->used += fits;
	h->pieces[h->piece_count++] = (struct piece){.start = at, .ref = *ref};
	return fits;
}

static uint32_t prefix_hash(const struct tail *t, const uint8_t *bytes, size_t n)
{
	return n < PREFIX ? 0 : (uint32_t)hash_bytes(bytes, PREFIX, t->seed);
}

void tail_add(struct tail **tp, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref, size_t budget)
{
	struct tail *t = *tp;

	if (!t) {
		if (budget < sizeof(*t))
			return;
		t = *tp = xcalloc(1, sizeof(*t));
		t->seed = hash_seeded("tail", 4);
		budget -= sizeof(*t);
	}
	if (!t->head_full) {
		uint32_t taken = head_add(t, at, bytes, n, ref, budget);

		if (taken == n && t->head->piece_count < TAIL_HEAD_PIECES)
			return;
		t->head_full = true;
		if (taken == n)
			return;
	}
	if (n > UINT32_MAX)
		return;
	t->pieces[t->count++ % TAIL_PIECES] = (struct piece){.start = at,
		.hash = hash_bytes(bytes, n, t->seed),
		.ref = *ref,
		.len = (uint32_t)n,
		.prefix = prefix_hash(t, bytes, n)};
}

static bool head_differs(const struct head *h, const struct incoming *in, struct frame_ref *old)
{
	int64_t end = h->start + h->used, in_end = in->start + in->here;
	int64_t from = in->start > h->start ? in->start : h->start, to = in_end < end ? in_end : end;
	uint32_t i = h->piece_count;

	if (from >= to ||
		memcmp(h->bytes + (from - h->start), in->bytes + (from - in->start), (size_t)(to - from)) == 0)
		return false;
	while (h->bytes[from - h->start] == in->bytes[from - in->start])
		from++;
	while (i > 1 && h->pieces[i - 1].start > from)
		i--;
	*old = h->pieces[i - 1].ref;
	return true;
}

static bool piece_differs(const struct tail *t, const struct piece *p, const struct incoming *in)
{
	if (p->start == in->start && in->here < p->len)
		return in->here >= PREFIX && prefix_hash(t, in->bytes, in->here) != p->prefix;
	return p->start >= in->start && p->start + p->len <= in->start + in->here &&
	       hash_bytes(in->bytes + (p->start - in->start), p->len, t->seed) != p->hash;
}

bool tail_differs(const struct tail *t, const struct incoming *in, struct frame_ref *old)
{
	if (!t)
		return false;
	if (t->head && head_differs(t->head, in, old))
		return true;
	for (uint32_t i = 0; i < TAIL_PIECES && i < t->count; i++)
		if (piece_differs(t, &t->pieces[i], in)) {
			*old = t->pieces[i].ref;
			return true;
		}
	return false;
}

void tail_free(struct tail *t)
{
	if (t)
		free(t->head);
	free(t);
}
