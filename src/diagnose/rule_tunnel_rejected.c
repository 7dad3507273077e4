/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-handshake-rejected: a tunnel's handshake is answered and then refused, or given up, at the same step each
 * time. tinc says nothing on the wire when a signature does not fit: its connection just stops after the SIG records
 * and a new one is made, 5 s later, then 10 s, and so on.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_events.h"
#include "diagnose/tunnel_pairs.h"

/* A handshake that has stood still for this long is given up: tinc's and OpenVPN's steps take round trips only. */
#define GIVEN_UP_NS (4 * NS_PER_S)

/* A client of OpenVPN that starts over sooner has been refused, or refuses; 60 s is its patience with silence. */
#define START_OVER_NS (55 * NS_PER_S)
#define HELLOS_KEPT 256

/* A hard reset of OpenVPN. */
struct hello {
	struct addr client, server;
	uint16_t port;
	int64_t at_ns;
	char uid[20];
};

struct rejected_state {
	struct table events;
	struct table stopped;		  /* struct stopped_key: somebody stopped at that step before */
	struct hello hellos[HELLOS_KEPT]; /* the last ones */
	uint32_t hello_count;
};

struct stopped_key {
	struct addr client, server;
	uint16_t port, pad[3];
	char step[32];
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct rejected_state *s = state;

	(void)x;
	tunnel_events_init(&s->events);
	table_init(&s->stopped, sizeof(struct stopped_key), sizeof(int64_t), 4096);
}

static void keep_hello(struct rejected_state *s, const struct record *r)
{
	struct hello *h = &s->hellos[s->hello_count++ % HELLOS_KEPT];

	*h = (struct hello){
		.client = r->orig_h, .server = r->resp_h, .port = r->resp_p, .at_ns = r->ts_ns + r->tunnel.ref.at_ns};
	text_copy(h->uid, sizeof(h->uid), record_uid(r));
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_events_take(&((struct rejected_state *)state)->events, r, 1u << TUNNEL_REJECTED);
	if (r->kind == RECORD_TUNNEL && r->tunnel.event == TUNNEL_HELLO && r->tunnel.protocol == TUNNEL_OPENVPN)
		keep_hello(state, r);
}

/* Who answers the last step in the wrong way: the other one than its sender. */
static uint8_t refuser(const struct conversation *c, const struct tunnel_trouble *t)
{
	const struct tunnel *said = t ? &t->first.tunnel : c->tunnel;

	if (t && t->first.tunnel.reason[0])
		return t->first.tunnel.side;
	if (strcmp(said->step, "authentication") == 0)
		return SIDE_RESP; /* whoever closes: the client has been told that it may not */
	if (c->conn->first_fin < SIDE_NONE)
		return c->conn->first_fin;
	if (c->conn->rst_count)
		return c->conn->rsts[0].side;
	return c->tunnel->side == SIDE_ORIG ? SIDE_RESP : SIDE_ORIG;
}

static bool closed(const struct conversation *c)
{
	return c->conn->first_fin < SIDE_NONE || c->conn->rst_count;
}

static bool starts_over(const struct rejected_state *s, const struct record *conn)
{
	for (uint32_t i = 0; i < s->hello_count && i < HELLOS_KEPT; i++) {
		const struct hello *h = &s->hellos[i];

		if (addr_equal(&h->client, &conn->orig_h) && addr_equal(&h->server, &conn->resp_h) &&
			h->port == conn->resp_p && h->at_ns > conn->ts_ns && h->at_ns <= conn->ts_ns + START_OVER_NS &&
			strcmp(h->uid, record_uid(conn)) != 0)
			return true;
	}
	return false;
}

static struct stopped_key stopped_key(const struct conversation *c)
{
	struct stopped_key k;

	memset(&k, 0, sizeof(k));
	k.client = c->record->orig_h;
	k.server = c->record->resp_h;
	k.port = c->record->resp_p;
	text_copy(k.step, sizeof(k.step), c->tunnel->step);
	return k;
}

