/* SPDX-License-Identifier: GPL-2.0-or-later */
/* track/ws_analysis: Wireshark's classes, one short exchange for each. tests/tshark_diff.py compares whole captures. */
#include "cmocka_all.h"

#include <string.h>

#include "base/when.h"
#include "decode/packet.h"
#include "record/record.h"
#include "track/ws_analysis.h"

#define DATA (TCP_ACK | TCP_PSH)

struct talk {
	struct ws_analysis a;
	struct tcp_analysis n;
	int64_t ns;
	int8_t scale; /* of the next segment */
};

/* Numbers are as on the wire; 10 ms go by. */
static void say(struct talk *t, int end, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len, uint16_t window)
{
	struct packet p = {.kind = PACKET_TCP, .payload_wire = len};

	t->ns += 10 * NS_PER_MS;
	p.ts_ns = t->ns;
	p.tcp = (struct tcp_header){.seq = seq, .ack = ack, .window = window, .flags = flags, .window_scale = t->scale};
	ws_count(ws_analyse(&t->a, end, &p), &t->n);
}

/* Client 0 from 100, server 1 from 500; a round trip of 20 ms; scales 2 and 7. */
static void open_talk(struct talk *t)
{
	memset(t, 0, sizeof(*t));
	t->scale = 2;
	say(t, 0, TCP_SYN, 100, 0, 0, 1000);
	t->scale = 7;
	say(t, 1, TCP_SYN | TCP_ACK, 500, 101, 0, 1000);
	t->scale = -1;
	say(t, 0, TCP_ACK, 101, 501, 0, 1000);
}

static void expect(const struct talk *t, const struct tcp_analysis *want)
{
	assert_memory_equal(&t->n, want, sizeof(*want));
}

static void test_clean_exchange_has_no_class(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 1, DATA, 501, 201, 50, 1000);
	say(&t, 0, TCP_FIN | TCP_ACK, 201, 551, 0, 1000);
	say(&t, 1, TCP_FIN | TCP_ACK, 551, 202, 0, 1000);
	expect(&t, &(struct tcp_analysis){0});
}

static void test_late_copy_is_a_retransmission(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	t.ns += 300 * NS_PER_MS;
	say(&t, 0, DATA, 101, 501, 100, 1000);
	expect(&t, &(struct tcp_analysis){.retransmission = 1});
}

static void test_copy_of_acknowledged_data_is_spurious_and_a_retransmission(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	expect(&t, &(struct tcp_analysis){.retransmission = 1, .spurious_retransmission = 1});
}

static void test_copy_after_two_duplicate_acks_is_fast(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	say(&t, 0, DATA, 301, 501, 100, 1000); /* 201 to 300 are lost */
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	say(&t, 0, DATA, 201, 501, 100, 1000);
	expect(&t, &(struct tcp_analysis){
			   .lost_segment = 1, .duplicate_ack = 2, .fast_retransmission = 1, .retransmission = 1});
}

static void test_filler_within_the_round_trip_is_out_of_order(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 201, 501, 100, 1000);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	expect(&t, &(struct tcp_analysis){.lost_segment = 1, .out_of_order = 1});
}

static void test_ack_of_unseen_data_is_told_once(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 1, TCP_ACK, 501, 901, 0, 1000);
	say(&t, 1, TCP_ACK, 501, 901, 0, 1000);
	expect(&t, &(struct tcp_analysis){.ack_lost_segment = 1, .duplicate_ack = 1});
}

static void test_closed_window_probe_and_its_answer(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 0);
	say(&t, 0, TCP_ACK, 201, 501, 1, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 0);
	say(&t, 1, TCP_ACK, 501, 201, 0, 500);
	expect(&t, &(struct tcp_analysis){
			   .zero_window = 2, .zero_window_probe = 1, .zero_window_probe_ack = 1, .window_update = 1});
}

static void test_segment_up_to_the_scaled_edge_fills_the_window(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 1, TCP_ACK, 501, 101, 0, 10); /* 10 << 7 */
	say(&t, 0, DATA, 101, 501, 1280, 1000);
	expect(&t, &(struct tcp_analysis){.window_update = 1, .window_full = 1});
}

static void test_keep_alive_and_its_answer(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	say(&t, 0, TCP_ACK, 200, 501, 0, 1000);
	say(&t, 1, TCP_ACK, 501, 201, 0, 1000);
	expect(&t, &(struct tcp_analysis){.keep_alive = 1, .keep_alive_ack = 1});
}

static void test_other_syn_reuses_the_ports_and_forgets(void **state)
{
	struct talk t;

	(void)state;
	open_talk(&t);
	say(&t, 0, DATA, 101, 501, 100, 1000);
	say(&t, 0, TCP_SYN, 90000, 0, 0, 1000);
	say(&t, 1, TCP_SYN | TCP_ACK, 70000, 90001, 0, 1000);
	say(&t, 0, TCP_ACK, 90001, 70001, 0, 1000);
	expect(&t, &(struct tcp_analysis){.reused_ports = 1});
}

static void test_same_syn_again_is_a_retransmission(void **state)
{
	struct talk t;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.scale = -1;
	say(&t, 0, TCP_SYN, 100, 0, 0, 1000);
	say(&t, 0, TCP_SYN, 100, 0, 0, 1000);
	expect(&t, &(struct tcp_analysis){.retransmission = 1});
}

static void test_numbers_wrap(void **state)
{
	struct talk t;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.scale = -1;
	say(&t, 0, TCP_ACK, 0xffffffb0, 501, 100, 1000);
	say(&t, 1, TCP_ACK, 501, 20, 0, 1000);
	say(&t, 0, TCP_ACK, 20, 501, 100, 1000);
	expect(&t, &(struct tcp_analysis){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_exchange_has_no_class),
		cmocka_unit_test(test_late_copy_is_a_retransmission),
		cmocka_unit_test(test_copy_of_acknowledged_data_is_spurious_and_a_retransmission),
		cmocka_unit_test(test_copy_after_two_duplicate_acks_is_fast),
		cmocka_unit_test(test_filler_within_the_round_trip_is_out_of_order),
		cmocka_unit_test(test_ack_of_unseen_data_is_told_once),
		cmocka_unit_test(test_closed_window_probe_and_its_answer),
		cmocka_unit_test(test_segment_up_to_the_scaled_edge_fills_the_window),
		cmocka_unit_test(test_keep_alive_and_its_answer),
		cmocka_unit_test(test_other_syn_reuses_the_ports_and_forgets),
		cmocka_unit_test(test_same_syn_again_is_a_retransmission),
		cmocka_unit_test(test_numbers_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
