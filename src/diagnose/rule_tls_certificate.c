/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a server's certificate at the time of the capture: expired, not yet valid, for another name,
 * self-signed; and old versions of TLS. Errors when the client then fails, warnings otherwise.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

#define FAULTS_MAX 4000
#define SHOWN_MAX 16
#define LEAVES_WITHIN_S 0.5 /* a program that refuses does so at once */
/* September 2001. A clock below that was never set (1970, 1980, 2000): the programs that speak TLS today are younger. */
#define CLOCK_MIN_NS (1000000000 * NS_PER_S)

enum fault {
	FAULT_EXPIRED,
	FAULT_NOT_YET,
	FAULT_NAME,
	FAULT_SELF_SIGNED,
	FAULT_VERSION,
	FAULTS,
};

static const char *const codes[FAULTS] = { "tls-cert-expired", "tls-cert-not-yet-valid", "tls-cert-name-mismatch",
	"tls-cert-self-signed", "tls-old-version" };

struct fault_key {
	struct addr server;
	uint16_t port;
	uint8_t fault;
	char sni[128];
};

struct fault_seen {
	uint64_t count, failed;
	int64_t first_ns, last_ns;
	char subject[192], issuer[192], names[512];
	int64_t not_before_ns, not_after_ns;
	uint16_t version;
	struct evidence shown[SHOWN_MAX];
	int shown_count;
};

struct state {
	struct table faults; /* struct fault_key -> struct fault_seen */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->faults, sizeof(struct fault_key), sizeof(struct fault_seen), FAULTS_MAX);
}

/* Programs that look at the certificate after the handshake say goodbye then, without a request. */
static bool left_without_a_word(const struct tls *t)
{
	return t->stage == TLS_ESTABLISHED && !t->app_data[t->client].frame && t->alert_count &&
		t->alerts[0].side == t->client &&
		when_s(t->alerts[0].ref.at_ns - t->at[TLS_ESTABLISHED].at_ns) < LEAVES_WITHIN_S;
}

static bool client_failed(const struct tls *t)
{
	if (t->inferred_client_alert || left_without_a_word(t))
		return true;
	for (uint32_t i = 0; i < t->alert_count && i < TLS_ALERTS_MAX; i++)
		if (t->alerts[i].side == t->client && t->alerts[i].level == 2 && t->alerts[i].code != 0)
			return true;
	return false;
}

static void note(struct state *s, const struct record *r, enum fault fault)
{
	const struct tls *t = &r->tls;
	const struct frame_ref *at = &t->at[fault == FAULT_VERSION ? TLS_SERVER_HELLO : TLS_CERTIFICATE];
	struct fault_key k;
	struct fault_seen *f;

	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.fault = (uint8_t)fault;
	text_copy(k.sni, sizeof(k.sni), t->sni);
	f = table_add(&s->faults, &k);
	if (!f->count++) {
		f->first_ns = r->ts_ns;
		text_copy(f->subject, sizeof(f->subject), t->cert_subject);
		text_copy(f->issuer, sizeof(f->issuer), t->cert_issuer);
		text_copy(f->names, sizeof(f->names), t->cert_names);
		f->not_before_ns = t->cert_not_before_ns;
		f->not_after_ns = t->cert_not_after_ns;
		f->version = t->version;
	}
	f->last_ns = r->ts_ns;
	f->failed += client_failed(t);
	if (f->shown_count < SHOWN_MAX && at->frame)
		f->shown[f->shown_count++] = (struct evidence){ .source = at->source, .frame = at->frame,
			.ts_ns = r->ts_ns + at->at_ns };
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct tls *t = &r->tls;
	int64_t now;

	(void)x;
	if (r->kind != RECORD_TLS || t->dtls)
		return;
	now = r->ts_ns + t->at[TLS_CERTIFICATE].at_ns;
	if (t->cert_seen && t->cert_not_after_ns && now > t->cert_not_after_ns)
		note(state, r, FAULT_EXPIRED);
	if (t->cert_seen && t->cert_not_before_ns && now < t->cert_not_before_ns && now > CLOCK_MIN_NS)
		note(state, r, FAULT_NOT_YET);
	if (t->cert_seen && t->sni[0] && !t->cert_name_matches)
		note(state, r, FAULT_NAME);
	if (t->cert_seen && t->cert_self_signed)
		note(state, r, FAULT_SELF_SIGNED);
	if (t->version && tls_version_is_old(t->version) && t->at[TLS_SERVER_HELLO].frame)
		note(state, r, FAULT_VERSION);
}

