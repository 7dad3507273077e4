/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode/: tunnels, PPP and its framings, 802.11. */
#include "cmocka_all.h"

#include <stdio.h>

#include "decode_hex.h"

#define INNER_MACS "0200 0000 000b 0200 0000 000a "
/* 10.0.0.1 > 10.0.0.2, TCP 40000 > 443, seq 1000, ACK: 40 bytes */
#define INNER "4500 0028 0001 4000 4006 0000 0a00 0001 0a00 0002" \
	"9c40 01bb 0000 03e8 0000 07d0 5010 01f5 0000 0000 "
/* The same in IPv6: 2001:db8::1 > ::9, 60 bytes */
#define INNER6 "6000 0000 0014 0640 2001 0db8 0000 0000 0000 0000 0000 0001 2001 0db8 0000 0000 0000 0000 0000 0009" \
	"9c40 01bb 0000 03e8 0000 07d0 5010 01f5 0000 0000 "
/* 192.0.2.1 > 192.0.2.9, total length 0: taken from the frame */
#define OUTER(proto) "4500 0000 0001 0000 40" proto "0000 c000 0201 c000 0209 "
#define UDP_TO(port) MACS "0800" OUTER("11") "c000" port "0000 0000 "

static void check_inner(const struct packet *p, const char *kind, uint32_t id)
{
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->tcp.seq, 1000);
	assert_int_equal(p->dport, 443);
	assert_int_equal(p->payload_wire, 0);
	assert_true(p->tunnel_count > 0);
	assert_string_equal(p->tunnels[p->tunnel_count - 1].kind, kind);
	assert_int_equal(p->tunnels[p->tunnel_count - 1].id, id);
}

static void check_one_level(const struct packet *p, const char *kind, uint32_t id, const char *src)
{
	check_inner(p, kind, id);
	assert_int_equal(p->tunnel_count, 1);
	assert_addr(p->tunnels[0].src, "192.0.2.1");
	assert_addr(p->src, src);
}

static void test_ip_in_ip(void **state)
{
	check_one_level(decode_hex(*state, MACS "0800" OUTER("04") INNER), "ipip", 0, "10.0.0.1");
	check_one_level(decode_hex(*state, MACS "0800" OUTER("29") INNER6), "6in4", 0, "2001:db8::1");
	check_inner(decode_hex(*state, MACS "86dd 6000 0000 0028 0440 20010db8000000000000000000000003"
		"20010db8000000000000000000000004" INNER), "4in6", 0);
	check_inner(decode_hex(*state, MACS "86dd 6000 0000 003c 2940 20010db8000000000000000000000003"
		"20010db8000000000000000000000004" INNER6), "ip6ip6", 0);
	check_one_level(decode_hex(*state, MACS "0800" OUTER("61") "3000" INNER_MACS "0800" INNER), "etherip", 0,
		"10.0.0.1");
}

static void test_gre_with_its_options(void **state)
{
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "0000 0800" INNER), "gre", 0, "10.0.0.1");
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "b000 0800 0000 0000 0000002a 00000001" INNER), "gre",
		42, "10.0.0.1");
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "2000 6558 00000007" INNER_MACS "0800" INNER), "gre",
		7, "10.0.0.1");
	/* Aruba: the radio's frame */
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "0000 8200 8801 0000 020000000003 020000000001"
		"020000000002 1000 0000 aaaa 0300 0000 0800" INNER), "gre", 0, "10.0.0.1");
	/* PPTP: key and sequence number, then PPP */
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "3001 880b 002a 0005 00000001 ff03 0021" INNER), "pptp",
		5, "10.0.0.1");
}

static void test_inner_ethernet_gives_the_macs(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "8100 0007 0800" OUTER("2f") "0000 6558" INNER_MACS
		"8100 0014 0800" INNER);

	assert_int_equal(p->mac_src.b[5], 0x0a);
	assert_int_equal(p->vlan_count, 1);
	assert_int_equal(p->vlans[0], 20);
}

