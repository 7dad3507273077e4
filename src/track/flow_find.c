/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose packet is it? The look-up of conversations and of what is left of ended ones. */
#include <string.h>

#include "base/hash.h"
#include "base/seldom.h"
#include "track/flow_begin.h"
#include "track/flow_end.h"
#include "track/flow_queue.h"

/* What the table knows of a key: the live conversation or its tombstone. */
struct known {
	struct flow *flow;
	struct tombstone *grave;
};

static struct known look_up(struct tracker *t, const struct flow_key *key, uint32_t tag)
{
	uint32_t at = tag, number;

	while ((number = slots_next(&t->table, tag, &at)) != 0) {
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
	flow_make_room(t);
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
	ws_count(ws_analyse(&s->ws, end, p), &n->late);
}

/* The conversation of a packet after the end of its tuple's last one; NULL when the packet is only its echo. */
static SELDOM struct flow *after_tombstone(
	struct tracker *t, struct tombstone *s, const struct packet *p, bool src_is_low)
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

/* What was worked out when the packet was announced, if it was. */
static const struct expected *expected_of(struct tracker *t, const struct packet *p, struct expected *fresh)
{
	const struct expected *e = t->next;

	while (e->order < p->frame->order)
		e++;
	if (e->order == p->frame->order) {
		t->next = e + 1;
		if (e->coming.named)
			return e;
	}
	fresh->coming.from_low = flow_key_make(&fresh->key, &p->src, p->sport, &p->dst, p->dport, p->proto);
	fresh->coming.tag = tracker_tag(&fresh->key);
	fresh->coming.flow = NULL;
	return fresh;
}

static struct known find_known(struct tracker *t, const struct expected *e)
{
	if (e->coming.flow && flow_key_equal(&e->coming.flow->key, &e->key))
		return (struct known){ .flow = e->coming.flow };
	return look_up(t, &e->key, e->coming.tag);
}

/* A tuple is used again: its conversation ends, and another begins. */
static SELDOM struct flow *reused(struct tracker *t, const struct expected *e, struct flow *old, enum flow_start start,
	const struct packet *p)
{
	struct former former = former_of_flow(old, start == START_AGAIN);

	flow_end(t, old, CONN_END_REUSE, t->now_ns);
	tombstone_remove(t, look_up(t, &e->key, e->coming.tag).grave);
	return flow_begin(t, &e->key, e->coming.tag, p, e->coming.from_low, &former);
}

static SELDOM struct flow *first_of_tuple(struct tracker *t, const struct expected *e, const struct packet *p)
{
	flow_make_room(t);
	return flow_begin(t, &e->key, e->coming.tag, p, e->coming.from_low, NULL);
}

struct flow *flow_of(struct tracker *t, const struct packet *p, bool *src_is_low)
{
	struct expected fresh;
	const struct expected *e = expected_of(t, p, &fresh);
	struct known known = find_known(t, e);
	enum flow_start start = START_SAME;

	*src_is_low = e->coming.from_low;
	if (known.grave)
		return after_tombstone(t, known.grave, p, e->coming.from_low);
	if (!known.flow)
		return first_of_tuple(t, e, p);
	if (p->kind == PACKET_TCP)
		start = handshake_start(known.flow, e->coming.from_low == known.flow->orig_is_low ? SIDE_ORIG : SIDE_RESP, p);
	return start == START_SAME ? known.flow : reused(t, e, known.flow, start, p);
}
