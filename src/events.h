/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lane said to its outlet, kept to be said again later: a queue per lane, filled by its thread, emptied by the
 * one that merges them. Kept packets are borrowed until then; records and the rest are copied.
 */
#ifndef PCAPDX_EVENTS_H
#define PCAPDX_EVENTS_H

#include <stddef.h>

#include "lane.h"
#include "track/series_track.h"

struct mac;
struct outlet;
struct stream_births;

enum event_kind {
	EVENT_RECORD,
	EVENT_LINK,
	EVENT_PACKET,
	EVENT_ANNOUNCE,
	EVENT_RECEIVER,
};

struct event {
	struct moment moment;
	size_t at, size; /* what was said, in the queue's bytes */
	enum event_kind kind;
};

/* Throughput in one second. */
struct event_count {
	int64_t second_ns;
	struct series_count sum;
};

struct event_queue { /* zeroed to begin with */
	struct event *list;
	size_t count, room, next; /* next: first one that was not said yet */
	uint8_t *bytes;
	size_t used, bytes_room;
	struct event_count *counts;
	size_t count_count, count_room, count_next;
};

/* Adds an event with its bytes. */
void event_add(struct event_queue *q, const struct moment *m, enum event_kind kind, const void *what, size_t size);
void event_count(struct event_queue *q, int64_t at_ns, const struct series_count *more);
const void *event_bytes(const struct event_queue *q, const struct event *e);
void event_record(struct event_queue *q, const struct moment *m, const struct record *r);

/* Whether `a` comes before `b`. */
bool moment_before(const struct moment *a, const struct moment *b);

/* Empties the queue; memory beyond the usual goes back. */
void event_queue_clear(struct event_queue *q);
void event_queue_free(struct event_queue *q);
size_t event_queue_bytes(const struct event_queue *q);

#endif
