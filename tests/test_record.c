/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables cover the record: no byte and no member without a row; empty records hold the defaults. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/record_fields.h"
#include "record/record_rows.h"

#define TEXT_MAX (128 * 1024)

static void test_empty_record_holds_the_defaults(void **state)
{
	struct record r;

	(void)state;
	memset(&r, 0xa5, sizeof(r));
	record_init(&r, RECORD_CONN);
	assert_int_equal(r.kind, RECORD_CONN);
	assert_int_equal(r.ts_ns, 0);
	assert_int_equal(r.conn.first_fin, SIDE_NONE);
	assert_int_equal(r.conn.pending, SIDE_NONE);
	assert_int_equal(r.conn.side[SIDE_RESP].window_scale, -1);
	assert_int_equal(r.conn.side[SIDE_ORIG].rtt_min_ns, UNSET);
	assert_int_equal(r.conn.syn_at_ns[SYN_TIMES_MAX - 1], UNSET);
	assert_int_equal(r.conn.rsts[RSTS_MAX - 1].seq_delta, UNSET_DELTA);
	assert_int_equal(r.conn.key_frames[KEY_FRAMES_MAX - 1].side, SIDE_NONE);
	record_init(&r, RECORD_HTTP);
	assert_true(r.http.announced_body == UINT64_MAX);
	record_init(&r, RECORD_TUNNEL);
	assert_int_equal(r.tunnel.first_data_ns[SIDE_RESP], UNSET);
	assert_int_equal(r.tunnel.side, SIDE_NONE);
}

static void test_kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(record_kind_name(RECORD_CAPTURE), "capture");
	assert_string_equal(record_kind_name(RECORD_SERIES), "series");
	assert_string_equal(record_kind_name(RECORD_KINDS), "unknown");
}

static void cover(const struct field *table, uint8_t *bytes);

static void cover_element(const struct field *f, uint8_t *at)
{
	if (f->type == FIELD_OBJECT)
		cover(f->fields, at);
	else
		memset(at, 1, f->size);
}

/* Bytes that a row tells about become 1. */
static void cover(const struct field *table, uint8_t *bytes)
{
	for (const struct field *f = table; f->name; f++) {
		if (f->list == LIST_COUNTED)
			memset(bytes + f->count_offset, 1, sizeof(uint32_t));
		for (uint32_t i = 0; i < f->room; i++)
			cover_element(f, bytes + f->offset + (size_t)i * f->size);
	}
}

/* The compiler's padding ends at a multiple of what follows, and nothing that follows wants more than 8. */
static void check_no_holes(const struct field_table *t)
{
	uint8_t *bytes = xcalloc(1, t->size);
	size_t hole = 0;

	cover(t->fields, bytes);
	for (size_t i = 0; i < t->size; i++) {
		hole = bytes[i] ? 0 : hole + 1;
		if (hole >= 8)
			fail_msg("struct %s: bytes %zu to %zu have no row", t->struct_name, i + 1 - hole, i);
	}
	free(bytes);
}

static void test_every_byte_has_a_row(void **state)
{
	static const struct field_table others[] = {
		{"frame_ref", frame_ref_fields, sizeof(struct frame_ref)},
		{"tls_alert_seen", tls_alert_fields, sizeof(struct tls_alert_seen)},
		{"lost_datagram", lost_datagram_fields, sizeof(struct lost_datagram)},
		{NULL},
	};

	(void)state;
	for (const struct field_table *t = record_kind_tables; t->struct_name; t++)
		check_no_holes(t);
	for (const struct field_table *t = record_conn_tables; t->struct_name; t++)
		check_no_holes(t);
	for (const struct field_table *t = others; t->struct_name; t++)
		check_no_holes(t);
}

