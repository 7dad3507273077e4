/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames into packets: the entry, and the names of what can be wrong. */
#include "decode/decode.h"

#include <stdlib.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/fragment.h"
#include "decode/layers.h"

#define LINKTYPE_ETHERNET 1

static const char *const fault_names[FAULT_KINDS] = {
	[FAULT_NONE] = "none",
	[FAULT_LINK] = "link-header",
	[FAULT_IP_VERSION] = "ip-version",
	[FAULT_IP_HEADER] = "ip-header",
	[FAULT_IP_LENGTH] = "ip-length",
	[FAULT_IP_EXTENSION] = "ip-extension",
	[FAULT_FRAGMENT] = "ip-fragment",
	[FAULT_TCP_HEADER] = "tcp-header",
	[FAULT_TCP_OPTION] = "tcp-option",
	[FAULT_UDP_LENGTH] = "udp-length",
	[FAULT_ICMP] = "icmp",
	[FAULT_ARP] = "arp",
	[FAULT_TUNNEL] = "tunnel",
};

static void packet_begin(struct packet *p, const struct frame *f)
{
	p->frame = f;
	p->ts_ns = f->ts_ns;
	p->clock_ns = f->clock_ns;
	packet_clear(p, offsetof(struct packet, kind), offsetof(struct packet, src));
	packet_clear_network(p);
	p->sll_type = SLL_TYPE_NONE;
}

static __attribute__((noinline)) void decode_layers(struct decoder *d, const struct frame *f, struct packet *p)
{
	struct reader r = rd_make(f->data, f->captured, f->on_wire);

	packet_begin(p, f);
	if (!d->link || d->link->number != f->link_type)
		d->link = link_type_find(f->link_type);
	if (d->link)
		d->link->decode(d, p, &r);
}

void decode_frame(struct decoder *d, const struct frame *f, struct packet *p)
{
	d->turn++;
	if (f->link_type != LINKTYPE_ETHERNET || !plain_decode(p, f))
		decode_layers(d, f, p);
}

struct decoder *decoder_new(size_t fragment_bytes)
{
	struct decoder *d = xcalloc(1, sizeof(*d));

	d->fragments = fragments_new(fragment_bytes);
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	fragments_free(d->fragments);
	free(d);
}

struct fragment_counts decoder_fragments(const struct decoder *d)
{
	return fragments_counts(d->fragments);
}

size_t decoder_held_bytes(const struct decoder *d)
{
	return fragments_beside_bytes(d->fragments);
}

void decoder_finish(struct decoder *d, int64_t clock_ns, const struct record_sink *sink)
{
	fragments_finish(d->fragments, clock_ns, sink);
}

const char *decode_fault_name(int fault)
{
	return fault >= 0 && fault < FAULT_KINDS ? fault_names[fault] : "unknown";
}
