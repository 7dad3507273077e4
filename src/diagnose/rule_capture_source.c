/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a source says about itself: cut short, frames cut by the snap length, filtered, damaged headers, a jumping
 * clock, offload of the capturing host, frames captured twice, conversations let go for memory.
 */
#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define JOIN_SHARE 0.9 /* of the jump: a conversation as long spans it */
#define ONE_PROTOCOL_MIN 100 /* so many packets without one ARP or DNS among them are no chance */

static struct finding *open_for(struct diagnosis_context *x, const char *code, const struct record *r)
{
	struct subject subject = {.port = 0};
	struct finding *f;

	text_copy(subject.name, sizeof(subject.name), r->capture.name);
	f = finding_open(x, code, &subject);
	f->responsible = RESPONSIBLE_CAPTURE;
	f->first_ts_ns = r->capture.first_ts_ns;
	f->last_ts_ns = r->capture.last_ts_ns;
	f->confidence = 1;
	return f;
}

static void cut_short(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	struct finding *f;

	if (!c->cut_short)
		return;
	f = open_for(x, "capture-cut-short", r);
	finding_text(f, "source", c->name);
	finding_integer(f, "frame", (int64_t)c->cut_frame);
	finding_title(f, "%s ends inside a record, after frame %" PRIu64, c->name, c->cut_frame);
	finding_detail(f, "The file is cut short; everything up to there is analysed.");
	finding_evidence(f, r->source, c->cut_frame, c->last_ts_ns, "last whole frame");
	finding_filter_frames(f);
	finding_next(f, "If the end matters: stop tcpdump with Ctrl-C or -c before copying its file, or write with -U");
}

static void snaplen(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	struct finding *f;

	if (!c->cut_frames)
		return;
	f = open_for(x, "capture-snaplen", r);
	f->count = c->cut_frames;
	f->of = c->packets;
	finding_integer(f, "snaplen", c->snaplen);
	finding_integer(f, "cut_frames", (int64_t)c->cut_frames);
	finding_title(f, "%" PRIu64 " of %" PRIu64 " frame%s %s stored short (snap length %u)", c->cut_frames,
		c->packets, c->packets == 1 ? "" : "s", c->cut_frames == 1 ? "is" : "are", c->snaplen);
	finding_detail(f,
		"What the cut frames carried beyond that cannot be read: names, certificates and replies may be "
		"missing from this report.");
	finding_evidence(f, r->source, c->short_frame, c->short_ts_ns, "the first of them");
	finding_filter(f, "frame.cap_len < frame.len");
	f->filter_source = r->source;
	finding_next(f, "Capture whole frames: tcpdump -s 0");
}

/* What is in the capture when it is nothing else: a filter without its record. NULL: several protocols, or too little
 * to tell. */
static const char *only_protocol(const struct capture *c)
{
	if (c->packets < ONE_PROTOCOL_MIN)
		return NULL;
	if (c->tcp_packets == c->packets)
		return "TCP";
	if (c->udp_packets == c->packets)
		return "UDP";
	return c->icmp_packets == c->packets ? "ICMP" : NULL;
}

static void filtered(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	const char *only = only_protocol(c);
	struct finding *f;

	if (!c->filter[0] && !only)
		return;
	f = open_for(x, "capture-filtered", r);
	finding_text(f, "filter", c->filter[0] ? c->filter : NULL);
	if (c->filter[0])
		finding_title(f, "The capture was made with a filter: %s", c->filter);
	else
		finding_title(f, "Only %s is in the capture: it seems to be filtered", only);
	finding_detail(f, "What the filter left out is not here: that no ICMP, DNS or ARP is seen proves nothing.");
	finding_evidence(f, r->source, c->first_frame ? c->first_frame : 1, c->first_ts_ns, "first frame of the capture");
	finding_filter_frames(f);
}

