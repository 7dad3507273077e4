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

struct head {
	int64_t start;
	uint32_t used, room;
	uint32_t piece_count;
	struct piece pieces[TAIL_HEAD_PIECES];
	uint8_t bytes[];
};

uint64_t tail_seed(void)
{
	return hash_seeded("tail", 4);
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

/* Two multiplications for 32 bytes, seeded: fast, and nobody outside can choose bytes that collide. *prefix becomes a
 * hash of the first PREFIX bytes, 0 when there are fewer. */
static uint64_t hash_bytes(const uint8_t *p, size_t n, uint64_t seed, uint32_t *prefix)
{
	uint64_t a = seed ^ 0x9e3779b97f4a7c15, b = seed ^ 0xbf58476d1ce4e5b9;
	uint8_t rest[PREFIX];
	size_t left = n;

	*prefix = 0;
	for (; left >= PREFIX; p += PREFIX, left -= PREFIX) {
		a = fold(load(p) ^ a, load(p + 8) ^ 0x94d049bb133111eb);
		b = fold(load(p + 16) ^ b, load(p + 24) ^ 0xd6e8feb86659fd93);
		if (left == n)
			*prefix = (uint32_t)(a ^ b);
	}
	if (left) {
		memset(rest, 0, sizeof(rest));
		memcpy(rest, p, left);
		a = fold(load(rest) ^ a, load(rest + 8) ^ 0x94d049bb133111eb);
		b = fold(load(rest + 16) ^ b, load(rest + 24) ^ 0xd6e8feb86659fd93);
	}
	return fold(a ^ seed, b ^ n ^ 0x9e3779b97f4a7c15);
}

/* Room for n more bytes in the head, as far as the budget goes; gives how many bytes were allocated. */
static size_t head_grow(struct tail *t, size_t n, size_t budget)
{
	struct head *h = t->head;
	uint32_t used = h ? h->used : 0, room = h ? h->room : 0, want = room ? room : ROOM_FIRST;
	size_t more;

	while (want < used + n && want < TAIL_HEAD_MAX)
		want *= 2;
	more = want - room + (h ? 0 : sizeof(*h));
	if (want == room || more > budget)
		return 0;
	t->head = xrealloc(h, sizeof(*h) + want);
	if (!h)
		memset(t->head, 0, sizeof(*h));
	t->head->room = want;
	return more;
}

/* Gives how many of the bytes the head took. */
static uint32_t head_add(struct head *h, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	uint32_t fits;

	if (!h || (h->used && h->start + h->used != at))
		return 0;
	fits = h->room - h->used < n ? h->room - h->used : (uint32_t)n;
	if (!h->used)
		h->start = at;
	memcpy(h->bytes + h->used, bytes, fits);
	h->used += fits;
	h->pieces[h->piece_count++] = (struct piece){.start = at, .ref = *ref};
	return fits;
}

size_t tail_add(struct tail *t, uint64_t seed, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref,
	size_t budget)
{
	struct piece *p;
	size_t more = 0;

	if (!t->head_full) {
		uint32_t taken;

		more = head_grow(t, n, budget);
		taken = head_add(t->head, at, bytes, n, ref);
		t->head_full = taken < n || t->head->piece_count == TAIL_HEAD_PIECES;
		if (taken == n)
			return more;
	}
	if (n > UINT32_MAX)
		return more;
	p = &t->pieces[t->count++ % TAIL_PIECES];
	*p = (struct piece){.start = at, .ref = *ref, .len = (uint32_t)n};
	p->hash = hash_bytes(bytes, n, seed, &p->prefix);
	return more;
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

static bool piece_differs(uint64_t seed, const struct piece *p, const struct incoming *in)
{
	uint32_t prefix;

	if (p->start == in->start && in->here < p->len) {
		(void)hash_bytes(in->bytes, in->here < PREFIX ? in->here : PREFIX, seed, &prefix);
		return in->here >= PREFIX && prefix != p->prefix;
	}
	return p->start >= in->start && p->start + p->len <= in->start + in->here &&
	       hash_bytes(in->bytes + (p->start - in->start), p->len, seed, &prefix) != p->hash;
}

bool tail_differs(const struct tail *t, uint64_t seed, const struct incoming *in, struct frame_ref *old)
{
	if (t->head && head_differs(t->head, in, old))
		return true;
	for (uint32_t i = 0; i < TAIL_PIECES && i < t->count; i++)
		if (piece_differs(seed, &t->pieces[i], in)) {
			*old = t->pieces[i].ref;
			return true;
		}
	return false;
}

size_t tail_clear(struct tail *t)
{
	size_t held = t->head ? sizeof(*t->head) + t->head->room : 0;

	free(t->head);
	*t = (struct tail){0};
	return held;
}
