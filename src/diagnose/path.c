/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a conversation in words, from MACs and TTLs. A MAC proves only the first hop. */
#include "diagnose/path.h"

#include "base/text.h"
#include "diagnose/findings.h"

int path_hops(uint8_t ttl)
{
	if (!ttl)
		return -1;
	if (ttl <= 64)
		return 64 - ttl;
	return ttl <= 128 ? 128 - ttl : 255 - ttl;
}

const struct gateway *path_gateway(const struct result *r, const struct mac *m)
{
	for (int i = 0; i < r->gateway_count; i++)
		if (mac_equal(&r->gateways[i].mac, m))
			return &r->gateways[i];
	return NULL;
}

static void add_gateway(struct text *t, const struct gateway *g)
{
	char mac[MAC_TEXT_SIZE];

	text_printf(t, "%s (%s)", g->vendor[0] ? g->vendor : "gateway", mac_text(&g->mac, mac));
}

static void add_hops(struct text *t, int hops)
{
	if (hops > 1)
		text_printf(t, " -> [%d hop%s]", hops - 1, hops == 2 ? "" : "s");
}

char *path_text(const struct result *r, const struct record *conn)
{
	const struct conn_side *orig = &conn->conn.side[SIDE_ORIG], *resp = &conn->conn.side[SIDE_RESP];
	const struct mac *to_client = mac_is_set(&orig->mac) ? &orig->mac : &resp->to_mac;
	const struct mac *to_server = mac_is_set(&resp->mac) ? &resp->mac : &orig->to_mac;
	const struct gateway *near_client = path_gateway(r, to_client), *near_server = path_gateway(r, to_server);
	char client[ADDR_TEXT_SIZE], server[SERVICE_TEXT_SIZE];
	struct text t = {0};

	if (!near_client && !near_server)
		return NULL;
	text_printf(&t, "%s", addr_text(&conn->orig_h, client));
	if (near_client) {
		add_hops(&t, path_hops(orig->ttl));
		text_add(&t, " -> ");
		add_gateway(&t, near_client);
		if (!near_server)
			text_add(&t, " -> [capture]");
	}
	if (near_server && near_server != near_client) {
		text_add(&t, near_client ? " -> [capture] -> " : " -> ");
		add_gateway(&t, near_server);
		add_hops(&t, path_hops(resp->ttl));
	}
	text_printf(&t, " -> %s", subject_service_text(&conn->resp_h, conn->resp_p, server));
	return t.s;
}
