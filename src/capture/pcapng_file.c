/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng (draft-ietf-opsawg-pcapng): the walk over blocks, and the three kinds of packet blocks.
 */
#include "capture/pcapng_file.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/frame_reader.h"
#include "capture/pcapng_options.h"

#define BLOCK_HEADER_SIZE 8
#define BLOCK_SIZE_MIN 12 /* type, length, length again */
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

enum {
	OPTION_COMMENT = 1,
	PACKET_FLAGS = 2,
	PACKET_DROPCOUNT = 4,
};

/* What came of a block. */
enum taken {
	TAKEN, /* it held no frame */
	TAKEN_FRAME,
	TAKEN_BAD,
};

static int64_t to_ns(const struct pcapng_interface *i, uint64_t units)
{
	int64_t ns;

	if (i->unit_ns) {
		if (__builtin_mul_overflow(units, i->unit_ns, &ns))
			ns = INT64_MAX;
	} else {
		unsigned __int128 wide = (unsigned __int128)units * NS_PER_S / i->units_per_s;

		ns = wide > INT64_MAX ? INT64_MAX : (int64_t)wide;
	}
	if (__builtin_add_overflow(ns, i->offset_ns, &ns))
		ns = i->offset_ns < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

/* Options of a packet block: its comment, the length of its check sequence, frames lost before it. */
static void packet_options(struct frame_reader *r, struct pcapng_file *f, struct pcapng_interface *i,
	struct reader options, struct frame *out)
{
	uint32_t fcs_size = i->fcs_size;
	struct pcapng_option o;

	while (pcapng_option_next(&options, f->big, &o)) {
		struct reader value = rd_make(o.value, o.size, o.size);
		uint64_t number;

		if (o.code == PACKET_FLAGS) {
			number = pcapng_u32(&value, f->big) >> 5 & 0xf;
			fcs_size = number ? (uint32_t)number : fcs_size;
		} else if (o.code == PACKET_DROPCOUNT && (number = pcapng_u64(&value, f->big)) != 0) {
			i->packet_drops += number;
			i->drops_known = true;
			pcapng_sum_drops(r, f);
		} else if (o.code == OPTION_COMMENT && !out->comment_size) {
			out->comment = o.value;
			out->comment_size = o.size;
		}
	}
	if (fcs_size)
		frame_cut_fcs(out, fcs_size);
}

/* The frame's bytes after `head` bytes of the block; false when there are fewer than it says. */
static bool set_bytes(struct frame *out, const uint8_t *block, size_t size, size_t head)
{
	if (out->captured > size - head - 4)
		return false;
	out->data = block + head;
	if (out->on_wire < out->captured)
		out->on_wire = out->captured;
	return true;
}

static void set_interface(struct pcapng_file *f, struct frame *out, const struct pcapng_interface *i)
{
	out->link_type = i->link_type;
	out->interface = (uint16_t)(i - f->interfaces);
	out->comment_size = 0;
	f->last_ts_ns = out->ts_ns;
}

/* Enhanced packet block, and the obsolete one, which has a count of drops in the upper half of the interface. */
static enum taken read_packet(
	struct frame_reader *r, struct pcapng_file *f, const uint8_t *p, size_t size, bool old, struct frame *out)
{
	const size_t head = 28;
	struct pcapng_interface *i;
	size_t end;

	if (size < head + 4)
		return TAKEN_BAD;
	i = pcapng_find(f, old ? load16(p + 8, f->big) : load32(p + 8, f->big));
	out->captured = load32(p + 20, f->big);
	out->on_wire = load32(p + 24, f->big);
	if (!i || !set_bytes(out, p, size, head))
		return TAKEN_BAD;
	out->ts_ns = frame_time(to_ns(i, (uint64_t)load32(p + 12, f->big) << 32 | load32(p + 16, f->big)));
	set_interface(f, out, i);
	if (old && load16(p + 10, f->big) != 0xffff)
		i->packet_drops += load16(p + 10, f->big);
	end = head + ((size_t)out->captured + 3) / 4 * 4;
	packet_options(r, f, i, rd_make(p + end, end + 4 < size ? size - 4 - end : 0, 0), out);
	return TAKEN_FRAME;
}

/* Simple packet block: interface 0, no time. It is given the time of the frame before it. */
static enum taken read_simple(struct pcapng_file *f, const uint8_t *p, size_t size, struct frame *out)
{
	const size_t head = 12;
	const struct pcapng_interface *i = pcapng_find(f, 0);

	if (!i || size < head + 4)
		return TAKEN_BAD;
	out->on_wire = load32(p + 8, f->big);
	out->captured = out->on_wire;
	if (i->snaplen && out->captured > i->snaplen)
		out->captured = i->snaplen;
	if (out->captured > size - head - 4)
		out->captured = (uint32_t)(size - head - 4);
	out->ts_ns = f->last_ts_ns;
	if (!set_bytes(out, p, size, head))
		return TAKEN_BAD;
	set_interface(f, out, i);
	if (i->fcs_size)
		frame_cut_fcs(out, i->fcs_size);
	return TAKEN_FRAME;
}

static enum taken read_block(
	struct frame_reader *r, struct pcapng_file *f, const uint8_t *p, size_t size, struct frame *out)
{
	size_t body_size = size - BLOCK_SIZE_MIN;
	struct reader body = rd_make(p + BLOCK_HEADER_SIZE, body_size, body_size);

	switch (load32(p, f->big)) {
	case BLOCK_PACKET:
		return read_packet(r, f, p, size, false, out);
	case BLOCK_PACKET_OLD:
		return read_packet(r, f, p, size, true, out);
	case BLOCK_PACKET_SIMPLE:
		return read_simple(f, p, size, out);
	case BLOCK_SECTION:
		return pcapng_section(r, f, body) ? TAKEN : TAKEN_BAD;
	case BLOCK_INTERFACE:
		return pcapng_interface(r, f, body) ? TAKEN : TAKEN_BAD;
	case BLOCK_NAMES:
		pcapng_names(r, f, body);
		return TAKEN;
	case BLOCK_STATISTICS:
		pcapng_statistics(r, f, body);
		return TAKEN;
	case BLOCK_SECRETS:
		pcapng_secrets(r, f, body);
		return TAKEN;
	}
	return TAKEN; /* blocks of other kinds are no concern of ours */
}

/* A section header says in which byte order the section is; false when it does not. */
static bool set_byte_order(struct pcapng_file *f, const uint8_t *p)
{
	if (load32(p, true) != BLOCK_SECTION)
		return true;
	f->big = load32(p + BLOCK_HEADER_SIZE, true) == BYTE_ORDER_MAGIC;
	return f->big || load32(p + BLOCK_HEADER_SIZE, false) == BYTE_ORDER_MAGIC;
}

/* The block at hand, whole and with both lengths equal; 0 and *status otherwise. Nothing is moved when `keep`. */
static size_t whole_block(struct frame_reader *r, struct pcapng_file *f, bool keep, int *status)
{
	const uint8_t *p;
	size_t told, size;

	if (window_left(&r->w) < BLOCK_SIZE_MIN &&
		(keep || !frame_reader_need(r, BLOCK_SIZE_MIN, "a block header", status)))
		return 0;
	p = window_at(&r->w);
	if (!set_byte_order(f, p)) {
		*status = keep ? 0 : frame_reader_damaged(r, "a section header has no byte order");
		return 0;
	}
	told = load32(p + 4, f->big);
	size = (told + 3) & ~(size_t)3; /* early writers padded, and did not count it */
	if (size < BLOCK_SIZE_MIN || size > RECORD_SIZE_MAX) {
		*status = keep ? 0 : frame_reader_damaged(r, "a block has an impossible length (%zu)", told);
		return 0;
	}
	if (window_left(&r->w) < size && (keep || !frame_reader_need(r, size, "a block", status)))
		return 0;
	p = window_at(&r->w);
	if (load32(p + size - 4, f->big) != told) {
		*status = keep ? 0 : frame_reader_damaged(r, "the two lengths of a block differ");
		return 0;
	}
	return size;
}

static int pcapng_frames(struct frame_reader *r, struct frame *out, int max)
{
	struct pcapng_file *f = r->state;
	int n = 0, status = FRAMES_END;

	while (n < max) {
		size_t size = whole_block(r, f, n > 0, &status);
		enum taken taken;

		if (!size)
			return n ? n : status;
		taken = read_block(r, f, window_at(&r->w), size, &out[n]);
		if (taken == TAKEN_BAD)
			return n ? n : frame_reader_damaged(r, "a block makes no sense");
		n += taken == TAKEN_FRAME;
		window_skip(&r->w, size);
	}
	return n;
}

static bool pcapng_open(struct frame_reader *r)
{
	struct pcapng_file *f = r->state = xcalloc(1, sizeof(*f));
	int status = FRAMES_END;

	r->info->format = "pcapng";
	if (whole_block(r, f, false, &status))
		return true;
	if (status == FRAMES_AGAIN)
		text_copy(r->info->problem, sizeof(r->info->problem), "has no whole file header yet");
	return false;
}

static void pcapng_close(struct frame_reader *r)
{
	struct pcapng_file *f = r->state;

	if (f)
		free(f->interfaces);
	free(f);
}

const struct frame_format format_pcapng = {pcapng_open, pcapng_frames, pcapng_close};
