/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tinc's meta connection: an ID line each way, then SPTPS records for its whole life. A record is a length that is
 * never encrypted (2 bytes), a type, the payload, and from each side's third record on a tag of 16 bytes. What is
 * encrypted still tells something by its length: PING and PONG, requests for a new session, tunnelled packets.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "dissectors/tinc.h"

#define SPTPS_CLEAR_OVERHEAD 3	 /* length, type */
#define SPTPS_SEALED_OVERHEAD 19 /* and the tag */
#define SPTPS_HANDSHAKE 128
#define SPTPS_KEX_LEN 65
#define SPTPS_SIG_LEN 64
#define SPTPS_SEALED_MAX 9300 /* the longest request is a packet of jumbo size */
#define SPTPS_PING_LEN 2

/* Lengths of requests about a node session, without the names of both nodes (compression level of one digit). */
#define REQ_KEY_KEX 103
#define ANS_KEY_KEX 111
#define RENEWAL_KEX 132
#define RENEWAL_SIG 131
#define SESSION_ANSWER_NS (5 * NS_PER_S)
#define STUCK_NS (8 * NS_PER_S)	       /* a renewal takes some round trips */
#define GIVES_UP_NS (4 * NS_PER_S)     /* PingTimeout is 5 s */
#define RENEWAL_ONCE_NS (2 * NS_PER_S) /* both sides send theirs */

/* "17 <length>\n" or "21 <length>\n", with a length of 2 to 4 digits. */
#define PACKET_REQUEST_MIN 6
#define PACKET_REQUEST_MAX 8
/* A pause this long without packets over TCP, and they are told again. */
#define FALLBACK_PAUSE_NS (10 * NS_PER_S)

static void learn_name(
	struct tinc_meta_side *from, struct tunnel_life *life, enum side side, const uint8_t *name, size_t n)
{
	uint8_t hash[crypto_hash_sha512_BYTES];

	text_copy_bytes(life->sum.names[side], sizeof(life->sum.names[side]), name, n);
	crypto_hash_sha512(hash, name, n);
	memcpy(from->id, hash, TINC_ID_LEN);
}

static void tell_ids(const struct tinc_meta *m, struct tunnel_life *life)
{
	const uint8_t *a = m->side[SIDE_ORIG].id, *b = m->side[SIDE_RESP].id;

	tunnel_name_session(life, "%02x%02x%02x%02x%02x%02x>%02x%02x%02x%02x%02x%02x", a[0], a[1], a[2], a[3], a[4],
		a[5], b[0], b[1], b[2], b[3], b[4], b[5]);
}

static enum dissect_verdict on_id_line(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, size_t *used)
{
	struct tinc_meta_side *from = &m->side[c->side];
	size_t name_len;
	unsigned minor;
	int n = tinc_id_line(c->data + *used, c->len - *used, &name_len, &minor);

	if (n == 0)
		return DISSECT_MORE;
	if (n < 0)
		return life->heard ? DISSECT_BAD : DISSECT_NOT_MINE;
	learn_name(from, life, c->side, c->data + *used + 2, name_len);
	/* Control connections, invitations and the legacy protocol have no records of this kind. */
	if (c->data[*used + 2] == '^' || c->data[*used + 2] == '?' || minor < 2)
		m->legacy = m->broken = true;
	*used += (size_t)n;
	from->identified = true;
	tell_ids(m, life);
	if (c->side == SIDE_ORIG)
		tunnel_hello(life, s, c->side, &c->ref, "ID");
	else
		tunnel_answer(life, s, c->side, &c->ref, "ID");
	tunnel_pending(life, c->side, &c->ref, "ID");
	session_mark(s, c->side, &c->ref, "ID");
	return DISSECT_OK;
}

