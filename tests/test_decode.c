/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode/: IPv4, TCP, UDP, ARP, what is cut and what is bad, checksums. */
#include "cmocka_all.h"

#include <stdio.h>

#include "decode_hex.h"

static void test_segment_with_timestamps(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800" IP_52 TCP_TS);

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_true(p->has_macs);
	assert_int_equal(p->mac_src.b[5], 1);
	assert_int_equal(p->vlan_count, 0);
	assert_int_equal(p->tunnel_count, 0);
	assert_int_equal(p->sll_type, 255);
	assert_addr(p->src, "192.0.2.1");
	assert_addr(p->dst, "192.0.2.9");
	assert_int_equal(p->ip_id, 0x1234);
	assert_true(p->df && p->has_ip_id && !p->is_fragment && !p->ip_len_zero);
	assert_int_equal(p->ttl, 64);
	assert_int_equal(p->ip_len, 52);
	assert_int_equal(p->sport, 40000);
	assert_int_equal(p->dport, 443);
	assert_int_equal(p->tcp.seq, 1000);
	assert_int_equal(p->tcp.ack, 2000);
	assert_int_equal(p->tcp.flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p->tcp.window, 501);
	assert_int_equal(p->tcp.window_scale, -1);
	assert_true(p->tcp.has_timestamps && p->tcp.ts_value == 7 && p->tcp.ts_echo == 9);
	assert_int_equal(p->payload_len, 0);
	assert_int_equal(p->payload_wire, 0);
}

/* The short way of a plain frame and the long one, as of raw IP, tell the same. */
static void test_plain_frame_reads_as_layer_by_layer(void **state)
{
	static const char *const packets[] = {
		IP_52 TCP_TS,
		"4510 0028 1234 0000 3f06 0000 c0000201 c0000209 9c40 01bb 000003e8 000007d0 5011 01f5 0000 0007",
		"4500 0034 0001 4000 4006 0000 c0000201 c0000209 9c40 01bb 00000001 00000000 7002 faf0 0000 0000"
		"0204 05b4 03ff 0102 01020304",
		"4500 002d 0001 4000 4006 0000 c0000201 c0000209 9c40 01bb 00000001 00000000 5018 faf0 0000 0000 4142434445",
	};
	struct bench *b = *state;
	char frame[512];

	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		struct packet plain;
		size_t payload_at;

		snprintf(frame, sizeof(frame), MACS "0800 %s", packets[i]);
		b->f.link_type = LINK_ETHER;
		plain = *decode_hex(b, frame);
		payload_at = (size_t)(plain.payload - plain.transport);
		b->f.link_type = LINK_RAW;
		decode_hex(b, packets[i]);
		assert_int_equal(plain.kind, PACKET_TCP);
		assert_int_equal(plain.ether_type, b->p.ether_type);
		assert_memory_equal(&plain.kind, &b->p.kind, 3); /* and verdict, fault */
		assert_memory_equal(&plain.src, &b->p.src, 2 * sizeof(plain.src));
		assert_true(plain.ttl == b->p.ttl && plain.tos == b->p.tos && plain.df == b->p.df);
		assert_true(plain.has_ip_id && plain.ip_id == b->p.ip_id && plain.ip_len == b->p.ip_len);
		assert_true(plain.sport == b->p.sport && plain.dport == b->p.dport);
		assert_true(plain.tcp.seq == b->p.tcp.seq && plain.tcp.ack == b->p.tcp.ack);
		assert_true(plain.tcp.flags == b->p.tcp.flags && plain.tcp.window == b->p.tcp.window);
		assert_true(plain.tcp.urgent == b->p.tcp.urgent && plain.tcp.mss == b->p.tcp.mss);
		assert_true(plain.tcp.ts_value == b->p.tcp.ts_value && plain.tcp.ts_echo == b->p.tcp.ts_echo);
		assert_int_equal(plain.tcp.window_scale, b->p.tcp.window_scale);
		assert_int_equal(payload_at, b->p.payload - b->p.transport);
		assert_true(plain.payload_len == b->p.payload_len && plain.payload_wire == b->p.payload_wire);
	}
}

