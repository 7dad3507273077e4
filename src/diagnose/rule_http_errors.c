/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http-errors: 5xx answers, or repeated 4xx, by status and host. Those of a proxy to CONNECT are told by its rule. */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define HOSTS_MAX 4000
#define CLIENT_ERRORS_MIN 5	  /* repeated 4xx: a missing picture or a login dialog is everyday life */
#define REQUESTS_SHOWN 3	  /* of which the request is shown too, not only the answer */
#define CLIENT_ERRORS_SHARE 0.5	  /* of the requests to that host */

struct error_key {
	struct addr server;
	uint16_t port, status;
	char host[128];
};

struct errors {
	struct tally tally;
	char uri[128];
};

struct state {
	struct table errors; /* struct error_key -> struct errors */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->errors, sizeof(struct error_key), sizeof(struct errors), HOSTS_MAX);
	s->errors.drop = tally_drop;
}

static bool counts(const struct http *h)
{
	return h->status >= 400 && h->status < 600 && h->status != 401 && h->status != 407 && !h->proxy &&
		!h->on_tls_port_hint;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct error_key k;
	struct errors *e;

	(void)x;
	if (!counts(&r->http))
		return;
	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.status = r->http.status;
	memcpy(k.host, r->http.host, strnlen(r->http.host, sizeof(k.host) - 1));
	e = table_add(&s->errors, &k);
	if (!e->tally.count)
		text_copy(e->uri, sizeof(e->uri), r->http.uri);
	tally_count(&e->tally, r->ts_ns + r->http.request.at_ns);
	if (e->tally.count <= REQUESTS_SHOWN)
		tally_show(&e->tally, r, &r->http.request, "request %.10s %.60s", r->http.method, r->http.uri);
	tally_show(&e->tally, r, &r->http.response, "%u to %s %.50s", r->http.status, r->http.method, r->http.uri);
}

static void tell(struct diagnosis_context *x, const struct error_key *k, const struct errors *e, uint64_t total)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6, .service = "http" };
	char service[SERVICE_TEXT_SIZE];
	struct finding *f;

	text_copy(subject.name, sizeof(subject.name), k->host);
	f = finding_open(x, "http-errors", &subject);
	if (finding_fact(f, "status")) /* another status of the same host: the first one stays in front */
		return;
	subject_service_text(&k->server, k->port, service);
	tally_tell(&e->tally, f);
	f->of = total;
	f->responsible = k->status >= 500 ? RESPONSIBLE_SERVER : RESPONSIBLE_CLIENT;
	finding_integer(f, "status", k->status);
	finding_text(f, "host", k->host[0] ? k->host : NULL);
	finding_title(f, "%s%s%s%s answers %u to %llu of %llu request%s (for example %s)", k->host, k->host[0] ? " (" : "",
		service, k->host[0] ? ")" : "", k->status, (unsigned long long)e->tally.count, (unsigned long long)total,
		total == 1 ? "" : "s", e->uri);
	finding_detail(f, k->status >= 500 ? "The server itself says that it failed; network and client did their part." :
					     "The server works and says no to what is asked.");
	if (k->status >= 500)
		finding_cause(f, 0.8, "the server's program fails on these requests, or its backend does", "it says so: %u", k->status);
	else
		finding_cause(f, 0.7, "the client asks for what the server does not have or does not give", "status %u", k->status);
	finding_next(f, "Server's error log at the times of these answers; curl -v the same URL");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->errors, NULL); e; e = table_next(&s->errors, e)) {
		const struct error_key *k = table_key(e);
		const struct errors *v = table_value(e);
		uint64_t total = names_requests(&x->names, &k->server, k->port, k->host);

		if (k->status >= 500 || (v->tally.count >= CLIENT_ERRORS_MIN && total &&
						(double)v->tally.count >= CLIENT_ERRORS_SHARE * (double)total))
			tell(x, k, v, total ? total : v->tally.count);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->errors);
}

const struct rule rule_http_errors = {
	.codes = { "http-errors" },
	.spec = "RFC 9110, sections 15.5 and 15.6",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_HTTP,
	.heard_if = SHOWS_STATUS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
