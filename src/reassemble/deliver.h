/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of one direction on their way to the taker: what waits, which holes are gaps, bounds. Native engine. */
#ifndef PCAPDX_REASSEMBLE_DELIVER_H
#define PCAPDX_REASSEMBLE_DELIVER_H

#include <stdint.h>

#include "capture/capture.h"
#include "decode/packet.h"
#include "reassemble/engine.h"

/* Hands on the payload of p, which is due, where nothing waits, no more was seen and the start is known. */
void deliver_next(struct reassembler *r, struct direction *d, struct tail_ring *ring, const struct packet *p);
/* The same for bytes that nobody wants to see, the middle of a body or of what nobody knows; false: they are not. */
static inline bool deliver_passed_over(struct direction *d, struct tail_ring *ring, const struct packet *p)
{
	const struct frame_ref ref = {p->frame->number, p->ts_ns, p->frame->source};
	uint32_t n = p->payload_len;

	if (!d->tail.head_full || !p->payload_sum.known || (!d->unheard && n > d->quiet))
		return false;
	if (!d->unheard) {
		d->quiet -= n;
		d->passed += n;
	}
	tail_add_piece(&d->tail, ring, d->next, p->payload, n, &ref, &p->payload_sum);
	d->next += n;
	return true;
}
/* Hands on, or keeps for later, what of `in` was not handed on yet. */
void deliver_bytes(struct reassembler *r, struct direction *d, struct incoming *in);
/* Tells whether bytes of `in` are others than those that came before in the same place. */
void deliver_difference(struct reassembler *r, struct direction *d, const struct incoming *in);
/* Gives up the holes that were acknowledged past long enough ago, as of packet p. */
void deliver_settle(struct reassembler *r, struct direction *d, const struct packet *p, const struct frame_ref *ref);
/* The stream ends at offset `at`, which is not before any data seen, says segment `in`. */
void deliver_end(struct reassembler *r, struct direction *d, int64_t at, const struct incoming *in);
/* Hands on, of both directions, what waited for bytes of the other one that have come. */
void deliver_due(struct reassembler *r, struct direction *d);
/* Nobody listens to this direction any more. */
void deliver_nothing(struct reassembler *r, struct direction *d);
/* Hands on what waits for the other side, which will not come: before any end is told, or who listens to one side alone
 * would have to choose without its bytes. */
void deliver_held_back(struct reassembler *r, struct direction *d, const struct frame_ref *ref);
/* Delivers what waits with its gaps, and tells the end. */
void deliver_close(struct reassembler *r, struct direction *d, const struct frame_ref *ref);

#endif
