/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed captures: gzip by zlib (gunzip.c), zstd, xz, lz4 and bzip2 by libarchive, which sees the file as one raw entry. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/input.h"
#include "capture/window.h"

struct unpack {
	struct input in;
	struct window raw;
	struct archive *archive;
	bool opened, raw_ended;
	size_t lent; /* bytes of `raw` that libarchive looks at; skipped at its next read */
	uint64_t made, max;
};

struct packed_magic {
	const char *name;
	size_t size;
	uint8_t bytes[6];
};

static const struct packed_magic magics[] = {
	{"gzip", 2, {0x1f, 0x8b}},
	{"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{"xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{"lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
	{"lz4", 4, {0x02, 0x21, 0x4c, 0x18}}, /* the format of old */
	{"bzip2", 3, {'B', 'Z', 'h'}},
};

const char *input_packed_name(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (size >= magics[i].size && memcmp(data, magics[i].bytes, magics[i].size) == 0)
			return magics[i].name;
	return NULL;
}

static ssize_t lend_raw(struct archive *a, void *arg, const void **at)
{
	struct unpack *u = arg;
	enum window_state state;

	window_skip(&u->raw, u->lent);
	u->lent = 0;
	state = window_wait(&u->raw, 1);
	if (state == WINDOW_FAILED) {
		archive_set_error(a, ARCHIVE_FATAL, "%s", u->raw.in->problem);
		return -1;
	}
	u->raw_ended = state != WINDOW_READY;
	u->lent = window_left(&u->raw);
	u->in.bytes_read = u->raw.in->bytes_read;
	u->in.stopped = u->raw.in->stopped;
	*at = window_at(&u->raw);
	return (ssize_t)u->lent;
}

static ssize_t failed(struct unpack *u)
{
	const char *why = archive_error_string(u->archive);

	u->in.cut = u->raw_ended && !u->in.stopped;
	snprintf(u->in.problem, sizeof(u->in.problem), "the compressed data cannot be unpacked further: %s",
		why ? why : "no reason given");
	return INPUT_FAILED;
}

/* 1: the entry is open; INPUT_END for an empty one. */
static ssize_t open_entry(struct unpack *u)
{
	struct archive_entry *entry;
	int status;

	if (archive_read_open(u->archive, u, NULL, lend_raw, NULL) != ARCHIVE_OK)
		return failed(u);
	status = archive_read_next_header(u->archive, &entry);
	if (status == ARCHIVE_EOF)
		return INPUT_END;
	if (status < ARCHIVE_WARN)
		return failed(u);
	u->opened = true;
	return 1;
}

ssize_t input_too_much(struct input *in, uint64_t max_bytes)
{
	snprintf(in->problem, sizeof(in->problem),
		"it unpacks to more than %llu bytes, the limit of --max-expand; the rest was left unread",
		(unsigned long long)max_bytes);
	return INPUT_FAILED;
}

/* All that is allowed was given out: is there more? */
static ssize_t at_limit(struct unpack *u)
{
	char one;
	ssize_t got = archive_read_data(u->archive, &one, 1);

	if (got < 0)
		return failed(u);
	if (got == 0)
		return INPUT_END;
	return input_too_much(&u->in, u->max);
}

static ssize_t unpack_read(struct input *in, void *to, size_t n)
{
	struct unpack *u = (struct unpack *)in;
	ssize_t got;

	if (in->problem[0])
		return INPUT_FAILED;
	if (!u->opened && (got = open_entry(u)) <= 0)
		return got;
	if (u->made == u->max)
		return at_limit(u);
	if (n > u->max - u->made)
		n = (size_t)(u->max - u->made);
	got = archive_read_data(u->archive, to, n);
	if (got < 0)
		return failed(u);
	u->made += (uint64_t)got;
	return got;
}

static void unpack_close(struct input *in)
{
	struct unpack *u = (struct unpack *)in;

	archive_read_free(u->archive);
	window_free(&u->raw);
	free(u);
}

static struct input *unpack_by_libarchive(struct window *raw, uint64_t max_bytes)
{
	struct unpack *u = xcalloc(1, sizeof(*u));

	u->in.read = unpack_read;
	u->in.close = unpack_close;
	u->in.size = raw->in->size;
	u->raw = *raw;
	*raw = (struct window){0};
	u->max = max_bytes ? max_bytes : UINT64_MAX;
	u->archive = archive_read_new();
	/* These four only: others of libarchive's filters start programs. */
	archive_read_support_filter_zstd(u->archive);
	archive_read_support_filter_xz(u->archive);
	archive_read_support_filter_lz4(u->archive);
	archive_read_support_filter_bzip2(u->archive);
	archive_read_support_format_raw(u->archive);
	archive_read_support_format_empty(u->archive);
	return &u->in;
}

struct input *input_unpack(struct window *raw, uint64_t max_bytes)
{
	const char *name = input_packed_name(window_at(raw), window_left(raw));

	return name && strcmp(name, "gzip") == 0 ? input_gunzip(raw, max_bytes) : unpack_by_libarchive(raw, max_bytes);
}