static void test_gre_without_anything_we_follow_stays_ip(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800" OUTER("2f") "0000 0000"); /* keep-alive */

	assert_int_equal(p->kind, PACKET_IP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->proto, 47);
	assert_int_equal(p->tunnel_count, 0);
	assert_addr(p->src, "192.0.2.1");
	p = decode_hex(*state, MACS "0800" OUTER("2f") "0000 88cc 0207 0403"); /* LLDP */
	assert_int_equal(p->kind, PACKET_IP);
	assert_int_equal(p->tunnel_count, 0);
}

static void test_erspan(void **state)
{
	/* I: no header; II: session 100; III: session 100, with the platform's part */
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "0000 88be" INNER_MACS "0800" INNER), "erspan", 0,
		"10.0.0.1");
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "1000 88be 00000001 1014 0064 00000000" INNER_MACS
		"0800" INNER), "erspan", 100, "10.0.0.1");
	check_one_level(decode_hex(*state, MACS "0800" OUTER("2f") "1000 22eb 00000001 2014 0064 00000000 0000 0001"
		"0000000000000000" INNER_MACS "0800" INNER), "erspan", 100, "10.0.0.1");
}

/* A mirror copy that the switch truncated in the TCP payload: lost, and not a fault */
static void test_truncated_mirror_copy_is_cut(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800" OUTER("2f") "1000 88be 00000001 1014 0464 00000000"
		INNER_MACS "0800 4500 0030 0001 4000 4006 0000 0a00 0001 0a00 0002"
		"9c40 01bb 0000 03e8 0000 07d0 5010 01f5 0000 0000 4142");

	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->fault, FAULT_NONE);
	assert_int_equal(p->payload_len, 2);
	assert_int_equal(p->payload_wire, 8);
}

static void test_tunnels_over_udp(void **state)
{
	const struct packet *p = decode_hex(*state, UDP_TO("12b5") "0800 0000 0010 9200" INNER_MACS "0800" INNER);

	check_one_level(p, "vxlan", 4242, "10.0.0.1");
	assert_int_equal(p->tunnels[0].dport, 4789);
	assert_int_equal(p->tunnels[0].sport, 0xc000);
	check_inner(decode_hex(*state, UDP_TO("12b6") "0c00 0002 0000 0700" INNER6), "vxlan-gpe", 7);
	check_inner(decode_hex(*state, UDP_TO("17c1") "0100 6558 0000 0900 01020304" INNER_MACS "0800" INNER), "geneve", 9);
	check_inner(decode_hex(*state, UDP_TO("0868") "30ff 0028 00000077" INNER), "gtp-u", 0x77);
	/* with a sequence number and a PDU session container */
	check_inner(decode_hex(*state, UDP_TO("0868") "34ff 0030 00000078 0000 00 85 01 0009 00" INNER), "gtp-u", 0x78);
	check_inner(decode_hex(*state, UDP_TO("06a5") "0002 0005 0006 ff03 0021" INNER), "l2tp", 0x50006);
	check_inner(decode_hex(*state, UDP_TO("9090") "0100 0001 0a01 ff 01" INNER_MACS "0800" INNER), "tzsp", 0);
	/* Teredo with an origin indication */
	check_inner(decode_hex(*state, UDP_TO("0dd8") "0000 1111 22222222" INNER6), "teredo", 0);
}

/* In clear: an 802.3 frame, the radio's frame, the same with its control fields swapped; then a keep-alive. */
static void test_capwap_and_ayiya(void **state)
{
	check_inner(decode_hex(*state, UDP_TO("147f") "0010 0200 0000 0000" INNER_MACS "0800" INNER), "capwap", 0);
	check_inner(decode_hex(*state, UDP_TO("147f") "0010 0300 0000 0000 0801 0000 020000000003 020000000001 020000000002"
		"1000 aaaa 0300 0000 0800" INNER), "capwap", 0);
	check_inner(decode_hex(*state, UDP_TO("147f") "0020 0320 0000 0000 04bf230000000000 1108 0000 020000000003"
		"020000000001 020000000002 0110 aaaa 0300 0000 0800" INNER), "capwap", 0);
	assert_int_equal(decode_hex(*state, UDP_TO("147f") "0010 0208 0000 0000" INNER_MACS "0800" INNER)->kind, PACKET_UDP);
	check_inner(decode_hex(*state, UDP_TO("13d0") "4251 1129 00000000 00112233445566778899aabbccddeeff"
		"0011223344556677889900112233445566778899" INNER6), "ayiya", 0);
}

