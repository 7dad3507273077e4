/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --evidence: the packets that findings rest on, with comments. */
#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anonymize.h"
#include "base/escape.h"
#include "base/table.h"
#include "base/text.h"
#include "capture/capture.h"
#include "capture/capture_write.h"
#include "diagnose/result.h"
#include "options.h"

#define FRAMES_MAX 100000
#define COMMENT_SIZE 600

struct frame_key {
	uint64_t frame, source; /* both wide: no padding between or behind them */
};

struct comment {
	char text[COMMENT_SIZE];
};

static struct frame_key key_of(uint16_t source, uint64_t frame)
{
	return (struct frame_key){ frame, source };
}

static void add_comment(struct table *t, uint16_t source, uint64_t frame, const char *words)
{
	struct frame_key k = key_of(source, frame);
	struct comment *c;
	size_t n;

	if (!frame)
		return;
	c = table_add(t, &k);
	if (!words || strstr(c->text, words))
		return;
	n = strlen(c->text);
	if (n && n + 2 < sizeof(c->text)) {
		c->text[n++] = '\n';
		c->text[n] = '\0';
	}
	text_copy(c->text + n, sizeof(c->text) - n, words);
}

static void add_finding(struct table *t, const struct finding *f)
{
	char *title = xprintf("%s[%s]: %s", severity_name(f->severity), f->code, f->title ? f->title : "");

	for (int i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];
		char *words = xprintf("%s -- %s", title, e->what);
		struct text safe = { 0 };

		escape_terminal(&safe, words); /* other programs show it as it is */
		add_comment(t, e->source, e->frame, text_str(&safe));
		text_free(&safe);
		free(words);
	}
	if (f->typical)
		for (uint32_t i = 0; i < f->typical->conn.key_frame_count && i < KEY_FRAMES_MAX; i++) {
			const struct frame_ref *ref = &f->typical->conn.key_frames[i].ref;

			add_comment(t, ref->source, ref->frame, NULL);
		}
	free(title);
}

static void collect(struct table *t, const struct result *r)
{
	table_init(t, sizeof(struct frame_key), sizeof(struct comment), FRAMES_MAX);
	for (int i = 0; i < r->finding_count; i++)
		add_finding(t, r->findings[i]);
}

/* Frames of stdin and live captures, the last ones within a bound, oldest first. */
struct kept_frame {
	struct frame frame;
	uint8_t *data;
};

struct evidence_ring {
	struct kept_frame *frames;
	size_t first, count, room;
	size_t bytes, max_bytes;
};

bool evidence_needs_ring(const struct options *o)
{
	if (o->interface)
		return true;
	for (int i = 0; i < o->input_count; i++)
		if (strcmp(o->inputs[i], "-") == 0)
			return true;
	return false;
}

struct evidence_ring *evidence_ring_new(size_t max_bytes)
{
	struct evidence_ring *r = xcalloc(1, sizeof(*r));

	r->max_bytes = max_bytes;
	return r;
}

static void drop_oldest(struct evidence_ring *r)
{
	struct kept_frame *k = &r->frames[r->first];

	r->bytes -= k->frame.captured + k->frame.comment_size;
	free(k->data);
	r->first = (r->first + 1) % r->room;
	r->count--;
}

static void make_room(struct evidence_ring *r)
{
	size_t room = r->room ? r->room * 2 : 256;
	struct kept_frame *frames = xmalloc(room * sizeof(*frames));

	for (size_t i = 0; i < r->count; i++)
		frames[i] = r->frames[(r->first + i) % r->room];
	free(r->frames);
	r->frames = frames;
	r->room = room;
	r->first = 0;
}

static void ring_add(struct evidence_ring *r, const struct frame *f)
{
	struct kept_frame *k;

	while (r->count && r->bytes + f->captured + f->comment_size > r->max_bytes)
		drop_oldest(r);
	if (r->count == r->room)
		make_room(r);
	k = &r->frames[(r->first + r->count++) % r->room];
	k->frame = *f;
	k->data = xmalloc((size_t)f->captured + f->comment_size);
	memcpy(k->data, f->data, f->captured);
	k->frame.data = k->data;
	if (f->comment_size) {
		k->frame.comment = k->data + f->captured;
		memcpy(k->data + f->captured, f->comment, f->comment_size);
	}
	r->bytes += f->captured + f->comment_size;
}

void evidence_ring_add(struct evidence_ring *r, const struct batch *b)
{
	for (int i = 0; i < b->count; i++)
		ring_add(r, &b->frames[i]);
}

void evidence_ring_free(struct evidence_ring *r)
{
	if (!r)
		return;
	while (r->count)
		drop_oldest(r);
	free(r->frames);
	free(r);
}

/* Writes the frame when a finding rests on it; *missing counts down. */
static void write_frame(struct capture_writer *w, struct table *wanted, const struct frame *f, const struct anonymizer *a,
	uint64_t *missing)
{
	struct frame_key k = key_of(f->source, f->number);
	const struct comment *c = table_find(wanted, &k);
	struct frame copy = *f;
	uint8_t *bytes = NULL;

	if (!c)
		return;
	if (a) {
		bytes = xmalloc(f->captured);
		memcpy(bytes, f->data, f->captured);
		anonymize_frame(a, bytes, f->captured, f->link_type);
		copy.data = bytes;
		copy.comment_size = 0; /* it may name anyone */
	}
	capture_write_frame(w, &copy, NULL, c->text[0] ? c->text : NULL);
	free(bytes);
	--*missing;
}

static int read_again(struct capture_writer *w, struct table *wanted, const struct options *o, const struct anonymizer *a,
	uint64_t *missing, char *error, size_t error_size)
{
	struct capture_stream *c = capture_open(o, error, error_size);
	struct batch batch;
	int64_t clock_ns;

	if (!c)
		return -1;
	while (*missing && capture_next(c, &batch, &clock_ns))
		for (int i = 0; i < batch.count; i++)
			write_frame(w, wanted, &batch.frames[i], a, missing);
	capture_close(c);
	return 0;
}

int evidence_write(const struct result *r, const struct options *o, const struct evidence_ring *ring,
	const struct anonymizer *a, char *error, size_t error_size)
{
	struct capture_writer *w = capture_write_open(o->evidence_path, true, error, error_size);
	struct table wanted;
	uint64_t missing;
	int failed = 0;

	if (!w)
		return -1;
	collect(&wanted, r);
	missing = wanted.count;
	if (ring)
		for (size_t i = 0; i < ring->count; i++)
			write_frame(w, &wanted, &ring->frames[(ring->first + i) % ring->room].frame, a, &missing);
	else
		failed = read_again(w, &wanted, o, a, &missing, error, error_size);
	table_free(&wanted);
	if (failed) {
		capture_write_discard(w);
		return -1;
	}
	return capture_write_close(w, error, error_size) ? 0 : -1;
}
