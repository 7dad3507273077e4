/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refusals with a name: tls-name-unrecognized (alert 112 of the server), tls-certificate-rejected (alert 42 to 46 or 48
 * of the client).
 */
#include <stdio.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

#define CERTIFICATES_MAX 1000
#define ALERT_BAD_CERTIFICATE 42
#define ALERT_CERTIFICATE_UNKNOWN 46
#define ALERT_UNKNOWN_CA 48
#define ALERT_UNRECOGNIZED_NAME 112

struct certificate {
	char subject[192], issuer[192], root[192];
};

struct state {
	struct table by_uid; /* uid -> struct certificate */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->by_uid, sizeof(((struct claim *)0)->uid), sizeof(struct certificate),
		CERTIFICATES_MAX);
}

static bool claim_name(const struct conversation *c, struct claim *out)
{
	const struct tls_alert_seen *a = tls_fatal_alert(c, side_other(tls_client_side(c)));

	if (!a || a->code != ALERT_UNRECOGNIZED_NAME)
		return false;
	out->code = "tls-name-unrecognized";
	tls_claim_hello(out, c);
	tls_claim_alert(out, c, a);
	return true;
}

static bool is_about_certificate(uint8_t code)
{
	return (code >= ALERT_BAD_CERTIFICATE && code <= ALERT_CERTIFICATE_UNKNOWN) || code == ALERT_UNKNOWN_CA;
}

static bool claim_certificate(struct state *s, const struct conversation *c, struct claim *out)
{
	const struct tls_alert_seen *a = tls_fatal_alert(c, tls_client_side(c));
	struct certificate *kept;

	if (a ? !is_about_certificate(a->code) : !c->tls || !c->tls->inferred_client_alert)
		return false;
	out->code = "tls-certificate-rejected";
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CERTIFICATE], "Certificate of the server");
	if (a)
		tls_claim_alert(out, c, a);
	else
		claim_evidence(out, c->tls_record, &c->tls->inferred_ref,
			"client's record of the size of an alert, where its Finished belongs");
	kept = table_add(&s->by_uid, record_uid(c->record));
	text_copy(kept->subject, sizeof(kept->subject), c->tls->cert_subject);
	text_copy(kept->issuer, sizeof(kept->issuer), c->tls->cert_issuer);
	text_copy(kept->root, sizeof(kept->root), c->tls->cert_root);
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)x;
	return claim_name(c, out) || claim_certificate(state, c, out);
}

static void each_unknown_name(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const char *sni = group_text(g);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], option[SERVER_OPTION_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	text_copy(f->subject.name, sizeof(f->subject.name), sni);
	finding_text(f, "sni", sni);
	finding_title(f, "%s does not know the name %s (%d connection%s)", service, sni[0] ? sni : "(none sent)", g->count,
		g->count == 1 ? "" : "s");
	finding_detail(f, "The server answers the ClientHello with the alert unrecognized_name (112).");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, "the server has no configuration for that name", "it refuses by name, not by version or cipher");
	finding_cause(f, 0.3, "the client asks the wrong server, or by a wrong name", "DNS or the client's settings lead here");
	finding_next(f, "openssl s_client -connect %s %s, then with the names that the server should know",
		service, group_server_option(g, option));
	finding_next(f, "Server: is there a virtual host or certificate for it? Client: which name is configured?");
}

static void add_reasons(struct finding *f, const struct claim_group *g, const struct certificate *cert)
{
	uint8_t code = (uint8_t)g->claims[0]->number;

	f->responsible = RESPONSIBLE_UNKNOWN;
	if (!code)
		finding_cause(f, 0.7, "the client finds the certificate invalid: its issuer, name, dates or chain",
			"that is what clients refuse at this point; the alert itself is encrypted");
	else if (code == ALERT_UNKNOWN_CA)
		finding_cause(f, 0.8, "the client does not know or trust the issuer of the server's certificate",
			"alert unknown_ca; issuer: %s", cert && cert->issuer[0] ? cert->issuer : "encrypted, not seen");
	else if (code == 45)
		finding_cause(f, 0.9, "the certificate has expired, by the client's clock", "alert certificate_expired");
	else if (code == 44)
		finding_cause(f, 0.9, "the certificate was revoked", "alert certificate_revoked");
	else
		finding_cause(f, 0.6, "the client finds the certificate invalid: its name, chain, use or signature",
			"alert %s", tls_alert_name(code) ? tls_alert_name(code) : "?");
	if (cert && cert->root[0])
		finding_detail(f, "The chain ends at: %s.", cert->root);
}

static void each_rejected(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct state *s = arg;
	const struct certificate *cert = table_find(&s->by_uid, g->claims[0]->uid);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], alert[64], option[SERVER_OPTION_SIZE];

	subject_service_text(&g->server, g->port, service);
	tls_alert_text((uint8_t)g->claims[0]->number, alert);
	if (g->claims[0]->number)
		finding_integer(f, "alert", g->claims[0]->number);
	else
		finding_null(f, "alert");
	finding_text(f, "issuer", cert ? cert->issuer : NULL);
	finding_text(f, "subject", cert ? cert->subject : NULL);
	if (g->claims[0]->number) {
		finding_title(f, "The client rejects the certificate of %s: alert %s (%d connection%s)", service, alert,
			g->count, g->count == 1 ? "" : "s");
		finding_detail(f, "The alert comes from the client; the server did its part.");
	} else {
		f->confidence = 0.7;
		finding_title(f, "The client rejects the certificate of %s, it seems (%d connection%s)", service, g->count,
			g->count == 1 ? "" : "s");
		finding_detail(f, "Instead of its Finished the client sends an encrypted record of exactly an alert's size. Inferred: "
				  "TLS 1.3 without keys.");
		finding_next(f, "Set SSLKEYLOGFILE for the client, capture again, and give the file to pcapdx with --keylog");
	}
	add_reasons(f, g, cert);
	finding_next(f, "openssl s_client -connect %s %s -showcerts -CAfile ROOTS.pem", service,
		group_server_option(g, option));
	finding_next(f, "Compare the issuer with the roots that the client trusts; an inspection device would show its own");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	claim_groups(x, "tls-name-unrecognized", GROUP_BY_SERVICE, each_unknown_name, NULL);
	claim_groups(x, "tls-certificate-rejected", GROUP_BY_SERVICE, each_rejected, state);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->by_uid);
}

const struct rule rule_tls_refused = {
	.codes = { "tls-name-unrecognized", "tls-certificate-rejected" },
	.spec = "RFC 6066, section 3; RFC 8446, section 6.2",
	.state_size = sizeof(struct state),
	.init = on_init,
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
