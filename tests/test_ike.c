/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE: answers, repetitions, refusals in clear and inferred, ESP beside it. */
#include "cmocka_all.h"

#include <string.h>

#include "tunnel_rig.h"

enum {
	FROM_INITIATOR = 0x08,
	RESPONSE = 0x20,
	SA_INIT = 34,
	AUTH = 35,
	CREATE_CHILD = 36,
};

/* A header of version 2 and `n` bytes of payload; on port 4500 four zeros before it. */
static void ike(struct tunnel_rig *r, enum side side, int64_t ms, uint8_t exchange, uint8_t flags, uint8_t id,
	const uint8_t *payload, size_t n, uint8_t first)
{
	uint8_t b[400] = {0};
	size_t at = r->head.resp_p == 4500 ? 4 : 0, total = 28 + n;

	memset(b + at, 0x11, 8);
	if (flags & RESPONSE || exchange != SA_INIT)
		memset(b + at + 8, 0x22, 8);
	b[at + 16] = first;
	b[at + 17] = 0x20;
	b[at + 18] = exchange;
	b[at + 19] = flags;
	b[at + 23] = id;
	b[at + 26] = (uint8_t)(total >> 8);
	b[at + 27] = (uint8_t)total;
	if (payload)
		memcpy(b + at + 28, payload, n);
	tunnel_rig_give(r, side, ms, b, at + total);
}

static struct tunnel_rig *rig(uint16_t port)
{
	return tunnel_rig_new(17, port, port);
}

static void test_unanswered_init_is_counted(void **state)
{
	static const int64_t times[] = {0, 4000, 11200, 24200, 47500};
	struct tunnel_rig *r = rig(500);

	(void)state;
	for (int i = 0; i < 5; i++)
		ike(r, SIDE_ORIG, times[i], SA_INIT, FROM_INITIATOR, 0, NULL, 200, 33);
	tunnel_rig_close(r);
	assert_string_equal(r->service, "ike");
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 5);
	tunnel_rig_free(r);
}

/* NOTIFY of type 14 as the only payload: next, flags, length 8, protocol 0, no SPI, type. */
static void test_refusal_in_clear_is_named(void **state)
{
	static const uint8_t notify[] = {0, 0, 0, 8, 0, 0, 0, 14};
	struct tunnel_rig *r = rig(500);
	const struct record *refused;

	(void)state;
	ike(r, SIDE_ORIG, 0, SA_INIT, FROM_INITIATOR, 0, NULL, 200, 33);
	ike(r, SIDE_RESP, 20, SA_INIT, RESPONSE, 0, notify, sizeof(notify), 41);
	tunnel_rig_close(r);
	refused = tunnel_rig_find(r, TUNNEL_REJECTED, 0);
	assert_non_null(refused);
	assert_string_equal(refused->tunnel.step, "IKE_SA_INIT");
	assert_string_equal(refused->tunnel.reason, "NO_PROPOSAL_CHOSEN");
	assert_int_equal(refused->tunnel.side, SIDE_RESP);
	tunnel_rig_free(r);
}

static void test_asking_for_another_group_is_no_refusal(void **state)
{
	static const uint8_t notify[] = {0, 0, 0, 10, 0, 0, 0, 17, 0, 19};
	struct tunnel_rig *r = rig(500);

	(void)state;
	ike(r, SIDE_ORIG, 0, SA_INIT, FROM_INITIATOR, 0, NULL, 200, 33);
	ike(r, SIDE_RESP, 20, SA_INIT, RESPONSE, 0, notify, sizeof(notify), 41);
	ike(r, SIDE_ORIG, 30, SA_INIT, FROM_INITIATOR, 0, NULL, 230, 33);
	ike(r, SIDE_RESP, 50, SA_INIT, RESPONSE, 0, NULL, 230, 33);
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_REJECTED), 0);
	assert_int_equal(tunnel_rig_summary(r)->unanswered[SIDE_ORIG], 0);
	tunnel_rig_free(r);
}

static void test_short_auth_answer_is_an_inferred_refusal(void **state)
{
	struct tunnel_rig *r = rig(500);

	(void)state;
	ike(r, SIDE_ORIG, 0, SA_INIT, FROM_INITIATOR, 0, NULL, 200, 33);
	ike(r, SIDE_RESP, 20, SA_INIT, RESPONSE, 0, NULL, 200, 33);
	ike(r, SIDE_ORIG, 30, AUTH, FROM_INITIATOR, 1, NULL, 220, 46);
	ike(r, SIDE_RESP, 50, AUTH, RESPONSE, 1, NULL, 52, 46);
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_find(r, TUNNEL_REJECTED, 0)->tunnel.step, "IKE_AUTH");
	assert_false(tunnel_rig_summary(r)->established);
	tunnel_rig_free(r);
}

