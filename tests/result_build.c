/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results made by hand, for the tests of the reports. Addresses are of the ranges for documentation. */
#include "result_build.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

#define START_NS INT64_C(1790000000123456789)

static struct addr ip(const char *text)
{
	struct addr a = {{0}};

	if (!addr_parse(text, &a))
		abort();
	return a;
}

static struct mac mac(const char *text)
{
	struct mac m = {{0}};

	if (!mac_parse(text, &m))
		abort();
	return m;
}

static struct result *new_result(enum severity severity, const char *headline)
{
	struct result *r = xcalloc(1, sizeof(*r));

	r->severity = severity;
	r->headline = xstrdup(headline);
	r->summary.time_wait_assumed_s = 60;
	return r;
}

static struct capture *add_source(struct result *r, const char *name, uint64_t packets, double seconds)
{
	struct summary *s = &r->summary;
	struct capture *c;

	s->sources = xrealloc(s->sources, (size_t)(s->source_count + 1) * sizeof(*s->sources));
	c = &s->sources[s->source_count++];
	memset(c, 0, sizeof(*c));
	text_copy(c->name, sizeof(c->name), name);
	text_copy(c->format, sizeof(c->format), "pcapng");
	text_copy(c->link_type, sizeof(c->link_type), "ethernet");
	c->snaplen = 262144;
	c->packets = packets;
	c->bytes = packets * 420;
	c->has_packets = packets > 0;
	c->first_ts_ns = START_NS;
	c->last_ts_ns = START_NS + (int64_t)(seconds * 1e9);
	s->packets += c->packets;
	s->bytes += c->bytes;
	s->has_packets = s->packets > 0;
	s->first_ts_ns = START_NS;
	if (c->last_ts_ns > s->last_ts_ns)
		s->last_ts_ns = c->last_ts_ns;
	return c;
}

static struct finding *add_finding(
	struct result *r, const char *code, enum severity severity, uint64_t count, uint64_t of)
{
	struct finding *f = xcalloc(1, sizeof(*f));

	if (r->finding_count == r->finding_room) {
		r->finding_room = r->finding_room ? r->finding_room * 2 : 8;
		r->findings = xrealloc(r->findings, (size_t)r->finding_room * sizeof(*r->findings));
	}
	r->findings[r->finding_count++] = f;
	snprintf(f->id, sizeof(f->id), "F%hd", (short)r->finding_count);
	f->code = code;
	f->severity = severity;
	f->count = count;
	f->of = of;
	f->confidence = 0.9;
	f->first_ts_ns = START_NS;
	f->last_ts_ns = START_NS + 20 * NS_PER_S;
	return f;
}

static struct diagnosis *add_diagnosis(
	struct result *r, struct finding *lead, enum responsible who, const char *title, const char *summary)
{
	struct diagnosis *d = xcalloc(1, sizeof(*d));

	if (r->diagnosis_count == r->diagnosis_room) {
		r->diagnosis_room = r->diagnosis_room ? r->diagnosis_room * 2 : 8;
		r->diagnoses = xrealloc(r->diagnoses, (size_t)r->diagnosis_room * sizeof(*r->diagnoses));
	}
	r->diagnoses[r->diagnosis_count++] = d;
	snprintf(d->id, sizeof(d->id), "D%hd", (short)r->diagnosis_count);
	d->title = xstrdup(title);
	d->summary = xstrdup(summary);
	d->subject = lead->subject;
	d->severity = lead->severity;
	d->confidence = lead->confidence;
	d->responsible = who;
	d->findings = xmalloc(sizeof(struct finding *));
	d->findings[d->finding_count++] = lead;
	lead->part_of_incident = true;
	return d;
}

static void join(struct diagnosis *d, struct finding *f)
{
	d->findings = xrealloc(d->findings, (size_t)(d->finding_count + 1) * sizeof(struct finding *));
	d->findings[d->finding_count++] = f;
	f->part_of_incident = true;
}