/* A SYN: MSS 1460, SACK permitted, timestamps, NOP, window scale 7; fast open cookie request */
static void test_options_of_a_syn(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0040 0001 4000 4006 0000 c0000201 c0000209"
		"9c40 01bb 00000001 00000000 b002 faf0 0000 0000"
		"0204 05b4 0402 080a 00000001 00000000 01 0303 07 2202 0101");

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_int_equal(p->tcp.mss, 1460);
	assert_int_equal(p->tcp.window_scale, 7);
	assert_true(p->tcp.sack_permitted && p->tcp.has_timestamps && p->tcp.fast_open && !p->tcp.mptcp);
}

/* An ACK with two SACK blocks: 3000-4000 and 5000-6000; then MPTCP */
static void test_sack_blocks(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0044 0001 4000 4006 0000 c0000201 c0000209"
		"9c40 01bb 00000001 00000001 c010 faf0 0000 0000"
		"0101 0512 00000bb8 00000fa0 00001388 00001770 1e04 2000");

	assert_int_equal(p->tcp.sack_count, 2);
	assert_int_equal(p->tcp.sack_left[0], 3000);
	assert_int_equal(p->tcp.sack_right[1], 6000);
	assert_true(p->tcp.mptcp);
	assert_int_equal(p->tcp.mptcp_kinds, 1 << 2);
}

static void test_option_that_overruns_leaves_the_segment(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 002d 0001 4000 4006 0000 c0000201 c0000209"
		"9c40 01bb 00000001 00000001 6018 faf0 0000 0000 080a 0000 41");

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->fault, FAULT_TCP_OPTION);
	assert_false(p->tcp.has_timestamps);
	assert_int_equal(p->payload_len, 1);
}

static void test_cut_in_options_is_still_a_segment(void **state)
{
	const struct packet *p = decode_kept(*state, MACS "0800 4500 0038 1234 4000 4006 0000 c0000201 c0000209"
		TCP_TS "41424344", 14 + 20 + 26);

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_int_equal(p->payload_len, 0);
	assert_int_equal(p->payload_wire, 4);
	assert_int_equal(packet_checksum((struct packet *)p), CHECKSUM_PARTIAL); /* it is 0 */
}

/* An empty segment with a checksum, of whose options two bytes are here: nothing to sum up */
static void test_checksum_needs_the_options_too(void **state)
{
	struct bench *b = *state;

	decode_kept(b, MACS "0800" IP_52 "9c40 01bb 0000 03e8 0000 07d0 8010 01f5 abcd 0000"
		"0101 080a 0000 0007 0000 0009", 14 + 20 + 22);
	assert_int_equal(b->p.kind, PACKET_TCP);
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_UNKNOWN);
}

static void test_cut_header_is_cut_and_short_one_is_bad(void **state)
{
	const struct packet *p = decode_kept(*state, MACS "0800" IP_52 TCP_TS, 14 + 20 + 19);

	assert_int_equal(p->verdict, PACKET_CUT);
	assert_int_equal(p->kind, PACKET_IP);
	assert_int_equal(p->fault, FAULT_NONE);
	p = decode_hex(*state, MACS "0800 4500 0027 1234 4000 4006 0000 c0000201 c0000209"
		"9c40 01bb 0000 03e8 0000 07d0 5018 01f5 0000 00");
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->fault, FAULT_TCP_HEADER);
}

static void test_bad_lengths_of_ip(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4400 0034 1234 4000 4006 0000 c0000201 c0000209");

	assert_int_equal(p->fault, FAULT_IP_HEADER);
	p = decode_hex(*state, MACS "0800 4500 0013 1234 4000 4006 0000 c0000201 c0000209");
	assert_int_equal(p->fault, FAULT_IP_LENGTH);
	assert_int_equal(p->verdict, PACKET_BAD);
	p = decode_hex(*state, MACS "0800 6500 0034 1234 4000 4006 0000 c0000201 c0000209");
	assert_int_equal(p->fault, FAULT_IP_VERSION);
	assert_int_equal(p->kind, PACKET_OTHER);
}

/* Total length 56, of which the frame has 52 and says that this is all */
static void test_frame_shorter_than_the_packet_is_used_as_cut(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0038 1234 4000 4006 0000 c0000201 c0000209" TCP_TS);

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->fault, FAULT_IP_LENGTH);
	assert_int_equal(p->payload_wire, 4);
	assert_int_equal(p->payload_len, 0);
}