static void test_repeated_auth_is_pending(void **state)
{
	static const int64_t times[] = {30, 4030, 11230, 24230};
	struct tunnel_rig *r = rig(4500);
	const struct tunnel *t;

	(void)state;
	for (int i = 0; i < 4; i++)
		ike(r, SIDE_ORIG, times[i], AUTH, FROM_INITIATOR, 1, NULL, 220, 46);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_string_equal(t->step, "IKE_AUTH");
	assert_int_equal(t->attempt, 4);
	assert_int_equal(t->side, SIDE_ORIG);
	assert_int_equal(t->ref.frame, 1);
	assert_int_equal(t->last.frame, 4);
	tunnel_rig_free(r);
}

static void test_esp_beside_ike_is_data(void **state)
{
	struct tunnel_rig *r = rig(4500);
	uint8_t esp[80] = {0xc1, 2, 3, 4, 0, 0, 0, 1}, keepalive = 0xff;
	const struct tunnel *t;

	(void)state;
	ike(r, SIDE_ORIG, 0, AUTH, FROM_INITIATOR, 1, NULL, 220, 46);
	ike(r, SIDE_RESP, 20, AUTH, RESPONSE, 1, NULL, 200, 46);
	for (uint8_t i = 1; i < 6; i++) {
		esp[7] = i == 3 ? 4 : i == 4 ? 3 : i; /* 1 2 4 3 5 */
		tunnel_rig_give(r, SIDE_ORIG, 1000 * i, esp, sizeof(esp));
	}
	tunnel_rig_give(r, SIDE_ORIG, 20000, &keepalive, 1);
	ike(r, SIDE_ORIG, 30000, CREATE_CHILD, FROM_INITIATOR, 2, NULL, 300, 46);
	ike(r, SIDE_RESP, 30020, CREATE_CHILD, RESPONSE, 2, NULL, 300, 46);
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_true(t->established);
	assert_int_equal(t->data_pkts[SIDE_ORIG], 5);
	assert_int_equal(t->reordered[SIDE_ORIG], 1);
	assert_int_equal(t->keepalives[SIDE_ORIG], 1);
	assert_int_equal(t->rekeys[SIDE_ORIG], 1);
	assert_int_equal(t->esp_spi, 0xc1020304);
	assert_string_equal(t->step, "");
	tunnel_rig_free(r);
}

static void test_wrong_length_is_not_ike(void **state)
{
	struct tunnel_rig *r = tunnel_rig_new(17, 40000, 500);
	uint8_t b[60] = {1, 1, 1, 1, 1, 1, 1, 1, [17] = 0x20, [18] = SA_INIT, [27] = 59};

	(void)state;
	tunnel_rig_give(r, SIDE_ORIG, 0, b, sizeof(b));
	tunnel_rig_close(r);
	assert_string_equal(r->service, "");
	assert_int_equal(r->count, 0);
	tunnel_rig_free(r);
}

static void test_plain_esp_has_numbers_per_spi(void **state)
{
	struct tunnel_rig *r = tunnel_rig_new(50, 0, 0);
	uint8_t esp[80] = {0, 0, 0x10, 1};
	const struct tunnel *t;

	(void)state;
	for (uint8_t i = 1; i < 8; i++) {
		esp[3] = i < 4 ? 1 : 2; /* a new SPI from the fourth on */
		esp[7] = i < 4 ? i : (uint8_t)(i - 3);
		tunnel_rig_give(r, SIDE_ORIG, i, esp, sizeof(esp));
	}
	tunnel_rig_close(r);
	t = tunnel_rig_summary(r);
	assert_string_equal(r->service, "esp");
	assert_int_equal(t->data_pkts[SIDE_ORIG], 7);
	assert_int_equal(t->rekeys[SIDE_ORIG], 1);
	assert_int_equal(t->reordered[SIDE_ORIG], 0);
	assert_int_equal(t->esp_spi, 0x1002);
	tunnel_rig_free(r);
}

