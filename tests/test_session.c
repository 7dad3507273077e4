/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine around the dissectors, tried with three toy protocols of its own table. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "session_rig.h"

/* --- choosing --- */

static void test_content_decides_on_any_port(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 21);
	say(&t, SIDE_ORIG, 0, "LINE one\n");
	assert_service(&t, "line");
	say(&t, SIDE_RESP, 0, "yes\n");
	talk_end(&t, "client LINE one@1\nserver yes@2\nfinish 0 gaps@0\n");
}

static void test_banner_waits_for_the_client(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_RESP, 0, "220 a\n");
	assert_service(&t, "");
	say(&t, SIDE_ORIG, 0, "EHLO b\n");
	assert_service(&t, "ehlo");
	talk_end(&t, "server 220 a@1\nclient EHLO b@2\n");
}

static void test_port_decides_when_bytes_do_not(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 25);
	say(&t, SIDE_RESP, 0, "220 a\n");
	say(&t, SIDE_ORIG, 0, "QUIT\n");
	assert_service(&t, "ehlo");
	talk_end(&t, "server 220 a@1\nclient QUIT@2\n");
}

static void test_maybe_without_its_port_is_nobody(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_RESP, 0, "220 a\n");
	say(&t, SIDE_ORIG, 0, "QUIT\n");
	assert_service(&t, "");
	talk_end(&t, "");
}

static void test_maybe_twice_is_enough_only_for_those_who_say_so(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_RESP, 0, "220 a\n");
	say(&t, SIDE_ORIG, 0, "USER b\n");
	assert_service(&t, "");
	talk_end(&t, "");
}

static void test_silent_client_leaves_the_banner_to_the_end(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 21);
	say(&t, SIDE_RESP, 0, "220 a\n");
	fin(&t, SIDE_ORIG);
	assert_service(&t, "user");
	talk_end(&t, "server 220 a@1\n");
}

static void test_clients_word_beats_the_banner(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 21);
	say(&t, SIDE_RESP, 0, "220 a\n");
	say(&t, SIDE_ORIG, 0, "#hello");
	assert_service(&t, "shout");
	talk_end(&t, "shout 220 a\n\nshout #hello\n");
}

static void test_middle_of_a_conversation_is_looked_at_again(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_RESP, 0, "tail of something");
	say(&t, SIDE_ORIG, 0, "and of its other half");
	assert_service(&t, "");
	say(&t, SIDE_ORIG, 1, "LINE two\n");
	assert_service(&t, "line");
	talk_end(&t, "client LINE two@3\nfinish 0 gaps@0\n");
}

static void test_unknown_bytes_are_given_up(void **state)
{
	struct talk t;
	int i;

	(void)state;
	talk_begin(&t, 9999);
	for (i = 0; i < 20 && !session_done(t.session); i++) {
		say(&t, SIDE_RESP, 0, "babble");
		say(&t, SIDE_ORIG, 0, "babble");
	}
	assert_true(session_done(t.session));
	assert_int_equal(i, 8);
	talk_end(&t, "");
}

static void test_held_bytes_are_bounded(void **state)
{
	char babble[1000];
	struct talk t;
	int i;

	(void)state;
	memset(babble, 'x', sizeof(babble) - 1);
	babble[sizeof(babble) - 1] = '\0';
	talk_begin(&t, 9999);
	for (i = 0; i < 1000; i++) {
		say(&t, SIDE_RESP, 0, babble);
		assert_true(dissect_engine_held_bytes(t.engine) < 32 * 1024);
	}
	talk_end(&t, "");
}

static void test_not_mine_lets_another_try(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 21);
	say(&t, SIDE_ORIG, 0, "USER x\n");
	say(&t, SIDE_RESP, 0, "220 a\n");
	say(&t, SIDE_ORIG, 0, "#hello");
	assert_service(&t, "shout");
	talk_end(&t, "client USER x@1\nserver 220 a@2\nshout #hello\n");
}

/* --- streams --- */

static void test_rest_is_offered_again_in_any_pieces(void **state)
{
	size_t piece;

	(void)state;
	for (piece = 1; piece < 12; piece++) {
		struct talk t;

		talk_begin(&t, 9999);
		t.piece = piece;
		say(&t, SIDE_ORIG, 0, "LINE one\ntwo\nthr");
		say(&t, SIDE_RESP, 0, "yes\n");
		say(&t, SIDE_ORIG, 0, "ee\nskip 5\nabcdefour\nrest");
		talk_end(&t, "client LINE one@1\nclient two@1\nserver yes@2\nclient three@3\nclient skip 5@3\n"
			     "client four@3\nfinish 0 gaps@0\n");
	}
}

static void test_gap_in_skipped_bytes_does_no_harm(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\nskip 10\nab");
	lose(&t, SIDE_ORIG, 6);
	say(&t, SIDE_ORIG, 0, "cdnext\n");
	assert_lost(&t, 0, 0);
	talk_end(&t, "client LINE@1\nclient skip 10@1\nclient next@3\nfinish 0 gaps@0\n");
}

static void test_gap_is_told_and_a_new_start_sought(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\nhalf");
	lose(&t, SIDE_ORIG, 100);
	say(&t, SIDE_ORIG, 0, "tail\n");
	say(&t, SIDE_ORIG, 0, "x>again\n");
	/* "half", "tail\n" and "x" went unread; finding on behind a gap is no restart */
	assert_lost(&t, 0, 10);
	talk_end(&t, "client LINE@1\nclient >again@4\nfinish 1 gaps@0\n");
}

