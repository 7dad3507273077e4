/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes on threads of their own. The capture goes to them in rounds (round.h): while they work on one, the next is
 * filled and the last one's events are said, merged into the order in which a single lane would have said them. A
 * round's end is the watermark: all lanes have come to the same time of the capture's clock, so nothing of an earlier
 * time can follow, and stream numbers that go over all lanes can be given.
 *
 * All functions are for one thread, the one that made the crew.
 */
#ifndef PCAPDX_CREW_H
#define PCAPDX_CREW_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct crew;
struct flow_key;
struct frame;
struct keylog;
struct mac;
struct options;
struct outlet;
struct packet;

/* `memory_bytes` is for all lanes and what they have said together. The outlet is borrowed. */
struct crew *crew_new(const struct options *o, const struct keylog *keys, const struct outlet *out, size_t memory_bytes);
void crew_free(struct crew *c);

/* Where to decode the next frame into. It counts only when crew_keep follows. */
struct packet *crew_slot(struct crew *c);
uint32_t crew_keep(struct crew *c, const struct frame *f);
/* Who is to take the packet: the lane of its two hosts, that of the hosts of a tunnel around it, or none (it only goes to
 * the outlet). */
void crew_give(struct crew *c, uint32_t slot);
void crew_give_tunnel(struct crew *c, uint32_t slot, int level);
void crew_alone(struct crew *c, uint32_t slot);
/* The frame at hand was sent to a MAC that no frame before was sent to. */
void crew_receiver(struct crew *c, const struct frame *f, const struct mac *m);
/* The frame is done, or time has passed without one. */
void crew_clock(struct crew *c, int64_t clock_ns);
/* Until everything so far has been said, no lane is at work then. */
void crew_rest(struct crew *c);
/* The same, and no worker holds the lock until crew_thaw. crew_finish may come between. */
void crew_freeze(struct crew *c);
void crew_thaw(struct crew *c);
/* Memory that others hold; counts against the bound. */
void crew_charge(struct crew *c, size_t elsewhere);

/* After crew_rest: tells the links of all conversations of all lanes, then ends them, in order, to the outlet. */
void crew_ending(struct crew *c);
void crew_finish(struct crew *c);
void crew_counters(const struct crew *c, uint16_t source, struct capture *out);
void crew_let_go(const struct crew *c, struct capture *out);

#endif
