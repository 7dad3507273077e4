/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-udp-lost: a tunnel's datagrams go out and none comes back any more, while its TCP side lives and carries the
 * packets. tunnel-reordering: its datagrams arrive out of order, as their numbers show.
 */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_pairs.h"

#define LOST_NS (30 * NS_PER_S)	     /* after which tinc gives UDP up */
#define LOST_OPEN_NS (10 * NS_PER_S) /* to the end of the capture */
#define LOST_PACKETS 5
#define REORDERED_SHARE 0.01
#define REORDERED_MIN 5

struct udp_state {
	struct table pairs;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_pairs_init(&((struct udp_state *)state)->pairs);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_pairs_take(&((struct udp_state *)state)->pairs, r);
}

/* Time of the last packet that any control connection of the pair carried; 0: none. */
static int64_t last_over_tcp(const struct tunnel_pair *p)
{
	int64_t last = 0;

	for (uint32_t i = 0; i < p->summary_count; i++) {
		const struct record *r = p->summaries[i];

		for (int s = 0; r->proto == 6 && s < 2; s++)
			if (r->tunnel.last_data_ns[s] != UNSET && r->ts_ns + r->tunnel.last_data_ns[s] > last)
				last = r->ts_ns + r->tunnel.last_data_ns[s];
	}
	return last;
}

static bool udp_is_lost(const struct tunnel_pair *p, const struct record *r, uint8_t side)
{
	const struct tunnel *t = &r->tunnel;
	int64_t lasted = t->alone_last[side].at_ns - t->alone_first[side].at_ns;
	int64_t tcp_after = last_over_tcp(p) - (r->ts_ns + t->alone_first[side].at_ns);
	bool answered_once = t->data_pkts[!side] > 0;

	if (t->alone_pkts[side] < LOST_PACKETS || lasted < (t->alone_open[side] ? LOST_OPEN_NS : LOST_NS))
		return false;
	/* Before the first answer packets go over TCP as a matter of course; later it is the way out. */
	return answered_once ? tcp_after > 0 : tcp_after > LOST_NS;
}

static void tell_lost(struct finding *f, const struct tunnel_pair *p, const struct record *r, uint8_t side)
{
	const struct tunnel *t = &r->tunnel;
	char from[TUNNEL_WHO_SIZE], to[TUNNEL_WHO_SIZE];
	char since[WHEN_TEXT_SIZE];

	tunnel_who(p, record_host(r, side), from);
	tunnel_who(p, record_host(r, !side), to);
	when_duration(when_s(t->alone_last[side].at_ns - t->alone_first[side].at_ns), since);
	f->count = t->alone_pkts[side];
	f->first_ts_ns = r->ts_ns + t->alone_first[side].at_ns;
	f->last_ts_ns = r->ts_ns + t->alone_last[side].at_ns;
	f->responsible = RESPONSIBLE_PATH;
	finding_title(f, "UDP between %s and %s is dead: %u datagrams in %s, none came back", from, to,
		t->alone_pkts[side], since);
	finding_detail(f, "The tunnel's TCP connection lives and carries the packets instead, so both ends are up. ");
	finding_evidence_ref(f, r, &t->alone_first[side], "first datagram without an answer");
	finding_evidence_ref(f, r, &t->alone_last[side], "last of %u datagrams without an answer", t->alone_pkts[side]);
}

static void tell_fallback(struct finding *f, const struct tunnel_pair *p, int64_t from_ns)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->event == TUNNEL_TCP_FALLBACK && m->at_ns >= from_ns)
			finding_evidence(f, m->source, m->frame, m->at_ns, "packets go over the TCP connection");
	}
}

static void find_lost(struct diagnosis_context *x, const struct tunnel_pair *p, const struct record *r, uint8_t side)
{
	struct finding *f = tunnel_finding(x, p, "tunnel-udp-lost");

	tell_lost(f, p, r, side);
	tell_fallback(f, p, f->first_ts_ns);
	finding_cause(f, 0.7, "a firewall or NAT on the way drops UDP, or has forgotten the mapping",
		"TCP between the same hosts works");
	finding_cause(f, 0.2, "the way back of UDP is blocked only",
		"what the other end sends may be lost beyond this point");
	finding_next(f,
		"Capture on the other end: tcpdump -ni any 'udp port %u' (do the datagrams arrive, does it answer?)",
		r->resp_p);
	finding_next(
		f, "Allow UDP port %u both ways on the firewalls between, with a timeout of more than 30 s", r->resp_p);
	finding_filter_frames(f);
}

static void find_reordering(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	uint64_t reordered = 0, packets = 0;
	struct finding *f;
	double rate;

	for (uint32_t i = 0; i < p->summary_count; i++) {
		const struct tunnel *t = &p->summaries[i]->tunnel;

		reordered += t->reordered[0] + t->reordered[1];
		packets += t->data_pkts[0] + t->data_pkts[1];
	}
	rate = packets ? (double)reordered / (double)packets : 0;
	if (reordered < REORDERED_MIN || rate < REORDERED_SHARE)
		return;
	f = tunnel_finding(x, p, "tunnel-reordering");
	f->count = reordered;
	f->of = packets;
	f->first_ts_ns = p->summaries[0]->ts_ns;
	f->last_ts_ns = p->summaries[p->summary_count - 1]->emitted_ns;
	finding_number(f, "rate", rate);
	finding_title(f, "%.1f %% of the %s tunnel's datagrams arrive out of order", rate * 100,
		tunnel_protocol_name(p->protocol));
	finding_detail(f, "Their numbers, which are in clear, show it. What runs inside sees it as duplicate ACKs and "
			  "needless retransmissions. ");
	finding_cause(f, 0.6,
		"packets of the tunnel take several ways (link aggregation, load sharing, queues by size)",
		"datagrams of one flow overtake each other");
	finding_next(f, "Compare the numbers in captures at several places on the way to see where the order is lost");
	for (uint32_t i = 0; i < p->summary_count; i++)
		for (int s = 0; s < 2; s++)
			finding_evidence_ref(
				f, p->summaries[i], &p->summaries[i]->tunnel.late[s], "arrives after a later one");
	finding_filter_frames(f);
}

static void judge(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	for (uint32_t i = 0; p->protocol == TUNNEL_TINC && i < p->summary_count; i++) {
		const struct record *r = p->summaries[i];

		for (uint8_t side = 0; r->proto == 17 && side < 2; side++) {
			if (udp_is_lost(p, r, side)) {
				find_lost(x, p, r, side);
				break;
			}
		}
	}
	find_reordering(x, p);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct udp_state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		judge(x, table_value(e));
}

static void on_free(void *state)
{
	tunnel_pairs_free(&((struct udp_state *)state)->pairs);
}

const struct rule rule_tunnel_udp = {
	.codes = {"tunnel-udp-lost", "tunnel-reordering"},
	.spec = "tinc 1.1: UDPDiscovery, UDPDiscoveryTimeout",
	.state_size = sizeof(struct udp_state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TUNNEL,
	.heard_if = SHOWS_REFUSED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
