/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Community ID flow hashing, version 1, seed 0. */
#ifndef PCAPDX_RECORD_COMMUNITY_ID_H
#define PCAPDX_RECORD_COMMUNITY_ID_H

#include <stdint.h>

#include "base/addr.h"

#define COMMUNITY_ID_SIZE 36

/* Both directions give the same id. Ports are left out of it for protocols other than TCP, UDP and SCTP. */
void community_id(const struct addr *src, uint16_t sport, const struct addr *dst, uint16_t dport, uint8_t proto,
	char out[COMMUNITY_ID_SIZE]);

#endif
