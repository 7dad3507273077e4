/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors go to the conversation whose packet they quote (RFC 792, RFC 4443). */
#include "track/tracker_impl.h"

#define ICMP4_UNREACHABLE 3
#define ICMP4_TOO_BIG 4 /* a code of it */
#define ICMP6_UNREACHABLE 1

static bool refuses(const struct packet *p)
{
	if (addr_is_v4(&p->src))
		return p->icmp.type == ICMP4_UNREACHABLE && p->icmp.code != ICMP4_TOO_BIG;
	return p->icmp.type == ICMP6_UNREACHABLE;
}

static void attach(struct passing *w, enum side quoted_side)
{
	const struct packet *p = w->p;
	struct trouble *t = flow_trouble(w->f);

	if (t->icmp_count < ICMPS_MAX)
		t->icmps[t->icmp_count] = (struct icmp_seen){ .ref = long_ref(passing_ref(w)),
			.from = p->src,
			.type = p->icmp.type,
			.code = p->icmp.code,
			.v6 = !addr_is_v4(&p->src),
			.mtu = p->icmp.mtu,
			.side = (uint8_t)quoted_side,
			.ttl = p->ttl };
	t->icmp_count++;
	if (refuses(p) && quoted_side == SIDE_ORIG && !w->c->syn_acks && !w->f->half[SIDE_RESP].pkts)
		handshake_answered(w, SYN_ANSWER_ICMP);
	w->flags = 0;
	w->len = 0;
	key_frame_add(w, side_other(quoted_side), "ICMP");
}

struct tracked icmp_quote(struct tracker *t, const struct packet *p)
{
	const struct quoted_packet *q = icmp_about(&p->icmp);
	struct passing w = { .t = t, .p = p, .now_ns = t->now_ns };
	struct flow_key key;
	enum side side;
	bool src_is_low;

	if (!q->proto)
		return (struct tracked){ 0 };
	src_is_low = flow_key_make(&key, &q->src, q->sport, &q->dst, q->dport, q->proto);
	w.f = tracker_find(t, &key);
	if (!w.f) {
		if (q->whole)
			tracker_count_stream(t, &key, p->frame->source);
		return (struct tracked){ 0 };
	}
	side = src_is_low == w.f->orig_is_low ? SIDE_ORIG : SIDE_RESP;
	w.c = cold_of(w.f);
	w.at_ns = p->ts_ns - w.f->ts_ns;
	w.both = short_ref(p->frame->number, p->frame->source, 0).both;
	attach(&w, side);
	return (struct tracked){ .flow = w.f, .side = side_other(side) };
}
