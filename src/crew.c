/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two rounds in turn: one is filled by the owner's thread while all workers go through the other. */
#include "crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/when.h"
#include "dissectors/announced.h"
#include "lane.h"
#include "options.h"
#include "round.h"
#include "round_say.h"
#include "track/outlet.h"
#include "track/tracker.h"

/*
 * A conversation and its record, which waits here until it is said, are of about the same size. So a lane may hold two
 * fifths of its share: when all of its conversations end in one round, their records fit in the rest.
 */
#define LANES_SHARE 2 / 5
#define LEVEL_BITS 4 /* of a stream's moment: tunnels of one frame, outermost first, then the packet */

struct worker {
	struct crew *crew;
	struct lane *lane;
	struct outlet keeps; /* keeps what the lane says */
	struct round_lane *mine; /* of the round it works on */
	struct series_second counted;
	pthread_t thread;
	int number;
	bool started;
};

struct crew {
	struct outlet out;
	struct worker *workers;
	int count;
	struct round rounds[2], *filling, *working; /* working: NULL when nobody is */
	struct round *said_last;		    /* the round whose births lanes must learn of; NULL: none */
	size_t elsewhere, elsewhere_next; /* as lanes see it; as it will be in the next round */
	bool started;
	struct stream_counters streams;
	/* guarded */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	uint64_t turn; /* counts the rounds that were given to the workers */
	int busy;      /* workers that are not through with it */
	bool over;
	bool frozen; /* the owner's thread has the lock */
};

/* --- what a lane says is kept in its round --- */

static void keep_record(void *arg, const struct record *r)
{
	struct worker *w = arg;

	event_record(&w->mine->said, lane_moment(w->lane), r);
}

static void keep_link(void *arg, const struct flow_link *counted, int64_t clock_ns)
{
	struct worker *w = arg;

	(void)clock_ns;
	event_add(&w->mine->said, lane_moment(w->lane), EVENT_LINK, counted, sizeof(*counted));
}

static void keep_packet(void *arg, const struct packet *p)
{
	struct worker *w = arg;

	event_add(&w->mine->said, lane_moment(w->lane), EVENT_PACKET, &p, sizeof(struct packet *));
}

static void pass_count(struct worker *w)
{
	if (w->counted.sum.packets)
		event_count(&w->mine->said, w->counted.at_ns, &w->counted.sum);
	w->counted.sum = (struct series_count){ 0 };
}

static void keep_second(void *arg, int64_t at_ns)
{
	struct worker *w = arg;

	pass_count(w);
	series_second_begin(&w->counted, at_ns);
}

static void keep_announce(void *arg, const struct announced *a, int64_t clock_ns)
{
	struct worker *w = arg;

	(void)clock_ns;
	event_add(&w->mine->said, lane_moment(w->lane), EVENT_ANNOUNCE, a, sizeof(*a));
}

/* --- the worker --- */

static void take_item(struct worker *w, struct round *r, const struct round_item *i)
{
	struct packet *p = &r->slots[i->slot].packet;
	const struct tunnel_level *level = &p->tunnels[i->tunnel < 0 ? 0 : i->tunnel];
	struct flow_key key;

	w->mine->births.moment = p->frame->order << LEVEL_BITS | (i->tunnel < 0 ? TUNNEL_DEPTH_MAX : (unsigned)i->tunnel);
	lane_clock(w->lane, p->clock_ns);
	if (i->tunnel < 0) {
		lane_packet(w->lane, p);
		return;
	}
	flow_key_make(&key, &level->src, level->sport, &level->dst, level->dport, 17);
	lane_count_stream(w->lane, &key, p->frame->source);
}

_Static_assert(TUNNEL_DEPTH_MAX < 1 << LEVEL_BITS, "a frame's tunnels and its packet have moments of their own");

/* EXPECTED_MAX items from that one on, or what is left. */
static void take_run(struct worker *w, struct round *r, size_t from)
{
	struct packet *packets[EXPECTED_MAX];
	size_t to = w->mine->item_count - from > EXPECTED_MAX ? from + EXPECTED_MAX : w->mine->item_count;
	int n = 0;

	for (size_t i = from; i < to; i++)
		if (w->mine->items[i].tunnel < 0)
			packets[n++] = &r->slots[w->mine->items[i].slot].packet;
	lane_expect(w->lane, packets, n);
	for (size_t i = from; i < to; i++)
		take_item(w, r, &w->mine->items[i]);
}

