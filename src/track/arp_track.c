/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions wait in the order of their last repetition; the first of them is the next to be given up. */
#include "track/arp_track.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/mac_set.h"
#include "track/nd_message.h"

/* Hosts repeat a question each second (Linux three times) or wait longer each time; then they give up. */
#define ANSWER_WAIT_NS (10 * NS_PER_S)
#define QUESTIONS_MAX 16384

struct question_key {
	struct addr asker, target;
	struct mac asker_mac;
	uint16_t vlan;
};

struct question {
	struct record record; /* as it will be told */
	int64_t last_ns;
};

struct arp_track {
	struct record_sink sink;
	struct table questions;
	size_t held_bytes;
	struct mac_set receivers; /* MACs that frames were sent to */
};

struct arp_track *arp_track_new(const struct record_sink *sink)
{
	struct arp_track *a = xcalloc(1, sizeof(*a));

	a->sink = *sink;
	table_init(&a->questions, sizeof(struct question_key), sizeof(struct question), QUESTIONS_MAX);
	a->questions.held_bytes = &a->held_bytes;
	return a;
}

void arp_track_free(struct arp_track *a)
{
	if (!a)
		return;
	table_free(&a->questions);
	free(a);
}

size_t arp_track_held_bytes(const struct arp_track *a)
{
	return sizeof(*a) + a->held_bytes;
}

void arp_track_receiver(struct arp_track *a, const struct mac *m)
{
	mac_set_add(&a->receivers, m);
}

static void tell(struct arp_track *a, struct record *r, int64_t emitted_ns)
{
	r->emitted_ns = emitted_ns;
	r->arp.requester_unicast_seen = mac_set_has(&a->receivers, &r->arp.sender_mac);
	a->sink.take(a->sink.arg, r);
}

/* What one ARP packet or ND message says, in common terms. */
struct message {
	struct addr sender, target;
	struct mac sender_mac, target_mac;
	bool nd, answer;
};

static void record_of(const struct message *m, const struct packet *p, struct record *r)
{
	record_init(r, RECORD_ARP);
	r->ts_ns = p->ts_ns;
	r->source = p->frame->source;
	r->frame = p->frame->number;
	r->arp.nd = m->nd;
	r->arp.sender_ip = m->sender;
	r->arp.target_ip = m->target;
	r->arp.sender_mac = m->sender_mac;
	r->arp.target_mac = m->target_mac;
}

static struct frame_ref ref_of(const struct packet *p, int64_t ts_ns)
{
	return (struct frame_ref){ p->frame->number, p->ts_ns - ts_ns, p->frame->source };
}

/* Nobody asked, or the question is not in the capture. */
static void announcement(struct arp_track *a, const struct message *m, const struct packet *p, bool gratuitous)
{
	struct record r;

	record_of(m, p, &r);
	r.arp.reply = true;
	r.arp.gratuitous = gratuitous;
	r.arp.response = ref_of(p, r.ts_ns);
	tell(a, &r, p->clock_ns);
}

static bool is_zero(const struct addr *a)
{
	return !addr_is_set(a) || (addr_is_v4(a) && !a->b[12] && !a->b[13] && !a->b[14] && !a->b[15]);
}

static void on_question(struct arp_track *a, const struct message *m, const struct packet *p)
{
	struct question_key key = { .asker = m->sender,
		.target = m->target,
		.asker_mac = m->sender_mac,
		.vlan = p->vlan_count ? p->vlans[0] : 0 };
	struct question *q = table_find(&a->questions, &key), kept;
	struct record *oldest;

	if (!q) {
		record_of(m, p, &kept.record);
		kept.record.arp.probe = is_zero(&m->sender);
		kept.record.arp.request = ref_of(p, p->ts_ns);
	} else {
		kept = *q;
		table_remove(&a->questions, &key);
	}
	kept.record.arp.tries++;
	kept.last_ns = p->clock_ns;
	if (a->questions.count == QUESTIONS_MAX) {
		oldest = &((struct question *)table_value(table_next(&a->questions, NULL)))->record;
		tell(a, oldest, p->clock_ns);
	}
	*(struct question *)table_add(&a->questions, &key) = kept;
}

/* The answer belongs to the question of the host that it is sent to. */
static void on_answer(struct arp_track *a, const struct message *m, const struct packet *p)
{
	struct question_key key = { .asker = m->target,
		.target = m->sender,
		.asker_mac = m->target_mac,
		.vlan = p->vlan_count ? p->vlans[0] : 0 };
	struct question *q = table_find(&a->questions, &key);

	if (!q) {
		announcement(a, m, p, false);
		return;
	}
	q->record.arp.reply = true;
	q->record.arp.target_mac = m->sender_mac;
	q->record.arp.response = ref_of(p, q->record.ts_ns);
	tell(a, &q->record, p->clock_ns);
	/* A second host that answers the same question is told as an announcement. */
	table_remove(&a->questions, &key);
}

static void on_arp(struct arp_track *a, const struct packet *p)
{
	const struct arp_header *h = &p->arp;
	struct message m = { .sender = h->sender_ip,
		.target = h->target_ip,
		.sender_mac = h->sender_mac,
		.target_mac = h->target_mac,
		.answer = h->operation == 2 };

	if (h->operation != 1 && h->operation != 2)
		return;
	if (addr_equal(&h->sender_ip, &h->target_ip))
		announcement(a, &m, p, true);
	else if (m.answer)
		on_answer(a, &m, p);
	else
		on_question(a, &m, p);
}

static void on_nd(struct arp_track *a, const struct packet *p, const struct nd_message *nd)
{
	struct message m = { .nd = true, .answer = nd->type == ND_ADVERTISEMENT };

	if (nd->type == ND_ROUTER_ADVERTISEMENT)
		return;
	m.sender_mac = mac_is_set(&nd->mac) ? nd->mac : p->mac_src;
	if (!m.answer) {
		m.sender = p->src;
		m.target = nd->target;
		on_question(a, &m, p);
		return;
	}
	m.sender = nd->target;
	m.target = p->dst;
	m.target_mac = p->mac_dst;
	if (addr_is_multicast(&p->dst))
		announcement(a, &m, p, true);
	else
		on_answer(a, &m, p);
}

void arp_track_packet(struct arp_track *a, const struct packet *p, const struct nd_message *nd)
{
	if (p->kind == PACKET_ARP)
		on_arp(a, p);
	else if (nd)
		on_nd(a, p, nd);
}

int64_t arp_track_due_ns(const struct arp_track *a)
{
	struct table_entry *first = table_next(&a->questions, NULL);

	return first ? ((struct question *)table_value(first))->last_ns + ANSWER_WAIT_NS : INT64_MAX;
}

void arp_track_clock(struct arp_track *a, int64_t clock_ns)
{
	int64_t due_ns;

	while ((due_ns = arp_track_due_ns(a)) <= clock_ns) {
		struct table_entry *first = table_next(&a->questions, NULL);

		tell(a, &((struct question *)table_value(first))->record, due_ns);
		table_remove(&a->questions, table_key(first));
	}
}

void arp_track_finish(struct arp_track *a, int64_t clock_ns)
{
	for (struct table_entry *e = table_next(&a->questions, NULL); e; e = table_next(&a->questions, e))
		tell(a, &((struct question *)table_value(e))->record, clock_ns);
	table_free(&a->questions);
}
