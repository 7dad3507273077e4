/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of tunnels by conversation. */
#include "diagnose/tunnel_events.h"

#include "base/when.h"

#define EVENTS_MAX 512
#define SILENT_AGAIN_NS (15 * NS_PER_S) /* three of WireGuard's initiations, four of OpenVPN's */

void tunnel_events_init(struct table *events)
{
	table_init(events, sizeof(((struct record *)NULL)->uid), sizeof(struct tunnel_trouble), EVENTS_MAX);
}

void tunnel_events_take(struct table *events, const struct record *r, uint32_t kinds)
{
	struct tunnel_trouble *t;

	if (r->kind != RECORD_TUNNEL || !(kinds >> r->tunnel.event & 1))
		return;
	t = table_add(events, record_uid(r));
	if (t->count++ == 0)
		record_copy(&t->first, r);
}

const struct tunnel_trouble *tunnel_events_of(const struct table *events, const struct record *conn)
{
	return table_find(events, record_uid(conn));
}

bool tunnel_is_rejected(const struct conversation *c)
{
	int64_t last = UNSET;

	if (!c->conn->icmp_count || c->conn->icmp_count > ICMPS_MAX)
		return c->conn->icmp_count;
	for (uint32_t i = 0; i < c->conn->icmp_count; i++)
		last = c->conn->icmps[i].ref.at_ns > last ? c->conn->icmps[i].ref.at_ns : last;
	return c->conn->duration_ns - last < SILENT_AGAIN_NS;
}