static void add_cause(struct diagnosis *d, double likelihood, const char *cause, const char *because)
{
	d->causes = xrealloc(d->causes, (size_t)(d->cause_count + 1) * sizeof(*d->causes));
	d->causes[d->cause_count++] = (struct cause){xstrdup(cause), xstrdup(because), likelihood};
}

static void add_line(char ***lines, int *count, const char *line)
{
	*lines = xrealloc(*lines, (size_t)(*count + 1) * sizeof(**lines));
	(*lines)[(*count)++] = xstrdup(line);
}

static struct record *conn(
	const char *client, uint16_t port, const char *server, uint16_t server_port, uint64_t frame, double at)
{
	struct record *r = xcalloc(1, sizeof(*r));

	record_init(r, RECORD_CONN);
	r->orig_h = ip(client);
	r->orig_p = port;
	r->resp_h = ip(server);
	r->resp_p = server_port;
	r->proto = 6;
	r->frame = frame;
	r->ts_ns = START_NS + (int64_t)(at * 1e9);
	snprintf(r->uid, sizeof(r->uid), "C%08x%08x", port, (unsigned)frame);
	return r;
}

static void key(
	struct record *r, double at, uint64_t frame, enum side side, uint8_t flags, uint32_t len, const char *label)
{
	struct key_frame *k = &r->conn.key_frames[r->conn.key_frame_count++];

	assert(r->conn.key_frame_count <= KEY_FRAMES_MAX);
	*k = (struct key_frame){.ref = {.frame = frame, .at_ns = (int64_t)(at * 1e9)}, .len = len};
	k->side = (uint8_t)side;
	k->flags = flags;
	text_copy(k->label, sizeof(k->label), label);
}

static struct record *reset_conversation(const char *sni)
{
	struct record *r = conn("192.0.2.10", 50122, "198.51.100.20", 443, 13, 0);

	r->conn.side[SIDE_ORIG].mac = mac("02:00:00:00:00:10");
	r->conn.side[SIDE_RESP].mac = mac("00:01:d7:3e:10:42");
	text_copy(r->conn.service, sizeof(r->conn.service), "tls");
	key(r, 0, 13, SIDE_ORIG, TCP_SYN, 0, "");
	key(r, 0.0162, 14, SIDE_RESP, TCP_SYN | TCP_ACK, 0, "");
	key(r, 0.0163, 15, SIDE_ORIG, TCP_ACK, 0, "");
	key(r, 0.0171, 16, SIDE_ORIG, TCP_PSH | TCP_ACK, 517, sni);
	key(r, 0.0334, 17, SIDE_RESP, TCP_ACK, 0, "");
	key(r, 5.0172, 18, SIDE_RESP, TCP_RST | TCP_ACK, 0, "");
	return r;
}

static struct finding *reset_finding(struct result *r)
{
	struct finding *f = add_finding(r, "rst-after-client-hello", SEVERITY_ERROR, 4, 4);

	f->subject.client = ip("192.0.2.10");
	f->subject.server = ip("198.51.100.20");
	f->subject.port = 443;
	f->subject.proto = 6;
	text_copy(f->subject.service, sizeof(f->subject.service), "tls");
	text_copy(f->subject.name, sizeof(f->subject.name), "customerweb.example");
	finding_title(f, "198.51.100.20:443 resets TLS clients 5.0 s after their ClientHello (4 of 4)");
	finding_detail(
		f, "The ClientHello arrives and is acknowledged; not a byte comes back; after 5.0 s a RST ends it.");
	finding_number(f, "delay_median_s", 5.0001);
	finding_number(f, "delay_min_s", 4.9998);
	finding_number(f, "delay_max_s", 5.0009);
	finding_text(f, "sni", "customerweb.example");
	finding_evidence(f, 0, 16, START_NS + 17100000, "ClientHello (customerweb.example), 517 bytes");
	finding_evidence(f, 0, 18, START_NS + 5017200000, "RST from the server, 5.0 s later");
	finding_evidence(f, 0, 26, START_NS + 10031000000, "RST from the server, 5.0 s after the ClientHello");
	finding_evidence(f, 0, 34, START_NS + 15048000000, "RST from the server, 5.0 s after the ClientHello");
	finding_filter(f, "tcp.stream in {2..5}");
	f->typical = reset_conversation("ClientHello");
	return f;
}

