/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FTP control connections (RFC 959, RFC 2428 EPSV and EPRT, RFC 4217 AUTH TLS): one record per command when its final
 * reply is in. The data connections that are agreed on are announced to the engine. Passwords are never kept.
 */
#include "dissectors/ftp_data.h"
#include "dissectors/line.h"

#include <string.h>

#define PENDING_MAX 8
#define LINE_MAX_BYTES 4096
/* Marks per conversation: a control connection may move a hundred thousand files, the ladder shows a few. */
#define MARKS_USUAL 10
#define MARKS_FAILED 8

struct ftp_state {
	struct ftp pending[PENDING_MAX]; /* commands without a final reply; the oldest first */
	int pending_count;
	char user[48];
	struct ftp_endpoint data; /* agreed on, for the next transfer */
	uint16_t multiline;	  /* code of a reply that goes on; 0: none */
	int marks, marks_failed;
	bool nonsense; /* from the server, since its last reply */
	bool spoken; /* a command or reply made sense */
};

static enum recognition recognise_client(const struct chunk *c)
{
	static const char *const certain[] = {"PASV\r", "EPSV\r", "EPRT |", "AUTH TLS", "AUTH SSL", "MLSD", NULL};
	static const char *const perhaps[] = {"USER ", "FEAT\r", "SYST\r", "TYPE I", "TYPE A", "CWD ", "PORT ", "OPTS ",
		"RETR ", "STOR ", "PBSZ ", "HOST ", "PWD\r", "LIST", "NLST", "SIZE ", "CLNT ", "QUIT\r", NULL};
	enum recognition sure = line_recognise_any(c, certain, RECOGNISE_YES);

	return sure != RECOGNISE_NO ? sure : line_recognise_any(c, perhaps, RECOGNISE_MAYBE);
}

static enum recognition recognise_server(const struct chunk *c)
{
	static const char *const certain[] = {"227 Entering Passive", "229 Entering Extended", NULL};
	static const char *const perhaps[] = {
		"220 ", "220-", "230 ", "230-", "331 ", "150 ", "226 ", "250 ", "530 ", "421 ", "227 ", "229 ", NULL};
	enum recognition said;
	struct line first;
	size_t used;

	if (line_recognise_any(c, certain, RECOGNISE_YES) == RECOGNISE_YES)
		return RECOGNISE_YES;
	if (line_take(c, &first, &used) && line_starts(&first, "220") && line_contains(&first, "FTP") &&
		!line_contains(&first, "SMTP"))
		return RECOGNISE_YES;
	said = line_recognise_any(c, perhaps, RECOGNISE_MAYBE);
	return said == RECOGNISE_NO && line_recognise(c, "220", RECOGNISE_MAYBE) != RECOGNISE_NO ? RECOGNISE_UNLIKELY
											     : said;
}

static enum recognition ftp_recognise(const struct chunk *c)
{
	return c->side == SIDE_ORIG ? recognise_client(c) : recognise_server(c);
}

static void mark(struct ftp_state *ftp, struct session *s, const struct chunk *c, const struct line *l, bool failed)
{
	char label[30];

	if ((failed ? ftp->marks_failed++ : ftp->marks++) >= (failed ? MARKS_FAILED : MARKS_USUAL))
		return;
	line_text(l, label, sizeof(label));
	session_mark(s, c->side, &c->ref, label);
}

static bool command_in(const char *command, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(command, *list))
			return true;
	return false;
}

static bool moves_data(const char *command)
{
	static const char *const list[] = {"RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD", NULL};

	return command_in(command, list);
}

static bool agrees_on_data(const char *command)
{
	static const char *const list[] = {"PASV", "EPSV", "PORT", "EPRT", NULL};

	return command_in(command, list);
}

/* Telnet's interrupt and synch stand before ABOR (RFC 959, section 4.1.3). */
static struct line without_telnet(struct line l)
{
	while (l.len && *l.p >= 0xf0) {
		l.p++;
		l.len--;
	}
	return l;
}

static bool plausible_command(const struct line *word)
{
	size_t i;

	if (word->len < 3 || word->len > 4)
		return false;
	for (i = 0; i < word->len; i++)
		if ((word->p[i] | 0x20) < 'a' || (word->p[i] | 0x20) > 'z')
			return false;
	return true;
}

