/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments joined (RFC 791, section 3.2; RFC 8200, section 4.5). The policy is in fragment.h. */
#include "decode/fragment.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/when.h"
#include "decode/fragment_pairs.h"
#include "decode/layers.h"
#include "capture/capture.h"

#define BUCKETS 1024
#define DATAGRAM_MAX 65535u
#define FRAGMENT_RUNS_MAX 64 /* 64 KB in pieces of 576 bytes, every second one missing */
#define WAIT_NS (30 * NS_PER_S)
#define REMEMBER_NS NS_PER_S
#define TOGETHER_NS NS_PER_S /* no path keeps the fragments of one datagram further apart */

struct key {
	struct addr src, dst;
	uint32_t id, tunnel_id;
	uint8_t proto; /* 0 for IPv6 */
	uint8_t zero[7];
};

/* Bytes [start, end) are here. Runs are sorted and never touch. */
struct run {
	uint32_t start, end;
};

struct datagram {
	struct key key;
	struct datagram *chain;		/* of the bucket */
	struct datagram *older, *newer; /* of its list */
	int64_t first_ns, joined_ns;
	uint64_t turn;			/* in which it was joined; 0: not yet */
	uint8_t *bytes;
	uint32_t room;
	uint32_t end;			/* its length; 0: last fragment not seen */
	uint32_t whole_to;		/* bytes before this were captured; behind it some were cut */
	uint32_t run_count;
	struct run runs[FRAGMENT_RUNS_MAX];
	uint8_t next;			/* protocol that the first fragment names */
	uint8_t proto;			/* that the fragment names which came first */
	struct lost_datagram seen;	/* what there is to tell when the rest never comes; `here`, len, here_bytes later */
	bool has_first, has_later;
	bool head_read;
};

struct list {
	struct datagram *oldest, *newest;
};

struct fragments {
	struct datagram *buckets[BUCKETS];
	struct list waiting, joined; /* by first fragment, by joining */
	size_t held, held_max;
	uint64_t lost, let_go;
	struct fragment_pairs pairs;
};

struct fragments *fragments_new(size_t held_max)
{
	struct fragments *set = xcalloc(1, sizeof(*set));

	set->held_max = held_max;
	fragment_pairs_init(&set->pairs);
	set->pairs.pairs.held_bytes = &set->pairs.held_bytes;
	return set;
}

static struct datagram **bucket_of(struct fragments *set, const struct key *key)
{
	return &set->buckets[hash_seeded(key, sizeof(*key)) % BUCKETS];
}

static struct list *list_of(struct fragments *set, const struct datagram *g)
{
	return g->turn ? &set->joined : &set->waiting;
}

static void list_append(struct list *l, struct datagram *g)
{
	g->older = l->newest;
	g->newer = NULL;
	*(g->older ? &g->older->newer : &l->oldest) = g;
	l->newest = g;
}

static void list_remove(struct list *l, struct datagram *g)
{
	*(g->older ? &g->older->newer : &l->oldest) = g->newer;
	*(g->newer ? &g->newer->older : &l->newest) = g->older;
}

static void datagram_free(struct fragments *set, struct datagram *g)
{
	struct datagram **at = bucket_of(set, &g->key);

	while (*at != g)
		at = &(*at)->chain;
	*at = g->chain;
	list_remove(list_of(set, g), g);
	set->held -= sizeof(*g) + g->room;
	free(g->bytes);
	free(g);
}

void fragments_free(struct fragments *set)
{
	while (set->joined.oldest)
		datagram_free(set, set->joined.oldest);
	while (set->waiting.oldest)
		datagram_free(set, set->waiting.oldest);
	fragment_pairs_free(&set->pairs);
	free(set);
}

struct fragment_counts fragments_counts(const struct fragments *set)
{
	return (struct fragment_counts){ set->lost, set->let_go, set->pairs.left_out };
}

size_t fragments_beside_bytes(const struct fragments *set)
{
	return set->pairs.held_bytes;
}

