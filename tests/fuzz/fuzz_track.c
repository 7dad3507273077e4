/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: packets of a few conversations, their fields drawn from the input, within a small memory bound.
 * The records must make sense whatever came: counts that fit each other, no time below zero.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/reader.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/tracker.h"

#include "../outlet_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EPOCH_NS (INT64_C(1700000000) * 1000000000)

struct run {
	struct tracker *tracker;
	struct outlet_rig around;
	struct outlet out;
	struct frame frame;
	int64_t now_ns;
	uint32_t next[4][2]; /* what each side of each conversation sends next */
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_side(const struct conn_side *o)
{
	must(o->loss.lost <= o->loss.retransmitted);
	must(o->loss.stalled_ns >= 0 && o->zero_window_ns >= 0 && o->window_limited_ns >= 0 && o->delayed_ack_ns >= 0);
	must(o->rtt_min_ns <= o->rtt_max_ns && o->rtt_min_ns >= UNSET);
	must(o->unacked_bytes < UINT32_MAX && o->highest_in_flight < UINT32_MAX);
	must(o->ttl_min <= o->ttl_max);
}

static void on_ended(void *arg, struct flow *f, enum conn_end reason)
{
	struct run *run = arg;
	struct record r;

	outlet_flow(&run->out, f);
	flow_record(f, reason, &r);
	must(r.conn.duration_ns >= 0 && r.conn.idle_max_ns >= 0);
	must(r.conn.key_frame_count <= KEY_FRAMES_MAX);
	must(r.conn.time_network_ns >= UNSET && r.conn.think_min_ns <= r.conn.think_max_ns);
	check_side(&r.conn.side[SIDE_ORIG]);
	check_side(&r.conn.side[SIDE_RESP]);
}

static void on_record(void *arg, const struct record *r)
{
	(void)arg;
	must(r->kind < RECORD_KINDS && r->emitted_ns != 0);
}

static void fill_tcp(struct run *run, struct packet *p, struct reader *r, unsigned which, unsigned side)
{
	static const uint16_t lengths[] = { 0, 1, 100, 1460 };
	struct tcp_header *t = &p->tcp;
	uint8_t shape = rd_u8(r);

	p->payload_wire = p->payload_len = lengths[shape & 3];
	t->flags = rd_u8(r);
	t->seq = run->next[which][side] + (uint32_t)((int8_t)rd_u8(r) * 50);
	t->ack = run->next[which][!side] + (uint32_t)((int8_t)rd_u8(r) * 50);
	t->window = shape & 4 ? 0 : rd_u16(r);
	t->window_scale = (int8_t)(shape & 8 ? shape >> 4 : -1);
	t->has_timestamps = (shape & 16) != 0;
	t->ts_value = shape >> 5;
	t->sack_count = shape & 32 ? 2 : 0;
	for (int i = 0; i < t->sack_count; i++) {
		t->sack_left[i] = t->ack + (uint32_t)((int8_t)rd_u8(r) * 50);
		t->sack_right[i] = t->sack_left[i] + rd_u8(r) * 50u;
	}
	if (!(shape & 64))
		run->next[which][side] = t->seq + p->payload_wire + ((t->flags & TCP_SYN) != 0);
}

static void fill_icmp(struct packet *p, struct reader *r)
{
	p->icmp.type = rd_u8(r);
	p->icmp.code = rd_u8(r);
	p->icmp.quoted = (struct quoted_packet){ .src = p->src,
		.dst = p->dst,
		.sport = p->sport,
		.dport = p->dport,
		.proto = rd_u8(r) & 1 ? 6 : 17,
		.whole = true };
}

static void one_packet(struct run *run, struct reader *r)
{
	static const uint8_t payload[1460];
	static const uint8_t kinds[] = { PACKET_TCP, PACKET_TCP, PACKET_TCP, PACKET_UDP, PACKET_ICMP, PACKET_IP,
		PACKET_ARP, PACKET_OTHER };
	static const uint8_t protos[] = { 6, 6, 6, 17, 1, 50, 0, 0 };
	uint8_t what = rd_u8(r);
	unsigned which = what & 3, side = what >> 2 & 1;
	struct packet p = { .frame = &run->frame,
		.has_macs = true,
		.has_ip_id = true,
		.payload = payload,
		.sll_type = 255,
		.checksum = CHECKSUM_GOOD,
		.kind = kinds[what >> 3 & 7],
		.proto = protos[what >> 3 & 7],
		.ip_len = 40 };
	struct tracked tracked;

	run->now_ns += (int64_t)rd_u8(r) * rd_u8(r) * 100000;
	run->frame.number++;
	run->frame.order++;
	run->frame.ts_ns = p.ts_ns = run->now_ns - (what & 128 ? 1000000000 : 0);
	run->frame.clock_ns = p.clock_ns = run->now_ns;
	p.src = addr_v4((const uint8_t[]){ 10, 0, 0, (uint8_t)(side ? 1 : 2) });
	p.dst = addr_v4((const uint8_t[]){ 10, 0, 0, (uint8_t)(side ? 2 : 1) });
	p.sport = (uint16_t)(side ? 80 : 4000 + which);
	p.dport = (uint16_t)(side ? 4000 + which : 80);
	p.ip_id = rd_u8(r);
	p.ttl = what & 64 ? 64 : 60;
	if (p.kind == PACKET_TCP)
		fill_tcp(run, &p, r, which, side);
	else if (p.kind == PACKET_ICMP)
		fill_icmp(&p, r);
	else
		p.payload_wire = p.payload_len = what >> 2;
	tracker_packet(run->tracker, &p, &tracked);
	if (!tracked.duplicate)
		outlet_packet(&run->out, &p, &tracked);
	if (tracked.flow && what & 16) {
		struct frame_ref ref = { run->frame.number - (what & 3), p.ts_ns, 0 };

		flow_mark(tracked.flow, tracked.side, &ref, "marked");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = rd_make(data, size, size);
	struct record_sink sink = { on_record, NULL };
	struct run run = { .now_ns = EPOCH_NS };
	struct tracker_owner owner = { on_ended, &run };

	hash_init();
	run.tracker = tracker_new(&owner, size % 2 ? 160 << 10 : 64 << 20);
	run.around = (struct outlet_rig){ surroundings_new(&sink), sink, .counted.end_ns = INT64_MIN };
	run.out = outlet_onto(&run.around);
	while (rd_left(&r))
		one_packet(&run, &r);
	tracker_finish(run.tracker);
	rig_finish(&run.around);
	tracker_free(run.tracker);
	surroundings_free(run.around.surroundings);
	return 0;
}
