/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls-alert: a fatal alert that no other rule about TLS explains; who sent it, which, at which stage. */
#include <stdio.h>

#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct tls_alert_seen *alert = tls_any_fatal_alert(c);

	(void)state;
	(void)x;
	if (!alert)
		return false;
	out->code = "tls-alert";
	out->value = alert->side != tls_client_side(c);
	out->bytes = alert->stage;
	tls_claim_hello(out, c);
	tls_claim_alert(out, c, alert);
	return true;
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];
	const char *by = first->value > 0 ? "server" : "client";
	const char *stage = tls_stage_name((uint8_t)first->bytes), *name = tls_alert_name((uint8_t)first->number);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], alert[64], option[SERVER_OPTION_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	tls_alert_text((uint8_t)first->number, alert);
	finding_text(f, "alert", name ? name : "unknown");
	finding_integer(f, "alert_code", first->number);
	finding_text(f, "sent_by", by);
	finding_text(f, "stage", stage);
	finding_title(f, "The %s ends TLS to %s with alert %s (%d connection%s)", by, service, alert, g->count,
		g->count == 1 ? "" : "s");
	finding_detail(f, "The fatal alert %s comes from the %s; the handshake had reached: %s.", alert, by,
		stage ? stage : "nothing");
	f->responsible = first->value <= 0 ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_next(f, "openssl s_client -connect %s %s -msg (does it end the same way?)", service,
		group_server_option(g, option));
	finding_next(f, "Look for the alert in the log of the %s's peer: it names the message that was not accepted", by);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-alert", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_tls_alert = {
	.codes = { "tls-alert" },
	.spec = "RFC 8446, section 6; RFC 5246, section 7.2",
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
};
