/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mtu-black-hole: small segments pass, full-size ones with DF vanish, sent again and again, without (or in spite of)
 * ICMP "fragmentation needed"; at the receiver only the small tail of a flight arrives behind a gap that never fills
 * (RFC 2923, RFC 8899). mtu-discovery: ICMP asks for smaller packets and the sender obeys (RFC 1191, RFC 8201).
 */
#include <string.h>

#include "base/table.h"
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define REPEATS_MIN 3	  /* sendings of a full-size segment */
#define FULL_SIZE 1000	  /* payload: beyond what common tunnels' overheads make of 1280 and less */
#define TAIL_WAIT_S 3.0	  /* how long the gap stays open */
#define PPPOE_MTU 1492	  /* RFC 2516, section 7 */
#define PATHS_MAX 2000

struct discovery_key {
	struct addr from, to; /* the router that says so, and the destination */
};

struct discovery {
	struct tally tally;
	uint16_t mtu;
	struct addr sender;
};

struct state {
	struct table discoveries;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->discoveries, sizeof(struct discovery_key), sizeof(struct discovery), PATHS_MAX);
	((struct state *)state)->discoveries.drop = tally_drop;
}

static bool asks_for_smaller(const struct icmp_seen *i)
{
	return i->v6 ? i->type == 2 : i->type == 3 && i->code == 4;
}

static const struct icmp_seen *too_big(const struct conn *c)
{
	for (uint32_t i = 0; i < c->icmp_count && i < ICMPS_MAX; i++)
		if (asks_for_smaller(&c->icmps[i]))
			return &c->icmps[i];
	return NULL;
}

/* What is small passes: data was acknowledged, or the peer still speaks, or nothing small was sent but the handshake. */
static bool small_ones_pass(const struct conn_side *s, const struct conn_side *peer)
{
	if (s->first_data_acked_ns != UNSET || (peer->last_packet.frame && peer->last_packet.at_ns > s->unanswered_first_ns))
		return true;
	return peer->pkts && s->largest_len && s->bytes % s->largest_len == 0;
}

/* Seen from the sender: the same full-size segment again and again, while smaller ones are acknowledged. */
static bool sender_side(const struct conversation *c, enum side side)
{
	const struct conn_side *s = &c->conn->side[side], *peer = &c->conn->side[side_other(side)];

	return s->unanswered >= REPEATS_MIN && s->unanswered_len >= FULL_SIZE && s->unanswered_df &&
		s->largest_acked_len < s->unanswered_len && s->unanswered_len + 100 >= s->largest_len &&
		small_ones_pass(s, peer) && !c->conn->syn_acks_after_ack && c->conn->handshake_ack.frame;
}

/* Seen from the receiver: the tail behind a gap, all small, and the gap never fills. */
static bool receiver_side(const struct conversation *c, const struct conn_side *s)
{
	double open_for = when_s(c->conn->duration_ns - s->gap_first.at_ns);

	return s->gap_tail && s->largest_len < FULL_SIZE + 360 && s->largest_acked_len < FULL_SIZE && open_for >= TAIL_WAIT_S &&
		!s->loss.lost;
}