static void test_pim_register(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800" OUTER("67") "2100 deff 00000000" INNER);

	check_one_level(p, "pim-register", 0, "10.0.0.1");
	p = decode_hex(*state, MACS "0800" OUTER("67") "2100 deff 40000000" INNER);
	assert_int_equal(p->kind, PACKET_IP);
	assert_int_equal(p->tunnel_count, 0);
}

static void test_port_alone_makes_no_tunnel(void **state)
{
	static const char *const ports[] = { "12b5", "12b6", "17c1", "0868", "06a5", "9090", "0dd8", "19eb", "10f5", "1292",
		"147f", "13d0" };
	char hex[512];

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		const struct packet *p;

		snprintf(hex, sizeof(hex), UDP_TO("%s") "68656c6c 6f20776f 726c6421 68656c6c 6f20776f 726c6421", ports[i]);
		p = decode_hex(*state, hex);
		assert_int_equal(p->kind, PACKET_UDP);
		assert_int_equal(p->verdict, PACKET_OK);
		assert_int_equal(p->tunnel_count, 0);
		assert_int_equal(p->payload_len, 24);
		assert_addr(p->src, "192.0.2.1");
	}
}

static void test_mpls_and_pseudowires(void **state)
{
	check_inner(decode_hex(*state, MACS "8847 0001 0040 0001 1140" INNER), "mpls", 17);
	check_inner(decode_hex(*state, MACS "8847 0001 1140" INNER_MACS "0800" INNER), "mpls", 17);
	check_inner(decode_hex(*state, MACS "8847 0001 1140 0000 0000" INNER_MACS "0800" INNER), "mpls", 17);
	assert_int_equal(decode_hex(*state, MACS "8847 0001 1140 1000 0007 0000")->kind, PACKET_OTHER);
}

static void test_pppoe_and_ppp(void **state)
{
	struct bench *b = *state;

	check_inner(decode_hex(b, MACS "8864 1100 002a 002a 0021" INNER "0000"), "pppoe", 42);
	assert_int_equal(decode_hex(b, MACS "8864 1100 002a 000a c021 0901 0008 00000000")->kind, PACKET_OTHER);
	assert_int_equal(b->p.verdict, PACKET_OK);
	b->f.link_type = 9;
	assert_int_equal(decode_hex(b, "ff03 0021" INNER)->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "21" INNER)->kind, PACKET_TCP);
	assert_int_equal(decode_hex(b, "57" INNER6)->kind, PACKET_TCP);
	b->f.link_type = 50;
	assert_int_equal(decode_hex(b, "0f00 0800" INNER)->kind, PACKET_TCP);
	b->f.link_type = 104;
	assert_int_equal(decode_hex(b, "8f00 8035 00000002 00000000 00000000")->kind, PACKET_OTHER); /* SLARP */
	b->f.link_type = 51;
	assert_int_equal(decode_hex(b, "1100 002a 002a 0021" INNER)->kind, PACKET_TCP);
}

static void test_nesting_ends_at_the_bound(void **state)
{
	char hex[4096] = MACS "0800";
	const struct packet *p;

	for (int i = 0; i < TUNNEL_DEPTH_MAX; i++)
		strcat(hex, OUTER("04"));
	strcat(hex, INNER);
	p = decode_hex(*state, hex);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->tunnel_count, TUNNEL_DEPTH_MAX);
	strcpy(hex, MACS "0800");
	for (int i = 0; i <= TUNNEL_DEPTH_MAX; i++)
		strcat(hex, OUTER("04"));
	strcat(hex, INNER);
	p = decode_hex(*state, hex);
	assert_int_equal(p->verdict, PACKET_BAD);
	assert_int_equal(p->fault, FAULT_TUNNEL);
}

