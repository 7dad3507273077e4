/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of an HTTP/1.x head (RFC 9112): what they say about the exchange, and how the body is framed. */
#ifndef PCAPDX_DISSECTORS_HTTP_HEAD_H
#define PCAPDX_DISSECTORS_HTTP_HEAD_H

#include "dissectors/http_texts.h"
#include "dissectors/line.h"

/* How a message goes on after its head, gathered from its lines. */
struct http_framing {
	uint64_t length; /* Content-Length; UINT64_MAX: none */
	bool chunked;
	bool http_1_0;
	bool close, keep_alive; /* Connection: */
};

void http_framing_begin(struct http_framing *f);
/* "GET /path HTTP/1.1" */
struct request_line {
	struct line method, target, version;
	bool head, connect; /* methods that frame the answer */
	bool proxy;	    /* CONNECT or an absolute URI */
};

bool http_is_request(struct line l, struct request_line *out); /* false: it is none, and *out means nothing */
void http_request_line(struct request_line *r, struct http_texts *texts, struct session *s, struct http_framing *f);
/* "HTTP/1.1 200 OK"; gives the status, 0: this is no status line. */
uint16_t http_status_line(struct line l, struct http_framing *f);
/* A field of either message; false: it is none. `texts` may be NULL. */
bool http_field(struct line l, enum side side, struct http_texts *texts, struct session *s, struct http_framing *f);

/* The line before a chunk: its size in hexadecimal digits, and extensions that mean nothing to us. */
bool http_chunk_size(struct line l, uint64_t *size);

enum recognition http_recognise(const struct chunk *c);
/* How far it is to the next thing that looks like the start of a message of that side. */
size_t http_next_start(const struct chunk *c);

#endif
