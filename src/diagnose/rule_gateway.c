/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gateway: a MAC that carries addresses other than its own. Its own address is what ARP, ND, DHCP or RA tie to it;
 * without those, packets whose TTL is below its initial value (64, 128, 255) came over a router, and so did those of a
 * MAC with several IPv4 addresses. A MAC proves only the first hop.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/oui.h"
#include "diagnose/path.h"
#include "diagnose/rule.h"

#define MACS_MAX 4096
#define HOSTS_PER_MAC_MAX 64

struct behind {
	struct addr ip;
	uint8_t ttl;
	bool claimed, router;
	uint64_t pkts;
	struct evidence first;
};

struct mac_state {
	struct behind hosts[HOSTS_PER_MAC_MAX];
	uint32_t count, more;
	uint16_t vlan;
};

struct gateways {
	struct table macs; /* struct mac -> struct mac_state */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct gateways *s = state;

	(void)x;
	table_init(&s->macs, sizeof(struct mac), sizeof(struct mac_state), MACS_MAX);
}

static struct behind *behind_of(struct mac_state *m, const struct addr *ip)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (addr_equal(&m->hosts[i].ip, ip))
			return &m->hosts[i];
	if (m->count == HOSTS_PER_MAC_MAX) {
		m->more++;
		return NULL;
	}
	m->hosts[m->count].ip = *ip;
	return &m->hosts[m->count++];
}

static bool usable(const struct addr *ip)
{
	static const uint8_t link_local_v4[2] = {169, 254};

	if (!addr_is_set(ip) || addr_is_multicast(ip))
		return false;
	if (addr_is_v4(ip))
		return ip->b[12] != 0 && memcmp(ip->b + 12, link_local_v4, 2) != 0;
	return !(ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80); /* fe80::/10 never crosses a router */
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct gateways *s = state;
	struct mac_state *m;
	struct behind *b;

	(void)x;
	if (r->kind != RECORD_LINK || !mac_is_set(&r->link.mac) || mac_is_group(&r->link.mac) || !usable(&r->link.ip))
		return;
	m = table_add(&s->macs, &r->link.mac);
	m->vlan = r->link.vlan;
	b = behind_of(m, &r->link.ip);
	if (!b)
		return;
	b->ttl = r->link.ttl;
	b->claimed |= r->link.claimed;
	b->router |= r->link.router;
	b->pkts = r->link.pkts;
	b->first = (struct evidence){
		.source = r->link.first.source, .frame = r->link.first.frame, .ts_ns = r->ts_ns + r->link.first.at_ns};
}

static bool is_foreign(const struct behind *b)
{
	return !b->claimed && b->pkts && path_hops(b->ttl) > 0;
}

static uint32_t foreign_hosts(const struct mac_state *m)
{
	uint32_t n = 0, unclaimed_v4 = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		n += is_foreign(&m->hosts[i]);
		unclaimed_v4 += !m->hosts[i].claimed && m->hosts[i].pkts && addr_is_v4(&m->hosts[i].ip);
	}
	return n ? n : unclaimed_v4 >= 2 ? unclaimed_v4 : 0;
}

static void describe(struct gateway *g, const struct mac_state *m)
{
	g->hops_min = g->hops_max = -1;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct behind *b = &m->hosts[i];
		int hops = path_hops(b->ttl);

		if (b->claimed) {
			g->own_ip = b->ip;
			continue;
		}
		if (!b->pkts || (!is_foreign(b) && g->hops_min > 0))
			continue;
		if (g->example_count < 4)
			g->example_hosts[g->example_count++] = b->ip;
		if (hops >= 0 && (g->hops_min < 0 || hops < g->hops_min))
			g->hops_min = hops;
		if (hops > g->hops_max)
			g->hops_max = hops;
	}
}

static void tell(struct diagnosis_context *x, const struct gateway *g, const struct mac_state *m)
{
	struct subject subject = {.mac = g->mac, .host = g->own_ip};
	struct finding *f = finding_open(x, "gateway", &subject);
	char mac[MAC_TEXT_SIZE], ip[ADDR_TEXT_SIZE];

	mac_text(&g->mac, mac);
	f->count = g->behind_hosts;
	finding_text(f, "mac", mac);
	finding_text(f, "vendor", g->vendor);
	finding_text(f, "kind", g->kind);
	finding_list(f, "hosts", addr_text(&g->example_hosts[0], ip));
	for (int i = 1; i < g->example_count; i++)
		finding_list(f, "hosts", addr_text(&g->example_hosts[i], ip));
	finding_title(f, "%s%s%s (%s) is the gateway to %u address%s", g->vendor[0] ? g->vendor : "A device",
		g->kind[0] ? " " : "", g->kind, mac, g->behind_hosts, g->behind_hosts == 1 ? "" : "es");
	finding_detail(f, "Its MAC carries packets of other addresses%s. A MAC proves only the first hop.",
		g->hops_max > 0 ? ", whose TTLs have been counted down by routers" : "");
	for (uint32_t i = 0; i < m->count; i++)
		if (is_foreign(&m->hosts[i]) || (g->hops_max <= 0 && !m->hosts[i].claimed))
			finding_evidence(f, m->hosts[i].first.source, m->hosts[i].first.frame, m->hosts[i].first.ts_ns,
				"%s arrives from this MAC with TTL %u", addr_text(&m->hosts[i].ip, ip),
				m->hosts[i].ttl);
	finding_filter(f, "eth.addr == %s", mac);
}

static void add_gateway(struct diagnosis_context *x, const struct mac *mac, const struct mac_state *m, uint32_t foreign)
{
	struct result *r = x->result;
	struct gateway *g;

	r->gateways = xrealloc(r->gateways, (size_t)(r->gateway_count + 1) * sizeof(*r->gateways));
	g = &r->gateways[r->gateway_count++];
	*g = (struct gateway){.mac = *mac, .vlan = m->vlan, .behind_hosts = foreign + m->more};
	oui_vendor(x->oui, mac, g->vendor, sizeof(g->vendor), &g->masqueraded);
	text_copy(g->kind, sizeof(g->kind), oui_kind(mac, g->vendor));
	describe(g, m);
}

static int by_hosts(const void *a, const void *b)
{
	const struct gateway *x = a, *y = b;

	if (x->behind_hosts != y->behind_hosts)
		return x->behind_hosts < y->behind_hosts ? 1 : -1;
	return memcmp(&x->mac, &y->mac, sizeof(x->mac));
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct gateways *s = state;
	struct result *r = x->result;

	for (struct table_entry *e = table_next(&s->macs, NULL); e; e = table_next(&s->macs, e)) {
		uint32_t foreign = foreign_hosts(table_value(e));

		if (foreign)
			add_gateway(x, table_key(e), table_value(e), foreign);
	}
	if (r->gateway_count)
		qsort(r->gateways, (size_t)r->gateway_count, sizeof(*r->gateways), by_hosts);
	for (int i = 0; i < r->gateway_count; i++)
		tell(x, &r->gateways[i], table_find(&s->macs, &r->gateways[i].mac));
}

static void on_free(void *state)
{
	table_free(&((struct gateways *)state)->macs);
}

const struct rule rule_gateway = {
	.codes = {"gateway"},
	.spec = "RFC 826, RFC 4861; IEEE MA-L, MA-M, MA-S",
	.state_size = sizeof(struct gateways),
	.init = on_init,
	.kinds = 1u << RECORD_LINK,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
