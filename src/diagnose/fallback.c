/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Happy eyeballs (RFC 8305): a dead address of one IP version beside a living one of the other. */
#include "diagnose/fallback.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"

#define CLIENTS_MAX 4000 /* pairs of a client's MAC and a port */
#define REACHED_MAX 4096 /* connections kept of each */
/* Programs go over after 50 ms to 2 s (RFC 8305, section 8), at once when refused; those that wait for the system's own
 * time-out, after the 127 s of Linux. */
#define FALLBACK_MAX_NS (150 * NS_PER_S)
#define UNNAMED_MAX_NS (3 * NS_PER_S) /* when nothing but the time says that both are one service */
#define AHEAD_MAX_NS (2 * NS_PER_S)   /* both were tried, and the living one first */
#define LOUD_S 5.0		      /* later than that, users take it for an outage */

struct client_key {
	struct mac mac;
	uint16_t port;
};

struct reached_at {
	int64_t ts_ns;
	uint64_t frame;
	uint16_t source;
	struct addr client, server;
};

struct reached {
	struct reached_at *v;
	uint32_t n, room;
	size_t *held_bytes;
	bool sorted;
};

struct fallback {
	struct addr to;
	struct reached_at first;
	struct samples delay_s;
	int unnamed, times;
};

static void drop_reached(void *owner, void *value)
{
	struct reached *r = value;

	(void)owner;
	if (r->held_bytes)
		*r->held_bytes -= r->room * sizeof(*r->v);
	free(r->v);
}

static void reached_init(struct table *reached, size_t *held_bytes)
{
	table_init(reached, sizeof(struct client_key), sizeof(struct reached), CLIENTS_MAX);
	reached->drop = drop_reached;
	reached->held_bytes = held_bytes;
}

static struct client_key client_key(const struct mac *mac, uint16_t port)
{
	struct client_key k;

	memset(&k, 0, sizeof(k));
	k.mac = *mac;
	k.port = port;
	return k;
}

static void learn(struct table *reached, const struct peers_key *pair, const struct mac *client, const struct opened *o)
{
	struct client_key k = client_key(client, pair->port);
	struct reached *r = table_add(reached, &k);

	if (r->n == REACHED_MAX)
		return;
	if (r->n == r->room) {
		uint32_t room = r->room ? r->room * 2 : 4;

		r->held_bytes = reached->held_bytes;
		*r->held_bytes += (room - r->room) * sizeof(*r->v);
		r->room = room;
		r->v = xrealloc(r->v, room * sizeof(*r->v));
	}
	r->v[r->n++] = (struct reached_at){ o->ts_ns, o->frame, o->source, pair->client, pair->server };
	r->sorted = false;
}

