/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MARKS_USUAL 4
#define MARKS_FAILED 6
#define LABEL_METHOD 10 /* of a method and of a target, what goes into a label */
#define LABEL_URI 18

static struct frame_ref told_ref(const struct session *s, struct short_ref absolute)
{
	struct frame_ref ref = long_ref(absolute);

	return session_ref(s, &ref);
}

static void tell(const struct exchange *x, struct session *s, const struct short_ref *end)
{
	struct http *facts = session_facts(s, RECORD_HTTP);

	facts->status = x->status;
	facts->proxy = x->proxy;
	facts->keep_alive = x->keep_alive;
	facts->on_tls_port_hint = x->on_tls_port || (x->hint && http_hint_found(x->hint));
	facts->request = told_ref(s, x->request);
	facts->request_end = told_ref(s, x->request_end);
	facts->response = told_ref(s, x->response);
	if (end)
		facts->response_end = told_ref(s, *end);
	facts->request_body = x->request_body;
	facts->response_body = x->response_body;
	facts->announced_body = x->announced_body;
	facts->number = x->number;
	http_texts_tell(&x->texts, facts);
	session_tell_facts(s, RECORD_HTTP);
}

void exchange_drop(struct exchanges *e, struct session *s, bool told, const struct short_ref *end)
{
	struct exchange *x = e->first;

	if (told)
		tell(x, s, end);
	if (e->asking == x)
		e->asking = NULL;
	e->first = x->next;
	if (!e->first)
		e->last = NULL;
	e->count--;
	if (x->hint)
		session_charge(s, -(ptrdiff_t)sizeof(*x->hint));
	free(x->hint);
	if (x->texts.more)
		http_texts_free(&x->texts, s);
	if (x == &e->one)
		e->one_used = false;
	else
		session_part_free(s, x);
}

static struct exchange *take_one(struct exchanges *e)
{
	e->one_used = true;
	memset(&e->one, 0, offsetof(struct exchange, texts.first));
	return &e->one;
}

struct exchange *exchange_open(struct exchanges *e, struct session *s)
{
	struct exchange *x;

	if (e->count == EXCHANGES_MAX)
		exchange_drop(e, s, true, NULL);
	x = e->one_used ? session_part(s) : take_one(e);
	x->announced_body = UINT64_MAX;
	x->number = ++e->number;
	*(e->last ? &e->last->next : &e->first) = x;
	e->last = x;
	e->count++;
	return x;
}

void exchange_hint(struct session *s, struct exchange *x, const uint8_t *bytes, size_t n)
{
	if (!x->hint) {
		x->hint = xcalloc(1, sizeof(*x->hint));
		session_charge(s, sizeof(*x->hint));
	}
	http_hint_add(x->hint, bytes, n);
}

bool exchange_tunnel_asked(const struct exchanges *e)
{
	return e->last && e->last->connect;
}

/* "GET /path", by hand: every connection has one. */
static void request_label(const struct exchange *x, char label[LABEL_METHOD + LABEL_URI + 2])
{
	const char *name = http_texts_get(&x->texts, HTTP_METHOD), *target = http_texts_get(&x->texts, HTTP_URI);
	size_t method = strnlen(name, LABEL_METHOD), uri = strnlen(target, LABEL_URI);

	memcpy(label, name, method);
	label[method] = ' ';
	memcpy(label + method + 1, target, uri);
	label[method + 1 + uri] = '\0';
}

static void status_label(uint16_t status, char label[4])
{
	label[0] = (char)('0' + status / 100);
	label[1] = (char)('0' + status / 10 % 10);
	label[2] = (char)('0' + status % 10);
	label[3] = '\0';
}

static void mark(struct session *s, enum side side, struct short_ref absolute, const char *label)
{
	struct frame_ref ref = long_ref(absolute);

	session_mark(s, side, &ref, label);
}

void exchange_mark_request(struct exchanges *e, struct session *s, struct exchange *x, bool always)
{
	char label[sizeof(((struct key_frame *)NULL)->label)];

	if (x->marked || !x->texts.at[HTTP_METHOD] || (!always && e->marks++ >= MARKS_USUAL))
		return;
	request_label(x, label);
	mark(s, SIDE_ORIG, x->request, label);
	x->marked = true;
}

void exchange_mark_response(struct exchanges *e, struct session *s, struct exchange *x)
{
	bool failed = x->status >= 400;
	char label[4];

	if (!x->marked && !(failed && e->marks_failed++ < MARKS_FAILED))
		return;
	exchange_mark_request(e, s, x, true);
	status_label(x->status, label);
	mark(s, SIDE_RESP, x->response, label);
}
