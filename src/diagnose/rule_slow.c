/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow-server, slow-client, slow-path: where the time of slow conversations goes. The server's share is from the whole
 * request to the first byte of the answer (less a round trip, when seen from the client's side); the client's is what
 * the server waits for its window or for the rest of its request; the path's is round trips and repairs.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/samples.h"
#include "base/table.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/slow_answers.h"
#include "diagnose/slow_split.h"
#include "diagnose/tally.h"

#define PUSHED_MAX 4096
#define THINK_SLOW_S 0.9     /* answers that a user waits for; long polls and batch jobs are told by their share */
#define LONG_POLL_S 15.0     /* an answer so late is as likely held back on purpose as slow */
#define SOME_MIN 3	     /* slow ones, where the usual answer is quick */
#define HELLO_LATE_S 3.0     /* a ServerHello needs no backend: so late, nobody had read the ClientHello */
#define HELLOS_MIN 2
#define BRISK_S 2.0	     /* up to there a user takes it for the page's weight, */
#define BRISK_TRIPS 20.0     /* where it does not stand out against the round trip */
#define RTT_NOTE_S 0.2	     /* worth a note, */
#define RTT_SLOW_S 0.25	     /* past intercontinental round trips */
#define RTT_BAD_S 0.6	     /* past a satellite's: slow whatever else happens */
#define RTT_ABSURD_S 30.0    /* no TCP handshake takes so long: a clock or a rewritten capture */
#define SHARE 0.5	     /* of the time in which anybody waited: the one to name */
#define SLOW_ASKS_SHARE 0.25 /* of the requests to that service */
#define PATH_SHARE 0.6
#define PATH_WASTE_S 0.8     /* that the round trips of one conversation cost in all */
#define CLIENT_WASTE_S 1.0   /* the same for its window, */
#define CLIENT_SHARE 0.4     /* whose every opening costs a round trip of the network beside it */

enum culprit {
	SERVER,
	CLIENT,
	PATH,
	CULPRITS,
};

struct slow {
	struct tally tally[CULPRITS];
	struct samples times[CULPRITS]; /* think, waits for the client, round trips */
	struct slow_split sum;
	uint64_t asks, slow_asks, conversations, slow[CULPRITS];
	uint64_t near_client, near_server;
	uint64_t late_hellos; /* TLS clients whose ServerHello was late, */
	double hello_max_s;   /* by up to so long */
	uint64_t late;	    /* of the slow clients: those that only begin late */
	struct addr late_client;
	double rtt_least_s; /* of the conversations with a slow path, as their data shows it */
};

struct uid_key {
	char uid[20];
};

struct state {
	struct table pushed;   /* struct uid_key -> char: HTTP where a late answer is meant (WebSocket, events, polls) */
	struct table asked;    /* struct uid_key -> int64_t: when the first data within TLS was sent, from ts_ns on */
};

void slow_drop(struct diagnosis_context *x, struct slow *w)
{
	if (!w)
		return;
	for (int i = 0; i < CULPRITS; i++)
		samples_free(&w->times[i]);
	parties_give(x, w, sizeof(*w));
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->pushed, sizeof(struct uid_key), 1, PUSHED_MAX);
	table_init(&s->asked, sizeof(struct uid_key), sizeof(int64_t), PUSHED_MAX);
}

static double positive_s(int64_t ns)
{
	return ns > 0 ? when_s(ns) : 0;
}

static struct uid_key uid_of(const struct record *r)
{
	struct uid_key k = { "" };

	memcpy(k.uid, r->uid, sizeof(k.uid) - 1);
	return k;
}

static bool is_tls(const struct conn *c)
{
	return strcmp(c->service, "tls") == 0;
}

/* What is usual: the median, but for TLS, whose handshake is quick turns, and of few. */
static double usual_think_s(const struct conn *c)
{
	return positive_s(is_tls(c) && c->turns <= 4 ? c->think_max_ns : c->think_p50_ns);
}

