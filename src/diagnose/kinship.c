/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which findings are about one incident: the same service, pair, host or path; one that explains the other; or the same
 * failure so often that it has one cause. Different troubles stay apart.
 */
#include <math.h>
#include <string.h>

#include "diagnose/core.h"
#include "diagnose/findings.h"

#define SAME_CLIENT_MIN 3 /* services of one client that fail alike: what they have in common is the client or its path */
#define SILENT_SERVERS_MIN 2 /* name servers: a client has two so that both are never dead */
#define TRANSLATED_NS 50000000 /* from one side of a gateway to the other */
#define DELAY_TOLERANCE 0.02 /* as for timers */
#define DELAY_MIN_S 0.5

struct pair {
	const char *cause, *effect;
};

/* What a seasoned engineer takes for cause and effect when both are about the same service. */
static const struct pair explanations[] = {
	{ "accept-loop-blocked", "tls-silent-server" },
	{ "accept-loop-blocked", "tls-handshake-abandoned" },
	{ "accept-loop-blocked", "tls-handshake-stalled" },
	{ "accept-loop-blocked", "no-reply" },
	{ "accept-loop-blocked", "tcp-backlog-overflow" },
	{ "syn-flood", "tcp-backlog-overflow" },
	{ "syn-flood", "tcp-no-answer" },
	{ "syn-flood", "no-reply" },
	{ "tcp-backlog-overflow", "no-reply" },
	{ "tcp-backlog-overflow", "tcp-no-answer" },
	{ "tcp-backlog-overflow", "packet-loss" },
	{ "syn-flood", "packet-loss" },
	{ "tcp-backlog-overflow", "tls-silent-server" },
	{ "tcp-backlog-overflow", "peer-vanished" },
	{ "connection-limit-block", "tcp-no-answer" },
	{ "connection-limit-block", "tcp-refused" },
	{ "connection-limit-block", "ftp-data-failed" },
	{ "port-exhaustion", "tcp-no-answer" },
	{ "port-reuse-collision", "tcp-no-answer" },
	{ "rst-injected", "tcp-refused" },
	{ "rst-injected", "rst-after-client-hello" },
	{ "rst-injected", "rst-after-request" },
	{ "rst-injected", "rst-mid-transfer" },
	{ "mtu-black-hole", "no-reply" },
	{ "mtu-black-hole", "stalled-transfer" },
	{ "mtu-black-hole", "peer-vanished" },
	{ "mtu-black-hole", "tls-handshake-stalled" },
	{ "mtu-black-hole", "tls-handshake-abandoned" },
	{ "mtu-black-hole", "packet-loss" },
	{ "tunnel-peer-restarted", "tcp-refused" },
	{ "tunnel-peer-restarted", "tcp-no-answer" },
	{ "zero-window", "slow-client" },
	{ "tls-interception", "tls-certificate-rejected" },
	{ "tls-interception", "tls-alert" },
	{ "arp-conflict", "gateway-changed" },
	{ "arp-conflict", "tcp-no-answer" },
	{ "arp-conflict", "tcp-refused" },
	{ "arp-conflict", "rst-mid-transfer" },
	{ "arp-conflict", "peer-vanished" },
};

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

static bool starts(const char *code, const char *with)
{
	return strncmp(code, with, strlen(with)) == 0;
}

static bool about_port_use(const char *code)
{
	static const char *const codes[] = { "connection-limit-block", "ftp-passive-churn", "time-wait-accumulation",
		"port-exhaustion", "port-reuse-collision", "no-keep-alive", "ftp-data-failed", NULL };

	return is_one_of(code, codes);
}

static bool about_capture(const char *code)
{
	return starts(code, "capture-") && strcmp(code, "capture-lost-packets") != 0;
}

static bool shares_host(const struct subject *a, const struct subject *b)
{
	const struct addr *of_a[] = { &a->client, &a->server, &a->host };
	const struct addr *of_b[] = { &b->client, &b->server, &b->host };

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			if (addr_is_set(of_a[i]) && addr_equal(of_a[i], of_b[k]))
				return true;
	return false;
}

static bool same_server(const struct subject *a, const struct subject *b)
{
	return addr_is_set(&a->server) && addr_equal(&a->server, &b->server);
}

static bool same_service(const struct subject *a, const struct subject *b)
{
	return same_server(a, b) && a->port == b->port;
}

static bool same_client(const struct subject *a, const struct subject *b)
{
	return addr_is_set(&a->client) && addr_equal(&a->client, &b->client);
}

