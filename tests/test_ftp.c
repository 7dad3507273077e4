/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FTP control connections: commands and replies, where the data goes, what is never kept. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "dissect_rig.h"

#define C(words) rig_say(g, SIDE_ORIG, words "\r\n")
#define S(words) rig_say(g, SIDE_RESP, words "\r\n")

static const struct ftp *ftp(const struct rig *g, int n)
{
	return &rig_record(g, RECORD_FTP, n)->ftp;
}

static void assert_addr(const struct addr *a, const char *text)
{
	char out[ADDR_TEXT_SIZE];

	assert_string_equal(addr_text(a, out), text);
}

static void login(struct rig *g)
{
	S("220 (vsFTPd 3.0.3)");
	C("USER anna");
	S("331 Please specify the password.");
	C("PASS geheim");
	S("230-Welcome");
	S(" 230 users are here");
	S("230 Login successful.");
}

static void whole_session(struct rig *g)
{
	login(g);
	C("PASV");
	S("227 Entering Passive Mode (192,0,2,2,195,80).");
	C("RETR a.bin");
	S("150 Opening BINARY mode data connection");
	S("226 Transfer complete.");
	C("QUIT");
	rig_fin(g, SIDE_ORIG);
	rig_fin(g, SIDE_RESP);
}

static void test_session_is_told_command_by_command(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, 6, 2121);
	whole_session(&g);
	rig_close(&g);
	assert_string_equal(g.service, "ftp");
	assert_int_equal(rig_count(&g, RECORD_FTP), 5);
	assert_string_equal(ftp(&g, 0)->command, "USER");
	assert_int_equal(ftp(&g, 0)->code, 331);
	assert_int_equal(ftp(&g, 0)->request.frame, 2);
	assert_int_equal(ftp(&g, 1)->code, 230);
	assert_int_equal(ftp(&g, 1)->response.frame, 7);
	assert_string_equal(ftp(&g, 3)->command, "RETR");
	assert_string_equal(ftp(&g, 3)->arg, "a.bin");
	assert_string_equal(ftp(&g, 3)->user, "anna");
	assert_int_equal(ftp(&g, 3)->mode, 'P');
	assert_int_equal(ftp(&g, 3)->data_port, 50000);
	assert_int_equal(ftp(&g, 3)->code, 226);
	/* QUIT got no reply and is told in the end */
	assert_string_equal(ftp(&g, 4)->command, "QUIT");
	assert_int_equal(ftp(&g, 4)->code, 0);
	assert_int_equal(ftp(&g, 4)->response.frame, 0);
	rig_free(&g);
}

static void test_pieces_make_no_difference(void **state)
{
	(void)state;
	rig_same_in_pieces(6, 21, whole_session);
}

static void test_password_is_never_kept(void **state)
{
	struct rig g;
	char *all;

	(void)state;
	rig_open(&g, 6, 21);
	login(&g);
	rig_close(&g);
	all = rig_text(&g);
	assert_null(strstr(all, "geheim"));
	assert_non_null(strstr(all, "PASS"));
	free(all);
	rig_free(&g);
}

/* The conversation that is announced, with its first byte from the server. */
static void assert_data_service(
	struct rig *g, const char *opener, const char *listener, uint16_t port, const char *service)
{
	struct session *control = g->session;
	struct record head = g->head;
	struct session_summary sum;

	g->session = NULL;
	assert_true(addr_parse(opener, &g->head.orig_h));
	assert_true(addr_parse(listener, &g->head.resp_h));
	g->head.resp_p = port;
	rig_say(g, SIDE_RESP, "GET / HTTP/1.1\r\n\r\n");
	session_summarise(g->session, &sum);
	assert_string_equal(sum.service, service);
	session_close(g->engine, &g->session, &g->owner);
	g->session = control;
	g->head = head;
}

static void test_passive_data_is_announced(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("PASV");
	S("227 Entering Passive Mode (10,9,8,7,4,1)");
	assert_addr(&ftp(g, 2)->data_addr, "10.9.8.7");
	assert_int_equal(ftp(g, 2)->data_port, 1025);
	assert_data_service(g, "192.0.2.1", "10.9.8.7", 1025, "ftp-data");
	/* a client that distrusts the address goes to the server's own */
	assert_data_service(g, "192.0.2.1", "192.0.2.2", 1025, "ftp-data");
	assert_data_service(g, "192.0.2.1", "192.0.2.2", 1025, "");
	rig_free(g);
}

static void test_extended_passive_uses_the_servers_address(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("EPSV");
	S("229 Entering Extended Passive Mode (|||6446|)");
	assert_addr(&ftp(g, 2)->data_addr, "192.0.2.2");
	assert_int_equal(ftp(g, 2)->data_port, 6446);
	assert_int_equal(ftp(g, 2)->mode, 'P');
	assert_data_service(g, "192.0.2.1", "192.0.2.2", 6446, "ftp-data");
	rig_free(g);
}

