/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection-limit-block: after N connections of one source within T its new SYNs stay unanswered or are rejected, while
 * earlier connections or other sources go on. Firewalls count connections, closed ones too, for up to four minutes, and
 * cut at 300 to 800.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/path.h"
#include "diagnose/rule.h"

#define PAIRS_MAX 20000
#define BEFORE_MIN 50 /* connections within the window: fewer are no flood that a limit would be made for */
#define BLOCKED_MIN 3 /* attempts in a row that get no answer */
#define ALONE_MIN 200 /* connections when nothing else shows that the server lives: limits are cut for more than that */
#define TWO_PORTS_MIN 2	 /* attempts to two ports, which both worked before: FTP's next file, then its control port */
#define LASTED_S 2.5  /* a single attempt of so many repeats counts, past the usual limit and when it works again later */
#define AT_END_S 0.9  /* an attempt that is younger than that when the capture ends is no failure yet */

struct hosts_key {
	struct addr client, server;
};

/* What two hosts did with each other, on all ports. */
struct between {
	struct moments opened;
	uint8_t ttl;		/* of the server's SYN-ACKs */
	int64_t last_answer_ns; /* last sign of life of the server to this client, on any connection */
	struct frame_ref last_opened; /* absolute */
};

/* The attempts between two hosts that failed before they were connections, in order of time. */
struct attempts {
	struct claim **list;
	uint32_t n, room;
	struct between between;
};

struct block {
	int64_t from_ns, until_ns;
	uint32_t before;
	uint32_t first; /* place of the first attempt in vain */
	int blocked, silent, ports; /* ports: attempts to another port than the first one's */
	double lasted_s; /* of the attempt that was repeated longest */
	bool others_work, device;
	int64_t first_in_window_ns;
	double recovered_after_s; /* < 0: not in this capture */
};

