/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zero-window: a receiver closes its window and the sender stands still; told as stalled seconds. window-limited: a
 * small window is filled again and again, one round trip each, and nothing is lost (RFC 9293, section 3.8.6).
 */
#include <math.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define RECEIVERS_MAX 4000
#define ZERO_MIN_NS (5 * NS_PER_MS)    /* shorter closures in all are a reader at work; up to the next, */
#define ZERO_LOUD_NS (500 * NS_PER_MS) /* from which on a user notices, a busy one: a note */
#define LIMITED_MIN_NS PACE_MIN_NS
#define LIMITED_SHARE 0.3 /* of the conversation */
#define WINDOW_A_TRIP 0.25 /* as near is a window per round trip to the rate, where the sender's waits are not seen */
#define LIMITED_TRIPS 10.0 /* fewer round trips may be slow start */

struct receiver_key {
	struct addr receiver, sender;
	uint16_t port;
	uint8_t limited, pad;
};

struct receiver {
	struct tally tally;
	int64_t stalled_ns;
	uint32_t closures, window;
	double bps;
	bool is_client, never_opened;
};

struct state {
	struct table receivers; /* struct receiver_key -> struct receiver */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->receivers, sizeof(struct receiver_key), sizeof(struct receiver),
		RECEIVERS_MAX);
	((struct state *)state)->receivers.drop = tally_drop;
}

static struct receiver *receiver_of(struct state *s, const struct record *r, enum side side, bool limited)
{
	struct receiver_key k;

	memset(&k, 0, sizeof(k));
	k.receiver = side == SIDE_ORIG ? r->orig_h : r->resp_h;
	k.sender = side == SIDE_ORIG ? r->resp_h : r->orig_h;
	k.port = r->resp_p;
	k.limited = limited;
	return table_add(&s->receivers, &k);
}

static void note_zero(struct state *s, const struct record *r, enum side side)
{
	const struct conn_side *o = &r->conn.side[side];
	struct receiver *v;

	if (!o->zero_windows || o->zero_window_ns < ZERO_MIN_NS)
		return;
	v = receiver_of(s, r, side, false);
	tally_count(&v->tally, r->ts_ns + o->zero_window_first.at_ns);
	tally_show(&v->tally, r, &o->zero_window_first, "window closed");
	tally_conversation(&v->tally, r);
	v->stalled_ns += o->zero_window_ns;
	v->closures += o->zero_windows;
	v->is_client = side == SIDE_ORIG;
	v->never_opened |= o->zero_window_open_ns != UNSET;
}

static double round_trip_s(const struct conn *c)
{
	double s = 0;

	for (int i = 0; i < 2; i++) {
		int64_t handshake = i ? c->rtt_client_ns : c->rtt_server_ns;
		const struct conn_side *asker = &c->side[i];

		if (asker->rtt_samples && (handshake < 0 || asker->rtt_min_ns < handshake))
			handshake = asker->rtt_min_ns;
		s += handshake > 0 ? when_s(handshake) : 0;
	}
	return s;
}

/* Too brief for what follows. */
static bool is_brief(const struct conn_side *sender)
{
	return sender->window_limited_ns < LIMITED_MIN_NS &&
		sender->last_data.at_ns - sender->first_data.at_ns < LIMITED_MIN_NS;
}

/* Seconds for which `side` waits for the other's window, from its own waits, or (at the reader) from the pace. */
static double limited_s(const struct conn *c, enum side side)
{
	const struct conn_side *sender = &c->side[side], *reader = &c->side[side_other(side)];
	double rtt = round_trip_s(c), flow = when_s(sender->last_data.at_ns - sender->first_data.at_ns);
	double a_trip = flow > 0 ? (double)sender->bytes / flow * rtt : 0, window = reader->window_max;

	if (sender->window_limited_ns >= LIMITED_MIN_NS)
		return when_s(sender->window_limited_ns);
	if (flow < LIMITED_TRIPS * rtt || fabs(a_trip - window) > WINDOW_A_TRIP * window)
		return 0;
	return flow;
}

