/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow-server, slow-client, slow-path: where the time of slow conversations goes. The server's share is from the whole
 * request to the first byte of the answer (less a round trip, when seen from the client's side); the client's is what
 * the server waits for its window or for the rest of its request; the path's is round trips and repairs.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/fetch.h"
#include "base/samples.h"
#include "base/table.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/slow_answers.h"
#include "diagnose/slow_split.h"
#include "diagnose/slow_tell.h"
#include "diagnose/tally.h"

#define PUSHED_MAX 4096
#define HELLO_LATE_S 3.0     /* a ServerHello needs no backend: so late, nobody had read the ClientHello */
#define RTT_NOTE_S 0.2	     /* worth a note, */
#define RTT_ABSURD_S 30.0    /* no TCP handshake takes so long: a clock or a rewritten capture */
#define SHARE 0.5	     /* of the time in which anybody waited: the one to name */
#define SLOW_ASKS_SHARE 0.25 /* of the requests to that service */
#define PATH_SHARE 0.6
#define PATH_WASTE_S 0.8     /* that the round trips of one conversation cost in all */
#define CLIENT_WASTE_S 1.0   /* the same for its window, */
#define CLIENT_SHARE 0.4     /* whose every opening costs a round trip of the network beside it */

struct uid_key {
	char uid[20];
};

struct state {
	struct table pushed;   /* struct uid_key -> char: HTTP where a late answer is meant (WebSocket, events, polls) */
};

void slow_drop(struct diagnosis_context *x, struct slow *w)
{
	if (!w)
		return;
	for (int i = 0; i < SLOW_CULPRITS; i++) {
		samples_free(&w->times[i]);
		tally_free(&w->tally[i]);
	}
	parties_give(x, w, sizeof(*w));
}

/* Of the tallies only the slow ones have need. */
void slow_fetch(const struct slow *w, bool lists)
{
	if (!lists) {
		fetch(w->times, sizeof(*w) - offsetof(struct slow, times));
		return;
	}
	samples_fetch(&w->times[SLOW_SERVER]);
	samples_fetch(&w->times[SLOW_PATH]);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->pushed, sizeof(struct uid_key), 1, PUSHED_MAX);
}

static double positive_s(int64_t ns)
{
	return ns > 0 ? when_s(ns) : 0;
}

static struct uid_key uid_of(const struct record *r)
{
	struct uid_key k = { "" };

	memcpy(k.uid, record_uid(r), sizeof(k.uid) - 1);
	return k;
}

/* The uid is worked out only where somebody waits for one. */
static void *find_by_uid(const struct table *t, const struct record *r)
{
	struct uid_key uid;

	if (!t->count)
		return NULL;
	uid = uid_of(r);
	return table_find(t, &uid);
}

static bool is_tls(const struct conn *c)
{
	return conn_speaks(c, "tls");
}

/* What is usual: the median, but for TLS, whose handshake is quick turns, and of few. */
static double usual_think_s(const struct conn *c)
{
	return positive_s(is_tls(c) && c->turns <= 4 ? c->think_max_ns : c->think_p50_ns);
}

static const struct stall *late_answer(const struct tls *t, const struct record *r, double rtt_s)
{
	bool asked = t && is_tls(&r->conn) && t->client == SIDE_ORIG && t->app_data[SIDE_ORIG].frame;

	return asked ? slow_wait_within_tls(&r->conn, t->app_data[SIDE_ORIG].at_ns, rtt_s) : NULL;
}

static void show_server(struct tally *t, const struct record *r, const struct stall *late)
{
	const struct turn *shown = &r->conn.last_turn;

	if (late) {
		tally_show(t, r, &r->conn.last_turn.ask, "request");
		tally_show(t, r, &late->ref, "the answer proper %.2f s later", when_s(late->lasted_ns));
		return;
	}
	if (!shown->answer.frame || when_s(shown->answer.at_ns - shown->ask_last.at_ns) < SLOW_THINK_S)
		shown = &r->conn.first_turn;
	tally_show(t, r, &shown->ask, "request");
	tally_show(t, r, &shown->answer, "first byte of the answer %.2f s later",
		when_s(shown->answer.at_ns - shown->ask_last.at_ns));
}

/* The only answer came when the client had given up: nobody waited for it, and other rules say why. */
static bool answers_a_close(const struct conn *c)
{
	return c->first_fin == SIDE_ORIG && c->last_turn.answer.frame &&
		!conn_was_before(c, SIDE_RESP, c->last_turn.answer.at_ns, c->side[SIDE_ORIG].fin.at_ns);
}

