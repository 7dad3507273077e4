/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The longest pauses of a conversation; the shortest gives way. */
#include "track/tracker_impl.h"

#define STALL_MIN_NS (30 * NS_PER_MS) /* shorter pauses are not felt */

void stall_add(struct passing *w, enum side side, enum stall_reason reason, int64_t lasted_ns, uint64_t from_frame)
{
	struct trouble *t;
	struct stall *at;

	if (lasted_ns < STALL_MIN_NS)
		return;
	t = flow_trouble(w->f);
	at = &t->stalls[t->stall_count < STALLS_MAX ? t->stall_count : 0];
	if (t->stall_count >= STALLS_MAX)
		for (int i = 1; i < STALLS_MAX; i++)
			if (t->stalls[i].lasted_ns < at->lasted_ns)
				at = &t->stalls[i];
	if (t->stall_count++ < STALLS_MAX || at->lasted_ns < lasted_ns)
		*at = (struct stall){ .ref = passing_ref(w),
			.lasted_ns = lasted_ns,
			.from_frame = from_frame,
			.reason = (uint8_t)reason,
			.side = (uint8_t)side };
}
