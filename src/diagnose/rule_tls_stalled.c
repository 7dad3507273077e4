/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshakes that end in silence or in a shrug: tls-handshake-stalled (somebody owes the next message),
 * tls-handshake-abandoned (the client gives up), tls-encrypted-alert (TLS 1.3: a refusal inferred from record sizes).
 */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule_tls.h"
#include "dissectors/tls_names.h"

#define STALLED_MIN_S 3.0
#define STALLED_RTTS 10.0
/* Less is no patience that ran out: browsers race connections and cancel those that they need no more. */
#define UNREAD_MIN 3	  /* given up so often, */
#define UNREAD_MIN_S 1.0  /* after so long, */
#define UNREAD_SPREAD 0.1 /* each time: a time-out of the client's */
#define GIVES_UP_MIN_S 0.5

static bool claim_inferred(const struct conversation *c, struct claim *out)
{
	if (!c->tls->inferred_refusal)
		return false;
	out->code = "tls-encrypted-alert";
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_CLIENT_FINISHED], "client's Finished");
	claim_evidence(out, c->tls_record, &c->tls->inferred_ref, "record of the size of an alert, from the server");
	return true;
}

/* close_notify and user_canceled are how a client says that it gives up; warnings end nothing, and what answers a FIN
 * does neither. */
static bool ended_by_alert(const struct conversation *c)
{
	const struct tls *t = c->tls;

	for (uint32_t i = 0; i < t->alert_count && i < TLS_ALERTS_MAX; i++) {
		const struct tls_alert_seen *a = &t->alerts[i];
		bool readable = !a->encrypted || a->decrypted, farewell = readable && (a->code == 0 || a->code == 90);

		if (tls_closed_before(c, side_other((enum side)a->side), a->ref.at_ns))
			continue;
		if ((!readable || a->level == 2) && !farewell)
			return true;
		if (farewell && a->side != t->client)
			return true;
	}
	return false;
}

static bool is_whole(const struct conversation *c)
{
	return !c->cannot_tell && !c->conn->midstream && !c->conn->cut_frames && !c->conn->gap_bytes[0] &&
		!c->conn->gap_bytes[1] && !c->tls->handshake_cut && tls_all_acknowledged(c);
}

static bool is_unfinished(const struct conversation *c)
{
	const struct tls *t = c->tls;

	return !t->dtls && !t->quic && t->at[TLS_CLIENT_HELLO].frame && t->stage < TLS_ESTABLISHED &&
		!t->answered_with[0] && !t->app_data[0].frame && !t->app_data[1].frame && !ended_by_alert(c);
}

/* A part of its first record suffices. */
static bool has_server_begun(const struct conversation *c)
{
	const struct conn_side *server = &c->conn->side[side_other(tls_client_side(c))];
	const struct frame_ref *fin = &c->conn->side[tls_client_side(c)].fin;

	if (!server->bytes || tls_server_spoke_before(c))
		return false;
	return !fin->frame || conn_was_before(c->conn, side_other(tls_client_side(c)), server->first_data.at_ns, fin->at_ns);
}

/* In 1.3 the messages are hidden, but who spoke last is not, nor whether the server's flight had begun. */
static bool client_owes_13(const struct conversation *c)
{
	const struct tls *t = c->tls;
	enum side client = tls_client_side(c), server = side_other(client);

	if (t->at[TLS_HELLO_RETRY].frame && !t->at[TLS_SERVER_HELLO].frame)
		return t->client_hellos < 2;
	if (t->ends_in_record[server] || (t->decrypted && t->stage < TLS_SERVER_FINISHED))
		return false;
	return t->stage >= TLS_SERVER_HELLO && (t->decrypted || t->hidden_records[server]) && !t->hidden_records[client];
}

/* After the server's flight the client owes its own; after the client's Finished the server does. */
static enum side who_owes(const struct conversation *c)
{
	const struct tls *t = c->tls;
	enum side client = tls_client_side(c);
	bool client_does;

	if (tls_version_is_13(t->version))
		client_does = client_owes_13(c);
	else
		client_does = t->stage >= TLS_SERVER_HELLO_DONE && t->stage != TLS_CLIENT_FINISHED;
	return client_does ? client : side_other(client);
}

/* Up to whose close; NULL: nobody closed. */
static const struct frame_ref *closed_by(const struct conversation *c, enum side s)
{
	const struct rst_seen *rst = tls_first_rst(c, s);

	if (c->conn->side[s].fin.frame)
		return &c->conn->side[s].fin;
	return rst ? &rst->ref : NULL;
}

