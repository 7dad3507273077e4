/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "result_build.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "result_parts.h"
#include "result_tables.h"

static struct record *reset_conversation(const char *sni)
{
	struct record *r = build_conn("192.0.2.10", 50122, "198.51.100.20", 443, 13, 0);

	r->conn.side[SIDE_ORIG].mac = build_mac("02:00:00:00:00:10");
	r->conn.side[SIDE_RESP].mac = build_mac("00:01:d7:3e:10:42");
	text_copy(r->conn.service, sizeof(r->conn.service), "tls");
	build_key(r, 0, 13, SIDE_ORIG, TCP_SYN, 0, "");
	build_key(r, 0.0162, 14, SIDE_RESP, TCP_SYN | TCP_ACK, 0, "");
	build_key(r, 0.0163, 15, SIDE_ORIG, TCP_ACK, 0, "");
	build_key(r, 0.0171, 16, SIDE_ORIG, TCP_PSH | TCP_ACK, 517, sni);
	build_key(r, 0.0334, 17, SIDE_RESP, TCP_ACK, 0, "");
	build_key(r, 5.0172, 18, SIDE_RESP, TCP_RST | TCP_ACK, 0, "");
	return r;
}

static struct finding *reset_finding(struct result *r)
{
	struct finding *f = build_finding(r, "rst-after-client-hello", SEVERITY_ERROR, 4, 4);

	f->subject.client = build_ip("192.0.2.10");
	f->subject.server = build_ip("198.51.100.20");
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
	finding_evidence(f, 0, 16, BUILD_START_NS + 17100000, "ClientHello (customerweb.example), 517 bytes");
	finding_evidence(f, 0, 18, BUILD_START_NS + 5017200000, "RST from the server, 5.0 s later");
	finding_evidence(f, 0, 26, BUILD_START_NS + 10031000000, "RST from the server, 5.0 s after the ClientHello");
	finding_evidence(f, 0, 34, BUILD_START_NS + 15048000000, "RST from the server, 5.0 s after the ClientHello");
	finding_filter(f, "tcp.stream in {2..5}");
	f->typical = reset_conversation("ClientHello");
	return f;
}

static void reset_incident(struct result *r)
{
	struct finding *f = reset_finding(r), *timer = build_finding(r, "rst-timer", SEVERITY_WARNING, 4, 4);
	struct diagnosis *d;

	timer->subject = f->subject;
	finding_title(timer, "Resets of 198.51.100.20:443 come after equal delays: a timer of 5.0 s");
	finding_number(timer, "timer_s", 5.0);
	finding_text(timer, "known_as", "F5 BIG-IP, TCP idle timeout of a pool without members");
	finding_evidence(timer, 0, 18, BUILD_START_NS + 5017200000, "RST");
	finding_filter(timer, "tcp.stream in {2..5} && tcp.flags.reset == 1");
	d = build_diagnosis(r, f, RESPONSIBLE_MIDDLEBOX,
		"198.51.100.20:443 resets TLS clients 5.0 s after their ClientHello (4 of 4); the next hop is F5",
		"All 4 TLS sessions to customerweb.example are cut the same way: the ClientHello is acknowledged, "
		"nothing "
		"comes back, and after 5.0 s a RST arrives. The delay is the same each time, so a timer ends them, not "
		"the "
		"application.");
	build_join(d, timer);
	d->path = xstrdup("192.0.2.10 -> F5 (00:01:d7:3e:10:42) -> 198.51.100.20:443");
	build_cause(d, 0.75, "The load balancer has no working pool member behind this virtual server",
		"it answers the handshake itself, never forwards the ClientHello, and gives up by a timer");
	build_cause(d, 0.2, "The load balancer reaches a member that does not answer",
		"the delay fits its server-side timer");
	build_cause(d, 0.05, "The client's ClientHello is not to its liking",
		"a refusal would come at once, and as an alert");
	build_line(&d->against, &d->against_count,
		"The capture was taken on the client: whether the RST comes from the server or from a device before it "
		"is "
		"judged by TTL and MAC address only.");
	build_line(&d->next, &d->next_count,
		"On the load balancer: look at the pool behind 198.51.100.20:443 and its monitors.");
	build_line(&d->next, &d->next_count,
		"Capture behind it: tcpdump -ni eth0 -s 0 -w behind.pcap 'tcp port 443 and host 198.51.100.20'");
	build_line(&d->next, &d->next_count,
		"openssl s_client -connect 198.51.100.20:443 -servername customerweb.example");
}

