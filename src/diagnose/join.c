/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session records are emitted before the conn record of their conversation: the last one of each kind waits here, by
 * uid. Of HTTP only transactions that may explain a failure wait. Where the conn record comes next, as it does when what
 * was said is told at the end, the session record is not copied. Whether it comes next depends on how records were cut
 * into runs, so that is done only while it makes no difference to what has to go.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"

#define WAITING_MAX 4096 /* of a kind; the oldest is forgotten: its conversation is still open */

enum awaited {
	AWAITED_TLS,
	AWAITED_HTTP,
	AWAITED_FTP,
	AWAITED_TUNNEL,
	AWAITED_KINDS, /* also: none of them */
};

struct join {
	struct table waiting[AWAITED_KINDS]; /* uid -> struct record of that kind; zeros behind the text of a uid */
	const struct record *beside; /* the one right before the conn record that comes next; NULL */
};

static enum awaited awaited(const struct record *r)
{
	switch (r->kind) {
	case RECORD_TLS:
		return AWAITED_TLS;
	case RECORD_HTTP:
		return AWAITED_HTTP;
	case RECORD_FTP:
		return AWAITED_FTP;
	case RECORD_TUNNEL:
		return AWAITED_TUNNEL;
	default:
		return AWAITED_KINDS;
	}
}

struct join *join_new(size_t *held_bytes)
{
	static const enum record_kind kinds[AWAITED_KINDS] = { [AWAITED_TLS] = RECORD_TLS,
		[AWAITED_HTTP] = RECORD_HTTP,
		[AWAITED_FTP] = RECORD_FTP,
		[AWAITED_TUNNEL] = RECORD_TUNNEL };
	struct join *j = xcalloc(1, sizeof(*j));

	for (int i = 0; i < AWAITED_KINDS; i++) {
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

static bool ends_with(const struct record *r, const struct record *next)
{
	return next && next->kind == RECORD_CONN && next->conn.end_reason != CONN_END_PART && record_shares_uid(r, next);
}

void join_session(struct join *j, const struct record *r, const struct record *next)
{
	enum awaited kind = awaited(r);

	if (kind == AWAITED_KINDS)
		return;
	if (matters(r) && ends_with(r, next) && table_is_roomy(&j->waiting[kind]))
		j->beside = r;
	else if (matters(r))
		record_copy(table_add(&j->waiting[kind], record_uid(r)), r);
	else if (kind == AWAITED_HTTP && j->waiting[kind].count)
		table_remove(&j->waiting[kind], record_uid(r));
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

static bool nobody_waits(const struct join *j)
{
	uint32_t n = j->beside != NULL;

	for (int i = 0; i < AWAITED_KINDS; i++)
		n += j->waiting[i].count;
	return !n;
}

/* The uid is worked out only where somebody waits. */
static const struct record *waiting(const struct join *j, const struct record *r, enum awaited kind)
{
	if (j->beside && awaited(j->beside) == kind)
		return j->beside;
	return j->waiting[kind].count ? table_find(&j->waiting[kind], record_uid(r)) : NULL;
}

void join_conversation(struct join *j, const struct record *r, uint32_t shows, struct conversation *c)
{
	c->record = r;
	c->conn = &r->conn;
	c->shows = shows;
	c->tls_record = c->http_record = c->ftp_record = c->tunnel_record = NULL;
	c->tls = NULL;
	c->http = NULL;
	c->ftp = NULL;
	c->tunnel = NULL;
	c->orig = &r->conn.side[SIDE_ORIG];
	c->resp = &r->conn.side[SIDE_RESP];
	c->cannot_tell = shows & SHOWS_MISSING;
	c->rtt_s = round_trip(&r->conn);
	if (nobody_waits(j))
		return;
	if ((c->tls_record = waiting(j, r, AWAITED_TLS)))
		c->tls = &c->tls_record->tls;
	if ((c->ftp_record = waiting(j, r, AWAITED_FTP)))
		c->ftp = &c->ftp_record->ftp;
	if ((c->http_record = waiting(j, r, AWAITED_HTTP)))
		c->http = &c->http_record->http;
	if ((c->tunnel_record = waiting(j, r, AWAITED_TUNNEL)))
		c->tunnel = &c->tunnel_record->tunnel;
	c->shows |= (c->tls ? SHOWS_TLS : 0) | (c->tunnel ? SHOWS_TUNNEL : 0) | (c->http ? SHOWS_HTTP : 0);
}

void join_forget(struct join *j, const struct record *r)
{
	j->beside = NULL;
	for (int i = 0; i < AWAITED_KINDS && !nobody_waits(j); i++)
		if (j->waiting[i].count)
			table_remove(&j->waiting[i], record_uid(r));
}

void join_free(struct join *j)
{
	for (int i = 0; i < AWAITED_KINDS; i++)
		table_free(&j->waiting[i]);
	free(j);
}
