/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors, redirects and router advertisements as records, one each. Echoes and the like tell nothing. */
#ifndef PCAPDX_TRACK_ICMP_TRACK_H
#define PCAPDX_TRACK_ICMP_TRACK_H

#include "record/record.h"

struct flow;
struct nd_message;
struct packet;

/* `quoted` is the conversation that the message quotes, NULL: none that is known; `nd` as in link_track_packet. */
void icmp_track_packet(
	const struct record_sink *sink, const struct packet *p, const struct flow *quoted, const struct nd_message *nd);

#endif
