/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an HTTP proxy says to CONNECT or an absolute URI: 407 wants a login, 403 denies, 502 to 504 cannot reach the
 * target (RFC 9110, sections 15.5.4, 15.5.8, 15.6.3 to 15.6.5).
 */
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define PROXIES_MAX 2000

/* What one client wants from the proxy: each program of it that does not log in has targets of its own. */
struct refusal_key {
	struct addr proxy, client;
	uint16_t port;
	char code[24];
	char target[96];
};

struct refusal {
	struct tally tally; /* since the last success */
	uint16_t status;
};

struct told { /* one finding per proxy and code */
	struct finding *finding;
	const struct refusal_key *first;
	uint16_t status;
	uint64_t count;
	struct addr client;
};

struct told_key {
	struct addr proxy;
	uint16_t port;
	char code[24];
};

struct state {
	struct table refusals; /* struct refusal_key -> struct refusal */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->refusals, sizeof(struct refusal_key), sizeof(struct refusal), PROXIES_MAX);
}

/* An error that a web server made, and the proxy passed on. */
static bool is_passed_on(const struct http *h)
{
	static const char *const proxies[] = { "squid", "tinyproxy", "proxy", "bluecoat", "zscaler", "privoxy", "mcafee",
		"ats", "traffic", "wcg", "sophos", "forti", "barracuda", "webgateway" };

	if (strcasecmp(h->method, "CONNECT") == 0 || !h->server[0])
		return false;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++)
		if (strcasestr(h->server, proxies[i]))
			return false;
	return true;
}

static const char *code_of(const struct http *h)
{
	if (h->status == 407)
		return "proxy-auth-required";
	if (!h->proxy || is_passed_on(h))
		return NULL;
	if (h->status == 403)
		return "proxy-denied";
	/* tinyproxy says 500 where others say 502. */
	if (h->status == 500 && strcasecmp(h->method, "CONNECT") == 0)
		return "proxy-unreachable";
	return h->status >= 502 && h->status <= 504 ? "proxy-unreachable" : NULL;
}

static struct refusal_key key_of(const struct record *r, const char *code)
{
	struct refusal_key k;

	memset(&k, 0, sizeof(k));
	k.proxy = r->resp_h;
	k.client = r->orig_h;
	k.port = r->resp_p;
	text_copy(k.code, sizeof(k.code), code);
	text_copy(k.target, sizeof(k.target), r->http.proxied_host[0] ? r->http.proxied_host : r->http.host);
	return k;
}

/* A 407 that the client answers with a login is how logging in works: once for Basic, twice for NTLM. */
static void note_success(struct state *s, const struct record *r)
{
	struct refusal_key k = key_of(r, "proxy-auth-required");
	struct refusal *f = table_find(&s->refusals, &k);

	if (f)
		memset(f, 0, sizeof(*f));
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
	if (!code || strcmp(code, "proxy-auth-required") != 0)
		if (r->http.proxy && r->http.status)
			note_success(s, r); /* whatever it says now, it knows the client */
	if (!code)
		return;
	k = key_of(r, code);
	f = table_add(&s->refusals, &k);
	if (!f->tally.count)
		f->status = r->http.status;
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

static const char *const verbs[] = { "wants a login", "denies requests", "cannot reach the target" };

static int kind_of(const char *code)
{
	return code[6] == 'a' ? 0 : code[6] == 'd' ? 1 : 2;
}

static void tell(struct diagnosis_context *x, struct told *t, const struct refusal_key *k, const struct refusal *r)
{
	struct subject subject = { .server = k->proxy, .port = k->port, .proto = 6, .service = "http" };
	char proxy[SERVICE_TEXT_SIZE];
	struct finding *f;

	if (addr_is_set(&t->client))
		subject.client = t->client;
	f = finding_open(x, catalogue_code(catalogue_place(k->code)), &subject);
	t->finding = f;
	t->first = k;
	t->status = r->status;
	subject_service_text(&k->proxy, k->port, proxy);
	finding_text(f, "proxy", proxy);
	finding_integer(f, "status", r->status);
	finding_text(f, "target", k->target);
	finding_detail(f, "%s answers %u; the request does not get beyond it.", proxy, r->status);
	if (kind_of(k->code) == 0)
		write_auth(f, proxy);
	else if (kind_of(k->code) == 1)
		write_denied(f, k->target);
	else
		write_unreachable(f, k->target);
}

/* The refusals of one proxy, of whatever client and target, are one finding. */
static void add_refusal(struct told *t, const struct refusal *r)
{
	struct finding *f = t->finding;
	int64_t first_ns = f->first_ts_ns, last_ns = f->last_ts_ns;

	tally_tell(&r->tally, f);
	if (t->count && first_ns < f->first_ts_ns)
		f->first_ts_ns = first_ns;
	if (t->count && last_ns > f->last_ts_ns)
		f->last_ts_ns = last_ns;
	t->count += r->tally.count;
	f->count = t->count;
}

static struct told_key told_key(const struct refusal_key *k)
{
	struct told_key t;

	memset(&t, 0, sizeof(t));
	t.proxy = k->proxy;
	t.port = k->port;
	memcpy(t.code, k->code, sizeof(t.code));
	return t;
}

/* Which findings there will be, and whether one client alone is concerned. */
static void collect(struct state *s, struct table *told)
{
	for (struct table_entry *e = table_next(&s->refusals, NULL); e; e = table_next(&s->refusals, e)) {
		const struct refusal_key *k = table_key(e);
		struct told_key key = told_key(k);
		struct told *t = table_find(told, &key);

		if (!((const struct refusal *)table_value(e))->tally.count)
			continue;
		if (!t) {
			t = table_add(told, &key);
			t->client = k->client;
		} else if (!addr_equal(&t->client, &k->client)) {
			t->client = (struct addr){ 0 };
		}
	}
}

static void write_title(const struct told *t)
{
	struct finding *f = t->finding;

	finding_title(f, "The proxy %s (%u, %llu time%s, for example %s)", verbs[kind_of(t->first->code)], t->status,
		(unsigned long long)f->count, f->count == 1 ? "" : "s", t->first->target);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;
	struct table told;

	table_init(&told, sizeof(struct told_key), sizeof(struct told), PROXIES_MAX);
	collect(s, &told);
	for (struct table_entry *e = table_next(&s->refusals, NULL); e; e = table_next(&s->refusals, e)) {
		const struct refusal *r = table_value(e);
		struct told_key key = told_key(table_key(e));
		struct told *t = table_find(&told, &key);

		if (!r->tally.count || !t)
			continue;
		if (!t->finding)
			tell(x, t, table_key(e), r);
		add_refusal(t, r);
		write_title(t);
	}
	table_free(&told);
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
	.kinds = 1u << RECORD_HTTP,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
