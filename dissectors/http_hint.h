/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Servers that say "this is a TLS port" in plain words to a plain request. */
#ifndef PCAPDX_DISSECTORS_HTTP_HINT_H
#define PCAPDX_DISSECTORS_HTTP_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HINT_BYTES 512

/* The first bytes of the body of an error response. */
struct http_hint {
	uint16_t len;
	uint8_t bytes[HTTP_HINT_BYTES];
};

void http_hint_add(struct http_hint *h, const uint8_t *bytes, size_t n);
bool http_hint_found(const struct http_hint *h);

#endif
