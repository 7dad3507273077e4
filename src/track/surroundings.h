/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets tell beside their conversations: which MACs carry which addresses, who asks for whom, ICMP messages,
 * throughput. One call per packet that is no duplicate, after tracker_packet; records go to the sink.
 */
#ifndef PCAPDX_TRACK_SURROUNDINGS_H
#define PCAPDX_TRACK_SURROUNDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct flow;
struct packet;
struct surroundings;
struct tracked;

struct surroundings *surroundings_new(const struct record_sink *sink);
void surroundings_free(struct surroundings *s);
void surroundings_packet(struct surroundings *s, const struct packet *p, const struct tracked *tracked);
/* A conversation ended, or a part of it is due: what was counted with it goes to its links. Before its record. */
void surroundings_flow(struct surroundings *s, struct flow *f);
/* The capture's clock, where no packet tells it: live, and before the end. */
void surroundings_clock(struct surroundings *s, int64_t clock_ns);
/* Tells what is left, at the clock told last. */
void surroundings_finish(struct surroundings *s);
size_t surroundings_held_bytes(const struct surroundings *s);

#endif
