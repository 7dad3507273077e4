/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine around the dissectors, tried with three toy protocols of its own table. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/session.h"

/*
 * "line": the client says "LINE", then lines up to '\n', each told as an ftp record. A line "skip N" passes over N
 * bytes, "tls" hands on to "shout", "any" to whoever recognises what follows, "done" ends it; a line that starts with
 * '!' makes no sense; "other" is not its protocol after all. New lines start with '>' where it lost its way.
 */
struct line_state {
	uint32_t gaps;
};

static enum recognition starts_with(const struct chunk *c, const char *word, enum recognition match)
{
	size_t n = strlen(word);

	if (memcmp(c->data, word, c->len < n ? c->len : n) != 0)
		return RECOGNISE_NO;
	return c->len < n ? RECOGNISE_MORE : match;
}

static enum recognition line_recognise(const struct chunk *c)
{
	return starts_with(c, "LINE", RECOGNISE_YES);
}

static void tell(struct session *s, const char *command, const uint8_t *text, size_t n, const struct chunk *c)
{
	struct record r;

	session_record(s, &r, RECORD_FTP);
	text_copy(r.ftp.command, sizeof(r.ftp.command), command);
	text_copy_bytes(r.ftp.arg, sizeof(r.ftp.arg), text, n);
	r.ftp.request = session_ref(s, &c->ref);
	session_emit(s, &r);
}

static enum dissect_verdict line_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	const uint8_t *end = memchr(c->data, '\n', c->len);
	size_t n = end ? (size_t)(end - c->data) : 0;
	unsigned skip;

	(void)state;
	if (c->data[0] == '!')
		return DISSECT_BAD;
	if (!end)
		return DISSECT_MORE;
	*used = n + 1;
	if (!strncmp((const char *)c->data, "other\n", 6)) {
		*used = 0;
		return DISSECT_NOT_MINE;
	}
	tell(s, c->side == SIDE_ORIG ? "client" : "server", c->data, n, c);
	if (!strncmp((const char *)c->data, "skip ", 5) && sscanf((const char *)c->data + 5, "%u", &skip) == 1)
		*used += skip;
	if (!strncmp((const char *)c->data, "done\n", 5))
		return DISSECT_DONE;
	if (!strncmp((const char *)c->data, "tls\n", 4))
		session_hand_on(s, "shout", "line", "host.example:1");
	else if (!strncmp((const char *)c->data, "any\n", 4))
		session_hand_on(s, NULL, "line", NULL);
	else
		return DISSECT_OK;
	return DISSECT_HANDOFF;
}

static enum dissect_verdict line_gap(
	void *state, struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	struct line_state *line = state;

	(void)s, (void)side, (void)missing, (void)ref;
	line->gaps++;
	return DISSECT_BAD;
}

static size_t line_resync(void *state, const struct chunk *c)
{
	const uint8_t *at = memchr(c->data, '>', c->len);

	(void)state;
	return at ? (size_t)(at - c->data) : c->len;
}

static void line_finish(void *state, struct session *s)
{
	struct chunk none = {.side = SIDE_ORIG};
	struct line_state *line = state;
	char text[16];

	snprintf(text, sizeof(text), "%u gaps", line->gaps);
	tell(s, "finish", (const uint8_t *)text, strlen(text), &none);
}

static const struct dissector dissector_line = {.name = "line",
	.state_size = sizeof(struct line_state),
	.tcp_ports = {100},
	.recognise = line_recognise,
	.stream = line_stream,
	.gap = line_gap,
	.resync = line_resync,
	.finish = line_finish};

/* "shout": '#' and anything, each chunk told in a tls record by its SNI; no resync. "?" confuses it. */
static enum recognition shout_recognise(const struct chunk *c)
{
	return c->data[0] == '#' ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect_verdict shout_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct record r;

	(void)state;
	if (c->data[0] == '?')
		return DISSECT_BAD;
	session_record(s, &r, RECORD_TLS);
	text_copy_bytes(r.tls.sni, sizeof(r.tls.sni), c->data, c->len);
	text_copy(r.tls.via, sizeof(r.tls.via), session_via(s));
	text_copy(r.tls.proxied_host, sizeof(r.tls.proxied_host), session_proxied_host(s));
	session_emit(s, &r);
	*used = c->len;
	return DISSECT_OK;
}

static enum dissect_verdict shout_datagram(void *state, struct session *s, const struct chunk *c)
{
	size_t used;

	return c->data[0] == '~' ? DISSECT_NOT_MINE : shout_stream(state, s, c, &used);
}

