/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "record/ndjson.h"

#include "dissect_rig.h"

#define START_NS (INT64_C(1700000000) * 1000000000)
#define STEP_NS INT64_C(1000000)

static void take(void *arg, const struct record *r)
{
	struct rig *g = arg;

	assert_true(g->count < RIG_RECORDS_MAX);
	record_copy(&g->records[g->count++], r);
}

static void mark(void *flow, enum side side, const struct frame_ref *absolute, const char *label)
{
	struct rig *g = flow;

	assert_true(absolute->at_ns >= START_NS);
	text_printf(&g->marks, "%s %u %s\n", side == SIDE_ORIG ? "orig" : "resp", (unsigned)absolute->frame, label);
}

void rig_open(struct rig *g, uint8_t proto, uint16_t port)
{
	static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
	struct record_sink sink = {take, g};

	memset(g, 0, sizeof(*g));
	g->records = xcalloc(RIG_RECORDS_MAX, sizeof(g->records[0]));
	record_init(&g->head, RECORD_CONN);
	g->head.ts_ns = START_NS;
	g->head.orig_h = addr_v4(client);
	g->head.resp_h = addr_v4(server);
	g->head.orig_p = 40000;
	g->head.resp_p = port;
	g->head.proto = proto;
	g->head.frame = 1;
	text_copy(g->head.uid, sizeof(g->head.uid), "Ctest");
	g->owner.head = &g->head;
	g->owner.clock_ns = START_NS;
	g->owner.first_fin = g->owner.first_rst = SIDE_NONE;
	g->owner.mark = mark;
	g->owner.flow = g;
	g->engine = dissect_engine_new(&sink, NULL);
}

static struct frame_ref next_frame(struct rig *g)
{
	g->owner.clock_ns += STEP_NS;
	return (struct frame_ref){++g->frame, g->owner.clock_ns, 0};
}

void rig_bytes(struct rig *g, enum side side, const void *bytes, size_t n)
{
	bool datagram = g->head.proto == 17;
	size_t piece = g->piece && !datagram ? g->piece : n ? n : 1, i;
	struct chunk c = {.side = side, .ref = next_frame(g)};
	uint16_t shape;

	for (i = 0; i < n; i += piece) {
		/* A copy of exactly that size, so that a sanitizer sees a read beyond it. */
		uint8_t *copy;

		c.len = c.on_wire = n - i < piece ? n - i : piece;
		c.data = copy = xmalloc(c.len);
		memcpy(copy, (const uint8_t *)bytes + i, c.len);
		if (datagram)
			session_datagram(g->engine, &g->session, &g->owner, &c);
		else if (g->piece && g->session && session_wants_count(g->session, side, &shape) >= c.len)
			session_passed(g->session, side, (uint32_t)c.len, 0, 0, &c.ref);
		else
			session_stream(g->engine, &g->session, &g->owner, &c);
		free(copy);
	}
}

void rig_say(struct rig *g, enum side side, const char *words)
{
	rig_bytes(g, side, words, strlen(words));
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

void rig_hex(struct rig *g, enum side side, const char *hex)
{
	uint8_t bytes[2048];
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ' || *hex == '\n' || *hex == '\t')
			continue;
		assert_true(n < sizeof(bytes) && hex[1]);
		bytes[n++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex++;
	}
	rig_bytes(g, side, bytes, n);
}

void rig_wait(struct rig *g, double seconds)
{
	g->owner.clock_ns += (int64_t)(seconds * 1e9);
}

void rig_lose(struct rig *g, enum side side, uint64_t missing)
{
	struct frame_ref ref = next_frame(g);

	session_gap(g->engine, &g->session, &g->owner, side, missing, &ref);
}

void rig_fin(struct rig *g, enum side side)
{
	struct frame_ref ref = next_frame(g);

	session_end(g->engine, &g->session, &g->owner, side, &ref);
}

void rig_close(struct rig *g)
{
	session_summarise(g->session, &g->sum);
	text_copy(g->service, sizeof(g->service), g->sum.service);
	session_close(g->engine, &g->session, &g->owner);
}

void rig_free(struct rig *g)
{
	session_close(g->engine, &g->session, &g->owner);
	dissect_engine_free(g->engine);
	text_free(&g->marks);
	free(g->records);
}

const struct record *rig_record(const struct rig *g, enum record_kind kind, int n)
{
	int i;

	for (i = 0; i < g->count; i++)
		if (g->records[i].kind == kind && n-- == 0)
			return &g->records[i];
	fail_msg("record %d of kind %s is not there", n, record_kind_name(kind));
	return NULL;
}

int rig_count(const struct rig *g, enum record_kind kind)
{
	int i, n = 0;

	for (i = 0; i < g->count; i++)
		n += g->records[i].kind == kind;
	return n;
}

char *rig_text(const struct rig *g)
{
	struct text all = {NULL};
	int i;

	for (i = 0; i < g->count; i++)
		record_write(&g->records[i], &all);
	text_add(&all, text_str(&g->marks));
	return all.s ? all.s : xstrdup("");
}

void rig_same_in_pieces(uint8_t proto, uint16_t port, void (*script)(struct rig *g))
{
	char *whole = NULL, *parts;
	size_t piece;
	struct rig g;

	for (piece = 0; piece < 8; piece++) {
		rig_open(&g, proto, port);
		g.piece = piece;
		script(&g);
		rig_close(&g);
		parts = rig_text(&g);
		rig_free(&g);
		if (whole)
			assert_string_equal(parts, whole);
		else
			whole = xstrdup(parts);
		free(parts);
	}
	free(whole);
}
