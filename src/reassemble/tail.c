/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first bytes of a stream in a flat buffer, and sums of its last segments in a ring. */
#include "reassemble/tail.h"

#include <string.h>

#include "reassemble/waiting.h"

#define LATER_SIZE ((TAIL_HEAD_PIECES - 1) * sizeof(struct short_ref))
#define SMALL_ROOM (3 * 64 - LATER_SIZE) /* in three cache lines; with TAIL_HEAD_MAX it is nine */
#define REACH_MAX (1 << 24) /* a gap from which on places of pieces, of which half is kept, are not to be compared */

void tail_heads_init(struct tail_heads *heads)
{
	pool_init(&heads->small, SMALL_ROOM + LATER_SIZE);
	pool_init(&heads->large, TAIL_HEAD_MAX + LATER_SIZE);
}

void tail_heads_free(struct tail_heads *heads)
{
	pool_free(&heads->small);
	pool_free(&heads->large);
}

static uint32_t room_of(const struct tail_head *h)
{
	return h->large ? TAIL_HEAD_MAX : SMALL_ROOM;
}

static uint8_t *bytes_of(const struct tail_head *h, const struct tail_heads *heads)
{
	return pool_at(h->large ? &heads->large : &heads->small, h->number);
}

/* Who brought the segments behind the first. */
static struct short_ref *later_of(const struct tail_head *h, const struct tail_heads *heads)
{
	return (struct short_ref *)(void *)(bytes_of(h, heads) + room_of(h));
}

static uint32_t piece_count(const struct tail_head *h)
{
	uint32_t n = 0;

	while (n < TAIL_HEAD_PIECES && h->ends[n])
		n++;
	return n;
}

static uint32_t used_of(const struct tail_head *h)
{
	uint32_t n = piece_count(h);

	return n ? h->ends[n - 1] : 0;
}

static struct frame_ref head_ref(const struct tail_head *h, const struct tail_heads *heads, uint32_t piece)
{
	return long_ref(piece ? later_of(h, heads)[piece - 1] : h->first);
}

static void head_give(struct tail_heads *heads, const struct tail_head *h)
{
	if (h->number)
		pool_give(h->large ? &heads->large : &heads->small, h->number);
}

static void head_move(struct tail_head *h, struct tail_heads *heads, bool large)
{
	struct tail_head old = *h;

	h->large = large;
	h->number = pool_take_raw(large ? &heads->large : &heads->small) & INT32_MAX;
	if (!old.number)
		return;
	memcpy(bytes_of(h, heads), bytes_of(&old, heads), used_of(&old));
	memcpy(later_of(h, heads), later_of(&old, heads), LATER_SIZE);
	head_give(heads, &old);
}

/* Room for so many bytes in all, as far as there is a larger head to be had. */
static void head_grow(struct tail_head *h, struct tail_heads *heads, uint32_t need, size_t most)
{
	bool large = need > SMALL_ROOM;
	size_t more = large ? heads->large.size : heads->small.size;

	if ((!h->number || (large && !h->large)) && tail_heads_bytes(heads) + more <= most)
		head_move(h, heads, large);
}

static bool goes_on(const struct tail_head *h, uint32_t used, int64_t at)
{
	return used ? h->start + (int64_t)used == at : at == (int32_t)at;
}

uint32_t tail_add_head(struct tail *t, struct tail_head *h, struct tail_heads *heads, int64_t at, const uint8_t *bytes,
	uint32_t n, const struct frame_ref *ref, size_t most)
{
	uint32_t pieces = piece_count(h), used = used_of(h), fits = 0;

	if (goes_on(h, used, at)) {
		head_grow(h, heads, n < TAIL_HEAD_MAX - used ? used + n : TAIL_HEAD_MAX, most);
		fits = h->number ? room_of(h) - used : 0;
	}
	if (fits > n)
		fits = n;
	t->head_full = fits < n || pieces == TAIL_HEAD_PIECES - 1;
	if (!fits)
		return 0;
	memcpy(bytes_of(h, heads) + used, bytes, fits);
	if (!used)
		h->start = (int32_t)at;
	*(pieces ? &later_of(h, heads)[pieces - 1] : &h->first) = shortened(ref);
	h->ends[pieces] = (uint16_t)(used + fits);
	return fits;
}

void tail_pass(struct tail *t, int64_t missing)
{
	if (missing >= REACH_MAX)
		t->count = 0;
}

bool tail_head_differs(
	const struct tail_head *h, const struct tail_heads *heads, const struct incoming *in, struct frame_ref *old)
{
	int64_t end = h->start + (int64_t)used_of(h), in_end = in->start + in->here;
	int64_t from = in->start > h->start ? in->start : h->start, to = in_end < end ? in_end : end;
	uint32_t piece = 0;
	const uint8_t *bytes;

	if (from >= to)
		return false;
	bytes = bytes_of(h, heads);
	if (memcmp(bytes + (from - h->start), in->bytes + (from - in->start), (size_t)(to - from)) == 0)
		return false;
	while (bytes[from - h->start] == in->bytes[from - in->start])
		from++;
	while (from - h->start >= h->ends[piece])
		piece++;
	*old = head_ref(h, heads, piece);
	return true;
}

static struct frame_ref ref_of(const struct piece *p)
{
	return (struct frame_ref){.frame = p->frame, .at_ns = p->at_ns, .source = p->source};
}

static bool piece_differs(const struct piece *p, const struct incoming *in)
{
	static const struct kept_sum unknown;
	int32_t at = (int32_t)(p->start - (uint32_t)in->start); /* its place in the bytes that came */
	bool covered = at >= 0 && (int64_t)at + p->len <= in->here;

	if (!covered && (at != 0 || in->here < BYTE_SUM_STEP))
		return false;
	if (p->len >= BYTE_SUM_STEP && byte_sum_prefix(in->bytes + at, p->len) != p->prefix)
		return true;
	return covered && tail_sum(in->bytes + at, p->len, &unknown) != p->sum;
}

bool tail_ring_differs(
	const struct tail *t, const struct tail_ring *ring, const struct incoming *in, struct frame_ref *old)
{
	for (uint32_t i = 0; i < TAIL_PIECES && i < t->count; i++)
		if (piece_differs(&ring->pieces[i], in)) {
			*old = ref_of(&ring->pieces[i]);
			return true;
		}
	return false;
}

struct frame_ref tail_head_last(const struct tail_head *h, const struct tail_heads *heads)
{
	uint32_t n = piece_count(h);

	return n ? head_ref(h, heads, n - 1) : (struct frame_ref){ 0 };
}

struct frame_ref tail_ring_last(const struct tail *t, const struct tail_ring *ring)
{
	return ref_of(&ring->pieces[(t->count - 1) % TAIL_PIECES]);
}

void tail_clear(struct tail *t, struct tail_head *h, struct tail_heads *heads)
{
	head_give(heads, h);
	h->number = 0;
	memset(h->ends, 0, sizeof(h->ends));
	t->count = 0;
	t->head_full = false;
}
