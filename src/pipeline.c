/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From frames to records: joins decode, track, reassemble and dissectors for one thread. */
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"
#include "dissectors/session.h"
#include "options.h"
#include "reassemble/reassemble.h"
#include "track/surroundings.h"
#include "track/tracker.h"

#define FRAGMENT_SHARE 32	/* of the memory bound: for fragments that wait for their rest */
#define STREAM_SHARE 4		/* for out-of-order bytes */
#define STREAM_MAX (4u << 20)	/* in one direction: more than a window of 2 MiB and its repairs */
#define JUMBO_MAX 9216		/* IP packets beyond it are none that a network card sends */
#define AHEAD 4			/* frames between two looks at one that is to come */
#define CHARGE_EVERY 1024	/* packets between two looks at memory held elsewhere */

struct source_counters {
	uint64_t kinds[PACKET_FRAGMENT + 1];
	uint64_t faults[FAULT_KINDS], first_fault, unknown_link;
	uint64_t duplicates, duplicates_frame;
	uint64_t offload_large, offload_checksum, offload_frame;
};

struct pipeline {
	struct decoder *decoder;
	struct tracker *tracker;
	struct reassembler *reassembler;
	struct dissect_engine *dissectors;
	struct surroundings *surroundings;
	struct record_sink sink;
	struct source_counters *sources;
	enum engine_kind engine;
	uint16_t source_count;
	int64_t clock_ns;
	uint32_t since_charge;
	struct packet packet;
};

static void mark(void *flow, enum side side, const struct frame_ref *absolute, const char *label)
{
	flow_mark(flow, side, absolute, label);
}

/* The session's view of a flow; *head is the caller's and must live as long as the call it is for. */
static struct session_owner owner_of(const struct pipeline *p, struct flow *f, struct record *head)
{
	flow_identify(f, head);
	return (struct session_owner){ .head = head, .clock_ns = p->clock_ns, .first_fin = flow_first_fin(f),
		.first_rst = flow_first_rst(f), .mark = mark, .flow = f };
}

static struct chunk stream_chunk(const uint8_t *bytes, size_t n, enum side s, const struct frame_ref *ref)
{
	return (struct chunk){ .data = bytes, .len = n, .on_wire = n, .side = s, .ref = *ref };
}

/* The taker's `flow` is the conversation; the pipeline stands in its reassembler's user data. */
struct fed {
	struct pipeline *pipeline;
	struct flow *flow;
};

static void on_data(void *arg, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct record head;
	struct session_owner o = owner_of(fed->pipeline, fed->flow, &head);
	struct chunk c = stream_chunk(bytes, n, s, ref);

	session_stream(fed->pipeline->dissectors, flow_session(fed->flow), &o, &c);
}

static void on_gap(void *arg, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct record head;
	struct session_owner o = owner_of(fed->pipeline, fed->flow, &head);

	session_gap(fed->pipeline->dissectors, flow_session(fed->flow), &o, s, missing, ref);
}

static void on_end(void *arg, enum side s, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct record head;
	struct session_owner o = owner_of(fed->pipeline, fed->flow, &head);

	session_end(fed->pipeline->dissectors, flow_session(fed->flow), &o, s, ref);
}

static void on_differ(void *arg, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	flow_overlap(((struct fed *)arg)->flow, s, old, new_one);
}

static const struct stream_taker taker = { .data = on_data, .gap = on_gap, .end = on_end, .differ = on_differ };

static void fill_service(const struct session_summary *s, struct conn *c)
{
	text_copy(c->service, sizeof(c->service), s->service);
	c->restarts = s->restarts;
	c->skipped_bytes = s->skipped_bytes;
	c->gap_bytes[0] = s->gap_bytes[0];
	c->gap_bytes[1] = s->gap_bytes[1];
}

/* Gives in how many directions two engines disagreed. */
static uint64_t close_session(struct pipeline *p, struct flow *f, struct session_summary *summary)
{
	uint64_t disagreed = reassembler_disagreements(p->reassembler);
	struct fed fed = { p, f };
	struct frame_ref now = { .at_ns = flow_emitted_ns(f) };
	struct session **session = flow_session(f);
	struct record head;

	reassemble_close(p->reassembler, flow_stream_pair(f), &fed, &now);
	session_summarise(*session, summary);
	if (*session) {
		struct session_owner o = owner_of(p, f, &head);

		o.clock_ns = flow_emitted_ns(f);
		session_close(p->dissectors, session, &o);
	}
	return reassembler_disagreements(p->reassembler) - disagreed;
}

