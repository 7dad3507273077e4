/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection-limit-block: after N connections of one source within T its new SYNs stay unanswered, while earlier
 * connections or other sources go on. Firewalls count connections, closed ones too, for up to four minutes, and cut at
 * 300 to 800.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define PAIRS_MAX 20000
#define BEFORE_MIN 50 /* connections within the window: fewer are no flood that a limit would be made for */
#define BLOCKED_MIN 3 /* attempts in a row that get no answer */

struct pair_key {
	struct addr client, server;
};

struct pair {
	struct moments opened;
	int64_t last_answer_ns; /* last sign of life of the server to this client, on any connection */
	struct evidence last_opened;
};

struct state {
	struct table pairs; /* struct pair_key -> struct pair */
};

static void drop(void *value)
{
	moments_free(&((struct pair *)value)->opened);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
	s->pairs.drop = drop;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct pair_key k;
	struct pair *p;
	int64_t seen;

	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART ||
		!r->conn.syn_ack.frame || !r->conn.syns)
		return;
	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	p = table_add(&s->pairs, &k);
	moments_add(&p->opened, r->ts_ns, &x->held_bytes);
	seen = r->ts_ns + r->conn.side[SIDE_RESP].last_packet.at_ns;
	if (seen > p->last_answer_ns)
		p->last_answer_ns = seen;
	if (r->ts_ns >= p->last_opened.ts_ns)
		p->last_opened = (struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
}

struct block {
	int64_t from_ns, until_ns;
	uint32_t before;
	int blocked;
	int64_t first_in_window_ns;
	double recovered_after_s; /* < 0: not in this capture */
};

static int by_start(const void *a, const void *b)
{
	const struct claim *x = *(struct claim *const *)a, *y = *(struct claim *const *)b;

	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

/* Attempts in vain from `first` on, until one succeeds again. */
static bool find_block(const struct pair *p, struct claim **claims, int count, int first, double window_s, struct block *b)
{
	int64_t from = claims[first]->ts_ns, window_ns = (int64_t)(window_s * 1e9);
	uint32_t at = moments_between(&p->opened, INT64_MIN, from + 1);
	int n = 0;

	b->from_ns = from;
	b->before = moments_between(&p->opened, from - window_ns, from);
	b->first_in_window_ns = b->before ? p->opened.v[at - b->before] : from;
	b->recovered_after_s = -1;
	b->until_ns = INT64_MAX;
	if (at < p->opened.n)
		b->until_ns = p->opened.v[at];
	for (int i = first; i < count && claims[i]->ts_ns < b->until_ns; i++)
		n++;
	b->blocked = n;
	if (b->until_ns != INT64_MAX)
		b->recovered_after_s = when_s(b->until_ns - from);
	return b->before >= BEFORE_MIN && n >= BLOCKED_MIN;
}

static void write_texts(struct finding *f, const struct diagnosis_context *x, const struct block *b, const char *client,
	const char *server, bool others_work)
{
	char span[WHEN_TEXT_SIZE];

	when_duration(when_s(b->from_ns - b->first_in_window_ns), span);
	finding_title(f, "After %u connections in %s every new connection of %s to %s stays unanswered", b->before, span, client,
		server);
	finding_detail(f, "Connection number %u is the first whose SYN gets no answer; %d attempts in a row fail, on any port.%s",
		b->before + 1, b->blocked, others_work ? " An earlier connection goes on meanwhile." : "");
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = others_work ? 0.92 : 0.8;
	finding_cause(f, 0.85, "a firewall or server limits connections per source and counts closed ones for minutes",
		"it works for %u connections and then stops at once for new ones only", b->before);
	finding_cause(f, 0.1, "the server itself stops accepting", "a full listen queue would look alike, on one port only");
	finding_next(f, "Ask for the limit of connections per source on the firewall before %s, and for its time-out", server);
	finding_next(f, "Open fewer connections: at most %.0f a minute stay below the limit if it counts for %.0f s",
		b->before * 60.0 / x->options->limit_window_s, x->options->limit_window_s);
}

static void add_claims(struct finding *f, struct claim **claims, int count, const struct block *b)
{
	uint32_t *streams = xmalloc((size_t)count * sizeof(*streams));
	int n = 0;

	for (int i = 0; i < count; i++) {
		struct claim *c = claims[i];

		if (c->ts_ns < b->from_ns || c->ts_ns >= b->until_ns)
			continue;
		if (c->evidence_count)
			finding_evidence(f, c->evidence[0].source, c->evidence[0].frame, c->evidence[0].ts_ns,
				"SYN to port %u, never answered", c->resp_p);
		if (!n)
			f->filter_source = c->source;
		if (c->source == f->filter_source)
			streams[n++] = c->stream;
		f->last_ts_ns = c->ended_ns;
		claim_own(c, "connection-limit-block");
	}
	finding_filter_streams(f, 6, streams, n);
	free(streams);
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, const struct pair *p, struct claim **claims,
	int count, const struct block *b)
{
	struct subject subject = { .client = g->client, .server = g->server, .proto = 6 };
	struct finding *f = finding_open(x, "connection-limit-block", &subject);
	char client[ADDR_TEXT_SIZE], server[ADDR_TEXT_SIZE];

	addr_text(&g->client, client);
	addr_text(&g->server, server);
	f->count = (uint64_t)b->blocked;
	f->first_ts_ns = b->from_ns;
	finding_integer(f, "at_count", (int64_t)b->before + 1);
	finding_number(f, "window_s", when_s(b->from_ns - b->first_in_window_ns));
	finding_integer(f, "blocked", b->blocked);
	if (b->recovered_after_s >= 0)
		finding_number(f, "recovered_after_s", b->recovered_after_s);
	else
		finding_null(f, "recovered_after_s");
	write_texts(f, x, b, client, server, p->last_answer_ns > b->from_ns);
	add_claims(f, claims, count, b);
	if (g->typical) {
		f->typical = xmalloc(sizeof(*f->typical));
		*f->typical = *g->typical;
	}
}

static void each_pair(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct state *s = arg;
	struct pair_key k;
	struct pair *p;
	struct claim **claims;
	struct block b;

	memset(&k, 0, sizeof(k));
	k.client = g->client;
	k.server = g->server;
	p = table_find(&s->pairs, &k);
	if (!p || p->opened.n < BEFORE_MIN || g->count < BLOCKED_MIN)
		return;
	moments_sort(&p->opened);
	claims = xmalloc((size_t)g->count * sizeof(struct claim *));
	memcpy(claims, g->claims, (size_t)g->count * sizeof(struct claim *));
	qsort(claims, (size_t)g->count, sizeof(struct claim *), by_start);
	for (int i = 0; i < g->count; i++)
		if (find_block(p, claims, g->count, i, x->options->limit_window_s, &b)) {
			tell(x, g, p, claims, g->count, &b);
			break;
		}
	free(claims);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	claim_groups(x, "tcp-no-answer", GROUP_BY_PAIR, each_pair, state);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pairs);
}

const struct rule rule_connection_limit = {
	.codes = { "connection-limit-block" },
	.state_size = sizeof(struct state),
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
