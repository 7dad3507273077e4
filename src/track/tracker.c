/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From packets to conversations: the look-up, the clock, the end of conversations, the memory bound. */
#include "track/tracker_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "track/flow_begin.h"
#include "track/flow_queue.h"

#define NEVER_DUE INT64_MAX /* also the latest time that a hostile clock can show */
/* What one more conversation may need at once. */
#define RESERVE (sizeof(struct whole_flow) + sizeof(struct key_more) + 2 * sizeof(struct repair))
#define TOMBSTONE_SHARE 8 /* tombstones may take this fraction of the memory bound */

struct tracker *tracker_new(const struct tracker_owner *owner, size_t memory_bytes)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->owner = *owner;
	t->memory_bytes = memory_bytes;
	t->now_ns = INT64_MIN;
	flow_table_init(&t->table);
	pool_init(&t->flows, sizeof(struct whole_flow));
	pool_init(&t->tombstones, sizeof(struct tombstone));
	pool_init_objects(&t->troubles, sizeof(struct trouble));
	pool_init_objects(&t->repairs, sizeof(struct repair));
	pool_init_objects(&t->key_mores, sizeof(struct key_more));
	return t;
}

static void free_conversations(struct tracker *t)
{
	for (enum flow_list list = LIST_TCP; list < LISTS; list++)
		for (struct flow *f = queue_oldest(t, list); f; f = queue_oldest(t, list)) {
			queue_remove(t, f);
			flow_delete(t, f);
		}
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	free_conversations(t);
	flow_table_free(&t->table);
	pool_free(&t->flows);
	pool_free(&t->tombstones);
	pool_free(&t->troubles);
	pool_free(&t->repairs);
	pool_free(&t->key_mores);
	free(t->streams);
	free(t->ending);
	free(t);
}

size_t tracker_held_bytes(const struct tracker *t)
{
	return flow_table_bytes(&t->table) + pool_bytes(&t->flows) + pool_bytes(&t->tombstones) +
	       pool_bytes(&t->troubles) + pool_bytes(&t->repairs) + pool_bytes(&t->key_mores) + t->text_bytes;
}

void tracker_charge(struct tracker *t, size_t held_elsewhere)
{
	t->elsewhere = held_elsewhere;
}

uint64_t tracker_evicted(const struct tracker *t)
{
	return t->evicted;
}

static void count_copies(struct tracker *t, const struct flow *f)
{
	struct tcp_loss loss[2] = { f->cold->side[0].loss, f->cold->side[1].loss };

	duplicates_settle(f, loss);
	for (int s = 0; s < 2; s++) {
		const struct frame_ref *copy = &f->cold->copy[s];
		struct stream_count *n;

		if (!f->half[s].doubled)
			continue;
		n = flow_count_of(t, copy->source);
		n->network_duplicates += f->half[s].doubled - loss[s].duplicated_by_capture;
		n->duplicates += loss[s].duplicated_by_capture;
		if (loss[s].duplicated_by_capture && (!n->duplicates_frame || copy->frame < n->duplicates_frame))
			n->duplicates_frame = copy->frame;
	}
}

/* Tells the owner, then forgets all but a tombstone. */
static void end_flow(struct tracker *t, struct flow *f, enum conn_end reason, int64_t emitted_ns)
{
	f->emitted_ns = emitted_ns;
	if (f->state == FLOW_CLOSED && f->end_reason != CONN_END_OPEN)
		reason = f->end_reason;
	t->owner.ended(t->owner.arg, f, reason);
	count_copies(t, f);
	queue_remove(t, f);
	tombstone_leave(t, f, f->state == FLOW_CLOSED);
	flow_delete(t, f);
}

void tracker_closed(struct tracker *t, struct flow *f, enum conn_end reason)
{
	f->end_reason = (uint8_t)reason;
	if (f->state == FLOW_CLOSED)
		return;
	f->state = FLOW_CLOSED;
	queue_remove(t, f);
	queue_add(t, f, LIST_CLOSED);
}

