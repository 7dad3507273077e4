/* SPDX-License-Identifier: GPL-2.0-or-later */
/* icmp-rejected: a SYN or datagram is answered by ICMP destination unreachable (RFC 792, RFC 1812; RFC 4443). */
#include <stdio.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/findings.h"
#include "diagnose/icmp_names.h"
#include "diagnose/rule.h"

/* traceroute over UDP counts on "port unreachable" from these ports (traceroute(8): 33434 plus one per probe). */
#define TRACEROUTE_FIRST 33434
#define TRACEROUTE_LAST 33625

static bool rejects(const struct icmp_seen *i)
{
	if (i->side != SIDE_ORIG)
		return false;
	return i->v6 ? i->type == 1 : i->type == 3 && i->code != 4;
}

static bool is_traceroute(const struct record *r, const struct icmp_seen *i)
{
	return r->proto == 17 && icmp_is_port_unreachable(i->v6, i->type, i->code) && r->resp_p >= TRACEROUTE_FIRST &&
	       r->resp_p <= TRACEROUTE_LAST;
}

static const struct icmp_seen *first_rejection(const struct conversation *c)
{
	for (uint32_t i = 0; i < c->conn->icmp_count && i < ICMPS_MAX; i++)
		if (rejects(&c->conn->icmps[i]) && !is_traceroute(c->record, &c->conn->icmps[i]))
			return &c->conn->icmps[i];
	return NULL;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct icmp_seen *icmp = first_rejection(c);
	char name[64];

	(void)state;
	(void)x;
	if (!icmp || c->resp->pkts)
		return false;
	out->code = "icmp-rejected";
	out->number = (uint16_t)(icmp->type << 8 | icmp->code);
	out->value = icmp->v6;
	out->delay_s = when_s(icmp->ref.at_ns);
	addr_text(&icmp->from, out->text);
	claim_evidence(out, c->record, &(struct frame_ref){c->record->frame, 0, c->record->source}, "%s",
		c->record->proto == 6 ? "SYN" : "first packet");
	claim_evidence(out, c->record, &icmp->ref, "ICMP %s from %s",
		icmp_unreachable_name(icmp->v6, icmp->type, icmp->code, name), out->text);
	return true;
}

static void explain_port(struct finding *f, const struct claim_group *g, bool from_host)
{
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.8, "nothing listens on that UDP port", "port unreachable comes from the %s",
		from_host ? "host itself" : "path");
	finding_next(f, "On the server: ss -lnp 'sport = :%u'", g->port);
}

static void explain_device(struct finding *f, const struct claim_group *g)
{
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.9, "a packet filter at that address rejects by policy",
		"the ICMP comes from %s, and says so", g->claims[0]->text);
	finding_next(f, "Look at the rules of %s for traffic to port %u", g->claims[0]->text, g->port);
}

static void explain(struct finding *f, const struct claim_group *g, bool v6, uint8_t type, uint8_t code)
{
	struct addr from;
	bool from_host = addr_parse(g->claims[0]->text, &from) && addr_equal(&from, &g->server);

	if (icmp_is_port_unreachable(v6, type, code)) {
		explain_port(f, g, from_host);
	} else if (icmp_is_prohibited(v6, type, code)) {
		explain_device(f, g);
	} else if (!v6 && code == 2) {
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.9, "the far end does not speak that protocol",
			"protocol unreachable: IP protocol %u has no handler there (for ESP: no IPsec, no SA, module "
			"not loaded)",
			g->claims[0]->proto);
		finding_next(f, "On %s: is the service for IP protocol %u running?", g->claims[0]->text,
			g->claims[0]->proto);
	} else {
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, 0.8,
			from_host ? "the host itself turns the packets away"
				  : "a router has no way to the host or network",
			"the ICMP comes from %s", g->claims[0]->text);
		finding_next(
			f, "On %s: ip route get the destination, and its ARP or neighbour table", g->claims[0]->text);
	}
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct claim *first = g->claims[0];
	bool v6 = first->value != 0;
	uint8_t type = (uint8_t)(first->number >> 8), code = (uint8_t)first->number;
	char service[SERVICE_TEXT_SIZE], name[64], fact[96];
	struct finding *f = finding_of_group(x, g);

	(void)arg;
	icmp_unreachable_name(v6, type, code, name);
	snprintf(fact, sizeof(fact), "%s (%u/%u)", name, type, code);
	subject_service_text(&g->server, g->port, service);
	finding_text(f, "icmp", fact);
	finding_text(f, "from", first->text);
	finding_title(f, "%s is rejected by ICMP \"%s\" from %s (%d conversation%s)", service, name, first->text,
		g->count, g->count == 1 ? "" : "s");
	finding_detail(
		f, "Packets to %s are answered by ICMP%s %s from %s.", service, v6 ? "v6" : "", fact, first->text);
	explain(f, g, v6, type, code);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "icmp-rejected", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_icmp_rejected = {
	.codes = {"icmp-rejected"},
	.spec = "RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1",
	.claim = on_claim,
	.finish = on_finish,
};
