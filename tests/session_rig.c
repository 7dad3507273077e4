/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "session_rig.h"

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
	struct ftp said = { .request = session_ref(s, &c->ref) };

	text_copy(said.command, sizeof(said.command), command);
	text_copy_bytes(said.arg, sizeof(said.arg), text, n);
	session_tell(s, RECORD_FTP, &said);
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
	record_init(&r, RECORD_TLS);
	text_copy_bytes(r.tls.sni, sizeof(r.tls.sni), c->data, c->len);
	text_copy(r.tls.via, sizeof(r.tls.via), session_via(s));
	text_copy(r.tls.proxied_host, sizeof(r.tls.proxied_host), session_proxied_host(s));
	session_tell(s, RECORD_TLS, &r.tls);
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

void talk_begin(struct talk *t, uint16_t port)
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

void say(struct talk *t, enum side side, double at, const char *words)
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

void lose(struct talk *t, enum side side, uint64_t missing)
{
	struct frame_ref ref = {++t->frame, 0, 0};

	session_gap(t->engine, &t->session, &t->owner, side, missing, &ref);
}

void fin(struct talk *t, enum side side)
{
	struct frame_ref ref = {++t->frame, 0, 0};

	session_end(t->engine, &t->session, &t->owner, side, &ref);
}

void assert_service(struct talk *t, const char *service)
{
	struct session_summary sum;

	session_summarise(t->session, &sum);
	assert_string_equal(sum.service, service);
}

void assert_lost(struct talk *t, uint32_t restarts, uint64_t skipped)
{
	struct session_summary sum;

	session_summarise(t->session, &sum);
	assert_int_equal(sum.restarts, restarts);
	assert_int_equal(sum.skipped_bytes, skipped);
}

void talk_end(struct talk *t, const char *told)
{
	session_close(t->engine, &t->session, &t->owner);
	assert_null(t->session);
	assert_string_equal(text_str(&t->told), told);
	text_free(&t->told);
	t->engine = (dissect_engine_free(t->engine), NULL);
}
