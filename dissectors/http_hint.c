/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_hint.h"

#include <string.h>

#include "dissectors/line.h"

void http_hint_add(struct http_hint *h, const uint8_t *bytes, size_t n)
{
	size_t room = sizeof(h->bytes) - h->len;

	if (n > room)
		n = room;
	memcpy(h->bytes + h->len, bytes, n);
	h->len = (uint16_t)(h->len + n);
}

bool http_hint_found(const struct http_hint *h)
{
	/* nginx, Go, Apache, Tomcat, Jetty and Node's proxies */
	static const char *const words[] = {"plain HTTP request was sent to HTTPS port",
		"sent an HTTP request to an HTTPS server", "speaking plain HTTP to an SSL-enabled server port",
		"combination of host and port requires TLS", "This is an HTTPS port", "Use HTTPS instead", NULL};
	struct line body = {h->bytes, h->len};
	int i;

	for (i = 0; words[i]; i++)
		if (line_contains(&body, words[i]))
			return true;
	return false;
}
