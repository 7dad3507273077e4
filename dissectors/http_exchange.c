/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MARKS_USUAL 4
#define MARKS_FAILED 6
#define LABEL_METHOD 10 /* of a method and of a target, what goes into a label */
#define LABEL_URI 18

void exchange_drop(struct exchanges *e, struct session *s, bool told)
{
	struct exchange *x = e->first;

	if (told) {
		x->facts.on_tls_port_hint |= x->hint && http_hint_found(x->hint);
		session_tell(s, RECORD_HTTP, &x->facts);
	}
	if (e->asking == x)
		e->asking = NULL;
	e->first = x->next;
	if (!e->first)
		e->last = NULL;
	e->count--;
	if (x->hint)
		session_charge(s, -(ptrdiff_t)sizeof(*x->hint));
	free(x->hint);
	session_part_free(s, x);
}

struct exchange *exchange_open(struct exchanges *e, struct session *s)
{
	struct exchange *x;

	if (e->count == EXCHANGES_MAX)
		exchange_drop(e, s, true);
	x = session_part(s);
	x->facts.announced_body = UINT64_MAX;
	x->facts.number = ++e->number;
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
	return e->last && !strcmp(e->last->facts.method, "CONNECT");
}

/* "GET /path", by hand: every connection has one. */
static void request_label(const struct exchange *x, char label[LABEL_METHOD + LABEL_URI + 2])
{
	size_t method = strnlen(x->facts.method, LABEL_METHOD), uri = strnlen(x->facts.uri, LABEL_URI);

	memcpy(label, x->facts.method, method);
	label[method] = ' ';
	memcpy(label + method + 1, x->facts.uri, uri);
	label[method + 1 + uri] = '\0';
}

static void status_label(uint16_t status, char label[4])
{
	label[0] = (char)('0' + status / 100);
	label[1] = (char)('0' + status / 10 % 10);
	label[2] = (char)('0' + status % 10);
	label[3] = '\0';
}

void exchange_mark_request(struct exchanges *e, struct session *s, struct exchange *x, bool always)
{
	char label[sizeof(((struct key_frame *)NULL)->label)];

	if (x->marked || !x->facts.method[0] || (!always && e->marks++ >= MARKS_USUAL))
		return;
	request_label(x, label);
	session_mark(s, SIDE_ORIG, &x->request, label);
	x->marked = true;
}

void exchange_mark_response(struct exchanges *e, struct session *s, struct exchange *x, const struct frame_ref *ref)
{
	bool failed = x->facts.status >= 400;
	char label[4];

	if (!x->marked && !(failed && e->marks_failed++ < MARKS_FAILED))
		return;
	exchange_mark_request(e, s, x, true);
	status_label(x->facts.status, label);
	session_mark(s, SIDE_RESP, ref, label);
}
