/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations that end in silence: silent-after-idle (dead after a pause), peer-vanished (nobody acknowledges any
 * more). Those in which the server only does not answer: rule_unanswered.c.
 */
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/timers.h"

#define IDLE_MIN_S 5.0	  /* a pause after which a stateful device may have forgotten the connection */
#define UNANSWERED_MIN 3  /* sendings of one segment, or keep-alives, that nobody answers */
#define VANISHED_MIN 4	  /* sendings: Linux repeats at 0.2, 0.6, 1.4 s: past that it is no burst of loss */
#define VANISHED_MIN_S 3.0 /* in which three sendings go unanswered: past any round trip */
#define RTTS_MIN 10.0

static void show_sendings(struct claim *out, const struct conversation *c, const struct conn_side *side)
{
	for (uint32_t i = 0; i < side->unanswered && i < 5; i++)
		claim_evidence(out, c->record,
			&(struct frame_ref){ side->unanswered_frames[i], side->unanswered_first_ns, c->record->source },
			i ? "sent again, no answer" : "segment that is never acknowledged");
}

/* The client was waiting for the rest of an answer: the pause is the failure, not what came before it. */
static bool in_mid_answer(const struct conversation *c)
{
	return c->http && c->http->status && c->http->announced_body != UINT64_MAX &&
		c->http->response_body < c->http->announced_body;
}

static bool gone_in_mid_answer(const struct conversation *c, struct claim *out)
{
	out->code = "peer-vanished";
	out->value = c->conn->idle_after_unanswered;
	out->bytes = c->orig->bytes + c->resp->bytes;
	out->delay_s = when_s(c->conn->idle_max_ns);
	claim_evidence(out, c->record, &c->resp->last_packet, "last packet of the server, in the middle of its answer");
	claim_evidence(out, c->record, &c->conn->idle_after, "the client gives up; nothing answers that either");
	return true;
}

static bool claim_after_idle(const struct conversation *c, struct claim *out)
{
	double idle = when_s(c->conn->idle_max_ns);
	enum side who = c->conn->idle_after_side == SIDE_RESP ? SIDE_RESP : SIDE_ORIG;
	const struct conn_side *side = &c->conn->side[who], *peer = &c->conn->side[side_other(who)];

	if (idle < IDLE_MIN_S || idle < RTTS_MIN * c->rtt_s || c->conn->idle_after_unanswered < UNANSWERED_MIN)
		return false;
	if (peer->fin.frame && peer->fin.at_ns <= c->conn->idle_after.at_ns)
		return false; /* the other end had closed: nobody waits for it */
	if (in_mid_answer(c) && who == SIDE_ORIG)
		return gone_in_mid_answer(c, out);
	out->code = "silent-after-idle";
	out->delay_s = idle;
	out->number = side->fin.frame && side->fin.at_ns <= c->conn->idle_after.at_ns;
	out->value = c->conn->idle_after_unanswered;
	claim_evidence(out, c->record, &c->conn->idle_before, "last packet before the pause");
	claim_evidence(out, c->record, &c->conn->idle_after, "first packet after it: no answer to it any more");
	show_sendings(out, c, side);
	return true;
}

static bool is_in_vain(const struct conn_side *side)
{
	double s = when_s(side->unanswered_last_ns - side->unanswered_first_ns);

	return side->unanswered >= VANISHED_MIN || (side->unanswered >= UNANSWERED_MIN && s >= VANISHED_MIN_S);
}

/* Data flowed; in a conversation picked up in the middle the growing gaps between the sendings say that nothing comes back,
 * although the capture holds no packet of the peer. */
static bool worked_before(const struct conversation *c, const struct conn_side *side, const struct conn_side *peer)
{
	if (c->conn->midstream && !peer->pkts)
		return when_s(side->unanswered_last_ns - side->unanswered_first_ns) >= VANISHED_MIN_S;
	return peer->pkts && side->first_data_acked_ns != UNSET;
}

/* The segment that is never acknowledged had waited for the receiver's window: it was full before it fell silent. Leaves
 * how long the sender waited for it in all. */
static void note_full_receiver(const struct conversation *c, enum side side, struct claim *out)
{
	const struct conn_side *sender = &c->conn->side[side];

	for (uint32_t i = 0; i < c->conn->stall_count && i < STALLS_MAX; i++) {
		const struct stall *s = &c->conn->stalls[i];

		if (s->side == side && s->reason == STALL_RECEIVER_WINDOW && s->ref.frame == sender->unanswered_frames[0])
			when_duration(when_s(sender->window_wait_ns + c->conn->side[side_other(side)].zero_window_ns), out->text);
	}
}

