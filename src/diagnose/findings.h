/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of rules for filters and for naming what a finding is about. */
#ifndef PCAPDX_DIAGNOSE_FINDINGS_H
#define PCAPDX_DIAGNOSE_FINDINGS_H

#include "diagnose/rule.h"

#define SERVICE_TEXT_SIZE 64

/* A display filter for exactly these conversations of the finding's filter_source. */
void finding_filter_streams(struct finding *f, uint8_t proto, const uint32_t *streams, int n);
/* A display filter for exactly the evidence frames (of the first one's source). */
void finding_filter_frames(struct finding *f);

/* "198.51.100.20:443", "[2001:db8::1]:443", "198.51.100.20" with port 0; "several servers" when unset. */
const char *subject_service_text(const struct addr *server, uint16_t port, char out[SERVICE_TEXT_SIZE]);

#endif
