/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS: questions and answers in pairs, names that are traps, TCP, mDNS. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "dissect_rig.h"
#include "dissectors/dns_message.h"

/* id 1234, recursion desired: www.example. A IN */
#define QUERY "1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001"
/* the same, answered: www.example. CNAME web.example., which is 192.0.2.80 and 192.0.2.81 */
#define ANSWER \
	"1234 8580 0001 0003 0000 0000 03777777 076578616d706c65 00 0001 0001" \
	"c00c 0005 0001 0000003c 0006 03776562 c010" \
	"c029 0001 0001 0000003c 0004 c0000250" \
	"c029 0001 0001 0000003c 0004 c0000251"
/* the same, NXDOMAIN */
#define NXDOMAIN "1234 8183 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001"
/* id 0002: www.example. AAAA IN, and its SERVFAIL */
#define QUERY_AAAA "0002 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 001c 0001"
#define SERVFAIL_AAAA "0002 8182 0001 0000 0000 0000 03777777 076578616d706c65 00 001c 0001"

static const struct dns *dns(const struct rig *g, int n)
{
	return &rig_record(g, RECORD_DNS, n)->dns;
}

static void assert_addr(const struct addr *a, const char *text)
{
	char out[ADDR_TEXT_SIZE];

	assert_string_equal(addr_text(a, out), text);
}

static void test_answer_is_paired_with_its_question(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 5300); /* not DNS's port */
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_ORIG, QUERY_AAAA);
	rig_hex(g, SIDE_RESP, SERVFAIL_AAAA);
	rig_hex(g, SIDE_RESP, ANSWER);
	assert_int_equal(rig_count(g, RECORD_DNS), 2);
	rig_close(g);
	assert_string_equal(g->service, "dns");
	assert_int_equal(dns(g, 0)->qtype, DNS_TYPE_AAAA);
	assert_int_equal(dns(g, 0)->rcode, 2);
	assert_string_equal(dns(g, 1)->query, "www.example");
	assert_true(dns(g, 1)->answered);
	assert_false(dns(g, 1)->tcp);
	assert_false(dns(g, 1)->mdns);
	assert_false(dns(g, 1)->client_moved_on);
	assert_true(dns(g, 1)->authoritative);
	assert_true(dns(g, 1)->recursion_desired);
	assert_int_equal(dns(g, 1)->tries, 1);
	assert_int_equal(dns(g, 1)->rtt_ns, 3000000);
	assert_int_equal(dns(g, 1)->request.frame, 1);
	assert_int_equal(dns(g, 1)->response.frame, 4);
	assert_int_equal(dns(g, 1)->answer_count, 2);
	assert_addr(&dns(g, 1)->answers[0], "192.0.2.80");
	assert_addr(&dns(g, 1)->answers[1], "192.0.2.81");
	assert_string_equal(dns(g, 1)->cname, "web.example");
	assert_string_equal(
		text_str(&g->marks), "orig 1 A www.example\norig 2 AAAA www.example\nresp 3 SERVFAIL\nresp 4 answer\n");
	rig_free(g);
}

static void test_tries_are_counted_and_silence_is_told(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_wait(g, 5);
	rig_hex(g, SIDE_ORIG, QUERY);
	assert_int_equal(rig_count(g, RECORD_DNS), 0);
	rig_close(g);
	assert_int_equal(dns(g, 0)->tries, 2);
	assert_false(dns(g, 0)->answered);
	assert_int_equal(dns(g, 0)->rtt_ns, UNSET);
	assert_int_equal(dns(g, 0)->request.frame, 1);
	assert_int_equal(dns(g, 0)->request_last.frame, 2);
	assert_int_equal(dns(g, 0)->response.frame, 0);
	rig_free(g);
}

static void test_late_answer_finds_the_client_gone(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_wait(g, 7.5);
	rig_hex(g, SIDE_RESP, NXDOMAIN);
	assert_true(dns(g, 0)->client_moved_on);
	assert_int_equal(dns(g, 0)->rcode, 3);
	rig_free(g);
}

static void test_second_answer_is_not_told_again(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_RESP, NXDOMAIN);
	rig_hex(g, SIDE_RESP, NXDOMAIN);
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_DNS), 1);
	assert_int_equal(dns(g, 0)->tries, 2);
	rig_free(g);
}

static void test_same_id_later_is_a_new_question(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_RESP, NXDOMAIN);
	rig_wait(g, 2);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_RESP, ANSWER);
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_DNS), 2);
	assert_int_equal(dns(g, 1)->request.frame, 3);
	assert_int_equal(dns(g, 1)->rcode, 0);
	rig_free(g);
}

static void test_answer_without_question_is_told_alone(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_RESP, ANSWER);
	assert_int_equal(dns(g, 0)->tries, 0);
	assert_int_equal(dns(g, 0)->request.frame, 0);
	assert_int_equal(dns(g, 0)->rtt_ns, UNSET);
	assert_int_equal(dns(g, 0)->answer_count, 2);
	rig_free(g);
}

