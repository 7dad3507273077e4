/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed captures as an input: members of a file one after the other, until it ends, is cut or damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/codec.h"
#include "capture/input.h"
#include "capture/window.h"

struct unpack {
	struct input in;
	struct window raw;
	const struct codec *codec;
	void *state;
	bool ended;
	bool raw_ended; /* in the middle of a member */
	uint64_t made, max;
};

static const struct codec *const codecs[] = {
	&codec_gzip, &codec_zstd, &codec_xz, &codec_lz4, &codec_lz4_legacy, &codec_bzip2};

static const struct codec *codec_of(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (size >= codecs[i]->magic_size && memcmp(data, codecs[i]->magic, codecs[i]->magic_size) == 0)
			return codecs[i];
	return NULL;
}

const char *input_packed_name(const uint8_t *data, size_t size)
{
	const struct codec *c = codec_of(data, size);

	return c ? c->name : NULL;
}

static ssize_t failed(struct unpack *u, const char *why)
{
	snprintf(u->in.problem, sizeof(u->in.problem), "the compressed data cannot be unpacked further: %s %.100s",
		u->codec->name, why);
	return INPUT_FAILED;
}

static ssize_t too_much(struct unpack *u)
{
	snprintf(u->in.problem, sizeof(u->in.problem),
		"it unpacks to more than %llu bytes, the limit of --max-expand; the rest was left unread",
		(unsigned long long)u->max);
	return INPUT_FAILED;
}

/* zstd and lz4: frames of somebody's own that are to be skipped (RFC 8878, section 3.1.2). */
static bool is_skippable(const uint8_t *b)
{
	return (b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18;
}

/* True: it was one, and whole. */
static bool skip_frame(struct window *raw)
{
	const uint8_t *b;
	uint32_t left;

	if (window_wait(raw, 8) != WINDOW_READY || !is_skippable(window_at(raw)))
		return false;
	b = window_at(raw);
	left = (uint32_t)b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24;
	for (window_skip(raw, 8); left && window_wait(raw, 1) == WINDOW_READY;) {
		size_t n = window_left(raw) < left ? window_left(raw) : left;

		window_skip(raw, n);
		left -= (uint32_t)n;
	}
	return !left;
}

/* The file may go on with another member; what else is behind the last one is no data. */
static void member_ended(struct unpack *u)
{
	while (skip_frame(&u->raw))
		continue;
	u->codec->close(u->state);
	u->state = NULL;
	u->ended = window_wait(&u->raw, u->codec->magic_size) != WINDOW_READY ||
		   codec_of(window_at(&u->raw), window_left(&u->raw)) != u->codec;
	if (!u->ended)
		u->state = u->codec->open();
}

static ssize_t raw_ended(struct unpack *u, enum window_state state, struct codec_span *s)
{
	if (state == WINDOW_FAILED) {
		text_copy(u->in.problem, sizeof(u->in.problem), u->raw.in->problem);
		return INPUT_FAILED;
	}
	u->in.cut = !u->in.stopped;
	u->raw_ended = true;
	if (u->codec->rest && s->out_left) {
		size_t before = s->out_left;

		u->ended = u->codec->rest(u->state, s);
		u->in.cut = u->in.cut && !u->ended;
		if (s->out_left < before || u->ended)
			return 0;
	}
	return failed(u, "data end too early");
}

/* One step of the codec; 0, or INPUT_FAILED. */
static ssize_t step(struct unpack *u, struct codec_span *s)
{
	enum window_state state;
	size_t before = s->out_left, n;
	const char *why = "damaged";
	enum codec_status got;

	if (!u->state)
		return failed(u, "cannot be started");
	s->in = window_at(&u->raw);
	s->in_left = n = window_left(&u->raw);
	got = u->codec->step(u->state, s, &why);
	window_skip(&u->raw, n - s->in_left);
	if (got == CODEC_FAILED)
		return failed(u, why);
	if (got == CODEC_ENDED) {
		member_ended(u);
		return 0;
	}
	if (s->out_left < before || s->in_left < n) {
		if (s->in_left || s->out_left < before)
			return 0;
	} else if (n) {
		return failed(u, "makes no progress");
	}
	state = window_wait(&u->raw, 1);
	u->in.bytes_read = u->raw.in->bytes_read;
	u->in.stopped = u->raw.in->stopped;
	return state == WINDOW_READY ? 0 : raw_ended(u, state, s);
}

/* Up to n bytes, at least one unless it ends. A failure behind bytes is told by the next call. */
static ssize_t some(struct unpack *u, void *to, size_t n)
{
	struct codec_span s = {.out = to, .out_left = n};

	while (s.out_left == n) {
		if (u->ended)
			return INPUT_END;
		if (u->raw_ended) {
			if (raw_ended(u, WINDOW_END, &s) && s.out_left == n)
				return INPUT_FAILED;
		} else if (step(u, &s) && s.out_left == n) {
			return INPUT_FAILED;
		}
	}
	return (ssize_t)(n - s.out_left);
}

static ssize_t unpack_read(struct input *in, void *to, size_t n)
{
	struct unpack *u = (struct unpack *)in;
	ssize_t got;
	char one;

	if (in->problem[0])
		return INPUT_FAILED;
	if (u->made == u->max) {
		got = some(u, &one, 1);
		return got > 0 ? too_much(u) : got;
	}
	got = some(u, to, n < u->max - u->made ? n : (size_t)(u->max - u->made));
	if (got > 0)
		u->made += (uint64_t)got;
	return got;
}

static void unpack_close(struct input *in)
{
	struct unpack *u = (struct unpack *)in;

	u->codec->close(u->state);
	window_free(&u->raw);
	free(u);
}

struct input *input_unpack(struct window *raw, uint64_t max_bytes)
{
	struct unpack *u = xcalloc(1, sizeof(*u));

	u->in.read = unpack_read;
	u->in.close = unpack_close;
	u->in.size = raw->in->size;
	u->codec = codec_of(window_at(raw), window_left(raw));
	u->raw = *raw;
	*raw = (struct window){0};
	u->max = max_bytes ? max_bytes : UINT64_MAX;
	u->state = u->codec->open();
	return &u->in;
}
