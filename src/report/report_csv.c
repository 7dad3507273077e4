/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of connections as CSV (RFC 4180). */
#include <inttypes.h>

#include "base/escape.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/result.h"
#include "report/report.h"
#include "report/report_words.h"

static void cell(struct text *t, const char *raw)
{
	text_add_char(t, ',');
	escape_csv(t, raw ? raw : "");
}

static void number_cell(struct text *t, uint64_t n)
{
	text_printf(t, ",%" PRIu64, n);
}

static void seconds_cell(struct text *t, int64_t ns)
{
	char seconds[WHEN_TEXT_SIZE];

	text_printf(t, ",%s", ns == UNSET ? "" : when_seconds(ns, seconds));
}

static void addresses(struct text *t, const struct record *r)
{
	char host[ADDR_TEXT_SIZE];

	cell(t, addr_text(&r->orig_h, host));
	number_cell(t, r->orig_p);
	cell(t, addr_text(&r->resp_h, host));
	number_cell(t, r->resp_p);
}

static void sizes(struct text *t, const struct conn *c)
{
	for (int side = SIDE_ORIG; side <= SIDE_RESP; side++) {
		number_cell(t, c->side[side].pkts);
		number_cell(t, c->side[side].bytes);
		number_cell(t, c->side[side].loss.retransmitted);
	}
}

static void row(struct text *t, const struct result *r, const struct connection_row *row)
{
	const struct record *record = row->record;
	const struct conn *c = &record->conn;
	char when[WHEN_TEXT_SIZE], version[16];

	text_add(t, when_rfc3339(record->ts_ns, when));
	cell(t, words_source(r, record->source));
	number_cell(t, record->frame);
	number_cell(t, c->stream);
	cell(t, record_uid(record));
	cell(t, words_proto(record->proto));
	addresses(t, record);
	cell(t, c->service);
	cell(t, row->sni);
	cell(t, words_tls_version(row->tls_version, version));
	cell(t, outcome_name(row->outcome));
	cell(t, row->code);
	seconds_cell(t, c->duration_ns);
	seconds_cell(t, c->rtt_server_ns);
	sizes(t, c);
	cell(t, c->conn_state);
	cell(t, words_conn_end(c->end_reason));
	cell(t, row->vendor);
	cell(t, c->community_id);
	text_add(t, "\r\n");
}

void report_csv(const struct result *r, struct text *out)
{
	text_add(out, "ts,source,frame,stream,uid,proto,client,client_port,server,server_port,service,sni,tls_version,"
		      "outcome,code,duration_s,rtt_s,client_packets,client_bytes,client_resent,server_packets,"
		      "server_bytes,server_resent,conn_state,end,vendor,community_id\r\n");
	for (int i = 0; i < r->connection_count; i++)
		row(out, r, &r->connections[i]);
}
