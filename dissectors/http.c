/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.x (RFC 9112): requests and their responses, pipelined or one by one. One record per exchange when its response
 * is complete, or at the end when it never was. Bodies are counted, not kept, so that a gap in one does no harm.
 */
#include "dissectors/http_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/http_hint.h"

#define OUTSTANDING_MAX 32
#define LINE_MAX_BYTES (32 * 1024)
#define MARKS_USUAL 4
#define MARKS_FAILED 6

enum http_at {
	AT_START, /* between messages */
	AT_FIELDS,
	AT_BODY,	/* `left` bytes of it to come */
	AT_BODY_TO_END, /* as long as the connection lasts */
	AT_CHUNK_SIZE,
	AT_CHUNK,
	AT_CHUNK_END,
	AT_TRAILER,
};

/* A request and its answer. */
struct exchange {
	struct http facts;
	struct frame_ref request; /* absolute, for marks */
	bool request_ended, close, marked;
	struct http_hint hint;
};

struct http_side {
	uint8_t at; /* enum http_at */
	bool begun; /* bytes of a message were seen at AT_START */
	bool lost;  /* behind a gap: which exchange comes next is not certain */
	uint64_t left;
	struct frame_ref first, last; /* first and last byte of the message at hand; absolute */
	struct http_framing framing;
	uint16_t status; /* response at hand */
};

struct http_state {
	struct http_side side[2];
	struct exchange *outstanding[OUTSTANDING_MAX]; /* the oldest first; the response at hand is that one's */
	int count;
	struct exchange *asking; /* whose request is at hand; NULL: it was answered already */
	uint32_t number;
	int marks, marks_failed;
	bool tunnel; /* CONNECT was sent: the client's next bytes wait for the answer */
	bool spoken;
};

static void emit(struct session *s, const struct exchange *x)
{
	struct record r;

	session_record(s, &r, RECORD_HTTP);
	r.http = x->facts;
	session_emit(s, &r);
}

/* The oldest exchange is over, one way or the other. */
static void drop_oldest(struct http_state *h, struct session *s, bool told)
{
	struct exchange *x = h->outstanding[0];

	if (told)
		emit(s, x);
	if (h->asking == x)
		h->asking = NULL;
	if (!strcmp(x->facts.method, "CONNECT"))
		h->tunnel = false;
	free(x);
	memmove(h->outstanding, h->outstanding + 1, (size_t)--h->count * sizeof(h->outstanding[0]));
}

static struct exchange *new_exchange(struct http_state *h, struct session *s)
{
	struct exchange *x;

	if (h->count == OUTSTANDING_MAX)
		drop_oldest(h, s, true);
	x = xcalloc(1, sizeof(*x));
	x->facts.announced_body = UINT64_MAX;
	x->facts.number = ++h->number;
	h->outstanding[h->count++] = x;
	return x;
}

/* --- marks: the first exchanges, and those that failed --- */

static void mark_request(struct session *s, struct exchange *x)
{
	char label[30];

	if (x->marked || !x->facts.method[0])
		return;
	snprintf(label, sizeof(label), "%.10s %.18s", x->facts.method, x->facts.uri);
	session_mark(s, SIDE_ORIG, &x->request, label);
	x->marked = true;
}

static void mark_response(struct http_state *h, struct session *s, struct exchange *x, const struct frame_ref *ref)
{
	bool failed = x->facts.status >= 400;
	char label[30];

	if (!x->marked && !(failed && h->marks_failed++ < MARKS_FAILED))
		return;
	mark_request(s, x);
	snprintf(label, sizeof(label), "%u", (unsigned)x->facts.status);
	session_mark(s, SIDE_RESP, ref, label);
}

/* --- messages --- */

static enum dissect_verdict request_begins(struct http_state *h, struct session *s, struct line l)
{
	struct http_side *side = &h->side[SIDE_ORIG];
	struct http probe;
	struct exchange *x;

	memset(&probe, 0, sizeof(probe));
	http_framing_begin(&side->framing);
	if (!http_request_line(l, &probe, &side->framing))
		return h->spoken ? DISSECT_BAD : DISSECT_NOT_MINE;
	x = new_exchange(h, s);
	probe.announced_body = x->facts.announced_body;
	probe.number = x->facts.number;
	x->facts = probe;
	x->request = side->first;
	x->facts.request = session_ref(s, &side->first);
	h->asking = x;
	if (h->marks++ < MARKS_USUAL)
		mark_request(s, x);
	return DISSECT_OK;
}

