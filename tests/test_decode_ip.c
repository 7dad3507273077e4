/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode/: IPv6 with its extension headers, ICMP and what it quotes, fragments. */
#include "cmocka_all.h"

#include <stdio.h>

#include "decode_hex.h"

#define V6_ADDRS "2001 0db8 0000 0000 0000 0000 0000 0001 2001 0db8 0000 0000 0000 0000 0000 0009 "
/* 40000 > 443, seq 1000, ACK, no options */
#define TCP_20 "9c40 01bb 0000 03e8 0000 07d0 5010 01f5 0000 0000 "
#define V4_ADDRS "c000 0201 c000 0209 "

static void test_extension_headers_lead_to_tcp(void **state)
{
	/* hop-by-hop (router alert), routing (type 2, one segment left), destination options, AH, TCP */
	const struct packet *p = decode_hex(*state, MACS "86dd 6120 0000 0054 00 40" V6_ADDRS
		"2b00 0502 0000 0100  3c02 0201 00000000 20010db8000000000000000000000077"
		"3300 0104 0000 0000  0604 0000 00000001 00000001 000000000000000000000000" TCP_20);

	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_addr(p->src, "2001:db8::1");
	assert_int_equal(p->proto, 6);
	assert_int_equal(p->ttl, 64);
	assert_int_equal(p->tos, 0x12);
	assert_int_equal(p->ip_len, 40 + 84);
	assert_true(p->df && !p->has_ip_id && p->source_routed);
	assert_int_equal(p->sport, 40000);
}

static void test_endless_extension_chain_is_bad(void **state)
{
	char hex[4096] = MACS "86dd 6000 0000 00a0 3c 40" V6_ADDRS;
	const struct packet *p;

	for (int i = 0; i < 20; i++)
		strcat(hex, "3c00 0104 0000 0000");
	p = decode_hex(*state, hex);
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->fault, FAULT_IP_EXTENSION);
	p = decode_hex(*state, MACS "86dd 6000 0000 0008 3c 40" V6_ADDRS "0609 0104 0000 0000"); /* longer than all */
	assert_int_equal(p->fault, FAULT_IP_EXTENSION);
}

static void test_payload_length_zero_is_a_jumbogram(void **state)
{
	/* hop-by-hop with the jumbo option, then TCP */
	const struct packet *p = decode_hex(*state, MACS "86dd 6000 0000 0000 00 40" V6_ADDRS
		"0600 c204 0001 0020" TCP_20 "41424344");

	assert_int_equal(p->kind, PACKET_TCP);
	assert_true(p->ip_len_zero);
	assert_int_equal(p->payload_len, 4);
	p = decode_hex(*state, MACS "86dd 6000 0000 0000 3b 40" V6_ADDRS); /* no next header: empty is empty */
	assert_int_equal(p->kind, PACKET_IP);
	assert_false(p->ip_len_zero);
}

/* Port unreachable from 192.0.2.77 about a UDP packet 192.0.2.1:5000 > 192.0.2.9:161 */
#define UNREACHABLE MACS "0800 4500 0038 0007 0000 4001 0000 c000024d c0000201 0303 0000 0000 0000" \
	"4500 0050 4321 0000 3f11 0000" V4_ADDRS "1388 00a1 003c 0000"

static void test_icmp_error_quotes_the_packet(void **state)
{
	const struct packet *p = decode_hex(*state, UNREACHABLE);

	assert_int_equal(p->kind, PACKET_ICMP);
	assert_int_equal(p->icmp.type, 3);
	assert_int_equal(p->icmp.code, 3);
	assert_addr(p->src, "192.0.2.77");
	assert_int_equal(p->icmp.quoted.proto, 17);
	assert_addr(p->icmp.quoted.src, "192.0.2.1");
	assert_addr(p->icmp.quoted.dst, "192.0.2.9");
	assert_int_equal(p->icmp.quoted.sport, 5000);
	assert_int_equal(p->icmp.quoted.dport, 161);
	assert_int_equal(p->icmp.quoted.ip_id, 0x4321);
	assert_int_equal(p->icmp.quoted.ttl, 63);
	assert_int_equal(p->payload_len, 36); /* the whole message */
	p = decode_kept(*state, UNREACHABLE, 14 + 20 + 8 + 20);
	assert_int_equal(p->kind, PACKET_ICMP);
	assert_int_equal(p->icmp.quoted.proto, 17);
	assert_int_equal(p->icmp.quoted.dport, 0);
	p = decode_kept(*state, UNREACHABLE, 14 + 20 + 8 + 19);
	assert_int_equal(p->icmp.quoted.proto, 0);
}

