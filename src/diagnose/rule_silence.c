/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations that end in silence: silent-after-idle (dead after a pause), peer-vanished (nobody acknowledges any
 * more), stalled-transfer (the answer stops half-way), no-reply (acknowledged and never answered).
 */
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define IDLE_MIN_S 5.0	  /* a pause after which a stateful device may have forgotten the connection */
#define UNANSWERED_MIN 3  /* sendings of one segment, or keep-alives, that nobody answers */
#define VANISHED_MIN 4	  /* sendings: Linux repeats at 0.2, 0.6, 1.4 s: past that it is no burst of loss */
#define VANISHED_MIN_S 3.0 /* in which three sendings go unanswered: past any round trip */
#define NO_REPLY_MIN_S 3.0
#define STALLED_MIN_S 5.0
#define RTTS_MIN 10.0
#define SMALL_ASK 16384 /* sent at once: what follows much later (close_notify) is no part of the request */

/* The offset at which it became clear: the last event of either side, or the end of the capture while it was open. */
static double waited_since(const struct conversation *c, int64_t from_ns)
{
	int64_t until = c->conn->duration_ns;

	if (c->conn->end_reason == CONN_END_OPEN)
		until = c->record->emitted_ns - c->record->ts_ns;
	if (c->orig->fin.frame && c->orig->fin.at_ns > from_ns)
		until = c->orig->fin.at_ns;
	else if (c->conn->rst_count && c->conn->rsts[0].side == SIDE_ORIG && c->conn->rsts[0].ref.at_ns > from_ns)
		until = c->conn->rsts[0].ref.at_ns;
	return when_s(until - from_ns);
}

static void show_sendings(struct claim *out, const struct conversation *c, const struct conn_side *side)
{
	for (uint32_t i = 0; i < side->unanswered && i < 5; i++)
		claim_evidence(out, c->record,
			&(struct frame_ref){ side->unanswered_frames[i], side->unanswered_first_ns, c->record->source },
			i ? "sent again, no answer" : "segment that is never acknowledged");
}

static bool claim_after_idle(const struct conversation *c, struct claim *out)
{
	double idle = when_s(c->conn->idle_max_ns);
	const struct conn_side *side = &c->conn->side[c->conn->idle_after_side == SIDE_RESP ? SIDE_RESP : SIDE_ORIG];

	if (idle < IDLE_MIN_S || idle < RTTS_MIN * c->rtt_s || c->conn->idle_after_unanswered < UNANSWERED_MIN)
		return false;
	out->code = "silent-after-idle";
	out->delay_s = idle;
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

/* The retransmissions begin before a pause of the kind above: data was flowing. */
static bool claim_vanished(const struct conversation *c, struct claim *out)
{
	for (int s = 0; s < 2; s++) {
		const struct conn_side *side = &c->conn->side[s], *peer = &c->conn->side[1 - s];

		if (!is_in_vain(side) || !peer->pkts || side->first_data_acked_ns == UNSET)
			continue;
		if (peer->last_packet.at_ns > side->unanswered_first_ns && peer->pkts > 1 &&
			when_s(peer->last_packet.at_ns - side->unanswered_first_ns) > 1 + 2 * c->rtt_s)
			continue;
		out->code = "peer-vanished";
		out->value = side->unanswered;
		out->number = (uint16_t)s;
		out->bytes = side->bytes + peer->bytes;
		out->delay_s = when_s(side->unanswered_last_ns - side->unanswered_first_ns);
		claim_evidence(out, c->record, &peer->last_packet, "last packet of the %s", s ? "client" : "server");
		show_sendings(out, c, side);
		return true;
	}
	return false;
}

static bool healthy_path(const struct conversation *c)
{
	return c->orig->zero_window_open_ns == UNSET && !c->orig->gap_tail && !c->resp->gap_tail &&
		c->resp->unanswered < UNANSWERED_MIN && c->orig->unanswered < UNANSWERED_MIN;
}

/* An answer whose announced length never came. */
static bool claim_stalled(const struct conversation *c, struct claim *out)
{
	double s;

	if (!c->http || !c->http->status || c->http->announced_body == UINT64_MAX ||
		c->http->response_body >= c->http->announced_body || c->conn->first_fin == SIDE_RESP ||
		(c->conn->rst_count && c->conn->rsts[0].side == SIDE_RESP) || !healthy_path(c))
		return false;
	s = waited_since(c, c->resp->last_data.at_ns);
	if (s < STALLED_MIN_S || s < RTTS_MIN * c->rtt_s)
		return false;
	out->code = "stalled-transfer";
	out->delay_s = s;
	out->bytes = c->resp->bytes;
	claim_evidence(out, c->http_record, &c->http->request, "request");
	claim_evidence(out, c->record, &c->resp->last_data, "last data of the server");
	claim_evidence(out, c->record, &c->orig->fin, "the client gives up");
	return true;
}

static bool claim_no_reply(const struct conversation *c, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;
	double s;

	if (c->record->proto != 6 || c->conn->pending != SIDE_ORIG || !t->ask.frame || t->answer.frame || !t->acked.frame ||
		!c->conn->handshake_ack.frame || !healthy_path(c) || c->conn->first_fin == SIDE_RESP)
		return false;
	s = waited_since(c, t->ask_bytes > SMALL_ASK ? t->ask_last.at_ns : t->ask.at_ns);
	if (s < NO_REPLY_MIN_S || s < RTTS_MIN * c->rtt_s)
		return false;
	if (c->conn->end_reason == CONN_END_OPEN && !c->orig->fin.frame)
		return false; /* nobody gave up: the capture may just end here */
	out->code = "no-reply";
	out->delay_s = s;
	claim_evidence(out, c->record, &t->ask, "request");
	claim_evidence(out, c->record, &t->acked, "its acknowledgement");
	claim_evidence(out, c->record, &c->orig->fin, "the client gives up");
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	if (c->record->proto != 6 || c->cannot_tell)
		return false;
	return claim_after_idle(c, out) || claim_vanished(c, out);
}

static bool on_claim_unanswered(void *state, struct diagnosis_context *x, const struct conversation *c,
	struct claim *out)
{
	(void)state;
	(void)x;
	return c->record->proto == 6 && !c->cannot_tell && (claim_stalled(c, out) || claim_no_reply(c, out));
}

static void each_after_idle(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], idle[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), idle);
	finding_number(f, "idle_median_s", group_delay_median(g));
	finding_title(f, "Connections to %s are dead after a pause of %s (%d)", service, idle, g->count);
	finding_detail(f, "The connection worked; after %s of silence every further packet stays unanswered, keep-alives too.",
		idle);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.8, "a stateful firewall, NAT or load balancer forgot the idle connection and drops its packets",
		"it worked before the pause and not at all afterwards; no RST, no ICMP");
	finding_cause(f, 0.15, "the server went away during the pause", "it would look the same if its address is gone");
	finding_next(f, "Send keep-alives more often than every %s (net.ipv4.tcp_keepalive_time, or the application's)", idle);
	finding_next(f, "Compare with the idle time-outs of the devices on the path; let them reset instead of drop");
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
	finding_detail(f, "Data was flowing; then nothing comes back, and the oldest segment is sent %.0f times in vain.",
		g->claims[0]->value);
	f->responsible = RESPONSIBLE_PATH;
	finding_cause(f, 0.5, "the path broke: a link, a route or a firewall's decision", "no FIN, no RST, no ICMP from anybody");
	finding_cause(f, 0.4, "the host lost power, crashed or left the network", "a process that ends would send FIN or RST");
	finding_next(f, "Was the %s reachable at that time (ping, its switch port, its own log)?", who);
	finding_next(f, "Look for a route or firewall change at the time of the last packet");
}

