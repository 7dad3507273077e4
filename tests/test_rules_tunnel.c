/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules for tunnels, fed with records: for each one a case that fires and a near miss that does not. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "rules_tunnel_rig.h"

static void test_restarts_at_the_limiters_beat_are_a_storm(void **state)
{
	const struct finding *f;
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	for (int i = 0; i < 3; i++) {
		tinc_restart(&x, SIDE_ORIG, 12 + 10.8 * i);
		tinc_restart(&x, SIDE_RESP, 14 + 10.8 * i);
	}
	done(&x);
	assert_only(&x, "tunnel-restart-storm");
	f = found(&x, "tunnel-restart-storm");
	assert_int_equal(finding_fact_number(f, "restarts"), 6);
	assert_true(finding_fact_number(f, "period_s") > 10.7 && finding_fact_number(f, "period_s") < 10.9);
	assert_string_equal(finding_fact(f, "protocol")->text, "tinc");
	end(&x);
}

static void test_five_restarts_within_ten_seconds_are_a_storm(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	for (int i = 0; i < 5; i++)
		tinc_restart(&x, SIDE_ORIG, 20 + 2 * i);
	done(&x);
	assert_only(&x, "tunnel-restart-storm");
	end(&x);
}

static void test_one_restart_of_both_directions_is_a_restarted_peer(void **state)
{
	const struct finding *f;
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	meta_lost(&x, "M", SIDE_RESP, 14);
	refused(&x, 14.1);
	refused(&x, 19);
	meta(&x, "N", 29);
	tinc_restart(&x, SIDE_ORIG, 31);
	tinc_restart(&x, SIDE_RESP, 31.1);
	done(&x);
	f = found(&x, "tunnel-peer-restarted");
	assert_non_null(f);
	assert_int_equal(f->count, 1);
	assert_string_equal(finding_fact(f, "peer")->text, "beta (10.0.0.2)");
	assert_null(found(&x, "tunnel-restart-storm"));
	assert_null(found(&x, "tunnel-meta-broken"));
	end(&x);
}

static void test_rare_restarts_are_no_storm(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	for (int i = 0; i < 4; i++)
		tinc_restart(&x, SIDE_ORIG, 20 + 60 * i);
	done(&x);
	assert_null(found(&x, "tunnel-restart-storm"));
	assert_int_equal(found(&x, "tunnel-peer-restarted")->count, 4);
	end(&x);
}

static void test_control_connection_made_anew_at_once_is_broken(void **state)
{
	const struct finding *f;
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	meta_lost_by(&x, "M", SIDE_ORIG, 100, "silence");
	meta(&x, "N", 100.2);
	tinc_restart(&x, SIDE_ORIG, 102);
	tinc_restart(&x, SIDE_RESP, 102.1);
	done(&x);
	assert_only(&x, "tunnel-meta-broken");
	f = found(&x, "tunnel-meta-broken");
	assert_string_equal(finding_fact(f, "given_up_by")->text, "alpha (10.0.0.1)");
	assert_int_equal(f->evidence_count, 2);
	end(&x);
}

/* The same without a question that was left open: the program of that end was stopped and started. */
static void test_control_connection_closed_and_made_by_one_end_is_its_restart(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	meta_lost(&x, "M", SIDE_ORIG, 100);
	meta(&x, "N", 100.9);
	tinc_restart(&x, SIDE_ORIG, 102);
	tinc_restart(&x, SIDE_RESP, 102.1);
	done(&x);
	assert_only(&x, "tunnel-peer-restarted");
	assert_string_equal(finding_fact(found(&x, "tunnel-peer-restarted"), "peer")->text, "alpha (10.0.0.1)");
	end(&x);
}

static void test_new_control_connection_before_the_old_ones_end(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	meta(&x, "N", 100);
	meta_lost(&x, "M", SIDE_RESP, 101);
	done(&x);
	assert_only(&x, "tunnel-meta-broken");
	end(&x);
}

static void test_two_connections_at_the_start_are_no_fault(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	meta(&x, "N", 0.5);
	meta_lost(&x, "M", SIDE_RESP, 0.6);
	meta_lost(&x, "N", SIDE_ORIG, 60); /* and a clean stop in the end */
	done(&x);
	assert_int_equal(tunnel_findings(&x), 0);
	end(&x);
}

