/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON schema (draft 2020-12) of records, from the same tables as the records themselves. */
#include "base/json_out.h"
#include "record/ndjson.h"
#include "record/ndjson_limits.h"
#include "record/record_fields.h"

static void schema_fields(struct json *j, const struct field *table);

static void schema_type(struct json *j, const char *type, const char *format)
{
	json_text(j, "type", type);
	if (format)
		json_text(j, "format", format);
}

static void schema_either(struct json *j, const char *first, const char *second)
{
	json_array(j, "type");
	json_text(j, NULL, first);
	json_text(j, NULL, second);
	json_end_array(j);
}

static void schema_unsigned(struct json *j, const struct field *f)
{
	if (f->size == 8)
		schema_either(j, "integer", "string"); /* digits as a text above 2^63 - 1 */
	else
		json_text(j, "type", "integer");
	json_int(j, "minimum", 0);
	if (f->size < 8)
		json_uint(j, "maximum", (UINT64_C(1) << (8 * f->size)) - 1);
}

static void schema_names(struct json *j, const char *const *names)
{
	json_array(j, "enum");
	for (; *names; names++)
		json_text(j, NULL, *names);
	json_end_array(j);
}

static void schema_text(struct json *j, const struct field *f)
{
	json_text(j, "type", "string");
	if (f->type == FIELD_TEXT)
		json_uint(j, "maxLength", f->size - 1);
	else if (f->type == FIELD_MAC)
		json_text(j, "pattern", "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$");
	else if (f->type == FIELD_LETTER)
		json_uint(j, "maxLength", 1);
	else
		json_text(j, "description", "an IPv4 or IPv6 address");
}

static void schema_value(struct json *j, const char *key, const struct field *f)
{
	json_object(j, key);
	switch (f->type) {
	case FIELD_BOOL:
		json_text(j, "type", "boolean");
		break;
	case FIELD_UINT:
		schema_unsigned(j, f);
		break;
	case FIELD_INT:
		json_text(j, "type", "integer");
		break;
	case FIELD_DOUBLE:
		json_text(j, "type", "number");
		break;
	case FIELD_TIME:
		schema_type(j, "string", "date-time");
		break;
	case FIELD_SPAN:
		schema_either(j, "number", "string");
		json_text(j, "description", "seconds; a text of digits beyond 50 days");
		break;
	case FIELD_ENUM:
		schema_names(j, f->names);
		break;
	case FIELD_PROTO:
		schema_either(j, "string", "integer");
		json_text(j, "description", "tcp, udp, icmp, icmp6, or the number of the IP protocol");
		break;
	case FIELD_OBJECT:
		json_text(j, "type", "object");
		schema_fields(j, f->fields);
		break;
	default:
		schema_text(j, f);
		break;
	}
	json_end_object(j);
}

static void schema_list(struct json *j, const struct field *f)
{
	json_object(j, f->name);
	if (f->list == LIST_NAMED) {
		json_text(j, "type", "object");
		json_object(j, "properties");
		for (uint32_t i = 0; i < f->room; i++)
			schema_value(j, f->keys[i], f);
		json_end_object(j);
	} else {
		json_text(j, "type", "array");
		json_uint(j, "maxItems", f->room);
		schema_value(j, "items", f);
	}
	json_end_object(j);
}

static void schema_properties(struct json *j, const struct field *table)
{
	for (const struct field *f = table; f->name; f++) {
		if (f->list == LIST_NOT)
			schema_value(j, f->name, f);
		else
			schema_list(j, f);
	}
}

static void schema_fields(struct json *j, const struct field *table)
{
	json_object(j, "properties");
	schema_properties(j, table);
	json_end_object(j);
}

static void schema_kind(struct json *j, const struct field_table *kind)
{
	json_object(j, NULL);
	json_text(j, "title", kind->struct_name);
	json_text(j, "type", "object");
	json_array(j, "required");
	json_text(j, NULL, "kind");
	json_end_array(j);
	json_object(j, "properties");
	json_object(j, "kind");
	json_text(j, "const", kind->struct_name);
	json_end_object(j);
	schema_properties(j, record_head_fields);
	schema_properties(j, kind->fields);
	json_end_object(j);
	json_end_object(j);
}

void record_schema(struct text *out)
{
	struct json j = {.out = out, .indent = 1};

	json_object(&j, NULL);
	json_text(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_text(&j, "title", "pcapdx records: one object a line");
	json_text(&j, "description",
		"A field at its default is left out. Times are RFC 3339, durations and offsets "
		"(from ts) are seconds.");
	json_array(&j, "oneOf");
	for (int i = 0; i < RECORD_KINDS; i++)
		schema_kind(&j, &record_kind_tables[i]);
	json_end_array(&j);
	json_end_object(&j);
	text_add_char(out, '\n');
}