static int64_t first_close(const struct conversation *c)
{
	int64_t until = c->record->emitted_ns - c->record->ts_ns;

	for (int s = 0; s < 2; s++) {
		const struct frame_ref *end = closed_by(c, (enum side)s);

		if (end && end->at_ns < until)
			until = end->at_ns;
	}
	return until;
}

static int64_t later_of(int64_t last, const struct frame_ref *ref, int64_t shift, int64_t until)
{
	int64_t at = ref->at_ns + shift;

	return ref->frame && at <= until && at > last ? at : last;
}

/* From the last thing that was said before the first close; the last message stands for data that came later. */
static double silence(const struct conversation *c)
{
	int64_t until = first_close(c), shift = c->tls_record->ts_ns - c->record->ts_ns, last = 0;

	for (int s = 0; s < 2; s++)
		last = later_of(last, &c->conn->side[s].last_data, 0, until);
	for (int i = 0; i < TLS_STAGES; i++)
		last = later_of(last, &c->tls->at[i], shift, until);
	return when_s(until - last);
}

static void fill(struct claim *out, const struct conversation *c, double waited)
{
	enum side client = tls_client_side(c), server = side_other(client);
	const struct frame_ref *end = closed_by(c, client);

	out->delay_s = waited;
	out->number = c->tls->stage;
	out->value = who_owes(c) != client;
	out->bytes = has_server_begun(c);
	tls_claim_hello(out, c);
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_HELLO_RETRY], "HelloRetryRequest");
	claim_evidence(out, c->tls_record, &c->tls->at[TLS_SERVER_HELLO], "ServerHello");
	if (has_server_begun(c))
		claim_evidence(out, c->record, &c->conn->side[server].last_data, "last data of the server");
	if (end)
		claim_evidence(out, c->record, end, "the client gives up");
	else if ((end = closed_by(c, server)))
		claim_evidence(out, c->record, end, "the server closes");
}

static bool waited_too_long(const struct conversation *c, double waited)
{
	if (tls_seems_forgotten(c, waited))
		return false;
	return has_server_begun(c) && waited >= STALLED_MIN_S && waited >= STALLED_RTTS * c->rtt_s;
}

/* The client's own RST before the server has said a word: it looks like the rest of what the client sends. */
static bool client_reset_first(const struct conversation *c)
{
	const struct rst_seen *rst = tls_first_rst(c, tls_client_side(c));
	const struct conn_side *client = &c->conn->side[tls_client_side(c)];

	return rst && c->conn->first_fin == SIDE_NONE && !has_server_begun(c) && rst->ttl == client->ttl && !rst->data_continues &&
	       (rst->seq_delta == 0 || rst->seq_delta == UNSET_DELTA) && mac_equal(&rst->mac, &client->mac);
}

/* Any other RST may be a device's: see the rules about resets. */
static bool client_closed_first(const struct conversation *c)
{
	if (tls_first_rst(c, side_other(tls_client_side(c))))
		return false;
	return client_reset_first(c) || c->conn->first_fin == tls_client_side(c);
}

/* Before anything came that it could dislike. */
static bool is_cancelled(const struct conversation *c, double waited)
{
	return who_owes(c) != tls_client_side(c) && waited < GIVES_UP_MIN_S;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	double waited;

	(void)state;
	(void)x;
	if (!c->tls)
		return false;
	if (claim_inferred(c, out))
		return true;
	if (!is_unfinished(c) || !is_whole(c))
		return false;
	waited = silence(c);
	if (waited_too_long(c, waited))
		out->code = "tls-handshake-stalled";
	else if (client_closed_first(c) && !is_cancelled(c, waited))
		out->code = "tls-handshake-abandoned";
	else
		return false;
	fill(out, c, waited);
	return true;
}

static const char *side_word(double server)
{
	return server > 0 ? "server" : "client";
}

static void each_stalled(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];
	const char *stage = tls_stage_name((uint8_t)first->number);
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE], longest[WHEN_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_max(g), longest);
	finding_text(f, "stage", stage);
	finding_text(f, "owes_next", side_word(first->value));
	finding_number(f, "waited_max_s", group_delay_max(g));
	finding_title(f, "TLS handshakes with %s stop after %s; the %s owes the next message (%d)", service,
		stage ? stage : "?", side_word(first->value), g->count);
	finding_detail(f, "Nothing more comes for up to %s.", longest);
	f->responsible = first->value <= 0 ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_cause(f, 0.5, "the side that owes the next message hangs", "the other side has said all it could");
	finding_cause(f, 0.3, "its message is lost on the way, again and again",
		"large flights vanish where an MTU is wrong: compare with mtu-black-hole");
	finding_next(f, "Capture on the other side too: does it send a message that does not get here?");
}

