/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SOCKS proxies, followed up to the point where the stream is the target's: SOCKS 5 (RFC 1928, with the user name of
 * RFC 1929) and SOCKS 4 and 4A. One record tells what was offered, chosen, asked and answered.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "dissectors/dissector.h"
#include "dissectors/socks_names.h"

#define CONNECT 1
#define UDP_ASSOCIATE 3
#define NAME_MAX_BYTES 255 /* of a user or a host (RFC 1928 and 1929); version 4 sets no bound */
#define LABEL_SIZE 40

enum {
	AUTH_NONE = 0,
	AUTH_USER = 2,
};

enum {
	ADDRESS_V4 = 1,
	ADDRESS_NAME = 3,
	ADDRESS_V6 = 4,
};

/* What the client says next, and the server answers. */
enum step {
	STEP_GREETING,
	STEP_LOGIN,
	STEP_REQUEST,
};

struct socks_state {
	uint8_t step; /* enum step */
	bool waiting; /* for the server's answer */
	bool told;
	struct socks facts;
};

/* Behind the greeting a login, perhaps, and a request: with that the greeting is certain. */
static enum recognition is_request_5(struct reader r)
{
	const uint8_t *request;

	if (rd_left(&r) && *r.p == 1) {
		rd_skip(&r, 1);
		rd_skip(&r, rd_u8(&r));
		rd_skip(&r, rd_u8(&r));
	}
	request = rd_bytes(&r, 4);
	return request && request[0] == 5 && request[1] == CONNECT && !request[2] && request[3] <= ADDRESS_V6 ?
		RECOGNISE_YES :
		RECOGNISE_MAYBE;
}

/* As many methods as it says, and known ones; behind them a login or a request. */
static enum recognition is_greeting_5(const uint8_t *p, size_t n)
{
	size_t size = 2u + p[1];

	if (p[1] == 0 || p[1] > SOCKS_METHODS_MAX || (n > size && p[size] != 5 && p[size] != 1))
		return RECOGNISE_NO;
	if (n < size)
		return RECOGNISE_MORE;
	for (size_t i = 2; i < size; i++)
		if (p[i] > 9 && p[i] < 0x80)
			return RECOGNISE_NO;
	return is_request_5(rd_make(p + size, n - size, n - size));
}