static void test_confusion_restarts_at_once_then_every_ten_seconds(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\n!x>one\n");
	assert_lost(&t, 1, 2);
	say(&t, SIDE_ORIG, 5, "!y>two\n"); /* too early: passed over */
	say(&t, SIDE_ORIG, 9.9, ">three\n");
	assert_lost(&t, 1, 2 + 7 + 7);
	say(&t, SIDE_ORIG, 10, ">four\n");
	assert_lost(&t, 2, 2 + 7 + 7);
	talk_end(&t, "client LINE@1\nclient >one@1\nclient >four@4\nfinish 0 gaps@0\n");
}

static void test_new_start_is_the_next_segment_where_none_is_known(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "#a");
	say(&t, SIDE_ORIG, 0, "?bad");
	say(&t, SIDE_ORIG, 0, "good");
	assert_lost(&t, 1, 4);
	talk_end(&t, "shout #a\nshout good\n");
}

static void test_endless_message_is_given_up(void **state)
{
	char babble[1001];
	struct talk t;
	int i;

	(void)state;
	memset(babble, 'x', sizeof(babble) - 1);
	babble[sizeof(babble) - 1] = '\0';
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\n");
	for (i = 0; i < 70; i++) {
		say(&t, SIDE_ORIG, 0, babble);
		assert_true(dissect_engine_held_bytes(t.engine) < 150 * 1024);
	}
	say(&t, SIDE_ORIG, 0, ">again\n");
	assert_lost(&t, 1, 70 * 1000);
	talk_end(&t, "client LINE@1\nclient >again@72\nfinish 0 gaps@0\n");
}

static void test_done_ends_the_feeding(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\ndone\nmore\n");
	assert_true(session_done(t.session));
	say(&t, SIDE_ORIG, 0, "more\n");
	talk_end(&t, "client LINE@1\nclient done@1\nfinish 0 gaps@0\n");
}

static void test_stream_is_handed_on(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\ntls\nhello");
	assert_service(&t, "shout");
	talk_end(&t, "client LINE@1\nclient tls@1\nfinish 0 gaps@0\nshout hello via line host.example:1\n");
}

static void test_stream_is_handed_on_to_whoever_knows_it(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\nany\n");
	assert_service(&t, "line");
	say(&t, SIDE_ORIG, 0, "#hello");
	assert_service(&t, "shout");
	talk_end(&t, "client LINE@1\nclient any@1\nfinish 0 gaps@0\nshout #hello via line \n");
}

/* --- others --- */

static void test_expected_conversation_has_its_service(void **state)
{
	struct session *announcer;
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_ORIG, 0, "LINE\n");
	session_expect(t.session, SIDE_ORIG, &t.head.resp_h, 5000, "ftp-data");
	announcer = t.session;
	t.session = NULL;
	t.head.resp_p = 5000;
	say(&t, SIDE_RESP, 0, "LINE is in this file\n");
	assert_service(&t, "ftp-data");
	assert_true(session_done(t.session));
	session_close(t.engine, &t.session, &t.owner);
	t.session = announcer;
	talk_end(&t, "client LINE@1\nfinish 0 gaps@0\n");
}

static void test_datagrams_are_recognised_and_passed_on(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	t.head.proto = 17;
	say(&t, SIDE_ORIG, 0, "unknown");
	assert_service(&t, "");
	say(&t, SIDE_RESP, 0, "#known");
	say(&t, SIDE_RESP, 0, "?bad");
	assert_lost(&t, 0, 4);
	assert_service(&t, "shout");
	say(&t, SIDE_RESP, 0, "~not its");
	assert_service(&t, "");
	talk_end(&t, "shout #known\n");
}

static void test_nothing_is_held_in_the_end(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 9999);
	say(&t, SIDE_RESP, 0, "220 a");
	say(&t, SIDE_ORIG, 0, "LINE\nhalf a line");
	assert_true(dissect_engine_held_bytes(t.engine) > 0);
	session_close(t.engine, &t.session, &t.owner);
	assert_int_equal(dissect_engine_held_bytes(t.engine), 0);
	talk_end(&t, "client LINE@2\nfinish 0 gaps@0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_decides_on_any_port),
		cmocka_unit_test(test_banner_waits_for_the_client),
		cmocka_unit_test(test_port_decides_when_bytes_do_not),
		cmocka_unit_test(test_maybe_without_its_port_is_nobody),
		cmocka_unit_test(test_maybe_twice_is_enough_only_for_those_who_say_so),
		cmocka_unit_test(test_silent_client_leaves_the_banner_to_the_end),
		cmocka_unit_test(test_clients_word_beats_the_banner),
		cmocka_unit_test(test_middle_of_a_conversation_is_looked_at_again),
		cmocka_unit_test(test_unknown_bytes_are_given_up),
		cmocka_unit_test(test_held_bytes_are_bounded),
		cmocka_unit_test(test_not_mine_lets_another_try),
		cmocka_unit_test(test_rest_is_offered_again_in_any_pieces),
		cmocka_unit_test(test_gap_in_skipped_bytes_does_no_harm),
		cmocka_unit_test(test_gap_is_told_and_a_new_start_sought),
		cmocka_unit_test(test_confusion_restarts_at_once_then_every_ten_seconds),
		cmocka_unit_test(test_new_start_is_the_next_segment_where_none_is_known),
		cmocka_unit_test(test_endless_message_is_given_up),
		cmocka_unit_test(test_done_ends_the_feeding),
		cmocka_unit_test(test_stream_is_handed_on),
		cmocka_unit_test(test_stream_is_handed_on_to_whoever_knows_it),
		cmocka_unit_test(test_expected_conversation_has_its_service),
		cmocka_unit_test(test_datagrams_are_recognised_and_passed_on),
		cmocka_unit_test(test_nothing_is_held_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
