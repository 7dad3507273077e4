/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow-server, slow-client, slow-path: where the time of slow conversations goes. The server's share is from the whole
 * request to the first byte of the answer (less a round trip, when seen from the client's side); the path's is round
 * trips and repairs; the client's is what it waits before it goes on.
 */
#include <string.h>

#include "base/samples.h"
#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define SERVICES_MAX 5000
#define THINK_SLOW_S 0.9     /* answers that a user waits for; long polls and batch jobs are told by their share */
#define RTT_SLOW_S 0.25	     /* past intercontinental round trips */
#define SERVER_SHARE 0.5     /* of the time in which anybody waited for the server's side */
#define SLOW_ASKS_SHARE 0.25 /* of the requests to that service */
#define PATH_SHARE 0.6
#define PATH_WASTE_S 0.8     /* that the round trips of one conversation cost in all */

struct slow {
	struct tally server, path;
	struct samples think, rtt;
	uint64_t asks, slow_asks, conversations, slow_paths;
	double server_s, network_s, client_s;
};

struct state {
	struct table services; /* struct service_key -> struct slow */
};

static void drop(void *value)
{
	samples_free(&((struct slow *)value)->think);
	samples_free(&((struct slow *)value)->rtt);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->services, sizeof(struct service_key), sizeof(struct slow), SERVICES_MAX);
	s->services.drop = drop;
}

static double positive_s(int64_t ns)
{
	return ns > 0 ? when_s(ns) : 0;
}

static double round_trip_s(const struct conn *c)
{
	return positive_s(c->rtt_server_ns) + positive_s(c->rtt_client_ns);
}

static void note_server(struct slow *w, const struct record *r)
{
	const struct conn *c = &r->conn;
	double rtt = round_trip_s(c), p50 = positive_s(c->think_p50_ns) - rtt, worst = positive_s(c->think_max_ns) - rtt;

	if (!c->turns)
		return;
	w->asks += c->turns;
	samples_add(&w->think, p50 > 0 ? p50 : 0);
	if (worst < THINK_SLOW_S)
		return;
	w->slow_asks += p50 >= THINK_SLOW_S ? (c->turns + 1) / 2 : 1;
	tally_count(&w->server, r->ts_ns);
	tally_show(&w->server, r, &c->first_turn.ask, "request");
	tally_show(&w->server, r, &c->first_turn.answer, "first byte of the answer %.2f s later",
		when_s(c->first_turn.answer.at_ns - c->first_turn.ask_last.at_ns));
	tally_conversation(&w->server, r);
}

static void note_path(struct slow *w, const struct record *r)
{
	const struct conn *c = &r->conn;
	double rtt = round_trip_s(c), total = positive_s(c->duration_ns), network = positive_s(c->time_network_ns);

	if (rtt > 0)
		samples_add(&w->rtt, rtt);
	if (rtt < RTT_SLOW_S || network < PATH_WASTE_S || network < PATH_SHARE * total)
		return;
	w->slow_paths++;
	tally_count(&w->path, r->ts_ns);
	tally_show(&w->path, r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN");
	tally_show(&w->path, r, &c->syn_ack, "SYN-ACK %.3f s later", positive_s(c->rtt_server_ns));
	tally_show(&w->path, r, &c->handshake_ack, "ACK");
	tally_conversation(&w->path, r);
}

static bool is_interactive(const struct record *r)
{
	return strcmp(r->conn.service, "ssh") == 0 || strcmp(r->conn.service, "telnet") == 0;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct service_key k;
	struct slow *w;

	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || r->conn.one_sided ||
		!r->conn.handshake_ack.frame || is_interactive(r))
		return;
	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.proto = 6;
	w = table_add(&s->services, &k);
	w->conversations++;
	w->server_s += positive_s(r->conn.time_server_ns);
	w->network_s += positive_s(r->conn.time_network_ns);
	w->client_s += positive_s(r->conn.time_client_ns);
	note_server(w, r);
	note_path(w, r);
}

static double share(double part, const struct slow *w)
{
	double all = w->server_s + w->network_s;

	return all > 0 ? part / all : 0;
}

static struct finding *open_for(struct diagnosis_context *x, const char *code, const struct service_key *k,
	const struct tally *t, const struct samples *times, double part)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, code, &subject);

	tally_tell(t, f);
	finding_number(f, "share", part);
	finding_number(f, "p50_s", samples_median(times));
	finding_number(f, "p95_s", samples_percentile(times, 95));
	return f;
}

static void tell_server(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	double part = share(w->server_s, w);
	struct finding *f = open_for(x, "slow-server", k, &w->server, &w->think, part);
	char service[SERVICE_TEXT_SIZE], p50[WHEN_TEXT_SIZE], p95[WHEN_TEXT_SIZE];

	subject_service_text(&k->server, k->port, service);
	when_duration(samples_median(&w->think), p50);
	when_duration(samples_percentile(&w->think, 95), p95);
	f->of = w->conversations;
	f->responsible = RESPONSIBLE_SERVER;
	finding_title(f, "%s takes %s to the first byte of its answers (95th percentile %s)", service, p50, p95);
	finding_detail(f, "%.1f s of server time, %.1f s of network time, %.1f s in which the clients took their time.",
		w->server_s, w->network_s, w->client_s);
	finding_cause(f, 0.8, "the server's program or its backend is what takes the time",
		"requests are acknowledged at once, the answer comes much later; %.0f %% of the waiting", part * 100);
	finding_next(f, "Server: time of these requests in its own log; slow queries, locks, upstream calls");
}

static void tell_path(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	double part = share(w->network_s, w);
	struct finding *f = open_for(x, "slow-path", k, &w->path, &w->rtt, part);
	char service[SERVICE_TEXT_SIZE], rtt[WHEN_TEXT_SIZE];

	subject_service_text(&k->server, k->port, service);
	when_duration(samples_median(&w->rtt), rtt);
	f->of = w->conversations;
	f->responsible = RESPONSIBLE_PATH;
	finding_title(f, "The round trip to %s takes %s, and conversations spend their time in round trips", service, rtt);
	finding_detail(f, "%.1f s of network time against %.1f s of server time.", w->network_s, w->server_s);
	finding_cause(f, 0.6, "distance or a slow access line", "every round trip takes %s, from the handshake on", rtt);
	finding_cause(f, 0.3, "full buffers on the path (bufferbloat)", "compare with a quiet hour");
	finding_next(f, "mtr -n to the server: at which hop does the time appear?");
	finding_next(f, "Fewer round trips: keep connections open, larger initial windows, a cache or server nearby");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->services, NULL); e; e = table_next(&s->services, e)) {
		const struct slow *w = table_value(e);
		bool server = w->slow_asks && (double)w->slow_asks >= SLOW_ASKS_SHARE * (double)w->asks &&
			samples_percentile(&w->think, 75) >= THINK_SLOW_S && share(w->server_s, w) >= SERVER_SHARE;

		if (server)
			tell_server(x, table_key(e), w);
		else if (w->slow_paths && 2 * w->slow_paths >= w->conversations)
			tell_path(x, table_key(e), w);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->services);
}

const struct rule rule_slow = {
	.codes = { "slow-server", "slow-path" },
	.state_size = sizeof(struct state),
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
