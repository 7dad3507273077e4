/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: batches of frames go through the pipeline, its records to the diagnosis, the result to the reports. */
#include "analyze.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "anonymize.h"
#include "base/text.h"
#include "base/when.h"
#include "capture/capture.h"
#include "capture/capture_write.h"
#include "diagnose/diagnose.h"
#include "diagnose/oui.h"
#include "diagnose/result.h"
#include "dissectors/keylog.h"
#include "evidence.h"
#include "options.h"
#include "pipeline.h"
#include "progress.h"
#include "record/ndjson.h"
#include "record/recorder.h"
#include "refresh.h"
#include "report/report.h"

#define ERROR_SIZE 512
#define ON_THE_WAY_NS NS_PER_S /* frames that are this old may still come: the kernel hands them over in blocks */
#define EVIDENCE_SHARE 8 /* of the memory bound: for packets of inputs that can be read only once */

enum status {
	STATUS_OK = 0,
	STATUS_FOUND = 1,
	STATUS_FAILED = 2,
	STATUS_DAMAGED = 3,
};

struct run {
	const struct options *o;
	struct diagnosis_run *diagnosis;
	struct recorder *recorder;     /* of --records; NULL */
	struct capture_writer *writer; /* of -w; NULL */
	struct keylog *keys;
	struct oui_table *vendors;
	struct anonymizer *anonymizer; /* NULL: everything is told as it is */
	struct refresh refresh;
	struct evidence_ring *ring;    /* of --evidence, where the input cannot be read again */
	bool damaged;
	int64_t clock_ns; /* at the end of the frames */
};

static struct capture_stream *interrupted; /* for the signal handler */

static void on_signal(int number)
{
	(void)number;
	if (interrupted)
		capture_stop(interrupted);
}

static int complain(const char *error)
{
	struct text t = { 0 };

	text_printf(&t, "pcapdx: %s\n", error);
	fputs(text_str(&t), stderr);
	text_free(&t);
	return -1;
}

static void complain_about(const char *name, const char *problem)
{
	struct text t = { 0 };

	text_printf(&t, "%s: %s", name, problem);
	complain(text_str(&t));
	text_free(&t);
}

/* Of those that are told one by one. */
static void take_record(void *arg, const struct record *r)
{
	struct run *run = arg;
	struct record mapped;

	if (run->anonymizer) {
		record_copy(&mapped, r);
		anonymize_record(run->anonymizer, &mapped);
		r = &mapped;
	}
	if (run->recorder)
		recorder_take(run->recorder, r);
	diagnose_record(run->diagnosis, r);
}

static void take_run(void *arg, const struct record *const *records, int count)
{
	struct run *run = arg;

	for (int i = 0; i < count && run->anonymizer; i++)
		take_record(run, records[i]);
	if (run->anonymizer)
		return;
	for (int i = 0; i < count && run->recorder; i++)
		recorder_take(run->recorder, records[i]);
	diagnose_records(run->diagnosis, records, count);
}

static int open_writer(struct run *run)
{
	char error[ERROR_SIZE];

	if (options_are_records(run->o))
		return complain("-w needs the packets: records do not hold them");
	if (run->o->anonymize)
		return complain("-w writes all packets as they are; --anonymize goes with --evidence");
	run->writer = capture_write_open(run->o->write_path, false, error, sizeof(error));
	return run->writer ? 0 : complain(error);
}

static int prepare(struct run *run)
{
	const struct options *o = run->o;
	char error[ERROR_SIZE];

	run->diagnosis = diagnose_new(o);
	if (!o->output_count && !o->json)
		diagnose_without_rows(run->diagnosis);
	if (o->oui_path) {
		run->vendors = oui_load(o->oui_path, error, sizeof(error));
		if (!run->vendors)
			return complain(error);
		diagnose_vendors(run->diagnosis, run->vendors);
	}
	if (o->keylog_path) {
		run->keys = keylog_new();
		if (keylog_load(run->keys, o->keylog_path, error, sizeof(error)))
			return complain(error);
	}
	if (o->anonymize)
		run->anonymizer = anonymizer_new();
	if (o->evidence_path && options_are_records(o))
		return complain("--evidence needs the packets: records do not hold them");
	if (o->evidence_path && evidence_needs_ring(o))
		run->ring = evidence_ring_new(o->memory_bytes / EVIDENCE_SHARE);
	if (report_can_write(o, error, sizeof(error)))
		return complain(error);
	if (o->records_path) {
		run->recorder = recorder_open(o->records_path, error, sizeof(error));
		if (!run->recorder)
			return complain(error);
	}
	if (o->write_path)
		return open_writer(run);
	return 0;
}

