/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variants of classic pcap that only libpcap knows. It reads our window through a stdio cookie. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/arena.h"
#include "capture/frame_reader.h"
#include "capture/input.h"
#include "capture/link_type.h"

struct foreign {
	pcap_t *pcap;
	struct arena arena;
	uint32_t link_type;
	bool failed; /* libpcap tells it once only */
};

static ssize_t cookie_read(void *cookie, char *to, size_t n)
{
	struct window *w = cookie;
	enum window_state state = window_need(w, 1);

	if (state == WINDOW_FAILED) {
		errno = EIO;
		return -1;
	}
	if (state != WINDOW_READY)
		return 0;
	n = n < window_left(w) ? n : window_left(w);
	memcpy(to, window_at(w), n);
	window_skip(w, n);
	return (ssize_t)n;
}

static bool foreign_open(struct frame_reader *r)
{
	struct foreign *f = r->state = xcalloc(1, sizeof(*f));
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file = fopencookie(&r->w, "r", (cookie_io_functions_t){.read = cookie_read});

	if (file)
		f->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!f->pcap) {
		snprintf(r->info->problem, sizeof(r->info->problem), "cannot be read: %.160s", error);
		if (file)
			fclose(file);
		return false;
	}
	f->link_type = link_from_dlt(pcap_datalink(f->pcap));
	r->info->format = "pcap, modified";
	frame_reader_link(r, link_from_file(f->link_type), (uint32_t)pcap_snapshot(f->pcap));
	return true;
}

/* libpcap tells a cut file and a damaged one by the same code. */
static int foreign_failed(struct frame_reader *r, const struct foreign *f)
{
	if (!strstr(pcap_geterr(f->pcap), "truncated"))
		return frame_reader_damaged(r, "%.120s", pcap_geterr(f->pcap));
	r->info->cut_short = true;
	snprintf(r->info->problem, sizeof(r->info->problem),
		"the file ends inside a frame; the last whole frame is %llu", (unsigned long long)r->frames);
	return FRAMES_END;
}

static int foreign_frames(struct frame_reader *r, struct frame *out, int max)
{
	struct foreign *f = r->state;
	struct pcap_pkthdr *h;
	const uint8_t *data;
	int n = 0, got = 1;

	while (n < max && !f->failed && (got = pcap_next_ex(f->pcap, &h, &data)) == 1) {
		arena_copy(&f->arena, n, h, data, 1, &out[n]);
		out[n++].link_type = f->link_type;
	}
	f->failed = f->failed || got == PCAP_ERROR;
	return n || !f->failed ? n : foreign_failed(r, f);
}

static void foreign_close(struct frame_reader *r)
{
	struct foreign *f = r->state;

	if (!f)
		return;
	if (f->pcap)
		pcap_close(f->pcap);
	arena_free(&f->arena);
	free(f);
}

const struct frame_format format_foreign = {foreign_open, foreign_frames, foreign_close};
