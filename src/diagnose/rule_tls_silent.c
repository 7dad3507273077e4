/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-silent-server: the ClientHello is acknowledged and never answered. tls-closed-after-client-hello: the server
 * answers it with FIN, or some bytes that are no TLS and FIN. rst-after-client-hello: with RST.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"

#define SILENT_MIN_S 3.0    /* a server that takes longer to its ServerHello is not thinking any more */
#define SILENT_RTTS 10.0

/* Nothing of the server came after the ClientHello; before it only what led to it: a proxy's or STARTTLS's yes. What
 * it says to the client's FIN (OpenSSL: alert 50) is no answer any more. */
static bool server_said_nothing(const struct conversation *c)
{
	const struct conn_side *server = &c->conn->side[side_other(tls_client_side(c))];
	const struct frame_ref *fin = &c->conn->side[tls_client_side(c)].fin;

	if (fin->frame && server->first_data.frame &&
		!conn_was_before(c->conn, side_other(tls_client_side(c)), server->first_data.at_ns, fin->at_ns))
		return true;
	if (c->tls->first_record[side_other(tls_client_side(c))].frame || c->tls->answered_with[0])
		return false;
	return !server->bytes || (c->tls->via[0] && tls_server_spoke_before(c));
}

static bool hello_unanswered(const struct conversation *c)
{
	return c->tls && !c->tls->dtls && !c->tls->quic && c->tls->at[TLS_CLIENT_HELLO].frame && !c->cannot_tell &&
		!c->conn->midstream && server_said_nothing(c);
}

/* Some bytes that mean nothing, and the server's FIN, while the client got no further than its ClientHello. */
static bool closed_with_odd_bytes(const struct conversation *c)
{
	return c->tls && !c->tls->dtls && !c->tls->quic && c->tls->at[TLS_CLIENT_HELLO].frame && !c->cannot_tell &&
		!c->conn->midstream && tls_answer_is_odd(c) && c->tls->stage == TLS_CLIENT_HELLO &&
		!c->tls->app_data[tls_client_side(c)].frame && tls_client_side(c) == SIDE_ORIG &&
		c->conn->first_fin == SIDE_RESP;
}

static bool hello_received(const struct conversation *c)
{
	return c->tls->via[0] ? !c->conn->side[tls_client_side(c)].unacked_bytes :
				c->orig->first_data_acked_ns != UNSET;
}

/* Until what the server did then; < 0: before it. Of directions out of step no less than 0 can be said. */
static double since_hello_s(const struct conversation *c, int64_t at_ns)
{
	int64_t hello = tls_hello_at(c);

	if (at_ns < hello && conn_was_before(c->conn, tls_client_side(c), hello, at_ns))
		return 0;
	return when_s(at_ns - hello);
}

static bool claim_reset(const struct conversation *c, struct claim *out)
{
	const struct rst_seen *rst = tls_first_rst(c, SIDE_RESP);

	if (!rst || rst->after_fin || c->orig->fin.frame || tls_first_rst(c, SIDE_ORIG))
		return false;
	out->code = "rst-after-client-hello";
	out->delay_s = since_hello_s(c, rst->ref.at_ns);
	tls_claim_hello(out, c);
	claim_evidence(out, c->record, &c->conn->last_turn.acked, "its acknowledgement");
	claim_evidence(out, c->record, &rst->ref, "RST from the server");
	return out->delay_s >= 0;
}

static bool claim_closed(const struct conversation *c, struct claim *out)
{
	if (c->conn->first_fin != SIDE_RESP)
		return false;
	out->code = "tls-closed-after-client-hello";
	out->delay_s = since_hello_s(c, c->resp->fin.at_ns);
	tls_claim_hello(out, c);
	if (tls_answer_is_odd(c)) {
		out->number = (uint16_t)out->evidence_count;
		claim_evidence(out, c->tls_record, &c->tls->answered_ref, "no TLS record: %s",
			c->tls->answered_with + strlen(TLS_NO_TEXT));
	}
	claim_evidence(out, c->record, &c->resp->fin, "FIN from the server, without an answer");
	return out->delay_s >= 0;
}

/* How long the client waited: until its own FIN or RST, or the end of the conversation or capture. */
static double waited(const struct conversation *c, const struct frame_ref **gave_up)
{
	const struct rst_seen *rst = tls_first_rst(c, SIDE_ORIG);
	int64_t until = c->record->emitted_ns - c->record->ts_ns;

	*gave_up = NULL;
	if (c->orig->fin.frame)
		*gave_up = &c->orig->fin;
	else if (rst)
		*gave_up = &rst->ref;
	else if (c->conn->end_reason != CONN_END_OPEN)
		until = c->conn->duration_ns;
	return when_s((*gave_up ? (*gave_up)->at_ns : until) - tls_hello_at(c));
}

static bool claim_silent(const struct conversation *c, struct claim *out)
{
	const struct frame_ref *gave_up;
	double s = waited(c, &gave_up);

	if (!gave_up && tls_seems_forgotten(c, s))
		return false;
	if (s < SILENT_MIN_S || s < SILENT_RTTS * c->rtt_s || !hello_received(c))
		return false;
	out->code = "tls-silent-server";
	out->delay_s = s;
	tls_claim_hello(out, c);
	if (gave_up)
		claim_evidence(out, c->record, gave_up, "the client gives up");
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	if (closed_with_odd_bytes(c))
		return claim_closed(c, out);
	if (!hello_unanswered(c))
		return false;
	return claim_reset(c, out) || claim_closed(c, out) || claim_silent(c, out);
}

static struct finding *open_finding(struct diagnosis_context *x, const struct claim_group *g, char *service)
{
	struct finding *f = finding_of_group(x, g);
	char option[SERVER_OPTION_SIZE];

