/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records survive the way through NDJSON; hostile and foreign lines do no harm. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "record/ndjson.h"
#include "record/record_fields.h"

/* --- a record with each field at a value of its own, made from the tables --- */

static void fill_fields(const struct field *table, void *base, uint64_t *next);

static uint8_t name_count(const struct field *f)
{
	uint8_t n = 0;

	while (f->names[n])
		n++;
	return n;
}

/* One that differs from its neighbours, and from the default. */
static uint8_t some_name(const struct field *f, uint64_t n)
{
	uint64_t v = n % name_count(f);

	if (v == (uint64_t)f->default_value)
		v = (v + 1) % name_count(f);
	return (uint8_t)v;
}

static void fill_value(const struct field *f, void *p, uint64_t *next)
{
	uint64_t n = (*next)++;
	double d = (double)n + 0.25;
	char text[40];
	struct addr a = n % 2 ? addr_v4((uint8_t[]){10, 0, (uint8_t)(n >> 8), (uint8_t)n})
			      : addr_v6((uint8_t[16]){0x20, 1, 0xd, 0xb8, [14] = (uint8_t)(n >> 8), (uint8_t)n});
	uint64_t wide = f->size == 8 ? n * UINT64_C(100000007) + 1 : n % 250 + 1;

	switch (f->type) {
	case FIELD_BOOL:
		*(bool *)p = true;
		break;
	case FIELD_UINT:
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_SPAN:
		if (f->size == 1)
			wide = n % 120 + 1;
		memcpy(p, &wide, f->size);
		break;
	case FIELD_DOUBLE:
		memcpy(p, &d, sizeof(d));
		break;
	case FIELD_TEXT:
		snprintf(text, sizeof(text), "%llu\"\\\x1b<\xe2\x82\xac", (unsigned long long)n);
		text_copy(p, f->size, text); /* cuts no character in two */
		break;
	case FIELD_ADDR:
		memcpy(p, &a, sizeof(a));
		break;
	case FIELD_MAC:
		memcpy(p, &(struct mac){{2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}}, 6);
		break;
	case FIELD_ENUM:
		*(uint8_t *)p = some_name(f, n);
		break;
	case FIELD_PROTO:
		*(uint8_t *)p = n % 2 ? 17 : 50;
		break;
	case FIELD_LETTER:
		*(uint8_t *)p = 'P';
		break;
	case FIELD_OBJECT:
		fill_fields(f->fields, p, next);
		break;
	}
}

static void fill_fields(const struct field *table, void *base, uint64_t *next)
{
	for (const struct field *f = table; f->name; f++) {
		uint8_t *at = base;

		if (f->list == LIST_COUNTED || f->list == LIST_OVER)
			memcpy(at + f->count_offset, &f->room, sizeof(f->room));
		for (uint32_t i = 0; i < f->room; i++)
			fill_value(f, at + f->offset + (size_t)i * f->size, next);
	}
}

static void fill(struct record *r, enum record_kind kind)
{
	uint64_t next = 1;

	record_init(r, kind);
	fill_fields(record_head_fields, r, &next);
	fill_fields(record_kind_tables[kind].fields, record_body(r), &next);
}

static void check_same_fields(const struct field *table, const void *a, const void *b)
{
	for (const struct field *f = table; f->name; f++) {
		assert_int_equal(field_length(f, a), field_length(f, b));
		for (uint32_t i = 0; i < f->room; i++) {
			const void *x = field_at(f, a, i), *y = field_at(f, b, i);

			if (f->type == FIELD_OBJECT)
				check_same_fields(f->fields, x, y);
			else if (f->type == FIELD_TEXT)
				assert_string_equal(x, y);
			else if (memcmp(x, y, f->size) != 0)
				fail_msg("%s differs", f->name);
		}
	}
}

static void read_good(const char *line, struct record *r)
{
	char error[200] = "";

	if (!record_read(line, strlen(line), r, error, sizeof(error)))
		fail_msg("%s: %s", line, error);
}

static void check_way_and_back(const struct record *r)
{
	struct text first = {0}, second = {0};
	struct record back;

	record_write(r, &first);
	read_good(text_str(&first), &back);
	assert_int_equal(back.kind, r->kind);
	check_same_fields(record_head_fields, r, &back);
	check_same_fields(record_kind_tables[r->kind].fields, record_body_const(r), record_body_const(&back));
	record_write(&back, &second);
	assert_string_equal(text_str(&first), text_str(&second));
	text_free(&first);
	text_free(&second);
}