static int by_start(const void *a, const void *b)
{
	const struct claim *x = *(struct claim *const *)a, *y = *(struct claim *const *)b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_silence(const struct claim *c)
{
	return strcmp(c->code, "tcp-no-answer") == 0;
}

static bool is_attempt(const struct claim *c)
{
	static const char *const codes[] = { "tcp-no-answer", "tcp-refused", "icmp-rejected" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(c->code, codes[i]) == 0)
			return c->proto == 6;
	return false;
}

/* Attempts in vain from `first` on, until one succeeds again. */
static void find_block(const struct between *p, const struct attempts *a, uint32_t first, double window_s, struct block *b)
{
	int64_t from = a->list[first]->ts_ns, window_ns = (int64_t)(window_s * 1e9);
	uint32_t at = moments_between(&p->opened, INT64_MIN, from + 1);

	*b = (struct block){ .from_ns = from, .until_ns = INT64_MAX, .recovered_after_s = -1, .first = first };
	b->before = moments_between(&p->opened, from - window_ns, from);
	b->first_in_window_ns = b->before ? p->opened.v[at - b->before] : from;
	if (at < p->opened.n) {
		b->until_ns = p->opened.v[at];
		b->recovered_after_s = when_s(b->until_ns - from);
	}
	for (uint32_t i = first; i < a->n && a->list[i]->ts_ns < b->until_ns; i++) {
		const struct claim *c = a->list[i];

		b->blocked++;
		b->lasted_s = fmax(b->lasted_s, when_s(c->ended_ns - c->ts_ns));
		b->ports += c->resp_p != a->list[first]->resp_p;
		b->silent += is_silence(c);
	}
}

/* Another source, or an earlier connection, is served meanwhile. */
static bool server_lives(const struct diagnosis_context *x, const struct between *p, const struct claim *c,
	const struct block *b)
{
	const struct service_state *s = context_service(x, &c->resp, c->resp_p, 6);

	return p->last_answer_ns > b->from_ns || (s && s->last_ok_ns > b->from_ns && s->last_ok_ns < b->until_ns);
}

/* A RST of another distance than the server's own packets, or an ICMP message: a device on the path says no. */
static bool device_rejects(const struct between *p, const struct claim *c)
{
	if (strcmp(c->code, "icmp-rejected") == 0)
		return true;
	return !is_silence(c) && c->number && p->ttl && path_hops((uint8_t)c->number) != path_hops(p->ttl);
}

static bool is_sudden(const struct block *b)
{
	return b->device || b->lasted_s >= LASTED_S;
}

/* Whether so few attempts are enough. */
static bool are_enough(const struct diagnosis_context *x, const struct block *b)
{
	if (b->blocked >= BLOCKED_MIN)
		return true;
	if (b->ports && b->blocked >= TWO_PORTS_MIN && is_sudden(b))
		return b->before >= ALONE_MIN;
	return b->before >= x->options->limit && is_sudden(b) && (b->recovered_after_s >= 0 || b->others_work);
}

static bool is_limit(const struct diagnosis_context *x, const struct between *p, const struct attempts *a, struct block *b)
{
	const struct claim *first = a->list[b->first];
	bool recovers = b->recovered_after_s >= 0;

	b->device = device_rejects(p, first);
	b->others_work = server_lives(x, p, first, b);
	if (b->before < BEFORE_MIN)
		return false;
	if (is_silence(first) && b->lasted_s < AT_END_S && when_s(x->clock_ns - first->ts_ns) < AT_END_S)
		return false;
	if (!are_enough(x, b))
		return false;
	if (b->device || b->others_work || b->ports)
		return true;
	return (is_silence(first) || recovers) && b->before >= ALONE_MIN;
}

static const char *what_happens(const struct block *b)
{
	if (b->silent == b->blocked)
		return "stays unanswered";
	return b->device ? "is rejected on the way" : "is reset";
}

static void write_texts(struct finding *f, const struct diagnosis_context *x, const struct block *b, const char *client,
	const char *server)
{
	double window_s = x->options->limit_window_s;
	char span[WHEN_TEXT_SIZE], after[WHEN_TEXT_SIZE];

	when_duration(when_s(b->from_ns - b->first_in_window_ns), span);
	when_duration(b->recovered_after_s, after);
	finding_title(f, "After %u connections in %s every new connection of %s to %s %s", b->before, span, client, server,
		what_happens(b));
	finding_detail(f, "Connection number %u is the first that fails; %d attempt%s in a row, whatever the port.%s", b->before + 1,
		b->blocked, b->blocked == 1 ? "" : "s", b->others_work ? " Other connections go on meanwhile." : "");
	if (b->recovered_after_s >= 0)
		finding_detail(f, "It works again after %s, when the first ones have been forgotten.", after);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = b->others_work || b->device ? 0.92 : 0.8;
	finding_cause(f, 0.85, "a firewall or server limits connections per source and counts closed ones for minutes",
		"it works for %u connections and then stops at once for new ones only", b->before);
	finding_cause(f, 0.1, "the server itself stops accepting", "a full listen queue would look alike, on one port only");
	finding_next(f, "Ask for the limit of connections per source on the firewall before %s, and for its time-out", server);
	finding_next(f, "Open fewer connections: at most %.0f a minute stay below the limit if it counts for %.0f s",
		b->before * 60.0 / window_s, window_s);
}

static void add_claims(struct finding *f, const struct attempts *a, const struct block *b)
{
	uint32_t *streams = xmalloc((size_t)a->n * sizeof(*streams));
	int n = 0;

	for (uint32_t i = b->first; i < a->n && a->list[i]->ts_ns < b->until_ns; i++) {
		struct claim *c = a->list[i];
		const struct evidence *last = c->evidence + (c->evidence_count ? c->evidence_count - 1 : 0);

		if (c->evidence_count)
			finding_evidence(f, c->evidence[0].source, c->evidence[0].frame, c->evidence[0].ts_ns,
				is_silence(c) ? "SYN to port %u, never answered" : "SYN to port %u", c->resp_p);
		if (c->evidence_count && !is_silence(c))
			finding_evidence(f, last->source, last->frame, last->ts_ns, "%s", last->what);
		if (!n)
			f->filter_source = c->source;
		if (c->source == f->filter_source)
			streams[n++] = c->stream;
		f->last_ts_ns = c->ended_ns > f->last_ts_ns ? c->ended_ns : f->last_ts_ns;
		claim_own(c, "connection-limit-block");
	}
	finding_filter_streams(f, 6, streams, n);
	free(streams);
}

static void tell(struct diagnosis_context *x, const struct hosts_key *k, const struct between *p, const struct attempts *a,
	const struct block *b)
{
	struct subject subject = { .client = k->client, .server = k->server, .proto = 6 };
	struct finding *f = finding_open(x, "connection-limit-block", &subject);
	char client[ADDR_TEXT_SIZE], server[ADDR_TEXT_SIZE];

	addr_text(&k->client, client);
	addr_text(&k->server, server);
	f->count = (uint64_t)b->blocked;
	f->first_ts_ns = b->from_ns;
	finding_integer(f, "at_count", (int64_t)b->before + 1);
	finding_number(f, "window_s", when_s(b->from_ns - b->first_in_window_ns));
	finding_integer(f, "blocked", b->blocked);
	if (b->recovered_after_s >= 0)
		finding_number(f, "recovered_after_s", b->recovered_after_s);
	else
		finding_null(f, "recovered_after_s");
	write_texts(f, x, b, client, server);
	if (p->last_opened.at_ns < b->from_ns)
		finding_evidence(f, p->last_opened.source, p->last_opened.frame, p->last_opened.at_ns,
			"last connection that was made");
	add_claims(f, a, b);
	if (p->last_opened.at_ns < b->from_ns)
		finding_filter_also(f, p->last_opened.source, p->last_opened.frame);
	f->typical = claim_typical(a->list[b->first]);
}

static void look_at(struct diagnosis_context *x, const struct hosts_key *k, struct attempts *a)
{
	struct between *p = &a->between;
	struct block b;

	if (p->opened.n < BEFORE_MIN)
		return;
	moments_sort(&p->opened);
	qsort(a->list, a->n, sizeof(*a->list), by_start);
	for (uint32_t i = 0; i < a->n; i += (uint32_t)b.blocked ? (uint32_t)b.blocked : 1) {
		find_block(p, a, i, x->options->limit_window_s, &b);
		if (is_limit(x, p, a, &b)) {
			tell(x, k, p, a, &b);
			return;
		}
	}
}

static void gather(struct table *pairs, struct claim *c)
{
	struct hosts_key k;
	struct attempts *a;

	memset(&k, 0, sizeof(k));
	k.client = c->orig;
	k.server = c->resp;
	a = table_add(pairs, &k);
	if (a->n == a->room) {
		a->room = a->room ? a->room * 2 : 8;
		a->list = xrealloc(a->list, a->room * sizeof(*a->list));
	}
	a->list[a->n++] = c;
}

static void drop_attempts(void *owner, void *value)
{
	(void)owner;
	free(((struct attempts *)value)->list);
	moments_free(&((struct attempts *)value)->between.opened);
}

static void add_opened(struct diagnosis_context *x, struct between *b, const struct peers *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct opened *o = &p->opened[i];

		if (!o->answered)
			continue;
		moments_add(&b->opened, o->ts_ns, &x->held_bytes);
		if (o->ts_ns < b->last_opened.at_ns)
			continue;
		b->last_opened = (struct frame_ref){ o->frame, o->ts_ns, o->source };
		b->ttl = p->ttl;
	}
	if (p->last_answer_ns > b->last_answer_ns)
		b->last_answer_ns = p->last_answer_ns;
}

static void gather_opened(struct diagnosis_context *x, const struct table *attempts)
{
	for (struct table_entry *e = table_next(&x->pairs, NULL); e && attempts->count; e = table_next(&x->pairs, e)) {
		const struct peers_key *k = table_key(e);
		struct hosts_key hosts = { k->client, k->server };
		struct attempts *a = table_find(attempts, &hosts);

		if (a)
			add_opened(x, &a->between, table_value(e));
	}
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct table attempts;

	(void)state;
	table_init(&attempts, sizeof(struct hosts_key), sizeof(struct attempts), PAIRS_MAX);
	attempts.drop = drop_attempts;
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		if (is_attempt(c))
			gather(&attempts, c);
	gather_opened(x, &attempts);
	for (struct table_entry *e = table_next(&attempts, NULL); e; e = table_next(&attempts, e))
		look_at(x, table_key(e), table_value(e));
	table_free(&attempts);
}

const struct rule rule_connection_limit = {
	.codes = { "connection-limit-block" },
	.finish = on_finish,
};