/* The window is closed, and then nobody answers the probes either: a receiver that only does not read does answer them. */
static bool claim_probes(const struct conversation *c, struct claim *out)
{
	enum side who = c->conn->idle_after_side == SIDE_RESP ? SIDE_RESP : SIDE_ORIG;
	const struct conn_side *side = &c->conn->side[who], *peer = &c->conn->side[side_other(who)];
	int64_t lasted_ns = side->last_packet.at_ns - c->conn->idle_after.at_ns;

	if (c->conn->idle_after_unanswered < UNANSWERED_MIN || peer->zero_window_open_ns == UNSET || peer->fin.frame ||
		when_s(lasted_ns) < VANISHED_MIN_S || peer->last_packet.at_ns > c->conn->idle_after.at_ns)
		return false;
	out->code = "peer-vanished";
	out->value = c->conn->idle_after_unanswered;
	out->number = (uint16_t)who;
	out->bytes = side->bytes + peer->bytes;
	out->delay_s = when_s(lasted_ns);
	when_duration(when_s(side->window_wait_ns + peer->zero_window_ns), out->text);
	claim_evidence(out, c->record, &peer->last_packet, "last packet of the %s: window 0", who ? "client" : "server");
	claim_evidence(out, c->record, &c->conn->idle_after, "window probe, no answer any more");
	claim_evidence(out, c->record, &side->last_packet, "last probe, no answer");
	return true;
}

/* The peer closed its end, and a pause followed: nobody waits for what is sent after that. */
static bool had_said_goodbye(const struct conn *c, const struct conn_side *peer)
{
	return peer->fin.frame && when_s(c->idle_max_ns) >= IDLE_MIN_S && c->idle_before.at_ns >= peer->fin.at_ns;
}

/* The retransmissions begin before a pause of the kind above: data was flowing. */
static bool claim_vanished(const struct conversation *c, struct claim *out)
{
	for (int s = 0; s < 2; s++) {
		const struct conn_side *side = &c->conn->side[s], *peer = &c->conn->side[1 - s];

		if (!is_in_vain(side) || !worked_before(c, side, peer) || had_said_goodbye(c->conn, peer))
			continue;
		if (peer->last_packet.at_ns > side->unanswered_first_ns && peer->pkts > 1 &&
			when_s(peer->last_packet.at_ns - side->unanswered_first_ns) > 1 + 2 * c->rtt_s)
			continue;
		out->code = "peer-vanished";
		out->value = side->unanswered;
		out->number = (uint16_t)s;
		out->bytes = side->bytes + peer->bytes;
		out->delay_s = when_s(side->unanswered_last_ns - side->unanswered_first_ns);
		note_full_receiver(c, (enum side)s, out);
		claim_evidence(out, c->record, &peer->last_packet, "last packet of the %s%s", s ? "client" : "server",
			out->text[0] ? ", its window nearly closed" : "");
		show_sendings(out, c, side);
		return true;
	}
	return false;
}

/* Keep-alives that had been answered before, or data had, and the last of which nobody answers: they are no pause that a
 * device could have forgotten the connection in. */
static bool claim_keep_alives(const struct conversation *c, struct claim *out)
{
	for (int s = 0; s < 2; s++) {
		const struct conn_side *side = &c->conn->side[s], *peer = &c->conn->side[1 - s];
		uint32_t in_vain = side->keep_alives - side->keep_alives_answered;

		if (side->keep_alives < side->keep_alives_answered + UNANSWERED_MIN || peer->fin.frame || !peer->pkts ||
			side->fin.frame || !worked_before(c, side, peer) || c->resp->zero_window_open_ns != UNSET ||
			c->orig->zero_window_open_ns != UNSET ||
			when_s(side->last_packet.at_ns - peer->last_packet.at_ns) < VANISHED_MIN_S + RTTS_MIN * c->rtt_s)
			continue;
		out->code = "peer-vanished";
		out->value = in_vain;
		out->number = (uint16_t)s;
		out->bytes = side->bytes + peer->bytes;
		out->delay_s = when_s(side->last_packet.at_ns - peer->last_packet.at_ns);
		claim_evidence(out, c->record, &peer->last_packet, "last packet of the %s", s ? "client" : "server");
		claim_evidence(out, c->record, &side->last_packet, "last of %u keep-alives that nobody answers", in_vain);
		if (c->conn->rst_count && c->conn->rsts[0].side == s)
			claim_evidence(out, c->record, &c->conn->rsts[0].ref, "the %s gives up", s ? "server" : "client");
		return true;
	}
	return false;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	if (c->record->proto != 6 || c->cannot_tell)
		return false;
	return claim_probes(c, out) || claim_after_idle(c, out) || claim_vanished(c, out) ||
	       claim_keep_alives(c, out);
}