static void test_every_field_of_every_kind_survives(void **state)
{
	struct record r;

	(void)state;
	for (unsigned int kind = 0; kind < RECORD_KINDS; kind++) {
		fill(&r, kind);
		check_way_and_back(&r);
	}
}

static void test_empty_records_say_only_their_kind(void **state)
{
	struct text line = {0};
	struct record r;

	(void)state;
	for (unsigned int kind = 0; kind < RECORD_KINDS; kind++) {
		char *expected = xprintf("{\"kind\":\"%s\"}\n", record_kind_name(kind));

		record_init(&r, kind);
		text_clear(&line);
		record_write(&r, &line);
		assert_string_equal(text_str(&line), expected);
		check_way_and_back(&r);
		free(expected);
	}
	text_free(&line);
}

static void test_line_looks_like_zeek(void **state)
{
	struct text line = {0};
	struct record r;

	(void)state;
	record_init(&r, RECORD_CONN);
	r.ts_ns = INT64_C(1700000000000000001);
	text_copy(r.uid, sizeof(r.uid), "C1");
	addr_parse("10.0.0.1", &r.orig_h);
	addr_parse("2001:db8::2", &r.resp_h);
	r.orig_p = 40000;
	r.resp_p = 443;
	r.proto = 6;
	r.frame = 7;
	r.conn.duration_ns = 5010000000;
	r.conn.side[SIDE_RESP].bytes = 12;
	r.conn.syns = 1;
	r.conn.syn_at_ns[0] = 0;
	r.conn.answered = SYN_ANSWER_SYN_ACK;
	r.conn.syn_ack = (struct frame_ref){.frame = 8, .at_ns = 16000000};
	record_write(&r, &line);
	assert_string_equal(text_str(&line),
		"{\"kind\":\"conn\",\"ts\":\"2023-11-14T22:13:20.000000001Z\",\"uid\":\"C1\","
		"\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":40000,\"id.resp_h\":\"2001:db8::2\",\"id.resp_p\":443,"
		"\"proto\":\"tcp\",\"frame\":7,\"duration\":5.01,\"syns\":1,\"syn_at\":[0],"
		"\"syn_ack\":{\"frame\":8,\"at\":0.016},\"answered\":\"syn-ack\",\"resp_bytes\":12}\n");
	check_way_and_back(&r);
	text_free(&line);
}

static void test_extreme_numbers_survive(void **state)
{
	static const int64_t spans[] = {0, 1, -2, 999999999, INT64_C(4319999999999999), INT64_C(4320000000000001),
		INT64_MAX, INT64_MIN, INT64_C(-4319999999999999)};
	struct record r;

	(void)state;
	record_init(&r, RECORD_CONN);
	r.conn.side[SIDE_ORIG].bytes = UINT64_MAX;
	r.conn.rst_count = UINT32_MAX;
	r.conn.rsts[0].seq_delta = INT64_MAX;
	r.conn.rsts[1].ip_id_delta = INT64_MIN + 1;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		r.conn.rtt_server_ns = spans[i];
		r.conn.duration_ns = spans[i];
		check_way_and_back(&r);
	}
	r.ts_ns = INT64_C(9000000000000000000); /* the year 2255 */
	check_way_and_back(&r);
	r.ts_ns = -1;
	check_way_and_back(&r);
}

static void test_extreme_values_of_a_series_survive(void **state)
{
	static const double values[] = { 0, -1, 0.5, 1e14, 1e15, 12e15, 1e16, 1e17, 1.5e30, -1e300 };
	struct record r;

	(void)state;
	record_init(&r, RECORD_SERIES);
	memcpy(r.series.values, values, sizeof(values));
	r.series.value_count = sizeof(values) / sizeof(values[0]);
	check_way_and_back(&r);
}

static void test_counter_beyond_the_list_is_kept(void **state)
{
	struct record r;

	(void)state;
	read_good("{\"kind\":\"conn\",\"rst_count\":9,\"rsts\":[{\"side\":\"resp\"}]}", &r);
	assert_int_equal(r.conn.rst_count, 9);
	assert_int_equal(r.conn.rsts[0].side, SIDE_RESP);
	assert_int_equal(r.conn.rsts[1].side, SIDE_NONE);
	read_good("{\"kind\":\"conn\",\"rsts\":[{},{}]}", &r);
	assert_int_equal(r.conn.rst_count, 2);
}

