/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of objects: numbers, addresses, what is taken again, and what may not be touched. */
#include "cmocka_all.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/text.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#define MANY 20000 /* many slabs */
#define SIZE 200

static bool is_zero(const unsigned char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i])
			return false;
	return true;
}

static void test_numbers_run_from_one(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, SIZE);
	for (uint32_t i = 1; i <= 3 * POOL_SLAB; i++)
		assert_int_equal(pool_take(&p), i);
	assert_int_equal(p.used, 3 * POOL_SLAB);
	assert_int_equal(pool_bytes(&p), 3 * POOL_SLAB * p.size);
	assert_true(p.size >= SIZE);
	pool_free(&p);
}

static void stay_apart(size_t size, uint32_t many)
{
	unsigned char **at = xcalloc(many + 1, sizeof(*at));
	struct pool p;

	pool_init(&p, size);
	for (uint32_t i = 1; i <= many; i++) {
		assert_int_equal(pool_take(&p), i);
		at[i] = pool_at(&p, i);
		assert_int_equal((uintptr_t)at[i] % 8, 0);
		assert_true(is_zero(at[i], size));
		memset(at[i], (int)(i % 251) + 1, size);
	}
	for (uint32_t i = 1; i <= many; i++) {
		assert_ptr_equal(pool_at(&p, i), at[i]);
		assert_int_equal(at[i][0], i % 251 + 1);
		assert_memory_equal(at[i], at[i] + 1, size - 1);
	}
	pool_free(&p);
	free(at);
}

static void test_addresses_stay_apart_and_do_not_change(void **state)
{
	(void)state;
	stay_apart(SIZE, MANY);
	stay_apart(2 * SIZE, MANY);   /* the last ones in huge pages */
	stay_apart(200 * SIZE, MANY / 100); /* 64 of them are more than a huge page */
}

static void test_large_objects_begin_with_a_cache_line(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, 300);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal((uintptr_t)pool_at(&p, pool_take(&p)) % 64, 0);
	assert_int_equal(p.size, 5 * 64);
	pool_free(&p);
}

static void test_freed_objects_are_taken_again_first_and_zeroed(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, SIZE);
	for (uint32_t i = 1; i <= 10; i++)
		memset(pool_at(&p, pool_take(&p)), 0xa5, SIZE);
	pool_give(&p, 3);
	pool_give(&p, 7);
	assert_int_equal(p.used, 8);
	assert_int_equal(pool_take(&p), 7);
	assert_int_equal(pool_take(&p), 3);
	assert_true(is_zero(pool_at(&p, 3), SIZE));
	assert_true(is_zero(pool_at(&p, 7), SIZE));
	assert_int_equal(pool_take(&p), 11);
	pool_give(&p, 5);
	assert_int_equal(pool_take_raw(&p), 5);
	assert_int_equal(*(unsigned char *)pool_at(&p, 4), 0xa5);
	pool_free(&p);
}

/* What is given and taken in turn needs no more room than is in use at once. */
static void test_room_is_bound_by_what_is_in_use(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, SIZE);
	for (uint32_t round = 0; round < 1000; round++) {
		uint32_t numbers[5];

		for (int i = 0; i < 5; i++)
			numbers[i] = pool_take(&p);
		for (int i = 0; i < 5; i++)
			pool_give(&p, numbers[(i + (int)round) % 5]);
	}
	assert_int_equal(p.used, 0);
	assert_int_equal(p.made, 5);
	assert_int_equal(p.slab_count, 1);
	pool_free(&p);
}

static void test_an_emptied_pool_begins_anew(void **state)
{
	struct pool p;
	size_t size;

	(void)state;
	pool_init(&p, SIZE);
	size = p.size;
	for (int i = 0; i < MANY; i++)
		pool_take(&p);
	pool_give(&p, 1);
	pool_free(&p);
	assert_int_equal(p.size, size);
	assert_int_equal(pool_bytes(&p), 0);
	assert_int_equal(pool_take(&p), 1);
	assert_true(is_zero(pool_at(&p, 1), SIZE));
	pool_free(&p);
	pool_free(&p);
}

static void test_objects_carry_their_number(void **state)
{
	struct pool p;
	unsigned char *a, *b, *c;

	(void)state;
	pool_init_objects(&p, SIZE);
	a = pool_new(&p);
	b = pool_new(&p);
	assert_true(b - a >= SIZE);
	assert_int_equal((uintptr_t)a % 64, 0);
	memset(a, 0xff, SIZE);
	memset(b, 0xff, SIZE);
	pool_delete(&p, a);
	pool_delete(&p, NULL);
	assert_int_equal(p.used, 1);
	c = pool_new(&p);
	assert_ptr_equal(c, a);
	assert_true(is_zero(c, SIZE));
	assert_int_equal(b[SIZE - 1], 0xff);
	pool_delete(&p, b);
	pool_delete(&p, c);
	assert_int_equal(p.used, 0);
	assert_int_equal(p.made, 2);
	pool_free(&p);
}

/* In an ordinary build there is nothing that watches. */
static void test_a_deleted_object_may_not_be_touched(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	struct pool p;
	unsigned char *a, *b;

	(void)state;
	pool_init_objects(&p, SIZE);
	a = pool_new(&p);
	b = pool_new(&p);
	assert_null(__asan_region_is_poisoned(a, SIZE));
	pool_delete(&p, a);
	assert_ptr_equal(__asan_region_is_poisoned(a, SIZE), a);
	assert_true(__asan_address_is_poisoned(a + SIZE - 1));
	assert_null(__asan_region_is_poisoned(b, SIZE));
	assert_ptr_equal(pool_new(&p), a);
	assert_null(__asan_region_is_poisoned(a, SIZE));
	pool_delete(&p, a);
	pool_free(&p); /* what goes back to the system can be used by others */
	memset(a = xmalloc(SIZE), 1, SIZE);
	free(a);
#else
	(void)state;
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_run_from_one),
		cmocka_unit_test(test_addresses_stay_apart_and_do_not_change),
		cmocka_unit_test(test_large_objects_begin_with_a_cache_line),
		cmocka_unit_test(test_freed_objects_are_taken_again_first_and_zeroed),
		cmocka_unit_test(test_room_is_bound_by_what_is_in_use),
		cmocka_unit_test(test_an_emptied_pool_begins_anew),
		cmocka_unit_test(test_objects_carry_their_number),
		cmocka_unit_test(test_a_deleted_object_may_not_be_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
