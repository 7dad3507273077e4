/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that are waited for; see slow_answers.h. */
#include "diagnose/slow_answers.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/when.h"

#define ACKED_SOON_S 1.0 /* the wait is the program's, not the path's */
#define PUSH_S 1.0	/* a server that speaks again after so long, unasked, pushes */
#define AFTER_ASK_S 0.3 /* within TLS a ticket or SETTINGS may come before the answer proper, as soon as that */

/* The list is in small letters. */
static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if ((*word | 0x20) == **list && strcasecmp(word, *list) == 0)
			return true;
	return false;
}

bool slow_answers_requests(const char *service)
{
	static const char *const services[] = { "http", "tls", "smtp", "pop3", "imap", "ftp", "dns", "ldap", "mysql",
		"postgresql", NULL };

	return is_one_of(service, services);
}

/* By the first letter, which most services do not have. */
static bool may_be_interactive(char first)
{
	return first == 's' || first == 'o' || first == 't' || first == 'f';
}

/* Protocols in which a server that says nothing for long is not asked. */
bool slow_is_interactive(const struct record *r)
{
	static const char *const services[] = { "ssh", "openvpn", "tinc", "sip", "ftp-data", NULL };

	switch (r->resp_p) {
	case 23:
	case 179:
	case 514:
	case 646:
	case 1883:
	case 3389:
	case 5060:
	case 5222:
	case 5269:
	case 5672:
	case 5900:
	case 6000:
	case 6667:
	case 8883:
		return true;
	default:
		return may_be_interactive(r->conn.service[0]) && is_one_of(r->conn.service, services);
	}
}

/* One of these words begins here; one pass over the address is a tenth of six. */
static bool begins_word(const char *at)
{
	static const char *const words[] = { "poll", "/events", "subscribe", "notif", "socket.io", "/stream", NULL };

	for (int i = 0; words[i]; i++)
		if ((*at | 0x20) == *words[i] && (at[1] | 0x20) == words[i][1] &&
			strncasecmp(at, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

#define LETTER(c) (1u << ((c) & 31)) /* a bit for each of the last five bits, which are the same for both cases */

/* Whether two bytes may begin one of them; the second one is a letter. */
static bool may_begin_word(const char *at)
{
	static const uint32_t first = LETTER('p') | LETTER('/') | LETTER('s') | LETTER('n');
	static const uint32_t second = LETTER('o') | LETTER('e') | LETTER('u') | LETTER('s');

	return (first & LETTER(at[0])) && (at[1] & 0x40) && (second & LETTER(at[1]));
}

bool slow_is_held_back(const struct http *h)
{
	if (h->status == 101)
		return true;
	if (h->content_type[0] && (strstr(h->content_type, "event-stream") || strstr(h->content_type, "x-mixed-replace")))
		return true;
	for (const char *at = h->uri; *at; at++)
		if (may_begin_word(at) && begins_word(at))
			return true;
	return false;
}

bool slow_pushes(const struct conn *c)
{
	for (uint32_t i = 0; i < c->stall_count && i < STALLS_MAX; i++)
		if (c->stalls[i].reason == STALL_SENDER_IDLE && c->stalls[i].side == SIDE_RESP &&
			when_s(c->stalls[i].lasted_ns) >= PUSH_S)
			return true;
	return !slow_answers_requests(c->service) && c->think_min_ns * 2 < c->think_p50_ns; /* late and early answers: none */
}

/*
 * The wait for the first answer within TLS: tickets (1.3) and SETTINGS (HTTP/2) come at once, the answer after a pause.
 * A pause that ends with the server's close is none: it tired of an idle connection.
 */
const struct stall *slow_wait_within_tls(const struct conn *c, int64_t asked_ns, double rtt_s)
{
	for (uint32_t i = 0; i < c->stall_count && i < STALLS_MAX; i++) {
		const struct stall *stall = &c->stalls[i];
		double after = when_s(stall->ref.at_ns - stall->lasted_ns - asked_ns);
		bool closes = c->first_fin == SIDE_RESP && c->side[SIDE_RESP].last_data.frame == stall->ref.frame;

		if (stall->reason == STALL_SENDER_IDLE && stall->side == SIDE_RESP && !closes &&
			after >= -AFTER_ASK_S && after <= fmax(AFTER_ASK_S, 2 * rtt_s))
			return stall;
	}
	return NULL;
}

double slow_hello_wait_s(const struct conn *c)
{
	const struct turn *t = &c->first_turn;
	const struct conn_side *o = &c->side[SIDE_ORIG], *s = &c->side[SIDE_RESP];

	if (!conn_speaks(c, "tls") || !t->answer.frame || !t->acked.frame || t->ask.frame != o->first_data.frame || c->syns != 1 ||
		o->loss.retransmitted || s->loss.lost || when_s(t->acked.at_ns - t->ask.at_ns) > ACKED_SOON_S)
		return 0;
	return when_s(t->answer.at_ns - t->ask_last.at_ns);
}