static const struct stall *late_answer(const struct state *s, const struct record *r, double rtt_s)
{
	struct uid_key uid = uid_of(r);
	const int64_t *asked = is_tls(&r->conn) ? table_find(&s->asked, &uid) : NULL;

	return asked ? slow_wait_within_tls(&r->conn, *asked, rtt_s) : NULL;
}

static void show_server(struct tally *t, const struct record *r, const struct stall *late)
{
	const struct turn *shown = &r->conn.last_turn;

	if (late) {
		tally_show(t, r, &r->conn.last_turn.ask, "request");
		tally_show(t, r, &late->ref, "the answer proper %.2f s later", when_s(late->lasted_ns));
		return;
	}
	if (!shown->answer.frame || when_s(shown->answer.at_ns - shown->ask_last.at_ns) < THINK_SLOW_S)
		shown = &r->conn.first_turn;
	tally_show(t, r, &shown->ask, "request");
	tally_show(t, r, &shown->answer, "first byte of the answer %.2f s later",
		when_s(shown->answer.at_ns - shown->ask_last.at_ns));
}

/* The only answer came when the client had given up: nobody waited for it, and other rules say why. */
static bool answers_a_close(const struct conn *c)
{
	return c->first_fin == SIDE_ORIG && c->last_turn.answer.frame &&
		c->last_turn.answer.at_ns >= c->side[SIDE_ORIG].fin.at_ns;
}

static bool note_hello(struct slow *w, const struct record *r)
{
	const struct turn *t = &r->conn.first_turn;
	double wait_s = slow_hello_wait_s(&r->conn);

	if (wait_s < HELLO_LATE_S)
		return false;
	w->late_hellos++;
	w->hello_max_s = fmax(w->hello_max_s, wait_s);
	tally_count(&w->tally[SERVER], r->ts_ns);
	tally_show(&w->tally[SERVER], r, &t->ask, "ClientHello");
	tally_show(&w->tally[SERVER], r, &t->acked, "its acknowledgement");
	tally_show(&w->tally[SERVER], r, &t->answer, "the server's first byte %.2f s later", wait_s);
	tally_conversation(&w->tally[SERVER], r);
	return true;
}

static void note_server(const struct state *s, struct slow *w, const struct record *r, struct slow_split *t)
{
	const struct conn *c = &r->conn;
	double usual = usual_think_s(c) - t->rtt_s, worst = positive_s(c->think_max_ns) - t->rtt_s;
	const struct stall *late = late_answer(s, r, t->rtt_s);
	struct uid_key uid = uid_of(r);
	bool late_hello = note_hello(w, r);

	if (!c->turns || answers_a_close(c) || slow_is_interactive(r) || table_find(&s->pushed, &uid) ||
		(strcmp(c->service, "http") != 0 && !late && slow_pushes(c)))
		return;
	if (late) {
		usual = worst = when_s(late->lasted_ns);
		t->server_s += usual;
		t->network_s = fmax(0, t->network_s - usual);
	}
	w->asks += is_tls(c) && c->turns > 2 ? c->turns - 2 : c->turns;
	samples_add(&w->times[SERVER], usual > 0 ? usual : 0);
	if (worst < THINK_SLOW_S)
		return;
	w->slow_asks += usual >= THINK_SLOW_S ? (c->turns + 1) / 2 : 1;
	w->slow[SERVER]++;
	if (late_hello)
		return;
	tally_count(&w->tally[SERVER], r->ts_ns);
	show_server(&w->tally[SERVER], r, late);
	tally_conversation(&w->tally[SERVER], r);
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
		tally_show(&w->tally[CLIENT], r, &r->conn.handshake_ack, "the connection is made");
		tally_show(&w->tally[CLIENT], r, &r->conn.side[SIDE_ORIG].first_data, "the client begins %.3f s later", t->late_s);
	}
	t->client_s = waits;
	samples_add(&w->times[CLIENT], t->client_s);
	w->slow[CLIENT]++;
	tally_count(&w->tally[CLIENT], r->ts_ns);
	show_client(&w->tally[CLIENT], r);
	if (!w->tally[CLIENT].shown_count)
		tally_show(&w->tally[CLIENT], r, &r->conn.side[SIDE_RESP].first_data, "data that fills the client's window");
	tally_conversation(&w->tally[CLIENT], r);
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
	double least = t->path_rtt_s > 0 ? fmin(t->rtt_s, t->path_rtt_s) : t->rtt_s;

	if (t->rtt_s > 0 && believable(c, t->rtt_s))
		samples_add(&w->times[PATH], t->rtt_s);
	if (t->rtt_s < RTT_NOTE_S || !believable(c, t->rtt_s) || t->network_s < PATH_WASTE_S ||
		t->network_s < PATH_SHARE * (positive_s(c->duration_ns) - t->idle_s))
		return;
	w->rtt_least_s = w->slow[PATH]++ ? fmin(w->rtt_least_s, least) : least;
	tally_count(&w->tally[PATH], r->ts_ns);
	tally_show(&w->tally[PATH], r, &(struct frame_ref){ r->frame, 0, r->source }, "SYN");
	tally_show(&w->tally[PATH], r, &c->syn_ack, "SYN-ACK %.3f s later", positive_s(c->rtt_server_ns));
	tally_show(&w->tally[PATH], r, &c->handshake_ack, "ACK");
	tally_conversation(&w->tally[PATH], r);
}

