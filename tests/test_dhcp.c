/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP of both versions: what each message says. */
#include "cmocka_all.h"

#include <string.h>

#include "dissect_rig.h"

#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS_192 ZEROS_32 ZEROS_32 ZEROS_32 ZEROS_32 ZEROS_32 ZEROS_32

static const struct dhcp *dhcp(const struct rig *g, int n)
{
	return &rig_record(g, RECORD_DHCP, n)->dhcp;
}

static void assert_addr(const struct addr *a, const char *text)
{
	char out[ADDR_TEXT_SIZE];

	assert_string_equal(addr_text(a, out), text);
}

/* OFFER of 10.46.0.77 by 10.46.0.1 to 3c:52:82:1a:4b:07, lease 600 s, router 10.46.0.1, host name "nb" */
#define OFFER \
	"02010600 5ef3a1b2 00000000 00000000 0a2e004d 00000000 00000000 3c52821a4b07" \
	"00000000000000000000" ZEROS_192 "63825363 350102 3604 0a2e0001 3304 00000258 0304 0a2e0001 00 0c02 6e62 ff"
/* NAK by 10.46.0.1: "wrong net" */
#define NAK \
	"02010600 5ef3a1b2 00000000 00000000 00000000 00000000 00000000 3c52821a4b07" \
	"00000000000000000000" ZEROS_192 "63825363 350106 3604 0a2e0001 3809 77726f6e67206e6574 ff"
/* REQUEST for 10.46.0.77 */
#define REQUEST \
	"01010600 5ef3a1b2 00000000 00000000 00000000 00000000 00000000 3c52821a4b07" \
	"00000000000000000000" ZEROS_192 "63825363 350103 3204 0a2e004d ff"

static void test_offer_says_what_it_offers(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 68);
	rig_hex(g, SIDE_ORIG, OFFER);
	rig_close(g);
	assert_string_equal(g->service, "dhcp");
	assert_string_equal(dhcp(g, 0)->message, "OFFER");
	assert_int_equal(dhcp(g, 0)->xid, 0x5ef3a1b2);
	assert_addr(&dhcp(g, 0)->offered, "10.46.0.77");
	assert_addr(&dhcp(g, 0)->server, "10.46.0.1");
	assert_addr(&dhcp(g, 0)->router, "10.46.0.1");
	assert_int_equal(dhcp(g, 0)->lease_s, 600);
	assert_string_equal(dhcp(g, 0)->hostname, "nb");
	assert_int_equal(dhcp(g, 0)->client_mac.b[0], 0x3c);
	assert_false(addr_is_set(&dhcp(g, 0)->client));
	assert_int_equal(dhcp(g, 0)->ref.frame, 1);
	rig_free(g);
}

static void test_request_and_refusal(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 67);
	rig_hex(g, SIDE_ORIG, REQUEST);
	rig_hex(g, SIDE_RESP, NAK);
	assert_string_equal(dhcp(g, 0)->message, "REQUEST");
	assert_addr(&dhcp(g, 0)->offered, "10.46.0.77");
	assert_string_equal(dhcp(g, 1)->message, "NAK");
	assert_string_equal(dhcp(g, 1)->text, "wrong net");
	assert_string_equal(text_str(&g->marks), "orig 1 REQUEST\nresp 2 NAK\n");
	rig_free(g);
}

static void test_option_past_the_end_is_left_out(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 67);
	rig_hex(g, SIDE_ORIG,
		"01010600 5ef3a1b2 00000000 00000000 00000000 00000000 00000000 3c52821a4b07"
		"00000000000000000000" ZEROS_192 "63825363 350101 0c40 6e62");
	assert_string_equal(dhcp(g, 0)->message, "DISCOVER");
	assert_string_equal(dhcp(g, 0)->hostname, "");
	rig_free(g);
}

static void test_version_6_through_a_relay(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 17, 547);
	/* SOLICIT, transaction abcdef, client id: DUID of link-layer address */
	rig_hex(g, SIDE_ORIG, "01abcdef 0001 000a 0003 0001 3c52821a4b07 0008 0002 0000");
	/* RELAY-REPLY of a REPLY with address 2001:db8::77, lease 4000 s */
	rig_hex(g, SIDE_RESP,
		"0d00 20010db8000000000000000000000001 fe800000000000000000000000000001 0009 0030"
		"07abcdef 0003 0028 00000001 00000000 00000000"
		"0005 0018 20010db8000000000000000000000077 000007d0 00000fa0");
	rig_close(g);
	assert_string_equal(g->service, "dhcp");
	assert_string_equal(dhcp(g, 0)->message, "SOLICIT");
	assert_true(dhcp(g, 0)->v6);
	assert_int_equal(dhcp(g, 0)->xid, 0xabcdef);
	assert_int_equal(dhcp(g, 0)->client_mac.b[5], 7);
	assert_string_equal(dhcp(g, 1)->message, "REPLY");
	assert_addr(&dhcp(g, 1)->offered, "2001:db8::77");
	assert_int_equal(dhcp(g, 1)->lease_s, 4000);
	rig_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer_says_what_it_offers),
		cmocka_unit_test(test_request_and_refusal),
		cmocka_unit_test(test_option_past_the_end_is_left_out),
		cmocka_unit_test(test_version_6_through_a_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
