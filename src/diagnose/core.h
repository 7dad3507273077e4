/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the files of the diagnosis' core hang together; rules do not include it. */
#ifndef PCAPDX_DIAGNOSE_CORE_H
#define PCAPDX_DIAGNOSE_CORE_H

#include "diagnose/claims.h"
#include "diagnose/context.h"

/* context.c */
void context_init(struct diagnosis_context *x, const struct options *o);
/* e: of a conn record. */
void context_learn(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e);
void context_free(struct diagnosis_context *x);

/* join.c: session records wait here for the conn record of their conversation */
struct join;
struct join *join_new(size_t *held_bytes);
/* next: the record behind it, if that is there already. Both must stay until join_forget. */
void join_session(struct join *j, const struct record *r, const struct record *next);
/* Fills *c; what it points to is good until the next call. `shows`: of record_shows. */
void join_conversation(struct join *j, const struct record *r, uint32_t shows, struct conversation *c);
void join_forget(struct join *j, const struct record *r);
void join_free(struct join *j);

/* shows.c: enum shown of a record by itself */
uint32_t record_shows(const struct record *r);

/* outcome.c */
enum outcome conversation_outcome(const struct conn *c, const char *code);

/* summary.c: counters and tables of the report */
struct tallies;
struct tallies *tallies_new(size_t memory_bytes);
void tallies_keep_no_rows(struct tallies *t);
void tallies_record(struct tallies *t, struct result *result, const struct record *r);
void tallies_conversation(struct tallies *t, struct diagnosis_context *x, const struct conversation *c,
	const struct claim *claim, enum outcome outcome);
void tallies_finish(struct tallies *t, struct diagnosis_context *x);
void tallies_free(struct tallies *t);

/* kinship.c: which findings are about one incident */
bool finding_belongs(const struct result *r, const struct finding *lead, const struct finding *f);
bool finding_explains(const struct finding *cause, const struct finding *effect); /* by their codes */
/* f goes where g is: it tells more of what g says about the same service. */
bool finding_follows(const struct finding *f, const struct finding *g);
/* f is about the same service as `other`, or the same pair, and `lead` less so. */
bool finding_is_nearer(const struct finding *f, const struct finding *other, const struct finding *lead);
/* The server that the leading finding is about waits for somebody itself, and that fails. */
bool finding_is_upstream(const struct finding *lead, const struct finding *f);

/* incident.c: findings into diagnoses; verdict.c: the headline */
void incidents_make(struct diagnosis_context *x);
void verdict_make(struct diagnosis_context *x);

#endif