static void go_through(struct worker *w, struct round *r, const struct round *before)
{
	if (before)
		lane_numbered(w->lane, &before->lanes[w->number].births);
	w->mine = &r->lanes[w->number];
	w->mine->births.count = 0;
	w->mine->named = 0;
	lane_number_later(w->lane, &w->mine->births);
	lane_charge(w->lane, w->crew->elsewhere / (size_t)w->crew->count);
	for (size_t i = 0; i < w->mine->item_count; i += EXPECTED_MAX)
		take_run(w, r, i);
	pass_count(w);
	lane_clock(w->lane, r->clock_ns);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;
	uint64_t turn = 0;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->turn == turn && !c->over)
			pthread_cond_wait(&c->work, &c->lock);
		if (c->over)
			break;
		turn = c->turn;
		pthread_mutex_unlock(&c->lock);
		go_through(w, c->working, c->said_last);
		pthread_mutex_lock(&c->lock);
		if (--c->busy == 0)
			pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct crew *crew_new(const struct options *o, const struct keylog *keys, const struct outlet *out, size_t memory_bytes)
{
	struct crew *c = xcalloc(1, sizeof(*c));

	c->out = *out;
	c->count = o->threads;
	c->workers = xcalloc((size_t)c->count, sizeof(*c->workers));
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->done, NULL);
	for (int i = 0; i < 2; i++)
		round_init(&c->rounds[i], c->count);
	c->filling = &c->rounds[0];
	for (int i = 0; i < c->count; i++) {
		struct worker *w = &c->workers[i];

		w->crew = c;
		w->number = i;
		w->counted.end_ns = INT64_MIN;
		w->keeps = (struct outlet){ .record = keep_record,
			.link = keep_link,
			.packet = keep_packet,
			.counted = &w->counted,
			.second = keep_second,
			.announce = keep_announce,
			.arg = w };
		w->lane = lane_new(o, keys, &w->keeps, memory_bytes * LANES_SHARE / (size_t)c->count);
	}
	return c;
}

/* Threads begin with the first round. Those that the system refuses are done without: see give_round. */
static void start(struct crew *c)
{
	for (int i = 0; i < c->count; i++)
		c->workers[i].started = pthread_create(&c->workers[i].thread, NULL, work, &c->workers[i]) == 0;
	c->started = true;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < c->count; i++) {
		if (c->workers[i].started)
			pthread_join(c->workers[i].thread, NULL);
		lane_free(c->workers[i].lane);
	}
	for (int i = 0; i < 2; i++)
		round_free(&c->rounds[i]);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c->workers);
	stream_counters_free(&c->streams);
	free(c);
}

/* --- rounds --- */

static void wait_for_workers(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->busy)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

/* Nobody is at work. Hands the round over; what no thread could be had for is done here. */
static void give_round(struct crew *c, struct round *r)
{
	if (!c->started)
		start(c);
	c->elsewhere = c->elsewhere_next;
	pthread_mutex_lock(&c->lock);
	c->working = r;
	c->turn++;
	for (int i = 0; i < c->count; i++)
		c->busy += c->workers[i].started;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < c->count; i++)
		if (!c->workers[i].started)
			go_through(&c->workers[i], r, c->said_last);
}

/* The filled round goes to the workers, and what they said about the one before is said. */
static void turn(struct crew *c)
{
	struct round *filled = c->filling, *worked;

	wait_for_workers(c);
	worked = c->working;
	c->working = NULL;
	if (worked)
		round_number_streams(worked, &c->streams);
	c->said_last = worked;
	c->filling = filled == &c->rounds[0] ? &c->rounds[1] : &c->rounds[0];
	give_round(c, filled);
	if (worked)
		round_say(worked, &c->out);
}

void crew_rest(struct crew *c)
{
	struct round *worked;

	if (c->frozen)
		return; /* at rest, and the lock is ours already */
	if (c->filling->any)
		turn(c);
	wait_for_workers(c);
	worked = c->working;
	c->working = NULL;
	if (!worked)
		return;
	round_number_streams(worked, &c->streams);
	for (int i = 0; i < c->count; i++)
		lane_numbered(c->workers[i].lane, &worked->lanes[i].births);
	c->said_last = NULL;
	round_say(worked, &c->out);
}

void crew_freeze(struct crew *c)
{
	crew_rest(c);
	pthread_mutex_lock(&c->lock);
	c->frozen = true;
}

