/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets tell beside their conversations: which MACs carry which addresses, who asks for whom, throughput.
 * Records go to the sink, those of the clock's own at the time when they are due.
 */
#ifndef PCAPDX_TRACK_SURROUNDINGS_H
#define PCAPDX_TRACK_SURROUNDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct flow_link;
struct mac;
struct outlet;
struct packet;
struct series_count;
struct surroundings;

struct surroundings *surroundings_new(const struct record_sink *sink);
void surroundings_free(struct surroundings *s);
/* The capture's clock: tells what is due. Comes before every other call; times that run back do nothing. */
void surroundings_clock(struct surroundings *s, int64_t clock_ns);
/* A packet that no conversation counts. */
void surroundings_packet(struct surroundings *s, const struct packet *p);
/* Packets that a conversation has counted. */
void surroundings_link(struct surroundings *s, const struct flow_link *counted);
/* Throughput at that time, which may be any in its second. */
void surroundings_count(struct surroundings *s, int64_t at_ns, const struct series_count *more);
/* A frame was sent to that MAC: answers to it would be in the capture. */
void surroundings_receiver(struct surroundings *s, const struct mac *m);
/* Tells what is left, at the clock told last. */
void surroundings_finish(struct surroundings *s);
size_t surroundings_held_bytes(const struct surroundings *s);

#endif
