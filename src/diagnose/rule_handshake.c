/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp-backlog-overflow: the server repeats its SYN-ACK after it saw the client's ACK and ignores the client's data, or
 * resets right after the handshake: its listen queue is full (Linux tcp_abort_on_overflow). tcp-half-open: SYN-ACKs that
 * are never acknowledged.
 */
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define REPEATS_MIN 1 /* SYN-ACKs after the ACK, together with ignored data */
#define BARE_REPEATS_MIN 2 /* without data: a lost ACK explains one */
#define HALF_OPEN_REPEATS_MIN 2
#define IGNORED_MIN 2 /* data segments sent again that the server never acknowledges */

/* A server with TCP_DEFER_ACCEPT ignores bare ACKs too, but accepts data. */
static bool overflows(const struct conversation *c)
{
	uint32_t repeats = c->conn->syn_acks_after_ack;

	if (c->resp->bytes || c->orig->first_data_acked_ns != UNSET)
		return false;
	if (c->orig->bytes)
		return (repeats >= REPEATS_MIN && c->conn->ignored_data >= 1) || c->conn->ignored_data >= IGNORED_MIN + 2;
	return repeats >= BARE_REPEATS_MIN && c->orig->fin.frame;
}

/* The reset of tcp_abort_on_overflow comes within the round trip after the ACK, before any request. */
static bool aborts(const struct conversation *c)
{
	const struct rst_seen *rst = &c->conn->rsts[0];

	return c->conn->rst_count && rst->side == SIDE_RESP && c->conn->handshake_ack.frame && !c->orig->bytes &&
		!c->resp->bytes && c->conn->first_fin == SIDE_NONE &&
		when_s(rst->ref.at_ns - c->conn->handshake_ack.at_ns) < 0.05 + 2 * c->rtt_s;
}

static bool claim_overflow(const struct conversation *c, struct claim *out)
{
	if (!c->conn->handshake_ack.frame || !(overflows(c) || aborts(c)))
		return false;
	out->code = "tcp-backlog-overflow";
	out->value = c->conn->syn_acks_after_ack;
	out->bytes = c->conn->ignored_data;
	claim_evidence(out, c->record, &c->conn->syn_ack, "SYN-ACK");
	claim_evidence(out, c->record, &c->conn->handshake_ack, "the client's ACK");
	claim_evidence(out, c->record, &c->orig->first_data, "its data, ignored");
	if (c->conn->rst_count)
		claim_evidence(out, c->record, &c->conn->rsts[0].ref, "RST from the server's kernel");
	return true;
}

static bool claim_half_open(const struct conversation *c, struct claim *out)
{
	if (!c->conn->syn_acks || c->conn->handshake_ack.frame || c->conn->syn_acks < HALF_OPEN_REPEATS_MIN ||
		c->conn->rst_count || !c->conn->syns)
		return false;
	out->code = "tcp-half-open";
	out->value = c->conn->syns > 1;
	out->delay_s = when_s(c->conn->duration_ns);
	claim_evidence(out, c->record, &(struct frame_ref){ c->record->frame, 0, c->record->source }, "SYN");
	claim_evidence(out, c->record, &c->conn->syn_ack, "SYN-ACK, never acknowledged");
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	return !c->cannot_tell && (claim_overflow(c, out) || claim_half_open(c, out));
}

static void each_overflow(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_integer(f, "syn_acks_after_ack", (int64_t)g->claims[0]->value);
	finding_title(f, "The listen queue of %s overflows: %d connections are set up and never served", service, g->count);
	finding_detail(f, "The client completes the handshake; the server repeats its SYN-ACK as if it had not, and ignores the "
			  "data that follows.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.85, "the program accepts too slowly or not at all, and its listen queue is full",
		"Linux drops the handshake's ACK when the accept queue is full");
	finding_next(f, "On the server: ss -ltn 'sport = :%u' (Recv-Q at Send-Q means full); nstat -az TcpExtListenOverflows",
		g->port);
	finding_next(f, "What keeps the program from accept()? Then raise its backlog and net.core.somaxconn");
}

static void each_half_open(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	bool way_back = g->claims[0]->value != 0;
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_bool(f, "way_back_blocked", way_back);
	finding_title(f, "Handshakes with %s are never completed (%d)", service, g->count);
	finding_detail(f, way_back ? "The server answers, and the client goes on repeating its SYN: the answers do not reach it." :
				     "The server repeats its SYN-ACK; the client says nothing more.");
	f->responsible = way_back ? RESPONSIBLE_PATH : RESPONSIBLE_CLIENT;
	finding_cause(f, 0.7, way_back ? "the way back to the client is blocked or goes elsewhere" :
					 "the client is gone, or its address was forged", "%s",
		way_back ? "the client repeats its SYN although the SYN-ACK was sent" : "a live client would repeat or reset");
	finding_next(f, way_back ? "Capture at the client: do the SYN-ACKs arrive? Compare the routes of both directions" :
				   "Is the client reachable at all (ping, ARP)?");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tcp-backlog-overflow", GROUP_BY_SERVICE, each_overflow, NULL);
	claim_groups(x, "tcp-half-open", GROUP_BY_SERVICE, each_half_open, NULL);
}

const struct rule rule_handshake = {
	.codes = { "tcp-backlog-overflow", "tcp-half-open" },
	.spec = "Linux tcp_conn_request, tcp_abort_on_overflow, TCP_DEFER_ACCEPT in tcp(7)",
	.claim = on_claim,
	.finish = on_finish,
};
