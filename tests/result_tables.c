/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "result_tables.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "result_parts.h"

void build_connection(
	struct result *r, struct record *record, enum outcome outcome, const char *code, const char *sni)
{
	struct connection_row *row;

	r->connections = xrealloc(r->connections, (size_t)(r->connection_count + 1) * sizeof(*r->connections));
	row = &r->connections[r->connection_count++];
	*row = (struct connection_row){.record = record, .outcome = outcome, .code = code};
	text_copy(row->sni, sizeof(row->sni), sni);
	if (record->resp_p == 443)
		row->tls_version = 0x0303;
}

void build_connections(struct result *r)
{
	static const char *const clients[] = {"192.0.2.10", "192.0.2.9", "2001:db8::17", "192.0.2.112"};

	for (int i = 0; i < 24; i++) {
		bool tls = i % 3 == 0, bad = i % 6 == 0;
		struct record *c =
			build_conn(clients[i % 4], (uint16_t)(50000 + i), i % 4 == 2 ? "2001:db8::80" : "198.51.100.20",
				tls ? 443 : 80, (uint64_t)(13 + i * 7), i * 0.93);

		text_copy(c->conn.service, sizeof(c->conn.service), i == 23 ? "" : tls ? "tls" : "http");
		text_copy(c->conn.conn_state, sizeof(c->conn.conn_state), bad ? "RSTR" : "SF");
		text_copy(c->conn.community_id, sizeof(c->conn.community_id), "1:wCb3OG7yAFWelaUydu0D+125CLM=");
		c->conn.duration_ns = bad ? 5017200000 : 32000000 + i * 1700000;
		c->conn.rtt_server_ns = 16200000 + i * 10000;
		c->conn.stream = (uint32_t)i;
		c->conn.side[SIDE_ORIG].pkts = 6;
		c->conn.side[SIDE_ORIG].bytes = bad ? 517 : 140 + (uint64_t)i;
		c->conn.side[SIDE_RESP].pkts = 5;
		c->conn.side[SIDE_RESP].bytes = bad ? 0 : 1200u * (uint64_t)(24 - i);
		if (i == 23)
			c->proto = 132 + 1; /* one that has no name here */
		build_connection(r, c, bad ? OUTCOME_RESET : OUTCOME_OK, bad ? "rst-after-client-hello" : NULL,
			tls ? "customerweb.example" : "");
	}
}

void build_hosts_and_services(struct result *r)
{
	static const char *const hosts[] = {
		"192.0.2.10", "192.0.2.77", "198.51.100.20", "203.0.113.5", "2001:db8::80", "192.0.2.9", "192.0.2.112"};

	r->hosts = xcalloc(7, sizeof(*r->hosts));
	for (r->host_count = 0; r->host_count < 7; r->host_count++) {
		struct host_row *h = &r->hosts[r->host_count];

		h->host = build_ip(hosts[r->host_count]);
		h->mac = build_mac(r->host_count == 2 ? "00:01:d7:3e:10:42" : "02:00:00:00:00:10");
		h->conversations = 441 / (uint64_t)(r->host_count + 1);
		h->failed = r->host_count < 2 ? 4 : 0;
		h->pkts = 1200;
		h->bytes = 1234567;
		h->client = r->host_count < 2 || r->host_count > 4;
		h->server = !h->client;
	}
	text_copy(r->hosts[2].name, sizeof(r->hosts[2].name), "customerweb.example");
	text_copy(r->hosts[2].vendor, sizeof(r->hosts[2].vendor), "F5 Networks");
	r->services = xcalloc(2, sizeof(*r->services));
	r->service_count = 2;
	r->services[0] = (struct service_row){.server = build_ip("198.51.100.20"),
		.port = 443,
		.proto = 6,
		.service = "tls",
		.name = "customerweb.example",
		.conversations = 4,
		.failed = 4,
		.rtt_median_s = 0.0162};
	r->services[1] = (struct service_row){.server = build_ip("203.0.113.5"),
		.port = 21,
		.proto = 6,
		.service = "ftp",
		.conversations = 6,
		.ok = 1,
		.failed = 5,
		.rtt_median_s = -1};
	r->names = xcalloc(1, sizeof(*r->names));
	r->name_count = 1;
	r->names[0] = (struct name_row){.addr = build_ip("198.51.100.20"), .name = "customerweb.example"};
	r->time_wait = xcalloc(1, sizeof(*r->time_wait));
	r->time_wait_count = 1;
	r->time_wait[0] = (struct time_wait_row){build_ip("203.0.113.5"), 398, BUILD_START_NS + 27 * NS_PER_S, 854};
}

