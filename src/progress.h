/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress with rate and time left on stderr, when it takes longer than a second and stderr is a terminal. */
#ifndef PCAPDX_PROGRESS_H
#define PCAPDX_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct capture_stream;

struct progress {
	int64_t started_ns, shown_ns; /* monotonic clock */
	uint64_t frames;
	bool on_terminal, shown;
};

void progress_show(struct progress *p, const struct capture_stream *c, uint64_t more_frames);
void progress_end(struct progress *p);

#endif
