/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * icmp-rejected from the quote alone: the ICMP errors are in the capture, the packets that they answer are not (a filter
 * for ICMP, a capture on the way back). Where other traffic of the same host was captured it is a note: somebody else may
 * have sent in its name (RFC 792; RFC 4443).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/icmp_names.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define SERVICES_MAX 2000
#define MESSAGES_MIN 2 /* a single one may answer a single stray packet */
#define WELL_KNOWN 1024 /* ports below belong to services: a packet from there is an answer (RFC 6335) */

struct quoted_key {
	struct addr from, server;
	uint16_t port;
	uint8_t proto, type, code, v6;
};

struct quoted {
	struct tally tally;
	struct addr client; /* the first one */
};

struct state {
	struct table services; /* struct quoted_key -> struct quoted */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->services, sizeof(struct quoted_key), sizeof(struct quoted), SERVICES_MAX);
	s->services.drop = tally_drop;
}

static bool is_request(const struct icmp *i)
{
	return !(i->quoted_sport && i->quoted_sport < WELL_KNOWN && i->quoted_dport >= WELL_KNOWN);
}

static bool is_rejection(const struct icmp *i)
{
	struct icmp_seen seen = { .type = i->type, .code = i->code, .v6 = i->v6 };
	struct record quoted = { .proto = i->quoted_proto, .resp_p = i->quoted_dport };

	return i->quoted_proto && !i->quoted_uid[0] && icmp_is_rejection(&seen) && !icmp_ends_traceroute(&quoted, &seen) &&
	       is_request(i) && !addr_is_multicast(&i->quoted_dst);
}

static void note_quoted(struct state *s, const struct record *r)
{
	const struct icmp *i = &r->icmp;
	struct quoted_key k;
	struct quoted *q;
	char name[64];

	if (!is_rejection(i))
		return;
	memset(&k, 0, sizeof(k));
	k.from = i->from;
	k.server = i->quoted_dst;
	k.port = i->quoted_dport;
	k.proto = i->quoted_proto;
	k.type = i->type;
	k.code = i->code;
	k.v6 = i->v6;
	q = table_add(&s->services, &k);
	if (!q->tally.count)
		q->client = i->quoted_src;
	tally_count(&q->tally, r->ts_ns);
	tally_show(&q->tally, r, &i->ref, "ICMP %s, quotes a packet that is not in the capture",
		icmp_unreachable_name(i->v6, i->type, i->code, name));
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	note_quoted(state, r);
}

static void explain(struct finding *f, const struct quoted_key *k, const char *from)
{
	bool from_host = addr_equal(&k->from, &k->server);

	if (icmp_is_prohibited(k->v6, k->type, k->code)) {
		f->responsible = from_host ? RESPONSIBLE_SERVER : RESPONSIBLE_MIDDLEBOX;
		finding_cause(f, 0.85, "a packet filter there rejects by policy", "the ICMP comes from %s, and says so", from);
		finding_next(f, "Look at the rules of %s for traffic to port %u", from, k->port);
	} else if (icmp_is_port_unreachable(k->v6, k->type, k->code)) {
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.8, "nothing listens on that port, or a packet filter rejects it", "port unreachable comes from the %s",
			from_host ? "host itself" : "path");
		finding_next(f, "On the server: ss -lnp 'sport = :%u' and nft list ruleset", k->port);
	} else {
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, 0.8, "a router has no way to the host or network", "the ICMP comes from %s", from);
		finding_next(f, "On %s: ip route get the destination, and its ARP or neighbour table", from);
	}
	finding_next(f, "Capture the traffic itself, too (host and port instead of icmp): when did it begin, and who sends it?");
}

/* Its own packets are in the capture. */
static bool is_sender(const struct diagnosis_context *x, const struct addr *a)
{
	const struct host *h = host_find(x, a);

	return h && h->sends;
}

static void tell(struct diagnosis_context *x, const struct quoted_key *k, const struct quoted *q)
{
	struct subject subject = { .client = q->client, .server = k->server, .port = k->port, .proto = k->proto };
	struct finding *f = finding_open(x, "icmp-rejected", &subject);
	char service[SERVICE_TEXT_SIZE], from[ADDR_TEXT_SIZE], name[64], fact[96];
	unsigned long long n = q->tally.count;

	if (finding_fact(f, "icmp"))
		return; /* told from its conversations */
	tally_tell(&q->tally, f);
	icmp_unreachable_name(k->v6, k->type, k->code, name);
	snprintf(fact, sizeof(fact), "%s (%u/%u)", name, k->type, k->code);
	addr_text(&k->from, from);
	subject_service_text(&k->server, k->port, service);
	finding_text(f, "icmp", fact);
	finding_text(f, "from", from);
	finding_bool(f, "quote_only", true);
	finding_title(f, "%s is rejected by ICMP \"%s\" from %s (%llu message%s)", service, name, from, n, n == 1 ? "" : "s");
	finding_detail(f, "The packets that the ICMP errors answer are not in this capture; their quotes tell what they were.");
	f->confidence = 0.7;
	if (q->tally.count < MESSAGES_MIN || is_sender(x, &q->client)) {
		f->severity = SEVERITY_NOTE;
		finding_against(f, q->tally.count < MESSAGES_MIN ? "a single message" :
			"other packets of the sender are in the capture, these are not: somebody may have sent in its name");
	}
	explain(f, k, from);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->services, NULL); e; e = table_next(&s->services, e))
		tell(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->services);
}

const struct rule rule_icmp_quoted = {
	.codes = { "icmp-rejected" },
	.spec = "RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_ICMP,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
