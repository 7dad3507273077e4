/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations are told apart by their tuple and, for TCP, by a new SYN. */
#include "tls_rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"
#include "dissectors/keylog.h"
#include "dissectors/session.h"
#include "options.h"
#include "reassemble/reassemble.h"

#define FLOWS_MAX 4096

struct rig_flow {
	struct record head;
	struct stream_pair *pair;
	struct session *session;
	struct session_owner owner;
	struct rig_state *rig;
	uint32_t isn;
	bool over;
};

struct rig_state {
	const struct rig_options *options;
	struct dissect_engine *engine;
	struct reassembler *reassembler;
	struct rig_flow *flows[FLOWS_MAX];
	uint32_t count, random;
	int64_t clock_ns;
};

static uint32_t next_random(struct rig_state *rig)
{
	rig->random = rig->random * 1664525 + 1013904223;
	return rig->random >> 8;
}

static void give(struct rig_flow *f, struct chunk c)
{
	struct rig_state *rig = f->rig;
	size_t left = c.len;

	f->owner.clock_ns = rig->clock_ns;
	while (left) {
		size_t n = rig->options->split ? 1 + next_random(rig) % rig->options->split : left;

		c.len = c.on_wire = n < left ? n : left;
		session_stream(rig->engine, &f->session, &f->owner, &c);
		c.data += c.len;
		left -= c.len;
	}
}

/* What the dissector only counts is not given to it; in pieces, all is: it must come to the same. */
static void count(struct rig_flow *f, enum side s)
{
	uint16_t shape;
	uint32_t quiet = session_wants_count(f->session, s, &shape);

	if (!f->rig->options->split)
		reassemble_quiet(f->rig->reassembler, f->pair, s, quiet, shape);
}

static void take_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct chunk c = { .data = bytes, .len = n, .on_wire = n, .side = s, .ref = *ref };

	give(flow, c);
	count(flow, s);
}

static void take_passed(void *flow, enum side s, const struct passed *what, const struct frame_ref *ref)
{
	struct rig_flow *f = flow;

	session_passed(f->session, s, what->bytes, what->records, what->left, ref);
}

static void take_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct rig_flow *f = flow;

	session_gap(f->rig->engine, &f->session, &f->owner, s, missing, ref);
}

static void take_end(void *flow, enum side s, const struct frame_ref *ref)
{
	struct rig_flow *f = flow;

	session_end(f->rig->engine, &f->session, &f->owner, s, ref);
}

static bool is_from(const struct record *h, const struct packet *p)
{
	return addr_equal(&h->orig_h, &p->src) && h->orig_p == p->sport && addr_equal(&h->resp_h, &p->dst) &&
		h->resp_p == p->dport;
}

static bool is_to(const struct record *h, const struct packet *p)
{
	return addr_equal(&h->orig_h, &p->dst) && h->orig_p == p->dport && addr_equal(&h->resp_h, &p->src) &&
		h->resp_p == p->sport;
}

static void take_mark(void *flow, enum side side, const struct frame_ref *absolute, const char *label)
{
	struct rig_flow *f = flow;
	const struct rig_options *o = f->rig->options;

	if (o->mark)
		o->mark(o->mark_arg, &f->head, side, absolute->frame, label);
}

static struct rig_flow *open_flow(struct rig_state *rig, const struct packet *p)
{
	struct rig_flow *f;

	if (rig->count == FLOWS_MAX)
		return NULL;
	f = rig->flows[rig->count++] = xcalloc(1, sizeof(*f));
	f->rig = rig;
	f->head.ts_ns = p->ts_ns;
	f->head.frame = p->frame->number;
	f->head.proto = p->proto;
	f->head.orig_h = p->src;
	f->head.resp_h = p->dst;
	f->head.orig_p = p->sport;
	f->head.resp_p = p->dport;
	f->owner.head = &f->head;
	f->owner.flow = f;
	f->owner.mark = take_mark;
	f->owner.first_fin = f->owner.first_rst = SIDE_NONE;
	if (p->kind == PACKET_TCP)
		f->isn = p->tcp.seq;
	return f;
}