static void test_case_of_names_does_not_matter(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, "1234 0100 0001 0000 0000 0000 03575777 076578616d706c65 00 0001 0001"); /* WWw.example */
	rig_hex(g, SIDE_RESP, NXDOMAIN);
	assert_int_equal(dns(g, 0)->tries, 1);
	rig_free(g);
}

/* Two questions, the second one a name that runs out of the message: still the answer to the first. */
static void test_answer_broken_behind_its_question_is_paired(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	rig_hex(g, SIDE_RESP, "1234 8100 0002 0001 0000 0000 03777777 076578616d706c65 00 0001 0001 3f414141");
	assert_true(dns(g, 0)->answered);
	assert_int_equal(dns(g, 0)->answer_count, 0);
	rig_free(g);
}

static void test_edns_extends_the_code(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, QUERY);
	/* one additional record: OPT with extended code 1, which makes BADVERS, 16 */
	rig_hex(g, SIDE_RESP,
		"1234 8180 0001 0000 0000 0001 03777777 076578616d706c65 00 0001 0001"
		"00 0029 0200 01000000 0000");
	assert_int_equal(dns(g, 0)->rcode, 16);
	rig_free(g);
}

static void test_updates_and_notifies_ask_nothing(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 53);
	rig_hex(g, SIDE_ORIG, "1234 2800 0001 0000 0000 0000 07 6578616d706c65 00 0006 0001"); /* update */
	rig_hex(g, SIDE_ORIG, "1234 2400 0001 0000 0000 0000 07 6578616d706c65 00 0006 0001"); /* notify */
	rig_close(g);
	assert_string_equal(g->service, "dns");
	assert_int_equal(g->count, 0);
	rig_free(g);
}

static void test_multicast_needs_no_answer(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 5353);
	/* printer.local A, unicast answer wanted */
	rig_hex(g, SIDE_ORIG, "0000 0000 0001 0000 0000 0000 077072696e746572 056c6f63616c 00 0001 8001");
	/* printer.local is 192.0.2.9, with the cache flush bit, no question */
	rig_hex(g, SIDE_ORIG,
		"0000 8400 0000 0001 0000 0000 077072696e746572 056c6f63616c 00 0001 8001 00000078 0004"
		"c0000209");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_DNS), 2);
	assert_true(dns(g, 0)->mdns);
	assert_false(dns(g, 0)->answered);
	assert_int_equal(dns(g, 0)->qclass, 1);
	assert_true(dns(g, 1)->mdns);
	assert_string_equal(dns(g, 1)->query, "printer.local");
	assert_addr(&dns(g, 1)->answers[0], "192.0.2.9");
	rig_free(g);
}

static void over_tcp(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "001d" QUERY "001d" QUERY_AAAA);
	rig_hex(g, SIDE_RESP, "001d" SERVFAIL_AAAA);
	rig_hex(g, SIDE_RESP, "004f" ANSWER);
}

static void test_tcp_messages_have_a_length(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 5300);
	over_tcp(g);
	rig_close(g);
	assert_string_equal(g->service, "dns");
	assert_int_equal(rig_count(g, RECORD_DNS), 2);
	assert_true(dns(g, 1)->tcp);
	assert_int_equal(dns(g, 1)->answer_count, 2);
	rig_free(g);
	rig_same_in_pieces(6, 53, over_tcp);
}

static void test_long_message_over_tcp_is_skipped_past_its_head(void **state)
{
	struct rig rig, *g = &rig;
	char zeros[4001];

	(void)state;
	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	rig_open(g, 6, 53);
	rig_hex(g, SIDE_ORIG, "001d" QUERY "001d" QUERY_AAAA);
	/* a message of 0x2000 bytes: 29 of an answer, the rest anything */
	rig_hex(g, SIDE_RESP, "2000 1234 8180 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001");
	rig_hex(g, SIDE_RESP, zeros);
	rig_hex(g, SIDE_RESP, zeros);
	assert_int_equal(rig_count(g, RECORD_DNS), 0);
	rig_hex(g, SIDE_RESP, zeros);
	assert_int_equal(rig_count(g, RECORD_DNS), 1);
	rig_lose(g, SIDE_RESP, 0x2000 - 29 - 6000);
	rig_hex(g, SIDE_RESP, "001d" SERVFAIL_AAAA);
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_DNS), 2);
	assert_int_equal(g->sum.skipped_bytes, 0);
	assert_int_equal(g->sum.gap_bytes[SIDE_RESP], 0);
	rig_free(g);
}

/* A reserved bit, an operation that nobody assigned, a name that points forward: DNS at its port, and nowhere else. */
static void test_odd_messages_are_dns_at_the_port(void **state)
{
	static const char *const odd[] = {"1234 0140 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001",
		"1234 4900 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001",
		"1234 0100 0002 0000 0000 0000 c012 0001 0001 03777777 076578616d706c65 00 0001 0001"};
	struct rig rig, *g = &rig;
	struct capture seen;

	(void)state;
	for (int i = 0; i < 6; i++) {
		rig_open(g, 17, i < 3 ? 53 : 5300);
		memset(&seen, 0, sizeof(seen));
		rig_hex(g, SIDE_ORIG, odd[i % 3]);
		dissect_engine_counts(g->engine, 0, &seen);
		assert_int_equal(seen.dns_queries, i < 3);
		rig_close(g);
		rig_free(g);
	}
}

