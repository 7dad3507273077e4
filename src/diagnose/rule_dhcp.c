/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp-no-lease: DISCOVER or REQUEST unanswered, or refused by NAK, and no ACK afterwards (RFC 2131).
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

struct lease {
	struct tally tally;
	uint32_t discovers, requests, offers, naks, acks;
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
	struct table clients; /* struct mac -> struct lease */
	struct table routers; /* struct addr -> struct router */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->clients, sizeof(struct mac), sizeof(struct lease), CLIENTS_MAX);
	table_init(&s->routers, sizeof(struct addr), sizeof(struct router), ROUTERS_MAX);
}

static void note_dhcp(struct state *s, const struct record *r)
{
	const struct dhcp *d = &r->dhcp;
	struct lease *l;

	if (d->v6 || !mac_is_set(&d->client_mac))
		return;
	l = table_add(&s->clients, &d->client_mac);
	if (strcmp(d->message, "ACK") == 0) {
		*l = (struct lease){ .acks = l->acks + 1 };
		return;
	}
	l->discovers += strcmp(d->message, "DISCOVER") == 0;
	l->requests += strcmp(d->message, "REQUEST") == 0;
	if (strcmp(d->message, "OFFER") == 0) {
		l->offers++;
		l->offered = d->offered;
	}
	if (strcmp(d->message, "NAK") == 0) {
		l->naks++;
		text_copy(l->text, sizeof(l->text), d->text);
	}
	if (addr_is_set(&d->server))
		l->server = d->server;
	tally_count(&l->tally, r->ts_ns + d->ref.at_ns);
	tally_show(&l->tally, r, &d->ref, "DHCP %s", d->message);
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
}

static void explain(struct finding *f, const struct lease *l, const char *server)
{
	if (l->naks) {
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.6, "the server refuses the address: another server offered it, or its range or database is wrong",
			"NAK%s%s", l->text[0] ? ": " : "", l->text);
		finding_next(f, "Log of the DHCP server %s for that client; is there a second DHCP server on the segment?", server);
	} else {
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, 0.5, "no DHCP server is reached: down, another VLAN, or a relay is missing",
			"%u requests, no answer", l->discovers + l->requests);
		finding_next(f, "Does the server see the DISCOVER (tcpdump -ni IF port 67)? Check VLAN and relay (ip helper)");
	}
}

static void tell(struct diagnosis_context *x, const struct mac *client, const struct lease *l)
{
	struct subject subject = { .mac = *client, .server = l->server };
	struct finding *f = finding_open(x, "dhcp-no-lease", &subject);
	char mac[MAC_TEXT_SIZE], server[ADDR_TEXT_SIZE];

	mac_text(client, mac);
	addr_text(&l->server, server);
	tally_tell(&l->tally, f);
	f->count = l->naks ? l->naks : l->discovers + l->requests;
	finding_text(f, "server", server);
	finding_text(f, "client_mac", mac);
	finding_integer(f, "naks", l->naks);
	if (l->naks)
		finding_title(f, "%s gets no DHCP lease: %s refuses it with NAK (%u times)", mac, server, l->naks);
	else
		finding_title(f, "%s gets no DHCP lease: %u requests stay unanswered", mac, l->discovers + l->requests);
	finding_detail(f, "%u DISCOVER, %u OFFER, %u REQUEST, %u NAK, no ACK.", l->discovers, l->offers, l->requests, l->naks);
	explain(f, l, server);
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
		if (addr_equal(&r->prefix, &first->prefix) || mac_equal(&r->mac, &first->mac))
			continue;
		f = finding_open(x, "router-advertisement-conflict", &(struct subject){ .host = from });
		f->responsible = RESPONSIBLE_PATH;
		f->confidence = 0.6;
		finding_text(f, "router", addr_text(table_key(e), b));
		finding_title(f, "%s and %s advertise different networks as default routers", addr_text(&from, a), b);
		finding_evidence(f, first->first.source, first->first.frame, first->first.ts_ns, "router advertisement of %s", a);
		finding_evidence(f, r->first.source, r->first.frame, r->first.ts_ns, "router advertisement of %s", b);
		finding_filter_frames(f);
		finding_next(f, "Is one of them a stray router or shared connection? Switch RA guard on");
	}
}

/* Replies may be unicast: a bystander sees the client's broadcasts only. */
static bool sees_replies(const struct diagnosis_context *x, const struct mac *client, const struct lease *l)
{
	return l->offers || context_is_capture_point(x, client);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->clients, NULL); e; e = table_next(&s->clients, e)) {
		const struct lease *l = table_value(e);

		if (l->naks || (l->discovers + l->requests >= ASKS_MIN && sees_replies(x, table_key(e), l)))
			tell(x, table_key(e), l);
	}
	tell_routers(x, s);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->clients);
	table_free(&((struct state *)state)->routers);
}

const struct rule rule_dhcp = {
	.codes = { "dhcp-no-lease", "router-advertisement-conflict" },
	.spec = "RFC 2131, section 4; RFC 4861, section 6.2.7",
	.state_size = sizeof(struct state),
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
