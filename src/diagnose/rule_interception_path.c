/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-interception without a product's name: one unknown issuer signs for unrelated names, and who answers is implausibly
 * near, or clients reject it. In TLS 1.3 without keys the nearness alone makes it suspected. Near is a TTL that no router
 * has lowered, behind a gateway that hosts farther away are reached through: the gateway itself answers.
 */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/findings.h"
#include "diagnose/issuers.h"
#include "diagnose/rule_tls.h"
#include "diagnose/tally.h"
#include "dissectors/tls_names.h"

#define ISSUERS_MAX 2000
#define WAYS_MAX 500
#define KEPT_MAX 8
#define OWNERS_MIN 3   /* an office's own authority signs for one or two */
#define NEAR_MIN 2     /* servers */
#define REJECTED_MIN 2 /* names */
#define NEAR_ALONE_MIN 3

struct hosts {
	struct addr list[KEPT_MAX];
	int count;
};

struct issuer_scope {
	struct tally tally;
	char owners[KEPT_MAX][32];
	bool rejected[KEPT_MAX];
	int owner_count;
	struct hosts near_servers;
	struct mac near_mac;
};

/* What is reached through one neighbour. */
struct way {
	struct tally tally;
	bool has_far, has_far_tls;
	struct hosts near_servers; /* of TLS 1.3, certificate not seen */
	char ja3s[33];
	bool ja3s_differs;
};

struct state {
	struct table issuers; /* char[192] -> struct issuer_scope */
	struct table ways;    /* struct mac -> struct way */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->issuers, 192, sizeof(struct issuer_scope), ISSUERS_MAX);
	s->issuers.drop = tally_drop;
	table_init(&s->ways, sizeof(struct mac), sizeof(struct way), WAYS_MAX);
	s->ways.drop = tally_drop;
}

static void remember(struct hosts *h, const struct addr *a)
{
	for (int i = 0; i < h->count; i++)
		if (addr_equal(&h->list[i], a))
			return;
	if (h->count < KEPT_MAX)
		h->list[h->count++] = *a;
}

static struct way *way_of(struct state *s, const struct mac *m)
{
	struct mac key;

	memset(&key, 0, sizeof(key));
	key = *m;
	return table_add(&s->ways, &key);
}

static bool is_tls(const struct record *r)
{
	return conn_speaks(&r->conn, "tls");
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn_side *server = &r->conn.side[SIDE_RESP];
	struct way *w;

	(void)x;
	if (!mac_is_set(&server->mac))
		return;
	w = way_of(state, &server->mac);
	w->has_far = true;
	w->has_far_tls |= is_tls(r);
}

/* Whose name it is: the place in the list; -1: no name, or the list is full. */
static int owner_of(struct issuer_scope *scope, const char *sni)
{
	char owner[32];

	name_owner(sni, owner, sizeof(owner));
	if (!owner[0])
		return -1;
	for (int i = 0; i < scope->owner_count; i++)
		if (strcmp(scope->owners[i], owner) == 0)
			return i;
	if (scope->owner_count == KEPT_MAX)
		return -1;
	text_copy(scope->owners[scope->owner_count], sizeof(scope->owners[0]), owner);
	return scope->owner_count++;
}

static void note_issuer(struct state *s, const struct conversation *c, bool near)
{
	const struct tls *t = c->tls;
	char key[192];
	struct issuer_scope *scope;
	const struct tls_alert_seen *a = tls_fatal_alert(c, tls_client_side(c));
	int owner;

	memset(key, 0, sizeof(key));
	text_copy(key, sizeof(key), t->cert_issuer);
	scope = table_add(&s->issuers, key);
	owner = owner_of(scope, t->sni);
	if (owner >= 0 && a && a->code >= 42 && a->code <= 48)
		scope->rejected[owner] = true;
	tally_count(&scope->tally, c->record->ts_ns);
	tally_conversation(&scope->tally, c->record);
	tally_show(&scope->tally, c->tls_record, &t->at[TLS_CERTIFICATE], "Certificate for %.40s by %.60s", t->sni,
		t->cert_issuer);
	if (!near)
		return;
	remember(&scope->near_servers, &c->record->resp_h);
	scope->near_mac = c->resp->mac;
}

static void note_hidden(struct state *s, const struct conversation *c)
{
	struct way *w = way_of(s, &c->resp->mac);

	remember(&w->near_servers, &c->record->resp_h);
	w->ja3s_differs |= w->ja3s[0] && strcmp(w->ja3s, c->tls->ja3s) != 0;
	text_copy(w->ja3s, sizeof(w->ja3s), c->tls->ja3s);
	tally_count(&w->tally, c->record->ts_ns);
	tally_conversation(&w->tally, c->record);
	tally_show(&w->tally, c->record, &c->conn->syn_ack, "SYN-ACK with TTL %u", (unsigned)c->resp->syn_ttl);
}