/* The second one at that step counts even when the capture ends right behind it. */
static bool stopped_before(const struct rejected_state *s, const struct conversation *c)
{
	struct stopped_key k = stopped_key(c);

	return table_find(&s->stopped, &k) != NULL;
}

static void keep_stopped(struct rejected_state *s, const struct conversation *c)
{
	struct stopped_key k = stopped_key(c);

	table_add(&s->stopped, &k);
}

/* OpenVPN over UDP: answered, and the client begins anew from another port instead of going on. */
static bool openvpn_stopped(struct rejected_state *s, const struct conversation *c)
{
	const struct tunnel *t = c->tunnel;

	if (t->protocol != TUNNEL_OPENVPN || c->record->proto != 17 || !t->answers[SIDE_RESP] ||
		(strcmp(t->step, "TLS handshake") != 0 && strcmp(t->step, "authentication") != 0))
		return false;
	return starts_over(s, c->record) || stopped_before(s, c);
}

/* tinc: an ID line is answered by nothing but the end of the connection. */
static bool tinc_unwanted(const struct conversation *c)
{
	bool closed = c->conn->first_fin == SIDE_RESP ||
		      (c->conn->first_fin == SIDE_NONE && c->conn->rst_count && c->conn->rsts[0].side == SIDE_RESP);

	return c->tunnel->protocol == TUNNEL_TINC && c->record->proto == 6 && c->tunnel->hellos[SIDE_ORIG] && closed &&
	       !c->tunnel->answers[SIDE_RESP] && !c->resp->bytes && !c->cannot_tell;
}

/* tinc: both have named themselves, no encrypted record came from both. */
static bool tinc_stopped(struct rejected_state *s, const struct conversation *c)
{
	int64_t still = c->record->emitted_ns - c->record->ts_ns - c->conn->duration_ns;

	if (c->tunnel->protocol != TUNNEL_TINC || c->record->proto != 6 || !c->tunnel->step[0])
		return false;
	if (!c->tunnel->hellos[SIDE_ORIG] || !c->tunnel->answers[SIDE_RESP] || c->cannot_tell)
		return false;
	return stopped_before(s, c) || closed(c) || still >= GIVEN_UP_NS;
}

static void tell_steps(struct claim *out, const struct conversation *c)
{
	const struct conn *n = c->conn;

	for (uint32_t i = 0; i < n->key_frame_count && i < KEY_FRAMES_MAX; i++)
		if (n->key_frames[i].label[0] && out->evidence_count < CLAIM_EVIDENCE_MAX - 2)
			claim_evidence(out, c->record, &n->key_frames[i].ref, "%s", n->key_frames[i].label);
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	struct rejected_state *s = state;
	const struct tunnel_trouble *t = tunnel_events_of(&s->events, c->record);
	const struct tunnel *said = t ? &t->first.tunnel : c->tunnel;

	(void)x;
	if (!c->tunnel || c->tunnel->established ||
		(!t && !tinc_stopped(s, c) && !openvpn_stopped(s, c) && !tinc_unwanted(c)))
		return false;
	keep_stopped(s, c);
	out->code = "tunnel-handshake-rejected";
	out->value = t && t->count > 1 ? t->count : 1;
	out->number = refuser(c, t);
	snprintf(out->text, sizeof(out->text), "%u %s%s%s", c->tunnel->protocol, said->step,
		said->reason[0] ? ": " : "", said->reason);
	tell_steps(out, c);
	if (t)
		claim_evidence(out, &t->first, &said->ref, "refused%s%s", said->reason[0] ? ": " : "", said->reason);
	else
		claim_evidence(out, c->record, &c->tunnel->last, "%s: the last step, nothing follows", said->step);
	if (c->conn->first_fin < SIDE_NONE)
		claim_evidence(out, c->record, &c->conn->side[c->conn->first_fin].fin, "closed");
	return true;
}

/* "0 SIG" as made above. */
static uint8_t protocol_of(const struct claim *c)
{
	return (uint8_t)(c->text[0] - '0');
}

static const char *step_of(const struct claim *c)
{
	return c->text + 2;
}

