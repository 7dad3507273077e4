/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands out about a conversation, in one word that rules are chosen by: most look for trouble, and most have none. */
#include "diagnose/core.h"

static bool is_unanswered(const struct conn_side *o)
{
	return o->unanswered || o->gap_tail || o->zero_window_open_ns != UNSET;
}

static bool is_repaired(const struct conn_side *o)
{
	const struct tcp_loss *l = &o->loss;

	return l->lost | l->retransmitted | l->spurious | l->reordered | l->duplicated_by_capture | l->duplicated_by_network |
	       l->bad_checksum | o->delayed_ack_stalls;
}

static bool is_moved(const struct conn_side *orig, const struct conn_side *resp)
{
	return orig->mac_change.frame || resp->mac_change.frame || orig->ttl_change.frame || resp->ttl_change.frame ||
	       !mac_equal(&orig->to_mac, &resp->mac);
}

static bool is_paced(const struct conn_side *o)
{
	return o->zero_windows || o->window_limited_ns >= PACE_MIN_NS ||
	       o->last_data.at_ns - o->first_data.at_ns >= PACE_MIN_NS;
}

/* What hosts begin to count from. */
static bool is_initial(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

static uint32_t shown_by_tcp(const struct conn *c)
{
	const struct conn_side *orig = &c->side[SIDE_ORIG], *resp = &c->side[SIDE_RESP];

	return (c->handshake_ack.frame ? SHOWS_OPENED : SHOWS_UNOPENED) | (is_moved(orig, resp) ? SHOWS_MOVED : 0) |
	       (c->first_fin == SIDE_NONE ? 0 : SHOWS_CLOSED) | (c->syns > 1 ? SHOWS_RESENT_SYN : 0) |
	       (is_repaired(orig) || is_repaired(resp) || c->overlaps_differ ? SHOWS_REPAIRS : 0) |
	       (resp->syn_ttl && !is_initial(resp->syn_ttl) ? SHOWS_FAR : 0) |
	       (is_paced(orig) || is_paced(resp) ? SHOWS_PACE : 0);
}

static uint32_t shown_by_http(const struct http *h)
{
	return SHOWS_ANSWER | (h->status >= 300 ? SHOWS_STATUS : 0) | (h->proxy ? SHOWS_PROXY : 0);
}

uint32_t record_shows(const struct record *r)
{
	const struct conn *c = &r->conn;
	const struct conn_side *orig = &c->side[SIDE_ORIG], *resp = &c->side[SIDE_RESP];

	if (r->kind != RECORD_CONN)
		return SHOWS_ANYTHING | (r->kind == RECORD_HTTP ? shown_by_http(&r->http) : 0);
	return SHOWS_ANYTHING | (c->rst_count ? SHOWS_RST : 0) | (c->icmp_count ? SHOWS_ICMP : 0) |
	       (c->answered != SYN_ANSWER_SYN_ACK ? SHOWS_NO_SYN_ACK : 0) |
	       (c->port_reused || c->old_acks ? SHOWS_REUSED : 0) | (resp->bytes ? 0 : SHOWS_MUTE) |
	       (orig->bytes ? 0 : SHOWS_UNASKED) | (c->answered == SYN_ANSWER_RST ? SHOWS_REFUSED : 0) |
	       (c->pending == SIDE_ORIG || c->idle_after_unanswered || is_unanswered(orig) || is_unanswered(resp)
			       ? SHOWS_UNANSWERED
			       : 0) |
	       (orig->fin.frame && resp->fin.frame ? 0 : SHOWS_UNCLOSED) |
	       (c->one_sided || orig->missing_bytes || resp->missing_bytes ? SHOWS_MISSING : 0) |
	       (r->proto == 6 ? shown_by_tcp(c) : 0);
}
