/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-meta-broken: the control connection (tinc's meta connection) of a working tunnel is given up, and a new one
 * is made at once: nobody was away, the old connection was broken, or was thought to be.
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_restarts.h"

/* tinc tries again at once, then after 5 s; a peer that was gone for longer is another matter. */
#define AGAIN_NS (3 * NS_PER_S)
/* Two nodes that connect to each other at the start close one of the two connections. */
#define WORKED_NS (10 * NS_PER_S)

struct meta_state {
	struct table pairs;
};

struct broken {
	const struct tunnel_moment *lost;  /* NULL: nobody closed the old one before the new one */
	const struct tunnel_moment *again; /* ID line of the new one */
	const struct tunnel_moment *old;   /* when the old one was established */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_pairs_init(&((struct meta_state *)state)->pairs);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_pairs_take(&((struct meta_state *)state)->pairs, r);
}

static const struct tunnel_moment *find(const struct tunnel_pair *p, enum tunnel_event event, const char *uid)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->moments[i].event == event && p->moments[i].proto == 6 && strcmp(p->moments[i].uid, uid) == 0)
			return &p->moments[i];
	return NULL;
}

/* A connection that worked for a while before `at_ns`; the last such. */
static const struct tunnel_moment *worked_before(const struct tunnel_pair *p, int64_t at_ns)
{
	const struct tunnel_moment *found = NULL;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (m->event == TUNNEL_ESTABLISHED && m->proto == 6 && at_ns - m->at_ns >= WORKED_NS &&
			(!found || m->at_ns > found->at_ns))
			found = m;
	}
	return found;
}

static bool refused_between(const struct tunnel_pair *p, int64_t from_ns, int64_t to_ns)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->moments[i].event == TUNNEL_SUMMARY && p->moments[i].at_ns >= from_ns &&
			p->moments[i].at_ns <= to_ns)
			return true;
	return false;
}

/* The ID line that opens a connection, which then worked, right after another one, or while it still stood. */
static bool is_repair(const struct tunnel_pair *p, const struct tunnel_moment *again, struct broken *b)
{
	const struct tunnel_moment *old;

	if (again->event != TUNNEL_HELLO || again->proto != 6 || !find(p, TUNNEL_ESTABLISHED, again->uid))
		return false;
	old = worked_before(p, again->at_ns);
	if (!old)
		return false;
	b->again = again;
	b->lost = find(p, TUNNEL_META_LOST, old->uid);
	b->old = old;
	if (tunnel_quick_restart(b->lost, again) || tunnel_was_away(p, &again->host, again->at_ns))
		return false;
	if (!b->lost || b->lost->at_ns > again->at_ns)
		return true;
	return again->at_ns - b->lost->at_ns <= AGAIN_NS && !refused_between(p, b->lost->at_ns, again->at_ns);
}

/* Whoever closes first; when the new one came first, whoever made it had given the old one up. */
static const struct addr *given_up_by(const struct broken *b)
{
	return b->lost && b->lost->at_ns <= b->again->at_ns ? &b->lost->host : &b->again->host;
}

static void tell(struct finding *f, const struct tunnel_pair *p, const struct broken *b)
{
	char who[TUNNEL_WHO_SIZE];

	tunnel_who(p, given_up_by(b), who);
	finding_text(f, "given_up_by", who);
	finding_title(f, "The control connection of the %s tunnel is given up by %s and made anew at once",
		tunnel_protocol_name(p->protocol), who);
	finding_detail(f,
		"Both ends are up: the new connection works right away. Until then the tunnel could not exchange "
		"keys, and its sessions begin again. ");
	finding_cause(f, 0.6,
		"the old connection had died on the way: a stateful device forgot it, or packets were lost "
		"for longer than the ping timeout",
		"the end that gave up got no answer to its PING");
	finding_cause(f, 0.25, "the other end stood still for some seconds (load, suspend)",
		"a PING is answered by the program, not by the kernel");
	finding_next(f, "Look in the log of %s for \"didn't respond to PING\" or \"Connection closed\"", who);
	finding_next(f, "When it happens after a fixed time: a firewall's idle timeout; lower PingInterval below it");
}

static void judge(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	struct finding *f = NULL;
	uint64_t count = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		struct broken b;

		if (!is_repair(p, &p->moments[i], &b))
			continue;
		if (!f) {
			f = tunnel_finding(x, p, "tunnel-meta-broken");
			tell(f, p, &b);
		}
		tunnel_own_claims(x, b.old->uid, "tunnel-meta-broken");
		if (b.lost && b.lost->at_ns <= b.again->at_ns)
			tunnel_evidence(f, b.lost, "the old control connection is closed");
		tunnel_evidence(f, b.again, "a new control connection: ID line");
		if (b.lost && b.lost->at_ns > b.again->at_ns)
			tunnel_evidence(f, b.lost, "the old control connection is closed");
		count++;
	}
	if (!f)
		return;
	f->count = count;
	finding_filter_frames(f);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct meta_state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		judge(x, table_value(e));
}

static void on_free(void *state)
{
	tunnel_pairs_free(&((struct meta_state *)state)->pairs);
}

const struct rule rule_tunnel_meta = {
	.codes = {"tunnel-meta-broken"},
	.spec = "tinc 1.1 manual: PingInterval, PingTimeout",
	.state_size = sizeof(struct meta_state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TUNNEL,
	.heard_if = SHOWS_REFUSED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
