/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sliding window over an input. */
#include "capture/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/input.h"

void window_init(struct window *w, struct input *in, size_t room)
{
	*w = (struct window){.in = in, .buf = xmalloc(room), .room = room};
}

void window_free(struct window *w)
{
	if (w->in)
		w->in->close(w->in);
	free(w->buf);
	*w = (struct window){0};
}

static void make_room(struct window *w, size_t n)
{
	size_t left = window_left(w);

	if (left && w->start)
		memmove(w->buf, w->buf + w->start, left);
	w->start = 0;
	w->end = left;
	if (n > w->room) {
		w->buf = xrealloc(w->buf, n);
		w->room = n;
	}
}

enum window_state window_need(struct window *w, size_t n)
{
	if (window_left(w) >= n)
		return WINDOW_READY;
	make_room(w, n);
	while (w->end < n) {
		ssize_t got = w->in->read(w->in, w->buf + w->end, w->room - w->end);

		if (got == INPUT_END)
			return WINDOW_END;
		if (got == INPUT_AGAIN)
			return WINDOW_AGAIN;
		if (got < 0)
			return WINDOW_FAILED;
		w->end += (size_t)got;
	}
	return WINDOW_READY;
}

enum window_state window_wait(struct window *w, size_t n)
{
	enum window_state state;

	do
		state = window_need(w, n);
	while (state == WINDOW_AGAIN && !w->in->size);
	return state;
}