static void on_conversation(struct state *s, struct diagnosis_context *x, const struct record *r)
{
	struct slow_split t = slow_split(r);
	struct slow *w = x->now.service->slow;

	if (!w)
		w = x->now.service->slow = parties_make(x, sizeof(*w));
	w->conversations++;
	x->now.orig->judged++;
	w->near_client += slow_place(&r->conn) == PLACE_CLIENT;
	w->near_server += slow_place(&r->conn) == PLACE_SERVER;
	note_server(s, w, r, &t);
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
	if (r->kind == RECORD_TLS && r->tls.client == SIDE_ORIG && r->tls.app_data[SIDE_ORIG].frame) {
		struct uid_key uid = uid_of(r);

		*(int64_t *)table_add(&s->asked, &uid) = r->tls.app_data[SIDE_ORIG].at_ns;
	}
	if (r->kind == RECORD_CONN && r->proto == 6 && r->conn.end_reason != CONN_END_PART && !r->conn.one_sided &&
		r->conn.handshake_ack.frame && strcmp(r->conn.service, "ssh") != 0)
		on_conversation(s, x, r);
}

static const char *place_text(const struct slow *w)
{
	if (w->near_client > w->near_server && 2 * w->near_client >= w->conversations)
		return "client";
	return w->near_server && 2 * w->near_server >= w->conversations ? "server" : NULL;
}

static struct finding *open_for(struct diagnosis_context *x, const char *code, const struct service_key *k,
	const struct slow *w, enum culprit who)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	const double parts[] = { w->sum.server_s, w->sum.client_s, w->sum.network_s };
	double all = parts[SERVER] + parts[CLIENT] + parts[PATH];
	struct finding *f = finding_open(x, code, &subject);
	const char *place = place_text(w);

	tally_tell(&w->tally[who], f);
	f->of = w->conversations;
	finding_number(f, "share", all > 0 ? parts[who] / all : 0);
	finding_number(f, "p50_s", samples_median(&w->times[who]));
	finding_number(f, "p95_s", samples_percentile(&w->times[who], 95));
	finding_number(f, "server_s", w->sum.server_s);
	finding_number(f, "client_s", w->sum.client_s);
	finding_number(f, "network_s", w->sum.network_s);
	finding_text(f, "captured_near", place);
	return f;
}

