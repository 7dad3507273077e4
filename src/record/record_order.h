/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts records that are emitted at one instant into their order: source, first frame, kind; those of a conversation
 * before its own. Records come in by the capture's clock and go out the same way, held back for no longer than their
 * instant lasts; then they are handed over in runs, so whoever takes them does one thing after the other with its code
 * in the processor's cache. What concerns the capture as a whole (capture, name) is not for here: it is told after all
 * others.
 *
 * Bounded: where more is emitted at one instant than `held_max` bytes hold, the first in order go out early. So the
 * order is strict unless more than that comes out of order at one instant, as from a capture without time stamps; and
 * in any case it depends on nothing but the order in which records come in.
 */
#ifndef PCAPDX_RECORD_RECORD_ORDER_H
#define PCAPDX_RECORD_RECORD_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct record_order;

struct record_order *record_order_new(const struct run_sink *sink, size_t held_max);
void record_order_free(struct record_order *o);
void record_order_take(struct record_order *o, const struct record *r);
/* Where the next one may be made, which saves its copy when it is the next of them that is taken, or soon after. */
struct record *record_order_room(struct record_order *o);
/* Nothing of an earlier time than that can follow. */
void record_order_clock(struct record_order *o, int64_t clock_ns);
/* Of that instant nothing can follow whose first frame is before that one. */
void record_order_passed(struct record_order *o, uint16_t source, uint64_t frame);
/* Hands over what is in order by now. */
void record_order_hand_over(struct record_order *o);
/* The same with all that is left. */
void record_order_flush(struct record_order *o);
size_t record_order_bytes(const struct record_order *o);

#endif
