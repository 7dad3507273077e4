/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz_talk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/session.h"
#include "record/ndjson.h"

#define START_NS (INT64_C(1700000000) * 1000000000)

enum { STEP_SIDE = 0x01, STEP_GAP = 0x02, STEP_END = 0x04, STEP_WAIT = 0x08, STEP_LONG = 0x10, STEP_CUT = 0x20 };

/* Bytes of one side of which only the number is wanted, as reassembly keeps them back (deliver.c). */
struct counted {
	uint32_t quiet, bytes, records;
	uint16_t shape;
	struct frame_ref last;
};

struct talk {
	bool counts; /* what need only be counted is not told */
	struct counted counted[2];
	struct dissect_engine *engine;
	struct session *session;
	struct record head;
	struct session_owner owner;
	struct text out; /* records, and marks */
	uint64_t frame;
};

/* Every record must be fit for the writer, however hostile what it was made of. */
static void take(void *arg, const struct record *r)
{
	struct talk *t = arg;
	size_t before = t->out.len;

	record_write(r, &t->out);
	assert(t->out.len > before + 2 && t->out.s[t->out.len - 1] == '\n');
}

static void mark(void *flow, enum side side, const struct frame_ref *absolute, const char *label)
{
	struct talk *t = flow;

	assert(side == SIDE_ORIG || side == SIDE_RESP);
	assert(absolute->at_ns >= START_NS && absolute->frame);
	assert(strlen(label) < 4096);
	text_printf(&t->out, "%d %d %s\n", (int)side, (int)absolute->frame, label);
}

static void begin(struct talk *t, uint8_t proto, uint16_t port)
{
	static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
	struct record_sink sink = {take, t};

	memset(t, 0, sizeof(*t));
	record_init(&t->head, RECORD_CONN);
	t->head.ts_ns = START_NS;
	t->head.orig_h = addr_v4(client);
	t->head.resp_h = addr_v4(server);
	t->head.orig_p = 40000;
	t->head.resp_p = port;
	t->head.proto = proto;
	t->owner.head = &t->head;
	t->owner.clock_ns = START_NS;
	t->owner.first_fin = t->owner.first_rst = SIDE_NONE;
	t->owner.mark = mark;
	t->owner.flow = t;
	t->engine = dissect_engine_new(&sink, NULL);
}

static void tell_counted(struct talk *t, enum side side)
{
	struct counted c = t->counted[side];

	t->counted[side] = (struct counted){0};
	if (c.bytes)
		session_passed(t->session, side, c.bytes, c.records, c.quiet, &c.last);
}

static void tell_all_counted(struct talk *t, enum side first)
{
	tell_counted(t, first);
	tell_counted(t, side_other(first));
}

static bool count_only(struct talk *t, const struct chunk *c)
{
	struct counted *of = &t->counted[c->side];
	uint32_t n = (uint32_t)c->len, records = 0, left = of->quiet - n;

	if (n > of->quiet &&
		(!of->shape || !session_skim_over(of->shape, c->data + of->quiet, n - of->quiet, &records, &left)))
		return false;
	of->quiet = left;
	of->bytes += n;
	of->records += records;
	of->last = c->ref;
	return true;
}

static void say_in_stream(struct talk *t, const struct chunk *c)
{
	struct counted *of = &t->counted[c->side];

	if (session_done(t->session) || !c->len || (t->counts && count_only(t, c)))
		return;
	tell_all_counted(t, c->side);
	session_stream(t->engine, &t->session, &t->owner, c);
	if (t->counts)
		of->quiet = session_wants_count(t->session, c->side, &of->shape);
}

static void say(struct talk *t, enum side side, const uint8_t *data, size_t n, size_t on_wire)
{
	struct chunk c = {.len = n, .on_wire = on_wire, .side = side};
	uint8_t *copy = xmalloc(n ? n : 1); /* of that size exactly: a read beyond it is seen */

	memcpy(copy, data, n);
	c.data = copy;
	c.ref = (struct frame_ref){++t->frame, t->owner.clock_ns, 0};
	if (t->head.proto == 6)
		say_in_stream(t, &c);
	else if (n)
		session_datagram(t->engine, &t->session, &t->owner, &c);
	free(copy);
}

static size_t step(struct talk *t, const uint8_t *data, size_t size)
{
	uint8_t what = data[0];
	enum side side = what & STEP_SIDE ? SIDE_RESP : SIDE_ORIG;
	size_t n = what & STEP_LONG ? (size_t)data[1] * 16 : data[1];
	struct frame_ref ref = {++t->frame, t->owner.clock_ns, 0};

	t->owner.clock_ns += what & STEP_WAIT ? INT64_C(4000000000) : 1000000;
	if (what & (STEP_GAP | STEP_END))
		tell_all_counted(t, side);
	if (what & STEP_GAP && t->head.proto == 6) {
		session_gap(t->engine, &t->session, &t->owner, side, 1 + n, &ref);
		return 2;
	}
	if (what & STEP_END && t->head.proto == 6) {
		session_end(t->engine, &t->session, &t->owner, side, &ref);
		return 2;
	}
	if (n > size - 2)
		n = size - 2;
	say(t, side, data + 2, n, what & STEP_CUT && t->head.proto != 6 ? n + 100 : n);
	return 2 + n;
}

/* All that is said, in the end; the caller's. */
static struct text play(
	bool counts, uint8_t proto, uint16_t port, const char *opening, const uint8_t *data, size_t size)
{
	struct session_summary sum;
	struct talk t;

	begin(&t, proto, port);
	t.counts = counts;
	if (opening)
		say(&t, SIDE_ORIG, (const uint8_t *)opening, strlen(opening), strlen(opening));
	while (size >= 2) {
		size_t used = step(&t, data, size);

		data += used;
		size -= used;
		assert(dissect_engine_held_bytes(t.engine) < 16 * 1024 * 1024);
	}
	tell_all_counted(&t, SIDE_ORIG);
	session_summarise(t.session, &sum);
	/* each direction at once, then once in 10 s */
	assert(sum.restarts <= 2 * (1 + (uint64_t)(t.owner.clock_ns - START_NS) / 10000000000));
	session_close(t.engine, &t.session, &t.owner);
	dissect_engine_free(t.engine);
	text_printf(&t.out, "%s, %d restarts, %d skipped, gaps of %d and %d\n", sum.service, (int)sum.restarts,
		(int)sum.skipped_bytes, (int)sum.gap_bytes[0], (int)sum.gap_bytes[1]);
	return t.out;
}

void fuzz_talk(uint8_t proto, uint16_t port, const char *opening, const uint8_t *data, size_t size)
{
	struct text told = play(false, proto, port, opening, data, size), counted;

	if (proto == 6) {
		counted = play(true, proto, port, opening, data, size);
		if (strcmp(text_str(&told), text_str(&counted)) != 0) {
			fprintf(stderr, "all told:\n%s\ncounted:\n%s\n", text_str(&told), text_str(&counted));
			abort();
		}
		text_free(&counted);
	}
	text_free(&told);
}
