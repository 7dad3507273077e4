/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames into packets: link layers, tunnels, IPv4 and IPv6, fragments joined, TCP, UDP, ICMP, ARP. */
#ifndef PCAPDX_DECODE_DECODE_H
#define PCAPDX_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/fragment.h"

struct decoder;
struct frame;
struct packet;
struct record_sink;

/* `fragment_bytes` bounds what is held of fragments that wait for their rest; past it the oldest datagrams go. */
struct decoder *decoder_new(size_t fragment_bytes);
void decoder_free(struct decoder *d);

/* Decodes one frame into *p, every field of which is set. Never fails: see p->kind and p->verdict. */
void decode_frame(struct decoder *d, const struct frame *f, struct packet *p);

/* Whether frames of that LINKTYPE_ can be decoded; its name for reports ("ether", "linux-sll2", "147"). */
bool decode_knows(uint32_t link_type);
const char *decode_link_name(uint32_t link_type, char out[32]);

/* Name of a fault for reports: "ip-length". */
const char *decode_fault_name(int fault);

/* Fragmented datagrams (fragment.h): counted; their records, at the end of the capture. */
struct fragment_counts decoder_fragments(const struct decoder *d);
size_t decoder_held_bytes(const struct decoder *d); /* beyond fragment_bytes */
void decoder_finish(struct decoder *d, int64_t clock_ns, const struct record_sink *sink);

#endif
