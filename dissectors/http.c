/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.x (RFC 9112): requests and their responses, pipelined or one by one. One record per exchange when its response
 * is complete, or at the end when it never was. Bodies are counted, not kept, so that a gap in one does no harm.
 */
#include "dissectors/http_head.h"

#include <string.h>

#include "base/text.h"
#include "dissectors/http_exchange.h"

#define LINE_MAX_BYTES (32 * 1024)

enum http_at {
	AT_START, /* between messages */
	AT_FIELDS,
	AT_CHUNK_SIZE,
	AT_CHUNK_END,
	AT_TRAILER,
	AT_BODY,	/* `left` bytes of it to come, here and in a chunk */
	AT_CHUNK,
	AT_BODY_TO_END, /* as long as the connection lasts */
};

struct http_side {
	struct short_ref first, last; /* first and last byte of the message at hand; absolute */
	uint64_t left;
	struct http_framing framing;
	uint16_t status; /* response at hand */
	uint8_t at; /* enum http_at */
	bool begun : 1; /* bytes of a message were seen at AT_START */
	bool lost : 1;	/* behind a gap: which exchange comes next is not certain */
};

_Static_assert(sizeof(struct http_side) <= 64, "a message touches its side's cache line only");

struct http_state {
	struct http_side side[2];
	struct exchanges x;
	bool spoken;
};

/* As far as an exchange with short texts touches it. */
#define HTTP_HOT (offsetof(struct http_state, x.one.texts.first) + 64)

/* The exchange that the message at hand belongs to; NULL: none that is known. */
static struct exchange *exchange_at_hand(const struct http_state *h, enum side which)
{
	return which == SIDE_ORIG ? h->x.asking : h->x.first;
}

static void keep_text(struct exchange *x, struct session *s, enum http_text which, const char *text)
{
	http_texts_keep(&x->texts, s, which, (const uint8_t *)text, strlen(text));
}

static enum dissect_verdict request_begins(struct http_state *h, struct session *s, struct line l)
{
	struct http_side *side = &h->side[SIDE_ORIG];
	struct request_line request;
	struct exchange *x;

	http_framing_begin(&side->framing);
	if (!http_is_request(l, &request))
		return h->spoken ? DISSECT_BAD : DISSECT_NOT_MINE;
	x = exchange_open(&h->x, s);
	http_request_line(&request, &x->texts, s, &side->framing);
	x->head = request.head;
	x->connect = request.connect;
	x->proxy = request.proxy;
	keep_text(x, s, HTTP_PROXIED_HOST, session_proxied_host(s));
	x->request = side->first;
	h->x.asking = x;
	exchange_mark_request(&h->x, s, x, false);
	return DISSECT_OK;
}

/* Behind a gap, an answer belongs to what was asked last; what became of the others is not known, unless their answer
 * had begun. */
static void clear_for_response(struct http_state *h, struct session *s)
{
	while (h->x.count && (h->x.first->status || (h->side[SIDE_RESP].lost && h->x.count > 1)))
		exchange_drop(&h->x, s, h->x.first->status != 0, NULL);
	h->side[SIDE_RESP].lost = false;
}

static enum dissect_verdict response_begins(struct http_state *h, struct session *s, struct line l)
{
	struct http_side *side = &h->side[SIDE_RESP];
	struct exchange *x;

	http_framing_begin(&side->framing);
	side->status = http_status_line(l, &side->framing);
	if (!side->status)
		return h->spoken ? DISSECT_BAD : DISSECT_NOT_MINE;
	clear_for_response(h, s);
	x = h->x.first ? h->x.first : exchange_open(&h->x, s);
	if (side->status < 200 && side->status != 101)
		return DISSECT_OK; /* a word in between: the answer is still to come (RFC 9110, section 15.2) */
	x->status = side->status;
	x->response = side->first;
	exchange_mark_response(&h->x, s, x);
	return DISSECT_OK;
}

