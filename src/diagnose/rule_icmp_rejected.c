/* SPDX-License-Identifier: GPL-2.0-or-later */
/* icmp-rejected: a SYN or datagram is answered by ICMP destination unreachable (RFC 792, RFC 1812; RFC 4443). */
#include <stdio.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/fallback.h"
#include "diagnose/findings.h"
#include "diagnose/icmp_names.h"
#include "diagnose/rule.h"

static bool is_rejection(const struct conversation *c, const struct icmp_seen *i)
{
	return i->side == SIDE_ORIG && icmp_is_rejection(i) && !icmp_ends_traceroute(c->record, i);
}

static const struct icmp_seen *first_rejection(const struct conversation *c)
{
	for (uint32_t i = 0; i < c->conn->icmp_count && i < ICMPS_MAX; i++)
		if (is_rejection(c, &c->conn->icmps[i]))
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
	out->bytes = c->conn->icmp_count;
	addr_text(&icmp->from, out->text);
	claim_evidence(out, c->record, &(struct frame_ref){c->record->frame, 0, c->record->source}, "%s",
		c->record->proto == 6 ? "SYN" : "first packet");
	for (uint32_t i = 0; i < c->conn->icmp_count && i < ICMPS_MAX; i++)
		if (is_rejection(c, &c->conn->icmps[i]))
			claim_evidence(out, c->record, &c->conn->icmps[i].ref, "ICMP %s from %s",
				icmp_unreachable_name(c->conn->icmps[i].v6, c->conn->icmps[i].type,
					c->conn->icmps[i].code, name),
				out->text);
	return true;
}

static void explain_port(struct finding *f, const struct claim_group *g, bool from_host)
{
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.8, g->claims[0]->proto == 6 ? "a packet filter rejects that port" : "nothing listens on that UDP port",
		"port unreachable comes from the %s", from_host ? "host itself" : "path");
	finding_next(f, "On the server: ss -lnp 'sport = :%u' and nft list ruleset", g->port);
}

static void explain_filter(struct finding *f, const struct claim_group *g, bool from_host)
{
	const char *from = g->claims[0]->text;

	f->responsible = from_host ? RESPONSIBLE_SERVER : RESPONSIBLE_MIDDLEBOX;
	finding_cause(f, 0.9,
		from_host ? "the host's own packet filter rejects by policy" : "a packet filter at that address rejects by policy",
		"the ICMP comes from %s, and says so", from);
	finding_next(f, "Look at the rules of %s for traffic to port %u%s", from, g->port,
		from_host ? " (nft list ruleset, or iptables -nvL)" : "");
}

static void explain(struct finding *f, const struct claim_group *g, bool v6, uint8_t type, uint8_t code)
{
	struct addr from;
	bool from_host = addr_parse(g->claims[0]->text, &from) && addr_equal(&from, &g->server);

	if (icmp_is_port_unreachable(v6, type, code)) {
		explain_port(f, g, from_host);
	} else if (icmp_is_prohibited(v6, type, code)) {
		explain_filter(f, g, from_host);
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

static uint64_t count_messages(const struct claim_group *g)
{
	uint64_t n = 0;

	for (int i = 0; i < g->count; i++)
		n += g->claims[i]->bytes;
	return n;
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, g->claims[0]->proto);
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
	finding_detail(f, "Packets to %s are answered by ICMP%s %s from %s, %llu time%s.", service, v6 ? "v6" : "", fact,
		first->text, (unsigned long long)count_messages(g), count_messages(g) == 1 ? "" : "s");
	if (s && s->ok)
		finding_against(f, "%llu other conversation%s with it worked", (unsigned long long)s->ok, s->ok == 1 ? "" : "s");
	explain(f, g, v6, type, code);
	fallback_tell(x, f, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "icmp-rejected", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_icmp_rejected = {
	.codes = {"icmp-rejected"},
	.spec = "RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1",
	.asked_if = SHOWS_ICMP,
	.claim = on_claim,
	.finish = on_finish,
};