/* Behind a gap, an answer belongs to what was asked last; what became of the others is not known, unless their answer
 * had begun. */
static void clear_for_response(struct http_state *h, struct session *s)
{
	while (h->count && (h->outstanding[0]->facts.status || (h->side[SIDE_RESP].lost && h->count > 1)))
		drop_oldest(h, s, h->outstanding[0]->facts.status != 0);
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
	x = h->count ? h->outstanding[0] : new_exchange(h, s);
	if (side->status < 200 && side->status != 101)
		return DISSECT_OK; /* a word in between: the answer is still to come (RFC 9110, section 15.2) */
	x->facts.status = side->status;
	x->facts.response = session_ref(s, &side->first);
	mark_response(h, s, x, &side->first);
	return DISSECT_OK;
}

static void request_ends(struct http_state *h, struct session *s)
{
	struct http_side *side = &h->side[SIDE_ORIG];

	side->at = AT_START;
	side->begun = false;
	if (h->asking) {
		h->asking->facts.request_end = session_ref(s, &side->last);
		h->asking->request_ended = true;
	}
	h->asking = NULL;
}

static enum dissect_verdict response_ends(struct http_state *h, struct session *s)
{
	struct http_side *side = &h->side[SIDE_RESP];
	struct exchange *x = h->count ? h->outstanding[0] : NULL;
	char host[sizeof(x->facts.proxied_host)];
	bool tunnel;

	side->at = AT_START;
	side->begun = false;
	if (!x || !x->facts.status)
		return DISSECT_OK;
	tunnel = !strcmp(x->facts.method, "CONNECT") && x->facts.status < 300;
	memcpy(host, x->facts.proxied_host, sizeof(host));
	x->facts.response_end = session_ref(s, &side->last);
	x->facts.on_tls_port_hint |= http_hint_found(&x->hint);
	side->status = x->facts.status;
	drop_oldest(h, s, true);
	if (!tunnel && side->status != 101)
		return DISSECT_OK;
	session_hand_on(s, NULL, tunnel ? "connect" : "upgrade", tunnel ? host : NULL);
	return DISSECT_HANDOFF;
}

static enum dissect_verdict message_ends(struct http_state *h, struct session *s, enum side which)
{
	if (which == SIDE_RESP)
		return response_ends(h, s);
	request_ends(h, s);
	return DISSECT_OK;
}

static bool response_has_no_body(const struct http_state *h, const struct exchange *x)
{
	uint16_t status = h->side[SIDE_RESP].status;

	if (status < 200 || status == 204 || status == 304)
		return true;
	return x && (!strcmp(x->facts.method, "HEAD") || (!strcmp(x->facts.method, "CONNECT") && status < 300));
}

static void note_keep_alive(struct exchange *x, const struct http_framing *f)
{
	x->close |= f->close || (f->http_1_0 && !f->keep_alive);
	x->facts.keep_alive = !x->close;
}

/* The empty line: from here on it is body, of a length that the head tells (RFC 9112, section 6.3). */
static enum dissect_verdict head_ends(struct http_state *h, struct session *s, enum side which)
{
	struct http_side *side = &h->side[which];
	struct exchange *x = which == SIDE_ORIG ? h->asking : h->count ? h->outstanding[0] : NULL;
	bool interim = which == SIDE_RESP && side->status < 200 && side->status != 101;

	if (x && !interim) {
		note_keep_alive(x, &side->framing);
		if (which == SIDE_RESP)
			x->facts.announced_body = side->framing.chunked ? UINT64_MAX : side->framing.length;
	}
	if (which == SIDE_ORIG && x && !strcmp(x->facts.method, "CONNECT"))
		h->tunnel = true;
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

static enum dissect_verdict on_field(struct http_state *h, struct session *s, enum side which, struct line l)
{
	struct exchange *x = which == SIDE_ORIG ? h->asking : h->count ? h->outstanding[0] : NULL;

