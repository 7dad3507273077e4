/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every packet of a conversation leaves: counts, MACs, TTLs, the longest silence. */
#include "base/seldom.h"
#include "track/tcp_steps.h"

#define LONG_SILENCE_NS NS_PER_S /* what breaks it is a key frame */
#define PAUSE_UNANSWERED 3	 /* segments after a pause: one or two may be lost */

/* The most frequent TTL, kept with one rival: the rival loses when it is neither. */
static void count_ttl(struct half *h, uint8_t ttl)
{
	if (ttl == h->ttl || !half_ttl_count(h)) {
		h->ttl = ttl;
		h->ttl_less--;
	} else if (ttl == h->other_ttl || !h->other_ttl_count) {
		h->other_ttl = ttl;
		h->other_ttl_count++;
	} else {
		h->other_ttl_count--;
	}
	if (h->other_ttl_count > half_ttl_count(h)) {
		uint8_t first = h->ttl;
		uint32_t count = half_ttl_count(h);

		h->ttl = h->other_ttl;
		h->ttl_less = (uint32_t)h->pkts - h->other_ttl_count;
		h->other_ttl = first;
		h->other_ttl_count = count;
	}
}

/* The first packet of a side that tells one. */
static inline void first_ttl(struct half *own, uint8_t ttl)
{
	own->ttl = own->ttl_min = own->ttl_max = ttl;
	own->ttl_less = (uint32_t)own->pkts - 1;
}

static SELDOM void note_other_ttl(struct passing *w, bool carries)
{
	uint8_t ttl = w->p->ttl;
	struct half *own = w->own;

	if (!ttl)
		return;
	if (!own->ttl_max) {
		first_ttl(own, ttl);
		return;
	}
	if (half_ttl_count(own) && carries && !flow_odd(w->f, w->side)->ttl_change.frame) {
		struct side_odd *o = flow_make_odd(w->f, w->side);

		o->ttl_change = passing_ref(w);
		o->ttl_before = own->last;
	}
	own->ttl_min = !own->ttl_max || ttl < own->ttl_min ? ttl : own->ttl_min;
	own->ttl_max = ttl > own->ttl_max ? ttl : own->ttl_max;
	count_ttl(own, ttl);
}

static void note_ttl(struct passing *w)
{
	if (w->p->ttl == w->own->ttl && half_ttl_count(w->own))
		w->own->ttl_less--;
	else
		note_other_ttl(w, w->len > 0 || (w->flags & TCP_SYN));
}

bool flow_take_link(struct flow *f, enum side s, struct flow_link *out)
{
	struct half *h = &f->half[s];

	if (!half_unlinked(h))
		return false;
	*out = (struct flow_link){.key = {h->mac, cold_of(f)->vlan, *flow_addr(f, s)},
		.pkts = half_unlinked(h),
		.ttl = h->ttl,
		.ttl_min = h->ttl_min,
		.ttl_max = h->ttl_max,
		.last = long_ref(h->last)};
	out->last.at_ns += f->ts_ns;
	h->linked = (uint32_t)h->pkts;
	return true;
}

static void note_other_mac(struct passing *w)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);

	o->mac_after = w->p->mac_src;
	o->mac_changes++;
	o->mac_at_pkts = w->own->pkts - 1;
	if (o->mac_changed)
		return;
	o->mac_changed = true;
	o->mac_change = passing_ref(w);
	o->mac_before = w->own->last;
}

static SELDOM void note_new_link(struct passing *w, bool rst)
{
	const struct packet *p = w->p;
	struct side_start *o = &w->c->start[w->side];
	const struct side_odd *odd = flow_odd(w->f, w->side);

	w->new_link = true;
	w->t->has_left = flow_take_link(w->f, w->side, &w->t->left);
	w->own->mac = p->mac_src;
	w->own->has_macs = true;
	if (!mac_is_set(&o->mac)) {
		o->mac = p->mac_src;
		o->to_mac = p->mac_dst;
	} else if (!rst && !mac_equal(odd->mac_changed ? &odd->mac_after : &o->mac, &p->mac_src)) {
		note_other_mac(w);
	}
}

