/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WireGuard (Donenfeld, NDSS 2017): message types 1 to 4 with their exact sizes, indices and counters; everything else
 * is encrypted. Restarts are inferred from time: a side that initiates long before the 120 s of a key are over has
 * lost its state, or has heard nothing for 15 s although it sent data.
 */
#include <string.h>

#include "base/reader.h"
#include "base/when.h"
#include "dissectors/counter_track.h"
#include "dissectors/tunnel_life.h"

#define WG_INITIATION_LEN 148
#define WG_RESPONSE_LEN 92
#define WG_COOKIE_LEN 64
#define WG_DATA_MIN 32 /* an empty one: a keep-alive */

/* The initiator renews at 120 s, a responder that sends at 165 s (section 6.2); earlier than this is not renewal. */
#define WG_RENEWAL_NS (110 * NS_PER_S)
/* Two initiations that cross, or an answer that was slow. */
#define WG_CROSSING_NS (4 * NS_PER_S)
/* KEEPALIVE_TIMEOUT + REKEY_TIMEOUT: data without any answer for this long makes a side initiate. */
#define WG_SILENCE_NS (14 * NS_PER_S)
/* The same timer, from a packet whose answer was lost behind this capture; it jitters by up to 1/3 s. */
#define WG_TIMER_MIN_NS (INT64_C(149) * NS_PER_S / 10)
#define WG_TIMER_MAX_NS (INT64_C(157) * NS_PER_S / 10)
/* KEEPALIVE_TIMEOUT: a live peer that has nothing to say answers data after this time. */
#define WG_ANSWER_NS (10 * NS_PER_S)
#define WG_ALONE_PACKETS 3
/* Two equal initiations so close together are one, captured twice or doubled on the way. */
#define WG_COPY_NS (100 * NS_PER_MS)
/* Taps and queues of a card that are out of step show an initiation so long behind its answer. */
#define WG_LATE_NS (100 * NS_PER_MS)
/* REKEY_ATTEMPT_TIME: initiations that began while the path was down may arrive this long after it is up again. */
#define WG_ATTEMPTS_NS (90 * NS_PER_S)
/* The previous key is in use no longer than a moment, until the initiator's first packet has arrived. */
#define WG_OLD_KEY_NS (3 * NS_PER_S)

#define WG_KEYS 4 /* last receiver indices per side, newest first */

enum wg_type {
	WG_INITIATION = 1,
	WG_RESPONSE,
	WG_COOKIE,
	WG_DATA,
};

/* Why a side initiates although there is a key. */
enum wg_why {
	WG_WHY_NONE,
	WG_WHY_RENEWAL,
	WG_WHY_EARLY,	/* without a reason that can be seen: it has no key any more */
	WG_WHY_SILENCE, /* its data was not answered by anything */
};

struct wg_key {
	uint32_t index; /* chosen by the receiver of the data */
	bool used;
	struct counter_track counters;
};

struct wg_side {
	uint32_t offered; /* index in its last initiation */
	bool initiated;
	int64_t initiated_ns;	     /* its last initiation */
	struct wg_key keys[WG_KEYS]; /* under which it sends */
	bool old_key_told;
};

struct wg_state {
	struct tunnel_life life;
	struct wg_side side[2];
	int64_t agreed_ns;	  /* of the last response; 0: none */
	uint32_t early_index;	  /* of a response to no initiation that was seen, */
	int64_t early_ns;	  /* and when; 0: none */
	bool confirmed;		  /* data of the initiator came after it */
	enum side initiator;	  /* of the last handshake that was answered */
	enum wg_why why;	  /* of the handshake under way */
	enum wg_why answered_why; /* of the one that was answered last, until its key is in use */
	struct frame_ref why_ref;
	int64_t heard_ns[2]; /* last packet of any type */
	int64_t healed_ns;   /* data went both ways again after a silence; 0: never */
};

