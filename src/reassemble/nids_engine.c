/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libnids engine: the only file that includes nids.h. Offsets are the native engine's. */
#include "reassemble/nids_engine.h"

#include <assert.h>
#include <nids.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "decode/packet.h"
#include "reassemble/engine.h"
#include "reassemble/surrogate.h"

#define SLOT_BYTES 288 /* of libnids' table; allocated at once */
#define STREAMS_MIN 1024
#define STREAMS_MAX 262144
#define ACK_EVERY (1 << 28)  /* the window reaches 1 GiB beyond what the other side acknowledged last */
#define FILLER_MAX (1 << 20) /* a wider gap is bridged by a new surrogate connection */
#define LENT_KEPT_MAX 16384  /* room that an empty buffer may keep */

/* One direction as libnids sees it. */
struct nids_dir {
	int64_t base;	   /* offset of its first byte */
	int64_t pos;	   /* offset behind the last byte that libnids delivered */
	int64_t acked;	   /* offset that the other side's surrogates acknowledged last */
	int64_t filled;	   /* bytes before this offset are filler */
	uint32_t base_seq; /* sequence number of base */
	bool based, offered, had_bytes, helped_start, helped_queue, had_gap, lost, differs;
	uint8_t *lent; /* bytes that libnids delivered and the user does not have */
	size_t lent_len, lent_room;
};

struct nids_pair {
	struct nids_engine *engine;
	void *flow; /* the user's */
	struct tcp_stream *stream;
	uint64_t generation;
	size_t libnids_bytes; /* what libnids holds for it */
	struct nids_dir dir[2];
};

struct nids_engine {
	struct reassembler *r;
	struct stream_taker user;
	struct nids_pair *current; /* whose surrogate libnids is looking at */
	struct nids_score score;
	size_t pair_bytes, lent_bytes, libnids_bytes;
	uint8_t packet[65536];
};

static struct nids_engine *active; /* libnids' callback has no argument of ours */
static uint64_t last_generation;   /* never used twice: libnids' table outlives an engine */

static void lend(struct nids_engine *e, struct nids_dir *nd, const uint8_t *bytes, size_t n)
{
	if (nd->lent_len + n > nd->lent_room) {
		size_t room = (nd->lent_len + n) * 2;

		nd->lent = xrealloc(nd->lent, room);
		e->lent_bytes += room - nd->lent_room;
		nd->lent_room = room;
	}
	memcpy(nd->lent + nd->lent_len, bytes, n);
	nd->lent_len += n;
}

static void take_back(struct nids_engine *e, struct nids_dir *nd, size_t n)
{
	nd->lent_len -= n;
	if (nd->lent_len) {
		memmove(nd->lent, nd->lent + n, nd->lent_len);
	} else if (nd->lent_room > LENT_KEPT_MAX) {
		e->lent_bytes -= nd->lent_room;
		free(nd->lent);
		nd->lent = NULL;
		nd->lent_room = 0;
	}
}

/* Callbacks of libnids */

static void on_bytes(struct nids_engine *e, struct nids_dir *nd, const struct half_stream *half)
{
	int64_t n = half->count_new, filler = nd->filled > nd->pos ? nd->filled - nd->pos : 0;
	const uint8_t *bytes = (const uint8_t *)half->data;

	filler = filler < n ? filler : n;
	nd->pos += n;
	if (filler < n)
		lend(e, nd, bytes + filler, (size_t)(n - filler));
}

static void on_tcp(struct tcp_stream *t, void **arg)
{
	struct nids_pair *np = *arg;

	if (!active)
		return;
	switch (t->nids_state) {
	case NIDS_JUST_EST:
		t->client.collect = t->server.collect = 1;
		*arg = active->current;
		active->current->stream = t;
		return;
	case NIDS_DATA:
		if (t->server.count_new)
			on_bytes(active, &np->dir[SIDE_ORIG], &t->server);
		else
			on_bytes(active, &np->dir[SIDE_RESP], &t->client);
		return;
	default: /* evicted */
		if (np)
			np->stream = NULL;
	}
}

