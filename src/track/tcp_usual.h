/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The usual way of a TCP conversation from its beginning: a handshake without surprises, segments next in line, FINs in
 * line. Everything that tcp_track.c looks for beside that is known to be absent, and of such segments Wireshark would
 * remark nothing: what it would remember is what we remember, so its analysis begins when another segment comes
 * (tcp_steady.c), which is never in most conversations.
 */
#ifndef PCAPDX_TRACK_TCP_USUAL_H
#define PCAPDX_TRACK_TCP_USUAL_H

#include "track/tracker_impl.h"

/* How far the conversation is with the segment; UNTOLD_NOTHING: it is none of the usual way, or others were before. */
enum flow_untold usual_next(const struct passing *w);
/* Such a segment. False: reassembly learns nothing from it. */
bool usual_way(struct passing *w, enum flow_untold next);

#endif
