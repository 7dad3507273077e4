/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rst-injected: a RST that the peer did not send (Weaver, Sommer, Paxson, NDSS 2009). Two independent signs are needed,
 * as NATs, load balancers and plain stacks mimic single ones. The TTL alone suffices for refused ports when all RSTs of
 * a host agree and all its other packets have come another, constant distance.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/path.h"
#include "diagnose/rule_rst.h"

#define SIGNS_MIN 2
#define IP_ID_FAR 2048 /* further ahead than a host's counter runs within a connection */
#define TOO_SOON 0.5   /* of the round trip: nothing from the peer can be here yet */

enum sign {
	SIGN_TTL = 1 << 0,
	SIGN_IP_ID = 1 << 1,
	SIGN_MAC = 1 << 2,
	SIGN_SEQUENCE = 1 << 3,
	SIGN_CONTINUES = 1 << 4,
	SIGN_RESERVED = 1 << 5,
	SIGN_TOO_SOON = 1 << 6,
};

static const char *const sign_names[] = { "TTL differs from the peer's", "IP id out of line", "another source MAC",
	"sequence number out of line", "the peer goes on after it", "reserved header bits set",
	"arrives sooner than a round trip" };

static bool other_distance(uint8_t rst_ttl, uint8_t ttl)
{
	return rst_ttl && ttl && path_hops(rst_ttl) != path_hops(ttl);
}

static int count_signs(unsigned signs)
{
	return __builtin_popcount(signs);
}

static unsigned signs_of(const struct conversation *c, const struct rst_seen *rst)
{
	const struct conn_side *side = &c->conn->side[rst->side];
	bool copied = side->loss.duplicated_by_capture > 0; /* the copies differ in TTL and MAC by nature */
	unsigned signs = 0;

	if (!copied && side->ttl_min == side->ttl_max && other_distance(rst->ttl, side->ttl))
		signs |= SIGN_TTL;
	if (rst->ip_id_delta != UNSET_DELTA && rst->ip_id && (rst->ip_id_delta < 0 || rst->ip_id_delta > IP_ID_FAR))
		signs |= SIGN_IP_ID;
	if (!copied && mac_is_set(&rst->mac) && mac_is_set(&side->mac) && !mac_equal(&rst->mac, &side->mac) && !side->mac_changed)
		signs |= SIGN_MAC;
	if (rst->seq_delta != UNSET_DELTA && rst->seq_delta != 0)
		signs |= SIGN_SEQUENCE;
	if (!copied && rst->data_continues)
		signs |= SIGN_CONTINUES;
	if (rst->reserved_bits)
		signs |= SIGN_RESERVED;
	if (c->rtt_s > 0.001 && rst->after_peer_ns >= 0 && rst->after_own_ns > rst->after_peer_ns - side->late_ns &&
		when_s(rst->after_peer_ns) < TOO_SOON * c->rtt_s && rst->side == SIDE_RESP && !c->conn->midstream)
		signs |= SIGN_TOO_SOON;
	return signs;
}

/*
 * Resets that look odd and cut nothing: late echoes of a closed connection carry odd numbers by nature; a load balancer
 * ends an idle connection in the server's name; a device that forgot one answers the next packet (rst-after-idle); the
 * kernel of a scanner resets what its raw SYN began.
 */
static bool is_harmless(const struct conversation *c, const struct rst_seen *rst)
{
	bool echo = (rst->after_fin || rst->after_peer_fin) && !rst->data_continues;
	bool to_old_ack = rst->side == SIDE_ORIG && c->conn->old_acks; /* see rule_port_reuse.c */
	bool scan = rst->side == SIDE_ORIG && !c->conn->handshake_ack.frame && !c->conn->midstream;

	return echo || scan || to_old_ack || rst_ends_quiet(c, rst) || (rst == &c->conn->rsts[0] && rst_ends_pause(c));
}

/* A packet that its owner did send: its SYN-ACK, or its last data. */
static void show_real_packet(struct claim *out, const struct conversation *c, enum side side, bool goes_on)
{
	const struct conn_side *o = &c->conn->side[side];
	const struct frame_ref *real = side == SIDE_RESP && c->conn->syn_ack.frame ? &c->conn->syn_ack : &o->first_data;

	claim_evidence(out, c->record, real, "real packet of the %s, TTL %u", side == SIDE_ORIG ? "client" : "server", o->ttl);
	if (goes_on && o->last_data.frame != real->frame)
		claim_evidence(out, c->record, &o->last_data, "the peer goes on after the RST");
}

/* Injectors often send several, further and further ahead. */
static void show_forged(struct claim *out, const struct conversation *c, const struct rst_seen *first)
{
	for (uint32_t i = 0; i < c->conn->rst_count && i < RSTS_MAX; i++) {
		const struct rst_seen *rst = &c->conn->rsts[i];

		if (rst->side == first->side && rst->ttl == first->ttl)
			claim_evidence(out, c->record, &rst->ref, "forged RST (TTL %u, the peer's is %u)", rst->ttl,
				c->conn->side[rst->side].ttl);
	}
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	for (uint32_t i = 0; i < c->conn->rst_count && i < RSTS_MAX; i++) {
		const struct rst_seen *rst = &c->conn->rsts[i];
		unsigned signs = signs_of(c, rst);
		bool strong = signs & (SIGN_TTL | SIGN_MAC | SIGN_CONTINUES | SIGN_RESERVED);

		if (is_harmless(c, rst) || !strong || count_signs(signs) < SIGNS_MIN)
			continue;
		out->code = "rst-injected";
		out->bytes = signs;
		out->number = rst->ttl;
		out->value = c->conn->side[rst->side].ttl;
		out->delay_s = when_s(rst->ref.at_ns);
		text_copy(out->text, sizeof(out->text), rst->side == SIDE_ORIG ? "client" : "server");
		claim_evidence(out, c->record, &(struct frame_ref){ c->record->frame, 0, c->record->source }, "first packet");
		show_real_packet(out, c, (enum side)rst->side, rst->data_continues);
		show_forged(out, c, rst);
		return true;
	}
	return false;
}

