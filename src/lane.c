/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins track, reassemble and dissectors. */
#include "lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "dissectors/session.h"
#include "options.h"
#include "reassemble/reassemble.h"
#include "track/outlet.h"
#include "track/tracker.h"

#define STREAM_SHARE 4	      /* of the memory bound: for out-of-order bytes */
#define STREAM_MAX (4u << 20) /* in one direction: more than a window of 2 MiB and its repairs */
#define JUMBO_MAX 9216	      /* IP packets beyond it are none that a network card sends */

struct lane_source {
	uint64_t offload_large, offload_checksum, offload_frame;
};

struct lane {
	struct outlet out;
	struct tracker *tracker;
	struct reassembler *reassembler;
	struct dissect_engine *dissectors;
	struct lane_source *sources;
	enum engine_kind engine;
	uint16_t source_count;
	struct moment moment;
	struct session_owner owner; /* the session's view of the conversation at hand; see owner_of */
	struct record head;
};

static void mark(void *flow, enum side side, const struct frame_ref *absolute, const char *label)
{
	flow_mark(flow, side, absolute, label);
}

static void identify(const void *flow, struct record *head)
{
	flow_identify(flow, head);
}

static enum side fin_of(const void *flow)
{
	return flow_first_fin(flow);
}

static enum side rst_of(const void *flow)
{
	return flow_first_rst(flow);
}

/* Valid until it is asked for again. */
static const struct session_owner *owner_of(struct lane *l, struct flow *f)
{
	l->owner.clock_ns = l->moment.at_ns;
	l->owner.flow = f;
	return &l->owner;
}

/* In place: put together beside it and copied it would wait for its own parts. */
static inline void stream_chunk(struct chunk *c, const uint8_t *bytes, size_t n, enum side s, const struct frame_ref *ref)
{
	c->data = bytes;
	c->len = c->on_wire = n;
	c->side = s;
	c->ref.frame = ref->frame;
	c->ref.at_ns = ref->at_ns;
	c->ref.source = ref->source;
}

/* The taker's `flow` is the conversation; the lane stands in its reassembler's user data. */
struct fed {
	struct lane *lane;
	struct flow *flow;
};

static void on_data(void *arg, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct session **session = flow_session(fed->flow);
	struct chunk c;
	uint32_t quiet;
	uint16_t shape;

	if (flow_is_deaf(fed->flow))
		return;
	stream_chunk(&c, bytes, n, s, ref);
	session_stream(fed->lane->dissectors, session, owner_of(fed->lane, fed->flow), &c);
	if (session_done(*session)) {
		flow_make_deaf(fed->flow);
		reassemble_unheard(fed->lane->reassembler, *flow_stream_pair(fed->flow));
		return;
	}
	quiet = session_wants_count(*session, s, &shape);
	reassemble_quiet(fed->lane->reassembler, *flow_stream_pair(fed->flow), s, quiet, shape);
}

static void on_passed(void *arg, enum side s, const struct passed *what, const struct frame_ref *ref)
{
	struct fed *fed = arg;

	session_passed(*flow_session(fed->flow), s, what->bytes, what->records, what->left, ref);
}

static void on_gap(void *arg, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct lane *l = fed->lane;

	session_gap(l->dissectors, flow_session(fed->flow), owner_of(l, fed->flow), s, missing, ref);
}

static void on_end(void *arg, enum side s, const struct frame_ref *ref)
{
	struct fed *fed = arg;
	struct lane *l = fed->lane;

	session_end(l->dissectors, flow_session(fed->flow), owner_of(l, fed->flow), s, ref);
}

static void on_differ(void *arg, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	flow_overlap(((struct fed *)arg)->flow, s, old, new_one);
}

static const struct stream_taker taker = { .data = on_data, .gap = on_gap, .end = on_end, .differ = on_differ,
	.passed = on_passed, .skim = session_skim_over };

