/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-interception: a device in the path forges certificates (Durumeric et al., NDSS 2017). Signs: the issuer is a known
 * inspection product; one name with different issuers, of which clients reject one or one is minutes old.
 */
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/issuers.h"
#include "diagnose/rule_tls.h"
#include "diagnose/tally.h"

#define NAMES_MAX 5000
#define ISSUERS_PER_NAME 4
#define FRESH_S 3600.0 /* forged on the first request; public authorities backdate by an hour */

struct issuer_seen {
	char issuer[192];
	struct tally tally;
	uint64_t rejected;
	bool fresh;
};

struct name_seen {
	struct issuer_seen issuers[ISSUERS_PER_NAME];
	int count;
	struct addr server;
	uint16_t port;
};

struct state {
	struct table names;   /* char[128] -> struct name_seen */
};

/* A vendor's own site or device shows its vendor's certificate by right. */
static bool is_vendors_own(const struct tls *t)
{
	const char *product = issuer_product(t->cert_issuer);
	char word[32];

	if (!product)
		return false;
	text_copy(word, sizeof(word), product);
	if (strchr(word, ' '))
		*strchr(word, ' ') = '\0';
	return strcasestr(t->sni, word) || strcasestr(t->cert_subject, word);
}

static void drop_name(void *owner, void *value)
{
	struct name_seen *n = value;

	(void)owner;
	for (int i = 0; i < n->count; i++)
		tally_free(&n->issuers[i].tally);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->names, 128, sizeof(struct name_seen), NAMES_MAX);
	s->names.drop = drop_name;
}

static struct issuer_seen *issuer_of(struct name_seen *n, const char *issuer)
{
	for (int i = 0; i < n->count; i++)
		if (strcmp(n->issuers[i].issuer, issuer) == 0)
			return &n->issuers[i];
	if (n->count == ISSUERS_PER_NAME)
		return NULL;
	text_copy(n->issuers[n->count].issuer, sizeof(n->issuers[0].issuer), issuer);
	return &n->issuers[n->count++];
}

static bool was_rejected(const struct tls *t)
{
	for (uint32_t i = 0; i < t->alert_count && i < TLS_ALERTS_MAX; i++)
		if (t->alerts[i].side == SIDE_ORIG && t->alerts[i].level == 2)
			return true;
	return false;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	const struct tls *t = &r->tls;
	char name[128];
	struct name_seen *n;
	struct issuer_seen *i;

	(void)x;
	if (r->kind != RECORD_TLS || !t->cert_seen || !t->sni[0] || !t->cert_issuer[0] || t->cert_self_signed || is_vendors_own(t))
		return;
	memset(name, 0, sizeof(name));
	text_copy(name, sizeof(name), t->sni);
	n = table_add(&s->names, name);
	n->server = r->resp_h;
	n->port = r->resp_p;
	i = issuer_of(n, t->cert_issuer);
	if (!i)
		return;
	i->rejected += was_rejected(t);
	i->fresh |= t->cert_not_before_ns && when_s(r->ts_ns - t->cert_not_before_ns) < FRESH_S;
	tally_count(&i->tally, r->ts_ns);
	tally_show(&i->tally, r, &t->at[TLS_CERTIFICATE], "Certificate by %.60s", t->cert_issuer);
}

/* Which of several issuers is the forger: a known product, the one that clients reject, the fresh one. */
static const struct issuer_seen *suspect_of(const struct name_seen *n)
{
	const struct issuer_seen *worst = NULL;
	int most = 0;

	for (int i = 0; i < n->count; i++) {
		const struct issuer_seen *s = &n->issuers[i];
		int score;

		if (issuer_is_public(s->issuer))
			continue;
		score = (issuer_product(s->issuer) ? 4 : 0) + (s->rejected ? 2 : 0) + (s->fresh ? 1 : 0);

		if (score > most) {
			most = score;
			worst = s;
		}
	}
	return worst;
}

/* Renewals, and RSA beside ECDSA, show two intermediates of one authority. */
static bool has_other_authority(const struct name_seen *n, const struct issuer_seen *suspect)
{
	for (int i = 0; i < n->count; i++)
		if (&n->issuers[i] != suspect && !issuer_is_same_authority(n->issuers[i].issuer, suspect->issuer))
			return true;
	return false;
}

static bool is_told(const struct name_seen *n, const struct issuer_seen *suspect)
{
	if (issuer_product(suspect->issuer))
		return true;
	return has_other_authority(n, suspect) && (suspect->rejected || suspect->fresh);
}

static void list_signs(struct finding *f, const struct name_seen *n, const struct issuer_seen *suspect)
{
	if (issuer_product(suspect->issuer))
		finding_list(f, "signs", "issuer of an inspection product");
	if (has_other_authority(n, suspect))
		finding_list(f, "signs", "one name with different issuers");
	if (suspect->fresh)
		finding_list(f, "signs", "certificate made within the last hour");
	if (suspect->rejected)
		finding_list(f, "signs", "clients reject it");
}

static void tell(struct diagnosis_context *x, const char *name, const struct name_seen *n,
	const struct issuer_seen *suspect)
{
	struct subject subject = { .server = n->server, .port = n->port, .proto = 6, .service = "tls" };
	char service[SERVICE_TEXT_SIZE], option[SERVER_OPTION_SIZE];
	struct finding *f;

	text_copy(subject.name, sizeof(subject.name), name);
	f = finding_open(x, "tls-interception", &subject);
	subject_service_text(&n->server, n->port, service);
	tally_tell(&suspect->tally, f);
	for (int i = 0; i < n->count; i++)
		if (&n->issuers[i] != suspect)
			for (int k = 0; k < n->issuers[i].tally.shown_count; k++) {
				const struct evidence *e = &n->issuers[i].tally.shown[k];

				finding_evidence(f, e->source, e->frame, e->ts_ns, "%s", e->what);
			}
	finding_filter_frames(f);
	list_signs(f, n, suspect);
	finding_text(f, "issuer", suspect->issuer);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = issuer_product(suspect->issuer) ? 0.9 : 0.8;
	finding_title(f, "TLS to %s is intercepted: its certificate is issued by \"%s\"", name, suspect->issuer);
	for (int i = 0; i < n->count; i++)
		if (&n->issuers[i] != suspect)
			finding_detail(f, "The same name also shows a certificate by \"%s\".", n->issuers[i].issuer);
	if (suspect->rejected)
		finding_detail(f, "Clients reject the forged one in %llu of %llu connections.",
			(unsigned long long)suspect->rejected, (unsigned long long)suspect->tally.count);
	finding_cause(f, 0.8, "an inspection box decrypts TLS and signs with its own authority, which the client does not know",
		"the issuer is %s", suspect->issuer);
	finding_next(f, "Give the client the inspection authority's root, or have the name exempted from inspection");
	finding_next(f, "openssl s_client -connect %s %s -showcerts from inside and outside", service,
		tls_server_option(name, option));
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->names, NULL); e; e = table_next(&s->names, e)) {
		const struct name_seen *n = table_value(e);
		const struct issuer_seen *suspect = suspect_of(n);

		if (suspect && is_told(n, suspect))
			tell(x, table_key(e), n, suspect);
	}
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->names);
}

const struct rule rule_interception = {
	.codes = { "tls-interception" },
	.spec = "Durumeric et al.: The Security Impact of HTTPS Interception, NDSS 2017",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_TLS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