/* Nobody wanted anything any more but to close: a dead connection that does no harm. */
static bool only_closing(const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++)
		if (!g->claims[i]->number)
			return false;
	return true;
}

static void each_after_idle(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], idle[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), idle);
	finding_number(f, "idle_median_s", group_delay_median(g));
	if (only_closing(g)) {
		f->severity = SEVERITY_NOTE;
		finding_title(f, "Connections to %s are gone when they are closed after a pause of %s (%d)", service, idle, g->count);
		finding_detail(f, "Only the FIN stays unanswered: no request is lost. A device forgot the connection, or the other "
				  "end dropped it without a word.");
		return;
	}
	finding_title(f, "Connections to %s are dead after a pause of %s (%d)", service, idle, g->count);
	finding_detail(f, "The connection worked; after %s of silence every further packet stays unanswered, keep-alives too.",
		idle);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.8, "a stateful firewall, NAT or load balancer forgot the idle connection and drops its packets",
		"it worked before the pause and not at all afterwards; no RST, no ICMP");
	finding_cause(f, 0.15, "the server went away during the pause", "it would look the same if its address is gone");
	if (timer_known_as(group_delay_median(g), TIMER_IDLE))
		finding_detail(f, "The pause is as long as the %s; it need not be that one: the pause only has to be longer than "
				  "the time-out.", timer_known_as(group_delay_median(g), TIMER_IDLE));
	finding_next(f, "Send keep-alives more often than every %s (net.ipv4.tcp_keepalive_time, or the application's)", idle);
	finding_next(f, "Compare with the idle time-outs of the devices on the path; let them reset instead of drop");
}

/* First no room for data, then no sign of life: the host's trouble, not the path's. */
static void explain_full(struct finding *f, const struct claim *c, const char *who, const char *service)
{
	const struct addr *host = c->number ? &c->orig : &c->resp;
	char receiver[ADDR_TEXT_SIZE];

	addr_text(host, receiver);
	f->responsible = c->number ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_text(f, "waited_for_window", c->text);
	finding_title(f, "%s runs full and then vanishes: its receive window closes, then nothing answers (%s, %llu)", receiver,
		service, (unsigned long long)f->count);
	finding_detail(f, "Before that its receive window closed: the sender waited %s for room in all. The network carried the data "
			  "well until then.", c->text);
	finding_cause(f, 0.7, "the receiver ran out of memory or its program stopped reading, and then the host hung, died or left "
			      "the network", "the segment that nobody answers had waited for room in its window");
	finding_cause(f, 0.2, "the path broke just then: a link, a route or a firewall's decision",
		"no FIN, no RST, no ICMP from anybody");
	finding_next(f, "On the %s (%s): its log, memory and queue at that time; does a restart or a smaller job cure it?", who,
		receiver);
	finding_next(f, "ping %s (while it is silent: is the host gone, or only its program?)", receiver);
}

static void each_vanished(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const char *who = g->claims[0]->number ? "client" : "server";
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_integer(f, "bytes", (int64_t)g->claims[0]->bytes);
	finding_integer(f, "attempts", (int64_t)g->claims[0]->value);
	finding_text(f, "vanished", who);
	finding_title(f, "The %s vanished in the middle of conversations with %s (%d)", who, service, g->count);
	finding_detail(f, "Data was flowing; then nothing comes back: %.0f sendings (of the oldest segment, keep-alives, or probes of a closed window) in vain.",
		g->claims[0]->value);
	if (g->claims[0]->text[0]) {
		explain_full(f, g->claims[0], who, service);
		return;
	}
	f->responsible = RESPONSIBLE_PATH;
	finding_cause(f, 0.5, "the path broke: a link, a route or a firewall's decision", "no FIN, no RST, no ICMP from anybody");
	finding_cause(f, 0.4, "the host lost power, crashed or left the network", "a process that ends would send FIN or RST");
	finding_next(f, "Was the %s reachable at that time (ping, its switch port, its own log)?", who);
	finding_next(f, "Look for a route or firewall change at the time of the last packet");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "silent-after-idle", GROUP_BY_SERVICE, each_after_idle, NULL);
	claim_groups(x, "peer-vanished", GROUP_BY_SERVICE, each_vanished, NULL);
}

/* Before the resets: the client's own RST when it gives up is not the failure. */
const struct rule rule_silence = {
	.codes = { "silent-after-idle", "peer-vanished" },
	.spec = "RFC 9293, section 3.8; RFC 1122, section 4.2.3.6",
	.asked_if = SHOWS_UNANSWERED | SHOWS_RST | SHOWS_UNCLOSED,
	.claim = on_claim,
	.finish = on_finish,
};
