/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in, a result out: feeds the rules, asks them for claims, lets them finish in table order. */
#include "diagnose/diagnose.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/core.h"
#include "diagnose/oui.h"

#define TABLES_SHARE 8 /* of the memory bound: for all tables of all rules */
#define CLOCK_MAX_NS (INT64_MAX / 4) /* a hostile clock: differences and the next tick still fit */
#define CLAIM_HEAD offsetof(struct claim, evidence) /* what is zeroed; evidence is written as it is counted */
#define TICKS_MAX 600 /* after a jump of the clock rules hear of its last ten minutes only */

#define CALLS_MAX 64 /* one bit each */
#define TOGETHER_MAX NAMES_AHEAD /* records among which memory is asked for ahead */

struct call {
	const struct rule *rule;
	void *state;
};

/* What is called for each record is called a lot: only those rules that want it are met at all. */
struct calls {
	struct call list[CALLS_MAX];
	int count;
	uint64_t wanted[SHOWN_SIGNS]; /* by sign of enum shown: bit n for list[n], which looks for it */
	uint32_t last_shows;	      /* most conversations show the same: what was worked out last */
	uint64_t last_wanted;
};

struct diagnosis_run {
	struct diagnosis_context x;
	struct join *join;
	struct tallies *tallies;
	void **states; /* one per rule */
	struct calls records[RECORD_KINDS], claims, ticks;
	int rules;
	uint32_t seen;	      /* enum shown: what the capture has shown before */
	int64_t next_tick_ns; /* 0: no record yet */
};

static void list(struct calls *c, const struct rule *rule, void *state, uint32_t if_shows)
{
	assert(c->count < CALLS_MAX);
	for (int sign = 0; sign < SHOWN_SIGNS; sign++)
		if ((if_shows ? if_shows : SHOWS_ANYTHING) >> sign & 1)
			c->wanted[sign] |= UINT64_C(1) << c->count;
	c->list[c->count++] = (struct call){ rule, state };
}

static void make_lists(struct diagnosis_run *d)
{
	for (int i = 0; i < d->rules; i++) {
		const struct rule *rule = rule_table[i];

		assert(!(rule->heard_if & SHOWN_BY_SESSION)); /* it would never hear of one */
		for (int kind = 0; kind < RECORD_KINDS; kind++)
			if (rule->record && rule->kinds >> kind & 1)
				list(&d->records[kind], rule, d->states[i],
					kind == RECORD_CONN || kind == RECORD_HTTP ? rule->heard_if : 0);
		if (rule->claim)
			list(&d->claims, rule, d->states[i], rule->asked_if);
		if (rule->tick)
			list(&d->ticks, rule, d->states[i], 0);
	}
}

/* Those who look for anything of what is shown, one bit each. */
static uint64_t wanted(struct calls *c, uint32_t shows)
{
	if (shows == c->last_shows)
		return c->last_wanted;
	c->last_shows = shows;
	c->last_wanted = 0;
	for (; shows; shows &= shows - 1)
		c->last_wanted |= c->wanted[__builtin_ctz(shows)];
	return c->last_wanted;
}

/* Takes the first one off. */
static const struct call *next_call(const struct calls *c, uint64_t *left)
{
	const struct call *next = &c->list[__builtin_ctzll(*left)];

	*left &= *left - 1;
	return next;
}

struct diagnosis_run *diagnose_new(const struct options *o)
{
	struct diagnosis_run *d = xcalloc(1, sizeof(*d));
	struct table_budget *before;

	d->x.budget.max = o->memory_bytes / TABLES_SHARE;
	before = table_budget_use(&d->x.budget);
	context_init(&d->x, o);
	d->x.result = xcalloc(1, sizeof(*d->x.result));
	d->x.result->options = o;
	d->x.result->summary.time_wait_assumed_s = o->time_wait_s;
	d->x.oui = oui_builtin();
	d->join = join_new(&d->x.held_bytes);
	d->tallies = tallies_new(o->memory_bytes);
	while (rule_table[d->rules])
		d->rules++;
	d->states = xcalloc((size_t)d->rules, sizeof(*d->states));
	for (int i = 0; i < d->rules; i++) {
		d->states[i] = xcalloc(1, rule_table[i]->state_size);
		if (rule_table[i]->init)
			rule_table[i]->init(d->states[i], &d->x);
	}
	make_lists(d);
	table_budget_use(before);
	return d;
}