static void test_active_data_goes_to_the_client(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("PORT 192,0,2,1,200,10");
	S("200 PORT command successful.");
	C("EPRT |2|2001:db8::5|5282|");
	S("200 EPRT command successful.");
	C("STOR x");
	S("425 Failed to establish connection.");
	assert_addr(&ftp(g, 2)->data_addr, "192.0.2.1");
	assert_int_equal(ftp(g, 2)->data_port, 51210);
	assert_int_equal(ftp(g, 2)->mode, 'A');
	assert_addr(&ftp(g, 3)->data_addr, "2001:db8::5");
	assert_int_equal(ftp(g, 4)->code, 425);
	assert_int_equal(ftp(g, 4)->data_port, 5282);
	assert_data_service(g, "192.0.2.2", "2001:db8::5", 5282, "ftp-data");
	rig_free(g);
}

static void test_refused_port_announces_nothing(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("PORT 192,0,2,1,200,10");
	S("500 Illegal PORT command.");
	assert_int_equal(ftp(g, 2)->mode, 0);
	assert_data_service(g, "192.0.2.2", "192.0.2.1", 51210, "");
	rig_free(g);
}

static void test_bad_endpoints_are_refused(void **state)
{
	static const char *const bad[] = {"227 (1,2,3,4,5)\r\n", "227 (1,2,3,4,256,1)\r\n", "227 (1,2,3,4,0,0)\r\n",
		"227 1,2,3,4,5,\r\n", "227\r\n"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rig rig, *g = &rig;

		rig_open(g, 6, 21);
		login(g);
		C("PASV");
		rig_say(g, SIDE_RESP, bad[i]);
		assert_int_equal(ftp(g, 2)->code, 227);
		assert_int_equal(ftp(g, 2)->data_port, 0);
		rig_free(g);
	}
}

static void test_failures_are_marked(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	S("220 ready");
	C("USER anna");
	S("331 password");
	C("PASS x");
	S("530 Login incorrect.");
	C("EPSV");
	S("229 Entering Extended Passive Mode (|||6446|)");
	rig_close(g);
	assert_string_equal(text_str(&g->marks), "resp 5 530 Login incorrect.\norig 6 EPSV\n"
						 "resp 7 229 Entering Extended Passive\n");
	assert_int_equal(ftp(g, 1)->code, 530);
	assert_string_equal(ftp(g, 1)->message, "Login incorrect.");
	rig_free(g);
}

static void test_unasked_bad_news_is_told(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	S("421 There are too many connections from your internet address.");
	rig_fin(g, SIDE_RESP);
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_FTP), 1);
	assert_string_equal(ftp(g, 0)->command, "");
	assert_int_equal(ftp(g, 0)->code, 421);
	rig_free(g);
}

static void test_replies_lost_in_a_gap_are_not_missed(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("NOOP");
	rig_lose(g, SIDE_RESP, 10);
	S("ok");
	C("TYPE I");
	S("200 Switching to Binary mode.");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_FTP), 3);
	assert_string_equal(ftp(g, 2)->command, "TYPE");
	assert_int_equal(ftp(g, 2)->code, 200);
	assert_int_equal(g->sum.restarts, 0);
	rig_free(g);
}

static void test_nonsense_before_a_reply_does_not_replace_it(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("PASV");
	S("SSH-2.0-mod_sftp/0.9.7");
	S("550 Permission denied.");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_FTP), 3);
	assert_string_equal(ftp(g, 2)->command, "PASV");
	assert_int_equal(ftp(g, 2)->code, 550);
	rig_free(g);
}

static void test_replies_are_not_given_to_others_after_nonsense(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 21);
	login(g);
	C("PASV");
	S("What was that?");
	C("RETR a");
	S("550 Failed to open file.");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_FTP), 3);
	assert_string_equal(ftp(g, 2)->command, "RETR");
	assert_int_equal(ftp(g, 2)->code, 550);
	rig_free(g);
}

static void test_smtp_banner_is_not_ftp(void **state)
{
	struct rig rig, *g = &rig;

	(void)state;
	rig_open(g, 6, 9999);
	S("220 mail.example ESMTP Postfix");
	C("EHLO x");
	rig_close(g);
	assert_int_equal(rig_count(g, RECORD_FTP), 0);
	assert_string_not_equal(g->service, "ftp");
	rig_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_is_told_command_by_command),
		cmocka_unit_test(test_pieces_make_no_difference),
		cmocka_unit_test(test_password_is_never_kept),
		cmocka_unit_test(test_passive_data_is_announced),
		cmocka_unit_test(test_extended_passive_uses_the_servers_address),
		cmocka_unit_test(test_active_data_goes_to_the_client),
		cmocka_unit_test(test_refused_port_announces_nothing),
		cmocka_unit_test(test_bad_endpoints_are_refused),
		cmocka_unit_test(test_failures_are_marked),
		cmocka_unit_test(test_unasked_bad_news_is_told),
		cmocka_unit_test(test_replies_lost_in_a_gap_are_not_missed),
		cmocka_unit_test(test_nonsense_before_a_reply_does_not_replace_it),
		cmocka_unit_test(test_replies_are_not_given_to_others_after_nonsense),
		cmocka_unit_test(test_smtp_banner_is_not_ftp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