static void request_ends(struct http_state *h)
{
	struct http_side *side = &h->side[SIDE_ORIG];

	side->at = AT_START;
	side->begun = false;
	if (h->x.asking)
		h->x.asking->request_end = side->last;
	h->x.asking = NULL;
}

static enum dissect_verdict response_ends(struct http_state *h, struct session *s)
{
	struct http_side *side = &h->side[SIDE_RESP];
	struct exchange *x = h->x.first;
	char host[PROXIED_HOST_SIZE];
	bool tunnel;

	side->at = AT_START;
	side->begun = false;
	if (!x || !x->status)
		return DISSECT_OK;
	side->status = x->status;
	tunnel = x->connect && x->status < 300;
	if (tunnel)
		text_copy(host, sizeof(host), http_texts_get(&x->texts, HTTP_PROXIED_HOST));
	exchange_drop(&h->x, s, true, &side->last);
	if (!tunnel && side->status != 101)
		return DISSECT_OK;
	session_hand_on(s, NULL, tunnel ? "connect" : "upgrade", tunnel ? host : NULL);
	return DISSECT_HANDOFF;
}

static enum dissect_verdict message_ends(struct http_state *h, struct session *s, enum side which)
{
	if (which == SIDE_RESP)
		return response_ends(h, s);
	request_ends(h);
	return DISSECT_OK;
}

static bool response_has_no_body(const struct http_state *h, const struct exchange *x)
{
	uint16_t status = h->side[SIDE_RESP].status;

	if (status < 200 || status == 204 || status == 304)
		return true;
	return x && (x->head || (x->connect && status < 300));
}

static void note_keep_alive(struct exchange *x, const struct http_framing *f)
{
	x->close |= f->close || (f->http_1_0 && !f->keep_alive);
	x->keep_alive = !x->close;
}

/* The empty line: from here on it is body, of a length that the head tells (RFC 9112, section 6.3). */
static enum dissect_verdict head_ends(struct http_state *h, struct session *s, enum side which)
{
	struct http_side *side = &h->side[which];
	struct exchange *x = exchange_at_hand(h, which);
	bool interim = which == SIDE_RESP && side->status < 200 && side->status != 101;

	if (x && !interim) {
		note_keep_alive(x, &side->framing);
		if (which == SIDE_RESP)
			x->announced_body = side->framing.chunked ? UINT64_MAX : side->framing.length;
	}
	if (interim) {
		side->at = AT_START;
		side->begun = false;
		return DISSECT_OK;
	}
	side->left = side->framing.length;
	if (which == SIDE_RESP && response_has_no_body(h, x))
		return message_ends(h, s, which);
	if (side->framing.chunked)
		side->at = AT_CHUNK_SIZE;
	else if (side->left != UINT64_MAX && side->left)
		side->at = AT_BODY;
	else if (side->left == UINT64_MAX && which == SIDE_RESP)
		side->at = AT_BODY_TO_END;
	else
		return message_ends(h, s, which);
	return DISSECT_OK;
}

/* It goes on with the one before. */
static bool is_folded(struct line l)
{
	return *l.p == ' ' || *l.p == '\t';
}

/* Fields up to the empty line behind them, as far as they are here. One that cannot be read is offered again. */
static enum dissect_verdict on_fields(struct http_state *h, struct session *s, const struct chunk *c, size_t *used)
{
	struct exchange *x = exchange_at_hand(h, c->side);
	struct http_texts *texts = x ? &x->texts : NULL;
	struct http_framing *framing = &h->side[c->side].framing;
	struct chunk rest = *c;
	struct line l;
	size_t n;

	for (; line_take(&rest, &l, &n); rest.data += n, rest.len -= n) {
		*used = c->len - rest.len;
		if (l.len && (is_folded(l) || http_field(l, c->side, texts, s, framing)))
			continue;
		if (l.len && *used)
			return DISSECT_OK;
		*used += n;
		return l.len ? DISSECT_BAD : head_ends(h, s, c->side);
	}
	*used = c->len - rest.len;
	if (rest.len <= LINE_MAX_BYTES)
		return DISSECT_MORE;
	return *used ? DISSECT_OK : DISSECT_BAD;
}

