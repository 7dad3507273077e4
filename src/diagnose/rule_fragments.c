/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mtu-black-hole by IP fragments: of a host's large datagrams only the first fragment arrives, or only the small last ones,
 * and none of them ever becomes whole (RFC 8900, section 3). A capture filter that looks at ports passes first fragments
 * only: where nothing rules one out, that is no finding.
 */
#include <inttypes.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define PAIRS_MAX 2000
#define LOST_MIN 3 /* datagrams: one or two fall to ordinary loss */
#define SHOWN_MAX 6

struct pair_key {
	struct addr from, to;
	uint8_t proto, pad[3];
};

struct pair {
	struct fragmented sum;
	uint16_t source;
	int64_t first_ns, last_ns;
	struct evidence first_of[SHOWN_MAX], last_of[SHOWN_MAX];
	int shown;
	uint32_t longest_lost, shortest_lost; /* payload, as far as it is known */
	bool icmp_seen;
};

struct state {
	struct table pairs;    /* struct pair_key -> struct pair */
	struct table too_big;  /* struct addr: senders that ICMP asked for smaller packets */
	struct table acked;    /* struct pair_key: TCP whose receiver acknowledged what is not in the capture */
	bool later_seen;       /* fragments without ports are in this capture: no filter by port */
	bool other_frames_seen; /* ARP or ICMP: the same */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
	table_init(&s->acked, sizeof(struct pair_key), 1, PAIRS_MAX);
	table_init(&s->too_big, sizeof(struct addr), 1, PAIRS_MAX);
}

static struct evidence evidence_at(const struct record *r, const struct frame_ref *ref)
{
	return (struct evidence){ .source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns };
}

static void note_lost(struct pair *p, const struct record *r, const struct lost_datagram *d)
{
	uint32_t size = d->len ? d->len : d->here_bytes;

	if (d->here == FRAGMENTS_HOLES)
		return;
	if (p->shown < SHOWN_MAX) {
		p->first_of[p->shown] = evidence_at(r, &d->first);
		p->last_of[p->shown] = evidence_at(r, &d->last);
		text_copy(p->first_of[p->shown].what, sizeof(p->first_of[0].what),
			d->here == FRAGMENTS_FIRST ? "first fragment; the rest never comes" :
						     "later fragment; the first one never comes");
		text_copy(p->last_of[p->shown].what, sizeof(p->last_of[0].what), "last fragment that comes");
		p->shown++;
	}
	p->longest_lost = size > p->longest_lost ? size : p->longest_lost;
	p->shortest_lost = !p->shortest_lost || size < p->shortest_lost ? size : p->shortest_lost;
}

static struct pair_key key_of(const struct addr *from, const struct addr *to, uint8_t proto)
{
	struct pair_key k;

	memset(&k, 0, sizeof(k));
	k.from = *from;
	k.to = *to;
	k.proto = proto;
	return k;
}

/* The pieces did arrive; the capture lost them. */
static void note_acked(struct state *s, const struct record *r)
{
	for (int i = 0; i < 2; i++) {
		struct pair_key k = i == SIDE_ORIG ? key_of(&r->orig_h, &r->resp_h, r->proto) : key_of(&r->resp_h, &r->orig_h, r->proto);

		if (r->conn.side[i].missing_bytes)
			*(char *)table_add(&s->acked, &k) = 1;
	}
}

static void note_fragmented(struct state *s, const struct record *r)
{
	const struct fragmented *f = &r->fragmented;
	struct pair_key k = key_of(&r->orig_h, &r->resp_h, r->proto);
	struct pair *p;

	s->later_seen |= f->later_pkts > 0;
	p = table_add(&s->pairs, &k);
	if (!p->first_ns)
		p->first_ns = r->ts_ns;
	p->last_ns = r->emitted_ns;
	p->source = r->source;
	p->sum = *f;
	for (uint32_t i = 0; i < f->lost_count && i < LOST_DATAGRAMS_MAX; i++)
		note_lost(p, r, &f->lost[i]);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;

	(void)x;
	if (r->kind == RECORD_FRAGMENTED) {
		note_fragmented(s, r);
	} else if (r->kind == RECORD_CONN && r->proto == 6) {
		note_acked(s, r);
	} else if (r->kind == RECORD_ICMP) {
		s->other_frames_seen = true;
		if (r->icmp.v6 ? r->icmp.type == 2 : r->icmp.type == 3 && r->icmp.code == 4)
			*(char *)table_add(&s->too_big, &r->icmp.quoted_src) = 1;
	} else if (r->kind == RECORD_ARP) {
		s->other_frames_seen = true;
	}
}

