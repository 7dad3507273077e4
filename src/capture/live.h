/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network interface as a source of frames. */
#ifndef PCAPDX_CAPTURE_LIVE_H
#define PCAPDX_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>

struct frame_reader;
struct options;

/* Opens o->interface with o->filter in the kernel. False and a sentence when that fails. A read waits 200 ms at most.
 */
bool live_open(struct frame_reader *r, const struct options *o, char *error, size_t error_size);

#endif
