/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a conversation that a ladder diagram shows: the first ones, those that a dissector marked, and of the
 * rest those at which something happens (who talks changes, something is sent again or answered, a silence ends);
 * the last such ones, in a ring, as only the end tells how many are wanted. The very last packet of each side is
 * known anyway.
 */
#include "track/tracker_impl.h"

#include <string.h>

#include "base/fetch.h"
#include "base/seldom.h"
#include "base/text.h"

static struct key_frame_kept *last_place(struct lasting *l, uint32_t n)
{
	return &l->key_last[n % KEY_LAST];
}

/* The first labels of a conversation stand side by side, and are numbered before those out of the pool. */
static struct label *label_of(const struct flow *f, const struct key_frame_kept *k)
{
	const struct rare_pools *p = &f->tracker->rare;
	struct near_labels *near;

	if (k->label > NEAR_LABELS)
		return pool_at(&p->labels, k->label - NEAR_LABELS);
	near = pool_at(&p->near_labels, f->near_labels);
	return &near->of[k->label - 1];
}

static void label_free(struct flow *f, struct key_frame_kept *k)
{
	if (k->label > NEAR_LABELS)
		pool_give(&f->tracker->rare.labels, k->label - NEAR_LABELS);
	else if (k->label)
		f->labels &= (uint8_t) ~(1u << (k->label - 1));
	k->label = 0;
}

/* The number of a free one. */
static uint32_t label_take(struct flow *f)
{
	struct rare_pools *p = &f->tracker->rare;

	if (!f->near_labels)
		f->near_labels = pool_take(&p->near_labels);
	for (uint32_t i = 0; i < NEAR_LABELS; i++)
		if (!(f->labels >> i & 1)) {
			f->labels |= (uint8_t)(1u << i);
			return i + 1;
		}
	f->labels |= LABELS_APART;
	return (pool_take(&p->labels) + NEAR_LABELS) & LABEL_MAX;
}

static bool in_ring(const struct flow *f, const struct key_frame_kept *k)
{
	return f->lasting && k >= f->lasting->key_last && k < f->lasting->key_last + KEY_LAST;
}

static SELDOM void label_set(struct flow *f, struct key_frame_kept *k, const char *label)
{
	label_free(f, k);
	if (!label || !*label)
		return;
	k->label = label_take(f) & LABEL_MAX;
	text_copy(label_of(f, k)->text, sizeof(label_of(f, k)->text), label);
	if (in_ring(f, k))
		f->ring_labels |= (uint16_t)(1u << (k - f->lasting->key_last));
}

/* A marked frame leaves the ring: it is kept apart, as long as there is room. */
static SELDOM void leave_ring(struct flow *f, struct key_frame_kept *k)
{
	struct key_marked *m = flow_key_marked(f);

	f->ring_labels &= (uint16_t) ~(1u << (k - f->lasting->key_last));
	if (m->count < KEY_MARKED) {
		m->frames[m->count++] = *k;
		k->label = 0;
		return;
	}
	label_free(f, k);
}

static SELDOM struct key_frame_kept *ring_place(struct flow *f, uint32_t n)
{
	struct key_frame_kept *k = last_place(flow_lasting(f), n);

	if (f->ring_labels >> n % KEY_LAST & 1)
		leave_ring(f, k);
	return k;
}

/* The place of the next one. */
static inline struct key_frame_kept *next_place(struct flow *f)
{
	uint32_t n = f->key_frames++;

	return n < KEY_FIRST ? &cold_of(f)->first[n] : ring_place(f, n - KEY_FIRST);
}

/* Where it stands: put together beside it and copied it would wait for its own parts. */
static inline void keep_at(struct key_frame_kept *k, struct short_ref ref, enum side side, uint32_t len, uint8_t flags)
{
	k->ref.both = ref.both;
	k->ref.at_ns = ref.at_ns;
	k->label = 0;
	k->side = side & 1;
	k->len = (len < KEY_LEN_MAX ? len : KEY_LEN_MAX) & KEY_LEN_MAX;
	k->flags = flags;
}

static inline struct key_frame_kept *keep_frame(struct passing *w, enum side side)
{
	struct key_frame_kept *k = next_place(w->f);

	keep_at(k, passing_ref(w), side, w->len, w->flags);
	return k;
}