static bool header_fits(const struct chunk *c, enum wg_type *type)
{
	if (c->len < 4 || c->data[0] < WG_INITIATION || c->data[0] > WG_DATA || c->data[1] || c->data[2] || c->data[3])
		return false;
	*type = (enum wg_type)c->data[0];
	switch (*type) {
	case WG_INITIATION:
		return c->on_wire == WG_INITIATION_LEN;
	case WG_RESPONSE:
		return c->on_wire == WG_RESPONSE_LEN;
	case WG_COOKIE:
		return c->on_wire == WG_COOKIE_LEN;
	case WG_DATA:
		break;
	}
	return c->on_wire >= WG_DATA_MIN && c->on_wire % 16 == 0;
}

/* Data in the middle of a conversation: a type, zeros and a length are little, a small counter is a little more. */
static enum recognition wg_recognise(const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	enum wg_type type;

	if (!header_fits(c, &type))
		return RECOGNISE_NO;
	if (type == WG_INITIATION || type == WG_RESPONSE)
		return RECOGNISE_YES;
	if (type == WG_COOKIE)
		return RECOGNISE_MAYBE;
	rd_skip(&r, 8);
	return rd_le64(&r) < UINT64_C(1) << 40 && rd_ok(&r) ? RECOGNISE_YES : RECOGNISE_NO;
}

static struct wg_key *find_key(struct wg_side *s, uint32_t index)
{
	for (int i = 0; i < WG_KEYS; i++)
		if (s->keys[i].used && s->keys[i].index == index)
			return &s->keys[i];
	return NULL;
}

static void take_counters(struct wg_state *w, enum side side, const struct wg_key *k)
{
	w->life.sum.reordered[side] += k->counters.reordered;
	w->life.sum.lost[side] += k->counters.missing;
}

/* Puts a key in front of the one at `place`; the oldest goes. */
static struct wg_key *insert_key(struct wg_state *w, enum side side, uint32_t index, int place)
{
	struct wg_side *s = &w->side[side];

	if (s->keys[WG_KEYS - 1].used)
		take_counters(w, side, &s->keys[WG_KEYS - 1]);
	memmove(&s->keys[place + 1], &s->keys[place], (size_t)(WG_KEYS - 1 - place) * sizeof(s->keys[0]));
	s->keys[place] = (struct wg_key){.index = index, .used = true};
	return &s->keys[place];
}

static void new_key(struct wg_state *w, enum side side, uint32_t index)
{
	insert_key(w, side, index, 0);
	w->side[side].old_key_told = false;
}

/* Data of that side has stood unanswered by any packet for the time after which it must try a new handshake. */
static bool heard_nothing(const struct wg_state *w, enum side side, int64_t now_ns)
{
	const struct tunnel_run *alone = &w->life.alone[side];

	return w->life.data_side == side && alone->count && now_ns - alone->first.at_ns >= WG_SILENCE_NS &&
	       w->heard_ns[side_other(side)] < alone->first.at_ns;
}

/* Not a lost key: its answers were lost for a while, before this capture or behind it. */
static bool timer_explains(const struct wg_state *w, enum side side, int64_t now_ns)
{
	int64_t since_data_ns = now_ns - w->life.data_ns[side];

	return (w->healed_ns && now_ns - w->healed_ns <= WG_ATTEMPTS_NS) ||
	       (since_data_ns >= WG_TIMER_MIN_NS && since_data_ns <= WG_TIMER_MAX_NS);
}

static enum wg_why judge_initiation(const struct wg_state *w, const struct chunk *c)
{
	int64_t age = c->ref.at_ns - w->agreed_ns;

	if (!w->agreed_ns || age < WG_CROSSING_NS || !w->confirmed)
		return WG_WHY_NONE;
	if (age >= WG_RENEWAL_NS)
		return WG_WHY_RENEWAL;
	if (heard_nothing(w, c->side, c->ref.at_ns))
		return WG_WHY_SILENCE;
	return timer_explains(w, c->side, c->ref.at_ns) ? WG_WHY_NONE : WG_WHY_EARLY;
}