static void reset_incident(struct result *r)
{
	struct finding *f = reset_finding(r), *timer = add_finding(r, "rst-timer", SEVERITY_WARNING, 4, 4);
	struct diagnosis *d;

	timer->subject = f->subject;
	finding_title(timer, "Resets of 198.51.100.20:443 come after equal delays: a timer of 5.0 s");
	finding_number(timer, "timer_s", 5.0);
	finding_text(timer, "known_as", "F5 BIG-IP, TCP idle timeout of a pool without members");
	finding_evidence(timer, 0, 18, START_NS + 5017200000, "RST");
	finding_filter(timer, "tcp.stream in {2..5} && tcp.flags.reset == 1");
	d = add_diagnosis(r, f, RESPONSIBLE_MIDDLEBOX,
		"198.51.100.20:443 resets TLS clients 5.0 s after their ClientHello (4 of 4); the next hop is F5",
		"All 4 TLS sessions to customerweb.example are cut the same way: the ClientHello is acknowledged, "
		"nothing "
		"comes back, and after 5.0 s a RST arrives. The delay is the same each time, so a timer ends them, not "
		"the "
		"application.");
	join(d, timer);
	d->path = xstrdup("192.0.2.10 -> F5 (00:01:d7:3e:10:42) -> 198.51.100.20:443");
	add_cause(d, 0.75, "The load balancer has no working pool member behind this virtual server",
		"it answers the handshake itself, never forwards the ClientHello, and gives up by a timer");
	add_cause(d, 0.2, "The load balancer reaches a member that does not answer",
		"the delay fits its server-side timer");
	add_cause(d, 0.05, "The client's ClientHello is not to its liking",
		"a refusal would come at once, and as an alert");
	add_line(&d->against, &d->against_count,
		"The capture was taken on the client: whether the RST comes from the server or from a device before it "
		"is "
		"judged by TTL and MAC address only.");
	add_line(&d->next, &d->next_count,
		"On the load balancer: look at the pool behind 198.51.100.20:443 and its monitors.");
	add_line(&d->next, &d->next_count,
		"Capture behind it: tcpdump -ni eth0 -s 0 -w behind.pcap 'tcp port 443 and host 198.51.100.20'");
	add_line(&d->next, &d->next_count,
		"openssl s_client -connect 198.51.100.20:443 -servername customerweb.example");
}

static struct record *blocked_conversation(void)
{
	struct record *r = conn("192.0.2.77", 40110, "203.0.113.5", 30234, 870, 28.1);

	r->source = 0;
	key(r, 0, 870, SIDE_ORIG, TCP_SYN, 0, "");
	key(r, 1.01, 874, SIDE_ORIG, TCP_SYN, 0, "");
	key(r, 3.03, 880, SIDE_ORIG, TCP_SYN, 0, "");
	key(r, 7.2, 891, SIDE_ORIG, TCP_SYN, 0, "");
	return r;
}

