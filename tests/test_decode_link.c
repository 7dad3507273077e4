/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode/: link layers: tags, SNAP, packet taps, and link types other than Ethernet. */
#include "cmocka_all.h"

#include "decode_hex.h"

#define LINK_NULL 0
#define LINK_SLL 113
#define LINK_SLL2 276
#define LINK_JUNIPER 178

static void test_tags_are_kept_outermost_first(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "88a8 0064 8100 200a 8100 0014 0800" IP_52 TCP_TS);

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->vlan_count, 3);
	assert_int_equal(p->vlans[0], 100);
	assert_int_equal(p->vlans[1], 10);
	assert_int_equal(p->vlans[2], 20);
	assert_int_equal(p->ether_type, 0x0800);
	p = decode_hex(*state, MACS "8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 0800" IP_52 TCP_TS);
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->fault, FAULT_LINK);
}

static void test_snap_carries_ip(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "003c aaaa 0300 0000 0800" IP_52 TCP_TS "ffff");

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->payload_wire, 0);
	p = decode_hex(*state, MACS "0026 4242 0300 0000 0000"); /* spanning tree */
	assert_int_equal(p->kind, PACKET_OTHER);
	assert_int_equal(p->verdict, PACKET_OK);
}

static void test_other_link_types(void **state)
{
	struct bench *b = *state;
	const struct packet *p;

	b->f.link_type = LINK_RAW;
	assert_int_equal(decode_hex(b, IP_52 TCP_TS)->kind, PACKET_TCP);
	assert_false(b->p.has_macs);
	b->f.link_type = LINK_NULL;
	assert_int_equal(decode_hex(b, "02000000" IP_52 TCP_TS)->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "00000002" IP_52 TCP_TS)->kind, PACKET_TCP);
	b->f.link_type = LINK_SLL;
	p = decode_hex(b, "0004 0001 0006 0200 0000 0001 0000 0800" IP_52 TCP_TS);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->sll_type, 4);
	assert_int_equal(p->mac_src.b[5], 1);
	assert_false(mac_is_set(&p->mac_dst));
	b->f.link_type = LINK_SLL2;
	p = decode_hex(b, "0800 0000 00000003 0001 00 06 0200 0000 0001 0000" IP_52 TCP_TS);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->interface, 3);
	assert_int_equal(p->sll_type, 0);
	b->f.link_type = LINK_JUNIPER;
	assert_int_equal(decode_hex(b, "4d4743 81 0006 010100 030104" MACS "0800" IP_52 TCP_TS)->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "4d4743 02 00000002" IP_52 TCP_TS)->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "4d4744 01" MACS "0800" IP_52 TCP_TS)->fault, FAULT_LINK);
	b->f.link_type = 147;
	assert_int_equal(decode_hex(b, IP_52 TCP_TS)->kind, PACKET_OTHER);
}

static void test_link_types_have_names(void **state)
{
	char name[32];

	(void)state;
	assert_true(decode_knows(276));
	assert_false(decode_knows(147));
	assert_string_equal(decode_link_name(276, name), "linux-sll2");
	assert_string_equal(decode_link_name(147, name), "147");
	assert_string_equal(decode_fault_name(FAULT_IP_LENGTH), "ip-length");
	assert_string_equal(decode_fault_name(FAULT_TUNNEL), "tunnel");
	assert_string_equal(decode_fault_name(99), "unknown");
}

/* Tags of port extenders around a VLAN tag; MACsec that does not encrypt, with its check value behind the frame. */
static void test_port_tags_and_macsec(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "893f 1000 00d3 0000 8100 0007 0800" IP_52 TCP_TS);

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->vlans[0], 7);
	p = decode_hex(*state, MACS "8100 0009 8926 0000 0000 8100 0007 0800" IP_52 TCP_TS);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->vlan_count, 2);
	p = decode_hex(*state, MACS "88e5 2000 00000001 0200000000010001 0800" IP_52 TCP_TS "00112233445566778899aabbccddeeff");
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->fault, FAULT_NONE);
	p = decode_hex(*state, MACS "88e5 2c00 00000001 0200000000010001 0800" IP_52 TCP_TS "00112233445566778899aabbccddeeff");
	assert_int_equal(p->kind, PACKET_OTHER);
	p = decode_hex(*state, MACS "893f 893f 0000 893f");
	assert_int_equal(p->kind, PACKET_OTHER);
	assert_int_equal(p->fault, FAULT_LINK);
}

