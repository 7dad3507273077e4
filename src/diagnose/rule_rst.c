/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resets of established connections, by what they cut off: a TLS handshake, a request without an answer, a transfer, a
 * connection that had been idle; or nothing (rst-on-close).
 */
#include "diagnose/rule_rst.h"

#include <string.h>

#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/path.h"
#include "diagnose/rule_tls.h"
#include "diagnose/timers.h"

#define IDLE_MIN_S 5.0	/* a pause that a person or pool makes, not a slow program */
#define IDLE_RTTS 10.0
#define AT_ONCE_S 0.05	/* beside two round trips: no program looks at a request that fast and gives up */
#define QUIET_MIN_S 1.0 /* an idle timer's close is told with its time from here on */
#define FLOWING_S 5.0	/* data older than this is not flowing: the client gave a stalled answer up */
#define FULL_SEGMENT 536 /* the smallest MSS (RFC 9293, section 3.7.1): less is the end of a message */

/* What became of the request before the RST; the value of a claim of rst-after-request. */
enum {
	REQUEST_SENT,
	REQUEST_ACKED,
	REQUEST_UNKNOWN, /* it was for a connection that the sender of the RST does not know */
};

static const struct rst_seen *first_rst(const struct conn *c)
{
	return c->rst_count ? &c->rsts[0] : NULL;
}

uint8_t rst_peer_ttl(const struct conn_side *side)
{
	return side->ttl_min == side->ttl_max ? side->ttl : 0;
}

/* At once, or right behind the kernel's ACK: a program that had given the connection up closes over the new request. */
static bool answers_pause(const struct conversation *c, const struct rst_seen *rst)
{
	const struct turn *t = &c->conn->last_turn;

	if (c->conn->idle_after_rst)
		return true;
	return c->conn->turns && t->ask.frame == c->conn->idle_after.frame && !t->answer.frame &&
	       when_s(rst->ref.at_ns - c->conn->idle_after.at_ns) <= AT_ONCE_S + 2 * c->rtt_s;
}

bool rst_ends_pause(const struct conversation *c)
{
	const struct rst_seen *rst = first_rst(c->conn);
	double idle = when_s(c->conn->idle_max_ns);

	return rst && answers_pause(c, rst) && idle >= IDLE_MIN_S && idle >= IDLE_RTTS * c->rtt_s &&
	       rst->side != c->conn->idle_after_side && !rst->after_fin && !rst->after_peer_fin &&
	       !conn_was_before(c->conn, (enum side)rst->side, rst->ref.at_ns, c->conn->idle_after.at_ns);
}

static double quiet_s(const struct rst_seen *rst)
{
	bool own = rst->after_own_ns >= 0 && (rst->after_own_ns < rst->after_peer_ns || rst->after_peer_ns < 0);

	return when_s(own ? rst->after_own_ns : rst->after_peer_ns);
}

bool rst_ends_quiet(const struct conversation *c, const struct rst_seen *rst)
{
	return quiet_s(rst) >= IDLE_MIN_S && quiet_s(rst) >= IDLE_RTTS * c->rtt_s && !rst->data_continues &&
	       c->conn->pending != SIDE_ORIG && !c->resp->unacked_bytes && !c->orig->unacked_bytes;
}

static bool follows_own_alert(const struct conversation *c, const struct rst_seen *rst)
{
	for (uint32_t i = 0; c->tls && i < c->tls->alert_count && i < TLS_ALERTS_MAX; i++)
		if (c->tls->alerts[i].side == rst->side && c->tls->alerts[i].ref.at_ns <= rst->ref.at_ns)
			return true;
	return false;
}

/* A server that closes over a request that it never read, the first or one of HTTP's. */
static bool leaves_request(const struct conversation *c, const struct rst_seen *rst)
{
	return rst->side == SIDE_RESP && c->conn->pending == SIDE_ORIG &&
	       (!c->resp->bytes || (c->http && !c->http->status));
}

/*
 * A RST without ACK, in line and with no FIN before it, answers data as a kernel does that does not know the connection,
 * or a firewall that rejects it (RFC 9293, section 3.5.2): the connection was cut with something outstanding. A program that
 * closes over unread data sends RST and ACK.
 */
static bool knows_nothing(const struct conversation *c, const struct rst_seen *rst)
{
	return rst->unread && rst->side == SIDE_RESP && !(rst->flags & TCP_ACK) && rst->seq_delta == 0 && !rst->after_fin &&
	       !rst->after_peer_fin && !rst->has_timestamps && c->conn->pending == SIDE_ORIG && c->resp->bytes;
}

static bool is_part_of_close(const struct conversation *c, const struct rst_seen *rst)
{
	if (knows_nothing(c, rst))
		return false;
	return rst->after_fin || rst->after_peer_fin || follows_own_alert(c, rst) ||
	       (rst->unread && !leaves_request(c, rst));
}

