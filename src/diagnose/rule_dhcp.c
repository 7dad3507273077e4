/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp-no-lease: DISCOVER or REQUEST unanswered, or refused by NAK, and no ACK afterwards (RFC 2131); in DHCPv6 SOLICIT,
 * REQUEST, RENEW and REBIND, and REPLY with a status that refuses (RFC 8415).
 * router-advertisement-conflict: routers of one link advertise different networks as default routers (RFC 4861).
 */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define CLIENTS_MAX 5000
#define ROUTERS_MAX 64
#define ASKS_MIN 2 /* a single DISCOVER may be the capture's last packet */
/* OFFERs that a client does not take: it asks on as if they did not arrive (RFC 2131, section 4.1: 4, 8, 16 s). */
#define OFFERS_MIN 3
#define ASKS_APART_NS (32 * NS_PER_S)
/* After a NAK a client begins anew at once; a capture that ends before that cannot tell. */
#define AFTER_NAK_NS (5 * NS_PER_S)

struct client_key {
	struct mac mac;	  /* unset: a DHCPv6 client whose identifier holds none */
	struct addr addr; /* of that one */
};

struct lease {
	struct tally tally;
	bool v6;
	uint32_t discovers, requests, offers, naks, acks;
	uint32_t open;	  /* questions since the last answer */
	uint32_t in_vain; /* DISCOVERs shortly after an OFFER to the same client, without a REQUEST between */
	int64_t offered_ns, nak_ns;
	bool takes_offers;
	struct addr server, offered;
	char text[96];
};

struct router {
	struct addr prefix;
	uint8_t prefix_len;
	struct mac mac;
	struct evidence first;
};

struct state {
	struct table clients; /* struct client_key -> struct lease */
	struct table routers; /* struct addr -> struct router */
	struct table vlans;   /* struct mac -> uint16_t: of its last frames */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->clients, sizeof(struct client_key), sizeof(struct lease), CLIENTS_MAX);
	s->clients.drop = tally_drop;
	table_init(&s->routers, sizeof(struct addr), sizeof(struct router), ROUTERS_MAX);
	table_init(&s->vlans, sizeof(struct mac), sizeof(uint16_t), CLIENTS_MAX);
}

/* The client asks. */
static void note_question(struct lease *l, bool discover, int64_t at_ns)
{
	l->discovers += discover;
	l->requests += !discover;
	l->open++;
	l->takes_offers |= !discover;
	if (discover && l->offered_ns && at_ns - l->offered_ns <= ASKS_APART_NS)
		l->in_vain++;
}

/* A status other than success, and no address (RFC 8415, section 18.2.10). */
static bool refuses_v6(const struct dhcp *d)
{
	return d->v6 && d->text[0] && !d->lease_s;
}

static void note_answer(struct lease *l, const struct dhcp *d, int64_t at_ns)
{
	l->open = 0;
	if (strcmp(d->message, "OFFER") == 0 || (strcmp(d->message, "ADVERTISE") == 0 && !refuses_v6(d))) {
		l->offers++;
		l->offered = d->offered;
		l->offered_ns = at_ns;
		return;
	}
	l->naks++;
	l->nak_ns = at_ns;
	text_copy(l->text, sizeof(l->text), d->text);
}

static bool is_from_client(const char *message)
{
	static const char *const asks[] = { "DISCOVER", "REQUEST", "SOLICIT", "RENEW", "REBIND", NULL };

	for (int i = 0; asks[i]; i++)
		if (strcmp(message, asks[i]) == 0)
			return true;
	return false;
}

static bool is_answer(const char *message)
{
	return strcmp(message, "OFFER") == 0 || strcmp(message, "NAK") == 0 || strcmp(message, "ADVERTISE") == 0 ||
	       strcmp(message, "REPLY") == 0;
}

static bool gives_lease(const struct dhcp *d)
{
	return strcmp(d->message, "ACK") == 0 || (strcmp(d->message, "REPLY") == 0 && d->lease_s);
}

static struct client_key client_of(const struct record *r)
{
	struct client_key k;

	memset(&k, 0, sizeof(k));
	k.mac = r->dhcp.client_mac;
	if (!mac_is_set(&k.mac))
		k.addr = is_from_client(r->dhcp.message) ? r->orig_h : r->resp_h;
	return k;
}

