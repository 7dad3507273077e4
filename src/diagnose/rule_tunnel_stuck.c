/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-stuck: the peer is there, yet the tunnel makes no progress. A later step of the handshake is repeated without
 * an answer (IKE_AUTH in fragments that are dropped, a renewal that stops half-way), a handshake is answered and
 * repeated all the same, or data flows one way only.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_events.h"
#include "diagnose/tunnel_pairs.h"

#define STEP_ATTEMPTS 3
#define RENEWAL_STILL_NS (10 * NS_PER_S)
/* WireGuard answers data within 10 s, if only by a keep-alive; OpenVPN pings every 10 s as usually set up. */
#define ONE_WAY_NS (30 * NS_PER_S)
#define ONE_WAY_PACKETS 5
/* OpenVPN repeats its control messages after 2, 4, 8 s and gives the handshake 60 s. */
#define HANDSHAKE_STILL_NS (10 * NS_PER_S)

/* tinc's renewal of a key: one KEX, and the other end's never comes, until a new session or the end. */
static bool is_renewal(const struct conversation *c)
{
	return c->tunnel->protocol == TUNNEL_TINC && c->tunnel->established && strcmp(c->tunnel->step, "renewal") == 0;
}

/* tinc asks for a new session at most once per 10 s, and is not answered. */
static bool is_session_request(const struct conversation *c)
{
	return c->tunnel->protocol == TUNNEL_TINC && c->tunnel->established && strcmp(c->tunnel->step, "REQ_KEY") == 0;
}

static int64_t renewal_stood_ns(const struct conversation *c)
{
	const struct tunnel *t = c->tunnel;
	int64_t end = t->attempt > 1 ? t->last.at_ns : c->conn->duration_ns;

	return end - t->ref.at_ns;
}

static bool step_repeats(const struct conversation *c)
{
	const struct tunnel *t = c->tunnel;

	if (is_renewal(c))
		return renewal_stood_ns(c) >= RENEWAL_STILL_NS && !c->cannot_tell;
	if (is_session_request(c))
		return t->attempt >= STEP_ATTEMPTS && !c->cannot_tell;
	if (!t->step[0] || t->protocol == TUNNEL_TINC || c->record->proto != 17)
		return false;
	if (t->protocol == TUNNEL_OPENVPN) {
		if (t->established || !t->answers[SIDE_RESP] || t->last.at_ns - t->ref.at_ns < HANDSHAKE_STILL_NS)
			return false;
	}
	return t->attempt >= (t->protocol == TUNNEL_WIREGUARD ? STEP_ATTEMPTS - 1 : STEP_ATTEMPTS);
}

static uint8_t one_way_side(const struct conversation *c)
{
	const struct tunnel *t = c->tunnel;

	if (c->record->proto != 17 || (t->protocol != TUNNEL_WIREGUARD && t->protocol != TUNNEL_OPENVPN))
		return SIDE_NONE;
	for (uint8_t s = 0; s < 2; s++)
		if (t->alone_open[s] && t->alone_pkts[s] >= ONE_WAY_PACKETS && (t->data_pkts[!s] || t->established) &&
			t->alone_last[s].at_ns - t->alone_first[s].at_ns >= ONE_WAY_NS)
			return s;
	return SIDE_NONE;
}

static void claim_step(const struct conversation *c, struct claim *out)
{
	const struct tunnel *t = c->tunnel;

	out->delay_s = when_s(is_renewal(c) ? renewal_stood_ns(c) : t->last.at_ns - t->ref.at_ns);
	out->value = t->attempt;
	snprintf(out->text, sizeof(out->text), "%s", t->step);
	claim_evidence(out, c->tunnel_record, &t->ref, "%s, first sent", t->step);
	if (is_renewal(c))
		claim_evidence(out, c->tunnel_record, &t->last, "a new session ends the wait");
	else
		claim_evidence(
			out, c->tunnel_record, &t->last, "%s, sent %u times without progress", t->step, t->attempt);
}

static void claim_one_way(const struct conversation *c, uint8_t s, struct claim *out)
{
	const struct tunnel *t = c->tunnel;

	out->delay_s = when_s(t->alone_last[s].at_ns - t->alone_first[s].at_ns);
	out->value = t->alone_pkts[s];
	claim_evidence(out, c->tunnel_record, &t->alone_first[s], "data, answered by nothing from here on");
	claim_evidence(out, c->tunnel_record, &t->alone_last[s], "still one way after %u packets", t->alone_pkts[s]);
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	uint8_t s;

	(void)state;
	(void)x;
	if (!c->tunnel || tunnel_is_rejected(c))
		return false;
	s = one_way_side(c);
	if (!step_repeats(c) && s == SIDE_NONE)
		return false;
	out->code = "tunnel-stuck";
	out->number = c->tunnel->protocol;
	out->bytes = c->tunnel->restarts[0] + c->tunnel->restarts[1];
	if (step_repeats(c))
		claim_step(c, out);
	else
		claim_one_way(c, s, out);
	return true;
}

