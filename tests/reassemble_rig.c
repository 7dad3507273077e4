/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection for tests of reassembly. */
#include "reassemble_rig.h"

#include <string.h>

static const char letter[] = "AB";

static void on_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct rig *g = flow;

	if (n <= 64)
		text_printf(&g->log, "%c %.*s @%d\n", letter[s], (int)n, (const char *)bytes, (int)ref->frame);
	text_add_bytes(&g->bytes[s], bytes, n);
	reassemble_quiet(g->r, g->pair, s, g->quiet, g->shape);
}

static void on_passed(void *flow, enum side s, const struct passed *what, const struct frame_ref *ref)
{
	struct rig *g = flow;

	text_printf(&g->log, "%c passed %d", letter[s], (int)what->bytes);
	if (what->records)
		text_printf(&g->log, " of %d records, %d left", (int)what->records, (int)what->left);
	text_printf(&g->log, " @%d\n", (int)ref->frame);
}

static void on_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct rig *g = flow;

	text_printf(&g->log, "%c gap %d @%d\n", letter[s], (int)missing, (int)ref->frame);
	g->gaps[s]++;
	g->gap_bytes[s] += missing;
	for (uint64_t i = 0; i < missing && i < 4096; i++)
		text_add_char(&g->bytes[s], '?');
}

static void on_end(void *flow, enum side s, const struct frame_ref *ref)
{
	struct rig *g = flow;

	text_printf(&g->log, "%c end @%d\n", letter[s], (int)ref->frame);
	g->ends[s]++;
}

static void on_differ(void *flow, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	struct rig *g = flow;

	text_printf(&g->log, "%c differ %d/%d\n", letter[s], (int)old->frame, (int)new_one->frame);
	g->differences++;
}

/* Records of a digit, which says how many bytes follow it; behind it `shape`. */
static bool skim(uint16_t shape, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left)
{
	uint32_t at = 0;

	for (*records = 0; at < n; at += bytes[at] - '0' + 1u, ++*records)
		if (bytes[at] < '0' || bytes[at] > '9' || (bytes[at] > '0' && at + 1 < n && bytes[at + 1] != shape))
			return false;
	*left = at - n;
	return true;
}

void rig_open(struct rig *g, enum engine_kind engine, size_t held_max, size_t held_stream_max)
{
	static const struct stream_taker taker = { on_data, on_gap, on_end, on_differ, on_passed, skim };

	memset(g, 0, sizeof(*g));
	g->r = reassembler_new(engine, &taker, held_max, held_stream_max);
	g->checksum = CHECKSUM_GOOD;
	g->now_ns = 1000000000;
}

void rig_feed(struct rig *g, const struct rig_segment *s)
{
	static const uint8_t ends[2][4] = {{192, 0, 2, 1}, {192, 0, 2, 2}};
	struct frame f = {.number = ++g->frame, .ts_ns = g->now_ns, .clock_ns = g->now_ns};
	struct packet p = {
		.frame = &f,
		.ts_ns = g->now_ns,
		.clock_ns = g->now_ns,
		.kind = PACKET_TCP,
		.verdict = PACKET_OK,
		.src = addr_v4(ends[s->side]),
		.dst = addr_v4(ends[side_other(s->side)]),
		.proto = 6,
		.sport = s->side == SIDE_ORIG ? 40000 : 80,
		.dport = s->side == SIDE_ORIG ? 80 : 40000,
		.checksum = g->checksum,
		.ip_len = g->ip_len,
		.payload = s->bytes,
		.payload_len = s->here,
		.payload_wire = s->wire > s->here ? s->wire : s->here,
	};

	p.tcp = (struct tcp_header){
		.seq = s->seq + g->isn[s->side],
		.ack = s->flags & TCP_ACK ? s->ack + g->isn[side_other(s->side)] : 0,
		.flags = s->flags,
		.window = 65535,
		.header_len = 20,
		.window_scale = -1,
	};
	reassemble_packet(g->r, &g->pair, g, s->side, &p);
}

void rig_handshake(struct rig *g)
{
	rig_feed(g, &(struct rig_segment){SIDE_ORIG, TCP_SYN, 0, 0, NULL, 0, 0});
	rig_feed(g, &(struct rig_segment){SIDE_RESP, TCP_SYN | TCP_ACK, 0, 1, NULL, 0, 0});
	rig_feed(g, &(struct rig_segment){SIDE_ORIG, TCP_ACK, 1, 1, NULL, 0, 0});
}

void rig_say(struct rig *g, enum side side, uint32_t seq, uint32_t ack, const char *text)
{
	g->now_ns += 1000000;
	rig_feed(g, &(struct rig_segment){side, TCP_ACK, seq, ack, text, (uint32_t)strlen(text), 0});
}

void rig_close(struct rig *g)
{
	struct frame_ref ref = {g->frame, g->now_ns, 0};

	reassemble_close(g->r, &g->pair, g, &ref);
}

void rig_free(struct rig *g)
{
	rig_close(g);
	reassembler_free(g->r);
	text_free(&g->log);
	text_free(&g->bytes[0]);
	text_free(&g->bytes[1]);
}
