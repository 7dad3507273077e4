/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS over UDP and TCP (RFC 1035, RFC 7766), mDNS (RFC 6762) and LLMNR (RFC 4795). Questions are paired with answers
 * by id, name and type within their conversation: one record per question when it is answered, or when it is given up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/when.h"
#include "dissectors/dissector.h"
#include "dissectors/dns_message.h"
#include "dissectors/message_counts.h"

#define OPCODE_LAST 6 /* DNS Stateful Operations, RFC 8490 */
#define QUESTIONS_FEW 2
#define RECORDS_FEW 32
#define QUESTIONS_MAX 64
/* A question that old is not answered any more: resolvers give up after 10 to 30 s in all. */
#define GIVEN_UP_NS (60 * NS_PER_S)
/* Asked again so soon after the answer, it is a retry that crossed it on the way. */
#define CROSSING_NS (NS_PER_S / 2)
/* Taps and queues of a card that are out of step show the question so long behind its answer. */
#define LATE_MAX_NS (100 * NS_PER_MS)
/* A stub resolver waits this long for one try (resolv.conf(5)), then asks another server, from another port. */
#define PATIENCE_NS (5 * NS_PER_S)
#define MARKS_MAX 6
/* Of a long message over TCP this much is looked at. */
#define TCP_LOOK_BYTES 4096

/* A question, answered or not; answered ones stay for a while to know a second answer by. */
struct question {
	struct dns facts;
	struct frame_ref first, last; /* absolute */
	int64_t answered_ns;
	bool unasked; /* an answer whose question was not seen, yet */
	struct question *next;
};

struct dns_state {
	struct question *first, *last;
	uint32_t count;
	int marks;
};

static bool port_is(const struct session *s, uint16_t port)
{
	return session_port(s, SIDE_ORIG) == port || session_port(s, SIDE_RESP) == port;
}

/* --- recognising --- */

/* A query or response with one sensible question is DNS on any port. */
static enum recognition judge(const struct dns_message *m)
{
	bool odd = m->reserved || m->opcode == 3 || m->opcode > OPCODE_LAST;

	if (m->netbios || (odd && (m->questions != 1 || m->class != 1 || m->state != READER_OK)))
		return RECOGNISE_NO;
	if (odd) /* old software sets the reserved bit */
		return RECOGNISE_MAYBE;
	if (m->questions != 1 || m->state == READER_BAD || m->opcode)
		return RECOGNISE_MAYBE;
	if (!m->response && (m->rcode || m->answer_records || m->authority_records || m->additional_records > 2))
		return RECOGNISE_MAYBE;
	if (m->class != 1 || !m->type || m->type > 300 || m->answer_records > 100)
		return RECOGNISE_MAYBE;
	return RECOGNISE_YES;
}

/* Of a stream, what is not whole yet. */
static enum recognition cut_off(const struct dns_message *m)
{
	if (m->state != READER_CUT || m->questions != 1)
		return RECOGNISE_NO;
	return m->opcode || m->reserved ? RECOGNISE_UNLIKELY : RECOGNISE_MORE;
}

static enum recognition recognise_stream(const struct chunk *c)
{
	enum recognition said;
	struct dns_message m;
	size_t n;

	if (c->data[0] > 0x10)
		return RECOGNISE_NO; /* longer than any first message */
	if (c->len < 2)
		return RECOGNISE_MORE;
	n = (size_t)c->data[0] << 8 | c->data[1];
	if (n < 17)
		return RECOGNISE_NO;
	if (c->len < 2 + 12)
		return RECOGNISE_MORE;
	if (!dns_message_read(&m, c->data + 2, c->len - 2 < n ? c->len - 2 : n, n))
		return cut_off(&m);
	/* Other protocols begin with small numbers too, so here the whole message must make sense. */
	if (m.state == READER_BAD || m.questions != 1)
		return RECOGNISE_NO;
	said = judge(&m);
	return said == RECOGNISE_NO && m.state == READER_CUT ? RECOGNISE_UNLIKELY : said;
}

/* The name cannot be read; at the port it is a broken question all the same. */
static bool header_fits(const struct dns_message *m)
{
	return !m->reserved && m->opcode <= OPCODE_LAST && m->opcode != 3 && m->questions && m->questions <= QUESTIONS_FEW &&
		m->answer_records <= RECORDS_FEW && m->authority_records <= RECORDS_FEW && m->additional_records <= RECORDS_FEW;
}

static enum recognition recognise_datagram(const struct chunk *c)
{
	struct dns_message m;

