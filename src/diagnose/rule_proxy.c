/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an HTTP proxy says to CONNECT or an absolute URI: 407 wants a login, 403 denies, 502 to 504 cannot reach the
 * target (RFC 9110, sections 15.5.4, 15.5.8, 15.6.3 to 15.6.5).
 */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define PROXIES_MAX 2000

struct refusal_key {
	struct addr proxy;
	uint16_t port;
	char code[24];
};

struct refusal {
	struct tally tally;
	uint16_t status;
	char target[128];
	struct addr client;
	bool several_clients;
	uint64_t logged_in; /* requests by the same clients that the proxy took afterwards */
};

struct state {
	struct table refusals; /* struct refusal_key -> struct refusal */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->refusals, sizeof(struct refusal_key), sizeof(struct refusal), PROXIES_MAX);
}

static const char *code_of(const struct http *h)
{
	if (!h->proxy)
		return NULL;
	if (h->status == 407)
		return "proxy-auth-required";
	if (h->status == 403)
		return "proxy-denied";
	return h->status >= 502 && h->status <= 504 ? "proxy-unreachable" : NULL;
}

/* A 407 that the client answers with a login on its next try is how logging in works. */
static void note_success(struct state *s, const struct record *r)
{
	struct refusal_key k;
	struct refusal *f;

	memset(&k, 0, sizeof(k));
	k.proxy = r->resp_h;
	k.port = r->resp_p;
	text_copy(k.code, sizeof(k.code), "proxy-auth-required");
	f = table_find(&s->refusals, &k);
	if (f && addr_equal(&f->client, &r->orig_h))
		f->logged_in++;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	const char *code;
	struct refusal_key k;
	struct refusal *f;

	(void)x;
	if (r->kind != RECORD_HTTP)
		return;
	code = code_of(&r->http);
	if (!code) {
		if (r->http.proxy && r->http.status && r->http.status < 400)
			note_success(s, r);
		return;
	}
	memset(&k, 0, sizeof(k));
	k.proxy = r->resp_h;
	k.port = r->resp_p;
	text_copy(k.code, sizeof(k.code), code);
	f = table_add(&s->refusals, &k);
	if (!f->tally.count) {
		f->status = r->http.status;
		f->client = r->orig_h;
		text_copy(f->target, sizeof(f->target),
			r->http.proxied_host[0] ? r->http.proxied_host : r->http.host);
	}
	f->several_clients |= !addr_equal(&f->client, &r->orig_h);
	tally_count(&f->tally, r->ts_ns + r->http.request.at_ns);
	tally_show(&f->tally, r, &r->http.request, "%s %.60s", r->http.method,
		r->http.proxied_host[0] ? r->http.proxied_host : r->http.uri);
	tally_show(&f->tally, r, &r->http.response, "answer %u", r->http.status);
}

static void write_auth(struct finding *f, const char *proxy)
{
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.85, "the client has no login for the proxy, or a wrong one, or cannot do the scheme it wants",
		"the proxy answers 407 each time and the client does not log in");
	finding_next(f, "curl -v -x http://USER:PASSWORD@%s https://example.com/ ; which Proxy-Authenticate does it send?", proxy);
	finding_next(f, "Set the login in the program (https_proxy, settings), or have its address allowed without one");
}

static void write_denied(struct finding *f, const char *target)
{
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.85, "the proxy's policy forbids that target or port", "it answers 403 itself");
	finding_next(f, "Ask for %s to be allowed on the proxy; its log names the rule", target);
}

static void write_unreachable(struct finding *f, const char *target)
{
	f->responsible = RESPONSIBLE_PATH;
	finding_cause(f, 0.6, "the proxy gets no connection to the target: down, filtered, or a name that does not resolve",
		"it answers 502, 503 or 504 for it");
	finding_next(f, "On the proxy: curl -v https://%s/ (does it resolve, connect, and in what time?)", target);
}

static void tell(struct diagnosis_context *x, const struct refusal_key *k, const struct refusal *r)
{
	struct subject subject = { .server = k->proxy, .port = k->port, .proto = 6, .service = "http" };
	char proxy[SERVICE_TEXT_SIZE];
	struct finding *f;
	int i = 0;

	while (strcmp(catalogue_code(i), k->code) != 0)
		i++;
	if (!r->several_clients)
		subject.client = r->client;
	f = finding_open(x, catalogue_code(i), &subject);
	subject_service_text(&k->proxy, k->port, proxy);
	tally_tell(&r->tally, f);
	finding_text(f, "proxy", proxy);
	finding_integer(f, "status", r->status);
	finding_text(f, "target", r->target);
	finding_title(f, "%s %s (%u, %llu time%s, for example %s)", "The proxy",
		k->code[6] == 'a' ? "wants a login" : k->code[6] == 'd' ? "denies requests" : "cannot reach the target",
		r->status, (unsigned long long)r->tally.count, r->tally.count == 1 ? "" : "s", r->target);
	finding_detail(f, "%s answers %u; the request does not get beyond it.", proxy, r->status);
	if (k->code[6] == 'a')
		write_auth(f, proxy);
	else if (k->code[6] == 'd')
		write_denied(f, r->target);
	else
		write_unreachable(f, r->target);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->refusals, NULL); e; e = table_next(&s->refusals, e)) {
		const struct refusal *r = table_value(e);

		if (r->logged_in < r->tally.count)
			tell(x, table_key(e), r);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->refusals);
}

const struct rule rule_proxy = {
	.codes = { "proxy-auth-required", "proxy-denied", "proxy-unreachable" },
	.spec = "RFC 9110, sections 9.3.6, 15.5.4, 15.5.8 and 15.6.3 to 15.6.5",
	.state_size = sizeof(struct state),
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
