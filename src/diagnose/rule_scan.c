/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-scan: one source tries many ports of a host, or one port of many hosts of a network, and most of them refuse or say nothing.
 * Told once; it takes the refused and unanswered connections over. Many hosts with a port of their own each are the
 * peers of a file-sharing program; ports that FTP announced are data connections.
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/attempts.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/icmp_names.h"

#define SCAN_PORTS_MIN 20
#define SCAN_HOSTS_MIN 20
#define SCAN_FAILED_SHARE 0.5 /* of the ports tried that refuse or say nothing */
#define SOURCES_MAX 4000
#define PORTS_MAX 65536
#define ANNOUNCED_MAX 20000

struct source_key {
	struct addr source;
	uint8_t proto;
};

struct port_key {
	struct addr target;
	uint16_t port;
};

struct scan {
	struct table ports; /* struct port_key -> uint8_t: whether it failed */
	struct attempts seen;
};

struct state {
	struct table scans;	/* struct source_key -> struct scan */
	struct table announced; /* struct port_key -> uint8_t: data ports of passive FTP */
};

/* What a source tried, by its two views. */
struct shape {
	uint32_t failed, ports, hosts; /* ports: most on one host; hosts: most in one network, on one port */
	struct addr target;
	uint16_t port;
	uint32_t targets;
};

static void drop_scan(void *owner, void *value)
{
	struct scan *s = value;

	(void)owner;
	table_free(&s->ports);
	attempts_free(&s->seen);
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->scans, sizeof(struct source_key), sizeof(struct scan), SOURCES_MAX);
	s->scans.drop = drop_scan;
	table_init(&s->announced, sizeof(struct port_key), 1, ANNOUNCED_MAX);
}

static struct port_key key_of(const struct addr *target, uint16_t port)
{
	struct port_key k;

	memset(&k, 0, sizeof(k));
	k.target = *target;
	k.port = port;
	return k;
}

static void note_port(struct state *s, struct diagnosis_context *x, const struct record *r, bool failed)
{
	struct port_key k = key_of(&r->resp_h, r->resp_p);
	struct source_key from;
	struct scan *scan;

	memset(&from, 0, sizeof(from));
	from.source = r->orig_h;
	from.proto = r->proto;
	scan = failed ? table_add(&s->scans, &from) : table_find(&s->scans, &from);
	if (!scan || table_find(&s->announced, &k))
		return;
	if (!scan->ports.max) {
		table_init(&scan->ports, sizeof(k), 1, PORTS_MAX);
		scan->ports.held_bytes = &x->held_bytes;
	}
	*(uint8_t *)table_add(&scan->ports, &k) |= failed;
	attempts_add(&scan->seen, r, &x->held_bytes);
}

static bool is_rejected(const struct record *r)
{
	for (uint32_t i = 0; i < r->conn.icmp_count && i < ICMPS_MAX; i++)
		if (r->conn.icmps[i].side == SIDE_ORIG && icmp_is_rejection(&r->conn.icmps[i]))
			return !icmp_ends_traceroute(r, &r->conn.icmps[i]);
	return false;
}

static void on_conn(struct state *s, struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;
	bool spoke = c->side[SIDE_ORIG].bytes || c->side[SIDE_RESP].bytes || c->first_fin != SIDE_NONE;
	bool unanswered = !c->handshake_ack.frame && (c->answered == SYN_ANSWER_NONE || c->answered == SYN_ANSWER_SYN_ACK);

	if (r->proto == 17 && !c->side[SIDE_RESP].pkts && is_rejected(r))
		note_port(s, x, r, true);
	else if (r->proto == 6 && c->syns && !spoke)
		note_port(s, x, r, unanswered || c->answered == SYN_ANSWER_RST || c->answered == SYN_ANSWER_ICMP);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct state *s = state;
	struct port_key k;

	if (r->kind == RECORD_CONN && r->conn.end_reason != CONN_END_PART && !r->conn.one_sided)
		on_conn(s, x, r);
	if (r->kind != RECORD_FTP || r->ftp.mode != 'P' || !r->ftp.data_port)
		return;
	k = key_of(&r->ftp.data_addr, r->ftp.data_port);
	table_add(&s->announced, &k);
}

/* Hosts that are asked for the same port in turn lie side by side; the sites of a browser do not. */
struct sweep_key {
	uint8_t network[sizeof(((struct addr *)0)->b)];
	uint16_t port;
};

static struct sweep_key sweep_of(const struct port_key *k)
{
	size_t keep = addr_is_v4(&k->target) ? sizeof(k->target.b) - 1 : 8;
	struct sweep_key s;

	memset(&s, 0, sizeof(s));
	memcpy(s.network, k->target.b, keep);
	s.port = k->port;
	return s;
}

