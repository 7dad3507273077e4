/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp-backlog-overflow: the server repeats its SYN-ACK after it saw the client's ACK and ignores the client's data, or
 * resets right after the handshake (Linux tcp_abort_on_overflow), or, under SYN cookies, says nothing at all to the
 * data: its listen queue is full. tcp-half-open: SYN-ACKs that are never acknowledged, or data to a connection that the
 * other end does not know.
 */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define REPEATS_MIN 1	   /* SYN-ACKs after the ACK, together with ignored data */
#define BARE_REPEATS_MIN 2 /* without data: a lost ACK explains one */
#define HALF_OPEN_REPEATS_MIN 2
#define UNANSWERED_MIN 3   /* sendings of the first data that nobody answers: one or two may be lost */
#define ABORT_S 0.05	   /* a kernel resets at once; beside two round trips */

enum overflow {
	OVERFLOW_NONE,
	OVERFLOW_REPEATS,
	OVERFLOW_COOKIES,
	OVERFLOW_ABORTS,
};

/*
 * A server with TCP_DEFER_ACCEPT ignores bare ACKs too, but accepts data, and acknowledges a FIN: it sends more than
 * SYN-ACKs.
 */
static enum overflow overflow_of(const struct conversation *c)
{
	uint32_t repeats = c->conn->syn_acks_after_ack;

	if (c->resp->bytes || c->orig->first_data_acked_ns != UNSET || !c->conn->syns ||
	    c->resp->pkts > c->conn->syn_acks + c->conn->rst_count)
		return OVERFLOW_NONE;
	if (!c->orig->bytes)
		return repeats >= BARE_REPEATS_MIN && c->orig->fin.frame ? OVERFLOW_REPEATS : OVERFLOW_NONE;
	if (repeats >= REPEATS_MIN && c->conn->ignored_data >= 1)
		return OVERFLOW_REPEATS;
	return c->orig->unanswered >= UNANSWERED_MIN ? OVERFLOW_COOKIES : OVERFLOW_NONE;
}

/* The reset of tcp_abort_on_overflow comes within the round trip after the ACK, before any request. */
static bool aborts(const struct conversation *c)
{
	const struct rst_seen *rst = &c->conn->rsts[0];

	return c->conn->rst_count && rst->side == SIDE_RESP && !c->orig->bytes && !c->resp->bytes && c->conn->syns &&
	       c->conn->first_fin == SIDE_NONE &&
	       when_s(rst->ref.at_ns - c->conn->handshake_ack.at_ns) < ABORT_S + 2 * c->rtt_s;
}

static void show_repeats(struct claim *out, const struct conversation *c)
{
	for (uint32_t i = 0; i < c->conn->key_frame_count && i < KEY_FRAMES_MAX; i++) {
		const struct key_frame *k = &c->conn->key_frames[i];

		if ((k->flags & TCP_SYN) && (k->flags & TCP_ACK) && k->ref.frame > c->conn->handshake_ack.frame)
			claim_evidence(out, c->record, &k->ref, "SYN-ACK again, after the ACK");
	}
}

static bool claim_overflow(const struct conversation *c, struct claim *out)
{
	enum overflow how = OVERFLOW_NONE;

	if (c->conn->handshake_ack.frame)
		how = aborts(c) ? OVERFLOW_ABORTS : overflow_of(c);
	if (how == OVERFLOW_NONE)
		return false;
	out->code = "tcp-backlog-overflow";
	out->number = (uint16_t)how;
	out->value = c->conn->syn_acks_after_ack;
	out->bytes = c->conn->ignored_data;
	claim_evidence(out, c->record, &c->conn->syn_ack, "SYN-ACK");
	claim_evidence(out, c->record, &c->conn->handshake_ack, "the client's ACK");
	claim_evidence(out, c->record, &c->orig->first_data, "its data, ignored");
	show_repeats(out, c);
	if (c->conn->rst_count)
		claim_evidence(out, c->record, &c->conn->rsts[0].ref, "RST from the %s",
			c->conn->rsts[0].side == SIDE_RESP ? "server's kernel" : "client");
	return true;
}

