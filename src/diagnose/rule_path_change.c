/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asymmetric-path: the two directions of conversations take different first hops. gateway-changed: a destination moves
 * to another MAC in the middle of conversations. ttl-changed: to another distance. Data and SYN-ACK only, never RST.
 */
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/oui.h"
#include "diagnose/path.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define PAIRS_MAX 2000
#define TTL_PACKETS_MIN 20 /* of a conversation whose path is said to have changed */
#define TTL_AT_MIN_S 1.0   /* a SYN proxy answers the handshake at another distance than the data */
#define ASYMMETRIC_MIN 3
#define MOVED_PACKETS_MIN 3  /* through the new gateway: one odd frame is no failover, */
#define MOVES_SHARE 0.1	     /* and packets that go to and fro took two paths all the time */

struct change_key {
	struct mac from, to; /* asymmetric: frames to the peer go there, come from here */
	struct addr host;
	uint8_t what;
};

enum change {
	CHANGE_ASYMMETRIC,
	CHANGE_GATEWAY,
	CHANGE_TTL,
};

struct changed {
	struct tally tally;
	uint8_t ttl_min, ttl_max;
	struct addr example;
};

struct state {
	struct table changes; /* struct change_key -> struct changed */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->changes, sizeof(struct change_key), sizeof(struct changed), PAIRS_MAX);
	s->changes.drop = tally_drop;
}

static struct changed *changed_of(struct state *s, enum change what, const struct mac *from, const struct mac *to,
	const struct addr *host)
{
	struct change_key k;

	memset(&k, 0, sizeof(k));
	if (from)
		k.from = *from;
	if (to)
		k.to = *to;
	if (host)
		k.host = *host;
	k.what = (uint8_t)what;
	return table_add(&s->changes, &k);
}

static void note_asymmetric(struct state *s, const struct record *r)
{
	const struct conn_side *o = &r->conn.side[SIDE_ORIG], *p = &r->conn.side[SIDE_RESP];
	struct changed *c;

	if (!mac_is_set(&o->to_mac) || !mac_is_set(&p->mac) || mac_is_group(&o->to_mac) || mac_equal(&o->to_mac, &p->mac) ||
		o->mac_changed || p->mac_changed || !p->bytes)
		return;
	c = changed_of(s, CHANGE_ASYMMETRIC, &o->to_mac, &p->mac, NULL);
	tally_count(&c->tally, r->ts_ns);
	tally_show(&c->tally, r, &o->first_data, "data towards the server");
	tally_show(&c->tally, r, &p->first_data, "data from the server");
	tally_conversation(&c->tally, r);
	c->example = r->resp_h;
}

static bool has_moved(const struct conn_side *o, uint16_t source)
{
	return o->mac_change.frame && o->mac_change.source == source && !mac_equal(&o->mac_after, &o->mac) && o->mac_after_pkts >= MOVED_PACKETS_MIN &&
		(o->mac_changes == 1 || o->mac_changes <= MOVES_SHARE * (double)o->pkts);
}

static void note_gateway(struct state *s, const struct record *r, const struct conn_side *o, const struct addr *host)
{
	struct changed *c = changed_of(s, CHANGE_GATEWAY, &o->mac, &o->mac_after, host);
	char before[MAC_TEXT_SIZE], after[MAC_TEXT_SIZE];

	tally_count(&c->tally, r->ts_ns + o->mac_change.at_ns);
	tally_show(&c->tally, r, &o->mac_before, "last packet by way of %s", mac_text(&o->mac, before));
	tally_show(&c->tally, r, &o->mac_change, "first one by way of %s", mac_text(&o->mac_after, after));
	tally_conversation(&c->tally, r);
}

static void note_ttl(struct state *s, const struct record *r, const struct conn_side *o, const struct addr *host)
{
	struct changed *c = changed_of(s, CHANGE_TTL, NULL, NULL, host);

	c->ttl_min = o->ttl_min;
	c->ttl_max = o->ttl_max;
	tally_count(&c->tally, r->ts_ns + o->ttl_change.at_ns);
	tally_show(&c->tally, r, &o->ttl_before, "last packet with the TTL of before");
	tally_show(&c->tally, r, &o->ttl_change, "first packet with another TTL");
	tally_conversation(&c->tally, r);
}

static void note_moves(struct state *s, const struct record *r)
{
	for (int i = 0; i < 2; i++) {
		const struct conn_side *o = &r->conn.side[i];
		const struct addr *host = i ? &r->resp_h : &r->orig_h;

		if (has_moved(o, r->source))
			note_gateway(s, r, o, host);
		if (o->ttl_change.frame && o->pkts >= TTL_PACKETS_MIN && when_s(o->ttl_change.at_ns) >= TTL_AT_MIN_S &&
			path_hops(o->ttl_min) != path_hops(o->ttl_max))
			note_ttl(s, r, o, host);
	}
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || r->conn.tunnel[0])
		return;
	note_asymmetric(state, r);
	note_moves(state, r);
}

