/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's side of the store of claims; rules use what rule.h declares. */
#ifndef PCAPDX_DIAGNOSE_CLAIMS_H
#define PCAPDX_DIAGNOSE_CLAIMS_H

#include "diagnose/rule.h"

/* Fills the head of a claim from the conn record, but for the uid; delay_s is "none". */
void claim_fill(struct claim *c, const struct record *r);
/* Stores a copy; of the first one about a service the record is kept too, for the ladder. */
void claim_store(struct diagnosis_context *x, const struct claim *c, const struct record *r);
void claims_free(struct diagnosis_context *x);

#endif
