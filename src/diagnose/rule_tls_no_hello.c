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

#define PAIRS_MAX 5000
#define SPOKE_MAX 50000
#define WAIT_MIN_S 3.0 /* a port scan or a check closes at once */
#define SILENT_MIN 2U

struct pair_key {
	struct addr client, server;
	uint16_t port, pad;
};

struct pair {
	double longest_s;
	struct tally silent;
};

struct state {
	struct table spoke; /* struct pair_key -> char: pairs of which the client said something in a connection */
	struct table pairs; /* struct pair_key -> struct pair: those with connections in which it did not */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->spoke, sizeof(struct pair_key), 1, SPOKE_MAX);
	table_init(&s->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
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

static void note_silence(struct pair *p, const struct record *r, const struct frame_ref *end)
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
	struct state *s = state;
	const struct conn *c = &r->conn;
	const struct frame_ref *end;
	struct pair_key k;

	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || c->end_reason == CONN_END_PART || !c->handshake_ack.frame)
		return;
	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	end = closed_by_client(c);
	if (c->side[SIDE_ORIG].bytes || c->one_sided)
		table_add(&s->spoke, &k);
	else if (end && when_s(end->at_ns - c->handshake_ack.at_ns) >= WAIT_MIN_S)
		note_silence(table_add(&s->pairs, &k), r, end);
}

static bool is_told_otherwise(struct diagnosis_context *x, const struct pair_key *k)
{
	static const char *const codes[] = { "plain-health-check", "accept-loop-blocked" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (struct finding *f = finding_next_of(x, NULL, codes[i]); f; f = finding_next_of(x, f, codes[i]))
			if (addr_equal(&f->subject.server, &k->server) && f->subject.port == k->port)
				return true;
	return false;
}

static bool is_about_tls(const struct diagnosis_context *x, const struct pair_key *k)
{
	const struct service_state *s = context_service(x, &k->server, k->port, 6);

	return (s && s->tls) || (has_banner(k->port) && !(s && s->answered));
}

static void tell(struct diagnosis_context *x, const struct pair_key *k, const struct pair *p)
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
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e)) {
		const struct pair *p = table_value(e);
		const struct pair_key *k = table_key(e);

		if (p->silent.count >= (has_banner(k->port) ? 1 : SILENT_MIN) &&
			!table_find(&s->spoke, k) && !is_https(k->port) && is_about_tls(x, k) && !is_told_otherwise(x, k))
			tell(x, k, p);
	}
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->spoke);
	table_free(&s->pairs);
}

const struct rule rule_tls_no_hello = {
	.codes = { "tls-handshake-abandoned" },
	.spec = "RFC 8446, section 2",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.expects = { { EXPECT_PAIR, offsetof(struct state, spoke) } },
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