static bool same_mac(const struct subject *a, const struct subject *b)
{
	return mac_is_set(&a->mac) && mac_equal(&a->mac, &b->mac);
}

static bool clients_conflict(const struct subject *a, const struct subject *b)
{
	return addr_is_set(&a->client) && addr_is_set(&b->client) && !addr_equal(&a->client, &b->client);
}

/* Codes that explain or follow from others about the same server, whatever the port. */
static bool goes_along(const char *code)
{
	static const char *const codes[] = { "https-redirect", "client-retries", "gateway-in-failing-path", "rst-timer",
		"plain-health-check", NULL };

	return is_one_of(code, codes);
}

bool finding_explains(const struct finding *cause, const struct finding *effect)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(*explanations); i++)
		if (strcmp(explanations[i].cause, cause->code) == 0 && strcmp(explanations[i].effect, effect->code) == 0)
			return true;
	return false;
}

/* How many findings say the same of this client. */
static int count_alike(const struct result *r, const struct finding *f)
{
	int n = 0;

	for (int i = 0; i < r->finding_count; i++)
		n += strcmp(r->findings[i]->code, f->code) == 0 && same_client(&r->findings[i]->subject, &f->subject);
	return n;
}

/* How near two findings of one server are: the same port, protocol and client are nearer than others. */
static int nearness(const struct finding *a, const struct finding *b)
{
	const struct subject *x = &a->subject, *y = &b->subject;

	if (!same_server(x, y))
		return 0;
	return 1 + 4 * (x->port == y->port) + 2 * (x->port == y->port && x->proto == y->proto) + !clients_conflict(x, y);
}

static bool is_text(const struct fact *x)
{
	return x && x->type == FACT_TEXT;
}

static bool same_text_fact(const struct finding *a, const struct finding *b, const char *name)
{
	const struct fact *x = finding_fact(a, name), *y = finding_fact(b, name);

	return is_text(x) && is_text(y) && strcmp(x->text, y->text) == 0;
}

/* Two kinds of tunnels of one host have their troubles apart. */
static bool tunnels_differ(const struct finding *a, const struct finding *b)
{
	return is_text(finding_fact(a, "protocol")) && is_text(finding_fact(b, "protocol")) &&
	       !same_text_fact(a, b, "protocol");
}

static bool same_timer(const struct finding *a, const struct finding *b)
{
	double x = finding_fact_number(a, "delay_median_s"), y = finding_fact_number(b, "delay_median_s");

	return starts(a->code, "rst-") && a->typical && b->typical && x >= DELAY_MIN_S &&
	       fabs(x - y) <= DELAY_TOLERANCE * x &&
	       mac_equal(&a->typical->conn.side[SIDE_RESP].mac, &b->typical->conn.side[SIDE_RESP].mac);
}

static bool names_mac(const struct finding *f, const char *list, const struct fact *mac)
{
	const struct fact *macs = finding_fact(f, list);

	for (int i = 0; macs && mac && mac->type == FACT_TEXT && i < macs->list_count; i++)
		if (strcmp(macs->list[i], mac->text) == 0)
			return true;
	return false;
}

/* The machine that claims another's address is the one that its traffic now comes from. */
static bool is_takeover(const struct finding *conflict, const struct finding *moved)
{
	return strcmp(conflict->code, "arp-conflict") == 0 && strcmp(moved->code, "gateway-changed") == 0 &&
	       names_mac(conflict, "macs", finding_fact(moved, "mac_after")) &&
	       names_mac(conflict, "macs", finding_fact(moved, "mac_before"));
}

/* The certificates that a client refuses are those that the intercepting device signs. */
static bool is_forged_for(const struct finding *a, const struct finding *b)
{
	return strcmp(a->code, "tls-interception") == 0 && strcmp(b->code, "tls-certificate-rejected") == 0 &&
	       same_text_fact(a, b, "issuer");
}

static int alike_min(const char *code)
{
	return strcmp(code, "dns-no-answer") == 0 ? SILENT_SERVERS_MIN : SAME_CLIENT_MIN;
}

/* One connection before and behind an address translation: the same client and port, at the same moment. */
static bool is_translated(const struct finding *a, const struct finding *b)
{
	const struct record *x = a->typical, *y = b->typical;

	return x && y && x->proto == y->proto && x->orig_p == y->orig_p && addr_equal(&x->orig_h, &y->orig_h) &&
	       x->ts_ns - y->ts_ns <= TRANSLATED_NS && y->ts_ns - x->ts_ns <= TRANSLATED_NS;
}

