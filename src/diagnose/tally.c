/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting records about one subject. */
#include "diagnose/tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/findings.h"

/* Lists have room for as many as the next power of two. */
static size_t room_for(int count)
{
	return count ? (size_t)1 << (31 - __builtin_clz((unsigned)count * 2 - 1)) : 0;
}

/* With room for one more. */
static void *grown(void *list, int count, size_t size)
{
	if (count & (count - 1))
		return list;
	table_charge((ptrdiff_t)((room_for(count + 1) - room_for(count)) * size));
	return xrealloc(list, room_for(count + 1) * size);
}

void tally_free(struct tally *t)
{
	table_charge(-(ptrdiff_t)(room_for(t->shown_count) * sizeof(*t->shown)));
	table_charge(-(ptrdiff_t)(room_for(t->stream_count) * sizeof(*t->streams)));
	free(t->shown);
	free(t->streams);
	*t = (struct tally){ 0 };
}

void tally_drop(void *owner, void *value)
{
	(void)owner;
	tally_free(value);
}

void tally_count(struct tally *t, int64_t ts_ns)
{
	if (!t->count++)
		t->first_ns = ts_ns;
	if (ts_ns < t->first_ns)
		t->first_ns = ts_ns;
	if (ts_ns > t->last_ns)
		t->last_ns = ts_ns;
}

static struct evidence *next_shown(struct tally *t)
{
	t->shown = grown(t->shown, t->shown_count, sizeof(*t->shown));
	return &t->shown[t->shown_count++];
}

void tally_keep(struct tally *t, const struct evidence *e)
{
	if (t->shown_count < TALLY_SHOWN_MAX)
		*next_shown(t) = *e;
}

void tally_show(struct tally *t, const struct record *r, const struct frame_ref *ref, const char *format, ...)
{
	struct evidence *e;
	va_list args;

	if (!ref->frame || t->shown_count == TALLY_SHOWN_MAX)
		return;
	e = next_shown(t);
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
	if (conn->source != t->source || conn->proto != t->proto || t->stream_count == TALLY_STREAMS_MAX)
		return;
	t->streams = grown(t->streams, t->stream_count, sizeof(*t->streams));
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
