/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which service a conversation is, and how plain protocols turn into TLS. */
#include "cmocka_all.h"

#include <string.h>

#include "dissect_rig.h"

#define C(words) rig_say(g, SIDE_ORIG, words "\r\n")
#define S(words) rig_say(g, SIDE_RESP, words "\r\n")

/* Record, handshake, ClientHello of TLS 1.2 with one suite and no extensions. */
#define HELLO "16 0301 002d 01 000029 0303" RANDOM "00 0002 002f 01 00"
#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void hello(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, HELLO);
}

static void assert_tls_via(struct rig *g, const char *via)
{
	rig_close(g);
	assert_string_equal(g->service, "tls");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, via);
	rig_free(g);
}

static void smtp(struct rig *g)
{
	S("220 mail.example ESMTP Postfix");
	C("EHLO client");
	S("250-mail.example\r\n250-STARTTLS\r\n250 8BITMIME");
	C("STARTTLS");
	S("220 2.0.0 Ready to start TLS");
	hello(g);
}

static void pop3(struct rig *g)
{
	S("+OK ready");
	C("CAPA");
	S("+OK\r\nSTLS\r\n.");
	C("STLS");
	S("+OK Begin TLS negotiation");
	hello(g);
}

static void imap(struct rig *g)
{
	S("* OK [CAPABILITY STARTTLS] ready");
	C("a1 CAPABILITY");
	S("* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done");
	C("a2 STARTTLS");
	S("a2 OK Begin TLS negotiation now");
	hello(g);
}

static void ftp(struct rig *g)
{
	S("220 ready");
	C("AUTH TLS");
	S("234 Proceed with negotiation.");
	hello(g);
}

static void xmpp(struct rig *g)
{
	rig_say(g, SIDE_ORIG, "<?xml version='1.0'?><stream:stream to='im.example' xmlns='jabber:client' "
			      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>");
	rig_say(g, SIDE_RESP, "<?xml version='1.0'?><stream:stream from='im.example' id='1' "
			      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features><starttls "
			      "xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>");
	rig_say(g, SIDE_ORIG, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required /></starttls>");
	rig_say(g, SIDE_RESP, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	hello(g);
}

static void postgresql(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "00000008 04d21630"); /* GSS first, as libpq does */
	rig_say(g, SIDE_RESP, "N");
	rig_hex(g, SIDE_ORIG, "00000010 00030000 7573657200780000"); /* login without */
}

static void postgresql_ssl(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "00000008 04d21630");
	rig_say(g, SIDE_RESP, "N");
	rig_hex(g, SIDE_ORIG, "00000008 04d2162f");
	rig_say(g, SIDE_RESP, "S");
	hello(g);
}

static void ldap(struct rig *g)
{
	/* extendedReq 1.3.6.1.4.1.1466.20037, answered with success */
	rig_hex(g, SIDE_ORIG, "301d 020101 7718 8016 312e332e362e312e342e312e313436362e3230303337");
	rig_hex(g, SIDE_RESP, "300c 020101 7807 0a0100 0400 0400");
	hello(g);
}

static void mysql(struct rig *g)
{
	/* packet 0: protocol 10, "8.0.36" and more */
	rig_hex(g, SIDE_RESP, "10000000 0a 382e302e333600 0102030405060708");
	/* packet 1: 32 bytes with the SSL flag */
	rig_hex(g, SIDE_ORIG, "20000001 05aeff01 00000001 ff 0000000000000000000000000000000000000000000000");
	hello(g);
}

static void test_plain_protocols_turn_into_tls(void **state)
{
	static const struct {
		void (*script)(struct rig *g);
		const char *via;
	} cases[] = {{smtp, "smtp"}, {pop3, "pop3"}, {imap, "imap"}, {ftp, "ftp"}, {postgresql_ssl, "postgresql"},
		{ldap, "ldap"}, {mysql, "mysql"}, {xmpp, "xmpp"}};
	static const uint16_t ports[] = {587, 110, 143, 21, 5432, 389, 3306, 5222};
	struct rig g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_open(&g, 6, ports[i]);
		cases[i].script(&g);

		assert_tls_via(&g, cases[i].via);
		rig_same_in_pieces(6, ports[i], cases[i].script);
	}
}

static void test_refused_starttls_stays_plain(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 25);
	S("220 mail.example ESMTP");
	C("EHLO x");
	S("250 mail.example");
	C("STARTTLS");
	S("454 TLS not available");
	C("QUIT");
	rig_close(g);
	assert_string_equal(g->service, "smtp");
	assert_int_equal(rig_count(g, RECORD_TLS), 0);
	assert_string_equal(text_str(&g->marks), "orig 4 STARTTLS\nresp 5 454 TLS not available\n");
	rig_free(g);
}

static void test_mail_ends_the_interest(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 25);
	S("220 mail.example ESMTP");
	C("EHLO x");
	C("MAIL FROM:<a@b.example>");
	assert_true(session_done(g->session));
	rig_close(g);
	assert_string_equal(g->service, "smtp");
	rig_free(g);
}

static void test_refused_postgresql_ssl_goes_on(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 5432);
	postgresql(g);
	rig_close(g);
	assert_string_equal(g->service, "postgresql");
	rig_free(g);
}

static void test_connect_leads_to_tls(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 3128);
	rig_say(g, SIDE_ORIG, "CONNECT api.example:443 HTTP/1.1\r\n\r\n");
	rig_say(g, SIDE_RESP, "HTTP/1.1 200 OK\r\n\r\n");
	hello(g);
	rig_close(g);
	assert_string_equal(g->service, "tls");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "connect");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "api.example:443");
	rig_free(g);
}

