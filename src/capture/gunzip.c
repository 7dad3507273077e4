/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip by zlib (RFC 1952). libarchive could do it, but keeps up to 64 KiB to itself when the data end too early or are
 * damaged; captures that were packed while they were taken often end so, and small ones lie wholly in that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/text.h"
#include "capture/input.h"
#include "capture/window.h"

#define GZIP_ONLY (16 + MAX_WBITS) /* zlib's number for it */
#define OUT_MAX ((size_t)1 << 24)  /* of one call: fits zlib's counters */

struct gunzip {
	struct input in;
	struct window raw;
	z_stream z;
	bool ended;
	uint64_t made, max;
};

static ssize_t failed(struct gunzip *g, const char *why)
{
	snprintf(g->in.problem, sizeof(g->in.problem), "the compressed data cannot be unpacked further: %.100s", why);
	return INPUT_FAILED;
}

/* The file may go on with another member; what else is behind the last one is no data. */
static void member_ended(struct gunzip *g)
{
	g->ended = window_wait(&g->raw, 2) != WINDOW_READY || window_at(&g->raw)[0] != 0x1f ||
		   window_at(&g->raw)[1] != 0x8b || inflateReset(&g->z) != Z_OK;
}

/* One step of zlib; 0, or INPUT_FAILED. */
static ssize_t step(struct gunzip *g)
{
	enum window_state state = window_wait(&g->raw, 1);
	size_t n = window_left(&g->raw);
	int got;

	if (state == WINDOW_FAILED) {
		text_copy(g->in.problem, sizeof(g->in.problem), g->raw.in->problem);
		return INPUT_FAILED;
	}
	g->in.bytes_read = g->raw.in->bytes_read;
	g->in.stopped = g->raw.in->stopped;
	g->in.cut = state != WINDOW_READY && !g->in.stopped;
	if (state != WINDOW_READY)
		return failed(g, "truncated gzip input");
	n = n < OUT_MAX ? n : OUT_MAX;
	g->z.next_in = (Bytef *)(uintptr_t)window_at(&g->raw);
	g->z.avail_in = (uInt)n;
	got = inflate(&g->z, Z_NO_FLUSH);
	window_skip(&g->raw, n - g->z.avail_in);
	if (got == Z_STREAM_END)
		member_ended(g);
	else if (got != Z_OK && got != Z_BUF_ERROR)
		return failed(g, g->z.msg ? g->z.msg : "gzip input is damaged");
	return 0;
}

/* Up to n bytes, at least one unless it ends. A failure behind bytes is told by the next call. */
static ssize_t some(struct gunzip *g, void *to, size_t n)
{
	g->z.next_out = to;
	g->z.avail_out = (uInt)n;
	while (g->z.avail_out == n) {
		if (g->ended)
			return INPUT_END;
		if (step(g) && g->z.avail_out == n)
			return INPUT_FAILED;
	}
	return (ssize_t)(n - g->z.avail_out);
}

static ssize_t gunzip_read(struct input *in, void *to, size_t n)
{
	struct gunzip *g = (struct gunzip *)in;
	ssize_t got;
	char one;

	if (in->problem[0])
		return INPUT_FAILED;
	if (g->made == g->max) {
		got = some(g, &one, 1);
		return got > 0 ? input_too_much(in, g->max) : got;
	}
	n = n < OUT_MAX ? n : OUT_MAX;
	got = some(g, to, n < g->max - g->made ? n : (size_t)(g->max - g->made));
	if (got > 0)
		g->made += (uint64_t)got;
	return got;
}

static void gunzip_close(struct input *in)
{
	struct gunzip *g = (struct gunzip *)in;

	inflateEnd(&g->z);
	window_free(&g->raw);
	free(g);
}

struct input *input_gunzip(struct window *raw, uint64_t max_bytes)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));

	g->in.read = gunzip_read;
	g->in.close = gunzip_close;
	g->in.size = raw->in->size;
	g->raw = *raw;
	*raw = (struct window){0};
	g->max = max_bytes ? max_bytes : UINT64_MAX;
	if (inflateInit2(&g->z, GZIP_ONLY) != Z_OK)
		failed(g, "zlib cannot be started");
	return &g->in;
}
