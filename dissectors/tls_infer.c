/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lengths of encrypted records of TLS 1.3 tell without keys (RFC 8446, sections 4.4, 5.2 and 6). A record is
 * its message, one byte of type and the tag, and almost nobody pads handshakes. So the client's Finished has a size of
 * its own, an empty certificate and an alert too. OpenSSL 3.0 and later send a client's alert in clear here; then
 * nothing is to be inferred.
 */
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

#include "base/when.h"

#define MESSAGE_HEADER 4
/* An alert this soon after the client's Finished is an answer to it; servers that close idle connections wait longer. */
#define REFUSAL_WITHIN (5 * NS_PER_S)
/* Tickets follow the client's Finished by one round trip; the hellos took one and the server's work. */
#define TICKET_SLACK (5 * NS_PER_MS)
#define TICKET_MIN 48
#define TICKET_MAX 2048

static size_t overhead(const struct tls_talk *t)
{
	return t->cipher == 0x1305 ? 1 + 8 : 1 + 16; /* CCM_8 has the short tag */
}

static size_t finished_size(const struct tls_talk *t)
{
	return MESSAGE_HEADER + (t->cipher == 0x1302 ? 48u : 32u) + overhead(t);
}

static size_t alert_size(const struct tls_talk *t)
{
	return 2 + overhead(t);
}

static size_t empty_certificate_size(const struct tls_talk *t)
{
	return MESSAGE_HEADER + 1 + 3 + overhead(t);
}

static void data_record(struct tls_state *st, const struct tls_place *at, size_t len)
{
	struct tls_talk *t = &st->t;

	if (!t->app_data[at->side].frame)
		t->app_data[at->side] = session_ref(at->session, &at->absolute);
	t->app_bytes[at->side] += len > overhead(t) ? len - overhead(t) : 0;
}

static void client_finished(struct tls_state *st, const struct tls_place *at)
{
	struct tls_talk *t = &st->t;
	struct tls_place server = *at;

	st->dir[0].finished = st->dir[1].finished = true;
	st->infer.finished_ns = at->absolute.at_ns;
	server.side = side_other(at->side);
	if (st->infer_last[server.side].frame) {
		server.absolute = st->infer_last[server.side];
		tls_reached(st, &server, TLS_SERVER_FINISHED);
	}
	tls_reached(st, at, TLS_CLIENT_FINISHED);
	tls_reached(st, at, TLS_ESTABLISHED);
	if (t->client == at->side)
		tls_mark(at, "Finished");
}

/* Where its Finished is due, whatever a client sends first that is too short for one is an alert: Java pads them to hide
 * their size. */
static bool too_short_for_finished(const struct tls_state *st, size_t len)
{
	return len > alert_size(&st->t) && len < finished_size(&st->t) && len != empty_certificate_size(&st->t) &&
		!st->infer.client_records && !st->t.inferred_empty_client_cert && !st->t.early_data;
}

static void client_before_finished(struct tls_state *st, const struct tls_place *at, size_t len)
{
	struct tls_talk *t = &st->t;
	struct tls_inference *in = &st->infer;

	if (len == finished_size(t)) {
		client_finished(st, at);
	} else if (t->early_data && !in->early_data_over) {
		in->early_data_over = len == MESSAGE_HEADER + overhead(t);
		if (!in->early_data_over)
			data_record(st, at, len);
	} else if (len == alert_size(t) || too_short_for_finished(st, len)) {
		t->inferred_client_alert = true;
		tls_told(st)->t.inferred_ref = session_ref(at->session, &at->absolute);
		tls_mark(at, "alert?");
	} else if (len == empty_certificate_size(t) && in->client_records++ == 0) {
		t->inferred_empty_client_cert = true;
		tls_told(st)->t.inferred_ref = session_ref(at->session, &at->absolute);
		tls_reached(st, at, TLS_CLIENT_CERTIFICATE);
		tls_mark(at, "Certificate (empty?)");
	} else {
		in->client_records++;
		st->infer_last[at->side] = at->absolute;
	}
}

static void client_record(struct tls_state *st, const struct tls_place *at, size_t len)
{
	if (!st->dir[at->side].finished)
		client_before_finished(st, at, len);
	else if (len == alert_size(&st->t))
		st->infer.client_closing = true;
	else
		data_record(st, at, len);
}

