/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress on stderr. The wall clock is read once per batch, which costs next to nothing. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/when.h"
#include "capture/capture.h"

#define REFRESH_NS (NS_PER_S / 4)

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void print_line(const struct progress *p, const struct capture_stream *c, int64_t now)
{
	double seconds = when_s(now - p->started_ns);
	double rate = (double)p->frames / seconds;
	bool millions = rate >= 1e6;
	uint64_t total, done = capture_bytes_read(c, &total);
	char left[WHEN_TEXT_SIZE];

	fprintf(stderr, "\r%" PRIu64 " packets, %.*f%s a second", p->frames, millions ? 1 : 0,
		millions ? rate / 1e6 : rate, millions ? " million" : "");
	if (total > done && done)
		fprintf(stderr, ", %.0f %%, %s left", 100.0 * (double)done / (double)total,
			when_duration(seconds * (double)(total - done) / (double)done, left));
	fputs("\033[K", stderr);
}

void progress_show(struct progress *p, const struct capture_stream *c, uint64_t more_frames)
{
	int64_t now;

	p->frames += more_frames;
	now = now_ns();
	if (!p->started_ns) {
		p->started_ns = p->shown_ns = now;
		p->on_terminal = isatty(STDERR_FILENO);
		return;
	}
	if (!p->on_terminal || now - p->started_ns < NS_PER_S || now - p->shown_ns < REFRESH_NS)
		return;
	p->shown_ns = now;
	p->shown = true;
	print_line(p, c, now);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
}
