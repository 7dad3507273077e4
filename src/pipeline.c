/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From frames to records: decodes, and gives packets to those who follow their conversations, in this thread or in
 * others. What is not per conversation is kept here, and hears of everything in one order, that of the capture's
 * clock, then of the frames: so no result depends on the number of threads.
 */
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/seldom.h"
#include "base/table.h"
#include "base/text.h"
#include "capture/capture.h"
#include "crew.h"
#include "decode/decode.h"
#include "decode/packet.h"
#include "dissectors/announced.h"
#include "lane.h"
#include "options.h"
#include "record/record_order.h"
#include "source_counters.h"
#include "track/duplicates.h"
#include "track/flow_key.h"
#include "track/mac_set.h"
#include "track/outlet.h"
#include "track/series_track.h"
#include "track/surroundings.h"
#include "track/tracker.h"

/* Of the memory bound: for conversations, and for what stands behind the sink until it costs them more. */
#define LANES_SHARE 5 / 8
#define SINK_SHARE 4
#define ORDER_SHARE 256	/* for records of one instant that are put into order */
#define FRAGMENT_SHARE 32	/* of the memory bound: for fragments that wait for their rest */
#define CHARGE_EVERY 1024	/* packets between two looks at memory held elsewhere */

struct run_packet {
	_Alignas(64) struct packet packet;
};

struct pipeline {
	struct decoder *decoder;
	struct lane *lane; /* of this thread; NULL: the crew has them */
	struct crew *crew;
	struct surroundings *surroundings;
	struct record_order *order;
	struct record_sink sink; /* puts into order */
	struct source_counters sources;
	struct table announced; /* conversations between other hosts than those that agreed on them */
	size_t announced_bytes, sink_bytes, elsewhere; /* elsewhere: beyond sink_bytes */
	struct recent_frames recent;
	struct mac_set receivers;
	struct flow_key last_tunnel; /* UDP around the last tunnelled packet */
	struct series_second counted;
	int64_t clock_ns;
	uint32_t since_charge;
	struct run_packet *run; /* in this thread: EXPECTED_MAX, decoded and on their way to the lane together */
};

/* --- what lanes say, in order --- */

/* Throughput of one second is summed up here first. */
static void pass_count(struct pipeline *p)
{
	if (!p->counted.sum.packets)
		return;
	surroundings_clock(p->surroundings, p->counted.at_ns);
	surroundings_count(p->surroundings, p->counted.at_ns, &p->counted.sum);
	p->counted.sum = (struct series_count){ 0 };
}

static void surroundings_until(struct pipeline *p, int64_t clock_ns)
{
	if (clock_ns >= p->counted.end_ns)
		pass_count(p);
	surroundings_clock(p->surroundings, clock_ns);
}

static void put_in_order(void *arg, const struct record *r)
{
	record_order_take(arg, r);
}

static void on_record(void *arg, const struct record *r)
{
	struct pipeline *p = arg;
	struct record named;

	surroundings_until(p, r->emitted_ns);
	if (p->announced.count && r->kind == RECORD_CONN && !r->conn.service[0]) {
		record_copy(&named, r);
		announced_take(&p->announced, r, r->conn.end_reason == CONN_END_PART, named.conn.service);
		r = &named;
	}
	p->sink.take(p->sink.arg, r);
}

static struct record *on_room(void *arg)
{
	return record_order_room(((struct pipeline *)arg)->order);
}

static void on_link(void *arg, const struct flow_link *counted, int64_t clock_ns)
{
	struct pipeline *p = arg;

	surroundings_until(p, clock_ns);
	surroundings_link(p->surroundings, counted);
}

static void on_packet(void *arg, const struct packet *packet)
{
	struct pipeline *p = arg;

	surroundings_until(p, packet->clock_ns);
	surroundings_packet(p->surroundings, packet);
}

static void on_second(void *arg, int64_t at_ns)
{
	struct pipeline *p = arg;

	pass_count(p);
	series_second_begin(&p->counted, at_ns);
}

static void on_announce(void *arg, const struct announced *a, int64_t clock_ns)
{
	struct pipeline *p = arg;

	announced_add(&p->announced, a, clock_ns);
}

static void on_receiver(void *arg, const struct mac *m, int64_t clock_ns)
{
	struct pipeline *p = arg;

	surroundings_until(p, clock_ns);
	surroundings_receiver(p->surroundings, m);
}

static struct outlet outlet_of(struct pipeline *p)
{
	return (struct outlet){ .record = on_record,
		.room = on_room,
		.link = on_link,
		.packet = on_packet,
		.counted = &p->counted,
		.second = on_second,
		.announce = on_announce,
		.receiver = on_receiver,
		.arg = p };
}