static void fill_service(const struct session_summary *s, struct conn *c)
{
	memcpy(c->service, s->service, sizeof(c->service));
	c->restarts = s->restarts;
	c->skipped_bytes = s->skipped_bytes;
	c->gap_bytes[0] = s->gap_bytes[0];
	c->gap_bytes[1] = s->gap_bytes[1];
}

/* Gives in how many directions two engines disagreed. */
static uint64_t close_session(struct lane *l, struct flow *f, struct session_summary *summary)
{
	uint64_t disagreed = reassembler_disagreements(l->reassembler);
	struct fed fed = { l, f };
	struct frame_ref now = { .at_ns = flow_emitted_ns(f) };
	struct session **session = flow_session(f);

	reassemble_close(l->reassembler, flow_stream_pair(f), &fed, &now);
	session_summarise(*session, summary);
	if (*session)
		session_close(l->dissectors, session, owner_of(l, f));
	return reassembler_disagreements(l->reassembler) - disagreed;
}

/* The session's records go out before the conversation's own. */
static void on_ended(void *arg, struct flow *f, enum conn_end reason)
{
	struct lane *l = arg;
	struct session_summary summary = { .service = "" };
	uint64_t differ = 0;
	struct record own, *r;

	l->moment.at_ns = flow_emitted_ns(f);
	if (!l->moment.order)
		flow_first_frame(f, &l->moment.source, &l->moment.frame);
	outlet_flow(&l->out, f);
	if (reason == CONN_END_PART)
		session_summarise(*flow_session(f), &summary);
	else
		differ = close_session(l, f, &summary);
	r = l->out.room ? l->out.room(l->out.arg) : &own;
	flow_record(f, reason, r);
	r->emitted_ns = flow_emitted_ns(f);
	fill_service(&summary, &r->conn);
	r->conn.engines_compared = l->engine == ENGINE_BOTH && r->proto == 6;
	r->conn.engines_differ = (uint32_t)differ;
	l->out.record(l->out.arg, r);
}

static void on_record(void *arg, const struct record *r)
{
	const struct lane *l = arg;

	l->out.record(l->out.arg, r);
}

static struct record *on_room(void *arg)
{
	const struct lane *l = arg;

	return l->out.room ? l->out.room(l->out.arg) : NULL;
}

static void on_announced(void *arg, const struct announced *a, int64_t clock_ns)
{
	const struct lane *l = arg;

	l->out.announce(l->out.arg, a, clock_ns);
}

struct lane *lane_new(const struct options *o, const struct keylog *keys, const struct outlet *out, size_t memory_bytes)
{
	struct lane *l = xcalloc(1, sizeof(*l));
	struct tracker_owner owner = { on_ended, l };
	struct record_sink records = { on_record, l };

	l->out = *out;
	l->owner = (struct session_owner){
		.head = &l->head, .identify = identify, .fin_of = fin_of, .rst_of = rst_of, .mark = mark };
	l->tracker = tracker_new(&owner, memory_bytes);
	l->engine = o->engine;
	l->reassembler = reassembler_new(o->engine, &taker, memory_bytes / STREAM_SHARE, STREAM_MAX);
	l->dissectors = dissect_engine_new(&records, keys);
	dissect_engine_in_place(l->dissectors, on_room, l);
	dissect_engine_elsewhere(l->dissectors, on_announced, l);
	return l;
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	tracker_free(l->tracker);
	reassembler_free(l->reassembler);
	dissect_engine_free(l->dissectors);
	free(l->sources);
	free(l);
}

void lane_to(struct lane *l, const struct outlet *out)
{
	l->out = *out;
}

static struct lane_source *source_of(struct lane *l, uint16_t source)
{
	if (source >= l->source_count) {
		l->sources = xrealloc(l->sources, (source + 1u) * sizeof(*l->sources));
		memset(l->sources + l->source_count, 0, (source + 1u - l->source_count) * sizeof(*l->sources));
		l->source_count = (uint16_t)(source + 1);
	}
	return &l->sources[source];
}

