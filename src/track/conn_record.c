/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a conversation as its record. Works on a live conversation too: nothing of it is changed. */
#include <string.h>

#include "base/hash.h"
#include "base/seq.h"
#include "base/text.h"
#include "track/tracker_impl.h"

#define UNANSWERED_FAILS 3 /* so many sendings in vain are a failure, fewer may be repaired */

/* "C" and 17 digits of base 62 from what tells a conversation from all others; the same on every run. */
void flow_make_uid(const struct flow *f, char out[20])
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct {
		struct flow_key key;
		int64_t ts_ns;
		uint32_t generation, half;
	} id;
	uint64_t h[2];

	memset(&id, 0, sizeof(id));
	id.key = f->key;
	id.ts_ns = f->ts_ns;
	id.generation = f->generation;
	h[0] = hash_fixed(&id, sizeof(id));
	id.half = 1;
	h[1] = hash_fixed(&id, sizeof(id));
	out[0] = 'C';
	for (int i = 1; i <= 17; i++) {
		out[i] = digits[h[i & 1] % 62];
		h[i & 1] /= 62;
	}
	out[18] = '\0';
}

void flow_identify(const struct flow *f, struct record *r)
{
	memcpy(r->uid, f->cold->uid, sizeof(r->uid));
	r->ts_ns = f->ts_ns;
	r->emitted_ns = f->emitted_ns;
	r->orig_h = *flow_addr(f, SIDE_ORIG);
	r->resp_h = *flow_addr(f, SIDE_RESP);
	r->orig_p = flow_port(f, SIDE_ORIG);
	r->resp_p = flow_port(f, SIDE_RESP);
	r->proto = f->key.proto;
	r->source = f->cold->source;
	r->frame = f->cold->frame;
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

static void fill_side(const struct flow *f, enum side s, struct conn_side *o)
{
	const struct half *h = &f->half[s];

	*o = f->cold->side[s];
	o->pkts = h->pkts;
	o->ip_bytes = h->ip_bytes;
	o->bytes = h->bytes;
	o->data_segments = h->data_segments;
	o->ttl = h->ttl;
	o->last_packet = h->last;
	o->last_data = h->last_data;
	o->ttl_min = h->ttl_min;
	o->ttl_max = h->ttl_max;
	o->largest_len = h->largest_len;
	if (o->mac_changes)
		o->mac_after_pkts = h->pkts - f->cold->mac_at_pkts[s];
	if (f->key.proto != 6)
		return;
	o->window_min = h->window_min == UINT32_MAX ? 0 : h->window_min;
	o->window_max = h->window_max;
	o->highest_in_flight = h->highest_in_flight;
	o->largest_acked_len = h->largest_acked_len;
	o->rtt_samples = h->rtt_samples;
	if (h->rtt_samples) {
		o->rtt_min_ns = h->rtt_min_ns;
		o->rtt_max_ns = h->rtt_max_ns;
		o->rtt_mean_ns = h->rtt_sum_ns / h->rtt_samples;
	}
	o->unacked_bytes = unacked(h);
	if (h->flags & HALF_ZERO)
		o->zero_window_ns += f->last_ns - f->cold->zero_since_ns[s];
	fill_unanswered(f, s, o);
}

/*
 * Packets of one side only, though the other's exist: what it acknowledges moves over bytes that were never seen, or
 * it answers a handshake of which the other half is not here.
 */
static bool is_one_sided(const struct flow *f)
{
	const struct cold *c = f->cold;
	enum side s = f->half[SIDE_ORIG].pkts ? SIDE_ORIG : SIDE_RESP;
	const struct half *h = &f->half[s];

	if (f->key.proto != 6 || (f->half[SIDE_ORIG].pkts && f->half[SIDE_RESP].pkts))
		return false;
	if (c->syn_acks && !c->syns)
		return true;
	if (!(h->flags & HALF_ACK_SENT))
		return false;
	return h->first_ack != h->last_ack || (c->syns && !c->syn_acks);
}

/* Data of orig that the server answered with SYN-ACK, or never. */
static uint32_t ignored_data(const struct flow *f)
{
	const struct half *orig = &f->half[SIDE_ORIG];
	bool heard = f->half[SIDE_RESP].bytes ||
		     ((orig->flags & HALF_ACKED_SET) && seq_after(orig->acked, orig->base_seq + 1));

	return f->cold->ignored_data + (heard ? 0 : f->cold->early_data);
}

static void fill_handshake(const struct flow *f, struct conn *c)
{
	const struct cold *k = f->cold;

	c->syns = k->syns;
	c->syn_acks = k->syn_acks;
	memcpy(c->syn_at_ns, k->syn_at_ns, sizeof(c->syn_at_ns));
	memcpy(c->syn_frames, k->syn_frames, sizeof(c->syn_frames));
	c->syn_acks_after_ack = k->syn_acks_after_ack;
	c->syn_ack = k->syn_ack;
	c->handshake_ack = k->handshake_ack;
	c->answered = f->midstream && f->key.proto == 6 ? SYN_ANSWER_UNSEEN : k->answered;
	c->answer = k->answer;
	c->answer_ns = k->answer_ns;
	c->rtt_server_ns = k->rtt_server_ns;
	c->rtt_client_ns = k->rtt_client_ns;
	c->port_reused = k->port_reused;
	c->reused_after_ns = k->reused_after_ns;
	c->reused_closer = k->reused_closer;
	c->old_acks = k->old_acks;
	c->ignored_data = ignored_data(f);
	c->analysis = k->analysis;
	c->same_stream = k->same_stream;
	c->flag_syn = k->flag_syn;
	c->flag_syn_ack = k->flag_syn_ack;
	c->flag_fin = k->flag_fin;
	c->flag_rst = k->flag_rst;
}

static void fill_trouble(const struct flow *f, struct conn *c)
{
	const struct trouble *t = f->cold->trouble;

	if (!t)
		return;
	c->rst_count = t->rst_count;
	memcpy(c->rsts, t->rsts, sizeof(c->rsts));
	c->icmp_count = t->icmp_count;
	memcpy(c->icmps, t->icmps, sizeof(c->icmps));
	c->stall_count = t->stall_count;
	memcpy(c->stalls, t->stalls, sizeof(c->stalls));
}

static void fill_idle(const struct flow *f, struct conn *c)
{
	const struct cold *k = f->cold;

	c->idle_max_ns = f->idle_max_ns;
	c->idle_before = k->idle_before;
	c->idle_after = k->idle_after;
	c->idle_after_side = k->idle_after_side;
	c->idle_after_rst = k->idle_after_rst;
	c->idle_after_unanswered = c->one_sided ? 0 : k->idle_after_unanswered;
}

static struct frame_ref relative(const struct flow *f, const struct frame_ref *absolute)
{
	return (struct frame_ref){
		.frame = absolute->frame, .at_ns = absolute->at_ns - f->ts_ns, .source = absolute->source
	};
}

void flow_overlap(struct flow *f, enum side side, const struct frame_ref *old, const struct frame_ref *new_one)
{
	struct cold *k = f->cold;

	if (k->side[side].loss.bad_checksum)
		return; /* the first copy was damaged on the way */
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
	struct tcp_loss loss[2] = { c->side[0].loss, c->side[1].loss };

	if (f->key.proto != 6)
		return;
	duplicates_settle(f, loss);
	c->side[0].loss = loss[0];
	c->side[1].loss = loss[1];
}

void flow_record(const struct flow *f, enum conn_end reason, struct record *r)
{
	const struct cold *k = f->cold;
	struct conn *c = &r->conn;

	record_init(r, RECORD_CONN);
	flow_identify(f, r);
	text_copy(c->conn_state, sizeof(c->conn_state), conn_state(f));
	memcpy(c->history, k->history, sizeof(c->history));
	c->community_id_due = true;
	text_copy(c->tunnel, sizeof(c->tunnel), k->tunnel ? k->tunnel : "");
	c->vlan = k->vlan;
	c->stream = f->stream;
	c->duration_ns = f->last_ns - f->begun_ns;
	c->end_reason = (uint8_t)reason;
	c->part = reason == CONN_END_PART || !k->part ? k->part : k->part + 1;
	c->midstream = f->midstream;
	c->cut_frames = k->cut_frames;
	c->one_sided = is_one_sided(f);
	c->first_fin = k->first_fin;
	c->simultaneous_close = k->simultaneous_close;
	fill_handshake(f, c);
	fill_side(f, SIDE_ORIG, &c->side[SIDE_ORIG]);
	fill_side(f, SIDE_RESP, &c->side[SIDE_RESP]);
	settle_copies(f, c);
	fill_trouble(f, c);
	fill_idle(f, c);
	c->overlaps_differ = k->overlaps_differ;
	c->overlap_old = k->overlap_old;
	c->overlap_new = k->overlap_new;
	memcpy(c->overlap_frames, k->overlap_frames, sizeof(c->overlap_frames));
	turns_record(f, c);
	key_frames_record(f, failed(c), c);
}
