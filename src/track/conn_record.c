/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a conversation as its record. Works on a live conversation too: nothing of it is changed. */
#include <string.h>

#include "base/seq.h"
#include "base/text.h"
#include "track/tracker_impl.h"

#define UNANSWERED_FAILS 3 /* so many sendings in vain are a failure, fewer may be repaired */

void flow_identify(const struct flow *f, struct record *r)
{
	r->uid_due = true;
	r->uid[0] = '\0';
	r->generation = f->generation;
	r->ts_ns = f->ts_ns;
	r->emitted_ns = f->emitted_ns;
	r->orig_h = *flow_addr(f, SIDE_ORIG);
	r->resp_h = *flow_addr(f, SIDE_RESP);
	r->orig_p = flow_port(f, SIDE_ORIG);
	r->resp_p = flow_port(f, SIDE_RESP);
	r->proto = f->key.proto;
	r->source = (uint16_t)f->begun.source;
	r->frame = f->begun.frame;
}

/* The segment that was sent most often without an answer. */
static void fill_unanswered(const struct flow *f, enum side s, struct conn_side *o)
{
	const struct repair *r = f->repair[s];
	const struct resend *best = NULL;

	for (int i = 0; r && i < RESENDS_MAX; i++) {
		const struct resend *e = &r->resends[i];

		if (e->sent && !e->acked && (!best || e->sent > best->sent))
			best = e;
	}
	if (!best)
		return;
	o->unanswered = best->sent;
	o->unanswered_len = best->len;
	o->unanswered_first_ns = best->first_at_ns;
	o->unanswered_last_ns = best->last_at_ns;
	o->unanswered_df = best->df;
	memcpy(o->unanswered_frames, best->frames, sizeof(o->unanswered_frames));
}

static uint64_t unacked(const struct half *h)
{
	uint32_t bytes;

	if (!h->bytes || !(h->flags & HALF_NEXT_SET))
		return 0;
	if (!(h->flags & HALF_ACKED_SET))
		return h->bytes;
	bytes = h->next_seq - h->acked;
	if (bytes && (h->flags & HALF_FIN))
		bytes--;
	return bytes < UINT32_C(1) << 30 ? bytes : 0;
}

static void fill_start(const struct flow *f, enum side s, struct conn_side *o)
{
	const struct side_start *k = &cold_of(f)->start[s];

	o->mac = k->mac;
	o->to_mac = k->to_mac;
	o->mss = f->half[s].mss;
	o->syn_ttl = k->syn_ttl;
	o->window_scale = k->window_scale;
	o->sack_permitted = k->sack_permitted;
	o->timestamps = k->timestamps;
	o->fast_open = k->fast_open;
	o->mptcp = k->mptcp;
	o->syn_data = k->syn_data;
	o->first_data = long_ref(k->first_data);
	o->first_data_len = k->first_data_len;
	o->first_data_acked_ns = k->first_data_acked_ns;
	o->fin = long_ref(k->fin);
}

/* Where it came from, and how that changed. */
static void fill_path_odd(const struct side_odd *k, struct conn_side *o)
{
	o->ttl_change = long_ref(k->ttl_change);
	o->ttl_before = long_ref(k->ttl_before);
	o->mac_changed = k->mac_changed;
	o->mac_change = long_ref(k->mac_change);
	o->mac_before = long_ref(k->mac_before);
	o->mac_after = k->mac_after;
	o->mac_changes = k->mac_changes;
	if (k->mac_changes)
		o->mac_after_pkts = o->pkts - k->mac_at_pkts;
}

static void fill_window_odd(const struct side_odd *k, struct conn_side *o)
{
	o->zero_windows = k->zero_windows;
	o->zero_window_ns = k->zero_window_ns;
	o->zero_window_open_ns = k->zero_window_open_ns;
	o->zero_window_first = long_ref(k->zero_window_first);
	o->window_full = k->window_full;
	o->window_limited_ns = k->window_limited_ns;
	o->window_wait_ns = k->window_wait_ns;
	o->delayed_ack_stalls = k->delayed_ack_stalls;
	o->delayed_ack_ns = k->delayed_ack_ns;
	o->delayed_ack_first = long_ref(k->delayed_ack_first);
}

