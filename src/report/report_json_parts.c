/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON report: the capture, the tables, and the counts of connections, TLS, DNS and TIME_WAIT. */
#include <stdio.h>

#include "base/when.h"
#include "diagnose/result.h"
#include "report/report_json.h"
#include "report/report_words.h"

#define LIST_ROWS_MAX 5000 /* some 2 MB of text */

static void json_source(struct json *j, const struct capture *c)
{
	json_object(j, NULL);
	json_text(j, "name", c->name);
	json_text(j, "format", c->format);
	json_text(j, "link_type", c->link_type);
	json_uint(j, "snaplen", c->snaplen);
	json_uint(j, "packets", c->packets);
	json_uint(j, "bytes", c->bytes);
	if (c->has_packets) {
		json_time(j, "first_ts", c->first_ts_ns);
		json_time(j, "last_ts", c->last_ts_ns);
	} else {
		json_null(j, "first_ts");
		json_null(j, "last_ts");
	}
	json_bool(j, "cut_short", c->cut_short);
	json_bool(j, "damaged", c->damaged);
	json_bool(j, "unreadable", c->unreadable);
	if (c->drops_known)
		json_uint(j, "drops", c->drops);
	else
		json_null(j, "drops");
	json_text(j, "filter", c->filter[0] ? c->filter : NULL);
	json_text(j, "comment", c->comment[0] ? c->comment : NULL);
	json_end_object(j);
}

static void json_fragments(struct json *j, const struct fragmented *f)
{
	json_object(j, "fragments");
	json_uint(j, "packets", f->pkts);
	json_uint(j, "joined", f->joined);
	json_uint(j, "first_only", f->lost_first_only);
	json_uint(j, "rest_only", f->lost_rest_only);
	json_uint(j, "holes", f->lost_holes);
	json_uint(j, "unfinished", f->unfinished);
	json_uint(j, "let_go", f->let_go);
	json_end_object(j);
}

void json_capture(struct json *j, const struct result *r)
{
	const struct summary *s = &r->summary;

	json_object(j, "capture");
	json_array(j, "sources");
	for (int i = 0; i < s->source_count; i++)
		json_source(j, &s->sources[i]);
	json_end_array(j);
	json_uint(j, "packets", s->packets);
	json_uint(j, "bytes", s->bytes);
	if (s->has_packets) {
		json_ns(j, "duration_s", s->last_ts_ns - s->first_ts_ns);
		json_time(j, "first_ts", s->first_ts_ns);
		json_time(j, "last_ts", s->last_ts_ns);
	} else {
		json_uint(j, "duration_s", 0);
		json_null(j, "first_ts");
		json_null(j, "last_ts");
	}
	json_fragments(j, &s->fragments);
	json_end_object(j);
}

static void json_addr(struct json *j, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE];

	json_text(j, key, addr_is_set(a) ? addr_text(a, text) : NULL);
}

static void json_optional(struct json *j, const char *key, const char *value)
{
	json_text(j, key, value && *value ? value : NULL);
}

/* Distances seen behind a gateway: none, one, or the least and the greatest. */
static void json_hops(struct json *j, const struct gateway *g)
{
	json_array(j, "hops");
	if (g->hops_min >= 0)
		json_int(j, NULL, g->hops_min);
	if (g->hops_max > g->hops_min)
		json_int(j, NULL, g->hops_max);
	json_end_array(j);
}

static void json_gateway(struct json *j, const struct gateway *g)
{
	char mac[MAC_TEXT_SIZE];

	json_object(j, NULL);
	json_text(j, "mac", mac_text(&g->mac, mac));
	json_optional(j, "vendor", g->vendor);
	json_optional(j, "kind", g->kind);
	if (g->vlan)
		json_uint(j, "vlan", g->vlan);
	else
		json_null(j, "vlan");
	json_uint(j, "behind_hosts", g->behind_hosts);
	json_hops(j, g);
	json_array(j, "example_hosts");
	for (int i = 0; i < g->example_count; i++)
		json_addr(j, NULL, &g->example_hosts[i]);
	json_end_array(j);
	json_optional(j, "role", g->role);
	json_addr(j, "own_ip", &g->own_ip);
	json_bool(j, "masqueraded", g->masqueraded);
	json_end_object(j);
}