static void spoil(struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c,
	enum tunnel_event event, const char *step, uint32_t length)
{
	tunnel_bad_record(life, s, event, c->side, &c->ref, step, length);
	session_mark(s, c->side, &c->ref, event == TUNNEL_BAD_ORDER ? "SIG before KEX" : "bad handshake record");
	m->spoiled = m->broken = true;
}

/* The first two records of a side: KEX, then SIG. */
static void on_clear_record(struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c,
	const uint8_t *record, uint32_t length)
{
	struct tinc_meta_side *from = &m->side[c->side];
	uint8_t type = record[2], version = record[3];

	if (!from->kex && type == SPTPS_HANDSHAKE && length == SPTPS_SIG_LEN) {
		spoil(m, life, s, c, TUNNEL_BAD_ORDER, "SIG", length);
	} else if (!from->kex && (type != SPTPS_HANDSHAKE || length != SPTPS_KEX_LEN || version != 0)) {
		spoil(m, life, s, c, TUNNEL_BAD_KEX, "KEX", length);
	} else if (!from->kex) {
		from->kex = true;
		tunnel_pending(life, c->side, &c->ref, "KEX");
		session_mark(s, c->side, &c->ref, "KEX");
	} else if (type != SPTPS_HANDSHAKE || length != SPTPS_SIG_LEN) {
		spoil(m, life, s, c, TUNNEL_BAD_KEX, "SIG", length);
	} else {
		from->sig = true;
		tunnel_pending(life, c->side, &c->ref, "SIG");
		session_mark(s, c->side, &c->ref, "SIG");
	}
}

static void on_packet(
	struct tinc_meta_side *from, struct tunnel_life *life, struct session *s, const struct chunk *c, size_t bytes)
{
	if (!from->packet_ns || c->ref.at_ns - from->packet_ns >= FALLBACK_PAUSE_NS)
		tunnel_event(life, s, TUNNEL_TCP_FALLBACK, c->side, &c->ref, "packet", NULL);
	from->packet_ns = c->ref.at_ns;
	tunnel_data(life, c->side, &c->ref, bytes);
}

static unsigned digit_count(uint32_t n)
{
	unsigned count = 1;

	for (; n >= 10; n /= 10)
		count++;
	return count;
}

/* A request that announces a packet names its length in as many digits as it has beyond "17 " and the newline. */
static bool announced(const struct tinc_meta_side *from, uint32_t length)
{
	return from->request && digit_count(length) == from->request - 4;
}

static uint32_t names_length(const struct tunnel_life *life)
{
	return (uint32_t)(strlen(life->sum.names[0]) + strlen(life->sum.names[1]));
}

static void end_renewal(struct tinc_meta *m, struct tunnel_life *life)
{
	for (int i = 0; i < 2; i++)
		m->side[i].renewal_kex = m->side[i].renewal_sig = false;
	tunnel_progress(life);
}

/* It may be the way out of a renewal that stood still: how long it did is kept. */
static void on_new_session(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, enum side side, const struct frame_ref *ref)
{
	tunnel_event(life, s, TUNNEL_RESTART, side, ref, "REQ_KEY", NULL);
	if (!life->pending.count)
		return;
	if (ref->at_ns - life->pending.first.at_ns >= STUCK_NS) {
		m->stood = (struct tunnel_run){.count = 2, .first = life->pending.first, .last = *ref};
		m->stood_side = (enum side)life->sum.side;
	}
	end_renewal(m, life);
}

/* Each side sends a KEX, then a SIG; until all have come, the renewal stands still. */
static void on_renewal_kex(struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c)
{
	struct tinc_meta_side *from = &m->side[c->side];

	if (!m->renewed_ns || c->ref.at_ns - m->renewed_ns > RENEWAL_ONCE_NS)
		tunnel_event(life, s, TUNNEL_REKEY, c->side, &c->ref, "KEX", NULL);
	m->renewed_ns = c->ref.at_ns;
	if (!m->sessions) /* without one there is nothing to renew: some other request of that length */
		return;
	if (from->renewal_kex || !m->side[side_other(c->side)].renewal_kex)
		tunnel_pending(life, c->side, &c->ref, "renewal");
	from->renewal_kex = true;
}

