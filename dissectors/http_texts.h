/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of one HTTP exchange until its record is made, one behind the other: struct http is mostly room that no
 * ordinary message fills, and many exchanges are under way at once.
 */
#ifndef PCAPDX_DISSECTORS_HTTP_TEXTS_H
#define PCAPDX_DISSECTORS_HTTP_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct session;

enum http_text {
	HTTP_METHOD,
	HTTP_URI,
	HTTP_HOST,
	HTTP_USER_AGENT,
	HTTP_CONTENT_TYPE,
	HTTP_LOCATION,
	HTTP_SERVER,
	HTTP_VIA,
	HTTP_PROXIED_HOST,
	HTTP_TEXTS,
};

#define HTTP_TEXTS_FIRST 288 /* what most exchanges need */

struct http_texts {
	char *more; /* owned; all texts, once `first` does not hold them; NULL: it does */
	uint16_t used, room;
	uint16_t at[HTTP_TEXTS]; /* where it begins, and 1; 0: it is empty */
	uint16_t size[HTTP_TEXTS]; /* with its NUL */
	char first[HTTP_TEXTS_FIRST];
};

/* Keeps a text, made printable and cut to what the record has room for, unless there is one already. What it takes
 * counts as the session's. */
void http_texts_keep(
	struct http_texts *t, struct session *s, enum http_text which, const uint8_t *bytes, size_t n);
/* "" where there is none; until the next one is kept. */
static inline const char *http_texts_get(const struct http_texts *t, enum http_text which)
{
	return t->at[which] ? (t->more ? t->more : t->first) + t->at[which] - 1 : "";
}
/* Writes all of them into a record whose texts are empty. */
void http_texts_tell(const struct http_texts *t, struct http *facts);
void http_texts_free(struct http_texts *t, struct session *s);

#endif
