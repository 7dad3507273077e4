/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON report: verdict, diagnoses, findings. Its shape is a promise: doc/report.schema.json. */
#include "report/report_json.h"

#include <string.h>

#include "base/when.h"
#include "config.h"
#include "diagnose/result.h"
#include "report/report.h"
#include "report/report_words.h"

void json_time(struct json *j, const char *key, int64_t ns)
{
	char when[WHEN_TEXT_SIZE];

	json_text(j, key, when_rfc3339(ns, when));
}

static void json_strings(struct json *j, const char *key, char *const *lines, int count)
{
	json_array(j, key);
	for (int i = 0; i < count; i++)
		json_text(j, NULL, lines[i]);
	json_end_array(j);
}

static void subject_address(struct json *j, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE];

	if (addr_is_set(a))
		json_text(j, key, addr_text(a, text));
}

/* What is unset is left out. */
static void json_subject(struct json *j, const char *key, const struct subject *s)
{
	char mac[MAC_TEXT_SIZE];

	json_object(j, key);
	subject_address(j, "client", &s->client);
	subject_address(j, "server", &s->server);
	subject_address(j, "host", &s->host);
	if (s->port)
		json_uint(j, "port", s->port);
	if (words_proto(s->proto))
		json_text(j, "proto", words_proto(s->proto));
	if (s->service[0])
		json_text(j, "service", s->service);
	if (s->name[0])
		json_text(j, "name", s->name);
	if (mac_is_set(&s->mac))
		json_text(j, "mac", mac_text(&s->mac, mac));
	json_end_object(j);
}

static void json_causes(struct json *j, const struct diagnosis *d)
{
	json_array(j, "causes");
	for (int i = 0; i < d->cause_count; i++) {
		json_object(j, NULL);
		json_text(j, "cause", d->causes[i].cause);
		json_number(j, "likelihood", d->causes[i].likelihood);
		json_text(j, "because", d->causes[i].because ? d->causes[i].because : "");
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_diagnosis(struct json *j, const struct diagnosis *d)
{
	json_object(j, NULL);
	json_text(j, "id", d->id);
	json_text(j, "title", d->title ? d->title : "");
	json_text(j, "summary", d->summary ? d->summary : "");
	json_subject(j, "subject", &d->subject);
	json_text(j, "severity", severity_name(d->severity));
	json_number(j, "confidence", d->confidence);
	json_text(j, "responsible", responsible_name(d->responsible));
	json_text(j, "path", d->path);
	json_causes(j, d);
	json_strings(j, "against", d->against, d->against_count);
	json_strings(j, "next", d->next, d->next_count);
	json_array(j, "findings");
	for (int i = 0; i < d->finding_count; i++)
		json_text(j, NULL, d->findings[i]->id);
	json_end_array(j);
	json_end_object(j);
}

static void json_fact(struct json *j, const struct fact *f)
{
	switch (f->type) {
	case FACT_NULL:
		json_null(j, f->name);
		break;
	case FACT_NUMBER:
		json_number(j, f->name, f->number);
		break;
	case FACT_INTEGER:
		json_int(j, f->name, f->integer);
		break;
	case FACT_BOOL:
		json_bool(j, f->name, f->integer != 0);
		break;
	case FACT_TEXT:
		json_text(j, f->name, f->text);
		break;
	case FACT_LIST:
		json_strings(j, f->name, f->list, f->list_count);
		break;
	}
}

static void json_evidence(struct json *j, const struct finding *f)
{
	json_array(j, "evidence");
	for (int i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];

		json_object(j, NULL);
		json_uint(j, "source", e->source);
		json_uint(j, "frame", e->frame);
		json_time(j, "ts", e->ts_ns);
		json_text(j, "what", e->what);
		json_end_object(j);
	}
	json_end_array(j);
	json_uint(j, "evidence_left_out", f->evidence_left_out);
}

static void json_finding(struct json *j, const struct finding *f)
{
	json_object(j, NULL);
	json_text(j, "id", f->id);
	json_text(j, "code", f->code);
	json_text(j, "severity", severity_name(f->severity));
	json_text(j, "state", f->cleared ? "cleared" : "open");
	json_text(j, "title", f->title ? f->title : "");
	json_text(j, "detail", f->detail ? f->detail : "");
	json_subject(j, "subject", &f->subject);
	json_uint(j, "count", f->count);
	if (f->of)
		json_uint(j, "of", f->of);
	else
		json_null(j, "of");
	json_time(j, "first_ts", f->first_ts_ns);
	json_time(j, "last_ts", f->last_ts_ns);
	json_number(j, "confidence", f->confidence);
	json_object(j, "facts");
	for (int i = 0; i < f->fact_count; i++)
		json_fact(j, &f->facts[i]);
	json_end_object(j);
	json_evidence(j, f);
	json_text(j, "filter", f->filter);
	if (f->filter)
		json_uint(j, "filter_source", f->filter_source);
	else
		json_null(j, "filter_source");
	json_strings(j, "against", f->against, f->against_count);
	json_strings(j, "next", f->next, f->next_count);
	json_end_object(j);
}

static void json_verdict(struct json *j, const struct result *r)
{
	json_object(j, "verdict");
	json_text(j, "severity", severity_name(r->severity));
	json_text(j, "headline", r->headline ? r->headline : "");
	json_text(j, "weak", r->weak);
	json_end_object(j);
}

static void json_report(struct json *j, const struct result *r, bool with_list)
{
	json_object(j, NULL);
	json_text(j, "schema", "pcapdx-report/1");
	json_text(j, "version", PACKAGE_VERSION);
	json_capture(j, r);
	json_verdict(j, r);
	json_array(j, "diagnoses");
	for (int i = 0; i < r->diagnosis_count; i++)
		json_diagnosis(j, r->diagnoses[i]);
	json_end_array(j);
	json_array(j, "findings");
	for (int i = 0; i < r->finding_count; i++)
		json_finding(j, r->findings[i]);
	json_end_array(j);
	json_tables(j, r);
	json_connections(j, r, with_list);
	json_protocols(j, r);
	json_end_object(j);
	text_add_char(j->out, '\n');
}

void report_json(const struct result *r, struct text *out)
{
	json_report(&(struct json){.out = out, .indent = 2}, r, true);
}

void report_json_short(const struct result *r, struct text *out)
{
	json_report(&(struct json){.out = out}, r, false);
}
