/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues of events: a list, and the bytes of all of them behind each other. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "record/record.h"

#define USUAL_BYTES ((size_t)4 << 20) /* what an emptied queue may keep */
#define ALIGNED 16

static void *grown(void *list, size_t *room, size_t need, size_t size)
{
	if (need <= *room)
		return list;
	*room = need < 64 ? 64 : need + need / 2;
	return xrealloc(list, *room * size);
}

void event_add(struct event_queue *q, const struct moment *m, enum event_kind kind, const void *what, size_t size)
{
	size_t padded = (size + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);

	q->list = grown(q->list, &q->room, q->count + 1, sizeof(*q->list));
	q->bytes = grown(q->bytes, &q->bytes_room, q->used + padded, 1);
	memcpy(q->bytes + q->used, what, size);
	q->list[q->count++] = (struct event){ .moment = *m, .at = q->used, .size = size, .kind = kind };
	q->used += padded;
}

void event_record(struct event_queue *q, const struct moment *m, const struct record *r)
{
	event_add(q, m, EVENT_RECORD, r, record_size(r));
}

void event_count(struct event_queue *q, int64_t at_ns, const struct series_count *more)
{
	int64_t second_ns = at_ns - (at_ns % NS_PER_S + NS_PER_S) % NS_PER_S;

	if (!q->count_count || q->counts[q->count_count - 1].second_ns != second_ns) {
		q->counts = grown(q->counts, &q->count_room, q->count_count + 1, sizeof(*q->counts));
		q->counts[q->count_count++] = (struct event_count){ .second_ns = second_ns };
	}
	series_count_add(&q->counts[q->count_count - 1].sum, more);
}

const void *event_bytes(const struct event_queue *q, const struct event *e)
{
	return q->bytes + e->at;
}

bool moment_before(const struct moment *a, const struct moment *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->order != b->order)
		return a->order < b->order;
	if (a->source != b->source)
		return a->source < b->source;
	return a->frame < b->frame;
}

void event_queue_clear(struct event_queue *q)
{
	if (q->bytes_room > USUAL_BYTES)
		event_queue_free(q);
	q->count = q->next = q->used = q->count_count = q->count_next = 0;
}

void event_queue_free(struct event_queue *q)
{
	free(q->list);
	free(q->bytes);
	free(q->counts);
	*q = (struct event_queue){ 0 };
}

size_t event_queue_bytes(const struct event_queue *q)
{
	return q->room * sizeof(*q->list) + q->bytes_room + q->count_room * sizeof(*q->counts);
}