static bool claim_half_open(const struct conversation *c, struct claim *out)
{
	if (c->conn->handshake_ack.frame || c->conn->syn_acks < HALF_OPEN_REPEATS_MIN || c->conn->rst_count ||
	    !c->conn->syns || c->orig->bytes || c->resp->bytes)
		return false;
	out->code = "tcp-half-open";
	out->number = c->conn->syns > 1;
	out->delay_s = when_s(c->conn->duration_ns);
	claim_evidence(out, c->record, &(struct frame_ref){ c->record->frame, 0, c->record->source }, "SYN");
	claim_evidence(out, c->record, &c->conn->syn_ack, "SYN-ACK, never acknowledged");
	for (uint32_t i = 1; i < c->conn->syns && i < 3; i++)
		claim_evidence(out, c->record,
			&(struct frame_ref){ c->conn->syn_frames[i], c->conn->syn_at_ns[i], c->record->source }, "SYN again");
	claim_evidence(out, c->record, &c->resp->last_packet, "SYN-ACK again");
	return true;
}

/*
 * RFC 9293, section 3.5.1: of the server there are only RSTs without ACK, as a kernel sends for what it does not know. A
 * client that answers late data so has just closed.
 */
static bool claim_unknown(const struct conversation *c, struct claim *out)
{
	const struct rst_seen *rst = &c->conn->rsts[0];
	const struct conn_side *speaker = c->orig;

	/* A conversation on the same ports ended within the capture: then this is its echo. */
	if (!c->conn->midstream || c->conn->same_stream || c->conn->port_reused || !c->conn->rst_count ||
	    rst->side != SIDE_RESP || (rst->flags & TCP_ACK) || rst->after_peer_fin ||
	    speaker->fin.frame || !(speaker->bytes || speaker->keep_alives) ||
	    c->resp->pkts != c->conn->rst_count)
		return false;
	out->code = "tcp-half-open";
	out->value = 1;
	out->delay_s = when_s(rst->ref.at_ns);
	claim_evidence(out, c->record, speaker->first_data.frame ? &speaker->first_data : &speaker->last_packet,
		"data to a connection that the other end does not know");
	claim_evidence(out, c->record, &rst->ref, "RST in answer");
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	return !c->cannot_tell && (claim_overflow(c, out) || claim_half_open(c, out) || claim_unknown(c, out));
}

static void explain_queue(struct finding *f, const struct claim_group *g, double likelihood)
{
	finding_cause(f, likelihood, "the program accepts too slowly or not at all, and its listen queue is full",
		"Linux drops the handshake's ACK when the accept queue is full, or resets with tcp_abort_on_overflow");
	finding_next(f, "On the server: ss -ltn 'sport = :%u' (Recv-Q at Send-Q means full); nstat -az TcpExtListenOverflows",
		g->port);
	finding_next(f, "What keeps the program from accept()? Then raise its backlog and net.core.somaxconn");
}

static void tell_repeats(struct finding *f, const struct claim_group *g, const char *service)
{
	finding_title(f, "The listen queue of %s overflows: %d connection%s set up and never served", service, g->count,
		g->count == 1 ? " is" : "s are");
	finding_detail(f, "The client completes the handshake; the server repeats its SYN-ACK as if it had not, and ignores the "
			  "data that follows.");
	explain_queue(f, g, 0.85);
}

static void tell_cookies(struct finding *f, const struct claim_group *g, const char *service)
{
	finding_title(f, "%s completes the handshake and then ignores what %d connection%s", service, g->count,
		g->count == 1 ? " sends" : "s send");
	finding_detail(f, "The client's first data is sent again and again; the server acknowledges nothing and does not repeat "
			  "its SYN-ACK.");
	f->confidence = 0.6;
	explain_queue(f, g, 0.5);
	finding_cause(f, 0.45, "a device on the path answers handshakes for the server or drops what follows them",
		"a firewall that inspects requests, or a SYN proxy, looks the same");
	finding_against(f, "under SYN cookies the kernel keeps no memory of the handshake and cannot repeat its SYN-ACK: a full "
			   "queue and a dropping device look alike");
	finding_next(f, "Capture on the server: does the data arrive there?");
}

