/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-peer-restarted: one end of a tunnel lost its state once or twice: a new control connection or handshake,
 * numbers that start again, then all is well.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_restarts.h"

/* A session that begins again after its control connection was made anew has a reason. */
#define AFTER_META_NS (15 * NS_PER_S)
/* Both directions, and a relay, tell of one restart within this time. */
#define ROUND_NS (8 * NS_PER_S)
/* Between the end of a control connection and the new one: longer is an outage of the peer, not a quick repair. */
#define OUTAGE_NS (3 * NS_PER_S)
#define RESTART_EXPLAINED_NS (300 * NS_PER_S)
/* A client of OpenVPN that hears nothing pings on until its ping-restart, then begins anew. */
#define SERVER_SILENT_NS (5 * NS_PER_S)
#define START_OVER_NS (60 * NS_PER_S)

struct restart_state {
	struct table pairs;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_pairs_init(&((struct restart_state *)state)->pairs);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_pairs_take(&((struct restart_state *)state)->pairs, r);
}

/* Who is the restarted one, by the control connection: who ended it, and was away for a while. */
static const struct tunnel_moment *peer_by_meta(const struct tunnel_pair *p, int64_t restart_ns)
{
	const struct tunnel_moment *lost = NULL;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->at_ns > restart_ns || restart_ns - m->at_ns > RESTART_EXPLAINED_NS)
			continue;
		if (m->event == TUNNEL_SUMMARY) /* refused */
			return m;
		if (m->event == TUNNEL_META_LOST)
			lost = m;
	}
	return lost;
}

/* The last moment of that kind before a time; NULL. */
static const struct tunnel_moment *last_before(const struct tunnel_pair *p, enum tunnel_event event, int64_t at_ns)
{
	const struct tunnel_moment *found = NULL;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->event == event && m->at_ns < at_ns && (event == TUNNEL_RESTART || m->proto == 6) &&
			(!found || m->at_ns >= found->at_ns))
			found = m;
	}
	return found;
}

/* The control connection was made anew at once before it, so nothing is known to have restarted but that. */
static bool meta_was_repaired(const struct tunnel_pair *p, int64_t restart_ns)
{
	const struct tunnel_moment *again = last_before(p, TUNNEL_HELLO, restart_ns), *lost, *refused;

	if (!again || restart_ns - again->at_ns > AFTER_META_NS || !last_before(p, TUNNEL_HELLO, again->at_ns))
		return false;
	lost = last_before(p, TUNNEL_META_LOST, again->at_ns);
	if (tunnel_quick_restart(lost, again) || tunnel_was_away(p, &again->host, again->at_ns))
		return false;
	refused = last_before(p, TUNNEL_SUMMARY, again->at_ns);
	if (refused && (!lost || refused->at_ns >= lost->at_ns))
		return false;
	return !lost || again->at_ns - lost->at_ns < OUTAGE_NS;
}

/*
 * tinc nodes behind a relay: when one id of the session is none of this connection's ends, whose own sessions go on,
 * it is the one that restarted.
 */
static bool peer_by_ids(const struct tunnel_pair *p, const struct tunnel_moment *m, char *out, size_t size)
{
	char from[16], to[16];
	bool from_here, to_here;

	if (!p->ends[0] || sscanf(m->session, "%12[0-9a-f]>%12[0-9a-f]", from, to) != 2)
		return false;
	from_here = strstr(p->ends, from) != NULL;
	to_here = strstr(p->ends, to) != NULL || strcmp(to, "000000000000") == 0;
	if (from_here == to_here)
		return false;
	snprintf(out, size, "node %s", from_here ? to : from);
	return true;
}

/* Empty: cannot be told. */
static void name_peer(const struct tunnel_pair *p, const struct tunnel_moment *m, char out[TUNNEL_WHO_SIZE])
{
	const struct tunnel_moment *meta = peer_by_meta(p, m->at_ns), *again = last_before(p, TUNNEL_HELLO, m->at_ns);

	out[0] = '\0';
	if (p->protocol != TUNNEL_TINC && m->proto != 6)
		tunnel_who(p, &m->host, out);
	else if (!peer_by_ids(p, m, out, TUNNEL_WHO_SIZE) && meta)
		tunnel_who(p, &meta->host, out);
	else if (!out[0] && again && tunnel_was_away(p, &again->host, again->at_ns))
		tunnel_who(p, &again->host, out);
}

