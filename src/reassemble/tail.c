/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first bytes of a stream in a flat buffer, and sums of its last segments in a ring. */
#include "reassemble/tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "reassemble/waiting.h"

#define ROOM_STEP 64
#define REACH_MAX (1 << 24) /* a gap from which on places of pieces, of which half is kept, are not to be compared */

struct head {
	int64_t start;
	uint32_t used, room;
	uint32_t piece_count;
	struct piece pieces[TAIL_HEAD_PIECES];
	uint8_t bytes[];
};

static struct frame_ref ref_of(const struct piece *p)
{
	return (struct frame_ref){.frame = p->frame, .at_ns = p->at_ns, .source = p->source};
}

/* Room for n more bytes in the head, as far as the budget goes; gives how many bytes were allocated. */
static size_t head_grow(struct tail_store *t, uint32_t n, size_t budget)
{
	struct head *h = t->head;
	uint32_t used = h ? h->used : 0, room = h ? h->room : 0, want = TAIL_HEAD_MAX;
	size_t more;

	if (n < TAIL_HEAD_MAX - used)
		want = (used + n + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	more = want - room + (h ? 0 : sizeof(*h));
	if (want <= room || more > budget)
		return 0;
	t->head = xrealloc(h, sizeof(*h) + want);
	if (!h) {
		t->head->start = 0;
		t->head->used = t->head->piece_count = 0;
	}
	t->head->room = want;
	return more;
}

/* Gives how many of the bytes the head took. */
static uint32_t head_add(struct head *h, int64_t at, const uint8_t *bytes, uint32_t n, const struct frame_ref *ref)
{
	uint32_t fits;

	if (!h || (h->used && h->start + h->used != at))
		return 0;
	fits = h->room - h->used < n ? h->room - h->used : n;
	if (!h->used)
		h->start = at;
	memcpy(h->bytes + h->used, bytes, fits);
	h->used += fits;
	piece_set(&h->pieces[h->piece_count++], at, fits, ref);
	return fits;
}

size_t tail_add(struct tail *t, struct tail_store *s, int64_t at, const uint8_t *bytes, uint32_t n,
	const struct frame_ref *ref, const struct kept_sum *sum, size_t budget)
{
	size_t more = head_grow(s, n, budget);
	uint32_t taken = head_add(s->head, at, bytes, n, ref);

	t->head_full = taken < n || s->head->piece_count == TAIL_HEAD_PIECES;
	if (taken < n)
		tail_add_piece(t, s, at, bytes, n, ref, sum);
	return more;
}

void tail_pass(struct tail *t, int64_t missing)
{
	if (missing >= REACH_MAX)
		t->count = 0;
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
	while (i > 1 && (uint32_t)from - h->pieces[i - 1].start >= h->pieces[i - 1].len)
		i--;
	*old = ref_of(&h->pieces[i - 1]);
	return true;
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

bool tail_differs(const struct tail *t, const struct tail_store *s, const struct incoming *in, struct frame_ref *old)
{
	if (s->head && head_differs(s->head, in, old))
		return true;
	for (uint32_t i = 0; i < TAIL_PIECES && i < t->count; i++)
		if (piece_differs(&s->pieces[i], in)) {
			*old = ref_of(&s->pieces[i]);
			return true;
		}
	return false;
}

struct frame_ref tail_last(const struct tail *t, const struct tail_store *s)
{
	if (t->head_full && t->count)
		return ref_of(&s->pieces[(t->count - 1) % TAIL_PIECES]);
	return s->head ? ref_of(&s->head->pieces[s->head->piece_count - 1]) : (struct frame_ref){ 0 };
}

size_t tail_clear(struct tail *t, struct tail_store *s)
{
	size_t held = s->head ? sizeof(*s->head) + s->head->room : 0;

	free(s->head);
	s->head = NULL;
	t->count = 0;
	t->head_full = false;
	return held;
}