static void close_flow(struct rig_flow *f)
{
	struct frame_ref none = { 0 };

	if (f->over)
		return;
	f->over = true;
	reassemble_close(f->rig->reassembler, &f->pair, f, &none);
	f->owner.clock_ns = f->rig->clock_ns;
	session_close(f->rig->engine, &f->session, &f->owner);
}

static struct rig_flow *find_flow(struct rig_state *rig, const struct packet *p, enum side *side)
{
	bool syn = p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	for (uint32_t i = rig->count; i-- > 0;) {
		struct rig_flow *f = rig->flows[i];

		*side = is_from(&f->head, p) ? SIDE_ORIG : is_to(&f->head, p) ? SIDE_RESP : SIDE_NONE;
		if (*side == SIDE_NONE || f->head.proto != p->proto)
			continue;
		if (syn && p->tcp.seq != f->isn)
			break;
		return f;
	}
	*side = SIDE_ORIG;
	return open_flow(rig, p);
}

static void on_tcp(struct rig_state *rig, const struct packet *p)
{
	enum side side;
	struct rig_flow *f = find_flow(rig, p, &side);

	if (!f || f->over)
		return;
	if (p->tcp.flags & TCP_FIN && f->owner.first_fin == SIDE_NONE)
		f->owner.first_fin = side;
	if (p->tcp.flags & TCP_RST && f->owner.first_rst == SIDE_NONE)
		f->owner.first_rst = side;
	reassemble_packet(rig->reassembler, &f->pair, f, side, p);
}

static void on_udp(struct rig_state *rig, const struct packet *p)
{
	enum side side;
	struct rig_flow *f = find_flow(rig, p, &side);
	struct chunk c = { p->payload, p->payload_len, p->payload_wire, side, { p->frame->number, p->ts_ns, 0 } };

	if (!f)
		return;
	f->owner.clock_ns = rig->clock_ns;
	session_datagram(rig->engine, &f->session, &f->owner, &c);
}

static void on_frame(struct rig_state *rig, struct decoder *d, const struct frame *f)
{
	struct packet p;

	rig->clock_ns = f->clock_ns;
	decode_frame(d, f, &p);
	if (p.verdict == PACKET_OK && p.kind == PACKET_TCP)
		on_tcp(rig, &p);
	else if (p.verdict == PACKET_OK && p.kind == PACKET_UDP)
		on_udp(rig, &p);
}

static void read_frames(struct rig_state *rig, struct capture_stream *c)
{
	struct decoder *d = decoder_new(1 << 22);
	struct batch b;
	int64_t clock_ns;

	while (capture_next(c, &b, &clock_ns) == 1) {
		const char *secrets = capture_secrets(c);

		if (secrets && rig->options->secrets)
			keylog_add(rig->options->secrets, secrets, strlen(secrets));
		for (int i = 0; i < b.count; i++)
			on_frame(rig, d, &b.frames[i]);
	}
	decoder_free(d);
}

static void finish(struct rig_state *rig)
{
	for (uint32_t i = 0; i < rig->count; i++) {
		close_flow(rig->flows[i]);
		free(rig->flows[i]);
	}
	reassembler_free(rig->reassembler);
	dissect_engine_free(rig->engine);
	free(rig);
}

int rig_file(const char *path, const struct rig_options *o, const struct record_sink *sink)
{
	static const struct stream_taker taker = { take_data, take_gap, take_end, NULL, take_passed, session_skim_over };
	struct options options = { .inputs = &path, .input_count = 1, .from_ns = INT64_MIN, .to_ns = INT64_MAX,
		.max_expand_bytes = UINT64_C(1) << 30, .memory_bytes = 1 << 30 };
	char error[256];
	struct capture_stream *c = capture_open(&options, error, sizeof(error));
	struct rig_state *rig;

	if (!c)
		return -1;
	rig = xcalloc(1, sizeof(*rig));
	rig->options = o;
	rig->random = o->seed;
	rig->engine = dissect_engine_new(sink, o->keys);
	rig->reassembler = reassembler_new(ENGINE_NATIVE, &taker, 64 << 20, 4 << 20);
	read_frames(rig, c);
	capture_close(c);
	finish(rig);
	return 0;
}
