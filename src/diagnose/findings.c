/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of findings: opening one, and making one out of a group of claims. */
#include "diagnose/findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"

#define FILTER_RANGES_MAX 400 /* a display filter longer than some 4 KB is refused by nobody, but read by nobody */

static bool same_subject(const struct subject *a, const struct subject *b)
{
	return addr_equal(&a->client, &b->client) && addr_equal(&a->server, &b->server) &&
	       addr_equal(&a->host, &b->host) && a->port == b->port && a->proto == b->proto &&
	       mac_equal(&a->mac, &b->mac) && strcmp(a->name, b->name) == 0;
}

struct finding *finding_next_of(struct diagnosis_context *x, struct finding *after, const char *code)
{
	bool started = !after;

	for (int i = 0; i < x->result->finding_count; i++) {
		struct finding *f = x->result->findings[i];

		if (started && (!code || strcmp(f->code, code) == 0))
			return f;
		started = started || f == after;
	}
	return NULL;
}

struct finding *finding_open(struct diagnosis_context *x, const char *code, const struct subject *subject)
{
	struct result *r = x->result;
	struct finding *f = NULL;

	while ((f = finding_next_of(x, f, code)))
		if (same_subject(&f->subject, subject))
			return f;
	if (r->finding_count == r->finding_room) {
		r->finding_room = r->finding_room ? r->finding_room * 2 : 16;
		r->findings = xrealloc(r->findings, (size_t)r->finding_room * sizeof(struct finding *));
	}
	f = xcalloc(1, sizeof(*f));
	f->code = code;
	f->severity = catalogue_severity(code);
	f->confidence = 0.9;
	f->subject = *subject;
	f->count = 1;
	r->findings[r->finding_count++] = f;
	return f;
}

static int by_stream(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void add_ranges(struct text *t, const uint32_t *streams, int n)
{
	int ranges = 0;

	for (int i = 0, j; i < n && ranges < FILTER_RANGES_MAX; i = j, ranges++) {
		for (j = i + 1; j < n && streams[j] <= streams[j - 1] + 1; j++)
			continue;
		text_printf(t, "%s%u", i ? ", " : "", streams[i]);
		if (streams[j - 1] != streams[i])
			text_printf(t, "..%u", streams[j - 1]);
	}
}

void finding_filter_streams(struct finding *f, uint8_t proto, const uint32_t *streams, int n)
{
	const char *field = proto == 17 ? "udp.stream" : "tcp.stream";
	uint32_t *sorted = xmalloc((size_t)n * sizeof(*sorted));
	struct text t = {0};

	if (!n)
		goto cleanup;
	memcpy(sorted, streams, (size_t)n * sizeof(*sorted));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_stream);
	if (n == 1) {
		finding_filter(f, "%s == %u", field, sorted[0]);
	} else {
		add_ranges(&t, sorted, n);
		finding_filter(f, "%s in {%s}", field, text_str(&t));
	}
cleanup:
	text_free(&t);
	free(sorted);
}

void finding_filter_frames(struct finding *f)
{
	struct text t = {0};

	if (!f->evidence_count)
		return;
	f->filter_source = f->evidence[0].source;
	for (int i = 0; i < f->evidence_count; i++)
		if (f->evidence[i].source == f->filter_source)
			text_printf(&t, "%s%llu", t.len ? ", " : "", (unsigned long long)f->evidence[i].frame);
	if (strchr(text_str(&t), ','))
		finding_filter(f, "frame.number in {%s}", text_str(&t));
	else
		finding_filter(f, "frame.number == %s", text_str(&t));
	text_free(&t);
}

static void filter_of_group(struct finding *f, const struct claim_group *g)
{
	uint32_t *streams = xmalloc((size_t)g->count * sizeof(*streams));
	int n = 0;

	f->filter_source = g->claims[0]->source;
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->source == f->filter_source)
			streams[n++] = g->claims[i]->stream;
	if (g->claims[0]->proto == 6 || g->claims[0]->proto == 17)
		finding_filter_streams(f, g->claims[0]->proto, streams, n);
	else
		finding_filter_frames(f);
	free(streams);
}

/* The first conversation in full; of the others cause and effect. */
static void evidence_of_group(struct finding *f, const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++) {
		const struct claim *c = g->claims[i];
		int step = i && c->evidence_count > 2 ? c->evidence_count - 1 : 1;

		for (int k = 0; k < c->evidence_count; k += step) {
			const struct evidence *e = &c->evidence[k];

			finding_evidence(f, e->source, e->frame, e->ts_ns, "%s", e->what);
		}
	}
}

/* One case may be chance; many that agree, without an exception, are not. */
static double confidence_of(uint64_t count, uint64_t of)
{
	if (count < 3)
		return count == 1 ? 0.8 : 0.85;
	return count >= of ? 0.95 : 0.9;
}

static void subject_of_group(struct subject *s, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];

	*s = (struct subject){.client = g->client, .server = g->server, .port = g->port, .proto = first->proto};
	text_copy(s->service, sizeof(s->service), first->service);
	text_copy(s->name, sizeof(s->name), names_find(&x->names, &g->server));
}

struct finding *finding_of_group(struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *service = context_service(x, &g->server, g->port, g->claims[0]->proto);
	struct subject subject;
	struct finding *f;

	subject_of_group(&subject, x, g);
	f = finding_open(x, g->code, &subject);
	f->count = g->total;
	f->of = service && service->total >= g->total ? service->total : 0;
	f->confidence = confidence_of(f->count, f->of);
	f->first_ts_ns = g->claims[0]->ts_ns;
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->ended_ns > f->last_ts_ns)
			f->last_ts_ns = g->claims[i]->ended_ns;
	evidence_of_group(f, g);
	filter_of_group(f, g);
	if (g->typical && !f->typical)
		f->typical = record_keep(g->typical);
	return f;
}

const char *subject_service_text(const struct addr *server, uint16_t port, char out[SERVICE_TEXT_SIZE])
{
	char a[ADDR_TEXT_SIZE];
	struct text t = {0};

	addr_text(server, a);
	if (addr_is_v4(server) || !addr_is_set(server))
		text_printf(&t, "%s", *a ? a : "several servers");
	else
		text_printf(&t, "[%s]", a);
	if (port)
		text_printf(&t, ":%u", port);
	text_copy(out, SERVICE_TEXT_SIZE, text_str(&t));
	text_free(&t);
	return out;
}
