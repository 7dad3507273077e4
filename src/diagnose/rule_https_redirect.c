/* SPDX-License-Identifier: GPL-2.0-or-later */
/* https-redirect: port 80 answers 301, 302, 307 or 308 with a location that begins with https (RFC 9110, 15.4). */
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define SERVICES_MAX 1000
#define SHOWN_MAX 8

struct redirect {
	struct subject subject;
	char location[256];
	uint64_t count;
	int64_t first_ts_ns, last_ts_ns;
	struct evidence shown[SHOWN_MAX];
	int shown_count;
	uint16_t source;
};

struct redirect_key {
	struct addr server;
	uint16_t port;
	char host[128];
};

struct redirects {
	struct table by_service; /* struct redirect_key -> struct redirect */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct redirects *)state)->by_service, sizeof(struct redirect_key), sizeof(struct redirect),
		SERVICES_MAX);
}

static bool redirects(const struct http *h)
{
	bool status = h->status == 301 || h->status == 302 || h->status == 307 || h->status == 308;

	return status && strncasecmp(h->location, "https://", 8) == 0;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct redirects *s = state;
	struct redirect_key k;
	struct redirect *d;

	(void)x;
	if (!redirects(&r->http))
		return;
	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	text_copy(k.host, sizeof(k.host), r->http.host);
	d = table_add(&s->by_service, &k);
	if (!d->count++) {
		d->subject = (struct subject){ .server = r->resp_h, .port = r->resp_p, .proto = 6, .service = "http" };
		text_copy(d->subject.name, sizeof(d->subject.name), r->http.host);
		text_copy(d->location, sizeof(d->location), r->http.location);
		d->first_ts_ns = r->ts_ns + r->http.response.at_ns;
		d->source = r->source;
	}
	d->last_ts_ns = r->ts_ns + r->http.response.at_ns;
	if (d->shown_count < SHOWN_MAX && r->http.response.frame) {
		d->shown[d->shown_count] = (struct evidence){ .source = r->http.response.source,
			.frame = r->http.response.frame, .ts_ns = d->last_ts_ns };
		text_copy(d->shown[d->shown_count++].what, sizeof(d->shown[0].what), r->http.location);
	}
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct redirects *s = state;

	for (struct table_entry *e = table_next(&s->by_service, NULL); e; e = table_next(&s->by_service, e)) {
		const struct redirect *d = table_value(e);
		struct finding *f = finding_open(x, "https-redirect", &d->subject);
		char service[SERVICE_TEXT_SIZE];

		f->count = d->count;
		f->first_ts_ns = d->first_ts_ns;
		f->last_ts_ns = d->last_ts_ns;
		finding_text(f, "location", d->location);
		subject_service_text(&d->subject.server, d->subject.port, service);
		finding_title(f, "%s redirects plain HTTP to %s", service, d->location);
		for (int i = 0; i < d->shown_count; i++)
			finding_evidence(f, d->shown[i].source, d->shown[i].frame, d->shown[i].ts_ns, "redirect to %s",
				d->shown[i].what);
		finding_filter_frames(f);
	}
}

static void on_free(void *state)
{
	table_free(&((struct redirects *)state)->by_service);
}

const struct rule rule_https_redirect = {
	.codes = { "https-redirect" },
	.spec = "RFC 9110, section 15.4",
	.state_size = sizeof(struct redirects),
	.init = on_init,
	.kinds = 1u << RECORD_HTTP,
	.heard_if = SHOWS_STATUS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
