/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One capture of a comparison: frames or records through the pipeline and the diagnosis, joined by uid. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/capture.h"
#include "diagnose/context.h"
#include "diagnose/diagnose.h"
#include "diagnose/oui.h"
#include "dissectors/keylog.h"
#include "options.h"
#include "pipeline.h"
#include "record/ndjson.h"
#include "report/report_words.h"

#define SAID_MAX 20000 /* some 4 kB each */

struct load {
	struct talks *talks;
	struct diagnosis_run *diagnosis;
	const struct options *o;
};

static void drop_said(void *owner, void *value)
{
	struct said *s = value;

	(void)owner;
	free(s->tls);
	free(s->http);
}

void talks_begin(struct talks *t)
{
	table_init(&t->said, sizeof(((struct record *)NULL)->uid), sizeof(struct said), SAID_MAX);
	t->said.drop = drop_said;
}

static bool http_failed(const struct http *h)
{
	return h->status == 0 || h->status >= 400;
}

void talks_take(struct talks *t, const struct record *r)
{
	char uid[sizeof(r->uid)] = "";
	struct said *s;

	if ((r->kind != RECORD_TLS && r->kind != RECORD_HTTP) || !*record_uid(r))
		return;
	memcpy(uid, r->uid, strnlen(r->uid, sizeof(uid) - 1)); /* the rest is zero: keys are compared as bytes */
	s = table_add(&t->said, uid);
	if (r->kind == RECORD_TLS) {
		if (!s->tls)
			s->tls = xmalloc(sizeof(*s->tls));
		*s->tls = r->tls;
	} else if (!s->http || !http_failed(s->http)) {
		if (!s->http)
			s->http = xmalloc(sizeof(*s->http));
		*s->http = r->http;
	}
}

static bool proves(const struct finding *f, const struct conn *c)
{
	for (uint32_t k = 0; k < c->key_frame_count && k < KEY_FRAMES_MAX; k++)
		for (int i = 0; i < f->evidence_count; i++)
			if (f->evidence[i].frame == c->key_frames[k].ref.frame &&
				f->evidence[i].source == c->key_frames[k].ref.source)
				return true;
	return false;
}

static bool is_told(const struct talks *t, const char *code)
{
	for (int i = 0; i < t->result->connection_count; i++)
		if (t->result->connections[i].code && strcmp(t->result->connections[i].code, code) == 0)
			return true;
	return false;
}

/* Failures that a dissector saw and no conversation died of (a proxy's 407, a refused login): by their frames. */
static void mark_failed(struct talks *t, const struct finding *f)
{
	if (f->severity < SEVERITY_ERROR || is_told(t, f->code))
		return;
	for (int i = 0; i < t->count; i++)
		if (!talk_failed(&t->v[i]) && proves(f, &t->v[i].conn->conn)) {
			t->v[i].outcome = OUTCOME_FAILED;
			t->v[i].code = f->code;
		}
}

void talks_end(struct talks *t, struct result *result, const struct oui_table *vendors)
{
	t->result = result;
	t->v = xcalloc((size_t)result->connection_count + 1, sizeof(*t->v));
	for (int i = 0; i < result->connection_count; i++) {
		const struct connection_row *row = &result->connections[i];
		char uid[sizeof(row->record->uid)] = "";
		const struct said *s;

		text_copy(uid, sizeof(uid), record_uid(row->record));
		s = table_find(&t->said, uid);
		t->v[t->count++] = (struct talk){
			row->record, s ? s->tls : NULL, s ? s->http : NULL, vendors, row->outcome, row->code};
	}
	for (int i = 0; i < result->finding_count; i++)
		mark_failed(t, result->findings[i]);
}

void talks_free(struct talks *t)
{
	free(t->v);
	table_free(&t->said);
	result_free(t->result);
	*t = (struct talks){0};
}

bool talk_failed(const struct talk *t)
{
	struct connection_row row = {.outcome = t->outcome};

	return words_failed(&row) && (!t->code || catalogue_severity(t->code) >= SEVERITY_WARNING);
}