static void list_signs(struct finding *f, unsigned signs)
{
	for (unsigned i = 0; i < sizeof(sign_names) / sizeof(*sign_names); i++)
		if (signs & 1u << i)
			finding_list(f, "signs", sign_names[i]);
}

static void tell_signs(struct finding *f, unsigned signs)
{
	struct text t = { 0 };

	for (unsigned i = 0; i < sizeof(sign_names) / sizeof(*sign_names); i++)
		if (signs & 1u << i)
			text_printf(&t, "%s%s", t.len ? "; " : "", sign_names[i]);
	finding_detail(f, "Signs: %s.", text_str(&t));
	text_free(&t);
}

static void write_finding(
	struct finding *f, const struct claim_group *g, unsigned signs, uint8_t ttl_rst, uint8_t ttl_peer)
{
	bool of_client = strcmp(g->claims[0]->text, "client") == 0;
	int nearer = path_hops(ttl_peer) - path_hops(ttl_rst);
	char server[SERVICE_TEXT_SIZE], client[ADDR_TEXT_SIZE];
	const char *name = of_client ? addr_text(&g->claims[0]->orig, client) :
				       subject_service_text(&g->server, g->port, server);

	list_signs(f, signs);
	finding_integer(f, "ttl_rst", ttl_rst);
	finding_integer(f, "ttl_peer", ttl_peer);
	finding_title(f, "Resets in the name of %s are not sent by it (%d)", name, g->count);
	finding_detail(f, "The RSTs arrive with TTL %u, the real packets of the host with TTL %u%s.", ttl_rst, ttl_peer,
		nearer > 0 ? ": their sender is nearer" : nearer < 0 ? ": their sender is farther" : "");
	tell_signs(f, signs);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = count_signs(signs) > 1 ? 0.9 : 0.8;
	finding_cause(f, 0.85, "a firewall or inspection device on the path ends the connections in another's name",
		signs & SIGN_TTL ? "the RST's sender is at another distance than the host whose address it carries" :
				   "the RST does not continue what that host sent");
	if (count_signs(signs) == 1)
		finding_against(f, "the TTL is the only sign: some stacks send resets with another initial TTL, and a port that is "
				   "forwarded to a machine farther on has another TTL than the address's owner");
	finding_next(f, "Capture on the %s at the same time: tcpdump -ni any 'tcp port %u and tcp[tcpflags] & tcp-rst != 0' "
			"(the RST does not leave there when a device on the path made it)",
		of_client ? "client" : "server", g->port);
	if (path_hops(ttl_rst) == 0)
		finding_next(f, "The RST's TTL is an initial one: its sender is the first hop, the default gateway: look at "
				"its rules and its log");
	else
		finding_next(f, "The RST's TTL tells its sender's distance, %d hops: compare with traceroute -n -T -p %u, then "
				"look at the device there", path_hops(ttl_rst), g->port);
}

static void each_claimed(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	unsigned signs = 0;

	(void)arg;
	for (int i = 0; i < g->count; i++)
		signs |= (unsigned)g->claims[i]->bytes;
	write_finding(finding_of_group(x, g), g, signs, (uint8_t)g->claims[0]->number, (uint8_t)g->claims[0]->value);
}

static bool all_rsts_agree(const struct claim_group *g)
{
	for (int i = 0; i < g->count; i++)
		if (g->claims[i]->number != g->claims[0]->number || !g->claims[i]->number)
			return false;
	return true;
}

static void each_refusing_host(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct host *h = host_find(x, &g->server);
	struct claim_group mine = *g;
	struct frame_ref shown;
	struct finding *f;

	(void)arg;
	if (!h || h->ttl_varies || !all_rsts_agree(g) || !other_distance((uint8_t)g->claims[0]->number, h->ttl))
		return;
	mine.code = "rst-injected";
	f = finding_of_group(x, &mine);
	write_finding(f, g, SIGN_TTL, (uint8_t)g->claims[0]->number, h->ttl);
	shown = long_ref(h->ttl_shown);
	finding_evidence(f, shown.source, shown.frame, shown.at_ns, "real packet of the host, TTL %u", h->ttl);
	finding_filter_also(f, shown.source, shown.frame);
	for (int i = 0; i < g->count; i++)
		claim_own(g->claims[i], "rst-injected");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "rst-injected", GROUP_BY_SERVICE, each_claimed, NULL);
	claim_groups(x, "tcp-refused", GROUP_BY_SERVER, each_refusing_host, NULL);
}

const struct rule rule_rst_injected = {
	.codes = { "rst-injected" },
	.spec = "Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009",
	.asked_if = SHOWS_RST,
	.claim = on_claim,
	.finish = on_finish,
};