/* Netfilter's log of a bridge: the EtherType is in the packet header's attribute. */
static void test_nflog_of_a_bridge(void **state)
{
	struct bench *b = *state;
	const struct packet *p;

	b->f.link_type = 239;
	p = decode_hex(b, "07 00 0000 0800 0100 0800 01 00 3800 0900" IP_52 TCP_TS);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "07 00 0000 3800 0900" IP_52 TCP_TS)->kind, PACKET_OTHER);
}

#define IP_UDP "4500 001c 0001 0000 4011 0000 c0000201 c0000209 1388 0035 0008 0000"

struct rare_case {
	uint32_t link_type;
	const char *hex;
};

/* A UDP datagram from port 5000 to 53 behind each header: Frame Relay in three manners, FDDI, Token Ring with and
 * without a route, IPoIB, IEEE 1394, ipnet, PKTAP over Ethernet, DSA tags, netANALYZER's two. */
static void test_rare_link_types(void **state)
{
	static const struct rare_case cases[] = {
		{ 107, "1861 03 cc" IP_UDP },
		{ 107, "1861 0800" IP_UDP },
		{ 107, "1861 03 00 80 0080c2 0007" MACS "0800" IP_UDP },
		{ 107, "18608001 03 80 000000 0800" IP_UDP },
		{ 10, "50 020000000009 020000000001 aaaa03 000000 0800" IP_UDP },
		{ 6, "1040 020000000009 020000000001 aaaa03 000000 0800" IP_UDP },
		{ 6, "1040 020000000009 820000000001 0630 00a1 00b0 aaaa03 000000 0800" IP_UDP },
		{ 242, "0000000000000000000000000000000000000000 0000000000000000000000000000000000000000 0800 0000" IP_UDP },
		{ 138, "43de09a300093ee2 08090a0b0c0d0e0f 0800" IP_UDP },
		{ 226, "0102 0000 00000054 00000002 00000000 ffffffff 00000000" IP_UDP },
		{ 258, "10000000 01000000 01000000 00000000" MACS "0800" IP_UDP },
		{ 281, MACS "20000008 0800" IP_UDP },
		{ 282, "20000008" MACS "0800" IP_UDP },
		{ 284, MACS "c00a0000 0800" IP_UDP },
		{ 285, MACS "dada 0000 c0000000 0800" IP_UDP },
		{ 240, "00000000" MACS "0800" IP_UDP "01020304" },
		{ 241, "00000000 55555555555555d5" MACS "0800" IP_UDP "01020304" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b->f.link_type = cases[i].link_type;
		decode_hex(b, cases[i].hex);
		assert_int_equal(b->p.kind, PACKET_UDP);
		assert_int_equal(b->p.verdict, PACKET_OK);
		assert_int_equal(b->p.sport, 5000);
		for (size_t keep = 0; keep < 12; keep++) {
			decode_kept(b, cases[i].hex, keep);
			assert_true(b->p.verdict == PACKET_CUT || b->p.kind == PACKET_OTHER);
		}
	}
}

/* A packet tap in a packet tap leads nowhere. */
static void test_pktap_does_not_nest(void **state)
{
	struct bench *b = *state;

	b->f.link_type = 258;
	decode_hex(b, "10000000 01000000 02010000 00000000 10000000 01000000 01000000 00000000" MACS "0800" IP_UDP);
	assert_int_equal(b->p.kind, PACKET_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_tags_are_kept_outermost_first),
		bench_test(test_snap_carries_ip),
		bench_test(test_other_link_types),
		bench_test(test_link_types_have_names),
		bench_test(test_port_tags_and_macsec),
		bench_test(test_nflog_of_a_bridge),
		bench_test(test_rare_link_types),
		bench_test(test_pktap_does_not_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
