/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_head.h"

#include <string.h>

#define METHOD_MAX 15

/* Methods that are common enough to tell HTTP by; others are understood once it is known. */
static const char *const methods[] = {"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ",
	"TRACE ", "PROPFIND ", "PROPPATCH ", "MKCOL ", "COPY ", "MOVE ", "LOCK ", "UNLOCK ", "REPORT ", "SEARCH ",
	"SUBSCRIBE ", "NOTIFY ", "M-SEARCH ", "BITS_POST ", "CCM_POST ", "RPC_IN_DATA ", "RPC_OUT_DATA ", NULL};

/* RTSP and SIP share the shape of the request line, so the version must be HTTP's once it can be seen. */
static enum recognition recognise_request(const struct chunk *c)
{
	enum recognition r = line_recognise_any(c, methods, RECOGNISE_YES);
	struct line l;
	size_t used;

	if (r != RECOGNISE_YES)
		return r;
	if (!line_take(c, &l, &used))
		return c->len < 1024 ? RECOGNISE_MORE : RECOGNISE_YES;
	return line_contains(&l, " HTTP/1.") ? RECOGNISE_YES : RECOGNISE_NO;
}

enum recognition http_recognise(const struct chunk *c)
{
	return c->side == SIDE_ORIG ? recognise_request(c) : line_recognise(c, "HTTP/1.", RECOGNISE_YES);
}

size_t http_next_start(const struct chunk *c)
{
	struct chunk from = *c;

	/* A method is an ordinary word; it is a start only where a line begins. */
	for (; from.len; from.data++, from.len--) {
		bool line_begins = from.data == c->data || from.data[-1] == '\n';

		if ((from.side == SIDE_RESP || line_begins) && http_recognise(&from) >= RECOGNISE_MORE)
			break;
	}
	return c->len - from.len;
}

void http_framing_begin(struct http_framing *f)
{
	memset(f, 0, sizeof(*f));
	f->length = UINT64_MAX;
}

/* The authority in "http://user@host:port/path", who logs in left out; empty when the target has none. */
static struct line authority_of(const struct line *target)
{
	struct line a = {target->p, 0};
	const uint8_t *end = target->p + target->len, *at;
	size_t scheme = 0;

	while (scheme < target->len && (target->p[scheme] | 0x20) >= 'a' && (target->p[scheme] | 0x20) <= 'z')
		scheme++;
	if (!scheme || target->len < scheme + 3 || memcmp(target->p + scheme, "://", 3) != 0)
		return a;
	a.p += scheme + 3;
	while (a.p + a.len < end && !memchr("/?#", a.p[a.len], 3))
		a.len++;
	while ((at = memchr(a.p, '@', a.len))) {
		a.len -= (size_t)(at + 1 - a.p);
		a.p = at + 1;
	}
	return a;
}

static void absolute_uri(const struct line *target, const struct line *authority, struct http *facts)
{
	struct line path = {authority->p + authority->len, 0};
	char host[sizeof(facts->uri)], rest[sizeof(facts->uri)];
	struct text uri = {NULL};

	path.len = (size_t)(target->p + target->len - path.p);
	line_text(authority, host, sizeof(host));
	line_text(&path, rest, sizeof(rest));
	text_add(&uri, line_starts(target, "https") ? "https://" : "http://");
	text_add(&uri, host);
	text_add(&uri, rest);
	text_copy(facts->uri, sizeof(facts->uri), text_str(&uri));
	text_free(&uri);
}

static bool plausible_method(const struct line *m)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		if (!((m->p[i] >= 'A' && m->p[i] <= 'Z') || m->p[i] == '-' || m->p[i] == '_'))
			return false;
	return m->len && m->len <= METHOD_MAX;
}

bool http_is_request(struct line l, struct request_line *out)
{
	out->method = line_word(&l);
	out->target = line_word(&l);
	out->version = l;
	return plausible_method(&out->method) && line_starts(&l, "HTTP/1.");
}