static bool note_hello(struct slow *w, const struct record *r)
{
	const struct turn *t = &r->conn.first_turn;
	double wait_s = slow_hello_wait_s(&r->conn);

	if (wait_s < HELLO_LATE_S)
		return false;
	w->late_hellos++;
	w->hello_max_s = fmax(w->hello_max_s, wait_s);
	tally_count(&w->tally[SLOW_SERVER], r->ts_ns);
	tally_show(&w->tally[SLOW_SERVER], r, &t->ask, "ClientHello");
	tally_show(&w->tally[SLOW_SERVER], r, &t->acked, "its acknowledgement");
	tally_show(&w->tally[SLOW_SERVER], r, &t->answer, "the server's first byte %.2f s later", wait_s);
	tally_conversation(&w->tally[SLOW_SERVER], r);
	return true;
}

static void note_server(const struct state *s, const struct tls *tls, struct slow *w, const struct record *r,
	struct slow_split *t)
{
	const struct conn *c = &r->conn;
	double usual = usual_think_s(c) - t->rtt_s, worst = positive_s(c->think_max_ns) - t->rtt_s;
	const struct stall *late = late_answer(tls, r, t->rtt_s);
	bool late_hello = note_hello(w, r);

	if (!c->turns || answers_a_close(c) || slow_is_interactive(r) || find_by_uid(&s->pushed, r) ||
		(!conn_speaks(c, "http") && !late && slow_pushes(c)))
		return;
	if (late) {
		usual = worst = when_s(late->lasted_ns);
		t->server_s += usual;
		t->network_s = fmax(0, t->network_s - usual);
	}
	w->asks += is_tls(c) && c->turns > 2 ? c->turns - 2 : c->turns;
	samples_add(&w->times[SLOW_SERVER], usual > 0 ? usual : 0);
	if (worst < SLOW_THINK_S)
		return;
	w->slow_asks += usual >= SLOW_THINK_S ? (c->turns + 1) / 2 : 1;
	w->slow[SLOW_SERVER]++;
	if (late_hello)
		return;
	tally_count(&w->tally[SLOW_SERVER], r->ts_ns);
	show_server(&w->tally[SLOW_SERVER], r, late);
	tally_conversation(&w->tally[SLOW_SERVER], r);
}

static void show_client(struct tally *t, const struct record *r)
{
	const struct conn *c = &r->conn;

	tally_show(t, r, &c->side[SIDE_ORIG].zero_window_first, "the client's window is closed");
	for (uint32_t i = 0; i < c->stall_count && i < STALLS_MAX; i++) {
		const struct stall *stall = &c->stalls[i];

		if (stall->reason == STALL_RECEIVER_WINDOW && stall->side == SIDE_RESP)
			tally_show(t, r, &stall->ref, "the server goes on after %.3f s of waiting for the client's window",
				when_s(stall->lasted_ns));
		else if (stall->reason == STALL_SENDER_IDLE && stall->side == SIDE_ORIG)
			tally_show(t, r, &stall->ref, "the client goes on with its request after %.3f s",
				when_s(stall->lasted_ns));
	}
}

static void note_client(struct slow *w, const struct record *r, struct slow_split *t)
{
	double waits = t->client_s + t->late_s, all = t->server_s + t->network_s + waits;

	if (waits < CLIENT_WASTE_S || waits < CLIENT_SHARE * all)
		return;
	if (t->late_s > t->client_s) {
		w->late++;
		w->late_client = r->orig_h;
		tally_show(&w->tally[SLOW_CLIENT], r, &r->conn.handshake_ack, "the connection is made");
		tally_show(&w->tally[SLOW_CLIENT], r, &r->conn.side[SIDE_ORIG].first_data, "the client begins %.3f s later", t->late_s);
	}
	t->client_s = waits;
	samples_add(&w->times[SLOW_CLIENT], t->client_s);
	w->slow[SLOW_CLIENT]++;
	tally_count(&w->tally[SLOW_CLIENT], r->ts_ns);
	show_client(&w->tally[SLOW_CLIENT], r);
	if (!w->tally[SLOW_CLIENT].shown_count)
		tally_show(&w->tally[SLOW_CLIENT], r, &r->conn.side[SIDE_RESP].first_data, "data that fills the client's window");
	tally_conversation(&w->tally[SLOW_CLIENT], r);
}

/* Round trips of whole seconds, or of half a minute, are those of a clock, not of a path. */
static bool believable(const struct conn *c, double rtt_s)
{
	bool whole = c->rtt_server_ns % NS_PER_S == 0 && c->rtt_client_ns % NS_PER_S == 0;

	return rtt_s < RTT_ABSURD_S && !whole && c->syns == 1;
}