static void test_netbios_names_are_not_dns(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 137);
	/* broadcast query for a NetBIOS name: 32 letters, type NB */
	rig_hex(g, SIDE_ORIG,
		"0001 0110 0001 0000 0000 0000 20 46484641454245454341434143414341"
		"43414341434143414341434143414341 00 0020 0001");
	rig_close(g);
	assert_string_equal(g->service, "netbios");
	assert_int_equal(g->count, 0);
	rig_free(g);
}

/* --- names --- */

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex += 2) {
		char two[3] = {hex[0], hex[1], 0};

		out[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

/* Reads the name at the offset out of a message of these bytes (and so many more that were sent). */
static enum reader_state name_at(const char *hex, size_t offset, size_t lost, char out[256])
{
	uint8_t bytes[600];
	size_t n = from_hex(hex, bytes);
	struct reader whole = rd_make(bytes, n, n + lost), r = rd_make(bytes + offset, n - offset, n - offset + lost);

	dns_name_read(&r, &whole, out, 256);
	return r.state;
}

static void test_names_are_read_with_pointers_and_escapes(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(name_at("0161c000", 2, 0, name), READER_BAD); /* at itself... */
	assert_int_equal(name_at("016100c000", 3, 0, name), READER_OK);
	assert_string_equal(name, "a");
	assert_int_equal(name_at("016100"
				 "0162c000",
				 3, 0, name),
		READER_OK);
	assert_string_equal(name, "b.a");
	assert_int_equal(name_at("00", 0, 0, name), READER_OK);
	assert_string_equal(name, ".");
	assert_int_equal(name_at("05612e005c1b00", 0, 0, name), READER_OK);
	assert_string_equal(name, "a\\.\\000\\\\\\027");
}

static void test_pointer_loop_is_bad(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(name_at("c000", 0, 0, name), READER_BAD);
	assert_int_equal(name_at("c002c000", 2, 0, name), READER_BAD); /* back, and from there forward */
	assert_int_equal(name_at("0161c004c000", 4, 0, name), READER_BAD);
}

static void test_forward_pointer_is_bad(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(name_at("c002016100", 0, 0, name), READER_BAD);
}

static void test_name_longer_than_255_is_bad(void **state)
{
	char hex[1200] = "", name[256];
	int i;

	(void)state;
	for (i = 0; i < 130; i++)
		strcat(hex, "0161");
	strcat(hex, "00");
	assert_int_equal(name_at(hex, 0, 0, name), READER_BAD);
}

static void test_label_past_the_message_is_bad_and_past_the_capture_cut(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(name_at("056162", 0, 0, name), READER_BAD);
	assert_int_equal(name_at("056162", 0, 20, name), READER_CUT);
	assert_int_equal(name_at("8161", 0, 0, name), READER_BAD); /* reserved kind of label */
}

static void test_answer_cut_by_snaplen_is_cut(void **state)
{
	struct dns_message m;
	uint8_t bytes[64];
	size_t n = from_hex("123485800001000300000000037777770765"
			    "78616d706c650000010001c00c0005",
		bytes);

	(void)state;
	assert_true(dns_message_read(&m, bytes, n, 79));
	assert_int_equal(m.state, READER_CUT);
	assert_string_equal(m.name, "www.example");
	assert_int_equal(m.rcode, 0);
	assert_false(dns_message_read(&m, bytes, 20, 79));
	assert_int_equal(m.state, READER_CUT);
	assert_false(dns_message_read(&m, bytes, 20, 20));
	assert_int_equal(m.state, READER_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_is_paired_with_its_question),
		cmocka_unit_test(test_tries_are_counted_and_silence_is_told),
		cmocka_unit_test(test_late_answer_finds_the_client_gone),
		cmocka_unit_test(test_second_answer_is_not_told_again),
		cmocka_unit_test(test_same_id_later_is_a_new_question),
		cmocka_unit_test(test_answer_without_question_is_told_alone),
		cmocka_unit_test(test_case_of_names_does_not_matter),
		cmocka_unit_test(test_answer_broken_behind_its_question_is_paired),
		cmocka_unit_test(test_edns_extends_the_code),
		cmocka_unit_test(test_updates_and_notifies_ask_nothing),
		cmocka_unit_test(test_multicast_needs_no_answer),
		cmocka_unit_test(test_tcp_messages_have_a_length),
		cmocka_unit_test(test_long_message_over_tcp_is_skipped_past_its_head),
		cmocka_unit_test(test_odd_messages_are_dns_at_the_port),
		cmocka_unit_test(test_netbios_names_are_not_dns),
		cmocka_unit_test(test_names_are_read_with_pointers_and_escapes),
		cmocka_unit_test(test_pointer_loop_is_bad),
		cmocka_unit_test(test_forward_pointer_is_bad),
		cmocka_unit_test(test_name_longer_than_255_is_bad),
		cmocka_unit_test(test_label_past_the_message_is_bad_and_past_the_capture_cut),
		cmocka_unit_test(test_answer_cut_by_snaplen_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