static const char *sender(const struct rst_seen *rst)
{
	return rst->side == SIDE_ORIG ? "client" : "server";
}

static bool claim_after_idle(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	if (!rst_ends_pause(c))
		return false;
	out->code = "rst-after-idle";
	out->delay_s = when_s(c->conn->idle_max_ns);
	out->value = rst->side;
	out->number = rst->ttl;
	out->bytes = rst_peer_ttl(&c->conn->side[rst->side]);
	claim_evidence(out, c->record, &c->conn->idle_before, "last packet before the pause");
	claim_evidence(out, c->record, &c->conn->idle_after, "first packet after it");
	claim_evidence(out, c->record, &rst->ref, "RST in answer, from the %s", sender(rst));
	return true;
}

static bool claim_in_handshake(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	if (!c->tls || !c->resp->bytes || c->tls->stage < TLS_CLIENT_HELLO || c->tls->stage >= TLS_ESTABLISHED ||
	    c->tls->app_data[0].frame || c->tls->app_data[1].frame || c->tls->answered_with[0])
		return false;
	/* The client gives up; unless a device resets both ends. */
	out->code = rst->side == tls_client_side(c) && !tls_first_rst(c, side_other((enum side)rst->side)) ?
		"tls-handshake-abandoned" :
		"rst-in-handshake";
	out->delay_s = when_s(rst->after_peer_ns > 0 ? rst->after_peer_ns : 0);
	out->number = c->tls->stage;
	out->value = rst->side;
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CERTIFICATE], "Certificate of the server");
	claim_evidence(out, c->record, &rst->ref, "RST from the %s", sender(rst));
	return true;
}

/* In a conversation that was picked up in the middle nobody knows who asks, until the other side has answered once. */
static bool claim_after_request(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;

	if (rst->side != SIDE_RESP || !t->ask.frame || t->answer.frame || c->conn->pending != SIDE_ORIG ||
	    (c->conn->midstream && !c->resp->bytes))
		return false;
	out->code = "rst-after-request";
	out->delay_s = when_s(rst->ref.at_ns - t->ask_last.at_ns);
	out->value = knows_nothing(c, rst) ? REQUEST_UNKNOWN : t->acked.frame ? REQUEST_ACKED : REQUEST_SENT;
	out->number = rst->ttl;
	out->bytes = rst_peer_ttl(c->resp);
	claim_evidence(out, c->record, &t->ask, "request");
	claim_evidence(out, c->record, &t->acked, "its acknowledgement");
	claim_evidence(out, c->record, &rst->ref, "RST from the server, without an answer");
	return out->delay_s >= 0;
}

/* An answer that had begun and was not whole: by its announced length, or with full segments on their way. */
static bool was_transferring(const struct conversation *c, const struct rst_seen *rst)
{
	const struct conn_side *by = &c->conn->side[rst->side];
	bool gave_up = rst->side == SIDE_ORIG && when_s(rst->ref.at_ns - c->resp->last_data.at_ns) >= FLOWING_S;

	if (c->http && c->http->status && c->http->announced_body != UINT64_MAX &&
	    c->http->response_body < c->http->announced_body)
		return !gave_up;
	if (conn_speaks(c->conn, "http") && !c->http)
		return false;
	return rst->side == SIDE_RESP && by->data_segments > 1 && by->largest_len >= FULL_SEGMENT &&
	       by->unacked_bytes >= by->largest_len;
}

static bool claim_mid_transfer(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	if (!c->resp->bytes || !c->orig->bytes || !was_transferring(c, rst))
		return false;
	out->code = "rst-mid-transfer";
	out->delay_s = when_s(rst->ref.at_ns - c->resp->last_data.at_ns);
	out->bytes = c->resp->bytes;
	out->value = rst->side;
	claim_evidence(out, c->record, &c->conn->last_turn.ask, "request");
	claim_evidence(out, c->record, &c->resp->last_data, "last data of the server");
	claim_evidence(out, c->record, &rst->ref, "RST from the %s", sender(rst));
	return out->delay_s >= 0;
}

static bool claim_on_close(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	double quiet = quiet_s(rst);

	out->code = "rst-on-close";
	out->delay_s = quiet >= QUIET_MIN_S && !rst->unread ? quiet : -1;
	out->value = rst->side;
	claim_evidence(out, c->record, rst->side == SIDE_ORIG ? &c->resp->last_data : &c->orig->last_data,
		"last data of the other side");
	claim_evidence(out, c->record, &rst->ref, "RST from the %s", sender(rst));
	return true;
}