	if (!l.len)
		return head_ends(h, s, which);
	if (*l.p == ' ' || *l.p == '\t')
		return DISSECT_OK; /* a folded line goes on */
	return http_field(l, which, x ? &x->facts : NULL, &h->side[which].framing) ? DISSECT_OK : DISSECT_BAD;
}

static enum dissect_verdict on_chunk_size(struct http_side *side, struct line l)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < l.len && i < 16; i++) {
		int digit = l.p[i] >= '0' && l.p[i] <= '9' ? l.p[i] - '0' : (l.p[i] | 0x20) - 'a' + 10;

		if (digit < 0 || digit > 15)
			break;
		size = size << 4 | (uint64_t)digit;
	}
	if (!i || i == 16)
		return DISSECT_BAD;
	side->left = size;
	side->at = size ? AT_CHUNK : AT_TRAILER;
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
	case AT_FIELDS:
		return on_field(h, s, which, l);
	case AT_CHUNK_SIZE:
		return on_chunk_size(side, l);
	case AT_CHUNK_END:
		side->at = AT_CHUNK_SIZE;
		return l.len ? DISSECT_BAD : DISSECT_OK;
	case AT_TRAILER:
		return l.len ? DISSECT_OK : message_ends(h, s, which);
	case AT_BODY:
	case AT_BODY_TO_END:
	case AT_CHUNK:
		break;
	}
	return DISSECT_BAD;
}

static void count_body(struct http_state *h, enum side which, uint64_t n)
{
	struct exchange *x = which == SIDE_ORIG ? h->asking : h->count ? h->outstanding[0] : NULL;

	if (x)
		*(which == SIDE_ORIG ? &x->facts.request_body : &x->facts.response_body) += n;
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
	return side->at == AT_BODY || side->at == AT_BODY_TO_END || side->at == AT_CHUNK;
}

static enum dissect_verdict on_body(struct http_state *h, struct session *s, const struct chunk *c, size_t *used)
{
	struct http_side *side = &h->side[c->side];

	*used = side->at == AT_BODY_TO_END || side->left > c->len ? c->len : (size_t)side->left;
	if (c->side == SIDE_RESP && h->count && h->outstanding[0]->facts.status >= 400)
		http_hint_add(&h->outstanding[0]->hint, c->data, *used);
	return body_passed(h, s, c->side, *used);
}

/* A server that answers a plain request with a TLS alert: this is a TLS port. */
static enum dissect_verdict answered_in_tls(struct http_state *h, struct session *s, const struct chunk *c)
{
	struct exchange *x = h->outstanding[0];

	if (c->len < 3)
		return DISSECT_MORE;
	if (c->data[1] != 3)
		return DISSECT_BAD;
	x->facts.on_tls_port_hint = true;
	x->facts.response = session_ref(s, &h->side[SIDE_RESP].first);
	session_mark(s, SIDE_RESP, &c->ref, "TLS alert");
	drop_oldest(h, s, true);
	return DISSECT_DONE;
}

static enum dissect_verdict http_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct http_state *h = state;
	struct http_side *side = &h->side[c->side];
	struct line l;

	side->last = c->ref;
	if (in_body(side))
		return on_body(h, s, c, used);
	if (side->at == AT_START && c->side == SIDE_ORIG && h->tunnel)
		return DISSECT_MORE;
	if (side->at == AT_START && !side->begun) {
		side->begun = true;
		side->first = c->ref;
	}
	if (side->at == AT_START && c->side == SIDE_RESP && c->data[0] == 0x15 && h->count)
		return answered_in_tls(h, s, c);
	if (!line_take(c, &l, used))
		return c->len > LINE_MAX_BYTES ? DISSECT_BAD : DISSECT_MORE;
	return on_line(h, s, c->side, l);
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
		h->asking = NULL;
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

static void http_finish(void *state, struct session *s)
{
	struct http_state *h = state;

	while (h->count) {
		h->outstanding[0]->facts.on_tls_port_hint |= http_hint_found(&h->outstanding[0]->hint);
		mark_request(s, h->outstanding[0]);
		drop_oldest(h, s, true);
	}
}

const struct dissector dissector_http = {
	.name = "http",
	.spec = "RFC 9110, RFC 9112",
	.tcp_ports = {80, 8080, 3128, 8000, 8008, 8888, 5985, 631},
	.state_size = sizeof(struct http_state),
	.recognise = http_recognise,
	.stream = http_stream,
	.gap = http_gap,
	.resync = http_resync,
	.end = http_end,
	.finish = http_finish,
};