static void note_path(struct slow *w, const struct record *r, const struct slow_split *t)
{
	const struct conn *c = &r->conn;
	double data_s, least;

	if (t->rtt_s <= 0 || !believable(c, t->rtt_s))
		return;
	samples_add(&w->times[SLOW_PATH], t->rtt_s);
	if (t->rtt_s < RTT_NOTE_S || t->network_s < PATH_WASTE_S ||
		t->network_s < PATH_SHARE * (positive_s(c->duration_ns) - t->idle_s))
		return;
	data_s = slow_path_rtt_s(c);
	least = data_s > 0 ? fmin(t->rtt_s, data_s) : t->rtt_s;
	w->rtt_least_s = w->slow[SLOW_PATH]++ ? fmin(w->rtt_least_s, least) : least;
	tally_count(&w->tally[SLOW_PATH], r->ts_ns);
	tally_show(&w->tally[SLOW_PATH], r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN");
	tally_show(&w->tally[SLOW_PATH], r, &c->syn_ack, "SYN-ACK %.3f s later", positive_s(c->rtt_server_ns));
	tally_show(&w->tally[SLOW_PATH], r, &c->handshake_ack, "ACK");
	tally_conversation(&w->tally[SLOW_PATH], r);
}

static void on_conversation(struct state *s, struct diagnosis_context *x, const struct record *r)
{
	enum capture_place place = slow_place(&r->conn);
	struct slow_split t = slow_split(r);
	struct slow *w = x->now.service->slow;

	if (!w)
		w = x->now.service->slow = parties_make(x, sizeof(*w));
	w->conversations++;
	x->now.orig->judged++;
	w->near_client += place == PLACE_CLIENT;
	w->near_server += place == PLACE_SERVER;
	note_server(s, x->now.tls, w, r, &t);
	note_client(w, r, &t);
	slow_split_add(&w->sum, &t);
	note_path(w, r, &t);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;

	if (r->kind == RECORD_HTTP && slow_is_held_back(&r->http)) {
		struct uid_key uid = uid_of(r);

		*(char *)table_add(&s->pushed, &uid) = 1;
	}
	if (r->kind == RECORD_CONN && r->proto == 6 && r->conn.end_reason != CONN_END_PART && !r->conn.one_sided &&
		r->conn.handshake_ack.frame && !conn_speaks(&r->conn, "ssh"))
		on_conversation(s, x, r);
}

/* Browsers open connections that they use later: told as a note where a client does other things meanwhile. */
static bool is_preconnected(const struct diagnosis_context *x, const struct slow *w)
{
	const struct host *client = host_find(x, &w->late_client);

	return w->late == w->slow[SLOW_CLIENT] && (w->late < w->conversations || (client && client->judged > w->conversations));
}

static bool server_is_slow(const struct slow *w)
{
	double waited = w->sum.server_s + w->sum.client_s + w->sum.network_s;

	return w->slow_asks && (double)w->slow_asks >= SLOW_ASKS_SHARE * (double)w->asks &&
		samples_percentile(&w->times[SLOW_SERVER], 75) >= SLOW_THINK_S && w->sum.server_s >= SHARE * waited;
}

static bool is_told_as_blocked(struct diagnosis_context *x, const struct service_key *k)
{
	for (struct finding *f = finding_next_of(x, NULL, "accept-loop-blocked"); f;
		f = finding_next_of(x, f, "accept-loop-blocked"))
		if (f->subject.port == k->port && addr_equal(&f->subject.server, &k->server))
			return true;
	return false;
}

static void tell(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	if (server_is_slow(w) || (w->late_hellos >= SLOW_HELLOS_MIN && !is_told_as_blocked(x, k)))
		slow_tell_server(x, k, w);
	else if (w->slow[SLOW_PATH] && 2 * w->slow[SLOW_PATH] >= w->conversations)
		slow_tell_path(x, k, w);
	if (w->slow[SLOW_CLIENT])
		slow_tell_client(x, k, w, is_preconnected(x, w));
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct slow *w = ((const struct service_state *)table_value(e))->slow;

		if (w)
			tell(x, table_key(e), w);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pushed);
}

const struct rule rule_slow = {
	.codes = { "slow-server", "slow-client", "slow-path" },
	.spec = "RFC 9293, section 3.8; Zhang et al., On the characteristics and origins of Internet flow rates, 2002",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_HTTP,
	.heard_if = SHOWS_OPENED | SHOWS_ANSWER,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