/* Fragmentation needed, MTU 1400, about TCP with seq 99; RFC 4884 extensions follow the quote */
static void test_fragmentation_needed_has_the_mtu(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0040 0007 0000 4001 0000 c000024d c0000201"
		"0304 0000 0008 0578 4500 05dc 4321 4000 3f06 0000" V4_ADDRS "9c40 01bb 00000063 2000 0000 00000000");

	assert_int_equal(p->icmp.mtu, 1400);
	assert_int_equal(p->icmp.quoted.seq, 99);
	assert_int_equal(p->icmp.quoted.dport, 443);
}

/* Packet too big, MTU 1280, about a first fragment of UDP that was sent with destination options */
static void test_icmp6_quote_is_read_through_extension_headers(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "86dd 6000 0000 0048 3a 3f" V6_ADDRS "0200 0000 0000 0500"
		"6000 0000 0400 3c 3e" V6_ADDRS "2c00 0104 0000 0000 1100 0001 00000042 1388 00a1 0400 0000");

	assert_int_equal(p->kind, PACKET_ICMP);
	assert_int_equal(p->icmp.mtu, 1280);
	assert_int_equal(p->icmp.quoted.proto, 17);
	assert_int_equal(p->icmp.quoted.ttl, 62);
	assert_int_equal(p->icmp.quoted.sport, 5000);
}

static void test_echo_has_id_and_sequence(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 001c 0007 0000 4001 0000" V4_ADDRS
		"0800 0000 1234 0005");

	assert_int_equal(p->icmp.id, 0x1234);
	assert_int_equal(p->icmp.sequence, 5);
	assert_int_equal(p->icmp.quoted.proto, 0);
	p = decode_hex(*state, MACS "86dd 6000 0000 0008 3a 40" V6_ADDRS "8100 0000 1234 0006");
	assert_int_equal(p->icmp.type, 129);
	assert_int_equal(p->icmp.sequence, 6);
	p = decode_hex(*state, MACS "0800 4500 0017 0007 0000 4001 0000" V4_ADDRS "0800 00");
	assert_int_equal(p->fault, FAULT_ICMP);
}

/* Fragments of one UDP datagram 192.0.2.1:5000 > 192.0.2.9:53 of 8 + 16 bytes, "ABCDEFGHIJKLMNOP" */
#define FRAG(len, id, off) MACS "0800 4500 " len id off " 4011 0000" V4_ADDRS
#define FIRST(id) FRAG("0024", id, "2000") "1388 0035 0018 0000 4142434445464748"
#define LAST(id) FRAG("001c", id, "0002") "494a4b4c4d4e4f50"