/* A client that gives an unanswered request up by RST is no reset: what it waited for is the failure. */
static bool client_gives_up(const struct conversation *c, const struct rst_seen *rst)
{
	return rst->side == SIDE_ORIG && !c->tls && c->conn->pending == SIDE_ORIG && c->conn->last_turn.acked.frame;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct rst_seen *rst = first_rst(c->conn);

	(void)state;
	(void)x;
	if (!rst || c->cannot_tell || (!c->conn->handshake_ack.frame && !c->conn->midstream))
		return false;
	if (claim_after_idle(c, rst, out))
		return true;
	if (is_part_of_close(c, rst))
		return rst->unread && claim_on_close(c, rst, out);
	if (client_gives_up(c, rst))
		return false;
	return claim_in_handshake(c, rst, out) || claim_mid_transfer(c, rst, out) || claim_after_request(c, rst, out) ||
	       claim_on_close(c, rst, out);
}

static void name_sender(struct finding *f, const struct claim_group *g)
{
	f->responsible = g->claims[0]->value == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_text(f, "sent_by", g->claims[0]->value == SIDE_ORIG ? "client" : "server");
}

/* What the TTL says about who sent the RST. */
static bool compare_ttls(struct finding *f, const struct claim *c, enum side by)
{
	uint8_t rst = (uint8_t)c->number, peer = (uint8_t)c->bytes;
	const char *who = by == SIDE_ORIG ? "client" : "server";

	if (!rst || !peer)
		return false;
	if (path_hops(rst) == path_hops(peer)) {
		finding_against(f, "the RST's TTL (%u) fits the %s's own packets (%u): it may have sent it itself", rst, who,
			peer);
		return false;
	}
	finding_detail(f, "The RST comes with TTL %u, the %s's own packets with TTL %u: another device, %s, sent it.", rst,
		who, peer, path_hops(rst) < path_hops(peer) ? "nearer" : "farther away");
	return true;
}

static void each_after_idle(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	double median = group_delay_median(g), least = group_delay_min(g);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], idle[WHEN_TEXT_SIZE], shortest[WHEN_TEXT_SIZE];
	bool other;

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(median, idle);
	when_duration(least, shortest);
	name_sender(f, g);
	finding_number(f, "idle_median_s", median);
	finding_title(f, "Connections to %s are reset when used again after a pause of %s (%d)", service, idle, g->count);
	finding_detail(f, "The connection worked, was idle, and the first packet after the pause is answered by a RST.");
	other = compare_ttls(f, g->claims[0], g->claims[0]->value == SIDE_ORIG ? SIDE_ORIG : SIDE_RESP);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, other ? 0.85 : 0.65, "a stateful firewall, NAT or load balancer forgot the idle connection",
		"it resets what it does not know any more; its idle time is at most %s", shortest);
	finding_cause(f, other ? 0.1 : 0.3, "the server closed its end or restarted, and its FIN or RST did not get here",
		"a kernel answers a segment for an unknown connection with RST");
	finding_next(f, "Send keep-alives more often than every %s (net.ipv4.tcp_keepalive_time, or the application's)",
		shortest);
	finding_next(f, "Compare with the idle time-outs of the devices on the path; capture on the server to see who resets: "
			"tcpdump -ni any 'tcp port %u and tcp[tcpflags] & tcp-rst != 0'", g->port);
}

