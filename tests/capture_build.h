/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: capture files built byte by byte, written to a folder of their own, and read through capture.h. */
#ifndef PCAPDX_TESTS_CAPTURE_BUILD_H
#define PCAPDX_TESTS_CAPTURE_BUILD_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/capture.h"
#include "options.h"

static inline void put16(struct text *t, bool big, uint32_t v)
{
	uint8_t b[2] = {(uint8_t)(big ? v >> 8 : v), (uint8_t)(big ? v : v >> 8)};

	text_add_bytes(t, b, 2);
}

static inline void put32(struct text *t, bool big, uint32_t v)
{
	put16(t, big, big ? v >> 16 : v & 0xffff);
	put16(t, big, big ? v & 0xffff : v >> 16);
}

static inline void put64(struct text *t, bool big, uint64_t v)
{
	put32(t, big, (uint32_t)(big ? v >> 32 : v));
	put32(t, big, (uint32_t)(big ? v : v >> 32));
}

/* ---- classic pcap ---- */

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d

static inline void pcap_header(struct text *t, bool big, uint32_t magic, uint32_t network)
{
	put32(t, big, magic);
	put16(t, big, 2);
	put16(t, big, 4);
	put32(t, big, 0);
	put32(t, big, 0);
	put32(t, big, 65535);
	put32(t, big, network);
}

/* A record whose bytes count up from `first`. */
static inline void pcap_record(
	struct text *t, bool big, uint32_t s, uint32_t fraction, uint32_t size, uint32_t wire, int first)
{
	put32(t, big, s);
	put32(t, big, fraction);
	put32(t, big, size);
	put32(t, big, wire);
	for (uint32_t i = 0; i < size; i++)
		text_add_char(t, (char)(first + (int)i));
}

/* ---- pcapng: a block is built between block_begin and block_end ---- */

static inline size_t block_begin(struct text *t, bool big, uint32_t type)
{
	put32(t, big, type);
	put32(t, big, 0);
	return t->len - 8;
}

static inline void pad4(struct text *t)
{
	while (t->len % 4)
		text_add_char(t, 0);
}

static inline void block_end(struct text *t, bool big, size_t at)
{
	struct text size = {0};

	pad4(t);
	put32(&size, big, (uint32_t)(t->len + 4 - at));
	memcpy(t->s + at + 4, size.s, 4);
	text_add_bytes(t, size.s, 4);
	text_free(&size);
}

static inline void option(struct text *t, bool big, uint32_t code, const void *value, size_t size)
{
	put16(t, big, code);
	put16(t, big, (uint32_t)size);
	text_add_bytes(t, value, size);
	pad4(t);
}

static inline void option64(struct text *t, bool big, uint32_t code, uint64_t value)
{
	put16(t, big, code);
	put16(t, big, 8);
	put64(t, big, value);
}

static inline void section(struct text *t, bool big)
{
	size_t at = block_begin(t, big, 0x0a0d0d0a);

	put32(t, big, 0x1a2b3c4d);
	put16(t, big, 1);
	put16(t, big, 0);
	put64(t, big, UINT64_MAX);
	block_end(t, big, at);
}

/* tsresol < 0: without the option. */
static inline void interface_block(struct text *t, bool big, uint32_t link_type, uint32_t snaplen, int tsresol)
{
	size_t at = block_begin(t, big, 1);
	uint8_t resolution = (uint8_t)tsresol;

	put16(t, big, link_type);
	put16(t, big, 0);
	put32(t, big, snaplen);
	if (tsresol >= 0)
		option(t, big, 9, &resolution, 1);
	put32(t, big, 0);
	block_end(t, big, at);
}

static inline void packet_block(
	struct text *t, bool big, uint32_t interface, uint64_t ts, uint32_t size, uint32_t wire, int first)
{
	size_t at = block_begin(t, big, 6);

	put32(t, big, interface);
	put32(t, big, (uint32_t)(ts >> 32));
	put32(t, big, (uint32_t)ts);
	put32(t, big, size);
	put32(t, big, wire);
	for (uint32_t i = 0; i < size; i++)
		text_add_char(t, (char)(first + (int)i));
	block_end(t, big, at);
}

/* ---- files ---- */

static char test_folder[64];

static inline int make_test_folder(void **state)
{
	(void)state;
	strcpy(test_folder, "/tmp/pcapdx-test-XXXXXX");
	return mkdtemp(test_folder) ? 0 : -1;
}

static inline int remove_test_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", test_folder);
	return system(command);
}

/* Path of a file in the test's folder; stays through the next 500 calls. */
static inline const char *in_folder(const char *name)
{
	static char paths[512][128];
	static int turn;

	turn = (turn + 1) % 512;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", test_folder, name);
	return paths[turn];
}

static inline const char *write_file(const char *name, const void *bytes, size_t size)
{
	const char *path = in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	return path;
}

static inline const char *write_text(const char *name, struct text *t)
{
	const char *path = write_file(name, text_str(t), t->len);

	text_free(t);
	return path;
}

/* ---- reading ---- */

static inline struct options file_options(const char **inputs, int count)
{
	return (struct options){.inputs = inputs,
		.input_count = count,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
		.max_expand_bytes = UINT64_MAX};
}

/* Everything of a capture, frames and their bytes copied. */
struct collected {
	struct capture_stream *stream;
	struct frame *frames;
	size_t count;
	char error[512];
};

static inline void collect_frames(struct collected *c)
{
	struct batch b;
	int64_t clock_ns;

	while (capture_next(c->stream, &b, &clock_ns) == 1)
		for (int i = 0; i < b.count; i++) {
			struct frame *f;

			if ((c->count & (c->count - 1)) == 0) /* doubled at each power of two */
				c->frames = xrealloc(c->frames, (c->count ? 2 * c->count : 1) * sizeof(*c->frames));
			f = &c->frames[c->count++];
			*f = b.frames[i];
			f->data = memcpy(xmalloc(f->captured), f->data, f->captured);
		}
}

static inline struct collected collect_options(const struct options *o)
{
	struct collected c = {0};

	c.stream = capture_open(o, c.error, sizeof(c.error));
	if (c.stream)
		collect_frames(&c);
	return c;
}

static inline struct collected collect(const char *path)
{
	struct options o = file_options(&path, 1);

	return collect_options(&o);
}

static inline void collected_free(struct collected *c)
{
	for (size_t i = 0; i < c->count; i++)
		free((void *)(uintptr_t)c->frames[i].data);
	free(c->frames);
	capture_close(c->stream);
	*c = (struct collected){0};
}

#endif