/* The answer came; a path that was down for a while before is not taken for a restart. */
static void keep_why(struct wg_state *w, enum side initiator)
{
	const struct tunnel_run *run = &w->life.hello[initiator];

	w->why_ref = run->first;
	w->answered_why = w->why == WG_WHY_SILENCE && run->count > 1 ? WG_WHY_NONE : w->why;
	w->why = WG_WHY_NONE;
}

/* Told when the new key is in use: a handshake that is repeated although answered is no restart. */
static void tell_why(struct wg_state *w, struct session *s)
{
	enum side initiator = w->initiator;

	if (w->answered_why == WG_WHY_RENEWAL)
		tunnel_event(&w->life, s, TUNNEL_REKEY, initiator, &w->why_ref, "initiation", NULL);
	else if (w->answered_why == WG_WHY_EARLY)
		tunnel_event(&w->life, s, TUNNEL_RESTART, initiator, &w->why_ref, "initiation", "early");
	else if (w->answered_why == WG_WHY_SILENCE)
		tunnel_event(&w->life, s, TUNNEL_RESTART, side_other(initiator), &w->why_ref, "initiation", "silence");
	w->answered_why = WG_WHY_NONE;
}

/* The answer names its index: taps that are out of step show it first. */
static bool was_answered(struct wg_state *w, const struct chunk *c, uint32_t index)
{
	if (w->early_ns && w->early_index == index && c->ref.at_ns - w->early_ns < WG_LATE_NS)
		return true;
	return w->agreed_ns && w->initiator == c->side && c->ref.at_ns - w->agreed_ns < WG_LATE_NS &&
	       find_key(&w->side[side_other(c->side)], index);
}

static void on_initiation(struct wg_state *w, struct session *s, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	struct wg_side *side = &w->side[c->side];
	uint32_t index;

	rd_skip(&r, 4);
	index = rd_le32(&r);
	tunnel_name_session(&w->life, "%08x", index);
	/* Repeats of WireGuard itself have a new index. */
	if (side->initiated && rd_ok(&r) && side->offered == index && c->ref.at_ns - side->initiated_ns < WG_COPY_NS)
		return;
	side->initiated_ns = c->ref.at_ns;
	/* The first of a row knows why; those after it repeat it. */
	if (!w->life.hello[c->side].count)
		w->why = judge_initiation(w, c);
	/* It repeats what was answered: the answer does not arrive, or is not accepted. */
	if (w->agreed_ns && !w->confirmed && w->initiator == c->side && !was_answered(w, c, index))
		tunnel_pending(&w->life, c->side, &c->ref, "initiation");
	side->offered = index;
	side->initiated = true;
	tunnel_hello(&w->life, s, c->side, &c->ref, "initiation");
	if (was_answered(w, c, index))
		tunnel_answered_unseen(&w->life, c->side);
	session_mark(s, c->side, &c->ref, "handshake initiation");
}

static void on_response(struct wg_state *w, struct session *s, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	enum side initiator = side_other(c->side);
	uint32_t sender, receiver;

	rd_skip(&r, 4);
	sender = rd_le32(&r);
	receiver = rd_le32(&r);
	if (!rd_ok(&r) || find_key(&w->side[initiator], sender))
		return;
	if (w->side[initiator].initiated && w->side[initiator].offered != receiver) {
		w->early_index = receiver;
		w->early_ns = c->ref.at_ns;
		return;
	}
	tunnel_name_session(&w->life, "%08x", receiver);
	new_key(w, initiator, sender);
	new_key(w, c->side, receiver);
	w->agreed_ns = c->ref.at_ns;
	w->confirmed = false;
	w->initiator = initiator;
	keep_why(w, initiator);
	tunnel_answer(&w->life, s, c->side, &c->ref, "response");
	session_mark(s, c->side, &c->ref, "handshake response");
}

