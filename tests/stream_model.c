/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: of each byte whether it was captured, can never be (behind a cut), or came too late. Where the stream is
 * made of records, some bytes are asked to be counted only: what is counted must be what the stream has there.
 */
#include "stream_model.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "decode/packet.h"
#include "reassemble/reassemble.h"

#define STREAM_MAX 65536
#define PIECE_MAX 320
#define RECORD_MAX 100

enum { CAPTURED = 1, DOOMED = 2, DELIVERED = 4, BEGINS = 8 /* a record, at this place */ };

/* What was asked to be counted only: so many bytes, and records of that shape behind them (0: none). */
struct wish {
	uint32_t from, quiet;
	uint16_t shape;
};

struct model {
	struct reassembler *r;
	struct stream_pair *pair;
	enum side side; /* who sends the stream */
	uint32_t isn, peer_isn;
	bool syn, tight, closing, begun, records;
	struct wish wish;
	uint32_t counted; /* bytes */
	uint32_t sent, next, acked; /* places in the stream: sent up to, due next, acknowledged up to */
	uint32_t ends;
	uint64_t frame;
	int64_t now_ns;
	const uint8_t *ops;
	size_t left;
	uint8_t flags[STREAM_MAX + 1];
	uint8_t stream[STREAM_MAX];
};

#define PROMISE(m, claim) promise(m, claim, #claim, __LINE__)

static void promise(const struct model *m, bool holds, const char *claim, int line)
{
	if (holds)
		return;
	fprintf(stderr, "stream_model.c:%d: frame %d, next %u: not so: %s\n", line, (int)m->frame, m->next, claim);
	abort();
}

/* A record is its shape, how many bytes follow, and those. */
static uint32_t record_end(const struct model *m, uint32_t at)
{
	return at + 2 + m->stream[at + 1];
}

static uint32_t next_record(const struct model *m, uint32_t at)
{
	while (at < STREAM_MAX && !(m->flags[at] & BEGINS))
		at++;
	return at;
}

static bool skim(uint16_t shape, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left)
{
	uint32_t at = 0;

	for (*records = 0; at < n; ++*records) {
		if (bytes[at] != shape || at + 1 == n)
			return false;
		at += 2u + bytes[at + 1];
	}
	*left = at - n;
	return true;
}

/* Bytes up to the next record or some others, and perhaps records of the shape that comes next. */
static void wish(struct model *m)
{
	uint32_t choice = m->next * 2654435761u >> 24, record = next_record(m, m->next);

	m->wish = (struct wish){.from = m->next};
	if (!m->records || !(choice & 3) || record == STREAM_MAX)
		return;
	m->wish.quiet = choice & 1 ? record - m->next : choice;
	m->wish.shape = choice & 1 && choice & 2 ? m->stream[record] : 0;
	reassemble_quiet(m->r, m->pair, m->side, m->wish.quiet, m->wish.shape);
}

static void on_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct model *m = flow;

	PROMISE(m, s == m->side);
	PROMISE(m, n > 0 && m->next + n <= STREAM_MAX);
	PROMISE(m, ref->frame >= 1 && ref->frame <= m->frame);
	PROMISE(m, memcmp(bytes, m->stream + m->next, n) == 0);
	for (size_t i = 0; i < n; i++) {
		PROMISE(m, m->flags[m->next] & CAPTURED);
		m->flags[m->next++] |= DELIVERED;
	}
	m->begun = true;
	wish(m);
}

/* The records that begin behind what was quiet are of the shape asked for, and reach as far as is said. */
static void check_records(const struct model *m, uint32_t to, const struct passed *what)
{
	uint32_t records = 0, at = m->wish.from + m->wish.quiet;

	for (; at < to; at = record_end(m, at), records++)
		PROMISE(m, m->flags[at] & BEGINS && m->stream[at] == m->wish.shape);
	PROMISE(m, what->records == records);
	PROMISE(m, !records || what->left == at - to);
}

