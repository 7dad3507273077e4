/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --anonymize: addresses, MACs and names are replaced, the same one always by the same other, with a key that is drawn
 * anew each run. Addresses keep their common prefixes (Xu, Fan, Ammar, Moon: Crypto-PAn, 2002) and their special
 * ranges, MACs their vendor, names the lengths of their words, so that they can be replaced in packets too. Records are
 * rewritten before the rules see them, so all reports agree. Frames of the evidence keep their headers and what a
 * diagnosis rests on (hellos, alerts, DNS, HTTP and FTP lines); the rest of their payload becomes zeros.
 */
#ifndef PCAPDX_ANONYMIZE_H
#define PCAPDX_ANONYMIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct anonymizer;
struct record;

struct anonymizer *anonymizer_new(void);
void anonymizer_free(struct anonymizer *a); /* NULL is fine */

void anonymize_addr(const struct anonymizer *a, struct addr *addr);
void anonymize_mac(const struct anonymizer *a, struct mac *mac);
/* Every address, MAC and hostile text of a record, in place. */
void anonymize_record(const struct anonymizer *a, struct record *r);
/* The words of a text (runs of letters and digits), in place; a port at its end stays. */
void anonymize_words(const struct anonymizer *a, uint8_t *text, size_t n);
/* A frame, in place; its length and the worth of its checksums stay. */
void anonymize_frame(const struct anonymizer *a, uint8_t *bytes, uint32_t captured, uint32_t link_type);

#endif
