/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records in. Lines may come from anyone: a value of the wrong type or out of range refuses the line, a text or a list
 * that is too long is cut, what is not known is passed over.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "record/ndjson.h"
#include "record/ndjson_limits.h"
#include "record/record_fields.h"

static bool read_fields(const struct field *table, void *base, const json_t *object, struct text *why);

static bool refuse(struct text *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct text *why, const char *format, ...)
{
	char sentence[200];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	text_clear(why);
	text_add(why, sentence);
	return false;
}

static bool refuse_type(struct text *why, const struct field *f, const char *wanted)
{
	return refuse(why, "\"%s\" is not %s", f->name, wanted);
}

/* Digits as a text, as the writer makes them where a JSON number would be rounded. */
static bool unsigned_from(const json_t *v, uint64_t *out)
{
	const char *s;
	char *end;

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*out = (uint64_t)json_integer_value(v);
		return true;
	}
	s = json_string_value(v);
	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool read_unsigned(const struct field *f, void *p, const json_t *v, struct text *why)
{
	uint64_t n;

	if (!unsigned_from(v, &n))
		return refuse_type(why, f, "a number of 0 or more");
	if (f->size < 8 && n >> (8 * f->size))
		return refuse(why, "\"%s\" is too large: %" PRIu64, f->name, n);
	/* A copy through the right type, so that the byte order of the machine does not matter. */
	if (f->size == 1)
		*(uint8_t *)p = (uint8_t)n;
	else if (f->size == 2)
		memcpy(p, &(uint16_t){(uint16_t)n}, 2);
	else if (f->size == 4)
		memcpy(p, &(uint32_t){(uint32_t)n}, 4);
	else
		memcpy(p, &n, 8);
	return true;
}

static bool read_signed(const struct field *f, void *p, const json_t *v, struct text *why)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return refuse_type(why, f, "a whole number");
	if (f->size == 1 && (n < INT8_MIN || n > INT8_MAX))
		return refuse(why, "\"%s\" is out of range", f->name);
	if (f->size == 1)
		*(int8_t *)p = (int8_t)n;
	else
		memcpy(p, &(int64_t){n}, 8);
	return true;
}

/* "-12.000000001": whole seconds and up to nine decimals; false beyond 64 bits of ns. */
static bool span_from_text(const char *s, int64_t *ns)
{
	bool negative = *s == '-';
	uint64_t whole, fraction = 0, unit = NS_PER_S / 10;
	char *end;

	s += negative;
	if (*s < '0' || *s > '9')
		return false;
	whole = strtoull(s, &end, 10);
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			fraction += (uint64_t)(*end - '0') * unit;
	if (*end || whole > INT64_MAX / NS_PER_S)
		return false;
	whole = whole * (uint64_t)NS_PER_S + fraction; /* less than 2^63 + 10^9 */
	if (whole > (uint64_t)INT64_MAX + negative)
		return false;
	*ns = (int64_t)(negative ? 0 - whole : whole);
	return true;
}

static bool read_span(const struct field *f, void *p, const json_t *v, struct text *why)
{
	double seconds = json_number_value(v), whole = trunc(seconds);
	int64_t ns;

	if (json_is_string(v)) {
		if (!span_from_text(json_string_value(v), &ns))
			return refuse_type(why, f, "a number of seconds");
	} else if (!json_is_number(v)) {
		return refuse_type(why, f, "a number of seconds");
	} else if (fabs(seconds) >= 9.2e9) {
		return refuse(why, "\"%s\" is out of range", f->name);
	} else {
		ns = (int64_t)whole * NS_PER_S + llround((seconds - whole) * 1e9);
	}
	memcpy(p, &ns, sizeof(ns));
	return true;
}

/* Years that a 64-bit number of ns can hold as a whole. */
static bool year_fits(const char *s)
{
	long year = strtol(s, NULL, 10);

	return year >= 1678 && year <= 2261;
}

static bool read_time(const struct field *f, void *p, const json_t *v, struct text *why)
{
	const char *s = json_string_value(v);
	int64_t ns;

	if (!s || !year_fits(s) || !when_parse(s, &ns))
		return refuse_type(why, f, "a time of RFC 3339");
	memcpy(p, &ns, sizeof(ns));
	return true;
}

static bool read_double(const struct field *f, void *p, const json_t *v, struct text *why)
{
	double n = json_number_value(v);

	if (!json_is_number(v))
		return refuse_type(why, f, "a number");
	memcpy(p, &n, sizeof(n));
	return true;
}

static bool read_bool(const struct field *f, void *p, const json_t *v, struct text *why)
{
	if (!json_is_boolean(v))
		return refuse_type(why, f, "true or false");
	*(bool *)p = json_is_true(v);
	return true;
}

static bool read_enum(const struct field *f, void *p, const json_t *v, struct text *why)
{
	const char *s = json_string_value(v);

	for (uint8_t i = 0; s && f->names[i]; i++) {
		if (strcmp(f->names[i], s) == 0) {
			*(uint8_t *)p = i;
			return true;
		}
	}
	return refuse_type(why, f, "one of its names");
}