/* An ACK of 40 bytes in a frame that was padded to 60 */
static void test_padding_is_no_payload(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0028 1234 4000 4006 0000 c0000201 c0000209"
		"9c40 01bb 0000 03e8 0000 07d0 5010 01f5 0000 0000 000000000000");

	assert_int_equal(p->payload_wire, 0);
	assert_int_equal(p->payload_len, 0);
}

static void test_total_length_zero_is_taken_from_the_frame(void **state)
{
	const struct packet *p = decode_kept(*state, MACS "0800 4500 0000 1234 4000 4006 0000 c0000201 c0000209"
		TCP_TS "4142434445464748", 14 + 52 + 3);

	assert_true(p->ip_len_zero);
	assert_int_equal(p->ip_len, 60);
	assert_int_equal(p->payload_len, 3);
	assert_int_equal(p->payload_wire, 8);
	assert_memory_equal(p->payload, "ABC", 3);
}

/* 192.0.2.1 asks for 192.0.2.9 */
static void test_arp_request(void **state)
{
	const char *hex = MACS "0806 0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000209";
	const struct packet *p = decode_hex(*state, hex);

	assert_int_equal(p->kind, PACKET_ARP);
	assert_int_equal(p->arp.operation, 1);
	assert_addr(p->arp.sender_ip, "192.0.2.1");
	assert_addr(p->arp.target_ip, "192.0.2.9");
	assert_int_equal(p->arp.sender_mac.b[5], 1);
	assert_int_equal(decode_kept(*state, hex, 30)->verdict, PACKET_CUT);
	p = decode_hex(*state, MACS "0806 0001 0800 06 09 0001 020000000001 c0000201 000000000000 c0000209");
	assert_int_equal(p->fault, FAULT_ARP);
}

static void test_udp_lengths(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0020 0001 0000 4011 0000 c0000201 c0000209"
		"0035 9c40 000b 0000 414243 00");

	assert_int_equal(p->kind, PACKET_UDP);
	assert_int_equal(p->sport, 53);
	assert_int_equal(p->payload_len, 3);
	p = decode_hex(*state, MACS "0800 4500 0020 0001 0000 4011 0000 c0000201 c0000209 0035 9c40 000d 0000 41424300");
	assert_int_equal(p->fault, FAULT_UDP_LENGTH); /* beyond its packet: what is there is used */
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->kind, PACKET_UDP);
	assert_int_equal(p->payload_len, 4);
	assert_int_equal(p->payload_wire, 4);
	p = decode_hex(*state, MACS "0800 4500 0020 0001 0000 4011 0000 c0000201 c0000209 0035 9c40 0007 0000 41424300");
	assert_int_equal(p->fault, FAULT_UDP_LENGTH);
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->kind, PACKET_IP);
}

/* Real segments of 10.0.0.1 > 10.0.0.2: right, wrong, and as left for the card */
static void test_checksums(void **state)
{
	struct bench *b = *state;
#define SEGMENT(sum) MACS "0800 4500 002a 0001 4000 4006 0000 0a000001 0a000002" \
	"04d2 0050 00000001 00000002 5018 2000 " sum " 0000 6869"

	decode_hex(b, SEGMENT("0e3a"));
	assert_int_equal(b->p.checksum, CHECKSUM_UNKNOWN); /* until it is asked for */
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_GOOD);
	assert_int_equal(b->p.checksum, CHECKSUM_GOOD);
	decode_hex(b, SEGMENT("0e3b"));
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_BAD);
	decode_hex(b, SEGMENT("141f")); /* 0a00+0001+0a00+0002+0006+0016, not inverted */
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_PARTIAL);
	decode_hex(b, SEGMENT("1409")); /* the same without the length */
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_PARTIAL);
	decode_hex(b, SEGMENT("0000"));
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_PARTIAL);
	decode_kept(b, SEGMENT("0e3b"), 55);
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_UNKNOWN);
}

