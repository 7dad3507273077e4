/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A streaming JSON writer (RFC 8259) into a text. It places commas and repairs bad UTF-8. A NULL key is right inside
 * an array and at the top. `indent` spaces per level; 0 writes one line.
 */
#ifndef PCAPDX_BASE_JSON_OUT_H
#define PCAPDX_BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct json {
	struct text *out; /* borrowed */
	int indent, depth;
	bool first; /* nothing written yet on this level */
};

void json_object(struct json *j, const char *key);
void json_end_object(struct json *j);
void json_array(struct json *j, const char *key);
void json_end_array(struct json *j);
void json_text(struct json *j, const char *key, const char *value); /* NULL: null */
void json_int(struct json *j, const char *key, int64_t value);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_number(struct json *j, const char *key, double value); /* shortest of up to nine decimals; NaN and inf: null */
void json_ns(struct json *j, const char *key, int64_t ns);	  /* exact seconds as a number */
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