static void check_joined(const struct packet *p)
{
	assert_int_equal(p->kind, PACKET_UDP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_true(p->is_fragment);
	assert_int_equal(p->dport, 53);
	assert_int_equal(p->ip_len, 44);
	assert_int_equal(p->payload_len, 16);
	assert_int_equal(p->payload_wire, 16);
	assert_memory_equal(p->payload, "ABCDEFGHIJKLMNOP", 16);
}

static void test_fragments_are_joined_in_any_order(void **state)
{
	const struct packet *p = decode_hex(*state, FIRST("0001"));

	assert_int_equal(p->kind, PACKET_FRAGMENT);
	assert_true(p->is_fragment && p->more_fragments);
	assert_int_equal(p->sport, 5000);
	check_joined(decode_hex(*state, LAST("0001")));
	p = decode_hex(*state, LAST("0002"));
	assert_int_equal(p->kind, PACKET_FRAGMENT);
	assert_int_equal(p->fragment_offset, 16);
	assert_int_equal(p->sport, 0);
	check_joined(decode_hex(*state, FIRST("0002")));
}

static void test_copies_of_fragments_are_left_out(void **state)
{
	decode_hex(*state, FIRST("0001"));
	assert_int_equal(decode_hex(*state, FIRST("0001"))->kind, PACKET_FRAGMENT);
	check_joined(decode_hex(*state, LAST("0001")));
	assert_int_equal(decode_hex(*state, LAST("0001"))->kind, PACKET_FRAGMENT);
	assert_int_equal(decode_hex(*state, FIRST("0001"))->kind, PACKET_FRAGMENT);
	assert_int_equal(decoder_fragments(((struct bench *)*state)->d).lost, 0);
}

/* The same id with other bytes, right after: a new datagram */
static void test_reused_id_begins_a_new_datagram(void **state)
{
	decode_hex(*state, FIRST("0001"));
	decode_hex(*state, LAST("0001"));
	decode_hex(*state, FRAG("0024", "0001", "2000") "1389 0035 0018 0000 4142434445464748");
	check_joined(decode_hex(*state, LAST("0001")));
}

/* Teardrop: the second fragment lies inside the first and claims to be the end */
static void test_overlap_is_bad_and_discards(void **state)
{
	const struct packet *p;

	decode_hex(*state, FIRST("0001"));
	p = decode_hex(*state, FRAG("0018", "0001", "0001") "494a4b4c");
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->fault, FAULT_FRAGMENT);
	assert_int_equal(decode_hex(*state, LAST("0001"))->kind, PACKET_FRAGMENT);
	decode_hex(*state, FIRST("0003"));
	p = decode_hex(*state, FRAG("0024", "0003", "2001") "1388 0035 0018 0000 4142434445464748"); /* by half */
	assert_int_equal(p->fault, FAULT_FRAGMENT);
	p = decode_hex(*state, FRAG("0019", "0004", "2000") "1388003518"); /* more to come, but 5 bytes */
	assert_int_equal(p->fault, FAULT_FRAGMENT);
	p = decode_hex(*state, FRAG("001c", "0005", "1fff") "494a4b4c4d4e4f50"); /* ends at 65536 + */
	assert_int_equal(p->fault, FAULT_FRAGMENT);
}

static void test_copy_with_other_bytes_is_bad_and_left_out(void **state)
{
	const struct packet *p;

	decode_hex(*state, FIRST("0001"));
	p = decode_hex(*state, FRAG("0024", "0001", "2000") "1388 0035 0018 0000 5858585858585858");
	assert_int_equal(p->fault, FAULT_FRAGMENT);
	check_joined(decode_hex(*state, LAST("0001")));
}

static void test_fragments_wait_thirty_seconds(void **state)
{
	struct bench *b = *state;

	decode_hex(b, FIRST("0001"));
	b->f.clock_ns += 29 * NS_PER_S;
	check_joined(decode_hex(b, LAST("0001")));
	decode_hex(b, FIRST("0002"));
	b->f.clock_ns += 31 * NS_PER_S;
	assert_int_equal(decode_hex(b, LAST("0002"))->kind, PACKET_FRAGMENT);
	assert_int_equal(decoder_fragments(b->d).lost, 1);
}

static void test_waiting_fragments_are_bounded(void **state)
{
	struct bench *b = *state;
	char hex[256];

	decoder_free(b->d);
	b->d = decoder_new(20000);
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(hex, sizeof(hex), FIRST("%04x"), i);
		decode_hex(b, hex);
	}
	assert_true(decoder_fragments(b->d).let_go > 50);
	assert_int_equal(decoder_fragments(b->d).lost, 0);
	check_joined(decode_hex(b, LAST("0064")));
}

