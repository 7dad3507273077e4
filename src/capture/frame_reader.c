/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out what a source is and reads it; what all formats share. */
#include "capture/frame_reader.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "capture/input.h"
#include "capture/link_type.h"
#include "capture/magic.h"

#define PROBE_SIZE 32	/* bytes that tell every format apart */
#define HEAD_SIZE 24	/* no capture is smaller */
#define HEAD_WAIT_MS 50 /* between two looks whether the head was written */

static bool unreadable(struct frame_reader *r, const char *why)
{
	text_copy(r->info->problem, sizeof(r->info->problem), why);
	return false;
}

/* The first bytes of the source; their number, 0 after a failure that info->problem tells. */
static size_t probe(struct frame_reader *r)
{
	enum window_state state;

	/* What is followed may have nothing yet, but no format can be told before its first bytes are here. */
	while ((state = window_need(&r->w, PROBE_SIZE)) == WINDOW_AGAIN && window_left(&r->w) < HEAD_SIZE)
		poll(NULL, 0, HEAD_WAIT_MS);
	if (state == WINDOW_FAILED && window_left(&r->w) < HEAD_SIZE) {
		unreadable(r, r->w.in->problem);
		return 0;
	}
	if (window_left(&r->w) == 0)
		unreadable(r, "is empty (0 bytes)");
	return window_left(&r->w);
}

static bool open_format(struct frame_reader *r)
{
	size_t n = probe(r);
	char why[sizeof(r->info->problem)];

	if (!n)
		return false;
	r->format = magic_format(window_at(&r->w), n);
	if (r->format)
		return r->format->open(r);
	magic_unknown(window_at(&r->w), n, why, sizeof(why));
	return unreadable(r, why);
}

bool frame_reader_open(struct frame_reader *r, struct input *in, size_t room, uint64_t max_expand_bytes)
{
	const char *packed;

	window_init(&r->w, in, room);
	if (!probe(r))
		return false;
	packed = input_packed_name(window_at(&r->w), window_left(&r->w));
	if (packed) {
		struct input *unpacked = input_unpack(&r->w, max_expand_bytes);

		window_init(&r->w, unpacked, room);
	}
	return open_format(r);
}

void frame_reader_close(struct frame_reader *r)
{
	if (r->format && r->format->close)
		r->format->close(r);
	window_free(&r->w);
	r->format = NULL;
	r->state = NULL;
}

int frame_reader_read(struct frame_reader *r, struct frame *out, int max)
{
	int n = r->format->frames(r, out, max);

	if (n > 0)
		r->frames += (uint64_t)n;
	return n;
}

int frame_reader_damaged(struct frame_reader *r, const char *format, ...)
{
	struct source *s = r->info;
	va_list args;
	int n;

	s->damaged = true;
	va_start(args, format);
	n = vsnprintf(s->problem, sizeof(s->problem), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(s->problem))
		snprintf(s->problem + n, sizeof(s->problem) - (size_t)n, "; reading stopped after frame %llu",
			(unsigned long long)r->frames);
	return FRAMES_END;
}

static void cut_short(struct frame_reader *r, const char *what)
{
	struct source *s = r->info;

	s->cut_short = true;
	snprintf(s->problem, sizeof(s->problem), "the file ends inside %s; the last whole frame is %llu", what,
		(unsigned long long)r->frames);
}

static void input_failed(struct frame_reader *r)
{
	if (r->w.in->cut)
		r->info->cut_short = true;
	else
		r->info->damaged = true;
	snprintf(r->info->problem, sizeof(r->info->problem), "%s; the last whole frame is %llu", r->w.in->problem,
		(unsigned long long)r->frames);
}

bool frame_reader_need(struct frame_reader *r, size_t n, const char *what, int *status)
{
	*status = FRAMES_END;
	switch (window_need(&r->w, n)) {
	case WINDOW_READY:
		return true;
	case WINDOW_AGAIN:
		*status = FRAMES_AGAIN;
		return false;
	case WINDOW_FAILED:
		input_failed(r);
		return false;
	case WINDOW_END:
		if (window_left(&r->w) && !r->w.in->stopped)
			cut_short(r, what);
		return false;
	}
	return false;
}

void frame_reader_link(struct frame_reader *r, uint32_t link_type, uint32_t snaplen)
{
	struct source *s = r->info;
	char name[LINK_NAME_SIZE];

	link_name(link_type, name);
	if (s->link_type[0] && strcmp(s->link_type, name) != 0)
		text_copy(name, sizeof(name), "mixed");
	text_copy(s->link_type, sizeof(s->link_type), name);
	if (snaplen && (!s->snaplen || snaplen < s->snaplen))
		s->snaplen = snaplen;
}
