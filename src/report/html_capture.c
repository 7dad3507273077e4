/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: what was captured, and counts over all of it. */
#include <inttypes.h>

#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/html_table.h"
#include "report/report_words.h"

#define SOURCES_SHOWN 200
#define TIME_WAIT_SHOWN 50
#define TIME_WAIT_LEAST 10 /* every host holds a few */

static void state_of(struct text *t, const struct capture *c)
{
	if (c->unreadable)
		text_add(t, "unreadable ");
	if (c->cut_short)
		text_add(t, "cut short ");
	if (c->damaged)
		text_add(t, "damaged ");
	if (c->drops_known && c->drops)
		text_printf(t, "%" PRIu64 " packet%s dropped ", c->drops, c->drops == 1 ? "" : "s");
	if (c->cut_frames)
		text_printf(t, "%" PRIu64 " frame%s stored short ", c->cut_frames, c->cut_frames == 1 ? "" : "s");
}

static void source_row(struct text *t, const struct capture *c)
{
	struct text state = {0};
	char when[WHEN_TEXT_SIZE];

	text_add(t, "<tr>");
	cell_text(t, c->name);
	cell_text(t, c->format);
	cell_text(t, c->link_type);
	cell_count(t, c->snaplen);
	cell_count(t, c->packets);
	cell_count(t, c->bytes);
	cell_text(t, c->has_packets ? when_rfc3339(c->first_ts_ns, when) : "");
	cell_seconds(t, c->has_packets ? when_s(c->last_ts_ns - c->first_ts_ns) : -1);
	cell_text(t, c->filter);
	cell_text(t, c->comment);
	state_of(&state, c);
	cell_text(t, text_str(&state));
	text_add(t, "</tr>\n");
	text_free(&state);
}

static void sources(struct text *t, const struct result *r)
{
	static const struct column columns[] = {{"Source", false}, {"Format", false}, {"Link type", false},
		{"Snap length", true}, {"Packets", true}, {"Bytes", true}, {"First packet", false}, {"Duration", true},
		{"Filter", false}, {"Comment", false}, {"State", false}};
	size_t begin;
	int count = r->summary.source_count, shown = count < SOURCES_SHOWN ? count : SOURCES_SHOWN;

	begin = table_open(t, "capture", "Capture", COLUMNS(columns));
	for (int i = 0; i < shown; i++)
		source_row(t, &r->summary.sources[i]);
	table_close(t, begin, (uint64_t)(count - shown), "pcapdx -o report.json writes them.");
}

static void count_of(struct text *t, const char *name, uint64_t n)
{
	char number[GROUPED_TEXT_SIZE];

	if (n)
		text_printf(t, "<div><dt>%s</dt><dd>%s</dd></div>", name, words_grouped(n, number));
}

struct count {
	const char *name;
	uint64_t n;
};

static void counts_of(struct text *t, const char *heading, const struct count *counts, size_t size)
{
	size_t before;

	text_printf(t, "<h3>%s</h3>\n<dl class=\"counts\">", heading);
	before = t->len;
	for (size_t i = 0; i < size / sizeof(*counts); i++)
		count_of(t, counts[i].name, counts[i].n);
	text_add(t, t->len == before ? "<div><dt>none</dt><dd>0</dd></div></dl>\n" : "</dl>\n");
}

static void outcomes(struct text *t, const char *proto, const uint64_t counts[OUTCOMES])
{
	text_printf(t, "<h3>What became of %s conversations</h3>\n<dl class=\"counts\">", proto);
	for (int i = 0; i < OUTCOMES; i++)
		count_of(t, outcome_name((enum outcome)i), counts[i]);
	text_add(t, "</dl>\n");
}

