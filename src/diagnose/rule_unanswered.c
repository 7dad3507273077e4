/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path works and the server does not answer: no-reply (the request is acknowledged, nothing follows
 * or the server closes instead),
 * stalled-transfer (the answer starts and stops half-way). Asked after the resets: a reset has its own code.
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define NO_REPLY_MIN_S 3.0
#define TIMEOUT_MIN_S 1.0   /* the same shorter wait each time is a client's time-out, */
#define TIMEOUTS_MIN 3	    /* in so many conversations and */
#define TIMEOUT_SPREAD 0.1  /* so equal */
#define STALLED_MIN_S 5.0
#define NOT_GIVEN_UP_S 20.0 /* a request that is still open when the capture ends */
#define RTTS_MIN 10.0
#define SMALL_ASK 16384	    /* sent at once: what follows much later (close_notify) is no part of the request */
#define ONE_ASK_S 2.0	    /* an unknown protocol's request is sent within that; what takes longer is a stream of messages */
#define SEEN_LATE_NS (50 * NS_PER_MS) /* frames of two queues or interfaces are merged within that */
#define UNANSWERED_MIN 3    /* sendings of one segment that nobody acknowledges: the path, not the server */

#define CLOSED 1.0 /* value of a claim: the server closed, nobody gave up */

enum certainty {
	NOT_ASKED,
	MAYBE_ASKED, /* a protocol that is not known, or a conversation that worked before */
	ASKED,
};

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

static bool healthy_path(const struct conversation *c)
{
	return c->orig->zero_window_open_ns == UNSET && !c->orig->gap_tail && !c->resp->gap_tail &&
		c->resp->unanswered < UNANSWERED_MIN && c->orig->unanswered < UNANSWERED_MIN;
}

static bool gave_up(const struct conversation *c)
{
	return c->orig->fin.frame || (c->conn->rst_count && c->conn->rsts[0].side == SIDE_ORIG);
}

static bool server_ended(const struct conversation *c)
{
	return c->conn->first_fin == SIDE_RESP || (c->conn->rst_count && c->conn->rsts[0].side == SIDE_RESP);
}

static bool has_body(const struct http *h)
{
	return h->status >= 200 && h->status != 204 && h->status != 304 && strcmp(h->method, "HEAD") != 0 &&
		strcmp(h->method, "CONNECT") != 0;
}

/* A stream without an end of its own: the client closes it when it has seen enough. */
static bool is_endless(const struct http *h)
{
	return strstr(h->content_type, "event-stream") || strstr(h->content_type, "x-mixed-replace") ||
		strncmp(h->content_type, "audio/", 6) == 0 || strncmp(h->content_type, "video/", 6) == 0 ||
		strstr(h->content_type, "grpc");
}

static bool http_is_short(const struct http *h)
{
	if (!has_body(h))
		return false;
	if (h->announced_body != UINT64_MAX)
		return h->response_body < h->announced_body;
	return !h->response_end.frame && !is_endless(h);
}

/* In passive FTP the server's FIN ends a file that the client fetches. */
static bool ftp_data_is_short(const struct conversation *c)
{
	return conn_speaks(c->conn, "ftp-data") && c->resp->bytes && !c->orig->bytes && !c->resp->fin.frame;
}

static bool claim_stalled(const struct conversation *c, struct claim *out)
{
	double s;

	if (!(c->http ? http_is_short(c->http) : ftp_data_is_short(c)) || server_ended(c) || !healthy_path(c) ||
		!c->resp->last_data.frame)
		return false;
	s = waited_since(c, c->resp->last_data.at_ns);
	if (s < STALLED_MIN_S || s < RTTS_MIN * c->rtt_s)
		return false;
	if (!gave_up(c) && c->resp->unacked_bytes)
		return false; /* the client cannot have stopped acknowledging: the capture ends here */
	out->code = "stalled-transfer";
	out->delay_s = s;
	out->bytes = c->resp->bytes;
	out->number = gave_up(c);
	if (c->http)
		claim_evidence(out, c->http_record, &c->http->request, "request");
	claim_evidence(out, c->record, &c->resp->last_data, "last data of the server");
	claim_evidence(out, c->record, &c->orig->fin, "the client gives up");
	return true;
}

