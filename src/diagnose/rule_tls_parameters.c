/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls-no-common-parameters: the server answers the ClientHello with alert 40, 70, 71, 86 or 120. */
#include <stdio.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

#define OFFERS_MAX 1000

struct offers {
	struct table by_uid; /* uid -> struct tls of the claim */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct offers *)state)->by_uid, sizeof(((struct claim *)0)->uid), sizeof(struct tls), OFFERS_MAX);
}

static bool says_nothing_in_common(uint8_t code)
{
	return code == 40 || code == 70 || code == 71 || code == 86 || code == 120;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	struct offers *s = state;
	const struct tls_alert_seen *alert = tls_fatal_alert(c, side_other(tls_client_side(c)));

	(void)x;
	if (!alert || !says_nothing_in_common(alert->code) || c->tls->at[TLS_SERVER_HELLO].frame)
		return false;
	out->code = "tls-no-common-parameters";
	tls_claim_hello(out, c);
	tls_claim_alert(out, c, alert);
	*(struct tls *)table_add(&s->by_uid, record_uid(c->record)) = *c->tls;
	return true;
}

static void list_ciphers(struct finding *f, const struct tls *t)
{
	char number[16];

	for (uint32_t i = 0; i < t->offered_cipher_count && i < TLS_LIST_MAX; i++) {
		const char *name = tls_cipher_name(t->offered_ciphers[i]);

		snprintf(number, sizeof(number), "0x%04x", t->offered_ciphers[i]);
		finding_list(f, "offered_ciphers", name ? name : number);
	}
}

static void list_groups(struct finding *f, const struct tls *t)
{
	char number[16];

	for (uint32_t i = 0; i < t->offered_group_count && i < 24; i++) {
		const char *name = tls_group_name(t->offered_groups[i]);

		snprintf(number, sizeof(number), "0x%04x", t->offered_groups[i]);
		finding_list(f, "offered_groups", name ? name : number);
	}
}

static void explain(struct finding *f, const struct claim *first, const struct tls *t)
{
	const char *highest = t ? tls_version_name(t->offered_version) : NULL;

	f->responsible = RESPONSIBLE_UNKNOWN;
	switch (first->number) {
	case 70:
		finding_cause(f, 0.9, "client and server have no TLS version in common",
			t && t->offered_version_count == 1 ? "alert 70 says so; the client offers only %s" :
							     "alert 70 says so; the client offers at most %s",
			highest ? highest : "an unknown version");
		break;
	case 86:
		finding_cause(f, 0.9, "the client fell back to an older version than the server speaks",
			"alert 86 answers the fallback signal (RFC 7507): an earlier attempt failed for another reason");
		break;
	case 120:
		finding_cause(f, 0.9, "the server speaks none of the application protocols that the client offers (ALPN)",
			"alert 120 says so; offered: %s", t && t->offered_alpn[0] ? t->offered_alpn : "none");
		break;
	default:
		finding_cause(f, 0.7, "no cipher suite, group or signature algorithm in common",
			"the server refuses the ClientHello itself, before it has said anything");
		finding_cause(f, 0.2, "the server wants something else of the ClientHello (a name, a version)",
			"alert 40 is also the general refusal");
	}
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct offers *s = arg;
	const struct claim *first = g->claims[0];
	const struct tls *t = table_find(&s->by_uid, first->uid);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], alert[64];

	subject_service_text(&g->server, g->port, service);
	tls_alert_text((uint8_t)first->number, alert);
	finding_integer(f, "alert", first->number);
	finding_null(f, "offered_versions");
	if (t) {
		tls_list_offered(f, "offered_versions", t);
		list_ciphers(f, t);
		list_groups(f, t);
		finding_text(f, "offered_alpn", t->offered_alpn);
	}
	finding_title(f, "%s refuses the ClientHello with alert %s (%d connection%s)", service, alert, g->count,
		g->count == 1 ? "" : "s");
	finding_detail(f, "The server answers the ClientHello%s%s with the fatal alert %s and no ServerHello.",
		first->text[0] ? " for " : "", first->text, alert);
	explain(f, first, t);
	finding_next(f, "openssl s_client -connect %s -tls1_2, then -tls1_3; add -cipher or -groups to narrow it down",
		service);
	finding_next(f, "Compare the server's configured protocols, ciphers and curves with what the client offers");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	claim_groups(x, "tls-no-common-parameters", GROUP_BY_SERVICE, each_service, state);
}

static void on_free(void *state)
{
	table_free(&((struct offers *)state)->by_uid);
}

const struct rule rule_tls_parameters = {
	.codes = { "tls-no-common-parameters" },
	.spec = "RFC 8446, section 6.2; RFC 5246, section 7.2.2; RFC 7301; RFC 7507",
	.state_size = sizeof(struct offers),
	.init = on_init,
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