	if (dns_message_read(&m, c->data, c->len, c->on_wire))
		return judge(&m);
	return m.state == READER_CUT || header_fits(&m) ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* --- telling --- */

static const char *type_name(uint16_t type, char out[8])
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {12, "PTR"}, {15, "MX"}, {16, "TXT"}, {28, "AAAA"},
		{33, "SRV"}, {64, "SVCB"}, {65, "HTTPS"}, {252, "AXFR"}, {255, "ANY"}};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	snprintf(out, 8, "%u", (unsigned)type);
	return out;
}

static void mark_question(struct dns_state *d, struct session *s, enum side side, const struct frame_ref *ref,
	const struct dns_message *m)
{
	char label[30], number[8];

	if (d->marks++ >= MARKS_MAX)
		return;
	snprintf(label, sizeof(label), "%s %.20s", type_name(m->type, number), m->name);
	session_mark(s, side, ref, label);
}

static void mark_answer(struct dns_state *d, struct session *s, enum side side, const struct frame_ref *ref,
	const struct dns_message *m)
{
	static const char *const names[] = {"answer", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
	char label[30];

	if (d->marks++ >= MARKS_MAX)
		return;
	snprintf(label, sizeof(label), "RCODE %u", (unsigned)m->rcode);
	session_mark(s, side, ref, m->rcode < sizeof(names) / sizeof(names[0]) ? names[m->rcode] : label);
}

/* --- questions at hand --- */

static void drop_first(struct dns_state *d, struct session *s)
{
	struct question *q = d->first;

	if (!q->answered_ns)
		session_tell(s, RECORD_DNS, &q->facts);
	d->first = q->next;
	if (!d->first)
		d->last = NULL;
	d->count--;
	free(q);
}

static void give_up_old(struct dns_state *d, struct session *s, int64_t now_ns)
{
	while (d->first && now_ns - d->first->last.at_ns > GIVEN_UP_NS)
		drop_first(d, s);
}

static bool same_question(const struct question *q, const struct dns_message *m)
{
	if (q->facts.id != m->id)
		return false;
	if (!m->questions)
		return m->response; /* some errors come without the question */
	return q->facts.qtype == m->type && !strcasecmp(q->facts.query, m->name);
}

/* The youngest that fits: ids come back in long conversations. */
static struct question *find_question(struct dns_state *d, const struct dns_message *m)
{
	struct question *q, *found = NULL;

	for (q = d->first; q; q = q->next)
		if (same_question(q, m))
			found = q;
	return found;
}

static void fill_question(struct dns *facts, const struct session *s, const struct dns_message *m)
{
	text_copy(facts->query, sizeof(facts->query), m->name);
	facts->qtype = m->type;
	facts->qclass = m->class;
	facts->id = m->id;
	facts->recursion_desired = m->recursion_desired;
	facts->tcp = !session_is_udp(s);
	facts->mdns = port_is(s, 5353) || port_is(s, 5355);
	facts->rtt_ns = UNSET;
}

static void fill_answer(
	struct dns *facts, const struct session *s, const struct dns_message *m, const struct frame_ref *ref)
{
	facts->answered = true;
	facts->rcode = (uint8_t)(m->rcode < 255 ? m->rcode : 255);
	facts->truncated = m->truncated;
	facts->authoritative = m->authoritative;
	facts->recursion_available = m->recursion_available;
	facts->response = session_ref(s, ref);
	facts->answer_count = m->answer_count;
	memcpy(facts->answers, m->answers, sizeof(facts->answers));
	text_copy(facts->cname, sizeof(facts->cname), m->cname);
}

static struct question *append_question(
	struct dns_state *d, struct session *s, const struct dns_message *m, const struct chunk *c)
{
	struct question *q = xcalloc(1, sizeof(*q));

	fill_question(&q->facts, s, m);
	q->first = q->last = c->ref;
	if (d->count == QUESTIONS_MAX)
		drop_first(d, s);
	if (d->last)
		d->last->next = q;
	else
		d->first = q;
	d->last = q;
	d->count++;
	return q;
}

static void add_question(struct dns_state *d, struct session *s, const struct dns_message *m, const struct chunk *c)
{
	struct question *q = append_question(d, s, m, c);

	q->facts.tries = 1;
	q->facts.request = q->facts.request_last = session_ref(s, &c->ref);
	mark_question(d, s, c->side, &c->ref, m);
}

static void on_query(struct dns_state *d, struct session *s, const struct dns_message *m, const struct chunk *c)
{
	struct question *q = find_question(d, m);

	if (!m->questions)
		return;
	if (!q || (q->answered_ns && c->ref.at_ns - q->answered_ns > (q->unasked ? LATE_MAX_NS : CROSSING_NS))) {
		add_question(d, s, m, c);
		return;
	}
	q->unasked = false;
	if (q->answered_ns)
		return;
	q->facts.tries++;
	q->last = c->ref;
	q->facts.request_last = session_ref(s, &c->ref);
	mark_question(d, s, c->side, &c->ref, m);
}

/* An answer to a question that is not in the capture, or behind it, is told as such: no request, no time. */
static void on_answer_alone(
	struct dns_state *d, struct session *s, struct question *q, const struct dns_message *m, const struct chunk *c)
{
	if (!q)
		q = append_question(d, s, m, c);
	q->unasked = true;
	q->last = c->ref;
	q->answered_ns = c->ref.at_ns;
	fill_answer(&q->facts, s, m, &c->ref);
	mark_answer(d, s, c->side, &c->ref, m);
	session_tell(s, RECORD_DNS, &q->facts);
}

static void on_answer(struct dns_state *d, struct session *s, const struct dns_message *m, const struct chunk *c)
{
	struct question *q = find_question(d, m);

	if (!q || q->unasked) {
		on_answer_alone(d, s, q, m, c);
		return;
	}
	if (q->answered_ns)
		return; /* a second one: of a retry, or the next message of a zone transfer */
	q->answered_ns = c->ref.at_ns;
	fill_answer(&q->facts, s, m, &c->ref);
	q->facts.rtt_ns = c->ref.at_ns > q->first.at_ns ? c->ref.at_ns - q->first.at_ns : 0; /* clocks jump */
	q->facts.client_moved_on = c->ref.at_ns - q->last.at_ns > PATIENCE_NS;
	mark_answer(d, s, c->side, &c->ref, m);
	session_tell(s, RECORD_DNS, &q->facts);
}

/* Multicast: questions need no answer, announcements no question; each is told by itself. */
static void on_multicast(struct session *s, const struct dns_message *m, const struct chunk *c)
{
	struct dns facts;

	if (!m->name[0])
		return;
	memset(&facts, 0, sizeof(facts));
	fill_question(&facts, s, m);
	if (m->response)
		fill_answer(&facts, s, m, &c->ref);
	else
		facts.request = facts.request_last = session_ref(s, &c->ref);
	facts.tries = !m->response;
	session_tell(s, RECORD_DNS, &facts);
}

static enum dissect_verdict on_message(
	struct dns_state *d, struct session *s, const struct chunk *c, const uint8_t *data, size_t here, size_t on_wire)
{
	struct dns_message m;

	count_dns_message(session_counts(s, c->ref.source), data, here);
	if (!dns_message_read(&m, data, here, on_wire))
		return m.state == READER_CUT ? DISSECT_OK : DISSECT_BAD;
	give_up_old(d, s, c->ref.at_ns);
	if (m.opcode)
		return DISSECT_OK; /* NOTIFY, UPDATE and others ask nothing that concerns a client */
	if (port_is(s, 5353) || port_is(s, 5355))
		on_multicast(s, &m, c);
	else if (m.response)
		on_answer(d, s, &m, c);
	else
		on_query(d, s, &m, c);
	return DISSECT_OK;
}

static enum dissect_verdict dns_datagram(void *state, struct session *s, const struct chunk *c)
{
	return on_message(state, s, c, c->data, c->len, c->on_wire);
}

static void dns_again(const struct session *s, const struct chunk *c)
{
	count_dns_message(session_counts(s, c->ref.source), c->data, c->len);
}

/* Two bytes of length before each message (RFC 1035, section 4.2.2). */
static enum dissect_verdict dns_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	size_t n, here;

	if (c->len < 2)
		return DISSECT_MORE;
	n = (size_t)c->data[0] << 8 | c->data[1];
	here = c->len - 2 < n ? c->len - 2 : n;
	if (n < 12)
		return DISSECT_BAD;
	if (here < n && here < TCP_LOOK_BYTES)
		return DISSECT_MORE;
	*used = n + 2;
	return on_message(state, s, c, c->data + 2, here, n);
}

static void dns_finish(void *state, struct session *s)
{
	struct dns_state *d = state;

	while (d->first)
		drop_first(d, s);
}

const struct dissector dissector_dns_udp = {
	.name = "dns",
	.spec = "RFC 1035, RFC 6891, RFC 6762, RFC 4795",
	.udp_ports = {53, 5353, 5355},
	.state_size = sizeof(struct dns_state),
	.recognise = recognise_datagram,
	.datagram = dns_datagram,
	.again = dns_again,
	.finish = dns_finish,
};

const struct dissector dissector_dns_tcp = {
	.name = "dns",
	.spec = "RFC 7766",
	.tcp_ports = {53},
	.state_size = sizeof(struct dns_state),
	.recognise = recognise_stream,
	.stream = dns_stream,
	.finish = dns_finish,
};
