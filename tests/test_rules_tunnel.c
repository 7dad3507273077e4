/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules for tunnels, fed with records: for each one a case that fires and a near miss that does not. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose.h"
#include "diagnose/result.h"

#define START_NS INT64_C(1700000000000000000)
#define S(seconds) ((int64_t)((seconds)*1e9))

struct fixture {
	struct options options;
	struct diagnosis_run *run;
	struct result *result; /* after done() */
	uint64_t frame;
	int conversations;
};

static void begin(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	hash_init();
	options_defaults(&x->options);
	x->run = diagnose_new(&x->options);
}

static void done(struct fixture *x)
{
	x->result = diagnose_finish(x->run);
}

static void end(struct fixture *x)
{
	result_free(x->result);
	options_free(&x->options);
}

static const struct finding *found(const struct fixture *x, const char *code)
{
	for (int i = 0; i < x->result->finding_count; i++)
		if (strcmp(x->result->findings[i]->code, code) == 0)
			return x->result->findings[i];
	return NULL;
}

static int tunnel_findings(const struct fixture *x)
{
	int n = 0;

	for (int i = 0; i < x->result->finding_count; i++)
		n += strncmp(x->result->findings[i]->code, "tunnel-", 7) == 0 ||
		     strncmp(x->result->findings[i]->code, "sptps-", 6) == 0;
	return n;
}

static void assert_only(const struct fixture *x, const char *code)
{
	assert_non_null(found(x, code));
	assert_int_equal(tunnel_findings(x), 1);
}

/* A conversation between 10.0.0.1 and 10.0.0.2 that begins `at` seconds after the start. */
static struct record head(struct fixture *x, enum record_kind kind, uint8_t proto, const char *uid, double at)
{
	struct record r;

	(void)x;
	record_init(&r, kind);
	text_copy(r.uid, sizeof(r.uid), uid);
	r.ts_ns = START_NS + S(at);
	r.proto = proto;
	r.orig_p = proto == 6 ? 40000 : 655;
	r.resp_p = 655;
	r.frame = 1;
	addr_parse("10.0.0.1", &r.orig_h);
	addr_parse("10.0.0.2", &r.resp_h);
	return r;
}

static void give(struct fixture *x, struct record *r, double emitted)
{
	r->emitted_ns = START_NS + S(emitted);
	diagnose_record(x->run, r);
}

static struct frame_ref ref(struct fixture *x, double at)
{
	return (struct frame_ref){.frame = ++x->frame, .at_ns = S(at)};
}

/* An event `at` seconds after the start of the capture; conversations begin at 0 here. */
static void event(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol, enum tunnel_event e,
	enum side side, double at, const char *step)
{
	struct record r = head(x, RECORD_TUNNEL, proto, uid, 0);

	r.tunnel.protocol = (uint8_t)protocol;
	r.tunnel.event = (uint8_t)e;
	r.tunnel.side = (uint8_t)side;
	r.tunnel.ref = ref(x, at);
	text_copy(r.tunnel.step, sizeof(r.tunnel.step), step);
	text_copy(r.tunnel.names[0], sizeof(r.tunnel.names[0]), "alpha");
	text_copy(r.tunnel.names[1], sizeof(r.tunnel.names[1]), "beta");
	text_copy(r.tunnel.session, sizeof(r.tunnel.session),
		proto == 6 || side == SIDE_ORIG ? "aaaaaaaaaaaa>bbbbbbbbbbbb" : "bbbbbbbbbbbb>aaaaaaaaaaaa");
	give(x, &r, at);
}

static void tinc_restart(struct fixture *x, enum side side, double at)
{
	event(x, 17, "U", TUNNEL_TINC, TUNNEL_RESTART, side, at, "seqno");
}

static void meta(struct fixture *x, const char *uid, double at)
{
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_HELLO, SIDE_ORIG, at, "ID");
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_ANSWER, SIDE_RESP, at + 0.01, "ID");
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_ESTABLISHED, SIDE_ORIG, at + 0.03, "");
}

static void meta_lost_by(struct fixture *x, const char *uid, enum side side, double at, const char *reason)
{
	struct record r = head(x, RECORD_TUNNEL, 6, uid, 0);

	r.tunnel.protocol = TUNNEL_TINC;
	r.tunnel.event = TUNNEL_META_LOST;
	r.tunnel.side = (uint8_t)side;
	r.tunnel.ref = ref(x, at);
	text_copy(r.tunnel.reason, sizeof(r.tunnel.reason), reason);
	text_copy(r.tunnel.names[0], sizeof(r.tunnel.names[0]), "alpha");
	text_copy(r.tunnel.names[1], sizeof(r.tunnel.names[1]), "beta");
	text_copy(r.tunnel.session, sizeof(r.tunnel.session), "aaaaaaaaaaaa>bbbbbbbbbbbb");
	give(x, &r, at);
}

static void meta_lost(struct fixture *x, const char *uid, enum side side, double at)
{
	meta_lost_by(x, uid, side, at, "");
}

/* A SYN to the tunnel's port, answered by RST. */
static void refused(struct fixture *x, double at)
{
	struct record r = head(x, RECORD_CONN, 6, "R", at);

	r.conn.syns = 1;
	r.conn.syn_at_ns[0] = 0;
	r.conn.answered = SYN_ANSWER_RST;
	r.conn.answer = ref(x, 0.001);
	give(x, &r, at + 1);
}

static void over(struct fixture *x, const struct record *tunnel, double emitted)
{
	struct record t = *tunnel, r = head(x, RECORD_CONN, t.proto, t.uid, 0);

	r.ts_ns = t.ts_ns;
	r.conn.duration_ns = S(1);
	r.conn.side[0].pkts = r.conn.side[1].pkts = 5;
	r.conn.side[0].bytes = r.conn.side[1].bytes = 100;
	r.conn.answered = SYN_ANSWER_SYN_ACK;
	t.tunnel.event = TUNNEL_SUMMARY;
	give(x, &t, emitted);
	give(x, &r, emitted);
}

static struct record summary(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol)
{
	struct record r = head(x, RECORD_TUNNEL, proto, uid, 0);

	r.tunnel.protocol = (uint8_t)protocol;
	return r;
}

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