const char *talk_name(const struct talk *t)
{
	if (t->tls && t->tls->sni[0])
		return t->tls->sni;
	return t->http ? t->http->host : "";
}

static void take_record(void *arg, const struct record *r)
{
	struct load *l = arg;

	talks_take(l->talks, r);
	diagnose_record(l->diagnosis, r);
}

static void take_run(void *arg, const struct record *const *run, int count)
{
	for (int i = 0; i < count; i++)
		take_record(arg, run[i]);
}

static int load_records(struct load *l, const char *path, char *error, size_t error_size)
{
	struct record_sink sink = {take_record, l};
	int got = records_load(path, &sink, error, error_size);

	l->talks->damaged = got > 0;
	return got < 0 ? -1 : 0;
}

static void tell_source(struct load *l, const struct source *s, const struct pipeline *p)
{
	struct record r;

	record_init(&r, RECORD_CAPTURE);
	r.ts_ns = s->frames ? s->first_ts_ns : 0;
	text_copy(r.capture.name, sizeof(r.capture.name), s->name);
	text_copy(r.capture.filter, sizeof(r.capture.filter), s->filter);
	r.capture.snaplen = s->snaplen;
	r.capture.packets = s->frames;
	r.capture.has_packets = s->frames > 0;
	r.capture.first_ts_ns = s->first_ts_ns;
	r.capture.last_ts_ns = s->last_ts_ns;
	r.capture.cut_short = s->cut_short;
	r.capture.damaged = s->damaged;
	r.capture.cut_frames = s->cut_frames;
	r.capture.drops = s->drops;
	r.capture.drops_known = s->drops_known;
	pipeline_source_counters(p, 0, &r.capture);
	l->talks->damaged |= s->cut_short || s->damaged || s->unreadable || r.capture.evicted ||
			      r.capture.streams_let_go || r.capture.datagrams_let_go;
	take_record(l, &r);
}

static void run_frames(struct load *l, struct capture_stream *c, struct keylog *keys, struct pipeline *p)
{
	struct batch batch;
	int64_t clock_ns = 0;
	size_t known = 0;

	while (capture_next(c, &batch, &clock_ns)) {
		const char *secrets = capture_secrets(c);
		size_t n = secrets ? strlen(secrets) : 0;

		if (n > known) {
			pipeline_rest(p);
			keylog_add(keys, secrets + known, n - known);
		}
		known = n;
		pipeline_batch(p, &batch);
	}
	pipeline_finish(p);
	for (int i = 0; i < capture_source_count(c); i++)
		tell_source(l, capture_source(c, i), p);
}

static int load_frames(struct load *l, char *error, size_t error_size)
{
	struct run_sink sink = {take_run, l};
	struct keylog *keys = keylog_new();
	struct capture_stream *c = NULL;
	struct pipeline *p;

	if (!l->o->keylog_path || keylog_load(keys, l->o->keylog_path, error, error_size) == 0)
		c = capture_open(l->o, error, error_size);
	if (c) {
		p = pipeline_new(l->o, keys, &sink);
		run_frames(l, c, keys, p);
		pipeline_free(p);
		capture_close(c);
	}
	keylog_free(keys);
	return c ? 0 : -1;
}

static bool are_records(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".jsonl") == 0);
}

int talks_load(struct talks *t, const struct options *o, const char *path, const struct oui_table *vendors, char *error,
	size_t error_size)
{
	struct options one = *o;
	struct load l = {t, diagnose_new(o), &one};
	int got;

	one.inputs = &path;
	one.input_count = 1;
	t->path = path;
	talks_begin(t);
	diagnose_vendors(l.diagnosis, vendors);
	got = are_records(path) ? load_records(&l, path, error, error_size) : load_frames(&l, error, error_size);
	talks_end(t, diagnose_finish(l.diagnosis), vendors);
	return got;
}
