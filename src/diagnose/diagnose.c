/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in, a result out: feeds the rules, asks them for claims, lets them finish in table order. */
#include "diagnose/diagnose.h"

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

/* What is called for each record is called a lot: only those rules that want it stand in its list. */
struct call {
	const struct rule *rule; /* NULL: the end */
	void *state;
};

struct diagnosis_run {
	struct diagnosis_context x;
	struct join *join;
	struct tallies *tallies;
	void **states; /* one per rule */
	struct call *records[RECORD_KINDS], *claims, *ticks;
	int rules;
	int64_t next_tick_ns; /* 0: no record yet */
};

static void list(struct call **calls, int n, const struct rule *rule, void *state)
{
	*calls = xrealloc(*calls, ((size_t)n + 2) * sizeof(**calls));
	(*calls)[n] = (struct call){ rule, state };
	(*calls)[n + 1] = (struct call){ NULL, NULL };
}

static void make_lists(struct diagnosis_run *d)
{
	int kinds[RECORD_KINDS] = { 0 }, claims = 0, ticks = 0;

	for (int kind = 0; kind < RECORD_KINDS; kind++)
		d->records[kind] = xcalloc(1, sizeof(struct call));
	d->claims = xcalloc(1, sizeof(struct call));
	d->ticks = xcalloc(1, sizeof(struct call));
	for (int i = 0; i < d->rules; i++) {
		const struct rule *rule = rule_table[i];

		for (int kind = 0; kind < RECORD_KINDS; kind++)
			if (rule->record && rule->kinds >> kind & 1)
				list(&d->records[kind], kinds[kind]++, rule, d->states[i]);
		if (rule->claim)
			list(&d->claims, claims++, rule, d->states[i]);
		if (rule->tick)
			list(&d->ticks, ticks++, rule, d->states[i]);
	}
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
		for (const struct call *c = d->ticks; c->rule; c++)
			c->rule->tick(c->state, &d->x, d->next_tick_ns);
	}
}

/* The next one, from `asked` on, whose rule looks for what this conversation shows; at the end one without a rule. */
static const struct call *claim_wanted(const struct call *asked, const struct conversation *c)
{
	while (asked->rule && asked->rule->asked_if && !(asked->rule->asked_if & c->shows))
		asked++;
	return asked;
}

static bool ask_for_claim(struct diagnosis_run *d, const struct conversation *c, struct claim *out)
{
	for (const struct call *asked = claim_wanted(d->claims, c); asked->rule; asked = claim_wanted(asked + 1, c)) {
		memset(out, 0, CLAIM_HEAD);
		claim_fill(out, c->record);
		if (asked->rule->claim(asked->state, &d->x, c, out))
			return true;
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

static void conversation_over(struct diagnosis_run *d, const struct record *r)
{
	struct conversation c;
	struct claim claim;
	enum outcome outcome;
	bool claimed;

	join_conversation(d->join, r, &c);
	claimed = ask_for_claim(d, &c, &claim);
	if (claimed)
		claim_store(&d->x, &claim, r);
	outcome = conversation_outcome(&r->conn, claimed ? claim.code : NULL);
	count_for_service(d, r, outcome);
	tallies_conversation(d->tallies, &d->x, &c, claimed ? &claim : NULL, outcome);
	join_forget(d->join, r);
}

void diagnose_record(struct diagnosis_run *d, const struct record *r)
{
	struct table_budget *before = table_budget_use(&d->x.budget);

	tick_until(d, r->emitted_ns);
	d->x.clock_ns = r->emitted_ns;
	context_learn(&d->x, r);
	tallies_record(d->tallies, d->x.result, r);
	for (const struct call *c = d->records[r->kind]; c->rule; c++)
		c->rule->record(c->state, &d->x, r);
	if (r->kind == RECORD_CONN && r->conn.end_reason != CONN_END_PART)
		conversation_over(d, r);
	else
		join_session(d->join, r);
	table_budget_use(before);
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
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		free(d->records[kind]);
	free(d->claims);
	free(d->ticks);
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