static enum dissect_verdict on_chunk_size(struct http_side *side, struct line l)
{
	if (!http_chunk_size(l, &side->left))
		return DISSECT_BAD;
	side->at = side->left ? AT_CHUNK : AT_TRAILER;
	return DISSECT_OK;
}

static enum dissect_verdict on_start(struct http_state *h, struct session *s, enum side which, struct line l)
{
	enum dissect_verdict v;

	if (!l.len)
		return DISSECT_OK; /* empty lines before a message are allowed (RFC 9112, section 2.2) */
	v = which == SIDE_ORIG ? request_begins(h, s, l) : response_begins(h, s, l);
	if (v == DISSECT_OK) {
		h->spoken = true;
		h->side[which].at = AT_FIELDS;
	}
	return v;
}

static enum dissect_verdict on_line(struct http_state *h, struct session *s, enum side which, struct line l)
{
	struct http_side *side = &h->side[which];

	switch ((enum http_at)side->at) {
	case AT_START:
		return on_start(h, s, which, l);
	case AT_CHUNK_SIZE:
		return on_chunk_size(side, l);
	case AT_CHUNK_END:
		if (l.len)
			return DISSECT_BAD;
		side->at = AT_CHUNK_SIZE;
		return DISSECT_OK;
	case AT_TRAILER:
		return l.len ? DISSECT_OK : message_ends(h, s, which);
	case AT_FIELDS:
	case AT_BODY:
	case AT_BODY_TO_END:
	case AT_CHUNK:
		break;
	}
	return DISSECT_BAD;
}

static void count_body(struct http_state *h, enum side which, uint64_t n)
{
	struct exchange *x = exchange_at_hand(h, which);

	if (x)
		*(which == SIDE_ORIG ? &x->request_body : &x->response_body) += n;
}

/* n bytes of body are past, seen or not. */
static enum dissect_verdict body_passed(struct http_state *h, struct session *s, enum side which, uint64_t n)
{
	struct http_side *side = &h->side[which];

	count_body(h, which, n);
	if (side->at == AT_BODY_TO_END)
		return DISSECT_OK;
	side->left -= n;
	if (side->left)
		return DISSECT_OK;
	if (side->at == AT_BODY)
		return message_ends(h, s, which);
	side->at = AT_CHUNK_END;
	return DISSECT_OK;
}

static bool in_body(const struct http_side *side)
{
	return side->at >= AT_BODY;
}

static enum dissect_verdict on_body(struct http_state *h, struct session *s, const struct chunk *c, size_t *used)
{
	struct http_side *side = &h->side[c->side];

	bool wants_body = c->side == SIDE_RESP && h->x.count && h->x.first->status >= 400;
	enum dissect_verdict v;

	*used = side->at == AT_BODY_TO_END || side->left > c->len ? c->len : (size_t)side->left;
	if (wants_body)
		exchange_hint(s, h->x.first, c->data, *used);
	v = body_passed(h, s, c->side, *used);
	if (in_body(side) && !wants_body)
		session_quiet(s, c->side, side->at == AT_BODY_TO_END ? UINT64_MAX : side->left - 1);
	return v;
}

/* The last byte is always offered, so a message does not end here. */
static void http_passed(void *state, enum side which, uint32_t n, const struct frame_ref *ref)
{
	struct http_state *h = state;
	struct http_side *side = &h->side[which];

	count_body(h, which, n);
	if (side->at != AT_BODY_TO_END)
		side->left -= n;
	side->last = shortened(ref);
}

/* A server that answers a plain request with a TLS alert: this is a TLS port. */
static enum dissect_verdict answered_in_tls(struct http_state *h, struct session *s, const struct chunk *c)
{
	struct exchange *x = h->x.first;