/* Messages that nobody answers: logs, metrics, print jobs. */
static bool is_one_way_port(uint16_t port)
{
	static const uint16_t ports[] = { 514, 515, 601, 1468, 2003, 2004, 5044, 5140, 6514, 9100, 10514, 12201, 24224 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Offset of a TLS record's event in the conn record. */
static int64_t in_conn_ns(const struct conversation *c, const struct frame_ref *ref)
{
	return c->tls_record->ts_ns - c->record->ts_ns + ref->at_ns;
}

/* An answer that comes when the client has left is none. */
static enum certainty was_tls_asked(const struct conversation *c)
{
	const struct tls *t = c->tls;
	enum side client = (enum side)t->client;
	const struct frame_ref *answer, *fin;

	if (client > SIDE_RESP || !t->app_data[client].frame || is_one_way_port(c->record->resp_p))
		return NOT_ASKED; /* the handshake has rules of its own */
	answer = &t->app_data[side_other(client)];
	fin = &c->conn->side[client].fin;
	if (!answer->frame || (fin->frame && in_conn_ns(c, answer) > fin->at_ns))
		return ASKED;
	return MAYBE_ASKED;
}

/* How sure it is that the last data of the client was a request, which wants an answer. */
static enum certainty was_asked(const struct conversation *c)
{
	static const char *const answering[] = { "smtp", "pop3", "imap", "ftp", "dns", "postgresql", "mysql", "ldap", NULL };
	static const char *const other[] = { "ssh", "ftp-data", "openvpn", "tinc", "sip", "wireguard",
		"http", NULL };
	const struct turn *t = &c->conn->last_turn;

	if (c->http) /* its last transaction that did not come to an end; none: all were answered */
		return c->http->status ? NOT_ASKED : ASKED;
	if (c->tls)
		return was_tls_asked(c);
	if (c->tunnel || is_one_of(c->conn->service, other) || is_one_way_port(c->record->resp_p))
		return NOT_ASKED;
	if (is_one_of(c->conn->service, answering))
		return ASKED;
	if (when_s(t->ask_last.at_ns - t->ask.at_ns) > ONE_ASK_S)
		return NOT_ASKED;
	return c->resp->bytes ? MAYBE_ASKED : ASKED;
}

/* A TLS client that gives up says close_notify with its FIN. Where session tickets had come in between, or the server
 * answers that, the goodbye is a turn of its own, and the last one. */
static bool claim_goodbye(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;
	const struct frame_ref *fin = &c->orig->fin;
	double s;

	(void)state;
	(void)x;
	if (c->record->proto != 6 || c->cannot_tell || !c->tls || !t->ask.frame || !fin->frame)
		return false;
	if (t->answer.frame ? conn_was_before(c->conn, SIDE_RESP, t->answer.at_ns, fin->at_ns) : t->ask.at_ns <= in_conn_ns(c, &c->tls->app_data[SIDE_ORIG]))
		return false;
	if (c->tls->dtls || c->tls->client != SIDE_ORIG || was_tls_asked(c) != ASKED ||
		c->conn->first_fin != SIDE_ORIG || !healthy_path(c) || c->orig->unacked_bytes)
		return false;
	s = when_s(fin->at_ns - in_conn_ns(c, &c->tls->app_data[SIDE_ORIG]));
	if (s < NO_REPLY_MIN_S || s < RTTS_MIN * c->rtt_s)
		return false;
	out->code = "no-reply";
	out->bytes = c->resp->bytes;
	out->delay_s = s;
	out->number = true;
	claim_evidence(out, c->tls_record, &c->tls->app_data[SIDE_ORIG], "request");
	claim_evidence(out, c->record, fin, "the client gives up");
	return true;
}

/* The client gives up before a byte has come: told when it does so again and again after the same time. */
static bool may_be_timeout(const struct conversation *c, enum certainty certainty)
{
	return certainty == ASKED && gave_up(c) && !c->resp->bytes;
}

static bool just_before(const struct frame_ref *a, const struct frame_ref *b)
{
	return a->at_ns <= b->at_ns && b->at_ns - a->at_ns <= SEEN_LATE_NS;
}

/* The capture shows the answer before its request: the request was acknowledged before it was seen. */
static bool was_asked_before(const struct conversation *c)
{
	const struct frame_ref *ask = &c->conn->last_turn.ask, *answer = &c->resp->last_data;

	return c->orig->missing_first.frame && !c->orig->missing_bytes && answer->frame &&
	       just_before(&c->orig->missing_first, ask) && just_before(answer, ask);
}

static bool claim_no_reply(const struct conversation *c, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;
	enum certainty certainty;
	double s;

	if (c->conn->pending != SIDE_ORIG || !t->ask.frame || t->answer.frame || !t->acked.frame ||
		!c->conn->handshake_ack.frame || !healthy_path(c) || c->conn->first_fin == SIDE_RESP)
		return false;
	certainty = was_asked(c);
	s = waited_since(c, t->ask_bytes > SMALL_ASK ? t->ask_last.at_ns : t->ask.at_ns);
	if (certainty == NOT_ASKED || s < (may_be_timeout(c, certainty) ? TIMEOUT_MIN_S : NO_REPLY_MIN_S) || s < RTTS_MIN * c->rtt_s)
		return false;
	if (c->conn->end_reason == CONN_END_OPEN && !c->orig->fin.frame) {
		if (certainty != ASKED || s < NOT_GIVEN_UP_S)
			return false; /* nobody gave up: the capture may just end here */
		certainty = MAYBE_ASKED;
	}
	out->code = "no-reply";
	out->bytes = c->resp->bytes;
	out->delay_s = s;
	out->number = certainty == ASKED;
	claim_evidence(out, c->record, &t->ask, "request");
	claim_evidence(out, c->record, &t->acked, "its acknowledgement");
	claim_evidence(out, c->record, &c->orig->fin, "the client gives up");
	return true;
}

/* The server takes a whole request in and closes in order instead of answering it. One that closes an idle connection
 * while the next request is on its way does not acknowledge it. */
static bool claim_closed(const struct conversation *c, struct claim *out)
{
	const struct turn *t = &c->conn->last_turn;
	const struct frame_ref *fin = &c->resp->fin;

	if (!c->http || c->http->status || !c->http->request_end.frame || c->conn->first_fin != SIDE_RESP ||
		c->conn->pending != SIDE_ORIG || t->answer.frame || !t->acked.frame || t->acked.at_ns > fin->at_ns ||
		c->resp->gap_tail || (c->resp->data_segments && !c->resp->bytes)) /* data that fits nowhere */
		return false;
	out->code = "no-reply";
	out->bytes = c->resp->bytes;
	out->delay_s = when_s(fin->at_ns - t->ask_last.at_ns);
	out->value = CLOSED;
	out->number = true;
	claim_evidence(out, c->record, &t->ask, "request");
	claim_evidence(out, c->record, &t->acked, "its acknowledgement");
	claim_evidence(out, c->record, fin, "the server closes without an answer");
	return true;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	return c->record->proto == 6 && !c->cannot_tell &&
		(claim_stalled(c, out) || (!was_asked_before(c) && (claim_no_reply(c, out) || claim_closed(c, out))));
}

/* Attempts past each client's first one. */
static int retries_of(const struct claim_group *g)
{
	int first = 0;

	for (int i = 0; i < g->count; i++) {
		int k = 0;

		while (k < i && !addr_equal(&g->claims[k]->orig, &g->claims[i]->orig))
			k++;
		first += k == i;
	}
	return g->count - first;
}

static int sure_ones(const struct claim_group *g)
{
	int n = 0;

	for (int i = 0; i < g->count; i++)
		n += g->claims[i]->number != 0;
	return n;
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
	finding_integer(f, "retries", retries_of(g));
	finding_title(f, "%s starts to answer and then sends nothing more (%d)", service, g->count);
	finding_detail(f, "After %llu bytes the server just stops: no loss and no closed window; the client waits %s.",
		(unsigned long long)g->claims[0]->bytes, waited);
	f->responsible = RESPONSIBLE_SERVER;
	if (!sure_ones(g)) {
		f->severity = SEVERITY_NOTE;
		finding_against(f, "no client gives up within this capture: the rest may still have come");
	}
	finding_cause(f, 0.7, "the server's program hangs in the middle of the answer", "its kernel goes on to acknowledge");
	finding_cause(f, 0.2, "a proxy before it waits for a server behind it", "it would stall in the same way");
	finding_next(f, "Server: what does the process do at that moment (stack, disk, backend)?");
	finding_next(f, "Client: the same download again with curl -v; does it stop at the same byte?");
}

static int count_closed(const struct claim_group *g)
{
	int n = 0;

	for (int i = 0; i < g->count; i++)
		n += g->claims[i]->value == CLOSED;
	return n;
}

/* Only short waits, too few or too unequal for a time-out: cancelled by somebody. */
static bool is_impatience(const struct claim_group *g)
{
	if (group_delay_max(g) >= NO_REPLY_MIN_S || count_closed(g))
		return false;
	return g->count < TIMEOUTS_MIN || group_delay_max(g) - group_delay_min(g) > TIMEOUT_SPREAD * group_delay_median(g);
}

static void tell_closed(struct finding *f, const char *service, const char *waited)
{
	finding_title(f, "%s takes requests in and closes %s later without an answer (%llu)", service, waited,
		(unsigned long long)f->count);
	finding_detail(f, "The request arrives (TCP acknowledges it), and instead of an answer comes the server's FIN.");
	finding_cause(f, 0.6, "the server's program ends or gives up on the request: a crash, a limit, an access list",
		"its kernel closes in order what it leaves open");
	finding_cause(f, 0.25, "a proxy or load balancer before it gets no answer from a server behind it", "it would close, too");
	finding_next(f, "Server's log at the times of the FINs: a crash, a worker that ends, an access list?");
}

static void each_no_reply(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f;
	char service[SERVICE_TEXT_SIZE], waited[WHEN_TEXT_SIZE];

	(void)arg;
	if (is_impatience(g))
		return;
	f = finding_of_group(x, g);
	subject_service_text(&g->server, g->port, service);
	when_duration(group_delay_median(g), waited);
	finding_number(f, "waited_median_s", group_delay_median(g));
	finding_integer(f, "retries", retries_of(g));
	f->responsible = RESPONSIBLE_SERVER;
	if (count_closed(g) == g->count) {
		tell_closed(f, service, waited);
		return;
	}
	finding_title(f, "%s acknowledges requests and never answers them (%d, given up after %s)", service, g->count, waited);
	finding_detail(f, "The request arrives (TCP acknowledges it), no answer follows, and the client gives up.");
	if (!sure_ones(g) && (g->count < 2 || 2 * f->count < f->of)) {
		f->severity = SEVERITY_NOTE;
		f->confidence = 0.5;
		finding_against(f, "few conversations, of a protocol that is not known: their last message may have wanted no answer");
	}
	finding_cause(f, 0.7, "the server's program, or what it waits for (database, backend), does not answer",
		"the handshake and the acknowledgement show that host and path work");
	if (!g->claims[0]->bytes)
		finding_cause(f, 0.25, "the program never reads the connection: it hangs, or serves one at a time",
			"handshake and acknowledgement are the work of the kernel alone; not a byte is the program's");
	if (!g->claims[0]->bytes)
		finding_cause(f, 0.15, "the answer is lost on the path because its packets are large (an MTU black hole)",
			"nothing at all comes back, which looks like this on the client's side; on the server's the full-size "
			"segments are repeated");
	if (!g->claims[0]->bytes)
		finding_next(f, "On the server: ss -ltnp 'sport = :%u' (Recv-Q counts connections that wait to be accepted)", g->port);
	finding_next(f, "Server: its log and its backends at that time; does the same request hang locally?");
	finding_next(f, "Client: its time-out is %s; a longer one only helps if the answer does come", waited);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "stalled-transfer", GROUP_BY_SERVICE, each_stalled, NULL);
	claim_groups(x, "no-reply", GROUP_BY_SERVICE, each_no_reply, NULL);
}

/* Before the resets: an RST may end what the client has given up. The finding is made below. */
const struct rule rule_goodbye = {
	.codes = { "no-reply" },
	.spec = "RFC 8446, section 6.1",
	.asked_if = SHOWS_TLS,
	.claim = claim_goodbye,
};

const struct rule rule_unanswered = {
	.codes = { "stalled-transfer", "no-reply" },
	.spec = "RFC 9293, section 3.8; RFC 9112, section 6.3",
	.asked_if = SHOWS_HTTP | SHOWS_UNANSWERED | SHOWS_UNCLOSED,
	.claim = on_claim,
	.finish = on_finish,
};