/* From what is kept of all pairs; few captures have failures that ask for it. */
static void learn_all(struct diagnosis_context *x)
{
	reached_init(&x->reached, &x->held_bytes);
	for (struct table_entry *e = table_next(&x->pairs, NULL); e; e = table_next(&x->pairs, e)) {
		const struct peers *p = table_value(e);

		for (uint32_t i = 0; i < p->n; i++)
			if (p->opened[i].completed)
				learn(&x->reached, table_key(e), &p->client_mac, &p->opened[i]);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct reached_at *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns > y->ts_ns ? 1 : -1;
	return addr_compare(&x->server, &y->server);
}

static struct reached *reached_by(struct diagnosis_context *x, const struct claim *c)
{
	struct client_key k = client_key(&c->orig_mac, c->resp_p);
	struct reached *r;

	if (!x->reached.max)
		learn_all(x);
	r = table_find(&x->reached, &k);
	if (r && !r->sorted)
		qsort(r->v, r->n, sizeof(*r->v), by_time);
	if (r)
		r->sorted = true;
	return r;
}

/* One host speaks from that MAC, not a router for many. */
static bool is_one_client(const struct reached *r, bool v4)
{
	const struct addr *first = NULL;

	for (uint32_t i = 0; i < r->n; i++) {
		if (addr_is_v4(&r->v[i].client) != v4)
			continue;
		if (first && !addr_equal(first, &r->v[i].client))
			return false;
		first = &r->v[i].client;
	}
	return true;
}

enum kin {
	KIN_NOT,
	KIN_BY_TIME, /* no name is known of one of them */
	KIN_BY_NAME,
};

static enum kin are_one_service(const struct diagnosis_context *x, const struct addr *dead, const struct addr *alive)
{
	const char *a = names_find(&x->names, dead), *b = names_find(&x->names, alive);

	if (!*a || !*b)
		return KIN_BY_TIME;
	return strcasecmp(a, b) == 0 ? KIN_BY_NAME : KIN_NOT;
}

static bool fits(const struct diagnosis_context *x, const struct claim *c, const struct reached_at *r, bool one_client)
{
	int64_t after = r->ts_ns - c->ts_ns;

	if (addr_is_v4(&r->server) == addr_is_v4(&c->resp) || after < -AHEAD_MAX_NS || after > FALLBACK_MAX_NS)
		return false;
	switch (are_one_service(x, &c->resp, &r->server)) {
	case KIN_NOT:
		return false;
	case KIN_BY_NAME:
		return true;
	case KIN_BY_TIME:
		break;
	}
	return one_client && after >= 0 && after <= UNNAMED_MAX_NS;
}

/* The first connection after the failed one that fits, or the nearest before it. */
static const struct reached_at *taken_instead(struct diagnosis_context *x, const struct claim *c)
{
	const struct reached *r = reached_by(x, c);
	const struct reached_at *best = NULL;
	bool one_client = r && is_one_client(r, !addr_is_v4(&c->resp));

	for (uint32_t i = 0; r && i < r->n; i++) {
		if (r->v[i].ts_ns - c->ts_ns > FALLBACK_MAX_NS)
			break;
		if (!fits(x, c, &r->v[i], one_client))
			continue;
		best = &r->v[i];
		if (best->ts_ns >= c->ts_ns)
			break;
	}
	return best;
}

/* Every failed connection has its fallback, all to the same host. */
static bool find_fallback(struct diagnosis_context *x, const struct claim_group *g, struct fallback *out)
{
	for (int i = 0; i < g->count; i++) {
		const struct reached_at *r = taken_instead(x, g->claims[i]);
		int64_t after = r ? r->ts_ns - g->claims[i]->ts_ns : 0;

		if (!r || (out->times && !addr_equal(&out->to, &r->server)))
			return false;
		if (!out->times++)
			out->first = *r;
		out->to = r->server;
		out->unnamed += are_one_service(x, &g->server, &r->server) != KIN_BY_NAME;
		samples_add(&out->delay_s, after > 0 ? when_s(after) : 0);
	}
	return out->times > 0;
}

static void tell_steps(struct diagnosis_context *x, struct finding *f, const struct claim_group *g)
{
	const char *name = names_find(&x->names, &g->server), *record = addr_is_v4(&g->server) ? "A" : "AAAA";
	char dead[ADDR_TEXT_SIZE];

	addr_text(&g->server, dead);
	if (*name)
		finding_next(f, "dig %s %s (is %s right? If nothing serves there, take the record away)", record, name, dead);
	else
		finding_next(f, "Which name has the %s record %s? If nothing serves there, take the record away", record, dead);
	if (strcmp(f->code, "tcp-refused") == 0)
		return; /* the host was reached */
	finding_next(f, "traceroute -%d -n -T -p %u %s (does the route end on the way?)", addr_is_v4(&g->server) ? 4 : 6, g->port,
		dead);
}

static void explain(struct finding *f, bool refused, const char *dead, const char *alive)
{
	char *cause = refused ? xprintf("the name has an address of %s, but its service listens on %s only", dead, alive)
			      : xprintf("the name's address of %s is wrong, or the route over %s is broken", dead, dead);

	finding_cause(f, 0.8, cause, "%s works for the same client and port at the same time, %s does not", alive, dead);
	free(cause);
}

static void tell(struct diagnosis_context *x, struct finding *f, const struct claim_group *g, const struct fallback *b)
{
	const char *dead_version = addr_is_v4(&g->server) ? "IPv4" : "IPv6", *version = addr_is_v4(&b->to) ? "IPv4" : "IPv6";
	double delay = samples_median(&b->delay_s);
	char to[ADDR_TEXT_SIZE], waited[WHEN_TEXT_SIZE], *title = xstrdup(f->title);

	addr_text(&b->to, to);
	when_duration(delay, waited);
	if (delay <= LOUD_S && f->severity > SEVERITY_WARNING)
		f->severity = SEVERITY_WARNING;
	finding_text(f, "fallback", to);
	finding_number(f, "fallback_delay_s", delay);
	finding_title(f, "%s; clients fall back to %s (%s) after %s", title, version, to, waited);
	free(title);
	finding_detail(f, "Over %s the same service is reached at %s: each connection starts %s later, and none fails for it.",
		version, to, waited);
	finding_evidence(f, b->first.source, b->first.frame, b->first.ts_ns, "SYN to %s instead: answered", to);
	finding_filter_also(f, b->first.source, b->first.frame);
	if (b->unnamed)
		finding_against(f, "no name ties the two addresses together: the same client went over to %s right after it", to);
	explain(f, strcmp(f->code, "tcp-refused") == 0, dead_version, version);
	tell_steps(x, f, g);
}

bool fallback_tell(struct diagnosis_context *x, struct finding *f, const struct claim_group *g)
{
	struct fallback b = { .times = 0 };
	bool found = g->claims[0]->proto == 6 && addr_is_set(&g->server) && find_fallback(x, g, &b);

	if (found)
		tell(x, f, g, &b);
	samples_free(&b.delay_s);
	return found && !b.unnamed;
}