static struct fragment_pair pair_of(const struct datagram *g)
{
	return (struct fragment_pair){ .src = g->key.src, .dst = g->key.dst, .proto = g->proto };
}

/* It never became whole. */
static void tell_end(struct fragments *set, const struct datagram *g, enum fragment_end how)
{
	struct fragment_pair pair = pair_of(g);
	struct lost_datagram d = g->seen;

	d.here = g->has_first ? g->has_later ? FRAGMENTS_HOLES : FRAGMENTS_FIRST : FRAGMENTS_REST;
	d.len = g->end;
	for (uint32_t i = 0; i < g->run_count; i++)
		d.here_bytes += g->runs[i].end - g->runs[i].start;
	set->lost += how == FRAGMENT_END_LOST;
	set->let_go += how == FRAGMENT_END_LET_GO;
	fragment_pair_ended(&set->pairs, &pair, &d, how);
}

static void give_up(struct fragments *set, struct datagram *g, enum fragment_end how)
{
	if (!g->turn)
		tell_end(set, g, how);
	datagram_free(set, g);
}

void fragments_finish(struct fragments *set, int64_t clock_ns, const struct record_sink *sink)
{
	for (struct datagram *g = set->waiting.oldest; g; g = g->newer)
		tell_end(set, g, clock_ns - g->first_ns > TOGETHER_NS ? FRAGMENT_END_LOST : FRAGMENT_END_UNFINISHED);
	fragment_pairs_tell(&set->pairs, clock_ns, sink);
}

static bool is_over(const struct datagram *g, int64_t now_ns)
{
	return g->turn ? now_ns - g->joined_ns > REMEMBER_NS : now_ns - g->first_ns > WAIT_NS;
}

static void trim_list(struct fragments *set, struct list *l, const struct packet *p, uint64_t turn,
	const struct datagram *keep)
{
	struct datagram *g = l->oldest, *newer;

	for (; g && (set->held > set->held_max || is_over(g, p->clock_ns)); g = newer) {
		newer = g->newer;
		if (g != keep && g->turn != turn)
			give_up(set, g, is_over(g, p->clock_ns) ? FRAGMENT_END_LOST : FRAGMENT_END_LET_GO);
	}
}

/* Lets the oldest go that are over, or that stand above the bound; never `keep`, nor what this frame still uses. */
static void make_room(struct decoder *d, const struct packet *p, const struct datagram *keep)
{
	trim_list(d->fragments, &d->fragments->joined, p, d->turn, keep);
	trim_list(d->fragments, &d->fragments->waiting, p, d->turn, keep);
}

static struct datagram *datagram_find(struct fragments *set, const struct key *key)
{
	struct datagram *g = *bucket_of(set, key);

	while (g && memcmp(&g->key, key, sizeof(*key)) != 0)
		g = g->chain;
	return g;
}

static struct datagram *datagram_new(struct fragments *set, const struct key *key, int64_t now_ns)
{
	struct datagram *g = xcalloc(1, sizeof(*g)), **bucket = bucket_of(set, key);

	g->key = *key;
	g->first_ns = now_ns;
	g->whole_to = UINT32_MAX;
	g->chain = *bucket;
	*bucket = g;
	list_append(&set->waiting, g);
	set->held += sizeof(*g);
	return g;
}

static struct key make_key(const struct packet *p, const struct fragment_seen *seen)
{
	struct key key = { .src = p->src, .dst = p->dst, .id = seen->id };

	if (p->tunnel_count)
		key.tunnel_id = p->tunnels[p->tunnel_count - 1].id;
	if (p->has_ip_id) /* RFC 791 has the protocol in the key, RFC 8200 has not */
		key.proto = seen->next;
	return key;
}

enum fit {
	FIT_NEW,
	FIT_DUPLICATE,
	FIT_DIFFERS, /* a duplicate with other bytes */
	FIT_OVERLAP,
};