/* VXLAN in two IPv4 fragments; inside it a packet whose second copy is fragmented again under the same id */
static void test_joined_datagram_can_be_a_tunnel(void **state)
{
	const struct packet *p = decode_hex(*state, MACS "0800 4500 0024 0001 2000 4011 0000 c000 0201 c000 0209"
		"c000 12b5 0046 0000 0800 0000 0010 9200");

	assert_int_equal(p->kind, PACKET_FRAGMENT);
	p = decode_hex(*state, MACS "0800 4500 004a 0001 0002 4011 0000 c000 0201 c000 0209" INNER_MACS "0800" INNER);
	check_inner(p, "vxlan", 4242);
	assert_false(p->is_fragment); /* of the inner packet */
}

/* To the access point: BSSID, source, destination; QoS data, LLC and SNAP */
#define WIFI_QOS(control) "8801 0000 020000000003 020000000001 020000000002 1000" control
#define SNAP "aaaa 0300 0000 0800 "

static void test_wifi_data(void **state)
{
	struct bench *b = *state;
	const struct packet *p;

	b->f.link_type = 105;
	p = decode_hex(b, WIFI_QOS("0000") SNAP INNER);
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->mac_src.b[5], 1);
	assert_int_equal(p->mac_dst.b[5], 2);
	p = decode_hex(b, "0802 0000 020000000002 020000000003 020000000001 1000" SNAP INNER); /* from it */
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->mac_src.b[5], 1);
	/* between mesh stations, with two more addresses */
	p = decode_hex(b, WIFI_QOS("0000") "02 1e 01000000 02000000000b 02000000000a" SNAP INNER);
	assert_int_equal(p->kind, PACKET_TCP);
	p = decode_hex(b, WIFI_QOS("8000") "02000000000b 02000000000a 0030" SNAP INNER "dead"); /* aggregate */
	assert_int_equal(p->kind, PACKET_TCP);
	assert_int_equal(p->mac_src.b[5], 0x0a);
	assert_int_equal(decode_hex(b, "8841 0000 020000000003 020000000001 020000000002 1000 0000" SNAP INNER)->kind,
		PACKET_OTHER); /* encrypted */
	assert_int_equal(decode_hex(b, "8000 0000 ffffffffffff 020000000003 020000000003 1000 00000000")->kind,
		PACKET_OTHER); /* beacon */
	b->f.link_type = 1; /* behind an Ethernet header */
	p = decode_hex(b, MACS "2452" WIFI_QOS("0000") SNAP INNER);
	assert_int_equal(p->kind, PACKET_TCP);
	p = decode_hex(b, MACS "2452 0842 0201 020000000001 020000000003 020000000002 1000 75d21700" SNAP INNER "00000000");
	assert_int_equal(p->kind, PACKET_TCP); /* decrypted by the card */
	b->f.link_type = 192; /* PPI around Ethernet */
	p = decode_hex(b, "0000 0800 01000000" MACS "0800" INNER);
	assert_int_equal(p->kind, PACKET_TCP);
	b->f.link_type = 127;
	/* time stamp and flags (FCS, padded to 4 bytes); 26 bytes of 802.11, 2 of padding */
	p = decode_hex(b, "0000 1100 03000000 0000000000000000 30" WIFI_QOS("0000") "0000" SNAP INNER "12345678");
	assert_int_equal(p->kind, PACKET_TCP);
	p = decode_hex(b, "0000 0900 02000000 50" WIFI_QOS("0000") SNAP INNER "12345678");
	assert_int_equal(p->kind, PACKET_OTHER); /* its FCS is wrong */
	assert_int_equal(decode_hex(b, "0000 0400 0000 0000")->fault, FAULT_LINK);
}

/* ICMP from 192.0.2.77 to 192.0.2.1: fragmentation needed, about a packet that 192.0.2.1 sent to 192.0.2.9 */
#define TOO_BIG MACS "0800 4500 0000 0007 0000 4001 0000 c000024d c0000201 0304 0000 0000 0578 "
#define QUOTED(proto) "4500 05dc 4321 4000 3f" proto "0000 c000 0201 c000 0209 "
#define QUOTED_INNER "4500 05a0 0001 4000 4006 0000 0a00 0001 0a00 0002 9c40 01bb 00000063"