static void note_discovery(struct state *s, const struct record *r, const struct icmp_seen *i)
{
	struct discovery_key k;
	struct discovery *d;

	memset(&k, 0, sizeof(k));
	k.from = i->from;
	k.to = i->side == SIDE_ORIG ? r->resp_h : r->orig_h;
	d = table_add(&s->discoveries, &k);
	d->sender = i->side == SIDE_ORIG ? r->orig_h : r->resp_h;
	d->mtu = i->mtu;
	tally_count(&d->tally, r->ts_ns + i->ref.at_ns);
	tally_show(&d->tally, r, &i->ref, "ICMP: packet too big, MTU %u", i->mtu);
	tally_conversation(&d->tally, r);
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct icmp_seen *icmp = too_big(c->conn);

	(void)x;
	if (c->record->proto != 6 || c->conn->one_sided)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct conn_side *s = &c->conn->side[i];
		bool sending = sender_side(c, (enum side)i);

		if (!sending && !receiver_side(c, s))
			continue;
		out->code = "mtu-black-hole";
		out->number = (uint16_t)(sending ? s->unanswered_len : s->mss);
		out->value = icmp != NULL;
		out->bytes = (uint64_t)i;
		claim_evidence(out, c->record, &c->conn->first_turn.ask, "small request, acknowledged");
		for (uint32_t k = 0; sending && k < s->unanswered && k < 4; k++)
			claim_evidence(out, c->record,
				&(struct frame_ref){ s->unanswered_frames[k], s->unanswered_first_ns, c->record->source },
				"full-size segment with DF, never acknowledged");
		claim_evidence(out, c->record, &s->gap_first, "small tail behind a gap that never fills");
		return true;
	}
	if (icmp)
		note_discovery(state, c->record, icmp);
	return false;
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];
	const char *sender = first->bytes ? "server" : "client";
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	if (first->number)
		finding_integer(f, "size", first->number);
	else
		finding_null(f, "size");
	finding_bool(f, "icmp_seen", first->value != 0);
	finding_title(f, "Large packets of the %s vanish on the path (%s, %d connection%s): an MTU black hole", sender, service,
		g->count, g->count == 1 ? "" : "s");
	finding_detail(f, "Small segments pass; full-size ones with DF set never arrive, however often they are sent%s.",
		first->value != 0 ? ", although ICMP asks for smaller ones" : ", and no ICMP says why");
	f->responsible = RESPONSIBLE_PATH;
	f->confidence = 0.85;
	finding_cause(f, 0.8, "a link with a smaller MTU (tunnel, VPN, PPPoE) drops large packets, and its ICMP is filtered",
		"only size tells the lost packets from the ones that pass");
	finding_cause(f, 0.15, "a device drops large or fragmented packets by policy", "an inspection box may do so");
	finding_next(f, "ping -M do -s 1472 TARGET, then smaller: the largest that passes, plus 28, is the path's MTU");
	finding_next(f, "Let ICMP type 3 code 4 (v6: type 2) through, or clamp the MSS: nft ... tcp option maxseg size set rt mtu");
}

static void tell_discovery(struct diagnosis_context *x, const struct discovery_key *k, const struct discovery *d)
{
	struct subject subject = { .client = d->sender, .server = k->to, .host = k->from };
	struct finding *f = finding_open(x, "mtu-discovery", &subject);
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	tally_tell(&d->tally, f);
	addr_text(&k->from, from);
	addr_text(&k->to, to);
	f->responsible = RESPONSIBLE_PATH;
	finding_integer(f, "mtu", d->mtu);
	finding_text(f, "from", from);
	finding_title(f, "%s asks for packets of at most %u bytes towards %s, and the sender obeys", from, d->mtu, to);
	finding_detail(f, "Path MTU discovery works; each connection loses a round trip or more to it.");
	if (d->mtu == PPPOE_MTU)
		finding_cause(f, 0.8, "a PPPoE line behind that router, without MSS clamping", "PPPoE leaves 1492 of 1500 bytes");
	else
		finding_cause(f, 0.6, "a link with a smaller MTU (tunnel, VPN) behind that router, without MSS clamping",
			"it says that %u bytes are the most it can pass on", d->mtu);
	finding_next(f, "Clamp the MSS on that router to spare connections the detour");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	claim_groups(x, "mtu-black-hole", GROUP_BY_SERVICE, each_service, NULL);
	for (struct table_entry *e = table_next(&s->discoveries, NULL); e; e = table_next(&s->discoveries, e))
		tell_discovery(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->discoveries);
}

const struct rule rule_mtu = {
	.codes = { "mtu-black-hole", "mtu-discovery" },
	.spec = "RFC 1191, RFC 8201, RFC 2923",
	.state_size = sizeof(struct state),
	.init = on_init,
	.asked_if = SHOWS_ICMP | SHOWS_UNANSWERED,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
