/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of hosts as the capture tells them, and how many HTTP requests each service got for which host. Nearly always a
 * server has one name and one port for it, so requests are counted beside the name, and moved to the table when another
 * name or port comes.
 */
#ifndef PCAPDX_DIAGNOSE_NAMES_H
#define PCAPDX_DIAGNOSE_NAMES_H

#include "base/table.h"
#include "record/record.h"

#define NAME_SIZE 128

struct names {
	struct table known;    /* struct addr -> struct known_name */
	struct table requests; /* by address, port and Host -> uint64_t; in `finish` */
};

struct known_name {
	uint64_t requests; /* to that port for that name, of which the table has not heard yet */
	uint16_t port;
	char text[NAME_SIZE]; /* hostile */
};

void names_init(struct names *n, size_t *held_bytes);
void names_free(struct names *n);
/* From a DNS answer, a server name or a file: an address that nobody has named yet, or any. */
void names_learn(struct names *n, const struct addr *a, const char *name);
void names_learn_first(struct names *n, const struct addr *a, const char *name);
/* Learns the Host of a transaction, and counts it when it was answered. */
void names_request(struct names *n, const struct record *r);
/* Transactions that come next, NAMES_AHEAD at most: what they need is on its way by then. */
#define NAMES_AHEAD 32
void names_expect(const struct names *n, const struct record *const *requests, int count);
void names_settle(struct names *n);
const char *names_find(const struct names *n, const struct addr *a); /* "" unknown */
/* Answered requests; 0 when they were too many to keep count of. After names_settle. */
uint64_t names_requests(const struct names *n, const struct addr *server, uint16_t port, const char *host);

#endif
