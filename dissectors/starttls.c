/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text protocols in which a plain conversation turns into TLS: SMTP (RFC 3207), IMAP and POP3 (RFC 2595).
 * They are followed just far enough to hand the stream on; when the client has gone past the point where it could ask
 * for TLS, they are done.
 */
#include <string.h>

#include "dissectors/line.h"

#define LINE_MAX_BYTES 8192

struct starttls_state {
	bool asked;
	bool spoken;
};

struct carrier {
	const char *name;
	const char *const *client, *const *server; /* first words, certain together or with the port */
	const char *ask;			   /* the client's word for TLS */
	const char *agree, *agree_tagged; /* the server's answer; agree_tagged behind a tag of the client's choice */
	const char *const *past;	  /* words after which TLS is not asked for any more */
};

static const char *const smtp_client[] = {"EHLO ", "HELO ", "LHLO ", NULL};
static const char *const smtp_server[] = {"220 ", "220-", "421 ", "554 ", NULL};
static const char *const smtp_past[] = {"MAIL FROM", "AUTH ", NULL};
static const struct carrier smtp = {"smtp", smtp_client, smtp_server, "STARTTLS", "220", NULL, smtp_past};

static const char *const pop3_client[] = {"CAPA\r", "STLS\r", "USER ", "APOP ", "AUTH", NULL};
static const char *const pop3_server[] = {"+OK", NULL};
static const char *const pop3_past[] = {"USER ", "APOP ", "AUTH ", NULL};
static const struct carrier pop3 = {"pop3", pop3_client, pop3_server, "STLS", "+OK", NULL, pop3_past};

static const char *const imap_server[] = {"* OK", "* PREAUTH", "* BYE", NULL};
static const char *const imap_past[] = {"LOGIN ", "AUTHENTICATE ", "SELECT ", NULL};
static const struct carrier imap = {"imap", NULL, imap_server, "STARTTLS", NULL, "OK", imap_past};

static bool starts_with_any(const struct line *l, const char *const *words)
{
	for (; *words; words++)
		if (line_starts(l, *words))
			return true;
	return false;
}

/* A banner that names its protocol is certain; one that only has the right form needs the port or the client. */
static enum recognition recognise_banner(const struct chunk *c, const struct carrier *k, const char *certain)
{
	struct line first;
	size_t used;

	if (line_take(c, &first, &used) && starts_with_any(&first, k->server) && line_contains(&first, certain))
		return RECOGNISE_YES;
	return line_recognise_any(c, k->server, RECOGNISE_MAYBE);
}

static enum recognition smtp_recognise(const struct chunk *c)
{
	if (c->side == SIDE_ORIG)
		return line_recognise_any(c, smtp_client, RECOGNISE_YES);
	return recognise_banner(c, &smtp, "SMTP");
}

static enum recognition pop3_recognise(const struct chunk *c)
{
	if (c->side == SIDE_ORIG)
		return line_recognise_any(c, pop3_client, RECOGNISE_MAYBE);
	return recognise_banner(c, &pop3, "POP");
}

/* A client's line is "tag COMMAND", the tag being of its choice. */
static enum recognition imap_recognise(const struct chunk *c)
{
	static const char *const commands[] = {"CAPABILITY", "LOGIN ", "STARTTLS", "ID ", "AUTHENTICATE ", NULL};
	struct line first;
	size_t used;

	if (c->side == SIDE_RESP)
		return recognise_banner(c, &imap, "IMAP");
	if (!line_take(c, &first, &used))
		return c->len < 64 && c->data[0] >= '0' && c->data[0] <= 'z' ? RECOGNISE_MORE : RECOGNISE_UNLIKELY;
	line_word(&first);
	return starts_with_any(&first, commands) ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum dissect_verdict on_client(
	struct starttls_state *st, struct session *s, const struct chunk *c, struct line l, const struct carrier *k)
{
	if (k->agree_tagged)
		line_word(&l);
	if (line_starts(&l, k->ask)) {
		st->asked = true;
		session_mark(s, c->side, &c->ref, k->ask);
	}
	return starts_with_any(&l, k->past) ? DISSECT_DONE : DISSECT_OK;
}

static bool refuses(const struct line *l)
{
	static const char *const words[] = {"4", "5", "-ERR", "NO", "BAD", NULL};

	return starts_with_any(l, words);
}

static enum dissect_verdict on_server(
	struct starttls_state *st, struct session *s, const struct chunk *c, struct line l, const struct carrier *k)
{
	char label[30];
	bool agreed;

	if (!st->asked || (l.len && *l.p == '*'))
		return DISSECT_OK;
	line_text(&l, label, sizeof(label));
	if (k->agree_tagged)
		line_word(&l);
	agreed = line_starts(&l, k->agree_tagged ? k->agree_tagged : k->agree);
	if (!agreed && !refuses(&l))
		return DISSECT_OK; /* of an earlier command */
	st->asked = false;
	session_mark(s, c->side, &c->ref, label);
	if (!agreed)
		return DISSECT_OK;
	session_hand_on(s, "tls", k->name, NULL);
	return DISSECT_HANDOFF;
}

static enum dissect_verdict follow(
	struct starttls_state *st, struct session *s, const struct chunk *c, size_t *used, const struct carrier *k)
{
	struct line l;

	if (c->side == SIDE_ORIG && !st->spoken && c->data[0] == 0x16)
		return DISSECT_NOT_MINE; /* a TLS client at a plain port */
	if (!line_take(c, &l, used)) {
		if (c->len <= LINE_MAX_BYTES)
			return DISSECT_MORE;
		*used = c->len; /* no line of the dialogue is that long; it goes by */
		return DISSECT_OK;
	}
	if (c->side == SIDE_RESP)
		return on_server(st, s, c, l, k);
	st->spoken = true;
	return on_client(st, s, c, l, k);
}

static enum dissect_verdict smtp_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	return follow(state, s, c, used, &smtp);
}

static enum dissect_verdict pop3_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	return follow(state, s, c, used, &pop3);
}

static enum dissect_verdict imap_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	return follow(state, s, c, used, &imap);
}

const struct dissector dissector_smtp = {
	.name = "smtp",
	.spec = "RFC 5321, RFC 3207",
	.tcp_ports = {25, 587, 2525},
	.state_size = sizeof(struct starttls_state),
	.recognise = smtp_recognise,
	.stream = smtp_stream,
};

const struct dissector dissector_pop3 = {
	.name = "pop3",
	.spec = "RFC 1939, RFC 2595",
	.tcp_ports = {110},
	.state_size = sizeof(struct starttls_state),
	.maybe_twice_is_yes = true,
	.recognise = pop3_recognise,
	.stream = pop3_stream,
};

const struct dissector dissector_imap = {
	.name = "imap",
	.spec = "RFC 9051, RFC 2595",
	.tcp_ports = {143},
	.state_size = sizeof(struct starttls_state),
	.maybe_twice_is_yes = true,
	.recognise = imap_recognise,
	.stream = imap_stream,
};
