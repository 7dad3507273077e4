/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-loss of SYNs: many connections of one service are set up only by a repeated SYN, a second or more late, and
 * then work. A pool with a dead member, a queue that is full now and then, or loss (RFC 6298, section 2).
 */
#include <string.h>

#include "base/samples.h"
#include "base/table.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define LATE_MIN_S 0.9	/* the least first time-out of a stack */
#define LATE_MAX_S 64.0 /* one that comes later is no repetition: the service began */
#define COUNT_MIN 3
#define SHARE_MIN 0.1 /* of the connections that were set up */

struct late {
	struct tally tally;
	struct samples waited_s;
};

void late_drop(struct diagnosis_context *x, struct late *l)
{
	if (!l)
		return;
	samples_free(&l->waited_s);
	tally_free(&l->tally);
	parties_give(x, l, sizeof(*l));
}

static bool is_late(const struct conn *c)
{
	double s = when_s(c->syn_ack.at_ns);

	return c->syns > 1 && c->answered == SYN_ANSWER_SYN_ACK && !c->old_acks && !c->rst_count && s >= LATE_MIN_S &&
	       s <= LATE_MAX_S && c->rtt_server_ns >= 0 && when_s(c->rtt_server_ns) < LATE_MIN_S;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct late *l;

	(void)state;
	if (c->end_reason == CONN_END_PART || c->one_sided || !c->handshake_ack.frame || !is_late(c))
		return;
	if (!x->now.service->late)
		x->now.service->late = parties_make(x, sizeof(*l));
	l = x->now.service->late;
	samples_add(&l->waited_s, when_s(c->syn_ack.at_ns));
	tally_count(&l->tally, r->ts_ns);
	tally_show(&l->tally, r, &(struct frame_ref){ c->syn_frames[0], 0, r->source }, "SYN, without an answer");
	tally_show(&l->tally, r, &(struct frame_ref){ c->syn_frames[1], c->syn_at_ns[1], r->source }, "SYN again");
	tally_show(&l->tally, r, &c->syn_ack, "SYN-ACK %.2f s after the first SYN", when_s(c->syn_ack.at_ns));
	tally_conversation(&l->tally, r);
}

static void tell(struct diagnosis_context *x, const struct service_key *k, const struct late *l, uint64_t established)
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, "packet-loss", &subject);
	char service[SERVICE_TEXT_SIZE], waited[WHEN_TEXT_SIZE];

	if (finding_fact(f, "rate"))
		return;
	subject_service_text(&k->server, k->port, service);
	when_duration(samples_median(&l->waited_s), waited);
	tally_tell(&l->tally, f);
	f->of = established;
	finding_number(f, "rate", (double)l->tally.count / (double)established);
	finding_number(f, "stalled_s", l->waited_s.sum);
	finding_integer(f, "late_connections", (int64_t)l->tally.count);
	finding_title(f, "%llu of %llu connections to %s are set up only by a repeated SYN, %s late", (unsigned long long)l->tally.count,
		(unsigned long long)established, service, waited);
	finding_detail(f, "The first SYN, or its answer, is lost; the next one is answered at once, and the connection works.");
	f->responsible = RESPONSIBLE_UNKNOWN;
	finding_cause(f, 0.4, "one of several servers behind that address (a pool, a cluster) is dead, and a repeated SYN goes to another",
		"the other connections are set up at once");
	finding_cause(f, 0.3, "the server's listen queue is full now and then, and it drops SYNs",
		"a kernel drops them without a word (nstat TcpExtListenDrops)");
	finding_cause(f, 0.25, "packets are lost on the path, or a rate limit drops SYNs", "compare with the loss of data segments");
	finding_next(f, "Are all members of the pool well? Ask each by its own address");
	finding_next(f, "On the server: nstat -az TcpExtListenDrops TcpExtListenOverflows; ss -ltn 'sport = :%u'", k->port);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct service_state *all = table_value(e);
		const struct late *l = all->late;

		if (l && l->tally.count >= COUNT_MIN && (double)l->tally.count >= SHARE_MIN * (double)all->established)
			tell(x, table_key(e), l, all->established);
	}
}

const struct rule rule_late_syn = {
	.codes = { "packet-loss" },
	.spec = "RFC 6298, section 2.1; RFC 9293, section 3.8.1",
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_RESENT_SYN,
	.record = on_record,
	.finish = on_finish,
};
