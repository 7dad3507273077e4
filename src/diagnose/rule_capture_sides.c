/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What conversations say about the capture: one side of them is missing throughout, or bytes were acknowledged that the
 * capture never saw.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define STREAMS_MAX 400
#define SHOWN_MAX 8
#define FEW_SHARE 0.2 /* of the conversations: leftovers at the edges of a capture, not its place in the network */

struct sides {
	uint64_t one_sided, missing_bytes, drops;
	bool drops_known;
	struct evidence dropping; /* last frame of the first source that reports drops */
	uint32_t one_sided_streams[STREAMS_MAX], lossy_streams[STREAMS_MAX];
	int one_sided_kept, lossy_kept;
	struct evidence first_one_sided[SHOWN_MAX], first_lossy[SHOWN_MAX];
	int one_sided_shown, lossy_shown;
	uint64_t lossy;
	uint16_t one_sided_source, lossy_source;
};

static void keep(uint32_t *streams, int *n, uint16_t *source, const struct record *r)
{
	if (!*n)
		*source = r->source;
	if (r->source == *source && *n < STREAMS_MAX)
		streams[(*n)++] = r->conn.stream;
}

static void show(struct evidence *shown, int *n, const struct record *r, const struct frame_ref *ref, const char *what)
{
	struct evidence *e;

	if (*n == SHOWN_MAX || !ref->frame)
		return;
	e = &shown[(*n)++];
	*e = (struct evidence){.source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns};
	text_copy(e->what, sizeof(e->what), what);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct sides *s = state;
	uint64_t missing;

	(void)x;
	if (r->kind == RECORD_CAPTURE) {
		s->drops += r->capture.drops;
		if (r->capture.drops && !s->dropping.frame)
			s->dropping = (struct evidence){ .source = r->source, .frame = r->capture.packets, .ts_ns = r->capture.last_ts_ns };
		s->drops_known |= r->capture.drops_known;
	}
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART)
		return;
	if (r->conn.one_sided) {
		s->one_sided++;
		keep(s->one_sided_streams, &s->one_sided_kept, &s->one_sided_source, r);
		show(s->first_one_sided, &s->one_sided_shown, r, &(struct frame_ref){r->frame, 0, r->source},
			"first packet; the other direction is never seen");
		return;
	}
	missing = r->conn.side[0].missing_bytes + r->conn.side[1].missing_bytes;
	if (!missing)
		return;
	s->missing_bytes += missing;
	s->lossy++;
	keep(s->lossy_streams, &s->lossy_kept, &s->lossy_source, r);
	for (int side = 0; side < 2; side++)
		if (r->conn.side[side].missing_bytes)
			show(s->first_lossy, &s->lossy_shown, r, &r->conn.side[side].missing_first,
				"ACK of bytes that are not in the capture");
}

static uint64_t count_tcp(const struct summary *s)
{
	uint64_t n = 0;

	for (int i = 0; i < OUTCOMES; i++)
		n += s->tcp_outcomes[i];
	return n;
}

static void tell_one_sided(const struct sides *s, struct diagnosis_context *x, uint64_t tcp)
{
	struct finding *f = finding_open(x, "capture-one-sided", &(struct subject){.proto = 6});

	f->responsible = RESPONSIBLE_CAPTURE;
	f->count = s->one_sided;
	f->of = tcp;
	f->confidence = 0.95;
	if ((double)s->one_sided < FEW_SHARE * (double)tcp)
		f->severity = SEVERITY_NOTE;
	finding_integer(f, "conversations", (int64_t)s->one_sided);
	finding_title(f, "Only one direction of %" PRIu64 " of %" PRIu64 " TCP conversation%s was captured",
		s->one_sided, tcp, tcp == 1 ? "" : "s");
	finding_detail(f, "Acknowledgements advance over bytes that are nowhere in the capture. Whether the other side "
			  "answered cannot be told: every verdict about missing answers is withheld for them.");
	for (int i = 0; i < s->one_sided_shown; i++)
		finding_evidence(f, s->first_one_sided[i].source, s->first_one_sided[i].frame,
			s->first_one_sided[i].ts_ns, "%s", s->first_one_sided[i].what);
	finding_filter_streams(f, 6, s->one_sided_streams, s->one_sided_kept);
	f->filter_source = s->one_sided_source;
	finding_cause(f, 0.6, "the two directions take different paths, and only one passes the capture point",
		"asymmetric routing, or a mirror port of one direction");
	finding_cause(f, 0.3, "a capture filter lets only one direction through", "for example 'src host'");
	finding_next(f, "Capture on an end host, or mirror both directions of the port");
}

static void tell_lost(const struct sides *s, struct diagnosis_context *x, uint64_t tcp)
{
	struct finding *f = finding_open(x, "capture-lost-packets", &(struct subject){.proto = 6});

	f->responsible = RESPONSIBLE_CAPTURE;
	f->count = s->lossy ? s->lossy : 1;
	f->of = tcp;
	finding_integer(f, "missing_bytes", (int64_t)s->missing_bytes);
	if (s->drops_known)
		finding_integer(f, "drops", (int64_t)s->drops);
	else
		finding_null(f, "drops");
	finding_title(f, "The capture itself lost packets: %" PRIu64 " byte%s acknowledged and never captured",
		s->missing_bytes, s->missing_bytes == 1 ? " was" : "s were");
	if (!s->missing_bytes)
		finding_title(f, "The capture itself lost packets: its source reports %" PRIu64 " dropped", s->drops);
	if (s->drops)
		finding_detail(f, "The source reports %" PRIu64 " dropped packets.", s->drops);
	if (s->missing_bytes)
		finding_detail(f,
			"The receiver acknowledged them and nobody sent them again, so they did arrive: the capture lost "
			"them, not the network. Verdicts that rest on missing packets are withheld for %" PRIu64
			" conversation%s.",
			s->lossy, s->lossy == 1 ? "" : "s");
	for (int i = 0; i < s->lossy_shown; i++)
		finding_evidence(f, s->first_lossy[i].source, s->first_lossy[i].frame, s->first_lossy[i].ts_ns, "%s",
			s->first_lossy[i].what);
	if (!s->lossy_kept) {
		finding_evidence(f, s->dropping.source, s->dropping.frame, s->dropping.ts_ns,
			"last frame; the source reports drops up to it");
		finding_filter_frames(f);
	} else {
		finding_filter_streams(f, 6, s->lossy_streams, s->lossy_kept);
		f->filter_source = s->lossy_source;
	}
	finding_cause(f, 0.8, "the capturing host or mirror port could not keep up", "%s",
		s->drops ? "the source reports drops" : "acknowledged bytes are missing in both small and large runs");
	finding_next(
		f, "Capture with a larger buffer (tcpdump -B 65536), to a fast disk, with a filter, or with -s 128");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	const struct sides *s = state;

	if (s->one_sided)
		tell_one_sided(s, x, count_tcp(&x->result->summary));
	if (s->missing_bytes || s->drops)
		tell_lost(s, x, count_tcp(&x->result->summary));
}

const struct rule rule_capture_sides = {
	.codes = {"capture-one-sided", "capture-lost-packets"},
	.spec = "RFC 9293, section 3.4",
	.state_size = sizeof(struct sides),
	.kinds = 1u << RECORD_CAPTURE | 1u << RECORD_CONN,
	.heard_if = SHOWS_MISSING,
	.record = on_record,
	.finish = on_finish,
};