	if (c->len < 3)
		return DISSECT_MORE;
	if (c->data[1] != 3)
		return DISSECT_BAD;
	x->on_tls_port = true;
	x->response = h->side[SIDE_RESP].first;
	session_mark(s, SIDE_RESP, &c->ref, "TLS alert");
	exchange_drop(&h->x, s, true, NULL);
	return DISSECT_DONE;
}

/* One step: a line, the fields, or a part of a body. */
static inline enum dissect_verdict step(struct http_state *h, struct session *s, const struct chunk *c, size_t *used)
{
	struct http_side *side = &h->side[c->side];
	struct line l;

	if (in_body(side))
		return on_body(h, s, c, used);
	if (side->at == AT_FIELDS)
		return on_fields(h, s, c, used);
	if (side->at == AT_START) {
		if (c->side == SIDE_ORIG && exchange_tunnel_asked(&h->x))
			return DISSECT_MORE;
		if (!side->begun)
			side->first = shortened(&c->ref);
		side->begun = true;
		if (c->side == SIDE_RESP && c->data[0] == 0x15 && h->x.count)
			return answered_in_tls(h, s, c);
	}
	if (!line_take(c, &l, used))
		return c->len > LINE_MAX_BYTES ? DISSECT_BAD : DISSECT_MORE;
	return on_line(h, s, c->side, l);
}

/* What cannot be read is offered again by itself: then nothing of it counts as used. */
static enum dissect_verdict http_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct http_state *h = state;
	enum dissect_verdict verdict = DISSECT_OK;
	struct chunk rest = *c;

	h->side[c->side].last = shortened(&c->ref);
	while (rest.len && verdict == DISSECT_OK) {
		size_t n = 0;

		verdict = step(h, s, &rest, &n);
		if (*used && (verdict == DISSECT_BAD || verdict == DISSECT_NOT_MINE))
			return DISSECT_OK;
		*used += n;
		rest.data += n;
		rest.len -= n;
	}
	return verdict;
}

/* Lost in a body: counted. Anywhere else the next message is looked for. */
static enum dissect_verdict http_gap(
	void *state, struct session *s, enum side which, uint64_t missing, const struct frame_ref *ref)
{
	struct http_state *h = state;
	struct http_side *side = &h->side[which];

	(void)ref;
	if (in_body(side) && (side->at == AT_BODY_TO_END || missing <= side->left)) {
		/* A hand-off cannot be made from here; only CONNECT and 101 lead to one, and they have no body. */
		body_passed(h, s, which, missing);
		return DISSECT_OK;
	}
	side->lost = true;
	return DISSECT_BAD;
}

/* The message at hand is given up; a response that had begun is told as far as it is known. */
static size_t http_resync(void *state, const struct chunk *c)
{
	struct http_state *h = state;
	struct http_side *side = &h->side[c->side];

	if (c->side == SIDE_ORIG)
		h->x.asking = NULL;
	side->lost = true;
	side->at = AT_START;
	side->begun = false;
	return http_next_start(c);
}

static void http_end(void *state, struct session *s, enum side which, const struct frame_ref *ref)
{
	struct http_state *h = state;

	(void)ref;
	if (h->side[which].at == AT_BODY_TO_END)
		message_ends(h, s, which);
}

static bool http_is_over(const void *state)
{
	const struct http_state *h = state;

	return !h->x.count;
}

static void http_finish(void *state, struct session *s)
{
	struct http_state *h = state;

	while (h->x.count) {
		exchange_mark_request(&h->x, s, h->x.first, true);
		exchange_drop(&h->x, s, true, NULL);
	}
}

const struct dissector dissector_http = {
	.name = "http",
	.spec = "RFC 9110, RFC 9112",
	.tcp_ports = {80, 8080, 3128, 8000, 8008, 8888, 5985, 631},
	.state_size = sizeof(struct http_state),
	.hot_size = HTTP_HOT,
	.part_size = sizeof(struct exchange),
	.recognise = http_recognise,
	.stream = http_stream,
	.passed = http_passed,
	.gap = http_gap,
	.resync = http_resync,
	.end = http_end,
	.is_over = http_is_over,
	.finish = http_finish,
};