/* The first fragment was captured up to "ABCD": nothing better will come, so it is read at once, and only once */
static void test_cut_first_fragment_is_read_at_once(void **state)
{
	const struct packet *p = decode_kept(*state, FIRST("0001"), 14 + 20 + 12);

	assert_int_equal(p->kind, PACKET_UDP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_true(p->is_fragment);
	assert_int_equal(p->payload_len, 4);
	assert_int_equal(p->payload_wire, 16);
	assert_memory_equal(p->payload, "ABCD", 4);
	p = decode_hex(*state, LAST("0001"));
	assert_int_equal(p->kind, PACKET_FRAGMENT);
	assert_int_equal(decoder_fragments(((struct bench *)*state)->d).lost, 0);
}

/* A later fragment was cut: the datagram is whole, but cut there */
static void test_cut_fragments_make_a_cut_datagram(void **state)
{
	const struct packet *p;

	decode_hex(*state, FIRST("0001"));
	p = decode_kept(*state, LAST("0001"), 14 + 20 + 2);
	assert_int_equal(p->kind, PACKET_UDP);
	assert_int_equal(p->payload_len, 10);
	assert_int_equal(p->payload_wire, 16);
}

/* The same datagram in IPv6: destination options after the fragment header; the overlap is fatal (RFC 5722) */
static void test_ipv6_fragments(void **state)
{
	const char *first = MACS "86dd 6000 0000 0020 2c 40" V6_ADDRS "3c00 0001 00000007 1100 0104 0000 0000"
		"1388 0035 0018 0000 4142434445464748";
	const struct packet *p = decode_hex(*state, first);

	assert_int_equal(p->kind, PACKET_FRAGMENT);
	p = decode_hex(*state, MACS "86dd 6000 0000 0010 2c 40" V6_ADDRS "3c00 0018 00000007 494a4b4c4d4e4f50");
	assert_int_equal(p->kind, PACKET_UDP);
	assert_true(p->is_fragment);
	assert_int_equal(p->payload_len, 16);
	assert_memory_equal(p->payload, "ABCDEFGHIJKLMNOP", 16);
	/* an atomic fragment is whole by itself */
	p = decode_hex(*state, MACS "86dd 6000 0000 0010 2c 40" V6_ADDRS "1100 0000 00000008 1388 0035 0008 0000");
	assert_int_equal(p->kind, PACKET_UDP);
	assert_false(p->is_fragment);
}

struct told {
	struct record records[4];
	int count;
};

static void keep(void *arg, const struct record *r)
{
	struct told *t = arg;

	assert_true(t->count < 4);
	record_copy(&t->records[t->count++], r);
}

static void finish_fragments(struct bench *b, struct told *t)
{
	struct record_sink sink = { keep, t };

	t->count = 0;
	decoder_finish(b->d, b->f.clock_ns, &sink);
}

#define MIDDLE(id) FRAG("001c", id, "2002") "494a4b4c4d4e4f50"
#define FAR_END(id) FRAG("001c", id, "0003") "5152535455565758"

static void pass_s(struct bench *b, int64_t s)
{
	b->f.clock_ns += s * NS_PER_S;
	b->f.ts_ns = b->f.clock_ns;
}

static void test_datagrams_without_the_rest_are_told(void **state)
{
	struct bench *b = *state;
	struct told t;
	const struct fragmented *f = &t.records[0].fragmented;

	decode_hex(b, FIRST("0001")); /* frame 1: the first fragment alone */
	decode_hex(b, LAST("0002"));  /* frame 2: the last one alone */
	decode_hex(b, FIRST("0003")); /* frames 3 to 6: all but the middle; with a copy */
	decode_hex(b, FIRST("0003"));
	pass_s(b, 1);
	decode_hex(b, FAR_END("0003"));
	check_joined((decode_hex(b, FIRST("0004")), decode_hex(b, LAST("0004"))));
	pass_s(b, 40);
	decode_hex(b, MIDDLE("0005")); /* frame 8: the capture ends */
	finish_fragments(b, &t);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.records[0].kind, RECORD_FRAGMENTED);
	assert_addr(t.records[0].orig_h, "192.0.2.1");
	assert_addr(t.records[0].resp_h, "192.0.2.9");
	assert_int_equal(t.records[0].proto, 17);
	assert_int_equal(t.records[0].frame, 1);
	assert_int_equal(f->pkts, 7);
	assert_int_equal(f->first_pkts, 3);
	assert_int_equal(f->later_pkts, 4);
	assert_int_equal(f->joined, 1);
	assert_int_equal(f->joined_max_len, 24);
	assert_int_equal(f->joined_first.frame, 7);
	assert_int_equal(f->lost_first_only, 1);
	assert_int_equal(f->lost_rest_only, 1);
	assert_int_equal(f->lost_holes, 1);
	assert_int_equal(f->unfinished, 1);
	assert_int_equal(f->lost_count, 3);
	assert_int_equal(f->lost[0].here, FRAGMENTS_FIRST);
	assert_int_equal(f->lost[0].dport, 53);
	assert_int_equal(f->lost[0].len, 0);
	assert_int_equal(f->lost[1].here, FRAGMENTS_REST);
	assert_int_equal(f->lost[1].sport, 0);
	assert_int_equal(f->lost[1].len, 24);
	assert_int_equal(f->lost[1].here_bytes, 8);
	assert_int_equal(f->lost[2].here, FRAGMENTS_HOLES);
	assert_int_equal(f->lost[2].len, 32);
	assert_int_equal(f->lost[2].here_bytes, 24);
	assert_int_equal(f->lost[2].largest, 36);
	assert_int_equal(f->lost[2].first.frame, 3);
	assert_int_equal(f->lost[2].last.frame, 5);
	assert_int_equal(f->lost[2].last.at_ns, NS_PER_S);
}

