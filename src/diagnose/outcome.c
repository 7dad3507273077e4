/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a conversation, in one word for tables. */
#include <string.h>

#include "diagnose/core.h"

static bool starts(const char *code, const char *with)
{
	return strncmp(code, with, strlen(with)) == 0;
}

static enum outcome outcome_of_code(const char *code)
{
	static const char *const silent[] = {"tls-silent-server", "tls-handshake-stalled", "no-reply",
		"stalled-transfer", "peer-vanished", "silent-after-idle", "mtu-black-hole", "tcp-backlog-overflow",
		"tcp-half-open", "tunnel-no-answer", "accept-loop-blocked"};

	if (strcmp(code, "tcp-refused") == 0)
		return OUTCOME_REFUSED;
	if (strcmp(code, "tcp-no-answer") == 0)
		return OUTCOME_NO_ANSWER;
	if (strcmp(code, "icmp-rejected") == 0)
		return OUTCOME_REJECTED;
	if (starts(code, "rst-"))
		return OUTCOME_RESET;
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		if (strcmp(code, silent[i]) == 0)
			return OUTCOME_TIMEOUT;
	return OUTCOME_FAILED;
}

static enum outcome outcome_of_handshake(const struct conn *c)
{
	switch ((enum syn_answer)c->answered) {
	case SYN_ANSWER_RST:
		return OUTCOME_REFUSED;
	case SYN_ANSWER_ICMP:
		return OUTCOME_REJECTED;
	case SYN_ANSWER_NONE:
	case SYN_ANSWER_ACK:
		return c->syns ? OUTCOME_NO_ANSWER : OUTCOME_OK;
	case SYN_ANSWER_SYN_ACK:
	case SYN_ANSWER_UNSEEN:
		break;
	}
	return OUTCOME_OK;
}

enum outcome conversation_outcome(const struct conn *c, const char *code)
{
	bool spoke = c->side[SIDE_ORIG].bytes && c->side[SIDE_RESP].bytes;
	enum outcome o;

	if (code && catalogue_severity(code) >= SEVERITY_WARNING)
		return outcome_of_code(code);
	if (c->one_sided)
		return OUTCOME_PARTIAL;
	o = outcome_of_handshake(c);
	if (o != OUTCOME_OK)
		return o;
	return spoke || c->first_fin != SIDE_NONE || c->rst_count ? OUTCOME_OK : OUTCOME_OPEN;
}
