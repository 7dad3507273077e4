/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns-servfail (REFUSED too), dns-no-answer and dns-slow by name server, the first two an error when a client got an address from
 * nobody and then connected nowhere; dns-nxdomain by name server, a warning when a name resolves under no suffix of the
 * search list and the client then connects nowhere (RFC 1035; RFC 2308; resolv.conf(5)).
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/samples.h"
#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/dns_troubles.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define SERVERS_MAX 2000
#define NAMES_MAX 20000
#define SLOW_S 1.0	    /* a resolver that has to ask others is done well before, */
#define SLOW_SHARE 0.1	    /* but for a name now and then */
#define SLOW_MIN 3
#define RESENT_S 0.1	    /* an answer so soon after the question was repeated: the first one was lost */
#define DNS_PORT 53
#define WAIT_MIN_S 2.0	    /* stub resolvers repeat after 5 s, some after 1 */
#define PATIENCE_S 5.0	    /* after the last try (resolv.conf(5)) */
#define LOST_SHARE 0.1	    /* of a server that answers otherwise: single datagrams get lost */
#define LOST_MIN 3
#define LABEL_SERVERS 4

enum { SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };
enum { TYPE_A = 1, TYPE_SOA = 6, TYPE_AAAA = 28, TYPE_IXFR = 251, TYPE_AXFR = 252, TYPE_ANY = 255 };

static const char *const codes[TROUBLES] = { "dns-servfail", "dns-no-answer", "dns-slow", "dns-nxdomain" };

struct label_key { /* what a client looked for, without the suffix that the search list added */
	struct addr client;
	char label[64];
};

struct label {
	bool resolved, single;
	struct addr resolved_by; /* the last one */
	int64_t failed_ns; /* last time; 0: never */
	uint32_t servers;
	struct addr server[LABEL_SERVERS]; /* that did not resolve it, and why */
	uint8_t why[LABEL_SERVERS];	   /* enum trouble */
	char name[128];
};

struct state {
	struct table servers;	/* struct addr -> struct dns_server */
	struct table labels;	/* struct label_key -> struct label */
	struct table in_part;	/* struct addr -> uint64_t: answers of a server of which only fragments arrived */
};

static void drop_server(void *owner, void *value)
{
	struct dns_server *v = value;

	(void)owner;
	for (int i = 0; i < TROUBLES; i++) {
		samples_free(&v->of[i].waited_s);
		tally_free(&v->of[i].tally);
	}
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->servers, sizeof(struct addr), sizeof(struct dns_server), SERVERS_MAX);
	s->servers.drop = drop_server;
	table_init(&s->labels, sizeof(struct label_key), sizeof(struct label), NAMES_MAX);
	table_init(&s->in_part, sizeof(struct addr), sizeof(uint64_t), SERVERS_MAX);
}

static void keep_name(struct trouble_seen *t, const char *name)
{
	for (int i = 0; i < t->name_count; i++)
		if (strcasecmp(t->names[i], name) == 0)
			return;
	if (t->name_count < NAMES_SHOWN)
		text_copy(t->names[t->name_count++], sizeof(t->names[0]), name);
}

static void note(struct dns_server *v, const struct record *r, enum trouble what, double waited_s)
{
	struct trouble_seen *t = &v->of[what];
	const struct dns *d = &r->dns;

	if (!t->tally.count)
		t->client = r->orig_h;
	t->several_clients |= !addr_equal(&t->client, &r->orig_h);
	tally_count(&t->tally, r->ts_ns + d->request.at_ns);
	tally_show(&t->tally, r, &d->request, "question %.70s", d->query);
	tally_show(&t->tally, r, &d->response, "answer, %.3f s later", d->rtt_ns >= 0 ? when_s(d->rtt_ns) : 0.0);
	if (!d->answered && d->tries > 1)
		tally_show(&t->tally, r, &d->request_last, "asked again");
	samples_add(&t->waited_s, waited_s);
	keep_name(t, d->query);
}

