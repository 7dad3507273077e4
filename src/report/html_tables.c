/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML report: services, hosts, gateways, TLS sessions, names. */
#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/html_table.h"
#include "report/report_words.h"

#include <stdio.h>

#define IN_JSON "pcapdx -o report.json writes them."

static void services(struct text *t, const struct result *r, size_t bytes_max)
{
	static const struct column columns[] = {{"Server", false}, {"Name", false}, {"Service", false},
		{"Conversations", true}, {"Fine", true}, {"Failed", true}, {"Round trip (median)", true}};
	size_t start = t->len, begin;
	int i;

	if (!r->service_count)
		return;
	begin = table_open(t, "services", "Services", COLUMNS(columns));
	for (i = 0; i < r->service_count && t->len - start < bytes_max; i++) {
		const struct service_row *s = &r->services[i];

		text_add(t, "<tr>");
		cell_address(t, &s->server, s->port);
		cell_text(t, s->name);
		cell_text(t, s->service[0] ? s->service : words_proto(s->proto));
		cell_count(t, s->conversations);
		cell_count(t, s->ok);
		cell_count(t, s->failed);
		cell_seconds(t, s->rtt_median_s);
		text_add(t, "</tr>\n");
	}
	table_close(t, begin, r->services_left_out + (uint64_t)(r->service_count - i), IN_JSON);
}

static void hosts(struct text *t, const struct result *r, size_t bytes_max)
{
	static const struct column columns[] = {{"Host", false}, {"Name", false}, {"MAC address", false},
		{"Vendor", false}, {"Role", false}, {"Conversations", true}, {"Failed", true}, {"Packets", true},
		{"Bytes", true}};
	char mac[MAC_TEXT_SIZE];
	size_t start = t->len, begin;
	int i;

	if (!r->host_count)
		return;
	begin = table_open(t, "hosts", "Hosts", COLUMNS(columns));
	for (i = 0; i < r->host_count && t->len - start < bytes_max; i++) {
		const struct host_row *h = &r->hosts[i];

		text_add(t, "<tr>");
		cell_address(t, &h->host, 0);
		cell_text(t, h->name);
		cell_code(t, mac_is_set(&h->mac) ? mac_text(&h->mac, mac) : "");
		cell_text(t, h->vendor);
		cell_text(t, h->client && h->server ? "client, server"
			     : h->client	    ? "client"
			     : h->server	    ? "server"
						    : "");
		cell_count(t, h->conversations);
		cell_count(t, h->failed);
		cell_count(t, h->pkts);
		cell_count(t, h->bytes);
		text_add(t, "</tr>\n");
	}
	table_close(t, begin, r->hosts_left_out + (uint64_t)(r->host_count - i), IN_JSON);
}

static void hops_cell(struct text *t, const struct gateway *g)
{
	if (g->hops_min < 0)
		text_add(t, "<td></td>");
	else if (g->hops_max > g->hops_min)
		text_printf(t, "<td>%d to %d</td>", g->hops_min, g->hops_max);
	else
		text_printf(t, "<td>%d</td>", g->hops_min);
}

static void gateway_row(struct text *t, const struct gateway *g)
{
	struct text examples = {0};
	char mac[MAC_TEXT_SIZE], address[ADDR_TEXT_SIZE], vlan[12] = "";

	for (int i = 0; i < g->example_count; i++)
		text_printf(&examples, "%s%s", i ? ", " : "", addr_text(&g->example_hosts[i], address));
	if (g->vlan)
		snprintf(vlan, sizeof(vlan), "%u", g->vlan);
	text_add(t, "<tr>");
	cell_code(t, mac_text(&g->mac, mac));
	cell_text(t, g->vendor);
	cell_text(t, g->kind);
	cell_address(t, &g->own_ip, 0);
	cell_text(t, vlan);
	cell_text(t, g->role);
	cell_count(t, g->behind_hosts);
	hops_cell(t, g);
	cell_code(t, text_str(&examples));
	text_add(t, "</tr>\n");
	text_free(&examples);
}

static void gateways(struct text *t, const struct result *r)
{
	static const struct column columns[] = {{"MAC address", false}, {"Vendor", false}, {"Kind", false},
		{"Own address", false}, {"VLAN", true}, {"Where", false}, {"Hosts behind it", true},
		{"Hops behind it", true}, {"For example", false}};
	size_t begin;

	if (!r->gateway_count)
		return;
	begin = table_open(t, "gateways", "Gateways", COLUMNS(columns));
	for (int i = 0; i < r->gateway_count; i++)
		gateway_row(t, &r->gateways[i]);
	table_close(t, begin, 0, "");
	text_add(t, "<p class=\"hint\">A MAC address proves only the first device on the way.</p>\n");
}

static void tls_row(struct text *t, const struct result *r, const struct record *record)
{
	const struct tls *s = &record->tls;
	char version[16];

	text_printf(t, "<tr><td class=\"n\">%.6f</td>", when_s(record->ts_ns - r->summary.first_ts_ns));
	cell_address(t, &record->orig_h, record->orig_p);
	cell_address(t, &record->resp_h, record->resp_p);
	cell_text(t, s->sni);
	cell_text(t, words_tls_version(s->version, version));
	cell_text(t, words_tls_stage(s->stage));
	if (s->alert_count && !s->alerts[0].encrypted)
		text_printf(t, "<td class=\"n\">%u</td>", s->alerts[0].code);
	else
		cell_text(t, s->alert_count ? "encrypted" : "");
	cell_text(t, s->alpn);
	cell_text(t, s->cert_subject);
	cell_text(t, s->cert_issuer);
	cell_code(t, s->ja4);
	text_add(t, "</tr>\n");
}

static void tls(struct text *t, const struct result *r, size_t bytes_max)
{
	static const struct column columns[] = {{"Start (s)", true}, {"Client", false}, {"Server", false},
		{"Name asked for", false}, {"Version", false}, {"Came as far as", false}, {"Alert", true},
		{"ALPN", false}, {"Certificate", false}, {"Issuer", false}, {"JA4", false}};
	size_t start = t->len, begin;
	int i;

	if (!r->tls_count)
		return;
	begin = table_open(t, "tls", "TLS sessions", COLUMNS(columns));
	for (i = 0; i < r->tls_count && t->len - start < bytes_max; i++)
		tls_row(t, r, r->tls[i].record);
	table_close(t, begin, r->tls_left_out + (uint64_t)(r->tls_count - i), "pcapdx --records writes them.");
}

/* Shares are so that all that is small is there in full, and the connections get half. */
void html_tables(struct text *t, const struct result *r, size_t bytes_max)
{
	html_connections(t, r, bytes_max / 2);
	services(t, r, bytes_max / 10);
	hosts(t, r, bytes_max / 10);
	gateways(t, r);
	tls(t, r, bytes_max / 5);
	html_capture(t, r);
}