/*
 * Tickets come first, within a round trip, and a server that sends two sends them in the same size. A short answer that
 * is as fast looks alike: the record says how many were taken for tickets.
 */
static bool looks_like_ticket(const struct tls_state *st, const struct tls_place *at, size_t len)
{
	const struct tls_inference *in = &st->infer;
	int64_t round_trip = in->server_hello_ns - in->client_hello_ns;

	if (len < TICKET_MIN || len > TICKET_MAX || st->t.app_data[at->side].frame)
		return false;
	if (in->ticket_len && len != in->ticket_len)
		return false;
	return at->absolute.at_ns - in->finished_ns <= 2 * round_trip + TICKET_SLACK;
}

static void server_after_finished(struct tls_state *st, const struct tls_place *at, size_t len)
{
	struct tls_talk *t = &st->t;
	struct tls_inference *in = &st->infer;
	bool first = in->server_after_finished++ == 0;

	in->maybe_refusal = false;
	if (len == alert_size(t)) {
		in->maybe_refusal =
			first && !in->client_closing && at->absolute.at_ns - in->finished_ns <= REFUSAL_WITHIN;
		st->infer_refusal = session_ref(at->session, &at->absolute);
	} else if (looks_like_ticket(st, at, len)) {
		in->ticket_len = (uint32_t)len;
		t->inferred_tickets++;
	} else {
		data_record(st, at, len);
	}
}

/* A client flight of unknown sizes (a certificate of its own, all in one record) is over when the server goes on. */
static void server_record(struct tls_state *st, const struct tls_place *at, size_t len)
{
	struct tls_inference *in = &st->infer;
	enum side client = side_other(at->side);

	if (!st->dir[client].finished && in->client_records > 0 && !st->t.inferred_client_alert &&
		st->infer_last[client].frame) {
		struct tls_place then = { at->session, client, st->infer_last[client], false };

		client_finished(st, &then);
	}
	if (st->dir[client].finished)
		server_after_finished(st, at, len);
	else
		st->infer_last[at->side] = at->absolute;
}

void tls_infer_record(struct tls_state *st, const struct tls_place *at, size_t len)
{
	if (!st->dir[at->side].finished)
		st->t.hidden_records[at->side]++;
	if (st->t.handshake_cut) {
		tls_reached(st, at, TLS_ESTABLISHED);
		data_record(st, at, len);
	} else if (at->side == st->t.client) {
		client_record(st, at, len);
	} else {
		server_record(st, at, len);
	}
}

bool tls_infer_is_over(const struct tls_state *st, enum side side)
{
	const struct tls_inference *in = &st->infer;

	if (!st->dir[SIDE_ORIG].finished || !st->dir[SIDE_RESP].finished || !st->t.app_data[side].frame)
		return false;
	return st->t.handshake_cut || side == st->t.client || (in->server_after_finished && !in->maybe_refusal);
}

uint8_t tls_infer_least(const struct tls_talk *t)
{
	return tls_version_is_13(t->version) ? (uint8_t)(alert_size(t) + 1) : 1;
}

size_t tls_infer_overhead(const struct tls_talk *t)
{
	return tls_version_is_13(t->version) ? overhead(t) : 0;
}

void tls_infer_refused(struct tls_state *st)
{
	struct tls_talk *t = &st->t;

	if (t->stage != TLS_ESTABLISHED || !tls_version_is_13(t->version) || t->tickets || t->inferred_tickets ||
		t->app_data[side_other(t->client)].frame)
		return;
	t->stage = TLS_CLIENT_FINISHED;
	t->at[TLS_ESTABLISHED] = (struct frame_ref){ 0 };
}

void tls_infer_finish(struct tls_state *st, const struct session *s)
{
	enum side fin = session_first_fin(s), rst = session_first_rst(s);

	if (!st->infer.maybe_refusal || fin == st->t.client || (fin == SIDE_NONE && rst == SIDE_NONE))
		return;
	st->t.inferred_refusal = true;
	tls_told(st)->t.inferred_ref = st->infer_refusal;
	tls_infer_refused(st);
}
