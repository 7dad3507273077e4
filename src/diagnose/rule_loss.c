/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-loss: more than 1 % of a direction's data segments lost, and a delay that a user can notice. reordering: more
 * than 1 % out of order, nothing lost. bad-checksum, stream-ambiguous and delayed-ack-stall beside them.
 */
#include <stddef.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define PATHS_MAX 4000
#define RATE_MIN 0.01
#define LOST_MIN 4		       /* a few lost segments are everyday life, */
#define LONG_STALL_NS NS_PER_S	       /* unless somebody had to wait for them */
#define STALLED_MIN_NS (100 * NS_PER_MS)
#define REORDERED_MIN 3
#define DELAYED_ACKS_MIN 5

enum trouble {
	TROUBLE_LOSS,
	TROUBLE_CHECKSUM,
	TROUBLE_AMBIGUOUS,
	TROUBLE_DELAYED_ACK,
};

struct path_key {
	struct addr sender, receiver;
	uint16_t port;
	uint8_t sender_is_client, trouble;
};

struct path {
	struct tally tally;
	uint64_t segments, conversations; /* of all that went this way, with trouble or not */
	uint64_t lost, reordered, count;
	uint64_t compared, engines_differ; /* streams that two stacks were tried on, and see differently */
	int64_t stalled_ns, delayed_ns;
};

struct state {
	struct table paths; /* struct path_key -> struct path */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->paths, sizeof(struct path_key), sizeof(struct path), PATHS_MAX);
	s->paths.drop = tally_drop;
}

static struct path_key key_of(const struct record *r, enum side side, enum trouble trouble)
{
	struct path_key k;

	memset(&k, 0, sizeof(k));
	k.sender = side == SIDE_ORIG ? r->orig_h : r->resp_h;
	k.receiver = side == SIDE_ORIG ? r->resp_h : r->orig_h;
	k.port = r->resp_p;
	k.sender_is_client = side == SIDE_ORIG;
	k.trouble = (uint8_t)trouble;
	return k;
}

static struct path *path_of(struct state *s, const struct record *r, enum side side, enum trouble trouble)
{
	struct path_key k = key_of(r, side, trouble);

	return table_add(&s->paths, &k);
}

static void show_stalls(struct path *p, const struct record *r, enum side side)
{
	for (uint32_t i = 0; i < r->conn.stall_count && i < STALLS_MAX; i++)
		if (r->conn.stalls[i].reason == STALL_LOSS && r->conn.stalls[i].side == side)
			tally_show(&p->tally, r, &r->conn.stalls[i].ref, "came after %.3f s, sent again or late",
				when_s(r->conn.stalls[i].lasted_ns));
}

/* Repeats into nowhere are a vanished peer or a black hole, not a rate; what arrived damaged is told as that. */
static uint32_t lost_on_the_way(const struct conn_side *o)
{
	uint32_t lost = o->loss.lost;

	if (o->unanswered > 1 && o->unanswered - 1 <= lost)
		lost -= o->unanswered - 1;
	return lost > o->loss.bad_checksum ? lost - o->loss.bad_checksum : 0;
}

static void learn_all(struct path *p, const struct peers *pair, enum side side)
{
	p->segments = pair->sent_segments[side];
	p->conversations = pair->sent_conversations[side];
}

static void note_loss(struct state *s, const struct peers *pair, const struct record *r, enum side side)
{
	const struct conn_side *o = &r->conn.side[side];
	struct path *p;

	if ((!o->loss.lost && !o->loss.reordered) || !peers_tell_loss(&r->conn, side))
		return;
	p = path_of(s, r, side, TROUBLE_LOSS);
	learn_all(p, pair, side);
	p->lost += lost_on_the_way(o);
	p->reordered += o->loss.reordered;
	p->stalled_ns += o->loss.stalled_ns;
	tally_count(&p->tally, r->ts_ns);
	tally_conversation(&p->tally, r);
	show_stalls(p, r, side);
	if (!p->tally.shown_count)
		tally_show(&p->tally, r, &o->first_data, "first data of a conversation with out-of-order segments");
}

static void note_others(struct state *s, const struct record *r, enum side side)
{
	const struct conn_side *o = &r->conn.side[side];
	struct path *p;

	if (o->loss.bad_checksum) {
		p = path_of(s, r, side, TROUBLE_CHECKSUM);
		p->count += o->loss.bad_checksum;
		tally_count(&p->tally, r->ts_ns);
		tally_conversation(&p->tally, r);
		tally_show(&p->tally, r, &o->damaged, "wrong checksum: the receiver ignores it");
		tally_show(&p->tally, r, &o->damaged_again, "the same bytes again, with a right one");
	}
	if (o->delayed_ack_stalls && !r->conn.one_sided) { /* without the ACKs it is a pause of the sender's */
		p = path_of(s, r, side, TROUBLE_DELAYED_ACK);
		p->count += o->delayed_ack_stalls;
		p->delayed_ns += o->delayed_ack_ns;
		tally_count(&p->tally, r->ts_ns);
		tally_show(&p->tally, r, &o->delayed_ack_first, "segment that waited for a delayed ACK");
		tally_conversation(&p->tally, r);
	}
}