/* The session's records go out before the conversation's own. */
static void on_ended(void *arg, struct flow *f, enum conn_end reason)
{
	struct pipeline *p = arg;
	struct session_summary summary = { .service = "" };
	uint64_t differ = 0;
	struct record r;

	surroundings_flow(p->surroundings, f);
	if (reason == CONN_END_PART)
		session_summarise(*flow_session(f), &summary);
	else
		differ = close_session(p, f, &summary);
	flow_record(f, reason, &r);
	r.emitted_ns = flow_emitted_ns(f);
	fill_service(&summary, &r.conn);
	r.conn.engines_compared = p->engine == ENGINE_BOTH && r.proto == 6;
	r.conn.engines_differ = (uint32_t)differ;
	p->sink.take(p->sink.arg, &r);
}

struct pipeline *pipeline_new(const struct options *o, const struct keylog *keys, const struct record_sink *sink)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	struct tracker_owner owner = { on_ended, p };

	p->sink = *sink;
	p->decoder = decoder_new(o->memory_bytes / FRAGMENT_SHARE);
	p->tracker = tracker_new(&owner, o->memory_bytes);
	p->engine = o->engine;
	p->reassembler = reassembler_new(o->engine, &taker, o->memory_bytes / STREAM_SHARE, STREAM_MAX);
	p->dissectors = dissect_engine_new(sink, keys);
	p->surroundings = surroundings_new(sink);
	return p;
}

static struct source_counters *counters_of(struct pipeline *p, uint16_t source)
{
	if (source >= p->source_count) {
		p->sources = xrealloc(p->sources, (source + 1u) * sizeof(*p->sources));
		memset(p->sources + p->source_count, 0, (source + 1u - p->source_count) * sizeof(*p->sources));
		p->source_count = (uint16_t)(source + 1);
	}
	return &p->sources[source];
}

static void count_packet(struct source_counters *n, const struct frame *f, const struct packet *p)
{
	n->kinds[p->kind]++;
	if (p->verdict == PACKET_BAD) {
		n->faults[p->fault]++;
		if (!n->first_fault)
			n->first_fault = f->number;
	}
	if (p->kind == PACKET_OTHER && !decode_knows(f->link_type))
		n->unknown_link++;
}

/*
 * Offload shows in two ways: segments larger than the receiver's MSS allows, and checksums that hold the
 * pseudo-header's sum only.
 */
static void count_offload(struct source_counters *n, struct packet *p, const struct tracked *t)
{
	uint16_t mss = flow_peer_mss(t->flow, t->side);
	bool large = p->ip_len_zero || (mss ? p->payload_wire > mss : p->ip_len > JUMBO_MAX);
	bool partial = p->checksum == CHECKSUM_PARTIAL;

	if ((large || partial) && !n->offload_frame)
		n->offload_frame = p->frame->number;
	n->offload_large += large;
	n->offload_checksum += partial;
}

static struct frame_ref ref_of(const struct frame *f)
{
	return (struct frame_ref){ .frame = f->number, .at_ns = f->ts_ns, .source = f->source };
}

static struct chunk datagram_chunk(const struct packet *p, enum side side)
{
	return (struct chunk){ .data = p->payload, .len = p->payload_len, .on_wire = p->payload_wire,
		.side = side, .ref = ref_of(p->frame) };
}

static void feed_datagram(struct pipeline *p, const struct tracked *t)
{
	struct record head;
	struct session_owner o = owner_of(p, t->flow, &head);
	struct chunk c = datagram_chunk(&p->packet, t->side);

	session_datagram(p->dissectors, flow_session(t->flow), &o, &c);
}

static void feed(struct pipeline *p, const struct tracked *t)
{
	struct fed fed = { p, t->flow };

	if (p->packet.kind == PACKET_TCP)
		reassemble_packet(p->reassembler, flow_stream_pair(t->flow), &fed, t->side, &p->packet);
	else if (p->packet.payload_wire)
		feed_datagram(p, t);
}