/* The same failure of other services: of the same host, by the same device, or of so many that it has one cause. */
static bool same_trouble(const struct result *r, const struct finding *lead, const struct finding *f)
{
	const struct subject *a = &lead->subject, *b = &f->subject;

	if (strcmp(lead->code, f->code) != 0 || addr_is_set(&a->host))
		return false;
	if ((same_server(a, b) && !clients_conflict(a, b)) || is_translated(lead, f))
		return true;
	if (a->port == b->port && a->name[0] && strcmp(a->name, b->name) == 0)
		return true; /* one name, two addresses */
	if (strcmp(lead->code, "icmp-rejected") == 0 && same_text_fact(lead, f, "from"))
		return true;
	return same_timer(lead, f) || (same_client(a, b) && count_alike(r, lead) >= alike_min(lead->code));
}

bool finding_is_upstream(const struct finding *lead, const struct finding *f)
{
	static const char *const waits[] = { "dns-servfail", "dns-slow", "no-reply", "slow-server", "http-errors",
		"proxy-unreachable", "stalled-transfer", "tls-silent-server", "tls-closed-after-client-hello",
		"rst-after-client-hello", "rst-after-request", NULL };
	static const char *const fails[] = { "tcp-no-answer", "tcp-refused", "icmp-rejected", "no-reply", "dns-no-answer",
		"tls-silent-server", "connection-limit-block", "port-exhaustion", NULL };

	return is_one_of(lead->code, waits) && is_one_of(f->code, fails) && addr_is_set(&lead->subject.server) &&
	       addr_equal(&lead->subject.server, &f->subject.client);
}

/* A proxy that wants a login of one and cannot reach what another wants has two troubles. */
static bool refusals_differ(const struct finding *a, const struct finding *b)
{
	return starts(a->code, "proxy-") && starts(b->code, "proxy-") && strcmp(a->code, b->code) != 0;
}

/* A limit may count all clients together, or those behind one address: who is cut off while it lasts is its victim. */
static bool is_cut_off_too(const struct finding *limit, const struct finding *f)
{
	const struct fact *recovered = finding_fact(limit, "recovered_after_s");

	return strcmp(limit->code, "connection-limit-block") == 0 && finding_explains(limit, f) &&
	       same_server(&limit->subject, &f->subject) && f->first_ts_ns >= limit->first_ts_ns &&
	       (f->first_ts_ns <= limit->last_ts_ns || !recovered || recovered->type == FACT_NULL);
}

bool finding_belongs(const struct result *r, const struct finding *lead, const struct finding *f)
{
	if (is_takeover(lead, f) || is_takeover(f, lead) || is_forged_for(lead, f) || is_forged_for(f, lead))
		return true;
	if (is_cut_off_too(lead, f) || is_cut_off_too(f, lead))
		return true;
	if (same_trouble(r, lead, f) || finding_is_upstream(lead, f) || finding_is_upstream(f, lead))
		return true;
	if (about_capture(f->code) != about_capture(lead->code) || refusals_differ(lead, f))
		return false;
	if (about_port_use(lead->code) && about_port_use(f->code))
		return shares_host(&lead->subject, &f->subject);
	if (starts(lead->code, "tunnel-") && starts(f->code, "tunnel-"))
		return shares_host(&lead->subject, &f->subject) && !tunnels_differ(lead, f);
	if (finding_explains(f, lead) && addr_is_set(&f->subject.host))
		return shares_host(&lead->subject, &f->subject);
	if (same_service(&lead->subject, &f->subject))
		return !clients_conflict(&lead->subject, &f->subject) || goes_along(f->code);
	if (goes_along(f->code) && addr_is_set(&f->subject.server))
		return same_server(&lead->subject, &f->subject);
	return same_mac(&lead->subject, &f->subject);
}

/* Not https-redirect: what it is about is the other port, to which it sends. */
bool finding_follows(const struct finding *f, const struct finding *g)
{
	return goes_along(f->code) && strcmp(f->code, "https-redirect") != 0 && same_service(&f->subject, &g->subject);
}

/* What goes together whatever the port: the same failure, ports that are used up, a redirect. */
static bool belongs_by_kind(const struct finding *f, const struct finding *lead)
{
	return strcmp(f->code, lead->code) == 0 || strcmp(f->code, "https-redirect") == 0 ||
	       (about_port_use(f->code) && about_port_use(lead->code));
}

bool finding_is_nearer(const struct finding *f, const struct finding *other, const struct finding *lead)
{
	return !belongs_by_kind(f, lead) && nearness(other, f) > nearness(lead, f);
}