/* RFC 1071 as it is written: big-endian words, one after another. */
static uint32_t plain_sum(uint32_t sum, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

/* TCP over IPv4 or IPv6 with `n` bytes of payload and a right checksum; gives its size. */
static size_t segment_of(uint8_t *frame, bool v6, size_t n)
{
	size_t ip = v6 ? 40 : 20, tcp_len = 20 + n;
	uint8_t *tcp = frame + 14 + ip;
	uint32_t sum;

	for (size_t i = 0; i < 14 + ip + tcp_len; i++)
		frame[i] = (uint8_t)(255 - i * i * 7 % 251);
	memcpy(frame + 12, v6 ? "\x86\xdd\x60\0\0\0" : "\x08\0\x45\0\0\0", 6);
	frame[v6 ? 18 : 16] = (uint8_t)((v6 ? tcp_len : ip + tcp_len) >> 8);
	frame[v6 ? 19 : 17] = (uint8_t)(v6 ? tcp_len : ip + tcp_len);
	memcpy(frame + 20, v6 ? "\x06\x40" : "\0\0\x40\x06", v6 ? 2 : 4);
	memcpy(tcp + 12, "\x50\x18\x01\xf5\0\0\0\0", 8);
	sum = plain_sum(plain_sum(6 + (uint32_t)tcp_len, tcp - (v6 ? 32 : 8), v6 ? 32 : 8), tcp, tcp_len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	tcp[16] = (uint8_t)(~sum >> 8);
	tcp[17] = (uint8_t)~sum;
	return 14 + ip + tcp_len;
}

static void test_checksum_of_every_length(void **state)
{
	struct bench *b = *state;
	uint8_t *frame = b->bytes = malloc(14 + 40 + 20 + 300);

	b->f.data = frame;
	for (size_t n = 0; n <= 300; n++)
		for (int v6 = 0; v6 < 2; v6++) {
			b->f.captured = b->f.on_wire = (uint32_t)segment_of(frame, v6, n);
			decode_frame(b->d, &b->f, &b->p);
			assert_int_equal(b->p.kind, PACKET_TCP);
			assert_int_equal(b->p.payload_len, n);
			assert_int_equal(packet_checksum(&b->p), CHECKSUM_GOOD);
			frame[b->f.captured - 1] ^= 0x10;
			decode_frame(b->d, &b->f, &b->p);
			assert_int_equal(packet_checksum(&b->p), CHECKSUM_BAD);
		}
}

static void test_udp_without_checksum_is_not_judged(void **state)
{
	struct bench *b = *state;

	decode_hex(b, MACS "0800 4500 001f 0001 0000 4011 0000 c0000201 c0000209 0035 9c40 000b 0000 414243");
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_UNKNOWN);
}

/* Loose source route over 192.0.2.77, not yet used up: the last destination is in the option */
static void test_source_routed_packet_is_not_judged(void **state)
{
	struct bench *b = *state;

	decode_hex(b, MACS "0800 4700 0034 0001 4000 4006 0000 c0000201 c0000209 8307 04c0 0002 4d00"
		"04d2 0050 00000001 00000002 5018 2000 1234 0000 68686868");
	assert_int_equal(b->p.kind, PACKET_TCP);
	assert_true(b->p.source_routed);
	assert_int_equal(packet_checksum(&b->p), CHECKSUM_UNKNOWN);
}

static void test_every_shorter_capture_is_cut_not_bad(void **state)
{
	for (size_t keep = 0; keep < 14 + 20 + 20; keep++) {
		const struct packet *p = decode_kept(*state, MACS "0800" IP_52 TCP_TS, keep);

		assert_int_equal(p->verdict, PACKET_CUT);
		assert_int_equal(p->fault, FAULT_NONE);
		assert_int_equal(p->payload_len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_segment_with_timestamps),
		bench_test(test_plain_frame_reads_as_layer_by_layer),
		bench_test(test_options_of_a_syn),
		bench_test(test_sack_blocks),
		bench_test(test_option_that_overruns_leaves_the_segment),
		bench_test(test_cut_in_options_is_still_a_segment),
		bench_test(test_checksum_needs_the_options_too),
		bench_test(test_cut_header_is_cut_and_short_one_is_bad),
		bench_test(test_bad_lengths_of_ip),
		bench_test(test_frame_shorter_than_the_packet_is_used_as_cut),
		bench_test(test_padding_is_no_payload),
		bench_test(test_total_length_zero_is_taken_from_the_frame),
		bench_test(test_arp_request),
		bench_test(test_udp_lengths),
		bench_test(test_checksums),
		bench_test(test_checksum_of_every_length),
		bench_test(test_udp_without_checksum_is_not_judged),
		bench_test(test_source_routed_packet_is_not_judged),
		bench_test(test_every_shorter_capture_is_cut_not_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
