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

static void socks5_with_password(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 02 00 02");
	rig_hex(g, SIDE_RESP, "05 02");
	rig_hex(g, SIDE_ORIG, "01 01 75 01 70");
	rig_hex(g, SIDE_RESP, "01 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 0b 7777772e6578616d706c65 01bb");
	rig_hex(g, SIDE_RESP, "05 00 00 01 c0000201 1234");
	hello(g);
}

static void socks4a(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "04 01 01bb 00000001 00 7777772e6578616d706c65 00");
	rig_hex(g, SIDE_RESP, "00 5a 0000 00000000");
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
		{ldap, "ldap"}, {mysql, "mysql"}, {xmpp, "xmpp"}, {socks5_with_password, "socks"}, {socks4a, "socks"}};
	static const uint16_t ports[] = {587, 110, 143, 21, 5432, 389, 3306, 5222, 1080, 1080};
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

static void test_socks_names_its_target(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	socks5_with_password(g);
	rig_close(g);
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "www.example:443");
	assert_string_equal(rig_record(g, RECORD_SOCKS, 0)->socks.user, "u");
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.response.frame, 6);
	rig_free(g);
	rig_open(g, 6, 1080);
	socks4a(g);
	rig_close(g);
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.proxied_host, "www.example:443");
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

static void socks5_refused(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 01 c0000201 01bb");
	rig_hex(g, SIDE_RESP, "05 05 00 01 00000000 0000");
}

static void socks5_without_method(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_hex(g, SIDE_RESP, "05 ff");
}

static void socks5_login_wrong(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 02");
	rig_hex(g, SIDE_RESP, "05 02");
	rig_hex(g, SIDE_ORIG, "01 03 6a6f65 01 78");
	rig_hex(g, SIDE_RESP, "01 02");
}

static void socks4_refused(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "04 01 0050 c0000201 6a6f65 00");
	rig_hex(g, SIDE_RESP, "00 5b 0000 00000000");
}

static void socks5_by_ipv6(struct rig *g)
{
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 04 20010db8000000000000000000000001 01bb");
	rig_hex(g, SIDE_RESP, "05 02 00 01 00000000 0000");
}

/* Refusals are told, on whatever port, however the bytes come. */
static void test_socks_refusals_are_told(void **state)
{
	static const struct {
		void (*script)(struct rig *g);
		struct socks told;
	} cases[] = {
		{socks5_refused, {.version = 5, .command = 1, .reply = 5, .proxied_host = "192.0.2.1:443"}},
		{socks5_without_method, {.version = 5, .method = 255}},
		{socks5_login_wrong, {.version = 5, .method = 2, .login_status = 2, .user = "joe"}},
		{socks4_refused, {.version = 4, .command = 1, .reply = 91, .user = "joe", .proxied_host = "192.0.2.1:80"}},
		{socks5_by_ipv6, {.version = 5, .command = 1, .reply = 2, .proxied_host = "[2001:db8::1]:443"}},
	};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct socks *want = &cases[i].told, *told;

		rig_open(g, 6, 9999);
		cases[i].script(g);
		rig_fin(g, SIDE_RESP);
		rig_fin(g, SIDE_ORIG);
		rig_close(g);
		assert_string_equal(g->service, "socks");
		assert_int_equal(rig_count(g, RECORD_TLS), 0);
		assert_int_equal(rig_count(g, RECORD_SOCKS), 1);
		told = &rig_record(g, RECORD_SOCKS, 0)->socks;
		assert_int_equal(told->version, want->version);
		assert_int_equal(told->command, want->command);
		assert_int_equal(told->method, want->method);
		assert_int_equal(told->login_status, want->login_status);
		assert_int_equal(told->reply, want->reply);
		assert_string_equal(told->user, want->user);
		assert_string_equal(told->proxied_host, want->proxied_host);
		rig_free(g);
		rig_same_in_pieces(6, 9999, cases[i].script);
	}
}

/* ssh -D hangs up on what it cannot reach. */
static void test_socks_proxy_that_hangs_up(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 01 c0000201 01bb");
	rig_fin(g, SIDE_RESP);
	rig_close(g);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.request.frame, 3);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.closed.frame, 4);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.response.frame, 0);
	rig_free(g);
}

/* The server closed before the client had said anything; a client that closes first has given up. */
static void test_socks_record_says_who_hung_up(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	g->owner.first_fin = SIDE_RESP;
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_close(g);
	assert_true(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	assert_int_equal(rig_record(g, RECORD_SOCKS, 0)->socks.closed.frame, 0);
	rig_free(g);
	rig_open(g, 6, 1080);
	g->owner.first_fin = SIDE_ORIG;
	rig_hex(g, SIDE_ORIG, "05 02 00 01");
	rig_fin(g, SIDE_ORIG);
	rig_fin(g, SIDE_RESP);
	rig_close(g);
	assert_false(rig_record(g, RECORD_SOCKS, 0)->socks.hung_up);
	rig_free(g);
}

/* Frames cut by the snap length: the name is lost, what is inside is not. */
static void test_socks_request_cut_by_snaplen(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "05 01 00");
	rig_hex(g, SIDE_RESP, "05 00");
	rig_hex(g, SIDE_ORIG, "05 01 00 03 0b 7777772e65");
	rig_lose(g, SIDE_ORIG, 8);
	rig_hex(g, SIDE_RESP, "05 00 00 01 00000000 0000");
	hello(g);
	rig_close(g);
	assert_string_equal(g->service, "tls");
	assert_string_equal(rig_record(g, RECORD_SOCKS, 0)->socks.proxied_host, "");
	assert_string_equal(rig_record(g, RECORD_TLS, 0)->tls.via, "socks");
	rig_free(g);
}

/* What begins like SOCKS and is not tells nothing. */
static void test_socks_lookalikes_tell_nothing(void **state)
{
	static const char *const answers[] = {"05 00 17 00 00", "05 03", "05", "04 01", "48 54 54 50"};
	struct rig rig, *g = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		rig_open(g, 6, 9999);
		rig_hex(g, SIDE_ORIG, "05 01 00");
		rig_hex(g, SIDE_RESP, answers[i]);
		rig_close(g);
		assert_int_equal(rig_count(g, RECORD_SOCKS), 0);
		rig_free(g);
	}
	rig_open(g, 6, 1080);
	rig_hex(g, SIDE_ORIG, "04 01 0050 c0000201 00");
	rig_hex(g, SIDE_RESP, "00 5f 0000 00000000");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_SOCKS), 0);
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
		cmocka_unit_test(test_socks_names_its_target),
		cmocka_unit_test(test_proxy_header_is_passed_over),
		cmocka_unit_test(test_socks_refusals_are_told),
		cmocka_unit_test(test_socks_proxy_that_hangs_up),
		cmocka_unit_test(test_socks_record_says_who_hung_up),
		cmocka_unit_test(test_socks_request_cut_by_snaplen),
		cmocka_unit_test(test_socks_lookalikes_tell_nothing),
		cmocka_unit_test(test_tls_client_at_plain_servers_is_tls),
		cmocka_unit_test(test_ssh_on_443_is_ssh),
		cmocka_unit_test(test_services_are_named_by_their_first_bytes),
		cmocka_unit_test(test_weak_looks_need_the_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