struct pipeline *pipeline_new(const struct options *o, const struct keylog *keys, const struct run_sink *sink)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	struct outlet out = outlet_of(p);

	p->order = record_order_new(sink, o->memory_bytes / ORDER_SHARE);
	p->sink = (struct record_sink){ put_in_order, p->order };
	p->sink_bytes = o->memory_bytes / SINK_SHARE;
	p->clock_ns = p->counted.end_ns = INT64_MIN;
	p->run = xcalloc_lines(EXPECTED_MAX, sizeof(*p->run));
	p->decoder = decoder_new(o->memory_bytes / FRAGMENT_SHARE);
	p->surroundings = surroundings_new(&p->sink);
	announced_init(&p->announced, &p->announced_bytes);
	if (o->threads > 1 && o->engine == ENGINE_NATIVE)
		p->crew = crew_new(o, keys, &out, o->memory_bytes * LANES_SHARE);
	else
		p->lane = lane_new(o, keys, &out, o->memory_bytes * LANES_SHARE);
	return p;
}

/* --- frames --- */

static bool is_copy(struct pipeline *p, const struct packet *packet)
{
	struct source_count *n;

	if ((packet->kind != PACKET_ARP && packet->kind != PACKET_ICMP) || packet->verdict == PACKET_BAD ||
		!duplicate_elsewhere(&p->recent, packet))
		return false;
	n = source_count_of(&p->sources, packet->frame->source);
	if (!n->duplicates++)
		n->duplicates_frame = packet->frame->number;
	return true;
}

/* Tunnels in UDP are conversations of their own to Wireshark, though only what is inside them concerns us. */
static bool is_new_tunnel(struct pipeline *p, const struct tunnel_level *l, struct flow_key *key)
{
	if (!l->sport && !l->dport)
		return false;
	flow_key_make(key, &l->src, l->sport, &l->dst, l->dport, 17);
	if (memcmp(key, &p->last_tunnel, sizeof(*key)) == 0)
		return false;
	p->last_tunnel = *key;
	return true;
}

static int tunnels_of(const struct packet *p)
{
	return p->tunnel_count < TUNNEL_DEPTH_MAX ? p->tunnel_count : TUNNEL_DEPTH_MAX;
}

/* A packet of no conversation. */
static void tell_packet(struct pipeline *p, const struct packet *packet)
{
	struct outlet out = outlet_of(p);
	struct tracked nobody = { 0 };

	outlet_packet(&out, packet, &nobody);
}

/* Whether somebody was sent a frame who was sent none before. */
static inline bool is_new_receiver(struct pipeline *p, const struct packet *packet)
{
	const struct mac *m = &packet->mac_dst;

	if (mac_set_is_last(&p->receivers, m))
		return false;
	return packet->has_macs && !mac_is_group(m) && mac_set_add(&p->receivers, m);
}

/* It belongs to a conversation, and there is nothing else to it. */
static inline bool is_simple(const struct packet *p)
{
	return p->plain || ((p->kind == PACKET_TCP || p->kind == PACKET_UDP) && p->verdict != PACKET_BAD &&
				   !p->tunnel_count);
}

static SELDOM void take_other(struct pipeline *p, struct packet *packet)
{
	struct flow_key key;

	for (int i = 0; i < tunnels_of(packet); i++)
		if (is_new_tunnel(p, &packet->tunnels[i], &key))
			lane_count_stream(p->lane, &key, packet->frame->source);
	if (is_copy(p, packet))
		return;
	if (tracker_wants(packet))
		lane_packet(p->lane, packet);
	else
		tell_packet(p, packet);
}

/* In this thread. */
static void take_packet(struct pipeline *p, struct packet *packet)
{
	lane_clock(p->lane, packet->clock_ns);
	if (is_new_receiver(p, packet))
		on_receiver(p, &packet->mac_dst, packet->clock_ns);
	if (is_simple(packet))
		lane_packet(p->lane, packet);
	else
		take_other(p, packet);
}

/* The same for the crew, which has the packet in a slot already. */
static void give_packet(struct pipeline *p, struct packet *packet)
{
	const struct frame *f = packet->frame;
	bool copy = is_copy(p, packet);
	struct flow_key key;
	uint32_t slot;

	if (is_new_receiver(p, packet))
		crew_receiver(p->crew, f, &packet->mac_dst);
	slot = crew_keep(p->crew, f);
	for (int i = 0; i < tunnels_of(packet); i++)
		if (is_new_tunnel(p, &packet->tunnels[i], &key))
			crew_give_tunnel(p->crew, slot, i);
	if (copy)
		return;
	if (tracker_wants(packet))
		crew_give(p->crew, slot);
	else
		crew_alone(p->crew, slot);
}

static inline void decode(struct pipeline *p, const struct frame *f, struct packet *packet)
{
	decode_frame(p->decoder, f, packet);
	source_count_packet(source_count_of(&p->sources, f->source), f, packet);
}

static void give_frame(struct pipeline *p, const struct frame *f)
{
	struct packet *packet = crew_slot(p->crew);

	p->clock_ns = f->clock_ns;
	decode(p, f, packet);
	give_packet(p, packet);
	crew_clock(p->crew, f->clock_ns);
}

/* The bytes of a joined datagram stay only until the next frame is decoded. */
static bool lives_in_frame(const struct packet *p)
{
	const struct frame *f = p->frame;

	return p->plain || !p->payload || (p->payload >= f->data && p->payload <= f->data + f->captured);
}