static void on_warning(int type, int what, struct ip *ip, void *data)
{
	(void)type, (void)what, (void)ip, (void)data;
}

static void on_no_memory(char *where)
{
	out_of_memory();
	(void)where;
}

/* Once in a process: libnids gives nothing back. */
static void start_libnids(size_t held_max)
{
	static bool started;
	static struct nids_chksum_ctl no_checksums = {0, 0, NIDS_DONT_CHKSUM, 0};
	size_t streams = held_max / 8 / SLOT_BYTES;

	if (started)
		return;
	started = true;
	streams = streams < STREAMS_MIN ? STREAMS_MIN : streams > STREAMS_MAX ? STREAMS_MAX : streams;
	nids_params.n_tcp_streams = (int)streams;
	nids_params.pcap_desc = pcap_open_dead(DLT_RAW, 65535);
	nids_params.syslog = on_warning;
	nids_params.no_mem = on_no_memory;
	nids_params.multiproc = 0;
	nids_params.scan_num_hosts = 0;	  /* off: it would index out of bounds with addresses of 128.0.0.0 and above */
	nids_params.tcp_flow_timeout = 0; /* a surrogate connection is never reused */
	if (!nids_params.pcap_desc || !nids_init())
		on_no_memory(NULL);
	nids_register_chksum_ctl(&no_checksums, 1);
	nids_register_tcp((void *)on_tcp);
}

/* Surrogates */

static void feed(struct nids_pair *np, const struct surrogate *s)
{
	struct nids_engine *e = np->engine;
	struct pcap_pkthdr header = {0};

	header.caplen = header.len = surrogate_build(s, e->packet);
	e->current = np;
	nids_pcap_handler(NULL, &header, e->packet);
	e->current = NULL;
}

static uint32_t surrogate_seq(const struct nids_dir *nd, int64_t offset)
{
	return nd->base_seq + (uint32_t)(offset - nd->base);
}

static void send_bytes(struct nids_pair *np, enum side s, int64_t offset, const uint8_t *bytes, uint32_t n)
{
	struct nids_dir *peer = &np->dir[side_other(s)];
	struct surrogate sur = {np->generation, s, TCP_ACK, surrogate_seq(&np->dir[s], offset),
		surrogate_seq(peer, peer->pos), bytes, n};

	feed(np, &sur);
	peer->acked = peer->pos;
}

static void handshake(struct nids_pair *np)
{
	uint32_t client = np->dir[SIDE_ORIG].base_seq, server = np->dir[SIDE_RESP].base_seq;

	np->generation = ++last_generation;
	feed(np, &(struct surrogate){np->generation, SIDE_ORIG, TCP_SYN, client - 1, 0, NULL, 0});
	feed(np, &(struct surrogate){np->generation, SIDE_RESP, TCP_SYN | TCP_ACK, server - 1, client, NULL, 0});
	feed(np, &(struct surrogate){np->generation, SIDE_ORIG, TCP_ACK, client, server, NULL, 0});
	feed(np, &(struct surrogate){np->generation, SIDE_RESP, TCP_ACK, server, client, NULL, 0});
	if (!np->stream)
		np->dir[0].lost = np->dir[1].lost = true;
}

/* The sequence number of the real connection where it is known, so that wrap-around is libnids' to handle. */
static void set_base(struct nids_dir *nd, const struct direction *d, int64_t offset)
{
	nd->base = nd->pos = nd->acked = nd->filled = offset;
	nd->base_seq = d->start_seq + (uint32_t)offset;
}

/* Makes sure that there is a surrogate connection in which this direction stands at `offset`. */
static void be_ready(struct nids_pair *np, struct stream_pair *pair, enum side s, int64_t offset)
{
	struct nids_dir *nd = &np->dir[s];

	if (!nd->based) {
		uint32_t promised = nd->base_seq;

		set_base(nd, &pair->dir[s], offset);
		nd->based = true;
		if (np->stream)
			nd->base_seq = promised;
	}
	if (!np->stream && !np->generation)
		handshake(np);
	if (!np->stream)
		np->dir[0].lost = np->dir[1].lost = true;
}