/* Where [start, end) stands to what is here; *at: the first run that does not end before it. */
static enum fit find_place(const struct datagram *g, uint32_t start, uint32_t end, uint32_t *at)
{
	uint32_t i = g->run_count;

	while (i > 0 && g->runs[i - 1].end > start) /* from the end: fragments mostly come in order */
		i--;
	*at = i;
	if (i == g->run_count || g->runs[i].start >= end)
		return FIT_NEW;
	return g->runs[i].start <= start && end <= g->runs[i].end ? FIT_DUPLICATE : FIT_OVERLAP;
}

static bool bytes_differ(const struct datagram *g, uint32_t start, const struct reader *r)
{
	size_t n = rd_left(r);

	if (start + n > g->whole_to)
		n = g->whole_to > start ? g->whole_to - start : 0;
	return n && memcmp(g->bytes + start, r->p, n) != 0;
}

/* Puts [start, end) before run `at`, or joins it with its neighbours. False when there is no place. */
static bool add_run(struct datagram *g, uint32_t at, uint32_t start, uint32_t end)
{
	bool joins_left = at > 0 && g->runs[at - 1].end == start;
	bool joins_right = at < g->run_count && g->runs[at].start == end;

	if (joins_left && joins_right) {
		g->runs[at - 1].end = g->runs[at].end;
		memmove(&g->runs[at], &g->runs[at + 1], (--g->run_count - at) * sizeof(g->runs[0]));
	} else if (joins_left) {
		g->runs[at - 1].end = end;
	} else if (joins_right) {
		g->runs[at].start = start;
	} else {
		if (g->run_count == FRAGMENT_RUNS_MAX)
			return false;
		memmove(&g->runs[at + 1], &g->runs[at], (g->run_count++ - at) * sizeof(g->runs[0]));
		g->runs[at] = (struct run){ start, end };
	}
	return true;
}

static void store_bytes(struct fragments *set, struct datagram *g, uint32_t start, uint32_t end, const struct reader *r)
{
	size_t here = rd_left(r);

	if (end > g->room) {
		uint32_t more = g->room ? end * 2 : end; /* many never have a second fragment */
		uint32_t room = g->end ? g->end : more < DATAGRAM_MAX ? more : DATAGRAM_MAX;

		g->bytes = xrealloc(g->bytes, room);
		set->held += room - g->room;
		g->room = room;
	}
	memcpy(g->bytes + start, r->p, here);
	if (start + here < end && start + here < g->whole_to)
		g->whole_to = (uint32_t)(start + here);
}

/* Adds a fragment of `g`; false when the datagram has to be discarded. */
static bool add(struct fragments *set, struct datagram *g, const struct fragment_seen *seen, const struct reader *r,
	enum fit *fit)
{
	uint32_t start = seen->offset, end = start + (uint32_t)rd_wire(r), at;

	if (!seen->more) {
		if (g->end && g->end != end)
			return false;
		g->end = end;
	}
	if (g->end && (end > g->end || (g->run_count && g->runs[g->run_count - 1].end > g->end)))
		return false;
	*fit = find_place(g, start, end, &at);
	if (*fit == FIT_DUPLICATE && bytes_differ(g, start, r))
		*fit = FIT_DIFFERS;
	if (*fit == FIT_OVERLAP)
		return false;
	if (*fit != FIT_NEW)
		return true;
	if (start == 0)
		g->next = seen->next;
	g->head_read |= fragment_is_head(seen, r);
	store_bytes(set, g, start, end, r);
	return add_run(g, at, start, end);
}

/* Sizes that no sender can mean: too long, empty, or a middle part that is not a multiple of 8. */
static bool is_impossible(const struct fragment_seen *seen, const struct reader *r)
{
	size_t wire = rd_wire(r);

	return wire == 0 || seen->offset + wire > DATAGRAM_MAX || (seen->more && wire % 8 != 0);
}