void http_request_line(const struct request_line *r, struct http *facts, struct http_framing *f)
{
	struct line authority;

	f->http_1_0 = r->version.len > 7 && r->version.p[7] == '0';
	line_text(&r->method, facts->method, sizeof(facts->method));
	line_text(&r->target, facts->uri, sizeof(facts->uri));
	authority = strcmp(facts->method, "CONNECT") ? authority_of(&r->target) : r->target;
	if (authority.len) {
		facts->proxy = true;
		if (authority.p != r->target.p)
			absolute_uri(&r->target, &authority, facts);
		line_text(&authority, facts->proxied_host, sizeof(facts->proxied_host));
		line_text(&authority, facts->host, sizeof(facts->host));
	}
}

uint16_t http_status_line(struct line l, struct http_framing *f)
{
	struct line version = line_word(&l);
	int status = line_number(&l, 3);

	if (!line_starts(&version, "HTTP/1.") || status < 100 || (l.len && *l.p != ' '))
		return 0;
	f->http_1_0 = version.len > 7 && version.p[7] == '0';
	return (uint16_t)status;
}

/* Repeated and equal lengths are one ("5, 5"); anything else is not understood (RFC 9112, section 6.3). */
static uint64_t content_length(struct line l)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < l.len && l.p[i] >= '0' && l.p[i] <= '9'; i++) {
		if (value > UINT64_MAX / 100)
			return UINT64_MAX;
		value = value * 10 + (uint64_t)(l.p[i] - '0');
	}
	return i ? value : UINT64_MAX;
}

static void framing_field(const struct line *name, const struct line *value, struct http_framing *f)
{
	if (name->len == 14 && line_starts(name, "Content-Length"))
		f->length = content_length(*value);
	else if (name->len == 17 && line_starts(name, "Transfer-Encoding"))
		f->chunked |= line_contains(value, "chunked");
	else if (line_starts(name, "Connection") || line_starts(name, "Proxy-Connection")) {
		f->close |= line_contains(value, "close");
		f->keep_alive |= line_contains(value, "keep-alive");
	}
}

#define KEPT(name, side, text) \
	{ \
		name, sizeof(name) - 1, side, offsetof(struct http, text), sizeof(((struct http *)NULL)->text) \
	}

/* Which text a field goes to; NULL: none that we keep. */
static char *text_for(const struct line *name, enum side side, struct http *facts, size_t *size)
{
	static const struct {
		const char *name;
		size_t len;
		enum side side;
		size_t at, size;
	} texts[] = {
		KEPT("Host", SIDE_ORIG, host),
		KEPT("User-Agent", SIDE_ORIG, user_agent),
		KEPT("Content-Type", SIDE_RESP, content_type),
		KEPT("Location", SIDE_RESP, location),
		KEPT("Server", SIDE_RESP, server),
		KEPT("Via", SIDE_RESP, via),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].len == name->len && texts[i].side == side && line_starts(name, texts[i].name)) {
			*size = texts[i].size;
			return (char *)facts + texts[i].at;
		}
	return NULL;
}

bool http_field(struct line l, enum side side, struct http *facts, struct http_framing *f)
{
	const uint8_t *colon = memchr(l.p, ':', l.len);
	struct line name, value;
	size_t size = 0;
	char *text;

	if (!colon || colon == l.p)
		return false;
	name = line_trim((struct line){l.p, (size_t)(colon - l.p)});
	value = line_trim((struct line){colon + 1, (size_t)(l.p + l.len - colon - 1)});
	framing_field(&name, &value, f);
	text = facts ? text_for(&name, side, facts, &size) : NULL;
	if (text && !*text)
		line_text(&value, text, size);
	return true;
}

bool http_chunk_size(struct line l, uint64_t *size)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < l.len && i < 16; i++) {
		int digit = l.p[i] >= '0' && l.p[i] <= '9' ? l.p[i] - '0' : (l.p[i] | 0x20) - 'a' + 10;

		if (digit < 0 || digit > 15)
			break;
		value = value << 4 | (uint64_t)digit;
	}
	*size = value;
	return i && i < 16;
}