static void test_answer_that_does_not_arrive_pends(void **state)
{
	static const int64_t times[] = {100, 4100, 11300, 24300};
	struct tunnel_rig *r = rig(4500);

	(void)state;
	for (int i = 0; i < 4; i++) {
		ike(r, SIDE_ORIG, times[i], AUTH, FROM_INITIATOR, 1, NULL, 240, 46);
		ike(r, SIDE_RESP, times[i] + 2, AUTH, RESPONSE, 1, NULL, 210, 46);
	}
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "IKE_AUTH");
	assert_int_equal(tunnel_rig_summary(r)->side, SIDE_ORIG);
	assert_int_equal(tunnel_rig_summary(r)->attempt, 3);
	tunnel_rig_free(r);
}

/* A single lost answer, then ESP flows. */
static void test_answer_lost_once_is_no_trouble(void **state)
{
	static const uint8_t esp[60] = {0xc0, 1, 2, 3, 0, 0, 0, 1};
	struct tunnel_rig *r = rig(4500);

	(void)state;
	for (int i = 0; i < 2; i++) {
		ike(r, SIDE_ORIG, 100 + 4000 * i, AUTH, FROM_INITIATOR, 1, NULL, 240, 46);
		ike(r, SIDE_RESP, 102 + 4000 * i, AUTH, RESPONSE, 1, NULL, 210, 46);
	}
	tunnel_rig_give(r, SIDE_ORIG, 5000, esp, sizeof(esp));
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "");
	tunnel_rig_free(r);
}

static void test_init_repeated_although_answered_pends(void **state)
{
	struct tunnel_rig *r = rig(500);

	(void)state;
	for (int i = 0; i < 4; i++) {
		ike(r, SIDE_ORIG, 4000 * i, SA_INIT, FROM_INITIATOR, 0, NULL, 200, 33);
		ike(r, SIDE_RESP, 4000 * i + 2, SA_INIT, RESPONSE, 0, NULL, 200, 33);
	}
	tunnel_rig_close(r);
	assert_string_equal(tunnel_rig_summary(r)->step, "IKE_SA_INIT");
	assert_int_equal(tunnel_rig_summary(r)->attempt, 3);
	tunnel_rig_free(r);
}

/* Version 1, main mode: header and payload; notifications are encrypted and answer each repetition. */
static void ike_v1(struct tunnel_rig *r, enum side side, int64_t ms, uint8_t exchange, uint8_t encrypted, uint8_t fill)
{
	uint8_t b[140];

	memset(b, fill, sizeof(b));
	memset(b, 0x11, 8);
	memset(b + 8, fill ? 0x22 : 0, 8);
	b[17] = 0x10;
	b[18] = exchange;
	b[19] = encrypted;
	memset(b + 20, 0, 8);
	b[27] = sizeof(b);
	tunnel_rig_give(r, side, ms, b, sizeof(b));
}

static void test_encrypted_notifications_instead_of_progress_are_a_refusal(void **state)
{
	struct tunnel_rig *r = rig(500);

	(void)state;
	ike_v1(r, SIDE_ORIG, 0, 2, 0, 0);
	ike_v1(r, SIDE_RESP, 10, 2, 0, 3);
	for (int i = 0; i < 3; i++) {
		ike_v1(r, SIDE_ORIG, 100 + 4000 * i, 2, 1, 4);
		ike_v1(r, SIDE_RESP, 110 + 4000 * i, 5, 1, (uint8_t)(9 + i));
	}
	tunnel_rig_close(r);
	assert_int_equal(tunnel_rig_count(r, TUNNEL_REJECTED), 1);
	assert_int_equal(tunnel_rig_find(r, TUNNEL_REJECTED, 0)->tunnel.side, SIDE_RESP);
	tunnel_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unanswered_init_is_counted),
		cmocka_unit_test(test_answer_that_does_not_arrive_pends),
		cmocka_unit_test(test_answer_lost_once_is_no_trouble),
		cmocka_unit_test(test_init_repeated_although_answered_pends),
		cmocka_unit_test(test_encrypted_notifications_instead_of_progress_are_a_refusal),
		cmocka_unit_test(test_refusal_in_clear_is_named),
		cmocka_unit_test(test_asking_for_another_group_is_no_refusal),
		cmocka_unit_test(test_short_auth_answer_is_an_inferred_refusal),
		cmocka_unit_test(test_repeated_auth_is_pending),
		cmocka_unit_test(test_esp_beside_ike_is_data),
		cmocka_unit_test(test_wrong_length_is_not_ike),
		cmocka_unit_test(test_plain_esp_has_numbers_per_spi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