static void each_stalled(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], waited[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), waited);
	finding_number(f, "waited_median_s", group_delay_median(g));
	finding_integer(f, "bytes", (int64_t)g->claims[0]->bytes);
	finding_integer(f, "retries", g->count - 1);
	finding_title(f, "%s starts to answer and then sends nothing more (%d)", service, g->count);
	finding_detail(f, "No loss and no closed window: the server just stops; the client waits %s.", waited);
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.7, "the server's program hangs in the middle of the answer", "its kernel goes on to acknowledge");
	finding_cause(f, 0.2, "a proxy before it waits for a server behind it", "it would stall in the same way");
	finding_next(f, "Server: what does the process do at that moment (stack, disk, backend)?");
}

static void each_no_reply(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], waited[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), waited);
	finding_number(f, "waited_median_s", group_delay_median(g));
	finding_integer(f, "retries", g->count - 1);
	finding_title(f, "%s acknowledges requests and never answers them (%d, given up after %s)", service, g->count, waited);
	finding_detail(f, "The request arrives (TCP acknowledges it), no answer follows, and the client gives up.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.7, "the server's program, or what it waits for (database, backend), does not answer",
		"the handshake and the acknowledgement show that host and path work");
	finding_next(f, "Server: its log and its backends at that time; does the same request hang locally?");
	finding_next(f, "Client: its time-out is %s; a longer one only helps if the answer does come", waited);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "silent-after-idle", GROUP_BY_SERVICE, each_after_idle, NULL);
	claim_groups(x, "peer-vanished", GROUP_BY_SERVICE, each_vanished, NULL);
}

static void on_finish_unanswered(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "stalled-transfer", GROUP_BY_SERVICE, each_stalled, NULL);
	claim_groups(x, "no-reply", GROUP_BY_SERVICE, each_no_reply, NULL);
}

/* Before the resets: the client's own RST when it gives up is not the failure. */
const struct rule rule_silence = {
	.codes = { "silent-after-idle", "peer-vanished" },
	.spec = "RFC 9293, section 3.8; RFC 1122, section 4.2.3.6",
	.claim = on_claim,
	.finish = on_finish,
};

/* After them. */
const struct rule rule_unanswered = {
	.codes = { "stalled-transfer", "no-reply" },
	.spec = "RFC 9293, section 3.8",
	.claim = on_claim_unanswered,
	.finish = on_finish_unanswered,
};
