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

#define HEALTHY_MAX 20000
#define WITNESS_LIKELIHOOD 0.4

struct healthy_key {
	struct addr server;
	struct mac mac;
	uint16_t port;
};

struct failing {
	struct table healthy; /* struct healthy_key -> uint64_t: healthy conversations by service and next hop */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct failing *)state)->healthy, sizeof(struct healthy_key), sizeof(uint64_t), HEALTHY_MAX);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	struct healthy_key k;

	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || !r->conn.side[SIDE_RESP].bytes || r->conn.rst_count ||
		r->conn.end_reason == CONN_END_PART)
		return;
	memset(&k, 0, sizeof(k));
	k.server = r->resp_h;
	k.port = r->resp_p;
	k.mac = r->conn.side[SIDE_RESP].mac;
	++*(uint64_t *)table_add(&((struct failing *)state)->healthy, &k);
}

/* Healthy conversations to the service, through that gateway and past it. */
static void count_healthy(const struct failing *s, const struct claim *c, uint64_t *through, uint64_t *past)
{
	*through = *past = 0;
	for (struct table_entry *e = table_next(&s->healthy, NULL); e; e = table_next(&s->healthy, e)) {
		const struct healthy_key *k = table_key(e);
		uint64_t n = *(uint64_t *)table_value(e);

		if (!addr_equal(&k->server, &c->resp) || k->port != c->resp_p)
			continue;
		if (mac_equal(&k->mac, &c->resp_mac))
			*through += n;
		else
			*past += n;
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
	finding_title(f, "All %d failing connections to %s come through %s (%s)", g->count, service, vendor, mac);
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

static void look_at(struct failing *s, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct gateway *gw = common_gateway(x, g);
	uint64_t through, past;
	bool suspect;

	if (!gw)
		return;
	count_healthy(s, g->claims[0], &through, &past);
	suspect = strcmp(gw->kind, "load-balancer") == 0 || strcmp(gw->kind, "firewall") == 0;
	if ((past && !through) || suspect)
		tell(x, g, gw, past && !through);
}

static void each_group(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	look_at(arg, x, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	for (int i = 0; i < catalogue_count(); i++)
		if (may_be_the_path(catalogue_code(i)))
			claim_groups(x, catalogue_code(i), GROUP_BY_SERVICE, each_group, state);
}

static void on_free(void *state)
{
	table_free(&((struct failing *)state)->healthy);
}

const struct rule rule_failing_gateway = {
	.codes = {"gateway-in-failing-path"},
	.state_size = sizeof(struct failing),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