void diagnose_vendors(struct diagnosis_run *d, const struct oui_table *oui)
{
	d->x.oui = oui;
}

void diagnose_without_rows(struct diagnosis_run *d)
{
	tallies_keep_no_rows(d->tallies);
}

static void tick_until(struct diagnosis_run *d, int64_t clock_ns)
{
	if (clock_ns > CLOCK_MAX_NS)
		clock_ns = CLOCK_MAX_NS;
	if (clock_ns < -CLOCK_MAX_NS)
		clock_ns = -CLOCK_MAX_NS;
	if (!d->next_tick_ns)
		d->next_tick_ns = clock_ns - clock_ns % NS_PER_S + NS_PER_S;
	if (clock_ns - d->next_tick_ns > TICKS_MAX * NS_PER_S)
		d->next_tick_ns = clock_ns - clock_ns % NS_PER_S - TICKS_MAX * NS_PER_S;
	for (; d->next_tick_ns <= clock_ns; d->next_tick_ns += NS_PER_S) {
		d->x.clock_ns = d->next_tick_ns;
		for (int i = 0; i < d->ticks.count; i++)
			d->ticks.list[i].rule->tick(d->ticks.list[i].state, &d->x, d->next_tick_ns);
	}
}

static void tell_rules(struct diagnosis_run *d, const struct record *r, uint32_t shows)
{
	struct calls *all = &d->records[r->kind];

	for (uint64_t left = wanted(all, shows); left;) {
		const struct call *c = next_call(all, &left);

		c->rule->record(c->state, &d->x, r);
	}
}

static bool ask_for_claim(struct diagnosis_run *d, const struct conversation *c, struct claim *out)
{
	uint64_t left = wanted(&d->claims, c->shows);
	struct claim blank; /* its head */

	if (!left)
		return false;
	memset(&blank, 0, CLAIM_HEAD);
	claim_fill(&blank, c->record);
	while (left) {
		const struct call *asked = next_call(&d->claims, &left);

		memcpy(out, &blank, CLAIM_HEAD);
		if (asked->rule->claim(asked->state, &d->x, c, out)) {
			text_copy(out->uid, sizeof(out->uid), record_uid(c->record));
			return true;
		}
	}
	return false;
}

static void count_for_service(struct diagnosis_run *d, const struct record *r, enum outcome o)
{
	struct service_state *s = d->x.now.service;

	if (o == OUTCOME_OK) {
		s->ok++;
		s->last_ok_ns = r->ts_ns;
		if (!s->first_ok_ns)
			s->first_ok_ns = r->ts_ns;
	} else if (o != OUTCOME_OPEN && o != OUTCOME_PARTIAL) {
		s->failed++;
	}
}

static void conversation_over(struct diagnosis_run *d, const struct conversation *c)
{
	const struct record *r = c->record;
	struct claim claim;
	enum outcome outcome;
	bool claimed = ask_for_claim(d, c, &claim);

	if (claimed)
		claim_store(&d->x, &claim, r);
	outcome = conversation_outcome(&r->conn, claimed ? claim.code : NULL);
	count_for_service(d, r, outcome);
	tallies_conversation(d->tallies, &d->x, c, claimed ? &claim : NULL, outcome);
	join_forget(d->join, r);
}

/* next: the one that comes behind it, if it is there already. */
static void take(struct diagnosis_run *d, const struct record *r, const struct record *next,
	const struct parties_ahead *e)
{
	bool over = r->kind == RECORD_CONN && r->conn.end_reason != CONN_END_PART;
	struct conversation c;
	uint32_t shows;

	d->seen |= r->kind == RECORD_FTP ? SHOWS_FTP : 0;
	shows = record_shows(r) | d->seen;
	tick_until(d, r->emitted_ns);
	d->x.clock_ns = r->emitted_ns;
	context_learn(&d->x, r, e);
	tallies_record(d->tallies, d->x.result, r);
	if (over) {
		join_conversation(d->join, r, shows, &c);
		d->x.now.tls = c.tls;
	}
	tell_rules(d, r, shows);
	if (over)
		conversation_over(d, &c);
	else
		join_session(d->join, r, next);
}

/* Conn records of a run, and how far each is expected. */
struct coming {
	const struct record *conn[TOGETHER_MAX];
	struct parties_ahead expected[TOGETHER_MAX];
	int count;
};

/* How many conversations ahead. Each takes longer than memory does. */
#define SLOTS_AHEAD 4
#define ENTRIES_AHEAD 3
#define KEPT_AHEAD 2
#define LISTS_AHEAD 1