static void tell_meta(struct finding *f, const struct tunnel_pair *p, int64_t restart_ns)
{
	int refused = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->at_ns > restart_ns || restart_ns - m->at_ns > RESTART_EXPLAINED_NS)
			continue;
		if (m->event == TUNNEL_META_LOST)
			tunnel_evidence(f, m, "the control connection is closed");
		else if (m->event == TUNNEL_SUMMARY && refused++ < 3)
			tunnel_evidence(f, m, "a new one is refused");
		else if (m->event == TUNNEL_HELLO && f->evidence_count)
			tunnel_evidence(f, m, "a new control connection: ID line");
	}
}

static void explain_restart(struct finding *f, const struct tunnel_pair *p, const char *peer)
{
	finding_detail(f, "Its session state is gone: sequence numbers or the handshake begin again, and the tunnel "
			  "works with new keys from then on. ");
	finding_cause(f, 0.7, "the program on that end was restarted, or crashed",
		peer[0] ? "%s began again" : "%sone end began again", peer);
	finding_cause(f, 0.2, "the host was rebooted", "the same is seen on the wire");
	finding_next(f, "Read the log of %s at that time: was the %s service stopped, or did it crash?",
		peer[0] ? peer : "both ends", tunnel_protocol_name(p->protocol));
	finding_next(f, "On that host: last reboot; journalctl --since with the time of the restart; coredumpctl list");
}

static void own_ended(struct diagnosis_context *x, const struct tunnel_pair *p, int64_t restart_ns)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->event == TUNNEL_META_LOST && m->at_ns <= restart_ns &&
			restart_ns - m->at_ns <= RESTART_EXPLAINED_NS)
			tunnel_own_claims(x, m->uid, "tunnel-peer-restarted");
	}
}

static void find_restarted(
	struct diagnosis_context *x, const struct tunnel_pair *p, const struct tunnel_moment *first, uint32_t rounds)
{
	struct finding *f = tunnel_finding(x, p, "tunnel-peer-restarted");
	char peer[TUNNEL_WHO_SIZE];

	name_peer(p, first, peer);
	tell_meta(f, p, first->at_ns);
	own_ended(x, p, first->at_ns);
	tunnel_tell_restarts(f, p);
	f->count = rounds;
	f->confidence = peer[0] ? 0.85 : 0.7;
	if (peer[0])
		finding_text(f, "peer", peer);
	else
		finding_null(f, "peer");
	finding_title(f, "%s of the %s tunnel restarted%s", peer[0] ? peer : "One end",
		tunnel_protocol_name(p->protocol), rounds > 1 ? ", more than once" : "");
	explain_restart(f, p, peer);
	finding_filter_frames(f);
}

/* Rounds of restarts that have no other explanation; *first is the first of them. */
static uint32_t count_rounds(const struct tunnel_pair *p, const struct tunnel_moment **first)
{
	int64_t last_ns = 0;
	uint32_t rounds = 0;

	*first = NULL;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (!tunnel_is_restart(m) || meta_was_repaired(p, m->at_ns))
			continue;
		if (!*first || m->at_ns < (*first)->at_ns)
			*first = m;
		if (!rounds || m->at_ns - last_ns > ROUND_NS || last_ns - m->at_ns > ROUND_NS)
			rounds++;
		last_ns = m->at_ns;
	}
	return rounds;
}