static void tell_aborts(struct finding *f, const struct claim_group *g, const char *service)
{
	finding_title(f, "%s resets %d connection%s right after the handshake, before any request", service, g->count,
		g->count == 1 ? "" : "s");
	finding_detail(f, "SYN, SYN-ACK, ACK, and at once a RST: nobody said anything yet.");
	f->confidence = 0.75;
	explain_queue(f, g, 0.5);
	finding_cause(f, 0.45, "a load balancer or program accepts and throws the connection away at once",
		"no healthy server behind it, or an access list that closes with linger 0, looks the same");
	finding_next(f, "On the server: sysctl net.ipv4.tcp_abort_on_overflow (0: then it is no full queue)");
}

static void each_overflow(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_integer(f, "syn_acks_after_ack", (int64_t)g->claims[0]->value);
	f->responsible = RESPONSIBLE_SERVER;
	if (g->claims[0]->number == OVERFLOW_ABORTS)
		tell_aborts(f, g, service);
	else if (g->claims[0]->number == OVERFLOW_COOKIES)
		tell_cookies(f, g, service);
	else
		tell_repeats(f, g, service);
	if (s && s->ok)
		finding_detail(f, "%llu other connection%s to it worked.", (unsigned long long)s->ok, s->ok == 1 ? "" : "s");
}

static void tell_unknown(struct finding *f, const struct claim_group *g, const char *service)
{
	finding_title(f, "Data of old connections with %s meets an end that does not know them (%d)", service, g->count);
	finding_detail(f, "One side goes on with a connection; the other answers with a RST, as for one that it never had.");
	f->responsible = RESPONSIBLE_UNKNOWN;
	finding_cause(f, 0.6, "the host that resets restarted, or closed its end long ago",
		"a kernel answers a segment for an unknown connection with such a RST");
	finding_cause(f, 0.3, "a failover: another machine took the address over, without the connections",
		"it cannot know them either");
	finding_next(f, "Uptime of the host that resets, and of its service; failovers at that time");
	finding_next(f, "Keep-alives on the other side would have found out sooner");
}

static void tell_half_open(struct finding *f, const struct claim_group *g, const char *service, bool way_back)
{
	finding_title(f, "Handshakes with %s are never completed (%d): %s", service, g->count,
		way_back ? "its answers do not reach the client" : "the client is gone");
	finding_detail(f, way_back ? "The server answers, and the client goes on repeating its SYN: the answers do not reach it." :
				     "The server repeats its SYN-ACK; the client says nothing more.");
	f->responsible = way_back ? RESPONSIBLE_PATH : RESPONSIBLE_CLIENT;
	finding_cause(f, 0.7, way_back ? "the way back to the client is blocked or goes elsewhere" :
					 "the client is gone, or its address was forged", "%s",
		way_back ? "the client repeats its SYN although the SYN-ACK was sent" : "a live client would repeat or reset");
	finding_next(f, way_back ? "Capture at the client: do the SYN-ACKs arrive? Compare the routes of both directions" :
				   "Is the client reachable at all (ping, ARP)?");
}

static void each_half_open(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];
	int repeats = 0;

	(void)arg;
	for (int i = 0; i < g->count; i++)
		repeats += g->claims[i]->number;
	subject_service_text(&g->server, g->port, service);
	finding_bool(f, "way_back_blocked", repeats > 0);
	if (g->claims[0]->value > 0)
		tell_unknown(f, g, service);
	else
		tell_half_open(f, g, service, repeats > 0);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tcp-backlog-overflow", GROUP_BY_SERVICE, each_overflow, NULL);
	claim_groups(x, "tcp-half-open", GROUP_BY_SERVICE, each_half_open, NULL);
}

const struct rule rule_handshake = {
	.codes = { "tcp-backlog-overflow", "tcp-half-open" },
	.spec = "Linux tcp_conn_request, tcp_abort_on_overflow, TCP_DEFER_ACCEPT in tcp(7); RFC 9293, section 3.5.1",
	.asked_if = SHOWS_RST | SHOWS_MUTE,
	.claim = on_claim,
	.finish = on_finish,
};