static void note_ambiguous(struct state *s, const struct record *r)
{
	struct path *p;

	if (!r->conn.overlaps_differ)
		return;
	p = path_of(s, r, SIDE_ORIG, TROUBLE_AMBIGUOUS);
	p->count += r->conn.overlaps_differ;
	p->compared += r->conn.engines_compared;
	p->engines_differ += r->conn.engines_differ != 0;
	tally_count(&p->tally, r->ts_ns);
	tally_show(&p->tally, r, &r->conn.overlap_old, "the bytes first");
	tally_show(&p->tally, r, &r->conn.overlap_new, "other bytes for the same sequence numbers");
	for (size_t i = 0; i < sizeof(r->conn.overlap_frames) / sizeof(r->conn.overlap_frames[0]); i++)
		tally_show(&p->tally, r,
			&(struct frame_ref){ r->conn.overlap_frames[i], r->conn.overlap_new.at_ns, r->conn.overlap_old.source },
			i % 2 ? "again other bytes" : "again, the bytes first");
	tally_conversation(&p->tally, r);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	if (r->kind != RECORD_CONN || r->proto != 6 || r->conn.end_reason == CONN_END_PART)
		return;
	for (int side = 0; side < 2; side++) {
		note_loss(state, x->now.pair, r, (enum side)side);
		note_others(state, r, (enum side)side);
	}
	note_ambiguous(state, r);
}

static struct finding *open_for(struct diagnosis_context *x, const char *code, const struct path_key *k,
	const struct path *p)
{
	struct subject subject = { .client = k->sender_is_client ? k->sender : k->receiver,
		.server = k->sender_is_client ? k->receiver : k->sender, .port = k->port, .proto = 6 };
	struct finding *f = finding_open(x, code, &subject);

	tally_tell(&p->tally, f);
	return f;
}

static void tell_loss(struct diagnosis_context *x, const struct path_key *k, const struct path *p)
{
	double rate = (double)p->lost / (double)p->segments;
	struct finding *f = open_for(x, "packet-loss", k, p);
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE], stalled[WHEN_TEXT_SIZE];

	addr_text(&k->sender, from);
	addr_text(&k->receiver, to);
	when_duration(when_s(p->stalled_ns), stalled);
	f->of = p->conversations;
	f->responsible = RESPONSIBLE_PATH;
	if (p->lost < LOST_MIN)
		f->severity = SEVERITY_NOTE; /* a rate of so few is chance */
	finding_number(f, "rate", rate);
	finding_number(f, "stalled_s", when_s(p->stalled_ns));
	finding_integer(f, "lost", (int64_t)p->lost);
	finding_integer(f, "segments", (int64_t)p->segments);
	finding_title(f, "%.1f %% of the data segments from %s to %s are lost (%llu of %llu)", rate * 100, from, to,
		(unsigned long long)p->lost, (unsigned long long)p->segments);
	finding_detail(f, "Waiting for their repetition takes %s in all.", stalled);
	finding_cause(f, 0.6, "a congested or bad link, or a policer, on the path", "segments are missing and sent again");
	finding_cause(f, 0.2, "an overloaded device on the path (CPU, buffers)", "it drops in the same way");
	finding_next(f, "mtr -n -T -P %u %s from the sender's side (at which hop does the loss begin?)", k->port, to);
	finding_next(f, "Error and drop counters of the interfaces on the path; duplex and policer settings");
}

static void tell_reordering(struct diagnosis_context *x, const struct path_key *k, const struct path *p)
{
	double rate = (double)p->reordered / (double)p->segments;
	struct finding *f = open_for(x, "reordering", k, p);
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	addr_text(&k->sender, from);
	addr_text(&k->receiver, to);
	f->responsible = RESPONSIBLE_PATH;
	finding_number(f, "rate", rate);
	finding_title(f, "%.1f %% of the data segments from %s to %s arrive out of order", rate * 100, from, to);
	finding_detail(f, "%llu of %llu; they come a little late, not lost.", (unsigned long long)p->reordered,
		(unsigned long long)p->segments);
	finding_cause(f, 0.7, "packets of one connection take several paths (per-packet balancing, bonding)",
		"late by far less than a round trip");
	finding_next(f, "Look for per-packet load balancing on the path; balance by flow instead");
}