/* Without datagrams in the capture: the control connection ended, and came back after an end had been away. */
static const struct tunnel_moment *returned_after_outage(const struct tunnel_pair *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i], *lost, *refused, *again;

		if (m->event != TUNNEL_ESTABLISHED || m->proto != 6)
			continue;
		lost = last_before(p, TUNNEL_META_LOST, m->at_ns);
		refused = last_before(p, TUNNEL_SUMMARY, m->at_ns);
		again = last_before(p, TUNNEL_HELLO, m->at_ns);
		if (lost && refused && refused->at_ns >= lost->at_ns)
			return m;
		if (again && again->at_ns - (lost ? lost->at_ns : 0) <= RESTART_EXPLAINED_NS &&
			tunnel_quick_restart(lost, again))
			return m;
	}
	return NULL;
}

/*
 * OpenVPN begins anew from another port, so the new session is another conversation: after data that the server did not
 * answer any more, and answered at once.
 */
static bool followed_by(const struct record *old, const struct record *new)
{
	const struct tunnel *a = &old->tunnel, *b = &new->tunnel;
	int64_t silent = a->alone_last[SIDE_ORIG].at_ns - a->alone_first[SIDE_ORIG].at_ns;
	int64_t later = new->ts_ns - (old->ts_ns + a->last_data_ns[SIDE_ORIG]);

	return addr_equal(&old->orig_h, &new->orig_h) && strcmp(record_uid(old), record_uid(new)) != 0 && a->established &&
	       b->established && !b->unanswered[SIDE_ORIG] && a->alone_open[SIDE_ORIG] && silent >= SERVER_SILENT_NS &&
	       later >= 0 && later <= START_OVER_NS;
}

static const struct record *session_moved(const struct tunnel_pair *p, const struct record **old)
{
	for (uint32_t i = 0; p->protocol == TUNNEL_OPENVPN && i < p->summary_count; i++)
		for (uint32_t k = 0; k < p->summary_count; k++)
			if (followed_by(p->summaries[i], p->summaries[k])) {
				*old = p->summaries[i];
				return p->summaries[k];
			}
	return NULL;
}

static void find_moved(
	struct diagnosis_context *x, const struct tunnel_pair *p, const struct record *old, const struct record *new)
{
	struct finding *f = tunnel_finding(x, p, "tunnel-peer-restarted");
	char peer[TUNNEL_WHO_SIZE];

	tunnel_who(p, &old->resp_h, peer);
	f->confidence = 0.6;
	f->first_ts_ns = old->ts_ns + old->tunnel.alone_first[SIDE_ORIG].at_ns;
	f->last_ts_ns = new->ts_ns;
	finding_text(f, "peer", peer);
	finding_title(f, "%s of the %s tunnel restarted: it stopped answering, then a new handshake worked at once",
		peer, tunnel_protocol_name(p->protocol));
	finding_evidence_ref(f, old, &old->tunnel.alone_first[SIDE_ORIG], "data, not answered from here on");
	finding_evidence(f, new->source, new->frame, new->ts_ns, "the client begins a new session");
	explain_restart(f, p, peer);
	finding_against(f, "an outage of the path that ended before the client's ping timeout would look the same");
	finding_filter_frames(f);
}

static void judge(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	const struct tunnel_moment *first;
	const struct record *old, *moved = session_moved(p, &old);
	uint32_t rounds = count_rounds(p, &first);

	if (tunnel_has_finding(x, p, "tunnel-restart-storm") || tunnel_has_finding(x, p, "tunnel-key-stale"))
		return;
	if (!rounds && (first = returned_after_outage(p)))
		rounds = 1;
	/* A renewal that stood still ends in a new session; nobody restarted. */
	if (rounds == 1 && tunnel_has_finding(x, p, "tunnel-stuck"))
		return;
	if (rounds && first)
		find_restarted(x, p, first, rounds);
	else if (moved)
		find_moved(x, p, old, moved);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct restart_state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		judge(x, table_value(e));
}

static void on_free(void *state)
{
	tunnel_pairs_free(&((struct restart_state *)state)->pairs);
}

const struct rule rule_tunnel_restart = {
	.codes = {"tunnel-peer-restarted"},
	.spec = "tinc 1.1 manual, section 7.4; WireGuard, NDSS 2017, section 6",
	.state_size = sizeof(struct restart_state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TUNNEL,
	.heard_if = SHOWS_REFUSED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
