/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FTP servers that do not agree on a data connection: PORT, EPRT, PASV or EPSV answered with 5xx. A client may try another
 * of them on the same control connection, and often does (EPRT, then PORT): only the last refusal, with no agreement behind
 * it, is a transfer that failed (RFC 959, section 4.2; RFC 2577 for why servers refuse foreign addresses).
 */
#ifndef PCAPDX_DIAGNOSE_FTP_REFUSALS_H
#define PCAPDX_DIAGNOSE_FTP_REFUSALS_H

#include "base/table.h"
#include "diagnose/rule.h"

struct ftp_refusal {
	struct addr client, server;
	uint16_t port, code;
	int64_t ts_ns; /* of the reply, absolute */
	char command[12], message[96];
	struct evidence asked, refused;
	struct addr named; /* the address in PORT or EPRT; unset: none */
};

struct ftp_refusals {
	struct table open;   /* uid of a control connection -> struct ftp_refusal, nothing agreed on since */
	struct table agreed; /* both addresses and the port -> time of the last agreement, int64_t */
};

bool ftp_is_transfer(const struct ftp *f);
bool ftp_is_active(const char *command); /* PORT, EPRT: the client listens */

typedef void ftp_refusal_fn(void *arg, const struct ftp_refusal *refusal);

void ftp_refusals_init(struct ftp_refusals *s);
/*
 * A record of kind RECORD_FTP. Calls `failed` with each refusal that is known now to have failed a transfer. True: the
 * record tells no more than that.
 */
bool ftp_refusals_take(struct ftp_refusals *s, const struct record *r, ftp_refusal_fn *failed, void *arg);
/* The control connection is not whole in the capture: what followed a refusal is not known. */
void ftp_refusals_forget(struct ftp_refusals *s, const struct record *conn);
/* The refusals that are left at the end. */
void ftp_refusals_finish(struct ftp_refusals *s, ftp_refusal_fn *failed, void *arg);
/* A data connection was agreed on later, on another control connection of that client. */
bool ftp_refusal_fell_back(const struct ftp_refusals *s, const struct ftp_refusal *refusal);
void ftp_refusals_free(struct ftp_refusals *s);

#endif