/* After the rule's own sentence: the split, and from where it was seen. */
static void say_split(struct finding *f, const struct slow *w)
{
	const char *place = place_text(w);
	struct text t = { 0 };

	slow_split_say(&w->sum, &t);
	if (t.len)
		finding_detail(f, "%s", text_str(&t));
	text_free(&t);
	if (place)
		finding_detail(f, "Captured near the %s (the halves of the round trip say so); the way to the %s is taken off.",
			place, *place == 'c' ? "server" : "client");
}

static void tell_late_hellos(struct finding *f, const struct slow *w, const char *service, uint16_t port)
{
	char longest[WHEN_TEXT_SIZE];

	when_duration(w->hello_max_s, longest);
	finding_title(f, "%s leaves %llu of %llu TLS clients waiting for its ServerHello, up to %s", service,
		(unsigned long long)w->late_hellos, (unsigned long long)w->conversations, longest);
	finding_detail(f, "Its kernel accepts the connection and acknowledges the ClientHello at once; the program reads it only "
			  "then.");
	say_split(f, w);
	finding_cause(f, 0.6, "the program serves one connection (or a few workers' worth) at a time and is held up by another one",
		"a ServerHello needs no backend and takes milliseconds, as for the other clients");
	finding_cause(f, 0.25, "the server's machine or program stands still for that time (load, garbage collection, a lock)",
		"it would look the same from one client");
	finding_against(f, "the connection that holds the program up is not in this capture");
	finding_next(f, "Capture on the server: tcpdump -ni any 'tcp port %u' (is one connection open and silent all that time?)", port);
	finding_next(f, "On the server: ss -ltnp 'sport = :%u' (Recv-Q counts connections that wait to be accepted)", port);
}

static void tell_server(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	struct finding *f = open_for(x, "slow-server", k, w, SERVER);
	char service[SERVICE_TEXT_SIZE], p50[WHEN_TEXT_SIZE], p95[WHEN_TEXT_SIZE];
	double usual = samples_median(&w->times[SERVER]);
	const struct service_state *known = context_service(x, &k->server, k->port, 6);
	bool some = usual < THINK_SLOW_S; /* not the usual ones */
	bool sure = w->slow[SERVER] >= (some ? SOME_MIN : 2) || (!some && w->asks >= SOME_MIN) ||
		(!some && known && strcmp(known->service, "http") == 0);

	subject_service_text(&k->server, k->port, service);
	when_duration(usual, p50);
	when_duration(samples_percentile(&w->times[SERVER], 95), p95);
	f->responsible = RESPONSIBLE_SERVER;
	if (w->late_hellos >= HELLOS_MIN) {
		tell_late_hellos(f, w, service, k->port);
		return;
	}
	if (!sure || usual >= LONG_POLL_S || (usual < BRISK_S && usual < BRISK_TRIPS * samples_median(&w->times[PATH]))) {
		f->severity = SEVERITY_NOTE;
		f->confidence = 0.5;
		finding_against(f, sure && usual < BRISK_S ? "the path's own round trips are not much shorter" : usual >= LONG_POLL_S ? "an answer so late may be held back on purpose (long poll)" :
							  "one late answer may have been late for a reason of its own");
	}
	if (some)
		finding_title(f, "%s takes %s to the first byte of some answers (the median is %s)", service, p95, p50);
	else
		finding_title(f, "%s takes %s to the first byte of its answers (95th percentile %s)", service, p50, p95);
	say_split(f, w);
	finding_cause(f, 0.8, "the server's program or its backend is what takes the time",
		"requests are acknowledged at once, the answer comes much later; %.0f %% of the waiting",
		finding_fact_number(f, "share") * 100);
	finding_next(f, "Server: time of these requests in its own log; slow queries, locks, upstream calls");
}

/* Browsers open connections that they use later: told as a note where a client does other things meanwhile. */
static bool is_preconnected(const struct diagnosis_context *x, const struct slow *w)
{
	const struct host *client = host_find(x, &w->late_client);

	return w->late == w->slow[CLIENT] && (w->late < w->conversations || (client && client->judged > w->conversations));
}

