/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SOCKS proxies, followed up to the point where the stream is the target's: SOCKS 5 (RFC 1928, with the user name of
 * RFC 1929) and SOCKS 4 and 4A.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "dissectors/dissector.h"

#define CONNECT 1
#define USER_NAME_MAX 255

enum {
	AUTH_NONE = 0,
	AUTH_USER = 2,
};

enum {
	ADDRESS_V4 = 1,
	ADDRESS_NAME = 3,
	ADDRESS_V6 = 4,
};

struct socks_state {
	uint8_t version;
	bool waiting; /* for the server's answer */
	bool greeted; /* 5: the server chose a method */
	bool login;   /* 5: the client's next message is a user name and a password */
	bool asked;   /* the target is known */
	char target[128];
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

	if (p[1] == 0 || p[1] > 8 || (n > size && p[size] != 5 && p[size] != 1))
		return RECOGNISE_NO;
	if (n < size)
		return RECOGNISE_MORE;
	for (size_t i = 2; i < size; i++)
		if (p[i] > 9 && p[i] < 0x80)
			return RECOGNISE_NO;
	return is_request_5(rd_make(p + size, n - size, n - size));
}

static enum recognition socks_recognise(const struct chunk *c)
{
	const uint8_t *p = c->data;

	if (c->side != SIDE_ORIG || (p[0] != 5 && p[0] != 4))
		return RECOGNISE_NO;
	if (c->len < 3)
		return RECOGNISE_MORE;
	if (p[0] == 5)
		return is_greeting_5(p, c->len);
	if (p[1] != CONNECT)
		return RECOGNISE_NO;
	if (c->len < 9)
		return RECOGNISE_MORE;
	if (!(p[2] || p[3]) || !memchr(p + 8, 0, c->len - 8))
		return RECOGNISE_NO;
	return p[c->len - 1] == 0 && c->len < 9 + USER_NAME_MAX ? RECOGNISE_YES : RECOGNISE_MAYBE;
}

/* Address and port as "host:port"; false: of no known kind. */
static bool read_target(struct socks_state *st, struct reader *r, uint8_t kind)
{
	char host[104] = "";
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
	snprintf(st->target, sizeof(st->target), kind == ADDRESS_V6 ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
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

/* version, command, port, address, user name; 4A: an address 0.0.0.x stands for the name that follows. */
static enum dissect_verdict request_4(struct socks_state *st, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	char name[104], address[INET_ADDRSTRLEN] = "";
	const uint8_t *p;
	uint16_t port;

	rd_skip(&r, 2);
	port = rd_u16(&r);
	p = rd_bytes(&r, 4);
	if (!p || !read_text(&r, name, sizeof(name)))
		return c->len > 8 + USER_NAME_MAX ? DISSECT_NOT_MINE : DISSECT_MORE;
	inet_ntop(AF_INET, p, address, sizeof(address));
	if (!p[0] && !p[1] && !p[2] && p[3] && !read_text(&r, name, sizeof(name)))
		return c->len > 8 + 2 * USER_NAME_MAX ? DISSECT_NOT_MINE : DISSECT_MORE;
	snprintf(st->target, sizeof(st->target), "%s:%u", !p[0] && !p[1] && !p[2] ? name : address, (unsigned)port);
	*used = c->len - rd_left(&r);
	st->asked = st->waiting = true;
	return DISSECT_OK;
}

/* One message of a SOCKS 5 client: greeting, user name and password, or request. */
static enum dissect_verdict client_5(struct socks_state *st, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);

	rd_skip(&r, 1);
	if (!st->greeted) {
		rd_skip(&r, rd_u8(&r));
	} else if (st->login) {
		rd_skip(&r, rd_u8(&r));
		rd_skip(&r, rd_u8(&r));
	} else {
		if (rd_u8(&r) != CONNECT && rd_ok(&r))
			return DISSECT_DONE; /* BIND, UDP ASSOCIATE */
		rd_skip(&r, 1);
		if (!read_target(st, &r, rd_u8(&r)))
			return DISSECT_NOT_MINE;
	}
	if (!rd_ok(&r))
		return DISSECT_MORE;
	*used = c->len - rd_left(&r);
	st->login = false;
	st->waiting = true;
	st->asked = st->target[0] != '\0';
	return DISSECT_OK;
}

static enum dissect_verdict granted(struct socks_state *st, struct session *s, const struct chunk *c)
{
	session_mark(s, c->side, &c->ref, "SOCKS granted");
	session_hand_on(s, NULL, "socks", st->target);
	return DISSECT_HANDOFF;
}

static enum dissect_verdict answer_4(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	if (c->len < 8)
		return DISSECT_MORE;
	if (c->data[0] != 0 || c->data[1] != 90)
		return DISSECT_DONE;
	*used = 8;
	return granted(st, s, c);
}

/* One message of a SOCKS 5 server: method, verdict on the login, or answer to the request. */
static enum dissect_verdict server_5(struct socks_state *st, struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len);
	struct socks_state bound = { 0 };
	uint8_t verdict;

	rd_skip(&r, 1);
	verdict = rd_u8(&r);
	if (st->asked) {
		rd_skip(&r, 1);
		if (!read_target(&bound, &r, rd_u8(&r)) || (verdict && rd_ok(&r)))
			return DISSECT_DONE;
	}
	if (!rd_ok(&r))
		return DISSECT_MORE;
	*used = c->len - rd_left(&r);
	st->waiting = false;
	if (st->asked)
		return granted(st, s, c);
	if (st->greeted)
		return verdict ? DISSECT_DONE : DISSECT_OK;
	st->greeted = true;
	st->login = verdict == AUTH_USER;
	return verdict == AUTH_NONE || verdict == AUTH_USER ? DISSECT_OK : DISSECT_DONE;
}

static enum dissect_verdict socks_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct socks_state *st = state;

	if (c->side == SIDE_ORIG) {
		if (!st->version)
			st->version = c->data[0];
		if (st->waiting)
			return DISSECT_MORE;
		return st->version == 4 ? request_4(st, c, used) : client_5(st, c, used);
	}
	if (!st->waiting)
		return DISSECT_NOT_MINE;
	return st->version == 4 ? answer_4(st, s, c, used) : server_5(st, s, c, used);
}

const struct dissector dissector_socks = {
	.name = "socks",
	.spec = "RFC 1928, RFC 1929, SOCKS 4A",
	.tcp_ports = { 1080, 9050 },
	.state_size = sizeof(struct socks_state),
	.recognise = socks_recognise,
	.stream = socks_stream,
};