/* Datagrams of orig alone from 11 s on, `packets` of them for `lasted` seconds; packets over TCP up to `tcp_until`. */
static void give_udp(struct fixture *x, uint32_t packets, double lasted, bool open, double tcp_until)
{
	struct record u = summary(x, 17, "U", TUNNEL_TINC), m = summary(x, 6, "M", TUNNEL_TINC);

	u.tunnel.data_pkts[SIDE_ORIG] = packets + 20;
	u.tunnel.data_pkts[SIDE_RESP] = 20;
	u.tunnel.alone_pkts[SIDE_ORIG] = packets;
	u.tunnel.alone_first[SIDE_ORIG] = ref(x, 11);
	u.tunnel.alone_last[SIDE_ORIG] = ref(x, 11 + lasted);
	u.tunnel.alone_open[SIDE_ORIG] = open;
	u.tunnel.established = m.tunnel.established = true;
	m.tunnel.last_data_ns[SIDE_ORIG] = S(tcp_until);
	over(x, &m, 70);
	over(x, &u, 70);
}

static void test_datagrams_without_return_while_tcp_carries_on(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	event(&x, 6, "M", TUNNEL_TINC, TUNNEL_TCP_FALLBACK, SIDE_ORIG, 18, "packet");
	give_udp(&x, 50, 50, true, 60);
	done(&x);
	assert_only(&x, "tunnel-udp-lost");
	assert_int_equal(found(&x, "tunnel-udp-lost")->evidence_count, 3);
	end(&x);
}

static void test_short_silence_or_no_fallback_is_no_lost_udp(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	meta(&x, "M", 0);
	give_udp(&x, 50, 20, false, 60);
	done(&x);
	assert_int_equal(tunnel_findings(&x), 0);
	end(&x);
	begin(&x);
	meta(&x, "M", 0);
	give_udp(&x, 50, 50, true, 5);
	done(&x);
	assert_int_equal(tunnel_findings(&x), 0);
	end(&x);
}

static void test_reordering_above_one_percent_is_noted(void **state)
{
	struct record r;
	struct fixture x;

	(void)state;
	for (uint64_t late = 4; late <= 20; late += 16) {
		begin(&x);
		r = summary(&x, 17, "U", TUNNEL_WIREGUARD);
		r.tunnel.established = true;
		r.tunnel.data_pkts[0] = r.tunnel.data_pkts[1] = 200;
		r.tunnel.reordered[1] = late;
		r.tunnel.late[1] = ref(&x, 3);
		over(&x, &r, 70);
		done(&x);
		assert_int_equal(tunnel_findings(&x), late == 20);
		if (late == 20)
			assert_true(finding_fact_number(found(&x, "tunnel-reordering"), "rate") == 0.05);
		end(&x);
	}
}

static void test_old_key_in_use_is_stale(void **state)
{
	struct record r;
	struct fixture x;

	(void)state;
	for (uint32_t packets = 2; packets <= 3; packets++) {
		begin(&x);
		event(&x, 17, "W", TUNNEL_WIREGUARD, TUNNEL_OLD_KEY_DATA, SIDE_RESP, 40, "data");
		r = summary(&x, 17, "W", TUNNEL_WIREGUARD);
		r.tunnel.established = true;
		r.tunnel.old_key_pkts[SIDE_RESP] = packets;
		over(&x, &r, 70);
		done(&x);
		assert_int_equal(tunnel_findings(&x), packets == 3);
		if (packets == 3)
			assert_string_equal(
				finding_fact(found(&x, "tunnel-key-stale"), "peer")->text, "beta (10.0.0.2)");
		end(&x);
	}
}

static void test_initiations_in_vain_are_no_answer(void **state)
{
	struct record r;
	struct fixture x;

	(void)state;
	for (uint32_t attempts = 2; attempts <= 9; attempts += 7) {
		begin(&x);
		r = summary(&x, 17, "W", TUNNEL_WIREGUARD);
		r.tunnel.hellos[SIDE_ORIG] = r.tunnel.unanswered[SIDE_ORIG] = attempts;
		r.tunnel.unanswered_open[SIDE_ORIG] = true;
		r.tunnel.unanswered_first[SIDE_ORIG] = ref(&x, 0);
		r.tunnel.unanswered_last[SIDE_ORIG] = ref(&x, 41);
		over(&x, &r, 70);
		done(&x);
		assert_int_equal(tunnel_findings(&x), attempts == 9);
		if (attempts == 9)
			assert_int_equal(finding_fact_number(found(&x, "tunnel-no-answer"), "attempts"), 9);
		end(&x);
	}
}

static void test_repeated_step_is_stuck(void **state)
{
	struct record r;
	struct fixture x;

	(void)state;
	for (uint32_t attempts = 2; attempts <= 4; attempts += 2) {
		begin(&x);
		r = summary(&x, 17, "I", TUNNEL_IKE);
		text_copy(r.tunnel.step, sizeof(r.tunnel.step), "IKE_AUTH");
		r.tunnel.side = SIDE_ORIG;
		r.tunnel.attempt = attempts;
		r.tunnel.ref = ref(&x, 0);
		r.tunnel.last = ref(&x, 24);
		over(&x, &r, 70);
		done(&x);
		assert_int_equal(tunnel_findings(&x), attempts == 4);
		if (attempts == 4)
			assert_int_equal(finding_fact_number(found(&x, "tunnel-stuck"), "stuck_s"), 24);
		end(&x);
	}
}