static void on_passed(void *flow, enum side s, const struct passed *what, const struct frame_ref *ref)
{
	struct model *m = flow;
	uint32_t to = m->next + what->bytes;

	PROMISE(m, s == m->side && what->bytes && to <= STREAM_MAX);
	PROMISE(m, m->next == m->wish.from);
	PROMISE(m, ref->frame >= 1 && ref->frame <= m->frame);
	check_records(m, to, what);
	for (; m->next < to; m->next++) {
		PROMISE(m, (m->flags[m->next] & (CAPTURED | DELIVERED)) == CAPTURED);
		m->flags[m->next] |= DELIVERED;
	}
	m->counted += what->bytes;
	m->wish = (struct wish){0};
}

static void on_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct model *m = flow;

	(void)ref;
	PROMISE(m, s == m->side);
	PROMISE(m, missing > 0 && m->next + missing <= STREAM_MAX);
	for (uint64_t i = 0; i < missing; i++, m->next++) {
		bool doomed = m->flags[m->next] & DOOMED;

		PROMISE(m, doomed || !(m->flags[m->next] & CAPTURED));
		PROMISE(m, doomed || m->next < m->acked || m->tight || m->closing);
	}
	m->begun = true;
}

static void on_end(void *flow, enum side s, const struct frame_ref *ref)
{
	struct model *m = flow;

	(void)ref;
	m->ends += s == m->side;
}

static void on_differ(void *flow, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	(void)s, (void)old, (void)new_one;
	PROMISE((struct model *)flow, false);
}

static uint32_t op(struct model *m, int bytes)
{
	uint32_t v = 0;

	for (; bytes && m->left; bytes--, m->left--)
		v = v << 8 | *m->ops++;
	return v;
}

static void feed(
	struct model *m, enum side s, uint8_t flags, uint32_t at, const uint8_t *bytes, uint32_t here, uint32_t wire)
{
	struct frame f = {.number = ++m->frame, .ts_ns = m->now_ns, .clock_ns = m->now_ns};
	struct packet p = {.frame = &f, .ts_ns = m->now_ns, .clock_ns = m->now_ns, .kind = PACKET_TCP};
	uint8_t *copy = here ? malloc(here) : NULL; /* so that a read beyond it is seen */

	if (here)
		memcpy(copy, bytes, here);
	p.payload = copy;
	p.payload_len = here;
	p.payload_wire = wire;
	p.tcp.flags = flags;
	p.tcp.seq = at + (s == m->side ? m->isn : m->peer_isn);
	p.tcp.ack = s == m->side ? m->peer_isn + 1 : m->isn + 1 + m->acked;
	reassemble_packet(m->r, &m->pair, m, s, &p);
	free(copy);
}

/* Bytes [at, at + wire) of the stream, of which `here` are captured. */
static void segment(struct model *m, uint32_t at, uint32_t here, uint32_t wire)
{
	if (!m->begun && !m->syn && (m->frame == 0 || at < m->next))
		m->next = at;
	for (uint32_t i = 0; i < wire; i++) {
		uint8_t *flag = &m->flags[at + i];

		if (at + i >= m->next && !(*flag & (CAPTURED | DOOMED)))
			*flag |= i < here ? CAPTURED : DOOMED;
	}
	feed(m, m->side, TCP_ACK, at + 1, m->stream + at, here, wire);
	if (!m->begun && !m->syn)
		return; /* the start may still move */
	if (m->wish.quiet || m->wish.shape)
		return; /* what was counted is told later */
	PROMISE(m, m->tight || m->ends || !(m->flags[m->next] & (CAPTURED | DOOMED)));
}

static void send_new(struct model *m, bool cut)
{
	uint32_t n = op(m, 1) % PIECE_MAX + 1, here = cut ? op(m, 1) % n : n;

	if (m->sent + n > STREAM_MAX)
		return;
	segment(m, m->sent, here, n);
	m->sent += n;
}

static void resend(struct model *m)
{
	uint32_t back = op(m, 2) % (m->sent + 1), n = op(m, 1) + 1, at = m->sent - back;

	if (n > back)
		n = back;
	if (n)
		segment(m, at, n, n);
}