void tracker_reopened(struct tracker *t, struct flow *f)
{
	f->end_reason = CONN_END_OPEN;
	if (f->state != FLOW_CLOSED)
		return;
	f->state = FLOW_LIVE;
	queue_remove(t, f);
	queue_add(t, f, LIST_TCP);
}

static int by_first_frame(const void *a, const void *b)
{
	const struct cold *x = (*(struct flow *const *)a)->cold, *y = (*(struct flow *const *)b)->cold;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* Conversations that are due at the same instant, in the order of their first frames. */
struct due {
	struct flow **flows;
	size_t count, room;
};

static void due_add(struct due *d, struct flow *f)
{
	if (d->count == d->room) {
		d->room = d->room ? d->room * 2 : 16;
		d->flows = xrealloc(d->flows, d->room * sizeof(struct flow *));
	}
	d->flows[d->count++] = f;
}

static void due_from(struct tracker *t, struct due *d, enum flow_list list, int64_t queued_ns)
{
	for (struct flow *f = queue_oldest(t, list); f && f->queued_ns == queued_ns; f = queue_next(t, f))
		due_add(d, f);
}

static int64_t due_at(const struct flow *f)
{
	if (!f || f->queued_ns > NEVER_DUE - IDLE_END_NS - LINGER_NS)
		return NEVER_DUE;
	return f->queued_ns + (f->list == LIST_CLOSED ? LINGER_NS : IDLE_END_NS);
}

static void end_due(struct tracker *t, int64_t at_ns)
{
	struct due d = { 0 };

	due_from(t, &d, LIST_CLOSED, at_ns - LINGER_NS);
	due_from(t, &d, LIST_OTHER, at_ns - IDLE_END_NS);
	if (d.count > 1)
		qsort(d.flows, d.count, sizeof(struct flow *), by_first_frame);
	for (size_t i = 0; i < d.count; i++)
		end_flow(t, d.flows[i], CONN_END_OPEN, at_ns);
	free(d.flows);
}

void tracker_clock(struct tracker *t, int64_t clock_ns)
{
	if (clock_ns <= t->now_ns)
		return;
	t->now_ns = clock_ns;
	for (;;) {
		int64_t closed = due_at(queue_oldest(t, LIST_CLOSED)), other = due_at(queue_oldest(t, LIST_OTHER));
		int64_t next = closed < other ? closed : other;

		if (next > clock_ns || next == NEVER_DUE)
			return;
		end_due(t, next);
	}
}

void tracker_ending(struct tracker *t)
{
	struct due d = { 0 };

	for (enum flow_list list = LIST_TCP; list < LISTS; list++)
		for (struct flow *f = queue_oldest(t, list); f; f = queue_next(t, f))
			due_add(&d, f);
	if (d.count)
		qsort(d.flows, d.count, sizeof(struct flow *), by_first_frame);
	free(t->ending);
	t->ending = d.flows;
	t->ending_count = d.count;
	t->ended_count = 0;
}

bool tracker_next_end(const struct tracker *t, uint16_t *source, uint64_t *frame)
{
	if (t->ended_count == t->ending_count)
		return false;
	flow_first_frame(t->ending[t->ended_count], source, frame);
	return true;
}

struct flow *tracker_pass_next(struct tracker *t)
{
	struct flow *f = t->ending[t->ended_count++];

	f->emitted_ns = t->now_ns;
	return f;
}

void tracker_ending_rewind(struct tracker *t)
{
	t->ended_count = 0;
}

void tracker_end_next(struct tracker *t)
{
	end_flow(t, t->ending[t->ended_count++], CONN_END_OPEN, t->now_ns);
}

void tracker_finish(struct tracker *t)
{
	tracker_ending(t);
	while (t->ended_count < t->ending_count)
		tracker_end_next(t);
}

static struct flow *longest_idle(struct tracker *t)
{
	struct flow *best = NULL;

	for (enum flow_list list = LIST_TCP; list < LISTS; list++) {
		struct flow *f = queue_oldest(t, list);

		if (f && (!best || f->queued_ns < best->queued_ns))
			best = f;
	}
	return best;
}

static bool over(const struct tracker *t)
{
	return tracker_held_bytes(t) + t->elsewhere + RESERVE > t->memory_bytes;
}

/*
 * Makes room for one more conversation. Tombstones go first, then those that were silent longest. `elsewhere` shrinks
 * only when its owner charges again, so a few at a time must do: more than come in.
 */
static void make_room(struct tracker *t)
{
	struct tombstone *s;
	struct flow *f;

	while (pool_bytes(&t->tombstones) > t->memory_bytes / TOMBSTONE_SHARE && (s = tombstone_oldest(t)) != NULL)
		tombstone_remove(t, s);
	for (int i = 0; i < 4 && over(t); i++) {
		s = tombstone_oldest(t);
		if (s) {
			tombstone_remove(t, s);
			continue;
		}
		f = longest_idle(t);
		if (!f)
			return;
		t->evicted += f->state != FLOW_CLOSED;
		end_flow(t, f, CONN_END_EVICTED, t->now_ns);
	}
}

uint32_t tracker_tag(const struct flow_key *key)
{
	uint64_t v4[2];

	if (!addr_is_v4(&key->low))
		return (uint32_t)(hash_seeded(key, sizeof(*key)) >> 32);
	/* Sixteen bytes are half the work of forty. */
	memcpy(v4, key->low.b + 12, 4);
	memcpy((unsigned char *)v4 + 4, key->high.b + 12, 4);
	v4[1] = (uint64_t)key->low_port << 24 | (uint64_t)key->high_port << 8 | key->proto;
	return (uint32_t)(hash_seeded(v4, sizeof(v4)) >> 32);
}

/* What the table knows of a key: the live conversation or its tombstone. */
struct known {
	struct flow *flow;
	struct tombstone *grave;
};

static struct known look_up(struct tracker *t, const struct flow_key *key, uint32_t tag)
{
	uint32_t at = tag, number;

	while ((number = flow_table_next(&t->table, tag, &at)) != 0) {
		void *entry = pool_at(number & 1 ? &t->tombstones : &t->flows, number >> 1);

		if (!flow_key_equal(entry, key))
			continue;
		return number & 1 ? (struct known){ .grave = entry } : (struct known){ .flow = entry };
	}
	return (struct known){ 0 };
}

struct flow *tracker_find(struct tracker *t, const struct flow_key *key)
{
	return look_up(t, key, tracker_tag(key)).flow;
}

void tracker_count_stream(struct tracker *t, const struct flow_key *key, uint16_t source)
{
	uint32_t tag = tracker_tag(key);
	struct known known = look_up(t, key, tag);
	struct tombstone *s;

	if (known.flow || known.grave || (key->proto != 6 && key->proto != 17))
		return;
	make_room(t);
	s = tombstone_add(t, key, tag);
	s->quoted = true;
	s->stream = next_stream(t, key, source);
	s->sources = UINT64_C(1) << (source & 63);
}

void tracker_number_later(struct tracker *t, struct stream_births *b)
{
	t->births = b;
}

void tracker_numbered(struct tracker *t, const struct stream_births *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct known k = look_up(t, &b->list[i].key, tracker_tag(&b->list[i].key));

		if (k.flow && k.flow->stream == (i | STREAM_LATER))
			k.flow->stream = b->list[i].number;
		if (k.grave && k.grave->stream == (i | STREAM_LATER))
			k.grave->stream = b->list[i].number;
	}
}

