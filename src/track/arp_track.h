/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP (RFC 826) and Neighbor Discovery (RFC 4861): questions with their answers, and announcements that nobody asked
 * for. A question without an answer is told ANSWER_WAIT_NS after its last repetition. Bounded.
 */
#ifndef PCAPDX_TRACK_ARP_TRACK_H
#define PCAPDX_TRACK_ARP_TRACK_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct arp_track;
struct nd_message;
struct packet;

struct arp_track *arp_track_new(const struct record_sink *sink);
void arp_track_free(struct arp_track *a);
/* One packet; `nd` as in link_track_packet. */
void arp_track_packet(struct arp_track *a, const struct packet *p, const struct nd_message *nd);
/* A frame was sent to that MAC: answers to it would be in the capture. */
void arp_track_receiver(struct arp_track *a, const struct mac *m);
int64_t arp_track_due_ns(const struct arp_track *a); /* when the next question is given up; INT64_MAX: none waits */
void arp_track_clock(struct arp_track *a, int64_t clock_ns);
void arp_track_finish(struct arp_track *a, int64_t clock_ns);
size_t arp_track_held_bytes(const struct arp_track *a);

#endif