static void json_host(struct json *j, const struct host_row *h)
{
	char mac[MAC_TEXT_SIZE];

	json_object(j, NULL);
	json_addr(j, "host", &h->host);
	json_optional(j, "name", h->name);
	json_text(j, "mac", mac_is_set(&h->mac) ? mac_text(&h->mac, mac) : NULL);
	json_optional(j, "vendor", h->vendor);
	json_uint(j, "conversations", h->conversations);
	json_uint(j, "failed", h->failed);
	json_uint(j, "packets", h->pkts);
	json_uint(j, "bytes", h->bytes);
	json_bool(j, "client", h->client);
	json_bool(j, "server", h->server);
	json_end_object(j);
}

static void json_service(struct json *j, const struct service_row *s)
{
	json_object(j, NULL);
	json_addr(j, "server", &s->server);
	json_uint(j, "port", s->port);
	json_text(j, "proto", words_proto(s->proto));
	json_optional(j, "service", s->service);
	json_optional(j, "name", s->name);
	json_uint(j, "conversations", s->conversations);
	json_uint(j, "ok", s->ok);
	json_uint(j, "failed", s->failed);
	if (s->rtt_median_s >= 0)
		json_number(j, "rtt_median_s", s->rtt_median_s);
	else
		json_null(j, "rtt_median_s");
	json_end_object(j);
}

void json_tables(struct json *j, const struct result *r)
{
	json_array(j, "gateways");
	for (int i = 0; i < r->gateway_count; i++)
		json_gateway(j, &r->gateways[i]);
	json_end_array(j);
	json_array(j, "hosts");
	for (int i = 0; i < r->host_count; i++)
		json_host(j, &r->hosts[i]);
	json_end_array(j);
	json_uint(j, "hosts_left_out", r->hosts_left_out);
	json_array(j, "services");
	for (int i = 0; i < r->service_count; i++)
		json_service(j, &r->services[i]);
	json_end_array(j);
	json_uint(j, "services_left_out", r->services_left_out);
}

static void json_outcomes(struct json *j, const uint64_t outcomes[OUTCOMES])
{
	json_object(j, "outcomes");
	for (int i = 0; i < OUTCOMES; i++)
		json_uint(j, outcome_name((enum outcome)i), outcomes[i]);
	json_end_object(j);
}

static void json_analysis(struct json *j, const struct tcp_analysis *a)
{
	json_object(j, "analysis");
	json_uint(j, "retransmission", a->retransmission);
	json_uint(j, "fast_retransmission", a->fast_retransmission);
	json_uint(j, "spurious_retransmission", a->spurious_retransmission);
	json_uint(j, "out_of_order", a->out_of_order);
	json_uint(j, "duplicate_ack", a->duplicate_ack);
	json_uint(j, "lost_segment", a->lost_segment);
	json_uint(j, "ack_lost_segment", a->ack_lost_segment);
	json_uint(j, "zero_window", a->zero_window);
	json_uint(j, "zero_window_probe", a->zero_window_probe);
	json_uint(j, "zero_window_probe_ack", a->zero_window_probe_ack);
	json_uint(j, "window_full", a->window_full);
	json_uint(j, "window_update", a->window_update);
	json_uint(j, "keep_alive", a->keep_alive);
	json_uint(j, "keep_alive_ack", a->keep_alive_ack);
	json_uint(j, "reused_ports", a->reused_ports);
	json_end_object(j);
}

static void json_loss(struct json *j, const struct tcp_loss *l)
{
	json_object(j, "loss");
	json_uint(j, "lost", l->lost);
	json_uint(j, "retransmitted", l->retransmitted);
	json_uint(j, "spurious", l->spurious);
	json_uint(j, "reordered", l->reordered);
	json_uint(j, "duplicated_by_capture", l->duplicated_by_capture);
	json_uint(j, "duplicated_by_network", l->duplicated_by_network);
	json_uint(j, "bad_checksum", l->bad_checksum);
	json_ns(j, "stalled_s", l->stalled_ns);
	json_end_object(j);
}

static void json_tcp(struct json *j, const struct summary *s)
{
	json_object(j, "tcp");
	json_uint(j, "total", s->tcp_total);
	json_outcomes(j, s->tcp_outcomes);
	json_uint(j, "packets", s->tcp_packets);
	json_object(j, "flags");
	json_uint(j, "syn", s->flag_syn);
	json_uint(j, "syn_ack", s->flag_syn_ack);
	json_uint(j, "fin", s->flag_fin);
	json_uint(j, "rst", s->flag_rst);
	json_end_object(j);
	json_analysis(j, &s->analysis);
	json_loss(j, &s->loss);
	json_end_object(j);
}

