/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native against libnids, on every TCP connection of every capture at hand: the same bytes, the same gaps, at the same
 * places. Left out is what two stacks may see differently: segments that overlap others with different bytes.
 */
#include "cmocka_all.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"
#include "options.h"
#include "reassemble/nids_engine.h"
#include "track/tracker.h"

#define FILE_MAX (64 * 1024 * 1024)

/* What an engine told of one direction. Where chunks begin and end makes no difference. */
struct told {
	uint64_t bytes, gap_bytes, place, hash, gap_hash, gap_end;
	uint32_t ends;
};

struct connection {
	struct stream_pair *pair[2]; /* native, nids */
	struct told told[2][2];	     /* engine, side */
	bool ambiguous[2];
};

struct comparison {
	struct decoder *decoder;
	struct tracker *tracker;
	struct reassembler *engines[2];
	struct frame_ref last;
	const char *path;
};

static struct {
	uint64_t files, connections, directions, bytes, gaps, ambiguous, unequal;
	struct nids_score score;
} sum;

static void count_bytes(struct told *t, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->hash = (t->hash ^ bytes[i]) * 0x100000001b3; /* FNV-1a */
	t->bytes += n;
	t->place += n;
}

static void count_gap(struct told *t, uint64_t missing)
{
	if (t->gap_end != t->place)
		t->gap_hash = t->gap_hash * 31 + t->place;
	t->gap_bytes += missing;
	t->place += missing;
	t->gap_end = t->place;
}

static void native_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	(void)ref;
	count_bytes(&((struct connection *)flow)->told[0][s], bytes, n);
}

static void native_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	(void)ref;
	count_gap(&((struct connection *)flow)->told[0][s], missing);
}

static void native_end(void *flow, enum side s, const struct frame_ref *ref)
{
	(void)ref;
	((struct connection *)flow)->told[0][s].ends++;
}

static void native_differ(void *flow, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	(void)old, (void)new_one;
	((struct connection *)flow)->ambiguous[s] = true;
}

static void nids_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	(void)ref;
	count_bytes(&((struct connection *)flow)->told[1][s], bytes, n);
}

static void nids_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	(void)ref;
	count_gap(&((struct connection *)flow)->told[1][s], missing);
}

static void nids_end(void *flow, enum side s, const struct frame_ref *ref)
{
	(void)ref;
	((struct connection *)flow)->told[1][s].ends++;
}

static void compare_side(const struct comparison *c, struct flow *f, const struct connection *conn, int side)
{
	const struct told *native = &conn->told[0][side], *nids = &conn->told[1][side];
	struct record r;

	sum.directions += native->place > 0;
	sum.bytes += native->bytes;
	sum.gaps += native->gap_bytes > 0;
	record_init(&r, RECORD_CONN);
	flow_identify(f, &r);
	if (conn->ambiguous[side]) {
		sum.ambiguous++;
		print_message("left out: %s, frame %d, side %d\n", c->path, (int)r.frame, side);
	} else if (memcmp(native, nids, sizeof(*native)) != 0) {
		sum.unequal++;
		print_error("%s, frame %d, side %d: native %d bytes, %d missing; libnids %d, %d\n", c->path,
			(int)r.frame, side, (int)native->bytes, (int)native->gap_bytes, (int)nids->bytes,
			(int)nids->gap_bytes);
	}
}

/* The slot for the pair holds both pairs. */
static struct connection *connection_of(struct flow *f)
{
	void *kept = *flow_stream_pair(f);

	return kept;
}

static void on_ended(void *arg, struct flow *f, enum conn_end reason)
{
	struct comparison *c = arg;
	struct connection *conn = connection_of(f);

	if (!conn || reason == CONN_END_PART)
		return;
	for (int e = 0; e < 2; e++)
		reassemble_close(c->engines[e], &conn->pair[e], conn, &c->last);
	compare_side(c, f, conn, SIDE_ORIG);
	compare_side(c, f, conn, SIDE_RESP);
	sum.connections++;
	free(conn);
	*flow_stream_pair(f) = NULL;
}

