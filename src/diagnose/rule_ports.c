/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-exhaustion: one source has used all of its ephemeral ports towards one service, then opens nothing for the rest
 * of TIME_WAIT, and comes back with the same ports. no-keep-alive: one request per connection, many a minute.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define SINGLE_STREAMS_MAX 128
#define PORTS_MIN 100	     /* distinct ports that came back */
#define FULL_SHARE 0.9	     /* of the range from the lowest to the highest port in use */
#define QUIET_MIN_S 5.0	     /* without a new connection, right after the range was used up */
#define QUIET_FACTOR 20.0    /* longer than the usual gap between connections */
#define REQUESTS_MIN 20      /* connections with one request within a minute */

/* Connections of a pair that were answered, in order of time. */
struct uses {
	struct opened *list;
	uint32_t n;
};

static int by_time(const void *a, const void *b)
{
	const struct opened *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* The ports in use before the longest pause, and whether they fill their range. */
struct usage {
	uint32_t ports, lowest, highest;
	uint32_t before; /* index of the last connection before the pause */
	double quiet_s;
	bool reused; /* what comes after the pause uses the same ports */
};

static uint32_t longest_pause(const struct uses *p, double *quiet_s)
{
	uint32_t at = 0;
	int64_t longest = 0;

	for (uint32_t i = 1; i < p->n; i++)
		if (p->list[i].ts_ns - p->list[i - 1].ts_ns > longest) {
			longest = p->list[i].ts_ns - p->list[i - 1].ts_ns;
			at = i - 1;
		}
	*quiet_s = when_s(longest);
	return at;
}

static struct usage usage_of(const struct uses *p)
{
	struct usage u = { .lowest = UINT32_MAX };
	uint8_t *seen = xcalloc(65536, 1);

	u.before = longest_pause(p, &u.quiet_s);
	for (uint32_t i = 0; i <= u.before; i++) {
		uint16_t port = p->list[i].port;

		u.ports += !seen[port];
		seen[port] = 1;
		u.lowest = port < u.lowest ? port : u.lowest;
		u.highest = port > u.highest ? port : u.highest;
	}
	u.reused = u.before + 1 < p->n && seen[p->list[u.before + 1].port];
	free(seen);
	return u;
}

static bool is_exhausted(const struct uses *p, const struct usage *u)
{
	double usual = when_s(p->list[u->before].ts_ns - p->list[0].ts_ns) / (u->before ? u->before : 1);

	return u->ports >= PORTS_MIN && u->ports >= FULL_SHARE * (u->highest - u->lowest + 1) && u->reused &&
		u->quiet_s >= QUIET_MIN_S && u->quiet_s >= QUIET_FACTOR * usual;
}

static struct uses uses_of(const struct peers *p)
{
	struct uses u = { .list = xmalloc(p->answered * sizeof(*u.list)) };

	for (uint32_t i = 0; i < p->n; i++)
		if (p->opened[i].answered)
			u.list[u.n++] = p->opened[i];
	qsort(u.list, u.n, sizeof(*u.list), by_time);
	return u;
}

static void tell_exhausted(struct diagnosis_context *x, const struct peers_key *k, bool client_closes,
	const struct uses *p, const struct usage *u)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, "port-exhaustion", &subject);
	const struct opened *last = &p->list[u->before], *next = &p->list[u->before + 1];
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], range[32], quiet[WHEN_TEXT_SIZE];
	uint32_t streams[2] = { last->stream, next->stream };

	addr_text(&k->client, client);
	subject_service_text(&k->server, k->port, service);
	snprintf(range, sizeof(range), "%u-%u", u->lowest, u->highest);
	when_duration(u->quiet_s, quiet);
	f->count = p->n;
	f->first_ts_ns = last->ts_ns;
	f->last_ts_ns = next->ts_ns;
	finding_integer(f, "ports", u->ports);
	finding_text(f, "range", range);
	finding_number(f, "budget_per_s", u->ports / x->options->time_wait_s);
	finding_number(f, "quiet_s", u->quiet_s);
	finding_title(f, "%s runs out of ports towards %s: all %u of %s used, then nothing for %s", client, service, u->ports,
		range, quiet);
	finding_detail(f, "After the last free port no SYN goes out at all until TIME_WAIT frees the first ones; then the same "
			  "ports come back. The budget is %.1f new connections a second.",
		u->ports / x->options->time_wait_s);
	f->responsible = RESPONSIBLE_CLIENT;
	f->confidence = 0.9;
	finding_cause(f, 0.85, "the client opens and closes a connection per request and holds each port in TIME_WAIT",
		client_closes ? "the client closes first" : "every port of the range was used");
	finding_evidence(f, last->source, last->frame, last->ts_ns, "last connection before the pause, port %u", last->port);
	finding_evidence(f, next->source, next->frame, next->ts_ns, "first one after it, port %u again", next->port);
	finding_filter_streams(f, 6, streams, 2);
	f->filter_source = last->source;
	finding_next(f, "On %s: sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse; ss -tan state time-wait | wc -l", client);
	finding_next(f, "Keep connections open (HTTP keep-alive, a pool); the program's log says EADDRNOTAVAIL (99)");
}

