/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded list of stream numbers. */
#include "diagnose/streams.h"

#include <stdlib.h>

#include "base/fetch.h"
#include "base/text.h"

#define ROOM_FIRST 4

void streams_add(struct streams *s, uint32_t stream, int max, size_t *held_bytes)
{
	if (s->n == max)
		return;
	if (s->n == s->room) {
		int room = s->room ? s->room * 2 : ROOM_FIRST;

		*held_bytes += (size_t)(room - s->room) * sizeof(*s->v);
		s->v = xrealloc(s->v, (size_t)room * sizeof(*s->v));
		s->room = room;
	}
	s->v[s->n++] = stream;
}

void streams_fetch(const struct streams *s)
{
	if (s->n < s->room)
		fetch_line(&s->v[s->n]);
}

void streams_free(struct streams *s)
{
	free(s->v);
	*s = (struct streams){ 0 };
}
