/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of one instant go out by source, first frame and kind, a conversation after what was said in it. */
#include "cmocka_all.h"

#include <string.h>

#include "record/record_order.h"

#define TAKEN_MAX 64

struct taken {
	struct record records[TAKEN_MAX];
	int count;
};

static void take(void *arg, const struct record *const *run, int count)
{
	struct taken *t = arg;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		assert_true(t->count < TAKEN_MAX);
		record_copy(&t->records[t->count++], run[i]);
	}
}

static int count_of(struct record_order *o, const struct taken *t)
{
	record_order_hand_over(o);
	return t->count;
}

static void put(struct record_order *o, enum record_kind kind, int64_t at_ns, uint16_t source, uint64_t frame)
{
	struct record r;

	record_init(&r, kind);
	r.emitted_ns = at_ns;
	r.source = source;
	r.frame = frame;
	record_order_take(o, &r);
}

static void check(const struct record *r, enum record_kind kind, uint16_t source, uint64_t frame)
{
	assert_int_equal(r->kind, kind);
	assert_int_equal(r->source, source);
	assert_int_equal(r->frame, frame);
}

static struct record_order *order_of(struct taken *t, size_t held_max)
{
	struct run_sink sink = {take, t};

	t->count = 0;
	return record_order_new(&sink, held_max);
}

static void test_one_instant_is_put_into_order(void **state)
{
	struct taken t;
	struct record_order *o = order_of(&t, 1 << 20);

	(void)state;
	put(o, RECORD_CONN, 5, 0, 9);
	put(o, RECORD_CONN, 7, 1, 3);
	assert_int_equal(count_of(o, &t), 1); /* its instant is over */
	put(o, RECORD_LINK, 7, 0, 8);
	put(o, RECORD_CONN, 7, 0, 4);
	put(o, RECORD_HTTP, 7, 0, 4);
	put(o, RECORD_TLS, 7, 0, 4);
	put(o, RECORD_SERIES, 7, 0, 0);
	assert_int_equal(count_of(o, &t), 1);
	record_order_clock(o, 7);
	assert_int_equal(count_of(o, &t), 1); /* more of it may follow */
	record_order_clock(o, 8);
	assert_int_equal(count_of(o, &t), 7);
	check(&t.records[1], RECORD_SERIES, 0, 0);
	check(&t.records[2], RECORD_TLS, 0, 4);
	check(&t.records[3], RECORD_HTTP, 0, 4);
	check(&t.records[4], RECORD_CONN, 0, 4);
	check(&t.records[5], RECORD_LINK, 0, 8);
	check(&t.records[6], RECORD_CONN, 1, 3);
	record_order_free(o);
}

/* Once a frame has passed, what is before it goes out, and nothing else. */
/* A record that is made in the order's own place is not written over by one that comes meanwhile. */
static void test_one_made_in_place_keeps_its_order(void **state)
{
	struct taken t;
	struct record_order *o = order_of(&t, 1 << 20);
	struct record *made;

	(void)state;
	for (int meanwhile = 0; meanwhile < 2; meanwhile++) {
		made = record_order_room(o);
		record_init(made, RECORD_CONN);
		made->emitted_ns = 5 + meanwhile;
		made->frame = 3;
		if (meanwhile)
			put(o, RECORD_LINK, 6, 0, 2);
		record_order_take(o, made);
	}
	put(o, RECORD_LINK, 6, 0, 1);
	record_order_flush(o);
	assert_int_equal(count_of(o, &t), 4);
	check(&t.records[0], RECORD_CONN, 0, 3);
	check(&t.records[1], RECORD_LINK, 0, 1);
	check(&t.records[2], RECORD_LINK, 0, 2);
	check(&t.records[3], RECORD_CONN, 0, 3);
	record_order_free(o);
}

static void test_what_a_frame_has_passed_goes_out(void **state)
{
	struct taken t;
	struct record_order *o = order_of(&t, 1 << 20);

	(void)state;
	record_order_passed(o, 9, 9); /* of nothing */
	put(o, RECORD_CONN, 7, 0, 4);
	record_order_passed(o, 0, 4); /* of that frame more may follow */
	assert_int_equal(count_of(o, &t), 0);
	record_order_passed(o, 0, 5);
	assert_int_equal(count_of(o, &t), 1);
	put(o, RECORD_CONN, 7, 1, 2);
	put(o, RECORD_CONN, 7, 0, 9);
	put(o, RECORD_DNS, 7, 0, 6);
	record_order_passed(o, 0, 6);
	assert_int_equal(count_of(o, &t), 1);
	record_order_passed(o, 0, 8);
	assert_int_equal(count_of(o, &t), 2);
	put(o, RECORD_TLS, 7, 0, 9); /* behind what went out, in order with what stayed */
	record_order_passed(o, 1, 0);
	assert_int_equal(count_of(o, &t), 4);
	record_order_passed(o, 2, 0);
	assert_int_equal(count_of(o, &t), 5);
	check(&t.records[0], RECORD_CONN, 0, 4);
	check(&t.records[1], RECORD_DNS, 0, 6);
	check(&t.records[2], RECORD_TLS, 0, 9);
	check(&t.records[3], RECORD_CONN, 0, 9);
	check(&t.records[4], RECORD_CONN, 1, 2);
	record_order_free(o);
}

