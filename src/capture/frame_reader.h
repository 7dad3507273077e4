/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One source as a stream of frames, whatever its format. Each format is one file with one `struct frame_format`: it
 * fills frames from the window and says in `info` what it learns of the source.
 */
#ifndef PCAPDX_CAPTURE_FRAME_READER_H
#define PCAPDX_CAPTURE_FRAME_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture/capture.h"
#include "capture/window.h"

struct extras;
struct frame_reader;
struct input;

#define RECORD_SIZE_MAX (16u * 1024 * 1024) /* a record or block that claims more is taken for damage */

#define FRAMES_END 0
#define FRAMES_AGAIN (-1) /* nothing now, more may come */

struct frame_format {
	/* Reads what comes before the first frame. False and info->problem when it cannot be read. */
	bool (*open)(struct frame_reader *r);
	/* Fills up to `max` frames (data, captured, on_wire, ts_ns within FRAME_TIME_MAX_NS, link_type, interface,
	 * comment_size); their number, or one of the above. Frames are borrowed until the next call. */
	int (*frames)(struct frame_reader *r, struct frame *out, int max);
	void (*close)(struct frame_reader *r); /* frees `state` */
};

extern const struct frame_format format_pcap, format_pcapng, format_foreign, format_live;

struct frame_reader {
	struct window w;
	const struct frame_format *format;
	void *state;	       /* of the format */
	struct source *info;   /* borrowed */
	struct extras *extras; /* secrets and names go there; borrowed, may be NULL */
	uint64_t frames;       /* read so far */
};

/* Unpacks if need be, finds the format and opens it. Owns the input, also when it fails (info->problem says why). */
bool frame_reader_open(struct frame_reader *r, struct input *in, size_t room, uint64_t max_expand_bytes);
void frame_reader_close(struct frame_reader *r); /* safe on a zeroed one, and twice */
int frame_reader_read(struct frame_reader *r, struct frame *out, int max);

/* For formats: has n bytes in the window, moving what is there. Otherwise *status is what `frames` is to return, and
 * info says why the source ends here, inside `what`. */
bool frame_reader_need(struct frame_reader *r, size_t n, const char *what, int *status);

/* For formats: the source makes no sense from here on. Returns FRAMES_END. */
int frame_reader_damaged(struct frame_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For formats: notes the link type and snap length of a source or of one of its interfaces. */
void frame_reader_link(struct frame_reader *r, uint32_t link_type, uint32_t snaplen);

static inline uint32_t load32(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* For formats whose times can be any number: beyond the bound the sum or difference of two of them would not fit. */
static inline int64_t frame_time(int64_t ns)
{
	return ns < -FRAME_TIME_MAX_NS ? -FRAME_TIME_MAX_NS : ns > FRAME_TIME_MAX_NS ? FRAME_TIME_MAX_NS : ns;
}

static inline uint16_t load16(const uint8_t *p, bool big)
{
	return big ? (uint16_t)(p[0] << 8 | p[1]) : (uint16_t)(p[1] << 8 | p[0]);
}

/* Cuts a frame check sequence of `size` bytes off the frame. */
static inline void frame_cut_fcs(struct frame *f, uint32_t size)
{
	if (f->on_wire < size)
		return;
	f->on_wire -= size;
	if (f->captured > f->on_wire)
		f->captured = f->on_wire;
}

#endif