static void source_record(const struct source *s, uint16_t index, const struct pipeline *p, struct record *r)
{
	struct capture *c = &r->capture;

	record_init(r, RECORD_CAPTURE);
	r->ts_ns = s->frames ? s->first_ts_ns : 0;
	r->source = index;
	text_copy(c->name, sizeof(c->name), s->name);
	text_copy(c->format, sizeof(c->format), s->format ? s->format : "");
	text_copy(c->link_type, sizeof(c->link_type), s->link_type);
	text_copy(c->filter, sizeof(c->filter), s->filter);
	text_copy(c->comment, sizeof(c->comment), s->comment);
	c->snaplen = s->snaplen;
	c->packets = s->frames;
	c->bytes = s->bytes;
	c->has_packets = s->frames > 0;
	c->first_ts_ns = s->first_ts_ns;
	c->last_ts_ns = s->last_ts_ns;
	c->cut_short = s->cut_short;
	c->damaged = s->damaged;
	c->unreadable = s->unreadable;
	c->cut_frame = s->cut_short ? s->frames : 0;
	c->cut_frames = s->cut_frames;
	c->short_frame = s->short_frame;
	c->short_ts_ns = s->short_ts_ns;
	c->drops = s->drops;
	c->drops_known = s->drops_known;
	c->clock_jumps = s->clock_jumps;
	c->jump_frame = s->jump_frame;
	memcpy(c->jump_frames, s->jump_frames, sizeof(c->jump_frames));
	memcpy(c->jump_ts_ns, s->jump_ts_ns, sizeof(c->jump_ts_ns));
	c->clock_jump_max_ns = s->clock_jump_max_ns;
	pipeline_source_counters(p, index, c);
}

/* Names that files bring along become records, so that rules and reports know them from records, too. */
static void take_name(void *arg, const char *address, const char *name)
{
	struct run *run = arg;
	struct record r;

	record_init(&r, RECORD_NAME);
	r.ts_ns = r.emitted_ns = run->clock_ns;
	if (!addr_parse(address, &r.name.ip))
		return;
	text_copy(r.name.name, sizeof(r.name.name), name);
	take_record(run, &r);
}

/* A capture of something else (Bluetooth, USB) is read in vain. True: nothing of it could be decoded. */
static bool tell_unknown_link(struct run *run, const struct capture *c)
{
	char problem[ERROR_SIZE];

	if (!c->unknown_link)
		return false;
	snprintf(problem, sizeof(problem), "%llu of its %llu frames are of a link type that is not decoded (%s)",
		(unsigned long long)c->unknown_link, (unsigned long long)c->packets, c->link_type);
	complain_about(c->name, problem);
	run->damaged = true;
	return c->unknown_link == c->packets;
}

/* -1 when there was nothing in them that can be diagnosed. */
static int tell_sources(struct run *run, const struct capture_stream *c, const struct pipeline *p, int64_t clock_ns)
{
	int count = capture_source_count(c), undecoded = 0;
	struct record r;

	for (int i = 0; i < count; i++) {
		const struct source *s = capture_source(c, i);

		source_record(s, (uint16_t)i, p, &r);
		r.emitted_ns = clock_ns;
		take_record(run, &r);
		if (s->problem[0])
			complain_about(s->name, s->problem);
		undecoded += tell_unknown_link(run, &r.capture);
		run->damaged |= s->cut_short || s->damaged || s->unreadable;
	}
	return undecoded && undecoded == count ? -1 : 0;
}

/* Secrets inside pcapng blocks come while the file is read: they are added as they appear. */
static void learn_secrets(struct run *run, const struct capture_stream *c, struct pipeline *p, size_t *known)
{
	const char *secrets = capture_secrets(c);
	size_t n = secrets ? strlen(secrets) : 0;

	if (n <= *known)
		return;
	pipeline_rest(p);
	keylog_add(run->keys, secrets + *known, n - *known);
	if (run->writer)
		capture_write_secrets(run->writer, secrets + *known);
	*known = n;
}

/* -w: the frames themselves, as they come. */
static void keep_frames(struct run *run, const struct capture_stream *c, const struct batch *b)
{
	for (int i = 0; i < b->count; i++)
		capture_write_frame(run->writer, &b->frames[i], capture_source(c, b->frames[i].source)->name, NULL);
}

/* In a copy of the program: ends everything and writes the report files. */
static _Noreturn void report_so_far(struct run *run, const struct capture_stream *c, struct pipeline *p, int64_t clock_ns)
{
	struct options o = refresh_options(run->o);
	char error[ERROR_SIZE];
	struct result *r;

	run->recorder = NULL;
	pipeline_finish(p);
	tell_sources(run, c, p, clock_ns);
	r = diagnose_finish(run->diagnosis);
	r->options = &o;
	(void)report_write(r, &o, error, sizeof(error));
	refresh_end();
}