static const struct dissector dissector_shout = {
	.name = "shout", .recognise = shout_recognise, .stream = shout_stream, .datagram = shout_datagram};

/* "port220" and "port221": a banner "220" may be either's; whoever's port it is, or whose client says USER or EHLO. */
static enum recognition user_recognise(const struct chunk *c)
{
	return starts_with(c, c->side == SIDE_RESP ? "220" : "USER", RECOGNISE_MAYBE);
}

static enum recognition ehlo_recognise(const struct chunk *c)
{
	return starts_with(c, c->side == SIDE_RESP ? "220" : "EHLO", RECOGNISE_MAYBE);
}

static enum dissect_verdict banner_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	return c->data[0] == '#' ? DISSECT_NOT_MINE : line_stream(state, s, c, used);
}

static const struct dissector dissector_220 = {
	.name = "user", .tcp_ports = {21}, .recognise = user_recognise, .stream = banner_stream};
static const struct dissector dissector_221 = {.name = "ehlo",
	.tcp_ports = {25},
	.maybe_twice_is_yes = true,
	.recognise = ehlo_recognise,
	.stream = banner_stream};

const struct dissector *const dissector_table[] = {
	&dissector_line, &dissector_shout, &dissector_220, &dissector_221, NULL};

/* --- a conversation, and what was told of it --- */

struct talk {
	struct dissect_engine *engine;
	struct session *session;
	struct record head;
	struct session_owner owner;
	struct text told;
	size_t piece; /* bytes per chunk; 0: as they come */
	uint64_t frame;
};

static void take(void *arg, const struct record *r)
{
	struct talk *t = arg;

	if (r->kind == RECORD_FTP)
		text_printf(&t->told, "%s %s@%u\n", r->ftp.command, r->ftp.arg, (unsigned)r->ftp.request.frame);
	else if (*r->tls.via)
		text_printf(&t->told, "shout %s via %s %s\n", r->tls.sni, r->tls.via, r->tls.proxied_host);
	else
		text_printf(&t->told, "shout %s\n", r->tls.sni);
}

static void talk_begin(struct talk *t, uint16_t port)
{
	static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
	struct record_sink sink = {take, t};

	memset(t, 0, sizeof(*t));
	record_init(&t->head, RECORD_CONN);
	t->head.orig_h = addr_v4(client);
	t->head.resp_h = addr_v4(server);
	t->head.orig_p = 40000;
	t->head.resp_p = port;
	t->head.proto = 6;
	t->owner.head = &t->head;
	t->owner.first_fin = t->owner.first_rst = SIDE_NONE;
	t->engine = dissect_engine_new(&sink, NULL);
}

/* Each call is a frame; times are seconds. */
static void say(struct talk *t, enum side side, double at, const char *words)
{
	size_t n = strlen(words), piece = t->piece ? t->piece : n, i;
	struct chunk c = {.side = side, .ref = {++t->frame, (int64_t)(at * 1e9), 0}};

	for (i = 0; i < n; i += piece) {
		c.data = (const uint8_t *)words + i;
		c.len = c.on_wire = n - i < piece ? n - i : piece;
		if (t->head.proto == 17)
			session_datagram(t->engine, &t->session, &t->owner, &c);
		else
			session_stream(t->engine, &t->session, &t->owner, &c);
	}
}

static void lose(struct talk *t, enum side side, uint64_t missing)
{
	struct frame_ref ref = {++t->frame, 0, 0};

	session_gap(t->engine, &t->session, &t->owner, side, missing, &ref);
}

static void fin(struct talk *t, enum side side)
{
	struct frame_ref ref = {++t->frame, 0, 0};

	session_end(t->engine, &t->session, &t->owner, side, &ref);
}

static void assert_service(struct talk *t, const char *service)
{
	struct session_summary sum;

	session_summarise(t->session, &sum);
	assert_string_equal(sum.service, service);
}

static void assert_lost(struct talk *t, uint32_t restarts, uint64_t skipped)
{
	struct session_summary sum;

	session_summarise(t->session, &sum);
	assert_int_equal(sum.restarts, restarts);
	assert_int_equal(sum.skipped_bytes, skipped);
}

static void talk_end(struct talk *t, const char *told)
{
	session_close(t->engine, &t->session, &t->owner);
	assert_null(t->session);
	assert_string_equal(text_str(&t->told), told);
	text_free(&t->told);
	t->engine = (dissect_engine_free(t->engine), NULL);
}

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
