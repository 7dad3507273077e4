/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session records are emitted before the conn record of their conversation: the last one of each kind waits here, by
 * uid. Of HTTP only transactions that may explain a failure wait.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"

#define WAITING_MAX 4096 /* of a kind; the oldest is forgotten: its conversation is still open */

static const enum record_kind kinds[] = { RECORD_TLS, RECORD_HTTP, RECORD_FTP, RECORD_TUNNEL };

#define KINDS (sizeof(kinds) / sizeof(*kinds))

struct join {
	struct table waiting[KINDS]; /* uid -> struct record of that kind; zeros behind the text of a uid */
};

struct join *join_new(size_t *held_bytes)
{
	struct join *j = xcalloc(1, sizeof(*j));

	for (size_t i = 0; i < KINDS; i++) {
		table_init(&j->waiting[i], sizeof(((struct record *)0)->uid), record_kind_size(kinds[i]),
			WAITING_MAX);
		j->waiting[i].held_bytes = held_bytes;
	}
	return j;
}

static bool http_matters(const struct http *h)
{
	bool whole = h->announced_body == UINT64_MAX ? h->response_end.frame != 0 : h->response_body >= h->announced_body;

	return h->status == 0 || h->status >= 400 || h->proxy || !whole;
}

static bool matters(const struct record *r)
{
	if (r->kind == RECORD_HTTP)
		return http_matters(&r->http);
	return r->kind != RECORD_TUNNEL || r->tunnel.event == TUNNEL_SUMMARY;
}

void join_session(struct join *j, const struct record *r)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i] != (enum record_kind)r->kind)
			continue;
		if (matters(r))
			record_copy(table_add(&j->waiting[i], record_uid(r)), r);
		else if (r->kind == RECORD_HTTP && j->waiting[i].count)
			table_remove(&j->waiting[i], record_uid(r));
	}
}

static double round_trip(const struct conn *c)
{
	int64_t ns = 0;

	if (c->rtt_server_ns >= 0 || c->rtt_client_ns >= 0)
		ns = (c->rtt_server_ns > 0 ? c->rtt_server_ns : 0) + (c->rtt_client_ns > 0 ? c->rtt_client_ns : 0);
	else
		for (int s = 0; s < 2; s++)
			if (c->side[s].rtt_samples && c->side[s].rtt_min_ns > ns)
				ns = c->side[s].rtt_min_ns;
	return (double)ns / 1e9;
}

static bool is_unanswered(const struct conn_side *o)
{
	return o->unanswered || o->gap_tail || o->zero_window_open_ns != UNSET;
}

static uint32_t what_shows(const struct conversation *c)
{
	const struct conn *conn = c->conn;

	return (c->tls ? SHOWS_TLS : 0) | (c->tunnel ? SHOWS_TUNNEL : 0) | (c->http ? SHOWS_HTTP : 0) |
	       (conn->rst_count ? SHOWS_RST : 0) | (conn->icmp_count ? SHOWS_ICMP : 0) |
	       (conn->answered != SYN_ANSWER_SYN_ACK ? SHOWS_NO_SYN_ACK : 0) |
	       (conn->port_reused || conn->old_acks ? SHOWS_REUSED : 0) | (c->resp->bytes ? 0 : SHOWS_MUTE) |
	       (conn->pending == SIDE_ORIG || conn->idle_after_unanswered || is_unanswered(c->orig) || is_unanswered(c->resp)
			       ? SHOWS_UNANSWERED
			       : 0) |
	       (c->orig->fin.frame && c->resp->fin.frame ? 0 : SHOWS_UNCLOSED);
}

static const struct record *waiting(const struct join *j, const struct record *r, enum record_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i] == kind && j->waiting[i].count)
			return table_find(&j->waiting[i], record_uid(r));
	return NULL;
}

void join_conversation(struct join *j, const struct record *r, struct conversation *c)
{
	*c = (struct conversation){.record = r, .conn = &r->conn};
	c->orig = &r->conn.side[SIDE_ORIG];
	c->resp = &r->conn.side[SIDE_RESP];
	if ((c->tls_record = waiting(j, r, RECORD_TLS)))
		c->tls = &c->tls_record->tls;
	if ((c->ftp_record = waiting(j, r, RECORD_FTP)))
		c->ftp = &c->ftp_record->ftp;
	if ((c->http_record = waiting(j, r, RECORD_HTTP)))
		c->http = &c->http_record->http;
	if ((c->tunnel_record = waiting(j, r, RECORD_TUNNEL)))
		c->tunnel = &c->tunnel_record->tunnel;
	c->cannot_tell = r->conn.one_sided || c->orig->missing_bytes || c->resp->missing_bytes;
	c->rtt_s = round_trip(&r->conn);
	c->shows = what_shows(c);
}

void join_forget(struct join *j, const struct record *r)
{
	for (size_t i = 0; i < KINDS; i++)
		if (j->waiting[i].count)
			table_remove(&j->waiting[i], record_uid(r));
}

void join_free(struct join *j)
{
	for (size_t i = 0; i < KINDS; i++)
		table_free(&j->waiting[i]);
	free(j);
}
