/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, ARP, ICMP and throughput: what packets tell beside their conversations. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "outlet_rig.h"
#include "scenario.h"
#include "track/surroundings.h"
#include "track/tracker.h"

#define MS(n) (INT64_C(1000000) * (n))
#define KEPT_MAX 64

struct rig {
	struct outlet_rig around;
	struct outlet out;
	struct record records[KEPT_MAX];
	int count;
};

static void keep(void *arg, const struct record *r)
{
	struct rig *rig = arg;

	assert_true(rig->count < KEPT_MAX);
	record_copy(&rig->records[rig->count++], r);
}

static void ended(void *arg, struct flow *f, enum conn_end reason)
{
	(void)reason;
	outlet_flow(&((struct rig *)arg)->out, f);
}

static struct rig *run(const char *text)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	struct record_sink sink = { keep, rig };
	struct tracker_owner owner = { ended, rig };
	struct scenario *s = scenario_read(text);
	struct tracker *t;

	hash_init();
	t = tracker_new(&owner, (size_t)16 << 20);
	rig->around = (struct outlet_rig){ surroundings_new(&sink), sink, .counted.end_ns = INT64_MIN };
	rig->out = outlet_onto(&rig->around);
	for (int i = 0; i < scenario_count(s); i++) {
		struct tracked tracked;

		tracker_packet(t, scenario_packet(s, i), &tracked);
		if (!tracked.duplicate)
			outlet_packet(&rig->out, scenario_packet(s, i), &tracked);
	}
	tracker_finish(t);
	rig_finish(&rig->around);
	tracker_free(t);
	surroundings_free(rig->around.surroundings);
	scenario_free(s);
	return rig;
}

/* The n-th record of a kind, from 0; NULL: there are fewer. */
static const struct record *nth(const struct rig *rig, enum record_kind kind, int n)
{
	for (int i = 0; i < rig->count; i++)
		if (rig->records[i].kind == kind && n-- == 0)
			return &rig->records[i];
	return NULL;
}

static void test_question_and_answer_are_one_record(void **state)
{
	struct rig *rig = run("0 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "1 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "1.1 arp 10.0.0.9 answers 10.0.0.1 mac 02:00:00:00:00:09 to 02:00:00:00:00:01\n");
	const struct arp *a = &nth(rig, RECORD_ARP, 0)->arp;

	(void)state;
	assert_null(nth(rig, RECORD_ARP, 1));
	assert_int_equal(a->tries, 2);
	assert_true(a->reply);
	assert_int_equal(a->request.frame, 1);
	assert_int_equal(a->response.frame, 3);
	assert_int_equal(a->response.at_ns, MS(1100));
	assert_int_equal(a->target_mac.b[5], 9);
	assert_true(a->requester_unicast_seen);
	free(rig);
}

