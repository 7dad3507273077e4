/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a conversation in words: "192.0.2.10 -> F5 (00:01:d7:3e:10:42) -> [2 hops] -> 198.51.100.20:443". */
#ifndef PCAPDX_DIAGNOSE_PATH_H
#define PCAPDX_DIAGNOSE_PATH_H

#include "diagnose/result.h"

/* Owned by the caller; NULL when no gateway is known for it. */
char *path_text(const struct result *r, const struct record *conn);
const struct gateway *path_gateway(const struct result *r, const struct mac *m); /* NULL: not a gateway */
/* Routers between the capture point and a sender, from the TTL that arrives (initial values 64, 128, 255). */
int path_hops(uint8_t ttl); /* -1: TTL not known */

#endif
