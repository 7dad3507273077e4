/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: the table of connections. Where it is too long, failed ones are kept before healthy ones. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/html_table.h"
#include "report/report_words.h"

#define ROW_BYTES ((size_t)500) /* a usual row, rounded up */

static void code_cell(struct text *t, const struct result *r, const struct connection_row *row)
{
	text_add(t, "<td class=\"k\">");
	for (int i = 0; row->code && i < r->finding_count; i++)
		if (strcmp(r->findings[i]->code, row->code) == 0) {
			text_printf(t, "<a href=\"#%s\">%s</a>", r->findings[i]->id, row->code);
			break;
		}
	text_add(t, "</td>");
}

static void service_cell(struct text *t, const struct connection_row *row)
{
	const struct record *r = row->record;
	char version[16];
	const char *tls = words_tls_version(row->tls_version, version);

	if (*tls)
		cell_text(t, tls);
	else
		cell_text(t, r->conn.service[0] ? r->conn.service : words_proto(r->proto));
}

static void one_row(struct text *t, const struct result *r, const struct connection_row *row)
{
	const struct record *record = row->record;
	const struct conn *c = &record->conn;

	text_printf(t, "<tr><td class=\"n\">%.6f</td>", when_s(record->ts_ns - r->summary.first_ts_ns));
	cell_address(t, &record->orig_h, record->orig_p);
	cell_address(t, &record->resp_h, record->resp_p);
	cell_text(t, row->sni);
	service_cell(t, row);
	text_printf(t, "<td class=\"%s\">%s</td>", words_failed(row) ? "bad" : "fine", outcome_name(row->outcome));
	code_cell(t, r, row);
	cell_seconds(t, when_s(c->duration_ns));
	cell_seconds(t, c->rtt_server_ns < 0 ? -1 : when_s(c->rtt_server_ns));
	cell_count(t, c->side[SIDE_ORIG].bytes);
	cell_count(t, c->side[SIDE_RESP].bytes);
	text_printf(t, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu32 "</td>", record->frame, c->stream);
	if (r->summary.source_count > 1)
		cell_text(t, words_source(r, record->source));
	text_add(t, "</tr>\n");
}

static size_t healthy_that_fit(const struct result *r, size_t rows)
{
	size_t bad = 0;

	for (int i = 0; i < r->connection_count; i++)
		bad += words_failed(&r->connections[i]);
	return rows > bad ? rows - bad : 0;
}

void html_connections(struct text *t, const struct result *r, size_t bytes_max)
{
	static const struct column columns[] = {{"Start (s)", true}, {"Client", false}, {"Server", false},
		{"Name", false}, {"Service", false}, {"Outcome", false}, {"Finding", false}, {"Duration", true},
		{"Round trip", true}, {"Sent (bytes)", true}, {"Received (bytes)", true}, {"First frame", true},
		{"Stream", true}, {"Source", false}};
	size_t start = t->len, begin, healthy = healthy_that_fit(r, bytes_max / ROW_BYTES);
	uint64_t left_out = r->connections_left_out;

	if (!r->connection_count)
		return;
	begin = table_open(t, "connections", "Connections", columns, r->summary.source_count > 1 ? 14 : 13);
	for (int i = 0; i < r->connection_count; i++) {
		const struct connection_row *row = &r->connections[i];

		if (t->len - start > bytes_max || (!words_failed(row) && !healthy)) {
			left_out++;
			continue;
		}
		healthy -= !words_failed(row);
		one_row(t, r, row);
	}
	table_close(t, begin, left_out,
		"Failed ones are kept first; pcapdx -o connections.csv writes more of them, and "
		"--records all.");
}