static void test_unanswered_question_is_told_after_its_wait(void **state)
{
	struct rig *rig = run("0 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "1 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "2 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "40 > UDP 10\n");
	const struct record *r = nth(rig, RECORD_ARP, 0);

	(void)state;
	assert_int_equal(r->arp.tries, 3);
	assert_false(r->arp.reply);
	assert_int_equal(r->emitted_ns - SCENARIO_EPOCH_NS, MS(12000));
	assert_false(r->arp.requester_unicast_seen);
	free(rig);
}

static void test_second_answer_is_an_announcement(void **state)
{
	struct rig *rig = run("0 arp 10.0.0.1 asks 10.0.0.9 mac 02:00:00:00:00:01\n"
			      "0.1 arp 10.0.0.9 answers 10.0.0.1 mac 02:00:00:00:00:09 to 02:00:00:00:00:01\n"
			      "0.2 arp 10.0.0.9 answers 10.0.0.1 mac 02:00:00:00:00:77 to 02:00:00:00:00:01\n");
	const struct arp *second = &nth(rig, RECORD_ARP, 1)->arp;

	(void)state;
	assert_int_equal(second->sender_mac.b[5], 0x77);
	assert_int_equal(second->request.frame, 0);
	assert_int_equal(second->response.frame, 3);
	assert_false(second->gratuitous);
	free(rig);
}

static void test_asking_for_oneself_is_gratuitous(void **state)
{
	struct rig *rig = run("0 arp 10.0.0.1 asks 10.0.0.1 mac 02:00:00:00:00:05\n");

	(void)state;
	assert_true(nth(rig, RECORD_ARP, 0)->arp.gratuitous);
	assert_true(nth(rig, RECORD_LINK, 0)->link.claimed);
	free(rig);
}

static void test_probe_claims_nothing(void **state)
{
	struct rig *rig = run("0 arp 0.0.0.0 asks 10.0.0.7 mac 02:00:00:00:00:05\n");

	(void)state;
	assert_true(nth(rig, RECORD_ARP, 0)->arp.probe);
	assert_null(nth(rig, RECORD_LINK, 0));
	free(rig);
}

static void test_links_count_every_packet_of_a_pair(void **state)
{
	struct rig *rig = run("0 > S\n0.03 < SA ttl 60\n0.04 > A\n0.05 > A 1:11(10) ack 1\n0.06 < A ack 11 ttl 60\n"
			      "0.07 < A 1:11(10) ack 11 ttl 60 mac 02:00:00:00:00:88\n"
			      "0.08 < R seq 11 ttl 200 mac 02:00:00:00:00:88\n");
	const struct link *client = &nth(rig, RECORD_LINK, 0)->link, *old = &nth(rig, RECORD_LINK, 1)->link,
			  *new = &nth(rig, RECORD_LINK, 2)->link;

	(void)state;
	assert_int_equal(client->pkts, 3);
	assert_int_equal(client->last.frame, 4);
	assert_int_equal(old->pkts, 2);
	assert_int_equal(old->ttl, 60);
	assert_int_equal(old->last.frame, 5);
	assert_int_equal(new->mac.b[5], 0x88);
	assert_int_equal(new->pkts, 2);
	assert_int_equal(new->first.frame, 6);
	assert_int_equal(new->ttl_max, 60);
	free(rig);
}

static void test_icmp_error_names_the_conversation(void **state)
{
	struct rig *rig = run("0 > S\n0.1 icmp 10.0.0.254 3/4 of > mtu 1400\n");
	const struct icmp *i = &nth(rig, RECORD_ICMP, 0)->icmp;

	(void)state;
	assert_int_equal(i->mtu, 1400);
	assert_int_equal(i->quoted_dport, 80);
	assert_int_equal(strlen(i->quoted_uid), 18);
	free(rig);
}

static void test_echo_is_not_told(void **state)
{
	struct rig *rig = run("0 icmp 10.0.0.254 8/0 dst 10.0.0.1\n");

	(void)state;
	assert_null(nth(rig, RECORD_ICMP, 0));
	free(rig);
}

static void test_throughput_is_told_by_the_minute(void **state)
{
	struct rig *rig = run("0 > UDP 100\n0.5 > UDP 100\n1.2 > UDP 58\n90 > UDP 100\n");
	const struct series *bytes = &nth(rig, RECORD_SERIES, 0)->series,
			    *packets = &nth(rig, RECORD_SERIES, 1)->series;

	(void)state;
	assert_string_equal(bytes->name, "bytes");
	assert_int_equal(bytes->value_count, 2);
	assert_true(bytes->values[0] == 284);
	assert_true(bytes->values[1] == 100);
	assert_true(packets->values[0] == 2);
	assert_non_null(nth(rig, RECORD_SERIES, 3));
	assert_null(nth(rig, RECORD_SERIES, 4));
	free(rig);
}

static void test_round_trips_and_repeats_are_told_by_the_second(void **state)
{
	struct rig *rig = run("0 > S\n0.020 < SA\n0.040 > A\n0.050 > PA 1:101(100)\n0.090 < A ack 101\n"
			      "1.500 > PA 101:201(100)\n1.900 > PA 101:201(100)\n1.940 < A ack 201\n");
	const struct series *rtt = &nth(rig, RECORD_SERIES, 2)->series, *most = &nth(rig, RECORD_SERIES, 3)->series,
			    *resent = &nth(rig, RECORD_SERIES, 4)->series;

	(void)state;
	assert_string_equal(rtt->name, "rtt");
	assert_true(rtt->values[0] > 0.0399 && rtt->values[0] < 0.0401);
	assert_true(rtt->values[1] == 0); /* the ACK of what was sent twice times nothing */
	assert_string_equal(most->name, "rtt_max");
	assert_true(most->values[0] == rtt->values[0]);
	assert_string_equal(resent->name, "resent");
	assert_true(resent->values[0] == 0 && resent->values[1] == 1);
	free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips_and_repeats_are_told_by_the_second),
		cmocka_unit_test(test_question_and_answer_are_one_record),
		cmocka_unit_test(test_unanswered_question_is_told_after_its_wait),
		cmocka_unit_test(test_second_answer_is_an_announcement),
		cmocka_unit_test(test_asking_for_oneself_is_gratuitous),
		cmocka_unit_test(test_probe_claims_nothing),
		cmocka_unit_test(test_links_count_every_packet_of_a_pair),
		cmocka_unit_test(test_icmp_error_names_the_conversation),
		cmocka_unit_test(test_echo_is_not_told),
		cmocka_unit_test(test_throughput_is_told_by_the_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