static void fill_odd(const struct side_odd *k, struct conn_side *o)
{
	fill_path_odd(k, o);
	fill_window_odd(k, o);
	o->resent_bytes = k->resent_bytes;
	o->missing_bytes = k->missing_bytes;
	o->missing_first = long_ref(k->missing_first);
	o->late_ns = k->late_ns;
	o->keep_alives = k->keep_alives;
	o->keep_alives_answered = k->keep_alives_answered;
	o->gap_tail = k->gap_tail;
	o->gap_first = long_ref(k->gap_first);
	o->doubled = long_ref(k->doubled);
	o->doubled_copy = long_ref(k->doubled_copy);
	o->doubled_answer = long_ref(k->doubled_answer);
	o->damaged = long_ref(k->damaged);
	o->damaged_again = long_ref(k->damaged_again);
	o->loss = k->loss;
}

static void fill_rtts(const struct rtts *k, struct conn_side *o)
{
	o->rtt_samples = k->samples;
	if (!k->samples)
		return;
	o->rtt_min_ns = k->min_ns;
	o->rtt_max_ns = k->max_ns;
	o->rtt_mean_ns = k->samples == 1 ? k->sum_ns : k->sum_ns / k->samples;
}

static void fill_side(const struct flow *f, enum side s, struct conn_side *o)
{
	const struct half *h = &f->half[s];
	const struct side_odd *odd = cold_of(f)->odd[s];

	o->pkts = h->pkts;
	o->ip_bytes = h->ip_bytes;
	o->bytes = h->bytes;
	o->data_segments = h->data_segments;
	o->ttl = h->ttl;
	o->last_packet = long_ref(h->last);
	o->last_data = long_ref(h->last_data);
	o->ttl_min = h->ttl_min;
	o->ttl_max = h->ttl_max;
	o->largest_len = h->largest_len;
	fill_start(f, s, o);
	if (odd)
		fill_odd(odd, o);
	if (f->key.proto != 6)
		return;
	o->window_min = h->window_min == UINT32_MAX ? 0 : h->window_min;
	o->window_max = h->window_max;
	o->highest_in_flight = h->highest_in_flight;
	o->largest_acked_len = h->largest_acked_len;
	fill_rtts(flow_rtts(f, s), o);
	o->unacked_bytes = unacked(h);
	if (odd && (h->flags & HALF_ZERO))
		o->zero_window_ns += f->last_ns - odd->zero_since_ns;
	fill_unanswered(f, s, o);
}

/*
 * Packets of one side only, though the other's exist: what it acknowledges moves over bytes that were never seen, or
 * it answers a handshake of which the other half is not here.
 */
static bool is_one_sided(const struct flow *f)
{
	const struct cold *c = cold_of(f);
	enum side s = f->half[SIDE_ORIG].pkts ? SIDE_ORIG : SIDE_RESP;
	const struct half *h = &f->half[s];

	if (f->key.proto != 6 || (f->half[SIDE_ORIG].pkts && f->half[SIDE_RESP].pkts))
		return false;
	if (c->syn_acks && !c->syns)
		return true;
	if (!(h->flags & HALF_ACK_SENT))
		return false;
	return (h->flags & HALF_ACK_MOVED) || (c->syns && !c->syn_acks);
}

/* Data of orig that the server answered with SYN-ACK, or never. */
static uint32_t ignored_data(const struct flow *f)
{
	const struct half *orig = &f->half[SIDE_ORIG];
	bool heard = f->half[SIDE_RESP].bytes ||
		     ((orig->flags & HALF_ACKED_SET) && seq_after(orig->acked, orig->base_seq + 1));

	return cold_of(f)->ignored_data + (heard ? 0 : cold_of(f)->early_data);
}

