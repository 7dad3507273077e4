/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-duplicates: packets that were sent once and delivered twice. The receiver proves it, as it reports the second
 * copy by D-SACK (RFC 2883); copies that nobody reports are the capture's (see src/track/duplicates.c). Without a copy
 * in the capture the doubling happens behind it, and one report may be a mistake of the receiver.
 */
#include <inttypes.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define PAIRS_MAX 4000
#define REPORTS_MIN 3 /* without a copy in the capture */

struct pair_key {
	struct addr client, server;
	uint16_t port;
	uint8_t zero[6];
};

struct pair {
	struct tally tally;
	uint64_t doubled, packets, conversations;
	bool copies; /* some are in the capture */
};

struct state {
	struct table pairs; /* struct pair_key -> struct pair */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	table_init(&((struct state *)state)->pairs, sizeof(struct pair_key), sizeof(struct pair), PAIRS_MAX);
	((struct state *)state)->pairs.drop = tally_drop;
}

static struct pair *pair_of(struct state *s, const struct record *r)
{
	struct pair_key k;

	memset(&k, 0, sizeof(k));
	k.client = r->orig_h;
	k.server = r->resp_h;
	k.port = r->resp_p;
	return table_add(&s->pairs, &k);
}

static void note_side(struct pair *p, const struct record *r, const struct conn_side *o)
{
	p->packets += o->pkts;
	p->doubled += o->loss.duplicated_by_network;
	p->copies |= o->doubled_copy.frame != 0;
	tally_show(&p->tally, r, &o->doubled, "sent once");
	tally_show(&p->tally, r, &o->doubled_copy, "the same packet again");
	tally_show(&p->tally, r, &o->doubled_answer, "D-SACK: its receiver got it twice");
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn_side *o = r->conn.side;
	struct pair *p;

	(void)x;
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART)
		return;
	if (!o[SIDE_ORIG].loss.duplicated_by_network && !o[SIDE_RESP].loss.duplicated_by_network)
		return;
	p = pair_of(state, r);
	p->conversations++;
	tally_count(&p->tally, r->ts_ns);
	note_side(p, r, &o[SIDE_ORIG]);
	note_side(p, r, &o[SIDE_RESP]);
	tally_conversation(&p->tally, r);
}

static void tell(struct diagnosis_context *x, const struct pair_key *k, const struct pair *p)
{
	struct subject subject = { .client = k->client, .server = k->server, .port = k->port, .proto = 6 };
	char client[ADDR_TEXT_SIZE], server[ADDR_TEXT_SIZE];
	struct finding *f;

	if (!p->copies && p->doubled < REPORTS_MIN)
		return;
	f = finding_open(x, "packet-duplicates", &subject);
	tally_tell(&p->tally, f);
	addr_text(&k->client, client);
	addr_text(&k->server, server);
	f->count = p->doubled;
	f->of = p->packets;
	f->responsible = RESPONSIBLE_PATH;
	f->confidence = p->copies ? 0.95 : 0.7;
	finding_integer(f, "duplicates", (int64_t)p->doubled);
	finding_title(f, "The network delivers packets between %s and %s twice (%" PRIu64 " of %" PRIu64 ")", client,
		server, p->doubled, p->packets);
	if (p->copies)
		finding_detail(f, "The copies have the same IP id and sequence number, and the receiver reports them by D-SACK: "
				  "it is not the capture that holds them twice.");
	else
		finding_detail(f, "The receiver reports by D-SACK that it got bytes twice which were sent once: the copies are "
				  "made behind the place of the capture.");
	finding_cause(f, 0.4, "a layer-2 loop, or a switch that floods", "every copy is the same packet");
	finding_cause(f, 0.3, "a bond in broadcast mode, or a redundant path that sends both ways",
		"the copies come within milliseconds");
	finding_next(f, "Look for a loop, a bond in broadcast mode or a mirror port that feeds back on the path");
	finding_next(f, "Compare MACs, VLANs and TTLs of both copies: where they differ, one took another way");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		tell(x, table_key(e), table_value(e));
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->pairs);
}

const struct rule rule_packet_duplicates = {
	.codes = { "packet-duplicates" },
	.spec = "RFC 2883",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_REPAIRS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