static char *header_text(void)
{
	static const char *const headers[] = { "record_parts", "record_conn", "record_tls", "record_said", "record_capture" };
	const char *srcdir = getenv("srcdir");
	char *text = xcalloc(1, TEXT_MAX);
	size_t used = 0;

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		char *path = xprintf("%s/src/record/%s.h", srcdir ? srcdir : ".", headers[i]);
		FILE *f = fopen(path, "r");
		size_t n;

		assert_non_null(f);
		n = fread(text + used, 1, TEXT_MAX - 1 - used, f);
		assert_true(n > 0);
		used += n;
		fclose(f);
		free(path);
	}
	assert_true(used < TEXT_MAX - 1);
	return text;
}

static void blank_comments(char *text)
{
	char *start, *end;

	while ((start = strstr(text, "/*")) && (end = strstr(start, "*/")))
		memset(start, ' ', (size_t)(end + 2 - start));
}

static const struct field_table *table_of(const char *name)
{
	static const struct field_table others[] = {
		{"conn_side", conn_fields, 0},
		{"frame_ref", frame_ref_fields, 0},
		{"tls_alert_seen", tls_alert_fields, 0},
		{"lost_datagram", lost_datagram_fields, 0},
		{NULL},
	};
	const struct field_table *lists[] = {record_kind_tables, record_conn_tables, others};

	for (int i = 0; i < 3; i++)
		for (const struct field_table *t = lists[i]; t->struct_name; t++)
			if (strcmp(t->struct_name, name) == 0)
				return t;
	return NULL;
}

/* "side[SIDE_ORIG].bytes" is about "bytes", "gap_bytes[SIDE_ORIG]" about "gap_bytes". */
static bool is_about(const char *member, const char *name)
{
	const char *dot = strrchr(member, '.');
	const char *last = dot ? dot + 1 : member;
	size_t n = strcspn(last, "[");

	return strlen(name) == n && strncmp(last, name, n) == 0;
}

static bool has_row(const struct field *table, const char *name)
{
	for (const struct field *f = table; f->name; f++)
		if (is_about(f->member, name) || (f->count_member && strcmp(f->count_member, name) == 0))
			return true;
	return false;
}

/* One declaration, "uint32_t a, b[4]": each name in it. */
static int check_declaration(const char *struct_name, const struct field *table, char *declaration)
{
	char *rest = declaration, *part;
	int names = 0;

	while ((part = strsep(&rest, ","))) {
		char *end = part + strcspn(part, "[");

		while (end > part && strchr(" \t\n", end[-1]))
			end--;
		*end = '\0';
		while (end > part && (end[-1] == '_' || strchr(" \t\n", end[-1]) == NULL))
			end--;
		if (strcmp(end, "side") == 0 && strcmp(struct_name, "conn") == 0)
			continue; /* flattened */
		if (strcmp(end, "community_id_due") == 0)
			continue; /* settled before it is written */
		if (strcmp(end, "zero") == 0)
			continue; /* what would be padding */
		if (*end && !has_row(table, end))
			fail_msg("struct %s: %s has no row", struct_name, end);
		names++;
	}
	return names;
}

/* A small member can hide in what looks like padding, so the declarations are read as well. */
static void test_every_member_has_a_row(void **state)
{
	char *text = header_text(), *p = text, name[64];
	int names = 0, used;

	(void)state;
	blank_comments(text);
	while ((p = strstr(p, "\nstruct "))) {
		const struct field_table *t;

		used = 0;
		if (sscanf(p, "\nstruct %63[a-z_] { %n", name, &used) < 1 || !used || !(t = table_of(name))) {
			p++;
			continue;
		}
		p += used;
		for (char *end; *p != '}' && (end = strchr(p, ';')); p = end + 1, p += strspn(p, " \t\n")) {
			*end = '\0';
			names += check_declaration(name, t->fields, p);
		}
	}
	assert_true(names > 300);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_record_holds_the_defaults),
		cmocka_unit_test(test_kinds_have_names),
		cmocka_unit_test(test_every_byte_has_a_row),
		cmocka_unit_test(test_every_member_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