static void on_renewal_sig(struct tinc_meta *m, struct tunnel_life *life, enum side side)
{
	struct tinc_meta_side *from = &m->side[side], *peer = &m->side[side_other(side)];

	from->renewal_sig = from->renewal_kex && peer->renewal_kex;
	if (from->renewal_sig && peer->renewal_sig)
		end_renewal(m, life);
}

/* Asked for a new session again, before the first request was answered. */
static void ask_again(struct tinc_meta_side *from, struct tunnel_life *life, const struct chunk *c)
{
	if (strcmp(life->sum.step, "REQ_KEY") != 0 || life->sum.side != c->side)
		tunnel_pending(life, c->side, &from->asked_ref, "REQ_KEY");
	tunnel_pending(life, c->side, &c->ref, "REQ_KEY");
}

/* A new session counts when its KEX is answered by one, so that another request of that length is not taken for it. */
static void on_session_length(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, uint32_t length)
{
	struct tinc_meta_side *from = &m->side[c->side], *peer = &m->side[side_other(c->side)];
	uint32_t names = names_length(life);

	if (length == REQ_KEY_KEX + names) {
		if (from->asked)
			ask_again(from, life, c);
		from->asked = true;
		from->asked_ref = c->ref;
	} else if (length == ANS_KEY_KEX + names && peer->asked) {
		peer->asked = false;
		if (strcmp(life->sum.step, "REQ_KEY") == 0)
			tunnel_progress(life);
		if (c->ref.at_ns - peer->asked_ref.at_ns <= SESSION_ANSWER_NS && m->sessions++ > 0)
			on_new_session(m, life, s, side_other(c->side), &peer->asked_ref);
	} else if (length == RENEWAL_KEX + names) {
		on_renewal_kex(m, life, s, c);
	} else if (length == RENEWAL_SIG + names) {
		on_renewal_sig(m, life, c->side);
	}
}

static void on_sealed_record(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, uint32_t length)
{
	struct tinc_meta_side *from = &m->side[c->side];
	bool packet = announced(from, length);

	from->encrypted = true;
	if (m->side[side_other(c->side)].encrypted && !life->sum.established) {
		tunnel_progress(life);
		tunnel_established(life, s, c->side, &c->ref);
	}
	if (packet)
		on_packet(from, life, s, c, length);
	else if (length == SPTPS_PING_LEN)
		life->sum.keepalives[c->side]++;
	else
		on_session_length(m, life, s, c, length);
	from->request = !packet && length >= PACKET_REQUEST_MIN && length <= PACKET_REQUEST_MAX ? length : 0;
}

/* Whether whole records, at least one, follow up to the end of what is here. */
static bool records_to_the_end(const uint8_t *p, size_t n)
{
	while (n >= 2) {
		size_t total = (size_t)(p[0] << 8 | p[1]) + SPTPS_SEALED_OVERHEAD;

		if (total > n)
			return false;
		p += total;
		n -= total;
	}
	return n == 0;
}

/*
 * After "21 <length>" a relayed packet follows outside of any record. It begins with two node ids, of which one is
 * most often an end of this connection. Its length is known in digits only: the shortest one behind which whole
 * records, or nothing, follow. Gives 0 when it is a record.
 */
static size_t raw_packet(const struct tinc_meta *m, const struct tinc_meta_side *from, const uint8_t *p, size_t n)
{
	size_t shortest = 10, longest;
	bool known = false;

	for (unsigned i = from->request - 4; i > 2; i--)
		shortest *= 10;
	longest = shortest * 10 - 1;
	for (int i = 0; i < 2; i++)
		known = known || memcmp(p, m->side[i].id, TINC_ID_LEN) == 0 ||
			memcmp(p + TINC_ID_LEN, m->side[i].id, TINC_ID_LEN) == 0;
	if (!known)
		return 0;
	for (size_t length = shortest; length < n && length <= longest; length++)
		if (records_to_the_end(p + length, n - length))
			return length;
	return n < shortest || n > longest ? shortest : n;
}