static void on_cookie(struct wg_state *w, struct session *s, const struct chunk *c)
{
	tunnel_pending(&w->life, side_other(c->side), &c->ref, "cookie");
	session_mark(s, c->side, &c->ref, "cookie reply");
}

/* It goes on under a key that was replaced a while ago: the new one never took effect on its side. */
static void old_key_data(struct wg_state *w, struct session *s, const struct chunk *c, const struct wg_key *k)
{
	struct wg_side *side = &w->side[c->side];

	if (k == &side->keys[0] || !w->confirmed || c->ref.at_ns - w->agreed_ns < WG_OLD_KEY_NS)
		return;
	w->life.sum.old_key_pkts[c->side]++;
	if (!side->old_key_told)
		tunnel_event(&w->life, s, TUNNEL_OLD_KEY_DATA, c->side, &c->ref, "data", NULL);
	side->old_key_told = true;
}

/* It sent on and on, and was not even told that its packets arrive. */
static bool stood_alone(const struct wg_state *w, enum side side)
{
	const struct tunnel_run *alone = &w->life.alone[side];

	return w->life.data_side == side && alone->count >= WG_ALONE_PACKETS &&
	       alone->last.at_ns - alone->first.at_ns >= WG_ANSWER_NS;
}

static void on_data(struct wg_state *w, struct session *s, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint32_t receiver;
	uint64_t counter;
	struct wg_key *k;

	rd_skip(&r, 4);
	receiver = rd_le32(&r);
	counter = rd_le64(&r);
	if (!rd_ok(&r))
		return;
	k = find_key(&w->side[c->side], receiver);
	/* One that was agreed upon before the capture began is older than any that was seen being made. */
	if (!k && w->side[c->side].initiated)
		tunnel_answered_unseen(&w->life, c->side);
	if (!k)
		k = insert_key(w, c->side, receiver, w->agreed_ns ? 1 : 0);
	tunnel_number(&w->life, c->side, &c->ref, &k->counters, counter);
	if (stood_alone(w, side_other(c->side)))
		w->healed_ns = c->ref.at_ns;
	if (c->on_wire == WG_DATA_MIN)
		tunnel_keepalive(&w->life, c->side, &c->ref);
	else
		tunnel_data(&w->life, c->side, &c->ref, c->on_wire - WG_DATA_MIN);
	old_key_data(w, s, c, k);
	if (w->agreed_ns && c->side == w->initiator && k == &w->side[c->side].keys[0]) {
		w->confirmed = true;
		tell_why(w, s);
		tunnel_progress(&w->life);
		tunnel_established(&w->life, s, c->side, &c->ref);
	}
}

static enum dissect_verdict wg_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct wg_state *w = state;
	enum wg_type type;

	tunnel_begin(&w->life, TUNNEL_WIREGUARD);
	if (!header_fits(c, &type))
		return w->life.heard ? DISSECT_BAD : DISSECT_NOT_MINE;
	switch (type) {
	case WG_INITIATION:
		on_initiation(w, s, c);
		break;
	case WG_RESPONSE:
		on_response(w, s, c);
		break;
	case WG_COOKIE:
		on_cookie(w, s, c);
		break;
	case WG_DATA:
		on_data(w, s, c);
		break;
	}
	w->heard_ns[c->side] = c->ref.at_ns;
	return DISSECT_OK;
}

static void wg_finish(void *state, struct session *s)
{
	struct wg_state *w = state;

	for (int i = 0; i < 2; i++)
		for (int k = 0; k < WG_KEYS; k++)
			if (w->side[i].keys[k].used)
				take_counters(w, (enum side)i, &w->side[i].keys[k]);
	tunnel_finish(&w->life, s);
}

const struct dissector dissector_wireguard = {
	.name = "wireguard",
	.spec = "Donenfeld: WireGuard, NDSS 2017, sections 5.4 and 6",
	.udp_ports = {51820},
	.state_size = sizeof(struct wg_state),
	.recognise = wg_recognise,
	.datagram = wg_datagram,
	.finish = wg_finish,
};