static void fill_syns(const struct cold *k, struct conn *c)
{
	if (!k->syns)
		return;
	c->syn_at_ns[0] = k->syn_at_ns;
	c->syn_frames[0] = k->syn_frame;
	for (uint32_t i = 1; i < k->syns && i < SYN_TIMES_MAX; i++) {
		c->syn_at_ns[i] = k->rare->syn_at_ns[i];
		c->syn_frames[i] = k->rare->syn_frames[i];
	}
}

/* A trip of the handshake whose asker's side lags stands at 0: that is no measurement. */
static int64_t measured(const struct flow *f, enum side asker, int64_t trip_ns)
{
	return trip_ns == 0 && flow_odd(f, asker)->late_ns ? UNSET : trip_ns;
}

static void fill_handshake(const struct flow *f, struct conn *c)
{
	const struct cold *k = cold_of(f);

	c->syns = k->syns;
	c->syn_acks = k->syn_acks;
	fill_syns(k, c);
	c->syn_acks_after_ack = k->syn_acks_after_ack;
	c->syn_ack = long_ref(k->syn_ack);
	if (k->syn_acks)
		c->handshake_ack = long_ref(k->handshake_ack);
	c->answered = f->midstream && f->key.proto == 6 ? SYN_ANSWER_UNSEEN : k->answered;
	c->answer = long_ref(k->answer);
	c->answer_ns = k->answer_ns;
	c->rtt_server_ns = measured(f, SIDE_ORIG, k->rtt_server_ns);
	c->rtt_client_ns = measured(f, SIDE_RESP, k->rtt_client_ns);
	c->port_reused = k->port_reused;
	c->reused_after_ns = k->reused_after_ns;
	c->reused_closer = k->reused_closer;
	c->old_acks = k->old_acks;
	c->ignored_data = ignored_data(f);
	if (k->rare)
		c->analysis = k->rare->analysis;
	c->same_stream = k->same_stream;
	c->flag_syn = k->flag_syn;
	c->flag_syn_ack = k->flag_syn_ack;
	c->flag_fin = k->flag_fin;
	c->flag_rst = k->flag_rst;
}

static void fill_trouble(const struct flow *f, struct conn *c)
{
	const struct trouble *t = cold_of(f)->trouble;

	if (!t)
		return;
	c->rst_count = t->rst_count;
	memcpy(c->rsts, t->rsts, sizeof(c->rsts));
	c->icmp_count = t->icmp_count;
	memcpy(c->icmps, t->icmps, sizeof(c->icmps));
}

static void fill_stalls(const struct stalls *k, struct conn *c)
{
	if (!k)
		return;
	c->stall_count = k->count;
	for (uint32_t i = 0; i < k->count && i < STALLS_MAX; i++)
		c->stalls[i] = (struct stall){ .ref = long_ref(k->list[i].ref),
			.lasted_ns = k->list[i].lasted_ns,
			.from_frame = k->list[i].from_frame,
			.reason = (uint8_t)k->list[i].reason,
			.side = (uint8_t)k->list[i].side };
}

static void fill_overlaps(const struct rare *k, struct conn *c)
{
	if (!k)
		return;
	c->overlaps_differ = k->overlaps_differ;
	c->overlap_old = long_ref(k->overlap_old);
	c->overlap_new = long_ref(k->overlap_new);
	memcpy(c->overlap_frames, k->overlap_frames, sizeof(c->overlap_frames));
}

static void fill_idle(const struct flow *f, struct conn *c)
{
	const struct cold *k = cold_of(f);

	c->idle_max_ns = f->idle_max_ns;
	c->idle_before = long_ref(k->idle_before);
	c->idle_after = long_ref(k->idle_after);
	c->idle_after_side = k->idle_after_side;
	c->idle_after_rst = k->idle_after_rst;
	c->idle_after_unanswered = c->one_sided ? 0 : k->idle_after_unanswered;
}

