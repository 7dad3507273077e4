/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The refusals and bad records of a tunnel's conversation, kept by uid until the conversation is over. */
#ifndef PCAPDX_DIAGNOSE_TUNNEL_EVENTS_H
#define PCAPDX_DIAGNOSE_TUNNEL_EVENTS_H

#include "base/table.h"
#include "diagnose/rule.h"

struct tunnel_trouble {
	uint32_t count;	     /* events of that kind */
	struct record first; /* the first of them */
};

void tunnel_events_init(struct table *events);
/* Keeps events of these kinds; `kinds` is a mask of 1 << enum tunnel_event. */
void tunnel_events_take(struct table *events, const struct record *r, uint32_t kinds);
const struct tunnel_trouble *tunnel_events_of(const struct table *events, const struct record *conn); /* NULL: none */

/* Whether ICMP rejects the tunnel's packets: not, when it did so for a moment (a restart) and fell silent after that. */
bool tunnel_is_rejected(const struct conversation *c);

#endif
