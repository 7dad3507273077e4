/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-bad-record: a record that was good when it was sent cannot be opened where it arrives, though TCP found nothing
 * wrong with it. Told by alert 20 in mid-session, or by a key log whose key opened the records before.
 */
#include "base/text.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"

#define ALERT_BAD_RECORD_MAC 20
#define ALERT_DECRYPTION_FAILED 21 /* TLS 1.0 */

/* During the handshake the same alert speaks of keys that do not agree (a wrong PSK): that is tls-alert. */
static const struct tls_alert_seen *alert_in_session(const struct conversation *c)
{
	const struct tls_alert_seen *a = tls_any_fatal_alert(c);
	bool bad_record = a && (a->code == ALERT_BAD_RECORD_MAC || a->code == ALERT_DECRYPTION_FAILED);

	return bad_record && a->stage == TLS_ESTABLISHED ? a : NULL;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct tls_alert_seen *alert;

	(void)state;
	(void)x;
	if (!c->tls)
		return false;
	alert = alert_in_session(c);
	if (!alert && !c->tls->bad_records)
		return false;
	out->code = "tls-bad-record";
	out->value = c->tls->bad_records;
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->bad_record, "record that the key of those before it does not open");
	if (alert)
		tls_claim_alert(out, c, alert);
	return true;
}

static void say_what_was_seen(struct finding *f, const struct claim *first)
{
	if (first->value > 0 && first->number)
		finding_detail(f, "A record cannot be opened with the key that opened those before it, and its receiver answers "
				  "with alert %u.", first->number);
	else if (first->value > 0)
		finding_detail(f, "A record cannot be opened with the key that opened those before it.");
	else
		finding_detail(f, "In the middle of a session that had worked, the receiver of a record ends it with alert %u: the "
				  "record fails its integrity check.", first->number);
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_title(f, "TLS records of connections to %s are damaged on the way (%d connection%s)", service, g->count,
		g->count == 1 ? "" : "s");
	say_what_was_seen(f, g->claims[0]);
	f->responsible = RESPONSIBLE_PATH;
	f->confidence = g->claims[0]->value > 0 ? 0.95 : 0.85;
	finding_cause(f, 0.6, "a device in the path rewrites payload and makes the TCP checksum right again",
		"TCP accepted the bytes, TLS did not: they changed where checksums are computed anew");
	finding_cause(f, 0.25, "bad memory or a faulty offload in a network card, on either end or in between",
		"the damage happens before the checksum is made, or after it is checked");
	finding_cause(f, 0.15, "an error in the TLS library of one end", "both ends must agree on keys and sequence numbers");
	finding_next(f, "Capture on both sides and compare the bytes of the named record: where do they change?");
	finding_next(f, "Switch off offloads (ethtool -K IFACE tso off gso off tx off rx off) and payload helpers on the way "
			"(NAT ALG, inspection, WAN optimiser), one at a time");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-bad-record", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_tls_bad_record = {
	.codes = { "tls-bad-record" },
	.spec = "RFC 8446, section 5.2; RFC 5246, section 7.2.2; RFC 1071",
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
};