/* What a server chooses is two bytes, and its verdict on a login two more; then it waits. */
static enum recognition is_choice_5(const uint8_t *p, size_t n)
{
	if (p[0] != 5)
		return RECOGNISE_NO;
	if (n < 2)
		return RECOGNISE_MORE;
	if (n > 2 && (p[1] != AUTH_USER || p[2] != 1 || n > 4))
		return RECOGNISE_NO;
	return p[1] <= AUTH_USER || p[1] == SOCKS_METHOD_NONE ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum recognition socks_recognise(const struct chunk *c)
{
	const uint8_t *p = c->data;

	if (c->side == SIDE_RESP)
		return is_choice_5(p, c->len);
	if (p[0] != 5 && p[0] != 4)
		return RECOGNISE_NO;
	if (c->len < 3)
		return RECOGNISE_MORE;
	if (p[0] == 5)
		return is_greeting_5(p, c->len);
	if (p[1] != CONNECT)
		return RECOGNISE_NO;
	if (c->len < 9)
		return RECOGNISE_MORE;
	if (!(p[2] || p[3]))
		return RECOGNISE_NO;
	if (!memchr(p + 8, 0, c->len - 8))
		return RECOGNISE_UNLIKELY;
	return p[c->len - 1] == 0 && c->len < 9 + NAME_MAX_BYTES ? RECOGNISE_YES : RECOGNISE_MAYBE;
}

static void emit(struct socks_state *st, struct session *s)
{
	if (st->told || !(st->facts.greeting.frame || st->facts.request.frame))
		return;
	session_tell(s, RECORD_SOCKS, &st->facts);
	st->told = true;
}

/* Address and port as "host:port"; false: of no known kind. Cut: nothing is written. */
static bool read_target(struct reader *r, uint8_t kind, char *target, size_t size)
{
	char host[NAME_MAX_BYTES + 1] = "";
	uint8_t n = kind == ADDRESS_NAME ? rd_u8(r) : kind == ADDRESS_V6 ? 16 : 4;
	const uint8_t *p = rd_bytes(r, n);
	uint16_t port = rd_u16(r);

	if (!kind || !rd_ok(r) || !p)
		return !rd_ok(r);
	if (kind != ADDRESS_V4 && kind != ADDRESS_NAME && kind != ADDRESS_V6)
		return false;
	if (kind == ADDRESS_NAME)
		text_copy_bytes(host, sizeof(host), p, n);
	else
		inet_ntop(kind == ADDRESS_V6 ? AF_INET6 : AF_INET, p, host, sizeof(host));
	snprintf(target, size, kind == ADDRESS_V6 ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
	return true;
}

/* Text up to a zero byte; false: it has not ended yet. */
static bool read_text(struct reader *r, char *out, size_t size)
{
	const uint8_t *p = r->p, *end = rd_left(r) ? memchr(p, 0, rd_left(r)) : NULL;

	if (!end)
		return false;
	text_copy_bytes(out, size, p, (size_t)(end - p));
	rd_skip(r, (size_t)(end - p) + 1);
	return true;
}

static void requested(struct socks_state *st, struct session *s, const struct frame_ref *ref)
{
	char label[LABEL_SIZE];

	st->facts.request = session_ref(s, ref);
	st->step = STEP_REQUEST;
	st->waiting = true;
	snprintf(label, sizeof(label), "%s %.24s", socks_command_name(st->facts.command), st->facts.proxied_host);
	session_mark(s, SIDE_ORIG, ref, label);
}

/* version, command, port, address, user name; 4A: an address 0.0.0.x stands for the name that follows. */
static enum dissect_verdict request_4(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	char name[NAME_MAX_BYTES + 1], address[INET_ADDRSTRLEN] = "";
	const uint8_t *p;
	uint16_t port;

	rd_skip(&r, 1);
	st->facts.command = rd_u8(&r);
	port = rd_u16(&r);
	p = rd_bytes(&r, 4);
	if (!p || !read_text(&r, st->facts.user, sizeof(st->facts.user)))
		return c->len > 8 + NAME_MAX_BYTES ? DISSECT_NOT_MINE : DISSECT_MORE;
	inet_ntop(AF_INET, p, address, sizeof(address));
	if (!p[0] && !p[1] && !p[2] && p[3]) {
		if (!read_text(&r, name, sizeof(name)))
			return c->len > 8 + 2 * NAME_MAX_BYTES ? DISSECT_NOT_MINE : DISSECT_MORE;
		snprintf(st->facts.proxied_host, sizeof(st->facts.proxied_host), "%s:%u", name, (unsigned)port);
	} else {
		snprintf(st->facts.proxied_host, sizeof(st->facts.proxied_host), "%s:%u", address, (unsigned)port);
	}
	*used = c->len - rd_left(&r);
	requested(st, s, &c->ref);
	return DISSECT_OK;
}

static void greet(struct socks_state *st, struct session *s, struct reader *r, const struct frame_ref *ref)
{
	uint8_t n = rd_u8(r);
	const uint8_t *methods = rd_bytes(r, n);

	if (!rd_ok(r) || !methods)
		return;
	st->facts.method_count = n < SOCKS_METHODS_MAX ? n : SOCKS_METHODS_MAX;
	memcpy(st->facts.methods, methods, st->facts.method_count);
	st->facts.greeting = session_ref(s, ref);
}

static void log_in(struct socks_state *st, struct session *s, struct reader *r, const struct frame_ref *ref)
{
	uint8_t n = rd_u8(r);
	const uint8_t *user = rd_bytes(r, n);

	rd_skip(r, rd_u8(r));
	if (!rd_ok(r))
		return;
	text_copy_bytes(st->facts.user, sizeof(st->facts.user), user, n);
	st->facts.login = session_ref(s, ref);
}

/* One message of a SOCKS 5 client: greeting, user name and password, or request. */
static enum dissect_verdict client_5(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);

	if (rd_u8(&r) != (st->step == STEP_LOGIN ? 1 : 5))
		return DISSECT_NOT_MINE;
	if (st->step == STEP_GREETING) {
		greet(st, s, &r, &c->ref);
	} else if (st->step == STEP_LOGIN) {
		log_in(st, s, &r, &c->ref);
	} else {
		st->facts.command = rd_u8(&r);
		rd_skip(&r, 1);
		if (!read_target(&r, rd_u8(&r), st->facts.proxied_host, sizeof(st->facts.proxied_host)))
			return DISSECT_NOT_MINE;
		if (rd_ok(&r))
			requested(st, s, &c->ref);
	}
	if (!rd_ok(&r))
		return DISSECT_MORE;
	*used = c->len - rd_left(&r);
	st->waiting = true;
	return DISSECT_OK;
}

/* The request is granted: of BIND a second answer comes, of UDP ASSOCIATE nothing more. */
static enum dissect_verdict granted(struct socks_state *st, struct session *s, const struct chunk *c)
{
	st->facts.response = session_ref(s, &c->ref);
	st->waiting = false;
	session_mark(s, c->side, &c->ref, "SOCKS granted");
	if (st->facts.command > CONNECT && st->facts.command <= UDP_ASSOCIATE) {
		emit(st, s);
		return DISSECT_DONE;
	}
	session_hand_on(s, NULL, "socks", st->facts.proxied_host);
	return DISSECT_HANDOFF;
}

static enum dissect_verdict refused(
	struct socks_state *st, struct session *s, const struct chunk *c, struct frame_ref *answer, const char *why)
{
	char label[LABEL_SIZE];