static void acknowledge(struct model *m)
{
	uint32_t up_to = m->sent - op(m, 1) % (m->sent + 1);

	if (!m->syn && !m->begun)
		return;
	if (up_to > m->acked)
		m->acked = up_to;
	feed(m, side_other(m->side), TCP_ACK, 1, NULL, 0, 0);
}

/* A keep-alive with a byte that means nothing, where one can be told from data. */
static void keep_alive(struct model *m)
{
	static const uint8_t garbage = 0x5a;

	m->now_ns += (int64_t)op(m, 1) * 1000000;
	if (m->begun && m->sent && m->flags[m->sent - 1] & (CAPTURED | DOOMED))
		feed(m, m->side, TCP_ACK, m->sent, &garbage, 1, 1);
}

static void step(struct model *m)
{
	switch (op(m, 1) & 7) {
	case 0:
	case 1:
		send_new(m, false);
		break;
	case 2: /* lost before the capture */
		m->sent += m->sent + 256 < STREAM_MAX ? op(m, 1) + 1 : 0;
		break;
	case 3:
	case 4:
		resend(m);
		break;
	case 5:
		acknowledge(m);
		break;
	case 6:
		send_new(m, true);
		break;
	default:
		keep_alive(m);
	}
	PROMISE(m, m->ends == 0);
	PROMISE(m, reassembler_held_bytes(m->r) < (m->tight ? 400000 : 4000000));
}

/* Runs of records of one shape, which may be empty. */
static void make_records(struct model *m)
{
	for (uint32_t at = 0; at + RECORD_MAX + 2 < STREAM_MAX; at = record_end(m, at)) {
		m->flags[at] |= BEGINS;
		m->stream[at + 1] = m->stream[at] % RECORD_MAX;
		m->stream[at] = (uint8_t)(1 + (at >> 10 & 1));
	}
}

static void open_stream(struct model *m, enum engine_kind engine)
{
	static const uint32_t isns[] = {1000, 0x7fffff00, 0xffffff80, 0xffff8000};
	static const struct stream_taker taker = {on_data, on_gap, on_end, on_differ, on_passed, skim};
	uint32_t choice = op(m, 1);

	m->isn = isns[choice & 3];
	m->peer_isn = isns[choice >> 2 & 3];
	m->syn = choice & 16;
	m->tight = choice & 32;
	m->side = choice & 64 ? SIDE_RESP : SIDE_ORIG;
	m->records = choice & 128;
	m->now_ns = 1000000000;
	for (uint32_t i = 0; i < STREAM_MAX; i++)
		m->stream[i] = (uint8_t)(i * 2654435761u >> 13);
	if (m->records)
		make_records(m);
	m->r = reassembler_new(engine, &taker, m->tight ? 16384 : 1 << 20, m->tight ? 4096 : 1 << 19);
	if (m->syn)
		feed(m, m->side, m->side == SIDE_ORIG ? TCP_SYN : TCP_SYN | TCP_ACK, 0, NULL, 0, 0);
}

static void close_stream(struct model *m)
{
	struct frame_ref ref = {m->frame, m->now_ns, 0};
	uint32_t seen = 0;

	m->closing = true;
	reassemble_close(m->r, &m->pair, m, &ref);
	PROMISE(m, m->frame == 0 || m->ends == 1);
	PROMISE(m, reassembler_held_bytes(m->r) == 0);
	for (uint32_t i = 0; i < STREAM_MAX; i++)
		if ((m->flags[i] & CAPTURED) && (m->syn || m->begun)) {
			seen++;
			PROMISE(m, m->tight || m->flags[i] & DELIVERED);
		}
	PROMISE(m, seen == 0 || m->begun);
	reassembler_free(m->r);
}

uint32_t stream_model_run(enum engine_kind engine, const uint8_t *ops, size_t n)
{
	struct model *m = calloc(1, sizeof(*m));
	uint32_t counted;

	m->ops = ops;
	m->left = n;
	open_stream(m, engine);
	while (m->left)
		step(m);
	close_stream(m);
	counted = m->counted;
	free(m);
	return counted;
}
