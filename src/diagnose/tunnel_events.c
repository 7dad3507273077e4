/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of tunnels by conversation. */
#include "diagnose/tunnel_events.h"

#define EVENTS_MAX 512

void tunnel_events_init(struct table *events)
{
	table_init(events, sizeof(((struct record *)NULL)->uid), sizeof(struct tunnel_trouble), EVENTS_MAX);
}

void tunnel_events_take(struct table *events, const struct record *r, uint32_t kinds)
{
	struct tunnel_trouble *t;

	if (r->kind != RECORD_TUNNEL || !(kinds >> r->tunnel.event & 1))
		return;
	t = table_add(events, r->uid);
	if (t->count++ == 0)
		record_copy(&t->first, r);
}

const struct tunnel_trouble *tunnel_events_of(const struct table *events, const struct record *conn)
{
	return table_find(events, conn->uid);
}