static const char *whose_turn(const struct claim *first)
{
	if (first->number < TLS_HELLO_RETRY)
		return "It closes before the server has answered its ClientHello.";
	return first->value > 0 ? "It closes while it is the server's turn, without an alert." :
				  "It closes after the server's flight, without an alert.";
}

/* Browsers race connections and cancel; where the same client succeeds otherwise, nobody misses these. */
static bool is_harmless(const struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);

	return s && s->ok >= 2 && s->ok > s->failed;
}

/* Several in a row after the same time, and not a byte of the server: the client's time-out, and a server that does not read. */
static bool never_read(const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->number != TLS_CLIENT_HELLO || g->claims[i]->bytes || g->claims[i]->delay_s < UNREAD_MIN_S)
			return false;
	return g->count >= UNREAD_MIN && group_delay_max(g) - group_delay_min(g) <= UNREAD_SPREAD * group_delay_median(g);
}

static void tell_unread(struct finding *f, const struct diagnosis_context *x, const struct claim_group *g, const char *service)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);
	char waited[WHEN_TEXT_SIZE];

	when_duration(group_delay_median(g), waited);
	f->severity = s && s->ok ? SEVERITY_WARNING : SEVERITY_ERROR;
	f->responsible = RESPONSIBLE_SERVER;
	finding_title(f, "%s does not answer the ClientHello within the %s that its clients wait (%d)", service, waited, g->count);
	finding_detail(f, "The server's kernel accepts the connection and acknowledges the ClientHello; no byte of its program comes "
			  "until the client gives up.");
	finding_cause(f, 0.6, "the server's program does not read new connections: it hangs, or serves one at a time",
		"a ServerHello needs no backend and takes milliseconds; what answers here is the kernel");
	finding_cause(f, 0.2, "a proxy accepts and waits for a server behind it", "it would acknowledge in the same way");
	finding_next(f, "On the server: ss -ltnp 'sport = :%u' (Recv-Q counts connections that wait to be accepted), then ss -tnp "
			"'sport = :%u' (Recv-Q: bytes that were not read)", g->port, g->port);
	finding_next(f, "On the server: the process's threads and stacks (gdb -p, py-spy, jstack): what does it wait for?");
}

static void each_abandoned(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	const struct claim *first = g->claims[0];
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "stage", tls_stage_name((uint8_t)first->number));
	if (never_read(g)) {
		tell_unread(f, x, g, service);
		return;
	}
	finding_title(f, "The client gives up TLS handshakes with %s half-way (%d)", service, g->count);
	finding_detail(f, "%s", whose_turn(first));
	f->responsible = RESPONSIBLE_CLIENT;
	if (is_harmless(x, g))
		f->severity = SEVERITY_NOTE;
	if (first->number >= TLS_SERVER_HELLO && first->value <= 0)
		finding_cause(f, 0.5, "the client does not like what it got (certificate, name) and closes without saying why",
			"it has received the server's flight");
	else
		finding_cause(f, 0.5, "the client's patience is shorter than the server's answer takes",
			"it closes while it is the server's turn");
	finding_cause(f, 0.3, "the user or program cancelled", "a closed tab, a stopped transfer or a race of connections "
								"looks the same");
	finding_next(f, "The client's own log or error message; openssl s_client -connect %s shows the certificate", service);
}

static void each_encrypted(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);
	char service[SERVICE_TEXT_SIZE];

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	f->confidence = 0.7;
	finding_text(f, "sent_by", "server");
	finding_title(f, "%s refuses TLS 1.3 clients right after the handshake, it seems (%d connection%s)", service, g->count,
		g->count == 1 ? "" : "s");
	finding_detail(f, "After the client's Finished the server sends an encrypted record of exactly an alert's size where data or "
			  "tickets belong, and the connection is closed. Inferred: without keys the alert cannot be read.");
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, "the server wants a client certificate, or refuses the one it got",
		"these are the refusals that come at this point");
	finding_next(f, "Set SSLKEYLOGFILE for the client, capture again, and give the file to pcapdx with --keylog");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tls-handshake-stalled", GROUP_BY_SERVICE, each_stalled, NULL);
	claim_groups(x, "tls-handshake-abandoned", GROUP_BY_SERVICE, each_abandoned, NULL);
	claim_groups(x, "tls-encrypted-alert", GROUP_BY_SERVICE, each_encrypted, NULL);
}

const struct rule rule_tls_stalled = {
	.codes = { "tls-handshake-stalled", "tls-handshake-abandoned", "tls-encrypted-alert" },
	.spec = "RFC 8446, section 2; RFC 5246, section 7.3",
	.asked_if = SHOWS_TLS,
	.claim = on_claim,
	.finish = on_finish,
};
