/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations that others agree on, as FTP does for its data connections: known before their first packet. */
#ifndef PCAPDX_DISSECTORS_ANNOUNCED_H
#define PCAPDX_DISSECTORS_ANNOUNCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct record;
struct table;

/* A conversation to come: `peer` will connect to `listener`. */
struct announced {
	struct addr peer, listener;
	uint16_t port;
	char service[16];
};

/* An empty, bounded table for what follows: the oldest announcements give way. table_free frees it. */
void announced_init(struct table *t, size_t *held_bytes);
/* Announced anew, it is the youngest again. */
void announced_add(struct table *t, const struct announced *a, int64_t at_ns);
/* What was announced for the conversation of that record's head, not after its beginning. False: nothing. It is
 * forgotten unless it `stays`. */
bool announced_take(struct table *t, const struct record *head, bool stays, char service[16]);

#endif