/* While a capture runs: time passes, and reports are written again and again. */
static void keep_up(struct run *run, const struct capture_stream *c, struct pipeline *p, int64_t clock_ns, bool idle)
{
	uint64_t frames = 0;

	if (idle)
		pipeline_clock(p, clock_ns - ON_THE_WAY_NS);
	for (int i = 0; i < capture_source_count(c); i++)
		frames += capture_source(c, i)->frames;
	if (!refresh_is_due(&run->refresh, run->o, frames))
		return;
	pipeline_freeze(p);
	if (refresh_begin(&run->refresh, frames))
		report_so_far(run, c, p, clock_ns);
	pipeline_thaw(p);
}

static int64_t read_frames(struct run *run, struct capture_stream *c, struct pipeline *p)
{
	struct progress progress = { 0 };
	struct batch batch;
	int64_t clock_ns = 0;
	size_t secrets = 0;

	while (capture_next(c, &batch, &clock_ns)) {
		learn_secrets(run, c, p, &secrets);
		if (run->writer)
			keep_frames(run, c, &batch);
		pipeline_charge(p, diagnose_held_bytes(run->diagnosis));
		pipeline_batch(p, &batch);
		if (run->ring)
			evidence_ring_add(run->ring, &batch);
		if (batch.count)
			clock_ns = batch.frames[batch.count - 1].clock_ns;
		if (run->o->interface || run->o->follow)
			keep_up(run, c, p, clock_ns, !batch.count);
		progress_show(&progress, c, (uint64_t)batch.count);
	}
	progress_end(&progress);
	return clock_ns;
}

static void catch_signals(struct capture_stream *c)
{
	/* The second one ends the program at once. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	interrupted = c;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int analyze_frames(struct run *run)
{
	struct run_sink sink = { take_run, run };
	char error[ERROR_SIZE];
	struct capture_stream *c = capture_open(run->o, error, sizeof(error));
	struct pipeline *p;
	int64_t clock_ns;
	int got;

	if (!c)
		return complain(error);
	if (!run->keys)
		run->keys = keylog_new();
	p = pipeline_new(run->o, run->keys, &sink);
	catch_signals(c);
	clock_ns = read_frames(run, c, p);
	interrupted = NULL;
	refresh_wait(&run->refresh);
	pipeline_finish(p);
	run->clock_ns = clock_ns;
	capture_names(c, take_name, run);
	got = tell_sources(run, c, p, clock_ns);
	pipeline_free(p);
	capture_close(c);
	return got;
}

static int analyze_records(struct run *run)
{
	struct record_sink sink = { take_record, run };
	char error[ERROR_SIZE];

	for (int i = 0; i < run->o->input_count; i++) {
		int got = records_load(run->o->inputs[i], &sink, error, sizeof(error));

		if (got)
			complain_about(run->o->inputs[i], error);
		if (got < 0)
			return -1;
		run->damaged |= got > 0;
	}
	return 0;
}

static bool stdout_is_taken(const struct options *o)
{
	return report_takes_stdout(o) || (o->records_path && strcmp(o->records_path, "-") == 0) ||
	       (o->write_path && strcmp(o->write_path, "-") == 0) ||
	       (o->evidence_path && strcmp(o->evidence_path, "-") == 0);
}

static int report(struct run *run)
{
	const struct options *o = run->o;
	struct result *r = diagnose_finish(run->diagnosis);
	char error[ERROR_SIZE];
	int status = run->damaged || r->state_limited ? STATUS_DAMAGED : STATUS_OK;

	run->diagnosis = NULL;
	if (o->fail_on != SEVERITY_OK && r->severity >= o->fail_on)
		status = STATUS_FOUND;
	if (run->recorder && recorder_close(run->recorder, error, sizeof(error))) {
		complain(error);
		status = STATUS_FAILED;
	}
	run->recorder = NULL;
	if (o->evidence_path && evidence_write(r, o, run->ring, run->anonymizer, error, sizeof(error))) {
		complain(error);
		status = STATUS_FAILED;
	}
	if (run->writer && !capture_write_close(run->writer, error, sizeof(error))) {
		complain(error);
		status = STATUS_FAILED;
	}
	run->writer = NULL;
	if (report_write(r, o, error, sizeof(error))) {
		complain(error);
		status = STATUS_FAILED;
	}
	if (!stdout_is_taken(o) && report_print(r, o, error, sizeof(error))) {
		complain(error);
		status = STATUS_FAILED;
	}
	result_free(r);
	return status;
}

int analyze(const struct options *o)
{
	struct run run = { .o = o };
	int status = STATUS_FAILED;

	if (prepare(&run) == 0 && (options_are_records(o) ? analyze_records(&run) : analyze_frames(&run)) == 0)
		status = report(&run);
	else
		result_free(diagnose_finish(run.diagnosis));
	capture_write_discard(run.writer);
	recorder_discard(run.recorder);
	anonymizer_free(run.anonymizer);
	evidence_ring_free(run.ring);
	keylog_free(run.keys);
	oui_free(run.vendors);
	return status;
}
