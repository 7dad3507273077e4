/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resets of established connections, by what they cut off: a TLS handshake, a request without an answer, a transfer, a
 * connection that had been idle; or nothing (rst-on-close).
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"

#define IDLE_MIN_S 5.0	/* a pause that a person or pool makes, not a slow program */
#define IDLE_RTTS 10.0
#define QUIET_MIN_S 1.0 /* an idle timer's close is told with its time from here on */

static const struct rst_seen *first_rst(const struct conn *c)
{
	return c->rst_count ? &c->rsts[0] : NULL;
}

static bool is_part_of_close(const struct conversation *c, const struct rst_seen *rst)
{
	enum side by = (enum side)rst->side;

	if (rst->after_fin || rst->after_peer_fin || rst->unread)
		return true;
	for (uint32_t i = 0; c->tls && i < c->tls->alert_count && i < TLS_ALERTS_MAX; i++)
		if (c->tls->alerts[i].side == by && c->tls->alerts[i].ref.at_ns <= rst->ref.at_ns)
			return true;
	return false;
}

static void evidence_of_last_ask(struct claim *out, const struct conversation *c)
{
	claim_evidence(out, c->record, &c->conn->last_turn.ask, "request");
	claim_evidence(out, c->record, &c->conn->last_turn.acked, "its acknowledgement");
}

static const char *sender(const struct rst_seen *rst)
{
	return rst->side == SIDE_ORIG ? "client" : "server";
}

static bool claim_after_idle(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	double idle = when_s(c->conn->idle_max_ns);

	if (!c->conn->idle_after_rst || idle < IDLE_MIN_S || idle < IDLE_RTTS * c->rtt_s)
		return false;
	out->code = "rst-after-idle";
	out->delay_s = idle;
	out->value = rst->side;
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
	out->code = "rst-in-handshake";
	out->delay_s = when_s(rst->after_peer_ns > 0 ? rst->after_peer_ns : 0);
	out->number = c->tls->stage;
	out->value = rst->side;
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	claim_evidence(out, c->record, &rst->ref, "RST from the %s", sender(rst));
	return true;
}

static bool claim_after_request(const struct conversation *c, const struct rst_seen *rst, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;

	if (rst->side != SIDE_RESP || !t->ask.frame || t->answer.frame || c->conn->pending != SIDE_ORIG)
		return false;
	out->code = "rst-after-request";
	out->delay_s = when_s(rst->ref.at_ns - t->ask_last.at_ns);
	evidence_of_last_ask(out, c);
	claim_evidence(out, c->record, &rst->ref, "RST from the server, without an answer");
	return out->delay_s >= 0;
}

/* An answer that had begun and was not whole: by its announced length, or with bytes on their way. */
static bool was_transferring(const struct conversation *c, const struct rst_seen *rst)
{
	const struct conn_side *by = &c->conn->side[rst->side];

	if (c->http && c->http->status && c->http->announced_body != UINT64_MAX &&
		c->http->response_body < c->http->announced_body)
		return true;
	return by->unacked_bytes > 0 && by->data_segments > 1 && rst->side == SIDE_RESP;
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
	double quiet = when_s(rst->after_own_ns < rst->after_peer_ns || rst->after_peer_ns < 0 ? rst->after_own_ns :
												   rst->after_peer_ns);

	out->code = "rst-on-close";
	out->delay_s = quiet >= QUIET_MIN_S ? quiet : -1;
	out->value = rst->side;
	claim_evidence(out, c->record, &rst->ref, "RST from the %s", sender(rst));
	return true;
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
	return claim_in_handshake(c, rst, out) || claim_mid_transfer(c, rst, out) || claim_after_request(c, rst, out) ||
		claim_on_close(c, rst, out);
}

static void name_sender(struct finding *f, const struct claim_group *g)
{
	f->responsible = g->claims[0]->value == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_text(f, "sent_by", g->claims[0]->value == SIDE_ORIG ? "client" : "server");
}

static void each_after_idle(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], idle[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), idle);
	name_sender(f, g);
	finding_number(f, "idle_median_s", group_delay_median(g));
	finding_title(f, "Connections to %s are reset when used again after a pause of %s (%d)", service, idle, g->count);
	finding_detail(f, "The connection worked, was idle, and the first packet after the pause is answered by a RST.");
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.65, "a stateful firewall, NAT or load balancer forgot the idle connection",
		"it resets what it does not know any more; its idle time is at most %s", idle);
	finding_cause(f, 0.3, "the server closed its end or restarted, and its FIN or RST did not get here",
		"a kernel answers a segment for an unknown connection with RST");
	finding_next(f, "Send keep-alives more often than every %s (net.ipv4.tcp_keepalive_time, or the application's)", idle);
	finding_next(f, "Compare with the idle time-outs of the devices on the path; capture on the server to see who resets");
}

static void each_in_handshake(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	name_sender(f, g);
	finding_text(f, "stage", g->claims[0]->number >= TLS_SERVER_HELLO ? "after ServerHello" : "after ClientHello");
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_title(f, "TLS handshakes with %s are reset half-way by the %s (%d)", service,
		g->claims[0]->value == SIDE_ORIG ? "client" : "server", g->count);
	finding_detail(f, "The server had begun to answer; then a RST instead of the next handshake message, and no alert.");
	finding_cause(f, 0.5, g->claims[0]->value == SIDE_ORIG ? "the client's program gave up or crashed on what it got" :
								  "the server's process ended, or a device before it cut in",
		"an orderly refusal would be an alert");
	finding_next(f, "openssl s_client -connect %s -msg; then the logs of the side that resets", service);
}

static void each_after_request(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), delay);
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_title(f, "%s resets connections %s after the request, without an answer (%d)", service, delay, g->count);
	finding_detail(f, "The request is acknowledged; instead of an answer comes a RST.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, "the server's process gives up on the request: a crash, a time-out, a limit",
		"the kernel had taken the request in");
	finding_cause(f, 0.3, "a proxy, load balancer or firewall before the server ends it", "its reset looks the same");
	finding_next(f, "Server's log at the times of the RSTs; what takes %s there?", delay);
}

static void each_mid_transfer(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];
	const char *by = g->claims[0]->value == SIDE_ORIG ? "client" : "server";

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), delay);
	name_sender(f, g);
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_integer(f, "bytes", (int64_t)g->claims[0]->bytes);
	finding_title(f, "Transfers from %s are reset by the %s in the middle (%d)", service, by, g->count);
	finding_detail(f, "Data was flowing (%llu bytes of the first one); the RST comes %s after the last of them.",
		(unsigned long long)g->claims[0]->bytes, delay);
	finding_cause(f, 0.6, g->claims[0]->value == SIDE_ORIG ? "the client gave the transfer up" :
								  "the server's process aborted the transfer",
		"no loss and no closed window came before it");
	finding_cause(f, 0.25, "a device on the path cut it (inspection, time or volume limit)", "its reset looks the same");
	finding_next(f, "Log of the %s at that time: an exception, a limit of time or size, a killed worker?", by);
}

static void each_on_close(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];
	double idle = group_delay_median(g);

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	name_sender(f, g);
	f->responsible = RESPONSIBLE_UNKNOWN;
	if (idle > 0)
		finding_number(f, "idle_median_s", idle);
	else
		finding_null(f, "idle_median_s");
	finding_title(f, "%d connections to %s end with RST, with nothing outstanding", g->count, service);
	finding_detail(f, "Usually harmless: a close with unread data, linger 0, or an idle timer.");
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
	.claim = on_claim,
	.finish = on_finish,
};