static void json_row(struct json *j, const struct connection_row *row)
{
	const struct record *r = row->record;
	const struct conn *c = &r->conn;

	json_object(j, NULL);
	json_text(j, "uid", record_uid(r));
	json_uint(j, "source", r->source);
	json_uint(j, "frame", r->frame);
	json_uint(j, "stream", c->stream);
	json_time(j, "ts", r->ts_ns);
	json_text(j, "proto", words_proto(r->proto));
	json_addr(j, "client", &r->orig_h);
	json_uint(j, "client_port", r->orig_p);
	json_addr(j, "server", &r->resp_h);
	json_uint(j, "server_port", r->resp_p);
	json_optional(j, "service", c->service);
	json_optional(j, "sni", row->sni);
	json_text(j, "outcome", outcome_name(row->outcome));
	json_text(j, "code", row->code);
	json_ns(j, "duration_s", c->duration_ns);
	json_uint(j, "client_bytes", c->side[SIDE_ORIG].bytes);
	json_uint(j, "server_bytes", c->side[SIDE_RESP].bytes);
	json_optional(j, "conn_state", c->conn_state);
	json_optional(j, "community_id", c->community_id);
	json_end_object(j);
}

static void json_list(struct json *j, const struct result *r)
{
	int rows = r->connection_count < LIST_ROWS_MAX ? r->connection_count : LIST_ROWS_MAX;

	json_array(j, "list");
	for (int i = 0; i < rows; i++)
		json_row(j, &r->connections[i]);
	json_end_array(j);
	json_uint(j, "list_left_out", r->connections_left_out + (uint64_t)(r->connection_count - rows));
}

void json_connections(struct json *j, const struct result *r, bool with_list)
{
	const struct summary *s = &r->summary;

	json_object(j, "connections");
	json_tcp(j, s);
	json_object(j, "udp");
	json_uint(j, "total", s->udp_total);
	json_uint(j, "streams", s->udp_streams);
	json_outcomes(j, s->udp_outcomes);
	json_uint(j, "packets", s->udp_packets);
	json_end_object(j);
	if (with_list)
		json_list(j, r);
	json_end_object(j);
}

/* Counts by code, those that occur. */
static void json_by_code(struct json *j, const char *key, const uint64_t *counts, int n)
{
	char code[12];

	json_object(j, key);
	for (int i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		snprintf(code, sizeof(code), "%d", i);
		json_uint(j, code, counts[i]);
	}
	json_end_object(j);
}

static void json_time_wait(struct json *j, const struct result *r)
{
	json_object(j, "time_wait");
	json_number(j, "assumed_s", r->summary.time_wait_assumed_s);
	json_array(j, "hosts");
	for (int i = 0; i < r->time_wait_count; i++) {
		json_object(j, NULL);
		json_addr(j, "host", &r->time_wait[i].host);
		json_uint(j, "peak", r->time_wait[i].peak);
		json_time(j, "peak_ts", r->time_wait[i].peak_ts_ns);
		json_number(j, "per_minute_peak", r->time_wait[i].per_minute_peak);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

void json_protocols(struct json *j, const struct result *r)
{
	const struct summary *s = &r->summary;
	char ip[ADDR_TEXT_SIZE];

	json_object(j, "tls");
	json_uint(j, "client_hellos", s->tls_messages[1]);
	json_uint(j, "server_hellos", s->tls_messages[2]);
	json_uint(j, "completed", s->tls_completed);
	json_by_code(j, "handshakes", s->tls_messages, TLS_MESSAGE_TYPES);
	json_by_code(j, "alerts", s->tls_alerts, TLS_ALERT_CODES);
	json_end_object(j);
	json_object(j, "dns");
	json_uint(j, "queries", s->dns_queries);
	json_uint(j, "responses", s->dns_responses);
	json_by_code(j, "rcodes", s->dns_rcodes, DNS_RCODES);
	json_end_object(j);
	json_time_wait(j, r);
	json_object(j, "names");
	for (int i = 0; i < r->name_count; i++)
		json_text(j, addr_text(&r->names[i].addr, ip), r->names[i].name);
	json_end_object(j);
}