static void check_quoted(const struct packet *p, uint8_t carrier)
{
	assert_int_equal(p->kind, PACKET_ICMP);
	assert_int_equal(p->verdict, PACKET_OK);
	assert_int_equal(p->tunnel_count, 0);
	assert_int_equal(p->icmp.mtu, 1400);
	assert_int_equal(p->icmp.quoted.proto, carrier);
	assert_addr(p->icmp.quoted.dst, "192.0.2.9");
	assert_int_equal(p->icmp.inner.proto, 6);
	assert_addr(p->icmp.inner.src, "10.0.0.1");
	assert_addr(p->icmp.inner.dst, "10.0.0.2");
	assert_int_equal(p->icmp.inner.sport, 40000);
	assert_int_equal(p->icmp.inner.dport, 443);
	assert_int_equal(p->icmp.inner.seq, 99);
	assert_ptr_equal(icmp_about(&p->icmp), &p->icmp.inner);
}

static void test_quoted_tunnels_are_read_to_the_connection_inside(void **state)
{
	check_quoted(decode_hex(*state, TOO_BIG QUOTED("04") QUOTED_INNER), 4);
	check_quoted(decode_hex(*state, TOO_BIG QUOTED("2f") "0000 0800" QUOTED_INNER), 47);
	check_quoted(decode_hex(*state, TOO_BIG QUOTED("2f") "2000 0800 00000007" QUOTED_INNER), 47);
	check_quoted(decode_hex(*state, TOO_BIG QUOTED("11") "c000 12b5 05c8 0000 0800 0000 000064 00" INNER_MACS
		"0800" QUOTED_INNER), 17);
	check_quoted(decode_hex(*state, TOO_BIG QUOTED("11") "c000 0868 05c8 0000 30ff 05b8 00000001" QUOTED_INNER), 17);
}

/* The usual 8 bytes, or a quote that ends in the inner header: about the tunnel */
static void test_short_quotes_of_tunnels_are_about_the_tunnel(void **state)
{
	const struct packet *p = decode_hex(*state, TOO_BIG QUOTED("2f") "0000 0800 4500 05a0");

	assert_int_equal(p->icmp.quoted.proto, 47);
	assert_int_equal(p->icmp.inner.proto, 0);
	p = decode_hex(*state, TOO_BIG QUOTED("11") "c000 12b5 05c8 0000");
	assert_int_equal(p->icmp.inner.proto, 0);
	assert_int_equal(p->icmp.quoted.dport, 4789);
	p = decode_hex(*state, TOO_BIG QUOTED("11") "1388 12b5 05c8 0000 ffff ffff ffff ffff ffff ffff");
	assert_int_equal(p->icmp.inner.proto, 0);
	assert_ptr_equal(icmp_about(&p->icmp), &p->icmp.quoted);
}

/* A later fragment of a carrier holds no header; nor is a quoted first one joined with those of the capture */
static void test_quoted_fragments_are_not_joined(void **state)
{
	const struct packet *p = decode_hex(*state, TOO_BIG "4500 05dc 4321 2000 3f04 0000 c0000201 c0000209 " QUOTED_INNER);

	check_quoted(p, 4);
	p = decode_hex(*state, TOO_BIG "4500 05dc 4321 20b9 3f04 0000 c0000201 c0000209 " QUOTED_INNER);
	assert_int_equal(p->icmp.inner.proto, 0);
	assert_int_equal(decoder_fragments(((struct bench *)*state)->d).lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_quoted_tunnels_are_read_to_the_connection_inside),
		bench_test(test_short_quotes_of_tunnels_are_about_the_tunnel),
		bench_test(test_quoted_fragments_are_not_joined),
		bench_test(test_ip_in_ip),
		bench_test(test_gre_with_its_options),
		bench_test(test_inner_ethernet_gives_the_macs),
		bench_test(test_gre_without_anything_we_follow_stays_ip),
		bench_test(test_erspan),
		bench_test(test_truncated_mirror_copy_is_cut),
		bench_test(test_tunnels_over_udp),
		bench_test(test_capwap_and_ayiya),
		bench_test(test_pim_register),
		bench_test(test_port_alone_makes_no_tunnel),
		bench_test(test_mpls_and_pseudowires),
		bench_test(test_pppoe_and_ppp),
		bench_test(test_nesting_ends_at_the_bound),
		bench_test(test_joined_datagram_can_be_a_tunnel),
		bench_test(test_wifi_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
