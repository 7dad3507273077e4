/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an FTP data connection goes to: the numbers in PORT, EPRT, and the replies 227 and 229. */
#ifndef PCAPDX_DISSECTORS_FTP_DATA_H
#define PCAPDX_DISSECTORS_FTP_DATA_H

#include "dissectors/line.h"

struct ftp_endpoint {
	struct addr addr; /* who listens */
	uint16_t port;
	uint8_t mode; /* as in struct ftp */
};

/* Reads h1,h2,h3,h4,p1,p2 or |family|address|port| anywhere in the text; an address that is left out is `host`. */
bool ftp_endpoint_read(const struct line *text, const struct addr *host, struct ftp_endpoint *out);

#endif