static void title_of(struct finding *f, const struct fault_key *k, const struct fault_seen *s, const char *service)
{
	char when[WHEN_TEXT_SIZE];

	switch ((enum fault)k->fault) {
	case FAULT_EXPIRED:
		when_rfc3339(s->not_after_ns, when);
		finding_title(f, "The certificate of %s expired at %.16s", service, when);
		break;
	case FAULT_NOT_YET:
		when_rfc3339(s->not_before_ns, when);
		finding_title(f, "The certificate of %s is valid only from %.16s on", service, when);
		break;
	case FAULT_NAME:
		finding_title(f, "The certificate of %s is for %s, not for %s", service, s->names[0] ? s->names : s->subject,
			k->sni);
		break;
	case FAULT_SELF_SIGNED:
		finding_title(f, "The certificate of %s is self-signed", service);
		break;
	case FAULT_VERSION:
		finding_title(f, "%s negotiates %s", service,
			tls_version_name(s->version) ? tls_version_name(s->version) : "an old version");
		break;
	case FAULTS:
		break;
	}
}

static void next_of(struct finding *f, const struct fault_key *k, const char *service)
{
	static const char *const steps[FAULTS] = { "Renew the certificate, and look why the renewal did not happen",
		"Compare the clocks of server, issuer and capturing host", "Issue a certificate that lists the name, or use the right one",
		"Install a certificate of an authority that the clients trust, or give this one to them",
		"Allow TLS 1.2 and 1.3 on the server, and retire the older versions" };

	char option[SERVER_OPTION_SIZE];

	finding_next(f, "openssl s_client -connect %s %s </dev/null | openssl x509 -noout -text", service,
		tls_server_option(k->sni, option));
	finding_next(f, "%s", steps[k->fault]);
}

static void cause_of(struct finding *f, const struct fault_key *k)
{
	static const char *const causes[FAULTS][2] = {
		{ "the certificate was not renewed in time", "its end lies before the time of the capture" },
		{ "the certificate was installed too early, or a clock is wrong", "its beginning lies after the time of the capture" },
		{ "the server shows another site's certificate, or the client uses a name that it was not made for",
			"no name in it covers the one that the client asks for" },
		{ "the server has the certificate that it made for itself when it was installed",
			"no authority has signed it: clients cannot tell it from a forged one" } };

	if (k->fault < FAULT_VERSION)
		finding_cause(f, 0.7, causes[k->fault][0], "%s", causes[k->fault][1]);
}

static void tell(struct diagnosis_context *x, const struct fault_key *k, const struct fault_seen *s)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6, .service = "tls" };
	char service[SERVICE_TEXT_SIZE], when[WHEN_TEXT_SIZE];
	struct finding *f;

	text_copy(subject.name, sizeof(subject.name), k->sni);
	f = finding_open(x, codes[k->fault], &subject);
	subject_service_text(&k->server, k->port, service);
	f->count = s->count;
	f->first_ts_ns = s->first_ns;
	f->last_ts_ns = s->last_ns;
	f->responsible = RESPONSIBLE_SERVER;
	if (k->fault == FAULT_VERSION) {
		finding_text(f, "version", tls_version_name(s->version));
	} else {
		finding_text(f, "subject", s->subject);
		finding_text(f, "issuer", s->issuer);
		finding_text(f, "not_after", when_rfc3339(s->not_after_ns, when));
		finding_text(f, "not_before", when_rfc3339(s->not_before_ns, when));
		finding_text(f, "sni", k->sni);
		if (s->failed)
			f->severity = SEVERITY_ERROR;
		finding_detail(f, "The client refuses it in %llu of %llu connection%s.", (unsigned long long)s->failed,
			(unsigned long long)s->count, s->count == 1 ? "" : "s");
	}
	title_of(f, k, s, service);
	cause_of(f, k);
	for (int i = 0; i < s->shown_count; i++)
		finding_evidence(f, s->shown[i].source, s->shown[i].frame, s->shown[i].ts_ns, "%s",
			k->fault == FAULT_VERSION ? "ServerHello" : "Certificate");
	finding_filter_frames(f);
	next_of(f, k, service);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->faults, NULL); e; e = table_next(&s->faults, e))
		tell(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->faults);
}

const struct rule rule_tls_certificate = {
	.codes = { "tls-cert-expired", "tls-cert-not-yet-valid", "tls-cert-name-mismatch", "tls-cert-self-signed",
		"tls-old-version" },
	.spec = "RFC 5280, sections 4.1.2.5 and 6; RFC 9525; RFC 8996",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_TLS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