static void test_long_texts_and_lists_are_cut(void **state)
{
	struct text line = {0};
	struct record r;

	(void)state;
	text_add(&line, "{\"kind\":\"dns\",\"query\":\"");
	for (int i = 0; i < 1000; i++)
		text_add(&line, "\xe2\x82\xac"); /* three bytes each: 255 hold 85 */
	text_add(&line, "\",\"answers\":[");
	for (int i = 0; i < 100; i++)
		text_printf(&line, "%s\"10.0.0.%d\"", i ? "," : "", i + 1);
	text_add(&line, "]}");
	read_good(text_str(&line), &r);
	assert_int_equal(strlen(r.dns.query), 255);
	assert_int_equal(r.dns.answer_count, DNS_ANSWERS_MAX);
	assert_int_equal(r.dns.answers[7].b[15], 8);
	text_free(&line);
}

static void test_unknown_fields_are_passed_over(void **state)
{
	struct record r;

	(void)state;
	read_good("{\"x\":{\"y\":[1,2,{}]},\"kind\":\"icmp\",\"ttl\":64,\"later\":null}", &r);
	assert_int_equal(r.icmp.ttl, 64);
}

static void test_bad_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"7",
		"null",
		"{\"kind\":\"conn\"}{",
		"{}",
		"{\"kind\":7}",
		"{\"kind\":\"unknown\"}",
		"{\"kind\":\"conn\",\"ts\":5}",
		"{\"kind\":\"conn\",\"ts\":\"yesterday\"}",
		"{\"kind\":\"conn\",\"ts\":\"9999-01-01T00:00:00Z\"}",
		"{\"kind\":\"conn\",\"syns\":-1}",
		"{\"kind\":\"conn\",\"syns\":4294967296}",
		"{\"kind\":\"conn\",\"syns\":1.5}",
		"{\"kind\":\"conn\",\"syns\":null}",
		"{\"kind\":\"conn\",\"orig_bytes\":\"18446744073709551616\"}",
		"{\"kind\":\"conn\",\"orig_bytes\":\"-1\"}",
		"{\"kind\":\"conn\",\"orig_window_scale\":128}",
		"{\"kind\":\"conn\",\"duration\":1e300}",
		"{\"kind\":\"conn\",\"duration\":\"9223372036.9\"}",
		"{\"kind\":\"conn\",\"duration\":\"\"}",
		"{\"kind\":\"conn\",\"duration\":true}",
		"{\"kind\":\"conn\",\"first_fin\":\"me\"}",
		"{\"kind\":\"conn\",\"first_fin\":1}",
		"{\"kind\":\"conn\",\"rsts\":{}}",
		"{\"kind\":\"conn\",\"rsts\":[1]}",
		"{\"kind\":\"conn\",\"syn_ack\":[]}",
		"{\"kind\":\"conn\",\"id.orig_h\":\"10.0.0.256\"}",
		"{\"kind\":\"conn\",\"id.orig_p\":65536}",
		"{\"kind\":\"conn\",\"proto\":\"sctp\"}",
		"{\"kind\":\"conn\",\"proto\":256}",
		"{\"kind\":\"conn\",\"orig_l2_addr\":\"00:11\"}",
		"{\"kind\":\"tls\",\"at\":[]}",
		"{\"kind\":\"tls\",\"dtls\":1}",
		"{\"kind\":\"ftp\",\"mode\":\"PP\"}",
		"{\"kind\":\"conn\",\"service\":\"a\\u0000b\"}",
		"{\"kind\":\"conn\",\"service\":\"\xff\"}",
		"{\"kind\":\"conn\",\"kind\":\"tls\"}",
		"{\"kind\":\"series\",\"values\":[\"a\"]}",
	};
	struct record r;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char error[200] = "";

		if (record_read(lines[i], strlen(lines[i]), &r, error, sizeof(error)))
			fail_msg("taken: %s", lines[i]);
		assert_true(error[0] != '\0');
	}
}

