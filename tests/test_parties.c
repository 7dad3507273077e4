/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules share of hosts, services and pairs: right after eviction, in order, and freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/when.h"
#include "diagnose/core.h"
#include "options.h"

struct rig {
	struct options options;
	struct diagnosis_context x;
	struct record r;
};

static int set_up(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct table_budget *before;

	assert_non_null(g);
	hash_init();
	g->options.memory_bytes = 64u << 20;
	g->x.budget.max = SIZE_MAX;
	before = table_budget_use(&g->x.budget);
	context_init(&g->x, &g->options);
	table_budget_use(before);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *g = *state;

	context_free(&g->x);
	assert_int_equal(g->x.held_bytes, 0);
	assert_int_equal(g->x.budget.held, 0);
	free(g);
	return 0;
}

static struct addr host(uint32_t n)
{
	const uint8_t b[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	return addr_v4(b);
}

static void learn(struct rig *g)
{
	struct parties_ahead ahead;

	parties_expect(&g->x, &g->r, &ahead);
	context_learn(&g->x, &g->r, &ahead);
}

/* An HTTP connection with one request, closed by its client. */
static void connection(struct rig *g, uint32_t client, uint32_t server, uint16_t port, int64_t ts_ns)
{
	struct conn *c = &g->r.conn;

	record_init(&g->r, RECORD_CONN);
	g->r.ts_ns = ts_ns;
	g->r.frame = (uint64_t)ts_ns;
	g->r.orig_h = host(client);
	g->r.resp_h = host(server);
	g->r.orig_p = port;
	g->r.resp_p = 80;
	g->r.proto = 6;
	strcpy(c->service, "http");
	c->end_reason = CONN_END_FIN;
	c->syns = 1;
	c->answered = SYN_ANSWER_SYN_ACK;
	c->syn_ack.frame = c->handshake_ack.frame = 1;
	c->turns = 1;
	c->first_fin = SIDE_ORIG;
	for (int s = 0; s < 2; s++) {
		c->side[s].pkts = 4;
		c->side[s].bytes = 100;
		c->side[s].data_segments = 2;
		c->side[s].mac.b[5] = (uint8_t)(1 + s);
		c->side[s].to_mac.b[5] = (uint8_t)(2 - s);
	}
	learn(g);
}

static void test_the_oldest_host_stays_when_it_speaks_itself(void **state)
{
	struct rig *g = *state;
	struct addr oldest = host(0);

	connection(g, 0, 1, 1, 1);
	g->x.budget.max = g->x.budget.held; /* from now on every new entry costs an old one */
	for (uint32_t n = 2; n < 200; n++) {
		connection(g, 0, n, (uint16_t)n, n);
		assert_ptr_equal(g->x.now.orig, host_find(&g->x, &oldest));
		assert_ptr_equal(g->x.now.resp, host_find(&g->x, &g->r.resp_h));
		assert_true(g->x.now.orig->sends);
		assert_false(g->x.now.resp->sends);
	}
	assert_true(g->x.hosts.evicted > 0);
	assert_true(g->x.hosts.count < 100);
}

static void test_connections_of_a_pair_are_kept_in_order(void **state)
{
	struct rig *g = *state;
	const struct peers *p;
	struct addr client = host(1), server = host(2);

	for (uint16_t n = 0; n < 100; n++) {
		connection(g, 1, 2, n, 1000 + n);
		p = peers_find(&g->x, &client, &server, 80);
		assert_ptr_equal(p, g->x.now.pair);
		assert_int_equal(p->n, n + 1);
		for (uint16_t i = 0; i <= n; i++) {
			assert_int_equal(p->opened[i].port, i);
			assert_int_equal(p->opened[i].ts_ns, 1000 + i);
		}
	}
	assert_int_equal(p->answered, 100);
	assert_int_equal(p->single, 100);
	assert_int_equal(p->sent_segments[SIDE_RESP], 200);
	assert_int_equal(p->first_ok_ns, 1000);
	assert_int_equal(p->last_ok_ns, 1099);
}

static void test_a_lone_syn_makes_no_pair(void **state)
{
	struct rig *g = *state;

	record_init(&g->r, RECORD_CONN);
	g->r.orig_h = host(1);
	g->r.resp_h = host(2);
	g->r.proto = 6;
	g->r.conn.syns = 1;
	learn(g);
	assert_null(g->x.now.pair);
	assert_non_null(g->x.now.service);
	assert_int_equal(g->x.pairs.count, 0);
}

static void test_a_part_counts_nothing(void **state)
{
	struct rig *g = *state;

	connection(g, 1, 2, 7, 1000);
	g->r.conn.end_reason = CONN_END_PART;
	learn(g);
	assert_null(g->x.now.pair);
	assert_null(g->x.now.service);
	assert_non_null(g->x.now.orig);
	connection(g, 1, 2, 8, 2000);
	assert_int_equal(g->x.now.service->total, 2);
	assert_int_equal(g->x.now.pair->n, 2);
}

static void test_frames_are_told_when_hosts_settle(void **state)
{
	struct rig *g = *state;
	struct mac here = {{0, 0, 0, 0, 0, 1}}, elsewhere = {{0, 0, 0, 0, 0, 9}};

	connection(g, 1, 2, 7, 1000);
	connection(g, 1, 3, 8, 2000);
	parties_settle(&g->x);
	assert_int_equal(g->x.unicast_frames, 16);
	assert_true(context_is_capture_point(&g->x, &here));
	assert_false(context_is_capture_point(&g->x, &elsewhere));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_oldest_host_stays_when_it_speaks_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connections_of_a_pair_are_kept_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_lone_syn_makes_no_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_part_counts_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_frames_are_told_when_hosts_settle, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
