/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session records are emitted before the conn record of their conversation, most of them right before it. The last one
 * of each kind waits here; HTTP transactions that may explain a failure wait longer, by uid.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"

#define HTTP_WAITING_MAX 4096
#define TUNNELS_WAITING_MAX 256

struct join {
	struct record tls, ftp; /* last one of its kind */
	struct table http;	/* uid -> struct record */
	struct table tunnels;	/* uid -> struct record: the summary */
};

struct join *join_new(size_t *held_bytes)
{
	struct join *j = xcalloc(1, sizeof(*j));

	table_init(&j->http, 20, sizeof(struct record), HTTP_WAITING_MAX);
	table_init(&j->tunnels, 20, sizeof(struct record), TUNNELS_WAITING_MAX);
	j->http.held_bytes = j->tunnels.held_bytes = held_bytes;
	return j;
}

static bool http_matters(const struct http *h)
{
	bool whole = h->announced_body == UINT64_MAX || h->response_body >= h->announced_body;

	return h->status == 0 || h->status >= 400 || h->proxy || !whole;
}

void join_session(struct join *j, const struct record *r)
{
	switch ((enum record_kind)r->kind) {
	case RECORD_TLS:
		j->tls = *r;
		break;
	case RECORD_FTP:
		j->ftp = *r;
		break;
	case RECORD_HTTP:
		if (http_matters(&r->http))
			*(struct record *)table_add(&j->http, r->uid) = *r;
		else
			table_remove(&j->http, r->uid);
		break;
	case RECORD_TUNNEL:
		if (r->tunnel.event == TUNNEL_SUMMARY)
			*(struct record *)table_add(&j->tunnels, r->uid) = *r;
		break;
	case RECORD_CAPTURE:
	case RECORD_CONN:
	case RECORD_DNS:
	case RECORD_ICMP:
	case RECORD_ARP:
	case RECORD_DHCP:
	case RECORD_LINK:
	case RECORD_SERIES:
	case RECORD_KINDS:
		break;
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

static const struct record *same(const struct record *waiting, const struct record *r)
{
	return waiting && waiting->uid[0] && memcmp(waiting->uid, r->uid, sizeof(r->uid)) == 0 ? waiting : NULL;
}

void join_conversation(struct join *j, const struct record *r, struct conversation *c)
{
	*c = (struct conversation){.record = r, .conn = &r->conn};
	c->orig = &r->conn.side[SIDE_ORIG];
	c->resp = &r->conn.side[SIDE_RESP];
	if ((c->tls_record = same(&j->tls, r)))
		c->tls = &c->tls_record->tls;
	if ((c->ftp_record = same(&j->ftp, r)))
		c->ftp = &c->ftp_record->ftp;
	if ((c->http_record = table_find(&j->http, r->uid)))
		c->http = &c->http_record->http;
	if ((c->tunnel_record = table_find(&j->tunnels, r->uid)))
		c->tunnel = &c->tunnel_record->tunnel;
	c->cannot_tell = r->conn.one_sided || c->orig->missing_bytes || c->resp->missing_bytes;
	c->rtt_s = round_trip(&r->conn);
}

void join_forget(struct join *j, const struct record *r)
{
	table_remove(&j->http, r->uid);
	table_remove(&j->tunnels, r->uid);
}

void join_free(struct join *j)
{
	table_free(&j->http);
	table_free(&j->tunnels);
	free(j);
}