void key_frame_keep(struct passing *w)
{
	keep_frame(w, w->side);
	w->f->keep = false;
}

void key_frame_add(struct passing *w, enum side side, const char *label)
{
	label_set(w->f, keep_frame(w, side), label);
}

/* Of all that ever were in the ring. */
static uint32_t later_count(const struct flow *f)
{
	return f->key_frames > KEY_FIRST ? f->key_frames - KEY_FIRST : 0;
}

static uint32_t ring_count(const struct flow *f)
{
	uint32_t n = later_count(f);

	return n < KEY_LAST ? n : KEY_LAST;
}

static bool same_frame(struct short_ref a, struct short_ref b)
{
	return a.both == b.both;
}

/* The kept frame of that number. */
static struct key_frame_kept *find(const struct flow *f, struct short_ref ref)
{
	struct cold *c = cold_of(f);
	uint32_t n = later_count(f), first = f->key_frames < KEY_FIRST ? f->key_frames : KEY_FIRST;

	for (uint32_t i = 0; i < ring_count(f); i++) {
		struct key_frame_kept *k = last_place(f->lasting, n - 1 - i);

		if (same_frame(k->ref, ref))
			return k;
	}
	for (uint32_t i = 0; f->key_marked && i < f->key_marked->count; i++)
		if (same_frame(f->key_marked->frames[i].ref, ref))
			return &f->key_marked->frames[i];
	while (first--)
		if (same_frame(c->first[first].ref, ref))
			return &c->first[first];
	return NULL;
}

/* A frame that is known by its number only, unless it is the side's last. */
static void describe(const struct flow *f, enum side side, struct short_ref ref, struct key_frame_kept *k)
{
	const struct half *h = &f->half[side];
	bool last = same_frame(h->last, ref);

	keep_at(k, ref, side, last ? h->last_len : 0, last ? h->last_flags : 0);
}

void flow_mark(struct flow *f, enum side side, const struct frame_ref *absolute, const char *label)
{
	struct short_ref ref = short_ref(absolute->frame, absolute->source, absolute->at_ns - f->ts_ns);
	struct key_frame_kept *k = find(f, ref);
	struct key_marked *m;

	if (!k) {
		m = flow_key_marked(f);
		if (m->count == KEY_MARKED)
			return;
		k = &m->frames[m->count++];
		describe(f, side, ref, k);
	}
	label_set(f, k, label);
}

static SELDOM void free_labels_apart(struct flow *f)
{
	struct cold *c = cold_of(f);

	for (uint32_t i = 0; i < KEY_FIRST && i < f->key_frames; i++)
		label_free(f, &c->first[i]);
	for (uint32_t i = 0; f->key_marked && i < f->key_marked->count; i++)
		label_free(f, &f->key_marked->frames[i]);
	for (uint32_t left = f->ring_labels; left; left &= left - 1)
		label_free(f, &f->lasting->key_last[__builtin_ctz(left)]);
}

void key_frames_free(struct flow *f)
{
	if (f->labels & LABELS_APART)
		free_labels_apart(f);
	if (f->near_labels)
		pool_give(&f->tracker->rare.near_labels, f->near_labels);
}

static inline bool is_later(const struct key_frame_kept *x, const struct key_frame_kept *y)
{
	if ((x->ref.both ^ y->ref.both) >> FRAME_BITS) /* of another source */
		return x->ref.at_ns != y->ref.at_ns ? x->ref.at_ns > y->ref.at_ns : x->ref.source > y->ref.source;
	return x->ref.both > y->ref.both;
}

/* Few, and nearly in order already: the first `from` are. */
static void sort(const struct key_frame_kept *k[], uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < n; i++) {
		const struct key_frame_kept *one = k[i];
		uint32_t at = i;

		for (; at && is_later(k[at - 1], one); at--)
			k[at] = k[at - 1];
		k[at] = one;
	}
}

/* Whether the first frames are in order for sure: they are of one source, and nearly always each is later. */
static bool in_order(const struct key_frame_kept *first, uint32_t n)
{
	bool later = true;

	if (n && (first[n - 1].ref.both ^ first[0].ref.both) >> FRAME_BITS)
		return false;
	for (uint32_t i = 1; i < n; i++)
		later &= first[i].ref.both > first[i - 1].ref.both;
	return later;
}

