/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of a tunnel that begin again: which, and in which words. */
#include "diagnose/tunnel_restarts.h"

#include <string.h>

#include "base/when.h"
#include "diagnose/findings.h"

/* A session that begins again after its control connection was made anew has a reason. */
#define AFTER_META_NS (15 * NS_PER_S)
/* A node that crashed is away for some seconds at least. */
#define AWAY_NS (3 * NS_PER_S)
#define AWAY_PACKETS 3

bool tunnel_is_restart(const struct tunnel_moment *m)
{
	return m->event == TUNNEL_RESTART;
}

bool tunnel_after_new_meta(const struct tunnel_pair *p, const struct tunnel_moment *restart)
{
	bool earlier = false;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];
		int64_t before = restart->at_ns - m->at_ns;

		if (m->event != TUNNEL_ESTABLISHED || m->proto != 6)
			continue;
		if (earlier && before >= 0 && before <= AFTER_META_NS)
			return true;
		earlier = true; /* the first one is the beginning of all */
	}
	return false;
}

/* What the datagrams' numbers show is seen; requests by length only count where no datagram is in the capture. */
static const char *telling_step(const struct tunnel_pair *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (tunnel_is_restart(&p->moments[i]) && strcmp(p->moments[i].step, "REQ_KEY") != 0)
			return p->moments[i].step;
	return "REQ_KEY";
}

static const char *restart_text(const struct tunnel_moment *m)
{
	if (strcmp(m->step, "seqno") == 0)
		return "sequence numbers begin again: a new session";
	if (strcmp(m->step, "REQ_KEY") == 0)
		return "asks for a new session";
	if (strcmp(m->reason, "silence") == 0)
		return "new handshake after data that nobody answered";
	return "begins the handshake again";
}

uint32_t tunnel_tell_restarts(struct finding *f, const struct tunnel_pair *p)
{
	const char *step = telling_step(p);
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct tunnel_moment *m = &p->moments[i];

		if (!tunnel_is_restart(m))
			continue;
		n += strcmp(m->step, step) == 0;
		tunnel_evidence(f, m, restart_text(m));
	}
	return n;
}

bool tunnel_quick_restart(const struct tunnel_moment *lost, const struct tunnel_moment *again)
{
	return lost && lost->at_ns <= again->at_ns && !lost->reason[0] && addr_equal(&lost->host, &again->host);
}

static bool silent_before(const struct record *r, uint8_t other, int64_t at_ns)
{
	const struct tunnel *t = &r->tunnel;
	int64_t first_ns = r->ts_ns + t->alone_first[other].at_ns, last_ns = r->ts_ns + t->alone_last[other].at_ns;

	return t->alone_pkts[other] >= AWAY_PACKETS && first_ns <= at_ns - AWAY_NS && last_ns - first_ns >= AWAY_NS &&
	       last_ns >= at_ns - AFTER_META_NS;
}

bool tunnel_was_away(const struct tunnel_pair *p, const struct addr *host, int64_t at_ns)
{
	for (uint32_t i = 0; i < p->summary_count; i++)
		for (uint8_t s = 0; p->summaries[i]->proto == 17 && s < 2; s++)
			if (addr_equal(record_host(p->summaries[i], s), host) &&
				silent_before(p->summaries[i], s ? SIDE_ORIG : SIDE_RESP, at_ns))
				return true;
	return false;
}

void tunnel_own_claims(struct diagnosis_context *x, const char *uid, const char *code)
{
	static const char *const ends[] = {"peer-vanished", "silent-after-idle", "no-reply", "stalled-transfer",
		"rst-mid-transfer", "rst-after-idle", "rst-after-request"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		for (struct claim *c = NULL; (c = claim_next(x, c, ends[i]));)
			if (strcmp(c->uid, uid) == 0)
				claim_own(c, code);
}
