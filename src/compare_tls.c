/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared of a TLS handshake: what the client offers, what the server makes of it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compare.h"
#include "dissectors/tls_names.h"

static bool seen(const struct talk *t, enum tls_stage stage)
{
	return t->tls && t->tls->at[stage].frame;
}

/* A name from a table, or the number. */
static void add_name(struct text *out, const char *name, unsigned number)
{
	if (name)
		text_add(out, name);
	else
		text_printf(out, "0x%04x", number);
}

static void say_offered(const struct talk *t, struct text *out)
{
	bool open = t->conn->conn.answered == SYN_ANSWER_SYN_ACK && t->conn->conn.side[SIDE_ORIG].bytes;

	if (seen(t, TLS_CLIENT_HELLO))
		text_add(out, "sent");
	else if (open && !t->conn->conn.midstream)
		text_add(out, "not sent");
}

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Numbers as a list in the order of their values: only which ones are there counts. */
static void add_set(struct text *out, const uint16_t *from, uint32_t count, const char *(*name_of)(uint16_t))
{
	uint16_t sorted[TLS_LIST_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < count && n < TLS_LIST_MAX; i++)
		if (!tls_is_grease(from[i]))
			sorted[n++] = from[i];
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (uint32_t i = 0; i < n; i++) {
		text_add(out, i ? ", " : "");
		add_name(out, name_of(sorted[i]), sorted[i]);
	}
}

static void say_versions(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO) && t->tls->offered_version_count)
		add_set(out, t->tls->offered_versions, t->tls->offered_version_count, tls_version_name);
	else if (seen(t, TLS_CLIENT_HELLO))
		add_name(out, tls_version_name(t->tls->offered_version), t->tls->offered_version);
}

static void say_ciphers(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		add_set(out, t->tls->offered_ciphers, t->tls->offered_cipher_count, tls_cipher_name);
}

static void say_groups(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		add_set(out, t->tls->offered_groups, t->tls->offered_group_count, tls_group_name);
}

static void say_names_host(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		text_add(out, t->tls->sni[0] ? "yes" : "no");
}

static void say_sni(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		text_add(out, t->tls->sni);
}

static void say_alpn(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		text_add(out, t->tls->offered_alpn[0] ? t->tls->offered_alpn : "none");
}

static void say_resumption(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_CLIENT_HELLO))
		text_add(out, t->tls->psk_offered || t->tls->session_ticket ? "offered" : "not offered");
}

static const struct tls_alert_seen *alert_of(const struct talk *t)
{
	for (uint32_t i = 0; t->tls && i < t->tls->alert_count && i < TLS_ALERTS_MAX; i++) {
		const struct tls_alert_seen *a = &t->tls->alerts[i];

		if (a->code && (!a->encrypted || a->decrypted))
			return a;
	}
	return NULL;
}

static void add_alert(struct text *out, const struct talk *t, const struct tls_alert_seen *a)
{
	add_name(out, tls_alert_name(a->code), a->code);
	text_printf(out, " from the %s", a->side == t->tls->client ? "client" : "server");
}

/* The first FIN or RST of that side, as an offset; UNSET: none. */
static int64_t closed_at(const struct conn *c, enum side side)
{
	int64_t at = c->side[side].fin.frame ? c->side[side].fin.at_ns : UNSET;

	for (uint32_t i = 0; i < c->rst_count && i < RSTS_MAX; i++)
		if (c->rsts[i].side == side && (at == UNSET || c->rsts[i].ref.at_ns < at))
			at = c->rsts[i].ref.at_ns;
	return at;
}

static void add_close(struct text *out, const struct talk *t)
{
	const struct conn *c = &t->conn->conn;
	int64_t by_client = closed_at(c, t->tls->client == SIDE_RESP ? SIDE_RESP : SIDE_ORIG);
	enum side side = t->tls->client == SIDE_RESP ? SIDE_ORIG : SIDE_RESP;
	int64_t by_server = closed_at(c, side);
	bool server = by_server != UNSET && (by_client == UNSET || by_server <= by_client);

	if (server)
		text_printf(out, "%s from the server",
			c->side[side].fin.frame && c->side[side].fin.at_ns <= by_server ? "FIN" : "RST");
	else
		text_add(out, by_client == UNSET ? "nothing" : "nothing, until the client gave up");
}

