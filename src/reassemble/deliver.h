/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of one direction on their way to the taker: what waits, which holes are gaps, bounds. Native engine. */
#ifndef PCAPDX_REASSEMBLE_DELIVER_H
#define PCAPDX_REASSEMBLE_DELIVER_H

#include <stdint.h>

struct direction;
struct far;
struct frame_ref;
struct incoming;
struct packet;
struct reassembler;

/* Hands on the payload of p, which is due, where nothing waits, no more was seen and the start is known. */
void deliver_next(struct reassembler *r, struct direction *d, struct far *far, const struct packet *p);
/* Hands on, or keeps for later, what of `in` was not handed on yet. */
void deliver_bytes(struct reassembler *r, struct direction *d, struct incoming *in);
/* Tells whether bytes of `in` are others than those that came before in the same place. */
void deliver_difference(struct reassembler *r, struct direction *d, const struct incoming *in);
/* Gives up the holes that were acknowledged past long enough ago, as of packet p. */
void deliver_settle(struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref);
/* The stream ends at offset `at`, which is not before any data seen. */
void deliver_end(struct reassembler *r, struct direction *d, int64_t at, const struct frame_ref *ref);
/* Nobody listens to this direction any more. */
void deliver_nothing(struct reassembler *r, struct direction *d);
/* Delivers what waits with its gaps, and tells the end. */
void deliver_close(struct reassembler *r, struct direction *d, const struct frame_ref *ref);

#endif
