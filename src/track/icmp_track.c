/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP messages as records (RFC 792, RFC 4443, RFC 4861). Nothing is kept between packets. */
#include "track/icmp_track.h"

#include "base/text.h"
#include "capture/capture.h"
#include "decode/packet.h"
#include "track/nd_message.h"
#include "track/tracker.h"

#define ICMP4_REDIRECT 5
#define ICMP4_ROUTER_ADVERTISEMENT 9
#define ICMP6_ERRORS 127 /* types up to here */
#define ICMP6_REDIRECT 137

static bool is_of_interest(const struct packet *p, const struct nd_message *nd)
{
	uint8_t type = p->icmp.type;

	if (addr_is_v4(&p->src))
		return type == 3 || type == 4 || type == ICMP4_REDIRECT || type == ICMP4_ROUTER_ADVERTISEMENT ||
		       type == 11 || type == 12;
	return (type && type <= ICMP6_ERRORS) || type == ICMP6_REDIRECT || (nd && nd->type == ND_ROUTER_ADVERTISEMENT);
}

static void fill_quote(struct icmp *i, const struct quoted_packet *q, const struct flow *quoted)
{
	struct record head;

	i->quoted_src = q->src;
	i->quoted_dst = q->dst;
	i->quoted_sport = q->sport;
	i->quoted_dport = q->dport;
	i->quoted_proto = q->proto;
	if (!quoted)
		return;
	flow_identify(quoted, &head);
	text_copy(i->quoted_uid, sizeof(i->quoted_uid), record_uid(&head));
}

void icmp_track_packet(
	const struct record_sink *sink, const struct packet *p, const struct flow *quoted, const struct nd_message *nd)
{
	struct record r;
	struct icmp *i = &r.icmp;

	if (p->kind != PACKET_ICMP || p->verdict != PACKET_OK || !is_of_interest(p, nd))
		return;
	record_init(&r, RECORD_ICMP);
	r.ts_ns = p->ts_ns;
	r.emitted_ns = p->clock_ns;
	r.orig_h = p->src;
	r.resp_h = p->dst;
	r.proto = p->proto;
	r.source = p->frame->source;
	r.frame = p->frame->number;
	i->v6 = !addr_is_v4(&p->src);
	i->type = p->icmp.type;
	i->code = p->icmp.code;
	i->from = p->src;
	i->to = p->dst;
	i->mtu = p->icmp.mtu;
	i->ttl = p->ttl;
	i->ref = (struct frame_ref){ p->frame->number, 0, p->frame->source };
	if (p->has_macs)
		i->mac = p->mac_src;
	if (p->icmp.quoted.proto)
		fill_quote(i, icmp_about(&p->icmp), quoted);
	if (nd && nd->type == ND_ROUTER_ADVERTISEMENT) {
		i->ra_prefix = nd->prefix;
		i->ra_prefix_len = nd->prefix_len;
		i->ra_lifetime = nd->lifetime_s;
	}
	sink->take(sink->arg, &r);
}
