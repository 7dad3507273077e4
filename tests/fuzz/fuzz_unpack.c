/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files: the first byte chooses the packing, whose magic is put before the rest. However it is broken, what
 * comes out is bounded, and a small window gives what a large one does. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/input.h"
#include "capture/window.h"

#define EXPAND_MAX ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *bytes;
	size_t size;
} magics[] = {
	{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10},
	{"\x28\xb5\x2f\xfd", 4},
	{"\xfd" "7zXZ\0", 6},
	{"\x04\x22\x4d\x18", 4},
	{"\x02\x21\x4c\x18", 4},
	{"BZh9\x31\x41\x59\x26\x53\x59", 10},
};

struct sum {
	uint64_t bytes, hash;
	bool failed;
};

static struct sum unpack_all(const uint8_t *data, size_t size, size_t room)
{
	struct window raw = {0}, w = {0};
	struct sum s = {0};
	enum window_state state;

	window_init(&raw, input_from_memory(data, size), room);
	window_need(&raw, 6);
	window_init(&w, input_unpack(&raw, EXPAND_MAX), WINDOW_ROOM);
	while ((state = window_need(&w, 1)) == WINDOW_READY) {
		const uint8_t *p = window_at(&w);

		for (size_t i = 0; i < window_left(&w); i++)
			s.hash = s.hash * 31 + p[i];
		s.bytes += window_left(&w);
		window_skip(&w, window_left(&w));
	}
	assert(s.bytes <= EXPAND_MAX);
	assert(state != WINDOW_FAILED || w.in->problem[0]);
	s.failed = state == WINDOW_FAILED;
	window_free(&w);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t kinds = sizeof(magics) / sizeof(magics[0]);
	size_t magic = size ? data[0] % (kinds + 1) : kinds, head = magic < kinds ? magics[magic].size : 0;
	uint8_t *file;
	struct sum small, large;

	if (size < 2)
		return 0;
	file = xmalloc(head + size - 1);
	if (head)
		memcpy(file, magics[magic].bytes, head);
	memcpy(file + head, data + 1, size - 1);
	if (input_packed_name(file, head + size - 1)) {
		small = unpack_all(file, head + size - 1, 64);
		large = unpack_all(file, head + size - 1, WINDOW_ROOM);
		/* What comes out before damage depends on how much a library looks at in one piece. */
		assert(small.failed == large.failed);
		assert(small.failed || (small.bytes == large.bytes && small.hash == large.hash));
	}
	free(file);
	return 0;
}
