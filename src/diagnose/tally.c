/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting records about one subject. */
#include "diagnose/tally.h"

#include <stdarg.h>
#include <stdio.h>

#include "diagnose/findings.h"

void tally_count(struct tally *t, int64_t ts_ns)
{
	if (!t->count++)
		t->first_ns = ts_ns;
	if (ts_ns < t->first_ns)
		t->first_ns = ts_ns;
	if (ts_ns > t->last_ns)
		t->last_ns = ts_ns;
}

void tally_show(struct tally *t, const struct record *r, const struct frame_ref *ref, const char *format, ...)
{
	struct evidence *e;
	va_list args;

	if (!ref->frame || t->shown_count == TALLY_SHOWN_MAX)
		return;
	e = &t->shown[t->shown_count++];
	e->source = ref->source;
	e->frame = ref->frame;
	e->ts_ns = r->ts_ns + ref->at_ns;
	va_start(args, format);
	vsnprintf(e->what, sizeof(e->what), format, args);
	va_end(args);
}

void tally_conversation(struct tally *t, const struct record *conn)
{
	if (!t->stream_count) {
		t->source = conn->source;
		t->proto = conn->proto;
	}
	if (conn->source == t->source && conn->proto == t->proto && t->stream_count < TALLY_STREAMS_MAX)
		t->streams[t->stream_count++] = conn->conn.stream;
}

void tally_tell(const struct tally *t, struct finding *f)
{
	f->count = t->count;
	f->first_ts_ns = t->first_ns;
	f->last_ts_ns = t->last_ns;
	for (int i = 0; i < t->shown_count; i++)
		finding_evidence(f, t->shown[i].source, t->shown[i].frame, t->shown[i].ts_ns, "%s", t->shown[i].what);
	if (t->stream_count && (t->proto == 6 || t->proto == 17)) {
		finding_filter_streams(f, t->proto, t->streams, t->stream_count);
		f->filter_source = t->source;
	} else {
		finding_filter_frames(f);
	}
}
