/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MARKS_USUAL 4
#define MARKS_FAILED 6

void exchange_drop(struct exchanges *e, struct session *s, bool told)
{
	struct exchange *x = e->first;
	struct record r;

	if (told) {
		session_record(s, &r, RECORD_HTTP);
		r.http = x->facts;
		r.http.on_tls_port_hint |= x->hint && http_hint_found(x->hint);
		session_emit(s, &r);
	}
	if (e->asking == x)
		e->asking = NULL;
	e->first = x->next;
	if (!e->first)
		e->last = NULL;
	e->count--;
	session_charge(s, -(ptrdiff_t)(sizeof(*x) + (x->hint ? sizeof(*x->hint) : 0)));
	free(x->hint);
	free(x);
}

struct exchange *exchange_open(struct exchanges *e, struct session *s)
{
	struct exchange *x;

	if (e->count == EXCHANGES_MAX)
		exchange_drop(e, s, true);
	x = xcalloc(1, sizeof(*x));
	session_charge(s, sizeof(*x));
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

void exchange_mark_request(struct exchanges *e, struct session *s, struct exchange *x, bool always)
{
	char label[30];

	if (x->marked || !x->facts.method[0] || (!always && e->marks++ >= MARKS_USUAL))
		return;
	snprintf(label, sizeof(label), "%.10s %.18s", x->facts.method, x->facts.uri);
	session_mark(s, SIDE_ORIG, &x->request, label);
	x->marked = true;
}

void exchange_mark_response(struct exchanges *e, struct session *s, struct exchange *x, const struct frame_ref *ref)
{
	bool failed = x->facts.status >= 400;
	char label[30];

	if (!x->marked && !(failed && e->marks_failed++ < MARKS_FAILED))
		return;
	exchange_mark_request(e, s, x, true);
	snprintf(label, sizeof(label), "%u", (unsigned)x->facts.status);
	session_mark(s, SIDE_RESP, ref, label);
}
