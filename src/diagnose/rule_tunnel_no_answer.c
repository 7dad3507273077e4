/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-no-answer: handshake initiations repeat and nobody answers. WireGuard sends one every 5 s for 90 s, OpenVPN
 * after 1, 2, 4 s and so on, IKE after 4, 11.2, 24.2 s (strongSwan); tinc's ID line stays alone.
 */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_events.h"
#include "diagnose/tunnel_pairs.h"

#define ATTEMPTS_MIN 3
/* tinc waits this long for an answer to its ID line (PingTimeout). */
#define ID_WAIT_NS (5 * NS_PER_S)

static bool id_line_unanswered(const struct conversation *c)
{
	return c->record->proto == 6 && c->tunnel->hellos[SIDE_ORIG] && !c->tunnel->answers[SIDE_RESP] &&
	       !c->resp->bytes && !c->cannot_tell && !c->conn->rst_count && c->conn->first_fin != SIDE_RESP &&
	       c->record->emitted_ns - c->record->ts_ns >= ID_WAIT_NS;
}

/* The side whose initiations stay unanswered; SIDE_NONE. */
static uint8_t unanswered_side(const struct conversation *c)
{
	const struct tunnel *t = c->tunnel;

	for (uint8_t s = 0; s < 2; s++)
		if (t->unanswered[s] && t->unanswered_open[s] &&
			(t->unanswered[s] >= ATTEMPTS_MIN || (!t->established && !t->answers[!s] && !t->hellos[!s])))
			return s;
	return SIDE_NONE;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct tunnel *t = c->tunnel;
	uint8_t s;

	(void)state;
	(void)x;
	if (!t || tunnel_is_rejected(c))
		return false;
	if (c->record->proto == 6 ? !id_line_unanswered(c) : (s = unanswered_side(c)) == SIDE_NONE)
		return false;
	if (c->record->proto == 6)
		s = SIDE_ORIG;
	out->code = "tunnel-no-answer";
	out->value = t->unanswered[s];
	out->number = t->protocol;
	out->bytes = t->established || t->data_pkts[!s]; /* it worked before */
	out->delay_s = when_s(t->unanswered_last[s].at_ns - t->unanswered_first[s].at_ns);
	claim_evidence(out, c->tunnel_record, &t->unanswered_first[s], "first handshake initiation without an answer");
	claim_evidence(out, c->tunnel_record, &t->unanswered_last[s], "last of %u", t->unanswered[s]);
	return true;
}

static void explain(struct finding *f, const struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *c = g->claims[0];
	bool worked = c->bytes;

	if (c->number == TUNNEL_WIREGUARD)
		finding_cause(f, worked ? 0.2 : 0.4, "the peer does not know this key (wrong public key on either end)",
			"WireGuard drops what it cannot verify in silence");
	finding_cause(f, worked ? 0.5 : 0.4, "UDP is dropped on the way, or on the way back",
		"neither an answer nor ICMP comes back");
	finding_cause(f, worked ? 0.4 : 0.3, "the peer is down, or its tunnel is not running",
		worked ? "it answered before"
		       : "a running host without the service would usually send ICMP port unreachable");
	if (x->capture_filtered)
		finding_against(f, "the capture was filtered: an ICMP answer would perhaps not be in it");
	finding_against(f, "a wrong key, an unknown peer and filtered UDP look the same from here");
	finding_next(f, "Capture on the peer: tcpdump -ni any 'port %u' (do the initiations arrive?)", g->port);
	if (c->number == TUNNEL_WIREGUARD)
		finding_next(f, "They arrive: compare \"wg show\" on both ends, each must list the other's public key");
	else
		finding_next(f, "They arrive: read the log of the tunnel on the peer");
	finding_next(f, "They do not: look for a firewall or NAT between that drops UDP port %u", g->port);
}

static void each_pair(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	char service[SERVICE_TEXT_SIZE], span[WHEN_TEXT_SIZE];
	const char *name = tunnel_protocol_name((uint8_t)g->claims[0]->number);
	uint64_t attempts = 0;
	struct finding *f;

	(void)arg;
	for (int i = 0; i < g->count; i++)
		attempts += (uint64_t)g->claims[i]->value;
	if (attempts < ATTEMPTS_MIN && g->claims[0]->proto != 6)
		return;
	f = finding_of_group(x, g);
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_max(g), span);
	finding_text(f, "protocol", name);
	finding_integer(f, "attempts", (int64_t)attempts);
	finding_title(f, "%s does not answer %s handshakes: %llu attempt%s in vain", service, name,
		(unsigned long long)attempts, attempts == 1 ? "" : "s");
	finding_detail(f, "The initiation is repeated for up to %s; no answer and no ICMP comes back. ", span);
	explain(f, x, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tunnel-no-answer", GROUP_BY_CLIENT_SERVICE, each_pair, NULL);
}

const struct rule rule_tunnel_no_answer = {
	.codes = {"tunnel-no-answer"},
	.spec = "WireGuard, NDSS 2017, section 6.4; RFC 7296, section 2.4; tinc 1.1 manual: PingTimeout",
	.asked_if = SHOWS_TUNNEL,
	.claim = on_claim,
	.finish = on_finish,
};