static void loss(struct text *t, const struct tcp_loss *l)
{
	const struct count counts[] = {
		{ "lost", l->lost },
		{ "sent again", l->retransmitted },
		{ "sent again without need", l->spurious },
		{ "reordered", l->reordered },
		{ "doubled by the capture", l->duplicated_by_capture },
		{ "doubled by the network", l->duplicated_by_network },
		{ "wrong checksum", l->bad_checksum },
	};

	counts_of(t, "Segments lost and sent again, as pcapdx judges them", counts, sizeof(counts));
}

static void fragments(struct text *t, const struct fragmented *f)
{
	const struct count counts[] = {
		{ "fragments", f->pkts },
		{ "joined", f->joined },
		{ "only the first fragment", f->lost_first_only },
		{ "without the first fragment", f->lost_rest_only },
		{ "with other fragments missing", f->lost_holes },
		{ "unfinished at the end", f->unfinished },
		{ "let go for memory", f->let_go },
	};

	if (!f->pkts)
		return;
	counts_of(t, "Datagrams that travelled in fragments", counts, sizeof(counts));
}

static void analysis(struct text *t, const struct tcp_analysis *a)
{
	const struct count counts[] = {
		{ "retransmission", a->retransmission },
		{ "fast retransmission", a->fast_retransmission },
		{ "spurious retransmission", a->spurious_retransmission },
		{ "out of order", a->out_of_order },
		{ "duplicate ACK", a->duplicate_ack },
		{ "previous segment not captured", a->lost_segment },
		{ "ACKed unseen segment", a->ack_lost_segment },
		{ "zero window", a->zero_window },
		{ "zero window probe", a->zero_window_probe },
		{ "window full", a->window_full },
		{ "window update", a->window_update },
		{ "keep-alive", a->keep_alive },
		{ "keep-alive ACK", a->keep_alive_ack },
		{ "reused ports", a->reused_ports },
	};

	counts_of(t, "The same as Wireshark counts it", counts, sizeof(counts));
}

static uint64_t highest_peak(const struct result *r)
{
	uint64_t most = 0;

	for (int i = 0; i < r->time_wait_count; i++)
		most = r->time_wait[i].peak > most ? r->time_wait[i].peak : most;
	return most;
}

static void time_wait(struct text *t, const struct result *r)
{
	static const struct column columns[] = {
		{"Host", false}, {"Peak", true}, {"At (s)", true}, {"New per minute at most", true}};
	size_t begin;
	int i;

	if (!r->time_wait_count || highest_peak(r) < TIME_WAIT_LEAST)
		return;
	begin = table_open(t, "time-wait-hosts", "Sockets in TIME_WAIT", COLUMNS(columns));
	for (i = 0; i < r->time_wait_count && i < TIME_WAIT_SHOWN; i++) {
		const struct time_wait_row *w = &r->time_wait[i];

		text_add(t, "<tr>");
		cell_address(t, &w->host, 0);
		cell_count(t, w->peak);
		text_printf(t, "<td class=\"n\">%.3f</td><td class=\"n\">%.0f</td></tr>\n",
			when_s(w->peak_ts_ns - r->summary.first_ts_ns), w->per_minute_peak);
	}
	table_close(t, begin, (uint64_t)(r->time_wait_count - i), "pcapdx -o report.json writes them.");
	text_printf(t, "<p class=\"hint\">Modelled: a socket is taken to stay %.0f s (--time-wait).</p>\n",
		r->summary.time_wait_assumed_s);
}

void html_capture(struct text *t, const struct result *r)
{
	const struct summary *s = &r->summary;

	time_wait(t, r);
	sources(t, r);
	if (!s->has_packets)
		return;
	text_add(t, "<section class=\"totals\" aria-labelledby=\"totals\">\n<h2 id=\"totals\">Totals</h2>\n");
	if (s->tcp_total) {
		outcomes(t, "TCP", s->tcp_outcomes);
		loss(t, &s->loss);
		analysis(t, &s->analysis);
	}
	if (s->udp_total)
		outcomes(t, "UDP", s->udp_outcomes);
	fragments(t, &s->fragments);
	text_add(t, "</section>\n");
}