static void offer(struct nids_pair *np, enum side s, int64_t offset, const uint8_t *bytes, uint32_t n)
{
	struct nids_dir *nd = &np->dir[s];

	while (n && np->stream) {
		uint32_t piece = n < SURROGATE_PAYLOAD_MAX ? n : SURROGATE_PAYLOAD_MAX;

		if (nd->pos - nd->acked > ACK_EVERY)
			send_bytes(np, side_other(s), np->dir[side_other(s)].pos, NULL, 0);
		send_bytes(np, s, offset, bytes, piece);
		offset += piece;
		n -= piece;
		bytes = bytes ? bytes + piece : NULL;
	}
	nd->lost = nd->lost || !np->stream;
}

/* A gap that is too wide for filler: both directions go on in another surrogate connection. */
static void bridge(struct nids_pair *np, struct stream_pair *pair, enum side s, int64_t to)
{
	struct nids_dir *peer = &np->dir[side_other(s)];

	if (!np->stream)
		return;
	nids_free_tcp_stream(np->stream);
	np->stream = NULL;
	set_base(&np->dir[s], &pair->dir[s], to);
	set_base(peer, &pair->dir[side_other(s)], peer->pos);
	handshake(np);
}

/* What the native engine tells */

static void user_data(struct nids_pair *np, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	np->engine->user.data(np->flow, s, bytes, n, ref);
}

/* The next n bytes, of which libnids has ordered as many as it could. */
static void tell_bytes(struct nids_pair *np, enum side s, const uint8_t *native, size_t n, const struct frame_ref *ref)
{
	struct nids_dir *nd = &np->dir[s];
	size_t ours = nd->lent_len < n ? nd->lent_len : n;

	if (ours && memcmp(nd->lent, native, ours) != 0)
		nd->differs = true;
	if (np->engine->r->engine == ENGINE_BOTH) {
		user_data(np, s, native, n, ref);
	} else {
		if (ours)
			user_data(np, s, nd->lent, ours, ref);
		if (ours < n) /* lost: libnids has no more */
			user_data(np, s, native + ours, n - ours, ref);
	}
	take_back(np->engine, nd, ours);
}

static void on_data(void *flow, enum side s, const uint8_t *bytes, size_t n, const struct frame_ref *ref)
{
	struct stream_pair *pair = flow;
	struct nids_pair *np = pair->nids;
	struct nids_dir *nd = &np->dir[s];
	int64_t end = pair->dir[s].next;

	be_ready(np, pair, s, end - (int64_t)n);
	nd->had_bytes = true;
	if (nd->pos < end && !nd->lost) {
		*(nd->offered ? &nd->helped_queue : &nd->helped_start) = true;
		offer(np, s, end - (int64_t)n, bytes, (uint32_t)n);
		nd->lost = nd->lost || nd->pos < end;
	}
	tell_bytes(np, s, bytes, n, ref);
}

static void on_gap(void *flow, enum side s, uint64_t missing, const struct frame_ref *ref)
{
	struct stream_pair *pair = flow;
	struct nids_pair *np = pair->nids;
	struct nids_dir *nd = &np->dir[s];
	int64_t end = pair->dir[s].next;

	be_ready(np, pair, s, end - (int64_t)missing);
	nd->had_gap = true;
	nd->filled = end;
	take_back(np->engine, nd, nd->lent_len < missing ? nd->lent_len : (size_t)missing);
	if (end - nd->pos > FILLER_MAX)
		bridge(np, pair, s, end);
	else if (end > nd->pos && !nd->lost)
		offer(np, s, nd->pos, NULL, (uint32_t)(end - nd->pos));
	np->engine->user.gap(np->flow, s, missing, ref);
}

static void on_end(void *flow, enum side s, const struct frame_ref *ref)
{
	struct stream_pair *pair = flow;

	pair->nids->engine->user.end(pair->nids->flow, s, ref);
}

static void on_differ(void *flow, enum side s, const struct frame_ref *old, const struct frame_ref *new_one)
{
	struct stream_pair *pair = flow;

	pair->nids->engine->user.differ(pair->nids->flow, s, old, new_one);
}

/* Public entries */

