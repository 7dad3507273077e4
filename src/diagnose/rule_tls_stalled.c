/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshakes that end in silence or in a shrug: tls-handshake-stalled (somebody owes the next message),
 * tls-handshake-abandoned (the client gives up), tls-encrypted-alert (TLS 1.3: a refusal inferred from record sizes).
 */
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

#define STALLED_MIN_S 3.0
#define STALLED_RTTS 10.0

static bool claim_inferred(const struct conversation *c, struct claim *out)
{
	const struct tls *t = c->tls;

	if (!t->inferred_refusal && !t->inferred_client_alert)
		return false;
	out->code = "tls-encrypted-alert";
	out->value = t->inferred_client_alert ? SIDE_ORIG : SIDE_RESP;
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &t->inferred_ref, "record of the size of an alert, from the %s",
		t->inferred_client_alert ? "client" : "server");
	return true;
}

static bool is_unfinished(const struct conversation *c)
{
	const struct tls *t = c->tls;

	return !t->dtls && !t->quic && c->resp->bytes && t->at[TLS_SERVER_HELLO].frame && t->stage < TLS_ESTABLISHED &&
		!t->app_data[0].frame && !t->app_data[1].frame && !t->alert_count && !c->cannot_tell &&
		!c->conn->cut_frames && !c->conn->gap_bytes[0] && !c->conn->gap_bytes[1];
}

/* After the server's flight the client owes its own; after the client's Finished the server does. */
static enum side who_owes(const struct tls *t)
{
	if (t->stage >= TLS_CLIENT_KEY_EXCHANGE && t->stage <= TLS_CLIENT_FINISHED)
		return SIDE_RESP;
	return t->stage >= TLS_SERVER_HELLO_DONE || tls_version_is_13(t->version) ? SIDE_ORIG : SIDE_RESP;
}

static double silence(const struct conversation *c)
{
	int64_t last = c->orig->last_data.at_ns > c->resp->last_data.at_ns ? c->orig->last_data.at_ns :
									       c->resp->last_data.at_ns;
	int64_t until = c->record->emitted_ns - c->record->ts_ns;

	for (int s = 0; s < 2; s++)
		if (c->conn->side[s].fin.frame && c->conn->side[s].fin.at_ns < until)
			until = c->conn->side[s].fin.at_ns;
	if (c->conn->rst_count && c->conn->rsts[0].ref.at_ns < until)
		until = c->conn->rsts[0].ref.at_ns;
	return when_s(until - last);
}

static void fill(struct claim *out, const struct conversation *c, double waited)
{
	out->delay_s = waited;
	out->number = c->tls->stage;
	out->value = who_owes(c->tls);
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	claim_evidence(out, c->record, &c->resp->last_data, "last data of the server");
	claim_evidence(out, c->record, &c->orig->fin, "the client closes");
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	double waited;

	(void)state;
	(void)x;
	if (!c->tls)
		return false;
	if (claim_inferred(c, out))
		return true;
	if (!is_unfinished(c))
		return false;
	waited = silence(c);
	if (waited >= STALLED_MIN_S && waited >= STALLED_RTTS * c->rtt_s)
		out->code = "tls-handshake-stalled";
	else if (c->conn->first_fin == SIDE_ORIG)
		out->code = "tls-handshake-abandoned";
	else
		return false;
	fill(out, c, waited);
	return true;
}

static const char *side_word(double side)
{
	return side == SIDE_ORIG ? "client" : "server";
}

static void each_stalled(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];
	const char *stage = tls_stage_name((uint8_t)first->number);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], longest[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_max(g), longest);
	finding_text(f, "stage", stage);
	finding_text(f, "owes_next", side_word(first->value));
	finding_number(f, "waited_max_s", group_delay_max(g));
	finding_title(f, "TLS handshakes with %s stop after %s; the %s owes the next message (%d)", service,
		stage ? stage : "?", side_word(first->value), g->count);
	finding_detail(f, "Nothing more comes for up to %s.", longest);
	f->responsible = first->value == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_cause(f, 0.5, "the side that owes the next message hangs", "the other side has said all it could");
	finding_cause(f, 0.3, "its message is lost on the way, again and again",
		"large flights vanish where an MTU is wrong: compare with mtu-black-hole");
	finding_next(f, "Capture on the other side too: does it send a message that does not get here?");
}

static void each_abandoned(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "stage", tls_stage_name((uint8_t)g->claims[0]->number));
	finding_title(f, "The client gives up TLS handshakes with %s half-way (%d)", service, g->count);
	finding_detail(f, "It closes after the server's flight, without an alert.");
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.5, "the client does not like what it got (certificate, name) and closes without saying why",
		"it has received the server's flight");
	finding_next(f, "The client's own log or error message; openssl s_client -connect %s shows the certificate", service);
}

static void each_encrypted(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	f->confidence = 0.7;
	finding_text(f, "sent_by", side_word(g->claims[0]->value));
	finding_title(f, "The %s refuses TLS 1.3 with %s right at the end of the handshake, it seems (%d)",
		side_word(g->claims[0]->value), service, g->count);
	finding_detail(f, "An encrypted record of exactly an alert's size comes where data or tickets belong, and the connection "
			  "is closed. Inferred: without keys the alert cannot be read.");
	f->responsible = g->claims[0]->value == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, g->claims[0]->value == SIDE_ORIG ? "the client rejects the server's certificate" :
								  "the server wants a client certificate, or refuses the one it got",
		"these are the refusals that come at this point");
	finding_next(f, "Set SSLKEYLOGFILE for the client, capture again, and give the file to pcapdx with --keylog");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-handshake-stalled", GROUP_BY_SERVICE, each_stalled, NULL);
	claim_groups(x, "tls-handshake-abandoned", GROUP_BY_SERVICE, each_abandoned, NULL);
	claim_groups(x, "tls-encrypted-alert", GROUP_BY_SERVICE, each_encrypted, NULL);
}

const struct rule rule_tls_stalled = {
	.codes = { "tls-handshake-stalled", "tls-handshake-abandoned", "tls-encrypted-alert" },
	.spec = "RFC 8446, section 2; RFC 5246, section 7.3",
	.claim = on_claim,
	.finish = on_finish,
};
