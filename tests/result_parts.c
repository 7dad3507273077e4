/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "result_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

struct addr build_ip(const char *text)
{
	struct addr a = {{0}};

	if (!addr_parse(text, &a))
		abort();
	return a;
}

struct mac build_mac(const char *text)
{
	struct mac m = {{0}};

	if (!mac_parse(text, &m))
		abort();
	return m;
}

struct result *build_result(enum severity severity, const char *headline)
{
	struct result *r = xcalloc(1, sizeof(*r));

	r->severity = severity;
	r->headline = xstrdup(headline);
	r->summary.time_wait_assumed_s = 60;
	return r;
}

struct capture *build_source(struct result *r, const char *name, uint64_t packets, double seconds)
{
	struct summary *s = &r->summary;
	struct capture *c;

	s->sources = xrealloc(s->sources, (size_t)(s->source_count + 1) * sizeof(*s->sources));
	c = &s->sources[s->source_count++];
	memset(c, 0, sizeof(*c));
	text_copy(c->name, sizeof(c->name), name);
	text_copy(c->format, sizeof(c->format), "pcapng");
	text_copy(c->link_type, sizeof(c->link_type), "ethernet");
	c->snaplen = 262144;
	c->packets = packets;
	c->bytes = packets * 420;
	c->has_packets = packets > 0;
	c->first_ts_ns = BUILD_START_NS;
	c->last_ts_ns = BUILD_START_NS + (int64_t)(seconds * 1e9);
	s->packets += c->packets;
	s->bytes += c->bytes;
	s->has_packets = s->packets > 0;
	s->first_ts_ns = BUILD_START_NS;
	if (c->last_ts_ns > s->last_ts_ns)
		s->last_ts_ns = c->last_ts_ns;
	return c;
}

struct finding *build_finding(
	struct result *r, const char *code, enum severity severity, uint64_t count, uint64_t of)
{
	struct finding *f = xcalloc(1, sizeof(*f));

	if (r->finding_count == r->finding_room) {
		r->finding_room = r->finding_room ? r->finding_room * 2 : 8;
		r->findings = xrealloc(r->findings, (size_t)r->finding_room * sizeof(*r->findings));
	}
	r->findings[r->finding_count++] = f;
	snprintf(f->id, sizeof(f->id), "F%hd", (short)r->finding_count);
	f->code = code;
	f->severity = severity;
	f->count = count;
	f->of = of;
	f->confidence = 0.9;
	f->first_ts_ns = BUILD_START_NS;
	f->last_ts_ns = BUILD_START_NS + 20 * NS_PER_S;
	return f;
}

struct diagnosis *build_diagnosis(
	struct result *r, struct finding *lead, enum responsible who, const char *title, const char *summary)
{
	struct diagnosis *d = xcalloc(1, sizeof(*d));

	if (r->diagnosis_count == r->diagnosis_room) {
		r->diagnosis_room = r->diagnosis_room ? r->diagnosis_room * 2 : 8;
		r->diagnoses = xrealloc(r->diagnoses, (size_t)r->diagnosis_room * sizeof(*r->diagnoses));
	}
	r->diagnoses[r->diagnosis_count++] = d;
	snprintf(d->id, sizeof(d->id), "D%hd", (short)r->diagnosis_count);
	d->title = xstrdup(title);
	d->summary = xstrdup(summary);
	d->subject = lead->subject;
	d->severity = lead->severity;
	d->confidence = lead->confidence;
	d->responsible = who;
	d->findings = xmalloc(sizeof(struct finding *));
	d->findings[d->finding_count++] = lead;
	lead->part_of_incident = true;
	return d;
}

void build_join(struct diagnosis *d, struct finding *f)
{
	d->findings = xrealloc(d->findings, (size_t)(d->finding_count + 1) * sizeof(struct finding *));
	d->findings[d->finding_count++] = f;
	f->part_of_incident = true;
}

void build_cause(struct diagnosis *d, double likelihood, const char *cause, const char *because)
{
	d->causes = xrealloc(d->causes, (size_t)(d->cause_count + 1) * sizeof(*d->causes));
	d->causes[d->cause_count++] = (struct cause){xstrdup(cause), xstrdup(because), likelihood};
}

void build_line(char ***lines, int *count, const char *line)
{
	*lines = xrealloc(*lines, (size_t)(*count + 1) * sizeof(**lines));
	(*lines)[(*count)++] = xstrdup(line);
}

struct record *build_conn(
	const char *client, uint16_t port, const char *server, uint16_t server_port, uint64_t frame, double at)
{
	struct record *r = xcalloc(1, sizeof(*r));

	record_init(r, RECORD_CONN);
	r->orig_h = build_ip(client);
	r->orig_p = port;
	r->resp_h = build_ip(server);
	r->resp_p = server_port;
	r->proto = 6;
	r->frame = frame;
	r->ts_ns = BUILD_START_NS + (int64_t)(at * 1e9);
	snprintf(r->uid, sizeof(r->uid), "C%08x%08x", port, (unsigned)frame);
	return r;
}

void build_key(
	struct record *r, double at, uint64_t frame, enum side side, uint8_t flags, uint32_t len, const char *label)
{
	struct key_frame *k = &r->conn.key_frames[r->conn.key_frame_count++];

	assert(r->conn.key_frame_count <= KEY_FRAMES_MAX);
	*k = (struct key_frame){.ref = {.frame = frame, .at_ns = (int64_t)(at * 1e9)}, .len = len};
	k->side = (uint8_t)side;
	k->flags = flags;
	text_copy(k->label, sizeof(k->label), label);
}
