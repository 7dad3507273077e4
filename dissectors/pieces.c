/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define STEP 2048 /* bytes by which the room grows; a multiple of 8 */

static void make_room(struct pieces *p, size_t need)
{
	size_t room = (need + STEP - 1) / STEP * STEP;

	if (room <= p->room)
		return;
	p->bytes = xrealloc(p->bytes, room);
	p->have = xrealloc(p->have, room / 8);
	memset(p->have + p->room / 8, 0, (room - p->room) / 8);
	p->room = room;
}

bool pieces_add(struct pieces *p, size_t offset, const uint8_t *bytes, size_t n)
{
	if (offset > PIECES_MAX || n > PIECES_MAX - offset)
		return false;
	make_room(p, offset + n);
	for (size_t i = offset; i < offset + n; i++) {
		if (p->have[i / 8] >> i % 8 & 1)
			continue;
		p->have[i / 8] = (uint8_t)(p->have[i / 8] | 1 << i % 8);
		p->bytes[i] = bytes[i - offset];
	}
	while (p->whole < p->room && p->have[p->whole / 8] >> p->whole % 8 & 1)
		p->whole++;
	return true;
}

void pieces_free(struct pieces *p)
{
	free(p->bytes);
	free(p->have);
	*p = (struct pieces){ 0 };
}