static struct record *blocked_conversation(void)
{
	struct record *r = build_conn("192.0.2.77", 40110, "203.0.113.5", 30234, 870, 28.1);

	r->source = 0;
	build_key(r, 0, 870, SIDE_ORIG, TCP_SYN, 0, "");
	build_key(r, 1.01, 874, SIDE_ORIG, TCP_SYN, 0, "");
	build_key(r, 3.03, 880, SIDE_ORIG, TCP_SYN, 0, "");
	build_key(r, 7.2, 891, SIDE_ORIG, TCP_SYN, 0, "");
	return r;
}

static void limit_incident(struct result *r)
{
	struct finding *f = build_finding(r, "connection-limit-block", SEVERITY_ERROR, 41, 0);
	struct finding *churn = build_finding(r, "ftp-passive-churn", SEVERITY_WARNING, 400, 400);
	struct diagnosis *d;

	f->subject.client = build_ip("192.0.2.77");
	f->subject.server = build_ip("203.0.113.5");
	finding_title(f, "After 400 connections in 28 s, new ones from 192.0.2.77 to 203.0.113.5 stay unanswered");
	finding_integer(f, "at_count", 401);
	finding_number(f, "window_s", 28.1);
	finding_integer(f, "blocked", 41);
	finding_null(f, "recovered_after_s");
	for (uint64_t i = 0; i < 20; i++)
		finding_evidence(f, 0, 870 + i * 4, BUILD_START_NS + 28100000000 + (int64_t)i * NS_PER_S, "SYN, unanswered");
	finding_filter(f, "tcp.flags.syn == 1 && ip.src == 192.0.2.77 && frame.number >= 870");
	f->typical = blocked_conversation();
	churn->subject = f->subject;
	finding_title(churn, "Passive FTP opens one connection per file: 400 in 28 s");
	finding_text(churn, "control", "192.0.2.77:51000 -> 203.0.113.5:21");
	finding_integer(churn, "transfers", 400);
	finding_number(churn, "per_minute", 854);
	finding_number(churn, "safe_per_minute", 100);
	finding_text(churn, "mode", "passive");
	finding_evidence(churn, 0, 60, BUILD_START_NS + 400000000, "PASV");
	finding_next(churn, "Use active mode, or pace the transfers to 100 files a minute.");
	d = build_diagnosis(r, f, RESPONSIBLE_PATH,
		"A device on the path allows about 400 connections and drops the rest",
		"192.0.2.77 opened 400 connections for as many files; from the next one on every SYN stays unanswered, "
		"while "
		"the control connection still works.");
	build_join(d, churn);
	build_cause(d, 0.85, "A firewall limits connections per client to about 400",
		"connections that were open before go on, other clients are served");
	build_line(&d->next, &d->next_count, "Ask who runs the firewall for its limit of connections per source.");
	build_line(&d->next, &d->next_count, "Use active mode, or pace the transfers to 100 files a minute.");
}

static void gateway_note(struct result *r)
{
	struct finding *f = build_finding(r, "gateway", SEVERITY_NOTE, 1, 0);
	struct gateway *g;

	f->subject.mac = build_mac("00:01:d7:3e:10:42");
	finding_title(f, "Gateway 00:01:d7:3e:10:42 (F5, load-balancer) carries 14 hosts");
	finding_text(f, "mac", "00:01:d7:3e:10:42");
	finding_text(f, "vendor", "F5 Networks");
	finding_list(f, "hosts", "198.51.100.20");
	finding_list(f, "hosts", "203.0.113.5");
	finding_evidence(f, 0, 14, BUILD_START_NS + 16200000, "from 198.51.100.20, TTL 61");
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
	g->example_hosts[0] = build_ip("198.51.100.20");
	g->example_hosts[1] = build_ip("203.0.113.5");
	g->example_count = 2;
}