static void upper_case(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
}

/* A new one at the end of the queue; when it is full, the oldest is told without its reply. */
static struct ftp *push_pending(struct ftp_state *ftp, struct session *s)
{
	if (ftp->pending_count == PENDING_MAX) {
		session_tell(s, RECORD_FTP, &ftp->pending[0]);
		memmove(ftp->pending, ftp->pending + 1, sizeof(ftp->pending) - sizeof(ftp->pending[0]));
		ftp->pending_count--;
	}
	memset(&ftp->pending[ftp->pending_count], 0, sizeof(ftp->pending[0]));
	return &ftp->pending[ftp->pending_count++];
}

/* Which replies were lost is not known, so commands without one are not told as unanswered. */
static void forget_pending(struct ftp_state *ftp)
{
	ftp->pending_count = 0;
	ftp->multiline = 0;
	ftp->nonsense = false;
}

static enum dissect_verdict on_command(struct ftp_state *ftp, struct session *s, const struct chunk *c, struct line l)
{
	struct line rest = without_telnet(l), word = line_word(&rest);
	struct ftp *facts;

	if (!l.len)
		return DISSECT_OK;
	if (!plausible_command(&word))
		return ftp->spoken ? DISSECT_BAD : DISSECT_NOT_MINE;
	if (ftp->nonsense)
		forget_pending(ftp); /* that was the reply: it is not the next one */
	facts = push_pending(ftp, s);
	line_text(&word, facts->command, sizeof(facts->command));
	upper_case(facts->command);
	if (!strcmp(facts->command, "USER"))
		line_text(&rest, ftp->user, sizeof(ftp->user));
	if (strcmp(facts->command, "PASS") && strcmp(facts->command, "ACCT"))
		line_text(&rest, facts->arg, sizeof(facts->arg));
	memcpy(facts->user, ftp->user, sizeof(facts->user));
	facts->request = session_ref(s, &c->ref);
	if (agrees_on_data(facts->command) || moves_data(facts->command) || !strcmp(facts->command, "AUTH"))
		mark(ftp, s, c, &word, false);
	ftp->spoken = true;
	return DISSECT_OK;
}

/* Where the data connection will be, once the server has agreed. */
static void data_agreed(struct ftp_state *ftp, struct session *s, struct ftp *facts, const struct line *reply)
{
	struct ftp_endpoint *at = &ftp->data;
	struct line arg = {(const uint8_t *)facts->arg, strlen(facts->arg)};
	const struct addr *server = session_addr(s, SIDE_RESP);
	bool passive = facts->command[0] == 'P' ? facts->command[1] == 'A' : facts->command[2] == 'S';

	memset(at, 0, sizeof(*at));
	if (!ftp_endpoint_read(passive ? reply : &arg, passive ? server : session_addr(s, SIDE_ORIG), at))
		return;
	at->mode = passive ? 'P' : 'A';
	session_expect(s, passive ? SIDE_ORIG : SIDE_RESP, &at->addr, at->port, "ftp-data");
	/* Clients that distrust the address in a 227 take the server's own (RFC 2577, section 3). */
	if (passive && !addr_equal(&at->addr, server))
		session_expect(s, SIDE_ORIG, server, at->port, "ftp-data");
}

static void note_endpoint(struct ftp_state *ftp, struct ftp *facts)
{
	facts->mode = ftp->data.mode;
	facts->data_addr = ftp->data.addr;
	facts->data_port = ftp->data.port;
}

/* A reply that nobody asked for is worth a record when it is bad news: 421 too many connections, 426. */
static struct ftp *replied_command(struct ftp_state *ftp, struct session *s, uint16_t code)
{
	if (ftp->pending_count)
		return &ftp->pending[0];
	if (code < 400)
		return NULL;
	memcpy(push_pending(ftp, s)->user, ftp->user, sizeof(ftp->user));
	return &ftp->pending[0];
}

static enum dissect_verdict on_final_reply(
	struct ftp_state *ftp, struct session *s, const struct chunk *c, const struct line *l, uint16_t code)
{
	struct ftp *facts = replied_command(ftp, s, code);
	struct line text = {l->p + 4, l->len > 4 ? l->len - 4 : 0};
	bool secured;

