/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that is being read: its reader, its next frames, and the account of what was seen in it. */
#ifndef PCAPDX_CAPTURE_SOURCE_RUN_H
#define PCAPDX_CAPTURE_SOURCE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture/capture.h"
#include "capture/frame_reader.h"

struct extras;
struct frame_filter;
struct live;
struct options;

/*
 * A step of the clock is told from jitter by its size. Several queues of a NIC or CPUs reorder frames by microseconds
 * to some milliseconds, buffers of several interfaces by up to the 250 ms after which they are emptied. Whoever sets
 * a clock right by steps does so from 128 ms (ntpd) to 1 s (chrony's usual setting) on.
 */
#define CLOCK_JITTER_NS (500 * NS_PER_MS)

/* Nobody waits a year for the next packet; clocks that were not set count from 1970 or 1980, and are then set. */
#define CLOCK_LEAP_NS (366 * 86400 * NS_PER_S)
#define CLOCK_UNSET_NS (946684800 * NS_PER_S) /* before 2000: not set */
#define CLOCK_SET_NS (86400 * NS_PER_S)	      /* from there by more than a day: set */

struct run_env { /* what all sources share; borrowed */
	const struct options *o;
	struct extras *extras;
	struct frame_filter *filter; /* NULL: all frames */
	const atomic_bool *stop;
	uint64_t left; /* so many more frames are wanted */
};

struct source_run {
	struct source info;
	char *name; /* owned; info.name is it */
	uint16_t index;
	struct frame_reader reader;
	bool open, ended, opened_before;
	bool reopens; /* a regular file, that can be closed and opened again */
	bool raw;     /* frames were read and not yet accounted */
	struct frame frames[BATCH_MAX];
	int count, at;	  /* the next frame is frames[at] */
	int64_t head_ns;  /* first time in the source */
	int64_t clock_ns; /* highest time given out */
	uint64_t number;
	int64_t *last_ns; /* per interface: the time of its last frame */
	uint32_t last_room;
	uint64_t closed_bytes; /* read before it was closed */
	uint64_t size;
};

/* Opens it and reads its first frames, so that head_ns is known. False: info.unreadable and info.problem are set. */
bool source_run_open(struct source_run *s, const struct run_env *env);

/* Closes it as if it had never been read; source_run_open starts over. */
void source_run_rewind(struct source_run *s);

/* Has a frame at frames[at] that filter and time window let pass: 1; FRAMES_END or FRAMES_AGAIN. Moves what was
 * borrowed from this source. */
int source_run_fill(struct source_run *s, const struct run_env *env);

uint64_t source_run_bytes(const struct source_run *s);
void source_run_close(struct source_run *s); /* what is known of it stays */
void source_run_free(struct source_run *s);

#endif
