/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter in the syntax of pcap-filter(7), compiled for each link type that turns up. */
#ifndef PCAPDX_CAPTURE_FRAME_FILTER_H
#define PCAPDX_CAPTURE_FRAME_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;
struct frame_filter;

/* `text` is borrowed. NULL and libpcap's sentence when it is wrong whatever the link type. */
struct frame_filter *frame_filter_new(const char *text, char *error, size_t error_size);
void frame_filter_free(struct frame_filter *f);

/* Whether the filter can be used on frames like this one; if not, `error` says why and none of them passes. */
bool frame_filter_fits(struct frame_filter *f, const struct frame *frame, char *error, size_t error_size);
bool frame_filter_passes(struct frame_filter *f, const struct frame *frame);

#endif
