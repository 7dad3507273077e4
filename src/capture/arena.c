/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames copied out of libpcap. */
#include "capture/arena.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/frame_reader.h"

void arena_copy(struct arena *a, int i, const struct pcap_pkthdr *h, const uint8_t *data, int nano, struct frame *out)
{
	if (h->caplen > a->room[i]) {
		a->room[i] = h->caplen > 2048 ? h->caplen : 2048;
		free(a->bytes[i]);
		a->bytes[i] = xmalloc(a->room[i]);
	}
	if (h->caplen)
		memcpy(a->bytes[i], data, h->caplen);
	out->data = a->bytes[i];
	out->captured = h->caplen;
	out->on_wire = h->len < h->caplen ? h->caplen : h->len;
	out->ts_ns = frame_time(h->ts.tv_sec * NS_PER_S + h->ts.tv_usec * (nano ? 1 : NS_PER_US));
	out->interface = 0;
	out->comment_size = 0;
}

void arena_free(struct arena *a)
{
	for (int i = 0; i < BATCH_MAX; i++)
		free(a->bytes[i]);
	*a = (struct arena){0};
}
