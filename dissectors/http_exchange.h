/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of one connection that wait for their responses, the oldest first. */
#ifndef PCAPDX_DISSECTORS_HTTP_EXCHANGE_H
#define PCAPDX_DISSECTORS_HTTP_EXCHANGE_H

#include "dissectors/dissector.h"
#include "dissectors/http_hint.h"
#include "dissectors/http_texts.h"
#include "record/short_ref.h"

#define EXCHANGES_MAX 32

/* A request and its answer. Times are absolute. */
struct exchange {
	struct exchange *next;
	struct http_hint *hint;	  /* owned; NULL: no body of an error was seen */
	struct short_ref request, request_end, response; /* response: first byte of it */
	uint64_t request_body, response_body, announced_body; /* as in struct http */
	uint32_t number;
	uint16_t status; /* 0: no answer yet */
	bool head, connect; /* the methods that frame the answer */
	bool proxy, close, keep_alive, on_tls_port, marked;
	struct http_texts texts;
};

struct exchanges {
	struct exchange *asking;       /* whose request is at hand; NULL: it was answered already */
	struct exchange *first, *last; /* the response at hand is the first one's; NULL: none */
	uint32_t number;
	int marks, marks_failed;
	uint8_t count; /* EXCHANGES_MAX at most */
	bool one_used;
	struct exchange one; /* of most connections the only one at a time */
};

/* A new one at the end; when there are too many, the oldest is told without its answer. */
struct exchange *exchange_open(struct exchanges *e, struct session *s);
/* The oldest one is over, one way or the other. `end`: absolute, of its response; NULL: that has none. */
void exchange_drop(struct exchanges *e, struct session *s, bool told, const struct short_ref *end);
/* Body of a response that tells of an error. */
void exchange_hint(struct session *s, struct exchange *x, const uint8_t *bytes, size_t n);
/* CONNECT was sent: the client's next bytes belong to whoever is behind the proxy, if that agrees. */
bool exchange_tunnel_asked(const struct exchanges *e);

/* Marks: the first exchanges, and those that failed. */
void exchange_mark_request(struct exchanges *e, struct session *s, struct exchange *x, bool always);
void exchange_mark_response(struct exchanges *e, struct session *s, struct exchange *x);

#endif