static bool has_port_trouble(struct diagnosis_context *x, const struct peers_key *k)
{
	static const char *const codes[] = { "time-wait-accumulation", "port-exhaustion", "port-reuse-collision" };
	struct finding *f;

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (f = NULL; (f = finding_next_of(x, f, codes[i]));)
			if (addr_equal(&f->subject.host, &k->client) || addr_equal(&f->subject.host, &k->server) ||
				addr_equal(&f->subject.client, &k->client))
				return true;
	return false;
}

/* Those with a single request, of the source of the first one. */
static uint32_t gather_single(const struct peers *p, struct moments *at, uint32_t streams[SINGLE_STREAMS_MAX],
	const struct opened **first)
{
	uint32_t n = 0;
	size_t held = 0;

	*first = NULL;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct opened *o = &p->opened[i];

		if (!o->single)
			continue;
		if (!*first)
			*first = o;
		if (o->source == (*first)->source && n < SINGLE_STREAMS_MAX)
			streams[n++] = o->stream;
		moments_add(at, o->ts_ns, &held);
	}
	moments_sort(at);
	return n;
}

static void tell_single(struct diagnosis_context *x, const struct peers_key *k, const struct peers *p, const struct moments *single,
	struct finding *f)
{
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE];

	addr_text(&k->client, client);
	subject_service_text(&k->server, k->port, service);
	f->count = single->n;
	f->of = p->http;
	if (has_port_trouble(x, k))
		f->severity = SEVERITY_WARNING;
	f->responsible = RESPONSIBLE_CLIENT;
	f->first_ts_ns = single->v[0];
	f->last_ts_ns = single->v[single->n - 1];
	finding_integer(f, "connections", single->n);
	finding_integer(f, "requests", (int64_t)p->requests);
	finding_title(f, "%s opens a connection per request to %s (%u connections)", client, service, single->n);
	finding_detail(f, "Each costs a handshake and leaves a socket in TIME_WAIT.");
	finding_next(f, "Use HTTP keep-alive or a connection pool in the client; check 'Connection: close' on both sides");
}

static void look_at_single(struct diagnosis_context *x, const struct peers_key *k, const struct peers *p)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6,
		.service = "http" };
	uint32_t streams[SINGLE_STREAMS_MAX], n;
	struct moments single = { 0 };
	const struct opened *first;
	struct finding *f;
	int64_t at;

	n = gather_single(p, &single, streams, &first);
	if (2 * single.n >= p->http && moments_peak(&single, 60 * NS_PER_S, &at) >= REQUESTS_MIN) {
		f = finding_open(x, "no-keep-alive", &subject);
		tell_single(x, k, p, &single, f);
		finding_evidence(f, first->source, first->frame, first->ts_ns, "first connection with a single request");
		finding_filter_streams(f, 6, streams, (int)n);
		f->filter_source = first->source;
	}
	moments_free(&single);
}

static void look_at_ports(struct diagnosis_context *x, const struct peers_key *k, const struct peers *p)
{
	struct uses uses = uses_of(p);
	struct usage u = usage_of(&uses);

	if (is_exhausted(&uses, &u))
		tell_exhausted(x, k, p->client_closes, &uses, &u);
	free(uses.list);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->pairs, NULL); e; e = table_next(&x->pairs, e))
		if (((const struct peers *)table_value(e))->answered >= PORTS_MIN)
			look_at_ports(x, table_key(e), table_value(e));
	for (struct table_entry *e = table_next(&x->pairs, NULL); e; e = table_next(&x->pairs, e))
		if (((const struct peers *)table_value(e))->single >= REQUESTS_MIN)
			look_at_single(x, table_key(e), table_value(e));
}

const struct rule rule_ports = {
	.codes = { "port-exhaustion", "no-keep-alive" },
	.spec = "RFC 6056; Linux ip_local_port_range; RFC 9112, section 9.3",
	.finish = on_finish,
};