struct result *result_rich(void)
{
	struct result *r = build_result(SEVERITY_ERROR, "198.51.100.20:443 resets TLS clients 5.0 s after their "
						      "ClientHello (4 of 4); the next hop is F5 (and 1 more "
						      "incident)");

	build_source(r, "trouble.pcapng", 7124, 46.2);
	r->weak = xstrdup("Frames are stored in full, but the capture starts in the middle of 3 connections");
	reset_incident(r);
	limit_incident(r);
	gateway_note(r);
	build_connections(r);
	build_hosts_and_services(r);
	build_tls_session(r, "customerweb.example");
	build_counts(r);
	build_plots(r, 5000);
	return r;
}

struct result *result_healthy(void)
{
	struct result *r = build_result(SEVERITY_OK, "No problem found: 586 packets, 3 TCP and 0 UDP conversations");

	build_source(r, "bulk-ok.pcap", 586, 2.1);
	r->summary.tcp_total = 3;
	r->summary.tcp_outcomes[OUTCOME_OK] = 3;
	return r;
}

struct result *result_without_packets(void)
{
	struct result *r = build_result(SEVERITY_OK, "No packets in this capture");

	build_source(r, "empty.pcap", 0, 0);
	return r;
}

struct result *result_hostile(void)
{
	struct result *r = build_result(SEVERITY_ERROR, "Trouble with " HOSTILE);
	struct finding *f;
	struct diagnosis *d;
	struct plot *p;

	build_source(r, HOSTILE ".pcap", 40, 9);
	build_source(r, "second.pcap", 2, 1);
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
	finding_evidence(f, 1, 2, BUILD_START_NS, "%s", HOSTILE);
	finding_filter(f, "tls.handshake.extensions_server_name == \"%s\"", HOSTILE);
	free(f->typical);
	f->typical = reset_conversation("<svg onload=alert(3)>\x1b\"'");
	d = build_diagnosis(r, f, RESPONSIBLE_SERVER, HOSTILE, HOSTILE);
	d->path = xstrdup(HOSTILE);
	build_cause(d, 0.7, HOSTILE, HOSTILE);
	build_line(&d->next, &d->next_count, HOSTILE);
	build_line(&d->next, &d->next_count, "openssl s_client -servername " HOSTILE);
	build_line(&d->against, &d->against_count, HOSTILE);
	gateway_note(r);
	text_copy(r->gateways[0].vendor, sizeof(r->gateways[0].vendor), HOSTILE);
	build_connection(
		r, build_conn("192.0.2.10", 1, "198.51.100.20", 443, 1, 0), OUTCOME_RESET, "rst-after-client-hello", HOSTILE);
	text_copy(r->connections[0].record->conn.service, 16, "<i onclick=x>");
	build_hosts_and_services(r);
	text_copy(r->hosts[0].name, sizeof(r->hosts[0].name), HOSTILE);
	text_copy(r->services[0].name, sizeof(r->services[0].name), HOSTILE);
	text_copy(r->names[0].name, sizeof(r->names[0].name), HOSTILE);
	build_tls_session(r, HOSTILE);
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
		build_connection(r, build_conn("192.0.2.10", (uint16_t)i, "198.51.100.20", 443, (uint64_t)i + 1, i * 0.01),
			i % 100 ? OUTCOME_OK : OUTCOME_RESET, i % 100 ? NULL : "rst-after-client-hello",
			"a-name-of-usual-length.example.com");
		build_tls_session(r, "a-name-of-usual-length.example.com");
	}
	r->connections_left_out = 1000000;
	for (int i = 0; i < n / 40; i++) {
		struct finding *f = reset_finding(r);

		for (uint64_t k = 0; k < 60; k++)
			finding_evidence(f, 0, 100 + k, BUILD_START_NS, "a frame with some text to it, number %d", i);
	}
	return r;
}
