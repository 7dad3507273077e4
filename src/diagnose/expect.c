/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of a conversation, as tables have them; a key that is laid out otherwise costs a needless fetch, no more. */
#include "diagnose/expect.h"

#include <string.h>

#include "diagnose/context.h"

struct keys {
	struct { /* a prefix of it is the key of two hosts, or of the first */
		struct addr a, b;
		uint16_t port;
		uint8_t a_is_client, pad;
	} pair, up, down;
	struct service_key service;
};

static void fill(struct keys *k, const struct record *r)
{
	memset(k, 0, sizeof(*k));
	k->pair.a = k->up.a = k->down.b = r->orig_h;
	k->pair.b = k->up.b = k->down.a = r->resp_h;
	k->pair.port = k->up.port = k->down.port = r->resp_p;
	k->up.a_is_client = 1;
	k->service.server = r->resp_h;
	k->service.port = r->resp_p;
	k->service.proto = r->proto;
}

static const void *key_of(const struct keys *k, enum expected_key key, const struct record *r)
{
	switch (key) {
	case EXPECT_PAIR:
	case EXPECT_CLIENT:
		return &k->pair;
	case EXPECT_SERVER:
		return &k->down;
	case EXPECT_SERVICE:
		return &k->service;
	case EXPECT_CLOSER:
		return r->conn.first_fin == SIDE_ORIG ? &k->up : &k->down;
	case EXPECT_UP:
		return &k->up;
	case EXPECT_DOWN:
		return &k->down;
	case EXPECT_NOTHING:
		break;
	}
	return NULL;
}

void expects_add(struct expects *e, const struct table *t, enum expected_key key)
{
	if (e->count == EXPECTS_MAX)
		return;
	e->list[e->count].table = t;
	e->list[e->count++].key = key;
}

void expects_rule(struct expects *e, const struct rule *rule, const void *state)
{
	for (int i = 0; i < RULE_EXPECTS_MAX && rule->expects[i].key != EXPECT_NOTHING; i++)
		expects_add(e, (const struct table *)((const char *)state + rule->expects[i].table), rule->expects[i].key);
}

void expects_fetch(const struct expects *e, const struct record *r)
{
	uint32_t tags[EXPECTS_MAX];
	struct keys k;

	fill(&k, r);
	for (int i = 0; i < e->count; i++)
		tags[i] = table_fetch_slot(e->list[i].table, key_of(&k, e->list[i].key, r));
	for (int i = 0; i < e->count; i++)
		table_fetch_entry(e->list[i].table, tags[i]);
}