static struct short_ref relative(const struct flow *f, const struct frame_ref *absolute)
{
	return short_ref(absolute->frame, absolute->source, absolute->at_ns - f->ts_ns);
}

void flow_overlap(struct flow *f, enum side side, const struct frame_ref *old, const struct frame_ref *new_one)
{
	struct rare *k;

	if (flow_odd(f, side)->loss.bad_checksum)
		return; /* the first copy was damaged on the way */
	k = flow_rare(f);
	if (!k->overlaps_differ) {
		k->overlap_old = relative(f, old);
		k->overlap_new = relative(f, new_one);
	} else if (k->overlaps_differ <= OVERLAPS_LISTED && old->source == k->overlap_old.source &&
		   new_one->source == k->overlap_old.source) {
		k->overlap_frames[2 * k->overlaps_differ - 2] = old->frame;
		k->overlap_frames[2 * k->overlaps_differ - 1] = new_one->frame;
	}
	k->overlaps_differ++;
}

uint16_t flow_peer_mss(const struct flow *f, enum side side)
{
	return f->half[side_other(side)].mss;
}

static bool side_failed(const struct conn_side *o)
{
	return o->unanswered >= UNANSWERED_FAILS || o->gap_tail || o->zero_window_open_ns != UNSET ||
	       o->keep_alives > o->keep_alives_answered;
}

static bool failed(const struct conn *c)
{
	bool closed = c->side[SIDE_ORIG].fin.frame && c->side[SIDE_RESP].fin.frame;

	if (c->icmp_count || (c->rst_count && !closed) || c->syn_acks_after_ack || c->old_acks)
		return true;
	if (c->syns && c->answered != SYN_ANSWER_SYN_ACK)
		return true;
	return c->pending == SIDE_ORIG || side_failed(&c->side[SIDE_ORIG]) || side_failed(&c->side[SIDE_RESP]);
}

static void settle_copies(const struct flow *f, struct conn *c)
{
	struct tcp_loss loss[2] = {c->side[0].loss, c->side[1].loss};

	if (f->key.proto != 6 || (!cold_of(f)->odd[0] && !cold_of(f)->odd[1]))
		return;
	duplicates_settle(f, loss);
	c->side[0].loss = loss[0];
	c->side[1].loss = loss[1];
}

void flow_record(const struct flow *f, enum conn_end reason, struct record *r)
{
	const struct cold *k = cold_of(f);
	struct conn *c = &r->conn;

	record_begin(r, RECORD_CONN);
	flow_identify(f, r);
	memcpy(c->conn_state, conn_state(f).text, sizeof(c->conn_state));
	memcpy(c->history, k->history, sizeof(c->history));
	c->community_id_due = true;
	if (k->tunnel)
		text_copy(c->tunnel, sizeof(c->tunnel), k->tunnel);
	c->vlan = k->vlan;
	c->stream = f->stream;
	c->duration_ns = f->last_ns - f->begun_ns;
	c->end_reason = (uint8_t)reason;
	c->part = reason == CONN_END_PART || !k->part ? k->part : k->part + 1;
	c->midstream = f->midstream;
	c->cut_frames = f->cut_frames;
	c->one_sided = is_one_sided(f);
	c->first_fin = f->first_fin;
	c->simultaneous_close = k->simultaneous_close;
	fill_handshake(f, c);
	fill_side(f, SIDE_ORIG, &c->side[SIDE_ORIG]);
	fill_side(f, SIDE_RESP, &c->side[SIDE_RESP]);
	settle_copies(f, c);
	fill_trouble(f, c);
	fill_stalls(f->stalls, c);
	fill_idle(f, c);
	fill_overlaps(k->rare, c);
	turns_record(f, c);
	key_frames_record(f, failed(c), c);
}
