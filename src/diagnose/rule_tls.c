/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules about TLS have in common. */
#include "diagnose/rule_tls.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_names.h"

#define ALERT_CLOSE_NOTIFY 0
#define ALERT_USER_CANCELED 90
#define LEVEL_FATAL 2
#define PATIENCE_MAX_S 900.0 /* the longest defaults of clients are 5 to 10 minutes */

enum side tls_client_side(const struct conversation *c)
{
	return c->tls && c->tls->client == SIDE_RESP ? SIDE_RESP : SIDE_ORIG;
}

const char *tls_side_word(const struct conversation *c, enum side s)
{
	return s == tls_client_side(c) ? "client" : "server";
}

int64_t tls_hello_at(const struct conversation *c)
{
	return c->tls_record->ts_ns + c->tls->at[TLS_CLIENT_HELLO].at_ns - c->record->ts_ns;
}

bool tls_server_spoke_before(const struct conversation *c)
{
	enum side server = side_other(tls_client_side(c));

	return conn_was_before(c->conn, server, c->conn->side[server].last_data.at_ns, tls_hello_at(c));
}

/* What a side says to the other's FIN may be answered with RST. */
static bool is_acknowledged(const struct conversation *c, enum side s)
{
	const struct conn_side *own = &c->conn->side[s], *peer = &c->conn->side[side_other(s)];

	return !own->unacked_bytes || (peer->fin.frame && !conn_was_before(c->conn, s, own->last_data.at_ns, peer->fin.at_ns));
}

bool tls_all_acknowledged(const struct conversation *c)
{
	return is_acknowledged(c, SIDE_ORIG) && is_acknowledged(c, SIDE_RESP);
}

bool tls_seems_forgotten(const struct conversation *c, double waited_s)
{
	return c->conn->end_reason == CONN_END_OPEN && waited_s > PATIENCE_MAX_S && !c->orig->keep_alives &&
		!c->resp->keep_alives;
}

const struct rst_seen *tls_first_rst(const struct conversation *c, enum side s)
{
	for (uint32_t i = 0; i < c->conn->rst_count && i < RSTS_MAX; i++)
		if (c->conn->rsts[i].side == s)
			return &c->conn->rsts[i];
	return NULL;
}

bool tls_closed_before(const struct conversation *c, enum side s, int64_t at_ns)
{
	const struct frame_ref *fin = &c->conn->side[s].fin;

	if (fin->frame && conn_was_before(c->conn, s, fin->at_ns, at_ns))
		return true;
	for (uint32_t i = 0; i < c->conn->rst_count && i < RSTS_MAX; i++)
		if (c->conn->rsts[i].side == s && conn_was_before(c->conn, s, c->conn->rsts[i].ref.at_ns, at_ns))
			return true;
	return false;
}

static bool ends_it(const struct conversation *c, const struct tls_alert_seen *a)
{
	if (a->encrypted && !a->decrypted)
		return false;
	if (a->code == ALERT_CLOSE_NOTIFY || a->code == ALERT_USER_CANCELED || a->level != LEVEL_FATAL)
		return false;
	return !tls_closed_before(c, side_other((enum side)a->side), a->ref.at_ns);
}

static const struct tls_alert_seen *find_alert(const struct conversation *c, enum side by)
{
	if (!c->tls)
		return NULL;
	for (uint32_t i = 0; i < c->tls->alert_count && i < TLS_ALERTS_MAX; i++) {
		const struct tls_alert_seen *a = &c->tls->alerts[i];

		if ((by == SIDE_NONE || a->side == by) && ends_it(c, a))
			return a;
	}
	return NULL;
}

const struct tls_alert_seen *tls_fatal_alert(const struct conversation *c, enum side by)
{
	return find_alert(c, by);
}

const struct tls_alert_seen *tls_any_fatal_alert(const struct conversation *c)
{
	return find_alert(c, SIDE_NONE);
}

bool tls_port_by_custom(uint16_t port)
{
	static const uint16_t ports[] = { 443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 4443, 5061, 5671, 6443, 6697,
		8443, 8883, 9443, 10443 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

const char *tls_alert_text(uint8_t code, char out[64])
{
	const char *name = tls_alert_name(code);

	snprintf(out, 64, "%s (%u)", name ? name : "unknown", code);
	return out;
}

void tls_claim_hello(struct claim *out, const struct conversation *c)
{
	const struct tls *t = c->tls;

	text_copy(out->text, sizeof(out->text), t->sni[0] ? t->sni : t->proxied_host);
	text_copy(out->proxied_host, sizeof(out->proxied_host), t->proxied_host);
	claim_evidence(out, c->tls_record, &t->at[TLS_CLIENT_HELLO], "ClientHello%s%.60s", t->sni[0] ? " for " : "", t->sni);
}

void tls_claim_alert(struct claim *out, const struct conversation *c, const struct tls_alert_seen *a)
{
	char name[64];

	out->number = a->code;
	claim_evidence(out, c->tls_record, &a->ref, "alert %s from the %s", tls_alert_text(a->code, name),
		tls_side_word(c, (enum side)a->side));
}

void tls_list_offered(struct finding *f, const char *name, const struct tls *t)
{
	char number[16];

	for (uint32_t i = 0; i < t->offered_version_count && i < 12; i++) {
		const char *version = tls_version_name(t->offered_versions[i]);

		snprintf(number, sizeof(number), "0x%04x", t->offered_versions[i]);
		finding_list(f, name, version ? version : number);
	}
	if (!t->offered_version_count) {
		const char *version = tls_version_name(t->offered_version);

		if (version)
			finding_list(f, name, version);
		else
			finding_null(f, name);
	}
}

bool tls_answer_is_odd(const struct conversation *c)
{
	return strncmp(c->tls->answered_with, TLS_NO_TEXT, strlen(TLS_NO_TEXT)) == 0;
}

const char *group_text(const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->text[0])
			return g->claims[i]->text;
	return "";
}

const char *tls_server_option(const char *name, char out[SERVER_OPTION_SIZE])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	bool safe = *name != '-' && strspn(name, plain) == strlen(name);

	if (*name)
		snprintf(out, SERVER_OPTION_SIZE, "-servername %.128s", safe ? name : "NAME");
	else
		text_copy(out, SERVER_OPTION_SIZE, "-noservername");
	return out;
}

const char *group_server_option(const struct claim_group *g, char out[SERVER_OPTION_SIZE])
{
	return tls_server_option(group_text(g), out);
}