/* Answered, stopped after SIG; emitted `still` seconds after its last packet. */
static void stopped_handshake(struct fixture *x, const char *uid, double still)
{
	struct record r = summary(x, 6, uid, TUNNEL_TINC);

	r.tunnel.hellos[SIDE_ORIG] = r.tunnel.answers[SIDE_RESP] = 1;
	r.tunnel.side = SIDE_RESP;
	text_copy(r.tunnel.step, sizeof(r.tunnel.step), "SIG");
	r.tunnel.attempt = 1;
	r.tunnel.ref = r.tunnel.last = ref(x, 0.03);
	over(x, &r, 1 + still);
}

static void test_handshakes_that_stop_at_one_step_are_refused(void **state)
{
	const struct finding *f;
	struct fixture x;

	(void)state;
	begin(&x);
	stopped_handshake(&x, "A", 30);
	stopped_handshake(&x, "B", 0.1); /* the capture ends here */
	done(&x);
	assert_only(&x, "tunnel-handshake-rejected");
	f = found(&x, "tunnel-handshake-rejected");
	assert_int_equal(finding_fact_number(f, "attempts"), 2);
	assert_string_equal(finding_fact(f, "step")->text, "SIG");
	end(&x);
}

static void test_handshake_under_way_at_the_end_is_no_refusal(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	stopped_handshake(&x, "A", 0.1);
	done(&x);
	assert_int_equal(tunnel_findings(&x), 0);
	end(&x);
}

static void bad_record(struct fixture *x, const char *uid, enum tunnel_event e, uint32_t length)
{
	struct record r = summary(x, 6, uid, TUNNEL_TINC), bad = r;

	bad.tunnel.event = (uint8_t)e;
	bad.tunnel.side = SIDE_RESP;
	bad.tunnel.length = length;
	bad.tunnel.ref = ref(x, 0.02);
	text_copy(bad.tunnel.step, sizeof(bad.tunnel.step), e == TUNNEL_BAD_ORDER ? "SIG" : "KEX");
	give(x, &bad, 0.02);
	r.tunnel.hellos[SIDE_ORIG] = r.tunnel.answers[SIDE_RESP] = 1;
	over(x, &r, 60);
}

static void test_bad_sptps_records_have_codes_of_their_own(void **state)
{
	struct fixture x;

	(void)state;
	begin(&x);
	bad_record(&x, "A", TUNNEL_BAD_KEX, 66);
	bad_record(&x, "B", TUNNEL_BAD_KEX, 66);
	done(&x);
	assert_only(&x, "sptps-bad-kex");
	assert_int_equal(found(&x, "sptps-bad-kex")->count, 2);
	assert_int_equal(finding_fact_number(found(&x, "sptps-bad-kex"), "length"), 66);
	end(&x);
	begin(&x);
	bad_record(&x, "A", TUNNEL_BAD_ORDER, 64);
	done(&x);
	assert_only(&x, "sptps-bad-order");
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restarts_at_the_limiters_beat_are_a_storm),
		cmocka_unit_test(test_five_restarts_within_ten_seconds_are_a_storm),
		cmocka_unit_test(test_one_restart_of_both_directions_is_a_restarted_peer),
		cmocka_unit_test(test_rare_restarts_are_no_storm),
		cmocka_unit_test(test_control_connection_made_anew_at_once_is_broken),
		cmocka_unit_test(test_control_connection_closed_and_made_by_one_end_is_its_restart),
		cmocka_unit_test(test_new_control_connection_before_the_old_ones_end),
		cmocka_unit_test(test_two_connections_at_the_start_are_no_fault),
		cmocka_unit_test(test_datagrams_without_return_while_tcp_carries_on),
		cmocka_unit_test(test_short_silence_or_no_fallback_is_no_lost_udp),
		cmocka_unit_test(test_reordering_above_one_percent_is_noted),
		cmocka_unit_test(test_old_key_in_use_is_stale),
		cmocka_unit_test(test_initiations_in_vain_are_no_answer),
		cmocka_unit_test(test_repeated_step_is_stuck),
		cmocka_unit_test(test_handshakes_that_stop_at_one_step_are_refused),
		cmocka_unit_test(test_handshake_under_way_at_the_end_is_no_refusal),
		cmocka_unit_test(test_bad_sptps_records_have_codes_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
