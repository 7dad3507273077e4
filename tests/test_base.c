/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/: the checked reader, escaping, JSON, tables, samples, times. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/byte_sum.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/json_out.h"
#include "base/memo.h"
#include "base/packed.h"
#include "base/ranked.h"
#include "base/reader.h"
#include "base/samples.h"
#include "base/seq.h"
#include "base/table.h"
#include "base/when.h"

static void sum_add(struct byte_sum *s, const uint8_t *b, size_t n)
{
	uint64_t word = 0, before = s->sum;

	memcpy(&word, b, n);
	s->sum += word;
	s->carried += s->sum < before;
}

/* Whole words by hand; wide registers must come to the same. */
static void test_byte_sum_is_that_of_its_words(void **state)
{
	uint8_t bytes[512];
	uint32_t seed = 1;

	(void)state;
	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct byte_sum got, want = { 0, 0 };

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24 | (n % 3 ? 0u : 0xf0u));
		for (size_t i = 0; i < n; i += 8)
			sum_add(&want, bytes + i, n - i < 8 ? n - i : 8);
		got = byte_sum(bytes, n);
		assert_int_equal(got.sum, want.sum);
		assert_int_equal(got.carried, want.carried);
	}
}

/* As a plain sort does, and equal ones keep their order: `thing` counts up. */
static void test_ranked_things_are_in_order(void **state)
{
	struct ranked list[600];
	char things[600];
	uint32_t seed = 1;

	(void)state;
	for (unsigned bits = 1; bits <= 64; bits += 9) {
		for (size_t i = 0; i < 600; i++) {
			seed = seed * 1664525 + 1013904223;
			list[i] = (struct ranked){ (uint64_t)seed << 32 >> (64 - bits) | (bits > 40 ? seed >> 8 : 0), &things[i] };
		}
		ranked_sort(list, 600);
		for (size_t i = 1; i < 600; i++)
			assert_true(list[i - 1].rank < list[i].rank ||
				    (list[i - 1].rank == list[i].rank && list[i - 1].thing < list[i].thing));
	}
	ranked_sort(list, 1);
	ranked_sort(NULL, 0);
}

static void test_reader_tells_cut_from_bad(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader cut = rd_make(bytes, 4, 8), bad = rd_make(bytes, 4, 4);

	(void)state;
	assert_int_equal(rd_u32(&cut), 0x01020304);
	assert_int_equal(rd_u16(&cut), 0);
	assert_int_equal(cut.state, READER_CUT);
	assert_int_equal(rd_u24(&bad), 0x010203);
	assert_int_equal(rd_u16(&bad), 0);
	assert_int_equal(bad.state, READER_BAD);
	assert_int_equal(rd_u8(&bad), 0); /* nothing moves after an error */
	assert_int_equal(rd_left(&bad), 0);
}

static void test_sub_reader_knows_what_it_lost(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader r = rd_make(bytes, 4, 6), sub = rd_sub(&r, 5), other;

	(void)state;
	assert_int_equal(r.state, READER_CUT);
	assert_int_equal(rd_left(&sub), 4);
	rd_skip(&sub, 4);
	rd_u8(&sub);
	assert_int_equal(sub.state, READER_CUT);
	r = rd_make(bytes, 4, 4);
	other = rd_sub(&r, 5);
	assert_int_equal(other.state, READER_BAD);
	assert_int_equal(r.state, READER_BAD);
}

static void test_sequence_numbers_compare_across_the_wrap(void **state)
{
	(void)state;
	assert_true(seq_before(0xfffffff0u, 0x10));
	assert_true(seq_after(0x10, 0xfffffff0u));
	assert_int_equal(seq_diff(0x10, 0xfffffff0u), 0x20);
	assert_false(seq_before(5, 5));
}

static void check_escape(void (*escape)(struct text *, const char *), const char *in, const char *want)
{
	struct text t = { 0 };

	escape(&t, in);
	assert_string_equal(text_str(&t), want);
	text_free(&t);
}

