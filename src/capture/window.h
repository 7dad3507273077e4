/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window that slides over an input: big reads, and records seen in one piece where they lie. Asking for more bytes
 * than are here moves them, so nothing borrowed from the window outlives a window_need.
 */
#ifndef PCAPDX_CAPTURE_WINDOW_H
#define PCAPDX_CAPTURE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input;

/* Of one read. What is larger than a part of the second-level cache takes four times as long to be copied (measured: 1 GB
 * in 0.13 s by 64 or 128 KiB, in 0.6 s by 256 KiB or more). */
#define WINDOW_ROOM (64 * 1024)

struct window {
	struct input *in; /* owned */
	uint8_t *buf;
	size_t room, start, end;
};

enum window_state {
	WINDOW_READY,
	WINDOW_END,    /* the input ends before; what is left stays in the window */
	WINDOW_AGAIN,  /* not now */
	WINDOW_FAILED, /* in->problem says why */
};

void window_init(struct window *w, struct input *in, size_t room);
void window_free(struct window *w); /* closes the input; safe on a zeroed one */

/* Has n bytes in one piece at window_at, reading as needed. */
enum window_state window_need(struct window *w, size_t n);
/* The same for packed input, which cannot stop in the middle: a pipe that is followed may have a pause, which is waited
 * for; a file is taken as it is now. */
enum window_state window_wait(struct window *w, size_t n);

static inline const uint8_t *window_at(const struct window *w)
{
	return w->buf + w->start;
}

static inline size_t window_left(const struct window *w)
{
	return w->end - w->start;
}

static inline void window_skip(struct window *w, size_t n)
{
	w->start += n;
}

#endif