static void say_answer(const struct talk *t, struct text *out)
{
	const struct tls_alert_seen *alert = alert_of(t);

	if (!seen(t, TLS_CLIENT_HELLO) || t->tls->handshake_cut)
		return;
	if (seen(t, TLS_SERVER_HELLO))
		text_add(out, "ServerHello");
	else if (alert) {
		text_add(out, "alert ");
		add_alert(out, t, alert);
	} else if (t->tls->answered_with[0])
		text_printf(out, "no TLS: %s", t->tls->answered_with);
	else
		add_close(out, t);
}

/* From the ClientHello to whatever came of it. */
static int64_t answer_after(const struct talk *t)
{
	const struct tls_alert_seen *alert = alert_of(t);
	const struct conn *c = &t->conn->conn;
	int64_t at, by_client, by_server;

	if (!seen(t, TLS_CLIENT_HELLO) || t->tls->handshake_cut)
		return UNSET;
	by_client = closed_at(c, SIDE_ORIG);
	by_server = closed_at(c, SIDE_RESP);
	at = by_server == UNSET || (by_client != UNSET && by_client < by_server) ? by_client : by_server;
	if (alert && (at == UNSET || alert->ref.at_ns < at))
		at = alert->ref.at_ns;
	if (seen(t, TLS_SERVER_HELLO))
		at = t->tls->at[TLS_SERVER_HELLO].at_ns;
	return at == UNSET ? UNSET : at - t->tls->at[TLS_CLIENT_HELLO].at_ns;
}

static void say_version(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_SERVER_HELLO))
		add_name(out, tls_version_name(t->tls->version), t->tls->version);
}

static void say_cipher(const struct talk *t, struct text *out)
{
	if (seen(t, TLS_SERVER_HELLO))
		add_name(out, tls_cipher_name(t->tls->cipher), t->tls->cipher);
}

static void say_issuer(const struct talk *t, struct text *out)
{
	if (t->tls && t->tls->cert_seen)
		text_add(out, t->tls->cert_issuer);
}

static void say_subject(const struct talk *t, struct text *out)
{
	if (t->tls && t->tls->cert_seen)
		text_add(out, t->tls->cert_subject);
}

static void say_validity(const struct talk *t, struct text *out)
{
	if (!t->tls || !t->tls->cert_seen)
		return;
	if (t->conn->ts_ns > t->tls->cert_not_after_ns)
		text_add(out, "had ended");
	else
		text_add(out, t->conn->ts_ns < t->tls->cert_not_before_ns ? "had not begun" : "valid then");
}

static void say_name_matches(const struct talk *t, struct text *out)
{
	if (t->tls && t->tls->cert_seen && t->tls->sni[0])
		text_add(out, t->tls->cert_name_matches ? "covered" : "not covered");
}

static void say_chain(const struct talk *t, struct text *out)
{
	if (t->tls && t->tls->cert_seen)
		text_printf(out, "%s%u certificate%s", t->tls->cert_self_signed ? "self-signed, " : "",
			t->tls->cert_count, t->tls->cert_count == 1 ? "" : "s");
}

/* Whether a TLS 1.3 server asks cannot be seen without keys; only that it must have can. */
static void say_client_certificate(const struct talk *t, struct text *out)
{
	const struct tls *tls = t->tls;

	if (!seen(t, TLS_SERVER_HELLO) || tls->resumed)
		return;
	if (tls->client_cert_empty || tls->inferred_empty_client_cert)
		text_add(out, "asked for, none given");
	else if (tls->cert_requested || tls->client_cert_seen)
		text_add(out, "asked for");
	else if (!tls_version_is_13(tls->version) || tls->stage == TLS_ESTABLISHED)
		text_add(out, "not seen asked for");
}