/* `side` sends, the other's window sets the pace. */
static void note_limited(struct state *s, const struct record *r, enum side side)
{
	const struct conn_side *sender = &r->conn.side[side], *reader = &r->conn.side[side_other(side)];
	double lasted = when_s(r->conn.duration_ns), limited;
	struct receiver *v;

	if (is_brief(sender))
		return;
	limited = limited_s(&r->conn, side);
	if (limited <= 0 || limited < LIMITED_SHARE * lasted || sender->loss.lost || reader->zero_windows ||
		when_s(sender->window_wait_ns) > limited / 2) /* not read at once: zero-window, slow-client */
		return;
	v = receiver_of(s, r, side_other(side), true);
	tally_count(&v->tally, r->ts_ns);
	tally_show(&v->tally, r, &sender->first_data, "data that fills the window");
	for (uint32_t i = 0; i < r->conn.stall_count && i < STALLS_MAX; i++)
		if (r->conn.stalls[i].reason == STALL_RECEIVER_WINDOW && r->conn.stalls[i].side == side)
			tally_show(&v->tally, r, &r->conn.stalls[i].ref, "goes on after %.3f s before a full window",
				when_s(r->conn.stalls[i].lasted_ns));
	tally_conversation(&v->tally, r);
	v->stalled_ns += (int64_t)(limited * 1e9);
	v->window = reader->window_max;
	v->is_client = side == SIDE_RESP;
	if (lasted > 0)
		v->bps = 8.0 * (double)sender->bytes / lasted;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART || r->conn.one_sided)
		return;
	for (int side = 0; side < 2; side++) {
		note_zero(state, r, (enum side)side);
		note_limited(state, r, (enum side)side);
	}
}

static struct finding *open_for(struct diagnosis_context *x, const char *code, const struct receiver_key *k,
	const struct receiver *v)
{
	struct subject subject = { .client = v->is_client ? k->receiver : k->sender,
		.server = v->is_client ? k->sender : k->receiver, .port = k->port, .proto = 6, .host = k->receiver };
	struct finding *f = finding_open(x, code, &subject);

	tally_tell(&v->tally, f);
	f->responsible = v->is_client ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	return f;
}

static void tell_zero(struct diagnosis_context *x, const struct receiver_key *k, const struct receiver *v)
{
	struct finding *f = open_for(x, "zero-window", k, v);
	char receiver[ADDR_TEXT_SIZE], stalled[WHEN_TEXT_SIZE];

	addr_text(&k->receiver, receiver);
	when_duration(when_s(v->stalled_ns), stalled);
	if (v->stalled_ns < ZERO_LOUD_NS)
		f->severity = SEVERITY_NOTE;
	finding_number(f, "stalled_s", when_s(v->stalled_ns));
	finding_integer(f, "closures", v->closures);
	finding_text(f, "receiver", receiver);
	finding_title(f, "%s stops reading: its receive window stays closed for %s in all", receiver, stalled);
	finding_detail(f, "The window closes %u time%s%s; the sender stands still and probes. The network is not the reason.",
		v->closures, v->closures == 1 ? "" : "s", v->never_opened ? " and does not open again" : "");
	finding_cause(f, 0.85, "the receiving program does not read its socket: busy, blocked, or waiting for a disk",
		"its kernel announces a window of 0");
	finding_next(f, "On %s: ss -tnp (a Recv-Q that stays full shows the process); what is that process doing?", receiver);
}

static void tell_limited(struct diagnosis_context *x, const struct receiver_key *k, const struct receiver *v)
{
	struct finding *f = open_for(x, "window-limited", k, v);
	char receiver[ADDR_TEXT_SIZE], waited[WHEN_TEXT_SIZE];

	addr_text(&k->receiver, receiver);
	when_duration(when_s(v->stalled_ns), waited);
	finding_integer(f, "window_bytes", v->window);
	finding_number(f, "rate_bps", v->bps);
	finding_title(f, "The receive window of %s (%u bytes) sets the pace: %.1f Mbit/s", receiver, v->window, v->bps / 1e6);
	finding_detail(f, "The sender fills it and waits a round trip each time, %s in all; nothing is lost.", waited);
	finding_cause(f, 0.7, "the receiver's buffer is too small for this round trip",
		"rate = window / round trip");
	finding_next(f, "On %s: net.ipv4.tcp_rmem, SO_RCVBUF of the program, window scaling", receiver);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->receivers, NULL); e; e = table_next(&s->receivers, e)) {
		const struct receiver_key *k = table_key(e);

		if (k->limited)
			tell_limited(x, k, table_value(e));
		else
			tell_zero(x, k, table_value(e));
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->receivers);
}

const struct rule rule_window = {
	.codes = { "zero-window", "window-limited" },
	.spec = "RFC 9293, section 3.8.6",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_PACE,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
