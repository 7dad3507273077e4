/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A streaming JSON writer (RFC 8259). */
#include "base/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/when.h"

static void new_line(struct json *j)
{
	if (!j->indent)
		return;
	text_add_char(j->out, '\n');
	for (int i = 0; i < j->depth * j->indent; i++)
		text_add_char(j->out, ' ');
}

static void start_value(struct json *j, const char *key)
{
	if (j->depth > 0) {
		if (!j->first)
			text_add_char(j->out, ',');
		new_line(j);
	}
	j->first = false;
	if (!key)
		return;
	text_add_char(j->out, '"');
	escape_json(j->out, key);
	text_add(j->out, j->indent ? "\": " : "\":");
}

static void open_level(struct json *j, const char *key, char bracket)
{
	start_value(j, key);
	text_add_char(j->out, bracket);
	j->depth++;
	j->first = true;
}

static void close_level(struct json *j, char bracket)
{
	j->depth--;
	if (!j->first)
		new_line(j);
	j->first = false;
	text_add_char(j->out, bracket);
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, '{');
}

void json_end_object(struct json *j)
{
	close_level(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, '[');
}

void json_end_array(struct json *j)
{
	close_level(j, ']');
}

void json_text(struct json *j, const char *key, const char *value)
{
	if (!value) {
		json_null(j, key);
		return;
	}
	start_value(j, key);
	text_add_char(j->out, '"');
	escape_json(j->out, value);
	text_add_char(j->out, '"');
}

void json_int(struct json *j, const char *key, int64_t value)
{
	start_value(j, key);
	text_printf(j->out, "%" PRId64, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	start_value(j, key);
	text_printf(j->out, "%" PRIu64, value);
}

void json_number(struct json *j, const char *key, double value)
{
	char digits[400];
	int n;

	if (!isfinite(value)) {
		json_null(j, key);
		return;
	}
	start_value(j, key);
	/* Large ones with an exponent: many readers take digits without a point for an integer of 64 bits. */
	n = snprintf(digits, sizeof(digits), fabs(value) < 1e15 ? "%.9f" : "%.17g", value);
	while (strchr(digits, '.') && !strchr(digits, 'e') && digits[n - 1] == '0')
		digits[--n] = '\0';
	if (digits[n - 1] == '.')
		digits[n - 1] = '\0';
	text_add(j->out, strcmp(digits, "-0") == 0 ? "0" : digits);
}

void json_ns(struct json *j, const char *key, int64_t ns)
{
	char seconds[WHEN_TEXT_SIZE];

	start_value(j, key);
	text_add(j->out, when_seconds(ns, seconds));
}

void json_bool(struct json *j, const char *key, bool value)
{
	start_value(j, key);
	text_add(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	start_value(j, key);
	text_add(j->out, "null");
}