/* A copy of what was already joined; anything else under the same key is a new datagram. */
static bool repeats_joined(const struct datagram *g, const struct fragment_seen *seen, const struct reader *r)
{
	uint32_t end = seen->offset + (uint32_t)rd_wire(r);

	return end <= g->end && seen->more == (end < g->end) && !bytes_differ(g, seen->offset, r);
}

static struct datagram *datagram_for(struct decoder *d, const struct packet *p, const struct reader *r,
	const struct fragment_seen *seen)
{
	struct fragments *set = d->fragments;
	struct key key = make_key(p, seen);
	struct datagram *g;

	make_room(d, p, NULL);
	g = datagram_find(set, &key);
	if (g && is_over(g, p->clock_ns) && g->turn != d->turn) {
		give_up(set, g, FRAGMENT_END_LOST);
		g = NULL;
	}
	if (g && g->turn) {
		if (g->turn == d->turn || repeats_joined(g, seen, r))
			return NULL;
		datagram_free(set, g);
		g = NULL;
	}
	if (g)
		return g;
	g = datagram_new(set, &key, p->clock_ns);
	g->proto = seen->next;
	g->seen.id = seen->id;
	return g;
}

static bool is_whole(const struct datagram *g)
{
	return g->end && g->run_count == 1 && g->runs[0].start == 0 && g->runs[0].end == g->end;
}

/* A fragment that brings something new. */
static void note_arrival(
	struct fragments *set, struct datagram *g, const struct packet *p, const struct fragment_seen *seen, const struct reader *r)
{
	struct lost_datagram *d = &g->seen;
	struct fragment_pair pair = pair_of(g);
	bool begins = !g->has_first && !g->has_later;

	fragment_pair_arrived(&set->pairs, &pair, p, seen->offset, begins);
	d->last = (struct frame_ref){ p->frame->number, p->ts_ns, p->frame->source };
	if (begins)
		d->first = d->last;
	if (p->ip_len > d->largest)
		d->largest = p->ip_len;
	g->has_later |= seen->offset != 0;
	if (seen->offset)
		return;
	g->has_first = true;
	if ((seen->next == IP_TCP || seen->next == IP_UDP) && rd_left(r) >= 4) {
		d->sport = be16(r->p);
		d->dport = be16(r->p + 2);
	}
}

static void become_whole(struct decoder *d, struct datagram *g, const struct packet *p)
{
	struct fragments *set = d->fragments;
	struct fragment_pair pair = pair_of(g);

	list_remove(&set->waiting, g);
	g->turn = d->turn;
	list_append(&set->joined, g);
	g->joined_ns = p->clock_ns;
	fragment_pair_joined(&set->pairs, &pair, p, g->end);
}

bool fragment_is_head(const struct fragment_seen *seen, const struct reader *r)
{
	return seen->offset == 0 && r->lost > 0;
}

bool fragment_take(struct decoder *d, struct packet *p, struct reader *r, struct fragment_seen *seen)
{
	struct fragments *set = d->fragments;
	enum fit fit = FIT_NEW;
	struct datagram *g;

	if (is_impossible(seen, r)) {
		packet_bad(p, FAULT_FRAGMENT);
		return false;
	}
	g = datagram_for(d, p, r, seen);
	if (!g)
		return false;
	if (!add(set, g, seen, r, &fit)) {
		datagram_free(set, g);
		packet_bad(p, FAULT_FRAGMENT);
		return false;
	}
	if (fit == FIT_DIFFERS)
		packet_bad(p, FAULT_FRAGMENT);
	if (fit == FIT_NEW)
		note_arrival(set, g, p, seen, r);
	make_room(d, p, g);
	if (fit != FIT_NEW || !is_whole(g))
		return false;
	become_whole(d, g, p);
	if (g->head_read)
		return false;
	seen->next = g->next;
	p->ip_len = p->ip_len - (uint32_t)rd_wire(r) + g->end;
	*r = rd_make(g->bytes, g->whole_to < g->end ? g->whole_to : g->end, g->end);
	return true;
}
