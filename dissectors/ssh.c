/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSH (RFC 4253, section 4.2): both identification lines, for the ladder. What follows is binary and soon encrypted. */
#include "dissectors/line.h"

#define LINE_MAX_BYTES 1024

struct ssh_state {
	bool seen[2];
};

static enum recognition ssh_recognise(const struct chunk *c)
{
	return line_recognise(c, "SSH-", RECOGNISE_YES);
}

static enum dissect_verdict ssh_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct ssh_state *ssh = state;
	char label[30];
	struct line l;

	if (c->side == SIDE_ORIG && !ssh->seen[SIDE_ORIG] && c->data[0] == 0x16)
		return DISSECT_NOT_MINE; /* a TLS client at an SSH port */
	if (ssh->seen[c->side]) {
		*used = c->len; /* key exchange already, before the other side's line */
		return DISSECT_OK;
	}
	if (!line_take(c, &l, used))
		return c->len > LINE_MAX_BYTES ? DISSECT_DONE : DISSECT_MORE;
	if (!line_starts(&l, "SSH-"))
		return c->side == SIDE_RESP ? DISSECT_OK : DISSECT_DONE; /* a server may greet before it */
	line_text(&l, label, sizeof(label));
	session_mark(s, c->side, &c->ref, label);
	ssh->seen[c->side] = true;
	return ssh->seen[SIDE_ORIG] && ssh->seen[SIDE_RESP] ? DISSECT_DONE : DISSECT_OK;
}

const struct dissector dissector_ssh = {
	.name = "ssh",
	.spec = "RFC 4253",
	.tcp_ports = {22},
	.state_size = sizeof(struct ssh_state),
	.recognise = ssh_recognise,
	.stream = ssh_stream,
};
