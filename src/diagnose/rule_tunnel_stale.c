/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tunnel-key-stale: one end of a tunnel began a new session, and the other goes on with the key of the one before. */
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_restarts.h"

#define OLD_KEY_PACKETS 3

struct stale_state {
	struct table pairs;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_pairs_init(&((struct stale_state *)state)->pairs);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_pairs_take(&((struct stale_state *)state)->pairs, r);
}

static const struct tunnel_moment *stale_key(const struct tunnel_pair *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->moments[i].event == TUNNEL_OLD_KEY_DATA)
			return &p->moments[i];
	return NULL;
}

static uint32_t old_key_packets(const struct tunnel_pair *p, const struct addr *host)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->summary_count; i++)
		for (uint8_t s = 0; s < 2; s++)
			if (addr_equal(record_host(p->summaries[i], s), host))
				n += p->summaries[i]->tunnel.old_key_pkts[s];
	return n;
}

static void find_stale_key(struct diagnosis_context *x, const struct tunnel_pair *p, const struct tunnel_moment *m)
{
	uint32_t packets = old_key_packets(p, &m->host);
	char who[TUNNEL_WHO_SIZE];
	struct finding *f;

	if (packets < OLD_KEY_PACKETS)
		return;
	f = tunnel_finding(x, p, "tunnel-key-stale");
	tunnel_who(p, &m->host, who);
	f->count = packets;
	tunnel_tell_restarts(f, p);
	tunnel_evidence(f, m, "goes on under the old key");
	finding_text(f, "peer", who);
	finding_title(f, "%s goes on with the old key of the %s tunnel after the other end began a new session", who,
		tunnel_protocol_name(p->protocol));
	finding_detail(f, "%u packet%s sent under a key that the receiver has thrown away; it cannot read %s.",
		packets, packets == 1 ? " was" : "s were", packets == 1 ? "it" : "them");
	finding_cause(f, 0.6, "it did not receive, or did not accept, the end of the new handshake",
		"its packets continue the numbers of the session before");
	finding_next(f, "Restart the tunnel on %s, then look in its log for the handshake that it missed", who);
	finding_filter_frames(f);
}

static void judge(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	const struct tunnel_moment *stale = stale_key(p);

	if (stale && !tunnel_has_finding(x, p, "tunnel-restart-storm"))
		find_stale_key(x, p, stale);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct stale_state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		judge(x, table_value(e));
}

static void on_free(void *state)
{
	tunnel_pairs_free(&((struct stale_state *)state)->pairs);
}

const struct rule rule_tunnel_stale = {
	.codes = {"tunnel-key-stale"},
	.spec = "tinc 1.1 (sptps.c); WireGuard, NDSS 2017, section 6",
	.state_size = sizeof(struct stale_state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TUNNEL,
	.heard_if = SHOWS_REFUSED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