struct nids_engine *nids_engine_new(struct reassembler *r)
{
	struct nids_engine *e = xcalloc(1, sizeof(*e));

	assert(!active);
	start_libnids(r->held_max);
	active = e;
	e->r = r;
	e->user = r->taker;
	r->taker = (struct stream_taker){
		.data = on_data, .gap = on_gap, .end = on_end, .differ = r->taker.differ ? on_differ : NULL };
	return e;
}

void nids_engine_free(struct nids_engine *e)
{
	if (!e)
		return;
	active = NULL;
	free(e);
}

size_t nids_engine_held_bytes(const struct nids_engine *e)
{
	return e->pair_bytes + e->lent_bytes + e->libnids_bytes;
}

const struct nids_score *nids_engine_score(const struct nids_engine *e)
{
	return &e->score;
}

static struct nids_pair *pair_of(struct nids_engine *e, struct stream_pair *pair, void *flow)
{
	if (!pair->nids) {
		pair->nids = xcalloc(1, sizeof(*pair->nids));
		pair->nids->engine = e;
		e->pair_bytes += sizeof(*pair->nids);
	}
	pair->nids->flow = flow;
	e->r->flow = pair;
	return pair->nids;
}

/* libnids gets the packet before the native engine has an opinion of its bytes, so that it orders them by itself. */
static void offer_packet(struct nids_pair *np, struct stream_pair *pair, enum side s, const struct packet *p)
{
	const struct direction *d = &pair->dir[s];
	int64_t offset = direction_offset(d, p->tcp.seq);
	int64_t fin = direction_fin(d);
	uint32_t n = p->payload_len;

	if (!n || !d->started || d->guessed || d->ended || d->ignored || p->tcp.flags & TCP_SYN ||
		!native_takes(&pair->dir[s], p) || native_is_padding(p))
		return;
	if (fin != UNSET && offset + n > fin)
		n = fin > offset ? (uint32_t)(fin - offset) : 0;
	be_ready(np, pair, s, d->next);
	np->dir[s].offered = true;
	if (!np->dir[s].lost)
		offer(np, s, offset, p->payload, n);
}

static size_t half_bytes(const struct half_stream *h)
{
	return (size_t)h->bufsize + (size_t)h->rmem_alloc;
}

static void account(struct nids_engine *e, struct nids_pair *np)
{
	e->libnids_bytes -= np->libnids_bytes;
	np->libnids_bytes = np->stream ? half_bytes(&np->stream->client) + half_bytes(&np->stream->server) : 0;
	e->libnids_bytes += np->libnids_bytes;
}

void nids_packet(struct nids_engine *e, struct stream_pair *pair, void *flow, enum side s, const struct packet *p)
{
	struct nids_pair *np = pair_of(e, pair, flow);

	offer_packet(np, pair, s, p);
	native_packet(e->r, &pair->dir[s], &pair->ring[s], p);
	if (pair->dir[s].ignored)
		take_back(e, &np->dir[s], np->dir[s].lent_len);
	account(e, np);
}

static void score(struct nids_score *sc, const struct nids_dir *nd)
{
	if (!nd->had_bytes)
		return;
	sc->directions++;
	sc->late_start += nd->helped_start;
	sc->queue += nd->helped_queue;
	sc->filled += nd->had_gap;
	sc->lost += nd->lost;
	sc->differ += nd->differs;
	sc->alone += !nd->helped_start && !nd->helped_queue && !nd->had_gap && !nd->lost;
}

void nids_close(struct nids_engine *e, struct stream_pair *pair, void *flow, const struct frame_ref *ref)
{
	struct nids_pair *np = pair_of(e, pair, flow);

	native_close(e->r, pair, ref);
	if (np->stream)
		nids_free_tcp_stream(np->stream);
	np->stream = NULL;
	account(e, np);
	for (int s = SIDE_ORIG; s <= SIDE_RESP; s++) {
		score(&e->score, &np->dir[s]);
		e->lent_bytes -= np->dir[s].lent_room;
		free(np->dir[s].lent);
	}
	e->pair_bytes -= sizeof(*np);
	free(np);
	pair->nids = NULL;
}
