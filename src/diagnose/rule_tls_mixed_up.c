/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain-on-tls-port: plain HTTP or other text meets a server that wants TLS. tls-on-plain-port: a ClientHello is
 * answered by plain text, or the greeting of another protocol.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"

static bool claim_tls_on_plain(const struct conversation *c, struct claim *out)
{
	if (!c->tls || !c->tls->answered_with[0] || !c->tls->at[TLS_CLIENT_HELLO].frame ||
		tls_answer_is_odd(c))
		return false;
	out->code = "tls-on-plain-port";
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CLIENT_HELLO], "ClientHello");
	claim_evidence(out, c->tls_record, &c->tls->answered_ref, "plain answer: %.60s", c->tls->answered_with);
	text_copy(out->text, sizeof(out->text), c->tls->answered_with);
	return true;
}

/* A TLS server's alert to bytes that are no TLS: the dissector of the client's bytes is another one. */
static bool answered_by_alert(const struct conversation *c)
{
	const struct tls_alert_seen *a = c->tls ? &c->tls->alerts[0] : NULL;

	return a && !c->tls->client_hellos && c->tls->alert_count && a->side == SIDE_RESP && !a->encrypted &&
		!c->tls->via[0] && !c->tls->first_record[SIDE_ORIG].frame && !c->conn->midstream &&
		c->resp->first_data.frame == a->ref.frame && c->orig->first_data.frame &&
		!conn_was_before(c->conn, SIDE_RESP, c->resp->first_data.at_ns, c->orig->first_data.at_ns);
}

static bool wants_tls(const struct diagnosis_context *x, const struct record *r)
{
	const struct service_state *s = context_service(x, &r->resp_h, r->resp_p, 6);

	return (s && s->tls) || tls_port_by_custom(r->resp_p);
}

/* Many servers say nothing to bytes that are no TLS: they close, or reset when bytes were left unread. */
static const struct frame_ref *closed_without_a_word(const struct conversation *c)
{
	bool speaks_plain = conn_speaks(c->conn, "http") || conn_speaks(c->conn, "ssh");
	const struct rst_seen *rst = c->conn->rst_count ? &c->conn->rsts[0] : NULL;

	if (!speaks_plain || c->tls || c->resp->bytes || c->orig->first_data_acked_ns == UNSET || c->cannot_tell ||
		c->conn->midstream)
		return NULL;
	if (c->conn->first_fin != SIDE_NONE)
		return c->conn->first_fin == SIDE_RESP ? &c->resp->fin : NULL;
	return rst && rst->side == SIDE_RESP ? &rst->ref : NULL;
}

static bool claim_closed(const struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct frame_ref *end = closed_without_a_word(c);

	if (!end || !wants_tls(x, c->record))
		return false;
	out->code = "plain-on-tls-port";
	claim_evidence(out, c->record, &c->orig->first_data, "plain %.12s", c->conn->service);
	claim_evidence(out, c->record, end, "closed without an answer");
	text_copy(out->text, sizeof(out->text), c->resp->fin.frame ? "a close" : "a reset");
	return true;
}

static bool claim_plain_on_tls(const struct conversation *c, struct claim *out)
{
	if (c->http && c->http->on_tls_port_hint) {
		claim_evidence(out, c->http_record, &c->http->request, "plain %s", c->http->method);
		claim_evidence(out, c->http_record, &c->http->response, "answer %u: plain HTTP to an HTTPS port",
			c->http->status);
		text_copy(out->text, sizeof(out->text), "HTTP 400");
	} else if (answered_by_alert(c)) {
		claim_evidence(out, c->record, &c->orig->first_data, "plain request");
		claim_evidence(out, c->tls_record, &c->tls->alerts[0].ref, "TLS alert in answer");
		text_copy(out->text, sizeof(out->text), "TLS alert");
	} else {
		return false;
	}
	out->code = "plain-on-tls-port";
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	return claim_tls_on_plain(c, out) || claim_plain_on_tls(c, out) || claim_closed(x, c, out);
}

static void each_tls_on_plain(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "answered_with", group_text(g));
	finding_title(f, "Clients speak TLS to %s, which answers in plain text: %s (%d)", service, group_text(g), g->count);
	finding_detail(f, "What comes instead of TLS records is plain: the server speaks another protocol.");
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.6, "the client uses the wrong port, or https where the service speaks plain",
		"the server answers \"%s\"", group_text(g));
	finding_cause(f, 0.35, "TLS is not switched on at the server", "the port may have been meant for TLS");
	finding_next(f, "curl -v http://%s/ or nc (what does the service say by itself?)", service);
	finding_next(f, "Correct the port or scheme at the client, or switch TLS on at the server");
}

static void each_plain_on_tls(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "answered_with", group_text(g));
	finding_title(f, "Clients speak plain text to the TLS port %s, which answers with %s (%d)", service, group_text(g),
		g->count);
	finding_detail(f, "The request arrives unencrypted at a port that wants TLS.");
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.85, "the client uses http where https is needed, or a proxy forwards without TLS",
		"the request is readable in the capture");
	finding_next(f, "Use https:// for %s, or correct the port; behind a proxy: proxy_pass https://", service);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-on-plain-port", GROUP_BY_SERVICE, each_tls_on_plain, NULL);
	claim_groups(x, "plain-on-tls-port", GROUP_BY_SERVICE, each_plain_on_tls, NULL);
}

const struct rule rule_tls_mixed_up = {
	.codes = { "tls-on-plain-port", "plain-on-tls-port" },
	.asked_if = SHOWS_TLS | SHOWS_HTTP | SHOWS_MUTE,
	.claim = on_claim,
	.finish = on_finish,
};
