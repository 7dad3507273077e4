/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the issuer of a certificate says about who made it, and which names belong together. */
#ifndef PCAPDX_DIAGNOSE_ISSUERS_H
#define PCAPDX_DIAGNOSE_ISSUERS_H

#include <stdbool.h>
#include <stddef.h>

/* The inspection product that signs so; NULL: none that is known. */
const char *issuer_product(const char *issuer);
/* An authority that browsers trust: it signs for everybody. */
bool issuer_is_public(const char *issuer);
/* The same organisation, or names that differ in a number only: intermediates of one authority. */
bool issuer_is_same_authority(const char *a, const char *b);
/* The word of a host name that its owner chose: "example" of "www.example.co.uk"; "" for addresses. */
void name_owner(const char *host, char *out, size_t size);

#endif
