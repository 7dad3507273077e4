/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments with a wrong checksum. Whether the receiver drops one shows afterwards only: sent again before it is
 * acknowledged, it was damaged on the way; acknowledged, its sum was wrong in the capture alone (offload, an edited
 * file), and that side is judged no more. So the bytes of such a segment are taken as they are, while everything
 * that has no bytes, which nobody ever repeats in answer, is ignored.
 */
#include "base/seq.h"
#include "track/tracker_impl.h"

#define NEAR_BYTES (1 << 20) /* beyond this the sequence number is what was damaged */

static bool sum_is_wrong(struct passing *w)
{
	enum checksum_state sum;

	/* Offload leaves sums unfinished: where one was seen there is nothing to judge, and summing costs. */
	if (w->own->flags & HALF_PARTIAL_SUM)
		return false;
	sum = packet_checksum_of(w->p);
	if (sum == CHECKSUM_GOOD)
		w->own->flags |= HALF_GOOD_SUM;
	if (sum == CHECKSUM_PARTIAL)
		w->own->flags |= HALF_PARTIAL_SUM;
	return sum == CHECKSUM_BAD && (w->own->flags & HALF_GOOD_SUM);
}

static bool is_plausible(const struct passing *w)
{
	int32_t ahead = seq_diff(w->seq, w->own->next_seq);

	return (w->own->flags & HALF_NEXT_SET) && ahead < NEAR_BYTES && ahead > -NEAR_BYTES;
}

static void damage_forget(struct repair *r, uint32_t i)
{
	for (r->damage_count--; i < r->damage_count; i++)
		r->damages[i] = r->damages[i + 1];
}

bool damage_packet(struct passing *w)
{
	struct repair *r;

	if (!sum_is_wrong(w))
		return false;
	history_again(w->f, w->side, 'C');
	if (!w->len || (w->flags & (TCP_SYN | TCP_RST)) || !is_plausible(w))
		return true;
	r = flow_repair(w->f, w->side);
	if (r->damage_count == DAMAGES_MAX)
		damage_forget(r, 0);
	r->damages[r->damage_count++] = (struct damage){ w->seq, w->end, passing_ref(w) };
	return false;
}

static void note_damage(struct passing *w, const struct damage *d)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);

	w->f->keep = true;
	if (o->loss.bad_checksum++)
		return;
	o->damaged = d->ref;
	o->damaged_again = passing_ref(w);
}

/* The frame itself is among them when its own sum is wrong. */
void damage_repaired(struct passing *w)
{
	struct repair *r = w->f->repair[w->side];
	uint32_t i = 0;

	while (r && i < r->damage_count) {
		const struct damage *d = &r->damages[i];

		if (d->ref.frame == w->p->frame->number || seq_diff(d->seq, w->seq) < 0 ||
			seq_diff(d->seq, w->end) >= 0) {
			i++;
			continue;
		}
		note_damage(w, d);
		damage_forget(r, i);
	}
}

void damage_acked(struct passing *w)
{
	struct repair *r = w->f->repair[side_other(w->side)];

	for (uint32_t i = 0; r && i < r->damage_count; i++)
		if (seq_diff(w->p->tcp.ack, r->damages[i].end) >= 0) {
			w->peer->flags |= HALF_PARTIAL_SUM;
			r->damage_count = 0;
			return;
		}
}
