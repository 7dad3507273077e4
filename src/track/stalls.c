/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The longest pauses of a conversation; the shortest gives way. */
#include "track/tracker_impl.h"

#define STALL_MIN_NS (30 * NS_PER_MS) /* shorter pauses are not felt */

void stall_add(struct passing *w, enum side side, enum stall_reason reason, int64_t lasted_ns, uint64_t from_frame)
{
	struct stalls *t;
	struct stall_kept *at;

	if (lasted_ns < STALL_MIN_NS)
		return;
	t = flow_stalls(w->f);
	at = &t->list[t->count < STALLS_MAX ? t->count : 0];
	if (t->count >= STALLS_MAX)
		for (int i = 1; i < STALLS_MAX; i++)
			if (t->list[i].lasted_ns < at->lasted_ns)
				at = &t->list[i];
	if (t->count++ < STALLS_MAX || at->lasted_ns < lasted_ns)
		*at = (struct stall_kept){ .ref = passing_ref(w),
			.lasted_ns = lasted_ns,
			.from_frame = from_frame & FRAME_MASK,
			.reason = (uint8_t)reason,
			.side = (uint8_t)side };
}
