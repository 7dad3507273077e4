/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series records put on one axis of time, and the plots that come of them. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/result.h"
#include "diagnose/timeline.h"

#define BEGIN_NS (1700000000 * NS_PER_S)

static void add(struct timeline *t, const char *name, int64_t second, const double *values, uint32_t count)
{
	struct record r;

	record_init(&r, RECORD_SERIES);
	r.ts_ns = BEGIN_NS + second * NS_PER_S;
	text_copy(r.series.name, sizeof(r.series.name), name);
	r.series.bucket_ns = NS_PER_S;
	r.series.value_count = count;
	memcpy(r.series.values, values, count * sizeof(*values));
	timeline_record(t, &r);
}

static struct result *plots_of(const struct timeline *t, double seconds)
{
	struct result *r = xcalloc(1, sizeof(*r));

	r->summary.has_packets = true;
	r->summary.first_ts_ns = BEGIN_NS;
	r->summary.last_ts_ns = BEGIN_NS + (int64_t)(seconds * 1e9);
	timeline_plots(t, r);
	return r;
}

static const struct plot *named(const struct result *r, const char *id)
{
	for (int i = 0; i < r->plot_count; i++)
		if (strcmp(r->plots[i]->id, id) == 0)
			return r->plots[i];
	return NULL;
}

static void test_quiet_capture_has_no_plots(void **state)
{
	static const double bytes[] = {100, 0, 0, 100, 0, 100}, rtt[] = {0.0004, 0, 0, 0.0003, 0, 0};
	struct timeline *t = xcalloc(1, sizeof(*t));
	struct result *r;

	(void)state;
	add(t, "bytes", 0, bytes, 6);
	add(t, "rtt", 0, rtt, 6);
	add(t, "rtt_max", 0, rtt, 6);
	r = plots_of(t, 6);
	assert_int_equal(r->plot_count, 0);
	result_free(r);
	free(t);
}

static void test_throughput_is_in_bits_at_the_middle_of_each_second(void **state)
{
	static const double bytes[] = {125000, 0, 250000, 0, 0, 125000};
	struct timeline *t = xcalloc(1, sizeof(*t));
	struct result *r;
	const struct plot *p;

	(void)state;
	add(t, "bytes", 0, bytes, 6);
	r = plots_of(t, 6);
	p = named(r, "throughput");
	assert_non_null(p);
	assert_string_equal(p->y_label, "Mbit/s");
	assert_int_equal(p->lines[0].count, 6);
	assert_true(p->lines[0].x[2] == 2.5 && p->lines[0].y[2] == 2);
	result_free(r);
	free(t);
}

static void test_mean_round_trip_is_over_seconds_that_have_one(void **state)
{
	static const double mean[] = {0.020, 0, 0.040, 0, 0, 0.020}, most[] = {0.030, 0, 0.300, 0, 0, 0.030};
	struct timeline *t = xcalloc(1, sizeof(*t));
	struct result *r;
	const struct plot *p;

	(void)state;
	add(t, "rtt", 0, mean, 6);
	add(t, "rtt_max", 0, most, 6);
	r = plots_of(t, 6);
	p = named(r, "rtt");
	assert_non_null(p);
	assert_int_equal(p->lines[0].count, 3);
	assert_true(p->lines[0].y[1] == 40 && p->lines[1].y[1] == 300);
	assert_non_null(strstr(p->says, "300 ms at most"));
	result_free(r);
	free(t);
}

static void test_long_captures_are_coarsened_and_lose_nothing(void **state)
{
	double ones[SERIES_VALUES];
	struct timeline *t = xcalloc(1, sizeof(*t));
	struct result *r;
	const struct plot *p;
	double sum = 0;

	(void)state;
	for (int i = 0; i < SERIES_VALUES; i++)
		ones[i] = 1;
	for (int minute = 0; minute < 500; minute++)
		add(t, "resent", minute * 60, ones, SERIES_VALUES);
	assert_int_equal(t->bucket_ns, 16 * NS_PER_S);
	r = plots_of(t, 30000);
	p = named(r, "loss");
	assert_non_null(p);
	assert_true(p->lines[0].count <= TIMELINE_BUCKETS);
	for (int i = 0; i < p->lines[0].count; i++)
		sum += p->lines[0].y[i];
	assert_true(sum == 30000);
	result_free(r);
	free(t);
}

static void test_times_out_of_reason_end_nothing(void **state)
{
	static const double one[] = {1};
	struct timeline *t = xcalloc(1, sizeof(*t));

	(void)state;
	add(t, "resent", 0, one, 1);
	add(t, "resent", -1000, one, 1);
	add(t, "resent", 4000000000, one, 1);
	add(t, "no such measure", 0, one, 1);
	assert_true(t->used <= TIMELINE_BUCKETS);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet_capture_has_no_plots),
		cmocka_unit_test(test_throughput_is_in_bits_at_the_middle_of_each_second),
		cmocka_unit_test(test_mean_round_trip_is_over_seconds_that_have_one),
		cmocka_unit_test(test_long_captures_are_coarsened_and_lose_nothing),
		cmocka_unit_test(test_times_out_of_reason_end_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