static void malformed(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	struct finding *f;

	if (!c->malformed)
		return;
	f = open_for(x, "capture-malformed", r);
	f->count = c->malformed;
	f->of = c->packets;
	finding_integer(f, "frames", (int64_t)c->malformed);
	finding_text(f, "kinds", c->malformed_kinds);
	finding_title(f, "%" PRIu64 " frame%s with headers that contradict themselves (%s)", c->malformed,
		c->malformed == 1 ? "" : "s", c->malformed_kinds);
	finding_evidence(f, r->source, c->malformed_frame, r->capture.first_ts_ns, "the first of them");
	finding_filter_frames(f);
}

static void show_jumps(struct finding *f, const struct record *r)
{
	const struct capture *c = &r->capture;
	size_t kept = sizeof(c->jump_frames) / sizeof(c->jump_frames[0]);

	for (size_t i = 0; i < kept; i++)
		finding_evidence(f, r->source, c->jump_frames[i], c->jump_ts_ns[i], "first frame behind %s jump", i ? "another" : "a");
	finding_evidence(f, r->source, c->jump_frame, c->first_ts_ns, "first frame behind a jump"); /* records of before */
	f->evidence_left_out = c->clock_jumps > kept ? c->clock_jumps - kept : 0;
	finding_filter_frames(f);
}

static void clock_jump(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	bool back = c->clock_jump_max_ns < 0;
	char largest[WHEN_TEXT_SIZE];
	struct finding *f;

	if (!c->clock_jumps)
		return;
	f = open_for(x, "capture-clock-jump", r);
	f->count = c->clock_jumps;
	when_duration(fabs(when_s(c->clock_jump_max_ns)), largest);
	finding_integer(f, "jumps", (int64_t)c->clock_jumps);
	finding_number(f, "largest_s", when_s(c->clock_jump_max_ns));
	finding_title(f, "The capture's clock jumps %" PRIu64 " time%s, by up to %s %s", c->clock_jumps,
		c->clock_jumps == 1 ? "" : "s", largest, back ? "back" : "ahead");
	finding_detail(f,
		"Frames are in the order in which they were captured, but their times are not. Delays across a "
		"jump are not judged.");
	show_jumps(f, r);
	finding_cause(f, 0.7, "the clock of the capturing host was set, by hand or by NTP",
		back ? "time runs backwards between neighbouring frames" :
		       "the time between two neighbouring frames is longer than any capture lasts");
	finding_cause(f, 0.2, "files of several hosts or runs were joined without sorting",
		"each piece is in order by itself");
	finding_next(f, "On the capturing host: chronyc tracking, or timedatectl; reordercap sorts a joined file");
}

static void offload_title(struct finding *f, const struct capture *c)
{
	struct text t = { 0 };

	if (c->offload_large)
		text_printf(&t, "%" PRIu64 " frame%s larger than the MTU", c->offload_large, c->offload_large == 1 ? "" : "s");
	if (c->offload_checksum)
		text_printf(&t, "%s%" PRIu64 " unfinished checksum%s", t.len ? ", " : "", c->offload_checksum,
			c->offload_checksum == 1 ? "" : "s");
	finding_title(f, "Offload of the capturing host: %s", text_str(&t));
	text_free(&t);
}

static void offload(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	struct finding *f;

	if (!c->offload_large && !c->offload_checksum)
		return;
	f = open_for(x, "capture-offload", r);
	f->count = c->offload_large + c->offload_checksum;
	finding_integer(f, "frames", (int64_t)f->count);
	offload_title(f, c);
	finding_detail(f,
		"The network card cuts and sums what the host hands to it; on the wire the packets are right. "
		"Checksums of such packets are not judged.");
	finding_evidence(f, r->source, c->offload_frame, c->first_ts_ns, "the first of them");
	finding_filter_frames(f);
}