	subject_service_text(&g->server, g->port, service);
	if (g->claims[0]->text[0])
		finding_text(f, "sni", group_text(g));
	else
		finding_null(f, "sni");
	if (g->claims[0]->proxied_host[0])
		finding_next(f, "On the proxy %s: openssl s_client -connect %s (does it answer there?)", service,
			finding_word(g->claims[0]->proxied_host, "TARGET:PORT"));
	else
		finding_next(f, "openssl s_client -connect %s %s (from the client, then from behind the gateway)",
			service, group_server_option(g, option));
	return f;
}

/* The service is a proxy, which said yes: what comes from then on is the target's doing, passed on. */
static void name_target(struct finding *f, const struct claim_group *g)
{
	const char *target = g->claims[0]->proxied_host;
	char *title;

	if (!*target)
		return;
	title = xstrdup(f->title);
	finding_title(f, "%s, as a proxy to %s", title, target);
	free(title);
	finding_text(f, "proxied_host", target);
	finding_cause(f, 0.65, "the target behind the proxy, or a device before that, does so, and the proxy passes it on",
		"the proxy had connected to %s before the ClientHello was sent", target);
}

static void add_delays(struct finding *f, const struct claim_group *g)
{
	finding_number(f, "delay_median_s", group_delay_median(g));
	finding_number(f, "delay_min_s", group_delay_min(g));
	finding_number(f, "delay_max_s", group_delay_max(g));
}

static void each_reset(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];
	struct finding *f = open_finding(x, g, service);

	(void)arg;
	add_delays(f, g);
	when_duration(group_delay_median(g), delay);
	finding_title(f, "%s resets TLS clients %s after their ClientHello (%d of %llu)", service, delay, g->count,
		(unsigned long long)(s ? s->total : (uint64_t)g->count));
	finding_detail(f, "The TCP handshake works and the ClientHello is acknowledged, but not a byte comes back before the "
			  "RST.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.55, "a load balancer or firewall accepts for the service and finds no healthy server behind it",
		"the connection is accepted first and reset later, without a word of TLS");
	finding_cause(f, 0.3, "the server process accepts and then gives up",
		"a crash, a limit or a wrong TLS configuration closes the socket with data unread");
	finding_next(f, "Check the server behind it directly, past any load balancer: does it complete the handshake?");
	name_target(f, g);
}

static const struct claim *first_with_odd_bytes(const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->number)
			return g->claims[i];
	return NULL;
}

static void explain_odd_bytes(struct finding *f, const struct claim *c)
{
	finding_detail(f, "The ClientHello is received; instead of a ServerHello or an alert the server sends bytes that begin no "
			  "TLS record (%s), then FIN.", strchr(c->evidence[c->number].what, ':') + 2);
	finding_cause(f, 0.45, "something in the path, or the server itself, breaks TLS records",
		"bytes come back, but neither TLS nor text: the head of the record is missing or changed");
	finding_cause(f, 0.35, "the service speaks another protocol, not TLS",
		"a server that cannot make sense of a ClientHello answers in its own way and closes");
}

static void each_closed(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];
	struct finding *f = open_finding(x, g, service);
	const struct claim *odd = first_with_odd_bytes(g);

	(void)arg;
	add_delays(f, g);
	when_duration(group_delay_median(g), delay);
	finding_title(f, "%s closes TLS connections %s after the ClientHello, without an answer%s (%d)", service, delay,
		odd ? " in TLS" : "", g->count);
	f->responsible = RESPONSIBLE_SERVER;
	if (odd) {
		explain_odd_bytes(f, odd);
		return;
	}
	finding_detail(f, "The ClientHello is received; instead of a ServerHello or an alert the server sends FIN.");
	finding_cause(f, 0.45, "a proxy or load balancer has no server for that name or port",
		"it closes cleanly, which a crashed process does not");
	finding_cause(f, 0.4, "the service does not speak TLS, or refuses this client",
		"a server that cannot make sense of the bytes often just closes");
	name_target(f, g);
}

static void each_silent(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	char service[SERVICE_TEXT_SIZE], longest[WHEN_TEXT_SIZE];
	struct finding *f = open_finding(x, g, service);

	(void)arg;
	when_duration(group_delay_max(g), longest);
	finding_number(f, "waited_max_s", group_delay_max(g));
	finding_title(f, "%s never answers the ClientHello (%d connection%s, up to %s)", service, g->count,
		g->count == 1 ? "" : "s", longest);
	finding_detail(f, "The server's kernel acknowledges the ClientHello; its program says nothing until the client gives "
			  "up.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.5, "the server's program does not read: it hangs, or serves one connection at a time",
		"TCP answers, the program does not");
	finding_cause(f, 0.25, "a proxy accepts and waits for a server behind it", "it would acknowledge in the same way");
	finding_cause(f, 0.1, "the whole answer is lost because its packets are large (an MTU black hole)",
		"from the client's side it looks the same; on the server's the full-size segments are repeated");
	finding_next(f, "On the server: ss -tnp 'sport = :%u' (a Recv-Q above 0 means that the program does not read)",
		g->port);
	finding_next(f, "On the server: the process's threads and stacks (gdb -p, py-spy, jstack): what does it wait for?");
	name_target(f, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "rst-after-client-hello", GROUP_BY_SERVICE, each_reset, NULL);
	claim_groups(x, "tls-closed-after-client-hello", GROUP_BY_SERVICE, each_closed, NULL);
	claim_groups(x, "tls-silent-server", GROUP_BY_SERVICE, each_silent, NULL);
}

const struct rule rule_tls_silent = {
	.codes = { "rst-after-client-hello", "tls-closed-after-client-hello", "tls-silent-server" },
	.spec = "RFC 8446, section 4.1; RFC 9293, section 3.10",
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
};