static void limit_incident(struct result *r)
{
	struct finding *f = add_finding(r, "connection-limit-block", SEVERITY_ERROR, 41, 0);
	struct finding *churn = add_finding(r, "ftp-passive-churn", SEVERITY_WARNING, 400, 400);
	struct diagnosis *d;

	f->subject.client = ip("192.0.2.77");
	f->subject.server = ip("203.0.113.5");
	finding_title(f, "After 400 connections in 28 s, new ones from 192.0.2.77 to 203.0.113.5 stay unanswered");
	finding_integer(f, "at_count", 401);
	finding_number(f, "window_s", 28.1);
	finding_integer(f, "blocked", 41);
	finding_null(f, "recovered_after_s");
	for (uint64_t i = 0; i < 20; i++)
		finding_evidence(f, 0, 870 + i * 4, START_NS + 28100000000 + (int64_t)i * NS_PER_S, "SYN, unanswered");
	finding_filter(f, "tcp.flags.syn == 1 && ip.src == 192.0.2.77 && frame.number >= 870");
	f->typical = blocked_conversation();
	churn->subject = f->subject;
	finding_title(churn, "Passive FTP opens one connection per file: 400 in 28 s");
	finding_text(churn, "control", "192.0.2.77:51000 -> 203.0.113.5:21");
	finding_integer(churn, "transfers", 400);
	finding_number(churn, "per_minute", 854);
	finding_number(churn, "safe_per_minute", 100);
	finding_text(churn, "mode", "passive");
	finding_evidence(churn, 0, 60, START_NS + 400000000, "PASV");
	finding_next(churn, "Use active mode, or pace the transfers to 100 files a minute.");
	d = add_diagnosis(r, f, RESPONSIBLE_PATH,
		"A device on the path allows about 400 connections and drops the rest",
		"192.0.2.77 opened 400 connections for as many files; from the next one on every SYN stays unanswered, "
		"while "
		"the control connection still works.");
	join(d, churn);
	add_cause(d, 0.85, "A firewall limits connections per client to about 400",
		"connections that were open before go on, other clients are served");
	add_line(&d->next, &d->next_count, "Ask who runs the firewall for its limit of connections per source.");
	add_line(&d->next, &d->next_count, "Use active mode, or pace the transfers to 100 files a minute.");
}

static void gateway_note(struct result *r)
{
	struct finding *f = add_finding(r, "gateway", SEVERITY_NOTE, 1, 0);
	struct gateway *g;

	f->subject.mac = mac("00:01:d7:3e:10:42");
	finding_title(f, "Gateway 00:01:d7:3e:10:42 (F5, load-balancer) carries 14 hosts");
	finding_text(f, "mac", "00:01:d7:3e:10:42");
	finding_text(f, "vendor", "F5 Networks");
	finding_list(f, "hosts", "198.51.100.20");
	finding_list(f, "hosts", "203.0.113.5");
	finding_evidence(f, 0, 14, START_NS + 16200000, "from 198.51.100.20, TTL 61");
	finding_filter(f, "eth.addr == 00:01:d7:3e:10:42");
	r->gateways = xcalloc(1, sizeof(*r->gateways));
	r->gateway_count = 1;
	g = &r->gateways[0];
	g->mac = f->subject.mac;
	text_copy(g->vendor, sizeof(g->vendor), "F5 Networks");
	text_copy(g->kind, sizeof(g->kind), "load-balancer");
	text_copy(g->role, sizeof(g->role), "towards the servers");
	g->vlan = 42;
	g->behind_hosts = 14;
	g->hops_min = 1;
	g->hops_max = 3;
	g->example_hosts[0] = ip("198.51.100.20");
	g->example_hosts[1] = ip("203.0.113.5");
	g->example_count = 2;
}