	*answer = session_ref(s, &c->ref);
	snprintf(label, sizeof(label), "SOCKS: %.30s", why);
	session_mark(s, c->side, &c->ref, label);
	emit(st, s);
	return DISSECT_DONE;
}

static enum dissect_verdict answer_4(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	if (c->data[0] != 0 || (c->len > 1 && (c->data[1] < SOCKS4_GRANTED || c->data[1] > SOCKS4_OTHER_USER)))
		return DISSECT_NOT_MINE;
	if (c->len < 8)
		return DISSECT_MORE;
	*used = 8;
	st->facts.reply = c->data[1];
	if (c->data[1] == SOCKS4_GRANTED)
		return granted(st, s, c);
	return refused(st, s, c, &st->facts.response, socks_reply_name(4, c->data[1]));
}

static enum dissect_verdict chosen(struct socks_state *st, struct session *s, const struct chunk *c)
{
	st->facts.method = c->data[1];
	if (c->data[1] == SOCKS_METHOD_NONE)
		return refused(st, s, c, &st->facts.choice, "no method suits");
	st->facts.choice = session_ref(s, &c->ref);
	st->step = c->data[1] == AUTH_USER ? STEP_LOGIN : STEP_REQUEST;
	return c->data[1] == AUTH_NONE || c->data[1] == AUTH_USER ? DISSECT_OK : DISSECT_DONE;
}

static enum dissect_verdict judged(struct socks_state *st, struct session *s, const struct chunk *c)
{
	st->facts.login_status = c->data[1];
	if (c->data[1])
		return refused(st, s, c, &st->facts.verdict, "login refused");
	st->facts.verdict = session_ref(s, &c->ref);
	st->step = STEP_REQUEST;
	return DISSECT_OK;
}

/* A refusal is certain with its code: who refuses may leave the rest away. */
static enum dissect_verdict replied(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	char bound[sizeof(st->facts.proxied_host)];

	st->facts.reply = c->data[1];
	if (c->data[1])
		return refused(st, s, c, &st->facts.response, socks_reply_name(5, c->data[1]));
	rd_skip(&r, 3);
	if (!read_target(&r, rd_u8(&r), bound, sizeof(bound)))
		return DISSECT_NOT_MINE;
	if (!rd_ok(&r))
		return DISSECT_MORE;
	*used = c->len - rd_left(&r);
	return granted(st, s, c);
}

/* One message of a SOCKS 5 server: method, verdict on the login, or answer to the request. */
static enum dissect_verdict server_5(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	if (c->data[0] != 5 && (c->data[0] != 1 || st->step != STEP_LOGIN))
		return DISSECT_NOT_MINE;
	if (c->len < 2)
		return DISSECT_MORE;
	if (st->step == STEP_REQUEST)
		return replied(st, s, c, used);
	*used = 2;
	st->waiting = false;
	return st->step == STEP_LOGIN ? judged(st, s, c) : chosen(st, s, c);
}

static enum dissect_verdict client(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	if (!st->facts.version)
		st->facts.version = c->data[0];
	if (st->waiting)
		return DISSECT_MORE;
	return st->facts.version == 4 ? request_4(st, s, c, used) : client_5(st, s, c, used);
}

static enum dissect_verdict server(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	if (!st->waiting)
		return DISSECT_NOT_MINE;
	return st->facts.version == 4 ? answer_4(st, s, c, used) : server_5(st, s, c, used);
}

static enum dissect_verdict socks_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct socks_state *st = state;
	enum dissect_verdict verdict = c->side == SIDE_ORIG ? client(st, s, c, used) : server(st, s, c, used);

	if (verdict == DISSECT_NOT_MINE)
		st->told = true; /* there is nothing to tell */
	return verdict;
}

/* The end of a message, where frames were cut: what it said is lost, but not that it was said. */
static enum dissect_verdict socks_gap(
	void *state, struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	struct socks_state *st = state;

	(void)missing;
	if (side == SIDE_RESP || st->waiting || !st->facts.version) {
		st->waiting = false; /* the answer is not known to be missing */
		return DISSECT_DONE;
	}
	if (st->step == STEP_REQUEST || st->facts.version == 4)
		requested(st, s, ref);
	st->waiting = true;
	return DISSECT_OK;
}

static void socks_end(void *state, struct session *s, enum side side, const struct frame_ref *ref)
{
	struct socks_state *st = state;

	if (side == SIDE_RESP && st->waiting && !st->told && session_first_fin(s) == SIDE_RESP)
		st->facts.closed = session_ref(s, ref);
}

static void socks_finish(void *state, struct session *s)
{
	struct socks_state *st = state;

	st->facts.hung_up = st->waiting && session_first_fin(s) == SIDE_RESP;
	emit(st, s);
}

const struct dissector dissector_socks = {
	.name = "socks",
	.spec = "RFC 1928, RFC 1929, SOCKS 4A",
	.tcp_ports = { 1080, 9050 },
	.state_size = sizeof(struct socks_state),
	.maybe_twice_is_yes = true,
	.recognise = socks_recognise,
	.stream = socks_stream,
	.gap = socks_gap,
	.end = socks_end,
	.finish = socks_finish,
};