static void proxied_v1(struct rig *g)
{
	C("PROXY TCP4 198.51.100.7 192.0.2.1 56324 443");
	hello(g);
}

/* Version 2 over IPv4, with a value of three bytes behind the addresses */
static void proxied_v2(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "0d0a0d0a000d0a515549540a 21 11 0012 c6336407 c0000201 dc04 01bb 04 0003 000000");
	hello(g);
}

static void test_proxy_header_is_passed_over(void **state)
{
	static void (*const scripts[])(struct rig *g) = {proxied_v1, proxied_v2};
	struct rig rig, *g = &rig;

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_open(g, 6, 8443);
		scripts[i](g);
		rig_close(g);
		assert_string_equal(g->service, "tls");
		assert_int_equal(rig_count(g, RECORD_TLS), 1);
		assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "");
		rig_free(g);
		rig_same_in_pieces(6, 8443, scripts[i]);
	}
	rig_open(g, 6, 8443);
	C("PROXY UNKNOWN"); /* a balancer's check */
	rig_close(g);
	assert_string_equal(g->service, "proxy-protocol");
	rig_free(g);
}

/* The server's greeting may be on the wire before the client's hello: it is one TLS conversation all the same. */
static void test_tls_client_at_plain_servers_is_tls(void **state)
{
	static const char *const banners[] = {
		"SSH-2.0-OpenSSH_9.2", "220 (vsFTPd 3.0.3)", "220 mail ESMTP", "+OK", "* OK IMAP4rev1"};
	static const uint16_t ports[] = {22, 21, 25, 110, 143};
	struct rig rig, *g = &rig;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		rig_open(g, 6, ports[i]);
		rig_say(g, SIDE_RESP, banners[i]);
		rig_say(g, SIDE_RESP, "\r\n");
		hello(g);
		rig_close(g);
		assert_string_equal(g->service, "tls");
		assert_int_equal(rig_count(g, RECORD_TLS), 1);
		rig_free(g);
	}
	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		rig_open(g, 6, ports[i]);
		hello(g);
		rig_say(g, SIDE_RESP, banners[i]);
		rig_say(g, SIDE_RESP, "\r\n");
		rig_close(g);
		assert_string_equal(g->service, "tls");
		assert_int_equal(rig_count(g, RECORD_TLS), 1);
		rig_free(g);
	}
}

static void test_ssh_on_443_is_ssh(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 443);
	C("SSH-2.0-OpenSSH_9.2p1");
	S("SSH-2.0-dropbear");
	assert_true(session_done(g->session));
	rig_close(g);
	assert_string_equal(g->service, "ssh");
	assert_string_equal(text_str(&g->marks), "orig 1 SSH-2.0-OpenSSH_9.2p1\nresp 2 SSH-2.0-dropbear\n");
	rig_free(g);
}

static void assert_named(uint8_t proto, uint16_t port, const char *first, const char *hex, const char *service)
{
	struct rig g;

	rig_open(&g, proto, port);
	if (first)
		rig_say(&g, SIDE_ORIG, first);
	else
		rig_hex(&g, SIDE_ORIG, hex);
	rig_close(&g);
	assert_string_equal(g.service, service);
	rig_free(&g);
}

static void test_services_are_named_by_their_first_bytes(void **state)
{
	(void)state;
	assert_named(6, 9999, NULL, "414d5150 00000901", "amqp");
	assert_named(6, 9999, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NULL, "http2");
	assert_named(6, 9999, NULL, "100c 0004 4d515454 0402003c0000", "mqtt");
	assert_named(6, 9999, "*1\r\n$4\r\nPING\r\n", NULL, "redis");
	assert_named(6, 9999, "OPTIONS rtsp://a/b RTSP/1.0\r\n", NULL, "rtsp");
	assert_named(6, 9999, "OPTIONS sip:a@b SIP/2.0\r\n", NULL, "sip");
	assert_named(17, 9999, "REGISTER sip:a SIP/2.0\r\n", NULL, "sip");
	assert_named(6, 9999, NULL, "00000040 fe534d42 4000", "smb");
	assert_named(6, 9999, NULL, "03000013 0ee00000 00000001 00080003 000000", "rdp");
	assert_named(6, 9999, "RFB 003.008\n", NULL, "vnc");
	assert_named(6, 9999, NULL, "12010014 00000000 00000000 00000000 00000000", "mssql");
	assert_named(17, 9999, "M-SEARCH * HTTP/1.1\r\n", NULL, "ssdp");
}

static void test_weak_looks_need_the_port(void **state)
{
	(void)state;
	assert_named(17, 514, "<134>Oct 1 x", NULL, "syslog");
	assert_named(17, 9999, "<134>Oct 1 x", NULL, "");
	assert_named(17, 161, NULL, "302902010104067075626c6963", "snmp");
	assert_named(17, 9999, NULL, "302902010104067075626c6963", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_protocols_turn_into_tls),
		cmocka_unit_test(test_refused_starttls_stays_plain),
		cmocka_unit_test(test_mail_ends_the_interest),
		cmocka_unit_test(test_refused_postgresql_ssl_goes_on),
		cmocka_unit_test(test_connect_leads_to_tls),
		cmocka_unit_test(test_proxy_header_is_passed_over),
		cmocka_unit_test(test_tls_client_at_plain_servers_is_tls),
		cmocka_unit_test(test_ssh_on_443_is_ssh),
		cmocka_unit_test(test_services_are_named_by_their_first_bytes),
		cmocka_unit_test(test_weak_looks_need_the_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
