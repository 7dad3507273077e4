/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many attempts to connect, told once. */
#include "diagnose/attempts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/icmp_names.h"

#define STREAMS_MAX 65536 /* conversations in a filter: far more than anybody reads */

static void keep_stream(struct attempts *a, const struct record *r, size_t *held_bytes)
{
	if (!a->stream_count)
		a->source = r->source;
	if (r->source != a->source || a->stream_count == STREAMS_MAX)
		return;
	if (a->stream_count == a->stream_room) {
		uint32_t room = a->stream_room ? a->stream_room * 2 : 16;

		*held_bytes += (room - a->stream_room) * sizeof(*a->streams);
		a->streams = xrealloc(a->streams, room * sizeof(*a->streams));
		a->stream_room = room;
	}
	a->streams[a->stream_count++] = r->conn.stream;
}

static struct evidence answer_of(const struct record *r)
{
	const struct conn *c = &r->conn;
	const struct frame_ref *ref = c->icmp_count && !c->answer.frame ? &c->icmps[0].ref : &c->answer;
	struct evidence e = { .source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns };
	char name[64];

	if (c->answered == SYN_ANSWER_RST)
		snprintf(e.what, sizeof(e.what), "RST: refused");
	else if (c->answered == SYN_ANSWER_SYN_ACK)
		snprintf(e.what, sizeof(e.what), "SYN-ACK");
	else if (c->icmp_count)
		snprintf(e.what, sizeof(e.what), "ICMP %s",
			icmp_unreachable_name(c->icmps[0].v6, c->icmps[0].type, c->icmps[0].code, name));
	else
		e.frame = 0;
	return e;
}

/* The earliest of them, whatever order the records come in. */
static void show(struct attempts *a, const struct record *r)
{
	int at = a->shown_count;

	while (at > 0 && (a->shown[at - 1][0].ts_ns > r->ts_ns ||
				 (a->shown[at - 1][0].ts_ns == r->ts_ns && a->shown[at - 1][0].frame > r->frame)))
		at--;
	if (at == ATTEMPTS_SHOWN)
		return;
	if (a->shown_count < ATTEMPTS_SHOWN)
		a->shown_count++;
	memmove(a->shown[at + 1], a->shown[at], (size_t)(a->shown_count - 1 - at) * sizeof(a->shown[0]));
	a->shown[at][0] = (struct evidence){ .source = r->source, .frame = r->frame, .ts_ns = r->ts_ns };
	snprintf(a->shown[at][0].what, sizeof(a->shown[at][0].what), "%s", r->proto == 6 ? "SYN" : "first packet");
	a->shown[at][1] = answer_of(r);
}

void attempts_add(struct attempts *a, const struct record *r, size_t *held_bytes)
{
	a->first_ns = !a->count || r->ts_ns < a->first_ns ? r->ts_ns : a->first_ns;
	a->last_ns = !a->count || r->ts_ns > a->last_ns ? r->ts_ns : a->last_ns;
	a->count++;
	a->packets += r->proto == 6 ? r->conn.syns : r->conn.side[SIDE_ORIG].pkts;
	a->proto = r->proto;
	keep_stream(a, r, held_bytes);
	show(a, r);
}

double attempts_per_s(const struct attempts *a, uint64_t n)
{
	double s = when_s(a->last_ns - a->first_ns);

	return (double)n / (s > 1 ? s : 1);
}

void attempts_tell(const struct attempts *a, struct finding *f)
{
	f->count = a->count;
	f->first_ts_ns = a->first_ns;
	f->last_ts_ns = a->last_ns;
	for (int i = 0; i < a->shown_count; i++)
		for (int k = 0; k < 2; k++) {
			const struct evidence *e = &a->shown[i][k];

			finding_evidence(f, e->source, e->frame, e->ts_ns, "%s", e->what);
		}
	finding_filter_streams(f, a->proto, a->streams, (int)a->stream_count);
	f->filter_source = a->source;
}

void attempts_free(struct attempts *a)
{
	free(a->streams);
}