static bool is_for_hosts(const struct dns *d)
{
	return (d->qtype == TYPE_A || d->qtype == TYPE_AAAA) && !strstr(d->query, ".arpa");
}

static void blame(struct label *l, const struct addr *server, enum trouble why)
{
	for (uint32_t i = 0; i < l->servers; i++)
		if (addr_equal(&l->server[i], server) && l->why[i] == why)
			return;
	if (l->servers == LABEL_SERVERS)
		return;
	l->server[l->servers] = *server;
	l->why[l->servers++] = (uint8_t)why;
}

/* The server gives this client no answer, whatever the name. That it refuses updates (they come with SOA), transfers and
 * ANY is its good right. */
static bool is_refused(const struct dns *d)
{
	return d->rcode == REFUSED && d->qtype != TYPE_SOA && d->qtype != TYPE_IXFR && d->qtype != TYPE_AXFR && d->qtype != TYPE_ANY;
}

/* Hosts of Windows ask for these in any domain, in case. */
static bool is_probe(const char *label)
{
	return strcasecmp(label, "wpad") == 0 || strcasecmp(label, "isatap") == 0;
}

/* "www" of www.a.example: what stays the same while the search list is tried. */
static struct label_key label_of(const struct addr *client, const char *query)
{
	const char *dot = strchr(query, '.');
	struct label_key k;

	memset(&k, 0, sizeof(k));
	k.client = *client;
	text_copy_bytes(k.label, sizeof(k.label), (const uint8_t *)query, dot ? (size_t)(dot - query) : strlen(query));
	return k;
}

static void note_label(struct state *s, const struct record *r)
{
	const struct dns *d = &r->dns;
	struct label_key k;
	struct label *l;
	const char *dot = strchr(d->query, '.');

	if (!is_for_hosts(d))
		return;
	k = label_of(&r->orig_h, d->query);
	l = table_add(&s->labels, &k);
	if (d->answered && d->rcode == 0 && d->answer_count) {
		l->resolved = true;
		l->resolved_by = r->resp_h;
	}
	if (d->answered && d->rcode != NXDOMAIN && d->rcode != SERVFAIL && d->rcode != REFUSED)
		return;
	l->single = !dot || !dot[1] || is_probe(k.label);
	l->failed_ns = r->ts_ns + d->request.at_ns;
	blame(l, &r->resp_h, !d->answered ? TROUBLE_NO_ANSWER : d->rcode == NXDOMAIN ? TROUBLE_NXDOMAIN : TROUBLE_SERVFAIL);
	text_copy(l->name, sizeof(l->name), d->query);
}

/* The first question got lost on the way, and its repetition was answered as usual. */
static bool was_resent(const struct dns *d)
{
	return d->tries > 1 && d->request_last.frame && when_s(d->response.at_ns - d->request_last.at_ns) < RESENT_S;
}

/* Questions to everyone on the link, and those of NetBIOS, need no answer. */
static bool is_asked_of_server(const struct record *r)
{
	struct addr everyone;

	addr_parse("255.255.255.255", &everyone);
	return !r->dns.mdns && r->resp_p == DNS_PORT && !addr_equal(&r->resp_h, &everyone);
}

static void note_dns(struct state *s, const struct record *r)
{
	const struct dns *d = &r->dns;
	struct dns_server *v;

	if (!is_asked_of_server(r))
		return;
	v = table_add(&s->servers, &r->resp_h);
	v->asked++;
	v->answered += d->answered;
	note_label(s, r);
	if (!d->answered) {
		double seen = when_s(r->emitted_ns - r->ts_ns - d->request.at_ns);
		double waited = when_s(d->request_last.at_ns - d->request.at_ns) + PATIENCE_S;

		if (d->tries > 1 || seen >= WAIT_MIN_S)
			note(v, r, TROUBLE_NO_ANSWER, seen < waited ? seen : waited);
		return;
	}
	if (d->rcode == SERVFAIL || is_refused(d)) {
		note(v, r, TROUBLE_SERVFAIL, when_s(d->rtt_ns));
		v->of[TROUBLE_SERVFAIL].refused += d->rcode == REFUSED;
	}
	if (d->rcode == NXDOMAIN && is_for_hosts(d))
		note(v, r, TROUBLE_NXDOMAIN, when_s(d->rtt_ns));
	if (d->rtt_ns >= 0 && when_s(d->rtt_ns) >= SLOW_S && !was_resent(d))
		note(v, r, TROUBLE_SLOW, when_s(d->rtt_ns));
}