static void test_hostile_text_is_shown_not_obeyed(void **state)
{
	(void)state;
	check_escape(escape_terminal, "a\x1b[31mb\n", "a\\x1b[31mb\\x0a");
	check_escape(escape_terminal, "x\xe2\x80\xaey", "x<U+202E>y");
	check_escape(escape_terminal, "\xff\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_escape(escape_terminal, "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	check_escape(escape_html, "<a href=\"x\">'&", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
	check_escape(escape_html, "\xe2\x80\xae", "&lt;U+202E&gt;");
	check_escape(escape_json, "\"\\\n</script>", "\\\"\\\\\\u000a\\u003c/script\\u003e");
	check_escape(escape_csv, "=cmd()", "\"'=cmd()\"");
	check_escape(escape_csv, "a,\"b", "\"a,\"\"b\"");
	check_escape(escape_csv, "plain", "plain");
	check_escape(escape_markdown, "a|b<c>`d", "a\\|b&lt;c&gt;\\`d");
}

static void test_json_places_commas(void **state)
{
	struct text t = { 0 };
	struct json j = { .out = &t };

	(void)state;
	json_object(&j, NULL);
	json_int(&j, "a", -1);
	json_array(&j, "b");
	json_number(&j, NULL, 5.01);
	json_text(&j, NULL, NULL);
	json_end_array(&j);
	json_object(&j, "c");
	json_end_object(&j);
	json_ns(&j, "d", 5010000001);
	json_number(&j, "e", 0.0 / 0.0);
	json_end_object(&j);
	assert_string_equal(text_str(&t), "{\"a\":-1,\"b\":[5.01,null],\"c\":{},\"d\":5.010000001,\"e\":null}");
	text_free(&t);
}

static void test_table_gives_up_the_oldest_when_full(void **state)
{
	struct table t;
	uint32_t key, n = 0;

	(void)state;
	hash_init();
	table_init(&t, sizeof(key), sizeof(int), 3);
	for (key = 1; key <= 4; key++)
		*(int *)table_add(&t, &key) = (int)key * 10;
	key = 1;
	assert_null(table_find(&t, &key));
	assert_int_equal(t.evicted, 1);
	for (struct table_entry *e = table_next(&t, NULL); e; e = table_next(&t, e)) {
		memcpy(&key, table_key(e), sizeof(key));
		assert_int_equal(key, 2 + n++);
		assert_int_equal(*(int *)table_value(e), (int)key * 10);
	}
	assert_int_equal(n, 3);
	table_free(&t);
}

#define MODEL_KEYS 5000

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* What the table holds, in order, is what was added and not removed since. */
static void check_table(const struct table *t, const uint32_t *added_at, uint32_t left)
{
	uint32_t key, before = 0, n = 0;

	for (struct table_entry *e = table_next(t, NULL); e; e = table_next(t, e)) {
		memcpy(&key, table_key(e), sizeof(key));
		assert_true(added_at[key] > before);
		assert_int_equal(*(uint32_t *)table_value(e), added_at[key]);
		before = added_at[key];
		n++;
	}
	assert_int_equal(n, left);
	assert_int_equal(t->count, left);
	for (key = 0; key < MODEL_KEYS; key++)
		assert_int_equal(table_find(t, &key) != NULL, added_at[key] != 0);
}

static void test_table_holds_what_was_added_and_not_removed(void **state)
{
	static uint32_t added_at[MODEL_KEYS]; /* 0: not there */
	size_t held = 0;
	uint32_t seed = 1, left = 0;
	struct table t;

	(void)state;
	hash_init();
	table_init(&t, sizeof(uint32_t), sizeof(uint32_t), UINT32_MAX);
	t.held_bytes = &held;
	for (uint32_t i = 1; i <= 100000; i++) {
		uint32_t key = next_random(&seed) % MODEL_KEYS;

		if (added_at[key] && next_random(&seed) % 2) {
			table_remove(&t, &key);
			added_at[key] = 0;
			left--;
		} else if (!added_at[key]) {
			uint32_t *value = table_add(&t, &key);

			assert_int_equal(*value, 0);
			*value = added_at[key] = i;
			left++;
		}
		if (i % 20000 == 0)
			check_table(&t, added_at, left);
	}
	assert_true(held > left * 2 * sizeof(uint32_t));
	table_free(&t);
	assert_int_equal(held, 0);
}

/* Ports or addresses that count upwards, whatever the secret: no place of a table gets far more than its share. */
static void test_pairs_that_count_upwards_are_spread(void **state)
{
	enum { KEYS = 1 << 14, PLACES = 1 << 10 };

	(void)state;
	for (int secret = 0; secret < 500; secret++) {
		unsigned ports[PLACES] = { 0 }, hosts[PLACES] = { 0 };

		hash_init();
		for (uint64_t i = 0; i < KEYS; i++) {
			unsigned port = hash_seeded_pair(1, i << 24 | 80 << 8 | 6) >> 32 & (PLACES - 1);
			unsigned host = hash_seeded_pair(i << 47 | 1, 80 << 8 | 6) >> 32 & (PLACES - 1);

			assert_true(++ports[port] < 4 * KEYS / PLACES);
			assert_true(++hosts[host] < 4 * KEYS / PLACES);
		}
	}
}

static void test_samples_stay_bounded_and_keep_the_median(void **state)
{
	struct samples s = { 0 };

	(void)state;
	for (int i = 0; i < 100001; i++)
		samples_add(&s, i);
	assert_true(s.n <= SAMPLES_MAX);
	assert_true(samples_median(&s) > 49500 && samples_median(&s) < 50500);
	assert_true(s.max == 100000 && s.min == 0 && s.seen == 100001);
	samples_free(&s);
	samples_add(&s, 1);
	samples_add(&s, 2);
	assert_true(samples_median(&s) == 1.5);
	samples_free(&s);
}

static void test_times_round_trip(void **state)
{
	char text[WHEN_TEXT_SIZE];
	int64_t ns;

	(void)state;
	assert_string_equal(when_rfc3339(1, text), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(when_rfc3339(-1, text), "1969-12-31T23:59:59.999999999Z");
	assert_true(when_parse("2026-11-21T10:00:00.5+01:00", &ns));
	assert_string_equal(when_rfc3339(ns, text), "2026-11-21T09:00:00.500000000Z");
	assert_false(when_parse("yesterday", &ns));
	assert_string_equal(when_duration(5.01, text), "5.0 s");
	assert_string_equal(when_seconds(-1500000000, text), "-1.5");
}

static void test_a_copy_is_whole_utf8_whatever_came(void **state)
{
	char out[8];

	(void)state;
	text_copy_bytes(out, sizeof(out), (const uint8_t *)"a\xc3\xa9\xff" "b", 5);
	assert_string_equal(out, "a\xc3\xa9\xef\xbf\xbd" "b");
	text_copy_bytes(out, sizeof(out), (const uint8_t *)"abcde\xff", 6); /* the repair would not fit */
	assert_string_equal(out, "abcde");
	text_copy_bytes(out, sizeof(out), (const uint8_t *)"\xe2\x82\xac", 2); /* the rest lies past the end */
	assert_string_equal(out, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_addresses_as_text(void **state)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a;
	struct mac m;

	(void)state;
	assert_true(addr_parse("192.0.2.1", &a));
	assert_true(addr_is_v4(&a));
	assert_string_equal(addr_text(&a, text), "192.0.2.1");
	assert_true(addr_parse("2001:db8::1", &a));
	assert_string_equal(addr_text(&a, text), "2001:db8::1");
	assert_false(addr_parse("example", &a));
	assert_true(mac_parse("00:01:d7:3e:10:42", &m));
	assert_false(mac_parse("00:01:d7", &m));
}

/* RFC 1071, section 1: of 16-bit words, padded with zero. */
static void test_byte_sum_of_any_length_is_the_checksum_s(void **state)
{
	uint8_t bytes[300];
	uint32_t seed = 7;

	(void)state;
	for (size_t n = 0; n < sizeof(bytes); n++) {
		uint64_t want = 0;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		for (size_t i = 0; i < n; i += 2) {
			uint8_t two[2] = { bytes[i], i + 1 < n ? bytes[i + 1] : 0 };
			uint16_t word;

			memcpy(&word, two, 2);
			want += word;
		}
		assert_int_equal(byte_sum_ones(bytes, n) % 0xffff, want % 0xffff);
	}
}

/* Zeros and words by turns, runs longer than a byte can say, all and nothing. */
static void test_what_was_packed_comes_back(void **state)
{
	static uint64_t words[512], back[512];
	struct packed *p;

	(void)state;
	for (size_t every = 1; every <= 512; every = every * 3 + 1) {
		memset(words, 0, sizeof(words));
		memset(back, 0, sizeof(back));
		for (size_t i = every / 2; i < 512; i += every)
			words[i] = i << 32 | 1;
		p = packed_make(words, sizeof(words));
		assert_true(packed_size(p) <= sizeof(*p) + (512 / every + 1) * 8 + 2 * (512 / every + 512 / 255 + 2));
		packed_open(p, back, sizeof(back));
		assert_memory_equal(back, words, sizeof(words));
		memset(back, 0, sizeof(back));
		packed_open(p, back, 300 * sizeof(*back));
		assert_memory_equal(back, words, 300 * sizeof(*back));
		assert_int_equal(back[300], 0);
		free(p);
	}
	memset(words, 0, sizeof(words));
	p = packed_make(words, sizeof(words));
	assert_true(packed_size(p) < 32);
	assert_int_equal(packed_size(NULL), 0);
	free(p);
}

static void test_digits_are_written(void **state)
{
	static const uint32_t numbers[] = { 0, 7, 10, 65535, 1000000000, UINT32_MAX };
	static const uint8_t bytes[] = { 0x00, 0x0a, 0xf5, 0xff };
	char text[16], wanted[16];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		*text_put_decimal(text, numbers[i]) = '\0';
		snprintf(wanted, sizeof(wanted), "%u", numbers[i]);
		assert_string_equal(text, wanted);
	}
	*text_put_hex(text, bytes, sizeof(bytes)) = '\0';
	assert_string_equal(text, "000af5ff");
}

/* More texts than there are places, twice: whatever is remembered of one is its own. */
static void test_an_answer_is_that_to_its_bytes(void **state)
{
	static uint8_t many[MEMO_BYTES_MAX + 1];
	struct memo m = { { NULL } };
	uint32_t found = 0;

	(void)state;
	for (uint32_t i = 0; i < 2 * 3 * MEMO_PLACES; i++) {
		uint32_t question = i % (3 * MEMO_PLACES), answer = ~question;
		const uint32_t *known = memo_find(&m, &question, sizeof(question));

		found += known != NULL;
		if (known)
			assert_int_equal(*known, answer);
		else
			memo_keep(&m, &question, sizeof(question), &answer, sizeof(answer));
		known = memo_find(&m, &question, sizeof(question));
		assert_non_null(known);
		assert_int_equal(*known, answer);
	}
	assert_true(found < 2 * 3 * MEMO_PLACES);
	memo_keep(&m, many, sizeof(many), "long", 5);
	assert_null(memo_find(&m, many, sizeof(many)));
	memo_keep(&m, many, sizeof(many) - 1, "fits", 5);
	assert_string_equal(memo_find(&m, many, sizeof(many) - 1), "fits");
	memo_free(&m);
	assert_null(memo_find(&m, many, sizeof(many) - 1));
}

static void test_a_table_is_roomy_far_from_its_bounds(void **state)
{
	struct table_budget budget = { .max = SIZE_MAX }, *before = table_budget_use(&budget);
	struct table t;
	uint64_t key = 0;

	(void)state;
	table_init(&t, sizeof(key), sizeof(key), 8);
	table_budget_use(before);
	for (; key < 4; key++) {
		assert_true(table_is_roomy(&t));
		table_add(&t, &key);
	}
	assert_false(table_is_roomy(&t));
	key = 0;
	table_remove(&t, &key);
	assert_true(table_is_roomy(&t));
	budget.max = budget.held;
	assert_false(table_is_roomy(&t));
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_sum_is_that_of_its_words),
		cmocka_unit_test(test_byte_sum_of_any_length_is_the_checksum_s),
		cmocka_unit_test(test_ranked_things_are_in_order),
		cmocka_unit_test(test_reader_tells_cut_from_bad),
		cmocka_unit_test(test_sub_reader_knows_what_it_lost),
		cmocka_unit_test(test_sequence_numbers_compare_across_the_wrap),
		cmocka_unit_test(test_hostile_text_is_shown_not_obeyed),
		cmocka_unit_test(test_a_copy_is_whole_utf8_whatever_came),
		cmocka_unit_test(test_json_places_commas),
		cmocka_unit_test(test_table_gives_up_the_oldest_when_full),
		cmocka_unit_test(test_table_holds_what_was_added_and_not_removed),
		cmocka_unit_test(test_pairs_that_count_upwards_are_spread),
		cmocka_unit_test(test_samples_stay_bounded_and_keep_the_median),
		cmocka_unit_test(test_times_round_trip),
		cmocka_unit_test(test_addresses_as_text),
		cmocka_unit_test(test_what_was_packed_comes_back),
		cmocka_unit_test(test_digits_are_written),
		cmocka_unit_test(test_a_table_is_roomy_far_from_its_bounds),
		cmocka_unit_test(test_an_answer_is_that_to_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
