/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/reassemble/: both engines against the model, on random segments from fixed seeds. */
#include "cmocka_all.h"

#include "stream_model.h"

#define RUNS 1500
#define OPS_MAX 600

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Gives how many bytes were only counted. */
static uint64_t run(enum engine_kind engine, uint64_t seed)
{
	uint8_t ops[OPS_MAX];
	uint64_t counted = 0;

	for (int i = 0; i < RUNS; i++) {
		size_t n = next_random(&seed) % OPS_MAX;

		for (size_t j = 0; j < n; j++)
			ops[j] = (uint8_t)next_random(&seed);
		counted += stream_model_run(engine, ops, n);
	}
	return counted;
}

static void test_native_engine_keeps_the_models_promises(void **state)
{
	(void)state;
	assert_true(run(ENGINE_NATIVE, 1) > 500000);
}

static void test_libnids_engine_keeps_the_models_promises(void **state)
{
	(void)state;
	assert_int_equal(run(ENGINE_NIDS, 2), 0); /* it tells everything */
}

static void test_both_engines_keep_the_models_promises(void **state)
{
	(void)state;
	assert_int_equal(run(ENGINE_BOTH, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native_engine_keeps_the_models_promises),
		cmocka_unit_test(test_libnids_engine_keeps_the_models_promises),
		cmocka_unit_test(test_both_engines_keep_the_models_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