static void note_mac(struct passing *w, bool rst)
{
	const struct packet *p = w->p;

	if (!p->has_macs)
		return;
	if (w->own->pkts > 1 && mac_equal(&w->own->mac, &p->mac_src))
		w->own->linked--;
	else
		note_new_link(w, rst);
}

/* Data, a FIN or a probe is acknowledged by a peer that lives. A datagram may be the answer that was waited for. */
static bool wants_answer(const struct passing *w)
{
	if (w->p->kind != PACKET_TCP)
		return w->side == SIDE_ORIG || w->side == w->f->last_side;
	if (w->flags & TCP_RST)
		return false;
	return w->len || (w->flags & (TCP_SYN | TCP_FIN)) || w->seq != w->own->next_seq;
}

/* Sent before, or a probe with a byte that was: its sender waits for an answer. */
static bool is_repeat(const struct passing *w)
{
	return w->p->kind != PACKET_TCP || !(w->own->flags & HALF_NEXT_SET) || w->seq != w->own->next_seq;
}

/* The pause that is watched becomes the longest silence, and how it ended is known. */
static SELDOM void tell_pause(struct flow *f, bool rst)
{
	struct cold *c = cold_of(f);

	if (!c->pause_told) {
		const struct pause *p = &c->rare->pause;

		f->idle_max_ns = p->lasted_ns;
		c->idle_before = p->before;
		c->idle_after = p->after;
		c->idle_after_side = c->pause_side;
		c->pause_told = true;
	}
	c->idle_after_rst = rst;
	c->idle_after_unanswered = c->pause_unanswered;
}

/* True: the packet still belongs to the silence before it. */
static SELDOM bool watch_pause(struct passing *w)
{
	struct cold *c = w->c;
	bool rst = (w->flags & TCP_RST) != 0, answers;

	answers = w->side != c->pause_side;
	w->f->idle_watch = !answers;
	c->pause_unanswered = answers ? 0 : c->pause_unanswered + (!rst && is_repeat(w));
	if (c->pause_told || (answers && rst) || c->pause_unanswered >= PAUSE_UNANSWERED)
		tell_pause(w->f, answers && rst);
	return !answers;
}

/*
 * The longest silence, and whether what broke it was answered; a later long one that ended badly takes its place.
 * Pauses between repeated attempts after a silence that nobody answered belong to that silence.
 */
static SELDOM void note_silence(struct passing *w, int64_t gap)
{
	struct cold *c = w->c;
	struct flow *f = w->f;
	const struct half *before = &f->half[f->last_side];

	f->idle_watch = wants_answer(w);
	c->pause_side = (uint8_t)w->side;
	c->pause_unanswered = f->idle_watch;
	c->pause_told = gap > f->idle_max_ns;
	if (c->pause_told) {
		f->idle_max_ns = gap;
		c->idle_before = before->last;
		c->idle_after = passing_ref(w);
		c->idle_after_side = (uint8_t)w->side;
		c->idle_after_rst = false;
		c->idle_after_unanswered = f->idle_watch;
	} else if (f->idle_watch) {
		flow_rare(f)->pause = (struct pause){before->last, passing_ref(w), gap};
	}
	f->keep |= gap >= LONG_SILENCE_NS;
}

/* Longer than any before, long in itself, or watched. */
static void note_pause(struct passing *w, int64_t gap)
{
	if (w->f->idle_watch && watch_pause(w))
		return;
	if (gap > w->f->idle_max_ns || gap >= PAUSE_NS)
		note_silence(w, gap);
}

/* The side is new, or its packet comes another way than the last one: it counts with those before when that is seen. */
static SELDOM void note_origin(struct passing *w, bool rst)
{
	w->own->ttl_less++;
	w->own->linked++;
	if (!rst)
		note_ttl(w);
	note_mac(w, rst);
}

void flow_count(struct passing *w)
{
	struct half *own = w->own;
	int64_t gap = w->now_ns - w->f->last_ns;
	bool rst = (w->flags & TCP_RST) != 0;

	packet_counted(w);
	if (gap > w->f->idle_max_ns || gap >= PAUSE_NS || w->f->idle_watch)
		note_pause(w, gap);
	if (w->p->origin != own->origin || half_ttl_count(own) == 1) {
		note_origin(w, rst);
		return;
	}
	if (rst)
		own->ttl_less++;
	if (!w->p->has_macs)
		own->linked++;
}