static void describe_gateway(struct finding *f, const struct diagnosis_context *x, const char *name, const struct mac *m)
{
	char vendor[64], fact[32];
	bool masqueraded;
	const char *kind;

	oui_vendor(x->oui, m, vendor, sizeof(vendor), &masqueraded);
	kind = oui_kind(m, vendor);
	snprintf(fact, sizeof(fact), "vendor_%s", name);
	finding_text(f, fact, vendor);
	if (vendor[0] || kind[0])
		finding_detail(f, "The MAC %s is of %s%s%s%s.", name, vendor[0] ? vendor : "no known vendor",
			kind[0] ? " (" : "", kind, kind[0] ? ")" : "");
}

static void tell_gateway(struct diagnosis_context *x, const struct change_key *k, const struct changed *c)
{
	struct subject subject = { .host = k->host, .mac = k->from };
	struct finding *f = finding_open(x, "gateway-changed", &subject);
	char host[ADDR_TEXT_SIZE], from[MAC_TEXT_SIZE], to[MAC_TEXT_SIZE];

	tally_tell(&c->tally, f);
	addr_text(&k->host, host);
	mac_text(&k->from, from);
	mac_text(&k->to, to);
	f->responsible = RESPONSIBLE_PATH;
	finding_text(f, "mac_before", from);
	finding_text(f, "mac_after", to);
	finding_title(f, "Packets of %s come from %s instead of %s in the middle of conversations", host, to, from);
	finding_detail(f, "The first hop changed: a failover, or another route.");
	describe_gateway(f, x, "before", &k->from);
	describe_gateway(f, x, "after", &k->to);
	finding_cause(f, 0.7, "a failover of redundant gateways (VRRP, HSRP, a cluster)", "the address stayed, its MAC changed");
	finding_cause(f, 0.2, "a routing change, or a machine that answers ARP for the gateway's address",
		"both look like this from here; an ARP conflict would show the latter");
	finding_next(f, "Log of the gateways at that time; did the state of the firewall's connections move along?");
	finding_next(f, "arp -n (ip neigh) on the clients: which MAC does the gateway's address have now?");
}

static void tell_ttl(struct diagnosis_context *x, const struct change_key *k, const struct changed *c)
{
	struct subject subject = { .host = k->host };
	struct finding *f = finding_open(x, "ttl-changed", &subject);
	char host[ADDR_TEXT_SIZE];

	tally_tell(&c->tally, f);
	addr_text(&k->host, host);
	f->responsible = RESPONSIBLE_PATH;
	f->confidence = 0.7;
	finding_integer(f, "ttl_min", c->ttl_min);
	finding_integer(f, "ttl_max", c->ttl_max);
	finding_title(f, "The distance of %s changes in the middle of conversations (TTL %u and %u)", host, c->ttl_max,
		c->ttl_min);
	finding_detail(f, "Its data came over %d router%s and comes over %d in the same conversations; resets and ICMP are not "
			  "counted. A route that changes is harmless by itself, not to a firewall that sees only half of it.",
		path_hops(c->ttl_max), path_hops(c->ttl_max) == 1 ? "" : "s", path_hops(c->ttl_min));
	finding_cause(f, 0.6, "a route changed, or packets take two paths of different length", "data packets, no resets");
	finding_next(f, "traceroute -n %s, several times; routing logs at that time", host);
}

static void tell_asymmetric(struct diagnosis_context *x, const struct change_key *k, const struct changed *c)
{
	struct subject subject = { .mac = k->from };
	struct finding *f = finding_open(x, "asymmetric-path", &subject);
	char to[MAC_TEXT_SIZE], from[MAC_TEXT_SIZE];

	tally_tell(&c->tally, f);
	mac_text(&k->from, to);
	mac_text(&k->to, from);
	f->responsible = RESPONSIBLE_PATH;
	finding_text(f, "mac_there", to);
	finding_text(f, "mac_back", from);
	finding_title(f, "Packets go out to %s and come back from %s (%llu conversation%s)", to, from,
		(unsigned long long)c->tally.count, c->tally.count == 1 ? "" : "s");
	finding_detail(f, "Usual with redundant gateways (a virtual MAC one way, a real one back); a stateful firewall on only "
			  "one of them would break connections.");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->changes, NULL); e; e = table_next(&s->changes, e)) {
		const struct change_key *k = table_key(e);
		const struct changed *c = table_value(e);

		if (k->what == CHANGE_GATEWAY)
			tell_gateway(x, k, c);
		else if (k->what == CHANGE_TTL)
			tell_ttl(x, k, c);
		else if (c->tally.count >= ASYMMETRIC_MIN)
			tell_asymmetric(x, k, c);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->changes);
}

const struct rule rule_path_change = {
	.codes = { "asymmetric-path", "gateway-changed", "ttl-changed" },
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_MOVED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
