/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From packets to conversations: finds whose it is, hands it through the steps, says what others may know. */
#include "track/tracker_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/seldom.h"
#include "base/text.h"
#include "track/flow_begin.h"
#include "track/flow_queue.h"

#define SLOTS_FIRST (UINT32_C(1) << 14) /* 128 KiB: small captures should not pay for large ones */

struct tracker *tracker_new(const struct tracker_owner *owner, size_t memory_bytes)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->owner = *owner;
	t->memory_bytes = memory_bytes;
	t->now_ns = INT64_MIN;
	slots_init(&t->table, SLOTS_FIRST);
	pool_init(&t->flows, sizeof(struct whole_flow));
	pool_init(&t->tombstones, sizeof(struct tombstone));
	rare_pools_init(&t->rare);
	expect_nothing(t);
	return t;
}

/* What conversations own that is in no pool. */
static void free_texts(struct tracker *t)
{
	for (enum flow_list list = LIST_TCP; list < LISTS && t->text_bytes; list++)
		for (struct flow *f = queue_oldest(t, list); f; f = queue_next(t, f))
			free(cold_of(f)->tunnel);
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	free_texts(t);
	slots_free(&t->table);
	pool_free(&t->flows);
	pool_free(&t->tombstones);
	rare_pools_free(&t->rare);
	free(t->streams);
	free(t->ending);
	free(t);
}

size_t tracker_held_bytes(const struct tracker *t)
{
	return slots_bytes(&t->table) + pool_bytes(&t->flows) + pool_bytes(&t->tombstones) +
	       rare_pools_bytes(&t->rare) + t->text_bytes;
}

void tracker_charge(struct tracker *t, size_t held_elsewhere)
{
	t->elsewhere = held_elsewhere;
}

uint64_t tracker_evicted(const struct tracker *t)
{
	return t->evicted;
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

static void part_due(struct tracker *t, struct flow *f)
{
	if (t->now_ns < f->next_part_ns)
		return;
	f->emitted_ns = t->now_ns;
	f->next_part_ns = when_later(t->now_ns, PART_NS);
	cold_of(f)->part++;
	t->owner.ended(t->owner.arg, f, CONN_END_PART);
}

static SELDOM void flow_due(struct tracker *t, struct flow *f, bool duplicate)
{
	queue_touch(t, f);
	if (!duplicate)
		part_due(t, f);
	queue_due(f);
}

/* The packet before came from another source. */
static SELDOM void flow_source(struct tracker *t, struct flow *f, uint16_t source)
{
	f->source = source;
	if (!(f->sources & UINT64_C(1) << (source & 63)))
		flow_seen_in(t, f, source);
}

/* Each field by itself: zeroing it all first takes longer than the rest. */
static void passing_begin(struct passing *w, struct tracker *t, struct flow *f, const struct packet *p, bool src_is_low)
{
	w->t = t;
	w->f = f;
	w->c = cold_of(f);
	w->p = p;
	w->side = src_is_low == f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
	w->own = &f->half[w->side];
	w->peer = &f->half[side_other(w->side)];
	w->now_ns = t->now_ns;
	w->at_ns = p->ts_ns - f->ts_ns;
	w->both = short_ref(p->frame->number, p->frame->source, 0).both;
	w->new_link = w->resent = false;
	w->len = p->payload_wire;
	w->seq = w->end = 0;
	w->flags = 0;
	w->rtt_ns = 0;
}

static void track(struct tracker *t, const struct packet *p, struct tracked *out)
{
	bool src_is_low;
	struct flow *f = flow_of(t, p, &src_is_low);
	struct passing w;

	if (!f)
		return;
	out->flow = f;
	passing_begin(&w, t, f, p, src_is_low);
	if (p->frame->source != f->source)
		flow_source(t, f, p->frame->source);
	out->side = w.side;
	if (p->kind == PACKET_TCP)
		tcp_track(&w, out);
	else
		udp_track(&w, out);
	out->new_link = w.new_link;
	if (w.new_link && t->has_left)
		out->left = &t->left;
	if (t->now_ns >= f->due_ns)
		flow_due(t, f, out->duplicate);
}

void tracker_packet(struct tracker *t, const struct packet *p, struct tracked *out)
{
	*out = (struct tracked){0};
	if (p->clock_ns > t->now_ns)
		tracker_clock(t, p->clock_ns);
	if (!tracker_wants(p))
		return;
	if (p->kind == PACKET_ICMP)
		*out = icmp_quote(t, p);
	else
		track(t, p, out);
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
	return f->first_fin;
}

enum side flow_first_rst(const struct flow *f)
{
	return f->first_rst;
}

void flow_first_frame(const struct flow *f, uint16_t *source, uint64_t *frame)
{
	*source = (uint16_t)f->begun.source;
	*frame = f->begun.frame;
}

int64_t flow_emitted_ns(const struct flow *f)
{
	return f->emitted_ns;
}