static void test_deep_nesting_is_refused(void **state)
{
	struct text line = {0};
	char error[200];
	struct record r;

	(void)state;
	text_add(&line, "{\"kind\":\"conn\",\"x\":");
	for (int i = 0; i < 100000; i++)
		text_add_char(&line, '[');
	assert_false(record_read(text_str(&line), line.len, &r, error, sizeof(error)));
	text_free(&line);
}

/* --- whole files --- */

static void count_record(void *arg, const struct record *r)
{
	(void)r;
	(*(int *)arg)++;
}

static int load(const char *content, size_t n, int *taken, char error[200])
{
	struct record_sink sink = {count_record, taken};
	char path[] = "/tmp/pcapdx-ndjson-XXXXXX";
	int fd = mkstemp(path), result;

	assert_true(fd >= 0 && write(fd, content, n) == (ssize_t)n && close(fd) == 0);
	*taken = 0;
	error[0] = '\0';
	result = records_load(path, &sink, error, 200);
	unlink(path);
	return result;
}

static void test_file_of_records_is_loaded(void **state)
{
	static const char good[] = "{\"kind\":\"conn\"}\r\n\n{\"kind\":\"tls\"}"; /* no newline at the end */
	static const char mixed[] = "{\"kind\":\"conn\"}\nrubbish\n{\"kind\":\"tls\"}\n";
	static const char bad[] = "rubbish\n";
	struct record_sink sink = {count_record, NULL};
	char error[200];
	int taken;

	(void)state;
	assert_int_equal(load(good, sizeof(good) - 1, &taken, error), 0);
	assert_int_equal(taken, 2);
	assert_int_equal(load(mixed, sizeof(mixed) - 1, &taken, error), 1);
	assert_int_equal(taken, 2);
	assert_non_null(strstr(error, "line 2: not JSON"));
	assert_int_equal(load(bad, sizeof(bad) - 1, &taken, error), -1);
	assert_int_equal(load("", 0, &taken, error), -1);
	assert_string_equal(error, "no records in it");
	assert_int_equal(records_load("/nonexistent/records", &sink, error, sizeof(error)), -1);
	assert_string_equal(error, "No such file or directory");
}

static void test_endless_line_is_passed_over(void **state)
{
	struct text content = {0};
	char error[200];
	int taken;

	(void)state;
	for (int i = 0; i < 3 * 1024 * 1024; i++)
		text_add_char(&content, ' ');
	text_add(&content, "{\"kind\":\"conn\"}\n{\"kind\":\"conn\"}\n");
	assert_int_equal(load(content.s, content.len, &taken, error), 1);
	assert_int_equal(taken, 1);
	assert_string_equal(error, "line 1: the line is too long");
	text_free(&content);
}

/* With PCAPDX_ACCEPT set in the environment the kept schema is written anew. */
static void test_kept_schema_is_of_today(void **state)
{
	const char *srcdir = getenv("srcdir");
	char *path = xprintf("%s/doc/records.schema.json", srcdir ? srcdir : "."), *kept;
	struct text now = {0};
	size_t n;
	FILE *f;

	(void)state;
	record_schema(&now);
	if (getenv("PCAPDX_ACCEPT") && (f = fopen(path, "w"))) {
		fputs(text_str(&now), f);
		fclose(f);
	}
	f = fopen(path, "r");
	assert_non_null(f);
	kept = xcalloc(1, now.len + 2);
	n = fread(kept, 1, now.len + 1, f);
	fclose(f);
	if (n != now.len || strcmp(kept, text_str(&now)) != 0)
		fail_msg("doc/records.schema.json is stale: run tests/test_ndjson with PCAPDX_ACCEPT=1");
	free(kept);
	free(path);
	text_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_of_every_kind_survives),
		cmocka_unit_test(test_empty_records_say_only_their_kind),
		cmocka_unit_test(test_line_looks_like_zeek),
		cmocka_unit_test(test_extreme_numbers_survive),
		cmocka_unit_test(test_extreme_values_of_a_series_survive),
		cmocka_unit_test(test_counter_beyond_the_list_is_kept),
		cmocka_unit_test(test_long_texts_and_lists_are_cut),
		cmocka_unit_test(test_unknown_fields_are_passed_over),
		cmocka_unit_test(test_bad_lines_are_refused),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_file_of_records_is_loaded),
		cmocka_unit_test(test_endless_line_is_passed_over),
		cmocka_unit_test(test_kept_schema_is_of_today),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