static void explain_tinc(struct finding *f, const char *step, const char *who)
{
	if (strncmp(step, "SIG", 3) == 0) {
		finding_detail(
			f, "ID lines and KEX records of both ends are right; after the signatures nothing follows. ");
		finding_cause(
			f, 0.85, "a wrong or outdated public key of the peer", "%s does not accept the signature", who);
		finding_next(f,
			"On %s compare the Ed25519PublicKey in the peer's host file with the peer's own key "
			"(tinc export on the peer)",
			who);
		finding_next(f, "Its log says \"Failed to verify SIG\" at that time");
		return;
	}
	finding_detail(f, "Both ends name themselves, then the connection ends before the keys are exchanged. ");
	finding_cause(f, 0.6, "the end that closes does not know the name of the peer, or does not allow it",
		"tinc closes after the ID line when there is no host file");
	finding_next(
		f, "Read the log of %s: \"unknown identity\" or \"had unknown node\" name the missing host file", who);
}

static void explain(struct finding *f, const struct claim *c, const char *who)
{
	const char *step = step_of(c);

	switch (protocol_of(c)) {
	case TUNNEL_TINC:
		explain_tinc(f, step, who);
		break;
	case TUNNEL_OPENVPN:
		if (strcmp(step, "authentication") == 0) {
			finding_detail(f, "The TLS handshake inside is over; the session ends before any data. ");
			finding_cause(f, 0.8, "the server does not accept the user name or password, or has no address for it",
				"AUTH_FAILED is encrypted; the client ends right after it");
			finding_next(f, "Read the client's log for AUTH_FAILED, and what the server's log says at that time");
			break;
		}
		finding_detail(f,
			"The hard reset is answered; then %s breaks the TLS handshake inside off and begins anew. ",
			who);
		finding_cause(f, 0.8, "it does not accept the other end's certificate or TLS parameters", "%s", step);
		finding_next(f, "Read the log of both ends (verb 4): VERIFY ERROR and TLS_ERROR name the reason");
		break;
	default:
		finding_detail(f, "The peer is there and answers, but does not agree. ");
		finding_cause(f, 0.8,
			strstr(step, "IKE_AUTH") ? "the proof of identity, or the traffic selectors, do not fit"
						 : "the proposals of both ends have nothing in common",
			"%s", step);
		finding_next(f,
			"Compare the IKE and ESP proposals, identities and keys of both ends; the log of %s names the "
			"reason",
			who);
		break;
	}
}

static void each_pair(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *c = g->claims[0];
	uint64_t attempts = 0;
	char who[ADDR_TEXT_SIZE], service[SERVICE_TEXT_SIZE];
	struct finding *f;

	(void)arg;
	for (int i = 0; i < g->count; i++)
		attempts += (uint64_t)g->claims[i]->value;
	f = finding_of_group(x, g);
	addr_text(c->number == SIDE_ORIG ? &c->orig : &c->resp, who);
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "protocol", tunnel_protocol_name(protocol_of(c)));
	finding_text(f, "step", step_of(c));
	finding_integer(f, "attempts", (int64_t)attempts);
	f->responsible = c->number == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_title(f, "The %s handshake with %s is refused by %s at the same step (%s), %llu time%s",
		tunnel_protocol_name(protocol_of(c)), service, who, step_of(c), (unsigned long long)attempts,
		attempts == 1 ? "" : "s");
	explain(f, c, who);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tunnel-handshake-rejected", GROUP_BY_CLIENT_SERVICE, each_pair, NULL);
}

static void on_free(void *state)
{
	struct rejected_state *s = state;

	table_free(&s->events);
	table_free(&s->stopped);
}

const struct rule rule_tunnel_rejected = {
	.codes = {"tunnel-handshake-rejected"},
	.spec = "tinc 1.1 manual, section 7.4; RFC 7296, section 2.21; draft-openvpn-wire-protocol",
	.state_size = sizeof(struct rejected_state),
	.init = on_init,
	.kinds = 1u << RECORD_TUNNEL,
	.record = on_record,
	.asked_if = SHOWS_TUNNEL,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