void crew_thaw(struct crew *c)
{
	c->frozen = false;
	pthread_mutex_unlock(&c->lock);
}

/* --- filling a round --- */

struct packet *crew_slot(struct crew *c)
{
	return round_slot(c->filling);
}

uint32_t crew_keep(struct crew *c, const struct frame *f)
{
	return round_keep(c->filling, f);
}

/* All that two hosts say to each other goes one way. */
static uint64_t pair_of(const struct addr *a, const struct addr *b)
{
	uint8_t both[32];
	bool ordered = memcmp(a, b, sizeof(*a)) < 0;
	const struct addr *low = ordered ? a : b, *high = ordered ? b : a;

	if (addr_is_v4(a) && addr_is_v4(b)) {
		memcpy(both, low->b + 12, 4);
		memcpy(both + 4, high->b + 12, 4);
		return hash_fixed(both, 8);
	}
	memcpy(both, low->b, 16);
	memcpy(both + 16, high->b, 16);
	return hash_fixed(both, 32);
}

static uint64_t pair_of_packet(const struct packet *p)
{
	if (p->kind == PACKET_ICMP && p->icmp.quoted.proto)
		return pair_of(&icmp_about(&p->icmp)->src, &icmp_about(&p->icmp)->dst);
	return pair_of(&p->src, &p->dst);
}

static int lane_of(const struct crew *c, uint64_t pair)
{
	return (int)(pair % (unsigned)c->count);
}

void crew_give(struct crew *c, uint32_t slot)
{
	round_item(c->filling, lane_of(c, pair_of_packet(&c->filling->slots[slot].packet)), slot, -1);
}

void crew_give_tunnel(struct crew *c, uint32_t slot, int level)
{
	const struct tunnel_level *t = &c->filling->slots[slot].packet.tunnels[level];

	round_item(c->filling, lane_of(c, pair_of(&t->src, &t->dst)), slot, level);
}

void crew_alone(struct crew *c, uint32_t slot)
{
	const struct packet *p = &c->filling->slots[slot].packet;
	struct moment now = { .at_ns = p->clock_ns, .order = p->frame->order };
	struct event_queue *q = &c->filling->lanes[c->count].said;
	const struct series_count one = { .packets = 1, .bytes = p->frame->on_wire };

	event_count(q, p->clock_ns, &one);
	if (p->verdict != PACKET_BAD)
		event_add(q, &now, EVENT_PACKET, &p, sizeof(struct packet *));
}

void crew_receiver(struct crew *c, const struct frame *f, const struct mac *m)
{
	struct moment now = { .at_ns = f->clock_ns, .order = f->order };

	event_add(&c->filling->lanes[c->count].said, &now, EVENT_RECEIVER, m, sizeof(*m));
	c->filling->any = true;
}

void crew_clock(struct crew *c, int64_t clock_ns)
{
	if (clock_ns > c->filling->clock_ns)
		c->filling->clock_ns = clock_ns;
	c->filling->any = true;
	if (round_is_full(c->filling))
		turn(c);
}

void crew_charge(struct crew *c, size_t elsewhere)
{
	c->elsewhere_next = elsewhere;
}

/* --- the end --- */

static struct lane *earliest_end(const struct crew *c)
{
	struct moment best = { 0 }, m = { 0 };
	struct lane *first = NULL;

	for (int i = 0; i < c->count; i++) {
		struct lane *l = c->workers[i].lane;

		if (!lane_next_end(l, &m.source, &m.frame) || (first && !moment_before(&m, &best)))
			continue;
		first = l;
		best = m;
	}
	return first;
}

void crew_ending(struct crew *c)
{
	struct lane *l;

	for (int i = 0; i < c->count; i++) {
		lane_to(c->workers[i].lane, &c->out);
		lane_ending(c->workers[i].lane);
	}
	while ((l = earliest_end(c)) != NULL)
		lane_pass_next(l);
	for (int i = 0; i < c->count; i++)
		lane_ending_rewind(c->workers[i].lane);
}

void crew_finish(struct crew *c)
{
	struct lane *l;

	while ((l = earliest_end(c)) != NULL)
		lane_end_next(l);
}

void crew_counters(const struct crew *c, uint16_t source, struct capture *out)
{
	for (int i = 0; i < c->count; i++)
		lane_counters(c->workers[i].lane, source, out);
}

void crew_let_go(const struct crew *c, struct capture *out)
{
	for (int i = 0; i < c->count; i++)
		lane_let_go(c->workers[i].lane, out);
}