static enum dissect_verdict on_record(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, size_t *used)
{
	struct tinc_meta_side *from = &m->side[c->side];
	const uint8_t *p = c->data + *used;
	size_t n = c->len - *used;
	uint32_t length;

	if (from->request && n >= 2 * TINC_ID_LEN) {
		size_t raw = raw_packet(m, from, p, n);

		if (raw) {
			on_packet(from, life, s, c, raw);
			from->request = 0;
			*used += raw;
			return DISSECT_OK;
		}
	}
	if (n < 4)
		return DISSECT_MORE;
	length = (uint32_t)(p[0] << 8 | p[1]);
	if (from->sig) {
		if (length > SPTPS_SEALED_MAX)
			return DISSECT_BAD;
		on_sealed_record(m, life, s, c, length);
		*used += length + SPTPS_SEALED_OVERHEAD;
	} else {
		on_clear_record(m, life, s, c, p, length);
		*used += length + SPTPS_CLEAR_OVERHEAD;
	}
	return DISSECT_OK;
}

enum dissect_verdict tinc_meta_stream(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, size_t *used)
{
	struct tinc_meta_side *from = &m->side[c->side];
	enum dissect_verdict verdict;

	m->last = c->ref;
	m->last_ns[c->side] = c->ref.at_ns;
	while (*used < c->len && !m->broken) {
		if (from->identified)
			verdict = on_record(m, life, s, c, used);
		else
			verdict = on_id_line(m, life, s, c, used);
		if (verdict != DISSECT_OK)
			return verdict;
	}
	if (m->broken)
		*used = c->len;
	return DISSECT_OK;
}

void tinc_meta_finish(const struct tinc_meta *m, struct tunnel_life *life)
{
	if (life->pending.count || !m->stood.count)
		return;
	tunnel_pending(life, m->stood_side, &m->stood.first, "renewal");
	tunnel_pending(life, m->stood_side, &m->stood.last, "renewal");
}

/* The last step that both sides have done. */
static const char *step_reached(const struct tinc_meta *m)
{
	const struct tinc_meta_side *a = &m->side[SIDE_ORIG], *b = &m->side[SIDE_RESP];

	if (a->sig || b->sig)
		return "SIG";
	if (a->kex || b->kex)
		return "KEX";
	return "ID";
}

/* Silence: whoever closes had asked something, a PING for example, and heard nothing for as long as it waits. */
static const char *end_reason(
	const struct tinc_meta *m, const struct session *s, enum side side, const struct frame_ref *ref)
{
	int64_t asked_ns = m->last_ns[side], heard_ns = m->last_ns[side_other(side)];

	if (session_first_rst(s) != SIDE_NONE)
		return "reset";
	return asked_ns > heard_ns && ref->at_ns - asked_ns > GIVES_UP_NS ? "silence" : NULL;
}

void tinc_meta_end(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, enum side side, const struct frame_ref *ref)
{
	bool answered = m->side[SIDE_ORIG].identified && m->side[SIDE_RESP].identified;
	int64_t heard_ns = m->last_ns[side_other(side)];

	if (m->over || m->legacy || !life->heard || !ref->frame)
		return;
	m->over = true;
	if (life->sum.established)
		tunnel_event(life, s, TUNNEL_META_LOST, side, ref, "", end_reason(m, s, side, ref));
	else if (answered && !m->spoiled)
		tunnel_event(life, s, TUNNEL_REJECTED, side, ref, step_reached(m),
			ref->at_ns - heard_ns > GIVES_UP_NS ? "silence" : NULL);
}
