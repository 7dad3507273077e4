/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an HTTP proxy says to CONNECT or an absolute URI: 407 wants a login, 403 denies, 502 to 504 cannot reach the
 * target (RFC 9110, sections 15.5.4, 15.5.8, 15.6.3 to 15.6.5). What a SOCKS proxy says: no method suits or the login
 * is refused, not allowed by ruleset, and the rest (RFC 1928, RFC 1929).
 */
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/proxy_words.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"
#include "dissectors/socks_names.h"

#define PROXIES_MAX 2000

/* What one client wants from the proxy: each program of it that does not log in has targets of its own. */
struct refusal_key {
	struct addr proxy, client;
	uint16_t port;
	char code[24];
	char target[PROXIED_HOST_SIZE];
};

struct refusal {
	struct tally tally; /* since the last success */
	struct proxy_answer answer; /* the first one */
};

struct told { /* one finding per proxy and code */
	struct finding *finding;
	const struct refusal_key *first;
	struct proxy_answer answer;
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
	((struct state *)state)->refusals.drop = tally_drop;
}

static struct refusal_key key_of(const struct record *r, const char *code, const char *target)
{
	struct refusal_key k;

	memset(&k, 0, sizeof(k));
	k.proxy = r->resp_h;
	k.client = r->orig_h;
	k.port = r->resp_p;
	text_copy(k.code, sizeof(k.code), code);
	text_copy(k.target, sizeof(k.target), target);
	return k;
}

static bool same_answer(const struct proxy_answer *a, const struct proxy_answer *b)
{
	return a->socks == b->socks && a->login == b->login && a->method == b->method && a->silent == b->silent &&
		a->status == b->status;
}

static struct refusal *refusal_add(
	struct state *s, const struct record *r, const char *code, const char *target, const struct proxy_answer *a)
{
	struct refusal_key k = key_of(r, code, target);
	struct refusal *f = table_add(&s->refusals, &k);

	if (!f->tally.count)
		f->answer = *a;
	f->answer.mixed |= !same_answer(&f->answer, a);
	return f;
}

/* A 407 that the client answers with a login is how logging in works: once for Basic, twice for NTLM. */
static void note_success(struct state *s, const struct record *r, const char *target)
{
	struct refusal_key k = key_of(r, "proxy-auth-required", target);
	struct refusal *f = table_find(&s->refusals, &k);

	if (!f)
		return;
	tally_free(&f->tally);
	memset(f, 0, sizeof(*f));
}

static void on_http(struct state *s, const struct record *r)
{
	const struct http *h = &r->http;
	const char *code = proxy_code_of_http(h), *target = h->proxied_host[0] ? h->proxied_host : h->host;
	struct refusal *f;

	if ((!code || strcmp(code, "proxy-auth-required") != 0) && h->proxy && h->status)
		note_success(s, r, target); /* whatever it says now, it knows the client */
	if (!code)
		return;
	f = refusal_add(s, r, code, target, &(struct proxy_answer){ .status = h->status, .scheme = proxy_scheme(h) });
	tally_count(&f->tally, r->ts_ns + h->request.at_ns);
	tally_show(&f->tally, r, &h->request, "%s %.60s", h->method, h->proxied_host[0] ? h->proxied_host : h->uri);
	tally_show(&f->tally, r, &h->response, "answer %u", h->status);
}

static const char *methods_text(const struct socks *k, char out[4 * SOCKS_METHODS_MAX + 1])
{
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < k->method_count && i < SOCKS_METHODS_MAX; i++)
		at += (size_t)sprintf(out + at, i ? " %u" : "%u", k->methods[i]);
	return out;
}

static void show_socks(struct tally *t, const struct record *r)
{
	const struct socks *k = &r->socks;
	char methods[4 * SOCKS_METHODS_MAX + 1];

	if (k->response.frame) {
		tally_show(t, r, &k->request, "SOCKS %u %s %.60s", k->version, socks_command_name(k->command), k->proxied_host);
		tally_show(t, r, &k->response, "reply %u: %s", k->reply, socks_reply_name(k->version, k->reply));
	} else if (k->verdict.frame && k->login_status) {
		tally_show(t, r, &k->login, "login of %.40s", k->user);
		tally_show(t, r, &k->verdict, "login refused, status %u", k->login_status);
	} else if (k->hung_up && k->request.frame) {
		tally_show(t, r, &k->request, "SOCKS %u %s %.60s", k->version, socks_command_name(k->command), k->proxied_host);
	} else if (k->hung_up && k->login.frame) {
		tally_show(t, r, &k->login, "login of %.40s", k->user);
	} else { /* without an answer, or before one could be given */
		tally_show(t, r, &k->greeting, "methods offered: %s", methods_text(k, methods));
		tally_show(t, r, &k->choice, "method 0xff: none of them");
	}
	tally_show(t, r, &k->closed, "the proxy closes without an answer");
}

/* Other than with HTTP, a refusal ends the connection: what comes later is another attempt. */
static void on_socks(struct state *s, const struct record *r)
{
	const struct socks *k = &r->socks;
	struct proxy_answer a;
	const char *code = proxy_code_of_socks(k, &a);
	struct refusal *f;

	if (!code)
		return;
	f = refusal_add(s, r, code, k->proxied_host, &a);
	tally_count(&f->tally, r->ts_ns + (k->request.frame ? k->request.at_ns : k->greeting.at_ns));
	show_socks(&f->tally, r);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind == RECORD_SOCKS)
		on_socks(state, r);
	else
		on_http(state, r);
}

static void tell(struct diagnosis_context *x, struct told *t, const struct refusal_key *k, const struct refusal *r)
{
	struct subject subject = { .server = k->proxy, .port = k->port, .proto = 6 };
	char proxy[SERVICE_TEXT_SIZE];
	struct finding *f;

	text_copy(subject.service, sizeof(subject.service), r->answer.socks ? "socks" : "http");
	if (addr_is_set(&t->client))
		subject.client = t->client;
	f = finding_open(x, catalogue_code(catalogue_place(k->code)), &subject);
	t->finding = f;
	t->first = k;
	t->answer = r->answer;
	subject_service_text(&k->proxy, k->port, proxy);
	finding_text(f, "proxy", proxy);
	if (r->answer.silent)
		finding_null(f, "status");
	else
		finding_integer(f, "status", r->answer.status);
	finding_text(f, "target", k->target);
	proxy_words(f, k->code, &r->answer, proxy, k->target[0] ? k->target : "the target");
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
	t->answer.mixed |= r->answer.mixed || !same_answer(&t->answer, &r->answer);
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
		proxy_title(t->finding, t->first->code, &t->answer, t->first->target);
	}
	table_free(&told);
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->refusals);
}

const struct rule rule_proxy = {
	.codes = { "proxy-auth-required", "proxy-denied", "proxy-unreachable" },
	.spec = "RFC 9110, sections 9.3.6, 15.5.4, 15.5.8 and 15.6.3 to 15.6.5; RFC 1928, RFC 1929",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_HTTP | 1u << RECORD_SOCKS,
	.heard_if = SHOWS_STATUS | SHOWS_PROXY,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