	if (!facts)
		return DISSECT_OK;
	facts->code = code;
	facts->response = session_ref(s, &c->ref);
	line_text(&text, facts->message, sizeof(facts->message));
	if (agrees_on_data(facts->command) && code / 100 == 2)
		data_agreed(ftp, s, facts, &text);
	if (agrees_on_data(facts->command) || moves_data(facts->command))
		note_endpoint(ftp, facts);
	if (moves_data(facts->command) && ftp->data.mode == 'P')
		memset(&ftp->data, 0, sizeof(ftp->data)); /* good for one transfer */
	if (code >= 400 || agrees_on_data(facts->command) || code == 234)
		mark(ftp, s, c, l, code >= 400);
	secured = code == 234 && !strcmp(facts->command, "AUTH");
	session_tell(s, RECORD_FTP, facts);
	ftp->pending_count--;
	memmove(ftp->pending, ftp->pending + 1, (size_t)ftp->pending_count * sizeof(ftp->pending[0]));
	if (!secured)
		return DISSECT_OK;
	session_hand_on(s, "tls", "ftp", NULL);
	return DISSECT_HANDOFF;
}

/* One line of a reply: "227 text", or "230-text" and more until "230 text" (RFC 959, section 4.2). */
static enum dissect_verdict on_reply(struct ftp_state *ftp, struct session *s, const struct chunk *c, struct line l)
{
	struct line rest = l;
	int code = line_number(&rest, 3);
	bool numbered = l.len >= 3 && l.len - rest.len == 3 && (!rest.len || *rest.p == ' ' || *rest.p == '-');
	bool goes_on = numbered && rest.len && *rest.p == '-';

	if (ftp->multiline && (!numbered || code != ftp->multiline || goes_on))
		return DISSECT_OK;
	ftp->multiline = 0;
	if (!l.len)
		return DISSECT_OK;
	if (!numbered || code < 100 || code > 699)
		return ftp->spoken ? DISSECT_BAD : DISSECT_NOT_MINE;
	ftp->spoken = true;
	ftp->nonsense = false;
	if (goes_on) {
		ftp->multiline = (uint16_t)code;
		return DISSECT_OK;
	}
	return code < 200 ? DISSECT_OK : on_final_reply(ftp, s, c, &l, (uint16_t)code);
}

static enum dissect_verdict ftp_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct ftp_state *ftp = state;
	enum dissect_verdict verdict;
	struct line l;

	if (c->side == SIDE_ORIG && !ftp->spoken && c->data[0] == 0x16)
		return DISSECT_NOT_MINE; /* a TLS client at a plain port */
	if (line_take(c, &l, used))
		verdict = c->side == SIDE_ORIG ? on_command(ftp, s, c, l) : on_reply(ftp, s, c, l);
	else
		verdict = c->len > LINE_MAX_BYTES ? DISSECT_BAD : DISSECT_MORE;
	if (verdict == DISSECT_BAD && c->side == SIDE_RESP)
		ftp->nonsense = true;
	return verdict;
}

static enum dissect_verdict ftp_gap(
	void *state, struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	(void)s, (void)missing, (void)ref;
	if (side == SIDE_RESP)
		forget_pending(state);
	return DISSECT_BAD;
}

static size_t ftp_resync(void *state, const struct chunk *c)
{
	(void)state;
	return line_resync(c, c->side == SIDE_RESP ? line_is_reply : line_is_command);
}

static void ftp_finish(void *state, struct session *s)
{
	struct ftp_state *ftp = state;
	int i;

	for (i = 0; i < ftp->pending_count; i++)
		session_tell(s, RECORD_FTP, &ftp->pending[i]);
}

const struct dissector dissector_ftp = {
	.name = "ftp",
	.spec = "RFC 959, RFC 2428, RFC 4217",
	.tcp_ports = {21},
	.state_size = sizeof(struct ftp_state),
	.maybe_twice_is_yes = true,
	.recognise = ftp_recognise,
	.stream = ftp_stream,
	.gap = ftp_gap,
	.resync = ftp_resync,
	.finish = ftp_finish,
};
