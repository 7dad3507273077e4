/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failed logins and data connections of FTP mean: title, detail, causes and next steps. */
#ifndef PCAPDX_DIAGNOSE_FTP_WORDS_H
#define PCAPDX_DIAGNOSE_FTP_WORDS_H

#include "diagnose/ftp_refusals.h"
#include "diagnose/tally.h"

/* Of one client at one server: logins, or data connections. */
struct ftp_failure {
	struct tally tally;
	uint16_t code; /* 0: the data port never connected */
	char user[48], message[96];
	uint64_t logins; /* that worked afterwards */
	uint64_t passive, active; /* transfers whose port is known */
	bool refused, rejected, unanswered, unseen; /* what became of the data connections */
	uint64_t refusals; /* no port was agreed on */
	struct ftp_refusal first_refusal, last_refusal;
	bool fell_back; /* one was agreed on after the last of them */
};

void ftp_words_login(struct finding *f, const struct ftp_failure *v);
void ftp_words_data(struct finding *f, const struct ftp_failure *v);

#endif
