/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One stretch of bytes in a flat buffer: comparing is a memcmp, and sliding costs a byte moved for each byte added. */
#include "reassemble/tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "reassemble/waiting.h"

#define ROOM_FIRST 512

struct piece {
	int64_t start;
	struct frame_ref ref;
};

struct tail {
	int64_t end; /* offset behind the last byte */
	uint32_t used, room;
	uint32_t piece_count;
	struct piece pieces[TAIL_PIECES]; /* oldest first */
	uint8_t bytes[];
};

size_t tail_held_bytes(const struct tail *t)
{
	return t ? sizeof(*t) + t->room : 0;
}

static uint32_t room_for(size_t n)
{
	uint32_t room = ROOM_FIRST;

	while (room < n && room < TAIL_KEPT_MAX)
		room *= 2;
	return room;
}

static void grow(struct tail **t, size_t n, size_t budget)
{
	uint32_t used = *t ? (*t)->used : 0, old_room = *t ? (*t)->room : 0, room = room_for(used + n);
	size_t more = room - old_room + (*t ? 0 : sizeof(**t));

	if (room <= old_room || more > budget)
		return;
	if (*t) {
		*t = xrealloc(*t, sizeof(**t) + room);
	} else {
		*t = xmalloc(sizeof(**t) + room);
		memset(*t, 0, sizeof(**t));
	}
	(*t)->room = room;
}

static void forget_oldest(struct tail *t, uint32_t keep)
{
	if (keep >= t->used)
		return;
	memmove(t->bytes, t->bytes + (t->used - keep), keep);
	t->used = keep;
}

static void add_piece(struct tail *t, int64_t start, const struct frame_ref *ref)
{
	if (t->piece_count == TAIL_PIECES)
		memmove(t->pieces, t->pieces + 1, --t->piece_count * sizeof(t->pieces[0]));
	t->pieces[t->piece_count++] = (struct piece){start, *ref};
}

void tail_add(struct tail **tp, int64_t at, const uint8_t *bytes, size_t n, const struct frame_ref *ref, size_t budget)
{
	struct tail *t;

	if (!*tp || (*tp)->used + n > (*tp)->room)
		grow(tp, n, budget);
	t = *tp;
	if (!t)
		return;
	if (t->end != at)
		t->used = t->piece_count = 0;
	t->end = at + (int64_t)n;
	if (n > t->room) {
		bytes += n - t->room;
		at += (int64_t)(n - t->room);
		n = t->room;
	}
	if (t->used + n > t->room) {
		uint32_t fits = t->room - (uint32_t)n;

		forget_oldest(t, fits < t->room / 2 ? fits : t->room / 2);
	}
	memcpy(t->bytes + t->used, bytes, n);
	t->used += (uint32_t)n;
	add_piece(t, at, ref);
}

static const struct frame_ref *brought(const struct tail *t, int64_t at)
{
	uint32_t i = t->piece_count - 1;

	while (i > 0 && t->pieces[i].start > at)
		i--;
	return &t->pieces[i].ref;
}

bool tail_differs(const struct tail *t, const struct incoming *in, struct frame_ref *old)
{
	int64_t start, from, to, in_end = in->start + in->here;

	if (!t || !t->used || in->start >= t->end)
		return false;
	start = t->end - t->used;
	from = start > t->pieces[0].start ? start : t->pieces[0].start; /* older bytes: by whom is forgotten */
	from = from > in->start ? from : in->start;
	to = in_end < t->end ? in_end : t->end;
	if (from >= to || memcmp(t->bytes + (from - start), in->bytes + (from - in->start), (size_t)(to - from)) == 0)
		return false;
	while (t->bytes[from - start] == in->bytes[from - in->start])
		from++;
	*old = *brought(t, from);
	return true;
}

void tail_free(struct tail *t)
{
	free(t);
}