/* Before the one in that place, which may be none yet. */
static void look_ahead(const struct diagnosis_run *d, struct coming *c, int place)
{
	int slots = place + SLOTS_AHEAD, entries = place + ENTRIES_AHEAD, kept = place + KEPT_AHEAD,
	    lists = place + LISTS_AHEAD;

	if (slots < c->count)
		parties_expect(&d->x, c->conn[slots], &c->expected[slots]);
	if (entries >= 0 && entries < c->count)
		parties_fetch(&d->x, &c->expected[entries]);
	if (kept >= 0 && kept < c->count)
		parties_fetch_kept(&d->x, &c->expected[kept], false);
	if (lists >= 0 && lists < c->count)
		parties_fetch_kept(&d->x, &c->expected[lists], true);
}

static void take_together(struct diagnosis_run *d, const struct record *const *run, int count)
{
	struct coming c; /* not zeroed: each is written before it is read */
	const struct record *requests[NAMES_AHEAD];
	int place = 0, request_count = 0;

	c.count = 0;
	for (int i = 0; i < count; i++)
		if (run[i]->kind == RECORD_CONN)
			c.conn[c.count++] = run[i];
		else if (run[i]->kind == RECORD_HTTP)
			requests[request_count++] = run[i];
	names_expect(&d->x.names, requests, request_count);
	for (int before = -SLOTS_AHEAD; before < 0; before++)
		look_ahead(d, &c, before);
	for (int i = 0; i < count; i++) {
		bool is_conn = run[i]->kind == RECORD_CONN;

		if (is_conn)
			look_ahead(d, &c, place);
		take(d, run[i], i + 1 < count ? run[i + 1] : NULL, is_conn ? &c.expected[place++] : NULL);
	}
}

void diagnose_records(struct diagnosis_run *d, const struct record *const *run, int count)
{
	struct table_budget *before = table_budget_use(&d->x.budget);

	for (int at = 0; at < count; at += TOGETHER_MAX)
		take_together(d, run + at, count - at < TOGETHER_MAX ? count - at : TOGETHER_MAX);
	table_budget_use(before);
}

void diagnose_record(struct diagnosis_run *d, const struct record *r)
{
	diagnose_records(d, &r, 1);
}

size_t diagnose_held_bytes(const struct diagnosis_run *d)
{
	return d->x.held_bytes;
}

static uint64_t weight_of(const struct finding *f)
{
	return f->count;
}

static int by_rank(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;

	if (x->cleared != y->cleared)
		return x->cleared - y->cleared;
	if (x->severity != y->severity)
		return x->severity < y->severity ? 1 : -1;
	if (weight_of(x) != weight_of(y))
		return weight_of(x) < weight_of(y) ? 1 : -1;
	if (x->first_ts_ns != y->first_ts_ns)
		return x->first_ts_ns > y->first_ts_ns ? 1 : -1;
	if (catalogue_place(x->code) != catalogue_place(y->code))
		return catalogue_place(x->code) - catalogue_place(y->code);
	return memcmp(&x->subject, &y->subject, sizeof(x->subject));
}

static void number_findings(struct result *r)
{
	if (r->finding_count)
		qsort(r->findings, (size_t)r->finding_count, sizeof(struct finding *), by_rank);
	for (int i = 0; i < r->finding_count; i++) {
		char *id = xprintf("F%d", i + 1);

		text_copy(r->findings[i]->id, sizeof(r->findings[i]->id), id);
		free(id);
	}
}

static void free_run(struct diagnosis_run *d)
{
	for (int i = 0; i < d->rules; i++) {
		if (rule_table[i]->free)
			rule_table[i]->free(d->states[i]);
		free(d->states[i]);
	}
	free(d->states);
	join_free(d->join);
	tallies_free(d->tallies);
	claims_free(&d->x);
	context_free(&d->x);
	free(d);
}

struct result *diagnose_finish(struct diagnosis_run *d)
{
	struct result *r = d->x.result;

	parties_settle(&d->x);
	names_settle(&d->x.names);
	for (int i = 0; i < d->rules; i++)
		if (rule_table[i]->finish)
			rule_table[i]->finish(d->states[i], &d->x);
	number_findings(r);
	tallies_finish(d->tallies, &d->x);
	incidents_make(&d->x);
	verdict_make(&d->x);
	free_run(d);
	return r;
}