void build_tls_session(struct result *r, const char *name)
{
	r->tls = xrealloc(r->tls, (size_t)(r->tls_count + 1) * sizeof(*r->tls));
	r->tls[r->tls_count].record = build_conn("192.0.2.10", 50122, "198.51.100.20", 443, 13, 0);
	record_init(r->tls[r->tls_count].record, RECORD_TLS);
	r->tls[r->tls_count].record->orig_h = build_ip("192.0.2.10");
	r->tls[r->tls_count].record->resp_h = build_ip("198.51.100.20");
	r->tls[r->tls_count].record->resp_p = 443;
	r->tls[r->tls_count].record->ts_ns = BUILD_START_NS;
	r->tls[r->tls_count].record->tls.stage = TLS_CLIENT_HELLO;
	text_copy(r->tls[r->tls_count].record->tls.sni, 256, name);
	text_copy(r->tls[r->tls_count].record->tls.cert_subject, 192, name);
	text_copy(r->tls[r->tls_count].record->tls.ja4, 40, "t13d1516h2_8daaf6152771_02713d6af862");
	r->tls_count++;
}

void build_plots(struct result *r, int points)
{
	struct plot *p = result_plot(r, "time-wait", "Sockets in TIME_WAIT", "time since the start (s)", "sockets");
	struct plot_line *l = plot_line(p, "203.0.113.5");

	p->x_is_time = p->steps = true;
	p->thresholds[0] = 300;
	p->threshold_labels[0] = "where firewalls cut";
	p->threshold_count = 1;
	p->says = xstrdup("The number of sockets in TIME_WAIT on 203.0.113.5 rises to 398 after 27 s.");
	for (int i = 0; i < points; i++)
		plot_point(l, 30.0 * i / points, 398.0 * i / points);
	p = result_plot(r, "outcomes", "Outcomes of connections", "time since the start (s)", "connections per second");
	p->x_is_time = p->bars = true;
	p->says = xstrdup("Connections succeed until second 28; from then on none is answered.");
	l = plot_line(p, "answered");
	for (int i = 0; i < 40; i++)
		plot_point(l, i, i < 28 ? 14 + i % 3 : 0);
	l = plot_line(p, "unanswered");
	for (int i = 0; i < 40; i++)
		plot_point(l, i, i < 28 ? 0 : 3 + i % 2);
	p = result_plot(r, "rtt", "Round-trip times", "time since the start (s)", "milliseconds");
	p->x_is_time = true;
	p->says = xstrdup("Round trips take 16 ms throughout, with a swing of 4 ms.");
	l = plot_line(p, "median");
	for (int i = 0; i < points; i++)
		plot_point(l, 30.0 * i / points, 16 + 4 * sin(i / 9.0));
}

void build_counts(struct result *r)
{
	struct summary *s = &r->summary;

	s->tcp_total = 441;
	s->udp_total = 12;
	s->tcp_outcomes[OUTCOME_OK] = 396;
	s->tcp_outcomes[OUTCOME_RESET] = 4;
	s->tcp_outcomes[OUTCOME_NO_ANSWER] = 41;
	s->udp_outcomes[OUTCOME_OK] = 12;
	s->tcp_packets = 7100;
	s->udp_packets = 24;
	s->flag_syn = 490;
	s->flag_syn_ack = 400;
	s->flag_fin = 792;
	s->flag_rst = 4;
	s->analysis.retransmission = 49;
	s->analysis.duplicate_ack = 3;
	s->loss.lost = 2;
	s->loss.retransmitted = 49;
	s->loss.stalled_ns = 1500000000;
	s->tls_messages[1] = 8;
	s->tls_messages[2] = 4;
	s->tls_completed = 4;
	s->tls_alerts[40] = 2;
	s->dns_queries = 12;
	s->dns_responses = 12;
	s->dns_rcodes[0] = 11;
	s->dns_rcodes[3] = 1;
}
