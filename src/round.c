/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets with their bytes, copied: a frame's own are gone when the next batch is read. */
#include "round.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LARGEST_USUAL ((size_t)256 << 10) /* of a packet */

void round_init(struct round *r, int lanes)
{
	*r = (struct round){ .clock_ns = INT64_MIN, .lane_count = lanes };
	r->slots = xcalloc(ROUND_PACKETS, sizeof(*r->slots));
	r->lanes = xcalloc((size_t)lanes + 1, sizeof(*r->lanes));
	r->room = ROUND_BYTES + LARGEST_USUAL;
	r->bytes = xmalloc(r->room);
}

static void free_own(struct round *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		free(r->slots[i].own);
		r->slots[i].own = NULL;
	}
}

void round_free(struct round *r)
{
	free_own(r);
	for (int i = 0; i <= r->lane_count; i++) {
		free(r->lanes[i].items);
		event_queue_free(&r->lanes[i].said);
		stream_births_free(&r->lanes[i].births);
	}
	free(r->lanes);
	free(r->slots);
	free(r->bytes);
}

bool round_is_full(const struct round *r)
{
	return r->count == ROUND_PACKETS || r->used >= ROUND_BYTES;
}

struct packet *round_slot(struct round *r)
{
	return &r->slots[r->count].packet;
}

/* The bytes before are pointed at, so they must not move: what is larger than the room left has its own. */
static uint8_t *room_for(struct round *r, struct round_slot *slot, size_t n)
{
	uint8_t *at = r->bytes + r->used;

	if (n > r->room - r->used)
		return slot->own = xmalloc(n);
	r->used += n;
	return at;
}

uint32_t round_keep(struct round *r, const struct frame *f)
{
	struct round_slot *slot = &r->slots[r->count];
	struct packet *p = &slot->packet;
	const uint8_t *from = p->transport && p->payload ? p->transport : p->payload;
	size_t n = from ? (size_t)(p->payload + p->payload_len - from) : 0;
	uint8_t *at = room_for(r, slot, n);

	slot->frame = *f;
	slot->frame.data = NULL;
	p->frame = &slot->frame;
	if (n)
		memcpy(at, from, n);
	if (from) {
		p->payload = at + (p->payload - from);
		p->transport = p->transport ? at : NULL;
	}
	r->any = true;
	return r->count++;
}

void round_item(struct round *r, int lane, uint32_t slot, int tunnel)
{
	struct round_lane *l = &r->lanes[lane];

	if (l->item_count == l->item_room) {
		l->item_room = l->item_room ? l->item_room * 2 : 256;
		l->items = xrealloc(l->items, l->item_room * sizeof(*l->items));
	}
	l->items[l->item_count++] = (struct round_item){ slot, tunnel };
}

void round_clear(struct round *r)
{
	for (int i = 0; i <= r->lane_count; i++) {
		r->lanes[i].item_count = 0;
		event_queue_clear(&r->lanes[i].said);
	}
	free_own(r);
	r->count = 0;
	r->used = 0;
	r->any = false;
}

size_t round_held_bytes(const struct round *r)
{
	size_t sum = ROUND_PACKETS * sizeof(*r->slots) + r->room;

	for (int i = 0; i <= r->lane_count; i++)
		sum += event_queue_bytes(&r->lanes[i].said) + r->lanes[i].item_room * sizeof(struct round_item) +
		       r->lanes[i].births.room * sizeof(struct stream_birth);
	return sum;
}