/* A segment that is part of no record any more. */
static void count_late(struct tracker *t, struct tombstone *s, const struct packet *p, int end)
{
	struct stream_count *n = flow_count_of(t, p->frame->source);

	n->late_fin += (p->tcp.flags & TCP_FIN) != 0;
	n->late_rst += (p->tcp.flags & TCP_RST) != 0;
	ws_analyse(&s->ws, end, p, &n->late);
}

static void add_analysis(struct tcp_analysis *sum, const struct tcp_analysis *more)
{
	sum->retransmission += more->retransmission;
	sum->fast_retransmission += more->fast_retransmission;
	sum->spurious_retransmission += more->spurious_retransmission;
	sum->out_of_order += more->out_of_order;
	sum->duplicate_ack += more->duplicate_ack;
	sum->lost_segment += more->lost_segment;
	sum->ack_lost_segment += more->ack_lost_segment;
	sum->zero_window += more->zero_window;
	sum->zero_window_probe += more->zero_window_probe;
	sum->zero_window_probe_ack += more->zero_window_probe_ack;
	sum->window_full += more->window_full;
	sum->window_update += more->window_update;
	sum->keep_alive += more->keep_alive;
	sum->keep_alive_ack += more->keep_alive_ack;
	sum->reused_ports += more->reused_ports;
}

