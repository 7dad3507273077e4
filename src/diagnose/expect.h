/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetches ahead what the rules will look up for a conversation. A look-up in a large table waits for memory twice, for
 * the slot and for the entry; asked for in all tables first, the waits overlap.
 */
#ifndef PCAPDX_DIAGNOSE_EXPECT_H
#define PCAPDX_DIAGNOSE_EXPECT_H

#include "base/table.h"
#include "diagnose/rule.h"

#define EXPECTS_MAX 24 /* tables; those beyond are not fetched ahead */

struct expects {
	struct {
		const struct table *table;
		enum expected_key key;
	} list[EXPECTS_MAX];
	int count;
};

void expects_add(struct expects *e, const struct table *t, enum expected_key key);
/* Adds the tables that a rule names. */
void expects_rule(struct expects *e, const struct rule *rule, const void *state);
/* The record is of kind RECORD_CONN. */
void expects_fetch(const struct expects *e, const struct record *r);

#endif