static void each_in_handshake(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	bool by_client = g->claims[0]->value == SIDE_ORIG;
	struct finding *f = finding_of_group(x, g);
	const char *sni = group_text(g);
	char service[SERVICE_TEXT_SIZE], option[SERVER_OPTION_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	name_sender(f, g);
	finding_text(f, "stage", g->claims[0]->number >= TLS_SERVER_HELLO ? "after ServerHello" : "after ClientHello");
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_text(f, "sni", sni);
	finding_title(f, "TLS handshakes with %s are reset half-way by the %s (%d)", service, by_client ? "client" : "server",
		g->count);
	finding_detail(f, "The server had begun to answer; then a RST instead of the next handshake message, and no alert.");
	finding_cause(f, 0.5, by_client ? "the client's program gave up or crashed on what it got" :
					  "the server's process ended, or a device before it cut in",
		"an orderly refusal would be an alert");
	finding_cause(f, 0.35, "a device on the path that reads the names or certificates cut the connection",
		"it sees ServerHello and, before TLS 1.3, the certificate in clear");
	finding_next(f, "openssl s_client -connect %s %s -msg; then the logs of the side that resets", service,
		group_server_option(g, option));
	finding_next(f, "Capture at both ends: the RST that is on one side only was made in between");
}

/* The connection worked, and its next request meets somebody who has never heard of it. */
static void tell_unknown(struct finding *f, const struct claim_group *g, const char *service)
{
	bool other;

	finding_title(f, "%s resets working connections at their next request, as one that does not know them (%d)", service,
		g->count);
	finding_detail(f, "The connection worked; then a request is answered at once by a RST that acknowledges nothing.");
	other = compare_ttls(f, g->claims[0], SIDE_RESP);
	f->responsible = other ? RESPONSIBLE_MIDDLEBOX : RESPONSIBLE_SERVER;
	finding_cause(f, other ? 0.85 : 0.35, "a firewall or load balancer on the path rejects the connection from then on",
		"a rule that changed, or a state that it lost");
	finding_cause(f, other ? 0.1 : 0.55, "the server lost its state: a restart, a failover, another machine at its address",
		"a kernel answers a segment for an unknown connection with RST");
	finding_next(f, "Capture on the server: tcpdump -ni any 'tcp port %u' (does the RST leave from there?)", g->port);
	finding_next(f, "What changed at that time: firewall rules, a failover, a restart, the address of the server?");
}

static void each_after_request(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), delay);
	finding_number(f, "delay_median_s", group_delay_median(g));
	if (g->claims[0]->value == REQUEST_UNKNOWN) {
		tell_unknown(f, g, service);
		return;
	}
	finding_title(f, "%s resets connections %s after the request, without an answer (%d)", service, delay, g->count);
	finding_detail(f, g->claims[0]->value == REQUEST_ACKED ? "The request is acknowledged; instead of an answer comes a RST." :
						"The request is sent; instead of an acknowledgement and an answer comes a RST.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, "the server's process gives up on the request: a crash, a time-out, a limit",
		"the kernel had taken the request in");
	finding_cause(f, 0.3, "a proxy, load balancer or firewall before the server ends it", "its reset looks the same");
	if (group_delay_median(g) >= QUIET_MIN_S)
		finding_next(f, "Server's log at the times of the RSTs; what takes %s there?", delay);
	else
		finding_next(f, "Server's log at the times of the RSTs: a crash, an access list, a limit?");
	finding_next(f, "Capture on the server: tcpdump -ni any 'tcp port %u' (does the RST leave from there?)", g->port);
}

static void each_mid_transfer(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	bool by_client = g->claims[0]->value == SIDE_ORIG;
	const char *by = by_client ? "client" : "server";
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), delay);
	name_sender(f, g);
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_integer(f, "bytes", (int64_t)g->claims[0]->bytes);
	finding_title(f, "Transfers from %s are reset by the %s in the middle (%d)", service, by, g->count);
	finding_detail(f, "Data was flowing (%llu bytes of the first one); the RST comes %s after the last of them.",
		(unsigned long long)g->claims[0]->bytes, delay);
	finding_cause(f, 0.6, by_client ? "the client gave the transfer up" : "the server's process aborted the transfer",
		"no loss and no closed window came before it");
	finding_cause(f, 0.25, "a device on the path cut it (inspection, time or volume limit)", "its reset looks the same");
	finding_next(f, "Log of the %s at that time: an exception, a limit of time or size, a killed worker?", by);
	finding_next(f, "Compare the bytes at which it breaks: always the same number points to a limit");
}

static void each_on_close(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const char *by = g->claims[0]->value == SIDE_ORIG ? "client" : "server", *known;
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], quiet[WHEN_TEXT_SIZE];
	double idle = group_delay_median(g);

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	name_sender(f, g);
	f->responsible = RESPONSIBLE_UNKNOWN;
	when_duration(idle, quiet);
	finding_title(f, "%d connection%s to %s end%s with RST from the %s%s%s, with nothing outstanding", g->count,
		g->count == 1 ? "" : "s", service, g->count == 1 ? "s" : "", by, idle > 0 ? " after a silence of " : "",
		idle > 0 ? quiet : "");
	if (idle <= 0) {
		finding_null(f, "idle_median_s");
		finding_detail(f, "Usually harmless: a close with unread data, or with linger 0 after the exchange.");
		return;
	}
	finding_number(f, "idle_median_s", idle);
	known = timer_known_as(idle, TIMER_IDLE);
	finding_detail(f, "Usually harmless: an idle timer of the %s or of a device before it%s%s.", by, known ? ", such as the " : "",
		known ? known : "");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "rst-after-idle", GROUP_BY_SERVICE, each_after_idle, NULL);
	claim_groups(x, "rst-in-handshake", GROUP_BY_SERVICE, each_in_handshake, NULL);
	claim_groups(x, "rst-after-request", GROUP_BY_SERVICE, each_after_request, NULL);
	claim_groups(x, "rst-mid-transfer", GROUP_BY_SERVICE, each_mid_transfer, NULL);
	claim_groups(x, "rst-on-close", GROUP_BY_SERVICE, each_on_close, NULL);
}

const struct rule rule_rst = {
	.codes = { "rst-after-idle", "rst-in-handshake", "rst-after-request", "rst-mid-transfer", "rst-on-close" },
	.spec = "RFC 9293, sections 3.5.2 and 3.10.7",
	.asked_if = SHOWS_RST,
	.claim = on_claim,
	.finish = on_finish,
};