/* Of two frames of one source; 0: none. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

void tracker_late(const struct tracker *t, uint16_t source, struct capture *out)
{
	if (source >= t->stream_room)
		return;
	out->duplicates += t->streams[source].duplicates;
	out->duplicates_frame = earlier(out->duplicates_frame, t->streams[source].duplicates_frame);
	out->network_duplicates += t->streams[source].network_duplicates;
	out->udp_streams += t->streams[source].udp_begun;
	out->late_fin += t->streams[source].late_fin;
	out->late_rst += t->streams[source].late_rst;
	add_analysis(&out->late_analysis, &t->streams[source].late);
}

/* The conversation of a packet after the end of its tuple's last one; NULL when the packet is only its echo. */
static struct flow *after_tombstone(struct tracker *t, struct tombstone *s, const struct packet *p, bool src_is_low)
{
	bool syn = p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	int end = src_is_low ? 0 : 1;
	bool again = !syn || !s->base_set[end] || p->tcp.seq == s->base_seq[end];
	struct former former = former_of_tombstone(s, p->kind != PACKET_TCP || again);
	struct flow_key key = s->key;
	uint32_t tag = s->tag;

	if (p->kind == PACKET_TCP && s->closed && !(p->tcp.flags & TCP_SYN) && !p->payload_wire) {
		count_late(t, s, p, end);
		return NULL;
	}
	tombstone_remove(t, s);
	return flow_begin(t, &key, tag, p, src_is_low, &former);
}

static bool is_of(const struct expected *e, const struct packet *p)
{
	const struct addr *from = e->from_low ? &e->key.low : &e->key.high;
	const struct addr *to = e->from_low ? &e->key.high : &e->key.low;
	uint16_t sport = e->from_low ? e->key.low_port : e->key.high_port;
	uint16_t dport = e->from_low ? e->key.high_port : e->key.low_port;

	return e->order == p->frame->order && addr_equal(from, &p->src) && addr_equal(to, &p->dst) && sport == p->sport &&
	       dport == p->dport && e->key.proto == p->proto;
}

/* What was worked out when the frame was announced, if it was and the packet is the one that was expected in it. */
static const struct expected *expected_of(struct tracker *t, const struct packet *p, struct expected *fresh)
{
	const struct expected *e = &t->expected[p->frame->order % EXPECTED_MAX];

	if (is_of(e, p))
		return e;
	fresh->from_low = flow_key_make(&fresh->key, &p->src, p->sport, &p->dst, p->dport, p->proto);
	fresh->tag = tracker_tag(&fresh->key);
	fresh->flow = NULL;
	return fresh;
}

static struct known find_known(struct tracker *t, const struct expected *e)
{
	/* An ended flow has no key: see flow_delete. */
	if (e->flow && flow_key_equal(&e->flow->key, &e->key))
		return (struct known){ .flow = e->flow };
	return look_up(t, &e->key, e->tag);
}

/* The conversation that the packet belongs to, found or new; NULL: none. */
static struct flow *flow_of(struct tracker *t, const struct packet *p, bool *src_is_low)
{
	struct expected fresh;
	const struct expected *e = expected_of(t, p, &fresh);
	struct known known = find_known(t, e);
	struct former former = { 0 };
	enum flow_start start = START_SAME;