static void count_duplicate(struct source_counters *n, const struct packet *p, const struct tracked *t)
{
	struct chunk c = datagram_chunk(p, t->side);

	if (!n->duplicates++)
		n->duplicates_frame = p->frame->number;
	if (t->flow && p->kind == PACKET_UDP)
		session_datagram_again(*flow_session(t->flow), &c);
}

static void take_frame(struct pipeline *p, const struct frame *f)
{
	struct source_counters *n = counters_of(p, f->source);
	struct tracked t;

	p->clock_ns = f->clock_ns;
	decode_frame(p->decoder, f, &p->packet);
	count_packet(n, f, &p->packet);
	if (p->packet.kind == PACKET_TCP)
		packet_checksum(&p->packet);
	t = tracker_packet(p->tracker, &p->packet);
	if (t.duplicate) {
		count_duplicate(n, &p->packet, &t);
		return;
	}
	surroundings_packet(p->surroundings, &p->packet, &t);
	if (t.flow && p->packet.kind == PACKET_TCP)
		count_offload(n, &p->packet, &t);
	if (t.flow && t.feed)
		feed(p, &t);
}

static void charge(struct pipeline *p)
{
	if (++p->since_charge < CHARGE_EVERY / BATCH_MAX)
		return;
	p->since_charge = 0;
	tracker_charge(p->tracker,
		reassembler_held_bytes(p->reassembler) + dissect_engine_held_bytes(p->dissectors) +
			surroundings_held_bytes(p->surroundings));
}

static void expect(struct pipeline *p, const struct batch *b, int i, int look)
{
	if (i >= 0 && i < b->count)
		tracker_expect(p->tracker, &b->frames[i], look);
}

void pipeline_batch(struct pipeline *p, const struct batch *b)
{
	for (int i = -3 * AHEAD; i < b->count; i++) {
		for (int look = 0; look < 3; look++)
			expect(p, b, i + (3 - look) * AHEAD, look);
		if (i >= 0)
			take_frame(p, &b->frames[i]);
	}
	charge(p);
}

void pipeline_finish(struct pipeline *p)
{
	tracker_finish(p->tracker);
	surroundings_finish(p->surroundings);
}

void pipeline_free(struct pipeline *p)
{
	tracker_free(p->tracker);
	reassembler_free(p->reassembler);
	dissect_engine_free(p->dissectors);
	surroundings_free(p->surroundings);
	decoder_free(p->decoder);
	free(p->sources);
	free(p);
}

static void list_faults(const struct source_counters *n, struct capture *out)
{
	struct text t = { 0 };

	for (int i = 1; i < FAULT_KINDS; i++)
		if (n->faults[i]) {
			text_printf(&t, "%s%s %llu", t.len ? ", " : "", decode_fault_name(i),
				(unsigned long long)n->faults[i]);
			out->malformed += n->faults[i];
		}
	text_copy(out->malformed_kinds, sizeof(out->malformed_kinds), text_str(&t));
	text_free(&t);
	out->malformed_frame = n->first_fault;
}

void pipeline_source_counters(const struct pipeline *p, uint16_t source, struct capture *out)
{
	const struct source_counters *n;

	if (source >= p->source_count)
		return;
	n = &p->sources[source];
	list_faults(n, out);
	out->tcp_packets = n->kinds[PACKET_TCP];
	out->udp_packets = n->kinds[PACKET_UDP];
	out->icmp_packets = n->kinds[PACKET_ICMP];
	out->arp_packets = n->kinds[PACKET_ARP];
	out->other_packets = n->kinds[PACKET_OTHER] + n->kinds[PACKET_IP] + n->kinds[PACKET_FRAGMENT];
	out->unknown_link = n->unknown_link;
	out->duplicates = n->duplicates;
	out->duplicates_frame = n->duplicates_frame;
	out->offload_large = n->offload_large;
	out->offload_checksum = n->offload_checksum;
	out->offload_frame = n->offload_frame;
	tracker_late(p->tracker, source, out);
	dissect_engine_counts(p->dissectors, source, out);
	if (source == 0)
		out->evicted = tracker_evicted(p->tracker);
}