static void tell_client(struct diagnosis_context *x, const struct service_key *k,
	const struct slow *w)
{
	struct finding *f = open_for(x, "slow-client", k, w, CLIENT);
	char service[SERVICE_TEXT_SIZE], p50[WHEN_TEXT_SIZE];

	subject_service_text(&k->server, k->port, service);
	when_duration(samples_median(&w->times[CLIENT]), p50);
	f->responsible = RESPONSIBLE_CLIENT;
	finding_title(f, "Clients of %s are what takes the time: the server waits %s for them in a conversation", service, p50);
	if (is_preconnected(x, w)) {
		f->severity = SEVERITY_NOTE;
		finding_against(f, "the client may have opened the connection in advance, as browsers do");
	}
	finding_detail(f, w->late == w->slow[CLIENT] ?
				  "The connection is made at once, and the client begins late with its request." :
				  "The server has data to send and stands before the client's closed or full window, or waits for the "
				  "rest of a request.");
	say_split(f, w);
	finding_cause(f, 0.75, "the client's program reads (or sends) slowly: busy, blocked, or writing to a slow disk",
		"its kernel tells its window; no segment is lost meanwhile");
	finding_cause(f, 0.15, "the client holds back on purpose (a player with a full buffer, a rate limit)",
		"that looks the same from outside");
	finding_next(f, "On the client: ss -tnp (a Recv-Q that stays full shows the process); CPU, disk and locks of it");
}

static void tell_path(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	struct finding *f = open_for(x, "slow-path", k, w, PATH);
	char service[SERVICE_TEXT_SIZE], rtt[WHEN_TEXT_SIZE];
	double usual = samples_median(&w->times[PATH]);

	subject_service_text(&k->server, k->port, service);
	when_duration(usual, rtt);
	f->responsible = RESPONSIBLE_PATH;
	if (usual < RTT_BAD_S && (w->slow[PATH] < 2 || w->rtt_least_s < RTT_SLOW_S)) {
		f->severity = SEVERITY_NOTE;
		if (w->slow[PATH] < 2)
			finding_against(f, "a single conversation");
		else
			finding_against(f, "some round trips of the same conversations take %.0f ms only", w->rtt_least_s * 1e3);
	}
	finding_title(f, "The round trip to %s takes %s, and conversations spend their time in round trips", service, rtt);
	say_split(f, w);
	finding_cause(f, 0.6, "distance or a slow access line", "every round trip takes %s, from the handshake on", rtt);
	finding_cause(f, 0.3, "full buffers on the path (bufferbloat)", "compare with a quiet hour");
	finding_next(f, "mtr -n to the server: at which hop does the time appear?");
	finding_next(f, "Fewer round trips: keep connections open, larger initial windows, a cache or server nearby");
}

static bool server_is_slow(const struct slow *w)
{
	double waited = w->sum.server_s + w->sum.client_s + w->sum.network_s;

	return w->slow_asks && (double)w->slow_asks >= SLOW_ASKS_SHARE * (double)w->asks &&
		samples_percentile(&w->times[SERVER], 75) >= THINK_SLOW_S && w->sum.server_s >= SHARE * waited;
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
	if (server_is_slow(w) || (w->late_hellos >= HELLOS_MIN && !is_told_as_blocked(x, k)))
		tell_server(x, k, w);
	else if (w->slow[PATH] && 2 * w->slow[PATH] >= w->conversations)
		tell_path(x, k, w);
	if (w->slow[CLIENT])
		tell_client(x, k, w);
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
	table_free(&((struct state *)state)->asked);
}

const struct rule rule_slow = {
	.codes = { "slow-server", "slow-client", "slow-path" },
	.spec = "RFC 9293, section 3.8; Zhang et al., On the characteristics and origins of Internet flow rates, 2002",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TLS | 1u << RECORD_HTTP,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