/* At the end of a capture what waits longer than fragments can be apart is lost, the rest is open */
static void test_datagrams_at_the_end_of_the_capture(void **state)
{
	struct bench *b = *state;
	struct told t;

	decode_hex(b, FIRST("0001"));
	pass_s(b, 2);
	decode_hex(b, FIRST("0002"));
	finish_fragments(b, &t);
	assert_int_equal(t.records[0].fragmented.lost_first_only, 1);
	assert_int_equal(t.records[0].fragmented.unfinished, 1);
	assert_int_equal(t.records[0].fragmented.later_pkts, 0);
}

static void test_each_direction_and_protocol_is_told(void **state)
{
	struct bench *b = *state;
	struct told t;

	decode_hex(b, FIRST("0001"));
	decode_hex(b, MACS "0800 4500 0024 0001 2000 4001 0000" V4_ADDRS "0800 0000 0000 0000 4142434445464748");
	finish_fragments(b, &t);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.records[0].proto, 17);
	assert_int_equal(t.records[1].proto, 1);
	assert_int_equal(t.records[1].frame, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_extension_headers_lead_to_tcp),
		bench_test(test_endless_extension_chain_is_bad),
		bench_test(test_payload_length_zero_is_a_jumbogram),
		bench_test(test_icmp_error_quotes_the_packet),
		bench_test(test_fragmentation_needed_has_the_mtu),
		bench_test(test_icmp6_quote_is_read_through_extension_headers),
		bench_test(test_echo_has_id_and_sequence),
		bench_test(test_fragments_are_joined_in_any_order),
		bench_test(test_copies_of_fragments_are_left_out),
		bench_test(test_reused_id_begins_a_new_datagram),
		bench_test(test_overlap_is_bad_and_discards),
		bench_test(test_copy_with_other_bytes_is_bad_and_left_out),
		bench_test(test_fragments_wait_thirty_seconds),
		bench_test(test_waiting_fragments_are_bounded),
		bench_test(test_cut_first_fragment_is_read_at_once),
		bench_test(test_cut_fragments_make_a_cut_datagram),
		bench_test(test_ipv6_fragments),
		bench_test(test_datagrams_without_the_rest_are_told),
		bench_test(test_datagrams_at_the_end_of_the_capture),
		bench_test(test_each_direction_and_protocol_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
