/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records out, one JSON object a line, and the schema of those lines. Both follow the field tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/when.h"
#include "record/ndjson.h"
#include "record/ndjson_limits.h"
#include "record/record_fields.h"

static void write_fields(struct json *j, const struct field *table, const void *base);

static uint64_t unsigned_value(const void *p, uint32_t size)
{
	uint16_t half;
	uint32_t word;
	uint64_t longest;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&half, p, sizeof(half));
		return half;
	case 4:
		memcpy(&word, p, sizeof(word));
		return word;
	default:
		memcpy(&longest, p, sizeof(longest));
		return longest;
	}
}

static int64_t signed_value(const void *p, uint32_t size)
{
	int64_t v;

	if (size == 1)
		return *(const int8_t *)p;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* What the usual JSON readers would round is written as a text. */
static void write_unsigned(struct json *j, const char *key, uint64_t v)
{
	char digits[24];

	if (v <= INT64_MAX) {
		json_uint(j, key, v);
		return;
	}
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	json_text(j, key, digits);
}

static void write_span(struct json *j, const char *key, int64_t ns)
{
	char seconds[WHEN_TEXT_SIZE];

	if (ns > -SPAN_EXACT_NS && ns < SPAN_EXACT_NS)
		json_ns(j, key, ns);
	else
		json_text(j, key, when_seconds(ns, seconds));
}

static void write_enum(struct json *j, const char *key, const char *const *names, uint8_t v)
{
	for (uint8_t i = 0; names[i]; i++) {
		if (i == v) {
			json_text(j, key, names[i]);
			return;
		}
	}
	json_uint(j, key, v);
}

static void write_proto(struct json *j, const char *key, uint8_t v)
{
	const struct proto_name *n = proto_names;

	while (n->name && n->number != v)
		n++;
	if (n->name)
		json_text(j, key, n->name);
	else
		json_uint(j, key, v);
}

static void write_letter(struct json *j, const char *key, uint8_t v)
{
	char text[2] = {(char)v, '\0'};

	json_text(j, key, text);
}

static void write_number(struct json *j, const char *key, const void *p)
{
	double v;

	memcpy(&v, p, sizeof(v));
	json_number(j, key, isfinite(v) ? v : 0);
}

static void write_object(struct json *j, const char *key, const struct field *f, const void *p)
{
	json_object(j, key);
	write_fields(j, f->fields, p);
	json_end_object(j);
}

static void write_value(struct json *j, const char *key, const struct field *f, const void *p)
{
	char text[ADDR_TEXT_SIZE > WHEN_TEXT_SIZE ? ADDR_TEXT_SIZE : WHEN_TEXT_SIZE];

	switch (f->type) {
	case FIELD_BOOL:
		json_bool(j, key, *(const bool *)p);
		break;
	case FIELD_UINT:
		write_unsigned(j, key, unsigned_value(p, f->size));
		break;
	case FIELD_INT:
		json_int(j, key, signed_value(p, f->size));
		break;
	case FIELD_DOUBLE:
		write_number(j, key, p);
		break;
	case FIELD_TEXT:
		json_text(j, key, p);
		break;
	case FIELD_TIME:
		json_text(j, key, when_rfc3339(signed_value(p, f->size), text));
		break;
	case FIELD_SPAN:
		write_span(j, key, signed_value(p, f->size));
		break;
	case FIELD_ADDR:
		json_text(j, key, addr_text(p, text));
		break;
	case FIELD_MAC:
		json_text(j, key, mac_text(p, text));
		break;
	case FIELD_ENUM:
		write_enum(j, key, f->names, *(const uint8_t *)p);
		break;
	case FIELD_PROTO:
		write_proto(j, key, *(const uint8_t *)p);
		break;
	case FIELD_LETTER:
		write_letter(j, key, *(const uint8_t *)p);
		break;
	case FIELD_OBJECT:
		write_object(j, key, f, p);
		break;
	}
}

static void write_named(struct json *j, const struct field *f, const void *base, uint32_t n)
{
	json_object(j, f->name);
	for (uint32_t i = 0; i < n; i++)
		if (!field_is_default(f, field_at(f, base, i)))
			write_value(j, f->keys[i], f, field_at(f, base, i));
	json_end_object(j);
}

static void write_fields(struct json *j, const struct field *table, const void *base)
{
	for (const struct field *f = table; f->name; f++) {
		uint32_t n = field_length(f, base);

		if (n == 0)
			continue;
		if (f->list == LIST_NOT) {
			write_value(j, f->name, f, field_at(f, base, 0));
			continue;
		}
		if (f->list == LIST_NAMED) {
			write_named(j, f, base, n);
			continue;
		}
		json_array(j, f->name);
		for (uint32_t i = 0; i < n; i++)
			write_value(j, NULL, f, field_at(f, base, i));
		json_end_array(j);
	}
}

static void write_settled(const struct record *r, struct text *out)
{
	struct record *settled = record_keep(r);

	record_settle(settled);
	record_write(settled, out);
	free(settled);
}

void record_write(const struct record *r, struct text *out)
{
	struct json j = {.out = out};

	if (r->kind == RECORD_CONN && r->conn.community_id_due) {
		write_settled(r, out);
		return;
	}
	record_uid(r);
	json_object(&j, NULL);
	json_text(&j, "kind", record_kind_name(r->kind));
	write_fields(&j, record_head_fields, r);
	write_fields(&j, record_kind_tables[r->kind].fields, record_body_const(r));
	json_end_object(&j);
	text_add_char(out, '\n');
}
