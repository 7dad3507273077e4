/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of the frames of one batch, where libpcap keeps a frame only until it is asked for the next. */
#ifndef PCAPDX_CAPTURE_ARENA_H
#define PCAPDX_CAPTURE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"

struct pcap_pkthdr;

struct arena {
	uint8_t *bytes[BATCH_MAX]; /* a piece per frame, so that growing one moves no other */
	size_t room[BATCH_MAX];
};

/* Fills frame `i` of the batch from what libpcap gave with nanosecond times (`nano`) or without. */
void arena_copy(struct arena *a, int i, const struct pcap_pkthdr *h, const uint8_t *data, int nano, struct frame *out);
void arena_free(struct arena *a);

#endif
