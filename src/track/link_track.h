/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which MAC address carries which IP addresses: one `link` record per (MAC, VLAN, source address) at the end, with
 * all counts; while a capture runs, also once a minute for the pairs that are new or newly claimed. Bounded: past
 * LINKS_MAX the oldest pair is told and let go.
 */
#ifndef PCAPDX_TRACK_LINK_TRACK_H
#define PCAPDX_TRACK_LINK_TRACK_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct flow_link;
struct link_track;
struct nd_message;
struct packet;

#define LINKS_MAX 65536

struct link_track *link_track_new(const struct record_sink *sink);
void link_track_free(struct link_track *l);
/* One packet; `nd` is its Neighbor Discovery message, or NULL. The clock is before link_track_minute_ns. */
void link_track_packet(struct link_track *l, const struct packet *p, const struct nd_message *nd, int64_t clock_ns);
/* Packets of a conversation that were counted with it. */
void link_track_add(struct link_track *l, const struct flow_link *counted, int64_t clock_ns);
int64_t link_track_due_ns(const struct link_track *l); /* when new pairs are to be told; INT64_MAX: there are none */
int64_t link_track_minute_ns(const struct link_track *l); /* when link_track_clock has to be called at the latest */
void link_track_clock(struct link_track *l, int64_t clock_ns);
void link_track_finish(struct link_track *l, int64_t clock_ns);
size_t link_track_held_bytes(const struct link_track *l);

#endif