/* The server does answer; the rest of its answers is lost, or a filter left it out of the capture. */
static void note_fragments(struct state *s, const struct record *r)
{
	const struct fragmented *f = &r->fragmented;

	for (uint32_t i = 0; i < f->lost_count && i < LOST_DATAGRAMS_MAX; i++)
		if (r->proto == 17 && (f->lost[i].sport == DNS_PORT || !f->lost[i].sport))
			++*(uint64_t *)table_add(&s->in_part, &r->orig_h);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;

	(void)x;
	if (r->kind == RECORD_DNS)
		note_dns(s, r);
	else if (r->kind == RECORD_FRAGMENTED)
		note_fragments(s, r);
}

/* Of the names that fail, one that the same server does not resolve otherwise (its A fails too, not its AAAA only). */
static const char *failing_name(const struct state *s, const struct trouble_seen *t, const struct addr *server)
{
	for (int i = 0; i < t->name_count; i++) {
		struct label_key k = label_of(&t->client, t->names[i]);
		const struct label *l = table_find(&s->labels, &k);

		if (!l || !l->resolved || !addr_equal(&l->resolved_by, server))
			return t->names[i];
	}
	return NULL;
}

static void tell(struct state *s, struct diagnosis_context *x, const struct addr *server, struct dns_server *v, enum trouble what)
{
	struct trouble_seen *t = &v->of[what];
	const char *name = what == TROUBLE_SERVFAIL ? failing_name(s, t, server) : t->names[0];
	struct subject subject = { .server = *server, .port = 53, .proto = 17, .service = "dns" };
	struct finding *f;
	char text[ADDR_TEXT_SIZE];

	if (!t->several_clients)
		subject.client = t->client;
	f = finding_open(x, codes[what], &subject);
	if (!name) {
		f->severity = SEVERITY_NOTE;
		finding_against(f, "the same server gives an address for these names: only some kinds of questions fail");
	} else if (name != t->names[0]) {
		char first[sizeof(t->names[0])];

		text_copy(first, sizeof(first), name);
		memmove(t->names[1], t->names[0], (size_t)(name - t->names[0]));
		text_copy(t->names[0], sizeof(t->names[0]), first);
	}
	addr_text(server, text);
	tally_tell(&t->tally, f);
	f->of = v->asked;
	if (what == TROUBLE_NXDOMAIN)
		f->severity = SEVERITY_NOTE;
	finding_text(f, "name", t->names[0]);
	finding_text(f, "server", text);
	if (what == TROUBLE_SERVFAIL)
		finding_text(f, "rcode", dns_refuses(v) ? "REFUSED" : "SERVFAIL");
	finding_number(f, "waited_s", samples_median(&t->waited_s));
	for (int i = 1; i < t->name_count; i++)
		finding_list(f, "more_names", t->names[i]);
	dns_say(f, what, v, text);
}

/* Several name servers, and none answers anybody: they have the way to them in common. */
static bool all_are_silent(const struct state *s)
{
	uint32_t silent = 0;

	for (struct table_entry *e = table_next(&s->servers, NULL); e; e = table_next(&s->servers, e)) {
		const struct dns_server *v = table_value(e);

		if (v->answered)
			return false;
		silent += v->of[TROUBLE_NO_ANSWER].tally.count > 0;
	}
	return silent > 1;
}

