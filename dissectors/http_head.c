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
	/* Nearly always at the end of the line. */
	if (l.len > 9 && !memcmp(l.p + l.len - 9, " HTTP/1.", 8))
		return RECOGNISE_YES;
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

static void keep_line(struct http_texts *t, struct session *s, enum http_text which, const struct line *l)
{
	http_texts_keep(t, s, which, l->p, l->len);
}

static void absolute_uri(const struct line *target, const struct line *authority, struct http_texts *t, struct session *s)
{
	struct line path = {authority->p + authority->len, 0};
	char host[sizeof(((struct http *)NULL)->uri)], rest[sizeof(host)];
	struct text uri = {NULL};

	path.len = (size_t)(target->p + target->len - path.p);
	line_text(authority, host, sizeof(host));
	line_text(&path, rest, sizeof(rest));
	text_add(&uri, line_starts(target, "https:") ? "https://" : line_starts(target, "ftp:") ? "ftp://" : "http://");
	text_add(&uri, host);
	text_add(&uri, rest);
	http_texts_keep(t, s, HTTP_URI, (const uint8_t *)text_str(&uri), strlen(text_str(&uri)));
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

static bool is_method(const struct line *l, const char *name)
{
	size_t n = strlen(name);

	return l->len == n && !memcmp(l->p, name, n);
}

bool http_is_request(struct line l, struct request_line *out)
{
	out->method = line_word(&l);
	out->target = line_word(&l);
	out->version = l;
	out->head = is_method(&out->method, "HEAD");
	out->connect = is_method(&out->method, "CONNECT");
	return plausible_method(&out->method) && line_starts(&l, "HTTP/1.");
}

void http_request_line(struct request_line *r, struct http_texts *texts, struct session *s, struct http_framing *f)
{
	struct line authority = r->connect ? r->target : authority_of(&r->target);

	f->http_1_0 = r->version.len > 7 && r->version.p[7] == '0';
	r->proxy = authority.len > 0;
	keep_line(texts, s, HTTP_METHOD, &r->method);
	if (r->proxy && !r->connect)
		absolute_uri(&r->target, &authority, texts, s);
	else
		keep_line(texts, s, HTTP_URI, &r->target);
	if (r->proxy) {
		keep_line(texts, s, HTTP_PROXIED_HOST, &authority);
		keep_line(texts, s, HTTP_HOST, &authority);
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

enum field_says {
	SAYS_LENGTH,
	SAYS_CODING,
	SAYS_CONNECTION,
	SAYS_TEXT, /* of a request, */
	SAYS_TEXT_BACK, /* of a response */
};

struct known_field {
	const char *name;
	uint8_t says; /* enum field_says */
	uint8_t text; /* enum http_text */
};

#define LENGTH_MAX 17 /* of the longest name */
#define SAME_LENGTH 2

/* NULL: none that we read. */
static const struct known_field *field_named(const struct line *name)
{
	static const struct known_field fields[LENGTH_MAX + 1][SAME_LENGTH] = {
		[3] = {{"Via", SAYS_TEXT_BACK, HTTP_VIA}},
		[4] = {{"Host", SAYS_TEXT, HTTP_HOST}},
		[6] = {{"Server", SAYS_TEXT_BACK, HTTP_SERVER}},
		[8] = {{"Location", SAYS_TEXT_BACK, HTTP_LOCATION}},
		[10] = {{"Connection", SAYS_CONNECTION, 0}, {"User-Agent", SAYS_TEXT, HTTP_USER_AGENT}},
		[12] = {{"Content-Type", SAYS_TEXT_BACK, HTTP_CONTENT_TYPE}},
		[14] = {{"Content-Length", SAYS_LENGTH, 0}},
		[16] = {{"Proxy-Connection", SAYS_CONNECTION, 0}},
		[17] = {{"Transfer-Encoding", SAYS_CODING, 0}},
	};
	const struct known_field *f;

	if (name->len > LENGTH_MAX)
		return NULL;
	f = fields[name->len];
	for (int i = 0; i < SAME_LENGTH && f[i].name; i++)
		if (!memcmp(name->p, f[i].name, name->len) ||
			!strncasecmp((const char *)name->p, f[i].name, name->len))
			return &f[i]; /* nearly always as it is written */
	return NULL;
}

bool http_field(struct line l, enum side side, struct http_texts *texts, struct session *s, struct http_framing *f)
{
	const uint8_t *colon = memchr(l.p, ':', l.len);
	const struct known_field *field;
	struct line name, value;

	if (!colon || colon == l.p)
		return false;
	name = line_trim((struct line){l.p, (size_t)(colon - l.p)});
	field = field_named(&name);
	if (!field)
		return true;
	value = line_trim((struct line){colon + 1, (size_t)(l.p + l.len - colon - 1)});
	switch ((enum field_says)field->says) {
	case SAYS_LENGTH:
		f->length = content_length(value);
		break;
	case SAYS_CODING:
		f->chunked |= line_contains(&value, "chunked");
		break;
	case SAYS_CONNECTION:
		f->close |= line_contains(&value, "close");
		f->keep_alive |= line_contains(&value, "keep-alive");
		break;
	case SAYS_TEXT:
	case SAYS_TEXT_BACK:
		if (texts && (field->says == SAYS_TEXT) == (side == SIDE_ORIG))
			keep_line(texts, s, (enum http_text)field->text, &value);
		break;
	}
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
