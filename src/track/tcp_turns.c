/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversation as turns: a run of data from orig is an ask, the data of resp that follows it the answer. Between
 * the end of an ask and its answer the server thinks; between an answer and the next ask the client does; the rest is
 * the network's time. The capture sees a think time with one round trip to the thinker in it, which is taken off.
 */
#include <string.h>

#include "base/seldom.h"
#include "track/tcp_steps.h"

static uint32_t in_us(int64_t ns)
{
	int64_t us = ns / NS_PER_US;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* The second and later ones; called before the least one is brought up to date: the first is that. */
SELDOM void turns_keep_think(struct flow *f, int64_t think_ns)
{
	struct cold *c = cold_of(f);
	uint32_t *us = flow_lasting(f)->think_us;

	if (!f->thinks) {
		us[0] = in_us(c->think_min_ns);
		c->thinks_stride = f->thinks = 1;
	}
	if (f->thinks == THINKS_MAX) {
		for (uint32_t i = 0; i < THINKS_MAX / 2; i++)
			us[i] = us[2 * i];
		f->thinks = THINKS_MAX / 2;
		c->thinks_stride *= 2;
	}
	us[f->thinks++] = in_us(think_ns);
	c->thinks_skip = c->thinks_stride - 1;
}

/* Another turn begins. */
SELDOM void turns_first_done(struct flow *f)
{
	struct cold *c = cold_of(f);
	struct lasting *l = flow_lasting(f);

	l->first_turn = c->last_turn;
	l->first_ask_last = f->half[SIDE_ORIG].last_data;
	l->first_ask_bytes = c->ask_bytes;
	f->first_turn_done = true;
}

/* Data of an ask is sent again: the answer could not begin before. */
void turns_resent(struct passing *w)
{
	if (w->side != SIDE_ORIG || !w->f->ask_open)
		return;
	w->f->ask_resent = true;
	w->c->ask_resent_ns = w->now_ns;
}

#define WIDE_STEP 5 /* of the first round: then the second one moves little */

/* Few, and numbers, by Shell's way: qsort takes five times as long. */
static void sort(uint32_t *v, uint32_t n)
{
	for (uint32_t step = WIDE_STEP; step; step /= WIDE_STEP)
		for (uint32_t i = step; i < n; i++) {
			uint32_t one = v[i], at = i;

			for (; at >= step && v[at - step] > one; at -= step)
				v[at] = v[at - step];
			v[at] = one;
		}
}

static void think_percentiles(const struct flow *f, struct conn *c)
{
	uint32_t sorted[THINKS_MAX], n = f->thinks;

	if (!n) { /* the only one */
		c->think_p50_ns = c->think_p95_ns = in_us(cold_of(f)->think_min_ns) * NS_PER_US;
		return;
	}
	memcpy(sorted, f->lasting->think_us, n * sizeof(*sorted));
	sort(sorted, n);
	c->think_p50_ns = sorted[(n - 1) / 2] * NS_PER_US;
	c->think_p95_ns = sorted[(n * 95 + 99) / 100 - 1] * NS_PER_US;
}

static struct turn turn_of(const struct turn_kept *t, struct short_ref ask_last, uint32_t ask_bytes)
{
	return (struct turn){.ask = long_ref(t->ask),
		.ask_last = long_ref(ask_last),
		.acked = long_ref(t->acked),
		.answer = long_ref(t->answer),
		.ask_bytes = ask_bytes};
}

void turns_record(const struct flow *f, struct conn *c)
{
	const struct cold *k = cold_of(f);
	int64_t server = k->server_ns, client = k->client_ns;

	c->turns = k->turns;
	c->last_turn = turn_of(&k->last_turn, f->half[SIDE_ORIG].last_data, k->ask_bytes);
	c->first_turn = f->first_turn_done ? turn_of(&f->lasting->first_turn, f->lasting->first_ask_last,
						     f->lasting->first_ask_bytes)
					   : c->last_turn;
	c->pending = f->talker;
	c->think_min_ns = k->think_min_ns;
	c->think_max_ns = k->think_max_ns;
	if (k->turns)
		think_percentiles(f, c);
	if (!k->turns || f->key.proto != 6 || k->rtt_server_ns == UNSET)
		return;
	/* What nobody ended is counted up to the end. */
	if (f->ask_open && k->last_turn.acked.frame)
		server += turns_above(f->last_ns - turns_asked_ns(f), k->rtt_server_ns);
	else if (f->talker == SIDE_RESP)
		client += turns_above(f->last_ns - f->half[SIDE_RESP].last_data_ns, k->rtt_client_ns);
	c->time_server_ns = server;
	c->time_client_ns = client;
	c->time_network_ns = turns_above(f->last_ns - f->begun_ns, server + client);
}