/* Looks on; the conversation belongs to whoever knows why it failed. */
static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	bool near;

	(void)x;
	(void)out;
	if (!c->tls || c->tls->dtls || c->tls->quic || c->tls->via[0] || !c->tls->at[TLS_SERVER_HELLO].frame)
		return false;
	near = c->resp->syn_ttl && !(c->shows & SHOWS_FAR) && c->resp->ttl == c->resp->syn_ttl && mac_is_set(&c->resp->mac);
	if (c->tls->cert_seen && !c->tls->cert_self_signed && c->tls->sni[0])
		note_issuer(state, c, near);
	else if (near && !c->tls->cert_seen && tls_version_is_13(c->tls->version))
		note_hidden(state, c);
	return false;
}

static int rejected_owners(const struct issuer_scope *scope)
{
	int n = 0;

	for (int i = 0; i < scope->owner_count; i++)
		n += scope->rejected[i];
	return n;
}

static bool is_near(const struct state *s, const struct issuer_scope *scope)
{
	const struct way *w = table_find(&s->ways, &scope->near_mac);

	return w && w->has_far && scope->near_servers.count >= NEAR_MIN;
}

static void tell_issuer(struct diagnosis_context *x, const char *issuer, const struct issuer_scope *scope, bool near)
{
	struct subject subject = { .proto = 6, .service = "tls" };
	struct finding *f;
	struct text owners = { 0 };

	text_copy(subject.name, sizeof(subject.name), issuer);
	f = finding_open(x, "tls-interception", &subject);
	tally_tell(&scope->tally, f);
	finding_list(f, "signs", "one unknown issuer for unrelated names");
	if (near)
		finding_list(f, "signs", "SYN-ACK TTL of a neighbour");
	if (rejected_owners(scope))
		finding_list(f, "signs", "clients reject it");
	finding_text(f, "issuer", issuer);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = near && rejected_owners(scope) ? 0.85 : 0.7;
	finding_title(f, "TLS is intercepted: \"%s\" issues the certificates of %d%s unrelated owners", issuer,
		scope->owner_count, scope->owner_count == KEPT_MAX ? " or more" : "");
	for (int i = 0; i < scope->owner_count; i++)
		text_printf(&owners, "%s%s", i ? ", " : "", scope->owners[i]);
	finding_detail(f, "Among them: %s.", text_str(&owners));
	text_free(&owners);
	finding_cause(f, 0.7, "an inspection box decrypts TLS and signs with its own authority", "the issuer is %s", issuer);
	finding_next(f, "Ask who runs \"%s\"; give the clients its root, or exempt what must not be inspected", issuer);
}

static void tell_suspicion(struct diagnosis_context *x, const struct mac *m, const struct way *w)
{
	struct subject subject = { .proto = 6, .service = "tls", .mac = *m };
	struct finding *f = finding_open(x, "tls-interception", &subject);
	char mac[MAC_TEXT_SIZE];

	tally_tell(&w->tally, f);
	finding_list(f, "signs", "SYN-ACK TTL of a neighbour");
	finding_list(f, "signs", "equal ServerHello of unrelated servers");
	finding_null(f, "issuer");
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = 0.5;
	finding_title(f, "TLS interception is suspected: the gateway %s answers for %d%s TLS servers itself",
		mac_text(m, mac), w->near_servers.count, w->near_servers.count == KEPT_MAX ? " or more" : "");
	finding_detail(f, "Their packets have a TTL that no router has lowered, while other hosts behind the same gateway are farther "
			  "away, and all of them choose the same ServerHello. The certificates are encrypted.");
	finding_cause(f, 0.5, "a proxy on the gateway ends TLS and makes it anew", "the servers cannot be that near");
	finding_cause(f, 0.3, "the gateway relays TCP without looking inside", "the TTL tells that it answers, not that it decrypts");
	finding_next(f, "openssl s_client -connect SERVER:443 -servername NAME -showcerts (who is the issuer?)");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->issuers, NULL); e; e = table_next(&s->issuers, e)) {
		const struct issuer_scope *scope = table_value(e);
		bool near = is_near(s, scope);

		if (scope->owner_count >= OWNERS_MIN && !issuer_product(table_key(e)) && !issuer_is_public(table_key(e)) &&
			(near || rejected_owners(scope) >= REJECTED_MIN))
			tell_issuer(x, table_key(e), scope, near);
	}
	for (struct table_entry *e = table_next(&s->ways, NULL); e; e = table_next(&s->ways, e)) {
		const struct way *w = table_value(e);

		if (w->has_far && !w->has_far_tls && !w->ja3s_differs && w->near_servers.count >= NEAR_ALONE_MIN)
			tell_suspicion(x, table_key(e), w);
	}
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->issuers);
	table_free(&s->ways);
}

const struct rule rule_interception_path = {
	.codes = { "tls-interception" },
	.spec = "Durumeric et al.: The Security Impact of HTTPS Interception, NDSS 2017",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_FAR,
	.record = on_record,
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