/*
 * Offload shows in two ways: segments larger than the receiver's MSS allows, and checksums that hold the
 * pseudo-header's sum only.
 */
static void count_offload(struct lane_source *n, const struct packet *p, const struct tracked *t)
{
	uint16_t mss = flow_peer_mss(t->flow, t->side);
	bool large = p->ip_len_zero || (mss ? p->payload_wire > mss : p->ip_len > JUMBO_MAX);
	bool partial = p->checksum == CHECKSUM_PARTIAL;

	if (!large && !partial)
		return;
	if (!n->offload_frame)
		n->offload_frame = p->frame->number;
	n->offload_large += large;
	n->offload_checksum += partial;
}

static struct chunk datagram_chunk(const struct packet *p, enum side side)
{
	struct frame_ref ref = { .frame = p->frame->number, .at_ns = p->frame->ts_ns, .source = p->frame->source };

	return (struct chunk){
		.data = p->payload, .len = p->payload_len, .on_wire = p->payload_wire, .side = side, .ref = ref };
}

static void feed_datagram(struct lane *l, const struct packet *p, const struct tracked *t)
{
	struct chunk c = datagram_chunk(p, t->side);

	session_datagram(l->dissectors, flow_session(t->flow), owner_of(l, t->flow), &c);
}

static void feed(struct lane *l, const struct packet *p, const struct tracked *t)
{
	struct fed fed = { l, t->flow };

	if (p->kind == PACKET_TCP)
		reassemble_packet(l->reassembler, flow_stream_pair(t->flow), &fed, t->side, p);
	else if (p->payload_wire)
		feed_datagram(l, p, t);
}

/* The frame counts with its conversation; what is in it counts too. */
static void count_duplicate(const struct packet *p, const struct tracked *t)
{
	struct chunk c = datagram_chunk(p, t->side);

	if (p->kind == PACKET_UDP)
		session_datagram_again(*flow_session(t->flow), &c);
}

void lane_clock(struct lane *l, int64_t clock_ns)
{
	l->moment.order = 0;
	tracker_clock(l->tracker, clock_ns);
}

static inline void fetch_stream(const struct coming *c)
{
	if (!c->flow)
		return;
	reassemble_fetch(*flow_stream_pair(c->flow));
}

/* Whether the session will be asked: most bytes nobody wants, or they are only counted. */
static inline bool is_heard(const struct coming *c)
{
	return c->flow && !flow_is_deaf(c->flow) &&
	       (c->has_payload & !reassemble_is_quiet(*flow_stream_pair(c->flow), c->side));
}

static inline void fetch_far(const struct coming *c)
{
	if (!c->flow)
		return;
	reassemble_fetch_far(*flow_stream_pair(c->flow), c->side, c->has_payload);
	if (is_heard(c))
		session_fetch(*flow_session(c->flow));
}

static inline void fetch_state(const struct coming *c)
{
	if (is_heard(c))
		session_fetch_state(*flow_session(c->flow));
}

/* How many packets ahead, of the AHEAD_MAX at which the conversation is asked for. Each step takes as long as memory
 * does, a packet half of that. */
#define STREAM_AHEAD 4
#define FAR_AHEAD 2
#define STATE_AHEAD 1

/* Looking ahead goes out in parts between a packet's own steps: the processor has some twenty requests under way at
 * most, and stands still for more. */
static inline void look_for_rings(struct lane *l)
{
	fetch_stream(tracker_fetch_rings(l->tracker, STREAM_AHEAD));
}

static inline void look_for_states(struct lane *l)
{
	tracker_fetch_neighbours(l->tracker, FAR_AHEAD);
	fetch_far(tracker_coming(l->tracker, FAR_AHEAD));
	fetch_state(tracker_coming(l->tracker, STATE_AHEAD));
}

static void look_ahead(struct lane *l)
{
	tracker_fetch_flow(l->tracker);
	tracker_fetch_counts(l->tracker);
	look_for_rings(l);
	look_for_states(l);
}