static void tell_delayed(struct diagnosis_context *x, const struct path_key *k, const struct path *p)
{
	struct finding *f = open_for(x, "delayed-ack-stall", k, p);
	char from[ADDR_TEXT_SIZE], wasted[WHEN_TEXT_SIZE];

	addr_text(&k->sender, from);
	when_duration(when_s(p->delayed_ns), wasted);
	finding_integer(f, "stalls", (int64_t)p->count);
	finding_number(f, "seconds", when_s(p->delayed_ns));
	f->responsible = k->sender_is_client ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	finding_title(f, "Small writes of %s wait for delayed ACKs %llu times, %s in all", from, (unsigned long long)p->count,
		wasted);
	finding_detail(f, "A second small write is held back (Nagle) until the receiver's delayed ACK comes.");
	finding_next(f, "Set TCP_NODELAY on the sender, or write the message in one piece");
}

static void tell_other(struct diagnosis_context *x, const struct path_key *k, const struct path *p)
{
	bool ambiguous = k->trouble == TROUBLE_AMBIGUOUS;
	struct finding *f = open_for(x, ambiguous ? "stream-ambiguous" : "bad-checksum", k, p);
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	addr_text(&k->sender, from);
	addr_text(&k->receiver, to);
	if (ambiguous) {
		f->responsible = RESPONSIBLE_MIDDLEBOX;
		finding_integer(f, "streams", (int64_t)p->tally.count);
		finding_title(f, "Segments between %s and %s overlap with different bytes (%llu)", from, to,
			(unsigned long long)p->count);
		if (p->compared)
			finding_detail(f, "Two stacks (ours and libnids, as Linux 2.2) read different bytes in %llu of %llu.",
				(unsigned long long)p->engines_differ, (unsigned long long)p->compared);
		else
			finding_detail(f, "Which bytes an application reads depends on its host's stack.");
		finding_cause(f, 0.6, "a device on the path injects data, or an attempt to evade inspection",
			"an honest retransmission carries the same bytes");
		finding_next(f, "Compare the TTLs and IP ids of both copies; capture at both ends; --engine=both");
		return;
	}
	f->responsible = RESPONSIBLE_PATH;
	finding_integer(f, "frames", (int64_t)p->count);
	finding_title(f, "%llu segment%s from %s %s with a wrong TCP checksum", (unsigned long long)p->count,
		p->count == 1 ? "" : "s", from, p->count == 1 ? "arrives" : "arrive");
	finding_detail(f, "The receiver ignores what is damaged, and it is sent again.");
	finding_cause(f, 0.7, "a device on the path damages packets (memory, line card, NAT helper)",
		"the link's own checksum was right when the frame was captured");
	finding_next(f, "Capture hop by hop: the first place with wrong checksums is behind the device at fault");
}

static void tell(struct diagnosis_context *x, const struct path_key *k, const struct path *p)
{
	if (k->trouble == TROUBLE_DELAYED_ACK) {
		if (p->count >= DELAYED_ACKS_MIN)
			tell_delayed(x, k, p);
	} else if (k->trouble != TROUBLE_LOSS) {
		tell_other(x, k, p);
	} else if ((p->lost >= LOST_MIN || (p->lost && p->stalled_ns >= LONG_STALL_NS)) && (double)p->lost >= RATE_MIN * (double)p->segments &&
		p->stalled_ns >= STALLED_MIN_NS) {
		tell_loss(x, k, p);
	} else if (p->reordered >= REORDERED_MIN && (double)p->reordered >= RATE_MIN * (double)p->segments) {
		tell_reordering(x, k, p);
	}
}

/* The conversations after the last one with trouble count too. */
static void learn_rest(const struct diagnosis_context *x, const struct path_key *k, struct path *p)
{
	enum side side = k->sender_is_client ? SIDE_ORIG : SIDE_RESP;
	const struct addr *client = k->sender_is_client ? &k->sender : &k->receiver;
	const struct addr *server = k->sender_is_client ? &k->receiver : &k->sender;
	const struct peers *pair = k->trouble == TROUBLE_LOSS ? peers_find(x, client, server, k->port) : NULL;

	if (pair && pair->sent_segments[side] > p->segments)
		learn_all(p, pair, side);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->paths, NULL); e; e = table_next(&s->paths, e)) {
		learn_rest(x, table_key(e), table_value(e));
		tell(x, table_key(e), table_value(e));
	}
}

static void on_free(void *state)
{
	table_free(&((struct state *)state)->paths);
}

const struct rule rule_loss = {
	.codes = { "packet-loss", "reordering", "bad-checksum", "stream-ambiguous", "delayed-ack-stall" },
	.spec = "RFC 9293, section 3.8; RFC 2883; RFC 6675; RFC 896 and RFC 1122, section 4.2.3.2",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_REPAIRS,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