static void duplicates(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	struct finding *f;

	/* Where the network doubles packets, copies that nobody can report (UDP, ARP) are its too. */
	if (c->duplicates > c->network_duplicates) {
		f = open_for(x, "capture-duplicates", r);
		f->count = c->duplicates;
		f->of = c->packets;
		finding_integer(f, "duplicates", (int64_t)c->duplicates);
		finding_title(
			f, "%" PRIu64 " of %" PRIu64 " frames %s in the capture twice", c->duplicates, c->packets,
			c->duplicates == 1 ? "is" : "are");
		finding_detail(f,
			"The same packet was captured at more than one place (SPAN port, -i any). The copies are "
			"not counted as retransmissions.");
		finding_evidence(f, r->source, c->duplicates_frame, c->first_ts_ns, "the first copy");
		finding_filter_frames(f);
		finding_next(f, "Capture on one interface, or one direction of the mirrored port");
	}
}

struct let_go {
	const char *fact, *one, *many, *means;
	uint64_t count;
};

static void say_let_go(struct finding *f, const struct let_go *list, size_t n)
{
	struct text title = {0}, detail = {0};

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || list[i].count)
			finding_integer(f, list[i].fact, (int64_t)list[i].count);
		if (!list[i].count)
			continue;
		text_printf(&title, "%s%" PRIu64 " %s", title.len ? ", " : "", list[i].count,
			list[i].count == 1 ? list[i].one : list[i].many);
		text_printf(&detail, "%s%s", detail.len ? " " : "", list[i].means);
		f->count += list[i].count;
	}
	finding_title(f, "%s let go to stay inside the memory bound", text_str(&title));
	finding_detail(f, "%s", text_str(&detail));
	text_free(&title);
	text_free(&detail);
}

/* All sources share the bound: told with the first. */
static void state_limited(struct diagnosis_context *x, const struct record *r)
{
	const struct capture *c = &r->capture;
	const struct let_go list[] = {
		{"evicted", "conversation", "conversations",
			"The longest-idle conversations were closed early; what happened to them afterwards is not judged.",
			c->evicted},
		{"failures_left_out", "failure", "failures", "Failures beyond those that could be kept are in no count.",
			r->source ? 0 : x->claims_lost},
		{"memories_let_go", "note of a rule", "notes of rules",
			"What rules remembered longest was forgotten: what rests on it is not found, or counted too low.",
			r->source ? 0 : x->budget.evicted},
		{"streams_let_go", "stream's out-of-order data", "streams' out-of-order data",
			"What was said in those streams behind a hole is not looked into.", c->streams_let_go},
		{"datagrams_let_go", "fragmented datagram", "fragmented datagrams", "Their contents are not looked into.",
			c->datagrams_let_go},
	};
	uint64_t sum = 0;
	struct finding *f;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		sum += list[i].count;
	if (!sum)
		return;
	f = open_for(x, "capture-state-limited", r);
	f->count = 0;
	say_let_go(f, list, sizeof(list) / sizeof(*list));
	finding_next(f, "Run again with more --memory, or with -f to look at less");
	x->result->state_limited = true;
}

/* Ahead by a year and more, and no connection goes on across it: captures that were joined, or a clock that was set at
 * boot. Nothing in the capture is the worse for it. */
static void weigh_jumps(struct diagnosis_context *x)
{
	for (struct finding *f = finding_next_of(x, NULL, "capture-clock-jump"); f; f = finding_next_of(x, f, "capture-clock-jump")) {
		double ahead = finding_fact_number(f, "largest_s");

		if (ahead <= 0 || when_s(x->longest_tcp_ns) >= ahead * JOIN_SHARE)
			continue;
		f->severity = SEVERITY_NOTE;
		finding_cause(f, 0.9, "captures of different times were joined", "no TCP connection goes on across the jump");
	}
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	weigh_jumps(x);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	static void (*const looks[])(struct diagnosis_context *, const struct record *) = {
		cut_short, snaplen, filtered, malformed, clock_jump, offload, duplicates, state_limited};

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		looks[i](x, r);
}

const struct rule rule_capture_source = {
	.codes = {"capture-cut-short", "capture-snaplen", "capture-filtered", "capture-malformed", "capture-clock-jump",
		"capture-offload", "capture-duplicates", "capture-state-limited"},
	.kinds = 1u << RECORD_CAPTURE,
	.record = on_record,
	.finish = on_finish,
};