	*src_is_low = e->from_low;
	if (known.flow && p->kind == PACKET_TCP)
		start = handshake_start(known.flow, e->from_low == known.flow->orig_is_low ? SIDE_ORIG : SIDE_RESP, p);
	if (known.flow && start == START_SAME)
		return known.flow;
	if (known.flow) {
		former = former_of_flow(known.flow, start == START_AGAIN);
		end_flow(t, known.flow, CONN_END_REUSE, t->now_ns);
		known = look_up(t, &e->key, e->tag);
		tombstone_remove(t, known.grave);
		return flow_begin(t, &e->key, e->tag, p, e->from_low, &former);
	}
	if (known.grave)
		return after_tombstone(t, known.grave, p, e->from_low);
	make_room(t);
	return flow_begin(t, &e->key, e->tag, p, e->from_low, &former);
}

static void part_due(struct tracker *t, struct flow *f)
{
	if (t->now_ns < f->next_part_ns)
		return;
	f->emitted_ns = t->now_ns;
	f->next_part_ns = t->now_ns + PART_NS;
	f->cold->part++;
	t->owner.ended(t->owner.arg, f, CONN_END_PART);
}

/* Each field by itself: zeroing it all first takes longer than the rest. */
static void passing_begin(struct passing *w, struct tracker *t, struct flow *f, const struct packet *p, bool src_is_low)
{
	w->t = t;
	w->f = f;
	w->c = f->cold;
	w->p = p;
	w->side = src_is_low == f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
	w->own = &f->half[w->side];
	w->peer = &f->half[side_other(w->side)];
	w->out = &w->c->side[w->side];
	w->peer_out = &w->c->side[side_other(w->side)];
	w->now_ns = t->now_ns;
	w->at_ns = p->ts_ns - f->ts_ns;
	w->new_link = w->resent = false;
	w->len = p->payload_wire;
	w->seq = w->end = 0;
	w->flags = 0;
	w->rtt_ns = 0;
}

static struct tracked track(struct tracker *t, const struct packet *p)
{
	bool src_is_low;
	struct flow *f = flow_of(t, p, &src_is_low);
	struct passing w;
	struct tracked out;

	if (!f)
		return (struct tracked){ 0 };
	passing_begin(&w, t, f, p, src_is_low);
	if (!(f->sources & UINT64_C(1) << (p->frame->source & 63)))
		flow_seen_in(t, f, p->frame->source);
	out = p->kind == PACKET_TCP ? tcp_track(&w) : udp_track(&w);
	out.new_link = w.new_link;
	out.left = w.new_link && t->has_left ? &t->left : NULL;
	queue_touch(t, f);
	if (!out.duplicate)
		part_due(t, f);
	return out;
}

bool tracker_wants(const struct packet *p)
{
	switch ((enum packet_kind)p->kind) {
	case PACKET_TCP:
	case PACKET_UDP:
	case PACKET_ICMP:
		return p->verdict != PACKET_BAD;
	case PACKET_IP:
		return p->verdict != PACKET_BAD && p->proto != 6 && p->proto != 17 && p->proto != 1 && p->proto != 58;
	case PACKET_ARP:
	case PACKET_OTHER:
	case PACKET_FRAGMENT:
		break;
	}
	return false;
}

struct tracked tracker_packet(struct tracker *t, const struct packet *p)
{
	tracker_clock(t, p->clock_ns);
	if (!tracker_wants(p))
		return (struct tracked){ 0 };
	return p->kind == PACKET_ICMP ? icmp_quote(t, p) : track(t, p);
}

bool flow_is_deaf(const struct flow *f)
{
	return f->deaf;
}

void flow_make_deaf(struct flow *f)
{
	f->deaf = true;
}

struct stream_pair **flow_stream_pair(struct flow *f)
{
	return &f->stream_pair;
}

struct session **flow_session(struct flow *f)
{
	return &f->session;
}

enum side flow_first_fin(const struct flow *f)
{
	return f->cold->first_fin;
}

enum side flow_first_rst(const struct flow *f)
{
	return f->cold->first_rst;
}

void flow_first_frame(const struct flow *f, uint16_t *source, uint64_t *frame)
{
	*source = f->cold->source;
	*frame = f->cold->frame;
}

int64_t flow_emitted_ns(const struct flow *f)
{
	return f->emitted_ns;
}
