/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether every recogniser of streams keeps its word: NO to a beginning is NO to all that goes on from it. */
#ifndef PCAPDX_TESTS_RECOGNISE_FINAL_H
#define PCAPDX_TESTS_RECOGNISE_FINAL_H

#include "dissectors/dissector.h"

/* Asks all of them about the beginnings of these bytes; NULL, or the name of one that took a NO back. */
static inline const char *recognise_takes_back(enum side side, const uint8_t *bytes, size_t n)
{
	for (int i = 0; dissector_table[i]; i++) {
		const struct dissector *d = dissector_table[i];
		bool no = false;

		if (!d->stream || !d->recognise)
			continue;
		/* The lengths at which some of them stop waiting are among these. */
		for (size_t len = 1; len <= n; len += len < 160 || (len >= 508 && len < 516) || len >= 1020 ? 1 : 4) {
			const struct chunk c = { bytes, len, len, side, { .frame = 1 } };
			bool said_no = d->recognise(&c) == RECOGNISE_NO;

			if (no && !said_no)
				return d->name;
			no = said_no;
		}
	}
	return NULL;
}

#endif