static void test_equal_records_stay_as_they_came(void **state)
{
	struct taken t;
	struct record_order *o = order_of(&t, 1 << 20);
	struct record r;

	(void)state;
	record_init(&r, RECORD_DNS);
	for (uint16_t i = 0; i < 40; i++) {
		r.dns.id = i;
		record_order_take(o, &r);
	}
	record_order_flush(o);
	assert_int_equal(count_of(o, &t), 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(t.records[i].dns.id, i);
	record_order_free(o);
}

/* Those of one instant that come in order, however often what went before them is handed over; then one that does not. */
static void test_those_in_line_stay_in_order(void **state)
{
	for (uint64_t count = 1; count < 45; count++) {
		struct taken t;
		struct record_order *o = order_of(&t, 1 << 20);
		uint64_t late = count / 2 + 1;

		(void)state;
		put(o, RECORD_DNS, 6, 0, 1);
		for (uint64_t frame = 2; frame < 2 + count; frame++) {
			put(o, frame % 2 ? RECORD_CONN : RECORD_TLS, 7, 0, frame);
			if (frame % 3 == 0)
				assert_int_equal(count_of(o, &t), 1);
		}
		put(o, RECORD_CONN, 7, 0, late);
		record_order_passed(o, 0, late + 1);
		assert_int_equal(count_of(o, &t), 1 + late); /* the first, those up to `late`, and that */
		record_order_flush(o);
		assert_int_equal(t.count, (int)count + 2);
		for (int i = 2; i < t.count; i++)
			assert_true(t.records[i - 1].frame <= t.records[i].frame);
		record_order_free(o);
	}
}

/* What is sorted already comes out sorted however little may be held */
static void test_held_records_are_bounded(void **state)
{
	struct taken t;
	struct record conn;
	struct record_order *o;
	size_t empty_bytes;

	(void)state;
	record_init(&conn, RECORD_CONN);
	o = order_of(&t, 3 * record_size(&conn));
	empty_bytes = record_order_bytes(o);
	put(o, RECORD_ICMP, 1, 0, 21);
	for (uint64_t frame = 2; frame < 40; frame += 2)
		put(o, RECORD_CONN, 1, 0, frame);
	assert_true(count_of(o, &t) >= 17);
	assert_true(record_order_bytes(o) < empty_bytes + 7 * sizeof(struct record));
	record_order_flush(o);
	assert_int_equal(count_of(o, &t), 20);
	for (int i = 1; i < t.count; i++)
		assert_true(t.records[i - 1].frame < t.records[i].frame);
	record_order_free(o);
}

static void test_what_is_held_is_freed(void **state)
{
	struct taken t;
	struct record_order *o = order_of(&t, 1 << 20);

	(void)state;
	put(o, RECORD_CONN, 1, 0, 1);
	put(o, RECORD_CONN, 1, 0, 2);
	record_order_free(o);
	assert_int_equal(t.count, 0);
}

static void make(struct record *r, enum record_kind kind, int64_t at_ns)
{
	record_init(r, kind);
	r->emitted_ns = at_ns;
	r->frame = (uint64_t)at_ns;
	if (kind == RECORD_CONN) /* of every size */
		r->conn.key_frame_count = (uint32_t)at_ns % KEY_FRAMES_MAX;
}

struct counted {
	uint64_t frames;
	int largest_run;
};

/* Frames 1, 2, 3, ..., each as it was made. */
static void count(void *arg, const struct record *const *run, int n)
{
	struct counted *c = arg;
	struct record expected;

	c->largest_run = n > c->largest_run ? n : c->largest_run;
	for (int i = 0; i < n; i++) {
		c->frames++;
		make(&expected, (enum record_kind)run[i]->kind, (int64_t)c->frames);
		assert_memory_equal(run[i], &expected, record_size(&expected));
	}
}

/* However many are in order, made in place or copied, alone or held up by another; whenever they are asked for. */
static void test_runs_hold_what_came(void **state)
{
	static const enum record_kind kinds[] = {RECORD_CONN, RECORD_HTTP, RECORD_CONN, RECORD_TLS, RECORD_CONN, RECORD_DNS};
	struct counted c = {0};
	struct run_sink sink = {count, &c};
	struct record_order *o = record_order_new(&sink, 1 << 20);
	struct record copied;

	(void)state;
	for (int64_t at = 1; at <= 3000; at++) {
		bool in_place = at % 3;
		struct record *r = in_place ? record_order_room(o) : &copied;

		make(r, kinds[at % 6], at);
		if (in_place && at % 5 == 0) { /* while the other is still being made */
			make(&copied, RECORD_LINK, at);
			r->emitted_ns = ++at;
			r->frame = (uint64_t)at;
			if (r->kind == RECORD_CONN)
				r->conn.key_frame_count = (uint32_t)at % KEY_FRAMES_MAX;
			record_order_take(o, &copied);
		}
		record_order_take(o, r);
		if (at % 97 < 2)
			record_order_hand_over(o);
	}
	record_order_flush(o);
	assert_true(c.frames >= 3000);
	assert_true(c.largest_run > 8);
	record_order_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_instant_is_put_into_order),
		cmocka_unit_test(test_one_made_in_place_keeps_its_order),
		cmocka_unit_test(test_what_a_frame_has_passed_goes_out),
		cmocka_unit_test(test_equal_records_stay_as_they_came),
		cmocka_unit_test(test_those_in_line_stay_in_order),
		cmocka_unit_test(test_held_records_are_bounded),
		cmocka_unit_test(test_what_is_held_is_freed),
		cmocka_unit_test(test_runs_hold_what_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
