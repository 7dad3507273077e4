/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file: it is read to some end, every byte of a frame can be touched, and a small window gives what a large one
 * does. Of packed files that are damaged libraries give out more or less before they tell, depending on how much they
 * look at in one piece. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "capture/extras.h"
#include "capture/frame_reader.h"
#include "capture/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t frames, bytes, hash, trouble;
};

static void add_frame(struct sum *s, const struct frame *f)
{
	assert(f->captured <= f->on_wire);
	s->frames++;
	s->bytes += f->on_wire;
	s->hash = s->hash * 31 + (uint64_t)f->ts_ns;
	for (uint32_t i = 0; i < f->captured; i++)
		s->hash = s->hash * 31 + f->data[i];
}

static struct sum read_all(const uint8_t *data, size_t size, size_t room)
{
	struct source info = {.name = "fuzz"};
	struct extras extras = {0};
	struct frame_reader r = {.info = &info, .extras = &extras};
	struct frame frames[BATCH_MAX];
	struct sum sum = {0};
	int n;

	if (frame_reader_open(&r, input_from_memory(data, size), room, 1024 * 1024))
		while ((n = frame_reader_read(&r, frames, BATCH_MAX)) > 0)
			for (int i = 0; i < n; i++)
				add_frame(&sum, &frames[i]);
	else
		assert(info.problem[0]);
	assert(memchr(info.problem, 0, sizeof(info.problem)));
	assert((info.cut_short || info.damaged) <= (info.problem[0] != 0));
	sum.trouble = info.problem[0] != 0;
	frame_reader_close(&r);
	extras_free(&extras);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum small = read_all(data, size, 64), large = read_all(data, size, WINDOW_ROOM);

	if (input_packed_name(data, size) && small.trouble && large.trouble)
		return 0;
	assert(memcmp(&small, &large, sizeof(small)) == 0);
	return 0;
}
