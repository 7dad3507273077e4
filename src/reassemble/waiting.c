/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted list of segments. Appending, the usual case, needs no walk; the caller bounds the count. */
#include "reassemble/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void incoming_skip(struct incoming *in, uint32_t n)
{
	uint32_t here = n < in->here ? n : in->here;

	in->start += n;
	in->wire -= n;
	in->here -= here;
	if (in->bytes)
		in->bytes += here;
}

void incoming_limit(struct incoming *in, uint32_t wire)
{
	if (wire < in->wire)
		in->wire = wire;
	if (in->here > in->wire)
		in->here = in->wire;
}

static int64_t segment_end(const struct segment *s)
{
	return s->start + s->wire;
}

static size_t segment_size(uint32_t here)
{
	return sizeof(struct segment) + here;
}

size_t waiting_cost(const struct waiting *w, const struct incoming *in)
{
	size_t pieces = 1; /* what overlaps may cut it into pieces, each with a header of its own */

	if (w->last && segment_end(w->last) > in->start)
		for (const struct segment *s = w->first; s && s->start < incoming_end(in); s = s->next)
			pieces += segment_end(s) > in->start;
	return in->here + pieces * sizeof(struct segment);
}

static void link_after(struct waiting *w, struct segment *before, struct segment *s)
{
	struct segment **at = before ? &before->next : &w->first;

	s->next = *at;
	*at = s;
	if (!s->next)
		w->last = s;
	w->count++;
	w->held_bytes += segment_size(s->here);
}

static struct segment *segment_new(const struct incoming *in)
{
	struct segment *s = xmalloc(segment_size(in->here));

	*s = (struct segment){.start = in->start,
		.here = in->here,
		.wire = in->wire,
		.ack = in->ack,
		.early = in->early,
		.ref = in->ref};
	if (in->here)
		memcpy(s->bytes, in->bytes, in->here);
	return s;
}

/* The last segment that starts at or before `start`; NULL: none. */
static struct segment *find_before(const struct waiting *w, int64_t start)
{
	struct segment *before = NULL;

	if (w->last && w->last->start <= start)
		return w->last;
	for (struct segment *s = w->first; s && s->start <= start; s = s->next)
		before = s;
	return before;
}

void waiting_add(struct waiting *w, const struct incoming *in)
{
	struct incoming rest = *in;
	struct segment *before = find_before(w, rest.start);

	while (rest.wire) {
		struct incoming piece;
		struct segment *after;

		if (before && segment_end(before) >= incoming_end(&rest))
			return;
		if (before && segment_end(before) > rest.start)
			incoming_skip(&rest, (uint32_t)(segment_end(before) - rest.start));
		after = before ? before->next : w->first;
		piece = rest;
		if (after && after->start < incoming_end(&rest))
			incoming_limit(&piece, (uint32_t)(after->start - rest.start));
		if (piece.wire)
			link_after(w, before, segment_new(&piece));
		incoming_skip(&rest, piece.wire);
		before = after;
	}
}

void waiting_add_end(struct waiting *w, const struct incoming *in)
{
	struct incoming none = *in;

	incoming_skip(&none, none.wire);
	link_after(w, w->last, segment_new(&none));
}

static void drop_after(struct waiting *w, struct segment *before)
{
	struct segment **at = before ? &before->next : &w->first;
	struct segment *s = *at;

	*at = s->next;
	if (!*at)
		w->last = before;
	w->count--;
	w->held_bytes -= segment_size(s->here);
}

void waiting_drop_end(struct waiting *w)
{
	struct segment *before = NULL, *last = w->last;

	if (!last || last->wire)
		return;
	for (struct segment *s = w->first; s != last; s = s->next)
		before = s;
	drop_after(w, before);
	free(last);
}

struct segment *waiting_take(struct waiting *w)
{
	struct segment *s = w->first;

	if (s)
		drop_after(w, NULL);
	return s;
}

static bool segment_differs(const struct segment *s, const struct incoming *in)
{
	int64_t from = s->start > in->start ? s->start : in->start;
	int64_t s_end = s->start + s->here, in_end = in->start + in->here, to = s_end < in_end ? s_end : in_end;

	return from < to && memcmp(s->bytes + (from - s->start), in->bytes + (from - in->start), (size_t)(to - from));
}

bool waiting_differs(const struct waiting *w, const struct incoming *in, struct frame_ref *old)
{
	if (!w->last || segment_end(w->last) <= in->start)
		return false;
	for (const struct segment *s = w->first; s && s->start < incoming_end(in); s = s->next)
		if (segment_differs(s, in)) {
			*old = s->ref;
			return true;
		}
	return false;
}

void waiting_clear(struct waiting *w)
{
	struct segment *s;

	while ((s = waiting_take(w)))
		free(s);
}
