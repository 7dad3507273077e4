/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-reuse-collision: a SYN reuses a tuple that the server still holds in TIME_WAIT, and is answered by an ACK of the
 * old sequence, a RST, or silence (RFC 6191; RFC 1337; Linux tcp_timewait_state_process).
 */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define OLD_MAX_FACTOR 4.0 /* TIME_WAIT may last up to 240 s where 60 are assumed */

/* Behind a NAT the client cannot see whose connection it was: the server's answer of old numbers, and the client's RST to
 * that with the number that it asks for, say it. */
static bool is_reused_elsewhere(const struct conversation *c)
{
	return c->conn->old_acks && c->conn->syns > 1 && c->conn->rst_count && c->conn->rsts[0].side == SIDE_ORIG &&
	       c->conn->rsts[0].flags == TCP_RST && (!c->resp->first_data.frame || c->conn->rsts[0].ref.at_ns < c->resp->first_data.at_ns);
}

/* What the server said to the first SYN: the ACK of old numbers before the client's RST. */
static void show_old_ack(struct claim *out, const struct conversation *c)
{
	const struct conn *conn = c->conn;

	for (uint32_t i = 0; i < conn->key_frame_count && i < KEY_FRAMES_MAX; i++) {
		const struct key_frame *k = &conn->key_frames[i];

		if (k->side == SIDE_RESP && k->flags == TCP_ACK && !k->len && (!conn->rst_count || k->ref.at_ns <= conn->rsts[0].ref.at_ns)) {
			claim_evidence(out, c->record, &k->ref, "ACK of the old connection in answer");
			return;
		}
	}
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct conn *conn = c->conn;
	bool challenged = conn->old_acks > 0, held;

	(void)state;
	if ((!conn->port_reused && !is_reused_elsewhere(c)) || conn->one_sided)
		return false;
	held = conn->reused_after_ns >= 0 && when_s(conn->reused_after_ns) <= OLD_MAX_FACTOR * x->options->time_wait_s;
	if (!challenged && !(held && conn->reused_closer == SIDE_RESP && conn->answered != SYN_ANSWER_SYN_ACK &&
				conn->answered != SYN_ANSWER_ICMP))
		return false;
	out->code = "port-reuse-collision";
	if (conn->port_reused)
		out->delay_s = when_s(conn->reused_after_ns > 0 ? conn->reused_after_ns : 0);
	out->value = conn->old_acks;
	claim_evidence(out, c->record, &(struct frame_ref){ c->record->frame, 0, c->record->source }, conn->port_reused ? "SYN on a port used before" :
									    "SYN");
	if (challenged)
		show_old_ack(out, c);
	if (conn->rst_count)
		claim_evidence(out, c->record, &conn->rsts[0].ref, "RST");
	claim_evidence(out, c->record, &conn->answer, "its answer");
	return true;
}

static void tell_elsewhere(struct finding *f, const struct claim_group *g, const char *service)
{
	finding_null(f, "reused_after_s");
	finding_title(f, "New connections to %s meet an old TIME_WAIT of another client's (%d)", service, g->count);
	finding_detail(f, "The SYN is answered with the numbers of an old connection, which the client never had: behind an address "
			  "translation another one had used the same port. The client resets that and sends its SYN again.");
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.8, "clients behind one NAT get the same port again too soon", "the old connection is not the client's own");
	finding_cause(f, 0.15, "the client restarted, and its ports begin anew", "its own old connections are then unknown to it");
	finding_next(f, "NAT: more outside addresses or ports, and TIME_WAIT no shorter there than on the server");
	finding_next(f, "sysctl net.ipv4.tcp_timestamps (both ends) and net.ipv4.tcp_rfc1337 (server)");
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], after[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	if (g->claims[0]->delay_s < 0) {
		tell_elsewhere(f, g, service);
		return;
	}
	when_duration(group_delay_median(g), after);
	finding_number(f, "reused_after_s", group_delay_median(g));
	finding_title(f, "New connections to %s meet an old TIME_WAIT of the same ports (%d)", service, g->count);
	finding_detail(f, "The SYN reuses a tuple %s after its last connection ended; the server, which closed first, answers "
			  "with the old sequence instead of a SYN-ACK.", after);
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.6, "clients behind one NAT, or a client with few ports, reuse a port too soon",
		"the server may take a reused tuple only with a higher sequence or timestamp");
	finding_cause(f, 0.3, "timestamps are off, so the server cannot tell old from new", "RFC 6191 needs them");
	finding_next(f, "sysctl net.ipv4.tcp_timestamps (both ends) and net.ipv4.tcp_rfc1337 (server)");
	finding_next(f, "Let the client close first, widen its or the NAT's port range, or keep connections open");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "port-reuse-collision", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_port_reuse = {
	.codes = { "port-reuse-collision" },
	.spec = "RFC 6191, RFC 1337, Linux tcp_minisocks.c",
	.asked_if = SHOWS_REUSED,
	.claim = on_claim,
	.finish = on_finish,
};