static void explain_renewal(struct finding *f)
{
	finding_detail(f, "One end began to renew the session's key, and the KEX of the other end never came. ");
	finding_cause(f, 0.5, "the other end did not get the request, or is in another state of the handshake",
		"the lengths of the encrypted requests show one KEX only");
	finding_next(f, "Read the log of both ends (debug level 5) for \"SPTPS\" messages at that time");
	finding_next(f, "Restart the tunnel on one end: a new session begins from nothing");
}

static void explain_step(struct finding *f, const struct claim *c)
{
	if (strcmp(c->text, "renewal") == 0) {
		explain_renewal(f);
		return;
	}
	finding_detail(f, "%s was sent %.0f times; the peer had answered the step before it. ", c->text, c->value);
	if (strcmp(c->text, "TLS handshake") == 0) {
		finding_cause(f, 0.5, "the other end does not accept the certificate, and drops the session in silence",
			"it answered until that step, then not even with an ACK");
		finding_cause(f, 0.3, "packets of that size are lost on the way", "the smaller ones before it passed");
		finding_next(f, "Read the log of the other end (verb 4): VERIFY ERROR or TLS_ERROR names the reason");
	} else if (strcmp(c->text, "INFORMATIONAL") == 0) {
		finding_cause(f, 0.5, "the peer is gone, or was restarted and does not know this IKE SA any more",
			"it answered before; such a request only asks whether it lives");
		finding_cause(f, 0.4, "UDP is dropped on the way, or on the way back", "nothing comes back");
		finding_next(
			f, "Restart the connection on this end; a shorter dead peer detection does that by itself");
	} else if (strcmp(c->text, "main mode") == 0) {
		finding_cause(f, 0.5, "the pre-shared keys, or the identities, of both ends differ",
			"the first encrypted step is where that shows; many implementations then say nothing");
		finding_cause(
			f, 0.4, "UDP port 4500 is blocked while port 500 is open", "IKE moves there behind a NAT");
		finding_next(f, "Compare the pre-shared key and the identities; allow UDP 4500 on the way");
	} else if (strcmp(c->text, "IKE_AUTH") == 0) {
		finding_cause(f, 0.5, "fragments are dropped: IKE_AUTH with certificates is larger than one packet",
			"the small first exchange passes, the large second does not");
		finding_cause(
			f, 0.4, "UDP port 4500 is blocked while port 500 is open", "IKE moves there behind a NAT");
		finding_next(f, "Turn on IKE fragmentation (RFC 7383) on both ends, and allow UDP 4500");
	} else {
		finding_cause(f, 0.5, "the answers are lost on the way back, behind this capture",
			"they are sent, and the "
			"handshake starts over");
		finding_cause(f, 0.4, "the peer does not accept what it gets (keys, certificates, clock)",
			"it never goes on to the next step");
	}
	finding_next(f, "Capture on the other end at the same time: which of the messages arrive there?");
}

/* IKE moves from port 500 to 4500, and the refusal may come on the other one. */
static bool is_refused_elsewhere(struct diagnosis_context *x, const struct claim_group *g)
{
	for (struct finding *f = NULL; (f = finding_next_of(x, f, "tunnel-handshake-rejected"));)
		if (addr_equal(&f->subject.client, &g->client) && addr_equal(&f->subject.server, &g->server))
			return true;
	return false;
}

static void each_pair(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *c = g->claims[0];
	const char *name = tunnel_protocol_name((uint8_t)c->number);
	char service[SERVICE_TEXT_SIZE], span[WHEN_TEXT_SIZE];
	struct finding *f;

	(void)arg;
	if (c->number == TUNNEL_IKE && is_refused_elsewhere(x, g))
		return;
	f = finding_of_group(x, g);
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_max(g), span);
	finding_text(f, "protocol", name);
	finding_number(f, "stuck_s", group_delay_max(g));
	finding_integer(f, "restarts", (int64_t)c->bytes);
	if (c->text[0]) {
		finding_title(f, "The %s tunnel with %s is stuck at %s for %s", name, service, c->text, span);
		explain_step(f, c);
		return;
	}
	finding_title(f, "Data of the %s tunnel with %s flows one way only for %s", name, service, span);
	finding_detail(f, "A live peer answers data within seconds, if only by a keep-alive. ");
	finding_cause(f, 0.5, "the peer is gone, or has lost the session's keys", "nothing comes back");
	finding_cause(f, 0.4, "its packets are dropped on the way back", "only one direction can be seen here");
	finding_next(f, "Look on the peer whether the packets arrive, and at the time of its last handshake");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tunnel-stuck", GROUP_BY_CLIENT_SERVICE, each_pair, NULL);
}

const struct rule rule_tunnel_stuck = {
	.codes = {"tunnel-stuck"},
	.spec = "RFC 7296, sections 2.1 and 2.4; RFC 7383; WireGuard, NDSS 2017, section 6",
	.asked_if = SHOWS_TUNNEL,
	.claim = on_claim,
	.finish = on_finish,
};
