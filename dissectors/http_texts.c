/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/dissector.h"

#define CHARACTER_MAX 4 /* bytes of one: text is not cut in the middle of it */

#define OF(text) { offsetof(struct http, text), sizeof(((struct http *)NULL)->text) }

static const struct {
	uint16_t at, size;
} places[HTTP_TEXTS] = {
	[HTTP_METHOD] = OF(method),
	[HTTP_URI] = OF(uri),
	[HTTP_HOST] = OF(host),
	[HTTP_USER_AGENT] = OF(user_agent),
	[HTTP_CONTENT_TYPE] = OF(content_type),
	[HTTP_LOCATION] = OF(location),
	[HTTP_SERVER] = OF(server),
	[HTTP_VIA] = OF(via),
	[HTTP_PROXIED_HOST] = OF(proxied_host),
};

static void grow(struct http_texts *t, struct session *s, size_t need)
{
	size_t room = 2 * need;
	char *more = xrealloc(t->more, room);

	if (!t->more)
		memcpy(more, t->first, t->used);
	session_charge(s, (ptrdiff_t)(room - t->room));
	t->more = more;
	t->room = (uint16_t)room;
}

/* Gives the length of what was written, and how much was left for it. */
static size_t write_text(struct http_texts *t, size_t size, const uint8_t *bytes, size_t n, size_t *left)
{
	char *out = (t->more ? t->more : t->first) + t->used;

	*left = (t->more ? t->room : sizeof(t->first)) - t->used;
	if (!*left)
		return 0;
	return text_copy_bytes(out, size < *left ? size : *left, bytes, n);
}

void http_texts_keep(struct http_texts *t, struct session *s, enum http_text which, const uint8_t *bytes, size_t n)
{
	size_t size = places[which].size, left, len;

	if (t->at[which] || !n)
		return;
	len = write_text(t, size, bytes, n, &left);
	if (left < size && len + CHARACTER_MAX >= left) {
		grow(t, s, t->used + size);
		len = write_text(t, size, bytes, n, &left);
	}
	if (!len)
		return;
	t->at[which] = (uint16_t)(t->used + 1);
	t->size[which] = (uint16_t)(len + 1);
	t->used = (uint16_t)(t->used + len + 1);
}

void http_texts_tell(const struct http_texts *t, struct http *facts)
{
	for (int i = 0; i < HTTP_TEXTS; i++) {
		if (t->at[i])
			memcpy((char *)facts + places[i].at, http_texts_get(t, (enum http_text)i), t->size[i]);
	}
}

void http_texts_free(struct http_texts *t, struct session *s)
{
	session_charge(s, -(ptrdiff_t)t->room);
	free(t->more);
}
