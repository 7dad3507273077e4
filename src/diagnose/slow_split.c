/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting the time of a conversation; see slow_split.h. T-RAT (Zhang et al., 2002) has the classes. */
#include "diagnose/slow_split.h"

#include <math.h>
#include <string.h>

#include "base/when.h"

#define NEAR_SHARE 0.2	   /* a half of the round trip that is this small lies next to the capture, */
#define NEAR_MIN_NS 200000 /* when there is a round trip to speak of */

static double positive_s(int64_t ns)
{
	return ns > 0 ? when_s(ns) : 0;
}

/* Before a reader's closed or full window, one that never opens included. */
static double window_s(const struct conn *c, enum side side)
{
	const struct conn_side *reader = &c->side[side];
	double s = positive_s(c->side[side_other(side)].window_wait_ns);

	if (reader->zero_window_open_ns != UNSET)
		s += fmax(0, positive_s(c->duration_ns) - positive_s(reader->zero_window_open_ns));
	return s;
}

/* The client pauses within its own request, and the server cannot answer yet. */
static double request_pauses_s(const struct record *r)
{
	double s = 0;

	if (!conn_speaks(&r->conn, "http"))
		return 0;
	for (uint32_t i = 0; i < r->conn.stall_count && i < STALLS_MAX; i++)
		if (r->conn.stalls[i].reason == STALL_SENDER_IDLE && r->conn.stalls[i].side == SIDE_ORIG)
			s += positive_s(r->conn.stalls[i].lasted_ns);
	return s;
}

double slow_path_rtt_s(const struct conn *c)
{
	double s = 0;

	for (int i = 0; i < 2; i++)
		if (c->side[i].rtt_samples)
			s += positive_s(c->side[i].rtt_min_ns);
	return s;
}

/* The connection is there, and the client asks nothing yet. */
static double late_s(const struct conn *c)
{
	const struct frame_ref *ask = &c->side[SIDE_ORIG].first_data, *said = &c->side[SIDE_RESP].first_data;

	if (!conn_speaks(c, "http") && !conn_speaks(c, "tls"))
		return 0; /* nobody knows whether the client was to begin */
	if (!ask->frame || !c->handshake_ack.frame || (said->frame && conn_was_before(c, SIDE_RESP, said->at_ns, ask->at_ns)))
		return 0;
	return positive_s(ask->at_ns - c->handshake_ack.at_ns);
}

struct slow_split slow_split(const struct record *r)
{
	const struct conn *c = &r->conn;
	struct slow_split s = { .server_s = positive_s(c->time_server_ns), .idle_s = positive_s(c->time_client_ns) };
	double all = positive_s(c->duration_ns), server_window_s = window_s(c, SIDE_RESP);

	s.rtt_s = positive_s(c->rtt_server_ns) + positive_s(c->rtt_client_ns);
	s.client_s = window_s(c, SIDE_ORIG) + request_pauses_s(r);
	s.server_s += server_window_s;
	s.client_s = fmin(s.client_s, fmax(0, all - s.server_s - s.idle_s));
	s.late_s = late_s(c);
	s.network_s = fmax(0, positive_s(c->time_network_ns) - server_window_s - s.client_s - s.late_s);
	return s;
}

enum capture_place slow_place(const struct conn *c)
{
	double server = (double)c->rtt_server_ns, client = (double)c->rtt_client_ns;

	if (c->rtt_server_ns < 0 || c->rtt_client_ns < 0 || server + client < NEAR_MIN_NS)
		return PLACE_UNKNOWN;
	if (client <= NEAR_SHARE * (server + client))
		return PLACE_CLIENT;
	return server <= NEAR_SHARE * (server + client) ? PLACE_SERVER : PLACE_BETWEEN;
}

void slow_split_add(struct slow_split *a, const struct slow_split *b)
{
	a->server_s += b->server_s;
	a->client_s += b->client_s;
	a->network_s += b->network_s;
	a->idle_s += b->idle_s;
}

void slow_split_say(const struct slow_split *s, struct text *out)
{
	double all = s->server_s + s->client_s + s->network_s;

	if (all <= 0)
		return;
	text_printf(out, "Where the time goes: server %.1f s (%.0f %%), client %.1f s (%.0f %%), network %.1f s (%.0f %%)",
		s->server_s, 100 * s->server_s / all, s->client_s, 100 * s->client_s / all, s->network_s,
		100 * s->network_s / all);
	if (s->idle_s > 0)
		text_printf(out, "; %.1f s more between answers and the next requests, in which nobody waits", s->idle_s);
	text_add(out, ".");
}