static void note_dhcp(struct state *s, const struct record *r)
{
	const struct dhcp *d = &r->dhcp;
	struct client_key k = client_of(r);
	bool asks = is_from_client(d->message);
	struct lease *l;

	/* DECLINE, RELEASE, INFORM ask for no lease; a REPLY without address and status answers those, or a question of them. */
	if ((!d->v6 && !mac_is_set(&k.mac)) || (strcmp(d->message, "REPLY") == 0 && !d->lease_s && !refuses_v6(d)))
		return;
	if (!asks && !is_answer(d->message) && !gives_lease(d))
		return;
	l = table_add(&s->clients, &k);
	l->v6 = d->v6;
	if (gives_lease(d)) {
		tally_free(&l->tally);
		*l = (struct lease){ .acks = l->acks + 1, .v6 = d->v6 };
		return;
	}
	if (asks)
		note_question(l, strcmp(d->message, "DISCOVER") == 0 || strcmp(d->message, "SOLICIT") == 0, r->ts_ns + d->ref.at_ns);
	else
		note_answer(l, d, r->ts_ns + d->ref.at_ns);
	if (addr_is_set(&d->server))
		l->server = d->server;
	else if (d->v6 && !asks)
		l->server = r->orig_h;
	tally_count(&l->tally, r->ts_ns + d->ref.at_ns);
	tally_show(&l->tally, r, &d->ref, "DHCP%s %s", d->v6 ? "v6" : "", d->message);
}

static void note_router(struct state *s, const struct record *r)
{
	const struct icmp *i = &r->icmp;
	struct router *a;

	if (!i->v6 || i->type != 134 || !i->ra_lifetime || !addr_is_set(&i->ra_prefix))
		return;
	a = table_add(&s->routers, &i->from);
	if (addr_is_set(&a->prefix))
		return;
	a->prefix = i->ra_prefix;
	a->prefix_len = i->ra_prefix_len;
	a->mac = i->mac;
	a->first = (struct evidence){ .source = i->ref.source, .frame = i->ref.frame, .ts_ns = r->ts_ns + i->ref.at_ns };
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind == RECORD_DHCP)
		note_dhcp(state, r);
	else if (r->kind == RECORD_ICMP)
		note_router(state, r);
	else if (r->kind == RECORD_LINK)
		*(uint16_t *)table_add(&((struct state *)state)->vlans, &r->link.mac) = r->link.vlan;
}

static void explain(struct finding *f, const struct lease *l, const char *server)
{
	if (l->naks) {
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.6, l->v6 ? "the server has no address for it: its range is used up, or is of another link" :
			"the server refuses the address: another server offered it, or its range or database is wrong",
			"%s%s%s", l->v6 ? "its status says so" : "NAK", l->text[0] ? ": " : "", l->text);
		finding_next(f, "Log of the DHCP server %s for that client; is there a second DHCP server on the segment?", server);
	} else if (!l->open) {
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, 0.5, "the OFFER does not reach the client: it is dropped or goes out on the wrong VLAN",
			"%u OFFERs, and the client goes on asking", l->offers);
		finding_cause(f, 0.3, "the client does not want what is offered (PXE, options)", "it sends no REQUEST");
		finding_next(f, "Capture on the client: does the OFFER arrive there?");
	} else {
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, 0.5, "no DHCP server is reached: down, another VLAN, or a relay is missing",
			"%u requests, no answer", l->open);
		finding_next(f, "Does the server see the DISCOVER (tcpdump -ni IF %s)? Check VLAN and relay (ip helper)", l->v6 ? "port 547" : "port 67");
	}
}

/* Hosts ask for DHCPv6 where there is none, too, and live with SLAAC or IPv4 alone. */
static void tone_down_v6(struct finding *f, const struct lease *l)
{
	if (!l->v6 || l->requests)
		return;
	f->severity = l->naks ? SEVERITY_WARNING : SEVERITY_NOTE;
	finding_against(f, "hosts without a DHCPv6 lease work with SLAAC or IPv4 alone in many networks");
}