static void take_packet(struct comparison *c, const struct packet *p)
{
	struct tracked t;
	struct connection *conn;

	tracker_packet(c->tracker, p, &t);
	if (!t.flow || !t.feed || t.duplicate || p->kind != PACKET_TCP)
		return;
	conn = connection_of(t.flow);
	if (!conn) {
		conn = xcalloc(1, sizeof(*conn));
		*flow_stream_pair(t.flow) = (struct stream_pair *)(void *)conn;
	}
	c->last = (struct frame_ref){p->frame->number, p->ts_ns, p->frame->source};
	for (int e = 0; e < 2; e++)
		reassemble_packet(c->engines[e], &conn->pair[e], conn, t.side, p);
}

static void take_batch(struct comparison *c, const struct batch *b)
{
	for (int i = 0; i < b->count; i++) {
		struct packet p;

		decode_frame(c->decoder, &b->frames[i], &p);
		take_packet(c, &p);
	}
}

static void add_score(const struct nids_score *s)
{
	sum.score.directions += s->directions;
	sum.score.alone += s->alone;
	sum.score.late_start += s->late_start;
	sum.score.queue += s->queue;
	sum.score.filled += s->filled;
	sum.score.lost += s->lost;
	sum.score.differ += s->differ;
}

static void compare_stream(const char *path, struct capture_stream *stream)
{
	static const struct stream_taker native = {native_data, native_gap, native_end, native_differ};
	static const struct stream_taker nids = {nids_data, nids_gap, nids_end, NULL};
	struct comparison c = {.path = path};
	struct tracker_owner owner = {on_ended, &c};
	struct batch batch;
	int64_t clock_ns;

	c.decoder = decoder_new(1 << 20);
	c.tracker = tracker_new(&owner, (size_t)1 << 30);
	c.engines[0] = reassembler_new(ENGINE_NATIVE, &native, (size_t)1 << 28, (size_t)1 << 22);
	c.engines[1] = reassembler_new(ENGINE_NIDS, &nids, (size_t)1 << 28, (size_t)1 << 22);
	while (capture_next(stream, &batch, &clock_ns) == 1)
		take_batch(&c, &batch);
	tracker_finish(c.tracker);
	add_score(reassembler_nids_score(c.engines[1]));
	assert_int_equal(reassembler_held_bytes(c.engines[0]), 0);
	assert_int_equal(reassembler_held_bytes(c.engines[1]), 0);
	for (int e = 0; e < 2; e++)
		reassembler_free(c.engines[e]);
	tracker_free(c.tracker);
	decoder_free(c.decoder);
}

static int compare_file(const char *path, const struct stat *st, int kind)
{
	struct options o = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .input_count = 1, .max_expand_bytes = 1 << 30};
	struct capture_stream *stream;
	char error[200];

	if (kind != FTW_F || st->st_size > FILE_MAX || !(strstr(path, ".pcap") || strstr(path, ".cap")))
		return 0;
	o.inputs = &path;
	stream = capture_open(&o, error, sizeof(error));
	if (!stream)
		return 0;
	sum.files++;
	compare_stream(path, stream);
	capture_close(stream);
	return 0;
}

static void test_both_engines_tell_the_same_of_every_capture(void **state)
{
	static const char *const folders[] = {"samples", "../shared/lab", "../shared/captures"};
	const char *top = getenv("srcdir") ? getenv("srcdir") : ".";
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", top, folders[i]);
		if (access(path, R_OK) == 0)
			ftw(path, compare_file, 16);
	}
	if (getenv("PCAPDX_CAPTURES")) /* more of them, by hand */
		ftw(getenv("PCAPDX_CAPTURES"), compare_file, 16);
	print_message("%d files, %d connections, %d directions with data, %llu bytes, gaps in %d\n", (int)sum.files,
		(int)sum.connections, (int)sum.directions, (unsigned long long)sum.bytes, (int)sum.gaps);
	print_message("libnids ordered %d of %d by itself; helped: start %d, dropped queue %d, filler %d; lost %d\n",
		(int)sum.score.alone, (int)sum.score.directions, (int)sum.score.late_start, (int)sum.score.queue,
		(int)sum.score.filled, (int)sum.score.lost);
	print_message("left out, other bytes in the same place: %d\n", (int)sum.ambiguous);
	assert_int_equal(sum.unequal, 0);
	assert_int_equal(sum.score.lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_engines_tell_the_same_of_every_capture),
	};

	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