/* Nothing but a first fragment is what a filter like "port 53" leaves of a datagram. */
static bool may_be_filter(const struct state *s, const struct diagnosis_context *x, const struct pair *p)
{
	return p->sum.lost_first_only > p->sum.lost_rest_only && !s->later_seen && (x->capture_filtered || !s->other_frames_seen);
}

/* Datagrams as long as those that were lost arrive never: it is no chance. */
static bool is_systematic(const struct pair *p)
{
	uint64_t lost = p->sum.lost_first_only + p->sum.lost_rest_only;

	return lost >= LOST_MIN && lost > p->sum.lost_holes &&
	       (!p->sum.joined || (p->shortest_lost && p->sum.joined_max_len < p->shortest_lost && p->sum.lost_rest_only));
}

static void explain(struct finding *f, bool first_only, const char *from)
{
	f->responsible = RESPONSIBLE_PATH;
	f->confidence = 0.85;
	if (first_only) {
		finding_cause(f, 0.7, "a firewall, NAT or load balancer on the path drops fragments without ports",
			"first fragments pass, later ones (which carry no port) never do");
		finding_cause(f, 0.2, "the tails take another path or another receiver (balancing by port)",
			"only the first fragment has the ports that such a device looks at");
	} else {
		finding_cause(f, 0.7, "a link with a smaller MTU (tunnel, VPN, PPPoE) drops the full-size fragments",
			"only the small last fragments arrive");
		finding_cause(f, 0.2, "a device drops the first fragments by policy", "an inspection box may do so");
	}
	finding_next(f, "Capture at %s, or before and behind the device in question: tcpdump -ni any 'ip[6:2] & 0x3fff != 0 or ip6[6] = 44'",
		from);
	finding_next(f, "ping -M dont -s 2000 TARGET (fragments, small DNS-size: 200): does only the large one stay unanswered?");
	finding_next(f, "Until the path is mended: smaller datagrams (DNS: EDNS buffer 1232; IKE and RADIUS: fragmentation or TCP)");
}

static void show(struct finding *f, const struct pair *p)
{
	for (int i = 0; i < p->shown; i++) {
		const struct evidence *first = &p->first_of[i], *last = &p->last_of[i];

		finding_evidence(f, first->source, first->frame, first->ts_ns, "%s", first->what);
		finding_evidence(f, last->source, last->frame, last->ts_ns, "%s", last->what);
	}
	finding_filter_frames(f);
}

static void tell(struct state *s, struct diagnosis_context *x, const struct pair_key *k, const struct pair *p)
{
	struct subject subject = { .client = k->to, .server = k->from, .port = p->sum.lost[0].sport, .proto = k->proto };
	bool first_only = p->sum.lost_first_only >= p->sum.lost_rest_only;
	uint64_t lost = p->sum.lost_first_only + p->sum.lost_rest_only;
	struct finding *f = finding_open(x, "mtu-black-hole", &subject);
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	addr_text(&k->from, from);
	addr_text(&k->to, to);
	f->count = lost;
	f->of = lost + p->sum.joined + p->sum.lost_holes;
	f->first_ts_ns = p->first_ns;
	f->last_ts_ns = p->last_ns;
	finding_integer(f, "size", p->longest_lost);
	finding_bool(f, "icmp_seen", table_find(&s->too_big, &k->from) != NULL);
	finding_text(f, "fragments", first_only ? "only the first arrive" : "only the small last ones arrive");
	finding_title(f, "Large datagrams of %s to %s arrive in part only (%" PRIu64 "): %s", from, to, lost,
		first_only ? "fragments behind the first are dropped" : "full-size fragments vanish");
	finding_detail(f, "They are sent in IP fragments, and none of them ever becomes whole: %s. The receiver throws such pieces "
			  "away after 30 s, and its program sees nothing at all.",
		first_only ? "the first fragment comes, the rest never does" :
			     "the small last fragment comes, the full-size ones never do");
	explain(f, first_only, from);
	show(f, p);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e)) {
		const struct pair *p = table_value(e);

		if (is_systematic(p) && !may_be_filter(s, x, p) && !table_find(&s->acked, table_key(e)))
			tell(s, x, table_key(e), p);
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pairs);
	table_free(&((struct state *)state)->acked);
	table_free(&((struct state *)state)->too_big);
}

const struct rule rule_fragments = {
	.codes = { "mtu-black-hole" },
	.spec = "RFC 791, section 3.2; RFC 8900, section 3",
	.state_size = sizeof(struct state),
	.kinds = 1u << RECORD_CONN | 1u << RECORD_FRAGMENTED | 1u << RECORD_ICMP | 1u << RECORD_ARP,
	.heard_if = SHOWS_MISSING,
	.init = on_init,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