static void tell(struct diagnosis_context *x, const struct client_key *client, const struct lease *l)
{
	struct subject subject = { .mac = client->mac, .client = client->addr, .server = l->server };
	struct finding *f = finding_open(x, "dhcp-no-lease", &subject);
	char mac[ADDR_TEXT_SIZE], server[ADDR_TEXT_SIZE];
	const char *lease = l->v6 ? "DHCPv6" : "DHCP";

	if (mac_is_set(&client->mac))
		mac_text(&client->mac, mac);
	else
		addr_text(&client->addr, mac);
	addr_text(&l->server, server);
	tally_tell(&l->tally, f);
	f->count = l->naks ? l->naks : l->open ? l->open : l->in_vain;
	if (addr_is_set(&l->server))
		finding_text(f, "server", server);
	else
		finding_null(f, "server");
	finding_null(f, "router");
	finding_text(f, "client_mac", mac_is_set(&client->mac) ? mac : NULL);
	finding_integer(f, "naks", l->naks);
	if (l->naks)
		finding_title(f, "%s gets no %s lease: %s refuses it%s (%u time%s)", mac, lease, server,
			l->v6 ? "" : " with NAK", l->naks,
			l->naks == 1 ? "" : "s");
	else if (l->open)
		finding_title(f, "%s gets no %s lease: %u requests stay unanswered", mac, lease, l->open);
	else
		finding_title(f, "%s gets no %s lease: it takes none of %u offers of %s", mac, lease, l->offers, server);
	finding_detail(f, l->v6 ? "%u SOLICIT, %u ADVERTISE, %u REQUEST, RENEW and REBIND, %u refused, no REPLY with an address." :
				  "%u DISCOVER, %u OFFER, %u REQUEST, %u NAK, no ACK.",
		l->discovers, l->offers, l->requests, l->naks);
	explain(f, l, server);
	tone_down_v6(f, l);
}

static uint16_t vlan_of(const struct state *s, const struct mac *m)
{
	const uint16_t *vlan = table_find(&s->vlans, m);

	return vlan ? *vlan : 0;
}

static bool contradict(const struct state *s, const struct router *a, const struct router *b)
{
	return !addr_equal(&a->prefix, &b->prefix) && !mac_equal(&a->mac, &b->mac) &&
	       vlan_of(s, &a->mac) == vlan_of(s, &b->mac);
}

static void tell_routers(struct diagnosis_context *x, const struct state *s)
{
	const struct router *first = NULL;
	struct finding *f;
	struct addr from = { 0 };
	char a[ADDR_TEXT_SIZE], b[ADDR_TEXT_SIZE];

	for (struct table_entry *e = table_next(&s->routers, NULL); e; e = table_next(&s->routers, e)) {
		const struct router *r = table_value(e);

		if (!first) {
			first = r;
			memcpy(&from, table_key(e), sizeof(from));
			continue;
		}
		if (!contradict(s, first, r))
			continue;
		f = finding_open(x, "router-advertisement-conflict", &(struct subject){ .host = from });
		f->responsible = RESPONSIBLE_PATH;
		f->confidence = 0.6;
		finding_text(f, "router", addr_text(table_key(e), b));
		finding_null(f, "server");
		finding_title(f, "%s and %s advertise different networks as default routers", addr_text(&from, a), b);
		finding_evidence(f, first->first.source, first->first.frame, first->first.ts_ns, "router advertisement of %s", a);
		finding_evidence(f, r->first.source, r->first.frame, r->first.ts_ns, "router advertisement of %s", b);
		finding_filter_frames(f);
		finding_next(f, "Is one of them a stray router or shared connection? Switch RA guard on");
	}
}

/* Replies may be unicast: a bystander sees the client's broadcasts only. */
static bool sees_replies(const struct diagnosis_context *x, const struct client_key *client, const struct lease *l)
{
	return l->offers || context_is_capture_point(x, &client->mac);
}

static bool is_refused(const struct diagnosis_context *x, const struct lease *l)
{
	return l->naks && (l->naks > 1 || x->clock_ns - l->nak_ns >= AFTER_NAK_NS);
}

static bool is_ignored(const struct diagnosis_context *x, const struct client_key *client, const struct lease *l)
{
	return !l->naks && l->open >= ASKS_MIN && sees_replies(x, client, l);
}

static bool ignores_offers(const struct lease *l)
{
	return !l->naks && !l->open && l->in_vain >= OFFERS_MIN && !l->takes_offers;
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->clients, NULL); e; e = table_next(&s->clients, e)) {
		const struct lease *l = table_value(e);

		if (is_refused(x, l) || is_ignored(x, table_key(e), l) || ignores_offers(l))
			tell(x, table_key(e), l);
	}
	tell_routers(x, s);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->clients);
	table_free(&((struct state *)state)->routers);
	table_free(&((struct state *)state)->vlans);
}

const struct rule rule_dhcp = {
	.codes = { "dhcp-no-lease", "router-advertisement-conflict" },
	.spec = "RFC 2131, section 4; RFC 4861, section 6.2.7",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_ICMP | 1u << RECORD_DHCP | 1u << RECORD_LINK,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
