/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-client-certificate-required: CertificateRequest, then an empty client Certificate, then the server ends it.
 * TLS 1.2: alert 40 follows; 1.3: alert 116, or, encrypted, a client record of 25 bytes before Finished and a refusal.
 */
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"

static bool server_ended_it(const struct conversation *c)
{
	const struct tls *t = c->tls;
	enum side server = side_other(tls_client_side(c));

	if (tls_fatal_alert(c, server))
		return true;
	return t->inferred_refusal || (t->stage < TLS_ESTABLISHED && (c->conn->first_fin == server ||
		(c->conn->rst_count && c->conn->rsts[0].side == server)));
}

static bool sent_none(const struct tls *t)
{
	return (t->cert_requested && t->client_cert_empty) || t->inferred_empty_client_cert;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct tls_alert_seen *alert = tls_fatal_alert(c, side_other(tls_client_side(c)));

	(void)state;
	(void)x;
	if (!c->tls || !(sent_none(c->tls) || (alert && alert->code == 116)) || !server_ended_it(c))
		return false;
	out->code = "tls-client-certificate-required";
	out->value = c->tls->inferred_empty_client_cert && !c->tls->cert_requested;
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CERTIFICATE_REQUEST], "CertificateRequest");
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CLIENT_CERTIFICATE], "empty client Certificate");
	if (out->value != 0)
		claim_evidence(out, c->tls_record, &c->tls->inferred_ref,
			"record of the size of an empty Certificate (inferred)");
	if (alert)
		tls_claim_alert(out, c, alert);
	return true;
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];
	bool inferred = g->claims[0]->value != 0;

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_title(f, "%s requires a client certificate, and the client sends none (%d connection%s)", service,
		g->count, g->count == 1 ? "" : "s");
	finding_detail(f, "The server asks for a certificate in the handshake, the client answers with an empty list, and the "
			  "server ends the connection.%s", inferred ? " Inferred from record sizes: TLS 1.3 without keys." : "");
	f->confidence = inferred ? 0.8 : 0.97;
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.8, "no client certificate is configured on the client",
		"an empty Certificate message is what a client without one sends");
	finding_cause(f, 0.2, "the client has one, but from no issuer that the server named as acceptable",
		"clients pick by the list in the CertificateRequest");
	finding_next(f, "openssl s_client -connect %s -cert client.pem -key client.key (works with a certificate?)",
		service);
	finding_next(f, "Compare 'Acceptable client certificate CA names' in its output with the certificate's issuer");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-client-certificate-required", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_tls_client_certificate = {
	.codes = { "tls-client-certificate-required" },
	.spec = "RFC 5246, section 7.4.6; RFC 8446, sections 4.4.2.4 and 6.2",
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
};
