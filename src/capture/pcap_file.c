/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic pcap, version 2.4 (draft-ietf-opsawg-pcap): microseconds and nanoseconds, both byte orders.
 */
#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/frame_reader.h"
#include "capture/link_type.h"

#define FILE_HEADER_SIZE 24
#define RECORD_HEADER_SIZE 16

struct pcap_file {
	bool big;
	uint32_t fraction_ns; /* ns per unit of the second time field */
	uint32_t link_type, fcs_size;
	uint32_t captured_max; /* a record that claims more is damaged */
};

/* Link type, and in the upper bits the length of the frame check sequence, in units of 16 bits, where bit 26 says so.
 */
static void read_network(struct pcap_file *f, uint32_t network)
{
	f->link_type = link_from_file(network & 0xffff);
	if (network & 0x04000000)
		f->fcs_size = (network >> 28) * 2;
}

static bool pcap_open(struct frame_reader *r)
{
	struct pcap_file *f;
	const uint8_t *p;
	uint32_t snaplen;
	int status;

	if (!frame_reader_need(r, FILE_HEADER_SIZE, "the file header", &status)) {
		if (status == FRAMES_AGAIN)
			text_copy(r->info->problem, sizeof(r->info->problem), "has no whole file header yet");
		return false;
	}
	p = window_at(&r->w);
	f = r->state = xcalloc(1, sizeof(*f));
	f->big = p[0] == 0xa1;
	f->fraction_ns = (f->big ? p[2] : p[1]) == 0xc3 ? 1000 : 1;
	snaplen = load32(p + 16, f->big);
	read_network(f, load32(p + 20, f->big));
	/* Some programs store more than they announced, so the bound is not the snap length alone. */
	f->captured_max = snaplen > 1024 * 1024 && snaplen < RECORD_SIZE_MAX ? snaplen : 1024 * 1024;
	window_skip(&r->w, FILE_HEADER_SIZE);
	r->info->format = f->fraction_ns == 1 ? "pcap-ns" : "pcap";
	frame_reader_link(r, f->link_type, snaplen);
	return true;
}

/* Zeros where a record must begin: space that was reserved for the file and never written, as after a power cut. */
static bool is_unwritten(const uint8_t *p)
{
	return load32(p, true) == 0 && load32(p + 4, true) == 0 && load32(p + 8, true) == 0 &&
	       load32(p + 12, true) == 0;
}

/* A fraction of a second or more is a carry that the writer forgot. Past two it is nonsense: then the second, at
 * least, is right. */
static int64_t fraction_ns(const struct pcap_file *f, uint32_t fraction)
{
	int64_t ns = (int64_t)fraction * f->fraction_ns;

	return ns < 2 * NS_PER_S ? ns : NS_PER_S - f->fraction_ns;
}

static inline void read_record(const struct pcap_file *f, const uint8_t *p, bool big, struct frame *out)
{
	uint32_t captured = load32(p + 8, big), on_wire = load32(p + 12, big);

	out->data = p + RECORD_HEADER_SIZE;
	out->captured = captured;
	out->on_wire = on_wire < captured ? captured : on_wire;
	out->ts_ns = load32(p, big) * NS_PER_S + fraction_ns(f, load32(p + 4, big));
	out->link_type = f->link_type;
	out->interface = 0;
	out->comment_size = 0;
}

/* At the very start zeros may be a frame. */
static inline bool is_nonsense(const struct pcap_file *f, const uint8_t *p, size_t captured, bool first)
{
	return captured > f->captured_max || (captured == 0 && !first && is_unwritten(p));
}

/* Up to `max` records that lie whole in the window. Inlined for each byte order: it is the innermost loop. */
static inline __attribute__((always_inline)) int whole_records(
	struct frame_reader *r, const struct pcap_file *f, bool big, struct frame *out, int max)
{
	const uint8_t *begin = window_at(&r->w), *end = begin + window_left(&r->w), *p = begin;
	bool first = !r->frames;
	int n = 0;

	for (; n < max && end - p >= RECORD_HEADER_SIZE; first = false) {
		size_t captured = load32(p + 8, big);

		if (is_nonsense(f, p, captured, first) || (size_t)(end - p) - RECORD_HEADER_SIZE < captured)
			break;
		read_record(f, p, big, &out[n++]);
		p += RECORD_HEADER_SIZE + captured;
	}
	window_skip(&r->w, (size_t)(p - begin));
	return n;
}

/* Has the next record whole in the window; otherwise *status is what pcap_frames is to return. */
static bool next_record(struct frame_reader *r, const struct pcap_file *f, int *status)
{
	size_t captured;

	if (!frame_reader_need(r, RECORD_HEADER_SIZE, "a record header", status))
		return false;
	captured = load32(window_at(&r->w) + 8, f->big);
	if (is_nonsense(f, window_at(&r->w), captured, !r->frames)) {
		*status = frame_reader_damaged(r, "a record header makes no sense (%zu bytes)", captured);
		return false;
	}
	return frame_reader_need(r, RECORD_HEADER_SIZE + captured, "a frame", status);
}

static int pcap_frames(struct frame_reader *r, struct frame *out, int max)
{
	const struct pcap_file *f = r->state;
	int n, status;

	while (!(n = f->big ? whole_records(r, f, true, out, max) : whole_records(r, f, false, out, max)))
		if (!next_record(r, f, &status))
			return status;
	for (int i = 0; i < n && f->fcs_size; i++)
		frame_cut_fcs(&out[i], f->fcs_size);
	return n;
}

static void pcap_close_file(struct frame_reader *r)
{
	free(r->state);
}

const struct frame_format format_pcap = {pcap_open, pcap_frames, pcap_close_file};
