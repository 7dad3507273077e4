/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What finds a conversation asks of what ends them. */
#ifndef PCAPDX_TRACK_FLOW_END_H
#define PCAPDX_TRACK_FLOW_END_H

#include "track/tracker_impl.h"

/* Tells the owner, then forgets all but a tombstone. */
void flow_end(struct tracker *t, struct flow *f, enum conn_end reason, int64_t emitted_ns);
/*
 * Makes room for one more conversation. Tombstones go first, then those that were silent longest. `elsewhere` shrinks
 * only when its owner charges again, so a few at a time must do: more than come in.
 */
void flow_make_room(struct tracker *t);

#endif
