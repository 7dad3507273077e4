/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gateway-in-failing-path: the failing conversations of another finding all run through one gateway, and either healthy
 * ones to the same service do not, or that gateway is a load balancer or firewall and something resets or closes.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/path.h"
#include "diagnose/rule.h"

#define WITNESS_LIKELIHOOD 0.4

/* Healthy conversations to the service, through that gateway and past it. */
static void count_healthy(const struct diagnosis_context *x, const struct claim *c, uint64_t *through, uint64_t *past)
{
	const struct service_state *s = context_service(x, &c->resp, c->resp_p, 6);

	*through = *past = 0;
	for (int i = -1; s && i < s->hop_count; i++) {
		const struct hop *hop = i < 0 ? &s->hop : &s->hops[i];

		if (mac_equal(&hop->mac, &c->resp_mac))
			*through += hop->healthy;
		else
			*past += hop->healthy;
	}
}

static bool may_be_the_path(const char *code)
{
	static const char *const codes[] = {"rst-after-client-hello", "rst-in-handshake", "rst-after-request",
		"rst-mid-transfer", "rst-after-idle", "rst-injected", "tls-closed-after-client-hello",
		"tls-silent-server", "tls-handshake-stalled", "silent-after-idle", "tls-interception",
		"mtu-black-hole"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

/* The gateway through which all answers of the group came; NULL when there is none, or more than one. */
static const struct gateway *common_gateway(const struct diagnosis_context *x, const struct claim_group *g)
{
	for (int i = 1; i < g->count; i++)
		if (!mac_equal(&g->claims[i]->resp_mac, &g->claims[0]->resp_mac))
			return NULL;
	return path_gateway(x->result, &g->claims[0]->resp_mac);
}

/* The server took the request or had begun to answer: a firewall on the way is a witness as well as a suspect. */
static bool server_took_part(const char *code)
{
	return strcmp(code, "rst-in-handshake") == 0 || strcmp(code, "rst-after-request") == 0 ||
	       strcmp(code, "rst-mid-transfer") == 0;
}

static void tell(struct diagnosis_context *x, const struct claim_group *g, const struct gateway *gw, bool only_there)
{
	bool witness = !only_there && strcmp(gw->kind, "firewall") == 0 && server_took_part(g->code);
	struct subject subject = {.server = g->server, .port = g->port, .proto = 6, .mac = gw->mac};
	struct finding *f = finding_open(x, "gateway-in-failing-path", &subject);
	const char *vendor = gw->vendor[0] ? gw->vendor : "an unknown vendor";
	const char *kind = gw->kind[0] ? gw->kind : "gateway";
	char mac[MAC_TEXT_SIZE], service[SERVICE_TEXT_SIZE];

	mac_text(&gw->mac, mac);
	subject_service_text(&g->server, g->port, service);
	f->count = g->total;
	f->responsible = witness ? RESPONSIBLE_UNKNOWN : RESPONSIBLE_MIDDLEBOX;
	f->confidence = only_there ? 0.85 : 0.65;
	finding_text(f, "mac", mac);
	finding_text(f, "vendor", gw->vendor);
	finding_title(f, g->count == 1 ? "The %d failing connection to %s comes through %s (%s)" :
					 "All %d failing connections to %s come through %s (%s)",
		g->count, service, vendor, mac);
	for (int i = 0; i < g->count; i++)
		for (int k = 0; k < g->claims[i]->evidence_count; k++) {
			const struct evidence *e = &g->claims[i]->evidence[k];

			finding_evidence(f, e->source, e->frame, e->ts_ns, "%s", e->what);
		}
	finding_filter(f, "eth.addr == %s", mac);
	finding_cause(f, only_there ? 0.85 : witness ? WITNESS_LIKELIHOOD : 0.7,
		"the gateway in the path ends the connections, not the server behind it",
		"the next hop's MAC belongs to %s (%s)%s", vendor, kind,
		only_there ? ", and healthy connections do not run through it" : "");
	finding_against(f, "a MAC proves only the first hop: the server or a device behind %s may be at work", vendor);
	finding_next(
		f, "Look at %s first: pool members, monitors, TLS profile and idle timers for %s", vendor, service);
	finding_next(f, "Capture behind it (between %s and the server): does the RST or FIN come from there?", vendor);
}

static void look_at(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct gateway *gw = common_gateway(x, g);
	uint64_t through, past;
	bool suspect;

	(void)arg;
	if (!gw)
		return;
	count_healthy(x, g->claims[0], &through, &past);
	suspect = strcmp(gw->kind, "load-balancer") == 0 || strcmp(gw->kind, "firewall") == 0;
	if ((past && !through) || suspect)
		tell(x, g, gw, past && !through);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (int i = 0; i < catalogue_count(); i++)
		if (may_be_the_path(catalogue_code(i)))
			claim_groups(x, catalogue_code(i), GROUP_BY_SERVICE, look_at, NULL);
}

const struct rule rule_failing_gateway = {
	.codes = {"gateway-in-failing-path"},
	.finish = on_finish,
};