static void add_connection(
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

static void connections(struct result *r)
{
	static const char *const clients[] = {"192.0.2.10", "192.0.2.9", "2001:db8::17", "192.0.2.112"};

	for (int i = 0; i < 24; i++) {
		bool tls = i % 3 == 0, bad = i % 6 == 0;
		struct record *c =
			conn(clients[i % 4], (uint16_t)(50000 + i), i % 4 == 2 ? "2001:db8::80" : "198.51.100.20",
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
		add_connection(r, c, bad ? OUTCOME_RESET : OUTCOME_OK, bad ? "rst-after-client-hello" : NULL,
			tls ? "customerweb.example" : "");
	}
}

static void hosts_and_services(struct result *r)
{
	static const char *const hosts[] = {
		"192.0.2.10", "192.0.2.77", "198.51.100.20", "203.0.113.5", "2001:db8::80", "192.0.2.9", "192.0.2.112"};

	r->hosts = xcalloc(7, sizeof(*r->hosts));
	for (r->host_count = 0; r->host_count < 7; r->host_count++) {
		struct host_row *h = &r->hosts[r->host_count];

		h->host = ip(hosts[r->host_count]);
		h->mac = mac(r->host_count == 2 ? "00:01:d7:3e:10:42" : "02:00:00:00:00:10");
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
	r->services[0] = (struct service_row){.server = ip("198.51.100.20"),
		.port = 443,
		.proto = 6,
		.service = "tls",
		.name = "customerweb.example",
		.conversations = 4,
		.failed = 4,
		.rtt_median_s = 0.0162};
	r->services[1] = (struct service_row){.server = ip("203.0.113.5"),
		.port = 21,
		.proto = 6,
		.service = "ftp",
		.conversations = 6,
		.ok = 1,
		.failed = 5,
		.rtt_median_s = -1};
	r->names = xcalloc(1, sizeof(*r->names));
	r->name_count = 1;
	r->names[0] = (struct name_row){.addr = ip("198.51.100.20"), .name = "customerweb.example"};
	r->time_wait = xcalloc(1, sizeof(*r->time_wait));
	r->time_wait_count = 1;
	r->time_wait[0] = (struct time_wait_row){ip("203.0.113.5"), 398, START_NS + 27 * NS_PER_S, 854};
}

static void tls_sessions(struct result *r, const char *name)
{
	r->tls = xrealloc(r->tls, (size_t)(r->tls_count + 1) * sizeof(*r->tls));
	r->tls[r->tls_count].record = conn("192.0.2.10", 50122, "198.51.100.20", 443, 13, 0);
	record_init(r->tls[r->tls_count].record, RECORD_TLS);
	r->tls[r->tls_count].record->orig_h = ip("192.0.2.10");
	r->tls[r->tls_count].record->resp_h = ip("198.51.100.20");
	r->tls[r->tls_count].record->resp_p = 443;
	r->tls[r->tls_count].record->ts_ns = START_NS;
	r->tls[r->tls_count].record->tls.stage = TLS_CLIENT_HELLO;
	text_copy(r->tls[r->tls_count].record->tls.sni, 256, name);
	text_copy(r->tls[r->tls_count].record->tls.cert_subject, 192, name);
	text_copy(r->tls[r->tls_count].record->tls.ja4, 40, "t13d1516h2_8daaf6152771_02713d6af862");
	r->tls_count++;
}

static void plots(struct result *r, int points)
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

static void counts(struct result *r)
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

struct result *result_rich(void)
{
	struct result *r = new_result(SEVERITY_ERROR, "198.51.100.20:443 resets TLS clients 5.0 s after their "
						      "ClientHello (4 of 4); the next hop is F5 (and 1 more "
						      "incident)");

	add_source(r, "trouble.pcapng", 7124, 46.2);
	r->weak = xstrdup("Frames are stored in full, but the capture starts in the middle of 3 connections");
	reset_incident(r);
	limit_incident(r);
	gateway_note(r);
	connections(r);
	hosts_and_services(r);
	tls_sessions(r, "customerweb.example");
	counts(r);
	plots(r, 5000);
	return r;
}

struct result *result_healthy(void)
{
	struct result *r = new_result(SEVERITY_OK, "No problem found: 586 packets, 3 TCP and 0 UDP conversations");

	add_source(r, "bulk-ok.pcap", 586, 2.1);
	r->summary.tcp_total = 3;
	r->summary.tcp_outcomes[OUTCOME_OK] = 3;
	return r;
}

struct result *result_without_packets(void)
{
	struct result *r = new_result(SEVERITY_OK, "No packets in this capture");

	add_source(r, "empty.pcap", 0, 0);
	return r;
}

struct result *result_hostile(void)
{
	struct result *r = new_result(SEVERITY_ERROR, "Trouble with " HOSTILE);
	struct finding *f;
	struct diagnosis *d;
	struct plot *p;

	add_source(r, HOSTILE ".pcap", 40, 9);
	add_source(r, "second.pcap", 2, 1);
	r->weak = xstrdup(HOSTILE);
	f = reset_finding(r);
	text_copy(f->subject.name, sizeof(f->subject.name), HOSTILE);
	text_copy(f->subject.service, sizeof(f->subject.service), "<b>");
	finding_title(f, "%s", HOSTILE);
	finding_detail(f, "%s", HOSTILE);
	finding_text(f, "sni", HOSTILE);
	finding_list(f, "list", HOSTILE);
	finding_next(f, "%s", HOSTILE);
	finding_against(f, "%s", HOSTILE);
	finding_evidence(f, 1, 2, START_NS, "%s", HOSTILE);
	finding_filter(f, "tls.handshake.extensions_server_name == \"%s\"", HOSTILE);
	free(f->typical);
	f->typical = reset_conversation("<svg onload=alert(3)>\x1b\"'");
	d = add_diagnosis(r, f, RESPONSIBLE_SERVER, HOSTILE, HOSTILE);
	d->path = xstrdup(HOSTILE);
	add_cause(d, 0.7, HOSTILE, HOSTILE);
	add_line(&d->next, &d->next_count, HOSTILE);
	add_line(&d->next, &d->next_count, "openssl s_client -servername " HOSTILE);
	add_line(&d->against, &d->against_count, HOSTILE);
	gateway_note(r);
	text_copy(r->gateways[0].vendor, sizeof(r->gateways[0].vendor), HOSTILE);
	add_connection(
		r, conn("192.0.2.10", 1, "198.51.100.20", 443, 1, 0), OUTCOME_RESET, "rst-after-client-hello", HOSTILE);
	text_copy(r->connections[0].record->conn.service, 16, "<i onclick=x>");
	hosts_and_services(r);
	text_copy(r->hosts[0].name, sizeof(r->hosts[0].name), HOSTILE);
	text_copy(r->services[0].name, sizeof(r->services[0].name), HOSTILE);
	text_copy(r->names[0].name, sizeof(r->names[0].name), HOSTILE);
	tls_sessions(r, HOSTILE);
	p = result_plot(r, "rtt", "Round-trip times", "time since the start (s)", "milliseconds");
	plot_point(plot_line(p, HOSTILE "\nEND\nsystem 'touch /tmp/pcapdx-owned'"), 1, 2);
	plot_point(&p->lines[0], 2, NAN);
	plot_point(&p->lines[0], 3, 1);
	p->says = xstrdup(HOSTILE);
	return r;
}

struct result *result_huge(int n)
{
	struct result *r = result_rich();

	for (int i = 0; i < n; i++) {
		add_connection(r, conn("192.0.2.10", (uint16_t)i, "198.51.100.20", 443, (uint64_t)i + 1, i * 0.01),
			i % 100 ? OUTCOME_OK : OUTCOME_RESET, i % 100 ? NULL : "rst-after-client-hello",
			"a-name-of-usual-length.example.com");
		tls_sessions(r, "a-name-of-usual-length.example.com");
	}
	r->connections_left_out = 1000000;
	for (int i = 0; i < n / 40; i++) {
		struct finding *f = reset_finding(r);

		for (uint64_t k = 0; k < 60; k++)
			finding_evidence(f, 0, 100 + k, START_NS, "a frame with some text to it, number %d", i);
	}
	return r;
}
