/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls-handshake-abandoned before it begins: a client connects to a TLS service, waits without sending a ClientHello, and
 * closes. Often it waits for a banner, because it does not know that the port wants TLS. Sockets that a browser opens
 * ahead look the same, so ports of HTTPS are left out; health checks that close at once do not wait.
 */
#include <stddef.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "diagnose/tally.h"
#include "dissectors/tls_names.h"

#define WAIT_MIN_S 3.0 /* a port scan or a check closes at once */
#define SILENT_MIN 2U

struct silence {
	double longest_s;
	struct tally silent;
};

void silence_drop(struct diagnosis_context *x, struct silence *s)
{
	if (!s)
		return;
	tally_free(&s->silent);
	parties_give(x, s, sizeof(*s));
}

/* Clients of HTTP open connections ahead and never use them; those of mail and news wait for the server's banner. */
static bool has_banner(uint16_t port)
{
	return port == 465 || port == 563 || port == 990 || port == 992 || port == 993 || port == 994 || port == 995 ||
		port == 6697;
}

static bool is_https(uint16_t port)
{
	return port == 443 || port == 8443 || port == 4443 || port == 9443 || port == 10443 || port == 6443;
}

/* When the client closed; NULL: it did not, or not first. */
static const struct frame_ref *closed_by_client(const struct conn *c)
{
	if (c->first_fin != SIDE_NONE)
		return c->first_fin == SIDE_ORIG ? &c->side[SIDE_ORIG].fin : NULL;
	return c->rst_count && c->rsts[0].side == SIDE_ORIG ? &c->rsts[0].ref : NULL;
}

static void note_silence(struct silence *p, const struct record *r, const struct frame_ref *end)
{
	const struct frame_ref *begin = &r->conn.handshake_ack;

	if (when_s(end->at_ns - begin->at_ns) > p->longest_s)
		p->longest_s = when_s(end->at_ns - begin->at_ns);
	tally_count(&p->silent, r->ts_ns);
	tally_conversation(&p->silent, r);
	tally_show(&p->silent, r, begin, "connected");
	tally_show(&p->silent, r, end, "the client closes, without a ClientHello");
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct peers *pair = x->now.pair;
	const struct frame_ref *end;

	(void)state;
	if (!pair || !c->handshake_ack.frame || c->side[SIDE_ORIG].bytes || c->one_sided)
		return;
	end = closed_by_client(c);
	if (!end || when_s(end->at_ns - c->handshake_ack.at_ns) < WAIT_MIN_S)
		return;
	if (!pair->silence)
		pair->silence = parties_make(x, sizeof(*pair->silence));
	note_silence(pair->silence, r, end);
}

static bool is_told_otherwise(struct diagnosis_context *x, const struct peers_key *k)
{
	static const char *const codes[] = { "plain-health-check", "accept-loop-blocked" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (struct finding *f = finding_next_of(x, NULL, codes[i]); f; f = finding_next_of(x, f, codes[i]))
			if (addr_equal(&f->subject.server, &k->server) && f->subject.port == k->port)
				return true;
	return false;
}

static bool is_about_tls(const struct diagnosis_context *x, const struct peers_key *k)
{
	const struct service_state *s = context_service(x, &k->server, k->port, 6);

	return (s && s->tls) || (has_banner(k->port) && !(s && s->answered));
}

static void tell(struct diagnosis_context *x, const struct peers_key *k, const struct silence *p)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6, .service = "tls" };
	struct finding *f = finding_open(x, "tls-handshake-abandoned", &subject);
	char client[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE], longest[WHEN_TEXT_SIZE];

	addr_text(&k->client, client);
	subject_service_text(&k->server, k->port, service);
	when_duration(p->longest_s, longest);
	tally_tell(&p->silent, f);
	finding_text(f, "stage", tls_stage_name(TLS_NOTHING));
	finding_title(f, "%s connects to the TLS service %s, sends no ClientHello and closes after %s (%llu)", client, service,
		longest, (unsigned long long)p->silent.count);
	finding_detail(f, "In TLS the client speaks first; both sides wait for the other until the client gives up.");
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.6, "the client does not know that the port wants TLS, and waits for a banner in clear",
		"it waits %s and none of its connections to this service says anything", longest);
	finding_next(f, "Client: switch on TLS (\"SSL/TLS\" rather than STARTTLS or none), or use the plain port");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->pairs, NULL); e; e = table_next(&x->pairs, e)) {
		const struct peers *pair = table_value(e);
		const struct peers_key *k = table_key(e);

		if (!pair->silence || pair->client_spoke)
			continue;
		if (pair->silence->silent.count >= (has_banner(k->port) ? 1 : SILENT_MIN) && !is_https(k->port) &&
			is_about_tls(x, k) && !is_told_otherwise(x, k))
			tell(x, k, pair->silence);
	}
}

const struct rule rule_tls_no_hello = {
	.codes = { "tls-handshake-abandoned" },
	.spec = "RFC 8446, section 2",
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_UNASKED,
	.record = on_record,
	.finish = on_finish,
};