static uint32_t count_up(struct table *t, const void *key)
{
	uint32_t *n = table_add(t, key);

	return ++*n;
}

static struct shape shape_of(const struct scan *s)
{
	struct table by_host, by_port;
	struct shape shape = { 0 };

	table_init(&by_host, sizeof(struct addr), sizeof(uint32_t), PORTS_MAX);
	table_init(&by_port, sizeof(struct sweep_key), sizeof(uint32_t), PORTS_MAX);
	for (struct table_entry *e = table_next(&s->ports, NULL); e; e = table_next(&s->ports, e)) {
		const struct port_key *k = table_key(e);
		struct sweep_key sweep = sweep_of(k);
		uint32_t ports = count_up(&by_host, &k->target), hosts = count_up(&by_port, &sweep);

		shape.failed += *(uint8_t *)table_value(e);
		if (ports > shape.ports) {
			shape.ports = ports;
			shape.target = k->target;
		}
		if (hosts > shape.hosts) {
			shape.hosts = hosts;
			shape.port = k->port;
		}
	}
	shape.targets = by_host.count;
	table_free(&by_host);
	table_free(&by_port);
	return shape;
}

static bool is_failed_connect(const struct claim *c)
{
	static const char *const codes[] = { "tcp-no-answer", "tcp-refused", "icmp-rejected", "rst-on-close", "tcp-half-open" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(c->code, codes[i]) == 0)
			return true;
	return false;
}

static void title(struct finding *f, const struct scan *s, const struct shape *shape, const char *from)
{
	double seconds = when_s(s->seen.last_ns - s->seen.first_ns);
	char to[ADDR_TEXT_SIZE];

	addr_text(&shape->target, to);
	if (shape->ports >= SCAN_PORTS_MIN && shape->targets == 1)
		finding_title(f, "Port scan: %s tries %u ports of %s within %.1f s", from, shape->ports, to, seconds);
	else if (shape->ports >= SCAN_PORTS_MIN)
		finding_title(f, "Port scan: %s tries %u ports of %u hosts within %.1f s", from, s->ports.count, shape->targets,
			seconds);
	else
		finding_title(f, "Scan: %s tries port %u of %u hosts within %.1f s", from, shape->port, shape->hosts, seconds);
	finding_detail(f, "%u of the %u targets tried refuse or give no answer (%llu attempts).", shape->failed, s->ports.count,
		(unsigned long long)s->seen.count);
}

static void tell(struct diagnosis_context *x, const struct source_key *k, const struct scan *s)
{
	struct subject subject = { .client = k->source, .proto = k->proto };
	struct shape shape = shape_of(s);
	char from[ADDR_TEXT_SIZE];
	struct finding *f;

	if ((shape.ports < SCAN_PORTS_MIN && shape.hosts < SCAN_HOSTS_MIN) || shape.failed < SCAN_FAILED_SHARE * s->ports.count)
		return;
	if (shape.targets == 1)
		subject.server = shape.target;
	f = finding_open(x, "port-scan", &subject);
	addr_text(&k->source, from);
	finding_text(f, "source", from);
	finding_integer(f, "sources", 1);
	finding_integer(f, "ports", shape.ports >= SCAN_PORTS_MIN ? s->ports.count : 1);
	finding_integer(f, "hosts", shape.targets);
	finding_number(f, "per_s", attempts_per_s(&s->seen, s->ports.count));
	title(f, s, &shape, from);
	attempts_tell(&s->seen, f);
	f->responsible = RESPONSIBLE_CLIENT;
	finding_cause(f, 0.9, "a scan: an inventory, a security check, or an intruder who looks for open ports",
		"the ports or hosts have nothing in common but the source");
	finding_next(f, "Who is %s: an inventory or security scanner of yours, or an intruder?", from);
	finding_next(f, "Which ports answered it? In Wireshark: %s == %s and tcp.flags.syn == 1 and tcp.flags.ack == 1",
		addr_is_v4(&k->source) ? "ip.dst" : "ipv6.dst", from);
	for (struct claim *c = claim_next(x, NULL, NULL); c; c = claim_next(x, c, NULL))
		if (addr_equal(&c->orig, &k->source) && c->proto == k->proto && is_failed_connect(c))
			claim_own(c, "port-scan");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->scans, NULL); e; e = table_next(&s->scans, e))
		tell(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->scans);
	table_free(&((struct state *)state)->announced);
}

const struct rule rule_scan = {
	.codes = { "port-scan" },
	.spec = "RFC 9293, section 3.10.7.1; the ways in which nmap probes",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_FTP,
	.heard_if = SHOWS_MUTE,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