void lane_expect(struct lane *l, struct packet *const *packets, int n)
{
	int looked = 0;

	tracker_expect(l->tracker, packets, n);
	for (int i = 0; i < n; i++) {
		tracker_expect_flow(l->tracker, i);
		if (packets[i]->kind == PACKET_TCP)
			packet_checksum(packets[i]);
		if (n - i <= AHEAD_MAX && looked++ < AHEAD_MAX)
			look_ahead(l);
	}
	while (looked++ < AHEAD_MAX)
		look_ahead(l);
}

/* A packet that was tracked goes to all others. */
static inline void pass_on(struct lane *l, const struct packet *p, const struct tracked *t)
{
	if (t->duplicate) {
		count_duplicate(p, t);
		return;
	}
	outlet_packet(&l->out, p, t);
	if (t->flow && p->kind == PACKET_TCP)
		count_offload(source_of(l, p->frame->source), p, t);
	if (t->flow && t->feed)
		feed(l, p, t);
}

void lane_packet(struct lane *l, struct packet *p)
{
	struct tracked t;

	l->moment = (struct moment){ .at_ns = p->clock_ns, .order = p->frame->order };
	tracker_fetch_flow(l->tracker);
	tracker_packet(l->tracker, p, &t);
	tracker_fetch_counts(l->tracker);
	look_for_rings(l);
	pass_on(l, p, &t);
	look_for_states(l);
}

void lane_count_stream(struct lane *l, const struct flow_key *key, uint16_t source)
{
	tracker_count_stream(l->tracker, key, source);
}

void lane_charge(struct lane *l, size_t elsewhere)
{
	tracker_charge(l->tracker,
		reassembler_held_bytes(l->reassembler) + dissect_engine_held_bytes(l->dissectors) + elsewhere);
}

const struct moment *lane_moment(const struct lane *l)
{
	return &l->moment;
}

void lane_number_later(struct lane *l, struct stream_births *b)
{
	tracker_number_later(l->tracker, b);
}

void lane_numbered(struct lane *l, const struct stream_births *b)
{
	tracker_numbered(l->tracker, b);
}

void lane_ending(struct lane *l)
{
	l->moment.order = 0;
	tracker_ending(l->tracker);
}

bool lane_next_end(const struct lane *l, uint16_t *source, uint64_t *frame)
{
	return tracker_next_end(l->tracker, source, frame);
}

void lane_pass_next(struct lane *l)
{
	outlet_flow(&l->out, tracker_pass_next(l->tracker));
}

void lane_ending_rewind(struct lane *l)
{
	tracker_ending_rewind(l->tracker);
}

/* Conversations that are open at the end have rested for long; so many further they are on their way. */
#define END_FAR_AHEAD 2
#define END_STATE_AHEAD 1

static void expect_ends(const struct lane *l)
{
	struct flow *far = tracker_ending_ahead(l->tracker, END_FAR_AHEAD);
	struct flow *next = tracker_ending_ahead(l->tracker, END_STATE_AHEAD);

	if (far) {
		reassemble_fetch_all(*flow_stream_pair(far));
		session_fetch(*flow_session(far));
	}
	if (next)
		session_fetch_whole_state(*flow_session(next));
}

void lane_end_next(struct lane *l)
{
	expect_ends(l);
	tracker_end_next(l->tracker);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

void lane_counters(const struct lane *l, uint16_t source, struct capture *out)
{
	const struct lane_source *n = source < l->source_count ? &l->sources[source] : NULL;

	if (n) {
		out->offload_large += n->offload_large;
		out->offload_checksum += n->offload_checksum;
		out->offload_frame = earlier(out->offload_frame, n->offload_frame);
	}
	tracker_late(l->tracker, source, out);
	dissect_engine_counts(l->dissectors, source, out);
}

void lane_let_go(const struct lane *l, struct capture *out)
{
	out->evicted += tracker_evicted(l->tracker);
	out->streams_let_go += reassembler_let_go(l->reassembler);
}
