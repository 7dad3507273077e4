/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of a conversation in records: the same on every run and for every number of threads. */
#ifndef PCAPDX_RECORD_UID_H
#define PCAPDX_RECORD_UID_H

#include "base/addr.h"

#define UID_SIZE 20

/* What tells a conversation from all others. Which end is a and which is b does not matter. */
struct identity {
	const struct addr *a, *b;
	uint16_t a_port, b_port;
	uint8_t proto;
	int64_t ts_ns;	     /* of its first packet */
	uint32_t generation; /* how often its tuple was used before */
};

void uid_make(const struct identity *i, char out[UID_SIZE]);

#endif