/*
 * Packets go through decoding together, then through the rest: the code of either stays in the processor's cache, and
 * memory that they need comes for all of them at once. Gives how many frames were taken.
 */
static int take_run(struct pipeline *p, const struct frame *frames, int count)
{
	struct packet *packets[EXPECTED_MAX];
	int n = 0, wanted = 0;

	while (n < count && n < EXPECTED_MAX && (!n || lives_in_frame(&p->run[n - 1].packet))) {
		struct packet *packet = &p->run[n].packet;

		decode(p, &frames[n++], packet);
		if (packet->plain || tracker_wants(packet))
			packets[wanted++] = packet;
	}
	p->clock_ns = frames[n - 1].clock_ns;
	lane_expect(p->lane, packets, wanted);
	for (int i = 0; i < n; i++)
		take_packet(p, &p->run[i].packet);
	return n;
}

/* --- batches --- */

static void charge(struct pipeline *p)
{
	size_t elsewhere;

	if (++p->since_charge < CHARGE_EVERY / BATCH_MAX)
		return;
	p->since_charge = 0;
	elsewhere = surroundings_held_bytes(p->surroundings) + decoder_held_bytes(p->decoder) +
		    record_order_bytes(p->order) + p->announced_bytes + p->elsewhere;
	if (p->crew)
		crew_charge(p->crew, elsewhere);
	else
		lane_charge(p->lane, elsewhere);
}

void pipeline_batch(struct pipeline *p, const struct batch *b)
{
	for (int i = 0; i < b->count && p->crew; i++)
		give_frame(p, &b->frames[i]);
	for (int i = 0; i < b->count && p->lane;)
		i += take_run(p, &b->frames[i], b->count - i);
	if (p->lane) {
		surroundings_until(p, p->clock_ns);
		record_order_clock(p->order, p->clock_ns);
	}
	record_order_hand_over(p->order);
	charge(p);
}

void pipeline_clock(struct pipeline *p, int64_t clock_ns)
{
	if (clock_ns <= p->clock_ns)
		return;
	p->clock_ns = clock_ns;
	if (p->crew) {
		crew_clock(p->crew, clock_ns);
		crew_rest(p->crew);
	} else {
		lane_clock(p->lane, clock_ns);
	}
	surroundings_until(p, clock_ns);
	record_order_clock(p->order, clock_ns);
	record_order_hand_over(p->order);
}

void pipeline_rest(struct pipeline *p)
{
	if (p->crew)
		crew_rest(p->crew);
}

void pipeline_freeze(struct pipeline *p)
{
	if (p->crew)
		crew_freeze(p->crew);
}

void pipeline_thaw(struct pipeline *p)
{
	if (p->crew)
		crew_thaw(p->crew);
}

void pipeline_charge(struct pipeline *p, size_t held_elsewhere)
{
	p->elsewhere = held_elsewhere > p->sink_bytes ? held_elsewhere - p->sink_bytes : 0;
}

static void pass_ends(struct lane *l)
{
	uint16_t source;
	uint64_t frame;

	lane_ending(l);
	while (lane_next_end(l, &source, &frame))
		lane_pass_next(l);
	lane_ending_rewind(l);
}

/* Conversations end in the order of their first frames: what is before the next one need not be held back. */
static void end_all(struct pipeline *p)
{
	uint16_t source;
	uint64_t frame;

	while (lane_next_end(p->lane, &source, &frame)) {
		record_order_passed(p->order, source, frame);
		lane_end_next(p->lane);
	}
}

/* Everything before the ends of conversations that comes at the same instant. */
static void end_surroundings(struct pipeline *p)
{
	if (p->crew) {
		crew_rest(p->crew);
		crew_ending(p->crew);
	} else {
		pass_ends(p->lane);
	}
	if (p->clock_ns != INT64_MIN)
		surroundings_until(p, p->clock_ns);
	pass_count(p);
	surroundings_finish(p->surroundings);
	decoder_finish(p->decoder, p->clock_ns, &p->sink);
}

void pipeline_finish(struct pipeline *p)
{
	end_surroundings(p);
	if (p->crew)
		crew_finish(p->crew);
	else
		end_all(p);
	record_order_flush(p->order);
}

void pipeline_free(struct pipeline *p)
{
	crew_free(p->crew);
	lane_free(p->lane);
	surroundings_free(p->surroundings);
	decoder_free(p->decoder);
	record_order_free(p->order);
	table_free(&p->announced);
	source_counters_free(&p->sources);
	free(p->run);
	free(p);
}

static void count_let_go(const struct pipeline *p, struct capture *out)
{
	struct fragment_counts fragments = decoder_fragments(p->decoder);

	out->datagrams_let_go = fragments.let_go + fragments.left_out;
	if (p->crew)
		crew_let_go(p->crew, out);
	else
		lane_let_go(p->lane, out);
}

void pipeline_source_counters(const struct pipeline *p, uint16_t source, struct capture *out)
{
	source_counters_tell(&p->sources, source, out);
	if (p->crew)
		crew_counters(p->crew, source, out);
	else
		lane_counters(p->lane, source, out);
	if (source == 0)
		count_let_go(p, out);
}