#define KEPT_MAX (KEY_FIRST + KEY_MARKED + KEY_LAST + 2)

/* Where it is among them it is one of the last. */
static bool is_among(const struct key_frame_kept *const k[], uint32_t n, struct short_ref ref)
{
	while (n--)
		if (same_frame(k[n]->ref, ref))
			return true;
	return false;
}

/* The last packet of a side, when it is not among the kept ones. */
static bool add_last(const struct flow *f, enum side side, const struct key_frame_kept *const kept[], uint32_t n,
	struct key_frame_kept *last)
{
	struct short_ref ref = f->half[side].last;

	if (!ref.frame || is_among(kept, n, ref))
		return false;
	describe(f, side, ref, last);
	return true;
}

/* Labels are apart from the conversation. */
void key_frames_fetch(const struct flow *f)
{
	const struct cold *c = cold_of(f);

	if (f->near_labels)
		fetch_line(pool_at(&f->tracker->rare.near_labels, f->near_labels));
	for (uint32_t i = 0; (f->labels & LABELS_APART) && i < f->key_frames && i < KEY_FIRST; i++)
		if (c->first[i].label > NEAR_LABELS)
			fetch_line(label_of(f, &c->first[i]));
}

static uint32_t gather(const struct flow *f, struct key_frame_kept last[2], const struct key_frame_kept *out[KEPT_MAX])
{
	const struct cold *c = cold_of(f);
	uint32_t n = 0, first = f->key_frames < KEY_FIRST ? f->key_frames : KEY_FIRST;

	for (uint32_t i = 0; i < first; i++)
		out[n++] = &c->first[i];
	for (uint32_t i = 0; f->key_marked && i < f->key_marked->count; i++)
		out[n++] = &f->key_marked->frames[i];
	for (uint32_t i = f->lasting ? ring_count(f) : 0; i; i--)
		out[n++] = last_place(f->lasting, later_count(f) - i);
	for (enum side s = SIDE_ORIG; s <= SIDE_RESP; s++)
		if (add_last(f, s, out, n, &last[s]))
			out[n++] = &last[s];
	sort(out, in_order(c->first, first) ? first : 1, n);
	return n;
}

/*
 * Leaves `max` frames: a third of them at the start and at the end stay, of those between the ones without a label go
 * first, nearer the end later.
 */
static uint32_t thin_out(const struct key_frame_kept *k[KEPT_MAX], uint32_t n, uint32_t max)
{
	uint32_t from = max / 3, to = n - max / 3, excess = n > max ? n - max : 0, plain = 0, marked, left = from;

	if (!excess)
		return n;
	for (uint32_t i = from; i < to; i++)
		plain += !k[i]->label;
	plain = plain < excess ? plain : excess;
	marked = excess - plain;
	for (uint32_t i = from; i < n; i++) {
		uint32_t *goes = k[i]->label ? &marked : &plain;

		if (i < to && *goes)
			--*goes;
		else
			k[left++] = k[i];
	}
	return left;
}

static inline void tell(const struct flow *f, const struct key_frame_kept *kept, struct key_frame *k)
{
	k->ref = long_ref(kept->ref);
	k->len = kept->len;
	k->side = kept->side & 1;
	k->flags = kept->flags & UINT8_MAX;
	if (kept->label)
		memcpy(k->label, label_of(f, kept)->text, sizeof(k->label));
	else
		memset(k->label, 0, sizeof(k->label));
}

void key_frames_record(const struct flow *f, bool failed, struct conn *c)
{
	const struct key_frame_kept *kept[KEPT_MAX];
	struct key_frame_kept last[2];
	uint32_t n = gather(f, last, kept);
	uint64_t all = f->half[SIDE_ORIG].pkts + f->half[SIDE_RESP].pkts;

	n = thin_out(kept, n, failed ? KEY_FRAMES_MAX : KEY_FRAMES_USUAL);
	for (uint32_t i = 0; i < n; i++)
		tell(f, kept[i], &c->key_frames[i]);
	c->key_frame_count = n;
	c->key_frames_left_out = all > n ? (uint32_t)(all - n) : 0;
}