static void blame_the_way(struct state *s, struct diagnosis_context *x)
{
	bool tcp_works = false;

	if (!all_are_silent(s))
		return;
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e))
		tcp_works |= ((const struct service_state *)table_value(e))->established > 0;
	for (struct finding *f = finding_next_of(x, NULL, "dns-no-answer"); f; f = finding_next_of(x, f, "dns-no-answer")) {
		finding_cause(f, tcp_works ? 0.3 : 0.8, "the way to all of them: a wrong or dead default gateway, or a filter of port 53",
			"%s", tcp_works ? "every name server is silent" : "every name server is silent, and nothing else gets through");
		finding_next(f, "ip route (is the default gateway right?), then ping it and a host behind it");
	}
}

static bool is_rejected(struct diagnosis_context *x, const struct addr *server)
{
	struct claim *c = NULL;

	while ((c = claim_next(x, c, "icmp-rejected")))
		if (c->resp_p == 53 && addr_equal(&c->resp, server))
			return true;
	return false;
}

static bool is_worth_telling(const struct dns_server *v, enum trouble what)
{
	uint64_t n = v->of[what].tally.count;

	if (what == TROUBLE_SLOW && n < SLOW_MIN && (double)n < SLOW_SHARE * (double)v->asked)
		return false;
	if (what != TROUBLE_NO_ANSWER)
		return n > 0;
	return n && (!v->answered || (n >= LOST_MIN && (double)n >= LOST_SHARE * (double)v->asked));
}

static struct finding *finding_about(struct diagnosis_context *x, enum trouble what, const struct addr *server)
{
	struct finding *f = NULL;

	while ((f = finding_next_of(x, f, codes[what])))
		if (addr_equal(&f->subject.server, server))
			return f;
	return NULL;
}

static void raise_one(struct diagnosis_context *x, const struct label *l, enum trouble what, const struct addr *server)
{
	enum severity severity = what == TROUBLE_NXDOMAIN ? SEVERITY_WARNING : SEVERITY_ERROR;
	struct finding *f = finding_about(x, what, server);

	if (!f || f->severity >= severity)
		return;
	f->severity = severity;
	if (what == TROUBLE_NXDOMAIN)
		finding_cause(f, 0.6, "the name is wrong, or missing in the zone",
			"%s resolves under no suffix, and the client then connects nowhere", l->name);
	else
		finding_detail(f, "Nobody else resolves %s, and the client then connects nowhere.", l->name);
}

static bool any_tcp(const struct diagnosis_context *x)
{
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e))
		if (((const struct service_key *)table_key(e))->proto == 6)
			return true;
	return false;
}

/* A name that resolves nowhere, and a client that then connects nowhere: somebody waited for it. */
static void raise_severity(struct state *s, struct diagnosis_context *x)
{
	/* Where no connection at all was captured, nobody knows who connects. */
	bool tcp_seen = any_tcp(x);

	for (struct table_entry *e = table_next(&s->labels, NULL); e; e = table_next(&s->labels, e)) {
		const struct label_key *k = table_key(e);
		const struct label *l = table_value(e);
		const struct host *client = host_find(x, &k->client);

		if (!l->failed_ns || l->resolved || l->single || (client && client->connected_ns > l->failed_ns))
			continue;
		for (uint32_t i = 0; i < l->servers; i++)
			if (tcp_seen || l->why[i] != TROUBLE_NXDOMAIN)
				raise_one(x, l, (enum trouble)l->why[i], &l->server[i]);
	}
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->servers, NULL); e; e = table_next(&s->servers, e))
		for (int what = 0; what < TROUBLES; what++)
			if (is_worth_telling(table_value(e), (enum trouble)what) &&
				!(what == TROUBLE_NO_ANSWER &&
					(is_rejected(x, table_key(e)) || table_find(&s->in_part, table_key(e)))))
				tell(s, x, table_key(e), table_value(e), (enum trouble)what);
	raise_severity(s, x);
	blame_the_way(s, x);
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->servers);
	table_free(&s->labels);
	table_free(&s->in_part);
}

const struct rule rule_dns = {
	.codes = { "dns-servfail", "dns-no-answer", "dns-slow", "dns-nxdomain" },
	.spec = "RFC 1035, section 4.1.1; RFC 2308",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_DNS | 1u << RECORD_FRAGMENTED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