static void say_alert(const struct talk *t, struct text *out)
{
	const struct tls_alert_seen *alert = alert_of(t);

	if (!seen(t, TLS_SERVER_HELLO))
		return;
	if (alert)
		add_alert(out, t, alert);
	else
		text_add(out, "none");
}

static void say_reached(const struct talk *t, struct text *out)
{
	if (!seen(t, TLS_SERVER_HELLO) || t->tls->handshake_cut)
		return;
	if (t->tls->stage == TLS_ESTABLISHED)
		text_add(out, "complete");
	else
		text_printf(out, "no further than %s", tls_stage_name(t->tls->stage));
}

/* The list as sent: its order is at most what explains nothing. */
static void say_order(const struct talk *t, struct text *out)
{
	for (uint32_t i = 0; seen(t, TLS_CLIENT_HELLO) && i < t->tls->offered_cipher_count && i < TLS_LIST_MAX; i++)
		if (!tls_is_grease(t->tls->offered_ciphers[i]))
			text_printf(out, "%04x ", t->tls->offered_ciphers[i]);
}

/* Alerts with which a client refuses a certificate, and a server the lack of one (RFC 8446, section 6.2). */
static bool is_about_a_certificate(const struct tls_alert_seen *alert)
{
	return alert && ((alert->code >= 42 && alert->code <= 48) || alert->code == 116);
}

/* What was offered did no harm once the server has answered with a ServerHello, nor where no TLS was spoken at all; the
 * ALPN only where it is what the server complains of, or where it says nothing. */
bool compare_tls_explains(const struct talk *bad, const struct compare_item *item)
{
	const struct tls_alert_seen *alert = alert_of(bad);
	bool hello = seen(bad, TLS_SERVER_HELLO);

	if (!bad->tls || !talk_failed(bad))
		return true;
	if (item->say == say_alpn)
		return alert ? alert->code == 120 : !hello && !bad->tls->answered_with[0];
	if (item->say == say_versions || item->say == say_ciphers || item->say == say_groups || item->say == say_resumption)
		return !hello && !bad->tls->answered_with[0];
	if (item->say == say_version || item->say == say_cipher)
		return !is_about_a_certificate(alert);
	return true;
}

const struct compare_item compare_tls_items[] = {
	{"ClientHello", say_offered, NULL, STEP_TLS_OFFER, false, false, NULL},
	{"versions", say_versions, NULL, STEP_TLS_OFFER, true, false, NULL},
	{"cipher suites", say_ciphers, NULL, STEP_TLS_OFFER, true, false, NULL},
	{"groups", say_groups, NULL, STEP_TLS_OFFER, true, false, NULL},
	{"host name given (SNI)", say_names_host, NULL, STEP_TLS_OFFER, false, false, NULL},
	{"host name (SNI)", say_sni, NULL, STEP_TLS_OFFER, false, true, NULL},
	{"application protocols (ALPN)", say_alpn, NULL, STEP_TLS_OFFER, false, false, NULL},
	{"resumption", say_resumption, NULL, STEP_TLS_OFFER, false, false, NULL},
	{"what follows the ClientHello", say_answer, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"delay", NULL, answer_after, STEP_TLS_ANSWER, false, false, NULL},
	{"version", say_version, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"cipher suite", say_cipher, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"certificate's time", say_validity, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"host name in the certificate", say_name_matches, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"certificate chain", say_chain, NULL, STEP_TLS_ANSWER, false, true, NULL},
	{"certificate's issuer", say_issuer, NULL, STEP_TLS_ANSWER, false, true, NULL},
	{"certificate's subject", say_subject, NULL, STEP_TLS_ANSWER, false, true, NULL},
	{"client certificate", say_client_certificate, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"alert", say_alert, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"handshake", say_reached, NULL, STEP_TLS_ANSWER, false, false, NULL},
	{"order of cipher suites", say_order, NULL, STEP_NOTHING, false, false, "cipher suites"},
	{NULL, NULL, NULL, STEPS, false, false, NULL},
};