static bool read_proto(const struct field *f, void *p, const json_t *v, struct text *why)
{
	const char *s = json_string_value(v);

	for (const struct proto_name *n = proto_names; s && n->name; n++) {
		if (strcmp(n->name, s) == 0) {
			*(uint8_t *)p = n->number;
			return true;
		}
	}
	if (s)
		return refuse_type(why, f, "the name or the number of a protocol");
	return read_unsigned(f, p, v, why);
}

static bool read_string(const struct field *f, void *p, const json_t *v, struct text *why)
{
	const char *s = json_string_value(v);
	bool good;

	if (!s)
		return refuse_type(why, f, "a text");
	switch (f->type) {
	case FIELD_ADDR:
		good = *s == '\0' || addr_parse(s, p); /* in a list: unset (the answer "::") */
		return good || refuse_type(why, f, "an IP address");
	case FIELD_MAC:
		good = mac_parse(s, p);
		return good || refuse_type(why, f, "a MAC address");
	case FIELD_LETTER:
		good = strlen(s) <= 1 && (uint8_t)*s < 0x80;
		*(uint8_t *)p = (uint8_t)*s;
		return good || refuse_type(why, f, "one letter");
	default:
		text_copy(p, f->size, s);
		return true;
	}
}

static bool read_value(const struct field *f, void *p, const json_t *v, struct text *why)
{
	switch (f->type) {
	case FIELD_BOOL:
		return read_bool(f, p, v, why);
	case FIELD_UINT:
		return read_unsigned(f, p, v, why);
	case FIELD_INT:
		return read_signed(f, p, v, why);
	case FIELD_DOUBLE:
		return read_double(f, p, v, why);
	case FIELD_TIME:
		return read_time(f, p, v, why);
	case FIELD_SPAN:
		return read_span(f, p, v, why);
	case FIELD_ENUM:
		return read_enum(f, p, v, why);
	case FIELD_PROTO:
		return read_proto(f, p, v, why);
	case FIELD_OBJECT:
		if (!json_is_object(v))
			return refuse_type(why, f, "an object");
		return read_fields(f->fields, p, v, why);
	default:
		return read_string(f, p, v, why);
	}
}

static void *element(const struct field *f, void *base, uint32_t i)
{
	return (uint8_t *)base + f->offset + (size_t)i * f->size;
}

/* A list that is longer than its counter says corrects the counter: nothing may be hidden behind it. */
static void set_count(const struct field *f, void *base, uint32_t n)
{
	uint32_t count;
	uint8_t *at = (uint8_t *)base + f->count_offset;

	if (f->list == LIST_TRIMMED)
		return;
	memcpy(&count, at, sizeof(count));
	if (f->list == LIST_COUNTED || count < n)
		memcpy(at, &n, sizeof(n));
}

static bool read_list(const struct field *f, void *base, const json_t *v, struct text *why)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v))
		return refuse_type(why, f, "a list");
	if (n > f->room)
		n = f->room;
	for (uint32_t i = 0; i < n; i++)
		if (!read_value(f, element(f, base, i), json_array_get(v, i), why))
			return false;
	set_count(f, base, (uint32_t)n);
	return true;
}

static bool read_named(const struct field *f, void *base, const json_t *v, struct text *why)
{
	if (!json_is_object(v))
		return refuse_type(why, f, "an object");
	for (uint32_t i = 0; i < f->room; i++) {
		const json_t *one = json_object_get(v, f->keys[i]);

		if (one && !read_value(f, element(f, base, i), one, why))
			return false;
	}
	return true;
}

static bool read_field(const struct field *f, void *base, const json_t *v, struct text *why)
{
	switch (f->list) {
	case LIST_NOT:
		return read_value(f, element(f, base, 0), v, why);
	case LIST_NAMED:
		return read_named(f, base, v, why);
	default:
		return read_list(f, base, v, why);
	}
}

static bool read_fields(const struct field *table, void *base, const json_t *object, struct text *why)
{
	for (const struct field *f = table; f->name; f++) {
		const json_t *v = json_object_get(object, f->name);

		if (v && !read_field(f, base, v, why))
			return false;
	}
	return true;
}

static bool read_object(const json_t *object, struct record *r, struct text *why)
{
	const char *name = json_string_value(json_object_get(object, "kind"));
	unsigned int kind = 0;

	if (!json_is_object(object))
		return refuse(why, "not a JSON object");
	if (!name)
		return refuse(why, "no \"kind\"");
	while (kind < RECORD_KINDS && strcmp(record_kind_name(kind), name) != 0)
		kind++;
	if (kind == RECORD_KINDS)
		return refuse(why, "no such kind of record");
	record_init(r, kind);
	return read_fields(record_head_fields, r, object, why) &&
	       read_fields(record_kind_tables[kind].fields, record_body(r), object, why);
}

bool record_read(const char *line, size_t n, struct record *r, char *error, size_t error_size)
{
	struct text why = {0};
	json_error_t parse;
	json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, &parse);
	bool good;

	/* A sentence of jansson's quotes the line; ours quotes nothing that others wrote. */
	good = object ? read_object(object, r, &why) : refuse(&why, "not JSON (near byte %d)", parse.position);
	if (!good)
		text_copy(error, error_size, text_str(&why));
	json_decref(object);
	text_free(&why);
	return good;
}
